package fields_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"caseimport/mapping/fields"
)

var file = fields.File{
	Account: "acme", BaseURL: "https://api.talkdeskapp.com", ReadAt: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC),
	Fields: []fields.Field{
		{Key: "text1", Name: "Source id", Kind: fields.Text, Active: true},
		{Key: "text2", Name: "Order number", Kind: fields.Text, Active: true},
		{Key: "drop_down3", Name: "Region", Kind: fields.DropDown, Active: true, Required: true, Options: []fields.Option{
			{Code: "001", Label: "Europe"}, {Code: "002", Label: "Asia & <Pacific>"}, {Code: "003", Label: "Asia"}, {Code: "004", Label: "asia "}, {Code: "005"}}},
		{Key: "dependent_field5", Name: "Topic", Kind: fields.Dependent, Active: true, Options: []fields.Option{
			{Code: "1", Label: "Hardware", Options: []fields.Option{{Code: "2", Label: "Printer"}, {Code: "3", Label: "Laptop"}}},
			{Code: "4", Label: "Other"}}},
		{Key: "text11", Name: "Old reference", Kind: fields.Text},
	},
}

func TestFileIsReadAsItWasWritten(t *testing.T) {
	text := file.JSON()
	got, err := fields.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.JSON()) != string(text) || !got.ReadAt.Equal(file.ReadAt) {
		t.Errorf("got\n%s\nwant\n%s", got.JSON(), text)
	}
	if !strings.Contains(string(text), "Asia & <Pacific>") {
		t.Errorf("labels are escaped:\n%s", text)
	}
}

func TestFileMayBeEditedByHand(t *testing.T) {
	got, err := fields.Parse([]byte("\xEF\xBB\xBF" + `{"fields":[{"key":"dropdown1","kind":"nonsense","note":"ours"},{"key":"text1","active":false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if f := got.Fields[0]; f.Kind != fields.DropDown || !f.Active || got.Fields[1].Active {
		t.Errorf("got %+v", got.Fields)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "empty",
		" \n":                                 "empty",
		`[{"key":"text1"}]`:                   "a bare list",
		"{\n\"fields\": [}":                   "line 2 is not JSON",
		`{"fields":{}}`:                       `"fields" cannot be object`,
		`{"data":[]}`:                         `has no "fields"`,
		`{"read_at":"yesterday","fields":[]}`: "yesterday",
		`{"fields":[{"name":"x"}]}`:           "number 1 has no key",
		`{"fields":[{"key":"drop_down1"},{"key":"dropdown1"}]}`:       `duplicate key "dropdown1"`,
		`{"fields":[{"key":"drop_down1","options":[{"label":"x"}]}]}`: `option "x" has no code`,
	} {
		if _, err := fields.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s): %v, want %q", text, err, want)
		}
	}
}

func TestKindIsWhatTheKeySays(t *testing.T) {
	for key, want := range map[string]fields.Kind{
		"text1": fields.Text, "multi_line_text1": fields.MultiLine, "multi_select1": fields.MultiSelect,
		"dropdown1": fields.DropDown, "drop_down1": fields.DropDown, "dependent_field12": fields.Dependent,
		"checkbox": fields.Checkbox, "Text1": "", "source_id": "", "": "",
	} {
		if got := fields.KindOf(key); got != want {
			t.Errorf("KindOf(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestFieldsAreFound(t *testing.T) {
	if f, ok := file.Field("dropdown3"); !ok || f.Key != "drop_down3" {
		t.Errorf("dropdown3 is %v", f)
	}
	if f, ok := file.Field("text3"); ok {
		t.Errorf("text3 is %v", f)
	}
	for key, want := range map[string]string{
		"text3":         `text1 ("Source id"), text2 ("Order number")`, // not the inactive one
		"txt2":          `text2 ("Order number")`,
		"order numbers": `text2 ("Order number")`,
		"dropdown1":     `drop_down3 ("Region")`,
		"checkbox1":     ``,
	} {
		var got []string
		for _, f := range file.Nearest(key) {
			got = append(got, f.String())
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("nearest to %s: %s, want %s", key, text, want)
		}
	}
}

func TestOptionsAreFoundByLabelOrCode(t *testing.T) {
	for _, tt := range []struct {
		key    string
		values []string
		want   []string // or
		fault  string   // the value at fault, and what may be meant
	}{
		{"drop_down3", []string{"Europe"}, []string{"001"}, ""},
		{"drop_down3", []string{" EUROPE "}, []string{"001"}, ""},
		{"drop_down3", []string{"002"}, []string{"002"}, ""},
		{"drop_down3", []string{"Asia"}, []string{"003"}, ""}, // exactly that
		{"drop_down3", []string{"005"}, []string{"005"}, ""},
		{"drop_down3", []string{"ASIA"}, nil, `"ASIA" of 5 is one of ["Asia" (003) "asia " (004)]`},
		{"drop_down3", []string{"Eurpe"}, nil, `"Eurpe" of 5 is near ["Europe" (001)]`},
		{"drop_down3", []string{"Pacific"}, nil, `"Pacific" of 5 is near ["Asia & <Pacific>" (002)]`},
		{"drop_down3", []string{"Mars"}, nil, `"Mars" of 5 is near []`},
		{"drop_down3", []string{""}, nil, `"" of 5 is near []`},
		{"dependent_field5", []string{"hardware", "3"}, []string{"1", "3"}, ""},
		{"dependent_field5", []string{"Hardware"}, []string{"1"}, ""},
		{"dependent_field5", []string{"Laptop"}, nil, `"Laptop" of 2 is near []`},
		{"dependent_field5", []string{"1", "Printr"}, nil, `under ["Hardware" (1)] "Printr" of 2 is near ["Printer" (2)]`},
		{"dependent_field5", []string{"Other", "Printer"}, nil, `under ["Other" (4)] "Printer" of 0 is near []`},
		{"text1", []string{"anything"}, []string{"anything"}, ""},
	} {
		f, _ := file.Field(tt.key)
		codes, fault := f.Codes(tt.values)
		said := ""
		if fault != nil {
			said = fmt.Sprintf("%q of %d is near %v", fault.Value, len(fault.Options), fault.Nearest())
			if len(fault.Several) > 0 {
				said = fmt.Sprintf("%q of %d is one of %v", fault.Value, len(fault.Options), fault.Several)
			}
			if len(fault.Path) > 0 {
				said = fmt.Sprintf("under %v ", fault.Path) + said
			}
			if fault.Field.Key != tt.key {
				t.Errorf("%s %q: the fault is of %s", tt.key, tt.values, fault.Field.Key)
			}
		}
		if !slices.Equal(codes, tt.want) || said != tt.fault {
			t.Errorf("%s %q: %q, %s", tt.key, tt.values, codes, said)
		}
	}
}
