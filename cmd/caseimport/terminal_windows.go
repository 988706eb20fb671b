package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsEscapes makes the console understand escape sequences; it returns
// false for one too old to.
func understandsEscapes(terminal *os.File) bool {
	console := windows.Handle(terminal.Fd())
	var mode uint32
	return windows.GetConsoleMode(console, &mode) == nil &&
		windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
