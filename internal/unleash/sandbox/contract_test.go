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

	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// exchange is a line of testdata/*.jsonl: a call that was made on Unleash 8.2.0 and what came back. What differs from
// server to server is written as a placeholder: {run} in front of names makes them the scenario's own, {ulid:3},
// {hex:1}, {segment:2}, {addon:1} and {user:2} are ids, learned where they first come back, {100 x} is that many letters,
// {time}, {uuid} and {any} match. What other calls or time change is not there: last seen, usage, health, counters of
// the whole server, "lifecycle" and pictures (see volatile).
type exchange struct {
	Section   string  // "setup", or nothing
	Note      string  // what it is about
	Method    string  //
	Path      string  // the whole path
	Auth      *string // Authorization, where it is not the admin token
	Type      *string // Content-Type, where it is not JSON; empty: none
	Request   any     // JSON; a string is sent as it is
	Status    int     //
	Response  any     // JSON; "{html}": a text
	Partial   bool    // more keys than these are fine
	Subset    bool    // lists are of the whole server: more items are fine, in any order
	Unordered bool    // lists come in any order
	Only      string  // "sandbox": servers that are set up for it; "alone": it changes what others on the server rely on; "open source"
}

// volatile are the keys that change by themselves: they are not compared, nor need they be there.
var volatile = []string{"lifecycle", "lastSeenAt", "updatedAt", "lastUpdatedAt", "stats", "health", "technicalDebt", "onboardingStatus", "seenAt",
	"imageUrl", "yes", "no", "featureTypeCounts", "flags", "unleashUrl", "instanceId", "apiTokenCount", "enabledToggleCount", "projectCount",
	"projectApiTokenCount", "projectEnabledToggleCount", "members", "memberCount", "featureCount", "owners", "latest", "apiTokens",
	"frontendApiOrigins", "emailEnabled", "baseUriPath", "authenticationType", "inviteLink", "activityCountByDate"}

// scenarios says what sandbox each file needs. A scenario of one edition is not played on a server of the other.
//
// Left out of what was recorded: the API of SDKs, playground, events and import (not modelled), favourites (an admin
// token has none), permissions of users (the sandbox knows the admin token alone), counting against rate limits
// (TestRateLimits), lifecycle (asynchronous) and ETags.
var scenarios = map[string][]sandbox.Option{
	"addons":           nil,
	"api-tokens":       nil,
	"auth":             nil,
	"clone-archive":    nil,
	"constraints":      nil,
	"context":          nil,
	"enable":           nil,
	"env-variants":     nil,
	"environments":     nil,
	"export":           nil,
	"ext-access":       {sandbox.Enterprise()},
	"ext-environments": {sandbox.Enterprise()},
	"ext-modes":        {sandbox.Enterprise()},
	"ext-projects":     {sandbox.Enterprise()},
	"extra":            nil,
	"feature-types":    nil,
	"features":         nil,
	"limits":           nil,
	"low-limits": {sandbox.Limits(sandbox.Resources{FeatureFlags: 2, Segments: 1, APITokens: 2, FeatureEnvironmentStrategies: 1, Constraints: 1,
		ConstraintValues: 2, SegmentValues: 3, StrategySegments: 1})},
	// Odd bodies: null, wrong types, empty texts, what does not exist.
	"probe-context-tokens-addons": nil,
	"probe-features":              nil,
	"probe-strategies":            nil,
	"probe-tags-segments-links":   nil,
	"probe-users-variants-export": nil,

	"projects":       nil,
	"referred":       nil, // what flags refer to: odd bodies of segments, context fields, tag and strategy types
	"segments":       nil,
	"strategies":     nil,
	"strategy-types": nil,
	"supplement":     nil,
	"tags":           nil,
	"users":          nil,
}

// openSource are the scenarios that need the absence of the other edition's routes.
var openSource = []string{"projects"}

