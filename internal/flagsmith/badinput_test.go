package flagsmith_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// What people get wrong: each gives one error that says what to do, on the attribute where there is one, and neither the
// state nor the server loses anything or is left with something that nobody knows of.

// wrong is a workspace with one environment in its configuration.
type wrong struct {
	*acctest.Workspace
	f       *acctest.Flagsmith
	t       *testing.T
	project int64
	name    string
}

func newWrong(t *testing.T, options ...sandbox.Option) *wrong {
	t.Helper()
	f := acctest.NewFlagsmith(t, options...)
	w := &wrong{acctest.NewWorkspace(t, f), f, t, f.Project(), f.Name("env")}
	t.Cleanup(func() {
		for _, e := range w.environments() {
			f.Send("DELETE", "/environments/"+e.Text("api_key")+"/", nil)
		}
	})
	return w
}

// environments are those on the server whose names begin with the test's.
func (w *wrong) environments() (found []acctest.Object) {
	for _, e := range w.f.List(fmt.Sprintf("/projects/%d/environments/", w.project)) {
		if strings.HasPrefix(e.Text("name"), w.name) {
			found = append(found, e)
		}
	}
	return found
}

// holds checks how many of them there are.
func (w *wrong) holds(want int) {
	w.t.Helper()
	if found := w.environments(); len(found) != want {
		w.t.Errorf("%d environments on the server, want %d: %v", len(found), want, found)
	}
}

// provider replaces what the provider block says of the server.
func (w *wrong) provider(settings string) {
	w.Write("flagops_provider.tf", "provider \"flagops\" {\n  flagsmith = { max_retries = 0, "+settings+" }\n}\n")
}

// right restores the provider block.
func (w *wrong) right() { w.Write("flagops_provider.tf", w.f.Config("")) }

func (w *wrong) config(settings string) {
	w.Write("main.tf", environmentConfig(w.project, w.name, settings))
}

// keepsState checks that the environment is still in the state and that, nothing being wrong, there is nothing to do.
func (w *wrong) keepsState() {
	w.t.Helper()
	if out := w.Run("state", "list"); !strings.Contains(out, theEnvironment) {
		w.t.Errorf("the state holds %q", out)
	}
	w.ExpectEmptyPlan()
}

func TestAccBadInputToken(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.config("")
	bad := func() { w.provider(fmt.Sprintf("url = %q, token = \"12345678.hunter2\"", w.f.URL)) }
	bad()
	out := w.Refuses("Cannot create flagops_flagsmith_environment", "401", "check flagsmith.token (or FLAGSMITH_API_KEY)", `flagsmith.auth_scheme = "Api-Key"`)
	if strings.Contains(out, "hunter2") {
		t.Errorf("the token is printed:\n%s", out)
	}
	w.holds(0)
	w.right()
	w.Apply()
	bad()
	w.Refuses("Cannot read flagops_flagsmith_environment", "401", "check flagsmith.token")
	w.right()
	w.keepsState()
	w.holds(1)
}

// Not parallel: it changes the environment of this process, in which the provider runs.
func TestAccBadInputNoToken(t *testing.T) {
	w := newWrong(t)
	t.Setenv("FLAGSMITH_API_KEY", "")
	t.Setenv("FLAGSMITH_MASTER_API_KEY", "")
	w.config("")
	w.provider(fmt.Sprintf("url = %q", w.f.URL))
	w.f.Reset()
	w.Refuses("Flagsmith is not configured: set flagsmith.token in the provider block, or the environment variable FLAGSMITH_API_KEY")
	if sent := w.f.Requests(); len(sent) > 0 {
		t.Errorf("sent %q without a token", sent)
	}
}

