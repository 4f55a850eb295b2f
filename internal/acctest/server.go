package acctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// Server is what the servers of both backends have in common: the requests that tests send past the provider, and the
// count of those that the provider sends.
type Server struct {
	URL string // of the API, with its base path; requests to it are counted

	t      testing.TB
	header http.Header
	proxy  *counter
}

// start serves handler, whose API is at base, and counts its requests.
func start(t testing.TB, handler http.Handler, base string, header http.Header) Server {
	s := Server{t: t, header: header, proxy: &counter{next: handler, base: base}}
	server := httptest.NewServer(s.proxy)
	t.Cleanup(server.Close)
	s.URL = server.URL + base
	return s
}

// Name makes a name that no other test on the same server uses.
func (s *Server) Name(prefix string) string {
	return fmt.Sprintf("%s-%s-%d", prefix, strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(s.t.Name())), os.Getpid())
}

// Object is a decoded answer.
type Object map[string]any

// ID is the object's id.
func (o Object) ID() int64 { n, _ := o["id"].(float64); return int64(n) }

// Text is a string field.
func (o Object) Text(field string) string { s, _ := o[field].(string); return s }

// Send sends a request past the provider and past the count, and returns status and body. Path is below URL.
func (s *Server) Send(method, path string, body any) (int, []byte) {
	s.t.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, s.URL+path, payload)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range s.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set(uncounted, "yes")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, text
}

func (s *Server) object(method, path string, body any) Object {
	s.t.Helper()
	status, text := s.Send(method, path, body)
	if status >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	var o Object
	if len(text) > 0 && json.Unmarshal(text, &o) != nil {
		o = Object{"results": json.RawMessage(text)}
	}
	return o
}

// Get, Post, Patch, Put and Delete fail the test unless they succeed.
func (s *Server) Get(path string) Object { s.t.Helper(); return s.object("GET", path, nil) }
func (s *Server) Post(path string, body any) Object {
	s.t.Helper()
	return s.object("POST", path, body)
}
func (s *Server) Patch(path string, body any) Object {
	s.t.Helper()
	return s.object("PATCH", path, body)
}
func (s *Server) Put(path string, body any) Object {
	s.t.Helper()
	return s.object("PUT", path, body)
}
func (s *Server) Delete(path string) { s.t.Helper(); s.object("DELETE", path, nil) }

// Requests is what the provider has sent since the last Reset, as "GET /projects/" (path below URL, with query).
func (s *Server) Requests() []string { return s.proxy.requests() }

// Writes are the requests that were not GETs.
func (s *Server) Writes() (writes []string) {
	for _, r := range s.Requests() {
		if !strings.HasPrefix(r, "GET ") {
			writes = append(writes, r)
		}
	}
	return writes
}

// Reset forgets the requests so far.
func (s *Server) Reset() { s.proxy.reset() }
