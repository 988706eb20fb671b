package main

import (
	"context"
	"os"
	osexec "os/exec"
	"strconv"
	"syscall"
)

// shellCommand is a command for the shell. Its line is passed on as it is: cmd has
// rules of its own for quotes.
func shellCommand(ctx context.Context, command string) *osexec.Cmd {
	shell := osexec.CommandContext(ctx, "cmd")
	shell.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /S /C "` + command + `"`}
	return shell
}

// endGroup ends a process and all that it has started.
func endGroup(p *os.Process) error {
	return osexec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(p.Pid)).Run()
}
