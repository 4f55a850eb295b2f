package unleash_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

const theEnvironment = "flagops_unleash_environment.this"

func environmentConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_environment\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

func TestAccEnvironment(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	name := u.Name("e")
	at := func() string { return "/environments/" + name }
	config := func(settings string) string { return u.Config(environmentConfig("this", name, settings)) }
	test := `type = "test"`
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(test),
			Check:     resource.ComposeTestCheckFunc(wrote(u, "POST /environments"), serverHas(u, at, map[string]any{"type": "test", "sortOrder": float64(9999), "enabled": true, "requiredApprovals": nil})),
			ConfigStateChecks: values(theEnvironment, map[string]any{
				"name": name, "type": "test", "sort_order": 9999, "enabled": true, "required_approvals": nil, "deletion_protection": false,
			}),
		},
		{
			PreConfig:        u.Reset,
			Config:           config("type = \"preproduction\"\n  sort_order = -7\n  enabled = false\n  required_approvals = 2"),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(wrote(u, "PUT /environments/update/"+name, "POST /environments/"+name+"/off"),
				serverHas(u, at, map[string]any{"type": "preproduction", "sortOrder": float64(-7), "enabled": false, "requiredApprovals": float64(2)})),
		},
		{ // what open source has a call for takes that
			PreConfig: u.Reset,
			Config:    config("type = \"preproduction\"\n  sort_order = 0\n  required_approvals = 2"),
			Check: resource.ComposeTestCheckFunc(wrote(u, "PUT /environments/sort-order", "POST /environments/"+name+"/on"),
				serverHas(u, at, map[string]any{"sortOrder": float64(0), "enabled": true, "requiredApprovals": float64(2)})),
		},
		{ // a place that is left out stays
			Config: config(test),
			Check:  serverHas(u, at, map[string]any{"type": "test", "sortOrder": float64(0), "requiredApprovals": nil}),
		},
		{ // drift
			PreConfig: func() {
				u.Put("/environments/update/"+name, map[string]any{"type": "theirs", "sortOrder": 3, "requiredApprovals": 1})
				u.Post("/environments/"+name+"/off", map[string]any{})
			},
			Config:           config(test),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionUpdate),
			Check:            serverHas(u, at, map[string]any{"type": "test", "sortOrder": float64(3), "enabled": true, "requiredApprovals": nil}),
		},
	}
	steps = append(steps, imports(t, theEnvironment, func() []string { return []string{name} })...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_environment\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"name", &name, "%s", map[string]any{
			"type": "test", "enabled": true, "required_approvals": nil, "deletion_protection": false,
		}}},
	})...)
	steps = append(steps, resource.TestStep{
		Config:            config(test) + "data \"flagops_unleash_environment\" \"this\" {\n  name = flagops_unleash_environment.this.name\n}\n",
		ConfigStateChecks: slices.Concat(sameAs(theEnvironment, "data.flagops_unleash_environment.this", "type", "sort_order", "enabled")),
	})
	steps = append(steps, protects(u, theEnvironment, func(settings string) string { return config(test + "\n  " + settings) },
		u.Config(environmentConfig("this", name+"-other", "type = \"test\"\n  deletion_protection = true")))...)
	steps = append(steps,
		resource.TestStep{
			PreConfig:        func() { u.Delete(at()) },
			Config:           config(test),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionCreate),
		},
		resource.TestStep{
			Config:      config(test) + environmentConfig("twin", name, test),
			ExpectError: has("Cannot create flagops_unleash_environment", "already exists.", "import {", `id = "`+name+`"`),
		},
		resource.TestStep{Config: u.Config(environmentConfig("this", "a b", test)), PlanOnly: true, ExpectError: has("must be made of letters")},
		resource.TestStep{
			Config:           u.Config(environmentConfig("this", name+"-new", test)),
			ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionReplace),
			Check:            gone(u, at),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, func() string { return at() + "-new" })})
}

// On open source, an environment that is there can be imported, switched and sorted; more takes another edition.
func TestAccEnvironmentOpenSource(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t) // it changes what all tests share
	u := acctest.NewUnleash(t)
	config := func(settings string) string {
		return u.Config("import {\n  to = flagops_unleash_environment.this\n  id = \"production\"\n}\n" + environmentConfig("this", "production", settings))
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config(`type = "production"`), ConfigPlanChecks: plans(theEnvironment, plancheck.ResourceActionNoop)},
		{
			PreConfig: u.Reset,
			Config:    config("type = \"production\"\n  sort_order = 1\n  enabled = false"),
			Check:     wrote(u, "PUT /environments/sort-order", "POST /environments/production/off"),
		},
		{Config: config(`type = "test"`), ExpectError: has("Cannot update flagops_unleash_environment", "The path you were looking for", "another edition (Enterprise)")},
		{Config: config(`type = "production"`), Destroy: true, ExpectError: has("Cannot delete flagops_unleash_environment", "another edition (Enterprise)")},
		{
			Config: u.Config("removed {\n  from = flagops_unleash_environment.this\n  lifecycle {\n    destroy = false\n  }\n}\n"),
			Check: func(*terraform.State) error {
				return serverHas(u, func() string { return "/environments/production" }, map[string]any{"enabled": false})(nil)
			},
		},
	}})
}
