package mapping

import (
	"caseimport/mapping/convert"
	"caseimport/mapping/words"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	"go.yaml.in/yaml/v3"
)

// What keeps an expression from running away: its length, its nodes, the
// elements it makes, and its work for one row: a byte read or written counts 1,
// an element of a list and a step of a loop what they take about as long as.
const (
	maxSource   = 10_000
	maxNodes    = 5_000
	maxElements = 200_000
	maxWork     = 16 << 20
	elementWork = 16
	stepWork    = 256
)

// expression is compiled once and safe for concurrent use.
type expression struct {
	program *vm.Program
}

// exprFault is a fault in the text of an expression.
type exprFault struct {
	offset  int // characters from its start
	message string
}

// resolve says which column a name in an expression means; the message is ""
// or says why none.
type resolve func(name string) (column int, message string)

// compileExpr compiles an expression in which constant columns are bound to
// their numbers. A condition has to give true or false.
func compileExpr(source string, column resolve, inEach, condition bool) (*expression, []exprFault) {
	if len(source) > maxSource {
		return nil, []exprFault{{0, fmt.Sprintf("the expression is longer than %d characters", maxSource)}}
	}
	p := newPatcher(column, inEach)
	options := append(slices.Clone(exprOptions()), expr.Patch(p))
	program, err := expr.Compile(source, options...)
	if faults := p.faultsLeft(); len(faults) > 0 {
		return nil, faults
	}
	if err != nil {
		var at *file.Error
		if errors.As(err, &at) {
			return nil, []exprFault{{at.From, "the expression is wrong here: " + plainSyntax(at.Message)}}
		}
		line, _, _ := strings.Cut(err.Error(), "\n")
		return nil, []exprFault{{0, "the expression is wrong: " + line}}
	}
	if t := program.Node().Type(); condition && t.Kind().String() != "bool" && t.Kind().String() != "interface" {
		return nil, []exprFault{{0, "where needs an expression that says true or false"}}
	}
	return &expression{program}, nil
}

var token = regexp.MustCompile(`^unexpected token \w+\("(.*)"\)`)

// plainSyntax says a fault of syntax without the parser's words.
func plainSyntax(message string) string {
	switch {
	case message == "unexpected token EOF":
		return "it ends too early"
	case message == `unexpected token Operator("=")`:
		return "= alone means nothing: equal is =="
	case strings.HasPrefix(message, "unknown name "):
		name := strings.TrimPrefix(message, "unknown name ")
		return fmt.Sprintf("%s; a column is row[%q], a text stands in quotes", message, name)
	}
	return strings.TrimPrefix(token.ReplaceAllString(message, "unexpected $1"), "error parsing regexp: ")
}

// exprOptions are those that all expressions share.
var exprOptions = sync.OnceValue(func() []expr.Option {
	options := []expr.Option{
		expr.Env(map[string]any{"row": map[string]any{}, "item": any(nil)}),
		expr.MaxNodes(maxNodes),
		expr.DisableAllBuiltins(),
	}
	for name := range native {
		options = append(options, expr.EnableBuiltin(name))
	}
	for _, all := range []map[string]function{functions, internals} {
		for name, f := range all {
			options = append(options, expr.Function(name, f.call, f.types...))
		}
	}
	return options
})

// expression checks an expression without knowing the columns.
func (c *checker) expression(s *str, inEach, condition bool) {
	_, faults := compileExpr(s.text, func(string) (int, string) { return 0, "" }, inEach, condition)
	c.exprFaults(s, faults)
}

// exprFaults tells faults at their place in the mapping file.
func (d *decoder) exprFaults(s *str, faults []exprFault) {
	for _, f := range faults {
		line, column := d.position(s.node, s.text, f.offset)
		d.faultAt(line, column, "%s", f.message)
	}
}

// position finds the offset in a scalar's text in the lines of the file. Where
// quoting or folding has changed the text it settles for the scalar's start.
func (d *decoder) position(n *yaml.Node, text string, offset int) (line, column int) {
	lead := words.Cut(text, offset)
	row := strings.Count(lead, "\n")
	lead = lead[strings.LastIndexByte(lead, '\n')+1:]
	wanted := strings.Split(text, "\n")[row]
	from := n.Column - 1
	line = n.Line + row
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line, from = line+1, 0
	}
	if wanted == "" || line > len(d.lines) {
		return n.Line, n.Column
	}
	runes := []rune(d.lines[line-1])
	from = min(from, len(runes))
	at := strings.Index(string(runes[from:]), wanted)
	if at < 0 {
		return n.Line, n.Column
	}
	start := from + utf8.RuneCountInString(string(runes[from:])[:at])
	return line, start + utf8.RuneCountInString(lead) + 1
}

