package sandbox

import (
	"encoding/json"
	"iter"
	"strings"

	"github.com/tidwall/gjson"
)

// Values are kept as raw JSON, so that an answer spells a number as the request
// did. The functions here take apart what json.Valid has let pass.

// elements yields each element of an array, in order.
func elements(array string) iter.Seq[string] {
	return func(yield func(string) bool) {
		gjson.Parse(array).ForEach(func(_, value gjson.Result) bool { return yield(value.Raw) })
	}
}

// text returns what a JSON string stands for. gjson would read a broken pair of
// surrogates otherwise than encoding/json does.
func text(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(raw), &s) // valid, so it cannot fail
	return s
}

func isString(raw string) bool { return raw[0] == '"' }
func isArray(raw string) bool  { return raw[0] == '[' }
func isObject(raw string) bool { return raw[0] == '{' }
func isBool(raw string) bool   { return raw == "true" || raw == "false" }
func isNumber(raw string) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// quote returns s as a JSON string.
func quote(s string) string {
	raw, _ := json.Marshal(s) // a string cannot fail
	return string(raw)
}
