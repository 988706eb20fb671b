// Package mapping turns one row of an export into one case, as a mapping file
// says. It is pure: the same file and the same row give the same case.
//
// It must never read a file, use the network, or know a package of this program
// outside of its own leaves: yamlfile (YAML with the line of every fault),
// expression (the language of expr and where), fields (the account's fields),
// convert (dates, numbers, e-mail addresses), htmltext and words. What is left is the
// file, its binding to columns, and the row; it is larger than other packages, since
// these three share one type, the field.
//
// Parse reads the mapping file, Compile binds it to the columns of an input,
// Program.Identify and Program.Map are called for each row. Read the files in
// this order:
//
//   - the row and the case: value.go, case.go, fault.go, kinds.go (what fields
//     hold and which modifiers they take)
//   - the file: schema.go (its keys, and the JSON Schema), file.go (its
//     sections), field.go (one rule), keys.go (which fields it fills), lookup.go
//     (values), account.go (what the account's fields and their options make of
//     all this)
//   - the binding: compile.go
//   - the mapping: program.go (one row), rule.go (one rule of it), convert.go (one
//     value), lookups.go (agents and parents, whose ids others find), notes.go,
//     related.go (notes from a second file, which others open), fix.go (what would
//     fix a fault, with priority.go and standin.go)
//
// What a rule means:
//
//   - Its source gives one value or several: a column under a repeated header
//     and a JSON list have several. Each is, in this order, made plain text
//     (html), dropped if it is empty after trimming, looked up (values) and
//     converted by the kind of its field. An entry of values that is "" counts
//     as empty; a value that values does not list is taken as it is (pass), or
//     else replaced by default, or else a fault.
//   - A field with one value takes the first of columns that has one. With join
//     it takes all values of all columns as one text. Without join a second
//     value in one column is a fault. A field with a list takes all values.
//   - If there is none: default, or with required a fault, or the field is left
//     out. Then a text is cut (truncate), and one over the API's limit is a
//     fault or, with overflow: notes, goes on in notes that are not public.
//   - const, default and the values of a table are written as they are to be
//     sent: dates in RFC 3339, decimals with a point. They are checked by Parse.
//   - Where the account is known (fields), an option is given by its label or its
//     code, in a cell as in the mapping file, and is sent as its code. In the
//     mapping file a code goes before a label.
//   - Texts are carried exactly. Only what is no text is trimmed before it is
//     converted: dates, numbers, checkboxes. So " HIGH" and "high" are no
//     priorities without values, and " a@b.org" is no e-mail address.
//   - In an entry of notes with each, columns are members of the element, and
//     expressions know the element as item.
//   - In one with from, columns are those of the second file, whose row expressions
//     know as row, and the row of the input as parent.
//
// Dates lose fractions of a second. An hour that occurs twice when clocks are
// set back is taken as the first of the two.
package mapping
