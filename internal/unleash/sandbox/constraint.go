package sandbox

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	operators = []string{"NOT_IN", "IN", "STR_ENDS_WITH", "STR_STARTS_WITH", "STR_CONTAINS", "NUM_EQ", "NUM_GT", "NUM_GTE", "NUM_LT", "NUM_LTE",
		"DATE_AFTER", "DATE_BEFORE", "SEMVER_EQ", "SEMVER_GT", "SEMVER_LT", "SEMVER_GTE", "SEMVER_LTE", "REGEX"}
	constraintBody = exactly(shape("contextName operator", prop{"contextName", text}, prop{"operator", enum(operators...)}, prop{"caseInsensitive", flag},
		prop{"inverted", flag}, prop{"values", list(text)}, prop{"value", atLeast(1, *text)}))
	semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	decimal = regexp.MustCompile(`^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$`)
)

// readConstraints checks a strategy's constraints. Lists that were too long already may stay as long.
func (s *Sandbox) readConstraints(all, before []any) ([]any, error) {
	if len(all) > s.limits.Constraints && len(all) > len(before) {
		return nil, exceeds("constraints", s.limits.Constraints)
	}
	for i, v := range all {
		c, _ := v.(object)
		had := 0
		if i < len(before) {
			b, _ := before[i].(object)
			had = len(items(b, "values"))
		}
		if n := len(items(c, "values")); n > s.limits.ConstraintValues && (len(all) != len(before) || had < n) {
			return nil, exceeds("constraint values for "+str(c, "contextName"), s.limits.ConstraintValues)
		}
	}
	return s.checkConstraints(all, "")
}

// checkConstraints checks constraints and fills their values in. Those of a segment are looked at as a whole first, under
// a label.
func (s *Sandbox) checkConstraints(all []any, label string) ([]any, error) {
	for i, v := range all {
		c, _ := v.(object)
		if label == "" {
			break
		}
		if err := checkValues(c, label+"["+strconv.Itoa(i)+"]."); err != nil {
			return nil, err
		}
	}
	out := []any{}
	for _, v := range all {
		c, _ := v.(object)
		if err := s.checkConstraint(c); err != nil {
			return nil, err
		}
		if _, ok := c["values"]; !ok {
			c["values"] = []any{}
		}
		out = append(out, c)
	}
	return out, nil
}

// checkValues is what is asked of every constraint, whatever its operator.
func checkValues(c object, label string) error {
	if str(c, "contextName") == "" {
		return joi("%q is not allowed to be empty", nil, label+"contextName")
	}
	for i, v := range texts(c, "values") {
		if err := checkLength(label+"values["+strconv.Itoa(i)+"]", v, 100); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sandbox) checkConstraint(c object) error {
	value, hasValue := c["value"].(string)
	values, operator := texts(c, "values"), str(c, "operator")
	if err := checkValues(c, ""); err != nil {
		return err
	}
	kind, _, _ := strings.Cut(operator, "_")
	single := slices.Contains([]string{"NUM", "DATE", "SEMVER"}, kind)
	if single && value == "" {
		return badData("Single-value constraint operators require a non-empty value.")
	}
	switch kind {
	case "NUM":
		f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		switch {
		case err != nil, !decimal.MatchString(value):
			return joi("%q must be a number", value, "value")
		case math.Abs(f) > 1<<53-1:
			return joi("%q must be a safe number", jsNumber(f), "value")
		}
	case "DATE":
		if _, ok := parseDate(value); !ok {
			return joi("%q must be a valid date", value, "value")
		}
	case "SEMVER":
		if !semver.MatchString(value) {
			return badData("the provided value is not a valid semver format. The value provided was: %s", value)
		}
	case "REGEX":
		if !hasValue {
			return badData("the provided value is not a valid regex string.")
		}
		if _, err := regexp.Compile(value); err != nil {
			return badData("the provided value is not a valid regex string. Error: %s", err)
		}
		if truth(c, "inverted") {
			return badData("REGEX operator cannot be inverted.")
		}
	default:
		if len(values) == 0 {
			return joi("%q must contain at least 1 items", []any{}, "value")
		}
	}
	field := s.contextFields.get(str(c, "contextName"))
	if field == nil || len(field.legalValues) == 0 {
		return nil
	}
	legal := func(v string) bool {
		return slices.ContainsFunc(field.legalValues, func(l object) bool { return str(l, "value") == v })
	}
	if single || kind == "REGEX" {
		if !legal(value) {
			return badData("%s is not specified as a legal value on this context field", value)
		}
		return nil
	}
	for _, v := range values {
		if !legal(v) {
			return badData("input values are not specified as a legal value on this context field")
		}
	}
	return nil
}

func (s *Sandbox) validateConstraint(r *request) (any, error) {
	return nil, s.checkConstraint(r.data())
}

// count is the number of values in all constraints.
func count(constraints []any) int {
	n := 0
	for _, v := range constraints {
		c, _ := v.(object)
		n += len(items(c, "values"))
	}
	return n
}

// uses reports whether constraints name a context field.
func uses(constraints []any, field string) bool {
	return slices.ContainsFunc(constraints, func(v any) bool { c, _ := v.(object); return str(c, "contextName") == field })
}
