package unleash_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
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
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

const theToken = "flagops_unleash_api_token.this"

func tokenConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_api_token\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// tokensAre compares the tokens of a name on the server: "type environment projects expiry", in any order.
func tokensAre(u *acctest.Unleash, name string, want ...string) resourceCheck {
	return func(*terraform.State) error {
		var got []string
		for _, t := range tokensNamed(u, name) {
			got = append(got, fmt.Sprintf("%s %s %v %v", t["type"], t["environment"], t["projects"], t["expiresAt"]))
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			return fmt.Errorf("the server has the tokens %q, want %q", got, want)
		}
		return nil
	}
}

func tokensNamed(u *acctest.Unleash, name string) (tokens []acctest.Object) {
	list, _ := u.Get("/api-tokens/" + url.PathEscape(name))["tokens"].([]any)
	for _, t := range list {
		if o, ok := t.(map[string]any); ok {
			tokens = append(tokens, o)
		}
	}
	return tokens
}

func TestAccAPIToken(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("token")
	same := statecheck.CompareValue(compare.ValuesSame())
	var id, secret string
	config := func(settings string) string { return u.Config(tokenConfig("this", name, settings)) }
	at := func() string { return "/api-tokens/" + url.PathEscape(secret) }
	fingerprint := func(*terraform.State) error {
		if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(secret))); len(id) != 16 || !strings.HasPrefix(sum, id) {
			return fmt.Errorf("the id %s is not the beginning of %s", id, sum)
		}
		return nil
	}
	kept := func() statecheck.StateCheck { return same.AddStateValue(theToken, tfjsonpath.New("secret")) }
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(`type = "backend"`),
			Check: resource.ComposeTestCheckFunc(remember(theToken, "id", &id), remember(theToken, "secret", &secret), fingerprint,
				wrote(u, "POST /api-tokens"), tokensAre(u, name, "client development [*] <nil>")),
			ConfigStateChecks: append(values(theToken, map[string]any{
				"name": name, "type": "backend", "environment": "development", "expires_at": nil, "created_at": knownvalue.NotNull(),
				"projects": knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("*")}),
			}), kept()),
		},
		{ // an expiry can be set
			PreConfig:         u.Reset,
			Config:            config("type = \"backend\"\n  expires_at = \"2031-01-01T00:00:00Z\""),
			ConfigPlanChecks:  plans(theToken, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theToken, map[string]any{"expires_at": "2031-01-01T00:00:00Z", "type": "backend"}), kept()),
			Check: func(s *terraform.State) error {
				return resource.ComposeTestCheckFunc(wrote(u, "PUT "+at()), tokensAre(u, name, "client development [*] 2031-01-01T00:00:00.000Z"))(s)
			},
		},
		{ // and changed, and what others do to it is put back
			PreConfig:         func() { u.Put(at(), map[string]any{"expiresAt": "2040-01-01T00:00:00Z"}) },
			Config:            config("type = \"backend\"\n  expires_at = \"2032-01-01T00:00:00Z\""),
			ConfigPlanChecks:  plans(theToken, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{kept()},
			Check:             tokensAre(u, name, "client development [*] 2032-01-01T00:00:00.000Z"),
		},
		{ // another way to write the same time is no change, and backend is another word for client
			Config:           config("type = \"client\"\n  expires_at = \"2032-01-01T01:00:00.0001+01:00\""),
			ConfigPlanChecks: plans(theToken, plancheck.ResourceActionNoop),
		},
	}
	// An import reads the server's words for both, and plans nothing for ours.
	steps = append(steps, resource.TestStep{Config: config("type = \"backend\"\n  expires_at = \"2032-01-01T00:00:00Z\"")})
	steps = append(steps, imports(t, theToken, func() []string { return []string{id, name} }, "type", "expires_at")...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_api_token\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, name + " (%s)", map[string]any{
			"name": name, "type": "client", "environment": "development", "expires_at": "2032-01-01T00:00:00.000Z",
		}}},
	})...)
	twin := "  type = \"frontend\"\n  environment = \"production\"\n  projects = [\"default\"]"
	steps = append(steps,
		resource.TestStep{
			Config: config("type = \"backend\"\n  expires_at = \"2032-01-01T00:00:00Z\"") + `
data "flagops_unleash_api_token" "by_id" {
  id = flagops_unleash_api_token.this.id
}
data "flagops_unleash_api_token" "by_name" {
  name = flagops_unleash_api_token.this.name
}
`,
			ConfigStateChecks: slices.Concat(sameAs(theToken, "data.flagops_unleash_api_token.by_id", "name", "secret", "projects", "created_at"),
				sameAs(theToken, "data.flagops_unleash_api_token.by_name", "id", "secret"), []statecheck.StateCheck{kept()}),
		},
		resource.TestStep{ // an expiry cannot be taken away
			Config:           config(`type = "backend"`),
			ConfigPlanChecks: plans(theToken, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(remember(theToken, "secret", &secret), tokensAre(u, name, "client development [*] <nil>")),
		},
		resource.TestStep{ // nor can anything else change
			Config:           config(twin),
			ConfigPlanChecks: plans(theToken, plancheck.ResourceActionReplace),
			Check:            tokensAre(u, name, "frontend production [default] <nil>"),
		},
		resource.TestStep{ // deleted outside: made again
			PreConfig: func() {
				for _, token := range tokensNamed(u, name) {
					u.Delete("/api-tokens/" + url.PathEscape(token.Text("secret")))
				}
			},
			Config:           config(twin),
			ConfigPlanChecks: plans(theToken, plancheck.ResourceActionCreate),
			Check:            resource.ComposeTestCheckFunc(remember(theToken, "id", &id), tokensAre(u, name, "frontend production [default] <nil>")),
		},
		resource.TestStep{ // names are not unique
			Config:      u.Config(tokenConfig("this", name, twin) + tokenConfig("twin", name, twin) + fmt.Sprintf("data \"flagops_unleash_api_token\" \"both\" {\n  name       = %q\n  depends_on = [flagops_unleash_api_token.this, flagops_unleash_api_token.twin]\n}\n", name)),
			ExpectError: has("2 flagops_unleash_api_token have name = ", "name one by its id: "),
		},
		resource.TestStep{
			Config:      u.Config(tokenConfig("this", name, twin) + tokenConfig("lost", name+"-lost", "  type = \"client\"\n  environment = \"no-such\"")),
			ExpectError: has("Cannot create flagops_unleash_api_token", `environment = "no-such"`, "Environment=no-such does not exist"),
		},
		resource.TestStep{
			Config:      u.Config(tokenConfig("this", name, twin) + tokenConfig("lost", name+"-lost", "  type = \"client\"\n  projects = [\"no-such\"]")),
			ExpectError: has("Cannot create flagops_unleash_api_token", `projects = ["no-such"]`, "Project=no-such does not exist"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: tokensAre(u, name)})
}

// What the server refuses or would make something else of is refused in the plan.
func TestAccAPITokenRefused(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	var steps []resource.TestStep
	for settings, want := range map[string]string{
		`type = "admin"`: `type value must be one of`,
		"type = \"client\"\n  environment = \"*\"":                  `environment value must be none of`,
		"type = \"client\"\n  projects = [\"default\", \"*\"]":      `"*" is all projects, and the server drops the others`,
		"type = \"client\"\n  projects = []":                        `projects set must contain at least 1 elements`,
		"type = \"client\"\n  expires_at = \"2031-01-01\"":          `It must be a time as of RFC 3339`,
		"type = \"client\"\n  expires_at = \"2031-01-01 00:00:00\"": `It must be a time as of RFC 3339`,
	} {
		steps = append(steps, resource.TestStep{Config: u.Config(tokenConfig("this", u.Name("token"), settings)), PlanOnly: true, ExpectError: has(want)})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
	if writes := u.Writes(); len(writes) > 0 {
		t.Errorf("plans wrote %q", writes)
	}
}

// Many tokens are read with one request, and a secret is nowhere but in its attribute.
func TestAccAPITokenMany(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", fmt.Sprintf("resource \"flagops_unleash_api_token\" \"this\" {\n  count = 5\n  name  = \"%s-${count.index}\"\n  type  = \"backend\"\n}\n", u.Name("token")))
	out := w.Apply()
	u.Reset()
	out += w.Run("plan", "-detailed-exitcode")
	if got := u.Requests(); !slices.Equal(got, []string{"GET /api-tokens"}) {
		t.Errorf("a plan of five tokens took %q", got)
	}
	out += w.Run("destroy", "-auto-approve")
	for _, request := range u.Writes() {
		if secret, err := url.PathUnescape(strings.TrimPrefix(request, "DELETE /api-tokens/")); err != nil || strings.Contains(out, secret) {
			t.Errorf("%s shows in what the CLI prints: %v", request, err)
		}
	}
	if len(u.Writes()) != 5 {
		t.Errorf("destroying five tokens wrote %q", u.Writes())
	}
}

