package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// input reads the fields of a body as the server's serializers do: it coerces, strips, checks and collects the errors by
// field. What is not in the body leaves its destination alone, so a body is always read into a copy of the object.
type input struct {
	data    *dict
	partial bool // a PATCH: nothing is required
	errs    fields
	crashed bool // the real server runs into an exception, whatever the errors are
}

// closed stands for a body that is no object: nothing is read from it, and nothing is missed.
var closed = &dict{}

// input opens a body for reading. A body that is no object is an error of its own.
func (r *request) input(partial bool) *input { return newInput(r.body, partial) }

func newInput(body any, partial bool) *input {
	in := &input{data: closed, partial: partial, errs: fields{}}
	switch b := body.(type) {
	case *dict:
		in.data = b
	case nil:
		in.fail("non_field_errors", "No data provided")
	default:
		in.fail("non_field_errors", "Invalid data. Expected a dictionary, but got %s.", pyType(b))
	}
	return in
}

func (in *input) fail(field, format string, args ...any) {
	in.failWith(field, []string{fmt.Sprintf(format, args...)})
}

func (in *input) failWith(field string, errs any) {
	if _, ok := in.errs[field]; !ok {
		in.errs[field] = errs
	}
}

// bad is the 400 for the errors so far; status 0 where there are none.
func (in *input) bad() answer {
	switch {
	case in.crashed:
		return crash()
	case len(in.errs) > 0:
		return bad(in.errs)
	}
	return answer{}
}

// rule is what a field asks of its value.
type rule func(*rules)

type rules struct {
	required, blank bool
	max             int
	choices         []string
	low, high       float64
	bounded         bool
}

func required(r *rules)        { r.required = true }
func blank(r *rules)           { r.blank = true }
func upTo(n int) rule          { return func(r *rules) { r.max = n } }
func oneOf(all ...string) rule { return func(r *rules) { r.choices = all } }
func between(low, high float64) rule {
	return func(r *rules) { r.low, r.high, r.bounded = low, high, true }
}

// value fetches what the body says about a field: whether there is something to read, and null if it is null.
func (in *input) value(name string, nullable bool, opts []rule) (v any, r rules, read bool) {
	for _, o := range opts {
		o(&r)
	}
	v, ok := in.data.get(name)
	if !ok {
		if in.data == closed {
			return nil, r, false
		}
		if r.required && !in.partial {
			in.fail(name, "This field is required.")
		}
		return nil, r, false
	}
	if v == nil && !nullable {
		in.fail(name, "This field may not be null.")
		return nil, r, false
	}
	return v, r, true
}

// text reads a string that may not be null.
func (in *input) text(name string, to *string, opts ...rule) {
	if v, r, ok := in.value(name, false, opts); ok {
		if s, msgs := readText(v, r); msgs != nil {
			in.failWith(name, msgs)
		} else {
			*to = s
		}
	}
}

// nullText reads a string or null.
func (in *input) nullText(name string, to **string, opts ...rule) {
	v, r, ok := in.value(name, true, opts)
	if !ok {
		return
	}
	if v == nil {
		*to = nil
		return
	}
	if s, msgs := readText(v, r); msgs != nil {
		in.failWith(name, msgs)
	} else {
		*to = &s
	}
}

func readText(v any, r rules) (string, []string) {
	if len(r.choices) > 0 {
		s := pyStr(v)
		if s == "" && r.blank || slices.Contains(r.choices, s) {
			return s, nil
		}
		return "", []string{fmt.Sprintf("%q is not a valid choice.", s)}
	}
	if strip(pyStr(v)) == "" || v == "" {
		if !r.blank {
			return "", []string{"This field may not be blank."}
		}
		return "", nil
	}
	switch v.(type) {
	case string, json.Number:
	default:
		return "", []string{"Not a valid string."}
	}
	s := strip(pyStr(v))
	var msgs []string
	if r.max > 0 && utf8.RuneCountInString(s) > r.max {
		msgs = append(msgs, fmt.Sprintf("Ensure this field has no more than %d characters.", r.max))
	}
	if strings.ContainsRune(s, 0) {
		msgs = append(msgs, "Null characters are not allowed.")
	}
	return s, msgs
}

// flag reads a boolean.
func (in *input) flag(name string, to *bool, opts ...rule) {
	v, _, ok := in.value(name, false, opts)
	if !ok {
		return
	}
	if b, null, ok := toBool(v); ok && !null {
		*to = b
	} else {
		in.fail(name, "Must be a valid boolean.")
	}
}

// nullFlag reads a boolean or null.
func (in *input) nullFlag(name string, to **bool, opts ...rule) {
	v, _, ok := in.value(name, true, opts)
	if !ok {
		return
	}
	switch b, null, ok := toBool(v); {
	case !ok:
		in.fail(name, "Must be a valid boolean.")
	case null:
		*to = nil
	default:
		*to = &b
	}
}

// number reads a 32-bit integer.
func (in *input) number(name string, to *int64, opts ...rule) {
	if v, _, ok := in.value(name, false, opts); ok {
		in.int32(name, v, func(n int64) { *to = n })
	}
}

// nullNumber reads a 32-bit integer or null.
func (in *input) nullNumber(name string, to **int64, opts ...rule) {
	v, _, ok := in.value(name, true, opts)
	if ok && v == nil {
		*to = nil
	} else if ok {
		in.int32(name, v, func(n int64) { *to = &n })
	}
}

