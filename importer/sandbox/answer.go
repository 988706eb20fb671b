package sandbox

import (
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

// append appends the case as JSON.
func (e *entry) append(b []byte, r *record, form form) []byte {
	b = append(b, `{"id":"`...)
	b = strconv.AppendInt(b, e.id, 10)
	b = append(b, '"')
	for i, raw := range r.std {
		if raw == "" {
			continue
		}
		b = append(b, `,"`...)
		b = append(b, standard[i].name...)
		b = append(b, `":`...)
		b = append(b, raw...)
	}
	b = append(b, `,"requester_id":"`...)
	b = append(b, requesterID(r)...)
	b = append(b, `","custom_fields":{`...)
	for i, f := range r.custom {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.append(b, form)
	}
	b = append(b, `},"notes":[`...)
	for i, n := range r.notes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id":"`...)
		b = strconv.AppendInt(b, n.id, 10)
		b = append(b, `",`...)
		b = append(b, n.raw[1:]...) // a note has members, so the comma is right
	}
	b = append(b, ']')
	if form != asCreated {
		b = append(b, `,"create_at":"`...)
		b = e.created.UTC().AppendFormat(b, time.RFC3339)
		b = append(b, `","update_at":"`...)
		b = time.Unix(r.updated, 0).UTC().AppendFormat(b, time.RFC3339)
		b = append(b, '"')
	}
	return append(b, '}')
}

func (f field) append(b []byte, form form) []byte {
	b = appendText(b, f.name)
	if form != wrapped {
		b = append(b, ':')
		return append(b, f.raw...)
	}
	b = append(b, `:{"value":`...)
	b = append(b, f.raw...)
	b = append(b, `,"label":`...)
	b = appendText(b, f.name)
	return append(b, '}')
}

// requesterID is the same for all cases of one requester.
func requesterID(r *record) string {
	who := r.text(fRequesterEmail)
	if who == "" {
		who = r.text(fRequesterName)
	}
	return strconv.FormatUint(hash64(0, []byte(who)), 16)
}

// appendPage appends one page of a list. values are the parameters as given.
func appendPage(b []byte, host string, values url.Values, q *query, page []*entry, total int, form form) []byte {
	b = append(b, `{"total":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	b = append(b, `,"count":`...)
	b = strconv.AppendInt(b, int64(len(page)), 10)
	b = append(b, `,"page":`...)
	b = strconv.AppendInt(b, int64(q.page), 10)
	b = append(b, `,"per_page":`...)
	b = strconv.AppendInt(b, int64(q.perPage), 10)
	b = append(b, `,"_links":{"self":`...)
	b = appendLink(b, host, values, q.page)
	if q.page > 1 {
		b = append(b, `,"prev":`...)
		b = appendLink(b, host, values, q.page-1)
	}
	if q.page*q.perPage < total {
		b = append(b, `,"next":`...)
		b = appendLink(b, host, values, q.page+1)
	}
	b = append(b, `},"_embedded":{"data":[`...)
	for i, e := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.append(b, e.current.Load(), form)
	}
	return append(b, `]}}`...)
}

func appendLink(b []byte, host string, values url.Values, page int) []byte {
	values.Set("page", strconv.Itoa(page))
	b = append(b, `{"href":`...)
	b = appendText(b, "http://"+host+casesPath+"?"+values.Encode())
	return append(b, '}')
}
