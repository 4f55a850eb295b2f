package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// server is a sandbox behind a listener.
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
	return server{s, t, listener.URL}
}

func (s server) do(method, path, body, token string) (*http.Response, string, error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", token)
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

// want makes a call with the admin token and returns the body.
func (s server) want(status int, method, path, body string) string {
	s.t.Helper()
	a, text, err := s.do(method, "/api/admin"+path, body, s.Token)
	if err != nil {
		s.t.Fatal(err)
	}
	if a.StatusCode != status {
		s.t.Fatalf("%s %s: %s, want %d: %s", method, path, a.Status, status, text)
	}
	return text
}

// gone asks for anything until nobody answers any more.
func (s server) gone() bool {
	s.t.Helper()
	_, _, err := s.do("GET", "/health", "", "")
	return err != nil
}

const features = "/projects/default/features"

func TestRecorder(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.want(http.StatusCreated, "POST", features, `{"name":"a"}`)
	s.want(http.StatusOK, "GET", features+"/a?variantEnvironments=true", "")
	s.want(http.StatusNotFound, "PUT", "/nosuch", "")
	want := []faults.Request{
		{Method: "POST", Path: features, Status: 201},
		{Method: "GET", Path: features + "/a", Query: "variantEnvironments=true", Status: 200},
		{Method: "PUT", Path: "/nosuch", Status: 404},
	}
	if got := s.Requests(); !reflect.DeepEqual(got, want) {
		t.Errorf("Requests() = %v, want %v", got, want)
	}
	if got := s.Writes(); got != 2 {
		t.Errorf("Writes() = %d, want 2", got)
	}
	if got := s.Count("GET", "/projects/{}/features/{}"); got != 1 {
		t.Errorf("Count = %d, want 1", got)
	}
	if s.ResetRequests(); len(s.Requests()) != 0 {
		t.Error("requests are still there after a reset")
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	s := start(t)
	limited := func(method, path, body string, limit int) {
		t.Helper()
		for i := range limit {
			if a, text, err := s.do(method, "/api/admin"+path, strings.ReplaceAll(body, "#", strconv.Itoa(i)), s.Token); err != nil || a.StatusCode >= 400 {
				t.Fatalf("call %d: %v %s", i, err, text)
			}
		}
		a, text, err := s.do(method, "/api/admin"+path, body, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if a.StatusCode != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 61 || text != "Too many requests, please try again later." ||
			!strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s %v %q", a.Status, a.Header, text)
		}
	}
	limited("GET", "/search/features", "", 15)
	limited("POST", "/user-admin", `{"username":"u#","rootRole":3}`, 20)
	s.want(http.StatusOK, "GET", "/user-admin", "")
	s.ResetRateLimits()
	s.want(http.StatusOK, "GET", "/search/features", "")
}

// TestDeletedIntegration: an integration that is deleted while the server still remembers it kills the server as soon as
// one of its events is handed out.
func TestDeletedIntegration(t *testing.T) {
	t.Parallel()
	const hook = `{"provider":"webhook","enabled":true,"parameters":{"url":"http://127.0.0.1:9/"},"events":["feature-created"]}`
	for name, c := range map[string]struct {
		options []sandbox.Option
		crashes bool
	}{
		"remembered": {[]sandbox.Option{sandbox.EventLag(0)}, true},
		"forgotten":  {[]sandbox.Option{sandbox.EventLag(0), sandbox.AddonCache(0)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.options...)
			s.want(http.StatusCreated, "POST", "/addons", hook)
			s.want(http.StatusCreated, "POST", features, `{"name":"a"}`)
			s.want(http.StatusOK, "GET", features, "")
			s.want(http.StatusOK, "DELETE", "/addons/1", "")
			if s.Crashed() {
				t.Fatal("crashed before an event came")
			}
			_, _, _ = s.do("POST", "/api/admin"+features, `{"name":"b"}`, s.Token)
			if s.Crashed() != c.crashes || s.gone() != c.crashes {
				t.Errorf("crashed %t, want %t", s.Crashed(), c.crashes)
			}
		})
	}
}

// eventually asks until something holds.
func eventually(t *testing.T, what string, holds func() (bool, string)) {
	t.Helper()
	var last string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var ok bool
		if ok, last = holds(); ok {
			return
		}
	}
	t.Fatalf("not in time: %s: %s", what, last)
}

