package importer

import (
	"strings"
	"testing"

	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
)

// An account, and a mapping made for it.
func accountFields() []fields.Field {
	return []fields.Field{
		{Key: "text_source_id", Name: "Source ID", Kind: fields.Text, Active: true},
		{Key: "text9", Name: "Nobody's", Kind: fields.Text, Active: true},
		{Key: "drop_down3", Name: "Region", Kind: fields.DropDown, Active: true, Options: []fields.Option{{Code: "001", Label: "Europe"}, {Code: "002", Label: "Asia"}}},
	}
}

const knowing = keyed + "fields: fields.json\ncustom_fields: {drop_down3: {const: Europe}}\n"

// knows gives a world the mapping for its account, and what it will say of its
// fields when it is asked.
func (w *world) knows(now []fields.Field) {
	w.mapping = knowing
	w.write("fields.json", string(fields.File{Account: "acme", BaseURL: "https://api.example", Fields: accountFields()}.JSON()))
	w.api.fields = func(int) (talkdesk.FieldsPage, talkdesk.Answer) {
		return talkdesk.FieldsPage{Fields: now}, talkdesk.Answer{Verdict: talkdesk.OK, Status: 200}
	}
}

// TestFieldsAreReadOnce asks once for the account's fields before the first
// create, and not at all where nothing is left, or the mapping knows no account.
func TestFieldsAreReadOnce(t *testing.T) {
	in(t, func(w *world) {
		w.knows(accountFields())
		w.input("in.csv", linesOf(1, 5)...)
		if w.must(0, "in.csv"); w.api.asked != 1 || strings.Contains(w.logged(), "WARN") {
			w.t.Errorf("asked %d times:\n%s", w.api.asked, w.logged())
		}
		if sum := w.must(0, "in.csv"); sum.Requests != 0 || w.api.asked != 1 {
			w.t.Errorf("nothing left: asked %d times, %+v", w.api.asked, sum)
		}
		w.input("in.csv", linesOf(1, 6)...)
		if w.must(0, "in.csv"); w.api.asked != 2 {
			w.t.Errorf("one row left: asked %d times", w.api.asked)
		}
		w.once(keys(1, 6)...)
	})
	in(t, func(w *world) {
		w.input("in.csv", linesOf(1, 5)...)
		if w.must(0, "in.csv"); w.api.asked != 0 {
			w.t.Errorf("without fields: asked %d times", w.api.asked)
		}
	})
}

// TestFieldIsGone sends nothing and leaves no file where a field that the mapping
// fills is gone or inactive.
func TestFieldIsGone(t *testing.T) {
	without, inactive := accountFields()[:2], accountFields()
	inactive[2].Active = false
	for want, now := range map[string][]fields.Field{
		`no longer has the custom field drop_down3 ("Region")`: without,
		`drop_down3 ("Region") has become inactive`:            inactive,
	} {
		in(t, func(w *world) {
			w.knows(now)
			w.input("in.csv", linesOf(1, 5)...)
			sum := w.must(1, "in.csv")
			if w.api.creates != 0 || w.has("out.csv") || w.has("out.journal") || !strings.Contains(sum.Error, want) {
				w.t.Errorf("%d creates, out.csv %v, error %q, want %q", w.api.creates, w.has("out.csv"), sum.Error, want)
			}
			// The rows of an earlier run keep their cases.
			w.knows(accountFields())
			w.must(0, "in.csv")
			w.knows(now)
			w.input("in.csv", linesOf(1, 6)...)
			if sum := w.must(1, "in.csv"); sum.Left != 1 || sum.Already != 5 {
				w.t.Errorf("one more row: %+v", sum)
			}
			w.once(keys(1, 5)...)
		})
	}
}

// TestOptionsHaveChanged warns of it, and goes on.
func TestOptionsHaveChanged(t *testing.T) {
	in(t, func(w *world) {
		now := accountFields()
		now[2].Options = []fields.Option{{Code: "001", Label: "EU"}, {Code: "003", Label: "Africa"}}
		now[1].Active = false // which nothing fills
		w.knows(now)
		w.input("in.csv", linesOf(1, 5)...)
		w.must(0, "in.csv")
		want := `the options of drop_down3 (\"Region\") have changed since the fields file was written: \"Europe\" (001) is now \"EU\", \"Asia\" (002) is gone, \"Africa\" (003) is new`
		if !strings.Contains(w.logged(), want) || strings.Count(w.logged(), "WARN") != 1 {
			w.t.Errorf("no %s in\n%s", want, w.logged())
		}
	})
}

func TestChangesOfDependentOptions(t *testing.T) {
	before := []fields.Option{{Code: "1", Label: "Hardware", Options: []fields.Option{{Code: "2", Label: "Printer"}}}}
	after := []fields.Option{{Code: "1", Label: "Hardware", Options: []fields.Option{{Code: "2", Label: "Printers"}, {Code: "3", Label: "Laptop"}}}}
	want := `Hardware > "Printer" (2) is now "Printers", Hardware > "Laptop" (3) is new`
	if got := strings.Join(changes("", before, after), ", "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFieldsCannotBeRead is one warning.
func TestFieldsCannotBeRead(t *testing.T) {
	for name, a := range map[string]talkdesk.Answer{
		"no scope":   {Verdict: talkdesk.Halt, Denied: true, Status: 403, Message: "the credentials lack the scope"},
		"not there":  {Verdict: talkdesk.Unknown, Status: 404, Message: "the API does not show case fields"},
		"unreadable": {Verdict: talkdesk.NotTaken, Status: 200, Code: "unreadable answer", Message: "not in a form that is known"},
		"down":       {Verdict: talkdesk.NotTaken, Status: 503, Down: true, Message: "the server fails"},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				w.knows(nil)
				w.api.fields = func(int) (talkdesk.FieldsPage, talkdesk.Answer) { return talkdesk.FieldsPage{}, a }
				w.input("in.csv", linesOf(1, 5)...)
				w.must(0, "in.csv")
				if strings.Count(w.logged(), "level=WARN ") != 1 || !strings.Contains(w.logged(), a.Message) {
					w.t.Errorf("the log:\n%s", w.logged())
				}
				w.once(keys(1, 5)...)
			})
		})
	}
}

// TestFieldsOfAnotherAccount are refused before anything is written, except in a
// sandbox, which plays any account.
func TestFieldsOfAnotherAccount(t *testing.T) {
	for _, c := range []struct {
		account, base string
		exit          int
	}{
		{"acme", "https://api.example", 0},
		{"other", "https://api.example", 1},
		{"acme", "https://api.elsewhere", 1},
		{"acme", "http://127.0.0.1:8080", 0},
		{"other", "sandbox", 0},
		{"sandbox", "http://127.0.0.1:8080", 0},
	} {
		in(t, func(w *world) {
			w.knows(accountFields())
			w.input("in.csv", linesOf(1, 2)...)
			sum := w.must(c.exit, "in.csv", func(cfg *Config) { cfg.Account, cfg.BaseURL = c.account, c.base })
			if c.exit == 1 && (sum.Requests != 0 || w.has("out.csv") || w.has("out.journal") || !strings.Contains(sum.Error, `account "acme"`)) {
				w.t.Errorf("%+v: %+v", c, sum)
			}
		})
	}
}
