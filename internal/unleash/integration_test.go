package unleash_test

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
)

const theIntegration = "flagops_unleash_integration.this"

func integrationConfig(label, kind, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_integration\" %q {\n  type   = %q\n  events = [\"feature-created\"]\n%s\n}\n", label, kind, settings)
}

func TestAccIntegration(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("datadog")
	same := statecheck.CompareValue(compare.ValuesSame())
	var id string
	at := func() string { return "/addons/" + id }
	described := fmt.Sprintf("  enabled = false\n  description = %q\n", name)
	config := func(settings string) string {
		return u.Config(integrationConfig("this", "datadog", described+settings))
	}
	secret := func(key string, version int) string {
		return fmt.Sprintf("\n  secret_parameters_wo = { %s }\n  secret_parameters_wo_version = %d", key, version)
	}
	url := func(path string) string { return fmt.Sprintf("parameters = { url = \"http://127.0.0.1:9/%s\" }", path) }
	parameters := func(path string) knownvalue.Check {
		return knownvalue.MapExact(map[string]knownvalue.Check{"url": knownvalue.StringExact("http://127.0.0.1:9/" + path)})
	}
	written := func(s *terraform.State) error { return wrote(u, "PUT "+at())(s) }
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(secret(`apiKey = "k", customHeaders = "{}"`, 1)),
			Check: resource.ComposeTestCheckFunc(remember(theIntegration, "id", &id), wrote(u, "POST /addons"), func(s *terraform.State) error {
				return addonHas(u, at, map[string]any{"apiKey": mask, "customHeaders": mask}, map[string]any{"provider": "datadog", "enabled": false, "events": texts("feature-created")})(s)
			}),
			ConfigStateChecks: append(values(theIntegration, map[string]any{
				"type": "datadog", "enabled": false, "parameters": knownvalue.MapSizeExact(0), "secret_parameters_wo": nil, "secret_parameters_wo_version": 1,
			}), same.AddStateValue(theIntegration, tfjsonpath.New("id"))),
		},
		{ // what is open is compared, what is secret is kept
			PreConfig:         u.Reset,
			Config:            config(url("a") + secret(`apiKey = "other"`, 1)),
			ConfigPlanChecks:  plans(theIntegration, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theIntegration, map[string]any{"parameters": parameters("a")}), same.AddStateValue(theIntegration, tfjsonpath.New("id"))),
			Check:             resource.ComposeTestCheckFunc(written, addonHas(u, at, map[string]any{"url": "http://127.0.0.1:9/a", "apiKey": mask, "customHeaders": mask}, nil)),
		},
		{ // a new version writes secrets and takes them away; others stay
			Config: config(url("a") + secret(`apiKey = "third", customHeaders = ""`, 2)),
			Check: resource.ComposeTestCheckFunc(func(s *terraform.State) error {
				return addonHas(u, at, map[string]any{"url": "http://127.0.0.1:9/a", "apiKey": mask}, nil)(s)
			}),
		},
		{ // what others add is theirs; what they change is put back
			PreConfig: func() {
				u.Put(at(), map[string]any{"provider": "datadog", "enabled": false, "description": name, "events": []string{"feature-created"},
					"parameters": map[string]any{"url": "http://127.0.0.1:9/theirs", "apiKey": mask, "sourceTypeName": "theirs", "bodyTemplate": mask}})
			},
			Config:            config(url("b")),
			ConfigPlanChecks:  plans(theIntegration, plancheck.ResourceActionUpdate),
			ConfigStateChecks: values(theIntegration, map[string]any{"parameters": parameters("b")}),
			Check: resource.ComposeTestCheckFunc(func(s *terraform.State) error {
				o := u.Get(at())["parameters"].(map[string]any)
				if o["url"] != "http://127.0.0.1:9/b" || o["apiKey"] != mask || o["sourceTypeName"] != "theirs" {
					return fmt.Errorf("the server has the parameters %v", o)
				}
				return nil
			}),
		},
		{ // what is taken out is taken away
			PreConfig: func() {
				u.Put(at(), map[string]any{"provider": "datadog", "enabled": false, "description": name, "events": []string{"feature-created"},
					"parameters": map[string]any{"url": mask, "apiKey": mask, "sourceTypeName": "theirs"}})
			},
			Config: config(""),
			Check:  addonHas(u, at, map[string]any{"apiKey": mask, "sourceTypeName": "theirs"}, nil),
		},
		{Config: config(`parameters = { sourceTypeName = "theirs" }`)}, // an import takes over all that is open
	}
	steps = append(steps, imports(t, theIntegration, func() []string { return []string{id, name} })...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_integration\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, name + " (%s)", map[string]any{
			"type": "datadog", "parameters": map[string]any{"sourceTypeName": "theirs"}, "secret_parameters_wo": nil,
		}}},
	})...)
	relic := integrationConfig("this", "new-relic", described+"  parameters = { url = \"http://127.0.0.1:9/n\" }"+secret(`licenseKey = "l"`, 1))
	steps = append(steps,
		resource.TestStep{
			Config: config(`parameters = { sourceTypeName = "theirs" }`) + `
data "flagops_unleash_integration" "by_id" {
  id = flagops_unleash_integration.this.id
}
data "flagops_unleash_integration" "by_description" {
  description = flagops_unleash_integration.this.description
}
`,
			ConfigStateChecks: slices.Concat(sameAs(theIntegration, "data.flagops_unleash_integration.by_id", "type", "parameters", "events"),
				sameAs(theIntegration, "data.flagops_unleash_integration.by_description", "id")),
		},
		resource.TestStep{ // another type makes another integration, with secrets of the same version
			PreConfig:        u.Reset,
			Config:           u.Config(relic),
			ConfigPlanChecks: plans(theIntegration, plancheck.ResourceActionReplace),
			Check: resource.ComposeTestCheckFunc(func(s *terraform.State) error { return wrote(u, "DELETE "+at(), "POST /addons")(s) }, remember(theIntegration, "id", &id),
				func(s *terraform.State) error {
					return addonHas(u, at, map[string]any{"url": "http://127.0.0.1:9/n", "licenseKey": mask}, map[string]any{"provider": "new-relic"})(s)
				}),
		},
		resource.TestStep{ // deleted outside
			PreConfig:        func() { u.Delete(at()) },
			Config:           u.Config(relic),
			ConfigPlanChecks: plans(theIntegration, plancheck.ResourceActionCreate),
			Check:            remember(theIntegration, "id", &id),
		},
		resource.TestStep{
			Config:      u.Config(strings.Replace(relic, "127.0.0.1:9", "nobody-here.invalid", 1)),
			ExpectError: has("Cannot update flagops_unleash_integration", "parameters = {", "getaddrinfo ENOTFOUND ***", "Is it spelled right"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, at)})
}

