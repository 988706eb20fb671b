package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// caseWith compiles a mapping whose case has more rules, one a line.
func caseWith(t *testing.T, rules string, columns ...string) *Program {
	t.Helper()
	return compile(t, "version: 1\nkey: Id\ncase:\n  title: {const: A title}\n  description: {const: A description}\n  requester_name: {const: Ann}\n  "+
		strings.ReplaceAll(rules, "\n", "\n  ")+"\n", columns)
}

func TestStatusAndTypeAreSpeltAsTheAPISpellsThem(t *testing.T) {
	p := caseWith(t, "status: S\ntype: T", "Id", "S", "T")
	for _, c := range [][4]string{
		{"on hold", "incident", "ON-HOLD", "INCIDENT"},
		{"ON_HOLD", " Task ", "ON-HOLD", "TASK"},
		{"On-Hold", "QUESTION", "ON-HOLD", "QUESTION"},
		{"onhold", "Problem", "ON-HOLD", "PROBLEM"},
		{"solved", "Feature request", "solved", "Feature request"}, // the account's own
		{" Waiting on 3rd_party ", "", "Waiting on 3rd_party", ""},
		{"new", "", "NEW", ""},
		{"Closed", "", "CLOSED", ""},
		{"", " ", "", ""},
	} {
		out, faults := p.Map(cells{s("1"), s(c[0]), s(c[1])})
		if out.Status != c[2] || out.Type != c[3] || len(faults) > 0 {
			t.Errorf("%q: %q %q %v", c, out.Status, out.Type, faults)
		}
	}
	out, faults := caseWith(t, "status: {column: S, values: {open: Open, gone: resolved}}", "Id", "S").Map(cells{s("1"), s("Gone")})
	if out.Status != "RESOLVED" || len(faults) > 0 {
		t.Errorf("%+v %v", out, faults)
	}
}

func TestResolutionGoesWithAStatusThatResolves(t *testing.T) {
	p := caseWith(t, "status: S\nresolution: {column: R, required: true}\ngroup_id: G", "Id", "S", "R", "G")
	for _, c := range []struct{ status, resolution, want, fault string }{
		{"resolved", "Fixed it", "Fixed it", ""},
		{"open", "Fixed it", "", ""},
		{"open", "", "", ""},
		{"", "Fixed it", "", ""},
		{"resolved", "", "", "is empty, but required"},
	} {
		out, faults := p.Map(cells{s("1"), s(c.status), s(c.resolution), s("g7")})
		if out.Resolution != c.want || (c.fault != "") != (len(faults) == 1 && faults[0].Reason == c.fault) || out.GroupID != "g7" {
			t.Errorf("%+v: %+v %v", c, out, faults)
		}
	}
}

// What a create cannot carry is not in its body, and neither are addresses and keys.
func TestCreateCarriesOnlyWhatItCan(t *testing.T) {
	p := caseWith(t, "status: S\ntype: S\ngroup_id: S\nresolution: S\nowner_id: {column: O, agent: true}\nparent_id: {column: P, key: true}", "Id", "S", "O", "P")
	out, faults := p.Map(cells{s("1"), s("Resolved"), s(" Ann@Example.COM "), s(" 7 ")})
	body, err := out.Body()
	if want := `{"title":"A title","description":"A description","requester_name":"Ann"}`; string(body) != want || err != nil || len(faults) > 0 {
		t.Errorf("%s %v %v", body, err, faults)
	}
	if out.Owner != "ann@example.com" || out.Parent != "7" || out.OwnerID != "" || out.ParentID != "" {
		t.Errorf("%+v", out)
	}
}

func TestOwners(t *testing.T) {
	for _, c := range []struct{ rule, cell, owner, id, fault string }{
		{"{column: O, agent: true}", "Ann@Example.com", "ann@example.com", "", ""},
		{"{column: O, agent: true}", "", "", "", ""},
		{"{column: O, agent: true}", "Ann Lee", "", "", "is not an e-mail address"},
		{"{column: O, agent: true, default: \"\"}", "", "", "", ""},
		{"{column: O, agent: true, default: 65f0}", "", "", "65f0", ""},
		{"{column: O, agent: true, default: 65f0}", "ann@example.com", "ann@example.com", "", ""},
		{"{column: O, agent: true, values: {Ann: ANN@example.com, nobody: \"\"}, default: 65f0}", "ann", "ann@example.com", "", ""},
		{"{column: O, agent: true, values: {Ann: ANN@example.com, nobody: \"\"}, default: 65f0}", "Nobody", "", "65f0", ""},
		{"{column: O, agent: true, values: {Ann: ANN@example.com}, default: \"\"}", "Kim", "", "", ""},
		{"{column: O, agent: true, values: {Ann: ANN@example.com}}", "Kim", "", "", "is not in values"},
		{"{column: O, agent: true, values: {Ann: ANN@example.com}, pass: true}", "kim@example.com", "kim@example.com", "", ""},
		{"{expr: 'row[\"O\"] + \"@example.com\"', agent: true}", "kim", "kim@example.com", "", ""},
		{"{column: O, agent: true}", " 65f0a1B2c3d4e5f60718293a ", "", "65f0a1B2c3d4e5f60718293a", ""},
		{"{column: O, agent: true}", "65f0a1b2c3d4e5f60718293", "", "", "is not an e-mail address"},
		{"{column: O, agent: true}", "65f0a1b2c3d4e5f60718293g", "", "", "is not an e-mail address"},
		{"{column: O, agent: true, values: {Ann: 65f0a1b2c3d4e5f60718293a, Kim: kim@example.com}}", "ann", "", "65f0a1b2c3d4e5f60718293a", ""},
		{"{column: O, agent: true, values: {Ann: 65f0a1b2c3d4e5f60718293a, Kim: kim@example.com}}", "kim", "kim@example.com", "", ""},
		{"{column: O, agent: true, required: true}", "", "", "", "is empty, but required"},
		{"O", " 65f0 ", "", "65f0", ""},
		{"O", "ann@example.com", "", "", "is an e-mail address, not the id of an agent"},
		{"{const: 65f0}", "", "", "65f0", ""},
	} {
		p := caseWith(t, "owner_id: "+c.rule, "Id", "O")
		row := cells{s("1"), s(c.cell)}
		out, faults := p.Map(row)
		if out.Owner != c.owner || out.OwnerID != c.id || (c.fault != "") != (len(faults) == 1 && strings.HasPrefix(faults[0].Reason, c.fault)) {
			t.Errorf("%s of %q: %q %q %v", c.rule, c.cell, out.Owner, out.OwnerID, faults)
		}
		if got := p.Owner(row); got != c.owner {
			t.Errorf("%s of %q alone: %q", c.rule, c.cell, got)
		}
		if p.OwnersByAddress() != strings.Contains(c.rule, "agent") {
			t.Errorf("%s: by address %v", c.rule, p.OwnersByAddress())
		}
	}
	for rule, want := range map[string]string{
		"{column: O, agent: true}": " false", `{column: O, agent: true, default: ""}`: " true", "{column: O, agent: true, default: 7}": "7 true", "O": " false",
		"{column: O, default: 7}": " false",
	} {
		id, set := caseWith(t, "owner_id: "+rule, "Id", "O").OwnerDefault()
		if got := fmt.Sprint(id, " ", set); got != want {
			t.Errorf("%s: %s", rule, got)
		}
	}
}

