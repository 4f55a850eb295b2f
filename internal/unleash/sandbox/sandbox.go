// Package sandbox is an in-memory Unleash: an http.Handler that answers the admin API as Unleash 8.2.0 was observed to,
// its traps included. Where the real server coerces, resets, reorders or crashes, so does the sandbox; its contract test
// replays recorded exchanges, against the sandbox or against a real server.
package sandbox

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

// Version is the release that the sandbox behaves like, as its ui-config says.
const Version = "8.2.0"

const base = "/api/admin"

// Sandbox is one Unleash server as it is after its first start: a project "default" with the environments "development"
// and "production". It is safe for concurrent use: requests are served one at a time, so what only races produce on a
// real server (sort orders that collide, two default strategies, 500 for a name taken meanwhile) does not happen here.
type Sandbox struct {
	Token string // an admin token: "Authorization: <Token>"

	enterprise bool
	limits     Resources
	addonCache time.Duration
	eventLag   time.Duration
	deletes    bool

	routes []route

	faults.Injector
	mu          sync.Mutex
	windows     map[string]*window
	crashed     bool
	maintenance bool
	events      []event
	cache       addonCache
	store
}

// Option configures New.
type Option func(*Sandbox)

// Enterprise routes what the open-source server does not: projects, environments, project access and roles. It follows
// routes that were mounted over the open-source package's own services, so it is an emulation, not Unleash Enterprise.
func Enterprise() Option { return func(s *Sandbox) { s.enterprise = true } }

// Limits changes the resource limits: what is 0 keeps its default.
func Limits(r Resources) Option {
	return func(s *Sandbox) { s.limits = r.or(defaultLimits) }
}

// AddonCache sets how long the server remembers which integrations are enabled: a minute by default, as on the real
// server. It crashes when one of them was deleted meanwhile and an event happens that it subscribed to.
func AddonCache(d time.Duration) Option { return func(s *Sandbox) { s.addonCache = d } }

// EventLag sets how long it takes until an event is handed to integrations: up to a second on the real server.
func EventLag(d time.Duration) Option { return func(s *Sandbox) { s.eventLag = d } }

// CrashOnDelete makes the server crash when a flag is deleted before it was worked up that the flag was made, archived or
// revived, as a real one mostly does: see workUp.
func CrashOnDelete() Option { return func(s *Sandbox) { s.deletes = true } }

// New makes a server with nothing in it but what a fresh installation has.
func New(opts ...Option) *Sandbox {
	s := &Sandbox{
		Token: "*:*." + randomHex(28), limits: defaultLimits, addonCache: time.Minute, eventLag: time.Second,
		windows: map[string]*window{}, Injector: faults.Injector{Base: base},
	}
	s.store = newStore(s.Token)
	for _, o := range opts {
		o(s)
	}
	s.uiConfigRoutes()
	s.featureRoutes()
	s.featureEnvironmentRoutes()
	s.strategyRoutes()
	s.variantRoutes()
	s.dependencyRoutes()
	s.linkRoutes()
	s.searchRoutes()
	s.segmentRoutes()
	s.tagRoutes()
	s.contextFieldRoutes()
	s.strategyTypeRoutes()
	s.featureTypeRoutes()
	s.addonRoutes()
	s.apiTokenRoutes()
	s.userRoutes()
	s.environmentRoutes()
	s.projectRoutes()
	s.accessRoutes()
	return s
}

// handler answers a call: nil is an empty body. An error that is no failure is the server's 500.
type handler func(*request) (any, error)

// route is what answers one method of one path. Routes are tried in the order in which they were added.
type route struct {
	method  string
	parts   []string // {name} takes one part of the path
	status  int      // of a good answer
	body    *schema
	anyType bool // the Content-Type does not matter
	handle  handler
}

// handle adds a route: "POST /projects/{project}/features", below /api/admin.
func (s *Sandbox) handle(pattern string, status int, body *schema, h handler) *route {
	method, path, _ := strings.Cut(pattern, " ")
	s.routes = append(s.routes, route{method, strings.Split(path[1:], "/"), status, body, method == "GET" || method == "DELETE", h})
	return &s.routes[len(s.routes)-1]
}

