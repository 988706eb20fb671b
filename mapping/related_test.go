package mapping

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// comments is a second file in memory, whose first column is the key.
type comments struct {
	columns []string
	rows    []cells
	open    bool
	gone    error

	opened  int
	by      By
	claimed []string
}

func (c *comments) Columns() ([]string, bool) { return c.columns, c.open }

func (c *comments) Index(by By) (ByKey, error) {
	c.by = by
	for _, row := range c.rows {
		if _, err := by.Key(row); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *comments) Claim(key string) { c.claimed = append(c.claimed, key) }

func (c *comments) Rows(key string) (out []RelatedRow, err error) {
	for _, row := range c.rows {
		if its, _ := c.by.Key(row); its == key {
			out = append(out, comment{row})
		}
	}
	return out, c.gone
}

type comment struct{ cells }

func (comment) Where() string { return "comments.csv, line 7" }

func (c *comments) compile(t *testing.T, src string, columns ...string) (*Program, error) {
	t.Helper()
	return parse(t, src).CompileWith(columns, false, func(of SecondFile) (Related, error) {
		path := of.Path
		if path != "comments.csv" {
			return nil, errors.New("there is no " + path)
		}
		c.opened++
		return c, nil
	})
}

func twoComments() *comments {
	return &comments{columns: []string{"ticket", "at", "author", "Body", "public"}, rows: []cells{
		{s("1"), s("x"), s("ann"), s("one"), s("yes")},
		{s(" 1 "), s("y"), s("bob"), s("two"), s("")},
		{s("1"), s("y"), s("bob"), s(" \n"), s("")},
		{s("2"), s("z"), s("cid"), s("three"), s("maybe")},
	}}
}

func TestNotesFromASecondFile(t *testing.T) {
	for _, c := range []struct {
		name, note, key string
		want, fault     string
	}{
		{"columns are the comment's", "{from: {file: comments.csv, key: ticket}, note_title: author, note_body: body, public: public}", "1",
			`[{"note_title":"ann","note_body":"one","public":true},{"note_title":"bob","note_body":"two","public":false}]`, ""},
		{"row is the comment, parent the row", `{from: {file: comments.csv, key: ticket}, note_title: {expr: 'parent["Subject"] + "/" + row.author + "/" + parent[lower("ID")]'}, note_body: body}`, "1",
			`[{"note_title":"S/ann/1","note_body":"one","public":false},{"note_title":"S/bob/1","note_body":"two","public":false}]`, ""},
		{"a key that is formed", `{from: {file: comments.csv, key: {expr: 'trim(row["ticket"]) + "0"'}}, note_body: body}`, "10", `[{"note_body":"one","public":false},{"note_body":"two","public":false}]`, ""},
		{"no comments", "{from: {file: comments.csv, key: ticket}, note_body: body}", "3", `null`, ""},
		{"a title for all", "{from: {file: comments.csv, key: ticket}, note_body: body, note_title: {const: T}}", " 1", `[{"note_title":"T","note_body":"one","public":false},{"note_title":"T","note_body":"two","public":false}]`, ""},
		{"ids as names", `{from: {file: comments.csv, key: ticket}, note_title: {column: author, values: {ann: Ann}, pass: true}, note_body: body}`, "1",
			`[{"note_title":"Ann","note_body":"one","public":false},{"note_title":"bob","note_body":"two","public":false}]`, ""},
		{"a comment at fault", "{from: {file: comments.csv, key: ticket}, note_body: body, public: public}", "2", "",
			`notes[0].public: "maybe" in column "public" is neither true nor false (comments.csv, line 7)`},
		{"an expression that fails", `{from: {file: comments.csv, key: ticket}, note_body: {expr: 'int(row["Body"])'}}`, "2", "", "(comments.csv, line 7)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := twoComments().compile(t, head+"key: id\nnotes:\n  - "+c.note+"\n", "ID", "Subject")
			if err != nil {
				t.Fatal(err)
			}
			got, faults := p.Map(cells{s(c.key), s("S")})
			if c.fault != "" {
				if len(faults) != 1 || !strings.HasSuffix(faults[0].String(), c.fault) {
					t.Errorf("%v", faults)
				}
				return
			}
			text, err := json.Marshal(got.Notes)
			if err != nil || len(faults) > 0 || string(text) != c.want {
				t.Errorf("got  %s %v %v\nwant %s", text, faults, err, c.want)
			}
		})
	}
}

