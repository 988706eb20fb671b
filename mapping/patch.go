package mapping

import (
	"caseimport/mapping/convert"
	"caseimport/mapping/words"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// patcher rewrites an expression before it is compiled, so that the same
// mapping reads CSV, where every cell is text, and JSON, where some are
// numbers or missing, alike:
//
//   - row["X"] and row.X become a read of column X by its number;
//   - == != < <= > >= in + ?? and the text operators become functions that know
//     numbers written as text and take a missing value for an empty one;
//   - every member, index and slice that is missing is nothing, and text is
//     indexed by characters;
//   - every function gets the scope, from whose budget it pays for its work,
//     and so does every step of a loop.
//
// It also refuses what is unknown, all at once.
type patcher struct {
	column resolve
	inEach bool
	rows   map[*ast.IdentifierNode]bool // row without a column so far
	faults []exprFault
}

func newPatcher(column resolve, inEach bool) *patcher {
	return &patcher{column: column, inEach: inEach, rows: map[*ast.IdentifierNode]bool{}}
}

func (p *patcher) fault(n ast.Node, message string) {
	p.faults = append(p.faults, exprFault{n.Location().From, message})
}

// faultsLeft adds the faults that show only at the end.
func (p *patcher) faultsLeft() []exprFault {
	for n := range p.rows {
		p.fault(n, `row alone is no value: name a column, row["…"]`)
	}
	slices.SortStableFunc(p.faults, func(a, b exprFault) int { return a.offset - b.offset })
	return p.faults
}

// call makes a call of a function of ours, which takes the scope first.
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
func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		p.identifier(node, n)
	case *ast.MemberNode:
		p.member(node, n)
	case *ast.BinaryNode:
		p.binary(node, n)
	case *ast.SliceNode:
		from, to := n.From, n.To
		if from == nil {
			from = &ast.NilNode{}
		}
		if to == nil {
			to = &ast.NilNode{}
		}
		ast.Patch(node, call("#slice", n, n.Node, from, to))
	case *ast.PredicateNode:
		n.Node = call("#step", n, n.Node)
	case *ast.BuiltinNode:
		p.builtin(n)
	case *ast.CallNode:
		p.call(node, n)
	case *ast.BytesNode:
		p.fault(n, "bytes are not supported: write a text")
	}
}

func (p *patcher) identifier(node *ast.Node, n *ast.IdentifierNode) {
	switch {
	case n.Value == "row":
		p.rows[n] = true
	case n.Value == "item" && !p.inEach:
		p.fault(n, "item is an element of each: there is no each beside this rule")
	case n.Value == "item":
		ast.Patch(node, call("#item", n))
	case n.Value == "$env":
		p.fault(n, "unknown name $env")
	}
}

func (p *patcher) member(node *ast.Node, n *ast.MemberNode) {
	row, ok := n.Node.(*ast.IdentifierNode)
	if !ok || row.Value != "row" {
		ast.Patch(node, call("#member", n, n.Node, n.Property))
		return
	}
	delete(p.rows, row)
	name, ok := n.Property.(*ast.StringNode)
	if !ok {
		ast.Patch(node, call("#column", n, n.Property))
		return
	}
	i, message := p.column(name.Value)
	if message != "" {
		p.fault(name, message)
	}
	ast.Patch(node, call("#cell", n, &ast.IntegerNode{Value: i}))
}

var operators = map[string]string{
	"==": "#eq", "!=": "#ne", "<": "#lt", "<=": "#le", ">": "#gt", ">=": "#ge",
	"in": "#in", "+": "#add", "??": "coalesce",
}

func (p *patcher) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "contains", "startsWith", "endsWith":
		n.Left, n.Right = call("#text", n.Left, n.Left), call("#text", n.Right, n.Right)
		return
	case "matches":
		ast.Patch(node, call("#matches", n, p.pattern([]ast.Node{n.Left, n.Right})...))
		return
	}
	name, ok := operators[n.Operator]
	if !ok || isNumberNode(n.Left) && isNumberNode(n.Right) {
		return
	}
	ast.Patch(node, call(name, n, n.Left, n.Right))
}

