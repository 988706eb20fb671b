package sandbox

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

const (
	defaultPerPage = 50
	maxPerPage     = 500
	maxPage        = 1e6
)

// query is a list request, understood.
type query struct {
	rules     *rules
	page      int
	perPage   int
	newest    bool // first
	byUpdate  bool
	ids       []int64 // nil for any
	textField string  // of one of the filters, to be found by the index; "" for none
	textValue string
	filters   []filter // all must hold
}

type filter func(*entry, *record) bool

// parameters are what a list request may ask for ("Get Case List"). Each says
// what is wrong with its value, or "".
var parameters = map[string]func(q *query, value string) string{
	"ids":             (*query).takeIDs,
	"title":           textFilter(fTitle),
	"description":     textFilter(fDescription),
	"requester_id":    exactFilter(requesterID),
	"requester_name":  textFilter(fRequesterName),
	"requester_email": textFilter(fRequesterEmail),
	"requester_phone": nobody,
	"requester_type":  exactFilter(textOf(fRequesterType)),
	"agent_id":        exactFilter(textOf(fOwner)),
	"agent_name":      nobody,
	"priority":        anyOf(fPriority),
	"status":          (*query).takeStatus,
	"type":            anyOf(fType),
	"create_at":       between(func(e *entry, _ *record) int64 { return e.created.Unix() }),
	"update_at":       between(func(_ *entry, r *record) int64 { return r.updated }),
	"custom_fields":   (*query).takeCustomFields,
	"order_by":        choice("create_at", "update_at", func(q *query) *bool { return &q.byUpdate }),
	"sort":            (*query).takeSort,
	"page":            func(q *query, v string) string { return number(&q.page, v, maxPage) },
	"per_page":        func(q *query, v string) string { return number(&q.perPage, v, maxPerPage) },
}