// The plan says that the server is full.
func TestAccAPITokenLimit(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t, sandbox.Limits(sandbox.Resources{APITokens: 1}))
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", tokenConfig("this", "one-too-many", `type = "client"`))
	if out := strings.Join(strings.Fields(w.Run("plan")), " "); !strings.Contains(out, "As many API tokens as this Unleash takes") || !strings.Contains(out, "at most 1 (UNLEASH_API_TOKENS_LIMIT)") {
		t.Errorf("planned without a warning:\n%s", out)
	}
}

// A server with secure token storage shows a secret when the token is made, and its selector from then on.
func TestAccAPITokenSecure(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	selector, hidden := strings.Repeat("s", 22), strings.Repeat("h", 43)
	secret := "*:development.v2_" + selector + "_" + hidden
	token := map[string]any{"tokenName": "secure", "type": "backend", "environment": "development", "projects": []string{"*"}, "createdAt": "2030-01-01T00:00:00.000Z", "secure": true}
	answer := func(method string, secret string, status int) faults.Fault {
		token["secret"] = secret
		body := any(token)
		if method == "GET" {
			body = map[string]any{"tokens": []any{token}}
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return faults.Fault{Method: method, Path: "/api-tokens", Status: status, Body: string(text), Times: -1}
	}
	u.Sandbox.Inject(answer("POST", secret, 201))
	u.Sandbox.Inject(answer("GET", selector, 200))
	config := u.Config(tokenConfig("this", "secure", `type = "backend"`))
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(selector)))[:16]
	noop := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(theToken, plancheck.ResourceActionNoop)}}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config, ConfigStateChecks: values(theToken, map[string]any{"id": id, "secret": secret})},
		{Config: config, ConfigPlanChecks: noop, ConfigStateChecks: values(theToken, map[string]any{"id": id, "secret": secret})},
		{ // an import cannot know the secret, and does not need it
			ResourceName: theToken, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	}})
	if writes := u.Writes(); !slices.Equal(writes, []string{"POST /api-tokens", "DELETE /api-tokens/" + url.PathEscape(secret)}) {
		t.Errorf("wrote %q", writes)
	}
}
