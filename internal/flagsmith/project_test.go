package flagsmith_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
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

const theProject = "flagops_flagsmith_project.this"

func projectConfig(name, settings string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_project\" \"this\" {\n  name = %q\n%s\n}\n", name, settings)
}

func TestAccProject(t *testing.T) {
	t.Parallel()
	manyProjects(t)
	f := acctest.NewFlagsmith(t)
	name := f.Name("shop")
	same := statecheck.CompareValue(compare.ValuesSame())
	var id string
	path := func() string { return "/projects/" + id + "/" }
	full := projectConfig(name+" renamed", `
  hide_disabled_flags                 = true
  prevent_flag_defaults               = true
  enforce_feature_owners              = true
  only_allow_lower_case_feature_names = false
  feature_name_regex                  = "[a-z_]+"
  minimum_change_request_approvals    = 0
  stale_flags_limit_days              = 30
  enable_realtime_updates             = false`)
	steps := []resource.TestStep{
		{
			PreConfig: f.Reset,
			Config:    f.Config(projectConfig(name, "")),
			Check:     resource.ComposeTestCheckFunc(remember(theProject, "id", &id), wrote(f, "POST /projects/")),
			ConfigStateChecks: append(values(theProject, map[string]any{
				"uuid": knownvalue.NotNull(), "organisation_id": f.OrganisationID, "name": name,
				"hide_disabled_flags": false, "prevent_flag_defaults": false, "enforce_feature_owners": false,
				"only_allow_lower_case_feature_names": true, "feature_name_regex": nil, "minimum_change_request_approvals": nil,
				"stale_flags_limit_days": 30, "enable_realtime_updates": false, "deletion_protection": false,
			}), same.AddStateValue(theProject, tfjsonpath.New("id"))),
		},
		{ // every setting, in place; what a limited plan would ignore is no change here
			PreConfig:         f.Reset,
			Config:            f.Config(full),
			ConfigPlanChecks:  plans(theProject, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theProject, tfjsonpath.New("id"))},
			Check: resource.ComposeTestCheckFunc(
				func(*terraform.State) error { return wrote(f, "PATCH "+path())(nil) },
				serverHas(f, path, map[string]any{
					"name": name + " renamed", "hide_disabled_flags": true, "prevent_flag_defaults": true, "enforce_feature_owners": true,
					"only_allow_lower_case_feature_names": false, "feature_name_regex": "[a-z_]+", "minimum_change_request_approvals": 0.0,
					"stale_flags_limit_days": 30.0, "enable_realtime_updates": false,
				})),
		},
		{ // and back: false, true and null
			Config: f.Config(projectConfig(name, "")),
			Check: serverHas(f, path, map[string]any{
				"name": name, "hide_disabled_flags": false, "prevent_flag_defaults": false, "enforce_feature_owners": false,
				"only_allow_lower_case_feature_names": true, "feature_name_regex": nil, "minimum_change_request_approvals": nil,
			}),
		},
		{ // "" is not null
			Config:            f.Config(projectConfig(name, "feature_name_regex = \"\"\n minimum_change_request_approvals = 2")),
			Check:             serverHas(f, path, map[string]any{"feature_name_regex": "", "minimum_change_request_approvals": 2.0}),
			ConfigStateChecks: values(theProject, map[string]any{"feature_name_regex": ""}),
		},
		{ // but no pattern either
			Config: f.Config(projectConfig(name, "")),
			Check:  serverHas(f, path, map[string]any{"feature_name_regex": "", "minimum_change_request_approvals": nil}),
		},
		{ // what others change is put back
			PreConfig:        func() { f.Patch(path(), map[string]any{"hide_disabled_flags": true, "name": name + " elsewhere"}) },
			Config:           f.Config(projectConfig(name, "")),
			ConfigPlanChecks: plans(theProject, plancheck.ResourceActionUpdate),
			Check:            serverHas(f, path, map[string]any{"hide_disabled_flags": false, "name": name}),
		},
	}
	steps = append(steps, imports(t, theProject, func() []string { return []string{id, name} })...)
	steps = append(steps, resource.TestStep{
		Config: f.Config(projectConfig(name, "") + fmt.Sprintf(`
data "flagops_flagsmith_project" "by_id" { id = flagops_flagsmith_project.this.id }
data "flagops_flagsmith_project" "by_name" {
  organisation_id = %d
  name            = flagops_flagsmith_project.this.name
}
`, f.OrganisationID)),
		ConfigStateChecks: slices.Concat(sameAs(theProject, "data.flagops_flagsmith_project.by_id", "uuid", "name", "stale_flags_limit_days"),
			sameAs(theProject, "data.flagops_flagsmith_project.by_name", "id", "uuid", "organisation_id")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_flagsmith_project\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&id, name + " (%s)", map[string]any{
			"name": name, "feature_name_regex": "", "hide_disabled_flags": false, "deletion_protection": false,
		}}},
	})...)
	steps = append(steps, protects(f, theProject, func(settings string) string { return f.Config(projectConfig(name, settings)) },
		f.Config(projectConfig(name, "deletion_protection = true\n organisation_id = 99999")))...)
	steps = append(steps, resource.TestStep{ // deleted outside: made again
		PreConfig:         func() { f.Delete(path()) },
		Config:            f.Config(projectConfig(name, "")),
		ConfigPlanChecks:  plans(theProject, plancheck.ResourceActionCreate),
		Check:             remember(theProject, "id", &id),
		ConfigStateChecks: values(theProject, map[string]any{"name": name}),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f, path)})
}

