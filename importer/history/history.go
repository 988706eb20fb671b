package history

import "time"

// History is what is told of an import. Its JSON form is what report --json prints.
type History struct {
	Results string    `json:"results"`
	Account string    `json:"account"`
	BaseURL string    `json:"base_url"`
	Key     string    `json:"key"`               // rule of the mapping, "" without one
	Mapping string    `json:"mapping,omitempty"` // fingerprint of the mapping file, in the last run
	Version string    `json:"version,omitempty"` // of the program, in the last run
	Made    time.Time `json:"made"`

	Rows    []Count  `json:"rows"` // by status, as it is now
	Total   int      `json:"total"`
	Reasons []Reason `json:"reasons"` // the most frequent first
	Doubts  Doubts   `json:"doubts"`

	Runs     []Run     `json:"runs"`         // the latest of them
	Earlier  int       `json:"earlier_runs"` // before those
	Pauses   []Stretch `json:"pauses"`       // the server's wish
	Outages  []Stretch `json:"outages"`
	Timeline Timeline  `json:"timeline"`

	Verify *Verified `json:"verify"` // nil: there was none
	Left   []string  `json:"left_to_do"`
}

// Count is how many rows have a status.
type Count struct {
	Status string `json:"status"`
	Rows   int    `json:"rows"`
}

// Reason is why rows have no case, or not the one that they should have.
type Reason struct {
	Status   string    `json:"status"`
	HTTP     int       `json:"http_status,omitempty"`
	Code     string    `json:"code,omitempty"`
	Text     string    `json:"text"`
	Rows     int       `json:"rows"`
	Examples []Example `json:"examples"`
}

// Example is a row with a reason.
type Example struct {
	Row  int    `json:"row"`
	Key  string `json:"key,omitempty"`
	Text string `json:"text,omitempty"` // with the row's values, if these were asked for
}

// Doubts are rows that were sent and got no answer, and how that ended.
type Doubts struct {
	Found      int `json:"found"`       // looked up in the same run: the case was there
	LaterFound int `json:"later_found"` // their case was found or made by a later run
	LaterNone  int `json:"later_none"`  // a later run found that there was none
	Open       int `json:"open"`        // still unknown
}

// Run is one run.
type Run struct {
	Number  int       `json:"number"`
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"` // that it is known to have lived
	Input   string    `json:"input"`
	Mapping string    `json:"mapping,omitempty"`
	Version string    `json:"version,omitempty"`
	Host    string    `json:"host,omitempty"`
	Adopt   bool      `json:"adopt,omitempty"`
	Undo    bool      `json:"undo,omitempty"` // it moved cases to the Trash

	Created    int  `json:"created"`
	Failed     int  `json:"failed"`
	Unknown    int  `json:"unknown"`
	Incomplete int  `json:"incomplete"`
	Undone     int  `json:"undone,omitempty"`
	Left       int  `json:"left"`
	Ended      bool `json:"ended"` // in order

	// Requests and Throttled are what it noted of them; Noted is false for versions
	// that did not.
	Noted     bool `json:"noted"`
	Requests  int  `json:"requests"`
	Throttled int  `json:"throttled"`
}

// Stretch is a pause or an outage.
type Stretch struct {
	Run   int       `json:"run"`
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
	Why   string    `json:"why,omitempty"`
}

// Timeline is what happened when, in steps of the same length.
type Timeline struct {
	Begin   time.Time `json:"begin"`
	Seconds int       `json:"step_seconds"`
	Steps   []Step    `json:"steps"`
}

// Step is one step of the timeline.
type Step struct {
	Cases     int `json:"cases"` // that were created or found
	Requests  int `json:"requests"`
	Throttled int `json:"throttled"`
}

// Verified is what the last verify found.
type Verified struct {
	File    string    `json:"file"`
	At      time.Time `json:"at"`
	Rows    int       `json:"rows"`
	Results []Count   `json:"results"`
	Stale   bool      `json:"stale"` // a run began afterwards
}
