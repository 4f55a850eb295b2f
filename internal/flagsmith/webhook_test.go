package flagsmith_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// hooks is where webhooks of one kind are: an environment's, or the organisation's.
type hooks struct {
	f        *acctest.Flagsmith
	resource string   // its type
	parents  string   // in HCL
	list     string   // on the server
	ids      []string // what an import id can begin with
	url      string   // this test's own
}

func (h hooks) config(body string) string { return h.f.Config(h.block("this", h.parents+body)) }

func (h hooks) block(label, body string) string {
	return fmt.Sprintf("resource %q %q {\n%s\n}\n", h.resource, label, body)
}

func (h hooks) to(path string) string { return fmt.Sprintf("  url = %q\n", h.url+path) }

// has compares the webhooks of this test on the server, by path behind its URL.
func (h hooks) has(want ...string) resourceCheck {
	return func(*terraform.State) error {
		var got []string
		for _, hook := range h.f.List(h.list) {
			if path, ok := strings.CutPrefix(hook.Text("url"), h.url); ok {
				got = append(got, fmt.Sprintf("%s %v %q", path, hook["enabled"], hook.Text("secret")))
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("the server has the webhooks %q, want %q", got, want)
		}
		return nil
	}
}

func (h hooks) path(id string) string { return h.list + id + "/" }

func (h hooks) test(t *testing.T) {
	t.Helper()
	this := h.resource + ".this"
	same := statecheck.CompareValue(compare.ValuesSame())
	var id, twin string
	kept := func() statecheck.StateCheck { return same.AddStateValue(this, tfjsonpath.New("id")) }
	patched := func(s *terraform.State) error { return wrote(h.f, "PATCH "+h.path(id))(s) }
	steps := []resource.TestStep{
		{
			PreConfig: h.f.Reset,
			Config:    h.config(h.to("/a")),
			Check:     resource.ComposeTestCheckFunc(remember(this, "id", &id), h.has(`/a true ""`), wrote(h.f, "POST "+h.list)),
			ConfigStateChecks: append(values(this, map[string]any{
				"url": h.url + "/a", "enabled": true, "secret": "", "secret_wo": nil, "secret_wo_version": nil,
			}), kept()),
		},
		{
			PreConfig:         h.f.Reset,
			Config:            h.config(h.to("/b") + "enabled = false\n secret = \"s3cret\""),
			ConfigPlanChecks:  plans(this, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{kept()},
			Check:             resource.ComposeTestCheckFunc(h.has(`/b false "s3cret"`), patched),
		},
		{ // a secret that is left out is kept, the one that others set too
			PreConfig:         func() { h.f.Patch(h.path(id), map[string]any{"secret": "theirs"}); h.f.Reset() },
			Config:            h.config(h.to("/a")),
			Check:             resource.ComposeTestCheckFunc(h.has(`/a true "theirs"`), patched),
			ConfigStateChecks: append(values(this, map[string]any{"secret": "theirs"}), kept()),
		},
		{ // drift, of the secret that is configured too; "" clears it
			PreConfig:        func() { h.f.Patch(h.path(id), map[string]any{"enabled": false, "url": h.url + "/theirs"}) },
			Config:           h.config(h.to("/a") + "secret = \"\""),
			ConfigPlanChecks: plans(this, plancheck.ResourceActionUpdate),
			Check:            h.has(`/a true ""`),
		},
		{Config: h.config(h.to("/a") + "secret = \"ours\""), Check: h.has(`/a true "ours"`)},
	}
	steps = append(steps, imports(t, this, func() (ids []string) {
		for _, parents := range h.ids {
			ids = append(ids, parents+"/"+id)
		}
		return append(ids, h.ids[0]+"/"+h.url+"/a")
	})...)
	steps = append(steps, resource.TestStep{
		Config: h.config(h.to("/a")) +
			fmt.Sprintf("data %q \"by_id\" {\n%s  id = %s.id\n}\n", h.resource, h.parents, this) +
			fmt.Sprintf("data %q \"by_url\" {\n%s  url = %s.url\n}\n", h.resource, h.parents, this),
		ConfigStateChecks: slices.Concat(sameAs(this, "data."+h.resource+".by_id", "url", "enabled", "secret"), sameAs(this, "data."+h.resource+".by_url", "id", "secret")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: fmt.Sprintf("list %q \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n  config {\n%s  }\n}\n", h.resource, h.parents),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&id, h.url + "/a (" + h.ids[0] + "/%s)", map[string]any{
			"url": h.url + "/a", "enabled": true, "secret": "ours", "secret_wo": nil,
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{ // what the server refuses is said of the URL
			Config:      h.config("  url = \"http://127.0.0.1/hook\"\n"),
			ExpectError: has("Cannot update "+h.resource, `url = "http://127.0.0.1/hook"`, "URLs must not target internal or private network addresses."),
		},
		resource.TestStep{
			PreConfig:        func() { h.f.Delete(h.path(id)) },
			Config:           h.config(h.to("/a")),
			ConfigPlanChecks: plans(this, plancheck.ResourceActionCreate),
			Check:            resource.ComposeTestCheckFunc(remember(this, "id", &id), h.has(`/a true ""`)),
		},
		resource.TestStep{
			PreConfig:   func() { twin = fmt.Sprint(h.f.Post(h.list, map[string]any{"url": h.url + "/a"}).ID()) },
			Config:      h.config(h.to("/a")) + fmt.Sprintf("data %q \"twin\" {\n%s%s}\n", h.resource, h.parents, h.to("/a")),
			ExpectError: regexp.MustCompile(`(?s)2[\s│]+` + h.resource + `[\s│]+have.*name[\s│]+one[\s│]+by[\s│]+its[\s│]+id`),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: func(s *terraform.State) error {
		err := h.has(`/a true ""`)(s) // the twin alone
		h.f.Delete(h.path(twin))
		return err
	}})
}

// writeOnly shows the secret that is kept out of the state: written with its version alone, gone over to and come back from.
func (h hooks) writeOnly(t *testing.T) {
	t.Helper()
	this := h.resource + ".this"
	secret := func(value string, version int) string {
		return h.to("/wo") + fmt.Sprintf("  secret_wo = %q\n  secret_wo_version = %d\n", value, version)
	}
	var id string
	nowhere := values(this, map[string]any{"secret": nil, "secret_wo": nil})
	empty := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: h.config(secret("x", 1) + "  secret = \"y\"\n"), ExpectError: has("Invalid Attribute Combination")},
		{Config: h.config(secret("trailing\n", 1)), ExpectError: has("begins or ends with white space")},
		{Config: h.config(secret("one", 1)), Check: resource.ComposeTestCheckFunc(h.has(`/wo true "one"`), remember(this, "id", &id)), ConfigStateChecks: nowhere},
		{Config: h.config(secret("two", 1)), Check: h.has(`/wo true "one"`), ConfigPlanChecks: empty},
		{Config: h.config(secret("two", 1) + "  enabled = false\n"), Check: h.has(`/wo false "one"`), ConfigStateChecks: nowhere},
		{Config: h.config(secret("two", 2)), Check: h.has(`/wo true "two"`), ConfigStateChecks: nowhere},
		{ // given up: kept, and back in the state
			Config: h.config(h.to("/wo")), Check: h.has(`/wo true "two"`), ConfigStateChecks: values(this, map[string]any{"secret": "two"}),
		},
		{Config: h.config(secret("three", 1)), Check: h.has(`/wo true "three"`), ConfigStateChecks: nowhere},
		{Config: h.config(secret("", 2)), Check: h.has(`/wo true ""`), ConfigStateChecks: nowhere},
	}})
}

// A URL that cannot be one is refused in the plan.
func (h hooks) refused(t *testing.T) {
	t.Helper()
	var steps []resource.TestStep
	for url, want := range map[string]string{
		"ftp://example.com/x": "Flagsmith calls http and https URLs alone", "hooks.example.com": "Flagsmith calls http and https URLs alone",
		"https://": "Flagsmith calls http and https URLs alone", "": "It is blank", "https://example.com/ ": "begins or ends with white space",
		"https://example.com/" + strings.Repeat("x", 181): "It has 201 characters; Flagsmith takes at most 200.",
	} {
		steps = append(steps, resource.TestStep{Config: h.config(fmt.Sprintf("  url = %q\n", url)), PlanOnly: true, ExpectError: has(want)})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}