// What the server answers with the same text, or takes without a word, is refused in the plan.
func TestAccIntegrationRefused(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	wo := "\n  secret_parameters_wo_version = 1\n  secret_parameters_wo = "
	steps := []resource.TestStep{}
	for _, test := range []struct{ kind, settings, want string }{
		{"no-such", "", `This server does not know "no-such". It knows: webhook, slack,`},
		{"webhook", "", `Use flagops_unleash_webhook.`},
		{"slack", "", `The server makes none any more: This integration is deprecated.`},
		{"datadog", "", `An integration of the type datadog needs apiKey.`},
		{"datadog", `parameters = { apiKey = "k" }`, `To datadog, apiKey is a secret: put it into secret_parameters_wo.`},
		{"new-relic", wo + `{ licenseKey = "l" }`, `An integration of the type new-relic needs url.`},
		{"new-relic", `parameters = { url = "http://127.0.0.1:9/a" }` + wo + `{ licenseKey = "l", url = "http://127.0.0.1:9/b" }`, `url is in secret_parameters_wo, too.`},
		{"datadog", `parameters = { url = "" }`, `string length must be at least 1`},
		{"datadog", `secret_parameters_wo = { apiKey = "k" }`, `"secret_parameters_wo_version" must be specified`},
	} {
		steps = append(steps, resource.TestStep{Config: u.Config(integrationConfig("this", test.kind, test.settings)), PlanOnly: true, ExpectError: has(test.want)})
	}
	// What is not known yet is no error.
	later := `resource "terraform_data" "later" {
  input = { key = "k", url = "http://127.0.0.1:9/a" }
}
`
	steps = append(steps, resource.TestStep{
		Config: u.Config(later + integrationConfig("this", "new-relic", "enabled = false\n  parameters = { url = terraform_data.later.output.url }"+wo+"{ licenseKey = terraform_data.later.output.key }")),
	})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}