func TestParents(t *testing.T) {
	for _, c := range []struct{ rule, cell, parent, id, fault string }{
		{"{column: P, key: true}", " A-7 ", "A-7", "", ""},
		{"{column: P, key: true}", "", "", "", ""},
		{"{column: P, key: true}", "1", "", "", "is the key of the row itself"},
		{"{column: P, key: true}", strings.Repeat("x", 201), "", "", "is longer than 200 characters, the limit for a key"},
		{"{column: P, key: true, default: \"\"}", "A-7", "A-7", "", ""},
		{"{column: P, key: true, default: 4711}", "", "", "4711", ""},
		{"P", "4711", "", "4711", ""},
		{"P", "1", "", "1", ""}, // the id of a case, which may well be the row's key
	} {
		p := caseWith(t, "parent_id: "+c.rule, "Id", "P")
		row := cells{s("1"), s(c.cell)}
		out, faults := p.Map(row)
		if c.fault == "" && (out.Parent != c.parent || out.ParentID != c.id || p.Parent(row) != c.parent || len(faults) > 0) ||
			c.fault != "" && (len(faults) != 1 || faults[0].Reason != c.fault) {
			t.Errorf("%s of %q: %q %q %v", c.rule, c.cell, out.Parent, out.ParentID, faults)
		}
	}
	p := caseWith(t, `parent_id: {column: P, key: true, default: ""}`, "Id", "P")
	if id, set := p.ParentDefault(); !p.ParentsByKey() || id != "" || !set {
		t.Error(id, set)
	}
	// A key is what a key rule makes of a cell: a number of JSON is one too.
	if got := p.Parent(cells{num("1"), num("7")}); got != "7" {
		t.Errorf("%q", got)
	}
}

func TestValues(t *testing.T) {
	p := compile(t, `version: 1
key: {column: Id, custom_field: text1}
case: {resolution: S, status: S, parent_id: {column: P, key: true}, title: {const: T}, description: {column: S, overflow: notes}, requester_name: R, priority: N, owner_id: {column: O, agent: true}}
custom_fields: {multi_select1: {column: S, split: e}, checkbox1: {const: true}, numeric1: {const: 7}}
notes: [{note_body: S}]
`, []string{"Id", "S", "P", "R", "N", "O"})
	out, faults := p.Map(cells{s("1"), s("Resolved"), s("7"), s(" Ann "), s(""), s("Kim@example.com")})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := []any{"title", "T", "description", "Resolved", "requester_name", " Ann ", "owner_id", "kim@example.com", "parent_id", "7",
		"status", "RESOLVED", "resolution", "Resolved",
		"custom_fields.multi_select1", []string{"R", "solv", "d"}, "custom_fields.checkbox1", true, "custom_fields.numeric1", json.Number("7"), "custom_fields.text1", "1"}
	for range 2 {
		var got []any
		for name, value := range out.Values() {
			got = append(got, name, value)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		out.OwnerID, out.ParentID = "65f0", "4711" // looked up: the values are those of the row
	}
	for name := range out.Values() {
		if name == "status" {
			break
		}
	}
}

func TestWarnsWhereCasesAreResolvedWithoutAResolution(t *testing.T) {
	for rules, warned := range map[string]bool{
		"status: S":                                                       true,
		"status: {const: RESOLVED}":                                       true,
		"status: {const: on hold}":                                        false,
		"status: {column: S, values: {a: OPEN}}":                          false,
		"status: {column: S, values: {a: OPEN, b: resolved}}":             true,
		"status: {column: S, values: {a: OPEN}, default: Resolved}":       true,
		"status: {column: S, values: {a: OPEN}, pass: true}":              true,
		"status: {const: RESOLVED}\nresolution: {const: Before the move}": false,
		"type: S": false,
	} {
		if got := caseWith(t, rules, "Id", "S").Warnings(); (len(got) == 1 && strings.Contains(got[0], "resolution")) != warned || len(got) > 1 {
			t.Errorf("%s: %q", rules, got)
		}
	}
}
