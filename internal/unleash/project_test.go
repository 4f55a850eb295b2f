package unleash_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

const theProject = "flagops_unleash_project.this"

func projectConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_project\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// aProject makes a project outside Terraform and deletes it after the test.
func aProject(t *testing.T, u *acctest.Unleash, name string) string {
	t.Helper()
	u.Post("/projects", map[string]any{"id": name, "name": name})
	t.Cleanup(func() { u.Send("DELETE", "/projects/"+name, nil) })
	return name
}

func TestAccProject(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	id := u.Name("p")
	title := strings.ToUpper(id)
	overview := func(id string) func() string { return func() string { return "/projects/" + id + "/overview" } }
	config := func(name, settings string) string {
		return u.Config(projectConfig("this", name, settings))
	}
	everything := `
  description              = "Why"
  mode                     = "protected"
  default_stickiness       = "userId"
  feature_limit            = 7
  feature_name_regex       = "[a-z]+"
  feature_name_example     = "abc"
  feature_name_description = "Small letters"`
	naming := func(pattern, example, description any) map[string]any {
		return map[string]any{"pattern": pattern, "example": example, "description": description}
	}
	put, settings := "PUT /projects/"+id, "PUT /projects/"+id+"/settings"
	steps := []resource.TestStep{
		{ // the server makes the id of the name
			PreConfig: u.Reset,
			Config:    config(title, ""),
			Check: resource.ComposeTestCheckFunc(wrote(u, "POST /projects"), serverHas(u, overview(id), map[string]any{
				"name": title, "description": nil, "mode": "open", "defaultStickiness": "default", "featureLimit": nil, "featureNaming": naming(nil, nil, nil),
			})),
			ConfigStateChecks: values(theProject, map[string]any{
				"id": id, "name": title, "description": nil, "mode": "open", "default_stickiness": "default", "feature_limit": nil, "feature_name_regex": nil,
				"deletion_policy": "archive", "deletion_protection": false,
			}),
		},
		{ // everything, in place
			PreConfig:        u.Reset,
			Config:           config(title+" 2", everything),
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(wrote(u, put, settings), serverHas(u, overview(id), map[string]any{
				"name": title + " 2", "description": "Why", "mode": "protected", "defaultStickiness": "userId", "featureLimit": float64(7),
				"featureNaming": naming("[a-z]+", "abc", "Small letters"),
			})),
		},
		{ // what others have set stays, though the call would reset it
			PreConfig: func() {
				u.Put("/projects/"+id+"/settings", map[string]any{"mode": "protected", "featureNaming": naming("[a-z]+", "abc", "Small letters"),
					"linkTemplates": []any{map[string]any{"title": "t", "urlTemplate": "https://example.com/{{feature}}"}}})
				u.Reset()
			},
			Config: config(title+" 2", strings.Replace(everything, "Small letters", "Letters", 1)),
			Check: resource.ComposeTestCheckFunc(wrote(u, settings), serverHas(u, overview(id), map[string]any{
				"featureNaming": naming("[a-z]+", "abc", "Letters"), "featureLimit": float64(7),
				"linkTemplates": []any{map[string]any{"title": "t", "urlTemplate": "https://example.com/{{feature}}"}},
			})),
		},
		{ // drift
			PreConfig: func() {
				u.Put("/projects/"+id, map[string]any{"name": "theirs", "description": "theirs", "defaultStickiness": "random", "featureLimit": 9})
				u.Put("/projects/"+id+"/settings", map[string]any{"mode": "open", "featureNaming": naming(nil, nil, nil)})
			},
			Config:           config(title, everything),
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionUpdate),
			Check: serverHas(u, overview(id), map[string]any{
				"name": title, "description": "Why", "mode": "protected", "defaultStickiness": "userId", "featureLimit": float64(7), "featureNaming": naming("[a-z]+", "abc", "Small letters"),
			}),
		},
	}
	steps = append(steps, imports(t, theProject, func() []string { return []string{id, title} })...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_project\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, title + " (%s)", map[string]any{
			"name": title, "mode": "protected", "feature_name_regex": "[a-z]+", "deletion_policy": "archive", "deletion_protection": false,
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{
			Config: config(title, everything) + `
data "flagops_unleash_project" "by_id" {
  id = flagops_unleash_project.this.id
}
data "flagops_unleash_project" "by_name" {
  name = flagops_unleash_project.this.name
}
data "flagops_unleash_projects" "all" {
  depends_on = [flagops_unleash_project.this]
}
data "flagops_unleash_project_overview" "this" {
  project = flagops_unleash_project.this.id
}
output "all" {
  value = [for p in data.flagops_unleash_projects.all.projects : p.mode if contains([flagops_unleash_project.this.id, "default"], p.id)]
}
`,
			ConfigStateChecks: slices.Concat(sameAs(theProject, "data.flagops_unleash_project.by_id", "name", "mode", "feature_limit", "feature_name_example"),
				sameAs(theProject, "data.flagops_unleash_project.by_name", "id"),
				sameAs(theProject, "data.flagops_unleash_project_overview.this", "name", "description", "mode", "default_stickiness", "feature_limit", "feature_name_regex", "feature_name_example", "feature_name_description"),
				values("data.flagops_unleash_project_overview.this", map[string]any{"features": 0, "members": 1, "archived_at": nil, "health": 100}),
				[]statecheck.StateCheck{
					statecheck.ExpectKnownOutputValue("all", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("open"), knownvalue.StringExact("protected")})),
				}),
		},
		resource.TestStep{ // what is left out goes back to nothing, or to the default
			Config: config(title, ""),
			Check: serverHas(u, overview(id), map[string]any{
				"description": "", "mode": "open", "defaultStickiness": "default", "featureLimit": nil, "featureNaming": naming(nil, nil, nil),
			}),
		},
	)
	steps = append(steps, protects(u, theProject, func(settings string) string { return config(title, settings) }, config(title, fmt.Sprintf("id = %q\n  deletion_protection = true", id+"-other")))...)
	steps = append(steps,
		resource.TestStep{ // deleted outside
			PreConfig:        func() { u.Delete("/projects/" + id) },
			Config:           config(title, ""),
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionCreate),
			Check:            serverHas(u, overview(id), map[string]any{"name": title}),
		},
		resource.TestStep{ // the id is taken
			Config:      config(title, "") + projectConfig("twin", title, fmt.Sprintf("  id = %q", id)),
			ExpectError: has("Cannot create flagops_unleash_project", "A project with this id already exists.", "import {", `id = "`+id+`"`),
		},
		resource.TestStep{ // the server's word on the pattern lands on it
			Config:      config(title, "feature_name_regex = \"a b\""),
			ExpectError: has("Cannot update flagops_unleash_project", `feature_name_regex = "a b"`, "cannot contain whitespace"),
		},
		resource.TestStep{Config: config(title, `deletion_policy = "delete"`)},
		resource.TestStep{ // another id makes another project
			Config:           config(title, fmt.Sprintf("id = %q\n  deletion_policy = \"delete\"", id+"-new")),
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(gone(u, overview(id)), serverHas(u, overview(id+"-new"), map[string]any{"name": title})),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, overview(id+"-new"))})
}

