package source

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"caseimport/mapping"
)

// readAll is every record of a text, with the place of its faults.
func readAll(t testing.TB, text string, delim byte, lazy bool) (records [][]string, faults int, err error) {
	t.Helper()
	table := &Table{csv: csvShape{delim: delim, lazy: lazy}}
	c, err := table.csvRecords(newWindow(context.Background(), strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	for {
		switch err := c.next(); {
		case err == io.EOF:
			return records, faults, nil
		case err != nil:
			return records, faults, err
		}
		if c.fault != "" {
			faults++
		}
		records = append(records, c.p.fields())
	}
}

// What encoding/csv writes is read as it was, in any delimiter.
func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delim := rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "delimiter")
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab1 \n\",;\t|é😀\uFFFD'\\.")))
		width := rapid.IntRange(1, 4).Draw(t, "width")
		want := rapid.SliceOf(rapid.SliceOfN(cell, width, width)).Draw(t, "records")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = delim
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		want = slices.DeleteFunc(want, func(r []string) bool { return strings.TrimSpace(strings.Join(r, "")) == "" })

		p := newParser(byte(delim))
		var got [][]string
		for text := b.Bytes(); len(text) > 0; {
			n, out := p.parse(text, true)
			if out != whole {
				t.Fatalf("outcome %d", out)
			}
			if text = text[n:]; !p.blank() {
				got = append(got, p.fields())
			}
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// Whatever encoding/csv reads without complaint is read in the same way,
// wherever the text is cut while it comes in.
func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,\"x\r\ny\"\n", uint8(0), 3)
	f.Add("a;b\r1;\"x\"\"\r", uint8(1), 1)
	f.Add("\"a\"\tb\n\n\"\n", uint8(2), 7)
	f.Fuzz(func(t *testing.T, text string, which uint8, cut int) {
		delim := delimiters[int(which)%len(delimiters)].char
		p := newParser(delim)
		cut = min(max(cut, 0), len(text))
		if n, out := p.parse([]byte(text[:cut]), false); out == whole {
			early := p.fields()
			m, again := p.parse([]byte(text), true)
			if m != n || again != whole || !slices.Equal(early, p.fields()) {
				t.Fatalf("%q is read in another way when more follows", text[:cut])
			}
		}
		got, _, err := readAll(t, text, delim, false)
		readAll(t, text, delim, true)

		theirs := csv.NewReader(strings.NewReader(text))
		theirs.Comma = rune(delim)
		theirs.FieldsPerRecord = -1
		want, complaint := theirs.ReadAll()
		if complaint != nil || err != nil || strings.Contains(text, "\r") {
			return
		}
		want = slices.DeleteFunc(want, func(r []string) bool { return strings.TrimSpace(strings.Join(r, "")) == "" })
		for i, r := range want { // blank cells beyond the header are dropped
			if width := len(want[0]); len(r) > width && strings.TrimSpace(strings.Join(r[width:], "")) == "" {
				want[i] = r[:width]
			}
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %q, encoding/csv reads %q", text, got, want)
		}
	})
}

