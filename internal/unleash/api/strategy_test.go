package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// aFlag makes one and returns where its strategies go.
func aFlag(t *testing.T, c *Client, name string) Strategy {
	t.Helper()
	if _, err := c.CreateFeature(t.Context(), Feature{Project: "default", Name: name, Type: "release"}); err != nil {
		t.Fatal(err)
	}
	return Strategy{Project: "default", Environment: "production", Feature: name, Name: FlexibleRollout}
}

func titled(at Strategy, title string) Strategy {
	at.Title = &title
	return at
}

// fresh is what the server has, past what the client remembers.
func fresh(t *testing.T, c *Client, at Strategy) (strategies []Strategy, on bool) {
	t.Helper()
	c.forgetFlag(at.Project, at.Feature)
	strategies, on, err := c.strategies(t.Context(), at.place())
	if err != nil {
		t.Fatal(err)
	}
	return strategies, on
}

func titles(strategies []Strategy) (titles []string) {
	for _, s := range strategies {
		titles = append(titles, *s.Title)
	}
	return titles
}

// Putting back what was read, be its weights as uneven as they may, changes nothing; and a managed variant that changes
// moves no other one's weight.
func TestWeightsStay(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	at := aFlag(t, c, "f")
	for n := 2; n <= 9; n++ {
		for fixed := 0; fixed <= 1000; fixed += 111 {
			s := at
			s.Title = pointer(fmt.Sprint(n, "/", fixed))
			for i := range n {
				s.Variants = append(s.Variants, Variant{Name: fmt.Sprint(i, "x"), WeightType: "variable", Stickiness: "default"})
			}
			if fixed > 0 {
				s.Variants = append(s.Variants, Variant{Name: "fixed", Weight: fixed, WeightType: "fix", Stickiness: "default"})
			}
			body := s.create()
			body.Variants = append([]Variant{}, s.Variants...)
			slices.Reverse(body.Variants) // so that the remainder is not where the names' order would have it
			made, err := rest.Send[Strategy](t.Context(), c.rest, "POST", at.place().path("/strategies"), body)
			if err != nil {
				t.Fatal(err)
			}
			before, _ := fresh(t, c, at)
			change := made
			change.Project, change.Environment, change.Feature = at.Project, at.Environment, at.Feature
			change.Parameters, change.Title, change.Constraints, change.Segments, change.Variants = Parameters{"rollout": "7"}, nil, nil, nil, nil
			if _, err := c.UpdateStrategy(t.Context(), change, change); err != nil {
				t.Fatal(err)
			}
			change.Variants = slices.Clone(s.Variants)
			change.Variants[0].Payload = &Payload{"string", "x"}
			if _, err := c.UpdateStrategy(t.Context(), change, change); err != nil {
				t.Fatal(err)
			}
			after, _ := fresh(t, c, at)
			for i, v := range after[0].Variants {
				if was := before[0].Variants[i]; v.Weight != was.Weight || v.Name != was.Name {
					t.Errorf("%s: %s had %d and has %d", *s.Title, was.Name, was.Weight, v.Weight)
				}
			}
			if err := c.DeleteStrategy(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := server.Count("PUT", "/projects/{...}"); n != 2*8*10 {
		t.Errorf("%d PUTs", n)
	}
}

// An update writes what it is to change and keeps the rest, presence of inverted included; without a difference it writes
// nothing.
func TestUpdateStrategyKeeps(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	at := aFlag(t, c, "f")
	var segment struct{ ID int64 }
	if err := c.rest.Do(t.Context(), "POST", rest.P("/api/admin/segments"), map[string]any{"name": "s", "constraints": []any{}}, &segment); err != nil {
		t.Fatal(err)
	}
	theirs := map[string]any{
		"name": FlexibleRollout, "title": "theirs", "segments": []int64{segment.ID}, "parameters": map[string]any{"stickiness": "userId", "extra": "1"},
		"constraints": []any{
			map[string]any{"contextName": "a", "operator": "IN", "values": []string{"1", "1"}, "inverted": false},
			map[string]any{"contextName": "b", "operator": "NUM_EQ", "value": " 5.50 ", "caseInsensitive": true},
		},
		"variants": []any{map[string]any{"name": "v", "weight": 0, "weightType": "variable", "stickiness": "userId", "payload": map[string]any{"type": "json", "value": "{ }"}}},
	}
	var made map[string]any
	if err := c.rest.Do(t.Context(), "POST", at.place().path("/strategies"), theirs, &made); err != nil {
		t.Fatal(err)
	}
	want := at
	want.ID, _ = made["id"].(string)
	want.Parameters = Parameters{"rollout": "30"}
	fresh(t, c, at)
	server.ResetRequests()
	for range 2 {
		if _, err := c.UpdateStrategy(t.Context(), want, want); err != nil {
			t.Fatal(err)
		}
		fresh(t, c, at)
	}
	if server.Writes() != 1 {
		t.Errorf("%d writes, want 1", server.Writes())
	}
	var now map[string]any
	if err := c.rest.Do(t.Context(), "GET", want.path(), nil, &now); err != nil {
		t.Fatal(err)
	}
	made["parameters"] = map[string]any{"rollout": "30", "stickiness": "userId", "extra": "1", "groupId": "f"}
	if !reflect.DeepEqual(now, made) {
		t.Errorf("it was\n%v\nand is\n%v", made, now)
	}
	// Another type drops parameters that are not named, but nothing else. A title goes back to "" alone.
	want.Name, want.Parameters, want.Title = "remoteAddress", Parameters{"IPs": "10.0.0.1"}, pointer("")
	got, err := c.UpdateStrategy(t.Context(), want, want)
	if err != nil || !reflect.DeepEqual(got.Parameters, want.Parameters) || *got.Title != "" || len(got.Constraints) != 2 || len(got.Segments) != 1 {
		t.Errorf("%v %+v", err, got)
	}
	server.ResetRequests()
	if _, err = c.UpdateStrategy(t.Context(), want, want); err != nil || server.Writes() > 0 {
		t.Errorf("%v, %d writes", err, server.Writes())
	}
}

// A sort order is written where it was to change, and not because somebody else has moved the strategy meanwhile.
func TestUpdateStrategySortOrder(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	at := aFlag(t, c, "f")
	var made []Strategy
	for _, title := range []string{"a", "b", "c"} {
		s, err := c.CreateStrategy(t.Context(), titled(at, title))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, s)
	}
	want := made[2]
	want.SortOrder = pointer(int64(-1))
	if got, err := c.UpdateStrategy(t.Context(), made[2], want); err != nil || *got.SortOrder != -1 {
		t.Error(err, *got.SortOrder)
	}
	server.ResetRequests()
	if _, err := c.UpdateStrategy(t.Context(), made[2], made[2]); err != nil || server.Writes() > 0 {
		t.Errorf("%v, %d writes", err, server.Writes())
	}
	if there, _ := fresh(t, c, at); !slices.Equal(titles(there), []string{"c", "a", "b"}) {
		t.Error(titles(there))
	}
	// Somebody has moved it meanwhile: what is written is what was wanted, and the next plan shows what there is.
	changed := made[2]
	changed.Parameters = Parameters{"rollout": "7"}
	if got, err := c.UpdateStrategy(t.Context(), made[2], changed); err != nil || *got.SortOrder != *made[2].SortOrder || server.Count("POST", "/{...}") > 0 {
		t.Error(err, *got.SortOrder, server.Requests())
	}
	first := titled(at, "first")
	first.SortOrder = pointer(int64(-7))
	if got, err := c.CreateStrategy(t.Context(), first); err != nil || *got.SortOrder != -7 {
		t.Error(err, *got.SortOrder)
	}
}

// The first enabled strategy after an "on" of ours takes the place of the server's own, and has nothing of it.
func TestDefaultIsTaken(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	ctx := t.Context()
	if err := c.rest.Do(ctx, "POST", rest.P("/api/admin/projects/default/environments/production/default-strategy"), map[string]any{
		"name": FlexibleRollout, "title": "default", "parameters": map[string]any{"rollout": "13", "stickiness": "userId", "groupId": ""},
		"constraints": []any{map[string]any{"contextName": "a", "operator": "IN", "values": []string{"1"}}},
	}, nil); err != nil {
		t.Fatal(err)
	}
	at := aFlag(t, c, "f")
	on := FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Enabled: pointer(true)}
	if _, err := c.CreateFeatureState(ctx, on); err != nil {
		t.Fatal(err)
	}
	disabled := titled(at, "disabled")
	disabled.Disabled = true
	if _, err := c.CreateStrategy(ctx, disabled); err != nil { // it cannot take it: the flag would go off
		t.Fatal(err)
	}
	first := titled(at, "first")
	first.SortOrder = pointer(int64(9))
	made, err := c.CreateStrategy(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(made.Parameters, Parameters{"rollout": "100", "stickiness": "default", "groupId": "f"}) || len(made.Constraints) > 0 || *made.SortOrder != 9 {
		t.Errorf("%+v", made)
	}
	if _, err := c.CreateStrategy(ctx, at); err != nil {
		t.Fatal(err)
	}
	there, isOn := fresh(t, c, at)
	if !isOn || !slices.Equal(titles(there), []string{"disabled", "first", ""}) {
		t.Error(isOn, titles(there))
	}
	if got := server.Count("PUT", "/projects/{...}"); got != 1 {
		t.Errorf("%d PUTs", got)
	}
	// What was there before the "on" stays.
	at = aFlag(t, c, "g")
	disabled.Feature, on.Feature = "g", "g"
	if _, err := c.CreateStrategy(ctx, disabled); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateFeatureState(ctx, on); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateStrategy(ctx, titled(at, "first")); err != nil {
		t.Fatal(err)
	}
	if there, isOn := fresh(t, c, at); !isOn || !slices.Equal(titles(there), []string{"disabled", "first"}) {
		t.Error(isOn, titles(there))
	}
}

// The server switches a flag off with its last enabled strategy: that warns, and another one switches it on again.
func TestLastStrategy(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t)
	at := aFlag(t, c, "f")
	ctx, warnings := rest.WithWarnings(t.Context())
	made, err := c.CreateStrategy(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	state := FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Enabled: pointer(true)}
	if _, err := c.CreateFeatureState(ctx, state); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, want bool, warned int) {
		t.Helper()
		if _, on := fresh(t, c, at); on != want || len(warnings()) != warned {
			t.Errorf("%s: on is %v, %d warnings", what, on, len(warnings()))
		}
	}
	off := made
	off.Disabled = true
	if _, err := c.UpdateStrategy(ctx, made, off); err != nil {
		t.Fatal(err)
	}
	expect("disabled", false, 1)
	if _, err := c.UpdateStrategy(ctx, off, made); err != nil {
		t.Fatal(err)
	}
	expect("enabled", true, 1)
	if err := c.DeleteStrategy(ctx, made); err != nil {
		t.Fatal(err)
	}
	expect("deleted", false, 2)
	made, err = c.CreateStrategy(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	expect("made anew", true, 2)
	if err := c.DeleteStrategy(ctx, made); err != nil {
		t.Fatal(err)
	}
	state.Enabled = pointer(false) // said so since
	if _, err := c.CreateFeatureState(ctx, state); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateStrategy(ctx, at); err != nil {
		t.Fatal(err)
	}
	expect("switched off", false, 3)
}

// Overrides of variants are refused in updates: nobody loses them without having said that variants are managed.
func TestOverrides(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t)
	at := aFlag(t, c, "f")
	ctx, warnings := rest.WithWarnings(t.Context())
	s := at
	s.Variants = []Variant{{Name: "v", WeightType: "variable", Stickiness: "default", Overrides: json.RawMessage(`[{"contextName":"userId","values":["1"]}]`)}}
	made, err := c.CreateStrategy(ctx, s)
	if err != nil || !hasOverrides(made.Variants) {
		t.Fatal(err, made)
	}
	want := at
	want.ID, want.Parameters = made.ID, Parameters{"rollout": "5"}
	_, err = c.UpdateStrategy(ctx, want, want)
	if err == nil || !strings.Contains(err.Error(), "takes at creation alone") {
		t.Error(err)
	}
	want.Variants = []Variant{{Name: "v", WeightType: "variable", Stickiness: "default"}}
	got, err := c.UpdateStrategy(ctx, want, want)
	if err != nil || hasOverrides(got.Variants) || got.Parameters["rollout"] != "5" || len(warnings()) != 1 {
		t.Error(err, got, warnings())
	}
}

