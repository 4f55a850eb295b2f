package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

// Each resource's example is applied on an empty server; a second plan is empty and writes nothing; destroying leaves
// nothing behind.
func TestAccExamplesOfResources(t *testing.T) {
	t.Parallel()
	dirs, _ := filepath.Glob(filepath.Join(examples, "resources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			acctest.SandboxOnly(t)
			f := acctest.NewFlagsmith(t)
			w := acctest.NewWorkspace(t, f)
			w.Write("resource.tf", read(t, filepath.Join(dir, "resource.tf")))
			if strings.Contains(w.Read("resource.tf"), "variable \"") {
				for _, name := range variables(w.Read("resource.tf")) {
					w.Setenv("TF_VAR_"+name, "a-secret")
				}
			}
			w.Apply()
			f.Reset()
			w.ExpectEmptyPlan()
			if writes := f.Writes(); len(writes) > 0 {
				t.Errorf("an empty plan wrote: %q", writes)
			}
			w.Run("destroy", "-auto-approve")
			if left := append(f.List("/projects/"), f.List(fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID))...); len(left) > 0 {
				t.Errorf("destroy left %v", left)
			}
		})
	}
}

// The data sources' examples find what a small shop has.
func TestAccExamplesOfDataSources(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := acctest.NewFlagsmith(t)
	shop(t, f)
	dirs, _ := filepath.Glob(filepath.Join(examples, "data-sources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, f)
			w.Write("data-source.tf", read(t, filepath.Join(dir, "data-source.tf")))
			w.Apply()
			w.ExpectEmptyPlan()
		})
	}
}

// The lists' examples run; what they list is the business of each resource's own test.
func TestAccExamplesOfLists(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	acctest.Needs(t, acctest.ListResources)
	f := acctest.NewFlagsmith(t)
	shop(t, f)
	dirs, _ := filepath.Glob(filepath.Join(examples, "list-resources", "*"))
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, f)
			w.Write("all.tfquery.hcl", read(t, filepath.Join(dir, "list-resource.tfquery.hcl")))
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

// The GitOps example: applied, empty, one line changed is one change, destroyed.
func TestAccExampleGitOps(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := acctest.NewFlagsmith(t)
	w := acctest.NewWorkspace(t, f)
	w.Copy(filepath.Join(examples, "gitops"))
	w.Apply()
	w.ExpectEmptyPlan()
	flag := regexp.MustCompile(`(new_checkout: *\{ enabled: )false`)
	w.Write("flags/production.yaml", flag.ReplaceAllString(w.Read("flags/production.yaml"), "${1}true"))
	f.Reset()
	if out := w.Apply(); !strings.Contains(out, "0 added, 1 changed, 0 destroyed") {
		t.Errorf("one flipped flag is:\n%s", out)
	}
	if writes := f.Writes(); len(writes) != 1 {
		t.Errorf("one flipped flag wrote %q", writes)
	}
	w.Run("destroy", "-auto-approve")
	if left := f.List("/projects/"); len(left) > 0 {
		t.Errorf("destroy left %v", left)
	}
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

// shop makes, outside Terraform, what the examples of data sources and lists look up.
func shop(t *testing.T, f *acctest.Flagsmith) {
	t.Helper()
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
