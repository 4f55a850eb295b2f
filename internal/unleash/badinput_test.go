package unleash_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

// What people get wrong about the server: each gives one error that says what to do, and neither the state nor the server
// loses anything.

type wrong struct {
	*acctest.Workspace
	u    *acctest.Unleash
	name string
}

func newWrong(t *testing.T) *wrong {
	t.Helper()
	u := acctest.NewUnleash(t)
	w := &wrong{acctest.NewWorkspace(t, u), u, u.Name("flag")}
	w.Write("main.tf", fmt.Sprintf("resource \"flagops_unleash_feature\" \"this\" {\n  name = %q\n  deletion_policy = \"delete\"\n}\n", w.name))
	t.Cleanup(func() { removeFlags(u, w.name) })
	return w
}

// provider replaces what the provider block says of the server.
func (w *wrong) provider(settings string) {
	w.Write("flagops_provider.tf", "provider \"flagops\" {\n  unleash = { max_retries = 0, "+settings+" }\n}\n")
}

func (w *wrong) right() { w.Write("flagops_provider.tf", w.u.Config("")) }

func (w *wrong) address() string { return strings.TrimSuffix(w.u.URL, "/api/admin") }

// keeps checks that the flag is still there and known, and that, nothing being wrong, there is nothing to do.
func (w *wrong) keeps(t *testing.T) {
	t.Helper()
	w.right()
	w.ExpectEmptyPlan()
	if status, _ := w.u.Send("GET", "/projects/default/features/"+w.name, nil); status != http.StatusOK {
		t.Errorf("the flag is gone: %d", status)
	}
}

func TestAccBadInputToken(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.provider(fmt.Sprintf("url = %q, token = \"*:*.hunter2\"", w.address()))
	if out := w.Refuses("Cannot create flagops_unleash_feature", "401", "Is unleash.token (or UNLEASH_AUTH_TOKEN) an admin token"); strings.Contains(out, "hunter2") {
		t.Errorf("the token is printed:\n%s", out)
	}
	w.right()
	w.Apply()
	w.provider(fmt.Sprintf("url = %q, token = \"*:*.hunter2\"", w.address()))
	w.Refuses("Cannot read flagops_unleash_feature", "401")
	client := w.u.Post("/api-tokens", map[string]any{"tokenName": w.name, "type": "client", "environment": "development"}).Text("secret")
	t.Cleanup(func() { w.u.Send("DELETE", "/api-tokens/"+client, nil) })
	w.provider(fmt.Sprintf("url = %q, token = %q", w.address(), client))
	if out := w.Refuses("Cannot read flagops_unleash_feature", "403", "A client or frontend token cannot manage flags"); strings.Contains(out, client) {
		t.Errorf("the token is printed:\n%s", out)
	}
	w.keeps(t)
}

// Not parallel: it changes the environment of this process, in which the provider runs.
func TestAccBadInputNotConfigured(t *testing.T) {
	w := newWrong(t)
	for _, name := range []string{"UNLEASH_TOKEN", "UNLEASH_AUTH_TOKEN"} {
		t.Setenv(name, "")
	}
	w.provider(fmt.Sprintf("url = %q", w.address()))
	w.u.Reset()
	w.Refuses("Unleash is not configured: set unleash.token in the provider block, or the environment variable UNLEASH_AUTH_TOKEN")
	w.provider("token = \"x\", url = \"\"")
	w.Refuses("Empty Unleash address")
	if sent := w.u.Requests(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}

func TestAccBadInputAddress(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.Apply()
	at := func(address string) string { return fmt.Sprintf("url = %q, token = %q", address, w.u.Token) }
	w.provider(at(w.address() + "/api/"))
	w.ExpectEmptyPlan()

	w.provider(at(w.address() + "/flags"))
	w.Refuses("Cannot read flagops_unleash_feature", "answered HTML (Unleash), not JSON", "Check unleash.url")

	const closed = "127.0.0.1:9"
	w.provider(at("http://" + closed))
	w.Refuses("Cannot read flagops_unleash_feature", "cannot reach "+closed, "check unleash.url")

	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Please sign in</title>"))
	}))
	t.Cleanup(login.Close)
	w.provider(at(login.URL))
	w.Refuses("Cannot read flagops_unleash_feature", "answered HTML (Please sign in), not JSON", "Check unleash.url")

	w.provider(at("flags.example.com"))
	w.Refuses("unleash.url", "must be an absolute http or https URL")
	w.keeps(t)
}

func TestAccBadInputServerError(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	w := newWrong(t)
	features := "/projects/{}/features"
	fault := func(method, path string, status int, body string, after bool) {
		w.u.Sandbox.Inject(faults.Fault{Method: method, Path: path, Status: status, Body: body, After: after})
	}
	fault("POST", features, 500, `{"name":"UnknownError","message":"Knex: Timeout acquiring a connection"}`, false)
	w.Refuses("Cannot create flagops_unleash_feature", "500", "Knex: Timeout")
	fault("POST", features, 429, "Too many requests, please try again later.", false)
	w.Refuses("Cannot create flagops_unleash_feature", "429", "Too many requests")
	fault("POST", features, 503, `{"message":"Unleash is currently in maintenance mode."}`, false)
	w.Refuses("Cannot create flagops_unleash_feature", "maintenance mode")
	fault("POST", features, 502, "<html><title>Bad Gateway</title></html>", true) // it was made all the same, and is found
	w.Apply()
	w.keeps(t)
}
