// Package sandbox is an in-memory Flagsmith: an http.Handler that answers the admin API as Flagsmith 2.265 was observed
// to, its traps included. Where the real server drops, coerces or crashes, so does the sandbox; its contract test replays
// recorded exchanges, against the sandbox or against a real server.
package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

// Version is the release that the sandbox behaves like; every answer carries it as Flagsmith-Version.
const Version = "2.265.0"

const base = "/api/v1"

// Sandbox is one Flagsmith server with an organisation, its users 1 and 3 (administrators, who may own features) and 2
// (an ordinary user, who may not), and a group of user 2. It is safe for concurrent use: requests
// are served one at a time, so what only races produce on a real server (two features of one name, lost versions) does
// not happen here.
type Sandbox struct {
	Key            string // an organisation's API key: "Authorization: Api-Key <Key>"
	Token          string // the admin user's token: "Authorization: Token <Token>"; "Bearer <Token>" works as well
	OrganisationID int64

	pageSize   int
	oneProject bool
	plan       string
	throttle   int
	lag        int

	mux   *http.ServeMux // everything but look-ups by UUID
	uuids *http.ServeMux // …/get-by-uuid/{uuid}/, which ServeMux cannot tell from …/{project}/tags/

	faults.Injector
	mu     sync.Mutex
	tasks  []task
	served int // requests that count towards the throttle
	db
}

// Option configures New.
type Option func(*Sandbox)

// PageSize sets the page size of the collections that do not let the caller choose: 999 as in the official images (the
// default), or 10 as with Flagsmith's own default settings.
func PageSize(n int) Option { return func(s *Sandbox) { s.pageSize = n } }

// OneProject refuses a second project, as the open-source server does.
func OneProject() Option { return func(s *Sandbox) { s.oneProject = true } }

// Plan sets the organisation's subscription plan: "free" (the default, what every open-source server has) ignores the
// gated fields silently, "enterprise" takes them.
func Plan(name string) Option { return func(s *Sandbox) { s.plan = name } }

// Throttle answers 429 to every request after the first n, until ResetThrottle.
func Throttle(n int) Option { return func(s *Sandbox) { s.throttle = n } }

// TaskLag sets after how many further requests background work (switching the feature versioning, copying the states of
// a clone, deleting what was in a deleted project) is done: 2 by default, 0 is at once. The real server takes about a second.
func TaskLag(requests int) Option { return func(s *Sandbox) { s.lag = requests } }

// New makes a server with nothing in it but organisation 1, its users and their group.
func New(opts ...Option) *Sandbox {
	s := &Sandbox{
		Key: randomText(8) + "." + randomText(32), Token: strings.ToLower(randomText(40)), OrganisationID: 1,
		pageSize: 999, plan: "free", lag: 2, Injector: faults.Injector{Base: base}, mux: http.NewServeMux(), uuids: http.NewServeMux(),
	}
	for _, o := range opts {
		o(s)
	}
	s.db = newDB(s.plan)
	s.routes()
	return s
}

// routes registers every path. A file per object says what is behind them.
func (s *Sandbox) routes() {
	s.organisationRoutes()
	s.groupRoutes()
	s.webhookRoutes()
	s.projectRoutes()
	s.environmentRoutes()
	s.environmentKeyRoutes()
	s.featureRoutes()
	s.multivariateRoutes()
	s.featureStateRoutes()
	s.segmentRoutes()
	s.tagRoutes()
	s.metadataRoutes()
	s.versionRoutes()
}

// methods says what answers which HTTP method of a path; "" answers all others in place of a 405.
type methods map[string]func(*request) answer

// route registers one path below /api/v1; "…/get-by-uuid/…" goes to a ServeMux of its own.
func (s *Sandbox) route(path string, m methods) {
	mux := s.mux
	if strings.Contains(path, "/get-by-uuid/") {
		mux = s.uuids
	}
	mux.Handle(base+path+"{$}", endpoint{m})
}

// endpoint is what is registered for a path. ServeMux only finds it: calling it hands it over to a finder.
type endpoint struct{ methods }

func (e endpoint) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if f, ok := w.(*finder); ok {
		f.endpoint = e
	}
}

// finder is given to ServeMux instead of a connection.
type finder struct{ endpoint endpoint }

