package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// exchange is a line of testdata/*.jsonl: a call that was made on Flagsmith 2.265 and what came back. Everything that
// differs from server to server is written as a placeholder: {feature:20} is the id of what was feature 20 when this was
// recorded, {uuid:…} and {key:…} likewise; {none:99} is an id that nothing has, {run} makes names of organisation-wide
// objects unique, {2001 x} is that many letters, {time} and {any} match, and {more} is
// the rest of a list.
type exchange struct {
	Section   string            // which of the recordings, or "setup"
	Note      string            // what it is about
	Method    string            //
	Path      string            // below /api/v1
	Request   any               // JSON; a string is sent as it is
	Auth      *string           // Authorization, where it is not the organisation's key
	Type      string            // Content-Type, where it is not JSON
	Status    int               //
	Response  any               // JSON; "{html}": a page
	Headers   map[string]string // that must be there
	Partial   bool              // more keys than these are fine
	Subset    bool              // more items of a list than these are fine: others share the organisation
	Unordered bool              // lists come in any order: options, weights, rules that were sent with their ids
	Later     bool              // comes once work in the background is done: asked again until then
	Only      string            // "one project": servers that allow one project per organisation; "sandbox": not on a real server
}

// scenarios says what sandbox each file needs.
var scenarios = map[string][]sandbox.Option{
	"auth":                  nil,
	"background":            {sandbox.TaskLag(2)},
	"environment-keys":      nil,
	"environment-later":     {sandbox.TaskLag(0)},
	"environment-webhooks":  nil,
	"environments":          {sandbox.Plan("enterprise"), sandbox.TaskLag(0)},
	"feature-states":        nil,
	"features":              nil,
	"free-plan":             nil,
	"metadata":              {sandbox.TaskLag(0)},
	"misc":                  nil,
	"multivariate":          nil,
	"organisation-webhooks": nil,
	"organisations":         nil,
	"projects":              {sandbox.OneProject()},
	"projects-enterprise":   {sandbox.Plan("enterprise")},
	"segments":              nil,
	"probe-projects":        nil,
	"probe-metadata":        nil,
	"probe-organisations":   nil,
	"probe-groups":          nil,
	"probe-webhooks":        nil,
	"probe-tags":            nil,
	"probe-segments":        nil,
	"probe-states":          nil,
	"probe-multivariate":    nil,
	"probe-features":        nil,
	"probe-environments":    nil,
	"throttle":              {sandbox.Throttle(8)},
	"v2-versioning":         {sandbox.TaskLag(0)},
}

// What scenarios ask of the server beside that.
var (
	oneProject   = []string{"projects"} // recorded where an organisation may have one project only
	manyProjects = []string{"projects-enterprise", "misc"}
	userToken    = []string{"metadata"} // what they make on a real server can only be deleted with FLAGSMITH_USER_TOKEN
)

// TestContract replays the recorded calls against a sandbox, and where FLAGSMITH_API_URL, FLAGSMITH_API_KEY and
// FLAGSMITH_ORGANISATION_ID are set, against that server instead. There each scenario makes a project of its own and
// deletes it again; on a server that allows only one project it works in FLAGSMITH_PROJECT_ID.
func TestContract(t *testing.T) {
	t.Parallel()
	var compared, skipped atomic.Int64
	t.Cleanup(func() { t.Logf("compared %d exchanges, skipped %d", compared.Load(), skipped.Load()) })
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		options, known := scenarios[name]
		if !known {
			t.Errorf("%s is no scenario", file)
		}
		t.Run(name, func(t *testing.T) {
			if os.Getenv("FLAGSMITH_PROJECT_ID") == "" {
				t.Parallel() // in one project they would count each other's objects
			}
			p := newPlayer(t, options, slices.Contains(oneProject, name))
			exchanges := read(t, file)
			if why := p.refuses(name); why != "" {
				t.Logf("%s: skipped %d exchanges, %s", file, len(exchanges), why)
				skipped.Add(int64(len(exchanges)))
				return
			}
			for i, x := range exchanges {
				if why := p.skips(x); why != "" {
					t.Logf("%s:%d: skipped, %s", file, i+1, why)
					skipped.Add(1)
					continue
				}
				err := p.play(t, x)
				for end := time.Now().Add(patience); x.Later && err != nil && time.Now().Before(end); err = p.play(t, x) {
					time.Sleep(100 * time.Millisecond)
				}
				if err != nil {
					t.Errorf("%s:%d: %s %s %s: %s", file, i+1, x.Section, x.Method, x.Path, err)
					if x.Section == "setup" {
						t.FailNow()
					}
				}
				if x.Section != "setup" {
					compared.Add(1)
				}
			}
		})
	}
}

