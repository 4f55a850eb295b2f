package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// call sends one request and returns the status and the body.
func call(t *testing.T, server *httptest.Server, s *sandbox.Sandbox, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Api-Key "+s.Key)
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

func TestWrites(t *testing.T) {
	t.Parallel()
	s := sandbox.New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/projects/", `{"name":"P","organisation":1}`, 201},
		{"POST", "/environments/", `{"name":"E","project":1}`, 201},
		{"POST", "/projects/1/features/", `{"name":"f","initial_value":"7"}`, 201},
		{"GET", "/projects/1/features/?environment=1", "", 200},
		{"POST", "/projects", "", 301},
		{"GET", "/projects/9/tags/", "", 500},
	} {
		if status, body := call(t, server, s, c.method, c.path, c.body); status != c.status {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, status, c.status, body)
		}
	}
	if got := s.Writes(); got != 4 {
		t.Errorf("Writes() = %d, want 4", got)
	}
	if got := s.Count("GET", "/projects/{}/features/"); got != 1 {
		t.Errorf("Count = %d, want 1", got)
	}
}
