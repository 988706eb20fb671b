package talkdesk

// Update sets values of a case that exists ("Update a Case"). Members that are ""
// or nil are left out.
type Update struct {
	Title, Description, Priority, OwnerID, ParentID, Type, GroupID, Status, Resolution string

	CustomFields []SetField
	Notes        []SetNote
}

// SetField is the new value of a custom field.
type SetField struct {
	Key, Label string
	Value      any
}

// SetNote is a note to be added.
type SetNote struct {
	Title, Body string
	Public      bool
}
