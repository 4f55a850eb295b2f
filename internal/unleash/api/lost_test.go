package api

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// losses are the ways in which an answer is lost.
var losses = map[string]faults.Fault{
	"gateway": {Status: 502, Body: "<html>"},
	"dropped": {Drop: true},
	"empty":   {Status: 200, Body: "{}"},
}

// A flag whose creation was not answered is found and finished; one that was not made is not.
func TestLostFeature(t *testing.T) {
	t.Parallel()
	want := Feature{Project: DefaultProject, Name: "f", Type: "experiment", Description: "d", ImpressionData: true, Tags: []Tag{{"simple", "aa"}}, Links: []Link{{URL: "https://a.b"}}}
	for name, fault := range losses {
		fault.Method, fault.Path = "POST", "/projects/{}/features"
		for _, after := range []bool{true, false} {
			t.Run(fmt.Sprint(name, after), func(t *testing.T) {
				t.Parallel()
				c, s := sandboxClient(t)
				fault := fault
				fault.After = after
				s.Inject(fault)
				got, err := c.CreateFeature(t.Context(), want)
				if !after {
					if err == nil || errors.As(err, new(*rest.PartialError)) || errors.Is(err, rest.ErrNotFound) || s.Writes() != 1 {
						t.Error(got, err, s.Requests())
					}
					return
				}
				if err != nil || got.Description != "d" || got.CreatedAt == "" || len(got.Tags) != 1 || len(got.Links) != 1 || s.Count("POST", "/projects/{}/features") != 1 {
					t.Error(got, err, s.Requests())
				}
			})
		}
	}
}

// A flag of that name that is another one is somebody else's.
func TestLostFeatureOfOthers(t *testing.T) {
	t.Parallel()
	plain := Feature{Project: DefaultProject, Name: "f", Type: "release"}
	for name, other := range map[string]func(*Feature){
		"type":        func(f *Feature) { f.Type = "experiment" },
		"description": func(f *Feature) { f.Description = "theirs" },
		"impressions": func(f *Feature) { f.ImpressionData = true },
		"stale":       func(f *Feature) { f.Stale = true },
		"link":        func(f *Feature) { f.Links = []Link{{URL: "https://a.b"}} },
		"parent":      func(f *Feature) { f.Dependencies = []Dependency{{Feature: "parent", Enabled: true}} },
		"child":       nil,
		"strategy":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			them, s := sandboxClient(t)
			made(t, them, Feature{Name: "parent"})
			theirs := plain
			if other != nil {
				other(&theirs)
			}
			if _, err := them.CreateFeature(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			switch name {
			case "child":
				made(t, them, Feature{Name: "child", Dependencies: []Dependency{{Feature: "f", Enabled: true}}})
			case "strategy":
				added(t, them, Strategy{Project: DefaultProject, Environment: "production", Feature: "f", Name: FlexibleRollout})
			}
			c, s := again(t, s)
			s.Inject(faults.Fault{Method: "POST", Path: "/projects/{}/features", Status: 502})
			if got, err := c.CreateFeature(t.Context(), plain); err == nil || errors.As(err, new(*rest.PartialError)) || s.Writes() != 1 {
				t.Errorf("took %+v, %v after %v", got, err, s.Requests())
			}
		})
	}
}

// What somebody else makes at the same moment is theirs, though a server's database says so in a 500.
func TestTakenIsNotLost(t *testing.T) {
	t.Parallel()
	them, s := sandboxClient(t)
	c, _ := again(t, s)
	if _, err := c.CreateContextField(t.Context(), ContextField{Name: "one"}); err != nil {
		t.Fatal(err)
	}
	if _, err := them.CreateContextField(t.Context(), ContextField{Name: "two"}); err != nil {
		t.Fatal(err)
	}
	s.Inject(faults.Fault{Method: "POST", Path: "/context", Status: 500, Body: `{"name":"UnknownError","message":"insert into context_fields - duplicate key value violates unique constraint \"context_fields_pkey\""}`})
	if got, err := c.CreateContextField(t.Context(), ContextField{Name: "two"}); !errors.Is(err, rest.ErrExists) {
		t.Error(got, err)
	}
}