func TestAccBadInputAddress(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.config("")
	w.Apply()
	at := func(address string) string { return fmt.Sprintf("url = %q, token = %q", address, w.f.Key) }

	w.provider(at(strings.TrimSuffix(w.f.URL, "/api/v1") + "/flags"))
	w.Refuses("Cannot read flagops_flagsmith_environment", "404", "flagsmith.url has to end with /api/v1")

	const closed = "127.0.0.1:9"
	w.provider(at("http://" + closed + "/api/v1"))
	w.Refuses("Cannot read flagops_flagsmith_environment", "cannot reach "+closed, "nothing listens there; check flagsmith.url")

	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Please sign in</title>"))
	}))
	t.Cleanup(login.Close)
	w.provider(at(login.URL + "/api/v1"))
	w.Refuses("Cannot read flagops_flagsmith_environment", "answered HTML (Please sign in), not JSON", "Check flagsmith.url")

	w.provider(at("flags.example.com/api/v1"))
	w.Refuses("flagsmith.url", "must be an absolute http or https URL")

	w.right()
	w.keepsState()
	w.holds(1)
}

func TestAccBadInputTLS(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	target, err := url.Parse(w.f.URL)
	if err != nil {
		t.Fatal(err)
	}
	target.Path = ""
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would say that its certificate is not trusted
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf("url = \"%s/api/v1\", token = %q", server.URL, w.f.Key)
	w.config("")
	w.provider(settings)
	w.Refuses("Cannot create flagops_flagsmith_environment", "signed by an unknown authority; give that authority's certificate in flagsmith.ca_cert_file")
	w.holds(0)
	w.provider(settings + fmt.Sprintf(", ca_cert_file = %q", file+".missing"))
	w.Refuses("flagsmith.ca_cert_file", "no such file")
	w.provider(settings + fmt.Sprintf(", ca_cert_file = %q", file))
	w.Apply()
	w.holds(1)
	w.provider(settings + ", insecure_skip_verify = true")
	w.keepsState()
}

// A page instead of an answer: on a read the state is kept; on a create that was not carried out nothing is left, and on
// one that was, the next run says how to take over what is there.
func TestAccBadInputServerError(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	w := newWrong(t)
	page := func(method, path string, after bool) {
		w.f.Sandbox.Inject(faults.Fault{Method: method, Path: path, Status: 500, Body: "<html><title>Server Error (500)</title></html>", After: after})
	}
	w.config("")
	page("POST", "/environments/", false)
	w.Refuses("Cannot create flagops_flagsmith_environment", "500", "Server Error (500)", "Flagsmith failed; its log says why")
	w.holds(0)
	page("POST", "/environments/", true)
	w.Refuses("500", "Server Error (500)")
	w.holds(1)
	id := w.environments()[0].ID()
	_, out := w.Try("apply", "-auto-approve", "-input=false", "-no-color")
	block := fmt.Sprintf("import { to = flagops_flagsmith_environment.this id = \"%d/%d\" }", w.project, id)
	if !strings.Contains(acctest.Unwrapped(out), block) {
		t.Errorf("no %s in:\n%s", block, out)
	}
	w.Write("import.tf", block)
	w.Write("import.tf", strings.NewReplacer("{ ", "{\n", " id =", "\nid =", " }", "\n}").Replace(block))
	w.Apply()
	w.holds(1)
	page("GET", "/projects/{}/environments/", false)
	w.Refuses("Cannot read flagops_flagsmith_environment", "500")
	w.keepsState()
}

func TestAccBadInputNoProject(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.Write("main.tf", environmentConfig(99999, w.name, ""))
	w.Refuses("Cannot create flagops_flagsmith_environment", "project_id = 99999", "403", "There is no project 99999")
	for kind, named := range map[string]string{"feature": "name = \"x\"", "tag": "label = \"x\"", "segment": "name = \"x\"\n  rules = [{ type = \"ALL\" }]"} {
		w.Write("main.tf", fmt.Sprintf("resource \"flagops_flagsmith_%s\" \"this\" {\n  project_id = 99999\n  %s\n}\n", kind, named))
		w.Refuses("Cannot create flagops_flagsmith_"+kind, "project_id = 99999", "There is no project 99999")
	}
	w.Write("main.tf", "data \"flagops_flagsmith_environment\" \"this\" {\n  project_id = 99999\n  name = \"x\"\n}\n")
	w.Refuses("Cannot read flagops_flagsmith_environment", "project_id = 99999", "There is no project 99999")
	w.Write("main.tf", "data \"flagops_flagsmith_project\" \"this\" {\n  id = 99999\n}\n")
	w.Refuses("No such flagops_flagsmith_project", "id = 99999", "No Project matches the given query")
}

