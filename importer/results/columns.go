package results

import (
	"slices"
	"strings"

	"caseimport/mapping"
)

// The columns that a failure report adds to those of the input.
const (
	RowColumn    = "caseimport_row"    // the row's number in that run's input
	IDColumn     = "caseimport_id"     // ties the row to its past
	StatusColumn = "caseimport_status" // any but created
	ErrorColumn  = "caseimport_error"
	FieldsColumn = "caseimport_fields"

	// LineColumn holds the text of an input line that was no JSON object.
	LineColumn = "caseimport_line"
)

var reportColumns = [...]string{RowColumn, IDColumn, StatusColumn, ErrorColumn, FieldsColumn}

// isOwn tells whether a column is one that a failure report adds.
func isOwn(name string) bool {
	return slices.ContainsFunc(reportColumns[:], func(own string) bool { return is(name, own) })
}

func is(name, column string) bool { return strings.EqualFold(strings.TrimSpace(name), column) }

// Columns says where a failure report's own columns stand among the columns of an
// input.
type Columns struct{ id, status, reason, fields int }

// ReportColumns looks for a failure report's columns, without regard to case and
// surrounding spaces.
func ReportColumns(columns []string) Columns {
	c := Columns{-1, -1, -1, -1}
	for i, name := range columns {
		switch {
		case is(name, IDColumn):
			c.id = i
		case is(name, StatusColumn):
			c.status = i
		case is(name, ErrorColumn):
			c.reason = i
		case is(name, FieldsColumn):
			c.fields = i
		}
	}
	return c
}

// IsReport tells whether the input is a failure report.
func (c Columns) IsReport() bool { return c.id >= 0 }

// ID reads the caseimport_id off a row, "" if it has none.
func (c Columns) ID(cell func(int) mapping.Value) string { return text(cell, c.id) }

// Status reads the caseimport_status off a row, "" if it has none.
func (c Columns) Status(cell func(int) mapping.Value) string { return text(cell, c.status) }

// Error reads the caseimport_error off a row, "" if it has none.
func (c Columns) Error(cell func(int) mapping.Value) string { return text(cell, c.reason) }

// Fields reads the caseimport_fields off a row, "" if it has none.
func (c Columns) Fields(cell func(int) mapping.Value) string { return text(cell, c.fields) }

func text(cell func(int) mapping.Value, i int) string {
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(cell(i).Text)
}
