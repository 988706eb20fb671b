// Package htmltext makes readable plain text of HTML, for cells that an export
// fills with the body of a mail. It is all in htmltext.go: Plain reads tokens,
// writer lays them out as a browser would, without the looks.
//
// Libraries that were tried lose what merely looks like a tag, such as
// <ann@example.com>; here it stays text.
package htmltext
