package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// A project goes with the flags that have just been archived in it, and the server survives, which it does not otherwise.
func TestDeleteProjectAfterItsFlags(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{true, false} {
		c, s := sandboxClient(t, sandbox.Enterprise(), sandbox.CrashOnDelete(), sandbox.EventLag(time.Second))
		var asked time.Duration
		c.wait = func(ctx context.Context, d time.Duration) error {
			if asked = d; waits {
				return rest.Pause(ctx, 1100*time.Millisecond)
			}
			return nil
		}
		at, err := c.CreateProject(t.Context(), Project{Name: "P", Mode: "open", DefaultStickiness: "default"})
		if err != nil {
			t.Fatal(err)
		}
		flag, err := c.CreateFeature(t.Context(), Feature{Project: at.ID, Name: "f", Type: "release"})
		if err != nil || c.DeleteFeature(t.Context(), flag) != nil {
			t.Fatal(err)
		}
		err = c.DeleteProject(t.Context(), at)
		if s.Crashed() == waits || waits && err != nil || asked <= 0 || asked > settled {
			t.Errorf("waits %v (%s): crashed %v, %v", waits, asked, s.Crashed(), err)
		}
	}
}

// A project that others have archived is gone to Terraform, and stays in the archive.
func TestDeleteProject(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.Enterprise())
	at := Project{ID: "p", Name: "P", Mode: "open", DefaultStickiness: "default"}
	for _, at.Archive = range []bool{true, false} {
		if _, err := c.CreateProject(t.Context(), at); err != nil { // revived, the second time
			t.Fatal(err)
		}
		if err := c.DeleteProject(t.Context(), at); err != nil {
			t.Error(err)
		}
		if _, err := c.Project(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
			t.Error(err)
		}
		if archived := c.archivedProjects(t.Context(), func(p listedProject) bool { return p.ID == "p" }); (len(archived) == 1) != at.Archive {
			t.Errorf("archived: %v", archived)
		}
	}
	if err := c.DeleteProject(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	at.Archive = true
	if _, err := c.CreateProject(t.Context(), at); err != nil || c.DeleteProject(t.Context(), at) != nil {
		t.Fatal(err)
	}
	s.ResetRequests()
	if err := c.DeleteProject(t.Context(), at); err != nil || s.Writes() != 0 {
		t.Error(err, s.Requests())
	}
}

// A limit that the server takes and forgets is said to be.
func TestProjectLimitIsKept(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.Enterprise())
	s.Inject(faults.Fault{Method: "GET", Path: "/projects/p/overview", Status: 200, Body: `{"name": "P", "mode": "open"}`, Times: -1})
	var partial *rest.PartialError
	made, err := c.CreateProject(t.Context(), Project{ID: "p", Name: "P", Mode: "open", DefaultStickiness: "default", FeatureLimit: pointer(int64(3))})
	var e *rest.Error
	if !errors.As(err, &partial) || made.ID != "p" || !errors.As(err, &e) || e.Fields["featureLimit"] == nil {
		t.Error(made, err)
	}
}

// Flags are read afresh when their project or an environment of it has changed.
func TestForgetProject(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.Enterprise())
	flag := made(t, c, Feature{Name: "f"})
	names := func() (all []string) {
		f, err := c.flag(t.Context(), DefaultProject, flag.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Environments {
			all = append(all, e.Name)
		}
		return all
	}
	for _, step := range []struct {
		do   func() error
		want []string
	}{
		{func() error {
			return second(c.CreateEnvironment(t.Context(), Environment{Name: "e", Type: "test", SortOrder: pointer(int64(1))}))
		}, []string{"development", "production"}},
		{func() error {
			return second(c.CreateProjectEnvironment(t.Context(), ProjectEnvironment{Project: DefaultProject, Environment: "e"}))
		}, []string{"e", "development", "production"}},
		{func() error { return c.DeleteEnvironment(t.Context(), Environment{Name: "e"}) }, []string{"development", "production"}},
		{func() error {
			return c.DeleteProjectEnvironment(t.Context(), ProjectEnvironment{Project: DefaultProject, Environment: "production"})
		}, []string{"development"}},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := names(); !slices.Equal(got, step.want) {
			t.Errorf("the flag is in %q, want %q", got, step.want)
		}
	}
	s.ResetRequests()
	names()
	for range 3 {
		for _, err := range c.ProjectEnvironments(t.Context(), ProjectEnvironment{Project: DefaultProject}) {
			if err != nil {
				t.Error(err)
			}
		}
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests: %v", n, s.Requests())
	}
}

// A project without an id is the archived one of its name, if there is one and no other.
func TestReviveProjectByName(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t, sandbox.Enterprise())
	want := Project{Name: "Shop", Mode: "open", DefaultStickiness: "default", Archive: true}
	archive := func(id, name string) {
		t.Helper()
		at := Project{ID: id, Name: name, Mode: "open", DefaultStickiness: "default", Archive: true}
		if _, err := c.CreateProject(t.Context(), at); err != nil || c.DeleteProject(t.Context(), at) != nil {
			t.Fatal(err)
		}
	}
	archive("other", "Other")
	archive("first", "Shop")
	ctx, warned := listen(t)
	if got, err := c.CreateProject(ctx, want); err != nil || got.ID != "first" || !slices.Equal(warned(), []string{"An archived project was revived"}) {
		t.Error(got, err, warned())
	}
	if _, err := c.Project(ctx, Project{ID: "first"}); err != nil {
		t.Error(err)
	}
	if got, err := c.CreateProject(ctx, want); err != nil || got.ID != "shop" { // none is archived
		t.Error(got, err)
	}
	for _, id := range []string{"first", "shop"} {
		if err := c.DeleteProject(ctx, Project{ID: id, Archive: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.CreateProject(ctx, want); err != nil || got.ID != "shop-1" || len(warned()) != 1 { // which of them?
		t.Error(got, err, warned())
	}
}

// A project that stays because of its flags is told with them, and not with archived ones.
func TestDeleteProjectWithFlags(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.Enterprise())
	if _, err := c.CreateProject(t.Context(), Project{ID: "p", Name: "P", Mode: "open", DefaultStickiness: "default"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "a", "gone"} {
		if _, err := c.CreateFeature(t.Context(), Feature{Project: "p", Name: name, Type: "release"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.DeleteFeature(t.Context(), Feature{Project: "p", Name: "gone"}); err != nil {
		t.Fatal(err)
	}
	c, s = again(t, s) // another run has archived it
	for _, archive := range []bool{true, false} {
		if err := c.DeleteProject(t.Context(), Project{ID: "p", Archive: archive}); !hasStatus(err, 403) || !strings.HasSuffix(err.Error(), " It has 2: a, b.") {
			t.Error(err)
		}
	}
	// Where the flags cannot be had, or nothing is known of any, the server's word is all there is.
	s.Inject(faults.Fault{Method: "GET", Path: "/projects/{}/features", Status: 500})
	if err := c.DeleteProject(t.Context(), Project{ID: "p"}); !hasStatus(err, 403) || !strings.HasSuffix(err.Error(), "archive or move its flags first.") {
		t.Error(err)
	}
}
