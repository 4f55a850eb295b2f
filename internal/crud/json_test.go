package crud_test

import (
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
)

func TestSameJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`{ "b": 1.0, "a": [1e2, null] }`, `{"a":[100,null],"b":1}`, true},
		{`[1, 2]`, `[1,2]`, true},
		{`[1, 2]`, `[2,1]`, false},
		{`{"a": "1"}`, `{"a":1}`, false},
		{`{"a": 12345678901234567890}`, `{"a":12345678901234567891}`, false},
		{`{"a": 1e999999999}`, `{"a":1e999999999}`, true},
		{`{"a": 1} x`, `{"a":1} x`, false},
		{`1.0`, `1`, false}, // only what Terraform rewrites
		{`"a"`, ` "a"`, false},
		{``, ``, false},
	} {
		if got := crud.SameJSON(test.a, test.b); got != test.want {
			t.Errorf("%s and %s are the same: %v", test.a, test.b, got)
		}
	}
}
