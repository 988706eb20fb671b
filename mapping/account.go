package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"caseimport/mapping/fields"
	"caseimport/mapping/words"
	"caseimport/mapping/yamlfile"
)

// Account is what the mapping knows of the account's fields; nil where it names
// no file of them.
func (m *Mapping) Account() *fields.File { return m.account }

// Account is that of the mapping.
func (p *Program) Account() *fields.File { return p.account }

// Warnings say what is no fault of the mapping and yet may be a surprise: cases
// that are resolved without a resolution, and fields of the account without which
// its agents cannot resolve a case.
func (p *Program) Warnings() (all []string) {
	if p.resolves() && !slices.Contains(p.Fields(), "resolution") {
		all = append(all, "status can become RESOLVED, for which Talkdesk requires a resolution, and no rule gives one: add resolution under case, such as resolution: {const: Solved before the migration}")
	}
	if p.account == nil {
		return all
	}
	filled := p.Fields()
	for _, f := range p.account.Fields {
		if f.Required && f.Active && !slices.Contains(filled, "custom_fields."+f.Key) {
			all = append(all, fmt.Sprintf("the account requires %s before a case can be resolved, and no rule fills it: agents will have to", f))
		}
	}
	return all
}

// resolves says whether the rule of the status can give Resolved.
func (p *Program) resolves() bool {
	i := slices.IndexFunc(p.cases, func(f field) bool { return f.kind == kindStatus })
	if i < 0 {
		return false
	}
	f := &p.cases[i]
	if f.constant != nil {
		return f.constant.text == Resolved
	}
	for _, to := range f.table {
		if to.text == Resolved {
			return true
		}
	}
	return f.table == nil || f.pass || f.fallback != nil && f.fallback.text == Resolved
}

// readAccount reads the file that `fields` names, unless the definitions were
// given in its place.
func (r *reader) readAccount(at yamlfile.Text) {
	switch {
	case r.account != nil || !at.Set():
		return
	case r.open == nil:
		r.Fault(at.Node, "%s: field definitions are not available here", at.Text)
		return
	}
	text, err := r.open(at.Text)
	if err != nil {
		r.Fault(at.Node, "cannot read the account's fields: %v; caseimport fields -o %s writes the file", err, at.Text)
		return
	}
	file, err := fields.Parse(text)
	if err != nil {
		r.Fault(at.Node, "%s: %v", at.Text, err)
		return
	}
	r.account = &file
}

// definition finds the account's field with a key. It is nil after a fault, and
// where the account is not known.
func (r *reader) definition(n *yaml.Node, key string) *fields.Field {
	if r.account == nil {
		return nil
	}
	f, ok := r.account.Field(key)
	switch {
	case !ok:
		r.Fault(n, "the account has no custom field %q%s", key, r.nearFields(key))
	case !f.Active:
		r.Fault(n, "custom field %s is inactive in the account%s", f, r.nearFields(key))
	default:
		return &f
	}
	return nil
}

// nearFields names the account's fields that may be meant, by their names too: a
// person may have written text_region, or just Region.
func (r *reader) nearFields(key string) string {
	const most = 4
	prefix, _, _ := prefixOf(key)
	near := r.account.Nearest(strings.Trim(strings.TrimPrefix(key, prefix), "_- "))
	for _, f := range r.account.Nearest(key) {
		if !slices.ContainsFunc(near, func(other fields.Field) bool { return other.Key == f.Key }) {
			near = append(near, f)
		}
	}
	if len(near) == 0 {
		for _, f := range r.account.Fields {
			if f.Active {
				near = append(near, f)
			}
		}
		return "; it has " + some(namesOf(near))
	}
	return "; nearest: " + strings.Join(namesOf(near[:min(len(near), most)]), ", ")
}

func namesOf[T fmt.Stringer](all []T) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = one.String()
	}
	return out
}

// offer tells a rule which options its field has.
func (f *field) offer(def *fields.Field) {
	if def == nil || !def.Kind.HasOptions() || len(def.Options) == 0 {
		return
	}
	f.options, f.codes = def, map[string]string{}
	for _, o := range def.Options {
		for _, text := range []string{o.Code, o.Label} {
			if codes, fault := def.Codes([]string{text}); text != "" && fault == nil {
				f.codes[text] = codes[0]
			}
		}
	}
}

// writtenOption is the code of an option that the mapping file names. A code goes
// before a label here: that is how a file can name any option. The levels of a
// dependent field depend on each other, so that a single one can only be found
// to exist.
func (f *field) writtenOption(text string) (string, error) {
	if f.kind == kindDependent {
		if path := pathTo(f.options.Options, text); path == nil {
			return "", optionError(&fields.Fault{Field: *f.options, Value: text, Options: everyOption(f.options.Options)})
		}
		return text, nil
	}
	codes, fault := f.options.Codes([]string{text})
	if fault == nil {
		return codes[0], nil
	}
	for _, o := range fault.Several {
		if o.Code == text {
			return text, nil
		}
	}
	return "", optionError(fault)
}

