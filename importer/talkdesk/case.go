package talkdesk

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Case is all that a read shows of a case. What is not shown is told from what is
// empty, since lists may leave members out ("Get Case List", "Get Case Details").
type Case struct {
	ID string
	// Members are the standard ones that are shown, as text, by the names that
	// creates and updates use: title, priority, owner_id (also where it is called
	// agent_id), resolution (also solve_reason) and others. null is "".
	Members map[string]string
	// Fields are the custom fields that are shown, by their keys; nil where none of
	// them is.
	Fields map[string]Value
	// Notes are in the server's order. NotesShown: there is such a member.
	Notes      []Note
	NotesShown bool
	// CreatedAt and UpdatedAt are by the server's clock; zero where not shown.
	CreatedAt, UpdatedAt time.Time
}

// Locked reports whether the case is shown as resolved or closed: a closed case takes no
// update ("Update a Case"), and in the product a resolved one does not either.
func (c *Case) Locked() bool {
	status := c.Members["status"]
	return strings.EqualFold(status, "RESOLVED") || strings.EqualFold(status, "CLOSED")
}

// Value is what a custom field holds: one text, numbers as they are spelled, true or
// false; several of a list; none where it is empty. Labels are what people see in
// place of a code, where the answer says so.
type Value struct {
	Texts  []string
	Labels []string
}

// Note is a note of a case.
type Note struct {
	Title, Body string
	Public      string // true or false, "" where not shown
}

// members are the standard members of a case, each with the names under which it
// may be read.
var members = [][]string{
	{"title"}, {"description"}, {"priority"}, {"requester_name"}, {"requester_email"}, {"requester_type"},
	{"owner_id", "agent_id"}, {"parent_id"}, {"status"}, {"type"}, {"group_id"}, {"resolution", "solve_reason"},
}

// ReadCase reads one case ("Get Case Details"). The verdict is as of Read, but Absent
// if the API says that there is no such case.
func (c *Client) ReadCase(ctx context.Context, id string) (*Case, Answer) {
	p, a := c.read(ctx, Query{ID: id, Whole: true}, 1)
	if a.Verdict == Unknown && a.Status == http.StatusNotFound {
		a.Verdict, a.Message = Absent, "there is no case "+id
	}
	if a.Verdict != OK {
		return nil, a
	}
	return p.Cases[0].Whole, a
}

// wholeCase reads all of a case.
func wholeCase(c gjson.Result, id string, secrets censor) *Case {
	out := &Case{ID: id, Members: map[string]string{}, CreatedAt: moment(created(c)), UpdatedAt: moment(either(c, "update_at", "updated_at"))}
	for _, names := range members {
		if v := either(c, names...); v.Exists() {
			out.Members[names[0]] = secrets.hide(scalar(v))
		}
	}
	fields := map[string]Value{}
	if eachCustom(c.Get("custom_fields"), func(key, alias string, v gjson.Result) bool {
		value := valueOf(v, secrets)
		for _, name := range []string{key, alias} {
			if name != "" {
				fields[name] = value
			}
		}
		return true
	}) {
		out.Fields = fields
	}
	notes := c.Get("notes")
	out.NotesShown = notes.Exists()
	notes.ForEach(func(_, n gjson.Result) bool {
		out.Notes = append(out.Notes, Note{
			Title:  secrets.hide(scalar(either(n, "note_title", "notes_title", "title"))),
			Body:   secrets.hide(scalar(either(n, "note_body", "notes_body", "body"))),
			Public: scalar(n.Get("public")),
		})
		return true
	})
	return out
}

// either is the first member of an object that is there.
func either(object gjson.Result, names ...string) (v gjson.Result) {
	for _, name := range names {
		if v = object.Get(name); v.Exists() {
			return v
		}
	}
	return v
}

func created(c gjson.Result) gjson.Result { return either(c, "create_at", "created_at") }

func moment(v gjson.Result) time.Time {
	if v.Str == "" { // the error would cost more than all else
		return time.Time{}
	}
	at, _ := time.Parse(time.RFC3339, v.Str)
	return at
}

// valueOf reads a custom field. A value, and an element of a list, may be wrapped in
// {"value", "label"}.
func valueOf(v gjson.Result, secrets censor) (value Value) {
	take := func(v gjson.Result) {
		if v.IsObject() {
			if label := scalar(v.Get("label")); label != "" {
				value.Labels = append(value.Labels, secrets.hide(label))
			}
			v = v.Get("value")
		}
		if text := scalar(v); text != "" {
			value.Texts = append(value.Texts, secrets.hide(text))
		}
	}
	if list := inner(v); list.IsArray() {
		list.ForEach(func(_, e gjson.Result) bool { take(e); return true })
	} else {
		take(v)
	}
	return value
}