// handleAny adds a route that takes any Content-Type, and none.
func (s *Sandbox) handleAny(pattern string, status int, body *schema, h handler) {
	s.handle(pattern, status, body, h).anyType = true
}

// match compares a path with a route's and sets the path values.
func (rt *route) match(r *http.Request, method string, parts []string) bool {
	if rt.method != method || len(rt.parts) != len(parts) {
		return false
	}
	for i, p := range rt.parts {
		if p[0] != '{' && p != parts[i] {
			return false
		}
	}
	for i, p := range rt.parts {
		if p[0] == '{' {
			r.SetPathValue(p[1:len(p)-1], parts[i])
		}
	}
	return true
}

// request is one call, its path values already cut out and its body read and coerced.
type request struct {
	*http.Request
	body any  // decoded JSON: object, []any, string, json.Number, bool or nil
	sent bool // there was some
}

// data is the body where it is a JSON object, an empty one otherwise.
func (r *request) data() object {
	if o, ok := r.body.(object); ok {
		return o
	}
	return object{}
}

func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) faults.Answer {
		a := s.serve(r)
		if s.Crashed() {
			return faults.Answer{}
		}
		return faults.Answer{Status: a.status, Write: func(w http.ResponseWriter) { a.write(w, r) }}
	})
}

// serve answers one request, with the whole server to itself.
func (s *Sandbox) serve(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.announce(); s.crashed {
		return answer{}
	}
	escaped := collapse(r.URL.EscapedPath())
	req, a := readBody(r, escaped)
	if a.status != 0 {
		return a
	}
	if escaped == "/health" || escaped == "/ready" {
		return answer{status: http.StatusOK, body: object{"health": "GOOD"}}
	}
	if r.Method == http.MethodGet && !strings.HasPrefix(escaped, "/api/") { // the dashboard, whatever the path
		return answer{status: http.StatusOK, html: "<!DOCTYPE html><html><head><title>Unleash</title></head></html>"}
	}
	if err := s.authenticate(r, escaped); err != nil {
		return failed(err)
	}
	if a := s.throttle(r, escaped); a.status != 0 {
		return a
	}
	if s.maintenance && r.Method != http.MethodGet && !strings.HasPrefix(escaped, base+"/maintenance") {
		return answer{status: http.StatusServiceUnavailable, body: object{"message": "Unleash is currently in maintenance mode."}}
	}
	rt := s.find(r, escaped)
	if rt == nil {
		return failed(noRoute(escaped))
	}
	kind := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); !rt.anyType && (err != nil || media != "application/json") {
		return failed(contentType(kind))
	}
	if err := rt.check(req); err != nil {
		return failed(err)
	}
	body, err := rt.handle(req)
	if err != nil {
		return failed(err)
	}
	return answer{status: rt.status, body: body}
}