func (*finder) Header() http.Header         { return http.Header{} }
func (*finder) Write(b []byte) (int, error) { return len(b), nil }
func (*finder) WriteHeader(int)             {}

// find looks an endpoint up and sets r's path values.
func (s *Sandbox) find(r *http.Request) (endpoint, bool) {
	mux := s.mux
	if strings.Contains(r.URL.Path, "/get-by-uuid/") {
		mux = s.uuids
	}
	var f finder
	mux.ServeHTTP(&f, r)
	return f.endpoint, f.endpoint.methods != nil
}

// request is one call, its path values already cut out and its body read.
type request struct {
	*http.Request
	user bool // authenticated by a user's token, not by the organisation's key
	body any  // decoded JSON: *dict, []any, string, number, bool or nil
}

// data is the body where it is a JSON object, an empty one otherwise.
func (r *request) data() *dict {
	if d, ok := r.body.(*dict); ok {
		return d
	}
	return &dict{}
}

func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, func(r *http.Request) faults.Answer {
		a := s.serve(r)
		return faults.Answer{Status: a.status, Write: a.write}
	})
}

// serve answers one request, with the whole server to itself.
func (s *Sandbox) serve(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasSuffix(r.URL.Path, "/") {
		with := r.Clone(r.Context())
		with.URL.Path, with.URL.RawPath = r.URL.Path+"/", ""
		if _, ok := s.find(with); !ok {
			return page(http.StatusNotFound)
		}
		to := r.URL.EscapedPath() + "/"
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		return answer{status: http.StatusMovedPermanently, header: http.Header{"Location": {to}, "Content-Type": {htmlType}}}
	}
	e, ok := s.find(r)
	switch suffix := formatSuffix.MatchString(r.URL.Path); {
	case !ok, !suffix && unroutable(r):
		return page(http.StatusNotFound)
	case suffix:
		return detail(http.StatusNotFound, "Not found.")
	}
	req := &request{Request: r}
	if a := s.authenticate(req); a.status != 0 {
		return a
	}
	s.runTasks()
	if a := s.readBody(req); a.status != 0 {
		return a
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := e.methods[method]
	if !ok {
		h, ok = e.methods[""]
	}
	if !ok {
		h = notAllowed
	}
	a := h(req)
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set("Allow", e.allow())
	return a
}

// formatSuffix is an id with what the real server takes for the name of a format that it does not have.
var formatSuffix = regexp.MustCompile(`/[^/.]+\.[a-z0-9]+/$`)

// unroutable reports a path that no route of the real server matches although ServeMux does: path values there hold
// neither a dot nor a slash, escaped or not, so an environment whose key has one cannot be reached.
func unroutable(r *http.Request) bool {
	return strings.Contains(r.URL.Path, ".") || strings.Contains(strings.ToLower(r.URL.EscapedPath()), "%2f")
}

func (e endpoint) allow() string {
	var all []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if _, ok := e.methods[m]; ok {
			all = append(all, m)
		}
	}
	if _, ok := e.methods["GET"]; ok {
		all = append(all, "HEAD")
	}
	return strings.Join(append(all, "OPTIONS"), ", ")
}

// authenticate tells an organisation's key from a user's token, and throttles: both come before anything is done.
func (s *Sandbox) authenticate(r *request) answer {
	unauthorised := func(format string, args ...any) answer {
		a := detail(http.StatusUnauthorized, format, args...)
		a.header = http.Header{"WWW-Authenticate": {`Cookie realm="api"`}}
		return a
	}
	if r.URL.Path == "/version/" {
		return answer{}
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "Api-Key" && credentials == s.Key:
	case scheme == "Api-Key":
		return unauthorised("Valid Master API Key not found.")
	case (strings.EqualFold(scheme, "Token") || scheme == "Bearer") && credentials == s.Token:
		r.user = true
	case strings.EqualFold(scheme, "Token"):
		return unauthorised("Invalid token.")
	default:
		return unauthorised("Authentication credentials were not provided.")
	}
	s.served++
	if s.throttle > 0 && s.served > s.throttle {
		a := detail(http.StatusTooManyRequests, "Request was throttled. Expected available in 60 seconds.")
		a.header = http.Header{"Retry-After": {"60"}}
		return a
	}
	return answer{}
}

