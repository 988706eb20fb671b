package sandbox

import (
	"encoding/json"
	"iter"
	"strings"
)

// The functions here take apart JSON that is known to be valid without copying
// it: every part is a substring. They also keep what encoding/json would hide:
// repeated members, and a number's spelling.

// members yields name and value of each member of an object, in order.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		i := space(object, 1)
		for object[i] != '}' {
			end := skip(object, i)
			name := text(object[i:end])
			i = space(object, space(object, end)+1) // behind the colon
			end = skip(object, i)
			if !yield(name, object[i:end]) {
				return
			}
			i = next(object, end)
		}
	}
}

// elements yields each element of an array, in order.
func elements(array string) iter.Seq[string] {
	return func(yield func(string) bool) {
		i := space(array, 1)
		for array[i] != ']' {
			end := skip(array, i)
			if !yield(array[i:end]) {
				return
			}
			i = next(array, end)
		}
	}
}

// text returns what a JSON string stands for.
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

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	raw, _ := json.Marshal(s) // a string cannot fail
	return append(b, raw...)
}

// skip returns the index behind the value that begins at i.
func skip(s string, i int) int {
	switch s[i] {
	case '"':
		for i++; s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			}
		}
		return i + 1
	case '{', '[':
		for depth := 0; ; i++ {
			switch s[i] {
			case '"':
				i = skip(s, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(s) && strings.IndexByte(",]} \t\r\n", s[i]) < 0 {
		i++
	}
	return i
}

// space returns the index of the first byte from i on that is no white space.
func space(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// next returns the index of the next element, or of the closing bracket, from
// the end of the one before.
func next(s string, i int) int {
	i = space(s, i)
	if s[i] == ',' {
		i = space(s, i+1)
	}
	return i
}