// On a plan that includes them, the gated settings are like any other; left out, they stay as they are.
func TestAccProjectPlanGatedSettings(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := acctest.NewFlagsmith(t, sandbox.Plan("enterprise"))
	var id string
	has := func(days float64, realtime bool) resource.TestCheckFunc {
		return serverHas(f, func() string { return "/projects/" + id + "/" }, map[string]any{"stale_flags_limit_days": days, "enable_realtime_updates": realtime})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: f.Config(projectConfig("Shop", "stale_flags_limit_days = 7\n enable_realtime_updates = true")),
			Check:  resource.ComposeTestCheckFunc(remember(theProject, "id", &id), has(7, true)),
		},
		{Config: f.Config(projectConfig("Shop", "stale_flags_limit_days = 0\n enable_realtime_updates = false")), Check: has(0, false)},
		{Config: f.Config(projectConfig("Shop", "hide_disabled_flags = true")), Check: has(0, false)},
	}})
}

// manyProjects skips where the server allows no project beside the one that is given.
func manyProjects(t *testing.T) {
	t.Helper()
	if os.Getenv("FLAGSMITH_PROJECT_ID") != "" {
		t.Skip("needs a server that allows more than one project")
	}
}

// What the tests of this package share.

// remember copies an attribute out of the state.
func remember(resource, attribute string, to *string) resourceCheck {
	return func(s *terraform.State) error {
		r := s.RootModule().Resources[resource]
		if r == nil {
			return fmt.Errorf("%s is not in the state", resource)
		}
		*to = r.Primary.Attributes[attribute]
		return nil
	}
}

type resourceCheck = resource.TestCheckFunc

// wrote says which writes the provider has sent since the last Reset.
func wrote(f *acctest.Flagsmith, want ...string) resourceCheck {
	return func(*terraform.State) error {
		if got := f.Writes(); !slices.Equal(got, want) {
			return fmt.Errorf("wrote %q, want %q", got, want)
		}
		return nil
	}
}

// serverHas asks the server itself for fields of an object.
func serverHas(f *acctest.Flagsmith, path func() string, want map[string]any) resourceCheck {
	return func(*terraform.State) error {
		got := f.Get(path())
		for field, value := range want {
			if !reflect.DeepEqual(got[field], value) {
				return fmt.Errorf("%s: %s is %#v on the server, want %#v", path(), field, got[field], value)
			}
		}
		return nil
	}
}

