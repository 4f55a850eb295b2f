package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// fake is a server that answers as told and remembers what it was asked.
type fake struct {
	mu     sync.Mutex
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	f.answer(w, r)
}

func newFake(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (*fake, *Client) {
	t.Helper()
	f := &fake{answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL + "/api/", Token: "user:secret", MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config Config
		want   string
	}{
		{Config{URL: "https://unleash.example.com"}, "unleash.token is not set"},
		{Config{URL: "https://unleash.example.com", Token: "Bearer x"}, "without a scheme"},
		{Config{URL: "https://unleash.example.com", Token: "x", Header: http.Header{"Authorization": {"y"}}}, "unleash.headers cannot hold Authorization"},
		{Config{URL: "unleash.example.com", Token: "x"}, "unleash.url: must be an absolute"},
	} {
		if _, err := New(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.config, err, test.want)
		}
	}
}

// A flag is read once for all who ask, however many at the same time; a write into what is remembered is seen; nobody can
// change it otherwise; after forgetFlag it is read again.
func TestFlagIsReadOnce(t *testing.T) {
	t.Parallel()
	f, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"project":"p","name":"f","environments":[{"name":"e","enabled":false,"strategies":[]}]}`)
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			flag, err := c.flag(context.Background(), "p", "f")
			if err != nil || flag.Name != "f" {
				t.Errorf("%v, %v", flag, err)
				return
			}
			flag.Environments[0].Name = "mine" // and nobody else's
		})
	}
	all.Wait()
	c.amend("p", "f", func(f *Flag) { f.Environment("e").Enabled = true })
	if _, e, err := c.inEnvironment(context.Background(), "p", "f", "e"); err != nil || !e.Enabled {
		t.Errorf("the write is not seen: %v, %v", e, err)
	}
	if len(f.asked) != 1 {
		t.Errorf("asked %q", f.asked)
	}
	if _, _, err := c.inEnvironment(context.Background(), "p", "f", "elsewhere"); !errors.Is(err, rest.ErrNotFound) {
		t.Errorf("an environment that the project does not have: %v", err)
	}
	c.forgetFlag("p", "f")
	if _, err := c.flag(context.Background(), "p", "f"); err != nil || len(f.asked) != 2 {
		t.Errorf("after forgetting: %v, asked %q", err, f.asked)
	}
}

// Something that is not the flag is an error, and no panic.
func TestFlagThatIsNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`null`, `{}`, `[]`, `"x"`, `{"name":"other"}`, `{"name":"f","environments":{}}`, ``, `{"name":`} {
		_, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		if _, err := c.flag(context.Background(), "p", "f"); err == nil || errors.Is(err, rest.ErrNotFound) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		want Server
	}{
		{`{"version":"8.2.0","environment":"Open Source","versionInfo":{"current":{"oss":"8.2.0","enterprise":""}},"resourceLimits":{"constraints":30}}`,
			Server{Version: "8.2.0", Edition: "Open Source", Limits: Limits{Constraints: 30}}},
		{`{"environment":"Enterprise","versionInfo":{"current":{"oss":"","enterprise":"7.1.0"}}}`, Server{Version: "7.1.0", Edition: "Enterprise", Enterprise: true}},
		{`{"version":"5.6.0"}`, Server{Version: "5.6.0"}},
	} {
		f, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, test.body) })
		for range 2 {
			if got, err := c.Server(context.Background()); err != nil || got != test.want {
				t.Errorf("%s: %+v, %v", test.body, got, err)
			}
		}
		if len(f.asked) != 1 || f.asked[0] != "GET /api/admin/ui-config" {
			t.Errorf("asked %q", f.asked)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		kind, body string
		is         error
		want       []string
	}{
		"object": {404, "", `{"name":"NotFoundError","message":"There's no feature named \"f\" in project \"p\"."}`, rest.ErrNotFound, []string{"no feature named"}},
		"route": {404, "", `{"id":"b8","name":"NotFoundError","message":"The path you were looking for (/api/admin/x) is not available.","details":[]}`, nil,
			[]string{"Enterprise", "unleash.url"}},
		"page":     {404, "text/html", `<html><title>nginx</title></html>`, nil, []string{"nginx"}},
		"taken":    {409, "", `{"name":"NameExistsError","message":"taken"}`, rest.ErrExists, nil},
		"race":     {500, "", `{"name":"UnknownError","message":"insert into x - duplicate key value violates unique constraint \"x\""}`, rest.ErrExists, nil},
		"in use":   {409, "", `{"name":"ConflictError","message":"in use"}`, nil, []string{"in use"}},
		"empty":    {409, "", ``, nil, []string{"409 Conflict"}},
		"refused":  {403, "", ``, nil, []string{"403 Forbidden"}},
		"token":    {401, "", `{"id":"b8","name":"AuthenticationRequired","message":"You must log in"}`, nil, []string{"unleash.token"}},
		"kind":     {403, "", `{"message":"invalid token: expected a different token type for this endpoint"}`, nil, []string{"client or frontend token"}},
		"throttle": {429, "text/html; charset=utf-8", `Too many requests, please try again later.`, nil, []string{"Too many requests, please try again later"}},
		"body":     {400, "", `{"error":{"message":"Unexpected end of JSON input"}}`, nil, []string{"Unexpected end"}},
		"closed":   {503, "", `{"message":"Unleash is currently in maintenance mode."}`, nil, []string{"maintenance mode", "administrator"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.kind != "" {
					w.Header().Set("Content-Type", test.kind)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := rest.Get[json.RawMessage](context.Background(), c.rest, rest.P("/api/admin/x"))
			for _, kind := range []error{rest.ErrNotFound, rest.ErrExists} {
				if errors.Is(err, kind) != (test.is == kind) {
					t.Errorf("is %v %v: %v", kind, errors.Is(err, kind), err)
				}
			}
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
		})
	}
}

func TestResolveKnowsUsersAlone(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(http.ResponseWriter, *http.Request) { t.Error("asked the server") })
	if _, err := c.Resolve(context.Background(), "segment_id", nil, "x"); err == nil || !strings.Contains(err.Error(), "segment_id cannot be given by name") {
		t.Error(err)
	}
}

// A read that a write overtakes is not remembered.
func TestFlagReadOvertaken(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*Client){
		"forgetFlag":    func(c *Client) { c.forgetFlag("p", "f") },
		"forgetProject": func(c *Client) { c.forgetProject("p") },
		"amend":         func(c *Client) { c.amend("p", "f", func(f *Flag) { f.Stale = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, open := make(chan bool, 2), make(chan bool)
			stale := false
			f, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
				answer := fmt.Sprintf(`{"project":"p","name":"f","stale":%t}`, stale)
				asked <- true
				<-open
				fmt.Fprint(w, answer)
			})
			done := make(chan error)
			go func() { _, err := c.flag(context.Background(), "p", "f"); done <- err }()
			<-asked
			stale = true
			write(c)
			close(open)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if flag, err := c.flag(context.Background(), "p", "f"); err != nil || !flag.Stale || len(f.asked) != 2 {
				t.Errorf("%+v, %v; asked %q", flag, err, f.asked)
			}
		})
	}
}
