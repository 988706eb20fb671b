package mapping

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestKey(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		cols       []any
		key, fault string
	}{
		{"a bare column", "Id", []any{"Id", " 7 "}, "7", ""},
		{"upper and lower case are distinct", "{column: ID}", []any{"Id", "Ab"}, "Ab", ""},
		{"a number of JSON keeps its spelling", "{column: Id}", []any{"Id", num("101004143000")}, "101004143000", ""},
		{"an expression", `{expr: '"ZD-" + row["Id"]'}`, []any{"Id", "7"}, "ZD-7", ""},
		{"an expression with a number", `{expr: '"ZD-" + row["Id"]'}`, []any{"Id", num("101004143000")}, "ZD-101004143000", ""},
		{"empty", "{column: Id}", []any{"Id", " \u00a0"}, "", "is empty, but every row needs a key"},
		{"200 characters", "{column: Id}", []any{"Id", strings.Repeat("ä", 200)}, strings.Repeat("ä", 200), ""},
		{"201 characters", "{column: Id}", []any{"Id", strings.Repeat("ä", 201)}, "", "is longer than 200 characters, the limit for a key"},
		{"two values", "{column: Id}", []any{"Id", listVal(s("1"), s("2"))}, "", "is a second value, but the field holds one"},
		{"an object", "{column: Id}", []any{"Id", obj("a", s("1"))}, "", "is an object: name one of its members"},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, row := table(t, c.cols...)
			p := compile(t, "key: "+c.rule, names)
			id := p.Identify(row)
			_, faults := p.Map(row)
			if id.Key != c.key || (id.Fault != nil) != (c.fault != "") || len(faults) > 0 != (c.fault != "") {
				t.Fatalf("%+v, %v", id, faults)
			}
			if c.fault != "" && (id.Fault.Reason != c.fault || id.Fault.Field != "key" || id.Fault.Column != "Id" || *id.Fault != faults[0]) {
				t.Fatalf("%+v, %v", id.Fault, faults)
			}
		})
	}
}

func TestKeyIsCarried(t *testing.T) {
	const (
		key  = "key: {column: Id, custom_field: text_id}\n"
		rule = "custom_fields: {text_a: {const: x}, text_id: Other, text_z: {const: z}}\n"
	)
	for _, c := range []struct {
		name, src string
		other     string
		want      string // custom_fields as JSON
		fault     string
	}{
		{"without a rule of its own", key, "", `{"text_id":"7"}`, ""},
		{"behind the others", key + "custom_fields: {text_a: {const: x}}", "", `{"text_a":"x","text_id":"7"}`, ""},
		{"by its rule", key + rule, " 7 ", `{"text_a":"x","text_id":"7","text_z":"z"}`, ""},
		{"in place of an empty one", key + rule, " ", `{"text_a":"x","text_id":"7","text_z":"z"}`, ""},
		{"not another", key + rule, "8", "", "is not the row's key, which this field must hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := mapped(t, c.src, "Id", " 7 ", "Other", c.other)
			if c.fault != "" {
				if len(faults) != 1 || faults[0].Reason != c.fault || faults[0].Field != "custom_fields.text_id" {
					t.Fatal(faults)
				}
				return
			}
			text, err := json.Marshal(got.CustomFields)
			if err != nil || len(faults) > 0 || string(text) != c.want {
				t.Errorf("%s %v %v", text, faults, err)
			}
		})
	}
}

func TestKeyRule(t *testing.T) {
	rule := func(src string) string { return compile(t, src, []string{"Id", "Name"}).KeyRule() }
	same := [][]string{
		{"key: Id", "key: {column: ' iD '}", "key: {column: Id, custom_field: text_id}", `key: {expr: 'row["ID"]'}`, "key: {expr: row.Id}"},
		{`key: {expr: '"ZD-" + row["Id"]'}`, `key: {expr: "'ZD-'+row['id']"}`},
		{`key: {expr: '"zd-" + row["Id"]'}`},
		{"key: Name"},
		{""},
	}
	seen := map[string]int{}
	for i, group := range same {
		for _, src := range group {
			if got := rule(src); got != rule(group[0]) {
				t.Errorf("%s gives %q", src, got)
			}
		}
		if j, ok := seen[rule(group[0])]; ok {
			t.Errorf("%s and %s give the same", group[0], same[j][0])
		}
		seen[rule(group[0])] = i
	}
	if rule("") != "" {
		t.Error("a rule without a key")
	}
}

