package expression

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// rewriter changes an expression before it is compiled: row["X"] and row.X
// become a read of column X by its number, and operators, members, indices and
// slices become calls of functions that keep the promises of the package
// comment. (expr.Operator could not: its functions do not see what the row has
// made so far.) It also refuses what is unknown, all at once.
type rewriter struct {
	Options
	faults []Fault
	// bare are the names of functions that stand alone, in the order met: a column
	// may be called date.
	bare  []*ast.IdentifierNode
	reads bool // a column
	texts bool // holds a text
}

func (r *rewriter) fault(n ast.Node, message string) {
	r.faults = append(r.faults, Fault{n.Location().From, message})
}

// call makes a call of a function of ours, which gets the scope first.
func call(name string, args ...ast.Node) ast.Node {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: "$env"}}, args...),
	}
}

// Reset and ShouldRepeat put the rewriter behind the checks that expr makes
// before it compiles: of a call that one of them has seen, it does not check the
// arguments again.
func (r *rewriter) Reset()             {}
func (r *rewriter) ShouldRepeat() bool { return false }

// Visit sees every node after its children.
func (r *rewriter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch {
		case n.Value == "$env":
			r.fault(n, "unknown name $env")
		case n.Value == "item" && !r.Item:
			r.fault(n, "item is only available beside each")
		case n.Value == "parent" && !r.Parent:
			r.fault(n, "parent is only available beside from")
		case n.Value == "item":
			ast.Patch(node, call("#item"))
		case functions[n.Value].do != nil:
			r.bare = append(r.bare, n)
		}
	case *ast.StringNode:
		r.texts = true
	case *ast.MemberNode:
		ast.Patch(node, r.member(n))
	case *ast.UnaryNode:
		switch n.Operator {
		case "-":
			ast.Patch(node, call("#sub", &ast.IntegerNode{}, n.Node))
		case "+":
			ast.Patch(node, call("#sub", n.Node, &ast.IntegerNode{}))
		}
	case *ast.BinaryNode:
		if has := r.has(n.Right); has != "" && n.Operator == "in" {
			r.reads = true
			ast.Patch(node, call(has, n.Left))
		} else if name, ok := operators[n.Operator]; ok {
			ast.Patch(node, call(name, n.Left, r.pattern(n.Operator, n.Right)))
		}
	case *ast.SliceNode:
		ast.Patch(node, call("#slice", n.Node, orNil(n.From), orNil(n.To)))
	case *ast.BuiltinNode:
		r.loop(node, n)
	case *ast.CallNode:
		r.call(node, n)
	case *ast.BytesNode:
		r.fault(n, "bytes are not supported: write a text")
	}
}

func orNil(n ast.Node) ast.Node {
	if n == nil {
		return &ast.NilNode{}
	}
	return n
}

func (r *rewriter) member(n *ast.MemberNode) ast.Node {
	find, cell, column := r.Column, "#cell", "#column"
	switch row, ok := n.Node.(*ast.IdentifierNode); {
	case ok && row.Value == "row":
	case ok && row.Value == "parent" && r.Parent:
		find, cell, column = r.ParentColumn, "#parentCell", "#parentColumn"
	default:
		return call("#member", n.Node, n.Property)
	}
	r.reads = true
	name, ok := n.Property.(*ast.StringNode)
	if !ok {
		return call(column, n.Property)
	}
	number := 0
	if find != nil {
		var err error
		if number, err = find(name.Value); err != nil {
			r.fault(name, err.Error())
		}
	}
	return call(cell, &ast.IntegerNode{Value: number})
}

// has is what looks for a column in a row, "" for anything else.
func (r *rewriter) has(n ast.Node) string {
	switch row, ok := n.(*ast.IdentifierNode); {
	case ok && row.Value == "row":
		return "#has"
	case ok && row.Value == "parent" && r.Parent:
		return "#parentHas"
	}
	return ""
}

// operators are the functions that stand for an operator.
var operators = map[string]string{
	"==": "#eq", "!=": "#ne", "<": "#lt", "<=": "#le", ">": "#gt", ">=": "#ge", "in": "#in", "??": "coalesce", "..": "#range",
	"+": "#add", "-": "#sub", "*": "#mul", "/": "#div", "%": "#mod", "**": "#pow", "^": "#pow",
	"contains": "#contains", "startsWith": "#startsWith", "endsWith": "#endsWith", "matches": "#matches",
}

