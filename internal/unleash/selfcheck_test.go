package unleash_test

import (
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/unleash"
)

// What would otherwise fail in a user's hands: a model that does not fit its schema, a key that may change, a missing
// description. There is no client here, so none of it can have sent a request.
func TestObjects(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, object := range unleash.Objects() {
		facts := object.Facts()
		t.Run(facts.Name, func(t *testing.T) {
			t.Parallel()
			for _, err := range object.SelfCheck(t.Context()) {
				t.Error(err)
			}
		})
		for _, name := range []string{facts.Name, facts.Plural} {
			if names[name] && name != "" {
				t.Errorf("two objects are called %s", name)
			}
			names[name] = true
		}
	}
}
