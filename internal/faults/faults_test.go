package faults_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

// server creates with every POST, and ends at POST /api/end.
type server struct {
	faults.Injector
	made []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) faults.Answer {
		if r.URL.Path == "/api/end" {
			return faults.Answer{}
		}
		if r.Method == http.MethodPost {
			s.made = append(s.made, r.URL.Path)
		}
		return faults.Answer{Status: http.StatusCreated, Write: func(w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) }}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := &server{Injector: faults.Injector{Base: "/api"}}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	ask := func(method, path string) (int, string, http.Header) {
		t.Helper()
		request, err := http.NewRequest(method, listening.URL+"/api"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Close = true // a connection that was used before is tried again
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, "", nil
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body), response.Header
	}
	post := func(path string, want int) {
		t.Helper()
		if status, _, _ := ask("POST", path); status != want {
			t.Errorf("POST %s: %d, want %d", path, status, want)
		}
	}

	s.Inject(faults.Fault{Method: "POST", Path: "/projects/{}/tags", Skip: 1, Times: 2, Status: 503, Body: "<p>down</p>", Header: http.Header{"Retry-After": {"1"}}})
	post("/projects/1/tags", 201)
	post("/projects/1/features", 201) // of another path
	post("/projects/1/tags/2", 201)   // of a longer one
	if status, body, header := ask("POST", "/projects/2/tags"); status != 503 || body != "<p>down</p>" || header.Get("Retry-After") != "1" || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		t.Errorf("answered %d %q %v", status, body, header)
	}
	post("/projects/3/tags", 503)
	post("/projects/4/tags", 201)

	s.Inject(faults.Fault{Status: 502, Body: `{"broken":`, After: true})
	if status, body, header := ask("POST", "/after?page=2"); status != 502 || body != `{"broken":` || header.Get("Content-Type") != "application/json" {
		t.Errorf("answered %d %q %v", status, body, header)
	}
	s.Inject(faults.Fault{Drop: true, After: true})
	post("/dropped", 0)
	s.Inject(faults.Fault{Path: "/end", Status: 502, After: true})
	post("/end", 0) // which has gone before it could break
	if want := []string{"/api/projects/1/tags", "/api/projects/1/features", "/api/projects/1/tags/2", "/api/projects/4/tags", "/api/after", "/api/dropped"}; !slices.Equal(s.made, want) {
		t.Errorf("made %v, want %v", s.made, want)
	}

	s.Inject(faults.Fault{Delay: 20 * time.Millisecond})
	before := time.Now()
	if ask("GET", "/"); time.Since(before) < 20*time.Millisecond {
		t.Errorf("answered after %s, want a delay of 20ms", time.Since(before))
	}

	if got, want := s.Requests()[6], (faults.Request{Method: "POST", Path: "/after", Query: "page=2", Status: 502}); got != want {
		t.Errorf("remembers %v, want %v", got, want)
	}
	if n := s.Writes(); n != 9 {
		t.Errorf("%d writes, want 9", n)
	}
	if n := s.Count("POST", "/projects/{}/{...}"); n != 6 {
		t.Errorf("%d POSTs below projects, want 6", n)
	}
	if s.ResetRequests(); s.Writes() != 0 {
		t.Error("requests are still there after a reset")
	}
}
