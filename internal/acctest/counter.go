package acctest

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// uncounted marks the requests that a test itself sends.
const uncounted = "X-Flagops-Test"

// counter remembers the requests that pass through it.
type counter struct {
	next http.Handler
	mu   sync.Mutex
	seen []string
}

// newProxy counts in front of a real server, whose URL ends with /api/v1.
func newProxy(base string) *counter {
	target, err := url.Parse(strings.TrimSuffix(base, "/api/v1"))
	if err != nil {
		target = &url.URL{}
	}
	return &counter{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(uncounted) == "" {
		c.mu.Lock()
		c.seen = append(c.seen, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/api/v1"))
		c.mu.Unlock()
	}
	r.Header.Del(uncounted)
	c.next.ServeHTTP(w, r)
}

func (c *counter) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = nil
}
