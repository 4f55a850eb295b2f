package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

func made(t *testing.T, c *Client, want Feature) Feature {
	t.Helper()
	want.Project, want.Type = DefaultProject, "release"
	got, err := c.CreateFeature(context.Background(), want)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Fifty flags made at once, with tags and links, take two reads; what their states see then takes none.
func TestCreateFeatures(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			name := fmt.Sprint("f", i)
			got, err := c.CreateFeature(t.Context(), Feature{Project: DefaultProject, Name: name, Type: "release", Tags: []Tag{{"simple", "aa"}}, Links: []Link{{URL: "https://a.b/"}}})
			if err != nil || len(got.Tags) != 1 || len(got.Links) != 1 || got.CreatedAt == "" {
				t.Errorf("%+v %v", got, err)
			}
			for _, environment := range []string{"development", "production"} {
				if _, e, err := c.inEnvironment(t.Context(), DefaultProject, name, environment); err != nil || e.Enabled || len(e.Strategies) > 0 {
					t.Errorf("%+v %v", e, err)
				}
			}
		})
	}
	all.Wait()
	if reads := len(s.Requests()) - s.Writes(); reads != 1 || s.Writes() != 150 {
		t.Errorf("%d reads, %d writes", reads, s.Writes())
	}
	// What one of them holds is not what another holds.
	c.amend(DefaultProject, "f0", func(f *Flag) { f.Environment("production").Enabled = true })
	if _, e, _ := c.inEnvironment(t.Context(), DefaultProject, "f1", "production"); e.Enabled {
		t.Error("two flags share their environments")
	}
	// Links are read again where somebody asks for them: the server has its own way to write them, and ids.
	if got, err := c.Feature(t.Context(), Feature{Project: DefaultProject, Name: "f0"}); err != nil || got.Links[0].ID == "" || got.Links[0].URL != "https://a.b" {
		t.Errorf("%+v %v", got, err)
	}
}

// Tags are read one by one, then all at once, and never staler than the last write.
func TestTagsAreReadTogether(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	for i := range 20 {
		made(t, c, Feature{Name: fmt.Sprint("f", i), Tags: []Tag{{"simple", fmt.Sprint("tag", i)}}})
	}
	c, s = again(t, s)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			got, err := c.Feature(t.Context(), Feature{Project: DefaultProject, Name: fmt.Sprint("f", i)})
			if err != nil || !slices.Equal(got.Tags, []Tag{{"simple", fmt.Sprint("tag", i)}}) {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	all.Wait()
	if alone, list := s.Count("GET", "/features/{}/tags"), s.Count("GET", "/projects/default/features"); alone != 2 || list != 1 {
		t.Errorf("%d alone, %d lists", alone, list)
	}
	at := Feature{Project: DefaultProject, Name: "f7", Type: "release", Tags: []Tag{{"simple", "new"}}}
	if _, err := c.UpdateFeature(t.Context(), Feature{}, at); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Feature(t.Context(), at); err != nil || !slices.Equal(got.Tags, at.Tags) {
		t.Errorf("%+v %v", got, err)
	}
	made(t, c, Feature{Name: "late", Tags: []Tag{{"simple", "late"}}})
	if err := c.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "late"}); err != nil {
		t.Fatal(err)
	}
	if _, known := c.tags.get(DefaultProject, "late"); known {
		t.Error("the tags of an archived flag are remembered")
	}
	// A list that was asked for before a write must not undo what the write said.
	c.tags.list(DefaultProject, []taggedFlag{{"f7", []Tag{{"simple", "tag7"}}}})
	if tags, _ := c.tags.get(DefaultProject, "f7"); tags[0].Value != "new" {
		t.Errorf("%v", tags)
	}
}

