package journal

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPeekChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.journal")
	h := Header{Account: "acme", BaseURL: "b", KeyRule: "k"}
	if j, err := Peek(path, h, ""); j != nil || err != nil {
		t.Fatalf("no journal: %v %v", j, err)
	}
	j, err := Open(path, h, Begin{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	created, sent := ID{1}, ID{2}
	if err := j.Claim([]Claim{{ID: created, Number: 1}, {ID: sent, Number: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(Outcome{ID: created, State: Created, Row: 1, Line: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	// A run that goes on is in the middle of a line.
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	f.WriteString("1234abcd 99 O half a l")
	f.Close()
	before, _ := os.ReadFile(path)
	p, err := Peek(path, h, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.State(created) != Created || p.State(sent) != Claimed || p.State(ID{3}) != None {
		t.Errorf("%c %c %c", p.State(created), p.State(sent), p.State(ID{3}))
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Errorf("the file was changed\nbefore %q\nafter  %q", before, after)
	}
	if _, err := Peek(path, Header{Account: "other"}, ""); err == nil {
		t.Error("another account's journal was taken")
	}
}
