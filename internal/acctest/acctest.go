// Package acctest gives acceptance tests a server, the provider under test and what the CLI at hand can do. Only tests
// import it.
package acctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

// Providers is the provider under test, in this process.
func Providers() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"flagops": providerserver.NewProtocol6WithError(provider.New("test")()),
	}
}

// Flagsmith is the server a test talks to: a sandbox of its own, or the real server named by FLAGSMITH_API_URL,
// FLAGSMITH_API_KEY and FLAGSMITH_ORGANISATION_ID.
type Flagsmith struct {
	URL, Key       string // URL ends with /api/v1
	OrganisationID int64
	Sandbox        *sandbox.Sandbox // nil on a real server

	t      testing.TB
	proxy  *counter
	shared int64 // the one project of a server that allows no more (FLAGSMITH_PROJECT_ID), or 0
}

// NewFlagsmith starts a sandbox, or takes the real server. Requests are counted either way.
func NewFlagsmith(t testing.TB, options ...sandbox.Option) *Flagsmith {
	t.Helper()
	f := &Flagsmith{t: t}
	if Real() {
		f.URL, f.Key = strings.TrimRight(os.Getenv("FLAGSMITH_API_URL"), "/"), os.Getenv("FLAGSMITH_API_KEY")
		f.OrganisationID, _ = strconv.ParseInt(os.Getenv("FLAGSMITH_ORGANISATION_ID"), 10, 64)
		f.shared, _ = strconv.ParseInt(os.Getenv("FLAGSMITH_PROJECT_ID"), 10, 64)
		if f.Key == "" || f.OrganisationID == 0 {
			t.Fatal("FLAGSMITH_API_URL is set: FLAGSMITH_API_KEY and FLAGSMITH_ORGANISATION_ID are needed too")
		}
		f.proxy = newProxy(f.URL)
	} else {
		f.Sandbox = sandbox.New(options...)
		f.Key, f.OrganisationID = f.Sandbox.Key, f.Sandbox.OrganisationID
		f.proxy = &counter{next: f.Sandbox}
	}
	server := httptest.NewServer(f.proxy)
	t.Cleanup(server.Close)
	f.URL = server.URL + "/api/v1"
	return f
}

// Real says that tests run against a real server.
func Real() bool { return os.Getenv("FLAGSMITH_API_URL") != "" }

// SandboxOnly skips on a real server, which cannot be made to misbehave.
func SandboxOnly(t testing.TB) {
	t.Helper()
	if Real() {
		t.Skip("needs the sandbox: it injects faults or options that a real server does not have; run it with make test")
	}
}

// Config prepends the provider's configuration.
func (f *Flagsmith) Config(body string) string {
	return fmt.Sprintf("provider \"flagops\" {\n  flagsmith = { url = %q, token = %q, max_retries = 0 }\n}\n", f.URL, f.Key) + body
}

// Name makes a name that no other test on the same server uses.
func (f *Flagsmith) Name(prefix string) string {
	return fmt.Sprintf("%s-%s-%d", prefix, strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(f.t.Name())), os.Getpid())
}

// Project makes a project outside Terraform and deletes it after the test. Where the server allows only one, it is the
// given one, and what the test makes in it must have names of its own (Name) and be cleaned up by it.
func (f *Flagsmith) Project() int64 {
	f.t.Helper()
	if f.shared != 0 {
		return f.shared
	}
	id := f.Post("/projects/", map[string]any{"name": f.Name("p"), "organisation": f.OrganisationID}).ID()
	f.t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("/projects/%d/", id), nil) })
	return id
}

// Environment makes an environment outside Terraform and returns its id and key.
func (f *Flagsmith) Environment(project int64, name string) (id int64, key string) {
	f.t.Helper()
	e := f.Post("/environments/", map[string]any{"name": name, "project": project})
	return e.ID(), e.Text("api_key")
}

// Object is a decoded answer.
type Object map[string]any

// ID is the object's id.
func (o Object) ID() int64 { n, _ := o["id"].(float64); return int64(n) }

// Text is a string field.
func (o Object) Text(field string) string { s, _ := o[field].(string); return s }

// Send sends a request past the provider and past the count, and returns status and body. Path is below /api/v1.
func (f *Flagsmith) Send(method, path string, body any) (int, []byte) {
	f.t.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			f.t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, f.URL+path, payload)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Api-Key "+f.Key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set(uncounted, "yes")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp.StatusCode, text
}

func (f *Flagsmith) object(method, path string, body any) Object {
	f.t.Helper()
	status, text := f.Send(method, path, body)
	if status >= 300 {
		f.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	var o Object
	if len(text) > 0 && json.Unmarshal(text, &o) != nil {
		o = Object{"results": json.RawMessage(text)}
	}
	return o
}

// Get, Post, Patch, Put and Delete fail the test unless they succeed.
func (f *Flagsmith) Get(path string) Object { f.t.Helper(); return f.object("GET", path, nil) }
func (f *Flagsmith) Post(path string, body any) Object {
	f.t.Helper()
	return f.object("POST", path, body)
}
func (f *Flagsmith) Patch(path string, body any) Object {
	f.t.Helper()
	return f.object("PATCH", path, body)
}
func (f *Flagsmith) Put(path string, body any) Object {
	f.t.Helper()
	return f.object("PUT", path, body)
}
func (f *Flagsmith) Delete(path string) { f.t.Helper(); f.object("DELETE", path, nil) }

// List returns all items of a list, paginated or bare.
func (f *Flagsmith) List(path string) []Object {
	f.t.Helper()
	var items []Object
	for page := 1; ; page++ {
		at := path
		if page > 1 {
			at += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "page=" + strconv.Itoa(page)
		}
		status, text := f.Send("GET", at, nil)
		if status != http.StatusOK {
			f.t.Fatalf("GET %s: %d %s", at, status, text)
		}
		var bare []Object
		if json.Unmarshal(text, &bare) == nil {
			return bare
		}
		var paged struct {
			Next    *string
			Results []Object
		}
		if err := json.Unmarshal(text, &paged); err != nil {
			f.t.Fatal(err)
		}
		if items = append(items, paged.Results...); paged.Next == nil {
			return items
		}
	}
}

// Requests is what the provider has sent since the last Reset, as "GET /projects/" (path below /api/v1, with query).
func (f *Flagsmith) Requests() []string { return f.proxy.requests() }

// Writes are the requests that were not GETs.
func (f *Flagsmith) Writes() (writes []string) {
	for _, r := range f.Requests() {
		if !strings.HasPrefix(r, "GET ") {
			writes = append(writes, r)
		}
	}
	return writes
}

// Reset forgets the requests so far.
func (f *Flagsmith) Reset() { f.proxy.reset() }

// ManyProjects skips where the server allows only the given project.
func (f *Flagsmith) ManyProjects() {
	f.t.Helper()
	if f.shared != 0 {
		f.t.Skip("needs a server that allows a second project: this one has FLAGSMITH_PROJECT_ID set")
	}
}
