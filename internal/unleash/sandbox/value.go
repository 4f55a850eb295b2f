package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// object is a JSON object, in and out.
type object = map[string]any

// decode reads JSON; numbers are written as JavaScript writes them.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("Unexpected end of JSON input")
		}
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("Unexpected non-whitespace character after JSON")
	}
	return plain(v), nil
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return jsNumber(f)
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case object:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// jsNumber is a number as JavaScript prints it.
func jsNumber(f float64) json.Number {
	if a := math.Abs(f); a >= 1e21 || a < 1e-6 && a > 0 {
		return json.Number(strings.Replace(strconv.FormatFloat(f, 'e', -1, 64), "e-0", "e-", 1))
	}
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// show is a value as JavaScript's String() prints it.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case nil:
		return "null"
	case object:
		return "[object Object]"
	}
	return fmt.Sprint(v)
}

// clone copies a JSON value deeply.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	case object:
		out := object{}
		for k := range v {
			out[k] = clone(v[k])
		}
		return out
	}
	return v
}

func keys(o object) []string { return slices.Sorted(maps.Keys(o)) }

// What handlers read from a body that has been checked.

func str(o object, key string) string { s, _ := o[key].(string); return s }

func truth(o object, key string) bool { b, _ := o[key].(bool); return b }

func whole(v any) int {
	n, _ := v.(json.Number)
	f, _ := n.Float64()
	return int(f)
}

func items(o object, key string) []any { l, _ := o[key].([]any); return l }

func texts(o object, key string) []string {
	out := []string{}
	for _, v := range items(o, key) {
		out = append(out, show(v))
	}
	return out
}

// optional is a string, or nil where it is null or absent.
func optional(o object, key string) *string {
	if s, ok := o[key].(string); ok {
		return &s
	}
	return nil
}

// joiText reads a string where nothing was coerced before: absent is the default.
func joiText(o object, key, missing string) (string, error) {
	v, ok := o[key]
	text, isText := v.(string)
	switch {
	case !ok:
		return missing, nil
	case !isText:
		return "", joi("%q must be a string", v, key)
	case text == "":
		return "", joi("%q is not allowed to be empty", nil, key)
	}
	return text, nil
}

// joiFlag likewise reads a boolean, which may be written as a string.
func joiFlag(o object, key string) (bool, error) {
	v, ok := o[key]
	if b, isFlag := v.(bool); isFlag || !ok {
		return b, nil
	}
	if text, isText := v.(string); isText {
		if text = strings.ToLower(text); text == "true" || text == "false" {
			return text == "true", nil
		}
	}
	return false, joi("%q must be a boolean", v, key)
}

// orNil is an optional string as JSON.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// friendly is what encodeURIComponent leaves alone.
var friendly = regexp.MustCompile(`^[A-Za-z0-9_.!~*'()-]*$`)

// checkName is the rule of most names.
func checkName(label, name string) error { return checkNameLength(label, name, 1, 100) }

func checkNameLength(label, name string, low, high int) error {
	switch {
	case name == "":
		return joi("%q is not allowed to be empty", nil, label)
	case !friendly.MatchString(name), name == ".", name == "..":
		return joi("%q must be URL friendly", name, label)
	case len(name) < low:
		return joi("%q length must be at least %d characters long", name, label, low)
	case len(name) > high:
		return joi("%q length must be less than or equal to %d characters long", name, label, high)
	}
	return nil
}

// checkLength is the rule of texts that may be anything but empty.
func checkLength(label, text string, high int) error {
	switch {
	case text == "":
		return joi("%q is not allowed to be empty", nil, label)
	case len([]rune(text)) > high:
		return joi("%q length must be less than or equal to %d characters long", text, label, high)
	}
	return nil
}

// stamp is a time as the API prints it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func orStamp(t *time.Time) any {
	if t == nil {
		return nil
	}
	return stamp(*t)
}

var anyDay = regexp.MustCompile(`^(\d{4}-(?:0?[1-9]|1[0-2]))-(?:29|30|31)$`)

// parseDate reads what JavaScript's Date does of what people send.
func parseDate(s string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) != 4 {
		return time.UnixMilli(ms), true
	}
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-1-2", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01", "2006",
		time.RFC1123, time.RFC1123Z, "January 2, 2006", "Jan 2, 2006", "Jan 2 2006", "1/2/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if m := anyDay.FindStringSubmatch(s); m != nil {
		return parseDate(m[1] + "-01") // the 31st of a shorter month is a date there
	}
	return time.Time{}, false
}

func randomHex(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var lastULID atomic.Int64

// newULID is 48 bits of time and 80 of chance. What is made one after the other has ids in that order: a server with a
// database takes longer than a millisecond.
func newULID() string {
	var ms int64
	for swapped := false; !swapped; {
		last := lastULID.Load()
		ms = max(time.Now().UnixMilli(), last+1)
		swapped = lastULID.CompareAndSwap(last, ms)
	}
	var chance [16]byte
	_, _ = rand.Read(chance[:]) // never fails
	var b strings.Builder
	for shift := 45; shift >= 0; shift -= 5 {
		b.WriteByte(crockford[ms>>shift&31])
	}
	for _, c := range chance {
		b.WriteByte(crockford[c&31])
	}
	return b.String()
}
