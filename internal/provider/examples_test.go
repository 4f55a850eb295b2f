package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

const examples = "../../examples"

// Every resource, data source, list and function has its examples, and none is left over.
func TestExamplesAreComplete(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, o := range provider.Objects() {
		facts := o.Facts()
		if facts.Resource {
			for _, file := range []string{"resource.tf", "import.sh", "import-by-string-id.tf", "import-by-identity.tf"} {
				want["resources/flagops_"+facts.Name+"/"+file] = true
			}
			want["list-resources/flagops_"+facts.Name+"/list-resource.tfquery.hcl"] = true
		}
		if len(o.DataSources()) > 0 {
			want["data-sources/flagops_"+facts.Name+"/data-source.tf"] = true
		}
		if facts.Plural != "" {
			want["data-sources/flagops_"+facts.Plural+"/data-source.tf"] = true
		}
	}
	for _, kind := range []string{"resources", "data-sources", "list-resources"} {
		files, _ := filepath.Glob(filepath.Join(examples, kind, "*", "*"))
		for _, file := range files {
			name, _ := filepath.Rel(examples, file)
			if !want[name] {
				t.Errorf("examples/%s belongs to nothing", name)
			}
			delete(want, name)
		}
	}
	for name := range want {
		t.Errorf("examples/%s is missing", name)
	}
}

// server is a server of either backend.
type server interface {
	Config(body string) string
	Reset()
	Writes() []string
}

// enterpriseOnly is what open-source Unleash cannot make, and the project "shop" that it cannot have.
var enterpriseOnly = regexp.MustCompile(`resource "flagops_unleash_(project|environment|project_environment|project_member)"|project *= "shop"`)

// serverFor is an empty server of the kind that an example needs, and what it holds, outside of Terraform.
func serverFor(t *testing.T, dir, text string) (server, func() []string) {
	t.Helper()
	switch {
	case strings.HasPrefix(filepath.Base(dir), "flagops_flagsmith_"):
		f := acctest.NewFlagsmith(t)
		return f, func() []string { return flagsmithHolds(f) }
	case enterpriseOnly.MatchString(text):
		u := acctest.NewUnleashEnterprise(t)
		return u, func() []string { return unleashHolds(t, u) }
	}
	u := acctest.NewUnleash(t)
	return u, func() []string { return unleashHolds(t, u) }
}

func flagsmithHolds(f *acctest.Flagsmith) (all []string) {
	for _, path := range []string{"/projects/", fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID)} {
		for _, o := range f.List(path) {
			all = append(all, fmt.Sprintf("%s: %v", path, o["id"]))
		}
	}
	return all
}

// unleashHolds names everything that a resource can make, archived flags included.
func unleashHolds(t *testing.T, u *acctest.Unleash) (all []string) {
	t.Helper()
	for _, c := range []struct{ path, list, name string }{
		{"/projects", "projects", "id"}, {"/environments", "environments", "name"}, {"/projects/default/features", "features", "name"},
		{"/search/features?archived=IS:true", "features", "name"}, {"/segments", "segments", "name"}, {"/tag-types", "tagTypes", "name"},
		{"/strategies", "strategies", "name"}, {"/context", "results", "name"}, {"/projects/default/context", "results", "name"},
		{"/addons", "addons", "id"}, {"/api-tokens", "tokens", "tokenName"}, {"/environments/project/default", "environments", "name"},
	} {
		text, err := json.Marshal(u.Get(c.path)[c.list])
		var objects []acctest.Object
		if err == nil {
			err = json.Unmarshal(text, &objects)
		}
		if err != nil {
			t.Fatalf("%s: %s", c.path, err)
		}
		for _, o := range objects {
			all = append(all, fmt.Sprintf("%s: %v", c.path, o[c.name]))
		}
	}
	slices.Sort(all)
	return all
}

