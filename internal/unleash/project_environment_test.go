package unleash_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

const theLink = "flagops_unleash_project_environment.this"

func linkConfig(label, project, environment, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_project_environment\" %q {\n  project = %q\n  environment = %q\n%s\n}\n", label, project, environment, settings)
}

// linkOf is what the server says of an environment of a project.
func linkOf(u *acctest.Unleash, project, environment string) acctest.Object {
	list, _ := u.Get("/environments/project/" + project)["environments"].([]any)
	for _, e := range list {
		if o, ok := e.(map[string]any); ok && o["name"] == environment {
			return o
		}
	}
	return nil
}

// linked compares whether a project has an environment, and parts of its default strategy there; nil: it has none.
func linked(u *acctest.Unleash, project, environment string, there bool, strategy map[string]any) resourceCheck {
	return func(*terraform.State) error {
		e := linkOf(u, project, environment)
		if e["visible"] != there {
			return fmt.Errorf("%s in %s: %v, want %v", environment, project, e["visible"], there)
		}
		got, has := e["defaultStrategy"].(map[string]any)
		if has != (strategy != nil) {
			return fmt.Errorf("the server has the default strategy %v", got)
		}
		for name, want := range strategy {
			if !reflect.DeepEqual(got[name], want) {
				return fmt.Errorf("the default strategy has the %s %v, want %v", name, got[name], want)
			}
		}
		return nil
	}
}

func TestAccProjectEnvironment(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	project := aProject(t, u, u.Name("p"))
	u.Delete("/projects/" + project + "/environments/production")
	u.Delete("/projects/" + project + "/environments/development")
	links, strategies := "POST /projects/"+project+"/environments", "POST /projects/"+project+"/environments/production/default-strategy"
	config := func(settings string) string {
		return u.Config(linkConfig("this", project, "production", settings))
	}
	has25 := map[string]any{"name": "flexibleRollout", "parameters": map[string]any{"rollout": "25"}}
	everything := `
  default_strategy = {
    title       = "A quarter"
    parameters  = { rollout = 25, stickiness = "userId" }
    constraints = [{ context_name = "country", operator = "IN", values = ["NL"] }]
    variants    = { blue = { weight = 12.5 }, red = {} }
  }`
	steps := []resource.TestStep{
		{
			PreConfig:         u.Reset,
			Config:            config(""),
			Check:             resource.ComposeTestCheckFunc(wrote(u, links), linked(u, project, "production", true, nil)),
			ConfigStateChecks: values(theLink, map[string]any{"project": project, "environment": "production", "default_strategy": nil}),
		},
		{ // a default strategy is a facet: set in place
			PreConfig:        u.Reset,
			Config:           config("default_strategy = { parameters = { rollout = 25 } }"),
			ConfigPlanChecks: plans(theLink, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(wrote(u, strategies), linked(u, project, "production", true, has25)),
		},
		{ // parameters that it does not name are the server's
			PreConfig: func() {
				u.Post("/projects/"+project+"/environments/production/default-strategy", map[string]any{"name": "flexibleRollout", "title": "",
					"parameters": map[string]any{"rollout": "25", "groupId": "theirs"}, "constraints": []any{}, "variants": []any{}, "segments": []any{}})
			},
			Config:           config("default_strategy = { parameters = { rollout = 25 } }"),
			ConfigPlanChecks: plans(theLink, plancheck.ResourceActionNoop),
		},
		{
			Config: config(everything),
			Check: linked(u, project, "production", true, map[string]any{
				"title": "A quarter", "parameters": map[string]any{"rollout": "25", "stickiness": "userId", "groupId": "theirs"},
				"constraints": []any{map[string]any{"contextName": "country", "operator": "IN", "values": texts("NL"), "inverted": false, "caseInsensitive": false}},
			}),
		},
		{ // drift
			PreConfig: func() {
				u.Post("/projects/"+project+"/environments/production/default-strategy", map[string]any{"name": "flexibleRollout", "parameters": map[string]any{"rollout": "100"}})
			},
			Config:           config(everything),
			ConfigPlanChecks: plans(theLink, plancheck.ResourceActionUpdate),
			Check:            linked(u, project, "production", true, map[string]any{"title": "A quarter", "parameters": map[string]any{"rollout": "25", "stickiness": "userId"}}),
		},
	}
	steps = append(steps, linkImports(t, project+"/production")...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:             true,
		Config:            fmt.Sprintf("list \"flagops_unleash_project_environment\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n  config {\n    project = %q\n  }\n}\n", project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"project", &project, "production (%s/production)", map[string]any{"environment": "production"}}},
	})...)
	steps = append(steps,
		resource.TestStep{
			Config: config(everything) + fmt.Sprintf("data \"flagops_unleash_project_environment\" \"this\" {\n  project = %q\n  environment = flagops_unleash_project_environment.this.environment\n}\n", project),
			ConfigStateChecks: slices.Concat(sameAs(theLink, "data.flagops_unleash_project_environment.this", "project"), []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.flagops_unleash_project_environment.this", tfjsonpath.New("default_strategy").AtMapKey("title"), knownvalue.StringExact("A quarter")),
			}),
		},
		resource.TestStep{ // given up: it stays
			PreConfig: u.Reset,
			Config:    config(""),
			Check:     resource.ComposeTestCheckFunc(wrote(u), linked(u, project, "production", true, map[string]any{"title": "A quarter"})),
		},
		resource.TestStep{ // unlinked outside: linked again, with the default strategy, which the server forgets otherwise
			PreConfig:        func() { u.Delete("/projects/" + project + "/environments/production"); u.Reset() },
			Config:           config("default_strategy = { parameters = { rollout = 25 } }"),
			ConfigPlanChecks: plans(theLink, plancheck.ResourceActionCreate),
			Check:            resource.ComposeTestCheckFunc(wrote(u, links, strategies), linked(u, project, "production", true, has25)),
		},
		resource.TestStep{ // it is there already
			PreConfig:   func() { u.Post("/projects/"+project+"/environments", map[string]any{"environment": "development"}) },
			Config:      config("") + linkConfig("twin", project, "development", ""),
			ExpectError: has("Cannot create flagops_unleash_project_environment", "already has the environment development", "import {", `id = "`+project+`/development"`),
		},
		resource.TestStep{
			Config:      config("") + linkConfig("lost", project, "no-such", ""),
			ExpectError: has("Cannot create flagops_unleash_project_environment", `environment = "no-such"`, "Environment no-such does not exist"),
		},
		resource.TestStep{
			Config:      config("") + linkConfig("lost", "no-such", "production", ""),
			ExpectError: has("Cannot create flagops_unleash_project_environment", `project = "no-such"`, "No project found"),
		},
		resource.TestStep{
			Config:      config("default_strategy = { parameters = { rollout = 250 } }"),
			PlanOnly:    true,
			ExpectError: has("rollout is per cent, a number from 0 to 100"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: linked(u, project, "production", false, nil)})
}

