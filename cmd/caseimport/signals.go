package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopSignals are the signals that ask for an end. A process whose SIGHUP is
// ignored from the start (nohup) is to outlive its terminal.
func stopSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// oneWish is how long further signals belong to the one before: GNU timeout
// sends SIGTERM twice within microseconds, and some terminals a SIGHUP to each
// process of a group and then to the group.
const oneWish = time.Second

// interrupts turns signals into the ends of two contexts: the first ends intake,
// so that nothing new is begun, the next, after a second or more, ends all. A
// second after that signals have their usual effect, so that a third one kills.
// said is called after the first. stop gives the signals back.
func interrupts(parent context.Context, said func()) (all, intake context.Context, stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stopSignals()...)
	all, intake, end := stages(parent, signals, said, func() { signal.Stop(signals) })
	return all, intake, func() {
		signal.Stop(signals)
		end()
	}
}

// stages is interrupts with its signals given; over is called when a further one
// is to kill.
func stages(parent context.Context, signals <-chan os.Signal, said, over func()) (all, intake context.Context, end context.CancelFunc) {
	all, endAll := context.WithCancel(parent)
	intake, endIntake := context.WithCancel(all)
	go func() {
		select {
		case <-signals:
		case <-all.Done():
			return
		}
		first := time.Now()
		endIntake()
		said()
		for again := false; !again; {
			select {
			case <-signals:
				again = time.Since(first) >= oneWish
			case <-all.Done():
				return
			}
		}
		endAll()
		time.Sleep(oneWish)
		over()
	}()
	return all, intake, endAll
}

// interruptible is for commands that change nothing: they end at the first
// signal.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	_, ctx, stop = interrupts(parent, func() {})
	return ctx, stop
}
