package unleash_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

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

// stateTest is a server on which flags are made outside Terraform, and looked at in one environment.
type stateTest struct {
	*acctest.Unleash
	t *testing.T
}

const environment = "production"

func newStateTest(t *testing.T, options ...sandbox.Option) *stateTest {
	t.Helper()
	return &stateTest{acctest.NewUnleash(t, options...), t}
}

// flag makes one, which is off everywhere and has no strategies.
func (s *stateTest) flag(name string) string {
	s.t.Helper()
	name = s.Name(name)
	s.Post(features, map[string]any{"name": name})
	s.t.Cleanup(func() { s.remove(name) })
	return name
}

func (s *stateTest) remove(name string) {
	(&featureTest{Unleash: s.Unleash}).clean(name)
}

func (s *stateTest) flags(n int) (names []string) {
	s.t.Helper()
	for i := range n {
		names = append(names, s.flag(fmt.Sprint("f", i)))
	}
	return names
}

func in(flag string) string { return path(flag) + "/environments/" + environment }

// strategy adds one outside Terraform and returns its id.
func (s *stateTest) strategy(flag string, body map[string]any) string {
	s.t.Helper()
	body = maps.Clone(body)
	if body["name"] == nil {
		body["name"] = "flexibleRollout"
	}
	return s.Post(in(flag)+"/strategies", body).Text("id")
}

func (s *stateTest) turn(flag, how string) {
	s.t.Helper()
	s.Post(in(flag)+"/"+how, map[string]any{})
}

// strategies are those that the server has, complete, as clients get them: its answer has those of one sort order in none.
func (s *stateTest) strategies(flag string) (strategies []map[string]any, on bool) {
	s.t.Helper()
	text, _ := json.Marshal(s.Get(path(flag)))
	var f struct {
		Environments []struct {
			Name       string
			Enabled    bool
			Strategies []map[string]any
		}
	}
	if err := json.Unmarshal(text, &f); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range f.Environments {
		if e.Name == environment {
			slices.SortFunc(e.Strategies, func(a, b map[string]any) int {
				return cmp.Or(cmp.Compare(a["sortOrder"].(float64), b["sortOrder"].(float64)), strings.Compare(fmt.Sprint(a["id"]), fmt.Sprint(b["id"])))
			})
			return e.Strategies, e.Enabled
		}
	}
	return nil, false
}

func (s *stateTest) ids(flag string) (ids []string) {
	strategies, _ := s.strategies(flag)
	for _, one := range strategies {
		ids = append(ids, fmt.Sprint(one["id"]))
	}
	return ids
}