func (s *Sandbox) find(r *http.Request, escaped string) *route {
	rest, ok := strings.CutPrefix(escaped, base+"/")
	if !ok {
		return nil
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		if text, err := url.PathUnescape(p); err == nil {
			parts[i] = text
		}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range s.routes {
		if s.routes[i].match(r, method, parts) {
			return &s.routes[i]
		}
	}
	return nil
}

// collapse drops what the real server does not see in a path: doubled slashes and one at the end.
func collapse(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// check validates and coerces the body: before anything else is looked at.
func (rt *route) check(r *request) error {
	if rt.method == "GET" || rt.method == "DELETE" {
		return nil
	}
	want := rt.body
	if want == nil {
		want = anyObject
	}
	if !r.sent {
		r.body = object{}
	}
	v, problems := want.check("/body", r.body)
	if r.body = v; len(problems) > 0 {
		return invalid(problems)
	}
	return nil
}

const (
	maxBody      = 100 << 10
	maxBatchBody = 500 << 10
)

// readBody reads JSON. It comes before authentication, so a broken body is a 400 even without a token.
func readBody(r *http.Request, path string) (*request, answer) {
	req := &request{Request: r}
	if r.Body == nil {
		return req, answer{}
	}
	limit := maxBody
	if strings.HasPrefix(path, base+"/features-batch") {
		limit = maxBatchBody
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	media, _, kindErr := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, broken(r, http.StatusBadRequest, "request aborted")
	case len(raw) == 0, kindErr != nil, media != "application/json":
		return req, answer{} // the parser for JSON leaves it alone
	case len(raw) > limit:
		return nil, broken(r, http.StatusRequestEntityTooLarge, "request entity too large")
	}
	req.sent = true
	if req.body, err = decode(raw); err != nil {
		return nil, broken(r, http.StatusBadRequest, err.Error())
	}
	return req, answer{}
}

// broken is how the body parser's errors come through in development mode: as a page, unless JSON is asked for.
func broken(r *http.Request, status int, message string) answer {
	if !strings.Contains(r.Header.Get("Accept"), "json") {
		return answer{status: status, html: "<html>\n  <head>\n    <title>Error: " + message + "</title>\n  </head>\n</html>\n"}
	}
	return answer{status: status, body: object{"error": object{"message": message, "stack": "Error: " + message, "status": status}}}
}

// authenticate accepts the admin token, with or without "Bearer ". Tokens of SDKs work on their own API alone.
func (s *Sandbox) authenticate(r *http.Request, path string) error {
	token := r.Header.Get("Authorization")
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = rest
	}
	known := s.tokens.get(token)
	switch sdk := strings.HasPrefix(path, "/api/client") || strings.HasPrefix(path, "/api/frontend"); {
	case !strings.HasPrefix(path, "/api/"):
		return nil
	case token == "":
		return unauthenticated()
	case known == nil:
		return (&failure{status: http.StatusUnauthorized, name: "UnauthorizedError", message: "You must log in to use Unleash."}).withID()
	case (known.kind == "admin") == sdk:
		return &failure{status: http.StatusForbidden, raw: object{"message": "invalid token: expected a different token type for this endpoint"}}
	}
	return nil
}

// window counts the requests of one kind within a minute.
type window struct {
	count int
	reset time.Time
}

// throttle counts what the server lets through only so many times a minute and answers 429 beyond that.
func (s *Sandbox) throttle(r *http.Request, path string) answer {
	limit := 0
	switch {
	case r.Method == http.MethodGet && path == base+"/search/features":
		limit = 15
	case r.Method == http.MethodPost && strings.HasPrefix(path, base+"/user-admin"):
		limit = 20
	default:
		return answer{}
	}
	key, now := r.Method+strconv.Itoa(limit), time.Now()
	w := s.windows[key]
	if w == nil || !now.Before(w.reset) {
		w = &window{reset: now.Add(time.Minute)}
		s.windows[key] = w
	}
	if w.count++; w.count <= limit {
		return answer{}
	}
	wait := strconv.Itoa(int(time.Until(w.reset).Seconds()) + 1)
	return answer{status: http.StatusTooManyRequests, html: "Too many requests, please try again later.", header: http.Header{
		"Retry-After": {wait}, "Ratelimit-Policy": {fmt.Sprintf("%d;w=60", limit)}, "Ratelimit-Limit": {strconv.Itoa(limit)},
		"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {wait}}}
}

// ResetRateLimits starts a new minute.
func (s *Sandbox) ResetRateLimits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.windows)
}

// answer is what goes back; status 0 is "go on" where a helper returns one.
type answer struct {
	status int
	header http.Header
	body   any    // JSON; nil: empty
	html   string // instead of a body
}

func (a answer) write(w http.ResponseWriter, r *http.Request) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	switch a.body.(type) {
	case nil:
		if a.html != "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.html)
	default:
		text, err := encode(a.body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if a.status == http.StatusOK && r.Method == http.MethodGet {
			sum := sha1.Sum(text)
			etag := fmt.Sprintf(`W/"%x-%s"`, len(text), base64.RawStdEncoding.EncodeToString(sum[:]))
			if w.Header().Set("ETag", etag); r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(text)
	}
}
