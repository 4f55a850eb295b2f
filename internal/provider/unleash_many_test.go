package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// Many flags are made, changed, taken over and destroyed at Terraform's default parallelism: every plan in between is
// empty, the requests are what the speed promises say, the server lives, and nothing is left. It is not parallel: a real
// server has just one project. FLAGOPS_FLAGS says how many flags; the sandbox gets by with fewer.
func TestAccUnleashMany(t *testing.T) {
	flags := 20
	if acctest.RealUnleash() {
		flags = 200
	}
	if n, err := strconv.Atoi(os.Getenv("FLAGOPS_FLAGS")); err == nil {
		flags = n
	}
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	name := u.Name("many")
	config := func(rollout int) string { return manyFlags(name, flags, rollout) }
	count := func(what string, most int) {
		t.Helper()
		reads := len(u.Requests()) - len(u.Writes())
		t.Logf("%s %d flags with %d strategies in 2 environments: %d reads, %d writes", what, flags, 4*flags, reads, len(u.Writes()))
		if reads > most {
			t.Errorf("%s: %d reads, at most %d were promised", what, reads, most)
		}
	}
	writes := func(want int) {
		t.Helper()
		if got := len(u.Writes()); got != want {
			t.Errorf("%d writes, want %d", got, want)
		}
	}

	w.Write("many.tf", config(10))
	u.Reset()
	w.Apply()
	count("creating", 5)
	writes(flags * (1 + 2*(2+1))) // the flag; in each environment two strategies and the switch
	u.Reset()
	w.ExpectEmptyPlan()
	count("refreshing", flags+5)
	writes(0)

	w.Write("many.tf", config(20))
	u.Reset()
	w.Apply()
	count("changing", 2*(flags+5)) // the plan and the apply are two processes
	writes(flags * 2)
	w.ExpectEmptyPlan()

	if acctest.Can(acctest.ListResources) {
		takeOver(t, u, name, flags)
	}

	w.Run("destroy", "-auto-approve")
	for _, path := range []string{"/projects/default/features", "/search/features?archived=IS%3Atrue&query=" + name} {
		if _, text := u.Send("GET", path, nil); strings.Contains(string(text), name) {
			t.Errorf("destroy left some of %s: %s", path, text)
		}
	}
	if status, _ := u.Send("GET", "/ui-config", nil); status != 200 {
		t.Errorf("the server is not well: %d", status)
	}
}

// manyFlags is so many flags, each with two strategies in two environments and switched on there.
func manyFlags(name string, flags, rollout int) string {
	return fmt.Sprintf(`
locals {
  flags  = toset([for i in range(%d) : format("%s-%%04d", i)])
  states = { for pair in setproduct(local.flags, ["development", "production"]) : join("/", pair) => { flag = pair[0], environment = pair[1] } }
}
resource "flagops_unleash_feature" "this" {
  for_each        = local.flags
  name            = each.key
  deletion_policy = "delete"
}
resource "flagops_unleash_feature_state" "this" {
  for_each    = local.states
  feature     = flagops_unleash_feature.this[each.value.flag].name
  environment = each.value.environment
  enabled     = true
  strategies = [
    { parameters = { rollout = %d }, title = "some" },
    { constraints = [{ context_name = "userId", operator = "IN", values = ["7"] }], variants = { a = { weight = 10 }, b = {} } },
  ]
}
`, flags, name, rollout)
}

// Requests for each flag with two strategies in two environments: creating it, and finding that there is nothing to do.
func BenchmarkUnleashRequests(b *testing.B) {
	for b.Loop() {
		const flags = 50
		u := acctest.NewUnleash(b)
		w := acctest.NewWorkspace(b, u)
		w.Write("many.tf", manyFlags(u.Name("bench"), flags, 10))
		w.Apply()
		report := func(what string) {
			b.ReportMetric(float64(len(u.Requests())-len(u.Writes())), fmt.Sprintf("reads/%s-%d-flags", what, flags))
			b.ReportMetric(float64(len(u.Writes())), fmt.Sprintf("writes/%s-%d-flags", what, flags))
			u.Reset()
		}
		report("create")
		w.ExpectEmptyPlan()
		report("refresh")
	}
}

