// Package mapping turns one row of an export into one case, as a mapping file
// says. It is pure: the same file and the same row give the same case.
//
// It must never read a file, use the network, or know another package of this
// program.
package mapping