// parseQuery reads the parameters of a list request and returns all their
// faults.
func (r *rules) parseQuery(raw string) (*query, url.Values, []fieldError) {
	q := &query{rules: r, newest: true, page: 1, perPage: defaultPerPage}
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

func (q *query) where(f filter) { q.filters = append(q.filters, f) }

// matches tells whether a text matches as text filters do.
func (q *query) matches(text, wanted string) bool {
	if q.rules.opt.ExactMatch {
		return text == wanted
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(wanted))
}

func textFilter(i int) func(*query, string) string {
	return func(q *query, v string) string {
		q.where(func(_ *entry, r *record) bool { return r.std[i] != "" && q.matches(r.text(i), v) })
		return ""
	}
}

func exactFilter(get func(*record) string) func(*query, string) string {
	return func(q *query, v string) string {
		q.where(func(_ *entry, r *record) bool { return get(r) == v })
		return ""
	}
}

// takeStatus takes one status, or a JSON array of them.
func (q *query) takeStatus(v string) string {
	wanted, several := textArray(v)
	if !several {
		wanted = []string{v}
	}
	for _, status := range wanted {
		if reason := among(q.rules.statuses, status); reason != "" && status != "CLOSED" {
			return reason + " or CLOSED"
		}
	}
	q.where(func(_ *entry, r *record) bool { return slices.Contains(wanted, r.text(fStatus)) })
	return ""
}

func nobody(q *query, _ string) string {
	q.where(func(*entry, *record) bool { return false })
	return ""
}

// anyOf takes a JSON array of the words that the field may hold.
func anyOf(i int) func(*query, string) string {
	return func(q *query, v string) string {
		words, ok := textArray(v)
		if !ok {
			return "must be a JSON array of strings"
		}
		for _, word := range words {
			if reason := q.rules.check(i, quote(word), false); reason != "" {
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
		times, ok := textArray(v)
		if !ok || len(times) != 2 {
			return wrong
		}
		from, begins := parseUTC(times[0])
		to, ends := parseUTC(times[1])
		if !begins || !ends {
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
	ids, ok := textArray(v)
	if !ok {
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
	opt := q.rules.opt
	_, asArray := array(v)
	asObject := gjson.Valid(v) && gjson.Parse(v).IsObject()
	wrong, right := `must be a JSON array of {"label": key, "value": value}`, asArray
	if opt.FilterForm == FilterObject {
		wrong, right = `must be a JSON object of {key: {"label": key, "value": value}}`, asObject
	}
	switch {
	case q.faulty(FilterIgnored), !right && (asArray || asObject) && opt.IgnoreOtherFilter:
		return ""
	case !right:
		return wrong
	}
	reason := ""
	gjson.Parse(v).ForEach(func(key, filter gjson.Result) bool {
		label, value := filter.Get("label"), filter.Get("value")
		members := 2
		if asObject {
			if !label.Exists() {
				members = 1
			}
			label = key
		}
		if reason = wrong; filter.IsObject() && len(filter.Map()) == members && label.Type == gjson.String && value.Exists() {
			reason = q.takeCustomField(label.Str, value.Raw, wrong)
		}
		return reason == ""
	})
	return reason
}

func (q *query) takeCustomField(name, raw, wrong string) string {
	switch reason := checkCustom(name, raw); {
	case reason == noPrefix:
		return "label " + reason
	case q.rules.strict && q.rules.fields[fieldKey(name)] == nil:
		return "label is not a field of this account"
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
	if raw == "" || !isArray(raw) {
		return raw != "" && plain(raw) == wanted
	}
	return slices.ContainsFunc(slices.Collect(elements(raw)), func(e string) bool { return plain(e) == wanted })
}

// choice takes one of two words; the second sets a flag of the query.
func choice(usual, second string, flag func(*query) *bool) func(*query, string) string {
	return func(q *query, v string) string {
		*flag(q) = v == second
		if v != usual && v != second {
			return "must be " + usual + " or " + second
		}
		return ""
	}
}

// takeSort takes both spellings: nothing may depend on it.
func (q *query) takeSort(v string) string {
	return choice("asc", "desc", func(q *query) *bool { return &q.newest })(q, strings.ToLower(v))
}

func number(n *int, v string, most int) string {
	got, ok := parseID(v)
	if !ok || got > int64(most) {
		return "must be a number from 1 to " + strconv.Itoa(most)
	}
	*n = int(got)
	return ""
}

// array takes a JSON array apart.
func array(v string) (parts []string, ok bool) {
	v = strings.TrimSpace(v)
	if !gjson.Valid(v) || !isArray(v) {
		return nil, false
	}
	return slices.Collect(elements(v)), true
}

// textArray takes a JSON array of strings.
func textArray(v string) (texts []string, ok bool) {
	parts, ok := array(v)
	for _, raw := range parts {
		if !isString(raw) {
			return nil, false
		}
		texts = append(texts, text(raw))
	}
	return texts, ok
}

// faulty tells whether lists have a fault.
func (q *query) faulty(f ListFault) bool { return slices.Contains(q.rules.opt.ListFaults, f) }

// run returns the page that was asked for, and how many cases match in all.
func (q *query) run(s *store, until time.Time) (page []*entry, total int) {
	if q.faulty(FiltersIgnored) {
		q.filters, q.ids, q.textField = nil, nil, ""
	}
	if s.trashed.Load() && !q.rules.opt.TrashListed {
		q.where(func(e *entry, _ *record) bool { return !e.trashed.Load() })
	}
	found := q.candidates(s, until)
	if len(q.filters) > 0 || q.byUpdate {
		found = slices.DeleteFunc(slices.Clone(found), func(e *entry) bool { return !q.holds(e) })
	}
	if q.byUpdate {
		slices.SortStableFunc(found, func(a, b *entry) int {
			return cmp.Compare(a.current.Load().updated, b.current.Load().updated)
		})
	}
	newest := q.newest != (q.faulty(OrderChanges) && q.page%2 == 0)
	total = len(found)
	first, most := (q.page-1)*q.perPage, q.perPage
	switch {
	case q.faulty(FirstPageAlways):
		first = 0
	case q.faulty(EmptyPage) && q.page == 2:
		most = 0
	case q.faulty(EmptyPage) && q.page > 2:
		first -= q.perPage
	}
	for n := first; n < min(first+most, total); n++ {
		if newest {
			page = append(page, found[total-1-n])
		} else {
			page = append(page, found[n])
		}
	}
	return page, total
}

// more tells whether a page follows.
func (q *query) more(total int) bool {
	if q.faulty(EmptyPage) && total > q.perPage {
		total += q.perPage
	}
	return q.page*q.perPage < total
}

// cappedTotal is the most that TotalCapped admits to.
const cappedTotal = 100

// claimed returns the total that the answer states.
func (q *query) claimed(total, count int) int {
	switch {
	case q.faulty(TotalZero):
		return 0
	case q.faulty(TotalOfPage):
		return count
	case q.faulty(TotalCapped):
		return min(total, cappedTotal)
	}
	return total
}

// candidates returns the visible cases that may match, oldest first.
func (q *query) candidates(s *store, until time.Time) []*entry {
	var some []*entry
	switch {
	case q.ids != nil:
		for _, id := range q.ids {
			if e := s.find(id); e != nil {
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
	return !slices.ContainsFunc(q.filters, func(f filter) bool { return !f(e, r) })
}