// Whatever is made once is there once, also where its answer is lost; and what was there before, made by others or by this
// client, is not taken for it, be it alike.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	webhook := Integration{Type: Webhook, Enabled: true, Events: []string{"feature-created"}, Parameters: map[string]*string{"url": pointer("http://127.0.0.1:9/x")}}
	datadog := Integration{Type: "datadog", Parameters: map[string]*string{"apiKey": pointer("k3y")}}
	token := APIToken{Name: "n", Type: BackendToken, Environment: "development", Projects: []string{"*"}, ExpiresAt: pointer("2031-01-01T00:00:00Z")}
	for name, kind := range map[string]struct {
		path   string
		alike  bool // there can be two
		create func(context.Context, *Client) (any, error)
		count  func(context.Context, *Client) (int, error)
	}{
		"segment": {"/segments", false, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateSegment(ctx, Segment{Name: "lost"})
			return got.ID, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(segments.list(c, ctx)) }},
		"tag type": {"/tag-types", false, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateTagType(ctx, TagType{Name: "lost"})
			return got.Name, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(tagTypes.list(c, ctx)) }},
		"context field": {"/context", false, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateContextField(ctx, ContextField{Name: "lost"})
			return got.Name, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(contextFields.list(c, ctx)) }},
		"strategy type": {"/strategies", false, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateStrategyType(ctx, StrategyType{Name: "lost"})
			return got.Name, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(strategyTypes.list(c, ctx)) }},
		"environment": {"/environments", false, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateEnvironment(ctx, Environment{Name: "lost", Type: "test", Enabled: true})
			return got.Name, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(environments.list(c, ctx)) }},
		"api token": {"/api-tokens", true, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateAPIToken(ctx, token)
			return got.Secret, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(apiTokens.list(c, ctx)) }},
		"webhook": {"/addons", true, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateIntegration(ctx, webhook)
			return got.ID, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(integrations.list(c, ctx)) }},
		"integration": {"/addons", true, func(ctx context.Context, c *Client) (any, error) {
			got, err := c.CreateIntegration(ctx, datadog)
			return got.ID, err
		}, func(ctx context.Context, c *Client) (int, error) { return counted(integrations.list(c, ctx)) }},
	} {
		for loss, fault := range losses {
			t.Run(name+" "+loss, func(t *testing.T) {
				t.Parallel()
				them, s := sandboxClient(t, sandbox.Enterprise())
				seen, there := map[any]bool{}, 0
				if kind.alike { // somebody else's
					if _, err := kind.create(t.Context(), them); err != nil {
						t.Fatal(err)
					}
				}
				there, err := kind.count(t.Context(), them)
				if err != nil {
					t.Fatal(err)
				}
				c, s := again(t, s)
				fault.Method, fault.Path = "POST", kind.path
				for _, step := range []struct{ breaks, after bool }{{true, false}, {true, true}, {false, false}, {true, true}, {true, false}} {
					if fault.After = step.after; step.breaks {
						s.Inject(fault)
					}
					id, err := kind.create(t.Context(), c)
					if step.breaks && !step.after {
						if err == nil {
							t.Errorf("%v was found, and was not made", id)
						}
					} else if err != nil || seen[id] {
						t.Errorf("made %v, beside %v: %v", id, seen, err)
					} else {
						seen[id] = true
						there++
					}
					if n, err := kind.count(t.Context(), c); err != nil || n != there {
						t.Errorf("there are %d, want %d: %v", n, there, err)
					}
					if len(seen) > 0 && !kind.alike {
						return
					}
				}
			})
		}
	}
}

func counted[T any](list []T, err error) (int, error) { return len(list), err }