// gone checks after the test that nothing is left.
func gone(f *acctest.Flagsmith, path func() string) resourceCheck {
	return func(*terraform.State) error {
		if status, body := f.Send("GET", path(), nil); status != 404 {
			return fmt.Errorf("%s is still there: %d %s", path(), status, body)
		}
		return nil
	}
}

// values checks several attributes of one resource: nil, bool, string, and int64 stand for themselves.
func values(resource string, want map[string]any) (checks []statecheck.StateCheck) {
	for name, value := range want {
		check, ok := value.(knownvalue.Check)
		if !ok {
			switch value := value.(type) {
			case nil:
				check = knownvalue.Null()
			case bool:
				check = knownvalue.Bool(value)
			case string:
				check = knownvalue.StringExact(value)
			case int64:
				check = knownvalue.Int64Exact(value)
			case int:
				check = knownvalue.Int64Exact(int64(value))
			}
		}
		checks = append(checks, statecheck.ExpectKnownValue(resource, tfjsonpath.New(name), check))
	}
	return checks
}

// sameAs compares attributes of a resource with those of its data source.
func sameAs(resource, data string, attributes ...string) (checks []statecheck.StateCheck) {
	for _, name := range attributes {
		checks = append(checks, statecheck.CompareValuePairs(resource, tfjsonpath.New(name), data, tfjsonpath.New(name), compare.ValuesSame()))
	}
	return checks
}

// listed checks that a query has found an object: its id, how it is shown, some of its attributes.
type listed struct {
	id    *string
	title string // with %s for the id
	want  map[string]any
}

func (l listed) CheckQuery(_ context.Context, req querycheck.CheckQueryRequest, resp *querycheck.CheckQueryResponse) {
	for _, found := range req.Query {
		if fmt.Sprint(found.Identity["id"]) != *l.id {
			continue
		}
		if title := strings.ReplaceAll(l.title, "%s", *l.id); found.DisplayName != title {
			resp.Error = fmt.Errorf("shown as %q, want %q", found.DisplayName, title)
		}
		for name, value := range l.want {
			if got := found.ResourceObject[name]; !reflect.DeepEqual(got, value) {
				resp.Error = fmt.Errorf("%s is %#v, want %#v", name, got, value)
			}
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not among the %d objects found", *l.id, len(req.Query))
}

func plans(resourceName string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceName, action)}}
}

// imports takes a resource over by each of the ids, which are known when the step runs: on the command line, where
// the state must be the same, and by block, where the plan must be empty; then by identity, and with generated configuration.
func imports(t *testing.T, resourceName string, ids func() []string) (steps []resource.TestStep) {
	empty := resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	for i := range ids() {
		id := func(*terraform.State) (string, error) { return ids()[i], nil }
		steps = append(steps, resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateIdFunc: id, ImportStateVerify: true},
			resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateIdFunc: id,
				ImportPlanChecks: empty})
	}
	return append(steps, acctest.Steps(t, acctest.Identity,
		resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, ImportPlanChecks: empty},
		resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, GenerateConfig: true})...)
}

// protects shows that deletion_protection refuses to destroy and to replace, in the plan, and can be switched off.
func protects(f *acctest.Flagsmith, resourceName string, config func(settings string) string, replace string) []resource.TestStep {
	refused := regexp.MustCompile(`(?s)is protected.*Set\s+deletion_protection\s+=\s+false`)
	on := config("deletion_protection = true")
	return []resource.TestStep{
		{PreConfig: f.Reset, Config: on, Check: wrote(f)},
		{Config: on, Destroy: true, ExpectError: refused},
		{Config: replace, ExpectError: refused},
		{Config: config(""), Check: wrote(f), ConfigPlanChecks: plans(resourceName, plancheck.ResourceActionUpdate)},
	}
}

// has matches texts in the order given, however the CLI wraps them.
func has(texts ...string) *regexp.Regexp {
	for i, text := range texts {
		texts[i] = strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`)
	}
	return regexp.MustCompile("(?s)" + strings.Join(texts, ".*"))
}