// TestContract replays the recorded calls against a sandbox, and where UNLEASH_URL and UNLEASH_TOKEN (an admin token) are
// set, against that server instead. There scenarios use names of their own and delete what they made; what would get in
// the way of others is only done if UNLEASH_ALONE is set as well.
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
			if os.Getenv("UNLEASH_ALONE") == "" {
				t.Parallel()
			}
			p := newPlayer(t, options)
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
				if err := p.play(t, x); err != nil {
					t.Errorf("%s:%d: %s: %s %.200s: %s", file, i+1, x.Note, x.Method, x.Path, err)
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

// player plays a scenario against one server and learns what the placeholders stand for there.
type player struct {
	url, token string
	real       bool
	alone      bool
	enterprise bool
	known      map[string]any // "segment:2" → 7, "ulid:1" → "01M8…"
	made       []string       // paths to delete on a real server
}

var runs atomic.Int64

func newPlayer(t *testing.T, options []sandbox.Option) *player {
	t.Helper()
	p := &player{known: map[string]any{"run": "z" + strconv.FormatInt(time.Now().UnixMilli()%1e8, 36) + strconv.FormatInt(runs.Add(1), 36) + "-"}}
	if address := os.Getenv("UNLEASH_URL"); address != "" {
		p.url, p.token, p.real = strings.TrimSuffix(strings.TrimSuffix(address, "/"), "/api"), os.Getenv("UNLEASH_TOKEN"), true
		p.alone = os.Getenv("UNLEASH_ALONE") != ""
		if p.token == "" {
			t.Fatal("UNLEASH_URL needs UNLEASH_TOKEN")
		}
		t.Cleanup(func() { p.cleanUp(t) })
	} else {
		s := sandbox.New(options...)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		p.url, p.token = server.URL, s.Token
	}
	_, raw, err := p.call(t, exchange{Method: http.MethodGet, Path: "/api/admin/ui-config"})
	var config struct{ Environment string }
	if err != nil || json.Unmarshal(raw, &config) != nil {
		t.Fatalf("ui-config: %s %.300s", err, raw)
	}
	p.enterprise = config.Environment != "Open Source"
	return p
}

// refuses says why a scenario does not apply to this server.
func (p *player) refuses(scenario string) string {
	switch {
	case strings.HasPrefix(scenario, "ext-") && !p.enterprise:
		return "this server is open source"
	case slices.Contains(openSource, scenario) && p.enterprise:
		return "this server is not open source"
	}
	return ""
}

// skips says why an exchange does not apply to this server.
func (p *player) skips(x exchange) string {
	switch {
	case x.Only == "sandbox" && p.real:
		return "it needs a server that is set up for it"
	case x.Only == "open source" && p.enterprise:
		return "this server is not open source"
	case x.Only == "alone" && p.real && !p.alone:
		return "it would get in the way of others"
	}
	return ""
}

// play makes one call and compares.
func (p *player) play(t *testing.T, x exchange) error {
	t.Helper()
	status, raw, err := p.call(t, x)
	if err != nil {
		return err
	}
	if status != x.Status {
		return fmt.Errorf("status %d, want %d: %.300s", status, x.Status, raw)
	}
	if x.Response == nil {
		if len(raw) > 0 {
			return fmt.Errorf("body %.300s, want none", raw)
		}
		return nil
	}
	if x.Response == "{html}" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var got any
	if err := d.Decode(&got); err != nil {
		return fmt.Errorf("body %.300s: %w", raw, err)
	}
	if p.real && status == http.StatusCreated {
		p.remember(x, got)
	}
	return errors.Join(p.compare("", x.Response, got, x)...)
}

func (p *player) call(t *testing.T, x exchange) (int, []byte, error) {
	t.Helper()
	path := placeholder.ReplaceAllStringFunc(x.Path, func(m string) string { return url.PathEscape(fmt.Sprint(p.value(m[1 : len(m)-1]))) })
	var body io.Reader
	if text, ok := x.Request.(string); ok {
		body = strings.NewReader(text)
	} else if x.Request != nil {
		raw, err := json.Marshal(p.fill(x.Request))
		if err != nil {
			return 0, nil, err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), x.Method, p.url+path, body)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", p.token)
	if x.Auth != nil {
		r.Header.Set("Authorization", strings.ReplaceAll(fmt.Sprint(p.fill(*x.Auth)), "*:*.unleash-admin-token", p.token))
		if *x.Auth == "" {
			r.Header.Del("Authorization")
		}
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	if x.Type != nil {
		r.Header.Set("Content-Type", *x.Type)
		if *x.Type == "" {
			r.Header.Del("Content-Type")
		}
	}
	a, err := http.DefaultTransport.RoundTrip(r) // redirects are answers here
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	return a.StatusCode, raw, err
}

var placeholder = regexp.MustCompile(`\{((?:[a-z]+:)?\d+|[a-z]+|\d+ [A-Za-z0-9])\}`)

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

// value is what a placeholder stands for; one that is not known yet stays as it is.
func (p *player) value(name string) any {
	if v, ok := p.known[name]; ok {
		return v
	}
	if n, letter, ok := strings.Cut(name, " "); ok {
		count, _ := strconv.Atoi(n)
		return strings.Repeat(letter, count)
	}
	return "{" + name + "}"
}

var (
	timeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	uuidText = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

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
			if g, ok := have[k]; ok {
				errs = append(errs, p.compare(at+"."+k, w, g, x)...)
			} else if !slices.Contains(volatile, k) {
				errs = append(errs, fmt.Errorf("%s.%s is missing", at, k))
			}
		}
		for k, g := range have {
			if _, ok := want[k]; !ok && !x.Partial && !slices.Contains(volatile, k) {
				errs = append(errs, fmt.Errorf("%s.%s is %s, which was not recorded", at, k, show(g)))
			}
		}
		return errs
	case []any:
		have, ok := got.([]any)
		if !ok {
			return differ()
		}
		if whole := strings.Count(at, ".") < 2; x.Subset && whole || x.Unordered && len(want) == len(have) {
			return p.contains(at, want, have, x)
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
		return p.compareText(want, got, differ)
	default:
		if !reflect.DeepEqual(want, got) {
			return differ()
		}
		return nil
	}
}

func (p *player) compareText(want string, got any, differ func() []error) []error {
	text, isText := got.(string)
	m := placeholder.FindStringSubmatch(want)
	if m == nil || m[0] != want {
		if !isText || !p.learn(want, text) {
			return differ()
		}
		return nil
	}
	matches := true
	switch name := m[1]; name {
	case "any":
	case "time":
		matches = isText && timeText.MatchString(text)
	case "uuid":
		matches = isText && uuidText.MatchString(text)
	default:
		if _, known := p.known[name]; !known && strings.Contains(name, ":") {
			p.known[name] = got
		}
		matches = reflect.DeepEqual(p.value(name), got)
	}
	if !matches {
		return differ()
	}
	return nil
}

// learn compares a text that has placeholders inside.
func (p *player) learn(want, got string) bool {
	var names []string
	pattern, rest := "(?s)^", want
	for _, at := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		name := want[at[2]:at[3]]
		pattern += regexp.QuoteMeta(want[len(want)-len(rest) : at[0]])
		rest = want[at[1]:]
		if _, known := p.known[name]; known || !strings.Contains(name, ":") {
			pattern += regexp.QuoteMeta(fmt.Sprint(p.value(name)))
			continue
		}
		pattern += `(\w+)`
		names = append(names, name)
	}
	pattern += regexp.QuoteMeta(rest) + "$"
	if names == nil {
		return fmt.Sprint(p.fill(want)) == got
	}
	m := regexp.MustCompile(pattern).FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, name := range names {
		p.known[name] = m[i+1]
	}
	return true
}

