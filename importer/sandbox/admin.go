package sandbox

import (
	"bufio"
	"encoding/json"
	"net/http"
	"time"
)

const adminPath = "/_sandbox/"

// serveAdmin lets tests look inside a sandbox that is another process.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "only GET is offered here", http.StatusMethodNotAllowed)
	case r.URL.Path == adminPath+"cases":
		w.Header().Set("Content-Type", "application/x-ndjson")
		s.writeCases(w)
	case r.URL.Path == adminPath+"stats":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Stats())
	default:
		http.Error(w, "there are /_sandbox/cases and /_sandbox/stats", http.StatusNotFound)
	}
}

// writeCases writes a line of JSON for each stored case: id, time of creation,
// the body of the create request, what the case is now, how many updates were
// applied, and after how many of these the client got no usable answer.
// json.Encoder puts a body on one line.
func (s *Server) writeCases(w http.ResponseWriter) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for _, e := range s.store.created(time.Now()) {
		line := struct {
			ID      string          `json:"id"`
			Created string          `json:"created"`
			Body    json.RawMessage `json:"body"`
			Now     json.RawMessage `json:"now"`
			Trashed bool            `json:"trashed,omitempty"`
			Updates int32           `json:"updates,omitempty"`
			InDoubt int32           `json:"updates_in_doubt,omitempty"`
		}{e.name(), e.created.UTC().Format("2006-01-02T15:04:05.000000Z"), json.RawMessage(e.current.Load().body), s.now(e), e.trashed.Load(), e.updates.Load(), e.inDoubt.Load()}
		if enc.Encode(line) != nil {
			return
		}
	}
	_ = buffered.Flush()
}
