package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is one request that was served.
type Request struct {
	Method string
	Path   string // below /api/admin, without the query: /projects/default/features
	Query  string // variantEnvironments=true
	Status int    // 0: the connection was closed without an answer
}

// Fault is something that goes wrong with matching requests.
type Fault struct {
	Method string // empty: any
	Path   string // below /api/admin, {} stands for one part, {...} for the rest: /projects/{}/features; empty: any
	Skip   int    // how many matching requests pass first
	Times  int    // how often it happens after that; 0: once, negative: always

	Status int           // answer this
	Body   string        // with this: JSON if it starts with { or [, else HTML
	Header http.Header   // and these
	Delay  time.Duration // wait first; alone, the request is then served as usual
	Drop   bool          // close the connection instead of answering
	After  bool          // do what was asked for, then break the answer
}

// Inject adds a fault. Of several that match, the first one that is not used up happens.
func (s *Sandbox) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// Requests returns what was served since the start or ResetRequests, in order.
func (s *Sandbox) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ResetRequests forgets the requests so far.
func (s *Sandbox) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Writes counts the requests that were not GET.
func (s *Sandbox) Writes() int {
	return s.count(func(r Request) bool { return r.Method != http.MethodGet })
}

// Count counts the requests of a method ("" is any) to paths of a pattern, written as in Fault.Path.
func (s *Sandbox) Count(method, pattern string) int {
	return s.count(func(r Request) bool {
		return (method == "" || method == r.Method) && matches(pattern, r.Path)
	})
}

func (s *Sandbox) count(want func(Request) bool) int {
	n := 0
	for _, r := range s.Requests() {
		if want(r) {
			n++
		}
	}
	return n
}

func (s *Sandbox) record(r *http.Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{r.Method, strings.TrimPrefix(r.URL.Path, base), r.URL.RawQuery, status})
}

// fault takes the fault that is due for a request.
func (s *Sandbox) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Method != "" && f.Method != r.Method || !matches(f.Path, strings.TrimPrefix(r.URL.Path, base)) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times == 0 {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		taken := *f
		return &taken
	}
	return nil
}

func (f *Fault) breaks() bool { return f.Drop || f.Status != 0 }

func (f *Fault) answer() answer {
	a := answer{status: f.Status, header: f.Header.Clone()}
	if strings.HasPrefix(f.Body, "{") || strings.HasPrefix(f.Body, "[") {
		a.body = rawJSON(f.Body)
	} else {
		a.html = f.Body
	}
	return a
}

// rawJSON is sent as it is, broken or not.
type rawJSON string

// drop closes the connection under the client's feet.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.Header().Set("Connection", "close") // HTTP/2 and recorders cannot be dropped: an empty answer is the next worst
		return
	}
	_ = conn.Close()
}

// matches compares a path with a pattern whose {} is one part and {...} the rest.
func matches(pattern, path string) bool {
	if pattern == "" {
		return true
	}
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, p := range want {
		if p == "{...}" {
			return true
		}
		if i >= len(have) || p != "{}" && p != have[i] {
			return false
		}
	}
	return len(want) == len(have)
}
