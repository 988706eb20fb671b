package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func escape(s string) string { return url.QueryEscape(s) }

func TestShapesOfCustomFields(t *testing.T) {
	for shape, want := range map[Shape]string{
		ShapePlain:       `{"text1":"a \"b\"","numeric2":1.50}`,
		ShapeWrapped:     `{"text1":{"value":"a \"b\"","label":"text1","name":"Source id"},"numeric2":{"value":1.50,"label":"numeric2","name":"numeric2"}}`,
		ShapeText:        `"{\"text1\":\"a \\\"b\\\"\",\"numeric2\":1.50}"`,
		ShapeWrappedText: `"{\"text1\":{\"value\":\"a \\\"b\\\"\",\"label\":\"text1\",\"name\":\"Source id\"},\"numeric2\":{\"value\":1.50,\"label\":\"numeric2\",\"name\":\"numeric2\"}}"`,
		ShapeArrayKey:    `[{"key":"text1","value":"a \"b\""},{"key":"numeric2","value":1.50}]`,
		ShapeArrayLabel:  `[{"label":"text1","value":"a \"b\""},{"label":"numeric2","value":1.50}]`,
		ShapeArrayName:   `[{"name":"text1","value":"a \"b\""},{"name":"numeric2","value":1.50}]`,
		ShapeAbsent:      ``,
	} {
		for _, single := range []bool{false, true} {
			opt, path, at := Options{ListShape: shape}, casesPath, "_embedded.data.0.custom_fields"
			if single {
				opt, path, at = Options{CaseShape: shape}, casesPath+"/1", "custom_fields"
			}
			s := newServer(opt)
			if err := s.Put(Stored{ID: "1", CustomFields: map[string]any{}}); err != nil {
				t.Fatal(err)
			}
			e := s.store.get(1)
			e.current.Load().custom = []field{{"text1", `"a \"b\""`}, {"numeric2", "1.50"}}
			a := ask(s, "GET", path, "")
			if got := gjson.GetBytes(a.Body.Bytes(), at).Raw; got != want {
				t.Errorf("%s, single %v:\n%s\n%s", shape, single, got, want)
			}
			if !strings.Contains(a.Body.String(), `"create_at":"`) || !strings.Contains(a.Body.String(), `"update_at":"`) {
				t.Errorf("no times: %s", a.Body)
			}
		}
	}
}

func TestShapesUnlessTold(t *testing.T) {
	s := newServer(Options{})
	id := mustCreate(t, s, caseWith(`"custom_fields":{"text9":"a"}`))
	for target, want := range map[string]string{casesPath: `{"text9":{"value":"a","label":"text9","name":"text9"}}`, casesPath + "/" + id: `{"text9":"a"}`} {
		if a := ask(s, "GET", target, ""); !strings.Contains(a.Body.String(), `"custom_fields":`+want) {
			t.Errorf("%s: %s", target, a.Body)
		}
	}
}

func TestNamesAndHiddenMembers(t *testing.T) {
	s := newServer(Options{NotesPrefix: "notes", OwnerName: "agent_id", ListHides: []string{"notes", "parent_id", "resolution"}})
	mustCreate(t, s, caseWith(`"owner_id":"o","parent_id":"77"`, `"notes":[{"note_title":"x \"note_\"","note_body":"y","public":false}]`))
	single, listed := ask(s, "GET", casesPath+"/1", "").Body.String(), ask(s, "GET", casesPath, "").Body.String()
	for _, want := range []string{`"agent_id":"o"`, `"parent_id":"77"`, `"notes":[{"id":"1","notes_title":"x \"note_\"","notes_body":"y","public":false}]`} {
		if !strings.Contains(single, want) {
			t.Errorf("%s lacks %s", single, want)
		}
	}
	if strings.Contains(listed, "notes") || strings.Contains(listed, "parent_id") || !strings.Contains(listed, `"agent_id":"o"`) {
		t.Errorf("%s", listed)
	}
}