// Each resource's example is applied on an empty server; a second plan is empty and writes nothing; destroying leaves
// nothing behind, but flags in the archive where that is asked for.
func TestAccExamplesOfResources(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	dirs, _ := filepath.Glob(filepath.Join(examples, "resources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			text := read(t, filepath.Join(dir, "resource.tf"))
			server, holds := serverFor(t, dir, text)
			w := acctest.NewWorkspace(t, server)
			w.Write("resource.tf", text)
			for _, name := range variables(text) {
				w.Setenv("TF_VAR_"+name, "a-secret")
			}
			before := holds()
			w.Apply()
			server.Reset()
			w.ExpectEmptyPlan()
			if writes := server.Writes(); len(writes) > 0 {
				t.Errorf("an empty plan wrote: %q", writes)
			}
			w.Run("destroy", "-auto-approve")
			after, archived := holds(), 0
			for _, name := range before {
				if !slices.Contains(after, name) {
					t.Errorf("%s is gone", name)
				}
			}
			left := slices.DeleteFunc(after, func(name string) bool { return slices.Contains(before, name) })
			left = slices.DeleteFunc(left, func(name string) bool {
				isArchived := strings.HasPrefix(name, "/search/")
				if isArchived {
					archived++
				}
				return isArchived
			})
			if want := len(archive.FindAllString(text, -1)) - len(purge.FindAllString(text, -1)); len(left) > 0 || archived != want {
				t.Errorf("destroy left %q, and %d flags in the archive, of which there should be %d", left, archived, want)
			}
		})
	}
}

var archive, purge = regexp.MustCompile(`(?m)^resource "flagops_unleash_feature"`), regexp.MustCompile(`(?m)^ *deletion_policy *= "delete"`)

// The data sources' examples find what a small shop has.
func TestAccExamplesOfDataSources(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	shops := newShops(t)
	dirs, _ := filepath.Glob(filepath.Join(examples, "data-sources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			text := read(t, filepath.Join(dir, "data-source.tf"))
			w := acctest.NewWorkspace(t, shops.forExample(dir, text))
			w.Write("data-source.tf", text)
			if out := w.Apply(); nothing.MatchString(out) {
				t.Errorf("found nothing:\n%s", out)
			}
			w.ExpectEmptyPlan()
		})
	}
}

var nothing = regexp.MustCompile(`(?m)^\w+ = (null|\[\]|\{\}|to\w+\(\[?\{?\}?\]?\))$`)

// The lists' examples run; what they list is the business of each resource's own test.
func TestAccExamplesOfLists(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	acctest.Needs(t, acctest.ListResources)
	shops := newShops(t)
	dirs, _ := filepath.Glob(filepath.Join(examples, "list-resources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			text := read(t, filepath.Join(dir, "list-resource.tfquery.hcl"))
			w := acctest.NewWorkspace(t, shops.forExample(dir, text))
			w.Write("all.tfquery.hcl", text)
			name := map[string]string{"flagops_flagsmith_feature_state": "new_checkout (1/2/1)", "flagops_flagsmith_feature": "new_checkout (1/1)"}
			if out := w.Run("query"); !strings.Contains(out, "list.flagops_") || !strings.Contains(out, name[filepath.Base(dir)]) {
				t.Errorf("listed nothing:\n%s", out)
			}
		})
	}
}

// The function's example gives what it says.
func TestAccExamplesOfFunctions(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	dirs, _ := filepath.Glob(filepath.Join(examples, "functions", "*"))
	for _, dir := range dirs {
		w := acctest.NewWorkspace(t, f)
		w.Write("function.tf", read(t, filepath.Join(dir, "function.tf")))
		if out := w.Apply(); !strings.Contains(out, "integer = 50") {
			t.Errorf("%s printed:\n%s", dir, out)
		}
	}
}

// The provider's example is valid; it names servers that are not there.
func TestAccExampleOfProvider(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, acctest.NewFlagsmith(t))
	w.Copy(filepath.Join(examples, "provider"))
	w.Run("validate")
}