// Flags are deleted for good without ending the server: one that was just made, revived, or archived by somebody else.
func TestPurgeFeature(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.CrashOnDelete(), sandbox.EventLag(time.Second))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			at := made(t, c, Feature{Name: fmt.Sprint("f", i), Revive: true})
			switch i % 4 {
			case 1: // in the archive
				if err := c.DeleteFeature(t.Context(), at); err != nil {
					t.Error(err)
				}
			case 2: // revived
				if err := c.DeleteFeature(t.Context(), at); err != nil {
					t.Error(err)
				}
				if _, err := c.CreateFeature(t.Context(), Feature{Project: DefaultProject, Name: at.Name, Type: "release", Revive: true}); err != nil {
					t.Error(err)
				}
			case 3: // old
				if err := rest.Pause(t.Context(), 1100*time.Millisecond); err != nil {
					t.Error(err)
				}
			}
			at.Purge = true
			if err := c.DeleteFeature(t.Context(), at); err != nil {
				t.Error(err)
			}
			if err := c.DeleteFeature(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.Crashed() {
		t.Fatal("the server is dead")
	}
	if archived := s.Count("DELETE", "/projects/{}/features/{}"); archived != 10 {
		t.Errorf("%d archived in the usual way", archived)
	}
	// A parent stays where it is.
	parent := made(t, c, Feature{Name: "parent"})
	made(t, c, Feature{Name: "child", Dependencies: []Dependency{{Feature: "parent", Enabled: true}}})
	parent.Purge = true
	s.ResetRequests()
	if err := c.DeleteFeature(t.Context(), parent); err == nil || !strings.Contains(err.Error(), "Depending on it: child.") || s.Writes() > 0 {
		t.Errorf("%v after %v", err, s.Requests())
	}
	c, s = again(t, s)
	stopped := errors.New("stopped")
	made(t, c, Feature{Name: "stopped"})
	c.wait = func(context.Context, time.Duration) error { return stopped }
	if err := c.DeleteFeature(t.Context(), Feature{Project: DefaultProject, Name: "stopped", Purge: true}); !errors.Is(err, stopped) || s.Count("DELETE", "/archive/{}") > 0 {
		t.Error(err, s.Requests())
	}
	c.wait = rest.Pause
	child := Feature{Project: DefaultProject, Name: "child", Purge: true}
	s.Inject(faults.Fault{Method: "PATCH", Status: 500})
	if err := c.DeleteFeature(t.Context(), child); err == nil || s.Count("DELETE", "/archive/{}") > 0 {
		t.Errorf("deleted what could not be archived: %v", err)
	}
}

