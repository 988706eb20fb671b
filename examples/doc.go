// Package examples holds a small export of each helpdesk with the mapping file
// that imports it. Everything in them is made up. There is no code here but the
// tests that try them.
package examples
