// Package ratelimit sets one pace for all workers. A [Limiter] lets one request
// go at a time: never more than rate × (window + 10 ms) + 1 in any window, measured
// where it lets go, and none while a pause lasts that the server asked for. The rate
// is given, or found ([Auto]).
//
// limiter.go is the limiter, rate.go how people write a rate, controller.go how a
// rate is found, quota.go what headers say of it.
//
// It must never send, retry or know what it paces, and it knows no other package
// of this program.
package ratelimit
