package unleash_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

const theStrategyType = "flagops_unleash_strategy_type.this"

func strategyTypeConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_strategy_type\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// parametersAre compares what the server has, in its order.
func parametersAre(u *acctest.Unleash, path, want string) resourceCheck {
	return func(*terraform.State) error {
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			return err
		}
		if got := u.Get(path)["parameters"]; !reflect.DeepEqual(got, wanted) {
			return fmt.Errorf("the server has the parameters %v, want %v", got, wanted)
		}
		return nil
	}
}

func TestAccStrategyType(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("type")
	at := "/strategies/" + name
	path := func() string { return at }
	const none = "parameters = []"
	config := func(settings string) string { return u.Config(strategyTypeConfig("this", name, settings)) }
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(none),
			Check:     wrote(u, "POST /strategies"),
			ConfigStateChecks: values(theStrategyType, map[string]any{
				"name": name, "title": nil, "description": nil, "parameters": knownvalue.ListSizeExact(0), "deprecated": false, "editable": true,
			}),
		},
		{ // everything, in place; being deprecated has a call of its own
			PreConfig: u.Reset,
			Config: config(`title = "T"
  description = " D "
  deprecated  = true
  parameters  = [{ name = "z z/", type = "list", description = "", required = true }, { name = "a", type = "percentage" }]`),
			ConfigPlanChecks: plans(theStrategyType, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(wrote(u, "PUT "+at, "POST "+at+"/deprecate"),
				serverHas(u, path, map[string]any{"title": "T", "description": " D ", "deprecated": true}),
				parametersAre(u, at, `[{"name": "z z/", "type": "list", "description": "", "required": true}, {"name": "a", "type": "percentage", "required": false}]`)),
		},
		{ // nothing else is written with it
			PreConfig: u.Reset,
			Config: config(`title = "T"
  description = " D "
  parameters  = [{ name = "z z/", type = "list", description = "", required = true }, { name = "a", type = "percentage" }]`),
			Check: resource.ComposeTestCheckFunc(wrote(u, "POST "+at+"/reactivate"), serverHas(u, path, map[string]any{"deprecated": false})),
		},
		{
			PreConfig: u.Reset,
			Config:    config(none),
			Check: resource.ComposeTestCheckFunc(wrote(u, "PUT "+at), serverHas(u, path, map[string]any{"title": "", "description": "", "deprecated": false}),
				parametersAre(u, at, `[]`)),
		},
		{ // what others change is put back, and an absent required is false
			PreConfig: func() {
				u.Put(at, map[string]any{"title": "theirs", "description": "theirs", "parameters": []any{map[string]any{"name": "p", "type": "string"}}})
				u.Post(at+"/deprecate", map[string]any{})
			},
			Config:           config(`parameters = [{ name = "p", type = "string" }]`),
			ConfigPlanChecks: plans(theStrategyType, plancheck.ResourceActionUpdate),
			Check:            serverHas(u, path, map[string]any{"title": "", "description": "", "deprecated": false}),
		},
	}
	steps = append(steps, imports(t, theStrategyType, func() []string { return []string{name} })...)
	steps = append(steps, resource.TestStep{
		Config:            config(none) + fmt.Sprintf("data \"flagops_unleash_strategy_type\" \"it\" {\n  name = %s.name\n}\n", theStrategyType),
		ConfigStateChecks: sameAs(theStrategyType, "data.flagops_unleash_strategy_type.it", "title", "description", "parameters", "deprecated", "editable"),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_strategy_type\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"name", &name, name, map[string]any{
			"name": name, "deprecated": false, "editable": true, "parameters": []any{},
		}}},
	})...)
	for _, bad := range []struct{ settings, want string }{
		{`parameters = [{ name = "", type = "string" }]`, "at least 1"},
		{`parameters = [{ name = "p", type = "text" }]`, "must be one of"},
		{"", `"parameters" is required`},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: config(bad.settings), ExpectError: has(bad.want)})
	}
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again, with the call of its own
			PreConfig:        func() { u.Delete(at); u.Reset() },
			Config:           config(none + "\n deprecated = true"),
			ConfigPlanChecks: plans(theStrategyType, plancheck.ResourceActionCreate),
			Check:            resource.ComposeTestCheckFunc(wrote(u, "POST /strategies", "POST "+at+"/deprecate"), serverHas(u, path, map[string]any{"deprecated": true})),
		},
		resource.TestStep{
			Config:      config(none) + strategyTypeConfig("twin", name, none),
			ExpectError: has("Cannot create flagops_unleash_strategy_type", "The name is taken.", "import {", fmt.Sprintf("id = %q", name)),
		},
		resource.TestStep{
			Config:           u.Config(strategyTypeConfig("this", name+"-2", none)),
			ConfigPlanChecks: plans(theStrategyType, plancheck.ResourceActionReplace),
			Check:            gone(u, path),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, func() string { return at + "-2" })})
}

// Unleash's own types can be taken over and deprecated, but neither changed nor destroyed, and the error says so. The
// sandbox's alone: a real server has just one of each.
func TestAccStrategyTypeBuiltIn(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	own := func(settings string) string {
		return strategyTypeConfig("own", "remoteAddress", settings+`
  parameters = [{ name = "IPs", type = "list", description = "List of IPs to enable the feature toggle for.", required = true }]`)
	}
	const description = `description = "Enable the feature for a specific set of IP addresses."`
	w.Write("main.tf", "import {\n  to = flagops_unleash_strategy_type.own\n  id = \"remoteAddress\"\n}\n"+own(description))
	u.Reset()
	w.Apply()
	w.ExpectEmptyPlan()
	if got := u.Writes(); len(got) > 0 {
		t.Errorf("taking it over wrote %q", got)
	}
	w.Write("main.tf", own(description+"\n  deprecated = true"))
	w.Apply()
	w.ExpectEmptyPlan()
	if got := u.Writes(); !slices.Equal(got, []string{"POST /strategies/remoteAddress/deprecate"}) {
		t.Errorf("wrote %q", got)
	}
	w.Write("main.tf", own(`description = "Ours"`))
	if code, out := w.Try("plan", "-no-color"); code != 1 || !has(`description = "Ours"`, "is built in: Unleash neither changes nor deletes it").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	w.Write("main.tf", "")
	u.Reset()
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code != 1 || !has("Cannot delete flagops_unleash_strategy_type remoteAddress", "is built in", "removed block").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if got := u.Writes(); len(got) > 0 {
		t.Errorf("wrote %q", got)
	}
	w.Write("main.tf", "removed {\n  from = flagops_unleash_strategy_type.own\n  lifecycle {\n    destroy = false\n  }\n}\n")
	w.Apply()
}

// A type that was made but not deprecated is kept in state, and made anew.
func TestAccStrategyTypeHalfMade(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	config := u.Config(strategyTypeConfig("this", "half", "parameters = []\n deprecated = true"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			PreConfig: func() {
				u.Sandbox.Inject(faults.Fault{Method: "POST", Path: "/strategies/half/deprecate", Status: 500, Body: `{"name":"UnknownError","message":"no"}`})
			},
			Config:      config,
			ExpectError: has("Cannot create flagops_unleash_strategy_type half", "500 Internal Server Error"),
		},
		{
			Config:           config,
			ConfigPlanChecks: plans(theStrategyType, plancheck.ResourceActionReplace),
			Check:            serverHas(u, func() string { return "/strategies/half" }, map[string]any{"deprecated": true}),
		},
	}, CheckDestroy: gone(u, func() string { return "/strategies/half" })})
}
