package sandbox

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// form is how a case stands in an answer.
type form uint8

const (
	asCreated form = iota // without times
	asRead
	wrapped // as read, each custom field as {"value": …, "label": …}
)

func (e *entry) name() string { return strconv.FormatInt(e.id, 10) }

// add appends parts.
func add(b []byte, parts ...string) []byte {
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// append appends the case as JSON.
func (e *entry) append(b []byte, r *record, form form) []byte {
	b = add(b, `{"id":"`, e.name(), `"`)
	for i, raw := range r.std {
		if raw != "" {
			b = add(b, `,"`, standard[i].name, `":`, raw)
		}
	}
	b = add(b, `,"requester_id":"`, requesterID(r), `","custom_fields":{`)
	for i, f := range r.custom {
		if i > 0 {
			b = append(b, ',')
		}
		name := string(appendText(nil, f.name))
		if form == wrapped {
			b = add(b, name, `:{"value":`, f.raw, `,"label":`, name, `}`)
		} else {
			b = add(b, name, `:`, f.raw)
		}
	}
	b = add(b, `},"notes":[`)
	for i, n := range r.notes {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, `{"id":"`, strconv.FormatInt(n.id, 10), `",`, n.raw[1:]) // a note has members, so the comma is right
	}
	b = append(b, ']')
	if form != asCreated {
		b = add(b, `,"create_at":"`, e.created.UTC().Format(time.RFC3339), `","update_at":"`,
			time.Unix(r.updated, 0).UTC().Format(time.RFC3339), `"`)
	}
	return append(b, '}')
}

// requesterID is the same for all cases of one requester.
func requesterID(r *record) string {
	return strconv.FormatUint(hash64(0, cmp.Or(r.text(fRequesterEmail), r.text(fRequesterName))), 16)
}

// link is one of _links.
type link struct {
	Href string `json:"href"`
}

// appendPage appends one page of a list. values are the parameters as given.
func appendPage(b []byte, host string, values url.Values, q *query, page []*entry, total int, form form) []byte {
	to := func(page int) link {
		values.Set("page", strconv.Itoa(page))
		return link{"http://" + host + casesPath + "?" + values.Encode()}
	}
	links := map[string]link{"self": to(q.page)}
	if q.page > 1 {
		links["prev"] = to(q.page - 1)
	}
	if q.page*q.perPage < total {
		links["next"] = to(q.page + 1)
	}
	head, _ := json.Marshal(struct {
		Total   int             `json:"total"`
		Count   int             `json:"count"`
		Page    int             `json:"page"`
		PerPage int             `json:"per_page"`
		Links   map[string]link `json:"_links"`
	}{total, len(page), q.page, q.perPage, links})
	b = add(b, string(head[:len(head)-1]), `,"_embedded":{"data":[`)
	for i, e := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.append(b, e.current.Load(), form)
	}
	return append(b, `]}}`...)
}
