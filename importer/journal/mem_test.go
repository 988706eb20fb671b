package journal

import (
	"errors"
	"io"
	"math/rand/v2"
)

var errDisk = errors.New("no space left on device")

// mem is a file in memory that knows what would survive a loss of power, and
// fails on demand.
type mem struct {
	data   []byte
	synced int // data[:synced] is on the disk

	room     int // bytes that may still be written, -1: any number
	syncs    int // syncs that may still succeed, -1: any number
	failures int
}

func newMem() *mem { return &mem{room: -1, syncs: -1} }

func (m *mem) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *mem) Write(p []byte) (int, error) {
	if m.room >= 0 && len(p) > m.room {
		m.failures++
		p = p[:m.room]
		m.data, m.room = append(m.data, p...), 0
		return len(p), errDisk
	}
	if m.room >= 0 {
		m.room -= len(p)
	}
	m.data = append(m.data, p...)
	return len(p), nil
}

func (m *mem) Sync() error {
	if m.syncs == 0 {
		m.failures++
		return errDisk
	}
	if m.syncs > 0 {
		m.syncs--
	}
	m.synced = len(m.data)
	return nil
}

func (m *mem) Truncate(size int64) error {
	m.data = m.data[:size]
	m.synced = min(m.synced, int(size))
	return nil
}

func (m *mem) Close() error { return nil }

// crash leaves what a loss of power might: the synced part whole, the rest cut,
// partly zero, partly garbage, or whole.
func (m *mem) crash(rnd *rand.Rand) {
	tail := m.data[m.synced:]
	if len(tail) > 0 {
		switch rnd.IntN(6) {
		case 0:
			tail = tail[:rnd.IntN(len(tail)+1)]
		case 1:
			clear(tail[rnd.IntN(len(tail)):])
		case 2:
			from := rnd.IntN(len(tail))
			clear(tail[from : from+rnd.IntN(len(tail)-from)])
		case 3:
			for range 1 + rnd.IntN(8) {
				tail[rnd.IntN(len(tail))] = byte(rnd.Uint32())
			}
		case 4:
			tail = tail[:0]
		}
	}
	m.data = append(m.data[:m.synced:m.synced], tail...)
	m.synced = len(m.data)
	m.room, m.syncs = -1, -1
}

func (m *mem) open(h Header) (*Journal, error) {
	return OpenFile(m, int64(len(m.data)), h, Begin{Input: "in.csv", Process: 1})
}
