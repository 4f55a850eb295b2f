package flagsmith_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

const theEnvironment = "flagops_flagsmith_environment.this"

func environmentConfig(project int64, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_environment\" \"this\" {\n  project_id = %d\n  name = %q\n%s\n}\n", project, name, settings)
}

func TestAccEnvironment(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project, name := f.Project(), f.Name("prod")
	projectName := f.Get(fmt.Sprintf("/projects/%d/", project)).Text("name")
	config := func(settings string) string { return f.Config(environmentConfig(project, name, settings)) }
	same, kept := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesSame())
	var id, key, given string
	path := func() string { return "/environments/" + key + "/" }
	seen := resource.ComposeTestCheckFunc(remember(theEnvironment, "id", &id), remember(theEnvironment, "api_key", &key))
	mine := strings.ToLower(f.Name("key"))
	steps := []resource.TestStep{
		{
			PreConfig: f.Reset,
			Config:    config(""),
			Check:     resource.ComposeTestCheckFunc(seen, remember(theEnvironment, "api_key", &given), wrote(f, "POST /environments/")),
			ConfigStateChecks: append(values(theEnvironment, map[string]any{
				"uuid": knownvalue.NotNull(), "project_id": project, "name": name, "api_key": knownvalue.NotNull(),
				"description": nil, "banner_text": nil, "banner_colour": nil, "hide_disabled_flags": nil, "allow_client_traits": true,
				"hide_sensitive_data": false, "use_identity_composite_key_for_hashing": true, "use_identity_overrides_in_local_eval": true,
				"minimum_change_request_approvals": nil, "use_v2_feature_versioning": false, "deletion_protection": false,
			}), same.AddStateValue(theEnvironment, tfjsonpath.New("id")), kept.AddStateValue(theEnvironment, tfjsonpath.New("api_key"))),
		},
		{ // every setting, in place, the key kept; one read for the metadata and one write
			PreConfig: f.Reset,
			Config: f.Config(environmentConfig(project, name+" renamed", `
  description                            = "What customers see."
  banner_text                            = "Careful"
  banner_colour                          = "#ff0000"
  hide_disabled_flags                    = true
  allow_client_traits                    = false
  hide_sensitive_data                    = true
  use_identity_composite_key_for_hashing = false
  use_identity_overrides_in_local_eval   = false
  use_v2_feature_versioning              = false`)),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				same.AddStateValue(theEnvironment, tfjsonpath.New("id")), kept.AddStateValue(theEnvironment, tfjsonpath.New("api_key")),
			},
			Check: resource.ComposeTestCheckFunc(func(*terraform.State) error { return wrote(f, "PATCH "+path())(nil) },
				serverHas(f, path, map[string]any{
					"name": name + " renamed", "description": "What customers see.", "banner_text": "Careful", "banner_colour": "#ff0000",
					"hide_disabled_flags": true, "allow_client_traits": false, "hide_sensitive_data": true,
					"use_identity_composite_key_for_hashing": false, "use_identity_overrides_in_local_eval": false,
				})),
		},
		{ // back to null and to the defaults
			Config: config(""),
			Check: serverHas(f, path, map[string]any{
				"name": name, "hide_disabled_flags": nil, "description": nil, "banner_text": nil, "banner_colour": nil, "allow_client_traits": true,
				"hide_sensitive_data": false, "use_identity_composite_key_for_hashing": true, "use_identity_overrides_in_local_eval": true,
			}),
		},
		{ // false is not null, "" is not null
			Config: config("hide_disabled_flags = false\n description = \"\"\n banner_text = \"\"\n banner_colour = \"\""),
			Check: serverHas(f, path, map[string]any{
				"hide_disabled_flags": false, "description": "", "banner_text": "", "banner_colour": "",
			}),
			ConfigStateChecks: values(theEnvironment, map[string]any{"hide_disabled_flags": false, "description": ""}),
		},
		{ // an empty text is none already
			Config: config(""),
			Check:  serverHas(f, path, map[string]any{"hide_disabled_flags": nil, "description": "", "banner_text": "", "banner_colour": ""}),
		},
		{ // what others change is put back
			PreConfig:        func() { f.Patch(path(), map[string]any{"hide_disabled_flags": true, "description": "drift"}) },
			Config:           config(""),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionUpdate),
			Check:            serverHas(f, path, map[string]any{"hide_disabled_flags": nil, "description": nil}),
		},
		{ // the key is renamed in place
			Config:            config(fmt.Sprintf("api_key = %q", mine)),
			ConfigPlanChecks:  plans(theEnvironment, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theEnvironment, map[string]any{"api_key": mine}), same.AddStateValue(theEnvironment, tfjsonpath.New("id"))),
			Check: resource.ComposeTestCheckFunc(seen, serverHas(f, path, map[string]any{"api_key": mine, "name": name}),
				func(*terraform.State) error {
					return gone(f, func() string { return "/environments/" + given + "/" })(nil)
				}),
		},
		{ // renamed by someone else: what is configured comes back; then left out, it is kept
			PreConfig: func() { f.Patch(path(), map[string]any{"api_key": mine + "-2"}) },
			Config:    config(fmt.Sprintf("api_key = %q", mine)),
			Check:     serverHas(f, path, map[string]any{"api_key": mine}),
		},
		{Config: config(""), PlanOnly: true},
	}
	steps = append(steps, imports(t, theEnvironment, func() []string {
		return []string{fmt.Sprintf("%d/%s", project, id), projectName + "/" + name}
	})...)
	steps = append(steps, resource.TestStep{
		Config: config("") + fmt.Sprintf(`
data "flagops_flagsmith_environment" "by_id" {
  project_id = %[1]d
  id         = flagops_flagsmith_environment.this.id
}
data "flagops_flagsmith_environment" "by_name" {
  project_id = %[1]d
  name       = flagops_flagsmith_environment.this.name
}
`, project),
		ConfigStateChecks: slices.Concat(sameAs(theEnvironment, "data.flagops_flagsmith_environment.by_id", "uuid", "name", "api_key", "allow_client_traits"),
			sameAs(theEnvironment, "data.flagops_flagsmith_environment.by_name", "id", "uuid", "api_key", "use_v2_feature_versioning")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true,
		Config: fmt.Sprintf("list \"flagops_flagsmith_environment\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n"+
			"  config {\n    project_id = %d\n  }\n}\n", project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&id, fmt.Sprintf("%s (%d/%%s)", name, project), map[string]any{
			"name": name, "api_key": mine, "hide_disabled_flags": nil, "use_v2_feature_versioning": false, "deletion_protection": false,
		}}},
	})...)
	steps = append(steps, protects(f, theEnvironment, config, f.Config(environmentConfig(99999, name, "deletion_protection = true")))...)
	steps = append(steps, resource.TestStep{ // deleted outside: made again
		PreConfig:        func() { f.Delete(path()) },
		Config:           config(""),
		ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionCreate),
		Check:            resource.ComposeTestCheckFunc(seen, serverHas(f, path, map[string]any{"name": name})),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f, path)})
}