// Every step of a create can fail. Before the flag is there, nothing is to be kept; after it, the flag is; and one that
// was revived is not the create's to keep.
func TestCreateFeatureFails(t *testing.T) {
	t.Parallel()
	want := Feature{Project: DefaultProject, Name: "f", Type: "experiment", Revive: true,
		Tags: []Tag{{"simple", "aa"}}, Links: []Link{{URL: "https://a.b"}}, Dependencies: []Dependency{{Feature: "parent", Enabled: true}}}
	for name, test := range map[string]struct {
		archived, keeps, exists bool
		fault                   faults.Fault
	}{
		"create":                   {fault: faults.Fault{Method: "POST", Path: "/projects/{}/features"}},
		"tags":                     {keeps: true, fault: faults.Fault{Method: "PUT", Path: "/features/{}/tags"}},
		"link":                     {keeps: true, fault: faults.Fault{Method: "POST", Path: "/projects/{}/features/{}/link"}},
		"dependency":               {keeps: true, fault: faults.Fault{Method: "POST", Path: "/projects/{}/features/{}/dependencies"}},
		"look at the archived one": {archived: true, fault: faults.Fault{Method: "GET", Path: "/projects/{}/features/{}/environments/{}"}},
		"look for a live one":      {archived: true, fault: faults.Fault{Method: "GET", Path: "/projects/{}/features/{}"}},
		"revive":                   {archived: true, fault: faults.Fault{Method: "POST", Path: "/projects/{}/revive"}},
		"read after it":            {archived: true, exists: true, fault: faults.Fault{Method: "GET", Path: "/features/{}/tags"}},
		"patch after it":           {archived: true, exists: true, fault: faults.Fault{Method: "PATCH", Path: "/projects/{}/features/{}"}},
		"link after it":            {archived: true, exists: true, fault: faults.Fault{Method: "POST", Path: "/projects/{}/features/{}/link"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := sandboxClient(t)
			made(t, c, Feature{Name: "parent"})
			if test.archived {
				if err := c.DeleteFeature(t.Context(), made(t, c, Feature{Name: "f"})); err != nil {
					t.Fatal(err)
				}
			}
			test.fault.Status = 500
			s.Inject(test.fault)
			got, err := c.CreateFeature(t.Context(), want)
			var partial *rest.PartialError
			if err == nil || errors.As(err, &partial) != test.keeps || (got.Name == "f") != test.keeps || errors.Is(err, rest.ErrExists) != test.exists {
				t.Fatalf("%+v %v", got, err)
			}
			if test.exists != strings.Contains(err.Error(), "revived from the archive before this failed") {
				t.Error(err)
			}
			if test.keeps || test.exists {
				got, err = c.UpdateFeature(t.Context(), got, want)
			} else {
				got, err = c.CreateFeature(t.Context(), want)
			}
			if err != nil || got.Type != "experiment" || len(got.Tags) != 1 || len(got.Links) != 1 || len(got.Dependencies) != 1 {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

// Whatever a server answers, it is an error and no panic.
func TestFeatureOddAnswers(t *testing.T) {
	t.Parallel()
	at := Feature{Project: "p", Name: "f", Type: "release", Tags: []Tag{}, Links: []Link{}, Dependencies: []Dependency{}, Purge: true}
	for _, body := range []string{``, `null`, `{}`, `[]`, `"x"`, `<html>`, `{"name": 5}`, `{"name":"other"}`, `{"features":null}`, `{"features":[{}]}`} {
		_, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) })
		c.wait = func(context.Context, time.Duration) error { return nil }
		if got, err := c.CreateFeature(t.Context(), at); err == nil {
			t.Errorf("%s: made %+v", body, got)
		}
		if got, err := c.Feature(t.Context(), at); err == nil || errors.Is(err, rest.ErrNotFound) {
			t.Errorf("%s: read %+v %v", body, got, err)
		}
		if got, err := c.UpdateFeature(t.Context(), at, at); err == nil {
			t.Errorf("%s: changed %+v", body, got)
		}
		for got, err := range c.Features(t.Context(), at) {
			if err == nil {
				t.Errorf("%s: lists %+v", body, got)
			}
		}
		_ = c.DeleteFeature(t.Context(), at)
		_ = c.FeatureNameProblem(t.Context(), "p", "f")
		_ = c.TooManyFeatures(t.Context(), "p", "f")
	}
}

// A route that is missing is no flag that is gone, nor is a name that another server finds taken.
func TestFeatureWithoutRoutes(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprintf(w, `{"id":"1","name":"NotFoundError","message":"The path you were looking for (%s) is not available."}`, r.URL.Path)
	})
	at := Feature{Project: "p", Name: "f"}
	if _, err := c.Feature(t.Context(), at); err == nil || errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if err := c.DeleteFeature(t.Context(), at); err == nil || errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

func TestFeatureNameProblem(t *testing.T) {
	t.Parallel()
	for pattern, test := range map[string]struct {
		name string
		ok   bool
	}{
		`[a-z]+`:                {"Abc", false},
		`[a-z]+\.[a-z]+`:        {"a.b", true},
		`a|b`:                   {"abc", true}, // ^a|b$
		`(?<team>\w+)`:          {"-", true},   // read differently, maybe
		`(?=x)y`:                {"z", true},
		`\p{Lu}+`:               {"a", true},
		`[[:alpha:]]`:           {"1", true},
		`x{,3}`:                 {"y", true},
		`(?:team|shop)_\d{1,3}`: {"team_1234", false},
		`(`:                     {"x", true},
		``:                      {"x", true},
	} {
		_, c := newFake(t, func(http.ResponseWriter, *http.Request) {})
		c.ExpectFeatureNames("p", &pattern)
		if problem := c.FeatureNameProblem(t.Context(), "p", test.name); (problem == "") != test.ok {
			t.Errorf("%s: %q: %s", pattern, test.name, problem)
		}
	}
}

// again is another process that works on the same server.
func again(t *testing.T, s *sandbox.Sandbox) (*Client, *sandbox.Sandbox) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, Token: s.Token, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	s.ResetRequests()
	return c, s
}

// An older server has no lifecycle, and nothing to wait for.
func TestPurgeWithoutLifecycle(t *testing.T) {
	t.Parallel()
	created := time.Now().UTC().Format(time.RFC3339)
	f, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/lifecycle") {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = fmt.Fprintf(w, `{"project":"p","name":"f","createdAt":%q,"message":"The path you were looking for is not available."}`, created)
	})
	c.wait = func(context.Context, time.Duration) error { t.Error("waited"); return nil }
	if err := c.DeleteFeature(t.Context(), Feature{Project: "p", Name: "f", Purge: true}); err != nil || len(f.asked) != 4 {
		t.Error(err, f.asked)
	}
}

// A flag whose deletion fails after it was archived is said to be in the archive, and deleted by the next attempt.
func TestPurgeFeatureFails(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faults.Fault{"500": {Status: 500}, "404": {Status: 404, Body: "<html>"}, "dropped": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := sandboxClient(t, sandbox.EventLag(time.Nanosecond))
			waits(c, nil)
			at := made(t, c, Feature{Name: "f"})
			at.Purge = true
			fault.Method, fault.Path = "DELETE", "/archive/{}"
			s.Inject(fault)
			if err := c.DeleteFeature(t.Context(), at); err == nil || errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), "The flag is archived, but not deleted") {
				t.Error(err)
			}
			if _, err := c.Feature(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
				t.Error(err)
			}
			if err := c.DeleteFeature(t.Context(), at); err != nil {
				t.Error(err)
			}
			if err := c.DeleteFeature(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
				t.Error(err)
			}
		})
	}
}
