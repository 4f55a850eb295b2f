package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// listen returns a context and the summaries of the warnings that were heard in it.
func listen(t *testing.T) (context.Context, func() []string) {
	t.Helper()
	ctx, warnings := rest.WithWarnings(t.Context())
	return ctx, func() (summaries []string) {
		for _, w := range warnings() {
			summaries = append(summaries, w.Summary)
		}
		return summaries
	}
}

func added(t *testing.T, c *Client, want Strategy) Strategy {
	t.Helper()
	got, err := c.CreateStrategy(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// turned switches a flag on.
func turned(t *testing.T, c *Client, at Strategy) {
	t.Helper()
	if _, err := c.CreateFeatureState(t.Context(), FeatureState{Project: at.Project, Environment: at.Environment, Feature: at.Feature, Enabled: pointer(true)}); err != nil {
		t.Fatal(err)
	}
}

func ids(strategies []Strategy) (ids []string) {
	for _, s := range strategies {
		ids = append(ids, s.ID)
	}
	return ids
}

// What this client has archived itself comes back whatever is said of archived flags, and on where it was on. What others have
// archived comes back off, and only where that is wanted.
func TestReviveFeature(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ours, revive bool
		on, fails    bool
		warning      string
	}{
		"ours":             {ours: true, revive: true, on: true, warning: `Flag "f" was archived, and brought back`},
		"ours, unwanted":   {ours: true, on: true, warning: `Flag "f" was archived, and brought back`},
		"theirs":           {revive: true, warning: `Flag "f" was revived from the archive`},
		"theirs, unwanted": {fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := sandboxClient(t)
			at := aFlag(t, c, "f")
			elsewhere := at
			elsewhere.Environment = "development" // enabled strategies, but off
			had := []string{added(t, c, titled(at, "a")).ID, added(t, c, titled(at, "b")).ID}
			hadElsewhere := added(t, c, elsewhere).ID
			turned(t, c, at)
			who := c
			if !test.ours {
				who, _ = again(t, s)
			}
			if err := who.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "f"}); err != nil {
				t.Fatal(err)
			}
			ctx, warnings := rest.WithWarnings(t.Context())
			_, err := c.CreateFeature(ctx, Feature{Project: DefaultProject, Name: "f", Type: "release", Revive: test.revive})
			if test.fails {
				if err == nil || errors.Is(err, rest.ErrExists) || !strings.Contains(err.Error(), `on_archived is "error"`) || s.Count("POST", "/projects/{}/revive") > 0 {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if there, on := fresh(t, c, at); on != test.on || !slices.Equal(ids(there), had) {
				t.Errorf("on %v with %q, want %q", on, ids(there), had)
			}
			if there, on := fresh(t, c, elsewhere); on || !slices.Equal(ids(there), []string{hadElsewhere}) {
				t.Errorf("elsewhere on %v with %q", on, ids(there))
			}
			if w := warnings(); len(w) != 1 || w[0].Summary != test.warning || test.on && !strings.Contains(w[0].Detail, "on where it was: production.") {
				t.Errorf("%q", w)
			}
		})
	}
}

