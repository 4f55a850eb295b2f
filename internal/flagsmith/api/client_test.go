package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

const organisationKey = "abcdefgh.0123456789abcdef0123456789abcdef"

// exchange is a request that is expected and its answer.
type exchange struct {
	request string // "PATCH /projects/7/", with the query as sent
	body    string // JSON; "" is no body
	status  int
	answer  string
}

func (e exchange) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(strings.TrimSpace(e.answer), "<") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, e.answer)
}

// scripted makes a client of a server that expects exactly these requests in this order.
func scripted(t *testing.T, exchanges ...exchange) *Client {
	t.Helper()
	var mu sync.Mutex
	next := 0
	t.Cleanup(func() {
		for _, e := range exchanges[min(next, len(exchanges)):] {
			t.Errorf("not requested: %s", e.request)
		}
	})
	return served(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		request := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
		if next >= len(exchanges) {
			t.Errorf("unexpected request: %s", request)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		want := exchanges[next]
		next++
		if request != want.request {
			t.Errorf("request %s, want %s", request, want.request)
		}
		sent, _ := io.ReadAll(r.Body)
		if !sameJSON(t, string(sent), want.body) {
			t.Errorf("%s sent %s, want %s", request, sent, want.body)
		}
		want.write(w)
	})
}

// served makes a client of a handler, one that does not wait between looks.
func served(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL + "/api/v1", Token: organisationKey, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	c.wait = func(ctx context.Context, _ int) error { return ctx.Err() }
	return c
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	if a == "" || b == "" {
		return a == b
	}
	var left, right any
	if err := errors.Join(json.Unmarshal([]byte(a), &left), json.Unmarshal([]byte(b), &right)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(left, right)
}

// environmentJSON is an environment as Flagsmith 2.265 shows it, with fields changed or, by "-", left out.
func environmentJSON(id int64, key string, change ...any) string {
	object := map[string]any{}
	_ = json.Unmarshal([]byte(`{"uuid":"17898e43-e829-41ed-bc10-45cff6350358","name":"Development","description":null,"project":1,
		"minimum_change_request_approvals":null,"allow_client_traits":true,"banner_text":null,"banner_colour":null,
		"hide_disabled_flags":null,"use_mv_v2_evaluation":true,"use_identity_composite_key_for_hashing":true,
		"hide_sensitive_data":false,"use_v2_feature_versioning":false,"use_identity_overrides_in_local_eval":true,
		"is_creating":false,"metadata":[]}`), &object)
	object["id"], object["api_key"] = id, key
	for i := 0; i < len(change); i += 2 {
		object[change[i].(string)] = change[i+1]
		if change[i+1] == "-" {
			delete(object, change[i].(string))
		}
	}
	text, _ := json.Marshal(object)
	return string(text)
}

const (
	denied      = `{"detail":"You do not have permission to perform this action."}`
	noProject   = `{"detail":"No Project matches the given query."}`
	noEnv       = `{"detail":"No Environment matches the given query."}`
	serverError = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Server Error (500)</title>\n</head>\n</html>\n"
	unknownURL  = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n</html>\n"
)

func restError(t *testing.T, err error) *rest.Error {
	t.Helper()
	var e *rest.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v is not a *rest.Error", err, err)
	}
	return e
}

