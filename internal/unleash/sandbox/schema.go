package sandbox

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schema is what a route says about its body. Checking coerces as the server's validator does: numbers become strings
// and the other way round, null becomes "", 0 or false where it is not allowed.
type schema struct {
	kind     string // string, boolean, number, integer, object or array; empty: anything
	nullable bool
	enum     []string
	low      int // of numbers and lengths
	high     int // the same; 0: none
	bounded  bool
	pattern  *regexp.Regexp
	date     bool
	required []string
	props    []prop
	closed   bool    // other properties are refused
	rest     *schema // what other properties must be
	items    *schema
	oneOf    *schema   // the only alternative: its problems come with one that says so
	anyOf    []*schema // likewise, for all of them
}

// prop is a named property of an object. The first one that is wrong is reported.
type prop struct {
	name string
	*schema
}

// problem is what is wrong with a value.
type problem struct{ path, message string }

var (
	text      = &schema{kind: "string"}
	nullText  = &schema{kind: "string", nullable: true}
	flag      = &schema{kind: "boolean"}
	nullFlag  = &schema{kind: "boolean", nullable: true}
	number    = &schema{kind: "number"}
	integer   = &schema{kind: "integer"}
	anything  = &schema{}
	anyObject = &schema{kind: "object"}
)

// shape is an object; required is a list of names.
func shape(required string, props ...prop) *schema {
	return &schema{kind: "object", required: strings.Fields(required), props: props}
}

// exactly refuses other properties.
func exactly(s *schema) *schema {
	s.closed = true
	return s
}

func list(of *schema) *schema    { return &schema{kind: "array", items: of} }
func dict(of *schema) *schema    { return &schema{kind: "object", rest: of} }
func enum(all ...string) *schema { return &schema{kind: "string", enum: all} }
func atLeast(n int, s schema) *schema {
	s.low, s.bounded = n, true
	return &s
}
func between(low, high int, s schema) *schema {
	s.low, s.high, s.bounded = low, high, true
	return &s
}
func matching(pattern string, nullable bool) *schema {
	return &schema{kind: "string", nullable: nullable, pattern: regexp.MustCompile(pattern)}
}

// check returns the coerced value and what is wrong with it.
func (s *schema) check(at string, v any) (any, []problem) { return s.checkAs(at, v, false) }

// checkAs is check; strict is without coercion.
func (s *schema) checkAs(at string, v any, strict bool) (any, []problem) {
	wrong := func(format string, args ...any) (any, []problem) {
		sent, _ := encode(v)
		return v, []problem{{at, fmt.Sprintf("The `%s` property %s. You sent %s.", at, fmt.Sprintf(format, args...), sent)}}
	}
	coerced, ok := s.coerce(v)
	if !ok || strict && !reflect.DeepEqual(coerced, v) {
		return wrong("must be %s", s.kind)
	}
	v = coerced
	if v == nil && s.nullable {
		return v, nil
	}
	switch value := v.(type) {
	case string:
		n := len([]rune(value))
		switch {
		case s.kind == "string" && s.bounded && n < s.low:
			return wrong("must NOT have fewer than %d characters", s.low)
		case s.kind == "string" && s.high > 0 && n > s.high:
			return wrong("must NOT have more than %d characters", s.high)
		case s.pattern != nil && !s.pattern.MatchString(value):
			return wrong("must match pattern %q", rawText(s.pattern.String()))
		case s.date && !isDateTime(value):
			return wrong(`must match format "date-time"`)
		}
	case json.Number:
		switch f, _ := value.Float64(); {
		case s.bounded && f < float64(s.low):
			return wrong("must be >= %d", s.low)
		case s.bounded && s.high > 0 && f > float64(s.high):
			return wrong("must be <= %d", s.high)
		}
	case []any:
		if s.items == nil {
			break
		}
		for i := range value {
			e, problems := s.items.checkAs(fmt.Sprintf("%s/%d", at, i), value[i], strict)
			if value[i] = e; len(problems) > 0 {
				return v, problems
			}
		}
	case object:
		if s.kind == "object" {
			if problems := s.checkObject(at, value, strict); len(problems) > 0 {
				return v, problems
			}
		}
	}
	if len(s.enum) > 0 && !slices.Contains(s.enum, fmt.Sprint(v)) {
		name := at[strings.LastIndex(at, "/")+1:]
		return v, []problem{{name, fmt.Sprintf("The `%s` property must be equal to one of the allowed values: \"%s\". "+
			"You provided \"%s\", which is not valid. Please use one of the allowed values instead..", name, strings.Join(s.enum, `", "`), show(v))}}
	}
	return v, nil
}

