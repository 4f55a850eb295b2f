package unleash

import (
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// What Unleash 8.2 takes is not refused in the plan, be it odd: it may be there already. What it refuses is, where that can
// be told without its libraries.
func TestConstraintValues(t *testing.T) {
	t.Parallel()
	for operator, values := range map[string]struct{ taken, refused []string }{
		"DATE_AFTER": {
			[]string{"2022-01-29", "2022-01-29T10:00", "2022-01-29 10:00", "2022-01-29T10:00:00.5Z", "2022-01-29T10:00:00+0200", "2022", "20220129", "Jan 29 2022", "01/29/2022",
				"1643450000000", " 2022-01-29", "2022-1-9", "2022-02-30", "2022-01-29T24:00:00Z", "2022-01-29t10:00:00z", "+002022-01-29"},
			[]string{"29.01.2022", "tomorrow", " "},
		},
		"NUM_LT": {
			[]string{"5", " 5.50 ", "1e3", "1E3", ".5", "5.", "+5", "-5", "00012", "-0", "\t5"},
			[]string{"0x10", "Infinity", "NaN", "1_000", "1,000", "0b1", "５", "5 5", "--5", "5e", "1.2.3", "x"},
		},
		"SEMVER_GTE": {
			[]string{"1.2.3", "1.2.3-a.b", "1.2.3+x", "0.0.0-0"},
			[]string{"v1.2.3", "1.2", "01.2.3", "1.2.3-01", "1.2.3-", " 1.2.3", "1.2.3 ", "=1.2.3", "1.2.3.4", "1.2.3-a_b"},
		},
		"REGEX": {[]string{"^a+$", `\d{2}`, "(?i)x"}, []string{"(", `(?=x)`, "a{2,1}"}},
	} {
		for _, value := range values.taken {
			if problem := valueProblem(operator, value); problem != "" {
				t.Errorf("%s %q is refused: %s", operator, value, problem)
			}
		}
		for _, value := range values.refused {
			if valueProblem(operator, value) == "" {
				t.Errorf("%s %q is not refused", operator, value)
			}
		}
	}
}

// [] and nothing are the same where the server has [], and stay as they were written.
func TestConstraintsFromAPI(t *testing.T) {
	t.Parallel()
	value, empty := "5", ""
	server := []api.Constraint{
		{ContextName: "a", Operator: "NUM_EQ", Values: []string{}, Value: &value}, {ContextName: "b", Operator: "IN", Values: []string{"x"}, Value: &empty},
	}
	for name, prior := range map[string][]constraintModel{"none": nil, "null": {{}, {}}, "[]": {{Values: []string{}}, {}}} {
		got := constraintsFromAPI(prior, server)
		if want := prior != nil && prior[0].Values != nil; (got[0].Values != nil) != want || *got[0].Value != "5" {
			t.Errorf("%s: %+v", name, got[0])
		}
		if !reflect.DeepEqual(got[1].Values, []string{"x"}) || got[1].Value != nil || *got[1].Inverted {
			t.Errorf("%s: %+v", name, got[1])
		}
	}
}
