package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	flagsmith "github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
	unleash "github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// variables is what getenv finds.
func variables(set map[string]string) func(string) string {
	return func(name string) string { return set[name] }
}

func printed(t *testing.T, set map[string]string) string {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), []string{"-print"}, variables(set), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestServe starts sandboxes, reads what they say about themselves and stops them.
func TestServe(t *testing.T) {
	t.Parallel()
	fs, un := []string{"FLAGSMITH_API_URL", "FLAGSMITH_API_KEY", "FLAGSMITH_ORGANISATION_ID"}, []string{"UNLEASH_URL", "UNLEASH_TOKEN"}
	noProjects, noFlags := "Flagsmith at %s\nno projects\n", "Unleash at %s\nDEFAULT\n(no flags)\n"
	for name, c := range map[string]struct {
		args []string
		says []string
		want string
	}{
		"both":      {nil, append(fs, un...), noProjects + "\n" + noFlags},
		"flagsmith": {[]string{"-unleash", ""}, fs, noProjects},
		"unleash":   {[]string{"-flagsmith", "", "-unleash", "127.0.0.1:0"}, un, noFlags},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			ready := filepath.Join(t.TempDir(), "servers")
			out, in := io.Pipe()
			done := make(chan error, 1)
			go func() { done <- run(ctx, append(c.args, "-ready", ready), variables(nil), in) }()
			said, shown := map[string]string{}, ""
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.HasPrefix(lines.Text(), "and to see") {
				if name, value, ok := strings.Cut(lines.Text(), "="); ok {
					said[name] = strings.Trim(value, "'")
					shown += lines.Text() + "\n"
				}
			}
			written, err := os.ReadFile(ready)
			if err != nil || string(written) != shown {
				t.Errorf("wrote %q, %v; showed %q", written, err, shown)
			}
			var urls []any
			for _, name := range c.says {
				if said[name] == "" {
					t.Errorf("%s is not in %q", name, written)
				}
				if strings.HasSuffix(name, "_URL") {
					urls = append(urls, said[name])
				}
			}
			if len(said) != len(c.says) {
				t.Errorf("said %v", said)
			}
			if got, want := printed(t, said), fmt.Sprintf(c.want, urls...); got != want {
				t.Errorf("printed %q, want %q", got, want)
			}
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := unleash.New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for want, c := range map[string]struct {
		args []string
		set  map[string]string
	}{
		"no address":                  {args: []string{"-flagsmith", "", "-unleash", ""}},
		"is no flag":                  {args: []string{"print"}},
		"FLAGSMITH_API_URL or":        {args: []string{"-print"}},
		"UNLEASH_TOKEN is not":        {args: []string{"-print"}, set: map[string]string{"UNLEASH_URL": server.URL}},
		"Unleash: GET /projects: 401": {args: []string{"-print"}, set: map[string]string{"UNLEASH_URL": server.URL, "UNLEASH_TOKEN": "wrong"}},
		"address":                     {args: []string{"-unleash", "nowhere:-1"}},
	} {
		if err := run(t.Context(), c.args, variables(c.set), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", c.args, err, want)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	fs, un := flagsmith.New(flagsmith.PageSize(2)), unleash.New()
	servers := [2]string{}
	for i, handler := range []http.Handler{fs, un} {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		servers[i] = server.URL
	}
	post := func(url, authorization, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if text, err := io.ReadAll(a.Body); err != nil || a.StatusCode > 299 {
			t.Fatalf("%s: %s %s %v", url, a.Status, text, err)
		}
	}
	for _, c := range [][2]string{
		{"/projects/", `{"name":"Shop","organisation":1}`},
		{"/environments/", `{"name":"Dev","project":1}`},
		{"/environments/", `{"name":"Production","project":1}`},
		{"/projects/1/features/", `{"name":"limit","initial_value":7,"default_enabled":true}`},
		{"/projects/1/features/", `{"name":"banner","initial_value":"plain","multivariate_options":[{"string_value":"red","default_percentage_allocation":12.5},{"type":"int","integer_value":3,"default_percentage_allocation":20}]}`},
		{"/projects/1/features/", `{"name":"old","is_archived":true}`},
	} {
		post(servers[0]+"/api/v1"+c[0], "Api-Key "+fs.Key, c[1])
	}
	const features = "/projects/default/features"
	for _, c := range [][2]string{
		{"/segments", `{"name":"big spenders","constraints":[]}`},
		{features, `{"name":"limit"}`},
		{features, `{"name":"banner"}`},
		{features, `{"name":"plain"}`},
		{features + "/plain/environments/development/on", ``},
		{features + "/limit/environments/development/strategies", `{"name":"flexibleRollout","segments":[1],"constraints":[` +
			`{"contextName":"country","operator":"IN","values":["US","CA"],"inverted":true}],"variants":[` +
			`{"name":"v","weight":0,"weightType":"variable","stickiness":"default","payload":{"type":"number","value":"7"}}]}`},
		{features + "/limit/environments/development/strategies", `{"name":"flexibleRollout"}`},
		{features + "/limit/environments/development/strategies", `{"name":"default","disabled":true}`},
		{features + "/limit/environments/development/on", ``},
		{features + "/banner/environments/production/strategies", `{"name":"flexibleRollout","parameters":{"rollout":"25"},"variants":[` +
			`{"name":"red","weight":125,"weightType":"fix","stickiness":"default","payload":{"type":"string","value":"red"}},` +
			`{"name":"other","weight":0,"weightType":"variable","stickiness":"default","payload":{"type":"string","value":"a"}}]}`},
		{features + "/banner/environments/production/strategies", `{"name":"remoteAddress","parameters":{"IPs":"127.0.0.1"}}`},
	} {
		post(servers[1]+"/api/admin"+c[0], un.Token, c[1])
	}
	fs.ResetRequests()
	un.ResetRequests()
	want := `Flagsmith at ` + servers[0] + `/api/v1/
SHOP             Dev                              Production
banner           off "plain" (3 20%, red 12.5%)   off "plain" (3 20%, red 12.5%)
limit            on 7                             on 7
old (archived)   off                              off

Unleash at ` + servers[1] + `/api
DEFAULT   development                                                     production
banner    off                                                             off 25% (other "a" 87.5%, red 12.5%) or remoteAddress
limit     on in big spenders if not country IN US,CA (v 7) or everybody   off
plain     on                                                              off
`
	got := printed(t, map[string]string{
		"FLAGSMITH_API_URL": servers[0] + "/api/v1/", "FLAGSMITH_API_KEY": fs.Key, "UNLEASH_URL": servers[1] + "/api", "UNLEASH_TOKEN": un.Token,
	})
	if got != want {
		t.Errorf("printed\n%s, want\n%s", got, want)
	}
	if n, m := len(fs.Requests()), len(un.Requests()); n != 7 || m != 6 {
		t.Errorf("%d and %d requests, want 7 and 6: %v %v", n, m, fs.Requests(), un.Requests())
	}
}
