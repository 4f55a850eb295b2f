package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// rollout is a strategy as the list of a feature state wants it, or, with an id, as it is there.
func rollout(id, title, percent string, order int64) Strategy {
	return Strategy{ID: id, Name: FlexibleRollout, Title: &title, SortOrder: &order, Parameters: Parameters{"rollout": percent}}.Complete()
}

// What is paired with what, what is written, and in which order it is then.
func TestArrangement(t *testing.T) {
	t.Parallel()
	want := func(title, percent string) Strategy { return rollout("", title, percent, 0) }
	other := want("", "1")
	other.Name, other.Parameters = "remoteAddress", Parameters{"IPs": "10.0.0.1"}
	more := rollout("a", "", "10", 0)
	more.Parameters["stickiness"] = "userId"
	for name, test := range map[string]struct {
		want, there []Strategy
		slots       string // "a" is kept, "a!" is written, "+7" is added with that sort order
		leftover    string
		reorder     string
	}{
		"nothing": {},
		"equal":   {[]Strategy{want("x", "1"), want("y", "2")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1)}, "a b", "", ""},
		"equal, with gaps and ties": {[]Strategy{want("x", "1"), want("y", "2"), want("z", "3")},
			[]Strategy{rollout("a", "x", "1", -4), rollout("b", "y", "2", 7), rollout("c", "z", "3", 7)}, "a b c", "", ""},
		"equal twins":                      {[]Strategy{want("", "1"), want("", "1")}, []Strategy{rollout("a", "", "1", 0), rollout("b", "", "1", 1)}, "a b", "", ""},
		"a parameter that is the server's": {[]Strategy{want("", "10")}, []Strategy{more}, "a", "", ""},
		"added at the end":                 {[]Strategy{want("x", "1"), want("y", "2")}, []Strategy{rollout("a", "x", "1", 5)}, "a +6", "", ""},
		"added at the beginning":           {[]Strategy{want("y", "2"), want("z", "3"), want("x", "1")}, []Strategy{rollout("a", "x", "1", 0)}, "+-2 +-1 a", "", ""},
		"added in a gap":                   {[]Strategy{want("x", "1"), want("y", "2"), want("z", "3")}, []Strategy{rollout("a", "x", "1", 0), rollout("c", "z", "3", 2)}, "a +1 c", "", ""},
		"added where no gap is": {[]Strategy{want("x", "1"), want("y", "2"), want("z", "3")},
			[]Strategy{rollout("a", "x", "1", 4), rollout("c", "z", "3", 5)}, "a +1 c", "", "a=0 c=2"},
		"the first ones":    {[]Strategy{want("x", "1"), want("y", "2")}, nil, "+0 +1", "", ""},
		"moved":             {[]Strategy{want("y", "2"), want("x", "1")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1)}, "b a", "", "b=0 a=1"},
		"moved ties":        {[]Strategy{want("y", "2"), want("x", "1")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 0)}, "b a", "", "a=1"},
		"changed":           {[]Strategy{want("x", "1"), want("y", "3")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1)}, "a b!", "", ""},
		"changed and moved": {[]Strategy{want("y", "3"), want("x", "1")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1)}, "b! a", "", "b=0 a=1"},
		"equal before titled": {[]Strategy{want("x", "2"), want("x", "1")},
			[]Strategy{rollout("a", "x", "1", 0), rollout("b", "x", "2", 1)}, "b a", "", "b=0 a=1"},
		"titled before left over": {[]Strategy{want("new", "9"), want("y", "3")},
			[]Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1)}, "a! b!", "", ""},
		"another type": {[]Strategy{other}, []Strategy{rollout("a", "", "1", 3)}, "a!", "", ""},
		"too many":     {[]Strategy{want("y", "2")}, []Strategy{rollout("a", "x", "1", 0), rollout("b", "y", "2", 1), rollout("c", "z", "1", 2)}, "b", "a c", ""},
		"none":         {[]Strategy{}, []Strategy{rollout("a", "x", "1", 0)}, "", "a", ""},
		"at the end of the numbers": {[]Strategy{want("x", "1"), want("y", "2")},
			[]Strategy{rollout("a", "x", "1", maxSortOrder)}, "a +1", "", "a=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := arrangementOf(test.want, test.there)
			var slots, leftover, reorder []string
			for _, s := range got.slots {
				switch {
				case s.want.ID == "":
					slots = append(slots, fmt.Sprintf("+%d", *s.want.SortOrder))
				case s.differs:
					slots = append(slots, s.want.ID+"!")
				default:
					slots = append(slots, s.want.ID)
				}
			}
			for _, s := range got.leftover {
				leftover = append(leftover, s.ID)
			}
			for _, o := range got.reorder {
				reorder = append(reorder, fmt.Sprintf("%s=%d", o.ID, o.SortOrder))
			}
			for _, part := range []struct {
				what, want string
				got        []string
			}{{"slots", test.slots, slots}, {"leftover", test.leftover, leftover}, {"reorder", test.reorder, reorder}} {
				if text := strings.Join(part.got, " "); text != part.want {
					t.Errorf("%s: %q, want %q", part.what, text, part.want)
				}
			}
		})
	}
}