// ResetThrottle starts a new throttling window.
func (s *Sandbox) ResetThrottle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served = 0
}

func (s *Sandbox) readBody(r *request) answer {
	if r.Method == http.MethodGet || r.Method == http.MethodDelete || r.Body == nil {
		return answer{}
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return detail(http.StatusBadRequest, "JSON parse error - %s", err)
	}
	if len(raw) == 0 {
		r.body = &dict{}
		return answer{}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		if r.body, err = decode(raw); err != nil {
			return detail(http.StatusBadRequest, "JSON parse error - %s", err)
		}
	case "application/x-www-form-urlencoded":
		r.Body = io.NopCloser(bytes.NewReader(raw))
		if err := r.ParseForm(); err != nil {
			return detail(http.StatusBadRequest, "Malformed request.")
		}
		d := &dict{}
		for k, v := range r.PostForm {
			d.set(k, v[0])
		}
		r.body = d
	default:
		return detail(http.StatusUnsupportedMediaType, "Unsupported media type %q in request.", r.Header.Get("Content-Type"))
	}
	return answer{}
}

// answer is what a handler says; status 0 is "go on" where a helper returns one.
type answer struct {
	status int
	header http.Header
	body   any    // JSON; nil: empty
	html   string // instead of a body
}

const htmlType = "text/html; charset=utf-8"

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }
func bad(body any) answer     { return answer{status: http.StatusBadRequest, body: body} }
func gone() answer            { return answer{status: http.StatusNoContent} }

// crash is what the real server answers where it runs into an exception.
func crash() answer { return page(http.StatusInternalServerError) }

func notAllowed(r *request) answer {
	return detail(http.StatusMethodNotAllowed, "Method %q not allowed.", r.Method)
}

// refuse answers a method where permission is looked at before it.
func refuse(*request) answer { return forbidden() }

func forbidden() answer {
	return detail(http.StatusForbidden, "You do not have permission to perform this action.")
}

// missing is the 404 of a model: missing("Feature").
func missing(model string) answer {
	return detail(http.StatusNotFound, "No %s matches the given query.", model)
}

func detail(status int, format string, args ...any) answer {
	return answer{status: status, body: fields{"detail": fmt.Sprintf(format, args...)}}
}

// invalid is {"<field>": ["<message>"]}.
func invalid(field, message string) answer { return bad(fields{field: []string{message}}) }

// nonField is an error about the object as a whole.
func nonField(message string) answer { return invalid("non_field_errors", message) }

// page is the HTML page that Django shows instead of JSON.
func page(status int) answer {
	title := map[int]string{http.StatusNotFound: "Not Found", http.StatusInternalServerError: "Server Error (500)"}[status]
	return answer{status: status, html: "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>" + title +
		"</title>\n</head>\n<body>\n  <h1>" + title + "</h1><p></p>\n</body>\n</html>\n"}
}

func (a answer) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Flagsmith-Version", Version)
	if a.html != "" {
		w.Header().Set("Content-Type", htmlType)
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.html)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	text, err := encode(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(text)
}

// fields is a JSON object to be sent.
type fields map[string]any

// encode writes JSON as Django REST framework does: ASCII only, nothing escaped for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, c := range strings.TrimSuffix(b.String(), "\n") {
		switch {
		case c < 0x80:
			out.WriteByte(byte(c))
		case c > 0xffff:
			c -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, c)
		}
	}
	return out.Bytes(), nil
}

// task is background work that is done once so many further requests have come in.
type task struct {
	after int
	run   func()
}

// later does what the real server hands to a background thread.
func (s *Sandbox) later(run func()) {
	if s.lag == 0 {
		run()
		return
	}
	s.tasks = append(s.tasks, task{s.lag, run})
}

func (s *Sandbox) runTasks() {
	left := s.tasks[:0]
	for _, t := range s.tasks {
		if t.after--; t.after < 0 {
			t.run()
		} else {
			left = append(left, t)
		}
	}
	s.tasks = left
}

const keyLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// randomText is n letters and digits, as Flagsmith's short UUIDs are written (22 of them).
func randomText(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = keyLetters[int(b)%len(keyLetters)]
	}
	return string(raw)
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// stamp is a time as the API prints it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