func (s *schema) checkObject(at string, o object, strict bool) []problem {
	within := func(name string) string { return strings.TrimPrefix(at+"/"+name, map[bool]string{true: "/"}[at == ""]) }
	for _, name := range s.required {
		if _, ok := o[name]; !ok {
			path := within(name)
			return []problem{{path, fmt.Sprintf("The `%s` property is required. It was not present on the data you sent.", path)}}
		}
	}
	if s.closed || s.rest != nil {
		for _, k := range keys(o) {
			if slices.ContainsFunc(s.props, func(p prop) bool { return p.name == k }) {
				continue
			}
			if s.closed {
				parent := "`" + at + "`"
				if at == "" {
					parent = "root"
				}
				return []problem{{within(k), fmt.Sprintf("The %s object of the request body does not allow additional properties. "+
					"Your request included the `%s` property.", parent, within(k))}}
			}
			v, problems := s.rest.checkAs(at+"/"+k, o[k], strict)
			if o[k] = v; len(problems) > 0 {
				return problems
			}
		}
	}
	for _, p := range s.props {
		v, ok := o[p.name]
		if !ok {
			continue
		}
		v, problems := p.checkAs(at+"/"+p.name, v, strict)
		if o[p.name] = v; len(problems) > 0 {
			return problems
		}
	}
	if s.oneOf != nil {
		if problems := s.oneOf.checkObject(at, o, strict); len(problems) > 0 {
			return append(problems, oneOfProblem(at))
		}
	}
	var all []problem
	for _, a := range s.anyOf {
		problems := a.checkObject(at, o, strict)
		if len(problems) == 0 {
			return nil
		}
		all = append(all, problems...)
	}
	if len(all) > 0 {
		sent, _ := encode(o)
		all = append(all, problem{at, fmt.Sprintf("The `%s` property must match a schema in anyOf. You sent %s.", at, sent)})
	}
	return all
}

func oneOfProblem(at string) problem {
	return problem{at, fmt.Sprintf("The \"%s\" property must match exactly one schema in oneOf. The data you provided matches more than one option in "+
		"the schema. These options are mutually exclusive. Please refer back to the schema and remove any excess properties.", at)}
}

// coerce makes a value what its schema asks for, if that is possible.
func (s *schema) coerce(v any) (any, bool) {
	if v == nil && s.nullable {
		return nil, true
	}
	switch s.kind {
	case "string":
		switch v := v.(type) {
		case string:
			return v, true
		case nil:
			return "", true
		case json.Number, bool:
			return show(v), true
		}
	case "boolean":
		switch show(v) {
		case "true", "1":
			return true, !isText(v, "1")
		case "false", "0", "null":
			return false, !isText(v, "0") && !isText(v, "null")
		}
		return v, false
	case "number", "integer":
		var n json.Number
		switch x := v.(type) {
		case json.Number:
			n = x
		case nil:
			n = "0"
		case bool:
			if n = "0"; x {
				n = "1"
			}
		case string:
			f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
			if x == "" || err != nil {
				return v, false
			}
			n = jsNumber(f)
		default:
			return v, false
		}
		return n, s.kind == "number" || !strings.Contains(n.String(), ".")
	case "object":
		_, ok := v.(object)
		return v, ok
	case "array":
		_, ok := v.([]any)
		return v, ok
	default:
		return v, true
	}
	return v, false
}

func isText(v any, want string) bool { s, ok := v.(string); return ok && s == want }

// rawText prints with quotes but without escapes.
type rawText string

// Format is what %q prints.
func (t rawText) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(`"` + string(t) + `"`)) }

func isDateTime(s string) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02t15:04:05.999999999z07:00"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
