package acctest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// Flagsmith is the server a test talks to: a sandbox of its own, or the real server named by FLAGSMITH_API_URL,
// FLAGSMITH_API_KEY and FLAGSMITH_ORGANISATION_ID.
type Flagsmith struct {
	Server
	Key            string
	OrganisationID int64
	Sandbox        *sandbox.Sandbox // nil on a real server

	shared int64 // the one project of a server that allows no more (FLAGSMITH_PROJECT_ID), or 0
}

// NewFlagsmith starts a sandbox, or takes the real server. Requests are counted either way.
func NewFlagsmith(t testing.TB, options ...sandbox.Option) *Flagsmith {
	t.Helper()
	f := &Flagsmith{}
	var handler http.Handler
	if Real() {
		f.Key = os.Getenv("FLAGSMITH_API_KEY")
		f.OrganisationID, _ = strconv.ParseInt(os.Getenv("FLAGSMITH_ORGANISATION_ID"), 10, 64)
		f.shared, _ = strconv.ParseInt(os.Getenv("FLAGSMITH_PROJECT_ID"), 10, 64)
		if f.Key == "" || f.OrganisationID == 0 {
			t.Fatal("FLAGSMITH_API_URL is set: FLAGSMITH_API_KEY and FLAGSMITH_ORGANISATION_ID are needed too")
		}
		handler = forward(strings.TrimSuffix(strings.TrimRight(os.Getenv("FLAGSMITH_API_URL"), "/"), "/api/v1"))
	} else {
		f.Sandbox = sandbox.New(options...)
		f.Key, f.OrganisationID = f.Sandbox.Key, f.Sandbox.OrganisationID
		handler = f.Sandbox
	}
	f.Server = start(t, handler, "/api/v1", http.Header{"Authorization": {"Api-Key " + f.Key}})
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

// ManyProjects skips where the server allows only the given project.
func (f *Flagsmith) ManyProjects() {
	f.t.Helper()
	if f.shared != 0 {
		f.t.Skip("needs a server that allows a second project: this one has FLAGSMITH_PROJECT_ID set")
	}
}
