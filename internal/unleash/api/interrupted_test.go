package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// hooked is a client whose requests are told before they are served.
func hooked(t *testing.T, s *sandbox.Sandbox, before func(*http.Request)) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(r)
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, Token: s.Token, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Told to stop while something is being made, the client finishes it; told so before, it makes nothing.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	want := Feature{Project: DefaultProject, Name: "f", Type: "release", Tags: []Tag{{"simple", "aa"}}, Links: []Link{{URL: "https://a.b"}}}
	for name, test := range map[string]struct {
		method, path string // of the request during which it is told
		strategy     bool
		makes        bool
	}{
		"flag":               {method: "POST", path: "/features", makes: true},
		"no flag":            {method: "GET", path: "/overview"},
		"strategy":           {method: "POST", path: "/strategies", strategy: true, makes: true},
		"no strategy":        {method: "GET", path: "/features/g", strategy: true},
		"strategy, after it": {method: "POST", path: "/on", strategy: true, makes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := sandboxClient(t)
			var stop func()
			c := hooked(t, s, func(r *http.Request) {
				if stop != nil && r.Method == test.method && strings.HasSuffix(r.URL.Path, test.path) {
					stop()
				}
			})
			at := aFlag(t, c, "g")
			last := added(t, c, at)
			turned(t, c, at)
			if err := c.DeleteStrategy(t.Context(), last); err != nil { // the server switches the flag off, and the next one back on
				t.Fatal(err)
			}
			c.forgetProject(DefaultProject)
			s.ResetRequests()
			s.Inject(faults.Fault{Method: test.method, Delay: 20 * time.Millisecond}) // whoever gives up does so first
			ctx, cancel := context.WithCancel(rest.WithOperation(t.Context()))
			defer cancel()
			stop = cancel
			var err error
			if test.strategy {
				_, err = c.CreateStrategy(ctx, titled(at, "new"))
			} else {
				_, err = c.CreateFeature(ctx, want)
			}
			writes := s.Writes()
			stop = nil
			if ctx.Err() == nil || (err == nil) != test.makes || !test.makes && writes > 0 {
				t.Fatalf("%v, %v", err, s.Requests())
			}
			switch c, _ = again(t, s); {
			case !test.makes:
			case test.strategy:
				if there, on := fresh(t, c, at); !on || len(there) != 1 || *there[0].Title != "new" {
					t.Errorf("on %v with %v", on, there)
				}
			default:
				if got, err := c.Feature(t.Context(), want); err != nil || len(got.Tags) != 1 || len(got.Links) != 1 {
					t.Errorf("%+v %v", got, err)
				}
			}
		})
	}
}
