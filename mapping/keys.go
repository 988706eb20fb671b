package mapping

// KeyField is the custom field that carries the key, "" if none does.
func (m *Mapping) KeyField() string { return m.keyTo }

// CustomFields are the keys of the custom fields that the mapping fills, in the
// order of the file.
func (m *Mapping) CustomFields() []string {
	var keys []string
	own := false
	for _, f := range m.custom {
		keys = append(keys, f.short)
		own = own || f.short == m.keyTo
	}
	if m.keyTo != "" && !own {
		keys = append(keys, m.keyTo)
	}
	return keys
}
