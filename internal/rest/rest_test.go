package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
)

const token = "Api-Key abcdefgh.0123456789"

// client makes a client of a server that does not wait between attempts, and returns the waits it would have made.
func client(t *testing.T, url string, change func(*Config)) (*Client, *[]time.Duration) {
	t.Helper()
	config := Config{
		Backend:   "flagsmith",
		BaseURL:   url,
		Header:    http.Header{"Authorization": {token}},
		UserAgent: "flagops/1",
	}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	waits := &[]time.Duration{}
	c.http.Backoff = func(least, most time.Duration, attempt int, response *http.Response) time.Duration {
		*waits = append(*waits, backoff(least, most, attempt, response))
		return 0
	}
	return c, waits
}

// serve answers the n-th request with the n-th answer and then with the last one.
func serve(t *testing.T, answers ...http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(count.Add(1))
		answers[min(n, len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server, &count
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp closes the connection without an answer: the server may have acted.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

// silence answers nothing until the client gives up. A server notices that only once it has read the body.
func silence(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func restError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is not an *Error", err, err)
	}
	return e
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

func TestRequestAndAnswer(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	var sent []byte
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		sent, _ = io.ReadAll(r.Body)
		answer(http.StatusCreated, `{"id": 7, "name": "x"}`)(w, r)
	})
	c, _ := client(t, server.URL+"/api/v1/", func(config *Config) { config.Header["x-tenant"] = []string{"acme"} })
	type object struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
	got, err := Send[object](t.Context(), c, http.MethodPost, P("/projects/{}/tags/{}/", 7, "a b/c?").Query("q", "x&y", "page", 2),
		map[string]any{"name": "x"})
	if err != nil || got != (object{7, "x"}) {
		t.Fatal(got, err)
	}
	if uri := seen.RequestURI; uri != "/api/v1/projects/7/tags/a%20b%2Fc%3F/?q=x%26y&page=2" {
		t.Error(uri)
	}
	for name, want := range map[string]string{
		"Authorization": token, "X-Tenant": "acme", "User-Agent": "flagops/1",
		"Accept": "application/json", "Content-Type": "application/json",
	} {
		if got := seen.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if string(sent) != `{"name":"x"}` {
		t.Errorf("sent %s", sent)
	}
}

func TestEmptyAndIgnoredBodies(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, answer(http.StatusNoContent, ""), answer(http.StatusOK, "junk"))
	c, _ := client(t, server.URL, nil)
	for range 2 {
		if err := c.Do(t.Context(), http.MethodDelete, P("/x/"), nil, nil); err != nil {
			t.Error(err)
		}
	}
	// Nothing where an object was asked for is no object: the one that is there would be forgotten, or made twice.
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		server, _ := serve(t, answer(http.StatusOK, " \n"))
		c, _ := client(t, server.URL, nil)
		kept := 3
		err := c.Do(t.Context(), method, P("/x/"), nil, &kept)
		if err == nil || !strings.Contains(err.Error(), "answered nothing where JSON was expected") || errors.Is(err, ErrNotFound) || kept != 3 {
			t.Error(method, err, kept)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"no scheme":    {Config{BaseURL: "flags.example.com"}, "b.url: must be an absolute http or https URL"},
		"empty":        {Config{}, "b.url: must be an absolute"},
		"other scheme": {Config{BaseURL: "ftp://h"}, "b.url: must be an absolute"},
		"no host":      {Config{BaseURL: "https:///api"}, "b.url: must be an absolute"},
		"password":     {Config{BaseURL: "https://u:hunter2@h/"}, "b.url: must not hold a user name"},
		"query":        {Config{BaseURL: "https://h/?a=b"}, "b.url: must not hold a query"},
		"bare query":   {Config{BaseURL: "https://h/?"}, "b.url: must not hold a query"},
		"fragment":     {Config{BaseURL: "https://h/#"}, "b.url: must not hold a query or a fragment"},
		"no URL":       {Config{BaseURL: "https://u:hunter2@h:port"}, "b.url: is not a URL"},
		"header":       {Config{BaseURL: "https://h", Header: http.Header{"Authorization": {"hunter2\n"}}}, `the header "Authorization" holds a line break`},
		"no CA file":   {Config{BaseURL: "https://h", CACertFile: "/nowhere"}, "b.ca_cert_file: open /nowhere"},
		"junk CA file": {Config{BaseURL: "https://h", CACertFile: junk}, "holds no PEM certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.Backend = "b"
			_, err := New(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	c, err := New(Config{BaseURL: " https://h/api// ", MaxRetries: -1})
	if err != nil || c.base != "https://h/api" || c.http.RetryMax != 0 || cap(c.slots) != 8 {
		t.Error(c, err)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, path := range []Path{
		P("/a/{}/", ""), P("/a/{}", "."), P("/a/{}", ".."), P("/a/{}/"), P("/a/", 1), P("/a/").Query("k"),
	} {
		server, count := serve(t, answer(http.StatusOK, "{}"))
		c, _ := client(t, server.URL, nil)
		if err := c.Do(t.Context(), http.MethodDelete, path, nil, nil); err == nil || count.Load() != 0 {
			t.Errorf("%+v: %v, %d requests", path, err, count.Load())
		}
	}
	if got := P("/tokens/{}/{}", Secret("top secret"), "é").String(); got != "/tokens/***/é" {
		t.Error(got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	page := "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not &amp;\n Found</title>\n</head>"
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
		want   string
	}{
		"detail":   {answer(404, `{"detail":"No Tag."}`, "X-Request-Id", "r1"), ErrNotFound, "GET /x/: 404 Not Found: No Tag. (request id r1)"},
		"message":  {answer(409, `{"message":"a\n\tb\u0000c"}`), nil, "GET /x/: 409 Conflict: a b c"},
		"error":    {answer(400, `{"detail":3,"error":"no"}`), nil, "GET /x/: 400 Bad Request: no"},
		"no text":  {answer(400, `{}`), nil, "GET /x/: 400 Bad Request"},
		"list":     {answer(400, `["a"]`), nil, `GET /x/: 400 Bad Request: ["a"]`},
		"text":     {answer(404, "404 page\n"), ErrNotFound, "GET /x/: 404 Not Found: 404 page"},
		"page":     {answer(404, page, "Content-Type", "text/html; charset=utf-8"), nil, "GET /x/: 404 Not Found: Not & Found. Is URL the API? Check flagsmith.url."},
		"untitled": {answer(500, "<html>"), nil, "GET /x/: 500 Internal Server Error: an HTML page"},
		"empty":    {answer(404, ""), ErrNotFound, "GET /x/: 404 Not Found"},
		"html 200": {answer(200, page), nil, "GET /x/: 200 OK: answered HTML (Not & Found), not JSON. Is URL the API? Check flagsmith.url."},
		"junk 200": {answer(200, `{"a`), nil, "GET /x/: 200 OK: the answer is not the JSON that was expected: unexpected end of JSON input. Is URL the API? Check flagsmith.url."},
		"type 200": {answer(200, `"a"`), nil, "GET /x/: 200 OK: the answer is not the JSON that was expected: it is of the type string. Is URL the API? Check flagsmith.url."},
		"304":      {answer(304, ""), nil, "GET /x/: 304 Not Modified: redirects, and redirects are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, test.answer)
			c, _ := client(t, server.URL, nil)
			_, err := Get[int](t.Context(), c, P("/x/"))
			if got := strings.ReplaceAll(err.Error(), server.URL, "URL"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if e := restError(t, err); e.Kind != test.kind || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("kind %v, want %v", e.Kind, test.kind)
			}
		})
	}
}

// What may come from another server says which address to look at, and nobody takes it for "not there".
func TestUnexpected(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, answer(200, `{"owner":{"name":3}}`), answer(404, `{"detail":"no"}`))
	var kind error
	var hint string
	c, _ := client(t, server.URL, func(config *Config) {
		config.DecodeError = func(e *Error, _ http.Header, _ []byte) { e.Kind, e.Hint = kind, hint }
	})
	check := func(err error, want string, notFound bool) {
		t.Helper()
		if got := strings.ReplaceAll(err.Error(), server.URL, "URL"); got != want || errors.Is(err, ErrNotFound) != notFound {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		restError(t, err)
	}
	const isThisIt = ". Is URL the API? Check flagsmith.url."
	check(c.Unexpected(http.MethodPatch, P("/tokens/{}", Secret("sesame")), "what\nsesame and "+token+" have"),
		"PATCH /tokens/***: 200 OK: the answer is not what *** and *** have"+isThisIt, false)
	_, err := Get[struct {
		Owner struct {
			Name string `json:"name"`
		} `json:"owner"`
	}](t.Context(), c, P("/x/"))
	check(err, "GET /x/: 200 OK: the answer is not the JSON that was expected: owner.name is of the type number"+isThisIt, false)
	get := func() error { return c.Do(t.Context(), http.MethodGet, P("/x/"), nil, nil) }
	check(get(), "GET /x/: 404 Not Found"+isThisIt, false)
	hint = "Pay for it."
	check(get(), "GET /x/: 404 Not Found. Pay for it.", false)
	kind, hint = ErrNotFound, ""
	check(get(), "GET /x/: 404 Not Found", true)
}

func TestErrorFields(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, answer(400, "{}"))
	c, _ := client(t, server.URL, func(config *Config) {
		config.DecodeError = func(e *Error, _ http.Header, _ []byte) {
			e.Kind, e.Hint, e.Fields = ErrExists, "Do\nthis.", map[string][]string{}
			for i := range 12 {
				e.Fields[fmt.Sprintf("f%02d", i)] = []string{"a\nb", "c"}
			}
		}
	})
	err := c.Do(t.Context(), http.MethodPost, P("/x/"), nil, nil)
	if !errors.Is(err, ErrExists) || !reflect.DeepEqual(restError(t, err).Fields["f11"], []string{"a b", "c"}) {
		t.Error(err)
	}
	mustContain(t, err.Error(), "POST /x/: 400 Bad Request; f00: a b c; f01:", "f09: a b c; and 2 more. Do this.")
}

func TestUnencodable(t *testing.T) {
	t.Parallel()
	server, count := serve(t, answer(200, ""))
	c, _ := client(t, server.URL, nil)
	if err := c.Do(t.Context(), "POST", P("/x/"), func() {}, nil); err == nil || count.Load() != 0 {
		t.Error(err)
	}
	if err := c.Do(t.Context(), "BAD METHOD", P("/x/"), nil, nil); err == nil || count.Load() != 0 {
		t.Error(err)
	}
}

func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	// The server echoes what it was sent, and the message is cut in the middle of a secret.
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := json.Marshal(map[string]string{"detail": strings.Repeat("x", maxMessage-5) + r.Header.Get("Authorization") +
			"|" + strings.TrimPrefix(r.Header.Get("Authorization"), "Api-Key ") + "|" + r.Header.Get("X-Proxy-Secret") + "|" + r.URL.Path})
		answer(400, string(text), "X-Request-Id", r.Header.Get("X-Proxy-Secret"))(w, r)
	})
	c, _ := client(t, server.URL, func(config *Config) { config.Header.Set("X-Proxy-Secret", "hunter2hunter2") })
	var lines bytes.Buffer
	ctx := tflogtest.RootLogger(t.Context(), &lines)
	err := c.Do(ctx, http.MethodGet, P("/tokens/{}/", Secret("sesame-open")).Query("identifier", "jane@example.com"), nil, nil)
	for _, secret := range []string{"abcdefgh", "0123456789", "hunter2", "sesame", "jane"} {
		if strings.Contains(err.Error()+lines.String(), secret) {
			t.Errorf("%q shows in %v or\n%s", secret, err, lines.String())
		}
	}
	mustContain(t, err.Error(), "GET /tokens/***/: 400", "(request id ***)")
	if e := restError(t, err); len([]rune(e.Message)) > maxMessage+1 {
		t.Errorf("message of %d characters", len(e.Message))
	}
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, answer(503, ""), answer(200, "[]"))
	c, _ := client(t, server.URL, nil)
	var lines bytes.Buffer
	if err := c.Do(tflogtest.RootLogger(t.Context(), &lines), http.MethodGet, P("/projects/{}/tags/", 7).Query("page", 2), nil, nil); err != nil {
		t.Fatal(err)
	}
	got, err := tflogtest.MultilineJSONDecode(&lines)
	if err != nil || len(got) != 2 {
		t.Fatal(err, got)
	}
	for i, status := range []float64{503, 200} {
		if _, ok := got[i]["duration_ms"].(float64); !ok {
			t.Errorf("no duration: %v", got[i])
		}
		delete(got[i], "duration_ms")
		delete(got[i], "@module")
		if want := (map[string]any{
			"@level": "debug", "@message": "request", "backend": "flagsmith", "method": "GET",
			"path": "/projects/{}/tags/", "status": status, "attempt": float64(i + 1),
		}); !reflect.DeepEqual(got[i], want) {
			t.Errorf("got  %v\nwant %v", got[i], want)
		}
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method   string
		first    http.HandlerFunc
		repeated bool
	}{
		"GET 502":                  {"GET", answer(502, ""), true},
		"PUT 503":                  {"PUT", answer(503, ""), true},
		"PATCH 504":                {"PATCH", answer(504, ""), true},
		"DELETE 504":               {"DELETE", answer(504, ""), true},
		"GET hung up":              {"GET", hangUp, true},
		"DELETE hung up":           {"DELETE", hangUp, true},
		"POST 429":                 {"POST", answer(429, ""), true},
		"POST 503 and Retry-After": {"POST", answer(503, "", "Retry-After", "1"), true},
		"POST 503":                 {"POST", answer(503, ""), false},
		"POST 502, repeatable":     {"POST", answer(502, ""), true},
		"POST hung up, repeatable": {"POST", hangUp, true},
		"POST 502":                 {"POST", answer(502, `{"detail":"lost"}`), false},
		"POST 504":                 {"POST", answer(504, ""), false},
		"POST hung up":             {"POST", hangUp, false},
		"GET 500":                  {"GET", answer(500, ""), false},
		"GET 404":                  {"GET", answer(404, ""), false},
		"GET cut short": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var bodies []string
			record := func(next http.HandlerFunc) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					mu.Lock()
					bodies = append(bodies, string(body))
					mu.Unlock()
					next(w, r)
				}
			}
			server, _ := serve(t, record(test.first), record(answer(200, "1")))
			c, waits := client(t, server.URL, nil)
			var in any
			if test.method != "GET" {
				in = "body"
			}
			ctx := t.Context()
			if strings.HasSuffix(name, "repeatable") {
				ctx = Repeatable(ctx)
			}
			got, err := Send[int](ctx, c, test.method, P("/x/"), in)
			mu.Lock()
			defer mu.Unlock()
			if repeated := len(bodies) > 1; repeated != test.repeated || repeated != (err == nil) || repeated != (got == 1) {
				t.Fatalf("%d requests, %d, %v", len(bodies), got, err)
			}
			if test.repeated && (len(*waits) != 1 || bodies[0] != bodies[1]) {
				t.Errorf("waits %v, bodies %q", *waits, bodies)
			}
			if name == "POST hung up" {
				mustContain(t, err.Error(), "(EOF). The request was not repeated")
			}
			if name == "POST 502" {
				mustContain(t, err.Error(), "POST /x/: 502 Bad Gateway: lost. The request was not repeated")
			}
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	t.Parallel()
	server, count := serve(t, answer(429, `{"detail":"Request was throttled."}`, "Retry-After", "60"))
	c, waits := client(t, server.URL, func(config *Config) { config.MaxRetries = 2 })
	err := c.Do(t.Context(), http.MethodPost, P("/x/"), nil, nil)
	if restError(t, err).Status != 429 || count.Load() != 3 {
		t.Error(err, count.Load())
	}
	mustContain(t, err.Error(), "429 Too Many Requests: Request was throttled.", "That was attempt 3, the last; flagsmith.max_retries")
	for _, wait := range *waits {
		if wait < 60*time.Second || wait >= 61*time.Second {
			t.Errorf("waited %s", wait)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	date := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	header := func(pairs ...string) *http.Response {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return &http.Response{Header: h}
	}
	for name, test := range map[string]struct {
		response *http.Response
		attempt  int
		from, to time.Duration
	}{
		"first":         {nil, 0, 250 * time.Millisecond, 500 * time.Millisecond},
		"third":         {nil, 2, time.Second, 2 * time.Second},
		"late":          {nil, 40, 15 * time.Second, 30 * time.Second},
		"no header":     {header(), 0, 250 * time.Millisecond, 500 * time.Millisecond},
		"seconds":       {header("Retry-After", "7"), 5, 7 * time.Second, 8 * time.Second},
		"zero":          {header("Retry-After", "0"), 5, 0, time.Second},
		"too many":      {header("Retry-After", "3600"), 0, maxRetryAfter, maxRetryAfter + time.Second},
		"negative":      {header("Retry-After", "-5"), 0, 250 * time.Millisecond, 500 * time.Millisecond},
		"server's date": {header("Retry-After", date.Add(9*time.Second).Format(http.TimeFormat), "Date", date.Format(http.TimeFormat)), 0, 9 * time.Second, 10 * time.Second},
		"past date":     {header("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"), 0, 0, time.Second},
		"far date":      {header("Retry-After", "Fri, 31 Dec 2999 23:59:59 GMT"), 0, maxRetryAfter, maxRetryAfter + time.Second},
	} {
		for range 50 {
			if got := backoff(500*time.Millisecond, 30*time.Second, test.attempt, test.response); got < test.from || got > test.to {
				t.Errorf("%s: %s is not within %s and %s", name, got, test.from, test.to)
			}
		}
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	t.Run("while waiting to retry", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		server, _ := serve(t, answer(503, ""))
		c, _ := client(t, server.URL, nil)
		c.http.Backoff = func(time.Duration, time.Duration, int, *http.Response) time.Duration {
			cancel()
			return time.Hour
		}
		err := c.Do(ctx, http.MethodGet, P("/x/"), nil, nil)
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) {
			t.Error(err)
		}
		mustContain(t, err.Error(), "flagsmith: GET /x/: gave up after 1 attempts, the last answered with 503: context canceled")
	})
	t.Run("while waiting for the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		server, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		c, _ := client(t, server.URL, nil)
		if err := c.Do(ctx, http.MethodGet, P("/x/"), nil, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("while waiting for a turn", func(t *testing.T) {
		t.Parallel()
		server, count := serve(t, answer(200, ""))
		c, _ := client(t, server.URL, func(config *Config) { config.MaxConcurrency = 1 })
		c.slots <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Do(ctx, http.MethodGet, P("/x/"), nil, nil); !errors.Is(err, context.Canceled) || count.Load() != 0 {
			t.Error(err, count.Load())
		}
	})
}

func TestTimeoutOfOneAttempt(t *testing.T) {
	t.Parallel()
	server, count := serve(t, silence, answer(200, "1"))
	c, _ := client(t, server.URL, func(config *Config) { config.Timeout = 500 * time.Millisecond }) // the second attempt has no more
	if got, err := Get[int](t.Context(), c, P("/x/")); err != nil || got != 1 || count.Load() != 2 {
		t.Error(got, err, count.Load())
	}
	server, _ = serve(t, silence)
	c, _ = client(t, server.URL, func(config *Config) { config.Timeout = 50 * time.Millisecond })
	_, err := Send[int](t.Context(), c, http.MethodPost, P("/x/"), 1)
	if !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
	mustContain(t, err.Error(), "no answer in time (50ms); a slow server needs a longer flagsmith.request_timeout")
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	const limit = 3
	var now, most atomic.Int32
	full := make(chan struct{})
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == limit {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full
		answer(200, "1")(w, r)
	})
	c, _ := client(t, server.URL, func(config *Config) { config.MaxConcurrency = limit })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := Get[int](t.Context(), c, P("/x/")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != limit {
		t.Errorf("%d at once, want %d", most.Load(), limit)
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	other, reached := serve(t, answer(200, "1"))
	for name, test := range map[string]struct {
		location string
		want     []string
	}{
		"other host": {other.URL + "/api/v1/x/?token=hunter2", []string{"301 Moved Permanently: redirects to OTHER/api/v1/x/, and", "Set flagsmith.url to OTHER/api/v1 if"}},
		"other path": {"/login", []string{"redirects to SELF/login, and", "Set flagsmith.url to the address that answers itself."}},
		"itself":     {"/api/v1/x/", []string{"redirects to SELF/api/v1/x/, and", "Set flagsmith.url to the address that answers itself."}},
		"nowhere":    {"", []string{"redirects, and redirects are not followed"}},
		"echo":       {"/" + token[8:], []string{"redirects to SELF/***, and"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{"GET", "POST", "DELETE"} {
				server, count := serve(t, answer(301, "", "Location", test.location))
				c, _ := client(t, server.URL+"/api/v1", nil)
				err := c.Do(t.Context(), method, P("/x/"), nil, nil)
				text := strings.NewReplacer(other.URL, "OTHER", server.URL, "SELF").Replace(err.Error())
				mustContain(t, text, test.want...)
				if count.Load() != 1 || reached.Load() != 0 || strings.Contains(text, "hunter2") {
					t.Error(text, count.Load(), reached.Load())
				}
			}
		})
	}
}

func TestLongAnswer(t *testing.T) {
	t.Parallel()
	server, count := serve(t, answer(200, `"`+strings.Repeat("x", 3<<20)+`"`))
	c, _ := client(t, server.URL, nil)
	if got, err := Get[string](t.Context(), c, P("/x/")); err != nil || len(got) != 3<<20 {
		t.Error(len(got), err)
	}
	c.maxLength = 1 << 20
	_, err := Get[string](t.Context(), c, P("/x/"))
	if count.Load() != 2 {
		t.Error(count.Load())
	}
	mustContain(t, err.Error(), "GET /x/: 200 OK: the answer is longer than 1 MiB")
}

// closed is where nothing listens. A port that was free a moment ago may be another test's by now.
const closed = "127.0.0.1:9"

func TestUnreachable(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(answer(200, "1"))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain, _ := serve(t, answer(200, "1"))
	broken, _ := serve(t, hangUp)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	host := func(url string) string { return url[strings.Index(url, "//")+2:] }
	for name, test := range map[string]struct {
		url     string
		change  func(*Config)
		retried bool
		want    []string
	}{
		"refused":   {"http://" + closed, nil, true, []string{"cannot reach " + closed, "nothing listens there; check flagsmith.url and that the server runs"}},
		"no host":   {"http://no.such.host.invalid", nil, false, []string{"cannot reach no.such.host.invalid: there is no such host; check flagsmith.url"}},
		"authority": {secure.URL, nil, false, []string{"cannot reach " + host(secure.URL), "signed by an unknown authority", "flagsmith.ca_cert_file"}},
		"name": {strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), func(config *Config) { config.CACertFile = ca }, false,
			[]string{"its certificate is for another host; check flagsmith.url"}},
		"not TLS": {strings.Replace(plain.URL, "http:", "https:", 1), nil, false, []string{"it speaks plain HTTP, not HTTPS; check the scheme of flagsmith.url"}},
		"hung up": {broken.URL, nil, true, []string{"the connection failed; check flagsmith.url and the network (EOF)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, waits := client(t, test.url, test.change)
			err := c.Do(t.Context(), http.MethodGet, P("/x/{}/", Secret("sesame")).Query("q", "sesame"), nil, nil)
			if !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrNotFound) || strings.Contains(err.Error(), "sesame") {
				t.Fatal(err)
			}
			mustContain(t, err.Error(), append(test.want, "flagsmith: GET /x/***/: ")...)
			if retried := len(*waits) == 4; retried != test.retried {
				t.Errorf("waited %v", *waits)
			}
		})
	}
	for name, change := range map[string]func(*Config){
		"with its CA": func(config *Config) { config.CACertFile = ca },
		"insecurely":  func(config *Config) { config.Insecure = true },
	} {
		c, _ := client(t, secure.URL, change)
		if got, err := Get[int](t.Context(), c, P("/x/")); err != nil || got != 1 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestUnreachableSaysWhy(t *testing.T) {
	t.Parallel()
	c, _ := client(t, "https://flags.example.com", nil)
	proxy := &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("refused")}
	if !neverSent(proxy) {
		t.Error("a request that did not get past the proxy may be repeated")
	}
	mustContain(t, c.unreachable(t.Context(), "GET", P("/x/"), proxy).Error(), "the proxy does not answer; check HTTPS_PROXY")
	mustContain(t, c.unreachable(t.Context(), "GET", P("/x/"), errors.New("tls: "+token)).Error(), "the connection failed", "(tls: ***)")
	if got := callOf(t.Context()); *got != (call{}) {
		t.Error(got)
	}
}

func TestPostIsRepeatedWhenNothingListens(t *testing.T) {
	t.Parallel()
	c, waits := client(t, "http://"+closed, nil)
	if err := c.Do(t.Context(), http.MethodPost, P("/x/"), nil, nil); !errors.Is(err, ErrUnreachable) || len(*waits) != 4 {
		t.Error(err, *waits)
	}
}

func TestPartialError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("tag: %w", &PartialError{Err: &Error{Method: "POST", Path: "/x/", Status: 400, Kind: ErrExists}})
	var partial *PartialError
	if !errors.As(err, &partial) || !errors.Is(err, ErrExists) || err.Error() != "tag: POST /x/: 400 Bad Request" {
		t.Error(err)
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	r := newRedactor(http.Header{"authorization": {"Bearer abcdefghij"}, "Accept": {"application/json"}, "X-Env": {"dev"}, "X-Key": {"abcdef"}})
	if slices.Contains(r, "dev") || slices.Contains(r, "application/json") {
		t.Error(r)
	}
	// The longer secret goes first, so that the shorter one in it does not leave the rest standing.
	if got := r.text("dev Bearer abcdefghij abcdefghij abcdef"); got != "dev *** *** ***" {
		t.Error(got)
	}
}
