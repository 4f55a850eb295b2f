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
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

const theWebhook = "flagops_unleash_webhook.this"

func webhookConfig(label, settings string) string {
	if !strings.Contains(settings, "events") {
		settings += "\n  events = [\"feature-completed\"]"
	}
	return fmt.Sprintf("resource \"flagops_unleash_webhook\" %q {\n%s\n}\n", label, settings)
}

// mask is all that the server tells of a secret.
const mask = "*****"

func texts(list ...string) []any {
	all := make([]any, len(list))
	for i, text := range list {
		all[i] = text
	}
	return all
}

// addonHas sees what the server has of an integration, all of its parameters included.
func addonHas(u *acctest.Unleash, at func() string, parameters map[string]any, want map[string]any) resourceCheck {
	return func(s *terraform.State) error {
		all := map[string]any{"parameters": parameters}
		for k, v := range want {
			all[k] = v
		}
		return serverHas(u, at, all)(s)
	}
}

func TestAccWebhook(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("hook")
	same := statecheck.CompareValue(compare.ValuesSame())
	var id string
	at := func() string { return "/addons/" + id }
	config := func(settings string) string { return u.Config(webhookConfig("this", settings)) }
	url := func(path string) string { return fmt.Sprintf("  url = \"http://127.0.0.1:9/%s\"\n", path) }
	described := fmt.Sprintf("  description = %q\n", name)
	everything := url("b") + described + `
  enabled       = false
  events        = ["feature-stale-on", "feature-completed"]
  environments  = ["production", "development"]
  projects      = ["default"]
  content_type  = "text/plain"
  body_template = "{{event.type}}"

  authorization_wo          = "Bearer s3cret"
  authorization_wo_version  = 1
  custom_headers_wo         = { X-Key = "k3y" }
  custom_headers_wo_version = 1`
	written := func(s *terraform.State) error { return wrote(u, "PUT "+at())(s) }
	kept := func() statecheck.StateCheck { return same.AddStateValue(theWebhook, tfjsonpath.New("id")) }
	all := map[string]any{"url": mask, "contentType": "text/plain", "bodyTemplate": "{{event.type}}", "authorization": mask, "customHeaders": mask}
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(url("a")),
			Check: resource.ComposeTestCheckFunc(remember(theWebhook, "id", &id), wrote(u, "POST /addons"), func(s *terraform.State) error {
				return addonHas(u, at, map[string]any{"url": mask}, map[string]any{
					"provider": "webhook", "enabled": true, "description": nil, "events": texts("feature-completed"), "projects": texts(), "environments": texts(),
				})(s)
			}),
			ConfigStateChecks: append(values(theWebhook, map[string]any{
				"url": "http://127.0.0.1:9/a", "url_wo": nil, "url_wo_version": nil, "description": "", "enabled": true, "projects": knownvalue.SetSizeExact(0),
				"environments": knownvalue.SetSizeExact(0), "content_type": nil, "body_template": nil, "authorization_wo": nil, "custom_headers_wo": nil,
			}), kept()),
		},
		{ // everything, in place
			PreConfig:         u.Reset,
			Config:            config(everything),
			ConfigPlanChecks:  plans(theWebhook, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theWebhook, map[string]any{"url": "http://127.0.0.1:9/b", "authorization_wo": nil, "custom_headers_wo": nil}), kept()),
			Check: resource.ComposeTestCheckFunc(written, addonHas(u, at, all, map[string]any{
				"enabled": false, "description": name, "events": texts("feature-completed", "feature-stale-on"), "projects": texts("default"),
				"environments": texts("development", "production"),
			})),
		},
		{ // masked values are no drift, nor is the order in which others write a list, or that they write something twice
			PreConfig: func() {
				u.Put(at(), map[string]any{
					"provider": "webhook", "enabled": false, "description": name, "events": []string{"feature-stale-on", "feature-completed", "feature-stale-on"},
					"projects": []string{"default"}, "environments": []string{"production", "development"},
					"parameters": map[string]any{"url": mask, "contentType": "text/plain", "bodyTemplate": "{{event.type}}", "authorization": mask, "customHeaders": mask, "theirs": 5},
				})
			},
			Config:           config(everything),
			ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionNoop),
		},
		{ // one change keeps what others have set, and every secret
			PreConfig:        u.Reset,
			Config:           config(strings.Replace(everything, "text/plain", "text/html", 1)),
			ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(written, func(s *terraform.State) error {
				return addonHas(u, at, map[string]any{
					"url": mask, "contentType": "text/html", "bodyTemplate": "{{event.type}}", "authorization": mask, "customHeaders": mask, "theirs": float64(5),
				}, map[string]any{"events": texts("feature-stale-on", "feature-completed", "feature-stale-on"), "environments": texts("production", "development")})(s)
			}),
		},
		{ // secrets that are left out are kept
			Config: config(url("b") + described),
			Check: addonHas(u, at, map[string]any{"url": mask, "authorization": mask, "customHeaders": mask, "theirs": float64(5)},
				map[string]any{"enabled": true, "projects": texts(), "environments": texts(), "description": name}),
		},
		{ // and taken away where they are said to be nothing
			Config: config(url("b") + described + "  authorization_wo = \"\"\n  authorization_wo_version = 2\n  custom_headers_wo = {}\n  custom_headers_wo_version = 2"),
			Check:  addonHas(u, at, map[string]any{"url": mask, "theirs": float64(5)}, nil),
		},
		{ // drift
			PreConfig: func() {
				u.Put(at(), map[string]any{"provider": "webhook", "enabled": false, "description": "theirs", "events": []string{}, "projects": []string{"default"},
					"parameters": map[string]any{"url": mask, "bodyTemplate": "theirs"}})
			},
			Config:           config(url("b") + described),
			ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionUpdate),
			Check:            addonHas(u, at, map[string]any{"url": mask}, map[string]any{"enabled": true, "description": name, "projects": texts(), "events": texts("feature-completed")}),
		},
		{Config: config(described), ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionNoop)}, // a URL that is left out is kept
	}
	steps = append(steps, imports(t, theWebhook, func() []string { return []string{id, name} }, "url")...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_webhook\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, name + " (%s)", map[string]any{
			"description": name, "enabled": true, "url": nil, "url_wo": nil, "content_type": nil,
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{
			Config: config(described) + `
data "flagops_unleash_webhook" "by_id" {
  id = flagops_unleash_webhook.this.id
}
data "flagops_unleash_webhook" "by_description" {
  description = flagops_unleash_webhook.this.description
}
`,
			ConfigStateChecks: slices.Concat(sameAs(theWebhook, "data.flagops_unleash_webhook.by_id", "description", "events", "enabled"),
				sameAs(theWebhook, "data.flagops_unleash_webhook.by_description", "id"), values("data.flagops_unleash_webhook.by_id", map[string]any{"url": nil})),
		},
		resource.TestStep{ // deleted outside: it cannot be made again without a URL
			PreConfig:   func() { u.Delete(at()) },
			Config:      config(described),
			ExpectError: has("A webhook needs a URL", "Give url, or url_wo with url_wo_version."),
		},
		resource.TestStep{
			Config:           config(url("c") + described),
			ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionCreate),
			Check:            remember(theWebhook, "id", &id),
		},
		resource.TestStep{ // the server looks hosts up; its answer has the host, which may be secret
			Config:      config("  url = \"https://nobody-here.invalid/s3cret\"\n" + described),
			ExpectError: has("Cannot update flagops_unleash_webhook", "url = ", "getaddrinfo ENOTFOUND ***", "Is it spelled right"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, at)})
}

