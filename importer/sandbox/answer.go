package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// view is how a case looks in one kind of answer.
type view struct {
	rules  *rules
	shape  Shape    // of custom_fields
	times  bool     // shows create_at and update_at
	notes  string   // what notes_title and notes_body begin with
	owner  string   // what the owner's id is called
	hidden []string // members that are left out
}

func (e *entry) name() string { return strconv.FormatInt(e.id, 10) }

// add appends parts.
func add(b []byte, parts ...string) []byte {
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// commas appends elements with commas between them.
func commas[E any](b []byte, elements []E, appendOne func([]byte, E) []byte) []byte {
	for i, e := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendOne(b, e)
	}
	return b
}

// append appends the case as JSON.
func (e *entry) append(b []byte, r *record, v *view) []byte {
	b = add(b, `{"id":"`, e.name(), `"`)
	for i, raw := range r.std {
		name := standard[i].name
		if i == fOwner {
			name = v.owner
		}
		if i == fParent && raw == "" && v.times {
			raw = "null" // a root says so to those who read it
		}
		if raw != "" && !slices.Contains(v.hidden, name) {
			b = add(b, `,"`, name, `":`, raw)
		}
	}
	b = add(b, `,"requester_id":"`, requesterID(r), `"`)
	if v.shape != ShapeAbsent {
		b = v.appendCustom(add(b, `,"custom_fields":`), r.custom)
	}
	if !slices.Contains(v.hidden, "notes") {
		b = append(commas(add(b, `,"notes":[`), r.notes, v.appendNote), ']')
	}
	if v.times {
		b = add(b, `,"create_at":"`, e.created.UTC().Format(time.RFC3339), `","update_at":"`,
			time.Unix(r.updated, 0).UTC().Format(time.RFC3339), `"`)
	}
	return append(b, '}')
}

func (v *view) appendNote(b []byte, n note) []byte {
	b = add(b, `{"id":"`, strconv.FormatInt(n.id, 10), `"`)
	if v.notes == "note" {
		return add(b, `,`, n.raw[1:]) // a note has members, so the comma is right
	}
	gjson.Parse(n.raw).ForEach(func(key, value gjson.Result) bool {
		name := key.Str
		if rest, found := strings.CutPrefix(name, "note_"); found {
			name = v.notes + "_" + rest
		}
		b = add(b, `,"`, name, `":`, value.Raw)
		return true
	})
	return append(b, '}')
}

func (v *view) appendCustom(b []byte, fields []field) []byte {
	switch v.shape {
	case ShapeText, ShapeWrappedText:
		inner := view{rules: v.rules, shape: map[Shape]Shape{ShapeText: ShapePlain, ShapeWrappedText: ShapeWrapped}[v.shape]}
		return add(b, quote(string(inner.appendCustom(nil, fields))))
	case ShapeArrayKey, ShapeArrayLabel, ShapeArrayName:
		b = commas(append(b, '['), fields, func(b []byte, f field) []byte {
			return add(b, `{"`, strings.TrimPrefix(string(v.shape), "array-"), `":`, quote(f.name), `,"value":`, f.raw, `}`)
		})
		return append(b, ']')
	}
	b = commas(append(b, '{'), fields, func(b []byte, f field) []byte {
		key := quote(f.name)
		if v.shape == ShapeWrapped {
			return add(b, key, `:{"value":`, f.raw, `,"label":`, key, `,"name":`, quote(v.rules.fieldName(f.name)), `}`)
		}
		return add(b, key, `:`, f.raw)
	})
	return append(b, '}')
}

// requesterID is the same for all cases of one requester.
func requesterID(r *record) string {
	return strconv.FormatUint(hash64(0, cmp.Or(r.text(fRequesterEmail), r.text(fRequesterName))), 16)
}
