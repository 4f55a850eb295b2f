package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// What of Python shows through the API: how it strips, prints and parses.

// dict is a decoded JSON object. It keeps its order, since str() of an object ends up in a flag's value.
type dict struct {
	keys   []string
	values map[string]any
}

func (d *dict) get(key string) (any, bool) {
	v, ok := d.values[key]
	return v, ok
}

func (d *dict) set(key string, v any) {
	if d.values == nil {
		d.values = map[string]any{}
	}
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	d.values[key] = v
}

func (d *dict) has(key string) bool {
	_, ok := d.values[key]
	return ok
}

// decode reads JSON into *dict, []any, string, json.Number, bool and nil.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil {
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
			return nil, errors.New("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")
		}
		return nil, errors.New("Expecting value: line 1 column 1 (char 0)")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("Extra data: line 1 column %d (char %d)", d.InputOffset(), d.InputOffset()-1)
	}
	return v, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		out := &dict{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			out.set(name, v)
		}
		_, err := d.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for d.More() {
			v, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := d.Token()
		return out, err
	}
	return t, nil
}

// strip is str.strip(): Unicode white space and the four ASCII separators.
func strip(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
}

// pyStr is str(v).
func pyStr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		if isInt(v) {
			return string(v)
		}
		f, _ := v.Float64()
		return pyFloat(f)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = pyRepr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *dict:
		parts := make([]string, len(v.keys))
		for i, k := range v.keys {
			parts[i] = pyRepr(k) + ": " + pyRepr(v.values[k])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// pyRepr is repr(v).
func pyRepr(v any) string {
	s, ok := v.(string)
	if !ok {
		return pyStr(v)
	}
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	var b strings.Builder
	b.WriteString(quote)
	for _, r := range s {
		switch {
		case string(r) == quote || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + quote
}

// pyFloat is repr of a float: the shortest text that reads back as the same number, always with a point or an exponent.
func pyFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// float is a number that is sent as Python sends floats: 30.0, never 30.
type float float64

func (f float) MarshalJSON() ([]byte, error) { return []byte(pyFloat(float64(f))), nil }

func isInt(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// pyInt is int(s): white space around it, a sign and single underscores between digits are fine.
func pyInt(s string) (int64, bool) {
	s = strip(s)
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if len(s)-len(digits) > 1 || digits == "" || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") ||
		strings.Contains(digits, "__") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.Map(asciiDigit, strings.ReplaceAll(s, "_", "")), 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxInt64, true
	}
	return n, err == nil
}

// asciiDigit turns a decimal digit of any script into 0 to 9. The ranges of Unicode's table are whole rows of ten.
func asciiDigit(r rune) rune {
	for _, d := range unicode.Nd.R16 {
		if rune(d.Lo) <= r && r <= rune(d.Hi) {
			return '0' + (r-rune(d.Lo))%10
		}
	}
	for _, d := range unicode.Nd.R32 {
		if rune(d.Lo) <= r && r <= rune(d.Hi) {
			return '0' + (r-rune(d.Lo))%10
		}
	}
	return r
}

// pyIntOf is int(v) of any JSON value: a float is cut, a boolean is 0 or 1.
func pyIntOf(v any) (int64, bool) {
	switch v := v.(type) {
	case string:
		return pyInt(v)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case json.Number:
		f, err := v.Float64()
		return int64(f), err == nil
	}
	return 0, false
}

// pyType is type(v).__name__.
func pyType(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case string:
		return "str"
	case bool:
		return "bool"
	case json.Number:
		if isInt(v) {
			return "int"
		}
		return "float"
	case []any:
		return "list"
	}
	return "dict"
}

// truthy is bool(v).
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case bool:
		return v
	case json.Number:
		f, _ := v.Float64()
		return f != 0
	case []any:
		return len(v) > 0
	case *dict:
		return len(v.keys) > 0
	}
	return true
}

// toBool is what a boolean field reads: nothing else is a boolean.
func toBool(v any) (value, null, ok bool) {
	switch v := v.(type) {
	case nil:
		return false, true, true
	case bool:
		return v, false, true
	case json.Number:
		f, _ := v.Float64()
		return f == 1, false, f == 0 || f == 1
	case string:
		switch strings.ToLower(v) {
		case "", "null":
			return false, true, true
		case "t", "y", "yes", "true", "on", "1":
			return true, false, true
		case "f", "n", "no", "false", "off", "0":
			return false, false, true
		}
	}
	return false, false, false
}
