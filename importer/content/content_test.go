package content

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/mapping"
)

// TestSumsOfOlderVersions: a row that sets nothing of what older versions did not know
// has the sum that they gave it, or every case would be updated once.
func TestSumsOfOlderVersions(t *testing.T) {
	c := mapping.Case{Title: "Printer", Description: "It \"burns\" <b>", Priority: "HIGH", RequesterName: "Zoë", OwnerID: "7",
		CustomFields: mapping.CustomFields{{Name: "text1", Value: "T-1"}, {Name: "numeric1", Value: json.Number("7")}},
		Notes:        []mapping.Note{{Title: "Imported", Body: "x"}}}
	var body []byte
	got, err := Sum(&c, &body)
	if err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(body); !slices.Equal(got[:], want[:8]) {
		t.Errorf("the sum is %x, and older versions have %x", got, want[:8])
	}
	if text := hex.EncodeToString(got[:]); text != "5c80133ba43e0072" {
		t.Errorf("the sum is %s", text)
	}
	if again, _ := Sum(&c, new([]byte)); again != got {
		t.Error("the same row has two sums")
	}
	scratch := []byte("scratch")
	c.Owner, c.Status = "ann@example.com", "OPEN"
	got, _ = Sum(&c, new([]byte))
	if sum, err := Sum(&c, &scratch); err != nil || sum != got {
		t.Errorf("%x, want %x, %v", sum, got, err)
	}
}

// TestSumKnowsEveryField: whatever changes in a row changes its sum, and so does a
// value that moves to another field.
func TestSumKnowsEveryField(t *testing.T) {
	seen := map[[8]byte]string{}
	add := func(what string, change func(c *mapping.Case)) {
		c := mapping.Case{Title: "Printer"}
		change(&c)
		got, err := Sum(&c, new([]byte))
		if err != nil {
			t.Fatal(err)
		}
		if other, again := seen[got]; again {
			t.Errorf("%s and %s have the same sum", what, other)
		}
		seen[got] = what
	}
	add("nothing", func(*mapping.Case) {})
	for name, set := range everyField {
		add(name, func(c *mapping.Case) { set(c, "value") })
		add(name+", other", func(c *mapping.Case) { set(c, "value2") })
	}
	add("a note", func(c *mapping.Case) { c.Notes = []mapping.Note{{Body: "value"}} })
	add("a public note", func(c *mapping.Case) { c.Notes = []mapping.Note{{Body: "value", Public: true}} })
	add("a custom field", func(c *mapping.Case) { c.CustomFields = mapping.CustomFields{{Name: "text1", Value: "value"}} })
	add("type and group", func(c *mapping.Case) { c.Type, c.GroupID = "value", "value" })
}

// everyField sets a standard field.
var everyField = map[string]func(c *mapping.Case, to string){
	"title":           func(c *mapping.Case, to string) { c.Title = to },
	"description":     func(c *mapping.Case, to string) { c.Description = to },
	"priority":        func(c *mapping.Case, to string) { c.Priority = to },
	"requester_name":  func(c *mapping.Case, to string) { c.RequesterName = to },
	"requester_email": func(c *mapping.Case, to string) { c.RequesterEmail = to },
	"requester_type":  func(c *mapping.Case, to string) { c.RequesterType = to },
	"owner_id":        func(c *mapping.Case, to string) { c.OwnerID = to },
	"parent_id":       func(c *mapping.Case, to string) { c.ParentID = to },
	"owner's address": func(c *mapping.Case, to string) { c.Owner = to },
	"parent's key":    func(c *mapping.Case, to string) { c.Parent = to },
	"status":          func(c *mapping.Case, to string) { c.Status = to },
	"type":            func(c *mapping.Case, to string) { c.Type = to },
	"group_id":        func(c *mapping.Case, to string) { c.GroupID = to },
	"resolution":      func(c *mapping.Case, to string) { c.Resolution = to },
}

func TestValueThatIsNoJSON(t *testing.T) {
	c := mapping.Case{Title: "x", CustomFields: mapping.CustomFields{{Name: "numeric1", Value: json.Number("1..2")}}}
	if sum, err := Sum(&c, new([]byte)); err == nil {
		t.Errorf("%x", sum)
	}
}

// someCase is a case with anything in it.
func someCase(random *rand.Rand) *mapping.Case {
	text := func() string {
		return strings.Repeat(string(rune(random.IntN(0x10FFFF))), random.IntN(3)) + []string{"", "a", "a\nb", "\t", "é"}[random.IntN(5)]
	}
	c := &mapping.Case{Title: text(), Description: text(), Priority: text(), RequesterName: text(), RequesterEmail: text(), OwnerID: text(),
		ParentID: text(), Owner: text(), Parent: text(), Status: text(), Type: text(), GroupID: text(), Resolution: text()}
	for range random.IntN(4) {
		c.CustomFields = append(c.CustomFields, mapping.CustomField{Name: "text" + text(),
			Value: []any{text(), random.IntN(2) == 0, json.Number("1.50"), []string{text(), text()}}[random.IntN(4)]})
	}
	for range random.IntN(4) {
		c.Notes = append(c.Notes, mapping.Note{Title: text(), Body: text(), Public: random.IntN(2) == 0})
	}
	return c
}

// TestMemoRoundTrip: what was remembered comes back, in letters that a line of the
// journal can hold, and of a case that holds all of its row there is no change.
func TestMemoRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 2000 {
		c := someCase(random)
		var wrote time.Time
		if random.IntN(3) > 0 {
			wrote = time.Unix(1+random.Int64N(1<<34), random.Int64N(1e9))
		}
		m := MemoOf(c, true, wrote)
		text := m.Append([]byte("before"))
		if strings.ContainsAny(string(text), "\t\r\n ") {
			t.Fatalf("%q", text)
		}
		back, ok := ParseMemo(text[len("before"):])
		if !ok || back.Wrote.Unix() != wrote.Unix() && !(wrote.IsZero() && back.Wrote.IsZero()) || !slices.Equal(back.fields, m.fields) {
			t.Fatalf("%+v came back as %+v, %v", m, back, ok)
		}
		if u, lost := Changes(c, back); u != nil || lost != nil {
			t.Fatalf("%+v has changes: %+v, %v", c, u, lost)
		}
	}
}

func FuzzParseMemo(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("AAAAAAAAAAA"))
	f.Add(MemoOf(&mapping.Case{Title: "x", Notes: []mapping.Note{{Body: "y"}}}, true, time.Unix(1700000000, 0)).Append(nil))
	f.Add([]byte("_________w"))
	f.Add([]byte("AAAAAAAAAAAA"))
	f.Add([]byte("00000000000"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, ok := ParseMemo(text)
		if !ok {
			if len(m.fields) > 0 || !m.Wrote.IsZero() {
				t.Errorf("what is no memo holds %+v", m)
			}
			return
		}
		if back, ok := ParseMemo(m.Append(nil)); !ok || !slices.Equal(back.fields, m.fields) || !back.Wrote.Equal(m.Wrote) {
			t.Errorf("%+v came back as %+v, %v", m, back, ok)
		}
	})
}
