// Package mapping turns one row of an export into one case, as a mapping file
// says. It is pure: the same file and the same row give the same case.
//
// It must never read a file, use the network, or know another package of this
// program. (Time zones come from the Go runtime's own copy or the system's.)
//
// Parse reads the mapping file, Compile binds it to the columns of an input,
// Program.Identify and Program.Map are called for each row. What a rule means:
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
//   - Texts are carried exactly. Only what is no text is trimmed before it is
//     converted: dates, numbers, checkboxes. So " HIGH" and "high" are no
//     priorities without values, and " a@b.org" is no e-mail address.
//   - In an entry of notes with each, columns are members of the element, and
//     expressions know the element as item.
//
// Dates lose fractions of a second. An hour that occurs twice when clocks are
// set back is taken as the first of the two.
package mapping
