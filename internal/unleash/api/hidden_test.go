package api

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// A flag that is in another project now is not gone, nor is what belongs to it: whoever made it anew would have it twice.
func TestMovedAway(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t, sandbox.Enterprise())
	at := aFlag(t, c, "f")
	s := added(t, c, at)
	if _, err := c.CreateProject(t.Context(), Project{ID: "shop", Name: "Shop", Mode: "open", DefaultStickiness: "default"}); err != nil {
		t.Fatal(err)
	}
	if err := c.rest.Do(t.Context(), "POST", rest.P("/api/admin/projects/default/features/f/changeProject"), map[string]any{"newProjectId": "shop"}, nil); err != nil {
		t.Fatal(err)
	}
	c.forgetFlag(DefaultProject, "f")
	flag, state := Feature{Project: DefaultProject, Name: "f", Type: "release"}, FeatureState{Project: DefaultProject, Environment: at.Environment, Feature: "f"}
	for what, err := range map[string]error{
		"feature": second(c.Feature(t.Context(), flag)), "state": second(c.FeatureState(t.Context(), state)), "strategy": second(c.Strategy(t.Context(), s)),
		"update": second(c.UpdateStrategy(t.Context(), s, s)), "delete": c.DeleteStrategy(t.Context(), s),
	} {
		if err == nil || errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), `import it with project = "shop"`) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var e *rest.Error
	_, err := c.CreateFeature(t.Context(), flag)
	if !errors.As(err, &e) || e.Kind != nil || e.Fields["name"] == nil || !strings.Contains(err.Error(), `The name is taken, but not in project "default"`) || !strings.Contains(err.Error(), `in project "shop"`) ||
		strings.Contains(err.Error(), "import it") || strings.Contains(err.Error(), "..") {
		t.Error(err)
	}
}

// A strategy in an environment that its project has lost is hidden, not gone: it can be changed and deleted, and is the same
// when the environment is back.
func TestHiddenStrategy(t *testing.T) {
	t.Parallel()
	c, server := sandboxClient(t, sandbox.Enterprise())
	link := ProjectEnvironment{Project: DefaultProject, Environment: "production"}
	at := aFlag(t, c, "f")
	s, other := added(t, c, titled(at, "s")), added(t, c, titled(at, "other"))
	if err := c.DeleteProjectEnvironment(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Strategy(t.Context(), s); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%+v %v, was %+v", got, err, s)
	}
	changed := s
	changed.Parameters = Parameters{"rollout": "30"}
	changed, err := c.UpdateStrategy(t.Context(), s, changed)
	if err != nil || changed.Parameters["rollout"] != "30" || changed.Parameters["groupId"] != "f" {
		t.Fatal(changed, err)
	}
	server.Inject(faults.Fault{Method: "GET", Path: "/projects/{}/features/{}/environments/{}/{...}", Status: 500})
	if _, err := c.Strategy(t.Context(), s); err == nil || errors.Is(err, rest.ErrNotFound) {
		t.Errorf("gone, because of an answer that says nothing: %v", err)
	}
	if err := c.DeleteStrategy(t.Context(), other); err != nil {
		t.Error(err)
	}
	if _, err := c.Strategy(t.Context(), other); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.CreateProjectEnvironment(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	if there, on := fresh(t, c, at); on || !reflect.DeepEqual(there, []Strategy{changed}) {
		t.Errorf("%+v, on %v, want %+v", there, on, changed)
	}
	// With the environment itself, or the flag, it is gone.
	elsewhere := at
	elsewhere.Environment = "development"
	lone := added(t, c, elsewhere)
	if err := c.DeleteEnvironment(t.Context(), Environment{Name: "development"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Strategy(t.Context(), lone); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if err := c.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "f"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Strategy(t.Context(), changed); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}
