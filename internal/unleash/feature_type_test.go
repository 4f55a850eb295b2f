package unleash_test

import (
	"fmt"
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

const theFeatureType = "flagops_unleash_feature_type.this"

// lifetime is what the server has of a feature type, nil for never.
func lifetime(u *acctest.Unleash, id string) any {
	types, _ := u.Get("/feature-types")["types"].([]any)
	for _, t := range types {
		if o := acctest.Object(t.(map[string]any)); o.Text("id") == id {
			return o["lifetimeDays"]
		}
	}
	return "no such type"
}

// On a real server there is one of each type: this test alone changes sunset, and puts it back.
func TestAccFeatureType(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	was := lifetime(u, "sunset")
	t.Cleanup(func() { u.Put("/feature-types/sunset/lifetime", map[string]any{"lifetimeDays": was}) })
	is := func(want any) resourceCheck {
		return func(*terraform.State) error {
			if got := lifetime(u, "sunset"); got != want {
				return fmt.Errorf("the server has %v, want %v", got, want)
			}
			return nil
		}
	}
	const put = "PUT /feature-types/sunset/lifetime"
	config := func(id string, days int) string {
		return u.Config(fmt.Sprintf("resource \"flagops_unleash_feature_type\" \"this\" {\n  id = %q\n  lifetime_days = %d\n}\n", id, days))
	}
	id := "sunset"
	steps := []resource.TestStep{
		{
			PreConfig: func() {
				u.Put("/feature-types/sunset/lifetime", map[string]any{"lifetimeDays": 90})
				u.Reset()
			},
			Config:            config(id, 90), // as it is
			Check:             wrote(u),
			ConfigStateChecks: values(theFeatureType, map[string]any{"id": id, "name": "Sunset", "description": knownvalue.NotNull(), "lifetime_days": 90}),
		},
		{Config: config(id, 91), ConfigPlanChecks: plans(theFeatureType, plancheck.ResourceActionUpdate), Check: resource.ComposeTestCheckFunc(wrote(u, put), is(91.0))},
		{Config: config(id, 0), Check: is(nil)},
		{PreConfig: func() { u.Put("/feature-types/sunset/lifetime", map[string]any{"lifetimeDays": 5}) }, Config: config(id, 0), Check: is(nil)},
	}
	steps = append(steps, imports(t, theFeatureType, func() []string { return []string{id} })...)
	steps = append(steps, resource.TestStep{
		Config: config(id, 0) + `
data "flagops_unleash_feature_type" "sunset" {
  id = flagops_unleash_feature_type.this.id
}
data "flagops_unleash_feature_types" "all" {}
`,
		ConfigStateChecks: append(sameAs(theFeatureType, "data.flagops_unleash_feature_type.sunset", "name", "description", "lifetime_days"),
			statecheck.ExpectKnownValue("data.flagops_unleash_feature_types.all", tfjsonpath.New("feature_types").AtSliceIndex(0).AtMapKey("id"), knownvalue.StringExact("experiment"))),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:             true,
		Config:            "list \"flagops_unleash_feature_type\" \"all\" {\n  provider = flagops\n  include_resource = true\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, "sunset", map[string]any{"name": "Sunset"}}},
	})...)
	steps = append(steps,
		resource.TestStep{PlanOnly: true, Config: config(id, -1), ExpectError: has("between 0 and")},
		resource.TestStep{Config: config("moonrise", 1), ExpectError: has(`id = "moonrise"`, `There is no feature type "moonrise".`)},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: is(nil)}) // destroying keeps it
}
