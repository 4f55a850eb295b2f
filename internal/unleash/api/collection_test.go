package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func refuse(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

const missing = `{"name":"NotFoundError","message":"No segment exists","details":[{"message":"No segment exists"}]}`

// The first two are fetched alone, the rest from one list, until something is written. One that the list lacks is asked
// for itself.
func TestCollection(t *testing.T) {
	t.Parallel()
	f, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/api/admin/segments":
			fmt.Fprint(w, `{"segments":[{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":"c"},{"id":4,"name":"d"}]}`)
		case strings.HasSuffix(r.URL.Path, "/5"):
			refuse(w, http.StatusNotFound, missing)
		default:
			fmt.Fprintf(w, `{"id":%s,"name":"alone"}`, r.URL.Path[len("/api/admin/segments/"):])
		}
	})
	for _, step := range []struct {
		id   int64
		name string
		want []string
	}{
		{1, "alone", []string{"GET /api/admin/segments/1"}},
		{2, "alone", []string{"GET /api/admin/segments/2"}},
		{3, "c", []string{"GET /api/admin/segments"}},
		{4, "d", nil},
		{1, "a", nil},
		{6, "alone", []string{"GET /api/admin/segments/6"}},
		{5, "", []string{"GET /api/admin/segments/5"}},
	} {
		f.asked = nil
		got, err := c.Segment(context.Background(), Segment{ID: step.id})
		if step.name == "" && errors.Is(err, rest.ErrNotFound) {
			err, got.Name = nil, ""
		}
		if err != nil || got.Name != step.name || !slices.Equal(f.asked, step.want) {
			t.Errorf("segment %d: %+v, %v, asked %q, want %q", step.id, got, err, f.asked, step.want)
		}
	}
	f.asked = nil
	if _, err := c.UpdateSegment(context.Background(), Segment{}, Segment{ID: 1, Name: "z"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Segment(context.Background(), Segment{ID: 1}); err != nil || !slices.Equal(f.asked, []string{"PUT /api/admin/segments/1", "GET /api/admin/segments"}) {
		t.Errorf("after a write: %v, asked %q", err, f.asked)
	}
}

// A 404 alone proves nothing where the list has it; where neither has it, it is gone, and a list that fails is no proof.
func TestCollectionGone(t *testing.T) {
	t.Parallel()
	list := `[{"name":"plan"}]`
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/admin/context/"):
			refuse(w, http.StatusNotFound, missing)
		case list == "":
			refuse(w, http.StatusInternalServerError, `{"message":"pool"}`)
		default:
			fmt.Fprint(w, list)
		}
	})
	read := func() error {
		c.asked = map[string]int{}
		c.forget(contextFields.name)
		_, err := c.ContextField(context.Background(), ContextField{Name: "plan"})
		return err
	}
	if err := read(); err != nil {
		t.Errorf("the list has it: %v", err)
	}
	list = `[{"name":"other"}]`
	if err := read(); !errors.Is(err, rest.ErrNotFound) {
		t.Errorf("nobody has it: %v", err)
	}
	list = ""
	if err := read(); err == nil || errors.Is(err, rest.ErrNotFound) {
		t.Errorf("nobody knows: %v", err)
	}
}

// A write that overtakes a list under way has it read again.
func TestForgetDuringRequest(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(http.ResponseWriter, *http.Request) {})
	ctx := context.Background()
	ask := func(answer int, meanwhile func()) int {
		got, err := remember(ctx, c, "how many", func(context.Context) (int, error) { meanwhile(); return answer, nil })
		if err != nil {
			t.Error(err)
		}
		return got
	}
	ask(1, func() { c.forget("how many") })
	if got := ask(2, func() {}); got != 2 {
		t.Errorf("remembered %d, which a write has overtaken", got)
	}
	if got := ask(3, func() {}); got != 2 {
		t.Errorf("did not remember: %d", got)
	}
}

func firstError[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		return err
	}
	return nil
}

// Whatever the server answers, it is no panic, no object of ours, and never gone.
func TestCollectionsThatAreNone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, body := range []string{``, `null`, `{}`, `[]`, `"x"`, `{"name":"other"}`, `{"name":7}`, `{"segments":{}}`, `[null]`, `{"id":"x"}`, `{"tagType":null}`, `<html>`} {
		_, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		for what, call := range map[string]func() error{
			"segment":              func() error { _, err := c.Segment(ctx, Segment{ID: 7}); return err },
			"create segment":       func() error { _, err := c.CreateSegment(ctx, Segment{Name: "s"}); return err },
			"context field":        func() error { _, err := c.ContextField(ctx, ContextField{Name: "f"}); return err },
			"create context field": func() error { _, err := c.CreateContextField(ctx, ContextField{Name: "f"}); return err },
			"tag type":             func() error { _, err := c.TagType(ctx, TagType{Name: "t"}); return err },
			"create tag type":      func() error { _, err := c.CreateTagType(ctx, TagType{Name: "t"}); return err },
			"update tag type":      func() error { _, err := c.UpdateTagType(ctx, TagType{}, TagType{Name: "t"}); return err },
			"strategy type":        func() error { _, err := c.StrategyType(ctx, StrategyType{Name: "s"}); return err },
			"create strategy type": func() error {
				_, err := c.CreateStrategyType(ctx, StrategyType{Name: "s", Deprecated: true})
				return err
			},
			"feature type":  func() error { _, err := c.FeatureType(ctx, FeatureType{ID: "release"}); return err },
			"feature types": func() error { return firstError(c.FeatureTypes(ctx, FeatureType{})) },
			"api token":     func() error { _, err := c.APIToken(ctx, APIToken{ID: "0123456789abcdef"}); return err },
			"webhook":       func() error { _, err := c.Webhook(ctx, Integration{ID: 7}); return err },
			"integrations":  func() error { return firstError(c.Integrations(ctx, Integration{})) },
			"user":          func() error { _, err := c.User(ctx, User{ID: 7}); return err },
			"environments":  func() error { return firstError(c.Environments(ctx, Environment{})) },
			"projects":      func() error { return firstError(c.Projects(ctx, Project{})) },
			"features":      func() error { return firstError(c.Features(ctx, Feature{Project: "p"})) },
			"tags":          func() error { _, err := c.flagTags(ctx, "p", "f"); return err },
			"server":        func() error { _, err := c.Server(ctx); return err },
			"project environment": func() error {
				_, err := c.ProjectEnvironment(ctx, ProjectEnvironment{Project: "p", Environment: "e"})
				return err
			},
			"project member": func() error { _, err := c.ProjectMember(ctx, ProjectMember{Project: "p", UserID: 7}); return err },
		} {
			if err := call(); err == nil || errors.Is(err, rest.ErrNotFound) {
				t.Errorf("%s answered with %s: %v", what, body, err)
			}
		}
	}
}

// A route that is not there is about the edition, and nothing is gone.
func TestCollectionsWithoutRoute(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, `{"id":"1","name":"NotFoundError","message":"The path you were looking for (`+r.URL.Path+`) is not available."}`)
	})
	_, segment := c.Segment(context.Background(), Segment{ID: 1})
	_, featureType := c.FeatureType(context.Background(), FeatureType{ID: "release"})
	for _, err := range []error{segment, featureType, c.DeleteTagType(context.Background(), TagType{Name: "t"})} {
		if err == nil || errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), "another edition") {
			t.Error(err)
		}
	}
}