// Of the strategies that came back with a flag, a resource takes the one that was its own, as far as that can be told.
func TestTakeRevived(t *testing.T) {
	t.Parallel()
	half := func(title string) Strategy {
		s := Strategy{Name: FlexibleRollout, Parameters: Parameters{"rollout": "50"}}
		if title != "" {
			s.Title = &title
		}
		return s
	}
	theirs := half("gold")
	theirs.Constraints = []Constraint{{ContextName: "plan", Operator: "IN", Values: []string{"gold"}}}
	more, sorted := half("gold"), half("")
	more.Parameters, sorted.SortOrder = Parameters{"rollout": "70"}, pointer(int64(7))
	for name, test := range map[string]struct {
		there, want []Strategy
		takes       []int // for each that is wanted the index of the one in there that becomes it, -1: a new one
		warns       bool
	}{
		"own before theirs":          {[]Strategy{half(""), theirs}, []Strategy{half("")}, []int{0}, false},
		"own after theirs":           {[]Strategy{theirs, half("")}, []Strategy{half("")}, []int{1}, false},
		"titled first":               {[]Strategy{half("gold"), half("")}, []Strategy{half("gold"), half("")}, []int{0, 1}, false},
		"untitled first":             {[]Strategy{half("gold"), half("")}, []Strategy{half(""), half("gold")}, []int{1, 0}, false},
		"twins":                      {[]Strategy{half(""), half("")}, []Strategy{half(""), half(""), half("")}, []int{0, 1, -1}, false},
		"titled by others":           {[]Strategy{theirs}, []Strategy{half("")}, []int{0}, false},
		"several that fit":           {[]Strategy{half("a"), half("b")}, []Strategy{half("")}, []int{-1}, true},
		"several of the title":       {[]Strategy{half("gold"), theirs}, []Strategy{more}, []int{-1}, true},
		"changed":                    {[]Strategy{half(""), half("gold")}, []Strategy{more}, []int{1}, false},
		"changed, without its title": {[]Strategy{half("gold")}, []Strategy{{Name: FlexibleRollout, Parameters: more.Parameters}}, []int{-1}, false},
		"changed, untitled":          {[]Strategy{half("")}, []Strategy{{Name: FlexibleRollout, Parameters: more.Parameters}}, []int{-1}, false},
		"moved":                      {[]Strategy{half("")}, []Strategy{sorted}, []int{0}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := sandboxClient(t)
			at := aFlag(t, c, "f")
			here := func(s Strategy) Strategy {
				s.Project, s.Environment, s.Feature = at.Project, at.Environment, at.Feature
				return s
			}
			var had []string
			for _, s := range test.there {
				had = append(had, added(t, c, here(s)).ID)
			}
			if err := c.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "f"}); err != nil {
				t.Fatal(err)
			}
			c, _ = again(t, s)
			if _, err := c.CreateFeature(t.Context(), Feature{Project: DefaultProject, Name: "f", Type: "release", Revive: true}); err != nil {
				t.Fatal(err)
			}
			ctx, warned := listen(t)
			for i, want := range test.want {
				got, err := c.CreateStrategy(ctx, here(want))
				if err != nil || slices.Index(had, got.ID) != test.takes[i] || got.Parameters["rollout"] != want.Parameters["rollout"] {
					t.Errorf("%d took %d of %q: %+v, %v", i, slices.Index(had, got.ID), had, got, err)
				}
				there, _ := fresh(t, c, at)
				s := findStrategy(there, got.ID)
				if body, differs := want.update(*s); differs || want.SortOrder != nil && *want.SortOrder != *s.SortOrder {
					t.Errorf("%d is %+v, wants %+v", i, s, body)
				}
			}
			want := []string(nil)
			if test.warns {
				want = []string{"A revived flag has strategies of which several could be ours"}
			}
			if !slices.Equal(warned(), want) {
				t.Errorf("%q", warned())
			}
		})
	}
}

// What did not come back from the archive is nobody's to take, nor what this run has archived itself: the resource that it
// belongs to still has it.
func TestTakeRevivedAlone(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	at := aFlag(t, c, "f")
	was := added(t, c, titled(at, "gold"))
	c, _ = again(t, s)
	other := added(t, c, titled(at, "gold"))
	if other.ID == was.ID {
		t.Error("took somebody's strategy")
	}
	if err := c.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "f"}); err != nil {
		t.Fatal(err)
	}
	aFlag(t, c, "f")
	if got := added(t, c, titled(at, "gold")); got.ID == was.ID || got.ID == other.ID {
		t.Error("took the strategy of a flag that was replaced by itself")
	}
	if there, _ := fresh(t, c, at); len(there) != 3 {
		t.Errorf("there are %q", ids(there))
	}
}
