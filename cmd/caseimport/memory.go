package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageRoom is what may lie about before it is collected, in bytes, where less than
// that is in use.
const garbageRoom = 32 << 20

// leaveGarbage has the collector run when garbageRoom is full, or, as Go does by
// itself, when there is as much garbage as there is memory in use. A run uses a few
// megabytes that it fills a hundred times a second with rows that are done: collecting
// them each time costs a tenth of its speed. With a large journal nothing changes.
func leaveGarbage() {
	if os.Getenv("GOGC") == "" {
		afterCollection()
	}
}

func afterCollection() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(int(max(100, 100*garbageRoom/max(live[0].Value.Uint64(), 4<<20))))
	runtime.AddCleanup(new([32]byte), func(struct{}) { afterCollection() }, struct{}{})
}