// isNumberNode says whether the node is a number in every row.
func isNumberNode(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	case *ast.BuiltinNode:
		return n.Name == "count" || n.Name == "findIndex" || n.Name == "findLastIndex"
	case *ast.CallNode:
		callee, ok := n.Callee.(*ast.IdentifierNode)
		return ok && callee.Value == "len"
	}
	return false
}

func (p *patcher) builtin(n *ast.BuiltinNode) {
	how, ok := native[n.Name]
	if !ok && !slices.Contains(loops, n.Name) {
		p.fault(n, "unknown function "+n.Name+"()"+words.DidYouMean(n.Name, functionNames()))
		return
	}
	for i, arg := range n.Arguments {
		_, predicate := arg.(*ast.PredicateNode)
		switch {
		case predicate:
		case how == "#number":
			n.Arguments[i] = call(how, arg, arg)
		case i == 0 || how == "#lists":
			n.Arguments[i] = call("#list", arg, arg)
		}
	}
}

func (p *patcher) call(node *ast.Node, n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		p.fault(n, "only functions can be called")
		return
	}
	if !slices.Contains(functionNames(), callee.Value) {
		p.fault(n, "unknown function "+callee.Value+"()"+words.DidYouMean(callee.Value, functionNames()))
		return
	}
	args := n.Arguments
	switch callee.Value {
	case "match", "replaceRegex":
		args = p.pattern(args)
	case "date":
		args = p.dateForm(args)
	case "format":
		args = p.zone(args)
	}
	ast.Patch(node, call(callee.Value, n, args...))
}

// pattern compiles a regular expression that is written out.
func (p *patcher) pattern(args []ast.Node) []ast.Node {
	if len(args) < 2 {
		return args
	}
	written, ok := args[1].(*ast.StringNode)
	if !ok {
		return args
	}
	re, err := regexp.Compile(written.Value)
	if err != nil {
		p.fault(written, "the regular expression is wrong: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return args
	}
	return append([]ast.Node{args[0], constant(re, written)}, args[2:]...)
}

// dateForm makes one form of the layout and the timezone of date().
func (p *patcher) dateForm(args []ast.Node) []ast.Node {
	if len(args) < 2 || len(args) > 3 {
		return args
	}
	form := &convert.Dates{}
	if len(args) == 3 {
		form.Zone = p.zoneOf(args[2])
	}
	written, ok := args[1].(*ast.StringNode)
	if !ok {
		p.fault(args[1], "the layout is written out, not calculated")
		return args
	}
	l, err := convert.NewLayout(written.Value)
	switch {
	case err != nil:
		p.fault(written, err.Error())
	case !l.Zoned && len(args) == 2:
		p.fault(written, "the layout holds no time zone: date() needs one as its third argument")
	}
	form.Layouts = []convert.Layout{l}
	return []ast.Node{args[0], constant(form, written)}
}

// zone loads the timezone of format().
func (p *patcher) zone(args []ast.Node) []ast.Node {
	if len(args) != 3 {
		return args
	}
	return []ast.Node{args[0], args[1], constant(p.zoneOf(args[2]), args[2])}
}

func (p *patcher) zoneOf(n ast.Node) *time.Location {
	written, ok := n.(*ast.StringNode)
	if !ok {
		p.fault(n, "the timezone is written out, not calculated")
		return time.UTC
	}
	zone, err := convert.LoadZone(written.Value)
	if err != nil {
		p.fault(n, err.Error())
		return time.UTC
	}
	return zone
}

func constant(value any, at ast.Node) ast.Node {
	n := &ast.ConstantNode{Value: value}
	n.SetLocation(at.Location())
	return n
}