// Refusals name the attribute that they are about, and what is not there is said.
func TestStrategyErrors(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	at := aFlag(t, c, "f")
	ctx := t.Context()
	expect := func(err error, field, text string) {
		t.Helper()
		var e *rest.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), text) || field != "" && len(e.Fields[field]) == 0 {
			t.Errorf("%v has nothing about %s, or not %q", err, field, text)
		}
	}
	bad := at
	bad.Segments = []int64{99}
	_, err := c.CreateStrategy(ctx, bad)
	expect(err, "segments", "No segment exists")
	if errors.Is(err, rest.ErrNotFound) {
		t.Error("it is not the strategy that is gone")
	}
	bad = at
	bad.Environment = "nowhere"
	_, err = c.CreateStrategy(ctx, bad)
	expect(err, "environment", "flagops_unleash_project_environment")
	bad = at
	bad.Feature = "nothing"
	_, err = c.CreateStrategy(ctx, bad)
	expect(err, "", "no feature named")
	bad = at
	bad.Constraints = []Constraint{{ContextName: "c", Operator: "SEMVER_EQ", Value: pointer("v1")}}
	state := FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Strategies: []Strategy{at.Complete(), bad.Complete()}}
	_, err = c.CreateFeatureState(ctx, state)
	expect(err, "strategies[1]", "")
	state.Environment = "nowhere"
	_, err = c.CreateFeatureState(ctx, state)
	expect(err, "environment", "does not have the environment")
	for _, value := range []string{"101", "-1", "abc", ""} {
		bad = at
		bad.Parameters = Parameters{"rollout": value}
		if _, err = c.CreateStrategy(ctx, bad); err == nil || !strings.Contains(err.Error(), "from 0 to 100") {
			t.Error(value, err)
		}
	}
	const post = "/projects/{}/features/{}/environments/{}/strategies"
	server.Inject(faults.Fault{Method: "POST", Path: post, Status: 200, Body: "[]"})
	if _, err = c.CreateStrategy(ctx, at); err == nil {
		t.Error("an answer that is no strategy was taken for one")
	}
	made, err := c.CreateStrategy(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	// An answer that is lost is no reason to make it twice.
	for i, fault := range []faults.Fault{{Status: 502, Body: "<html>"}, {Drop: true}, {Status: 200, Body: "{}"}} {
		fault.Method, fault.Path, fault.After = "POST", post, true
		server.Inject(fault)
		if _, err := c.CreateStrategy(ctx, titled(at, fmt.Sprint(i))); err != nil {
			t.Error(err)
		}
		fault.After = false
		server.Inject(fault)
		if _, err := c.CreateStrategy(ctx, titled(at, fmt.Sprint(i))); err == nil {
			t.Error("what was not made was found")
		}
	}
	if there, _ := fresh(t, c, at); !slices.Equal(titles(there), []string{"", "", "0", "1", "2"}) {
		t.Error(titles(there))
	}
	server.Inject(faults.Fault{Method: "PUT", Path: "/projects/{}/features/{}/environments/{}/strategies/{}", Status: 200, Body: "{}"})
	bad = made
	bad.Parameters = Parameters{"rollout": "1"}
	if _, err = c.UpdateStrategy(ctx, made, bad); err == nil {
		t.Error("an answer that is no strategy was taken for one")
	}
	// What was made and could not be put in its place is not lost.
	if _, err := c.CreateFeatureState(ctx, FeatureState{Project: at.Project, Environment: "development", Feature: at.Feature, Enabled: pointer(true)}); err != nil {
		t.Fatal(err)
	}
	server.Inject(faults.Fault{Method: "POST", Path: "/projects/{}/features/{}/environments/{}/strategies/set-sort-order", Status: 500, Body: "{}"})
	late := titled(at, "late")
	late.Environment, late.SortOrder = "development", pointer(int64(5))
	var partial *rest.PartialError
	if got, err := c.CreateStrategy(ctx, late); !errors.As(err, &partial) || got.ID == "" {
		t.Error(err, got)
	}
	gone := made
	gone.ID = "01M000000000000000000000000"
	if _, err := c.Strategy(ctx, gone); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.UpdateStrategy(ctx, gone, gone); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if err := c.DeleteStrategy(ctx, gone); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

// What old versions have stored is read as well.
func TestParametersOfOld(t *testing.T) {
	t.Parallel()
	var p Parameters
	if err := json.Unmarshal([]byte(`{"a": "x", "b": 25, "c": true, "d": null, "e": {"f": 1}}`), &p); err != nil {
		t.Fatal(err)
	}
	if want := (Parameters{"a": "x", "b": "25", "c": "true", "d": "", "e": `{"f": 1}`}); !reflect.DeepEqual(p, want) {
		t.Errorf("%v, want %v", p, want)
	}
	if json.Unmarshal([]byte(`[1]`), &p) == nil {
		t.Error("a list was taken for parameters")
	}
}

// Equal sort orders are told apart by id, as clients get them: whatever order the server answers in, a plan is the same.
func TestTies(t *testing.T) {
	t.Parallel()
	const a, b, c = "01M80C0K8D7DAY0K5FHPEEYFVW", "01M80C0K8D7DAY0K5FHPEEYFVX", "01M80C0K8ZB9PMACRP711PW1X6"
	for _, answer := range [][]string{{a, b, c}, {c, b, a}, {b, c, a}} {
		e := &FlagEnvironment{Strategies: []Strategy{{ID: "z", SortOrder: pointer(int64(-1))}}}
		for _, id := range answer {
			e.Strategies = append(e.Strategies, Strategy{ID: id})
		}
		var got []string
		for _, s := range strategiesIn(place{}, e) {
			got = append(got, s.ID)
		}
		if want := []string{"z", a, b, c}; !slices.Equal(got, want) {
			t.Errorf("%v, not %v", got, want)
		}
	}
}

// All strategies and states of a flag are read with one request, and writing them takes one each.
func TestStrategyRequests(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t)
	at := aFlag(t, c, "f")
	server.ResetRequests()
	for range 3 {
		if _, err := c.CreateStrategy(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	state := FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Enabled: pointer(true)}
	if _, err := c.CreateFeatureState(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	if got := len(server.Requests()); got != 4 {
		t.Errorf("%d requests to create, want 4: %v", got, server.Requests())
	}
	c.forgetFlag(at.Project, at.Feature)
	server.ResetRequests()
	var all sync.WaitGroup
	for _, s := range slices.Repeat([]FeatureState{state, {Project: at.Project, Environment: "development", Feature: at.Feature}}, 5) {
		all.Go(func() {
			if _, err := c.FeatureState(t.Context(), s); err != nil {
				t.Error(err)
			}
			for _, err := range c.Strategies(t.Context(), Strategy{Project: s.Project, Environment: s.Environment, Feature: s.Feature}) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := len(server.Requests()); got != 1 {
		t.Errorf("%d requests to read, want 1", got)
	}
}

// States are listed by name; a project and an environment that are not there are errors.
func TestFeatureStates(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t)
	for i := range 20 {
		aFlag(t, c, fmt.Sprint("f", i))
	}
	list := func(project, environment string) (names []string, failed error) {
		for s, err := range c.FeatureStates(t.Context(), FeatureState{Project: project, Environment: environment}) {
			if failed = err; err == nil {
				names = append(names, s.Feature)
			}
		}
		return names, failed
	}
	if names, err := list("default", "production"); err != nil || len(names) != 20 || !slices.IsSorted(names) {
		t.Error(names, err)
	}
	if names, err := list("default", "nowhere"); err == nil || !strings.Contains(err.Error(), "does not have the environment") {
		t.Error(names, err)
	}
	if names, err := list("nothing", "production"); !errors.Is(err, rest.ErrNotFound) {
		t.Error(names, err)
	}
}

func TestParameterProblem(t *testing.T) {
	t.Parallel()
	for value, fine := range map[string]bool{
		"0": true, "100": true, "33.3": true, "007": true, "": false, "x": false, "NaN": false, "Inf": false, "1_0": false, "+5": false, "-1": false, "1e1": false, "0x1": false,
		"100.1": false, "101": false, " 5": false, "1.2.3": false, ".": false, "5%": false,
	} {
		if problem := ParameterProblem(FlexibleRollout, "rollout", value); (problem == "") != fine {
			t.Errorf("%q: %s", value, problem)
		}
	}
	for _, of := range [][3]string{{"custom", "rollout", "x"}, {FlexibleRollout, "stickiness", "userId"}, {FlexibleRollout, "other", ""}} {
		if problem := ParameterProblem(of[0], of[1], of[2]); problem != "" {
			t.Errorf("%q: %s", of, problem)
		}
	}
	for _, parameter := range []string{"stickiness", "groupId"} {
		if ParameterProblem(FlexibleRollout, parameter, "") == "" {
			t.Errorf("an empty %s is kept", parameter)
		}
	}
}