func TestSecondFilesThatDoNotFit(t *testing.T) {
	const notes = head + "key: id\nnotes:\n  - {from: {file: FILE, key: KEY, sort: SORT}, note_body: BODY, note_title: {expr: 'TITLE'}}\n"
	for _, c := range []struct{ old, new, want string }{
		{"FILE", "gone.csv", "m:8:19: there is no gone.csv"},
		{"KEY", "tickt", `m:8:38: unknown column "tickt"; did you mean "ticket"?`},
		{"SORT", "att", `unknown column "att"; did you mean "at"?`},
		{"BODY", "bdy", `unknown column "bdy"; did you mean "Body"?`},
		{"TITLE", `parent["Sbject"]`, `unknown column "Sbject"; did you mean "Subject"?`},
		{"TITLE", `row["Subject"]`, `unknown column "Subject"; comments.csv has ticket, at, author, Body, public`},
		{"TITLE", `parent`, `parent is not a value by itself: name a column, parent["…"]`},
		{"KEY", `{expr: 'row["ticket"][0].x.y'}`, "key"},
	} {
		src := strings.Replace(notes, c.old, c.new, 1)
		src = strings.NewReplacer("FILE", "comments.csv", "KEY", "ticket", "SORT", "at", "BODY", "body", "TITLE", "row.author").Replace(src)
		m, err := Parse("m", []byte(src), nil)
		if err == nil {
			files := twoComments()
			_, err = m.CompileWith([]string{"id", "Subject"}, false, func(of SecondFile) (Related, error) {
				path := of.Path
				if path != "comments.csv" {
					return nil, errors.New("there is no " + path)
				}
				return files, nil
			})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
	// What no comment of a JSON file has is empty, unless nothing could be found without it.
	files := twoComments()
	files.open = true
	p, err := files.compile(t, head+"key: id\nnotes: [{from: {file: comments.csv, key: ticket, sort: when}, note_body: {expr: '\"gone\" in row or \"ID\" in parent ? row.body : \"\"'}, note_title: titel}]\n", "id")
	if err != nil || p.AbsentWarning() != `no row of comments.csv has "when", "titel": read as an empty cell` {
		t.Errorf("%v, %v", p.AbsentWarning(), err)
	}
	if c, faults := p.Map(cells{s("1")}); len(c.Notes) != 2 || len(faults) > 0 {
		t.Errorf("%v %v", c.Notes, faults)
	}
	if _, err := files.compile(t, head+"key: id\nnotes: [{from: {file: comments.csv, key: tickt}, note_body: body}]\n", "id"); err == nil || !strings.Contains(err.Error(), `unknown column "tickt"; did you mean "ticket"?`) {
		t.Errorf("%v", err)
	}

	m := parse(t, "key: id\nnotes: [{from: {file: c.csv, key: k}, note_body: b}]\n")
	if _, err := m.Compile([]string{"id"}, false); err == nil || !strings.Contains(err.Error(), "c.csv: a second file is not available here") {
		t.Errorf("%v", err)
	}
}

func TestASecondFileInUse(t *testing.T) {
	files := twoComments()
	p, err := files.compile(t, head+`key: id
where: 'row["id"] != "9"'
notes:
  - {from: {file: comments.csv, key: ticket}, note_body: body}
  - {from: {file: comments.csv, key: ticket}, note_body: author}
`, "id")
	if err != nil || files.opened != 1 {
		t.Fatalf("opened %d times, %v", files.opened, err)
	}
	c, faults := p.Map(cells{s("1")})
	if len(c.Notes) != 5 || len(faults) > 0 || p.Err() != nil {
		t.Errorf("%v %v %v", c.Notes, faults, p.Err())
	}
	p.Claim(cells{s("9")})
	if len(files.claimed) != 2 || files.claimed[0] != "9" {
		t.Errorf("claimed %v", files.claimed)
	}
	files.gone = errors.New("comments.csv has changed")
	if _, faults := p.Map(cells{s("1")}); len(faults) == 0 || p.Err() != files.gone {
		t.Errorf("%v %v", faults, p.Err())
	}
}

// TestSecondFilesAreReadAsSaid: what the reader should not detect goes to whoever opens
// the file, and a file that is read in two ways is opened twice.
func TestSecondFilesAreReadAsSaid(t *testing.T) {
	m, err := Parse("m", []byte(head+`key: id
notes:
  - {from: {file: a.xlsx, key: ticket, sheet: Comments}, note_body: body}
  - {from: {file: b.csv, key: ticket, encoding: cp1251, delimiter: "|"}, note_body: body}
  - {from: {file: b.csv, key: ticket, encoding: cp1251, delimiter: "|"}, note_body: body}
  - {from: {file: b.csv, key: ticket}, note_body: body}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	var opened []SecondFile
	if _, err := m.CompileWith([]string{"id"}, false, func(of SecondFile) (Related, error) {
		opened = append(opened, of)
		return twoComments(), nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := []SecondFile{{Path: "a.xlsx", Sheet: "Comments"}, {Path: "b.csv", Encoding: "cp1251", Delimiter: "|"}, {Path: "b.csv"}}; !slices.Equal(opened, want) {
		t.Errorf("%v", opened)
	}
}
