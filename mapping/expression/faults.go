package expression

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"

	"github.com/expr-lang/expr/file"
)

// Fault is a fault in the text of an expression.
type Fault struct {
	Offset  int // characters from its start
	Message string
}

// compileFault says a fault of syntax or type without the parser's words.
func compileFault(err error) Fault {
	var at *file.Error
	if !errors.As(err, &at) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return Fault{0, "invalid expression: " + line}
	}
	message := token.ReplaceAllString(at.Message, "unexpected $1")
	switch {
	case at.Message == "unexpected token EOF":
		message = "it ends too soon"
	case at.Message == `unexpected token Operator("=")`:
		message = "use == to compare"
	}
	return Fault{at.From, "invalid expression: " + message}
}

var token = regexp.MustCompile(`^unexpected token \w+\("(.*)"\)`)

// plainError says what went wrong in an expression without the machine's words.
func plainError(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return err
	}
	if err = at.Prev; err == nil {
		err = errors.New(at.Message)
	}
	var types *runtime.TypeAssertionError
	message := strings.TrimPrefix(err.Error(), "runtime error: ")
	switch {
	case errors.As(err, &types):
		// "interface conversion: interface {} is string, not bool"
		_, is, _ := strings.Cut(message, " is ")
		is, not, _ := strings.Cut(is, ", not ")
		return fmt.Errorf("expected %s, got %s", typeName(not), typeName(is))
	case strings.HasPrefix(message, "invalid operation: "):
		return fmt.Errorf("cannot calculate %s; use int() or float() to convert text", plainTypes(strings.TrimPrefix(message, "invalid operation: ")))
	case strings.HasPrefix(message, "memory budget"):
		return errTooMuch
	case strings.HasPrefix(message, "reflect"):
		return errors.New("it has a value of the wrong type")
	}
	return errors.New(message)
}

// plainTypes puts a person's words for the types in "string < int".
func plainTypes(operation string) string {
	parts := strings.Split(operation, " ")
	for i, p := range parts {
		parts[i] = cmp.Or(kinds[p][1], p)
	}
	return strings.Join(parts, " ")
}

// kinds are the types of Go as a person would call them, in a sentence and
// between operators.
var kinds = map[string][2]string{
	"<nil>": {"nothing", "nothing"}, "nil": {"nothing", "nothing"}, "string": {"text", "text"}, "bool": {"true or false", "true/false"},
	"int": {"a number", "number"}, "float64": {"a number", "number"}, "json.Number": {"a number", "number"}, "time.Time": {"a time", "time"},
	"[]interface {}": {"a list", "list"}, "[]int": {"a list", "list"}, "[]string": {"a list", "list"}, "map[string]interface {}": {"an object", "object"},
}

func typeName(goType string) string { return cmp.Or(kinds[goType][0], "another value") }

func typeOf(v any) string { return typeName(fmt.Sprintf("%T", v)) }

// short is typeOf between operators.
func short(v any) string { return cmp.Or(kinds[fmt.Sprintf("%T", v)][1], "another value") }