func contains(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"no token":     {Config{URL: "https://h/api/v1", Token: " \n"}, "flagsmith.token is not set, nor is FLAGSMITH_API_KEY"},
		"with scheme":  {Config{URL: "https://h/api/v1", Token: "Api-Key x.y"}, "flagsmith.token must be the token alone"},
		"wrong scheme": {Config{URL: "https://h/api/v1", Token: "x.y", AuthScheme: "api-key"}, "flagsmith.auth_scheme must be one of Api-Key, Token, Bearer"},
		"wrong URL":    {Config{URL: "h", Token: "x.y"}, "flagsmith.url: must be an absolute"},
		"two tokens":   {Config{URL: "https://h/api/v1", Token: "x.y", Header: http.Header{"Authorization": {"x.y"}}}, "flagsmith.headers cannot hold Authorization"},
	} {
		_, err := New(test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "x.y") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]string{"": "Api-Key k.1", "Token": "Token k.1", "Bearer": "Bearer k.1"} {
		var seen http.Header
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = r.Header
			_, _ = io.WriteString(w, `{"id":7}`)
		}))
		defer server.Close()
		given := http.Header{"X-Team": {"a"}}
		c, err := New(Config{URL: server.URL, Token: "k.1\n", AuthScheme: scheme, Header: given, UserAgent: "flagops/1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Project(t.Context(), Project{ID: 7}); err != nil {
			t.Fatal(err)
		}
		if seen.Get("Authorization") != want || seen.Get("X-Team") != "a" || seen.Get("User-Agent") != "flagops/1" {
			t.Errorf("sent %v", seen)
		}
		if len(given) != 1 {
			t.Error("the configuration's own headers were changed")
		}
	}
}

func TestEnvironmentKeyIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	requests := 0
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		requests++ // unsynchronised: the race detector would find a second request at the same time
		once.Do(func() { close(started) })
		<-release
		if r.URL.Path != "/api/v1/projects/1/environments/" {
			t.Error(r.URL.Path)
		}
		exchange{status: 200, answer: "[" + environmentJSON(1, "k1") + "," + environmentJSON(2, "k2") + "]"}.write(w)
	})
	ask := func(id int64, want string) func() {
		return func() {
			if key, err := c.EnvironmentKey(t.Context(), 1, id); err != nil || key != want {
				t.Errorf("environment %d: %q, %v", id, key, err)
			}
		}
	}
	var all sync.WaitGroup
	all.Go(ask(1, "k1"))
	<-started
	for range 9 {
		all.Go(ask(2, "k2"))
	}
	// One who gives up does not take the answer from the others.
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.EnvironmentKey(impatient, 1, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	all.Wait()
	ask(1, "k1")()
	if requests != 1 {
		t.Errorf("%d requests", requests)
	}
}

func TestEnvironmentKeyNotThere(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /projects/1/environments/", "", 200, "[" + environmentJSON(1, "k1") + "]"},
		exchange{"GET /projects/1/environments/", "", 200, "[" + environmentJSON(1, "k1") + "]"},
		exchange{"GET /projects/9/environments/", "", 404, noProject},
	)
	for _, project := range []int64{1, 1, 9} {
		if _, err := c.EnvironmentKey(t.Context(), project, 5); !errors.Is(err, rest.ErrNotFound) {
			t.Error(err)
		}
	}
	if key, err := c.EnvironmentKey(t.Context(), 1, 1); key != "k1" || err != nil {
		t.Error(key, err)
	}
}

func TestEnvironmentKeyWithoutProjectAdministration(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /projects/1/environments/", "", 403, denied},
		exchange{"GET /environments/?project=1", "", 200, `{"count":1,"next":null,"previous":null,"results":[` + environmentJSON(1, "k1") + `]}`},
	)
	if key, err := c.EnvironmentKey(t.Context(), 1, 1); key != "k1" || err != nil {
		t.Error(key, err)
	}
}

