package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageRoom is what may lie about before it is collected, in bytes.
const garbageRoom = 32 << 20

// leaveGarbage has the collector run when garbageRoom is full, whatever is in use; with
// more than twice that in use, when there is half as much garbage. Go by itself waits
// for as much garbage as there is memory in use: a run uses a few megabytes, and fills
// as much again with rows that are done some twenty times a second, which costs a tenth of
// its speed; and with the keys of a million rows it would take a third more memory.
func leaveGarbage() {
	if os.Getenv("GOGC") == "" {
		afterCollection()
	}
}

func afterCollection() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(int(max(50, 100*garbageRoom/max(live[0].Value.Uint64(), 4<<20))))
	runtime.AddCleanup(new([32]byte), func(struct{}) { afterCollection() }, struct{}{})
}