// A URL that is kept out of the state, gone over to and come back from. The server never tells it, so it is sent with its
// version alone.
func TestAccWebhookURLWriteOnly(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	config := func(settings string) string { return u.Config(webhookConfig("this", settings)) }
	secret := func(path string, version int) string {
		return fmt.Sprintf("  url_wo = \"http://127.0.0.1:9/%s\"\n  url_wo_version = %d\n", path, version)
	}
	nowhere := values(theWebhook, map[string]any{"url": nil, "url_wo": nil})
	var id string
	put := func(*terraform.State) error { return wrote(u, "PUT /addons/"+id)(nil) }
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config(secret("a", 1) + "  url = \"http://127.0.0.1:9/a\"\n"), ExpectError: has("Invalid Attribute Combination")},
		{Config: config("  url_wo = \"ftp://127.0.0.1/\"\n  url_wo_version = 1\n"), ExpectError: has("Unleash calls http and https URLs alone")},
		{Config: config("  url = \"hooks.example.com\"\n"), ExpectError: has("Unleash calls http and https URLs alone")},
		{Config: config(""), ExpectError: has("A webhook needs a URL")},
		{Config: config(secret("a", 1)), ConfigStateChecks: nowhere, Check: remember(theWebhook, "id", &id)},
		{PreConfig: u.Reset, Config: config(secret("b", 1)), ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionNoop), Check: wrote(u)},
		{PreConfig: u.Reset, Config: config(secret("b", 2)), ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionUpdate), ConfigStateChecks: nowhere, Check: put},
		{Config: config(""), ConfigStateChecks: nowhere}, // given up: kept, but it cannot come back into the state
		{Config: config("  url = \"http://127.0.0.1:9/c\"\n"), ConfigStateChecks: values(theWebhook, map[string]any{"url": "http://127.0.0.1:9/c"})},
		{Config: config(secret("d", 1)), ConfigStateChecks: nowhere},
	}})
}