// A project that is destroyed is archived, and revived when it is made again; one with live flags is neither.
func TestAccProjectArchive(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	id := u.Name("p")
	t.Cleanup(func() { u.Send("DELETE", "/projects/"+id, nil) })
	config := u.Config(projectConfig("this", id, "  id = "+fmt.Sprintf("%q", id)+"\n  mode = \"private\"\n  feature_name_regex = \"[a-z0-9-]+\""))
	flag := "/projects/" + id + "/features"
	archived := func(want bool) resourceCheck {
		return func(*terraform.State) error {
			if got := u.Get("/projects/" + id + "/overview")["archivedAt"] != nil; got != want {
				return fmt.Errorf("archived: %v, want %v", got, want)
			}
			return nil
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig:   func() { u.Post(flag, map[string]any{"name": id}) },
			Config:      config,
			Destroy:     true,
			ExpectError: has("Cannot delete flagops_unleash_project", "with active feature flags", "archive or move its flags first"),
		},
		{PreConfig: func() { u.Delete(flag + "/" + id) }, Config: config, Destroy: true},
		{
			PreConfig: func() {
				if err := archived(true)(nil); err != nil {
					t.Error(err)
				}
				u.Put("/projects/"+id, map[string]any{"name": "theirs"})
			},
			Config:            config,
			ConfigStateChecks: values(theProject, map[string]any{"id": id, "name": id, "mode": "private"}),
			Check:             resource.ComposeTestCheckFunc(archived(false), serverHas(u, func() string { return "/projects/" + id + "/overview" }, map[string]any{"name": id})),
		},
		{ // archived outside: gone
			PreConfig:        func() { u.Post("/projects/archive/"+id, map[string]any{}) },
			Config:           config,
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionCreate),
		},
	}, CheckDestroy: archived(true)})
}

