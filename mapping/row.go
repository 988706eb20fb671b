package mapping

// Kind tells the shapes of a Value apart.
type Kind uint8

// The kinds. A cell of a CSV file is String, or List under a repeated header;
// the others come from JSON. None is an absent member or null.
const (
	None Kind = iota
	String
	Number
	Bool
	List
	Object
)

// Value is what stands in one cell.
type Value struct {
	Kind Kind
	// Text is a String's content, a Number as it is spelled, or "true" and
	// "false" of a Bool.
	Text string
	// List holds the elements of a List, or an Object's members in order,
	// whose names are in Names.
	List  []Value
	Names []string
}

// Row is one record of the input as the mapping sees it.
type Row interface {
	// Cell returns the cell of column i of the columns that Compile was given.
	Cell(i int) Value
}
