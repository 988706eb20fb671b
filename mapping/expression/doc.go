// Package expression is the language of `expr` and `where` in a mapping file:
// github.com/expr-lang/expr with one table of functions, made so that the same
// expression reads CSV, where every cell is text, and JSON, where some cells
// are numbers or missing, alike:
//
//   - What is missing (a cell, a member, an element) is nothing. Nothing equals
//     an empty text, and ?? passes over both.
//   - A number and a text that is written as one compare as numbers; two texts
//     compare as texts. A JSON number that arithmetic would spell otherwise
//     (1.50, 1e5) keeps its spelling until it is calculated with.
//   - Two numbers are added; anything else is joined as text. Whole numbers do
//     not wrap: a result that is too large is an error.
//   - Texts are indexed and counted by characters.
//
// It works on any: nil, string, bool, int, float64, json.Number, time.Time,
// []any and map[string]any. What a row makes is bounded, in nodes of the
// expression, elements and bytes; how long it takes is not.
//
// Read expression.go (Compile and Eval), rewrite.go (what is changed before an
// expression is compiled), functions.go (the table), values.go (how values
// compare and are written), faults.go (plain words for what expr says).
package expression
