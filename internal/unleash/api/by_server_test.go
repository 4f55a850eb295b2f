package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func stateAt(at Strategy) FeatureState {
	return FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature}
}

// Where a flag is switched on before one of its strategies is enabled, the server's own goes once one is; until then it stays.
func TestDefaultIsDropped(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t)
	at := aFlag(t, c, "f")
	at.Disabled = true
	before := added(t, c, titled(at, "before"))
	ctx, warned := listen(t)
	on := stateAt(at)
	on.Enabled = pointer(true)
	if _, err := c.CreateFeatureState(ctx, on); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Switched on without a strategy"}; !slices.Equal(warned(), want) {
		t.Errorf("%q", warned())
	}
	beside := added(t, c, titled(at, "beside"))
	beside.Parameters = Parameters{"rollout": "30"}
	still, err := c.UpdateStrategy(ctx, beside, beside)
	if there, on := fresh(t, c, at); err != nil || !on || len(there) != 3 {
		t.Fatal(titles(there), on, err)
	}
	still.Disabled = false
	if _, err := c.UpdateStrategy(ctx, beside, still); err != nil {
		t.Fatal(err)
	}
	before.Disabled = false // there is none of the server's any more
	if _, err := c.UpdateStrategy(ctx, before, before); err != nil {
		t.Fatal(err)
	}
	if there, on := fresh(t, c, at); !on || !slices.Equal(titles(there), []string{"before", "beside"}) || len(warned()) != 1 {
		t.Errorf("%q, on %v, %q", titles(there), on, warned())
	}
}

// A strategy of its own that the server is not made to add is none to warn of.
func TestSwitchedOnWithStrategy(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t)
	at := aFlag(t, c, "f")
	added(t, c, at)
	ctx, warned := listen(t)
	for _, on := range []bool{true, false} {
		state := stateAt(at)
		state.Enabled = &on
		if _, err := c.CreateFeatureState(ctx, state); err != nil {
			t.Fatal(err)
		}
	}
	if len(warned()) > 0 {
		t.Errorf("%q", warned())
	}
}

// What an earlier run has left the server to add is named beside a new strategy, and nothing that only looks a little like it.
func TestWarnDefault(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Strategy){
		"left over": nil,
		"rollout":   func(s *Strategy) { s.Parameters["rollout"] = "99" },
		"group":     func(s *Strategy) { s.Parameters["groupId"] = "g" },
		"title":     func(s *Strategy) { s.Title = pointer("everybody") },
		"disabled":  func(s *Strategy) { s.Disabled = true },
		"type":      func(s *Strategy) { s.Name, s.Parameters = "default", Parameters{} },
		"constraints": func(s *Strategy) {
			s.Constraints = []Constraint{{ContextName: "a", Operator: "IN", Values: []string{"1"}}}
		},
		"variants": func(s *Strategy) {
			s.Variants = []Variant{{Name: "v", WeightType: "variable", Stickiness: "default"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			them, s := sandboxClient(t)
			at := aFlag(t, them, "f")
			turned(t, them, at)
			there, _ := fresh(t, them, at)
			if len(there) != 1 {
				t.Fatal(there)
			}
			if change != nil {
				theirs := there[0]
				change(&theirs)
				other, _ := again(t, s)
				if _, err := other.UpdateStrategy(t.Context(), theirs, theirs); err != nil {
					t.Fatal(err)
				}
			}
			c, _ := again(t, s)
			ctx, warnings := rest.WithWarnings(t.Context())
			if _, err := c.CreateStrategy(ctx, titled(at, "new")); err != nil {
				t.Fatal(err)
			}
			w := warnings()
			if (len(w) == 1) != (change == nil) || len(w) > 0 && (w[0].Summary != "A strategy gives the flag to everybody" || !strings.Contains(w[0].Detail, there[0].ID)) {
				t.Errorf("%q", w)
			}
		})
	}
}