func TestInEnvironment(t *testing.T) {
	t.Parallel()
	list := func(environments ...string) exchange {
		return exchange{"GET /projects/1/environments/", "", 200, "[" + strings.Join(environments, ",") + "]"}
	}
	get := func(key string, status int, answer string) exchange {
		return exchange{"GET /environments/" + key + "/webhooks/", "", status, answer}
	}
	for name, test := range map[string]struct {
		exchanges []exchange
		want      string // the answer, or a part of the error
		gone      bool
	}{
		"there":       {[]exchange{list(environmentJSON(1, "k1")), get("k1", 200, `"hooks"`)}, "hooks", false},
		"renamed":     {[]exchange{list(environmentJSON(1, "k1")), get("k1", 403, denied), list(environmentJSON(1, "k2")), get("k2", 200, `"hooks"`)}, "hooks", false},
		"gone":        {[]exchange{list(environmentJSON(1, "k1")), get("k1", 403, denied), list()}, "Project 1 has no environment 1.", true},
		"forbidden":   {[]exchange{list(environmentJSON(1, "k1")), get("k1", 403, denied), list(environmentJSON(1, "k1"))}, "403 Forbidden", false},
		"no object":   {[]exchange{list(environmentJSON(1, "k1")), get("k1", 404, `{"detail":"No Webhook matches the given query."}`), list(environmentJSON(1, "k1"))}, "No Webhook", true},
		"unknown":     {[]exchange{list(environmentJSON(1, "k1")), get("k1", 403, denied), {"GET /projects/1/environments/", "", 500, serverError}}, "403 Forbidden", false},
		"other error": {[]exchange{list(environmentJSON(1, "k1")), get("k1", 500, serverError)}, "500 Internal", false},
		"never there": {[]exchange{list()}, "Project 1 has no environment 1.", true},
		"no project":  {[]exchange{{"GET /projects/1/environments/", "", 404, noProject}}, "No Project matches", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, test.exchanges...)
			got, err := inEnvironment(t.Context(), c, 1, 1, func(key string) (string, error) {
				return rest.Get[string](t.Context(), c.rest, rest.P("/environments/{}/webhooks/", key))
			})
			if test.want == "hooks" {
				if got != test.want || err != nil {
					t.Error(got, err)
				}
				return
			}
			contains(t, err, test.want)
			if errors.Is(err, rest.ErrNotFound) != test.gone {
				t.Errorf("gone is not %t: %v", test.gone, err)
			}
		})
	}
}

func TestConfirmGone(t *testing.T) {
	t.Parallel()
	parent := func(status int, answer string) exchange { return exchange{"GET /projects/7/", "", status, answer} }
	for name, test := range map[string]struct {
		status    int
		exchanges []exchange
		gone      bool
	}{
		"403, parent gone":      {403, []exchange{parent(404, noProject)}, true},
		"500, parent gone":      {500, []exchange{parent(404, noProject)}, true},
		"403, parent there":     {403, []exchange{parent(200, "{}")}, false},
		"403, parent forbidden": {403, []exchange{parent(403, denied)}, false},
		"403, wrong address":    {403, []exchange{parent(404, unknownURL)}, false},
		"400":                   {400, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original := &rest.Error{Status: test.status}
			err := scripted(t, test.exchanges...).confirmGone(t.Context(), original, rest.P("/projects/{}/", 7))
			if errors.Is(err, rest.ErrNotFound) != test.gone || !test.gone && err != error(original) {
				t.Error(err)
			}
		})
	}
	if err := scripted(t).confirmGone(t.Context(), nil, rest.P("/x/")); err != nil {
		t.Error(err)
	}
}

func organisations(names ...string) string {
	var list []string
	for i, name := range names {
		list = append(list, fmt.Sprintf(`{"id":%d,"uuid":"u","name":%q,"num_seats":1,"subscription":{"plan":"free"}}`, i+1, name))
	}
	return fmt.Sprintf(`{"count":%d,"next":null,"previous":null,"results":[%s]}`, len(names), strings.Join(list, ","))
}

