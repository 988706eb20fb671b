package content

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"caseimport/importer/compare"
	"caseimport/mapping"
)

// Memo is what is remembered of a case as this program has written it last: 8
// bytes a field, so that it is known which fields have changed at the source, and
// which at the server.
type Memo struct {
	// Wrote is when that was, by the server's clock, to a second; zero if it did
	// not say.
	Wrote time.Time
	// fields are hashes of names and values; of notes, several of one name.
	fields []fieldSum
}

type fieldSum struct{ name, value uint32 }

// MemoOf describes a case that holds the row. Without updated, it holds what a
// create carries, and not yet what an update sets.
func MemoOf(c *mapping.Case, updated bool, wrote time.Time) Memo {
	m := Memo{Wrote: wrote, fields: make([]fieldSum, 0, 14+len(c.CustomFields)+len(c.Notes))}
	for name, value := range c.Values() {
		if updated || !afterCreate(name) {
			m.fields = append(m.fields, sumOf(name, value))
		}
	}
	// Beside an address, or the key of a parent, stands the id that it stood for.
	if c.Owner != "" {
		m.fields = append(m.fields, sumOf("owner_id"+idMark, c.OwnerID))
	}
	if c.Parent != "" {
		m.fields = append(m.fields, sumOf("parent_id"+idMark, c.ParentID))
	}
	for _, n := range c.Notes {
		m.fields = append(m.fields, noteSum(n))
	}
	return m
}

const idMark = " as sent"

// Keeping is the memo with what an earlier one holds of a standard field.
func (m Memo) Keeping(name string, was Memo) Memo {
	of := func(f fieldSum) bool { return f.name == hash(name) || f.name == hash(name+idMark) }
	m.fields = slices.DeleteFunc(m.fields, of)
	for _, f := range was.fields {
		if of(f) {
			m.fields = append(m.fields, f)
		}
	}
	return m
}

// Append writes the memo in letters, without tabs and line breaks.
func (m Memo) Append(b []byte) []byte {
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, 8+8*len(m.fields)), uint64(max(m.Wrote.Unix(), 0)))
	for _, f := range m.fields {
		raw = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(raw, f.name), f.value)
	}
	return base64.RawURLEncoding.AppendEncode(b, raw)
}

// ParseMemo reads what Append wrote; ok is false for anything else.
func ParseMemo(text []byte) (m Memo, ok bool) {
	raw, err := base64.RawURLEncoding.AppendDecode(nil, text)
	if err != nil || len(raw) < 8 || len(raw)%8 != 0 {
		return m, false
	}
	switch at := binary.BigEndian.Uint64(raw); {
	case at > 1<<40: // no clock says so
		return m, false
	case at > 0:
		m.Wrote = time.Unix(int64(at), 0).UTC()
	}
	for raw = raw[8:]; len(raw) > 0; raw = raw[8:] {
		m.fields = append(m.fields, fieldSum{binary.BigEndian.Uint32(raw), binary.BigEndian.Uint32(raw[4:])})
	}
	return m, true
}

// holds reports whether a field was written with this value.
func (m Memo) holds(f fieldSum) bool { return slices.Contains(m.fields, f) }

// Holds reports whether a field was written with this text.
func (m Memo) Holds(name, text string) bool { return m.holds(sumOf(name, text)) }

// has reports whether a field was written at all.
func (m Memo) has(name string) bool {
	its := hash(name)
	return slices.ContainsFunc(m.fields, func(f fieldSum) bool { return f.name == its })
}

// hash is FNV-1a. hash/fnv would copy each text.
func hash(text string) uint32 {
	h := uint32(2166136261)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return h
}

// sumOf is of a value as Case.Values gives it, in whatever spelling.
func sumOf(name string, value any) fieldSum {
	return fieldSum{hash(name), hash(compare.Form(name, value))}
}

func noteSum(n mapping.Note) fieldSum {
	visible := "internal\n"
	if n.Public {
		visible = "public\n"
	}
	return fieldSum{hash(compare.NoteField), hash(visible + compare.Form(compare.NoteField, n.Title) + "\n" + compare.Form(compare.NoteField, n.Body))}
}