// contains looks for the wanted items among others, in any order.
func (p *player) contains(at string, want, have []any, x exchange) []error {
	have = slices.Clone(have)
	var errs []error
	for i, w := range want {
		var closest error
		found := slices.IndexFunc(have, func(g any) bool {
			known := map[string]any{}
			for k, v := range p.known {
				known[k] = v
			}
			diff := p.compare(fmt.Sprintf("%s[%d]", at, i), w, g, x)
			if len(diff) > 0 {
				p.known = known
			}
			if err := errors.Join(diff...); closest == nil || err != nil && len(err.Error()) < len(closest.Error()) {
				closest = err
			}
			return len(diff) == 0
		})
		if found < 0 {
			errs = append(errs, fmt.Errorf("%s has no %s: %w", at, show(p.fill(w)), closest))
			continue
		}
		have = slices.Delete(have, found, found+1)
	}
	return errs
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.400s", text)
}

// remember notes what a call has made, for cleanUp.
func (p *player) remember(x exchange, got any) {
	o, _ := got.(map[string]any)
	body, _ := p.fill(x.Request).(map[string]any)
	parts := strings.Split(strings.TrimPrefix(x.Path, "/api/admin/"), "/")
	key := ""
	switch kind := parts[len(parts)-1]; kind {
	case "features", "clone":
		name := url.PathEscape(fmt.Sprint(o["name"]))
		p.made = append(p.made, "/archive/"+name, "/projects/"+fmt.Sprint(o["project"])+"/features/"+name)
		return
	case "segments", "addons", "user-admin", "projects":
		key = fmt.Sprint(o["id"])
	case "context", "strategies", "tag-types", "environments":
		if key = fmt.Sprint(o["name"]); key == "userId" { // comes with the server
			return
		}
	case "api-tokens":
		key = fmt.Sprint(o["secret"])
	case "tags":
		key = fmt.Sprint(body["type"]) + "/" + url.PathEscape(fmt.Sprint(body["value"]))
		p.made = append(p.made, "/tags/"+key)
		return
	default:
		return
	}
	p.made = append(p.made, "/"+parts[len(parts)-1]+"/"+url.PathEscape(key))
}

// cleanUp deletes what a scenario made on a real server, in reverse, but flags first: they hold the rest.
func (p *player) cleanUp(t *testing.T) {
	t.Helper()
	slices.Reverse(p.made)
	slices.SortStableFunc(p.made, func(a, b string) int {
		isFlag := func(path string) int {
			if strings.HasPrefix(path, "/archive/") || strings.Contains(path, "/features/") {
				return 0
			}
			return 1
		}
		return isFlag(a) - isFlag(b)
	})
	for _, path := range p.made {
		r, err := http.NewRequest(http.MethodDelete, p.url+"/api/admin"+path, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		r.Header.Set("Authorization", p.token)
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			continue
		}
		_ = a.Body.Close()
		if a.StatusCode >= 300 && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden {
			t.Errorf("DELETE %s: status %d", path, a.StatusCode)
		}
	}
}
