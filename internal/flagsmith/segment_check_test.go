package flagsmith

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

func TestBrokenRegex(t *testing.T) {
	t.Parallel()
	for pattern, broken := range map[string]bool{ // all true ones are errors in Python 3.11
		"[": true, "(": true, ")": true, "*a": true, "a|+": true, `a\`: true, "[z-a]": true, `[a-\d]`: false, "a{2": false,
		// what Go alone refuses
		"a++": false, "(?<=a)b": false, "(?P=n)": false, `(a)\1`: false, "a{2000}": false, `\Z`: false, "(?x) [ # ]": false, "[[:alpha:]": false,
		"": false, `.*@example\.com$`: false,
	} {
		if got := brokenRegex(pattern); (got != "") != broken {
			t.Errorf("%q: %q", pattern, got)
		}
	}
}

func TestCheckSegment(t *testing.T) {
	t.Parallel()
	condition := func(operator, value string) segmentCondition {
		return segmentCondition{Operator: &operator, Value: &value}
	}
	check := func(prior *segmentModel, rules []segmentRule) (found []string) {
		for _, d := range checkSegment(t.Context(), crud.Check[*api.Client, segmentModel]{Prior: prior, Plan: &segmentModel{Rules: rules}}) {
			at, _ := d.(interface{ Path() path.Path })
			found = append(found, d.Severity().String()+" "+at.Path().String())
		}
		return found
	}
	at := "rules[0].conditions[0].value"
	for _, c := range []struct {
		condition segmentCondition
		want      string
	}{
		{condition("PERCENTAGE_SPLIT", "0"), ""}, {condition("PERCENTAGE_SPLIT", "12.5"), ""}, {condition("PERCENTAGE_SPLIT", "1_0"), ""},
		{condition("PERCENTAGE_SPLIT", "-1"), "Error"}, {condition("PERCENTAGE_SPLIT", "100.1"), "Error"},
		{condition("PERCENTAGE_SPLIT", "10 %"), "Error"}, {condition("PERCENTAGE_SPLIT", ""), "Error"}, {condition("PERCENTAGE_SPLIT", "nan"), "Error"},
		{condition("MODULO", "2|0"), ""}, {condition("MODULO", "2.5|-1e3"), ""}, {condition("MODULO", "0|0"), "Error"},
		{condition("MODULO", "2|0|1"), "Error"}, {condition("MODULO", "2|"), "Error"}, {condition("MODULO", ""), "Error"},
		{condition("IS_SET", ""), ""}, {condition("IS_NOT_SET", "None"), "Error"}, {condition("REGEX", "("), "Error"},
		{condition("EQUAL", strings.Repeat("ü", 1000)), ""}, {condition("EQUAL", strings.Repeat("ü", 1001)), "Warning"},
		{segmentCondition{Operator: new("MODULO")}, ""}, // not known yet
	} {
		var want []string
		if c.want != "" {
			want = []string{c.want + " " + at}
		}
		rules := []segmentRule{{Conditions: []segmentCondition{c.condition}}}
		if got := check(nil, rules); !slices.Equal(got, want) {
			t.Errorf("%s %q: %q, want %q", *c.condition.Operator, deref(c.condition.Value), got, want)
		}
		if got := check(&segmentModel{Rules: rules}, rules); got != nil {
			t.Errorf("%s %q, as it was: %q", *c.condition.Operator, deref(c.condition.Value), got)
		}
	}
	nested := []segmentRule{{}, {Rules: []segmentInnerRule{{}, {Conditions: []segmentCondition{condition("EQUAL", ""), condition("REGEX", "[")}}}}}
	if got, want := check(nil, nested), []string{"Error rules[1].rules[1].conditions[1].value"}; !slices.Equal(got, want) {
		t.Errorf("nested: %q, want %q", got, want)
	}
	many := []segmentRule{{Conditions: slices.Repeat([]segmentCondition{condition("EQUAL", "")}, 60)},
		{Rules: []segmentInnerRule{{Conditions: slices.Repeat([]segmentCondition{condition("EQUAL", "")}, 41)}}}}
	if got, want := check(nil, many), []string{"Warning rules"}; !slices.Equal(got, want) {
		t.Errorf("101 conditions: %q, want %q", got, want)
	}
	if got, want := check(&segmentModel{Rules: many}, []segmentRule{}), []string{"Error rules"}; !slices.Equal(got, want) {
		t.Errorf("no rules: %q, want %q", got, want)
	}
	if got := check(nil, nil); got != nil {
		t.Errorf("not known yet: %q", got)
	}
}