// A new environment gets states of the features there are, a new feature states in the environments there are: made by one
// apply, each environment must still have them all.
func TestAccEnvironmentsBesideFeatures(t *testing.T) {
	t.Parallel()
	manyProjects(t)
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	w := acctest.NewWorkspace(t, f)
	w.Write("main.tf", fmt.Sprintf(`
resource "flagops_flagsmith_environment" "all" {
  for_each   = toset(["a", "b", "c"])
  project_id = %[1]d
  name       = each.key
}
resource "flagops_flagsmith_feature" "all" {
  for_each   = toset(["d", "e", "f", "g"])
  project_id = %[1]d
  name       = each.key
}
`, project))
	w.Apply()
	for _, e := range f.List(fmt.Sprintf("/projects/%d/environments/", project)) {
		if states := f.List("/environments/" + e.Text("api_key") + "/featurestates/"); len(states) != 4 {
			t.Errorf("environment %s has %d states of 4 features", e.Text("name"), len(states))
		}
	}
}

// Another project makes another environment, and a key can be chosen at once.
func TestAccEnvironmentReplace(t *testing.T) {
	t.Parallel()
	manyProjects(t)
	f := acctest.NewFlagsmith(t)
	from := f.Project()
	to := f.Post("/projects/", map[string]any{"name": f.Name("other"), "organisation": f.OrganisationID}).ID()
	t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("/projects/%d/", to), nil) })
	var key string
	path := func() string { return "/environments/" + key + "/" }
	first := f.Name("key") + "-1"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), CheckDestroy: gone(f, path), Steps: []resource.TestStep{
		{
			Config: f.Config(environmentConfig(from, "Production", fmt.Sprintf("api_key = %q\n hide_disabled_flags = true", first))),
			Check:  resource.ComposeTestCheckFunc(remember(theEnvironment, "api_key", &key), serverHas(f, path, map[string]any{"api_key": first, "hide_disabled_flags": true})),
		},
		{
			Config:           f.Config(environmentConfig(to, "Production", fmt.Sprintf("api_key = %q", first+"b"))),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionReplace),
			Check: resource.ComposeTestCheckFunc(remember(theEnvironment, "api_key", &key), serverHas(f, path, map[string]any{"project": float64(to)}),
				gone(f, func() string { return "/environments/" + first + "/" })),
		},
	}})
}

