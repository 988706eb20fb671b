package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"caseimport/importer/journal"
	"caseimport/importer/source"
)

// The first letter of a caseimport_id says what the identity is made from. It
// also keeps spreadsheets from taking an id for a number.
const (
	byKey   = 'k'
	byCells = 'r'
	// A row whose key an earlier row had: not that row, though its id is of
	// the same key.
	ofDuplicate = 'd'
)

func keyID(key string) journal.ID { return hashOf([]byte("key\x00" + key)) }

// cellsID is the identity of a row without a usable key: its content, and how
// many rows of the same content came before it.
func cellsID(content [32]byte, before int) journal.ID {
	return hashOf(strconv.AppendInt(content[:], int64(before), 10))
}

func hashOf(b []byte) (id journal.ID) {
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

// contentOf hashes the source cells. Lengths stand between the cells, so that
// no two rows can run together.
func contentOf(row *source.Row) (sum [32]byte) {
	if row.JSON() != nil {
		return sha256.Sum256(row.JSON())
	}
	var b []byte
	for _, cell := range row.Fields() {
		b = strconv.AppendInt(b, int64(len(cell)), 10)
		b = append(append(b, ':'), cell...)
	}
	return sha256.Sum256(b)
}

func idText(kind byte, id journal.ID) string {
	return string(kind) + hex.EncodeToString(id[:])
}

func parseIDText(s string) (kind byte, id journal.ID, ok bool) {
	if len(s) != 1+2*len(id) || (s[0] != byKey && s[0] != byCells && s[0] != ofDuplicate) {
		return 0, id, false
	}
	_, err := hex.Decode(id[:], []byte(s[1:]))
	return s[0], id, err == nil
}