// The free plan silently ignores these: known in the plan, and nothing is sent.
func TestAccBadInputPlanGated(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	const gated = `is on Flagsmith's "free" plan, where the server takes %s and silently ignores it: it would stay %s. Leave it out.`
	if !acctest.Real() {
		w.Write("main.tf", projectConfig(w.name, "stale_flags_limit_days = 7"))
		w.Refuses("Not part of the organisation's plan", "stale_flags_limit_days = 7", fmt.Sprintf(gated, "stale_flags_limit_days", "30"))
		w.Write("main.tf", projectConfig(w.name, "enable_realtime_updates = true"))
		w.Refuses("Not part of the organisation's plan", "enable_realtime_updates = true", fmt.Sprintf(gated, "enable_realtime_updates", "false"))
	}
	w.config("minimum_change_request_approvals = 1")
	w.f.Reset()
	w.Refuses("Not part of the organisation's plan", "minimum_change_request_approvals = 1", fmt.Sprintf(gated, "minimum_change_request_approvals", "unset"))
	if sent := w.f.Requests(); len(sent) != 1 || sent[0] != "GET /organisations/" {
		t.Errorf("sent %q, want one look at the plan", sent)
	}
	w.holds(0)
	w.config("")
	w.Apply()
	w.config("minimum_change_request_approvals = 1")
	w.Refuses("minimum_change_request_approvals = 1", "unset")
	w.config("")
	w.keepsState()
}

// Where the plan cannot be known before, the write tells: the object is kept in the state, and other changes are not lost.
func TestAccBadInputPlanGatedUnknown(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	w := newWrong(t)
	w.f.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/organisations/", Status: 500, Times: -1})
	w.config("minimum_change_request_approvals = 1\n description = \"made\"")
	ignored := "Flagsmith ignored 1 and kept null. The organisation's plan does not include this"
	w.Refuses("Cannot create flagops_flagsmith_environment", "minimum_change_request_approvals = 1", ignored)
	w.holds(1)
	w.Run("untaint", theEnvironment)
	w.config("minimum_change_request_approvals = 1\n description = \"changed\"")
	w.Refuses("Cannot update flagops_flagsmith_environment", "minimum_change_request_approvals = 1", ignored)
	if e := w.environments(); len(e) != 1 || e[0].Text("description") != "changed" {
		t.Errorf("the server has %v", e)
	}
	w.config("description = \"changed\"")
	w.keepsState()
	w.holds(1)
}

