package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupts turns signals into the ends of two contexts: the first SIGINT or
// SIGTERM ends intake, so that nothing new is begun, the second ends all. From
// then on signals have their usual effect, so that a third one kills. said is
// called after the first. stop gives the signals back.
func interrupts(parent context.Context, said func()) (all, intake context.Context, stop func()) {
	all, endAll := context.WithCancel(parent)
	intake, endIntake := context.WithCancel(all)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-all.Done():
			return
		}
		endIntake()
		said()
		select {
		case <-signals:
		case <-all.Done():
			return
		}
		signal.Stop(signals)
		endAll()
	}()
	return all, intake, func() {
		signal.Stop(signals)
		endAll()
	}
}