// Flagsmith wipes the custom fields of an environment on every write that does not send them back.
func TestAccEnvironmentKeepsMetadata(t *testing.T) {
	t.Parallel()
	manyProjects(t) // the field belongs to the project and goes with it
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	_, key := f.Environment(project, "Production")
	path := func() string { return "/environments/" + key + "/" }
	field := customField(f, project, "environment", "owner")
	f.Patch(path(), map[string]any{"metadata": []any{map[string]any{"model_field": field, "field_value": "payments"}}})
	keeps := func(*terraform.State) error {
		held, _ := f.Get(path())["metadata"].([]any)
		if len(held) != 1 || held[0].(map[string]any)["field_value"] != "payments" {
			return fmt.Errorf("the custom field is %v", held)
		}
		return nil
	}
	settings := func(text string) resource.TestStep {
		return resource.TestStep{Config: f.Config(environmentConfig(project, "Production", text)), Check: keeps}
	}
	adopt := settings("")
	adopt.Config += fmt.Sprintf("import {\n  to = %s\n  id = \"%d/Production\"\n}\n", theEnvironment, project)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		adopt, settings(`description = "x"`), settings("hide_disabled_flags = true"), settings("use_v2_feature_versioning = true"), settings(""),
	}})
}

// Flagsmith switches versioning behind its answer, so the switch is waited for, both ways and at creation.
func TestAccEnvironmentVersioning(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project, name := f.Project(), f.Name("v2")
	var key string
	path := func() string { return "/environments/" + key + "/" }
	versioned := func(on bool, settings string, writes ...string) resource.TestStep {
		return resource.TestStep{
			PreConfig: f.Reset,
			Config:    f.Config(environmentConfig(project, name, settings)),
			Check: resource.ComposeTestCheckFunc(remember(theEnvironment, "api_key", &key), serverHas(f, path, map[string]any{"use_v2_feature_versioning": on}),
				func(*terraform.State) error {
					for i := range writes {
						writes[i] = strings.ReplaceAll(writes[i], "KEY", key)
					}
					return wrote(f, writes...)(nil)
				}),
			ConfigStateChecks: values(theEnvironment, map[string]any{"use_v2_feature_versioning": on}),
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), CheckDestroy: gone(f, path), Steps: []resource.TestStep{
		versioned(true, "use_v2_feature_versioning = true", "POST /environments/", "POST /environments/KEY/enable-v2-versioning/"),
		versioned(true, ""), // left out, it is kept
		versioned(false, "use_v2_feature_versioning = false", "PATCH /environments/KEY/", "POST /environments/KEY/disable-v2-versioning/"),
		versioned(true, "use_v2_feature_versioning = true", "PATCH /environments/KEY/", "POST /environments/KEY/enable-v2-versioning/"),
	}})
}