func read(t *testing.T, file string) []exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []exchange
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var x exchange
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&x); err != nil {
			t.Fatalf("%s:%d: %s", file, len(out)+1, err)
		}
		out = append(out, x)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// patience is how long work in the background may take on a busy server.
const patience = 2 * time.Minute

// player plays a scenario against one server and learns what the placeholders stand for there.
type player struct {
	url, key string
	token    string // a user's, to clean up what a key cannot delete
	real     bool
	single   bool // one project per organisation
	free     bool // the server ignores what the plan gates
	project  string
	known    map[string]any // "feature:20" → 7, "uuid:5dfe7903" → "…"
}

func newPlayer(t *testing.T, options []sandbox.Option, single bool) *player {
	t.Helper()
	p := &player{known: map[string]any{"run": "-" + strconv.FormatInt(time.Now().UnixNano(), 36)}}
	if address := os.Getenv("FLAGSMITH_API_URL"); address != "" {
		p.url, p.key, p.real, p.project = strings.TrimSuffix(address, "/"), os.Getenv("FLAGSMITH_API_KEY"), true, os.Getenv("FLAGSMITH_PROJECT_ID")
		organisation, err := strconv.Atoi(os.Getenv("FLAGSMITH_ORGANISATION_ID"))
		if p.key == "" || err != nil {
			t.Fatal("FLAGSMITH_API_URL needs FLAGSMITH_API_KEY and FLAGSMITH_ORGANISATION_ID")
		}
		p.known["organisation:1"] = number(organisation)
		p.single, p.free, p.token = p.project != "", true, os.Getenv("FLAGSMITH_USER_TOKEN")
		t.Cleanup(func() { p.cleanUp(t) })
	} else {
		s := sandbox.New(options...)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		p.url, p.key = server.URL+"/api/v1", s.Key
		p.known["organisation:1"] = number(int(s.OrganisationID))
		p.single = single
	}
	return p
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// refuses says why a scenario does not apply to this server.
func (p *player) refuses(scenario string) string {
	switch {
	case p.project != "" && slices.Contains(manyProjects, scenario):
		return "this server allows one project"
	case p.real && p.token == "" && slices.Contains(userToken, scenario):
		return "FLAGSMITH_USER_TOKEN is not set"
	}
	return ""
}

// skips says why an exchange does not apply to this server.
func (p *player) skips(x exchange) string {
	switch {
	case x.Only == "one project" && !p.single:
		return "this server allows many projects"
	case x.Only == "sandbox" && p.real:
		return "it needs a server that is set up for it"
	}
	return ""
}

// play makes one call and compares.
func (p *player) play(t *testing.T, x exchange) error {
	t.Helper()
	if x.Section == "setup" && x.Path == "/projects/" && p.project != "" {
		p.known["project:1"] = json.Number(p.project)
		x.Method, x.Path, x.Status = http.MethodPatch, "/projects/{project:1}/", http.StatusOK
	}
	path, _ := p.fill(x.Path).(string)
	var body io.Reader
	if text, ok := x.Request.(string); ok {
		body = strings.NewReader(text)
	} else if x.Request != nil {
		raw, err := json.Marshal(p.fill(x.Request))
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	status, header, raw, err := p.call(t, x.Method, path, body, x)
	if err != nil {
		return err
	}
	if status != x.Status {
		return fmt.Errorf("status %d, want %d: %.300s", status, x.Status, raw)
	}
	for name, want := range x.Headers {
		if got, want := header.Get(name), p.fill(want); got != want {
			return fmt.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	if p.real && status == http.StatusAccepted {
		p.await(t, path)
	}
	if x.Response == "{html}" {
		if !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<!doctype html>")) {
			return fmt.Errorf("no page: %.300s", raw)
		}
		return nil
	}
	if x.Response == nil {
		if len(raw) > 0 && !x.Partial {
			return fmt.Errorf("body %.300s, want none", raw)
		}
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var got any
	if err := d.Decode(&got); err != nil {
		return fmt.Errorf("body %.300s: %w", raw, err)
	}
	return errors.Join(p.compare("", x.Response, got, x)...)
}

func (p *player) call(t *testing.T, method, path string, body io.Reader, x exchange) (int, http.Header, []byte, error) {
	t.Helper()
	address, query, _ := strings.Cut(path, "?")
	u, err := url.Parse(p.url + (&url.URL{Path: address}).EscapedPath())
	if err != nil {
		return 0, nil, nil, err
	}
	u.RawQuery = query
	r, err := http.NewRequestWithContext(t.Context(), method, u.String(), body)
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Api-Key "+p.key)
	if x.Auth != nil {
		r.Header.Set("Authorization", *x.Auth)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	if x.Type != "" {
		r.Header.Set("Content-Type", x.Type)
	}
	a, err := http.DefaultTransport.RoundTrip(r) // redirects are answers here
	if err != nil {
		return 0, nil, nil, err
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	return a.StatusCode, a.Header, raw, err
}

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// fill replaces the placeholders of a request or of an expected text.
func (p *player) fill(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = p.fill(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = p.fill(x)
		}
		return out
	case string:
		if m := placeholder.FindStringSubmatch(v); m != nil && m[0] == v {
			return p.value(m[1])
		}
		return placeholder.ReplaceAllStringFunc(v, func(m string) string { return fmt.Sprint(p.value(m[1 : len(m)-1])) })
	}
	return v
}

var repeated = regexp.MustCompile(`^(\d+) (.)$`)

// value is what a placeholder stands for. An id that nothing has got yet is one that nothing has.
func (p *player) value(name string) any {
	if v, ok := p.known[name]; ok {
		return v
	}
	if m := repeated.FindStringSubmatch(name); m != nil {
		n, _ := strconv.Atoi(m[1])
		return strings.Repeat(m[2], n)
	}
	if inner, ok := strings.CutPrefix(name, "text "); ok {
		return fmt.Sprint(p.value(inner))
	}
	kind, id, _ := strings.Cut(name, ":")
	if n, err := strconv.Atoi(id); err == nil && kind != "uuid" && kind != "key" {
		return number(1_000_000_000 + n)
	}
	switch kind {
	case "host":
		u, _ := url.Parse(p.url)
		return u.Scheme + "://" + u.Host + u.Path
	case "key":
		return strings.TrimPrefix(fmt.Sprint(p.known["run"]), "-") + "-" + id // chosen by the request
	}
	return "{" + name + "}"
}

var (
	timeText   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$`)
	offsetText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$`)
)

// gated are the fields that the free plan ignores.
var gated = []string{"minimum_change_request_approvals", "stale_flags_limit_days", "enable_realtime_updates"}

// compare lists the differences between what was recorded and what came, and learns placeholders as it goes.
func (p *player) compare(at string, want, got any, x exchange) []error {
	differ := func() []error { return []error{fmt.Errorf("%s is %s, want %s", at, show(got), show(p.fill(want)))} }
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok {
			return differ()
		}
		var errs []error
		for k, w := range want {
			g, ok := have[k]
			switch {
			case !ok:
				errs = append(errs, fmt.Errorf("%s.%s is missing", at, k))
			case x.Subset && k == "count", p.free && slices.Contains(gated, k):
			default:
				errs = append(errs, p.compare(at+"."+k, w, g, x)...)
			}
		}
		for k, g := range have {
			if _, ok := want[k]; !ok && !x.Partial {
				errs = append(errs, fmt.Errorf("%s.%s is %s, which was not recorded", at, k, show(g)))
			}
		}
		return errs
	case []any:
		have, ok := got.([]any)
		if !ok {
			return differ()
		}
		if x.Subset && (at == "" || at == ".results") {
			return p.contains(at, want, have, x)
		}
		if x.Unordered && len(want) == len(have) {
			return p.contains(at, want, have, x)
		}
		if n := len(want); n > 0 && want[n-1] == "{more}" && len(have) >= n {
			want, have = want[:n-1], have[:n-1]
		}
		if len(want) != len(have) {
			return []error{fmt.Errorf("%s has %d items, want %d: %s", at, len(have), len(want), show(got))}
		}
		var errs []error
		for i := range want {
			errs = append(errs, p.compare(fmt.Sprintf("%s[%d]", at, i), want[i], have[i], x)...)
		}
		return errs
	case string:
		m := placeholder.FindStringSubmatch(want)
		if m == nil || m[0] != want {
			if fmt.Sprint(p.fill(want)) != got {
				return differ()
			}
			return nil
		}
		text, isText := got.(string)
		switch name := m[1]; name {
		case "any":
			return nil
		case "time":
			if !isText || !timeText.MatchString(text) {
				return differ()
			}
			return nil
		case "offset time":
			if !isText || !offsetText.MatchString(text) {
				return differ()
			}
			return nil
		default:
			_, known := p.known[name]
			kind, _, named := strings.Cut(name, ":")
			_, isNumber := got.(json.Number)
			if !known && named && kind != "none" && (isNumber || isText && (kind == "uuid" || kind == "key" || kind == "name")) {
				p.known[name] = got
				return nil
			}
			if p.value(name) != got {
				return differ()
			}
			return nil
		}
	default:
		if !reflect.DeepEqual(want, got) {
			return differ()
		}
		return nil
	}
}

// contains looks for the wanted items among others, in their order where there is one.
func (p *player) contains(at string, want, have []any, x exchange) []error {
	var errs []error
	for i, w := range want {
		var last []error
		found := slices.IndexFunc(have, func(g any) bool {
			before := len(p.known)
			known := map[string]any{}
			for k, v := range p.known {
				known[k] = v
			}
			if last = p.compare(fmt.Sprintf("%s[%d]", at, i), w, g, x); len(last) > 0 && len(p.known) != before {
				p.known = known
			}
			return len(last) == 0
		})
		if found < 0 {
			return append(errs, fmt.Errorf("%s has no %s: %s", at, show(p.fill(w)), errors.Join(last...)))
		}
		if x.Unordered {
			have = slices.Delete(slices.Clone(have), found, found+1)
		} else {
			have = have[found+1:]
		}
	}
	return errs
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.300s", text)
}

// await polls a real server until it has switched an environment's versioning.
func (p *player) await(t *testing.T, path string) {
	t.Helper()
	key, action, _ := strings.Cut(strings.TrimPrefix(path, "/environments/"), "/")
	want := strings.HasPrefix(action, "enable")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		_, _, raw, err := p.call(t, http.MethodGet, "/environments/"+key+"/", nil, exchange{})
		var e struct {
			V2 bool `json:"use_v2_feature_versioning"`
		}
		if err == nil && json.Unmarshal(raw, &e) == nil && e.V2 == want {
			return
		}
	}
	t.Errorf("%s was not done after %s", path, patience)
}

// cleanUp deletes what a scenario made on a real server.
func (p *player) cleanUp(t *testing.T) {
	t.Helper()
	organisation := fmt.Sprint(p.known["organisation:1"])
	for name, id := range p.known {
		kind, _, _ := strings.Cut(name, ":")
		path := map[string]string{"orghook": "/organisations/" + organisation + "/webhooks/", "group": "/organisations/" + organisation + "/groups/",
			"field": "/metadata/fields/"}[kind]
		if kind == "project" && !p.single {
			path = "/projects/"
		}
		if p.single && fmt.Sprint(p.known["project:1"]) == p.project {
			switch kind {
			case "feature", "segment", "tag":
				path = "/projects/" + p.project + "/" + kind + "s/"
			case "key":
				path = "/environments/"
			}
		}
		if path == "" {
			continue
		}
		r, err := http.NewRequest(http.MethodDelete, p.url+path+fmt.Sprint(id)+"/", nil)
		if err != nil {
			t.Error(err)
			continue
		}
		r.Header.Set("Authorization", "Api-Key "+p.key)
		if kind == "field" {
			r.Header.Set("Authorization", "Token "+p.token)
		}
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusNoContent && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden {
			t.Errorf("DELETE %s%v/: status %d", path, id, a.StatusCode)
		}
	}
}