// The GitOps example: applied on both servers, empty, one line changed is one change on each, destroyed.
func TestAccExampleGitOps(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	f, u := acctest.NewFlagsmith(t), acctest.NewUnleash(t)
	fresh := unleashHolds(t, u)
	w := acctest.NewWorkspace(t, f, u)
	w.Copy(filepath.Join(examples, "gitops"))
	w.Apply()
	w.ExpectEmptyPlan()
	edit := func(file, pattern, replacement string) {
		t.Helper()
		text := w.Read(file)
		edited := regexp.MustCompile(pattern).ReplaceAllString(text, replacement)
		if w.Write(file, edited); edited == text {
			t.Errorf("%s has no %s", file, pattern)
		}
		f.Reset()
		u.Reset()
	}
	edit("flags/production.yaml", `(new_checkout: *\{ enabled: )false`, "${1}true")
	if out := w.Apply(); !strings.Contains(out, "0 added, 2 changed, 0 destroyed") {
		t.Errorf("one flipped flag is:\n%s", out)
	}
	if on, un := f.Writes(), u.Writes(); len(on) != 1 || len(un) != 1 {
		t.Errorf("one flipped flag wrote %q and %q", on, un)
	}

	// A segment goes with its last use, a flag into the archive.
	edit("flags/production.yaml", `, big_spenders\]`, "]")
	edit("segments.yaml", `(?s)\nbig_spenders.*`, "")
	edit("flags/features.yaml", `(live_chat: *\{)\}`, "$1 archived: true }")
	if out := w.Apply(); !strings.Contains(out, "0 added, 2 changed, 5 destroyed") {
		t.Errorf("one segment less and one flag archived is:\n%s", out)
	}
	w.ExpectEmptyPlan()

	edit("flags/production.yaml", `(show_stock: .*) \}`, "$1, weights: { x: 1 }, who: me }")
	if code, out := w.Try("plan", "-no-color"); code == 0 || !strings.Contains(out, "show_stock may say") || !strings.Contains(out, "show_stock has weights") {
		t.Errorf("a mistake is:\n%s", out)
	}
	edit("flags/production.yaml", `, weights: \{ x: 1 \}, who: me`, "")

	w.Run("destroy", "-auto-approve")
	left := flagsmithHolds(f)
	for _, name := range unleashHolds(t, u) {
		if !slices.Contains(fresh, name) && !strings.HasPrefix(name, "/search/") {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		t.Errorf("destroy left %q", left)
	}
}

// The GitOps example without either server's file is for the other alone.
func TestAccExampleGitOpsOnOne(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	for file, server := range map[string]server{"unleash.tf": acctest.NewFlagsmith(t), "flagsmith.tf": acctest.NewUnleash(t)} {
		w := acctest.NewWorkspace(t, server)
		w.Copy(filepath.Join(examples, "gitops"))
		if err := os.Remove(filepath.Join(w.Dir, file)); err != nil {
			t.Fatal(err)
		}
		w.Apply()
		w.ExpectEmptyPlan()
	}
}

// The module makes the same flag on either server, and on both.
func TestAccExampleModule(t *testing.T) {
	t.Parallel()
	sandboxesOnly(t)
	f, u := acctest.NewFlagsmith(t), acctest.NewUnleash(t)
	fresh := unleashHolds(t, u)
	project := f.Project()
	development, developmentKey := f.Environment(project, "Development")
	production, _ := f.Environment(project, "Production")
	w := acctest.NewWorkspace(t, f, u)
	w.Copy(filepath.Join(examples, "modules"))
	module := func(name, where, production string) string {
		return fmt.Sprintf("module %[1]q {\n  source = \"./flag\"\n  name = %[1]q\n  description = \"A flag\"\n  %[2]s\n"+
			"  environments = {\n    development = { enabled = true, value = { integer = 3 } }\n    production = %[3]s\n  }\n}\n", name, where, production)
	}
	onFlagsmith := fmt.Sprintf("flagsmith = { project_id = %d, environments = { development = %d, production = %d } }", project, development, production)
	const onUnleash = "unleash = {}"
	w.Write("main.tf", module("on_flagsmith", onFlagsmith, `{ enabled = false, value = { string = "3" } }`)+
		module("on_unleash", onUnleash, `{ enabled = true, rollout = 25 }`)+
		module("on_both", onFlagsmith+"\n  "+onUnleash, `{ enabled = true, value = { boolean = true } }`))
	w.Run("init", "-input=false")
	w.Apply()
	w.ExpectEmptyPlan()

	values := map[float64]any{}
	for _, state := range f.List("/environments/" + developmentKey + "/featurestates/") {
		values[state["feature"].(float64)] = state["feature_state_value"]
	}
	if names := f.List(fmt.Sprintf("/projects/%d/features/", project)); len(names) != 2 || len(values) != 2 {
		t.Errorf("Flagsmith has %v", names)
	}
	for id, value := range values {
		if value != float64(3) {
			t.Errorf("feature %v is %v in development", id, value)
		}
	}
	for name, want := range map[string]string{
		"on_unleash": `true: 100 value=number:3; true: 25; `, "on_both": `true: 100 value=number:3; true: 100 value=string:true; `,
	} {
		if got := unleashState(t, u, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	for said, module := range map[string]string{
		"A rollout is for Unleash alone": module("bad", onFlagsmith, `{ enabled = true, rollout = 25 }`),
		"Say where the flag shall be":    module("bad", "", `{ enabled = true }`),
		"A value has one of":             module("bad", onUnleash, `{ value = { integer = 1, boolean = true } }`),
		"must have the id of every":      module("bad", "flagsmith = { project_id = 1, environments = {} }", `{}`),
	} {
		w.Write("bad.tf", module)
		w.Run("init", "-input=false")
		if code, out := w.Try("plan", "-input=false", "-no-color"); code == 0 || !strings.Contains(out, said) {
			t.Errorf("expected %q of\n%s", said, out)
		}
	}
	if err := os.Remove(filepath.Join(w.Dir, "bad.tf")); err != nil {
		t.Fatal(err)
	}
	w.Run("destroy", "-auto-approve")
	for _, name := range unleashHolds(t, u) {
		if !slices.Contains(fresh, name) && !strings.HasPrefix(name, "/search/") {
			t.Errorf("destroy left %s", name)
		}
	}
	if left := f.List(fmt.Sprintf("/projects/%d/features/", project)); len(left) > 0 {
		t.Errorf("destroy left %v", left)
	}
}

// unleashState is what a flag is in each environment: whether it is on, and of each strategy the rollout and variants.
func unleashState(t *testing.T, u *acctest.Unleash, name string) (text string) {
	t.Helper()
	status, body := u.Send("GET", "/projects/default/features/"+name, nil)
	var flag struct {
		Environments []struct {
			Enabled    bool
			Strategies []struct {
				Parameters struct{ Rollout string }
				Variants   []struct {
					Name    string
					Payload struct{ Type, Value string }
				}
			}
		}
	}
	if err := json.Unmarshal(body, &flag); err != nil || status != 200 {
		t.Fatalf("%s: %d %s", name, status, body)
	}
	for _, e := range flag.Environments {
		text += fmt.Sprintf("%t:", e.Enabled)
		for _, s := range e.Strategies {
			text += " " + s.Parameters.Rollout
			for _, v := range s.Variants {
				text += fmt.Sprintf(" %s=%s:%s", v.Name, v.Payload.Type, v.Payload.Value)
			}
		}
		text += "; "
	}
	return text
}

// sandboxesOnly skips on real servers: these examples want theirs to be empty.
func sandboxesOnly(t *testing.T) {
	t.Helper()
	acctest.SandboxOnly(t)
	acctest.UnleashSandboxOnly(t)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// variables are the names of the variables that a file declares.
func variables(text string) (names []string) {
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "variable \""); ok {
			name, _, _ := strings.Cut(rest, "\"")
			names = append(names, name)
		}
	}
	return names
}

// shops are small shops, made outside Terraform, with what the examples of data sources and lists look up.
type shops struct {
	flagsmith           *acctest.Flagsmith
	unleash, enterprise *acctest.Unleash
}

func newShops(t *testing.T) shops {
	t.Helper()
	s := shops{acctest.NewFlagsmith(t), acctest.NewUnleash(t), acctest.NewUnleashEnterprise(t)}
	flagsmithShop(s.flagsmith)
	unleashShop(s.unleash)
	enterpriseShop(s.enterprise, unleashShop(s.enterprise))
	return s
}

func (s shops) forExample(dir, text string) server {
	switch {
	case strings.HasPrefix(filepath.Base(dir), "flagops_flagsmith_"):
		return s.flagsmith
	case enterpriseOnly.MatchString(text):
		return s.enterprise
	}
	return s.unleash
}

func flagsmithShop(f *acctest.Flagsmith) {
	project := f.Post("/projects/", map[string]any{"name": "Shop", "organisation": f.OrganisationID}).ID()
	in := fmt.Sprintf("/projects/%d", project)
	_, key := f.Environment(project, "Production")
	f.Environment(project, "Staging")
	f.Post(in+"/features/", map[string]any{"name": "new_checkout"})
	f.Post(in+"/features/", map[string]any{"name": "checkout_button", "initial_value": "green", "multivariate_options": []any{
		map[string]any{"type": "unicode", "string_value": "blue", "default_percentage_allocation": 25},
	}})
	f.Post(in+"/segments/", map[string]any{"name": "big_spenders", "rules": []any{map[string]any{"type": "ALL", "conditions": []any{}, "rules": []any{}}}})
	f.Post(in+"/tags/", map[string]any{"label": "checkout"})
	f.Post("/environments/"+key+"/webhooks/", map[string]any{"url": "https://hooks.example.com/flags"})
	f.Post(fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID), map[string]any{"url": "https://hooks.example.com/organisation"})
}

// unleashShop returns the id of a user.
func unleashShop(u *acctest.Unleash) int64 {
	const features = "/projects/default/features"
	u.Post(features, map[string]any{"name": "new_checkout"})
	u.Post(features+"/new_checkout/environments/production/strategies", map[string]any{"name": "flexibleRollout", "title": "Gold customers of some age"})
	u.Post(features, map[string]any{"name": "old_checkout", "stale": true})
	u.Post("/features/old_checkout/tags", map[string]any{"type": "simple", "value": "checkout"})
	u.Post("/segments", map[string]any{"name": "big_spenders", "constraints": []any{}})
	u.Post("/segments", map[string]any{"name": "testers", "project": "default", "constraints": []any{}})
	u.Post("/api-tokens", map[string]any{"tokenName": "backend", "type": "client", "environment": "production"})
	u.Post("/addons", map[string]any{"provider": "webhook", "description": "Chat", "enabled": true, "events": []any{"feature-created"},
		"parameters": map[string]any{"url": "https://hooks.example.com/flags"}})
	u.Post("/addons", map[string]any{"provider": "datadog", "description": "What is on", "enabled": true, "events": []any{"feature-environment-enabled"},
		"parameters": map[string]any{"apiKey": "a-secret"}})
	return u.Post("/user-admin", map[string]any{"email": "ada@example.com", "name": "Ada", "rootRole": 2, "sendEmail": false}).ID()
}

func enterpriseShop(u *acctest.Unleash, ada int64) {
	u.Post("/projects", map[string]any{"id": "shop", "name": "Shop"})
	u.Put(fmt.Sprintf("/projects/shop/users/%d/roles", ada), map[string]any{"roles": []int{5}}) // Member
}