// TestEventLag: events reach integrations up to a second late, so one from before the deletion kills the server as well.
func TestEventLag(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.EventLag(300*time.Millisecond))
	s.want(http.StatusCreated, "POST", "/addons", `{"provider":"webhook","enabled":true,"parameters":{"url":"http://127.0.0.1:9/"},"events":["feature-created"]}`)
	time.Sleep(400 * time.Millisecond) // until the server has looked the integration up, which nobody can see
	s.want(http.StatusCreated, "POST", features, `{"name":"a"}`)
	s.want(http.StatusOK, "DELETE", "/addons/1", "")
	if s.Crashed() {
		t.Fatal("crashed before the event was handed out")
	}
	eventually(t, "the server is gone", func() (bool, string) { return s.Crashed() && s.gone(), "" })
}

// TestCrashOnDelete: a flag can be deleted once its lifecycle shows that it was worked up, and, archived by a change of its
// data, at once; archived in the usual way, not.
func TestCrashOnDelete(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.CrashOnDelete(), sandbox.EventLag(300*time.Millisecond))
	archived := `[{"op":"add","path":"/archived","value":true}]`
	for _, name := range []string{"a", "b", "c"} {
		s.want(http.StatusCreated, "POST", features, `{"name":"`+name+`"}`)
	}
	if body := s.want(http.StatusOK, "GET", features+"/a", ""); strings.Contains(body, "lifecycle") {
		t.Errorf("worked up at once: %s", body)
	}
	s.want(http.StatusOK, "DELETE", "/archive/a", "") // not archived: nothing happens
	eventually(t, "the creation is worked up", func() (bool, string) {
		body := s.want(http.StatusOK, "GET", features+"/a", "")
		return strings.Contains(body, `"lifecycle":{"enteredStageAt":`) && strings.Contains(body, `"stage":"initial"}`), body
	})
	s.want(http.StatusOK, "PATCH", features+"/a", archived)
	s.want(http.StatusOK, "DELETE", "/archive/a", "")
	s.want(http.StatusAccepted, "DELETE", features+"/b", "")
	eventually(t, "the archiving is worked up", func() (bool, string) {
		body := s.want(http.StatusOK, "GET", features+"/b/lifecycle", "")
		return strings.Contains(body, `"stage":"archived"}`), body
	})
	s.want(http.StatusOK, "DELETE", "/archive/b", "")
	s.want(http.StatusAccepted, "DELETE", features+"/c", "")
	if s.Crashed() {
		t.Fatal("crashed too early")
	}
	if _, _, err := s.do("DELETE", "/api/admin/archive/c", "", s.Token); err == nil || !s.Crashed() || !s.gone() {
		t.Errorf("the server is still there (%v)", err)
	}
}

// TestRoutes: what the other edition has is a 404 of the route, with an id; what is not there is one without.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s, e := start(t), start(t, sandbox.Enterprise())
	if body := s.want(http.StatusNotFound, "POST", "/projects", `{"name":"P"}`); !strings.Contains(body, "The path you were looking for") || !strings.Contains(body, `"id":`) {
		t.Errorf("a missing route: %s", body)
	}
	if body := s.want(http.StatusNotFound, "GET", features+"/nosuch", ""); strings.Contains(body, `"id":`) {
		t.Errorf("a missing flag: %s", body)
	}
	e.want(http.StatusCreated, "POST", "/projects", `{"name":"P"}`)
	for s, edition := range map[server]string{s: "Open Source", e: "Enterprise"} {
		if body := s.want(http.StatusOK, "GET", "/ui-config", ""); !strings.Contains(body, `"environment":"`+edition+`"`) || !strings.Contains(body, `"version":"`+sandbox.Version+`"`) {
			t.Errorf("ui-config of %s: %s", edition, body)
		}
	}
}

// TestETag: an unchanged answer is not sent again.
func TestETag(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, _, err := s.do("GET", "/api/admin"+features, "", s.Token)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/admin"+features, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", s.Token)
	r.Header.Set("If-None-Match", a.Header.Get("ETag"))
	b, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if _ = b.Body.Close(); b.StatusCode != http.StatusNotModified {
		t.Errorf("%s, want 304", b.Status)
	}
}