// No file makes the reader panic, rows come as they were counted, and what is
// handed out is valid UTF-8.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{"a,b\n1,\"x\n", "\xff\xfea\x00\n\x001\x00", "a;b\n\xfc;\xc3\xbc\n", "\"a,b\"\n\"1,2\"\n", "sep=;\na;b\n1;2"} {
		f.Add([]byte(s), "csv", "", false)
		f.Add([]byte(s), "tsv", "", true)
	}
	f.Add([]byte(`{"a":{"b":[1,{"c":"\ud800"}]}}`+"\n{}\n"), "jsonl", "", false)
	f.Add([]byte(`{"n":1,"t":[{"a":1},{"a":"\u00e9"}]}`), "json", "", false)
	f.Add([]byte("a,b\n\x81\x40,2\n"), "csv", "shift_jis", false)
	f.Fuzz(func(t *testing.T, content []byte, format, encoding string, lazy bool) {
		ctx := context.Background()
		table, err := Open(ctx, "-", Options{Format: format, Encoding: encoding, Lazy: lazy, Stdin: bytes.NewReader(content)})
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("message %q", err)
			}
			return
		}
		defer table.Close()
		for _, s := range append(slices.Clone(table.Header), table.Columns...) {
			if !utf8.ValidString(s) {
				t.Errorf("name %q", s)
			}
		}
		n, line := 0, 0
		err = table.Each(ctx, func(r *Row) error {
			n++
			if r.Number != n || r.Line < line || line == 0 && r.Line == 0 {
				t.Errorf("row %d on line %d is called %d on line %d", n, line, r.Number, r.Line)
			}
			line = r.Line
			for i := range table.Columns {
				checkValue(t, r.Cell(i))
			}
			for _, s := range append(slices.Clone(r.Fields()), string(r.JSON()), r.Fault) {
				if !utf8.ValidString(s) {
					t.Errorf("row %d holds %q", n, s)
				}
			}
			if r.Fault == "" && table.Format == "csv" && len(r.Fields()) != len(table.Header) {
				t.Errorf("row %d has %d fields", n, len(r.Fields()))
			}
			return nil
		})
		if err != nil || n != table.Rows {
			t.Errorf("%d rows, but Open counted %d: %v", n, table.Rows, err)
		}
	})
}

func checkValue(t *testing.T, v mapping.Value) {
	if !utf8.ValidString(v.Text) {
		t.Errorf("value %q", v.Text)
	}
	for _, s := range v.Names {
		if !utf8.ValidString(s) {
			t.Errorf("name %q", s)
		}
	}
	for _, e := range v.List {
		checkValue(t, e)
	}
}

// Every line is judged and read as encoding/json does it.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":1.50,"b":["x\u00e9\ud83d\ude00",null,true,{"c":{}}]}`)
	f.Add(`{"a":"\ud800","":{"a.b":-0e+1}}`)
	f.Add(`{"a":1,"a":2}`)
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			return
		}
		table := &Table{Format: "json", json: jsonShape{lines: true}}
		j := table.jsonRecords(context.Background(), strings.NewReader(line), true)
		if err := j.next(); err != nil {
			return
		}
		if strings.HasPrefix(j.fault, "not valid JSON") == json.Valid([]byte(line)) {
			t.Fatalf("%q: %s", line, j.fault)
		}
		if j.fault != "" {
			return
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		var want map[string]any
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		row := j.row(1)
		for i, path := range table.json.tree.columns {
			if value, ok := want[path]; ok && !strings.Contains(path, ".") {
				if got := plain(row.Cell(i)); !reflect.DeepEqual(got, value) {
					t.Errorf("%q, %s: got %#v, want %#v", line, path, got, value)
				}
			}
		}
		for name := range want {
			if !slices.Contains(table.json.tree.columns, name) {
				t.Errorf("%q: no column %q", line, name)
			}
		}
	})
}

// plain is a value as encoding/json decodes it.
func plain(v mapping.Value) any {
	switch v.Kind {
	case mapping.String:
		return v.Text
	case mapping.Number:
		return json.Number(v.Text)
	case mapping.Bool:
		return v.Text == "true"
	case mapping.List:
		list := make([]any, len(v.List))
		for i, e := range v.List {
			list[i] = plain(e)
		}
		return list
	case mapping.Object:
		object := map[string]any{}
		for i, name := range v.Names {
			object[name] = plain(v.List[i])
		}
		return object
	}
	return nil
}

// No text makes the guess panic or fail.
func FuzzGuess(f *testing.F) {
	for _, w := range writings {
		f.Add([]byte(encode(f, w.encoding, w.text)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := lookup(guess(text)); err != nil {
			t.Error(err)
		}
	})
}