// show prints a flag as the server has it, without what the server fills in: on flexibleRollout "title" rollout=25.
func (s *stateTest) show(flag string) string {
	s.t.Helper()
	strategies, on := s.strategies(flag)
	texts := []string{map[bool]string{true: "on", false: "off"}[on]}
	for _, one := range strategies {
		text := fmt.Sprint(one["name"])
		if title, _ := one["title"].(string); title != "" {
			text += fmt.Sprintf(" %q", title)
		}
		if one["disabled"] == true {
			text += " disabled"
		}
		parameters, _ := one["parameters"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			if value := fmt.Sprint(parameters[name]); name+value != "rollout100" && name+value != "stickinessdefault" && value != flag {
				text += " " + name + "=" + value
			}
		}
		for _, list := range []string{"constraints", "segments", "variants"} {
			items, _ := one[list].([]any)
			if len(items) > 0 {
				text += fmt.Sprintf(" %d %s", len(items), list)
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func (s *stateTest) expect(flag, want string) {
	s.t.Helper()
	if got := s.show(flag); got != want {
		s.t.Errorf("%s: the server has\n%s\nnot\n%s", flag, got, want)
	}
}

// expectWrites fails the test unless the provider has sent so many requests that were not GETs since the last Reset, and
// then resets.
func (s *stateTest) expectWrites(want int) {
	s.t.Helper()
	if got := s.Writes(); len(got) != want {
		s.t.Errorf("%d writes instead of %d: %v", len(got), want, got)
	}
	s.Reset()
}

// after is a check of what a step has done: so many writes, and what the server has.
func (s *stateTest) after(flag string, writes int, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := s.Writes(); len(got) != writes {
			return fmt.Errorf("%d writes instead of %d: %v", len(got), writes, got)
		}
		if got := s.show(flag); got != want {
			return fmt.Errorf("the server has %s, not %s", got, want)
		}
		return nil
	}
}

// block is a state of one flag.
func (s *stateTest) block(label, flag, attributes string) string {
	return fmt.Sprintf("resource \"flagops_unleash_feature_state\" %q {\n  environment = %q\n  feature = %q\n%s\n}\n", label, environment, flag, attributes)
}

func (s *stateTest) config(flag, attributes string) string {
	return s.Config(s.block("this", flag, attributes))
}

const theState = "flagops_unleash_feature_state.this"

func TestAccFeatureState(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	flag, other := s.flag("life"), s.flag("other")
	s.strategy(flag, map[string]any{"title": "theirs", "parameters": map[string]any{"rollout": "25", "stickiness": "userId"}})
	taken := `enabled = false
  strategies = [{ title = "theirs", parameters = { rollout = 25 } }]`
	full := `enabled = true
  strategies = [
    { title = "theirs", parameters = { rollout = 12.5, stickiness = "userId", groupId = "` + flag + `" } },
    {
      name        = "remoteAddress"
      parameters  = { IPs = "10.0.0.1" }
      constraints = [{ context_name = "country", operator = "NOT_IN", values = ["US", "CA"] }, { context_name = "age", operator = "NUM_GTE", value = "18", inverted = true }]
      variants    = { one = { payload = { json = jsonencode({ steps = 1 }) }, weight = 12.5 }, classic = { stickiness = "random" } }
    },
    { name = "default", disabled = true },
  ]`
	const shown = `on, flexibleRollout "theirs" rollout=12.5 stickiness=userId, remoteAddress IPs=10.0.0.1 2 constraints 2 variants, default disabled`
	steps := []resource.TestStep{
		{ // what is there already is taken over without a write, its unnamed parameters as they are
			Config:            s.config(flag, taken),
			ConfigStateChecks: values(theState, map[string]any{"on_destroy": "keep", "project": "default", "enabled": false}),
			Check:             s.after(flag, 0, `off, flexibleRollout "theirs" rollout=25 stickiness=userId`),
		},
		{ // one write for each strategy that is new or differs, and one for the switch
			PreConfig: s.Reset, Config: s.config(flag, full),
			ConfigPlanChecks: plans(theState, plancheck.ResourceActionUpdate),
			Check:            s.after(flag, 4, shown),
		},
	}
	steps = append(steps, imports(t, theState, func() []string {
		return []string{"default/" + environment + "/" + flag, fmt.Sprintf("[%q, %q, %q]", "default", environment, flag)}
	})...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true, GenerateConfig: true,
		Config: fmt.Sprintf("list \"flagops_unleash_feature_state\" \"all\" {\n  provider = flagops\n  limit = 10000\n  include_resource = true\n  config {\n    environment = %q\n  }\n}\n", environment),
		QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectLengthAtLeast("flagops_unleash_feature_state.all", 2),
			querycheck.ExpectIdentity("flagops_unleash_feature_state.all", map[string]knownvalue.Check{
				"project": knownvalue.StringExact("default"), "environment": knownvalue.StringExact(environment), "feature": knownvalue.StringExact(other),
			}),
			listed{"feature", &flag, "%s (default/" + environment + "/%s)", map[string]any{"enabled": true}},
		},
	})...)
	steps = append(steps,
		resource.TestStep{ // a data source has everything, the parameters that are the server's among it
			Config: s.config(flag, full) + strings.Replace(s.block("this", flag, ""), "resource", "data", 1),
			ConfigStateChecks: append(sameAs(theState, "data."+theState, "enabled", "project"), statecheck.ExpectKnownValue("data."+theState,
				tfjsonpath.New("strategies").AtSliceIndex(0).AtMapKey("parameters"), knownvalue.MapExact(map[string]knownvalue.Check{
					"rollout": knownvalue.StringExact("12.5"), "stickiness": knownvalue.StringExact("userId"), "groupId": knownvalue.StringExact(flag),
				}))),
		},
		resource.TestStep{ // what is no longer named stays, and that is said
			PreConfig: s.Reset, Config: s.config(flag, strings.Replace(full, `stickiness = "userId", `, "", 1)), Check: s.after(flag, 0, shown),
		},
		resource.TestStep{ // null is the same
			PreConfig: s.Reset, Config: s.config(flag, strings.Replace(full, `stickiness = "userId", `, "stickiness = null, ", 1)), Check: s.after(flag, 0, shown),
		},
		resource.TestStep{ // drift is put back: a strategy that was added, one that was changed, the switch
			PreConfig: func() {
				s.strategy(flag, map[string]any{"title": "drifted", "sortOrder": -1})
				s.Put(in(flag)+"/strategies/"+s.ids(flag)[1], map[string]any{"name": "flexibleRollout", "parameters": map[string]any{"rollout": "99", "stickiness": "userId"}})
				s.turn(flag, "off")
				s.Reset()
			},
			Config: s.config(flag, full),
			Check:  s.after(flag, 3, shown),
		},
		resource.TestStep{ // [] is none, which the server cannot have while the flag is on
			PreConfig: s.Reset, Config: s.config(flag, "enabled = true\n  strategies = []"),
			ExpectError: has("A flag that is on needs an enabled strategy"),
		},
		resource.TestStep{
			Config: s.config(flag, "enabled = false\n  strategies = []\n  on_destroy = \"reset\""),
			Check:  s.after(flag, 4, "off"),
		},
		resource.TestStep{ // another flag: this one is reset in what is managed, and the other is taken over
			PreConfig: s.Reset, Config: s.config(other, `strategies = [{ name = "default" }]`),
			ConfigPlanChecks: plans(theState, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(s.after(flag, 1, "off"), s.after(other, 1, "off, default")),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// facet is one of the two, in two versions, as it starts, and as others change it.
type facet struct {
	name           string
	hcl, shown     [2]string
	start, drifted string
}

var facets = []facet{
	{"enabled", [2]string{"true", "false"}, [2]string{"on", "off"}, "off", "on"},
	{"strategies", [2]string{`[{ parameters = { rollout = 1 } }]`, `[{ title = "b", parameters = { rollout = 2 } }]`},
		[2]string{"flexibleRollout rollout=1", `flexibleRollout "b" rollout=2`}, `flexibleRollout rollout=50`, `default "theirs"`},
}

// Every subset of the facets, each on a flag of its own: what is not managed is neither written nor compared. Strategies in
// Git and the switch in the dashboard is one of them, the other way round is another.
func TestAccFeatureStatePartialOwnership(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	names := s.flags(1 << len(facets))
	for _, name := range names {
		s.strategy(name, map[string]any{"parameters": map[string]any{"rollout": "50"}})
	}
	manages := func(subset, facet int) bool { return subset>>facet&1 == 1 }
	configure := func(version int, given bool, more string) {
		var config strings.Builder
		for subset, name := range names {
			attributes := []string{more}
			for i, f := range facets {
				if given && manages(subset, i) {
					attributes = append(attributes, f.name+" = "+f.hcl[version])
				}
			}
			config.WriteString(s.block(fmt.Sprint("s", subset), name, strings.Join(attributes, "\n  ")))
		}
		w.Write("main.tf", config.String())
		s.Reset()
	}
	// expect looks at the server: managed facets have one value, the others another one.
	expect := func(what string, managed, others func(facet) string) {
		t.Helper()
		for subset, name := range names {
			var want []string
			for i, f := range facets {
				text := others(f)
				if manages(subset, i) {
					text = managed(f)
				}
				if text != "" {
					want = append(want, text)
				}
			}
			if got := s.show(name); got != strings.Join(want, ", ") {
				t.Errorf("%s: of the facets %02b managed, the server has %s, not %s", what, subset, got, strings.Join(want, ", "))
			}
		}
	}
	version := func(n int) func(facet) string { return func(f facet) string { return f.shown[n] } }
	start := func(f facet) string { return f.start }
	drifted := func(f facet) string { return f.drifted }
	facetsManaged := 0
	for subset := range names {
		for i := range facets {
			if manages(subset, i) {
				facetsManaged++
			}
		}
	}

	configure(0, true, "")
	w.Apply()
	expect("create", version(0), start)
	s.expectWrites(facetsManaged)

	for subset, name := range names {
		if !manages(subset, 1) {
			s.Put(in(name)+"/strategies/"+s.ids(name)[0], map[string]any{"name": "default", "title": "theirs"})
		}
		if !manages(subset, 0) {
			s.turn(name, "on")
		}
	}
	w.ExpectEmptyPlan()
	expect("drift", version(0), drifted)

	configure(1, true, "")
	w.Apply()
	expect("update", version(1), drifted)
	s.expectWrites(facetsManaged)

	configure(1, false, "")
	out := w.Apply()
	expect("give up", version(1), drifted)
	s.expectWrites(0)
	for subset := range names {
		var given []string
		for i, f := range facets {
			if manages(subset, i) {
				given = append(given, f.name)
			}
		}
		warning := "flagops_unleash_feature_state: no longer managed: " + strings.Join(given, ", ")
		if subset > 0 && !strings.Contains(strings.Join(strings.Fields(out), " "), warning) {
			t.Errorf("no warning %q in\n%s", warning, out)
		}
	}
	w.ExpectEmptyPlan()

	configure(0, true, "")
	w.Apply()
	expect("take back", version(0), drifted)
	s.expectWrites(facetsManaged)

	// Importing reads everything, and shows as given up just what the configuration leaves out.
	w.Run("state", "rm", "flagops_unleash_feature_state.s0", "flagops_unleash_feature_state.s1", "flagops_unleash_feature_state.s2", "flagops_unleash_feature_state.s3")
	var blocks strings.Builder
	for subset, name := range names {
		fmt.Fprintf(&blocks, "import {\n  to = flagops_unleash_feature_state.s%d\n  id = \"default/%s/%s\"\n}\n", subset, environment, name)
	}
	w.Write("import.tf", blocks.String())
	if out := w.Run("plan", "-out=plan"); strings.Count(out, "no longer managed:") != len(names)-1 {
		t.Errorf("not one warning for each of the %d that leave something out:\n%s", len(names)-1, out)
	}
	for subset, change := range planned(t, w) {
		for i, f := range facets {
			before, after := change.Before[f.name], change.After[f.name]
			if before == nil || manages(subset, i) != (after != nil) {
				t.Errorf("importing with the facets %02b: %s is planned from %v to %v", subset, f.name, before, after)
			}
		}
	}
	w.Run("apply", "plan")
	s.expectWrites(0)
	w.ExpectEmptyPlan()

	w.Write("main.tf", "")
	w.Write("import.tf", "")
	s.Reset()
	w.Apply()
	expect("destroy, keep", version(0), drifted)
	s.expectWrites(0)

	configure(0, true, `on_destroy = "reset"`)
	w.Apply()
	s.expectWrites(0)
	out = w.Run("destroy", "-auto-approve")
	s.expectWrites(facetsManaged)
	for subset, want := range []string{`on, default "theirs"`, `off, default "theirs"`, "off", "off"} { // the last strategy takes the switch with it
		s.expect(names[subset], want)
	}
	if strings.Count(out, "Unleash has switched flags off") != 1 {
		t.Errorf("not one warning about a switch that is not managed:\n%s", out)
	}
}

type plannedChange struct{ Before, After map[string]any }

// planned reads the plan file: the changes of the resources s0, s1, …
func planned(t *testing.T, w *acctest.Workspace) (changes []plannedChange) {
	t.Helper()
	var plan struct {
		Changes []struct {
			Change plannedChange `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(w.Run("show", "-json", "plan")), &plan); err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		changes = append(changes, c.Change)
	}
	return changes
}

// Renaming for_each keys without moved destroys and creates, in any order, what is one and the same state on the server.
func TestAccFeatureStateRename(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	names := s.flags(40)
	list, _ := json.Marshal(names)
	w.Write("main.tf", fmt.Sprintf(`
variable "prefix" {}

resource "flagops_unleash_feature_state" "this" {
  for_each = { for i, name in %s : "${var.prefix}${i}" => { name = name, i = i } }

  environment = %q
  feature     = each.value.name
  enabled     = true
  strategies  = [{ parameters = { rollout = each.value.i } }]
}
`, list, environment))
	w.Setenv("TF_VAR_prefix", "first")
	s.Reset()
	w.Apply()
	s.expectWrites(2 * len(names))
	for i := range 10 {
		w.Setenv("TF_VAR_prefix", fmt.Sprintf("k%d-", i))
		if out, want := w.Apply(), fmt.Sprintf("%d added, 0 changed, %d destroyed", len(names), len(names)); !strings.Contains(out, want) {
			t.Fatalf("not %q:\n%s", want, out)
		}
		w.ExpectEmptyPlan()
		s.expectWrites(0)
	}
	for i, name := range names {
		s.expect(name, fmt.Sprintf("on, flexibleRollout rollout=%d", i))
	}
}

// 50 flags that are on, with strategies of their own as separate resources and no depends_on: whatever comes first, they
// come out with exactly those, and nothing is left to plan. So do some where the switch always comes first.
func TestAccFeatureStateBesideStrategies(t *testing.T) {
	t.Parallel()
	for order, flags := range map[string]int{"": 50, "depends_on = [flagops_unleash_feature_state.this]": 10} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			t.Parallel()
			besideStrategies(t, flags, order)
		})
	}
}

func besideStrategies(t *testing.T, flags int, order string) {
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	name := func(i int) string { return fmt.Sprintf("%s-%d", s.Name("beside"), i) }
	t.Cleanup(func() {
		for i := range flags {
			s.remove(name(i))
		}
	})
	w.Write("main.tf", fmt.Sprintf(`
locals {
  flags = { for i in range(%d) : "%s-${i}" => i }
}

resource "flagops_unleash_feature" "this" {
  for_each        = local.flags
  name            = each.key
  deletion_policy = "delete"
}

resource "flagops_unleash_feature_state" "this" {
  for_each    = flagops_unleash_feature.this
  environment = %[3]q
  feature     = each.value.name
  enabled     = true
}

resource "flagops_unleash_strategy" "one" {
  for_each    = flagops_unleash_feature.this
  environment = %[3]q
  feature     = each.value.name
  title       = "one"
  sort_order  = 1
  parameters  = { rollout = local.flags[each.key] }
  %[4]s
}

resource "flagops_unleash_strategy" "two" {
  for_each    = flagops_unleash_feature.this
  environment = %[3]q
  feature     = each.value.name
  name        = "remoteAddress"
  title       = "two"
  sort_order  = 2
  parameters  = { IPs = "10.0.0.1" }
  %[4]s
}

resource "flagops_unleash_strategy" "three" {
  for_each    = flagops_unleash_feature.this
  environment = %[3]q
  feature     = each.value.name
  title       = "three"
  sort_order  = 3
  disabled    = true
  %[4]s
}
`, flags, s.Name("beside"), environment, order))
	s.Reset()
	w.Apply()
	reads, taken := 0, 0
	for _, r := range s.Requests() {
		switch {
		case strings.HasPrefix(r, "GET "):
			reads++
		case strings.HasPrefix(r, "PUT "):
			taken++
		}
	}
	t.Logf("%d of %d flags were on before their strategies were there: %d reads, %d writes", taken, flags, reads, len(s.Writes()))
	if reads > taken+10 || order != "" && taken != flags {
		t.Errorf("%d reads, %d taken", reads, taken)
	}
	w.ExpectEmptyPlan()
	for i := range flags {
		s.expect(name(i), fmt.Sprintf(`on, flexibleRollout "one" rollout=%d, remoteAddress "two" IPs=10.0.0.1, flexibleRollout "three" disabled`, i))
	}
	s.Reset()
	w.Run("destroy", "-auto-approve")
}

// Reordering is one request, whatever moves; nothing else is written, and ids stay.
func TestAccFeatureStateReorder(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	flag := s.flag("order")
	config := func(titles ...string) string {
		var list []string
		for _, title := range titles {
			list = append(list, fmt.Sprintf("{ title = %q, parameters = { rollout = 10 } }", title))
		}
		return s.config(flag, "enabled = true\n  strategies = ["+strings.Join(list, ", ")+"]")
	}
	var before []string
	order := func(writes []string, ids ...int) resourceCheck {
		return func(*terraform.State) error {
			var want []string
			for _, i := range ids {
				want = append(want, before[i])
			}
			if got := s.ids(flag); !slices.Equal(got, want) {
				return fmt.Errorf("the order is %v, not %v", got, want)
			}
			return wrote(s.Unleash, writes...)(nil)
		}
	}
	sort := "POST " + in(flag) + "/strategies/set-sort-order"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config("a", "b", "c", "d"), Check: func(*terraform.State) error { before = s.ids(flag); s.Reset(); return nil }},
		{Config: config("d", "c", "b", "a"), Check: order([]string{sort}, 3, 2, 1, 0)},
		{
			PreConfig: func() { // gaps and ties, which are an order as well
				s.Post(in(flag)+"/strategies/set-sort-order", []any{
					map[string]any{"id": before[0], "sortOrder": 7}, map[string]any{"id": before[1], "sortOrder": 7},
					map[string]any{"id": before[2], "sortOrder": 90}, map[string]any{"id": before[3], "sortOrder": -5},
				})
				s.Reset()
			},
			Config: config("d", "a", "b", "c"), Check: order(nil, 3, 0, 1, 2),
		},
		{PreConfig: s.Reset, Config: config("d", "b", "a", "c"), Check: order([]string{sort}, 3, 1, 0, 2)},
		{Config: config("d", "b", "a", "c"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}})
}

// What the server would refuse, or cannot hold, is refused in the plan, on the attribute.
func TestAccFeatureStatePlanErrors(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("bad")
	variant := func(variants string) string { return "strategies = [{ variants = " + variants + " }]" }
	errors := map[string]string{ // by attributes
		variant(`{ a = { weight = 60 }, b = { weight = 40.1 }, c = {} }`): "The weights add up to 100.1 per cent",
		variant(`{ a = { weight = 100 } }`):                               "Every variant has a weight",
		variant(`{ a = { weight = 33.33 }, b = {} }`):                     "would not keep 33.33. Round it, say to 33.3",
		variant(`{ a = { weight = 100 / 3 }, b = {} }`):                   "would not keep 33.33333333. Round it, say to 33.3",
		variant(`{ a = { weight = -1 }, b = {} }`):                        "a weight is 0 to 100",
		variant(`{ a = { weight = 100.1 }, b = {} }`):                     "a weight is 0 to 100",
		variant(`{ "a b" = {} }`):                                         "must be made of letters",
		variant(`{ a = { payload = {} } }`):                               "It sets 0 of string, number, json and csv",
		variant(`{ a = { payload = { string = "a", number = 1 } } }`):     "It sets 2 of string, number, json and csv",
		variant(`{ a = { payload = { json = "5" } } }`):                   "It must be a JSON object or array",
		variant(`{ a = { payload = { string = "" } } }`):                  "string length must be at least 1",
		`strategies = [{ parameters = { rollout = 101 } }]`:               `a number from 0 to 100, not "101"`,
		`strategies = [{ parameters = { rollout = "x" } }]`:               `a number from 0 to 100, not "x"`,
		`strategies = [{ parameters = { stickiness = "" } }]`:             "leave it out",
		"enabled = true\n strategies = []":                                "A flag that is on needs an enabled strategy",
		"enabled = true\n strategies = [{ disabled = true }]":             "A flag that is on needs an enabled strategy",
		`strategies = [{}, null]`:                                         "Null",
		variant(`{ a = null }`):                                           "Null",
		`strategies = [{ segments = [null] }]`:                            "Null",
		`strategies = [{ constraints = [null] }]`:                         "Null",
		`strategies = [for i in range(31) : {}]`:                          "There are 31 strategies; this server takes at most 30",
		`strategies = [{ segments = [1, 2, 3, 4, 5, 6] }]`:                "There are 6 segments; this server takes at most 5",
		`strategies = [{}, { constraints = [for i in range(31) : { context_name = "c", operator = "IN", values = ["1"] }] }]`:      "There are 31 constraints; this server takes at most 30",
		`strategies = [{ constraints = [{ context_name = "c", operator = "IN", values = [for i in range(251) : tostring(i)] }] }]`: "There are 251 values; this server takes at most 250",
		`strategies = [{ constraints = [{ context_name = "c", operator = "IN", value = "1" }] }]`:                                  "compares with at least one of values",
		`strategies = [{ constraints = [{ context_name = "c", operator = "NUM_EQ", values = ["1"] }] }]`:                           "compares with one value: give value",
		`strategies = [{ constraints = [{ context_name = "c", operator = "in", values = ["1"] }] }]`:                               "value must be one of",
		`strategies = [{ constraints = [{ context_name = "c", operator = "REGEX", value = "(", inverted = true }] }]`:              "not one that RE2 takes",
		`strategies = [{ constraints = [{ context_name = "c", operator = "SEMVER_GT", value = "v1.2.3" }] }]`:                      "a version of three numbers",
	}
	s.Reset()
	for attributes, want := range errors {
		w.Write("main.tf", s.block("this", flag, "  "+attributes))
		if code, out := w.Try("plan", "-no-color"); code == 0 || !has(want).MatchString(out) {
			t.Errorf("%s: exit %d, no %q in\n%s", attributes, code, want, out)
		}
	}
	// What is not known before the apply is refused there, and nothing is written.
	w.Write("main.tf", "resource \"terraform_data\" \"x\" {\n  input = { disabled = true, stickiness = \"\" }\n}\n"+
		s.block("this", flag, "enabled = true\n  strategies = [{ disabled = terraform_data.x.output.disabled }]"))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("needs a", "strategy").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	w.Write("main.tf", "resource \"terraform_data\" \"x\" {\n  input = { disabled = true, stickiness = \"\" }\n}\n"+
		s.block("this", flag, "strategies = [{ parameters = { stickiness = terraform_data.x.output.stickiness } }]"))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("leave it out").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.expectWrites(0)
	s.expect(flag, "off")
}

// A list and a single strategy in one environment are two owners of the same thing, which the plan says.
func TestAccFeatureStateClaims(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("claimed")
	single := strings.NewReplacer("feature_state", "strategy").Replace(s.block("single", flag, ""))
	w.Write("main.tf", s.block("list", flag, "strategies = []")+single)
	if code, out := w.Try("plan", "-no-color"); code == 0 || !has("Two ways to own the strategies of "+flag+" in production").MatchString(out) ||
		!strings.Contains(out, "flagops_unleash_feature_state") || !strings.Contains(out, "flagops_unleash_strategy") {
		t.Errorf("exit %d\n%s", code, out)
	}
	w.Write("main.tf", s.block("list", flag, "enabled = false")+single)
	w.Run("plan")
	w.Write("main.tf", s.block("list", flag, "strategies = []")+strings.Replace(single, environment, "development", 1))
	w.Run("plan")
}

// A server that fails leaves nothing half-written unnoticed, and no tainted state: the next apply would replace a live flag.
func TestAccFeatureStateServerErrors(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("failing")
	w.Write("main.tf", s.block("this", flag, `enabled = true
  strategies = [{ title = "a" }, { title = "b" }]`))
	fail := func(method, below string, after bool) {
		t.Helper()
		s.Sandbox.Inject(faults.Fault{Method: method, Path: "/projects/{}/features/{}/environments/{}" + below, Status: 500, Body: `{"name":"UnknownError","message":"select 1 - no"}`, After: after})
		if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("500", "select 1 - no").MatchString(out) {
			t.Fatalf("exit %d\n%s", code, out)
		}
		if out := w.Run("plan"); strings.Contains(out, "replace") || strings.Contains(out, "tainted") {
			t.Errorf("a live flag would be replaced:\n%s", out)
		}
	}
	fail("POST", "/strategies", false)
	fail("POST", "/strategies", true) // done, although the answer was lost
	fail("POST", "/on", true)
	s.Reset()
	w.Apply()
	s.expectWrites(0)
	s.expect(flag, `on, flexibleRollout "a", flexibleRollout "b"`)
	w.Write("main.tf", s.block("this", flag, `enabled = true
  strategies = [{ title = "b", parameters = { rollout = 5 } }]`))
	fail("PUT", "/strategies/{}", true)
	fail("DELETE", "/strategies/{}", false)
	w.Apply()
	s.expect(flag, `on, flexibleRollout "b" rollout=5`)
	// A refusal lands on the attribute that it is about.
	w.Write("main.tf", s.block("this", flag, `  enabled = true
  strategies = [
    { title = "b", parameters = { rollout = 5 } },
    { segments = [99] },
  ]`))
	where := []string{"{ segments = [99] },", "No segment exists"}
	if !acctest.Can(acctest.ListResources) { // older ones show the resource
		where = where[1:]
	}
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(where...).MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// What is gone is forgotten with a warning; an environment that the project does not have is an error that says what to do.
func TestAccFeatureStateGone(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("gone")
	w.Write("main.tf", s.block("this", flag, `strategies = [{}]`))
	w.Apply()
	s.remove(flag)
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("is gone").MatchString(out) || !has("no feature named").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.Post(features, map[string]any{"name": flag})
	w.Write("main.tf", strings.Replace(s.block("this", flag, `strategies = [{}]`), environment, "nowhere", 1))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(`environment = "nowhere"`, `does not have the environment "nowhere"`, "flagops_unleash_project_environment").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.Reset()
	w.Write("main.tf", "")
	w.Apply()
	s.expectWrites(0)
}

// Flags as people and old clients have left them are taken over as they are: gaps, ties, disabled strategies, odd weights,
// titles that are "", rollouts that make no sense.
func TestAccFeatureStateTakeover(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ListResources)
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("odd")
	segment := s.Post("/segments", map[string]any{"name": s.Name("seg"), "constraints": []any{}})
	second := s.Post("/segments", map[string]any{"name": s.Name("seg2"), "constraints": []any{}})
	t.Cleanup(func() {
		s.remove(flag)
		for _, o := range []acctest.Object{segment, second} {
			s.Send("DELETE", fmt.Sprintf("/segments/%d", o.ID()), nil)
		}
	})
	v := func(name string, weight int, kind string) map[string]any {
		return map[string]any{"name": name, "weight": weight, "weightType": kind, "stickiness": "userId"}
	}
	s.strategy(flag, map[string]any{"title": "", "sortOrder": 5, "parameters": map[string]any{"rollout": "abc", "extra": "1"}})
	s.strategy(flag, map[string]any{"title": "  spaces  ", "sortOrder": 5, "disabled": true, "parameters": map[string]any{"rollout": "101", "groupId": "  "}})
	s.strategy(flag, map[string]any{"name": "default", "sortOrder": -70, "variants": []any{v("z", 0, "variable"), v("y", 0, "variable"), v("x", 0, "variable")}})
	s.strategy(flag, map[string]any{"sortOrder": 1000, "segments": []int64{second.ID(), segment.ID()}, "variants": []any{v("b", 1000, "fix"), v("a", 0, "variable")},
		"constraints": []any{
			map[string]any{"contextName": "c", "operator": "IN", "values": []string{"b", "a", "b", " "}, "inverted": true},
			map[string]any{"contextName": "n", "operator": "NUM_LT", "value": " 5.50 ", "values": []string{"left over"}},
			map[string]any{"contextName": "d", "operator": "DATE_AFTER", "value": "2022-01-29"},
		}})
	s.turn(flag, "on")
	before, _ := s.strategies(flag)
	w.Write("main.tf", "")
	w.Write("all.tfquery.hcl", fmt.Sprintf("list \"flagops_unleash_feature_state\" \"all\" {\n  provider = flagops\n  limit = 10000\n  config {\n    environment = %q\n  }\n}\n", environment))
	out := w.Run("query", "-generate-config-out=all.tf")
	if !strings.Contains(out, flag) {
		t.Fatalf("not listed:\n%s", out)
	}
	generated := w.Read("all.tf")
	blocks := regexp.MustCompile(`(?ms)^resource "flagops_unleash_feature_state" "(\w+)" \{.*?^\}\n`)
	kept := ""
	for _, block := range blocks.FindAllStringSubmatch(generated, -1) {
		if strings.Contains(block[0], `"`+flag+`"`) {
			kept = block[0] + fmt.Sprintf("import {\n  to = flagops_unleash_feature_state.%s\n  id = \"default/%s/%s\"\n}\n", block[1], environment, flag)
		}
	}
	w.Write("all.tf", kept) // the others are other tests'
	s.Reset()
	if out := w.Apply(); !strings.Contains(out, "1 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("not taken over as it is:\n%s\n%s", out, kept)
	}
	w.ExpectEmptyPlan()
	s.expectWrites(0)
	if after, _ := s.strategies(flag); !deepEqual(before, after) {
		t.Errorf("it was\n%v\nand is\n%v", before, after)
	}
}

func deepEqual(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