// That the server has switched a flag off is noticed though the flag is forgotten while its last strategy goes.
func TestFallWithoutMemory(t *testing.T) {
	t.Parallel()
	_, s := sandboxClient(t)
	var c *Client
	c = hooked(t, s, func(r *http.Request) {
		if r.Method == http.MethodDelete {
			c.forgetProject(DefaultProject)
		}
	})
	at := aFlag(t, c, "f")
	last := added(t, c, at)
	turned(t, c, at)
	ctx, warned := listen(t)
	if err := c.DeleteStrategy(ctx, last); err != nil || !slices.Equal(warned(), []string{"Unleash has switched flags off"}) {
		t.Errorf("%v, %q", err, warned())
	}
	added(t, c, at)
	if there, on := fresh(t, c, at); !on || len(there) != 1 {
		t.Errorf("on %v with %d strategies", on, len(there))
	}
}

// A flag that this run has switched off itself, and whose strategies it then takes away, stays off.
func TestSwitchedOffIsNoFall(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	at := aFlag(t, c, "f")
	added(t, c, at)
	turned(t, c, at)
	c, _ = again(t, s)
	state := FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Enabled: pointer(false), Strategies: []Strategy{}}
	if _, err := c.UpdateFeatureState(t.Context(), state, state); err != nil {
		t.Fatal(err)
	}
	added(t, c, at)
	if _, on := fresh(t, c, at); on {
		t.Error("it was switched on again")
	}
}

// A plan sees, without a request, that a strategy is about to be there twice.
func TestAlike(t *testing.T) {
	t.Parallel()
	them, s := sandboxClient(t)
	at := aFlag(t, them, "f")
	there := titled(at, "gold")
	there.Parameters = Parameters{"rollout": "50"}
	there = added(t, them, there)
	c, s := again(t, s)
	want := titled(at, "gold")
	want.Parameters = Parameters{"rollout": "50"}
	if got := c.Alike(want); got != "" {
		t.Errorf("%q is alike, and nothing was read", got)
	}
	fresh(t, c, at)
	s.ResetRequests()
	for name, test := range map[string]struct {
		change func(*Strategy)
		alike  bool
	}{
		"same":             {func(*Strategy) {}, true},
		"unmanaged":        {func(s *Strategy) { s.Parameters = nil }, true},
		"other title":      {func(s *Strategy) { s.Title = pointer("silver") }, false},
		"no title":         {func(s *Strategy) { s.Title = nil }, false},
		"other rollout":    {func(s *Strategy) { s.Parameters = Parameters{"rollout": "51"} }, false},
		"disabled":         {func(s *Strategy) { s.Disabled = true }, false},
		"elsewhere":        {func(s *Strategy) { s.Environment = "development" }, false},
		"no environment":   {func(s *Strategy) { s.Environment = "nowhere" }, false},
		"of an other flag": {func(s *Strategy) { s.Feature = "g" }, false},
	} {
		s := want
		test.change(&s)
		if got := c.Alike(s); (got == there.ID) != test.alike || !test.alike && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, err := c.Strategy(t.Context(), there); err != nil || c.Alike(want) != "" {
		t.Errorf("what somebody owns is alike: %v", err)
	}
	if len(s.Requests()) > 0 {
		t.Errorf("asked %v", s.Requests())
	}
}

// A plan sees, without a request, that switching a flag on would give it to everybody.
func TestEverybody(t *testing.T) {
	t.Parallel()
	them, s := sandboxClient(t)
	for _, name := range []string{"none", "disabled", "enabled", "unread"} {
		at := aFlag(t, them, name)
		if at.Disabled = name != "enabled"; name != "none" {
			added(t, them, at)
		}
	}
	c, s := again(t, s)
	at := func(name string) Strategy {
		return Strategy{Project: DefaultProject, Environment: "production", Feature: name}
	}
	for _, name := range []string{"none", "disabled", "enabled"} {
		fresh(t, c, at(name))
	}
	s.ResetRequests()
	for name, want := range map[string]bool{"none": true, "disabled": true, "enabled": false, "unread": false} {
		if got := c.Everybody(stateAt(at(name))); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	nowhere := at("none")
	if nowhere.Environment = "nowhere"; c.Everybody(stateAt(nowhere)) || len(s.Requests()) > 0 {
		t.Errorf("asked %v", s.Requests())
	}
}
