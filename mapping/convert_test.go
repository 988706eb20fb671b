package mapping

import (
	"encoding/json"
	"reflect"
	"testing"
)

// want is what a rule makes of a cell: a value, or a fault with this reason.
type want struct {
	value  any
	reason string
}

func check(t *testing.T, got any, faults []Fault, want want) {
	t.Helper()
	if want.reason != "" {
		if len(faults) != 1 || faults[0].Reason != want.reason {
			t.Errorf("got %#v, faults %v, want the fault %q", got, faults, want.reason)
		}
		return
	}
	if len(faults) != 0 || !reflect.DeepEqual(got, want.value) {
		t.Errorf("got %#v, faults %v, want %#v", got, faults, want.value)
	}
}

func TestConvert(t *testing.T) {
	const (
		notWhole  = "is not a whole number"
		notNumber = "is not a number"
		neither   = "is neither true nor false"
		noDate    = "is not an RFC 3339 date such as 2022-04-21T06:30:21Z"
	)
	n := func(s string) want { return want{value: json.Number(s)} }
	v := func(v any) want { return want{value: v} }
	fault := func(reason string) want { return want{reason: reason} }
	for _, c := range []struct {
		field, rule string
		cell        any
		want        want
	}{
		{"text_a", "A", " carried\r\nexactly ", v(" carried\r\nexactly ")},
		{"text_a", "A", " \t\u00a0", v(nil)},
		{"text_a", "A", num("101004143000"), v("101004143000")},
		{"text_a", "A", num("1.50"), v("1.50")},
		{"text_a", "A", boolean("true"), v("true")},
		{"text_a", "A", Value{}, v(nil)},
		{"text_a", "A", obj("b", s("x")), fault("is an object: name one of its members")},
		{"multi_line_text1", "A", "a\nb", v("a\nb")},
		{"dropdown_a", "A", "001", v("001")},
		{"dropdown_a", "A", num("7"), v("7")},
		{"drop_down1", "A", "001", v("001")},

		{"checkbox_a", "A", "TRUE", v(true)}, {"checkbox_a", "A", " Yes ", v(true)}, {"checkbox_a", "A", "1", v(true)},
		{"checkbox_a", "A", "false", v(false)}, {"checkbox_a", "A", "NO", v(false)}, {"checkbox_a", "A", "0", v(false)},
		{"checkbox_a", "A", boolean("true"), v(true)},
		{"checkbox_a", "A", "x", fault(neither)}, {"checkbox_a", "A", "on", fault(neither)},
		{"checkbox_a", "{column: A, true: [gold, yes], false: silver}", "Gold", v(true)},
		{"checkbox_a", "{column: A, true: [gold, yes], false: silver}", "YES", v(true)},
		{"checkbox_a", "{column: A, true: [gold, yes], false: silver}", "SILVER", v(false)},
		{"checkbox_a", "{column: A, true: [gold, yes], false: silver}", "true", fault(neither)},
		{"checkbox_a", "{column: A, true: [gold, yes], false: silver}", "no", fault(neither)},
		{"checkbox_a", "{column: A, true: [gold]}", "no", v(false)},
		{"checkbox_a", "{column: A, true: [0], false: [1]}", "0", v(true)},

		{"numeric_a", "A", "42", n("42")}, {"numeric_a", "A", " -7 ", n("-7")}, {"numeric_a", "A", "+5", n("5")},
		{"numeric_a", "A", "007", n("7")}, {"numeric_a", "A", "-0", n("0")}, {"numeric_a", "A", num("3"), n("3")},
		{"numeric_a", "A", "1,234", fault(notWhole)}, {"numeric_a", "A", "1.000", fault(notWhole)}, {"numeric_a", "A", num("3.0"), fault(notWhole)},
		{"numeric_a", "A", "1e3", fault(notWhole)}, {"numeric_a", "A", "1.2E+11", fault(notWhole)}, {"numeric_a", "A", "0x10", fault(notWhole)},
		{"numeric_a", "A", "-", fault(notWhole)}, {"numeric_a", "A", "１", fault(notWhole)},
		{"numeric_a", "A", "9223372036854775807", n("9223372036854775807")},
		{"numeric_a", "A", "9223372036854775808", fault("is too large for a whole number")},

		{"decimal_a", "A", "3.50", n("3.50")}, {"decimal_a", "A", "-0.25", n("-0.25")}, {"decimal_a", "A", "3", n("3")},
		{"decimal_a", "A", "+.5", n("0.5")}, {"decimal_a", "A", "007.5", n("7.5")}, {"decimal_a", "A", num("1.5e3"), n("1.5e3")},
		{"decimal_a", "A", "00", n("0")}, {"decimal_a", "A", "-.5", n("-0.5")},
		{"decimal_a", "A", "3,5", fault(notNumber)}, {"decimal_a", "A", "1,234.5", fault(notNumber)}, {"decimal_a", "A", "5.", fault(notNumber)},
		{"decimal_a", "A", "NaN", fault(notNumber)}, {"decimal_a", "A", "Inf", fault(notNumber)}, {"decimal_a", "A", ".", fault(notNumber)}, {"decimal_a", "A", "1e", fault(notNumber)},
		{"decimal_a", "A", "1e999", fault("is too large for a number")},
		{"decimal_a", "{column: A, decimal_comma: true}", "3,50", n("3.50")},
		{"decimal_a", "{column: A, decimal_comma: true}", "3", n("3")},
		{"decimal_a", "{column: A, decimal_comma: true}", num("3.5"), n("3.5")},
		{"decimal_a", "{column: A, decimal_comma: true}", "3.5", fault("is not a number with a decimal comma")},
		{"decimal_a", "{column: A, decimal_comma: true}", "1.234,5", fault("is not a number with a decimal comma")},
		{"decimal_a", "{column: A, decimal_comma: true}", "1,2,3", fault(notNumber)},

		{"date_a", "A", "2022-04-21T06:30:21Z", v("2022-04-21T06:30:21Z")},
		{"date_a", "A", " 2022-04-21T06:30:21.999+02:00 ", v("2022-04-21T04:30:21Z")},
		{"date_a", "A", "2022-04-21 06:30:21Z", fault(noDate)}, {"date_a", "A", "2022-04-21T6:30:21Z", fault(noDate)},
		{"date_a", "A", "2022-04-21", fault(noDate)}, {"date_a", "A", "2022-02-30T00:00:00Z", fault(noDate)},
		{"date_a", "A", "0001-01-01T00:00:00+01:00", fault("is outside the years 1 to 9999")},

		{"multi_select_a", "A", " a, b ", v([]string{" a, b "})},
		{"multi_select_a", `{column: A, split: ","}`, " a, b,,a ", v([]string{"a", "b", "a"})},
		{"multi_select_a", `{column: A, split: ","}`, " , ", v(nil)},
		{"multi_select_a", "A", listVal(s("x"), s(""), num("2"), Value{}), v([]string{"x", "2"})},
		{"multi_select_a", `{column: A, split: ";"}`, listVal(s("x; y"), s("z")), v([]string{"x", "y", "z"})},
		{"multi_select_a", "A", listVal(obj("name", s("x"))), fault("is an object: name one of its members")},
		{"multi_select_a", "A", listVal(listVal(s("x"))), fault("is a nested list")},
		{"dependent_field_a", `{column: A, split: "::"}`, "a::b::c", v([]string{"a", "b", "c"})},
		{"dependent_field_a", `{column: A, split: "::"}`, "a::b::c::d", fault("has more than three levels")},
	} {
		got, faults := fieldOf(t, c.field, c.rule, "A", c.cell)
		t.Run(c.field+" "+c.rule, func(t *testing.T) { check(t, got, faults, c.want) })
	}
}
