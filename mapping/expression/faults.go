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
func compileFault(err error, source string) Fault {
	var at *file.Error
	if !errors.As(err, &at) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return Fault{0, "invalid expression: " + line}
	}
	message := "invalid expression: " + token.ReplaceAllString(at.Message, "unexpected $1")
	name, isName := strings.CutPrefix(at.Message, "unknown name ")
	switch {
	case at.Message == "unexpected token EOF":
		message = "invalid expression: it ends too soon"
	case at.Message == `unexpected token Operator("=")`:
		message = "invalid expression: use == to compare"
	case strings.Contains(source, "<>") && strings.HasPrefix(at.Message, "unexpected"):
		message = "invalid expression: use != to compare"
	case noCondition.MatchString(at.Message):
		message = "invalid expression: expected true or false"
	case name == "row", name == "parent":
		message = fmt.Sprintf("%s is not a value by itself: name a column, %[1]s[\"…\"]", name)
	case isName:
		message = unknownName(name)
	case strings.HasPrefix(at.Message, "unexpected") && !strings.Contains(source, "row"):
		message += `; a column is written row["Ticket Status"]`
	}
	return Fault{at.From, message}
}

func unknownName(name string) string {
	return fmt.Sprintf("unknown name %s: write row[%q] for the column, %q for the text", name, name, name)
}

var (
	token       = regexp.MustCompile(`^unexpected token \w+\("(.*)"\)`)
	noCondition = regexp.MustCompile(`mismatched type|^non-bool expression|should return boolean`)
)

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
	case strings.HasPrefix(message, "memory budget"):
		return errTooMuch
	}
	return errors.New(message)
}

// kinds are the types of Go as a person would call them.
var kinds = map[string]string{
	"<nil>": "nothing", "nil": "nothing", "string": "text", "bool": "true or false",
	"int": "a number", "float64": "a number", "json.Number": "a number", "time.Time": "a time",
	"[]interface {}": "a list", "map[string]interface {}": "an object",
}

func typeName(goType string) string { return cmp.Or(kinds[goType], "another value") }

func typeOf(v any) string { return typeName(fmt.Sprintf("%T", v)) }
