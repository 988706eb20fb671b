package talkdesk

import (
	"github.com/tidwall/gjson"

	"caseimport/mapping/fields"
)

// FilterForm says in which form the server takes the filter by a custom field,
// as far as searches have shown: "array", "object", or "" where it ignores or
// refuses both.
func (c *Client) FilterForm() string {
	return map[int32]string{arrayForm: "array", objectForm: "object"}[c.form.Load()]
}

// notice tells from a page of cases in which form they come. It is for people:
// what a read proves does not depend on it.
func (p *Page) notice(cases gjson.Result, q Query) {
	cases.ForEach(func(_, c gjson.Result) bool {
		custom := c.Get("custom_fields")
		if p.Shape == "" {
			p.Shape = shapeOf(custom)
		}
		if q.Field == "" && p.TextField == "" {
			p.TextField = textField(custom)
		}
		return p.Shape == "" || q.Field == "" && p.TextField == ""
	})
}

// shapeOf names the form of a case's custom fields, "" if there are none.
func shapeOf(custom gjson.Result) string {
	if custom.Type == gjson.String && whole([]byte(custom.Str)) {
		if inner := shapeOf(gjson.Parse(custom.Str)); inner != "" {
			return "a text with the JSON of " + inner
		}
		return ""
	}
	shape := ""
	custom.ForEach(func(_, v gjson.Result) bool {
		switch {
		case custom.IsObject() && v.IsObject():
			shape = "an object of objects with a value"
		case custom.IsObject():
			shape = "an object of plain values"
		case custom.IsArray():
			for _, member := range []string{"key", "label", "name"} {
				if v.Get(member).Exists() {
					shape = "an array by " + member
					break
				}
			}
		}
		return false
	})
	return shape
}

// textField returns the key of a text field that has a value, "" if there is
// none.
func textField(custom gjson.Result) (key string) {
	if custom.Type == gjson.String && whole([]byte(custom.Str)) {
		custom = gjson.Parse(custom.Str)
	}
	if !custom.IsObject() && !custom.IsArray() {
		return ""
	}
	custom.ForEach(func(k, v gjson.Result) bool {
		names := []string{k.Str}
		if custom.IsArray() {
			names = []string{scalar(v.Get("key")), scalar(v.Get("label")), scalar(v.Get("name"))}
		}
		for _, name := range names {
			text, _, _ := customField(custom, name)
			if fields.KindOf(name) == fields.Text && text != "" {
				key = clean(name, maxCode)
				return false
			}
		}
		return true
	})
	return key
}