// writtenOptions are the codes of the options of a list that the mapping file
// holds.
func (f *field) writtenOptions(list []string) ([]string, error) {
	if f.kind == kindDependent {
		codes, fault := f.options.Codes(list)
		if fault != nil {
			return nil, fmt.Errorf("%q %w", words.Shown(fault.Value), optionError(fault))
		}
		return codes, nil
	}
	codes := make([]string, len(list))
	for i, text := range list {
		var err error
		if codes[i], err = f.writtenOption(text); err != nil {
			return nil, fmt.Errorf("%q %w", words.Shown(text), err)
		}
	}
	return codes, nil
}

func optionError(f *fields.Fault) error {
	reason, hint := optionReason(f)
	return errors.New(reason + hint)
}

// optionReason says what is wrong with a value, without it, and the hint that
// depends on it.
func optionReason(f *fields.Fault) (reason, hint string) {
	of := strconv.Quote(cmp.Or(f.Field.Name, f.Field.Key))
	if len(f.Path) > 0 {
		of += " under " + pathText(f.Path)
	}
	switch near := f.Nearest(); {
	case len(f.Several) > 0:
		return "stands for several options of " + of, ": " + strings.Join(namesOf(f.Several), ", ")
	case len(f.Options) == 0:
		return "is one level too many: there are no options of " + of, ""
	case len(near) > 0:
		hint = "; nearest: " + strings.Join(namesOf(near), ", ")
	default:
		hint = "; options: " + some(namesOf(f.Options))
		if path := pathTo(f.Field.Options, f.Value); len(path) > 1 {
			hint = "; there is one under " + pathText(path[:len(path)-1])
		}
	}
	return "is not an option of " + of, hint
}

func pathText(path []fields.Option) string {
	var labels []string
	for _, o := range path {
		labels = append(labels, cmp.Or(o.Label, o.Code))
	}
	return strconv.Quote(strings.Join(labels, " > "))
}

// pathTo finds the first option of a tree with this code or label, and those
// above it.
func pathTo(options []fields.Option, text string) []fields.Option {
	for _, o := range options {
		if fold(o.Code) == fold(text) || fold(o.Label) == fold(text) {
			return []fields.Option{o}
		}
		if below := pathTo(o.Options, text); below != nil {
			return append([]fields.Option{o}, below...)
		}
	}
	return nil
}

func everyOption(options []fields.Option) (all []fields.Option) {
	for _, o := range options {
		all = append(append(all, o), everyOption(o.Options)...)
	}
	return all
}

// option is the code of the option that a cell names.
func (m *mapper) option(f *field, text, column string) (result, outcome) {
	if code, ok := f.codes[text]; ok {
		return result{text: code}, isFound
	}
	codes, fault := f.options.Codes([]string{text})
	if fault != nil {
		m.fault(f.optionFault(fault, column))
		return result{}, isFault
	}
	return result{text: codes[0]}, isFound
}

// optionFault is the fault of a value that is no option, with the entry of
// values that would make it one.
func (f *field) optionFault(fault *fields.Fault, column string) Fault {
	out := Fault{Column: column, Field: f.name, Value: fault.Value}
	out.Reason, out.Hint = optionReason(fault)
	if words.Longer(fault.Value, maxEntry) || len(fault.Options) == 0 {
		return out
	}
	if sep := f.missingSplit(fault.Value); sep != "" {
		out.Fix = f.fix("split", yamlfile.Quote(sep))
		return out
	}
	const most = 8
	offered := fault.Options
	if len(fault.Several) > 0 {
		offered = fault.Several
	}
	note := "  # options: " + strings.Join(namesOf(offered[:min(len(offered), most)]), ", ")
	if more := len(offered) - most; more > 0 {
		note += fmt.Sprintf(" and %d more", more)
	}
	if f.table != nil {
		out.Fix = f.fixTable() + ";" + strings.TrimPrefix(note, "  #")
	} else {
		out.Fix = f.fix("values", "{"+entryMark+"}", "pass", "true") + note
	}
	out.Entry = entry(fault.Value, meant(fault))
	return out
}

// meant is the option that a value may stand for, by its label if that is
// enough; "?" where nobody knows.
func meant(fault *fields.Fault) string {
	near := fault.Nearest()
	if len(fault.Several) > 0 || len(near) == 0 {
		return "?"
	}
	level := fields.Field{Options: fault.Options}
	if _, fault := level.Codes([]string{near[0].Label}); near[0].Label != "" && fault == nil {
		return near[0].Label
	}
	return near[0].Code
}

// missingSplit is the separator that would take a cell apart into values of which
// one at least is an option.
func (f *field) missingSplit(text string) string {
	if f.kind != kindMultiSelect || f.split != "" {
		return ""
	}
	for _, sep := range []string{",", ";", "|"} {
		parts := strings.Split(text, sep)
		if len(parts) > 1 && slices.ContainsFunc(parts, func(part string) bool { return pathTo(f.options.Options, part) != nil }) {
			return sep
		}
	}
	return ""
}
