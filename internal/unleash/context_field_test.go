package unleash_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

const theField = "flagops_unleash_context_field.this"

func fieldConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_context_field\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// legalValuesAre compares what the server has: each as "value" or "value: description".
func legalValuesAre(u *acctest.Unleash, path string, want ...string) resourceCheck {
	return func(*terraform.State) error {
		got := []string{}
		list, _ := u.Get(path)["legalValues"].([]any)
		for _, v := range list {
			o := acctest.Object(v.(map[string]any))
			text := o.Text("value")
			if d, ok := o["description"]; ok {
				text += fmt.Sprintf(": %v", d)
			}
			got = append(got, text)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("the server has the legal values %q, want %q", got, want)
		}
		return nil
	}
}

func TestAccContextField(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("field")
	at := "/context/" + name
	path := func() string { return at }
	config := func(settings string) string { return u.Config(fieldConfig("this", name, settings)) }
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(""),
			Check:     wrote(u, "POST /context"),
			ConfigStateChecks: values(theField, map[string]any{
				"name": name, "description": nil, "stickiness": false, "sort_order": 0, "legal_values": knownvalue.ListSizeExact(0), "project": nil,
			}),
		},
		{ // everything, in place, with one request
			PreConfig: u.Reset,
			Config: config(`  description  = "  Why "
  stickiness   = true
  legal_values = [{ value = "z", description = "last" }, { value = " a " }, { value = "A", description = "" }]
  project      = "default"`),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(wrote(u, "PUT "+at), legalValuesAre(u, at, "z: last", " a ", "A: "),
				serverHas(u, path, map[string]any{"description": "  Why ", "stickiness": true, "project": "default"})),
		},
		{ // in the order given
			Config: config(`  description  = "  Why "
  stickiness   = true
  legal_values = [{ value = "A" }, { value = "z" }]
  project      = "default"`),
			Check: legalValuesAre(u, at, "A: ", "z"),
		},
		{ // taking the project away makes a new field
			Config:           config("stickiness = false"),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(legalValuesAre(u, at), serverHas(u, path, map[string]any{"description": nil, "stickiness": false, "project": nil})),
		},
		{ // what others change is put back, and an update keeps a project that others gave
			PreConfig: func() {
				u.Put(at, map[string]any{"description": "theirs", "stickiness": true, "legalValues": []any{map[string]any{"value": "theirs"}}})
			},
			Config:           config(`description = "ours"`),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(legalValuesAre(u, at), serverHas(u, path, map[string]any{"description": "ours", "stickiness": false})),
		},
		{PreConfig: u.Reset, Config: config(""), Check: resource.ComposeTestCheckFunc(wrote(u, "PUT "+at), serverHas(u, path, map[string]any{"description": ""}))},
	}
	steps = append(steps, imports(t, theField, func() []string { return []string{name} })...)
	steps = append(steps,
		resource.TestStep{Config: config(`project = "default"`), ConfigPlanChecks: plans(theField, plancheck.ResourceActionUpdate)},
		resource.TestStep{
			Config:            config(`project = "default"`) + fmt.Sprintf("data \"flagops_unleash_context_field\" \"it\" {\n  name = %s.name\n}\n", theField),
			ConfigStateChecks: sameAs(theField, "data.flagops_unleash_context_field.it", "description", "stickiness", "sort_order", "legal_values", "project"),
		},
	)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{ // those of projects too
		Query:  true,
		Config: "list \"flagops_unleash_context_field\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"name", &name, name, map[string]any{
			"name": name, "project": "default", "legal_values": []any{},
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again
			PreConfig:        func() { u.Delete(at) },
			Config:           config(""),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionCreate),
		},
		resource.TestStep{ // the name is taken: the error has the block that takes it over
			Config:      config("") + fieldConfig("twin", name, ""),
			ExpectError: has("Cannot create flagops_unleash_context_field", "The name is taken.", "import {", fmt.Sprintf("id = %q", name)),
		},
		resource.TestStep{
			Config:      config(`project = "no-such-project"`),
			ExpectError: has("Cannot update flagops_unleash_context_field", `project = "no-such-project"`, `There is no project "no-such-project".`),
		},
		resource.TestStep{
			Config:           u.Config(fieldConfig("this", name+"-2", "")),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionReplace),
			Check:            gone(u, path),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, func() string { return at + "-2" })})
}

