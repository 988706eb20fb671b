// Package identity tells rows apart: what makes two rows of different inputs
// and runs the same row, and how that is written in a failure report.
//
// It only computes: which identities are known, and what came of them, is the
// journal's.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"caseimport/importer/journal"
	"caseimport/importer/source"
)

// The first letter of a caseimport_id says what the identity is made from. It
// also keeps spreadsheets from taking an id for a number.
const (
	ByKey   = 'k'
	ByCells = 'r'
	// A row whose key an earlier row had: not that row, though its id is of
	// the same key.
	OfDuplicate = 'd'
)

// Why a row of a failure report is refused that was not corrected.
const (
	NotCorrected   = "had the wrong number of cells and has not been corrected: its cells may be under the wrong headers. If they are right, empty its caseimport_fields"
	StillDuplicate = "its key is still that of another row: give it one of its own, or delete the row"
)

// Key is the identity of a row with that trimmed key.
func Key(key string) journal.ID { return hash([]byte("key\x00" + key)) }

// Cells is the identity of a row without a usable key: its content, and how
// many rows of the same content came before it.
func Cells(content [32]byte, before int) journal.ID {
	return hash(strconv.AppendInt(content[:], int64(before), 10))
}

func hash(b []byte) (id journal.ID) {
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

// Content hashes the source cells of a row.
func Content(row *source.Row) [32]byte { return ContentOf(row.Fields(), row.JSON()) }

// ContentOf hashes the text of a JSON row or else cells, each after its length,
// so that no two rows can run together.
func ContentOf(cells []string, text []byte) [32]byte {
	if text != nil {
		return sha256.Sum256(text)
	}
	var b []byte
	for _, cell := range cells {
		b = strconv.AppendInt(b, int64(len(cell)), 10)
		b = append(append(b, ':'), cell...)
	}
	return sha256.Sum256(b)
}

// Text is the caseimport_id of an identity.
func Text(kind byte, id journal.ID) string {
	return string(kind) + hex.EncodeToString(id[:])
}

// KeyText is the caseimport_id of a row with that key. The key stands in it, too:
// whoever compares it with the row sees what a spreadsheet has made of the key.
func KeyText(key string) string { return Text(ByKey, Key(key)) + " " + key }

// KeyOf is the key that a caseimport_id shows, "" if it shows none.
func KeyOf(text string) string {
	_, key, _ := strings.Cut(text, " ")
	return key
}

// Tie says what ties a row of a failure report to its past: the identity in its
// caseimport_id, written, if there is one. A fault says why a row with that key
// cannot be the row that it was; a row that is not keyed has the key "".
func Tie(written, key string) (kind byte, past journal.ID, tied bool, fault string) {
	kind, past, tied = Parse(written)
	was := ""
	if old := KeyOf(written); old != "" {
		was = fmt.Sprintf(" (%q is now %q, as a spreadsheet leaves an id that it takes for a number)", old, key)
	}
	switch {
	case written != "" && !tied:
		fault = fmt.Sprintf("caseimport_id %q is not one of ours: restore it, or empty the cell", written)
	case tied && kind == ByKey && key != "" && past != Key(key):
		fault = "its key no longer fits its caseimport_id" + was + ": restore the key, or put a row with a new key into a file of its own"
	}
	return kind, past, tied, fault
}

// Parse reads a caseimport_id. What stands behind a blank is for people.
func Parse(s string) (kind byte, id journal.ID, ok bool) {
	s, _, _ = strings.Cut(s, " ")
	if len(s) != 1+2*len(id) || (s[0] != ByKey && s[0] != ByCells && s[0] != OfDuplicate) {
		return 0, id, false
	}
	_, err := hex.Decode(id[:], []byte(s[1:]))
	return s[0], id, err == nil
}
