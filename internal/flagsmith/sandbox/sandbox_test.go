package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// server is a sandbox behind a listener, with a project 1.
type server struct {
	*sandbox.Sandbox
	t   *testing.T
	url string
}

func start(t *testing.T, options ...sandbox.Option) server {
	t.Helper()
	s := sandbox.New(options...)
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	out := server{s, t, listener.URL}
	out.want(http.StatusCreated, "POST", "/projects/", `{"name":"P","organisation":1}`)
	s.ResetRequests()
	s.ResetThrottle()
	return out
}

func (s server) do(method, path, body, authorization string) (*http.Response, string, error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a, string(text), err
}

// want makes a call with the organisation's key and returns the body.
func (s server) want(status int, method, path, body string) string {
	s.t.Helper()
	a, text, err := s.do(method, "/api/v1"+path, body, "Api-Key "+s.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	if a.StatusCode != status {
		s.t.Fatalf("%s %s: %s, want %d: %s", method, path, a.Status, status, text)
	}
	return text
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.want(http.StatusCreated, "POST", "/projects/1/tags/", `{"label":"a"}`)
	s.want(http.StatusOK, "GET", "/projects/1/tags/?page=1", "")
	s.want(http.StatusMovedPermanently, "PUT", "/projects/1", "")
	want := []faults.Request{
		{Method: "POST", Path: "/projects/1/tags/", Status: 201},
		{Method: "GET", Path: "/projects/1/tags/", Query: "page=1", Status: 200},
		{Method: "PUT", Path: "/projects/1", Status: 301},
	}
	if got := s.Requests(); !reflect.DeepEqual(got, want) {
		t.Errorf("Requests() = %v, want %v", got, want)
	}
	if got := s.Writes(); got != 2 {
		t.Errorf("Writes() = %d, want 2", got)
	}
	for pattern, want := range map[string]int{"": 1, "/projects/{}/tags/": 1, "/projects/{...}": 1, "/projects/{}/": 0, "/projects/1/tags/": 1} {
		if got := s.Count("GET", pattern); got != want {
			t.Errorf("Count(GET, %q) = %d, want %d", pattern, got, want)
		}
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Throttle(2))
	s.want(http.StatusOK, "GET", "/projects/", "")
	s.want(http.StatusOK, "GET", "/projects/", "")
	a, body, err := s.do("POST", "/api/v1/projects/1/tags/", `{"label":"no"}`, "Api-Key "+s.Key)
	if err != nil || a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "60" {
		t.Errorf("%v %s %v, want a 429 with Retry-After", a, body, err)
	}
	s.ResetThrottle()
	if body := s.want(http.StatusOK, "GET", "/projects/1/tags/", ""); !strings.Contains(body, `"count":0`) {
		t.Errorf("a throttled request was applied: %s", body)
	}
}

// TestBackground: the real server switches the versioning a moment after it has promised to.
func TestBackground(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.TaskLag(1))
	s.want(http.StatusCreated, "POST", "/environments/", `{"name":"E","project":1,"api_key":"key"}`)
	s.want(http.StatusAccepted, "POST", "/environments/key/enable-v2-versioning/", "")
	for _, want := range []string{`"use_v2_feature_versioning":false`, `"use_v2_feature_versioning":true`} {
		if body := s.want(http.StatusOK, "GET", "/environments/key/", ""); !strings.Contains(body, want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
}

// TestProjectCascade: what was in a deleted project goes a moment later, and answers until then.
func TestProjectCascade(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.TaskLag(2))
	s.want(http.StatusCreated, "POST", "/environments/", `{"name":"E","project":1,"api_key":"key"}`)
	s.want(http.StatusNoContent, "DELETE", "/projects/1/", "")
	s.want(http.StatusOK, "GET", "/environments/key/", "")
	s.want(http.StatusOK, "PATCH", "/environments/key/", `{"name":"F"}`)
	s.want(http.StatusNotFound, "GET", "/environments/key/", "")
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.PageSize(10))
	for range 11 {
		s.want(http.StatusCreated, "POST", "/projects/1/tags/", `{"label":"same"}`)
	}
	for path, want := range map[string]int{"/projects/1/tags/": 10, "/projects/1/tags/?page_size=999": 10, "/projects/1/tags/?page=2": 1} {
		var page struct {
			Count   int
			Results []any
		}
		if err := json.Unmarshal([]byte(s.want(http.StatusOK, "GET", path, "")), &page); err != nil {
			t.Fatal(err)
		}
		if page.Count != 11 || len(page.Results) != want {
			t.Errorf("%s: %d of %d, want %d of 11", path, len(page.Results), page.Count, want)
		}
	}
}

// TestTokens: who calls makes a difference in few places.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, scheme := range []string{"Token ", "Bearer "} {
		a, body, err := s.do("POST", "/api/v1/projects/1/features/", `{"name":"`+scheme+`"}`, scheme+s.Token)
		if err != nil || a.StatusCode != http.StatusCreated || !strings.Contains(body, `"owners":[{"email":"admin@example.com"`) {
			t.Errorf("%s: %v %s, want the user to own the feature", scheme, err, body)
		}
	}
	if body := s.want(http.StatusCreated, "POST", "/projects/1/features/", `{"name":"by key"}`); !strings.Contains(body, `"owners":[]`) {
		t.Errorf("a key owns a feature: %s", body)
	}
}

// TestVersion: anybody may ask for it, and every answer tells it.
func TestVersion(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, body, err := s.do("GET", "/version/", "", "")
	if err != nil || a.StatusCode != http.StatusOK || !strings.Contains(body, `"image_tag":"`+sandbox.Version+`"`) {
		t.Errorf("%v %s", err, body)
	}
	if a, _, err = s.do("GET", "/api/v1/projects/", "", ""); err != nil || a.Header.Get("Flagsmith-Version") != sandbox.Version {
		t.Errorf("Flagsmith-Version %q, %v", a.Header.Get("Flagsmith-Version"), err)
	}
}
