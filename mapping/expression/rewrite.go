package expression

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"caseimport/mapping/convert"
	"caseimport/mapping/words"
)

// rewriter changes an expression before it is compiled: row["X"] and row.X
// become a read of column X by its number, and operators, members, indices and
// slices become calls of internals, which keep the promises of the package
// comment. Every function of ours gets the scope as its first argument. It also
// refuses what is unknown, all at once.
type rewriter struct {
	Options
	loose  map[*ast.IdentifierNode]bool // names that mean nothing so far
	faults []Fault
}

func newRewriter(o Options) *rewriter {
	return &rewriter{Options: o, loose: map[*ast.IdentifierNode]bool{}}
}

func (r *rewriter) fault(n ast.Node, message string) {
	r.faults = append(r.faults, Fault{n.Location().From, message})
}

// faultsLeft adds the faults that show only at the end.
func (r *rewriter) faultsLeft() []Fault {
	for n := range r.loose {
		if n.Value == "row" {
			r.fault(n, `row is not a value by itself: name a column, row["…"]`)
		} else {
			r.fault(n, fmt.Sprintf("unknown name %s: write row[%q] for the column, %q for the text", n.Value, n.Value, n.Value))
		}
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Offset - b.Offset })
	return r.faults
}

// call makes a call of a function of ours.
func call(name string, at ast.Node, args ...ast.Node) ast.Node {
	callee := &ast.IdentifierNode{Value: name}
	env := &ast.IdentifierNode{Value: "$env"}
	n := &ast.CallNode{Callee: callee, Arguments: append([]ast.Node{env}, args...)}
	for _, c := range []ast.Node{callee, env, n} {
		c.SetLocation(at.Location())
	}
	return n
}

// Visit sees every node after its children.
func (r *rewriter) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		r.identifier(node, n)
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.UnaryNode:
		switch n.Operator {
		case "-":
			ast.Patch(node, call("#sub", n, &ast.IntegerNode{}, n.Node))
		case "+":
			ast.Patch(node, call("#sub", n, n.Node, &ast.IntegerNode{}))
		}
	case *ast.BinaryNode:
		r.binary(node, n)
	case *ast.SliceNode:
		from, to := n.From, n.To
		if from == nil {
			from = &ast.NilNode{}
		}
		if to == nil {
			to = &ast.NilNode{}
		}
		ast.Patch(node, call("#slice", n, n.Node, from, to))
	case *ast.BuiltinNode:
		r.builtin(node, n)
	case *ast.CallNode:
		r.call(node, n)
	case *ast.VariableDeclaratorNode: // let
		maps.DeleteFunc(r.loose, func(name *ast.IdentifierNode, _ bool) bool { return name.Value == n.Name })
	case *ast.BytesNode:
		r.fault(n, "bytes are not supported: write a text")
	}
}

func (r *rewriter) identifier(node *ast.Node, n *ast.IdentifierNode) {
	switch {
	case n.Value == "item" && !r.Item:
		r.fault(n, "item is only available beside each")
	case n.Value == "item":
		ast.Patch(node, call("#item", n))
	case n.Value == "$env":
		r.fault(n, "unknown name $env")
	default:
		r.loose[n] = true
	}
}

func (r *rewriter) member(node *ast.Node, n *ast.MemberNode) {
	row, ok := n.Node.(*ast.IdentifierNode)
	if !ok || row.Value != "row" {
		ast.Patch(node, call("#member", n, n.Node, n.Property))
		return
	}
	delete(r.loose, row)
	name, ok := n.Property.(*ast.StringNode)
	if !ok {
		ast.Patch(node, call("#column", n, n.Property))
		return
	}
	number := 0
	if r.Column != nil {
		var err error
		if number, err = r.Column(name.Value); err != nil {
			r.fault(name, err.Error())
		}
	}
	ast.Patch(node, call("#cell", n, &ast.IntegerNode{Value: number}))
}

var operators = map[string]string{
	"==": "#eq", "!=": "#ne", "<": "#lt", "<=": "#le", ">": "#gt", ">=": "#ge", "in": "#in", "??": "coalesce",
	"+": "#add", "-": "#sub", "*": "#mul", "/": "#div", "%": "#mod", "**": "#pow", "^": "#pow",
}

