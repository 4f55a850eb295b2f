// Package faults is what sandboxes have in common: they remember what they served, and break on demand.
package faults

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one request that was served.
type Request struct {
	Method string
	Path   string // below the API's base path, without the query: /projects/7/tags/
	Query  string // page=2
	Status int    // 0: the connection was closed without an answer
}

// Fault is something that goes wrong with matching requests.
type Fault struct {
	Method string // empty: any
	Path   string // as in Request; {} stands for one part, {...} for the rest: /projects/{}/tags/; empty: any
	Skip   int    // how many matching requests pass first
	Times  int    // how often it happens after that; 0: once, negative: always

	Status int           // answer this
	Body   string        // with this: JSON if it starts with { or [, else HTML; broken or not
	Header http.Header   // and these
	Delay  time.Duration // wait first; alone, the request is then served as usual
	Drop   bool          // close the connection instead of answering
	After  bool          // do what was asked for, then break the answer
}

// Injector stands between a server and its clients. It is safe for concurrent use, and a zero one is ready.
type Injector struct {
	Base string // of the API: what paths are below

	mu       sync.Mutex
	requests []Request
	faults   []*Fault
}

// Inject adds a fault. Of several that match, the first one that is not used up happens.
func (i *Injector) Inject(f Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	i.faults = append(i.faults, &f)
}

// Requests returns what was served since the start or ResetRequests, in order.
func (i *Injector) Requests() []Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.requests)
}

// ResetRequests forgets the requests so far.
func (i *Injector) ResetRequests() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = nil
}

// Writes counts the requests that were not GET.
func (i *Injector) Writes() int {
	return i.count(func(r Request) bool { return r.Method != http.MethodGet })
}

// Count counts the requests of a method ("" is any) to paths of a pattern, written as in Fault.Path.
func (i *Injector) Count(method, pattern string) int {
	return i.count(func(r Request) bool {
		return (method == "" || method == r.Method) && matches(pattern, r.Path)
	})
}

func (i *Injector) count(want func(Request) bool) int {
	n := 0
	for _, r := range i.Requests() {
		if want(r) {
			n++
		}
	}
	return n
}

// Answer is what a server answers: status 0 closes the connection instead.
type Answer struct {
	Status int
	Write  func(http.ResponseWriter)
}

// Serve has a request answered, unless a fault is due for it.
func (i *Injector) Serve(w http.ResponseWriter, r *http.Request, serve func(*http.Request) Answer) {
	f := i.due(r)
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			i.record(r, 0)
			return
		}
	}
	breaks := f.Drop || f.Status != 0
	var a Answer
	if !breaks || f.After {
		a = serve(r)
	}
	switch {
	case f.Drop:
		a.Status = 0
	case breaks && (!f.After || a.Status != 0):
		a = Answer{f.Status, f.write}
	}
	i.record(r, a.Status)
	if a.Status == 0 {
		drop(w)
		return
	}
	a.Write(w)
}

func (i *Injector) record(r *http.Request, status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = append(i.requests, Request{r.Method, strings.TrimPrefix(r.URL.Path, i.Base), r.URL.RawQuery, status})
}

// due takes the fault that is due for a request; a zero one where none is.
func (i *Injector) due(r *http.Request) Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.faults {
		if f.Method != "" && f.Method != r.Method || !matches(f.Path, strings.TrimPrefix(r.URL.Path, i.Base)) {
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
		return *f
	}
	return Fault{}
}

func (f Fault) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), f.Header)
	if w.Header().Get("Content-Type") == "" && f.Body != "" {
		kind := "text/html; charset=utf-8"
		if strings.HasPrefix(f.Body, "{") || strings.HasPrefix(f.Body, "[") {
			kind = "application/json"
		}
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}

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
