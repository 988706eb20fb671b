package results_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"caseimport/importer/results"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func linesOf(lines ...results.Line) iter.Seq2[results.Line, error] {
	return func(yield func(results.Line, error) bool) {
		for _, line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// some is one line of every status.
var some = []results.Line{
	{Row: 1, Key: "ZD-1", Status: results.Created, CaseID: "17", HTTPStatus: 201, Attempts: 1, FinishedAt: noon.Add(time.Millisecond).In(time.FixedZone("", 3600))},
	{Row: 2, Key: `=say "a,b"`, Status: results.Failed, HTTPStatus: 400, ErrorCode: "2000", ErrorMessage: "refused <b> & so on",
		ErrorFields: results.Fields{{Name: "title", Description: "too long"}, {Name: "priority", Description: "not known"}}, Attempts: 2, FinishedAt: noon},
	{Row: 3, Status: results.Invalid, ErrorMessage: "line one\nline two", FinishedAt: noon},
	{Row: 4, Key: "ZD-1", Status: results.Duplicate, FinishedAt: noon},
	{Row: 5, Key: "ZD-5", Status: results.Unknown, ErrorCode: "timeout", Attempts: 1, FinishedAt: noon},
}

const someCSV = `row,key,status,case_id,http_status,error_code,error_message,error_fields,attempts,finished_at
1,ZD-1,created,17,201,,,,1,2026-03-01T12:00:00Z
2,"=say ""a,b""",failed,,400,2000,refused <b> & so on,title: too long; priority: not known,2,2026-03-01T12:00:00Z
3,,invalid,,,,"line one
line two",,0,2026-03-01T12:00:00Z
4,ZD-1,duplicate,,,,,,0,2026-03-01T12:00:00Z
5,ZD-5,unknown,,,timeout,,,1,2026-03-01T12:00:00Z
`

const someJSON = `{"row":1,"key":"ZD-1","status":"created","case_id":"17","http_status":201,"attempts":1,"finished_at":"2026-03-01T12:00:00Z"}
{"row":2,"key":"=say \"a,b\"","status":"failed","http_status":400,"error_code":"2000","error_message":"refused <b> & so on","error_fields":[{"name":"title","description":"too long"},{"name":"priority","description":"not known"}],"attempts":2,"finished_at":"2026-03-01T12:00:00Z"}
{"row":3,"key":"","status":"invalid","error_message":"line one\nline two","attempts":0,"finished_at":"2026-03-01T12:00:00Z"}
{"row":4,"key":"ZD-1","status":"duplicate","attempts":0,"finished_at":"2026-03-01T12:00:00Z"}
{"row":5,"key":"ZD-5","status":"unknown","error_code":"timeout","attempts":1,"finished_at":"2026-03-01T12:00:00Z"}
`

func TestResultsFile(t *testing.T) {
	for name, want := range map[string]string{"t.results.csv": someCSV, "t.results.JSONL": someJSON} {
		path := filepath.Join(t.TempDir(), name)
		f := results.NewFile(path, nil)
		if err := f.Begin(linesOf(some[:2]...)); err != nil {
			t.Fatal(err)
		}
		for _, line := range some[2:] {
			if err := f.Append(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", name, info.Mode(), err)
		}

		if err := f.Resume(); err != nil {
			t.Fatal(err)
		}
		if err := f.Append(some[0]); err != nil {
			t.Fatal(err)
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); !strings.HasPrefix(got, want) || len(got) == len(want) {
			t.Errorf("%s resumed:\n%s", name, got)
		}
		if err := f.Replace(linesOf(some...)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != want {
			t.Errorf("%s replaced:\n%s\nwant:\n%s", name, got, want)
		}
		if others := temporaries(t, filepath.Dir(path), name); len(others) > 0 {
			t.Errorf("left behind: %v", others)
		}
		if err := f.Close(); err != nil {
			t.Errorf("Close of a file that is not open: %v", err)
		}
	}
}

func TestFlushWritesWhatWasAppended(t *testing.T) {
	for _, name := range []string{"r.csv", "r.jsonl"} {
		path := filepath.Join(t.TempDir(), name)
		f := results.NewFile(path, nil)
		if err := f.Begin(linesOf()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			before := len(read(t, path))
			f.Append(some[0])
			if len(read(t, path)) != before {
				t.Error("each line makes a system call")
			}
			if err := f.Flush(); err != nil || len(read(t, path)) <= before {
				t.Errorf("a line was not written: %v", err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAppendNeedsAnOpenFile(t *testing.T) {
	f := results.NewFile(filepath.Join(t.TempDir(), "r.csv"), nil)
	if err := f.Append(some[0]); err == nil {
		t.Error("Append to a file that was never opened succeeded")
	}
	if err := f.Resume(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Resume of a missing file: %v", err)
	}
}

func TestNothingButARegularFileIsReplaced(t *testing.T) {
	for _, path := range []string{t.TempDir(), os.DevNull} {
		err := results.NewFile(path, nil).Begin(linesOf())
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("Begin(%s): %v", path, err)
		}
		if _, err := results.IsOurs(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("IsOurs(%s): %v", path, err)
		}
	}
}

// The old file or the new one, whatever fails and whenever.
func TestReplacingSurvivesEveryFault(t *testing.T) {
	long := make([]results.Line, 3000) // several writes
	for i := range long {
		long[i] = results.Line{Row: i + 1, Status: results.Created, Key: strings.Repeat("k", 50)}
	}
	reference := results.NewFile(filepath.Join(t.TempDir(), "r.csv"), nil)
	if err := reference.Replace(linesOf(long...)); err != nil {
		t.Fatal(err)
	}
	everyFault(t, func(t *testing.T, disk *faultyDisk) {
		path := filepath.Join(t.TempDir(), "r.csv")
		if err := results.NewFile(path, nil).Replace(linesOf(some...)); err != nil {
			t.Fatal(err)
		}
		err := results.NewFile(path, disk).Replace(linesOf(long...))
		if err != nil && (!errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path+": ")) {
			t.Errorf("fault %d: %v; want the cause and the path", disk.failAt, err)
		}
		got := slices.Collect(rows(t, path))
		if err == nil && len(got) != len(long) || len(got) != len(some) && len(got) != len(long) {
			t.Errorf("fault %d: the file holds %d lines, error %v", disk.failAt, len(got), err)
		}
		if err == nil && disk.pending > 0 {
			t.Error("the folder was not synced after the rename")
		}
		if others := temporaries(t, filepath.Dir(path), "r.csv"); len(others) > 0 && !disk.powerLoss {
			t.Errorf("fault %d: left behind %v", disk.failAt, others)
		}
		if err := results.NewFile(path, nil).Begin(linesOf(some...)); err != nil {
			t.Errorf("fault %d: the next run: %v", disk.failAt, err)
		}
		if others := temporaries(t, filepath.Dir(path), "r.csv"); len(others) > 0 {
			t.Errorf("fault %d: the next run left %v", disk.failAt, others)
		}
	})
}

// rows yields the row numbers of a results file, which must be whole.
func rows(t *testing.T, path string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for line, err := range results.ReadOwn(path) {
			if err != nil {
				t.Error(err)
				return
			}
			if !yield(line.Row) {
				return
			}
		}
	}
}

func TestFailedLineSourceLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.csv")
	f := results.NewFile(path, nil)
	if err := f.Replace(linesOf(some...)); err != nil {
		t.Fatal(err)
	}
	broken := &fs.PathError{Op: "read", Path: "journal", Err: errors.New("line 7 is damaged")}
	err := f.Replace(func(yield func(results.Line, error) bool) { yield(results.Line{}, broken) })
	if !errors.Is(err, broken.Err) {
		t.Errorf("Replace: %v", err)
	}
	if got := read(t, path); got != someCSV {
		t.Errorf("the file is now\n%s", got)
	}
}

// A disk that fails while lines are appended makes an error that stays.
func TestAppendErrorStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.csv")
	disk := &faultyDisk{synced: map[string]int64{}}
	f := results.NewFile(path, disk)
	if err := f.Begin(linesOf()); err != nil {
		t.Fatal(err)
	}
	disk.failAt = disk.count + 1
	f.Append(some[0])
	if err := f.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Flush: %v", err)
	}
	if err := f.Append(some[0]); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Append after a failed write: %v", err)
	}
	if err := f.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close after a failed write: %v", err)
	}
	if err := f.Begin(linesOf(some...)); err != nil {
		t.Errorf("rebuilding the file: %v", err)
	}
}

func TestReadBackWhatWasWritten(t *testing.T) {
	statuses := []string{results.Created, results.Failed, results.Invalid, results.Duplicate, results.Unknown}
	text := rapid.StringOf(rapid.RuneFrom([]rune("a é,;\"'\n\t|=+\\{}")))
	word := rapid.StringMatching(`[a-z_]{1,8}`)
	line := rapid.Custom(func(t *rapid.T) results.Line {
		l := results.Line{
			Row:          rapid.IntRange(1, 1e9).Draw(t, "row"),
			Key:          text.Draw(t, "key"),
			Status:       rapid.SampledFrom(statuses).Draw(t, "status"),
			CaseID:       word.Draw(t, "case"),
			HTTPStatus:   results.HTTPStatus(rapid.SampledFrom([]int{0, 201, 400}).Draw(t, "http")),
			ErrorMessage: text.Draw(t, "message"),
			Attempts:     rapid.IntRange(0, 9).Draw(t, "attempts"),
			FinishedAt:   noon.Add(time.Duration(rapid.IntRange(0, 1e9).Draw(t, "at")) * time.Second),
		}
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			l.ErrorFields = append(l.ErrorFields, results.Field{Name: word.Draw(t, "name"), Description: word.Draw(t, "description")})
		}
		return l
	})
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, rapid.SampledFrom([]string{"r.csv", "r.jsonl"}).Draw(t, "name"))
		want := rapid.SliceOfN(line, 0, 5).Draw(t, "lines")
		if err := results.NewFile(path, nil).Replace(linesOf(want...)); err != nil {
			t.Fatal(err)
		}
		if ours, err := results.IsOurs(path); !ours || err != nil {
			t.Fatalf("IsOurs: %v, %v", ours, err)
		}
		var got []results.Line
		for line, err := range results.ReadOwn(path) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("read back %+v, want %+v", got, want)
		}
	})
}