// Webhooks that fire all the time are destroyed beside flags that change, with the delay that the provider has by default,
// on a server that ends when one is heard of after that.
func TestAccUnleashIntegrations(t *testing.T) {
	u := acctest.NewUnleash(t)
	if !acctest.RealUnleash() {
		t.Skip("needs a real Unleash, which make test-unleash starts; the sandbox has its own test of this in internal/unleash")
	}
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer sink.Close()
	w := acctest.NewWorkspace(t, withDelay{u})
	name := u.Name("fires")
	config := func(webhooks int, enabled bool) string {
		return fmt.Sprintf(`
resource "flagops_unleash_webhook" "this" {
  count       = %d
  description = "%s-${count.index}"
  url         = %q
  events      = ["feature-created", "feature-updated", "feature-environment-enabled", "feature-environment-disabled"]
}
resource "flagops_unleash_feature" "this" {
  count           = 10
  name            = "%s-${count.index}"
  deletion_policy = "delete"
}
resource "flagops_unleash_feature_state" "this" {
  count       = 10
  feature     = flagops_unleash_feature.this[count.index].name
  environment = "development"
  enabled     = %t
}
`, webhooks, name, sink.URL, name, enabled)
	}
	w.Write("fires.tf", config(10, true))
	w.Apply()
	w.Write("fires.tf", config(10, false)) // the server remembers the webhooks from the first event that they are told of
	w.Apply()
	w.Write("fires.tf", config(0, true))
	start := time.Now()
	w.Apply()
	if took := time.Since(start); took < 75*time.Second || took > 150*time.Second {
		t.Errorf("destroying 10 webhooks took %s: they should all wait 75 s at once", took)
	}
	for i := range 4 {
		w.Write("fires.tf", config(0, i%2 == 1))
		w.Apply()
	}
	w.Run("destroy", "-auto-approve")
	if status, _ := u.Send("GET", "/ui-config", nil); status != http.StatusOK {
		t.Errorf("the server is not well: %d", status)
	}
}

// withDelay configures the provider as people do.
type withDelay struct{ *acctest.Unleash }

func (u withDelay) Config(body string) string { return u.ConfigWith("integration_delay = null", body) }

// takeOver finds what the test made with a query that writes the configuration, in a workspace of its own.
func takeOver(t *testing.T, u *acctest.Unleash, name string, flags int) {
	t.Helper()
	w := acctest.NewWorkspace(t, u)
	query := "list \"flagops_unleash_feature\" \"all\" {\n  provider         = flagops\n  limit            = 10000\n  include_resource = true\n}\n"
	for _, environment := range []string{"development", "production"} {
		query += fmt.Sprintf("list \"flagops_unleash_feature_state\" %q {\n  provider         = flagops\n  limit            = 10000\n  include_resource = true\n  config {\n    environment = %q\n  }\n}\n", environment, environment)
	}
	w.Write("all.tfquery.hcl", query)
	w.Run("query", "-generate-config-out=generated.tf")
	generated := w.Read("generated.tf")
	if found := len(regexp.MustCompile(`(?m)^ *name +="? *"`+name+`-|feature += "`+name+`-`).FindAllString(generated, -1)); found < 3*flags {
		t.Errorf("the query found %d of %d objects", found, 3*flags)
	}
	u.Reset()
	if plan := w.Run("plan", "-input=false"); !regexp.MustCompile(`Plan: \d+ to import, 0 to add, 0 to change, 0 to destroy`).MatchString(plan) {
		t.Errorf("the plan of what the query wrote:\n%s", plan)
	}
	if got := u.Writes(); len(got) > 0 {
		t.Errorf("the plan wrote %q", got)
	}
}
