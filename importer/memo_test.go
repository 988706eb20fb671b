package importer

import (
	"testing"

	"caseimport/importer/content"
	"caseimport/importer/lifecycle"
	"caseimport/importer/talkdesk"
	"caseimport/mapping"
)

// TestParentThatWasNotSetIsNotRemembered, also where nothing is remembered of the case:
// the next run would take the row for one that is as it is to be.
func TestParentThatWasNotSetIsNotRemembered(t *testing.T) {
	c := mapping.Case{Title: "t", Parent: "T-2", ParentID: "8"}
	it := &item{mapped: c, was: recalled{caseID: "7"}}
	_, text := (&pipeline{}).memo(lifecycle.Record{Ref: it, CaseID: "7", State: lifecycle.Incomplete, Parentless: true, Answer: talkdesk.Answer{Status: 400}})
	memo, ok := content.ParseMemo(text)
	if u, _ := content.Changes(&c, memo); !ok || u == nil || u.ParentID != "8" || u.Title != "" {
		t.Errorf("%v %+v", ok, u)
	}
}