func (r *rewriter) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "contains", "startsWith", "endsWith":
		n.Left, n.Right = call("string", n.Left, n.Left), call("string", n.Right, n.Right)
		return
	case "matches":
		ast.Patch(node, call("#matches", n, r.pattern([]ast.Node{n.Left, n.Right})...))
		return
	}
	if name, ok := operators[n.Operator]; ok {
		ast.Patch(node, call(name, n, n.Left, n.Right))
	}
}

func (r *rewriter) builtin(node *ast.Node, n *ast.BuiltinNode) {
	prepare, ok := native[n.Name]
	if !ok && !slices.Contains(loops, n.Name) {
		r.unknown(n, n.Name)
		return
	}
	for i, arg := range n.Arguments {
		predicate, isPredicate := arg.(*ast.PredicateNode)
		switch {
		case isPredicate:
			if n.Name == "sortBy" {
				predicate.Node = call("#plain", predicate.Node, predicate.Node)
			}
		case prepare == "#number":
			n.Arguments[i] = call(prepare, arg, arg)
		case i == 0 || prepare == "#lists":
			n.Arguments[i] = call("#list", arg, arg)
		}
	}
	if n.Name == "sum" { // that of the language would wrap
		list := n.Arguments[0]
		if len(n.Arguments) > 1 {
			list = &ast.BuiltinNode{Name: "map", Arguments: n.Arguments}
			list.SetLocation(n.Location())
		}
		ast.Patch(node, call("#sum", n, list))
	}
}

func (r *rewriter) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		r.fault(n, "only functions can be called")
		return
	}
	delete(r.loose, callee)
	if _, ok := functions[callee.Value]; !ok {
		r.unknown(n, callee.Value)
		return
	}
	args := n.Arguments
	switch callee.Value {
	case "match", "replaceRegex":
		args = r.pattern(args)
	case "date":
		args = r.dates(args)
	case "format":
		if len(args) == 3 {
			args = []ast.Node{args[0], args[1], constant(r.zone(args[2]), args[2])}
		}
	}
	ast.Patch(node, call(callee.Value, n, args...))
}

func (r *rewriter) unknown(n ast.Node, name string) {
	r.fault(n, "unknown function "+name+"()"+words.DidYouMean(name, Functions()))
}

// pattern compiles a regular expression that is written out.
func (r *rewriter) pattern(args []ast.Node) []ast.Node {
	if len(args) < 2 {
		return args
	}
	written, ok := args[1].(*ast.StringNode)
	if !ok {
		return args
	}
	re, err := regexp.Compile(written.Value)
	if err != nil {
		r.fault(written, "invalid regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return args
	}
	return append([]ast.Node{args[0], constant(re, written)}, args[2:]...)
}

// dates makes one value of the layout and the timezone of date().
func (r *rewriter) dates(args []ast.Node) []ast.Node {
	if len(args) < 2 || len(args) > 3 {
		return args
	}
	dates := &convert.Dates{}
	if len(args) == 3 {
		dates.Zone = r.zone(args[2])
	}
	written, ok := args[1].(*ast.StringNode)
	if !ok {
		r.fault(args[1], "the layout must be a text in quotes, not calculated")
		return args
	}
	l, err := convert.NewLayout(written.Value)
	switch {
	case err != nil:
		r.fault(written, err.Error())
	case !l.Zoned && len(args) == 2:
		r.fault(written, "the layout has no time zone: pass one to date() as its third argument")
	}
	dates.Layouts = []convert.Layout{l}
	return []ast.Node{args[0], constant(dates, written)}
}

func (r *rewriter) zone(n ast.Node) *time.Location {
	written, ok := n.(*ast.StringNode)
	if !ok {
		r.fault(n, "the time zone must be a text in quotes, not calculated")
		return time.UTC
	}
	zone, err := convert.LoadZone(written.Value)
	if err != nil {
		r.fault(n, err.Error())
		return time.UTC
	}
	return zone
}

func constant(value any, at ast.Node) ast.Node {
	n := &ast.ConstantNode{Value: value}
	n.SetLocation(at.Location())
	return n
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