func (in *input) int32(name string, v any, set func(int64)) {
	n, ok := toInt(v)
	switch {
	case !ok:
		in.fail(name, "A valid integer is required.")
	case n > math.MaxInt32:
		in.fail(name, "Ensure this value is less than or equal to 2147483647.")
	case n < math.MinInt32:
		in.fail(name, "Ensure this value is greater than or equal to -2147483648.")
	default:
		set(n)
	}
}

// toInt is what an integer field reads: "5", 5 and 5.0, but not true.
func toInt(v any) (int64, bool) {
	switch v.(type) {
	case string, json.Number:
	default:
		return 0, false
	}
	s := strings.TrimRightFunc(pyStr(v), func(r rune) bool { return strip(string(r)) == "" })
	if head, tail, ok := strings.Cut(s, "."); ok && strings.Trim(tail, "0") == "" {
		s = head
	}
	return pyInt(s)
}

// percent reads a float.
func (in *input) percent(name string, to *float64, opts ...rule) {
	v, r, ok := in.value(name, false, opts)
	if !ok {
		return
	}
	var f float64
	var err error = strconv.ErrSyntax
	switch v := v.(type) {
	case json.Number, string:
		f, err = strconv.ParseFloat(strip(pyStr(v)), 64)
	case bool:
		if err = nil; v {
			f = 1
		}
	}
	switch {
	case err != nil:
		in.fail(name, "A valid number is required.")
	case r.bounded && f > r.high:
		in.fail(name, "Ensure this value is less than or equal to %v.", r.high)
	case r.bounded && f < r.low:
		in.fail(name, "Ensure this value is greater than or equal to %v.", r.low)
	default:
		*to = f
	}
}

// when reads a date or a time into UTC, or null.
func (in *input) when(name string, to **time.Time, opts ...rule) {
	v, _, ok := in.value(name, true, opts)
	if !ok {
		return
	}
	if v == nil {
		*to = nil
		return
	}
	s, _ := v.(string)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			*to = &t
			return
		}
	}
	in.fail(name, "Datetime has wrong format. Use one of these formats instead: "+
		"YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].")
}

// key reads the id of an object that must exist.
func (in *input) key(name string, to *int64, exists func(int64) bool, opts ...rule) {
	if v, _, ok := in.value(name, false, opts); ok {
		if id, msg := readKey(v, exists); msg != "" {
			in.fail(name, "%s", msg)
		} else {
			*to = id
		}
	}
}

// nullKey reads the id of an object that must exist, or null.
func (in *input) nullKey(name string, to **int64, exists func(int64) bool, opts ...rule) {
	v, _, ok := in.value(name, true, opts)
	if !ok {
		return
	}
	if v == nil || v == "" {
		*to = nil
		return
	}
	if id, msg := readKey(v, exists); msg != "" {
		in.fail(name, "%s", msg)
	} else {
		*to = &id
	}
}

// keys reads a list of ids of objects that must exist, dropping repetitions.
func (in *input) keys(name string, to *[]int64, exists func(int64) bool, opts ...rule) {
	v, _, ok := in.value(name, false, opts)
	if !ok {
		return
	}
	list, ok := v.([]any)
	if d, isDict := v.(*dict); isDict { // iterates over its keys
		for ok = true; len(list) < len(d.keys); {
			list = append(list, d.keys[len(list)])
		}
	}
	if !ok {
		in.fail(name, "Expected a list of items but got type %q.", pyType(v))
		return
	}
	ids := []int64{}
	for _, e := range list {
		id, msg := readKey(e, exists)
		if msg != "" {
			in.fail(name, "%s", msg)
			return
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	*to = ids
}

func readKey(v any, exists func(int64) bool) (int64, string) {
	var id int64
	ok := false
	switch v := v.(type) {
	case string:
		id, ok = pyInt(v)
	case json.Number:
		f, err := v.Float64()
		if id, ok = int64(f), err == nil; float64(id) != f {
			id = 0
		}
	case nil:
		ok = true
	}
	if !ok {
		return 0, "Incorrect type. Expected pk value, received " + pyType(v) + "."
	}
	if !exists(id) {
		return 0, fmt.Sprintf("Invalid pk %q - object does not exist.", pyStr(v))
	}
	return id, ""
}

// list reads a list of nested objects; each gets an input of its own. The errors of the items are a list in the same
// order, {} for an item without any.
func (in *input) list(name string, item func(*input), opts ...rule) (present bool) {
	v, _, ok := in.value(name, false, opts)
	if !ok {
		return false
	}
	items, ok := v.([]any)
	if !ok {
		in.failWith(name, fields{"non_field_errors": []string{fmt.Sprintf("Expected a list of items but got type %q.", pyType(v))}})
		return false
	}
	errs, failed := make([]any, len(items)), false
	for i, e := range items {
		if e == nil {
			errs[i], failed = []string{"This field may not be null."}, true
			continue
		}
		nested := newInput(e, in.partial)
		item(nested)
		errs[i] = nested.errs
		failed, in.crashed = failed || len(nested.errs) > 0, in.crashed || nested.crashed
	}
	if failed {
		in.failWith(name, errs)
	}
	return true
}

// ptr makes an optional value.
func ptr[T any](v T) *T { return &v }