func TestFilterForms(t *testing.T) {
	array, object, bare := byKey("text1", "k1"), `{"text1":{"label":"x","value":"k1"}}`, `{"text1":{"value":"k1"}}`
	for _, test := range []struct {
		opt    Options
		filter string
		want   string // "400", or the ids
	}{
		{Options{}, array, "1"},
		{Options{}, object, "400"},
		{Options{IgnoreOtherFilter: true}, object, "1 2"},
		{Options{IgnoreOtherFilter: true}, array, "1"},
		{Options{IgnoreOtherFilter: true}, "no JSON", "400"},
		{Options{FilterForm: FilterObject}, object, "1"},
		{Options{FilterForm: FilterObject}, bare, "1"},
		{Options{FilterForm: FilterObject}, `{"text1":"k1"}`, "400"},
		{Options{FilterForm: FilterObject}, array, "400"},
		{Options{FilterForm: FilterObject, IgnoreOtherFilter: true}, array, "1 2"},
		{Options{ListFaults: []ListFault{FilterIgnored}}, array, "1 2"},
		{Options{ListFaults: []ListFault{FilterIgnored}}, object, "1 2"},
		{Options{ListFaults: []ListFault{FiltersIgnored}}, array, "1 2"},
	} {
		s := newServer(test.opt)
		for _, key := range []string{"k1", "k2"} {
			mustCreate(t, s, caseWith(`"custom_fields":{"text1":"`+key+`"}`))
		}
		a := ask(s, "GET", casesPath+"?sort=ASC&custom_fields="+escape(test.filter), "")
		got := fmt.Sprint(a.Code)
		if a.Code == http.StatusOK {
			got = strings.Join(idsOf(a), " ")
		} else if faults := faultsOf(t, a); len(faults) != 1 || !strings.HasPrefix(faults[0], "custom_fields: ") {
			t.Errorf("%q", faults)
		}
		if got != test.want {
			t.Errorf("%+v, %s: %s, want %s", test.opt.FilterForm, test.filter, got, test.want)
		}
	}
}

func idsOf(a answer) (ids []string) {
	for _, id := range gjson.GetBytes(a.Body.Bytes(), "_embedded.data.#.id").Array() {
		ids = append(ids, id.Str)
	}
	return ids
}

func TestListFaults(t *testing.T) {
	for _, test := range []struct {
		fault ListFault
		pages string // of three cases each, of seven in all, and one behind the end
		total int64
	}{
		{"", "1 2 3|4 5 6|7|", 7},
		{TotalZero, "1 2 3|4 5 6|7|", 0},
		{TotalOfPage, "1 2 3|4 5 6|7|", 3},
		{TotalCapped, "1 2 3|4 5 6|7|", 7},
		{NoLinks, "1 2 3|4 5 6|7|", 7},
		{FirstPageAlways, "1 2 3|1 2 3|1 2 3|1 2 3", 7},
		{EmptyPage, "1 2 3||4 5 6|7", 7},
		{OrderChanges, "1 2 3|4 3 2|7|", 7},
		{FiltersIgnored, "1 2 3|4 5 6|7|", 7},
	} {
		s := newServer(Options{ListFaults: []ListFault{test.fault}})
		if test.fault == "" {
			s = newServer(Options{})
		}
		for range 7 {
			mustCreate(t, s, caseWith())
		}
		var pages []string
		for page := range 4 {
			a := ask(s, "GET", fmt.Sprintf("%s?sort=asc&per_page=3&page=%d&title=T", casesPath, page+1), "")
			pages = append(pages, strings.Join(idsOf(a), " "))
			body := gjson.ParseBytes(a.Body.Bytes())
			if page == 0 && body.Get("total").Int() != test.total {
				t.Errorf("%s: total %s", test.fault, body.Get("total"))
			}
			last := 2
			if test.fault == EmptyPage {
				last = 3
			}
			if next := body.Get("_links.next").Exists(); next != (page < last && test.fault != NoLinks) {
				t.Errorf("%s: page %d has a next: %v", test.fault, page+1, next)
			}
		}
		if got := strings.Join(pages, "|"); got != test.pages {
			t.Errorf("%s: %s, want %s", test.fault, got, test.pages)
		}
	}
	s := newServer(Options{ListFaults: []ListFault{TotalCapped, NoLinks}})
	for range cappedTotal + 5 {
		mustCreate(t, s, caseWith())
	}
	if p := listIDs(t, s, "page", "2", "per_page", "100"); p.Total != cappedTotal || p.Count != 5 || len(p.Links) != 0 {
		t.Errorf("%+v", p)
	}
	one := newServer(Options{ListFaults: []ListFault{FiltersIgnored}})
	mustCreate(t, one, caseWith())
	if p := listIDs(t, one, "title", "nothing like it", "ids", `["77"]`); p.Total != 1 {
		t.Errorf("a filter worked: %+v", p)
	}
}

func TestOptionsRefuseUnknownWords(t *testing.T) {
	for _, opt := range []Options{
		{ListShape: "x"}, {CaseShape: "x"}, {FilterForm: "x"}, {FieldsForm: "x"}, {LabelSpelling: "x"}, {EmailFilter: "x"},
		{NotesPrefix: "x"}, {OwnerName: "x"}, {ListFaults: []ListFault{"x"}}, {ListHides: []string{"note"}}, {DeleteStatus: 200}, {UpdateFaults: 101},
	} {
		if err := opt.check(); err == nil {
			t.Errorf("%+v was taken", opt)
		}
	}
	err := (&Options{ListShape: "round"}).check()
	if err == nil || !strings.Contains(err.Error(), `list shape "round" is unknown: give plain, wrapped, text`) {
		t.Error(err)
	}
	for _, shape := range append(slices.Clone(shapes), "") {
		if err := (&Options{ListShape: shape, CaseShape: shape}).check(); err != nil {
			t.Error(err)
		}
	}
}
