package sandbox

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultPerPage = 50
	maxPerPage     = 500
	maxPage        = 1e6
)

// query is a list request, understood.
type query struct {
	exact     bool // text filters compare for equality
	page      int
	perPage   int
	oldest    bool // first
	byUpdate  bool
	ids       []int64 // nil for any
	textField string  // of one of the filters, to be found by the index; "" for none
	textValue string
	filters   []func(*entry, *record) bool // all must hold
}

// parameters are what a list request may ask for ("Get Case List"). Each says
// what is wrong with its value, or "".
var parameters = map[string]func(q *query, value string) string{
	"ids":             (*query).takeIDs,
	"title":           textFilter(fTitle),
	"description":     textFilter(fDescription),
	"requester_id":    func(q *query, v string) string { return q.equal(requesterID, v) },
	"requester_name":  textFilter(fRequesterName),
	"requester_email": textFilter(fRequesterEmail),
	"requester_phone": nobody,
	"requester_type":  exactFilter(fRequesterType),
	"agent_id":        exactFilter(fOwner),
	"agent_name":      nobody,
	"priority":        anyOf(fPriority),
	"status":          (*query).takeStatus,
	"type":            anyOf(fType),
	"create_at":       between(func(e *entry, _ *record) int64 { return e.created.Unix() }),
	"update_at":       between(func(_ *entry, r *record) int64 { return r.updated }),
	"custom_fields":   (*query).takeCustomFields,
	"order_by":        (*query).takeOrder,
	"sort":            (*query).takeSort,
	"page":            func(q *query, v string) string { return number(&q.page, v, maxPage) },
	"per_page":        func(q *query, v string) string { return number(&q.perPage, v, maxPerPage) },
}

// parseQuery reads the parameters of a list request and returns all their
// faults.
func parseQuery(raw string, exact bool) (*query, url.Values, []fieldError) {
	q := &query{exact: exact, page: 1, perPage: defaultPerPage}
	values, err := url.ParseQuery(raw)
	if err != nil || !utf8.ValidString(raw) {
		return nil, nil, []fieldError{{"query", "is malformed"}}
	}
	var faults []fieldError
	for _, name := range slices.Sorted(maps.Keys(values)) {
		take := parameters[name]
		reason := "unknown parameter"
		switch {
		case take == nil:
		case len(values[name]) > 1:
			reason = "is given twice"
		case !utf8.ValidString(values[name][0]):
			reason = "is not UTF-8"
		default:
			reason = take(q, values[name][0])
		}
		if reason != "" {
			faults = append(faults, fieldError{name, reason})
		}
	}
	return q, values, faults
}

func (q *query) where(filter func(*entry, *record) bool) {
	q.filters = append(q.filters, filter)
}

// matches tells whether a text matches as text filters do.
func (q *query) matches(text, wanted string) bool {
	if q.exact {
		return text == wanted
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(wanted))
}

func (q *query) equal(get func(*record) string, v string) string {
	q.where(func(_ *entry, r *record) bool { return get(r) == v })
	return ""
}

func textFilter(i int) func(*query, string) string {
	return func(q *query, v string) string {
		q.where(func(_ *entry, r *record) bool { return r.std[i] != "" && q.matches(r.text(i), v) })
		return ""
	}
}

func exactFilter(i int) func(*query, string) string {
	return func(q *query, v string) string {
		return q.equal(func(r *record) string { return r.text(i) }, v)
	}
}

func (q *query) takeStatus(v string) string {
	if !slices.Contains(statuses, v) {
		return "must be one of " + strings.Join(statuses, ", ")
	}
	return exactFilter(fStatus)(q, v)
}

func nobody(q *query, _ string) string {
	q.where(func(*entry, *record) bool { return false })
	return ""
}

// anyOf takes a JSON array of the words that the field may hold.
func anyOf(i int) func(*query, string) string {
	return func(q *query, v string) string {
		var words []string
		if !strict(v, &words) {
			return "must be a JSON array of strings"
		}
		for e := range elements(strings.TrimSpace(v)) {
			if reason := standard[i].check(e); reason != "" {
				return "each " + reason
			}
		}
		q.where(func(_ *entry, r *record) bool { return slices.Contains(words, r.text(i)) })
		return ""
	}
}

// between takes a JSON array of two times, both included.
func between(get func(*entry, *record) int64) func(*query, string) string {
	return func(q *query, v string) string {
		const wrong = "must be a JSON array of two times, RFC 3339 in UTC"
		var times []string
		if !strict(v, &times) || len(times) != 2 {
			return wrong
		}
		from, ok := parseUTC(times[0])
		to, also := parseUTC(times[1])
		if !ok || !also {
			return wrong
		}
		q.where(func(e *entry, r *record) bool {
			t := time.Unix(get(e, r), 0)
			return !t.Before(from) && !t.After(to)
		})
		return ""
	}
}