// linkImports are imports of what has no id of its own.
func linkImports(t *testing.T, id string) []resource.TestStep {
	t.Helper()
	empty := resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	return append([]resource.TestStep{{ResourceName: theLink, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id, ImportPlanChecks: empty}},
		acctest.Steps(t, acctest.Identity,
			resource.TestStep{ResourceName: theLink, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, ImportPlanChecks: empty},
			resource.TestStep{ResourceName: theLink, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, GenerateConfig: true})...)
}

// Flags see at once that their project has an environment, or has it no more, and switching one on adds the default strategy.
func TestAccProjectEnvironmentAndFlags(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	project, flag := aProject(t, u, u.Name("p")), u.Name("f")
	u.Delete("/projects/" + project + "/environments/production")
	config := u.Config(fmt.Sprintf(`
resource "flagops_unleash_feature" "this" {
  project         = %q
  name            = %q
  deletion_policy = "delete"
}
resource "flagops_unleash_project_environment" "this" {
  project          = flagops_unleash_feature.this.project
  environment      = "production"
  default_strategy = { parameters = { rollout = 25 } }
}
resource "flagops_unleash_feature_state" "this" {
  project     = flagops_unleash_project_environment.this.project
  environment = flagops_unleash_project_environment.this.environment
  feature     = flagops_unleash_feature.this.name
  enabled     = true
}
`, project, flag))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: config,
			Check: func(*terraform.State) error {
				_, text := u.Send("GET", "/projects/"+project+"/features/"+flag+"/environments/production/strategies", nil)
				if !has(`"rollout":"25"`).Match(text) {
					return fmt.Errorf("the server has %s", text)
				}
				return nil
			},
		},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}