func TestWhere(t *testing.T) {
	names, row := table(t, "Status", "Spam", "Id", "7")
	for _, c := range []struct {
		where    string
		filtered bool
		fault    string
	}{
		{`row["status"] != "Spam"`, true, ""},
		{`row["status"] == "Spam"`, false, ""},
		{`lower(row.Status) not in ["spam", "deleted"]`, true, ""},
		{`not (row["Status"] startsWith "Sp")`, true, ""},
		{`row["Status"]`, false, "is not true or false, which where must give"},
		{`row["Status"] > 3`, false, "makes the expression fail: cannot order text and a number"},
		{`row["Status"] ? true : false`, false, "makes the expression fail: expected true or false, got text"},
	} {
		p := compile(t, "key: Id\nwhere: '"+c.where+"'", names)
		id := p.Identify(row)
		_, faults := p.Map(row)
		switch {
		case c.fault != "":
			if id.Fault == nil || id.Fault.Reason != c.fault || id.Fault.Field != "where" || id.Fault.Column != "Status" || len(faults) != 1 || faults[0] != *id.Fault {
				t.Errorf("%s: %+v, %v", c.where, id, faults)
			}
		case id.Fault != nil || id.Filtered != c.filtered || id.Filtered == (id.Key == "7") || len(faults) > 0:
			t.Errorf("%s: %+v, %v", c.where, id, faults)
		}
	}
}

func TestDescribesItself(t *testing.T) {
	p := compile(t, "key: {column: A, custom_field: text_id}\nwhere: 'row.A != \"\"'\ncustom_fields: {text_b: B}\nnotes: [{note_body: B}]", []string{"A", "B"})
	if !p.HasKey() || p.KeyField() != "text_id" {
		t.Error(p.HasKey(), p.KeyField())
	}
	if got := strings.Join(p.Fields(), " "); got != "title description requester_name custom_fields.text_b custom_fields.text_id notes" {
		t.Error(got)
	}
	p = compile(t, "", nil)
	if p.HasKey() || p.KeyField() != "" || p.KeyRule() != "" {
		t.Error("a mapping without key and where has them")
	}
}

func TestColumns(t *testing.T) {
	m := parse(t, "custom_fields: {text_a: Absent, text_b: {expr: 'row[\"Absent\"]'}, text_c: B}")
	var faults *FileError
	if _, err := m.Compile([]string{"B"}, false); !errors.As(err, &faults) || len(faults.Faults) != 2 {
		t.Fatalf("absent columns: %v", err)
	}
	p, err := m.Compile([]string{"B"}, true)
	if err != nil {
		t.Fatal(err)
	}
	got, fault := p.Map(cells{s("b")})
	if len(fault) > 0 || len(got.CustomFields) != 1 || got.CustomFields.Get("text_c") != "b" {
		t.Errorf("%v %v", got, fault)
	}
	if _, err := m.Compile(nil, false); err != nil {
		t.Errorf("without columns: %v", err)
	}
}

// Two columns that differ in case only can be told apart by writing them so.
func TestColumnsThatDifferInCase(t *testing.T) {
	columns := []string{"Name", "NAME"}
	p := compile(t, "custom_fields: {text_a: NAME, text_b: {expr: 'row[\"Name\"]'}}", columns)
	got, _ := p.Map(cells{s("1"), s("2")})
	if got.CustomFields.Get("text_a") != "2" || got.CustomFields.Get("text_b") != "1" {
		t.Error(got.CustomFields)
	}
	m := parse(t, "custom_fields: {text_a: name}")
	if _, err := m.Compile(columns, false); err == nil || !strings.Contains(err.Error(), `write exactly one of "Name", "NAME"`) {
		t.Error(err)
	}
}

func TestProgramIsSafeForConcurrentUse(t *testing.T) {
	p := compile(t, "key: {expr: 'lower(row.A)'}\nwhere: 'row.A != \"x\"'\nnotes: [{each: B, note_body: {expr: 'item + row.A'}}]", []string{"A", "B"})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := strings.Repeat("K", i+1)
			row := cells{s(own), listVal(s("1"), s("2"))}
			for range 500 {
				id := p.Identify(row)
				got, faults := p.Map(row)
				if id.Key != strings.ToLower(own) || len(faults) > 0 || got.Notes[1].Body != "2"+own {
					t.Errorf("%+v %+v %v", id, got, faults)
					return
				}
			}
		})
	}
	wg.Wait()
}
