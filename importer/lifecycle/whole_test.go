package lifecycle

import (
	"bytes"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"caseimport/importer/journal"
	"caseimport/importer/talkdesk"
	"caseimport/ratelimit"
)

// These tests fail when a field is added of which the copy, or the key, of a
// state knows nothing: the explorer would then take two states for one.

// notInKey are the fields that the key of a state leaves out, and why it may.
var notInKey = map[string]string{
	"Machine.cfg": "the same throughout a run; what is not is in the disk and in world.resends",
	"Machine.out": "always carried out before a key is made",

	"Machine.stopped.Reason":         "text",
	"Machine.stopped.Hint":           "text",
	"Machine.stopped.At":             "text",
	"Machine.breaker.reason":         "text",
	"Machine.hold.reason":            "text",
	"Machine.said.onlyRows":          "only decides what is said",
	"Machine.said.doubts":            "only decides what is said",
	"Machine.said.canary":            "only decides what is said",
	"Row.Claim.Number":               "of the scenario",
	"Row.Claim.Key":                  "of the scenario",
	"Row.Fault":                      "text",
	"Row.past.ID":                    "of the scenario",
	"Row.past.Number":                "of the scenario",
	"Row.past.Key":                   "of the scenario",
	"Row.last":                       "only recorded",
	"Row.made":                       "only recorded",
	"Machine.blind":                  "only whether it is empty counts",
	"Machine.canary.newest.Case.Key": "follows from its ID",
	"Machine.canary.found.Case.Key":  "follows from its ID",
	"Machine.canary.target.Case.Key": "follows from its ID",
	"Question.Key":                   "of the scenario",
	"Question.Page":                  "of the scenario",
	"Request.Key":                    "follows from its row",
	"Request.Ask":                    "there is one",
	"Machine.answers":                "only whether it is 0 counts",
	"Row.Attempts":                   "only whether it is 0 counts, but for the results",
	"Machine.canary.missed":          "only whether it is 0 counts, but for what is said",
}

// settable returns a field so that it can be set though it is not exported.
func settable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// fill sets all that can be set to something that is not zero.
func fill(v reflect.Value, row *Row) {
	if v.CanAddr() {
		v = settable(v)
	}
	switch v.Interface().(type) {
	case *Row:
		v.Set(reflect.ValueOf(row))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		return
	case []Action:
		v.Set(reflect.ValueOf([]Action{Claim{[]*Row{row}, true}, Record{Row: row}, Leave{Row: row}}))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.String:
		v.SetString("B1")
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), row)
		}
	case reflect.Array:
		fill(v.Index(0), row)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), row)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), row)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, row)
		fill(value, row)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf("something"))
		}
	}
}

// filled is a world whose machine has no field that is zero.
func filled() *world {
	w := newWorld(&scenario{rows: 2, workers: 1, runs: 1, creates: []answer{sameID}})
	row := &Row{}
	fill(reflect.ValueOf(row).Elem(), row)
	row.Claim.ID = rowID(1)
	row.state = Claimed
	row.past.ID = row.ID
	m := &Machine{}
	fill(reflect.ValueOf(m).Elem(), row)
	m.past = map[journal.ID]*Row{row.ID: row}
	w.m, w.rows[1] = m, row
	w.question = m.asks[0]
	w.flights = []flight{{q: Request{Kind: LookUp, Row: row, sent: 2, epoch: m.breaker.epoch}}}
	return w
}

func TestCopyIsWhole(t *testing.T) {
	w := filled()
	m, c := w.m, copier{}
	n := c.machine(m)
	if !reflect.DeepEqual(m, n) {
		t.Fatal("a field of the machine is not copied")
	}
	unshared(t, "Machine", reflect.ValueOf(m), reflect.ValueOf(n), map[unsafe.Pointer]bool{})
}

// unshared fails where two values share memory that may change.
func unshared(t *testing.T, path string, a, b reflect.Value, seen map[unsafe.Pointer]bool) {
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if a.IsNil() {
			return
		}
		switch a.Type() {
		case reflect.TypeFor[*journal.Claim](), reflect.TypeFor[[]byte](), reflect.TypeFor[[]talkdesk.FieldError](), reflect.TypeFor[[]ratelimit.Quota](),
			reflect.TypeFor[*talkdesk.Update](), reflect.TypeFor[*talkdesk.Answer](), reflect.TypeFor[*Record](), reflect.TypeFor[*time.Location]():
			return // never changed
		}
		if a.UnsafePointer() == b.UnsafePointer() {
			t.Errorf("%s is shared by the copy", path)
		}
		if seen[a.UnsafePointer()] {
			return
		}
		seen[a.UnsafePointer()] = true
	}
	switch a.Kind() {
	case reflect.Pointer:
		unshared(t, path, a.Elem(), b.Elem(), seen)
	case reflect.Interface:
		if !a.IsNil() {
			unshared(t, path, a.Elem(), b.Elem(), seen)
		}
	case reflect.Struct:
		for i := range a.NumField() {
			unshared(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i), seen)
		}
	case reflect.Slice:
		for i := range a.Len() {
			unshared(t, path, a.Index(i), b.Index(i), seen)
		}
	case reflect.Map:
		for _, key := range a.MapKeys() {
			unshared(t, path, a.MapIndex(key), b.MapIndex(key), seen)
		}
	}
}

func TestKeyIsWhole(t *testing.T) {
	w := filled()
	var k keyer
	k.world(w)
	before := bytes.Clone(k.buf)
	excused := map[string]bool{}
	check := func(path string, v reflect.Value) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		alter(v)
		k.world(w)
		v.Set(old)
		why, left := notInKey[path]
		excused[path] = true
		switch same := bytes.Equal(before, k.buf); {
		case same && (!left || why == ""):
			t.Errorf("%s is not in the key", path)
		case !same && left && why != "":
			t.Errorf("%s is in the key, and is said not to be: %s", path, why)
		}
	}
	row := w.rows[1]
	fields(reflect.ValueOf(w.m).Elem(), "Machine", check)
	fields(reflect.ValueOf(row).Elem(), "Row", check)
	fields(reflect.ValueOf(w.m.asks[0]).Elem(), "Question", check)
	fields(reflect.ValueOf(&w.flights[0].q).Elem(), "Request", check)
	for path := range notInKey {
		if !excused[path] {
			t.Errorf("there is no field %s", path)
		}
	}
}

// fields calls check for each field, and for those of the structs in it.
func fields(v reflect.Value, path string, check func(path string, v reflect.Value)) {
	v = settable(v)
	if why := notInKey[path]; why != "" {
		check(path, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fields(v.Field(i), path+"."+v.Type().Field(i).Name, check)
		}
	case reflect.Pointer:
		check(path, v)
		switch v.Type() {
		case reflect.TypeFor[*Row](), reflect.TypeFor[*talkdesk.Update](), reflect.TypeFor[*talkdesk.Answer]():
			return // of the others, only whether they are nil, or add notes, counts
		}
		if !v.IsNil() {
			fields(v.Elem(), path, check)
		}
	default:
		check(path, v)
	}
}

// alter makes a value another.
func alter(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + int64(time.Hour))
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	case reflect.String:
		v.SetString("C1")
	case reflect.Array:
		alter(v.Index(v.Len() - 1))
	case reflect.Struct:
		for i := range v.NumField() {
			alter(settable(v.Field(i)))
		}
	default:
		v.SetZero()
	}
}