// On a paid plan, approvals can be set, and 0 is not null.
func TestAccEnvironmentApprovals(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := acctest.NewFlagsmith(t, sandbox.Plan("enterprise"))
	project := f.Project()
	var key string
	step := func(settings string, want any) resource.TestStep {
		return resource.TestStep{
			Config: f.Config(environmentConfig(project, "Production", settings)),
			Check: resource.ComposeTestCheckFunc(remember(theEnvironment, "api_key", &key),
				serverHas(f, func() string { return "/environments/" + key + "/" }, map[string]any{"minimum_change_request_approvals": want})),
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		step("minimum_change_request_approvals = 2", 2.0), step("minimum_change_request_approvals = 0", 0.0), step("", nil),
	}})
}

// customField makes a custom field of a project and attaches it to a kind of object there; it goes with the project.
func customField(f *acctest.Flagsmith, project int64, model, name string) int64 {
	field := f.Post("/metadata/fields/", map[string]any{"name": name, "type": "str", "organisation": f.OrganisationID, "project": project}).ID()
	fields := fmt.Sprintf("/organisations/%d/metadata-model-fields/", f.OrganisationID)
	for _, kind := range f.List(fields + "supported-content-types/") {
		if kind.Text("model") == model {
			return f.Post(fields, map[string]any{"field": field, "content_type": kind.ID()}).ID()
		}
	}
	return 0
}

// What is not wrong but has to be known: an environment that is gone, with its project or alone, and the renaming of a key.
func TestAccEnvironmentWarnings(t *testing.T) {
	t.Parallel()
	manyProjects(t)
	f := acctest.NewFlagsmith(t)
	w := acctest.NewWorkspace(t, f)
	name := f.Name("p")
	config := func(settings string) {
		w.Write("main.tf", projectConfig(name, "")+
			"resource \"flagops_flagsmith_environment\" \"this\" {\n  project_id = flagops_flagsmith_project.this.id\n  name = \"Production\"\n"+settings+"\n}\n")
	}
	warns := func(changes string, texts ...string) {
		t.Helper()
		out := acctest.Unwrapped(w.Run("plan", "-input=false"))
		for _, text := range append(texts, changes) {
			if !strings.Contains(out, text) {
				t.Errorf("%q is not said in:\n%s", text, out)
			}
		}
	}
	project := func() (found []acctest.Object) {
		for _, p := range f.List("/projects/") {
			if p.Text("name") == name {
				found = append(found, p)
			}
		}
		return found
	}
	t.Cleanup(func() {
		for _, p := range project() {
			f.Send("DELETE", fmt.Sprintf("/projects/%d/", p.ID()), nil)
		}
	})
	config("")
	w.Apply()
	id := project()[0].ID()
	key := f.List(fmt.Sprintf("/projects/%d/environments/", id))[0].Text("api_key")
	config("api_key = \"" + key + "-2\"")
	warns("0 to add, 1 to change, 0 to destroy", "An environment's key is renamed", fmt.Sprintf("SDKs and scripts that use %q get no more flags", key))

	config("")
	f.Delete("/environments/" + key + "/")
	warns("1 to add, 0 to change, 0 to destroy", `flagops_flagsmith_environment "Production" is gone`)
	f.Delete(fmt.Sprintf("/projects/%d/", id))
	warns("2 to add, 0 to change, 0 to destroy", `flagops_flagsmith_environment "Production" is gone`, fmt.Sprintf("flagops_flagsmith_project %q is gone", name))
	w.Apply()
	w.ExpectEmptyPlan()
	w.Run("destroy", "-auto-approve")
	if left := project(); len(left) != 0 {
		t.Errorf("left on the server: %v", left)
	}
}
