//go:build !windows

package main

import "os"

// understandsEscapes tells whether escape sequences clear a line of the
// terminal.
func understandsEscapes(*os.File) bool { return os.Getenv("TERM") != "dumb" }