// loop prepares a function that goes through a list.
func (r *rewriter) loop(node *ast.Node, n *ast.BuiltinNode) {
	if !slices.Contains(loops, n.Name) {
		r.unknown(n, n.Name)
		return
	}
	n.Arguments[0] = call("#list", n.Arguments[0])
	switch of := n.Arguments[0]; n.Name {
	case "sum": // that of expr would wrap
		if len(n.Arguments) == 2 {
			of = &ast.BuiltinNode{Name: "map", Arguments: n.Arguments}
		}
		ast.Patch(node, call("#sum", of))
	case "sortBy": // that of expr would not compare as we do
		by := n.Arguments[1].(*ast.PredicateNode)
		by.Node = &ast.ArrayNode{Nodes: []ast.Node{by.Node, &ast.PointerNode{}}}
		of = &ast.BuiltinNode{Name: "map", Arguments: n.Arguments[:2]}
		ast.Patch(node, call("#sortBy", append([]ast.Node{of}, n.Arguments[2:]...)...))
	}
}

func (r *rewriter) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		r.fault(n, "only functions can be called")
		return
	}
	r.bare = slices.DeleteFunc(r.bare, func(f *ast.IdentifierNode) bool { return f == callee })
	if _, ok := functions[callee.Value]; !ok {
		r.unknown(n, callee.Value)
		return
	}
	for i, arg := range n.Arguments {
		switch {
		case i == 1 && callee.Value == "date":
			n.Arguments[i] = fixed(r, arg, "the layout", func(s string) (convert.Layout, error) {
				l, err := convert.NewLayout(s)
				if err == nil && !l.Zoned && len(n.Arguments) == 2 {
					err = errors.New("the layout has no time zone: pass one to date() as its third argument")
				}
				return l, err
			})
		case i == 1:
			n.Arguments[i] = r.pattern(callee.Value, arg)
		case i == 2 && (callee.Value == "date" || callee.Value == "format"):
			n.Arguments[i] = fixed(r, arg, "the time zone", convert.LoadZone)
		}
	}
	ast.Patch(node, call(callee.Value, n.Arguments...))
}

func (r *rewriter) unknown(n ast.Node, name string) {
	r.fault(n, "unknown function "+name+"()"+words.DidYouMean(name, Functions()))
}

// pattern compiles the regular expression that is written out as the second
// argument of a function or an operator, if it takes one.
func (r *rewriter) pattern(of string, n ast.Node) ast.Node {
	if _, written := n.(*ast.StringNode); !written || of != "matches" && of != "match" && of != "replaceRegex" {
		return n
	}
	return fixed(r, n, "", func(s string) (*regexp.Regexp, error) {
		re, err := regexp.Compile(s)
		if err != nil {
			return nil, errors.New("invalid regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return re, nil
	})
}

// fixed gives what is made of a text that has to be written out.
func fixed[T any](r *rewriter, n ast.Node, what string, read func(string) (T, error)) ast.Node {
	written, ok := n.(*ast.StringNode)
	if !ok {
		r.fault(n, what+" must be a text in quotes, not calculated")
		return n
	}
	value, err := read(written.Value)
	if err != nil {
		r.fault(n, err.Error())
	}
	return &ast.ConstantNode{Value: value}
}

// Canonical writes an expression so that two give the same text iff they say
// the same but for blanks, quotes and the case of column names, which fold
// makes equal. If the expression is nothing but a column, column is its name.
func Canonical(source string, fold func(string) string) (text, column string) {
	tree, err := parser.Parse(source)
	if err != nil { // Compile has said so
		return source, ""
	}
	ast.Walk(&tree.Node, folder(fold))
	if name, ok := rowColumn(tree.Node); ok {
		column = name.Value
	}
	return tree.Node.String(), column
}

// folder folds the constant columns of an expression.
type folder func(string) string

func (f folder) Visit(node *ast.Node) {
	if column, ok := rowColumn(*node); ok {
		column.Value = f(column.Value)
	}
}

// rowColumn returns the constant X of row["X"].
func rowColumn(n ast.Node) (*ast.StringNode, bool) {
	member, ok := n.(*ast.MemberNode)
	if !ok {
		return nil, false
	}
	row, ok := member.Node.(*ast.IdentifierNode)
	if !ok || row.Value != "row" {
		return nil, false
	}
	column, ok := member.Property.(*ast.StringNode)
	return column, ok
}
