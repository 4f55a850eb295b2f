package acctest

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// Unleash is the server a test talks to: a sandbox of its own, or the real server named by UNLEASH_URL and UNLEASH_TOKEN.
// Paths are below /api/admin.
type Unleash struct {
	Server
	Token   string
	Sandbox *sandbox.Sandbox // nil on a real server
}

// NewUnleash starts a sandbox, or takes the real server. Requests are counted either way.
func NewUnleash(t testing.TB, options ...sandbox.Option) *Unleash {
	t.Helper()
	if emulated() {
		t.Skip("runs on open-source Unleash: a server that emulates Enterprise proves just what needs its routes")
	}
	return newUnleash(t, options...)
}

func newUnleash(t testing.TB, options ...sandbox.Option) *Unleash {
	t.Helper()
	u := &Unleash{}
	var handler http.Handler
	if RealUnleash() {
		if u.Token = os.Getenv("UNLEASH_TOKEN"); u.Token == "" {
			t.Fatal("UNLEASH_URL is set: UNLEASH_TOKEN is needed too")
		}
		handler = forward(strings.TrimRight(os.Getenv("UNLEASH_URL"), "/"))
	} else {
		u.Sandbox = sandbox.New(options...)
		u.Token = u.Sandbox.Token
		handler = u.Sandbox
	}
	u.Server = start(t, handler, "/api/admin", http.Header{"Authorization": {u.Token}})
	return u
}

// RealUnleash says that tests run against a real server.
func RealUnleash() bool { return os.Getenv("UNLEASH_URL") != "" }

// emulated says that the real server answers routes of Enterprise, and that only what needs them is to be tested there.
func emulated() bool { return os.Getenv("UNLEASH_EMULATES") == "enterprise" }

// UnleashSandboxOnly skips on a real server, which cannot be made to misbehave.
func UnleashSandboxOnly(t testing.TB) {
	t.Helper()
	if RealUnleash() {
		t.Skip("needs the sandbox: it injects faults or options that a real server does not have; run it with make test")
	}
}

// NewUnleashEnterprise is NewUnleash with the Enterprise routes: the sandbox's, or those of a real server that has or
// emulates them (UNLEASH_EMULATES=enterprise, which make test-unleash sets). Elsewhere it skips.
func NewUnleashEnterprise(t testing.TB, options ...sandbox.Option) *Unleash {
	t.Helper()
	if RealUnleash() && !emulated() {
		t.Skip("needs the Enterprise routes; make test-unleash also starts a server that emulates them")
	}
	return newUnleash(t, append(options, sandbox.Enterprise())...)
}

// Config prepends the provider's configuration.
func (u *Unleash) Config(body string) string {
	return u.ConfigWith("integration_delay = 0", body) // a server under test survives what that is against
}

// ConfigWith prepends the provider's configuration with further settings.
func (u *Unleash) ConfigWith(settings, body string) string {
	return fmt.Sprintf("provider \"flagops\" {\n  unleash = { url = %q, token = %q, max_retries = 0, %s }\n}\n",
		strings.TrimSuffix(u.URL, "/api/admin"), u.Token, settings) + body
}