func TestAccBadInputTaken(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	id, key := w.f.Environment(w.project, w.name)
	feature := w.f.Post(fmt.Sprintf("/projects/%d/features/", w.project), map[string]any{"name": w.name}).ID()
	t.Cleanup(func() { w.f.Send("DELETE", fmt.Sprintf("/projects/%d/features/%d/", w.project, feature), nil) })
	project := w.f.Get(fmt.Sprintf("/projects/%d/", w.project)).Text("name")
	taken := func(config, said, to string, id string) {
		t.Helper()
		w.Write("main.tf", config)
		code, out := w.Try("apply", "-auto-approve", "-input=false", "-no-color")
		for _, text := range []string{said, fmt.Sprintf("import { to = %s id = %q }", to, id)} {
			if !strings.Contains(acctest.Unwrapped(out), text) || code != 1 {
				t.Errorf("exit %d, and %q is not said in:\n%s", code, text, out)
			}
		}
	}
	w.f.Reset()
	taken(environmentConfig(w.project, w.name, ""), "An environment with this name already exists.", theEnvironment, fmt.Sprintf("%d/%d", w.project, id))
	named := func(name string) string {
		return fmt.Sprintf("resource \"flagops_flagsmith_feature\" \"this\" {\n  project_id = %d\n  name = %q\n}\n", w.project, name)
	}
	called := fmt.Sprintf("Feature %d of project %d is already called %q", feature, w.project, w.name)
	taken(named(w.name), called, "flagops_flagsmith_feature.this", fmt.Sprintf("%d/%d", w.project, feature))
	if os.Getenv("FLAGSMITH_PROJECT_ID") == "" {
		taken(projectConfig(project, ""), "A project with this name already exists.", theProject, fmt.Sprint(w.project))
	}
	w.Write("main.tf", named(strings.ToUpper(w.name)))
	w.Refuses("Cannot create flagops_flagsmith_feature", "name =", called, "whatever their case")
	w.Write("main.tf", environmentConfig(w.project, w.name+"-2", fmt.Sprintf("api_key = %q", key)))
	w.Refuses("Cannot create flagops_flagsmith_environment", fmt.Sprintf("api_key = %q", key), "environment with this api key already exists.")
	w.holds(1)
	if found := w.f.List(fmt.Sprintf("/projects/%d/features/?search=%s", w.project, w.name)); len(found) != 1 {
		t.Errorf("features on the server: %v", found)
	}
}

// The key of a deleted environment stays taken, and Flagsmith says so with a 500.
func TestAccBadInputDeadKey(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	_, dead := w.f.Environment(w.project, w.name)
	w.f.Delete("/environments/" + dead + "/")
	w.config(fmt.Sprintf("api_key = %q", dead))
	const reason = "the key was that of an environment that is deleted: such a key stays taken on the whole server. Choose another one."
	w.Refuses("Cannot create flagops_flagsmith_environment", fmt.Sprintf("api_key = %q", dead), "500", reason)
	w.holds(0)
	w.config("")
	w.Apply()
	w.config(fmt.Sprintf("api_key = %q", dead))
	w.Refuses("Cannot update flagops_flagsmith_environment", fmt.Sprintf("api_key = %q", dead), "500", reason)
	w.config("")
	w.keepsState()
	w.holds(1)
}

// Open-source Flagsmith allows one project per organisation.
func TestAccBadInputSecondProject(t *testing.T) {
	t.Parallel()
	if acctest.Real() && os.Getenv("FLAGSMITH_PROJECT_ID") == "" {
		t.Skip("needs a server that allows one project")
	}
	w := newWrong(t, sandbox.OneProject())
	first := w.f.Get(fmt.Sprintf("/projects/%d/", w.project))
	before := len(w.f.List("/projects/"))
	w.Write("main.tf", projectConfig(w.name, ""))
	w.Refuses("Cannot create flagops_flagsmith_project", "403", "Open-source Flagsmith allows one project per organisation",
		fmt.Sprintf("The organisation has one project, %q", first.Text("name")), fmt.Sprintf("import { to = flagops_flagsmith_project.this id = \"%d\" }", w.project))
	if after := len(w.f.List("/projects/")); after != before {
		t.Errorf("%d projects, there were %d", after, before)
	}
}

// What the server would refuse or change is an error of the plan, with the reason, and nothing is sent.
func TestAccBadInputTexts(t *testing.T) {
	t.Parallel()
	w := newWrong(t)
	w.f.Reset()
	for settings, reason := range map[string]string{
		`api_key = "a.b"`:             "finds none that holds a dot or a slash",
		`api_key = "a/b"`:             "finds none that holds a dot or a slash",
		`api_key = ""`:                "It is blank.",
		`description = "x "`:          "begins or ends with white space",
		`banner_colour = "#ff000000"`: "It has 9 characters; Flagsmith takes at most 7.",
		`banner_text = "` + strings.Repeat("b", 256) + `"`: "at most 255",
	} {
		w.config(settings)
		w.Refuses(settings[:9], reason)
	}
	w.Write("main.tf", projectConfig(" "+w.name, ""))
	w.Refuses("name =", "begins or ends with white space")
	if sent := w.f.Requests(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}
