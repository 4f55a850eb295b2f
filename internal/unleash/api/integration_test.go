package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

func hook(t *testing.T, c *Client, events ...string) Integration {
	t.Helper()
	got, err := c.CreateIntegration(t.Context(), Integration{Type: Webhook, Enabled: true, Events: events, Parameters: map[string]*string{"url": pointer("http://127.0.0.1:9/s3cret")}})
	if err != nil || got.ID == 0 {
		t.Fatal(got, err)
	}
	return got
}

// waits has the client tell what it would wait for, and wait no time.
func waits(c *Client, err error) *[]time.Duration {
	var list []time.Duration
	c.wait = func(_ context.Context, d time.Duration) error {
		list = append(list, d)
		return err
	}
	return &list
}

func requests(s *sandbox.Sandbox) (list []string) {
	for _, r := range s.Requests() {
		list = append(list, r.Method+" "+r.Path)
	}
	s.ResetRequests()
	return list
}

// An enabled integration is disabled, and deleted once the server has forgotten that it was enabled.
func TestDeleteIntegration(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	c.delay = time.Minute
	a, b, d := hook(t, c), hook(t, c), hook(t, c)
	s.ResetRequests()
	waited := waits(c, nil)
	if err := c.DeleteIntegration(t.Context(), a); err != nil || !slices.Equal(*waited, []time.Duration{time.Minute}) {
		t.Error(err, *waited)
	}
	if got := requests(s); !slices.Equal(got, []string{"GET /addons/1", "PUT /addons/1", "DELETE /addons/1"}) {
		t.Errorf("%q", got)
	}
	// One that is interrupted meanwhile stays, disabled, and what is left is waited for the next time.
	waits(c, context.Canceled)
	if err := c.DeleteIntegration(t.Context(), b); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "integration 2 is disabled, but not deleted yet") {
		t.Error(err)
	}
	if got, err := c.Webhook(t.Context(), b); err != nil || got.Enabled {
		t.Error(got, err)
	}
	waited = waits(c, nil)
	if err := c.DeleteIntegration(t.Context(), b); err != nil || len(*waited) != 1 || (*waited)[0] > time.Minute || (*waited)[0] < 50*time.Second {
		t.Error(err, *waited)
	}
	// So it is of one that was disabled by others; where the events cannot be had, all of it.
	d.Enabled = false
	if _, err := c.UpdateIntegration(t.Context(), d, d); err != nil {
		t.Fatal(err)
	}
	s.Inject(faults.Fault{Method: "GET", Path: "/search/events", Status: 404, Body: `{"message": "The path you were looking for is not available."}`})
	waited = waits(c, nil)
	if err := c.DeleteIntegration(t.Context(), d); err != nil || !slices.Equal(*waited, []time.Duration{time.Minute}) {
		t.Error(err, *waited)
	}
	// One that was never enabled is deleted at once.
	e, err := c.CreateIntegration(t.Context(), Integration{Type: Webhook, Parameters: map[string]*string{"url": pointer("http://127.0.0.1:9/")}})
	if waited = waits(c, nil); err != nil || c.DeleteIntegration(t.Context(), e) != nil || !slices.Equal(*waited, []time.Duration{0}) {
		t.Error(err, *waited)
	}
	if err := c.DeleteIntegration(t.Context(), e); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

// The server survives, which it does not if the integration is deleted at once.
func TestDeleteIntegrationWhileItsEventsHappen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cache, delay time.Duration
		crashes      bool
	}{{time.Minute, 0, true}, {50 * time.Millisecond, 100 * time.Millisecond, false}} {
		c, s := sandboxClient(t, sandbox.AddonCache(test.cache), sandbox.EventLag(time.Nanosecond))
		c.delay = test.delay
		at := hook(t, c, "feature-created")
		made(t, c, Feature{Name: "before"})
		s.Crashed() // hands the event out: the server remembers the integration
		if err := c.DeleteIntegration(t.Context(), at); err != nil {
			t.Error(err)
		}
		_, _ = c.CreateFeature(t.Context(), Feature{Project: DefaultProject, Name: "after", Type: "release"})
		if s.Crashed() != test.crashes {
			t.Errorf("a delay of %s under a cache of %s: crashed %v", test.delay, test.cache, s.Crashed())
		}
	}
}