func TestOnlyOrganisation(t *testing.T) {
	t.Parallel()
	c := scripted(t, exchange{"GET /organisations/", "", 200, organisations("Acme")})
	for range 3 {
		if id, err := c.OnlyOrganisation(t.Context()); id != 1 || err != nil {
			t.Error(id, err)
		}
	}
	c = scripted(t, exchange{"GET /organisations/", "", 200, organisations("Acme", "Beta")})
	_, err := c.OnlyOrganisation(t.Context())
	contains(t, err, "set organisation_id to one of 1 (Acme), 2 (Beta)")
	c = scripted(t, exchange{"GET /organisations/", "", 200, organisations()})
	_, err = c.OnlyOrganisation(t.Context())
	contains(t, err, "the token sees no organisation")
	// A failure is not remembered.
	c = scripted(t, exchange{"GET /organisations/", "", 500, serverError}, exchange{"GET /organisations/", "", 200, organisations("Acme")})
	_, err = c.OnlyOrganisation(t.Context())
	contains(t, err, "500")
	if id, err := c.OnlyOrganisation(t.Context()); id != 1 || err != nil {
		t.Error(id, err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	features := exchange{"GET /projects/7/features/?page_size=999&search=Dark+mode", "", 200,
		`{"count":3,"next":null,"results":[{"id":1,"name":"Dark mode 2"},{"id":2,"name":"dark MODE"}]}`}
	segments := exchange{"GET /projects/7/segments/?page_size=999", "", 200,
		`{"count":3,"next":null,"results":[{"id":1,"name":"beta"},{"id":2,"name":"beta"},{"id":3,"name":"Beta"}]}`}
	environments := exchange{"GET /projects/7/environments/", "", 200,
		"[" + environmentJSON(1, "k1", "name", "Production") + "," + environmentJSON(2, "k2", "name", "production") + "]"}
	projects := `[{"id":3,"name":"Shop"},{"id":4,"name":"shop"}]`
	for name, test := range map[string]struct {
		attribute string
		within    map[string]int64
		name      string
		exchanges []exchange
		want      int64
		err       string
	}{
		"organisation":            {"organisation_id", nil, "Beta", []exchange{{"GET /organisations/", "", 200, organisations("Acme", "Beta")}}, 2, ""},
		"project":                 {"project_id", nil, "shop", []exchange{{"GET /projects/", "", 200, projects}}, 4, ""},
		"project of organisation": {"project_id", map[string]int64{"organisation_id": 5}, "Shop", []exchange{{"GET /projects/?organisation=5", "", 200, projects}}, 3, ""},
		"environment":             {"environment_id", map[string]int64{"project_id": 7}, "production", []exchange{environments}, 2, ""},
		"feature in other case":   {"feature_id", map[string]int64{"project_id": 7}, "Dark mode", []exchange{features}, 2, ""},
		"segment":                 {"segment_id", map[string]int64{"project_id": 7}, "Beta", []exchange{segments}, 3, ""},
		"several segments":        {"segment_id", map[string]int64{"project_id": 7}, "beta", []exchange{segments}, 0, `several segments are called "beta": use one of the ids 1 2`},
		"none":                    {"project_id", nil, "SHOP", []exchange{{"GET /projects/", "", 200, projects}}, 0, `There is no project called "SHOP".`},
		"no parent":               {"environment_id", nil, "x", nil, 0, `the environment "x" can only be found within a project`},
		"no such attribute":       {"webhook_id", map[string]int64{"project_id": 7}, "x", nil, 0, "webhook_id cannot be given by name"},
		"server error":            {"project_id", nil, "x", []exchange{{"GET /projects/", "", 500, serverError}}, 0, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, test.exchanges...)
			id, err := c.Resolve(t.Context(), test.attribute, test.within, test.name)
			if test.err != "" {
				contains(t, err, test.err)
				if errors.Is(err, rest.ErrNotFound) != (name == "none") {
					t.Error(err)
				}
				return
			}
			if id != test.want || err != nil {
				t.Error(id, err)
			}
			if again, err := c.Resolve(t.Context(), test.attribute, test.within, test.name); again != id || err != nil {
				t.Error("not remembered:", again, err)
			}
		})
	}
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := backOff(ctx, 40); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTokenIsNowhere(t *testing.T) {
	t.Parallel()
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := json.Marshal(map[string]any{"detail": r.Header.Get("Authorization"), "field": []string{r.Header.Get("Authorization")[8:]}})
		exchange{status: 400, answer: string(body)}.write(w)
	})
	_, err := c.Project(t.Context(), Project{ID: 7})
	if e := restError(t, err); strings.Contains(err.Error(), "0123456789") || !slices.Equal(e.Fields["field"], []string{"***"}) {
		t.Error(err)
	}
	if bytes.Contains(fmt.Appendf(nil, "%+v", err), []byte("0123456789")) {
		t.Error("shown when formatted")
	}
}
