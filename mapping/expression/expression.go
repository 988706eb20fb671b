package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"caseimport/mapping/convert"
)

// What one expression may be and may make for one row.
const (
	maxSource   = 10_000 // characters
	maxNodes    = 5_000
	maxElements = 200_000
	maxBytes    = 16 << 20
)

// Row is what an expression reads.
type Row interface {
	// Cell is the cell of a column, by the number that Options.Column gave.
	Cell(column int) any
	// Named is the cell of a column whose name is known only now.
	Named(column string) (any, error)
	// Item is the element of each that is at hand.
	Item() any
	// Parent is the row of the input that this row belongs to.
	Parent() Row
}

// Options say what an expression may speak of.
type Options struct {
	// Column gives the number of a column; its error is a fault of the
	// expression. Without it any column will do.
	Column func(name string) (int, error)
	// Item is set where the expression stands beside each and may say item.
	Item bool
	// Parent is set where it reads a row that belongs to another, and may say parent;
	// ParentColumn is then Column for that.
	Parent       bool
	ParentColumn func(name string) (int, error)
	// Condition is set where it has to give true or false.
	Condition bool
}

// Expression is compiled once and safe for concurrent use.
type Expression struct {
	program *vm.Program
}

// Compile compiles an expression. It returns all faults that it finds; without
// a fault the expression is not nil.
func Compile(source string, o Options) (*Expression, []Fault) {
	if len(source) > maxSource {
		return nil, []Fault{{0, fmt.Sprintf("the expression is longer than %d characters", maxSource)}}
	}
	r := &rewriter{Options: o}
	program, err := expr.Compile(source, append(slices.Clone(language()), expr.Patch(r))...)
	for _, f := range r.bare {
		r.fault(f, unknownName(f.Value))
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	if err != nil {
		return nil, []Fault{compileFault(err, source)}
	}
	if o.Condition && !r.reads && r.texts {
		return nil, []Fault{{0, `where reads no column, and so is the same for every row: a column is written row["Status"]`}}
	}
	if kind := program.Node().Type().Kind(); o.Condition && kind != reflect.Bool && kind != reflect.Interface {
		return nil, []Fault{{0, "where must give true or false"}}
	}
	return &Expression{program}, nil
}

// language is what all expressions share. Of the functions of expr those stay
// that take a condition; it has no switch for them.
var language = sync.OnceValue(func() []expr.Option {
	options := []expr.Option{expr.Env(map[string]any{}), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins()}
	for name, f := range functions {
		options = append(options, expr.Function(name, f.call, f.signatures()...))
	}
	for name, read := range readers {
		options = append(options, expr.Function(name, read, function{max: 1}.signatures()...))
	}
	return options
})

// scope is what one evaluation sees.
type scope struct {
	row   Row
	bytes int // made so far
}

// evaluation is a machine with its scope, used again for the next row.
type evaluation struct {
	machine vm.VM
	scope   scope
}

var evaluations = sync.Pool{New: func() any { return &evaluation{machine: vm.VM{MemoryBudget: maxElements}} }}

// Eval evaluates the expression for a row. The result is nil, a string, bool,
// int, float64, json.Number or time.Time, or a []any of these.
func (x *Expression) Eval(row Row) (any, error) {
	e := evaluations.Get().(*evaluation)
	e.scope = scope{row: row}
	out, err := e.machine.Run(x.program, &e.scope)
	e.scope = scope{}
	evaluations.Put(e)
	if err != nil {
		return nil, plainError(err)
	}
	return result(out, 0)
}

// result refuses what no field can hold.
func result(v any, depth int) (any, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("the result is not valid UTF-8")
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errNotFinite
		}
	case time.Time:
		if err := convert.InYears(v); err != nil {
			return nil, errors.New("the result " + err.Error())
		}
	case []any:
		if depth > 0 {
			return nil, errors.New("the result is a list of lists: use flatten()")
		}
		for _, e := range v {
			if _, err := result(e, depth+1); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		return nil, errors.New("the result is an object: name one of its members")
	case nil, bool, int, json.Number:
	default:
		return nil, errors.New("the result is not text, a number, a list, or true or false")
	}
	return v, nil
}