// An integration whose host is gone can still be changed and deleted: the server does not look up a URL that is masked.
func TestIntegrationWithoutHost(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	want := Integration{Type: "datadog", Enabled: true, Parameters: map[string]*string{"url": pointer("http://127.0.0.1:9/"), "apiKey": pointer("k")}}
	at, err := c.CreateIntegration(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	s.Inject(faults.Fault{Method: "PUT", Path: "/addons/{}", Status: 500, Body: `{"name": "UnknownError", "message": "getaddrinfo ENOTFOUND hooks.example.com"}`})
	want.ID, want.Parameters["url"] = at.ID, pointer("http://hooks.example.com/s3cret")
	_, err = c.UpdateIntegration(t.Context(), at, want)
	var e *rest.Error
	if !errors.As(err, &e) || e.Fields["parameters.url"] == nil || strings.Contains(err.Error(), "example.com") {
		t.Error(err)
	}
	bodies := map[string]string{}
	_, c = newFake(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		bodies[r.Method] = string(text)
		r.Body = io.NopCloser(bytes.NewReader(text))
		r.Header.Set("Authorization", s.Token)
		s.ServeHTTP(w, r)
	})
	if err := c.DeleteIntegration(t.Context(), at); err != nil {
		t.Error(err)
	}
	if body := bodies["PUT"]; !strings.Contains(body, `"url":"*****"`) || !strings.Contains(body, `"apiKey":"*****"`) || !strings.Contains(body, `"enabled":false`) {
		t.Error(body)
	}
}

// What a read-modify-write keeps: what others have set, in the server's order and types, and every secret.
func TestIntegrationChange(t *testing.T) {
	t.Parallel()
	there := addon{
		ID: 1, Provider: Webhook, Description: pointer("d"), Events: []string{"b", "a", "b"}, Projects: []string{}, Environments: []string{"x"},
		Parameters: map[string]json.RawMessage{
			"url": json.RawMessage(masked), "contentType": json.RawMessage("5"), "theirs": json.RawMessage("true"), "authorization": json.RawMessage(masked), "bodyTemplate": rawText("old"),
		},
	}
	prior := Integration{Parameters: map[string]*string{"url": pointer("u"), "contentType": pointer("5"), "bodyTemplate": pointer("old")}}
	want := Integration{
		Enabled: true, Description: "d", Events: []string{"a", "b"}, Environments: []string{"y", "z"},
		Parameters: map[string]*string{"url": pointer("u"), "contentType": pointer("5"), "authorization": pointer("new"), "customHeaders": nil},
	}
	got := there.clone()
	got.change(prior, want)
	if text := fmt.Sprintf("%v %v %v %v %v", got.Events, got.Projects, got.Environments, got.Enabled, *got.Description); text != "[b a b] [] [y z] true d" {
		t.Error(text)
	}
	if text, _ := json.Marshal(got.body(there).Parameters); string(text) != `{"authorization":"new","contentType":5,"theirs":true,"url":"*****"}` {
		t.Errorf("%s", text)
	}
	if deref(there.object().Parameters["bodyTemplate"]) != "old" {
		t.Error("the copy is none")
	}
}

// No answer makes it panic, or makes an object of nothing.
func TestIntegrationOddAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `{"id": "x"}`, `{"id": 1, "parameters": null, "events": null}`, `<html>`, ``} {
		c, s := sandboxClient(t)
		at := hook(t, c)
		s.Inject(faults.Fault{Method: "POST", Path: "/addons", Status: http.StatusCreated, Body: body})
		s.Inject(faults.Fault{Path: "/addons/{...}", Status: http.StatusOK, Body: body, Times: -1})
		if _, err := c.CreateIntegration(t.Context(), at); err == nil && !strings.Contains(body, `"id": 1`) {
			t.Errorf("%s made an integration", body)
		}
		_, _ = c.UpdateIntegration(t.Context(), at, at)
		_ = c.DeleteIntegration(t.Context(), at)
		s.Inject(faults.Fault{Method: "GET", Path: "/addons", Status: http.StatusOK, Body: body, Times: -1})
		c.forget(addons)
		if _, err := c.Webhook(t.Context(), at); err == nil {
			t.Errorf("%s has an integration", body)
		}
	}
}
