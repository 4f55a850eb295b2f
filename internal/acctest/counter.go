package acctest

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// uncounted marks the requests that a test itself sends.
const uncounted = "X-Flagops-Test"

// counter remembers the requests that pass through it.
type counter struct {
	next http.Handler
	base string // left out of what is remembered
	mu   sync.Mutex
	seen []string
}

// forward hands requests on to a real server, whose address has no base path.
func forward(address string) http.Handler {
	target, err := url.Parse(address)
	if err != nil {
		target = &url.URL{}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.IdleConnTimeout, transport.MaxIdleConnsPerHost = time.Second, 8 // servers close idle connections, and a write that meets that is lost
	return &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(uncounted) == "" {
		c.mu.Lock()
		c.seen = append(c.seen, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), c.base))
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