// All the same text for different faults: the error says what they can be, and where.
func TestAccWebhookRefused(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	const vague = "A validation error occurred while processing your request data. Please make sure it conforms to the request data schema."
	u.Sandbox.Inject(faults.Fault{Method: "POST", Path: "/addons", Status: 400, Body: fmt.Sprintf(`{"name": "BadDataError", "message": %q, "details": [{"message": %q}]}`, vague, vague)})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{{
		Config:      u.Config(webhookConfig("this", "  url = \"http://10.0.0.1/s3cret\"\n")),
		ExpectError: has("Cannot create flagops_unleash_webhook", `url = "http://10.0.0.1/s3cret"`, "A validation error occurred", "UNLEASH_ALLOW_PRIVATE_URL_IN_INTEGRATION", "Is a parameter missing"),
	}}})
}

// Names of events that the server does not know are taken, and never happen: the plan warns.
func TestAccWebhookStrangeEvents(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", webhookConfig("this", "  url = \"http://127.0.0.1:9/a\"\n  events = [\"feature-crated\", \"feature-created\"]"))
	if out := strings.Join(strings.Fields(w.Run("plan")), " "); !strings.Contains(out, "Events that never happen") || !strings.Contains(out, `["feature-crated"]`) {
		t.Errorf("planned without a warning:\n%s", out)
	}
}

// What has become another kind of integration is no longer this one.
func TestAccWebhookBecomesAnother(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	var id string
	config := u.Config(webhookConfig("this", "  url = \"http://127.0.0.1:9/a\"\n"))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config, Check: remember(theWebhook, "id", &id)},
		{
			PreConfig: func() {
				u.Put("/addons/"+id, map[string]any{"provider": "datadog", "enabled": false, "events": []string{}, "parameters": map[string]any{"apiKey": "k"}})
				t.Cleanup(func() { u.Send("DELETE", "/addons/"+id, nil) })
			},
			Config:           config,
			ConfigPlanChecks: plans(theWebhook, plancheck.ResourceActionCreate),
		},
		{
			ResourceName: theWebhook, ImportState: true, ImportStateIdFunc: func(*terraform.State) (string, error) { return id, nil },
			ExpectError: has("Cannot import non-existent remote object"),
		},
	}})
}