// scope is what one evaluation sees; it is the environment of the program.
type scope struct {
	row   Row
	item  *element // nil outside each
	p     *Program
	work  int    // what is left of maxWork
	last  int    // the column read last, -1 before the first
	value string // what it held, for the fault
}

// evaluation is a machine with its scope, used again for the next row.
type evaluation struct {
	vm vm.VM
	scope
}

var evaluations = sync.Pool{New: func() any { return &evaluation{vm: vm.VM{MemoryBudget: maxElements}} }}

// eval runs an expression. Its result is a Value; a time is a moment.
func (e *evaluation) eval(x *expression) (Value, error) {
	e.work, e.last, e.value = maxWork, -1, ""
	out, err := e.vm.Run(x.program, &e.scope)
	if err != nil {
		return Value{}, plainError(err)
	}
	return toValue(out, 0)
}

// plainError says what went wrong in an expression without the machine's words.
func plainError(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return err
	}
	if at.Prev != nil {
		err = at.Prev
	} else {
		err = errors.New(at.Message)
	}
	var types *runtime.TypeAssertionError
	if errors.As(err, &types) {
		// "interface conversion: interface {} is string, not bool"
		_, is, _ := strings.Cut(err.Error(), " is ")
		is, not, _ := strings.Cut(is, ", not ")
		return fmt.Errorf("%s stands where %s is wanted", typeName(is), typeName(not))
	}
	message := strings.TrimPrefix(err.Error(), "runtime error: ")
	switch {
	case strings.HasPrefix(message, "invalid operation: "):
		message = fmt.Sprintf("cannot calculate %s; int() and float() make numbers of text", typeNames.Replace(strings.TrimPrefix(message, "invalid operation: ")))
	case strings.HasPrefix(message, "memory budget"):
		message = errWork.Error()
	case strings.HasPrefix(message, "reflect"):
		message = "a value of the wrong type stands in it"
	}
	return errors.New(message)
}

var typeNames = strings.NewReplacer("string", "text", "float64", "number", "int", "number", "<nil>", "nothing", "bool", "true/false", "[]interface {}", "list", "map[string]interface {}", "object")

func typeName(goType string) string {
	switch goType {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "int", "float64":
		return "a number"
	case "nil":
		return "nothing"
	case "[]interface {}", "[]string":
		return "a list"
	case "map[string]interface {}":
		return "an object"
	}
	return "another value"
}

// moment marks a text that is a time as the API writes it already.
const moment Kind = 255

// toValue turns a result into what a cell could be.
func toValue(v any, depth int) (Value, error) {
	switch v := v.(type) {
	case nil:
		return Value{}, nil
	case string:
		if !utf8.ValidString(v) {
			return Value{}, errors.New("gives a text that is not UTF-8")
		}
		return Value{Kind: String, Text: v}, nil
	case bool, int, float64:
		s, err := textOf(v)
		kind := Number
		if _, ok := v.(bool); ok {
			kind = Bool
		}
		return Value{Kind: kind, Text: s}, err
	case time.Time:
		if err := convert.InYears(v); err != nil {
			return Value{}, errors.New("gives what " + err.Error())
		}
		return Value{Kind: moment, Text: convert.FormatTime(v)}, nil
	case []any:
		if depth > 0 {
			return Value{}, errors.New("gives a list of lists: flatten() makes one of them")
		}
		out := Value{Kind: List, List: make([]Value, 0, len(v))}
		for _, e := range v {
			one, err := toValue(e, depth+1)
			if err != nil {
				return Value{}, err
			}
			out.List = append(out.List, one)
		}
		return out, nil
	case []int:
		return toValue(list(v), depth)
	case map[string]any:
		return Value{}, errors.New("gives an object: name one of its members")
	}
	return Value{}, errors.New("gives no text, number, list, or true or false")
}

// fromValue turns a cell into what expressions work with.
func fromValue(v Value) any {
	switch v.Kind {
	case String, moment:
		return v.Text
	case Number:
		return numberOf(v.Text)
	case Bool:
		return v.Text == "true"
	case List:
		out := make([]any, len(v.List))
		for i := range v.List {
			out[i] = fromValue(v.List[i])
		}
		return out
	case Object:
		out := make(map[string]any, len(v.List))
		for i := range v.List {
			out[v.Names[i]] = fromValue(v.List[i])
		}
		return out
	}
	return nil
}