func (q *query) takeIDs(v string) string {
	const wrong = "must be a JSON array of ids, each a string holding a number from 1"
	var ids []string
	if !strict(v, &ids) {
		return wrong
	}
	q.ids = []int64{}
	for _, s := range ids {
		id, ok := parseID(s)
		if !ok {
			return wrong
		}
		q.ids = append(q.ids, id)
	}
	slices.Sort(q.ids)
	q.ids = slices.Compact(q.ids)
	return ""
}

func (q *query) takeCustomFields(v string) string {
	const wrong = `must be a JSON array of {"label": name, "value": value}`
	var fields []struct {
		Label *string
		Value json.RawMessage
	}
	if !strict(v, &fields) {
		return wrong
	}
	for _, f := range fields {
		if f.Label == nil || f.Value == nil {
			return wrong
		}
		name, raw := *f.Label, string(f.Value)
		switch reason := checkCustom(name, raw); {
		case reason == noPrefix:
			return "label " + reason
		case isTextField(name) || isLongTextField(name):
			if reason != "" {
				return "value of a text field " + reason
			}
			wanted := text(raw)
			if isTextField(name) {
				q.textField, q.textValue = name, wanted
			}
			q.where(func(_ *entry, r *record) bool {
				raw := r.field(name)
				return raw != "" && q.matches(text(raw), wanted)
			})
		case isArray(raw) || isObject(raw) || raw == "null":
			return wrong
		default:
			wanted := plain(raw)
			q.where(func(_ *entry, r *record) bool { return holds(r.field(name), wanted) })
		}
	}
	return ""
}

// plain returns a string's text, and anything else as it is spelled.
func plain(raw string) string {
	if isString(raw) {
		return text(raw)
	}
	return raw
}

// holds tells whether a value, or one of an array's, is the wanted one.
func holds(raw, wanted string) bool {
	if raw == "" {
		return false
	}
	if isArray(raw) {
		for e := range elements(raw) {
			if plain(e) == wanted {
				return true
			}
		}
		return false
	}
	return plain(raw) == wanted
}

func (q *query) takeOrder(v string) string {
	switch v {
	case "create_at":
	case "update_at":
		q.byUpdate = true
	default:
		return "must be create_at or update_at"
	}
	return ""
}

func (q *query) takeSort(v string) string {
	switch v {
	case "asc":
		q.oldest = true
	case "desc":
	default:
		return "must be asc or desc"
	}
	return ""
}

func number(n *int, v string, most int) string {
	got, ok := parseID(v)
	if !ok || got > int64(most) {
		return "must be a number from 1 to " + strconv.Itoa(most)
	}
	*n = int(got)
	return ""
}

// strict decodes JSON and refuses null, also inside.
func strict(v string, into any) bool {
	v = strings.TrimSpace(v)
	if !json.Valid([]byte(v)) || !isArray(v) {
		return false
	}
	for e := range elements(v) {
		if e == "null" {
			return false
		}
	}
	dec := json.NewDecoder(strings.NewReader(v))
	dec.DisallowUnknownFields()
	return dec.Decode(into) == nil
}

// run returns the page that was asked for, and how many cases match in all.
func (q *query) run(s *store, until time.Time) (page []*entry, total int) {
	found := q.candidates(s, until)
	if len(q.filters) > 0 {
		var left []*entry
		for _, e := range found {
			if q.holds(e) {
				left = append(left, e)
			}
		}
		found = left
	}
	if q.byUpdate {
		found = slices.Clone(found)
		slices.SortStableFunc(found, func(a, b *entry) int {
			return cmp.Compare(a.current.Load().updated, b.current.Load().updated)
		})
	}
	total = len(found)
	for n := (q.page - 1) * q.perPage; n < total && len(page) < q.perPage; n++ {
		if q.oldest {
			page = append(page, found[n])
		} else {
			page = append(page, found[total-1-n])
		}
	}
	return page, total
}

// candidates returns the visible cases that may match, oldest first.
func (q *query) candidates(s *store, until time.Time) []*entry {
	var some []*entry
	switch {
	case q.ids != nil:
		for _, id := range q.ids {
			if e := s.get(id); e != nil {
				some = append(some, e)
			}
		}
	case q.textField != "":
		some = s.containing(q.textField, q.textValue)
	default:
		return s.created(until)
	}
	return slices.DeleteFunc(some, func(e *entry) bool { return e.created.After(until) })
}

func (q *query) holds(e *entry) bool {
	r := e.current.Load()
	for _, filter := range q.filters {
		if !filter(e, r) {
			return false
		}
	}
	return true
}