// Where the settings fail, the project is there and in the state: the next apply makes it anew.
func TestAccProjectHalfMade(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleashEnterprise(t)
	u.Sandbox.Inject(faults.Fault{Method: "PUT", Path: "/projects/{}/settings", Status: 500, Body: `{"name": "UnknownError", "message": "no"}`})
	config := u.Config(projectConfig("this", "half", "  feature_name_regex = \"[a-z]+\"\n  deletion_policy = \"delete\""))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config, ExpectError: has("Cannot create flagops_unleash_project", "500 Internal Server Error: no")},
		{Config: config, ConfigPlanChecks: plans(theProject, plancheck.ResourceActionReplace), ConfigStateChecks: values(theProject, map[string]any{"id": "half"})},
	}})
}

// Open source has no such call, which the plan says; its one project can be read all the same.
func TestAccProjectOpenSource(t *testing.T) {
	t.Parallel()
	if acctest.RealUnleash() {
		u := acctest.NewUnleash(t)
		if u.Get("/ui-config")["environment"] != "Open Source" {
			t.Skip("needs an open-source server")
		}
	}
	u := acctest.NewUnleash(t)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: u.Config(projectConfig("this", "Shop", "")), PlanOnly: true, ExpectError: has("Not in this edition of Unleash", "This server is Unleash Open Source", "projects of your own take Unleash Enterprise", `it has the one project "default"`)},
		{Config: u.Config("resource \"flagops_unleash_environment\" \"this\" {\n  name = \"e\"\n  type = \"test\"\n}\n"), PlanOnly: true, ExpectError: has("Not in this edition", "environments of your own take Unleash Enterprise")},
		{Config: u.Config("resource \"flagops_unleash_project_member\" \"this\" {\n  user_id = 1\n  role = \"Owner\"\n}\n"), PlanOnly: true, ExpectError: has("Not in this edition", "roles in projects take Unleash Enterprise")},
		{
			Config: u.Config(`
data "flagops_unleash_project" "default" {
  id = "default"
}
data "flagops_unleash_projects" "all" {}
data "flagops_unleash_project_overview" "default" {
  project = "default"
}
data "flagops_unleash_environment" "development" {
  name = "development"
}
`),
			ConfigStateChecks: slices.Concat(values("data.flagops_unleash_project.default", map[string]any{"name": "Default", "mode": "open"}),
				values("data.flagops_unleash_environment.development", map[string]any{"type": "development", "required_approvals": nil}),
				[]statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.flagops_unleash_projects.all", tfjsonpath.New("projects"), knownvalue.ListSizeExact(1)),
					statecheck.ExpectKnownValue("data.flagops_unleash_project_overview.default", tfjsonpath.New("environments"), knownvalue.NotNull()),
				}),
		},
		{
			Config:      u.Config("data \"flagops_unleash_project_member\" \"this\" {\n  user_id = 1\n}\n"),
			ExpectError: has("The path you were looking for", "it belongs to another edition (Enterprise)"),
		},
		{
			Config:      u.Config("data \"flagops_unleash_project_overview\" \"none\" {\n  project = \"no-such\"\n}\n"),
			ExpectError: has("No such flagops_unleash_project_overview", "No project found"),
		},
	}})
}
