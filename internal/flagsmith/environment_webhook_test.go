package flagsmith_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

func environmentHooks(t *testing.T) (h hooks, environment int64, key string) {
	t.Helper()
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	environment, key = f.Environment(project, f.Name("environment"))
	t.Cleanup(func() { f.Send("DELETE", "/environments/"+key+"/", nil) })
	return hooks{
		f: f, resource: "flagops_flagsmith_environment_webhook",
		parents: fmt.Sprintf("  project_id = %d\n  environment_id = %d\n", project, environment),
		list:    "/environments/" + key + "/webhooks/",
		ids:     []string{fmt.Sprintf("%d/%d", project, environment), fmt.Sprintf("%d/%s", project, f.Name("environment"))},
		url:     "https://hooks.example.com/" + f.Name("hook"),
	}, environment, key
}

func TestAccEnvironmentWebhook(t *testing.T) {
	t.Parallel()
	h, _, _ := environmentHooks(t)
	h.test(t)
}

func TestAccEnvironmentWebhookWriteOnly(t *testing.T) {
	t.Parallel()
	h, _, _ := environmentHooks(t)
	h.writeOnly(t)
}

func TestAccEnvironmentWebhookRefused(t *testing.T) {
	t.Parallel()
	h, _, _ := environmentHooks(t)
	h.refused(t)
}

// Another environment makes a new webhook; one that is gone takes it along, and one whose key was renamed does not.
func TestAccEnvironmentWebhookParents(t *testing.T) {
	t.Parallel()
	h, environment, key := environmentHooks(t)
	f := h.f
	project := f.Get("/environments/" + key + "/")["project"]
	other, otherKey := f.Environment(int64(project.(float64)), f.Name("other"))
	t.Cleanup(func() { f.Send("DELETE", "/environments/"+otherKey+"/", nil) })
	this := h.resource + ".this"
	in := func(environment int64) string {
		return f.Config(h.block("this", fmt.Sprintf("  project_id = %v\n  environment_id = %d\n%s", project, environment, h.to("/p"))))
	}
	renamed := f.Name("key")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: in(other)},
		{Config: in(environment), ConfigPlanChecks: plans(this, plancheck.ResourceActionReplace), Check: h.has(`/p true ""`)},
		{
			PreConfig:        func() { f.Patch("/environments/"+key+"/", map[string]any{"api_key": renamed}) },
			Config:           in(environment),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		{
			PreConfig:        func() { f.Delete("/environments/" + renamed + "/") },
			Config:           in(other),
			ConfigPlanChecks: plans(this, plancheck.ResourceActionCreate),
		},
	}})
	if left := f.List("/environments/" + otherKey + "/webhooks/"); len(left) != 0 {
		t.Errorf("%d webhooks are left", len(left))
	}
}