// What becomes another strategy leaves its parameters behind; what is the same one keeps those that are not named.
func TestArrangementParameters(t *testing.T) {
	t.Parallel()
	there := rollout("a", "x", "10", 0)
	there.Parameters["stickiness"] = "userId"
	for title, want := range map[string]string{"x": "userId", "y": ""} {
		got := arrangementOf([]Strategy{rollout("", title, "20", 0)}, []Strategy{there}).slots[0]
		if !got.differs || got.body.Parameters["stickiness"] != want || got.body.Parameters["rollout"] != "20" {
			t.Errorf("%s: %+v", title, got.body)
		}
	}
}

func sandboxClient(t *testing.T, options ...sandbox.Option) (*Client, *sandbox.Sandbox) {
	t.Helper()
	s := sandbox.New(options...)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, Token: s.Token, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// randomStrategy is one of not so many, so that equal ones meet.
func randomStrategy(r *rand.Rand) Strategy {
	title := []string{"", "a", "b"}[r.IntN(3)]
	s := Strategy{Name: []string{FlexibleRollout, "default"}[r.IntN(2)], Title: &title, Disabled: r.IntN(3) == 0}.Complete()
	if s.Name == FlexibleRollout && r.IntN(2) == 0 {
		s.Parameters["rollout"] = fmt.Sprint(10 * r.IntN(3))
	}
	if r.IntN(3) == 0 {
		s.Constraints = []Constraint{{ContextName: "country", Operator: "IN", Values: []string{[]string{"NL", "BE"}[r.IntN(2)]}}}
	}
	if r.IntN(4) == 0 {
		for i := range 1 + r.IntN(3) {
			s.Variants = append(s.Variants, Variant{Name: fmt.Sprint("v", i), WeightType: "variable", Stickiness: "default"})
		}
		if len(s.Variants) > 1 {
			s.Variants[0].WeightType, s.Variants[0].Weight = "fix", r.IntN(1001)
		}
	}
	return s
}

// Whatever is there and whatever is wanted: it ends up so, in that order and in no more writes than there are strategies to
// touch, plus one for the order and one for the switch; nothing is written when nothing differs; and a flag that is on and
// has an enabled strategy before and after does not go off in between.
func TestArrangeRandomly(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	c, server := sandboxClient(t)
	ctx := t.Context()
	if _, err := c.CreateFeature(ctx, Feature{Project: "default", Name: "f", Type: "release"}); err != nil {
		t.Fatal(err)
	}
	at := FeatureState{Project: "default", Environment: "production", Feature: "f"}
	show := func(strategies, wanted []Strategy) string {
		var texts []string
		for i, s := range strategies {
			parameter := s.Parameters["rollout"]
			if i < len(wanted) && wanted[i].Parameters["rollout"] == "" { // not compared
				parameter = ""
			}
			weights := []string{}
			for _, v := range s.Variants {
				weights = append(weights, v.Name, v.WeightType)
				if v.Fixed() {
					weights = append(weights, fmt.Sprint(v.Weight))
				}
			}
			constraints, _ := json.Marshal(s.Constraints)
			texts = append(texts, fmt.Sprint(s.Name, *s.Title, s.Disabled, parameter, string(constraints), weights))
		}
		return strings.Join(texts, "\n")
	}
	for round := range 300 {
		want := at
		want.Strategies = []Strategy{}
		for range r.IntN(7) {
			want.Strategies = append(want.Strategies, randomStrategy(r))
		}
		if before, err := c.FeatureState(ctx, at); err != nil {
			t.Fatal(err)
		} else if r.IntN(3) == 0 { // some of what is there stays, in any order
			want.Strategies = append(want.Strategies, before.Strategies[r.IntN(len(before.Strategies)+1):]...)
			r.Shuffle(len(want.Strategies), func(i, j int) {
				want.Strategies[i], want.Strategies[j] = want.Strategies[j], want.Strategies[i]
			})
			want.Strategies = want.Strategies[:min(len(want.Strategies), 12)]
		}
		for i := range want.Strategies {
			want.Strategies[i].ID, want.Strategies[i].SortOrder = "", nil
		}
		if enabled(want.Strategies) && r.IntN(2) == 0 {
			want.Enabled = pointer(true)
		} else if r.IntN(4) == 0 {
			want.Enabled = pointer(false)
		}
		c.forgetFlag("default", "f")
		before, err := c.FeatureState(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		server.ResetRequests()
		if _, err := c.UpdateFeatureState(ctx, at, want); err != nil {
			t.Fatalf("seed %d, round %d: %s", seed, round, err)
		}
		if writes, most := server.Writes(), max(len(want.Strategies), len(before.Strategies))+2; writes > most {
			t.Errorf("seed %d, round %d: %d writes, at most %d", seed, round, writes, most)
		}
		if *before.Enabled && want.Enabled == nil && enabled(want.Strategies) && server.Count("POST", "/projects/{}/features/{}/environments/{}/on") > 0 {
			t.Errorf("seed %d, round %d: it went off", seed, round)
		}
		remembered, err := c.FeatureState(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		c.forgetFlag("default", "f")
		after, err := c.FeatureState(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprint(*remembered.Enabled, show(remembered.Strategies, nil)), fmt.Sprint(*after.Enabled, show(after.Strategies, nil)); a != b {
			t.Fatalf("seed %d, round %d: remembered\n%s\nbut there is\n%s", seed, round, a, b)
		}
		if got, wanted := show(after.Strategies, want.Strategies), show(want.Strategies, nil); got != wanted {
			t.Fatalf("seed %d, round %d: there is\n%s\nwanted\n%s", seed, round, got, wanted)
		}
		on := *before.Enabled && enabled(want.Strategies)
		if want.Enabled != nil {
			on = *want.Enabled
		}
		if *after.Enabled != on {
			t.Fatalf("seed %d, round %d: on is %v", seed, round, *after.Enabled)
		}
		server.ResetRequests()
		if _, err := c.UpdateFeatureState(ctx, at, want); err != nil || server.Writes() > 0 {
			t.Fatalf("seed %d, round %d: %d writes where nothing differs (%v)", seed, round, server.Writes(), err)
		}
	}
}

// A flag stays on while its only strategy is exchanged, and what has to go off first goes off first.
func TestFeatureStateOrder(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	ctx := t.Context()
	if _, err := c.CreateFeature(ctx, Feature{Project: "default", Name: "f", Type: "release"}); err != nil {
		t.Fatal(err)
	}
	at := FeatureState{Project: "default", Environment: "production", Feature: "f"}
	off := rollout("", "off", "1", 0)
	off.Disabled = true
	step := func(enabled *bool, strategies []Strategy, want ...string) {
		t.Helper()
		state := at
		state.Enabled, state.Strategies = enabled, strategies
		server.ResetRequests()
		ctx, warnings := rest.WithWarnings(ctx)
		if _, err := c.CreateFeatureState(ctx, state); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range server.Requests() {
			_, path, _ := strings.Cut(r.Path, "/production/")
			if strings.HasPrefix(path, "strategies/0") {
				path = "strategies/…"
			}
			got = append(got, r.Method+" "+path)
		}
		for _, w := range warnings() {
			got = append(got, w.Summary)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	yes, no := true, false
	step(&yes, []Strategy{off, rollout("", "x", "1", 0)}, "POST strategies", "POST strategies", "POST on")
	step(&yes, []Strategy{rollout("", "y", "2", 0), off}, "PUT strategies/…", "POST strategies/set-sort-order")
	swapped := rollout("", "off", "1", 0) // the one that was off is on, and the other way round
	other := rollout("", "y", "2", 0)
	other.Disabled = true
	step(&yes, []Strategy{other, swapped}, "PUT strategies/…", "PUT strategies/…")
	step(&no, []Strategy{swapped}, "POST off", "DELETE strategies/…")
	step(nil, []Strategy{swapped})
	step(&yes, nil, "POST on")
	step(nil, []Strategy{}, "DELETE strategies/…", "Unleash has switched flags off")
	step(&no, []Strategy{})
	if _, err := c.CreateFeatureState(ctx, FeatureState{Project: "default", Environment: "production", Feature: "f", Enabled: &yes, Strategies: []Strategy{off}}); err == nil || server.Writes() > 0 {
		t.Errorf("a flag cannot be on like that: %v, %d writes", err, server.Writes())
	}
}