func TestIsOurs(t *testing.T) {
	header, rest, _ := strings.Cut(someCSV, "\n")
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"r.csv", someCSV, true},
		{"r.csv", header + "\n", true},
		{"r.csv", "", true},
		{"r.csv", "\ufeff" + strings.ReplaceAll(header, ",", ";") + "\r\n" + rest, true}, // saved by a spreadsheet
		{"r.csv", "id,subject\n1,Hello\n", false},
		{"r.csv", header + ",more\n", false},
		{"r.csv", someJSON, false},
		{"r.csv", "\"", false},
		{"r.csv", "\x00\x01", false},
		{"r.jsonl", someJSON, true},
		{"r.jsonl", "", true},
		{"r.jsonl", someCSV, false},
		{"r.jsonl", `{"id":1}` + "\n", false},
		{"r.jsonl", `{"row":1,"status":"open"}` + "\n", false},
		{"r.jsonl", strings.Repeat("x", 2<<20), false},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.text)
		if got, err := results.IsOurs(path); got != c.want || err != nil {
			t.Errorf("IsOurs(%s %.40q) = %v, %v; want %v", c.name, c.text, got, err, c.want)
		}
	}
	if _, err := results.IsOurs(filepath.Join(t.TempDir(), "none.csv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("IsOurs of a missing file: %v", err)
	}
}

func TestReadOwnSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"r.csv", "id,subject\n1,Hello\n", "not a results file"},
		{"r.csv", strings.Replace(someCSV, "4,ZD-1,duplicate", "4,ZD-1,open", 1), `line 6 is not as caseimport wrote it ("open" is no status of a row)`},
		{"r.csv", someCSV + "6,ZD-6,created", "line 8 is not as"},
		{"r.csv", someCSV + "6,\"ZD-6", "line 8 is not as"},
		{"r.csv", someCSV + "six,ZD-6,created,,,,,,1,2026-03-01T12:00:00Z\n", "line 8 is not as"},
		{"r.csv", someCSV + "6,ZD-6,created,,,,,,1,01.03.26 12:00\n", "line 8 is not as"},
		{"r.csv", someCSV + "0,ZD-6,created,,,,,,1,2026-03-01T12:00:00Z\n", "line 8 is not as"},
		{"r.jsonl", someJSON + `{"row":6,"key":"ZD`, "line 6 is not as"},
		{"r.jsonl", someJSON + `{"row":6,"status":"created"} {}` + "\n", "line 6 is not as"},
		{"r.jsonl", `{"row":6,"status":"created","subject":"Hello"}`, "line 1 is not as"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.text)
		var last error
		for _, err := range results.ReadOwn(path) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), c.want) || !strings.Contains(last.Error(), path) {
			t.Errorf("%s %.60q: error %v; want the path and %q", c.name, c.text, last, c.want)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"r.csv", "r.jsonl"} {
		b.Run(name, func(b *testing.B) {
			f := results.NewFile(filepath.Join(b.TempDir(), name), nil)
			if err := f.Begin(linesOf()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Append(some[0]); err != nil {
					b.Fatal(err)
				}
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestLineIsTheJSONOfItsFields(t *testing.T) {
	text := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringMatching(`[<>&"\\\t\n\r\x00-\x1f\x{2028}é😀]*`))
	rapid.Check(t, func(t *rapid.T) {
		line := results.Line{
			Row: rapid.Int().Draw(t, "row"), Key: text.Draw(t, "key"), Status: text.Draw(t, "status"), CaseID: text.Draw(t, "case"),
			HTTPStatus: results.HTTPStatus(rapid.IntRange(0, 599).Draw(t, "http")), ErrorCode: text.Draw(t, "code"), ErrorMessage: text.Draw(t, "message"),
			Attempts: rapid.Int().Draw(t, "attempts"), FinishedAt: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).In(time.FixedZone("", rapid.IntRange(-12, 12).Draw(t, "zone")*3600)),
		}
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			line.ErrorFields = append(line.ErrorFields, results.Field{Name: text.Draw(t, "name"), Description: text.Draw(t, "description")})
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(line); err != nil {
			t.Fatal(err)
		}
		// encoding/json escapes what JavaScript takes for the end of a line.
		wanted := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(want.String()))
		if got := string(line.AppendJSON(nil)); got != wanted {
			t.Errorf("got\n%s\nwant\n%s", got, wanted)
		}
	})
}

// TestLineOfNoUTF8 is JSON all the same: a journal's line is read again.
func TestLineOfNoUTF8(t *testing.T) {
	line := results.Line{Row: 1, Key: "a\xffb", Status: results.Failed, ErrorMessage: "\xed\xa0\x80 no", ErrorFields: results.Fields{{Name: "\xc3", Description: "ok"}}}
	var got results.Line
	if err := json.Unmarshal(line.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.Key != "a\ufffdb" || !strings.HasSuffix(got.ErrorMessage, " no") || got.ErrorFields[0] != (results.Field{Name: "\ufffd", Description: "ok"}) {
		t.Errorf("%+v", got)
	}
}

func BenchmarkLineAsJSON(b *testing.B) {
	line := some[0]
	b.Run("ours", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			buf = line.AppendJSON(buf[:0])
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			json.Marshal(line)
		}
	})
}