// Unleash writes a sort order at creation alone, and resets it with every change: that is no difference, and asking for
// another is an error.
func TestAccContextFieldSortOrder(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("field")
	path := func() string { return "/context/" + name }
	config := func(settings string) string { return u.Config(fieldConfig("this", name, settings)) }
	steps := []resource.TestStep{
		{Config: config("sort_order = 7"), Check: serverHas(u, path, map[string]any{"sortOrder": 7.0})},
	}
	steps = append(steps, imports(t, theField, func() []string { return []string{name} })...)
	steps = append(steps,
		resource.TestStep{Config: config("sort_order = 8"), ExpectError: has("sort_order = 8", "only when a field is made", "Put back what it was (7)")},
		resource.TestStep{
			Config:            config("sort_order = 7\n  description = \"changed\""),
			Check:             serverHas(u, path, map[string]any{"sortOrder": 0.0, "description": "changed"}),
			ConfigStateChecks: values(theField, map[string]any{"sort_order": 7}),
		},
		resource.TestStep{Config: config("description = \"changed\""), ConfigPlanChecks: plans(theField, plancheck.ResourceActionNoop)},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// While strategies of live flags compare a field it stays, and the error says which.
func TestAccContextFieldInUse(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name, flag := u.Name("field"), u.Name("flag")
	config := u.Config(fieldConfig("this", name, ""))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config},
		{
			PreConfig: func() {
				flagUsing(t, u, "default", flag, map[string]any{"name": "default", "constraints": []any{
					map[string]any{"contextName": name, "operator": "IN", "values": []string{"a"}},
				}})
			},
			Config: config, Destroy: true,
			ExpectError: has("Cannot delete flagops_unleash_context_field", "409 Conflict", fmt.Sprintf("Used by a default strategy of flag %q", flag), `project "default"`, `environment "development"`),
		},
		{PreConfig: func() { u.Delete("/projects/default/features/" + flag) }, Config: config, Destroy: true},
	}, CheckDestroy: gone(u, func() string { return "/context/" + name })})
}

// What Unleash would refuse is refused in the plan.
func TestAccContextFieldBadInput(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("field")
	var steps []resource.TestStep
	for _, bad := range []struct{ name, settings, want string }{
		{"", "", "name"},
		{"bad name", "", "must be made of letters"},
		{"ü", "", "must be made of letters"},
		{"a/b", "", "must be made of letters"},
		{"..", "", "none of"},
		{strings.Repeat("n", 101), "", "between 1 and 100"},
		{name, fmt.Sprintf("description = %q", strings.Repeat("d", 251)), "at most 250"},
		{name, `legal_values = [{ value = "" }]`, "between 1 and 100"},
		{name, fmt.Sprintf("legal_values = [{ value = %q }]", strings.Repeat("ü", 101)), "between 1 and 100"},
		{name, `legal_values = [{ value = "a" }, { value = "b" }, { value = "a", description = "again" }]`, `"a" is in the list already`},
		{name, "sort_order = 2147483648", "between"},
		{name, `project = ""`, "at least 1"},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: u.Config(fieldConfig("this", bad.name, bad.settings)), ExpectError: has(bad.want)})
	}
	odd := strings.Repeat("~", 40) + ".!*'()-_aZ9"
	steps = append(steps,
		resource.TestStep{Config: u.Config(fieldConfig("this", name+odd, "legal_values = [{ value = \""+strings.Repeat("ü", 100)+"\" }]"))},
		resource.TestStep{ // not known before the apply
			Config: u.Config("resource \"terraform_data\" \"x\" {\n  input = \"a\"\n}\n" +
				fieldConfig("this", name+odd, `legal_values = [{ value = "a" }, { value = terraform_data.x.output }]`)),
			ExpectError: has("in the list already"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// Unleash's own fields can be taken over and changed. The sandbox's alone: a real server has just one of each.
func TestAccContextFieldBuiltin(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", "import {\n  to = flagops_unleash_context_field.app\n  id = \"appName\"\n}\n"+
		fieldConfig("app", "appName", `description = "Ours"`+"\n"+`legal_values = [{ value = "shop" }]`))
	u.Reset()
	w.Apply()
	w.ExpectEmptyPlan()
	if got := u.Writes(); !slices.Equal(got, []string{"PUT /context/appName"}) {
		t.Errorf("wrote %q", got)
	}
	if got := u.Get("/context/appName"); got.Text("description") != "Ours" || !reflect.DeepEqual(got["legalValues"], []any{map[string]any{"value": "shop"}}) {
		t.Errorf("the server has %v", got)
	}
}

// A GET of one field calls every failure of the server a 404: while the list has it, it is there. Duplicates that race
// are a 500 with the text of the database.
func TestAccContextFieldFaults(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	fault := func(f faults.Fault) func() { return func() { u.Sandbox.Inject(f) } }
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			PreConfig: fault(faults.Fault{Method: "POST", Path: "/context", Status: 500, Body: `{"name":"UnknownError","message":"insert into \"context_fields\" ... - ` +
				`duplicate key value violates unique constraint \"context_fields_pkey\"","details":[{"message":"..."}]}`}),
			Config:      u.Config(fieldConfig("this", "field", "")),
			ExpectError: has("The name is taken.", `id = "field"`),
		},
		{Config: u.Config(fieldConfig("this", "field", ""))},
		{
			PreConfig: fault(faults.Fault{Method: "GET", Path: "/context/{}", Times: -1, Status: 404,
				Body: `{"name":"NotFoundError","message":"Could not find context field","details":[{"message":"Could not find context field"}]}`}),
			Config:           u.Config(fieldConfig("this", "field", "")),
			ConfigPlanChecks: plans(theField, plancheck.ResourceActionNoop),
		},
		{
			PreConfig:   fault(faults.Fault{Method: "GET", Path: "/context", Status: 500, Body: `<html>`}),
			Config:      u.Config(fieldConfig("this", "field", "")),
			ExpectError: has("Cannot read flagops_unleash_context_field", "500 Internal Server Error"),
		},
	}})
}
