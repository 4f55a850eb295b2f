package acctest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

// Workspace is a directory in which the CLI is run as a person runs it, with the provider in this process: for what the
// testing framework's steps cannot say (for_each, modules, queries that write configuration).
type Workspace struct {
	Dir string

	t   testing.TB
	env []string
}

const versionsFile, providerFile = "flagops_versions.tf", "flagops_provider.tf"

// NewWorkspace makes a workspace whose provider is configured for the server, or for one of each backend.
func NewWorkspace(t testing.TB, servers ...interface{ Config(body string) string }) *Workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	w := &Workspace{Dir: t.TempDir(), t: t}
	reattach := serve(t)
	config := filepath.Join(t.TempDir(), "cli.tfrc")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "TF_REATTACH_PROVIDERS="+reattach, "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	w.Write(versionsFile, "terraform {\n  required_providers {\n    flagops = { source = \"flagops/flagops\" }\n  }\n}\n")
	const head, end = "provider \"flagops\" {\n", "}\n"
	blocks := ""
	for _, server := range servers {
		blocks += strings.TrimSuffix(strings.TrimPrefix(server.Config(""), head), end)
	}
	w.Write(providerFile, head+blocks+end)
	return w
}

// serve runs the provider in this process until the test ends and returns how the CLI finds it.
func serve(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	found, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	factory := providerserver.NewProtocol6(provider.New("test")())
	options := []tf6server.ServeOpt{tf6server.WithDebug(ctx, found, closed), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithoutLogStderrOverride()}
	if t, ok := t.(*testing.T); ok { // a benchmark logs nothing
		options = append(options, tf6server.WithLoggingSink(t))
	}
	go func() {
		_ = tf6server.Serve("registry.terraform.io/flagops/flagops", func() tfprotov6.ProviderServer { return factory() }, options...)
	}()
	at := <-found
	t.Cleanup(func() { cancel(); <-closed })
	how := map[string]any{
		"Protocol": string(at.Protocol), "ProtocolVersion": at.ProtocolVersion, "Pid": at.Pid, "Test": true,
		"Addr": map[string]string{"Network": at.Addr.Network(), "String": at.Addr.String()},
	}
	text, err := json.Marshal(map[string]any{"registry.terraform.io/flagops/flagops": how, "registry.opentofu.org/flagops/flagops": how})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Setenv sets a variable for the CLI.
func (w *Workspace) Setenv(name, value string) { w.env = append(w.env, name+"="+value) }

// Write makes or replaces a file.
func (w *Workspace) Write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Read returns a file's content.
func (w *Workspace) Read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// Copy copies what is in a directory into the workspace. Its own versions and provider blocks replace the workspace's.
func (w *Workspace) Copy(dir string) {
	w.t.Helper()
	if err := os.CopyFS(w.Dir, os.DirFS(dir)); err != nil {
		w.t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.tf"))
	for _, file := range files {
		text := w.Read(filepath.Base(file))
		for block, ours := range map[string]string{"required_providers": versionsFile, "provider \"flagops\"": providerFile} {
			if strings.Contains(text, block) {
				_ = os.Remove(filepath.Join(w.Dir, ours))
			}
		}
	}
}

// Try runs the CLI and returns its exit code and all it printed.
func (w *Workspace) Try(args ...string) (int, string) {
	w.t.Helper()
	cmd := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), args...) //nolint:gosec // the CLI under test
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.Dir, w.env, &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("TF_ACC_TERRAFORM_PATH: %s (make test sets it)", err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// Run runs the CLI and fails the test if it fails.
func (w *Workspace) Run(args ...string) string {
	w.t.Helper()
	code, out := w.Try(append(args, "-no-color")...)
	if code != 0 {
		w.t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// Apply applies without asking.
func (w *Workspace) Apply(args ...string) string {
	w.t.Helper()
	return w.Run(append([]string{"apply", "-auto-approve", "-input=false"}, args...)...)
}

// ExpectEmptyPlan fails the test if a plan has changes.
func (w *Workspace) ExpectEmptyPlan() {
	w.t.Helper()
	if code, out := w.Try("plan", "-detailed-exitcode", "-input=false", "-no-color"); code != 0 {
		w.t.Fatalf("the plan is not empty (exit %d)\n%s", code, out)
	}
}

// Refuses applies, which must end with exactly one error, saying the texts in order, and returns all that was printed.
func (w *Workspace) Refuses(texts ...string) string {
	w.t.Helper()
	code, out := w.Try("apply", "-auto-approve", "-input=false", "-no-color")
	if errors := strings.Count(out, "\nError: "); code != 1 || errors != 1 {
		w.t.Errorf("exit %d with %d errors, want one", code, errors)
	}
	left := Unwrapped(out)
	for _, text := range texts {
		_, after, found := strings.Cut(left, text)
		if !found {
			w.t.Errorf("%q is not said, or not in order, in:\n%s", text, out)
			break
		}
		left = after
	}
	return out
}

// Unwrapped takes line breaks and frames out of what the CLI prints.
func Unwrapped(out string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(out)), " ")
}
