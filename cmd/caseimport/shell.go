//go:build !windows

package main

import (
	"context"
	"os"
	osexec "os/exec"
	"syscall"
)

// shellCommand is a command for the shell, in a process group of its own.
func shellCommand(ctx context.Context, command string) *osexec.Cmd {
	shell := osexec.CommandContext(ctx, "/bin/sh", "-c", command)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return shell
}

// endGroup ends a process and all that it has started.
func endGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
