package flagsmith_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

func organisationHooks(t *testing.T) hooks {
	t.Helper()
	f := acctest.NewFlagsmith(t)
	return hooks{
		f: f, resource: "flagops_flagsmith_organisation_webhook",
		parents: fmt.Sprintf("  organisation_id = %d\n", f.OrganisationID),
		list:    fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID),
		ids:     []string{fmt.Sprint(f.OrganisationID), f.Get(fmt.Sprintf("/organisations/%d/", f.OrganisationID)).Text("name")},
		url:     "https://hooks.example.com/" + f.Name("hook"),
	}
}

func TestAccOrganisationWebhook(t *testing.T) {
	t.Parallel()
	organisationHooks(t).test(t)
}

func TestAccOrganisationWebhookWriteOnly(t *testing.T) {
	t.Parallel()
	organisationHooks(t).writeOnly(t)
}

// The organisation may be left out where the token sees just one: the webhook is updated in place all the same.
func TestAccOrganisationWebhookOnlyOrganisation(t *testing.T) {
	t.Parallel()
	h := organisationHooks(t)
	this := h.resource + ".this"
	h.parents = ""
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config:            h.config(h.to("/a")),
			ConfigStateChecks: values(this, map[string]any{"organisation_id": h.f.OrganisationID}),
			Check:             h.has(`/a true ""`),
		},
		{Config: h.config(h.to("/b")), ConfigPlanChecks: plans(this, plancheck.ResourceActionUpdate), Check: h.has(`/b true ""`)},
		{
			Config:           h.config(h.to("/b") + fmt.Sprintf("  organisation_id = %d\n", h.f.OrganisationID)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		{
			Config:            h.config(h.to("/b")) + fmt.Sprintf("data %q \"by_url\" {\n%s}\n", h.resource, h.to("/b")),
			ConfigStateChecks: sameAs(this, "data."+h.resource+".by_url", "id", "organisation_id"),
		},
		{
			Config:      h.config(h.to("/b") + "  organisation_id = 999999\n"),
			ExpectError: has("Cannot create "+h.resource, "500"),
		},
	}})
}
