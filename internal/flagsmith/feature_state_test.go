package flagsmith_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
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
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// stateTest is a server with a project, an environment and features, all made outside Terraform.
type stateTest struct {
	*acctest.Flagsmith
	t           *testing.T
	project     int64
	environment int64
	key         string
}

func newStateTest(t *testing.T, options ...sandbox.Option) *stateTest {
	t.Helper()
	f := acctest.NewFlagsmith(t, options...)
	s := &stateTest{Flagsmith: f, t: t, project: f.Project()}
	s.environment, s.key = s.Environment(s.project, f.Name("e"))
	t.Cleanup(func() { f.Send("DELETE", "/environments/"+s.key+"/", nil) })
	return s
}

// feature makes one that starts off, with the string "start", and with options a and b at 30 and 0 per cent.
func (s *stateTest) feature(name string) int64 {
	s.t.Helper()
	id := s.Post(fmt.Sprintf("/projects/%d/features/", s.project), map[string]any{
		"name": s.Name(name), "initial_value": "start", "multivariate_options": []map[string]any{
			{"type": "unicode", "string_value": "a", "default_percentage_allocation": 30},
			{"type": "unicode", "string_value": "b", "default_percentage_allocation": 0},
		},
	}).ID()
	s.t.Cleanup(func() { s.Send("DELETE", s.featurePath(id), nil) })
	return id
}

func (s *stateTest) features(n int) (ids []int64) {
	s.t.Helper()
	for i := range n {
		ids = append(ids, s.feature(fmt.Sprint("f", i)))
	}
	return ids
}

func (s *stateTest) featurePath(id int64) string {
	return fmt.Sprintf("/projects/%d/features/%d/", s.project, id)
}

// state is what the server has, with its weights in the order of the options.
func (s *stateTest) state(feature int64) (state acctest.Object, weights []map[string]any) {
	s.t.Helper()
	states := s.List(fmt.Sprintf("/environments/%s/featurestates/?feature=%d", s.key, feature))
	if len(states) != 1 {
		s.t.Fatalf("feature %d has %d states", feature, len(states))
	}
	text, _ := json.Marshal(states[0]["multivariate_feature_state_values"])
	_ = json.Unmarshal(text, &weights)
	slices.SortFunc(weights, func(a, b map[string]any) int {
		return int(acctest.Object{"id": a["multivariate_feature_option"]}.ID() - acctest.Object{"id": b["multivariate_feature_option"]}.ID())
	})
	return states[0], weights
}

// show prints a state as the server has it: true "blue" [30 0].
func (s *stateTest) show(feature int64) string {
	s.t.Helper()
	state, rows := s.state(feature)
	value, _ := json.Marshal(state["feature_state_value"])
	weights := []any{}
	for _, row := range rows {
		weights = append(weights, row["percentage_allocation"])
	}
	return fmt.Sprintf("%v %s %v", state["enabled"], value, weights)
}

func (s *stateTest) expect(feature int64, want string) {
	s.t.Helper()
	if got := s.show(feature); got != want {
		s.t.Errorf("feature %d: the server has %s, not %s", feature, got, want)
	}
}

// put changes a state outside Terraform. weights, if not nil, are those of the rows that there are.
func (s *stateTest) put(feature int64, change map[string]any, weights ...float64) {
	s.t.Helper()
	state, rows := s.state(feature)
	for i, weight := range weights {
		rows[i]["percentage_allocation"] = weight
	}
	change = maps.Clone(change)
	if weights != nil {
		change["multivariate_feature_state_values"] = rows
	}
	s.Put(fmt.Sprintf("/environments/%s/featurestates/%d/", s.key, state.ID()), change)
}

// block is a resource for one feature.
func (s *stateTest) block(label string, feature int64, attributes string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_feature_state\" %q {\n  project_id = %d\n  environment_id = %d\n  feature_id = %d\n%s\n}\n",
		label, s.project, s.environment, feature, attributes)
}

func (s *stateTest) config(feature int64, attributes string) string {
	return s.Config(s.block("this", feature, attributes))
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
func (s *stateTest) after(feature int64, writes int, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := s.Writes(); len(got) != writes {
			return fmt.Errorf("%d writes instead of %d: %v", len(got), writes, got)
		}
		if got := s.show(feature); got != want {
			return fmt.Errorf("the server has %s, not %s", got, want)
		}
		return nil
	}
}

func decimal(text string) knownvalue.Check {
	f, _, _ := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	return knownvalue.NumberExact(f)
}

func attributeIs(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(theState, tfjsonpath.New(name), check)
}

// valueIs checks a typed value: of all its attributes, just this one is set.
func valueIs(name string, check knownvalue.Check) statecheck.StateCheck {
	attributes := map[string]knownvalue.Check{"string": knownvalue.Null(), "integer": knownvalue.Null(), "boolean": knownvalue.Null()}
	if check != nil {
		attributes[name] = check
	}
	return attributeIs("value", knownvalue.ObjectExact(attributes))
}

const theState = "flagops_flagsmith_feature_state.this"

func TestAccFeatureState(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	id, other := s.feature("life"), s.feature("other")
	full := "enabled = true\n value = { string = \"5\" }\n multivariate_weights = { a = 16.1, b = 48.2 }"
	weights := knownvalue.MapExact(map[string]knownvalue.Check{"a": decimal("16.1"), "b": decimal("48.2")})
	empty := resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	imported := func(id string) resource.TestStep {
		return resource.TestStep{
			ResourceName: theState, ImportState: true, ImportStateId: id, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "feature_id",
		}
	}
	steps := []resource.TestStep{
		{ // what is there already is taken over without a write
			Config:            s.config(id, "enabled = false\n value = { string = \"start\" }\n multivariate_weights = { a = 30 }"),
			ConfigStateChecks: []statecheck.StateCheck{attributeIs("on_destroy", knownvalue.StringExact("keep")), valueIs("string", knownvalue.StringExact("start"))},
			Check:             s.after(id, 0, `false "start" [30 0]`),
		},
		{ // everything changes in one PUT
			PreConfig: s.Reset, Config: s.config(id, full),
			ConfigPlanChecks:  plans(theState, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{attributeIs("enabled", knownvalue.Bool(true)), valueIs("string", knownvalue.StringExact("5")), attributeIs("multivariate_weights", weights)},
			Check:             s.after(id, 1, `true "5" [16.1 48.2]`),
		},
		imported(fmt.Sprintf("%d/%d/%d", s.project, s.environment, id)),
		imported(fmt.Sprintf("%d/%s/%s", s.project, s.Name("e"), s.Name("life"))),
		imported(fmt.Sprintf("[%d, %q, %d]", s.project, s.Name("e"), id)),
	}
	steps = append(steps, acctest.Steps(t, acctest.Identity,
		resource.TestStep{ResourceName: theState, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, ImportPlanChecks: empty})...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true, GenerateConfig: true,
		Config: fmt.Sprintf("list \"flagops_flagsmith_feature_state\" \"all\" {\n  provider = flagops\n  include_resource = true\n  config {\n"+
			"    project_id = %d\n    environment_id = %d\n  }\n}\n", s.project, s.environment),
		QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectLengthAtLeast("flagops_flagsmith_feature_state.all", 2),
			querycheck.ExpectIdentity("flagops_flagsmith_feature_state.all", map[string]knownvalue.Check{
				"project_id": knownvalue.Int64Exact(s.project), "environment_id": knownvalue.Int64Exact(s.environment), "feature_id": knownvalue.Int64Exact(other),
			}),
		},
	})...)
	steps = append(steps,
		resource.TestStep{ // a data source has everything
			Config: s.config(id, full) + strings.Replace(s.block("this", id, ""), "resource", "data", 1),
			ConfigStateChecks: append(sameAs(theState, "data."+theState, "enabled", "value"),
				statecheck.ExpectKnownValue("data."+theState, tfjsonpath.New("multivariate_weights"), weights)),
		},
		resource.TestStep{ // drift is put back in one PUT
			PreConfig: func() { s.put(id, map[string]any{"enabled": false}, 1, 2); s.Reset() },
			Config:    s.config(id, full),
			Check:     s.after(id, 1, `true "5" [16.1 48.2]`),
		},
		resource.TestStep{ // an option that is left out gets nothing: its row goes
			PreConfig: s.Reset, Config: s.config(id, "value = { string = \"5\" }\n multivariate_weights = { a = 1 }"),
			Check: s.after(id, 1, `true "5" [1]`),
		},
		resource.TestStep{ // an option without a row and one with a row of 0 are the same
			PreConfig: s.Reset, Config: s.config(id, "value = { string = \"5\" }\n multivariate_weights = { a = 1, b = 0 }"),
			ConfigStateChecks: []statecheck.StateCheck{attributeIs("multivariate_weights", knownvalue.MapExact(map[string]knownvalue.Check{"a": decimal("1"), "b": decimal("0")}))},
			Check:             s.after(id, 0, `true "5" [1]`),
		},
		resource.TestStep{ // {} is the server's null, and no weights at all
			PreConfig: s.Reset, Config: s.config(id, "value = {}\n multivariate_weights = {}\n on_destroy = \"reset\""),
			ConfigStateChecks: []statecheck.StateCheck{valueIs("", nil), attributeIs("multivariate_weights", knownvalue.MapSizeExact(0)), attributeIs("enabled", knownvalue.Null())},
			Check:             s.after(id, 1, `true null []`),
		},
		resource.TestStep{ // another feature: this one is reset, in what is managed, and the other is taken over
			PreConfig: s.Reset, Config: s.config(other, "enabled = true"),
			ConfigPlanChecks: plans(theState, plancheck.ResourceActionReplace),
			Check:            resource.ComposeTestCheckFunc(s.after(id, 2, `true "start" [30 0]`), s.after(other, 2, `true "start" [30 0]`)),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// facet is one of the three, in two versions, as it starts, and as others change it.
type facet struct {
	name           string
	hcl, shown     [2]string
	start, drifted string
}

var facets = []facet{
	{"enabled", [2]string{"true", "false"}, [2]string{"true", "false"}, "false", "true"},
	{"value", [2]string{`{ string = "one" }`, "{ integer = 2 }"}, [2]string{`"one"`, "2"}, `"start"`, "true"},
	{"multivariate_weights", [2]string{"{ a = 10, b = 20 }", "{ a = 33.3, b = 33.3 }"}, [2]string{"[10 20]", "[33.3 33.3]"}, "[30 0]", "[5 6]"},
}

// Every subset of the facets, each on a feature of its own: what is not managed is neither written nor compared.
func TestAccFeatureStatePartialOwnership(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	ids := s.features(1 << len(facets))
	manages := func(subset, facet int) bool { return subset>>facet&1 == 1 }
	configure := func(version int, given bool, more string) {
		var config strings.Builder
		for subset, id := range ids {
			attributes := []string{more}
			for i, f := range facets {
				if given && manages(subset, i) {
					attributes = append(attributes, f.name+" = "+f.hcl[version])
				}
			}
			config.WriteString(s.block(fmt.Sprint("s", subset), id, strings.Join(attributes, "\n  ")))
		}
		w.Write("main.tf", config.String())
		s.Reset()
	}
	// expect looks at the server: managed facets have one value, the others another one.
	expect := func(what string, managed, others func(facet) string) {
		t.Helper()
		for subset, id := range ids {
			var want []string
			for i, f := range facets {
				if manages(subset, i) {
					want = append(want, managed(f))
				} else {
					want = append(want, others(f))
				}
			}
			if got := s.show(id); got != strings.Join(want, " ") {
				t.Errorf("%s: of the facets %03b managed, the server has %s, not %s", what, subset, got, strings.Join(want, " "))
			}
		}
	}
	version := func(n int) func(facet) string { return func(f facet) string { return f.shown[n] } }
	start := func(f facet) string { return f.start }
	drifted := func(f facet) string { return f.drifted }
	drift := func() {
		t.Helper()
		for subset, id := range ids {
			change, weights := map[string]any{}, []float64(nil)
			if !manages(subset, 0) {
				change["enabled"] = true
			}
			if !manages(subset, 1) {
				change["feature_state_value"] = true
			}
			if !manages(subset, 2) {
				weights = []float64{5, 6}
			}
			s.put(id, change, weights...)
		}
	}
	some := len(ids) - 1 // all but the empty subset

	configure(0, true, "")
	w.Apply()
	expect("create", version(0), start)
	s.expectWrites(some)

	drift()
	w.ExpectEmptyPlan()
	expect("drift", version(0), drifted)

	configure(1, true, "")
	w.Apply()
	expect("update", version(1), drifted)
	s.expectWrites(some)

	configure(1, false, "")
	out := w.Apply()
	expect("give up", version(1), drifted)
	s.expectWrites(0)
	for subset := range ids {
		var names []string
		for i, f := range facets {
			if manages(subset, i) {
				names = append(names, f.name)
			}
		}
		warning := "flagops_flagsmith_feature_state: no longer managed: " + strings.Join(names, ", ")
		if subset > 0 && !strings.Contains(strings.Join(strings.Fields(out), " "), warning) {
			t.Errorf("no warning %q in\n%s", warning, out)
		}
	}
	w.ExpectEmptyPlan()

	configure(0, true, "")
	w.Apply()
	expect("take back", version(0), drifted)
	s.expectWrites(some)

	// Importing reads everything, and shows as given up just what the configuration leaves out.
	w.Run("state", "rm", "flagops_flagsmith_feature_state.s0", "flagops_flagsmith_feature_state.s1", "flagops_flagsmith_feature_state.s2",
		"flagops_flagsmith_feature_state.s3", "flagops_flagsmith_feature_state.s4", "flagops_flagsmith_feature_state.s5",
		"flagops_flagsmith_feature_state.s6", "flagops_flagsmith_feature_state.s7")
	var imports strings.Builder
	for subset, id := range ids {
		fmt.Fprintf(&imports, "import {\n  to = flagops_flagsmith_feature_state.s%d\n  id = \"%d/%d/%d\"\n}\n", subset, s.project, s.environment, id)
	}
	w.Write("import.tf", imports.String())
	if out := w.Run("plan", "-out=plan"); strings.Count(out, "no longer managed:") != some {
		t.Errorf("not one warning for each of the %d that leave something out:\n%s", some, out)
	}
	for subset, change := range planned(t, w) {
		for i, f := range facets {
			before, after := change.Before[f.name], change.After[f.name]
			if before == nil || manages(subset, i) != (after != nil) {
				t.Errorf("importing with the facets %03b: %s is planned from %v to %v", subset, f.name, before, after)
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
	w.Run("destroy", "-auto-approve")
	expect("destroy, reset", start, drifted)
	s.expectWrites(some)
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
	w := acctest.NewWorkspace(t, s.Flagsmith)
	states, times := 40, 10
	if acctest.Real() {
		states, times = 5, 3
	}
	ids := s.features(states)
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ", "), "[]")
	w.Write("main.tf", fmt.Sprintf(`
variable "prefix" {}

resource "flagops_flagsmith_feature_state" "this" {
  for_each = { for id in [%s] : "${var.prefix}${id}" => id }

  project_id     = %d
  environment_id = %d
  feature_id     = each.value
  enabled        = true
  value          = { integer = each.value }
}
`, list, s.project, s.environment))
	w.Setenv("TF_VAR_prefix", "first")
	w.Apply()
	s.expectWrites(states)
	for i := range times {
		w.Setenv("TF_VAR_prefix", fmt.Sprintf("k%d-", i))
		if out, want := w.Apply(), fmt.Sprintf("%d added, 0 changed, %d destroyed", states, states); !strings.Contains(out, want) {
			t.Fatalf("not %q:\n%s", want, out)
		}
		w.ExpectEmptyPlan()
		s.expectWrites(0)
	}
	for _, id := range ids {
		s.expect(id, fmt.Sprintf(`true %d [30 0]`, id))
	}
}

// What an apply costs that makes features, environments and all their states.
func TestAccFeatureStateBudget(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	f.ManyProjects()
	w := acctest.NewWorkspace(t, f)
	features, environments := 10, 3
	if acctest.Real() {
		features = 3
	}
	w.Write("main.tf", fmt.Sprintf(`
locals {
  features     = { for i in range(%d) : "f${i}" => i }
  environments = { for i in range(%d) : "e${i}" => i }
}

resource "flagops_flagsmith_project" "this" {
  name = %q
}

resource "flagops_flagsmith_environment" "this" {
  for_each   = local.environments
  project_id = flagops_flagsmith_project.this.id
  name       = each.key
}

resource "flagops_flagsmith_feature" "this" {
  for_each             = local.features
  project_id           = flagops_flagsmith_project.this.id
  name                 = each.key
  multivariate_options = { a = { value = { string = "a" } }, b = { value = { string = "b" } } }
}

resource "flagops_flagsmith_feature_state" "this" {
  for_each = merge([for e in keys(local.environments) : { for f in keys(local.features) : "${e}/${f}" => { e = e, f = f } }]...)

  project_id           = flagops_flagsmith_project.this.id
  environment_id       = flagops_flagsmith_environment.this[each.value.e].id
  feature_id           = flagops_flagsmith_feature.this[each.value.f].id
  enabled              = true
  value                = { string = each.key }
  multivariate_weights = { a = 12.5, b = 50 }
}
`, features, environments, f.Name("budget")))
	f.Reset()
	w.Apply()
	if got, most := len(f.Requests()), features+2*features*environments+10; got > most {
		t.Errorf("%d requests, more than %d:\n%s", got, most, strings.Join(f.Requests(), "\n"))
	}
	f.Reset()
	w.ExpectEmptyPlan()
	if got, most := len(f.Requests()), 1+environments+1+features+features*environments; got > most {
		t.Errorf("an empty plan takes %d requests, more than %d:\n%s", got, most, strings.Join(f.Requests(), "\n"))
	}
	w.Run("destroy", "-auto-approve")
}

// Weights that are hard on floats, and values whose type changes: what an older type has left on the server is not seen.
func TestAccFeatureStateValuesAndWeights(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	third := s.Post(fmt.Sprintf("/projects/%d/features/", s.project), map[string]any{"name": s.Name("third"), "multivariate_options": []map[string]any{
		{"type": "unicode", "string_value": "a", "default_percentage_allocation": 0},
		{"type": "int", "integer_value": 7, "default_percentage_allocation": 0},
		{"type": "bool", "boolean_value": true, "default_percentage_allocation": 0},
	}}).ID()
	t.Cleanup(func() { s.Send("DELETE", s.featurePath(third), nil) })
	ids := s.features(6)
	// Each feature gets these, one after the other, starting at its own number.
	kinds := []struct{ hcl, json string }{
		{`{ string = "5" }`, `"5"`},
		{`{ integer = -2147483648 }`, `-2147483648`},
		{`{ string = "true" }`, `"true"`},
		{`{ boolean = false }`, `false`},
		{`{}`, `null`},
		{`provider::flagops::flagsmith_value("")`, `""`},
	}
	for round, weights := range []struct{ hcl, shown string }{
		{"{ a = 16.1, \"7\" = 48.2, true = 35.7 }", "[16.1 48.2 35.7]"}, // 100, unless floats add them up in this order
		{"{ a = floor(10000 * 100 / 3) / 10000, \"7\" = 33.3333, true = 33.3334 }", "[33.3333 33.3333 33.3334]"},
		{"{ a = 100, \"7\" = 0, true = 0 }", "[100 0 0]"},
		{"{ a = 0.1, \"7\" = 99.9, true = 0 }", "[0.1 99.9 0]"},
	} {
		config := s.block("third", third, "multivariate_weights = "+weights.hcl)
		for i, id := range ids {
			config += s.block(fmt.Sprint("s", i), id, "value = "+kinds[(i+round)%len(kinds)].hcl)
		}
		w.Write("main.tf", config)
		s.Reset()
		w.Apply()
		s.expectWrites(len(ids) + 1)
		w.ExpectEmptyPlan()
		s.expect(third, "false null "+weights.shown)
		for i, id := range ids {
			s.expect(id, fmt.Sprintf("false %s [30 0]", kinds[(i+round)%len(kinds)].json))
		}
	}
	// A fraction, which only others can set, is a string on the server and here.
	s.put(ids[0], map[string]any{"feature_state_value": 1.5})
	w.Write("main.tf", s.block("s0", ids[0], `value = { string = "1.5" }`))
	s.Reset()
	w.Apply()
	s.expectWrites(0)
}

// A feature gets an option, and a state weights for it, in one apply. An option that the states do not name is no drift.
func TestAccFeatureStateNewOption(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	apply := func(options, weights string) {
		t.Helper()
		w.Write("main.tf", fmt.Sprintf("resource \"flagops_flagsmith_feature\" \"this\" {\n  project_id = %d\n  name = %q\n  multivariate_options = { %s }\n}\n"+
			"output \"id\" { value = flagops_flagsmith_feature.this.id }\noutput \"a\" { value = flagops_flagsmith_feature.this.multivariate_options[\"a\"].id }\n",
			s.project, s.Name("grows"), options)+
			strings.Replace(s.block("this", 0, "multivariate_weights = { "+weights+" }"), "feature_id = 0", "feature_id = flagops_flagsmith_feature.this.id", 1))
		s.Reset()
		w.Apply()
		w.ExpectEmptyPlan()
	}
	output := func(name string) (number int64) {
		_, _ = fmt.Sscan(w.Run("output", "-raw", name), &number)
		return number
	}
	const a, b, c = "a = { value = { string = \"a\" } }", ", b = { value = { integer = 7 } }", ", c = { value = { boolean = true } }"
	apply(a, "a = 5")
	id := output("id")
	s.expect(id, "false null [5]")
	apply(a+b, "a = 5, b = 6")
	s.expect(id, "false null [5 6]")
	apply(a+b+c, "a = 5, b = 6")
	s.expect(id, "false null [5 6 0]")
	apply(a+c, "a = 7")
	s.expect(id, "false null [7]")
	apply(a+c, fmt.Sprintf("\"#%d\" = 8, c = 0", output("a"))) // every option answers to its number
	s.expect(id, "false null [8 0]")
	w.Run("destroy", "-auto-approve")
}

// What Flagsmith would refuse or change is refused in the plan, on the attribute.
func TestAccFeatureStatePlanErrors(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	id := s.feature("bad")
	w.Write("main.tf", s.block("two", id, `value = { string = "a", integer = 1 }`)+
		s.block("big", id, "value = { integer = 2147483648 }")+
		s.block("heredoc", id, "value = { string = <<-EOT\n  text\nEOT\n }")+
		s.block("long", id, `value = { string = join("", [for i in range(20001) : "é"]) }`)+
		s.block("fraction", id, "value = provider::flagops::flagsmith_value(1.5)")+
		s.block("third", id, "multivariate_weights = { a = 100 / 3 }")+
		s.block("sum", id, "multivariate_weights = { a = 50.1, b = 49.91 }")+
		s.block("negative", id, "multivariate_weights = { a = -1 }")+
		s.block("void", id, "multivariate_weights = { a = null }"))
	s.Reset()
	code, out := w.Try("plan", "-no-color")
	if code == 0 {
		t.Fatalf("planned:\n%s", out)
	}
	for _, want := range []string{
		"It sets string and integer", "must be between -2147483648 and 2147483647", "white space", "20001",
		`would store 1.5 as a string`, "would not give 33.333333333333333333 back. Round it", "The weights add up to 100.01 per cent",
		"A weight is 0 to 100 per cent, not -1", "It is null. Leave the option out",
	} {
		if !has(want).MatchString(out) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// Names are the feature's, as far as the server can tell.
	w.Write("main.tf", s.block("this", id, "multivariate_weights = { a = 1, c = 2 }"))
	if code, out := w.Try("plan", "-no-color"); code == 0 || !has(`multivariate_weights`, `feature `, ` has no option "c"; it has "a", "b"`).MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	// What is not known before the apply is refused there, and nothing is written.
	w.Write("main.tf", "resource \"terraform_data\" \"x\" {\n  input = { name = \"c\", text = \" x\", weight = 1000 / 7 }\n}\n"+
		s.block("name", id, "multivariate_weights = { (terraform_data.x.output.name) = 1 }")+
		s.block("text", id, "value = { string = terraform_data.x.output.text }")+
		s.block("weight", id, "multivariate_weights = { a = terraform_data.x.output.weight }"))
	code, out = w.Try("apply", "-auto-approve", "-no-color")
	for _, want := range []string{`has no option "c"`, "white space", "A weight is 0 to 100 per cent, not 142.85"} {
		if code == 0 || !has(want).MatchString(out) {
			t.Errorf("exit %d, no %q in\n%s", code, want, out)
		}
	}
	s.expectWrites(0)
	s.expect(id, `false "start" [30 0]`)
}

// A server that fails leaves nothing half-written unnoticed, and no tainted state: the next apply would replace a live flag.
func TestAccFeatureStateServerErrors(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	ids := s.features(3)
	configure := func(version int) {
		w.Write("main.tf", s.block("s0", ids[0], "enabled = true\n value = "+facets[1].hcl[version])+s.block("s1", ids[1], "value = "+facets[1].hcl[version])+
			s.block("s2", ids[2], "value = "+facets[1].hcl[version]))
		s.Reset()
	}
	fail := func(after bool) {
		t.Helper()
		s.Sandbox.Inject(faults.Fault{Method: "PUT", Path: "/environments/{}/featurestates/{}/", Status: 500, Body: "<title>Server Error (500)</title>", After: after})
		if code, out := w.Try("apply", "-auto-approve", "-no-color", "-parallelism=1"); code == 0 || !has("PUT /environments/", "500", "Server Error (500)").MatchString(out) {
			t.Fatalf("exit %d\n%s", code, out)
		}
	}
	for version, after := range []bool{false, true} {
		configure(version)
		fail(after)
		if out := w.Run("plan"); strings.Contains(out, "replace") || strings.Contains(out, "tainted") {
			t.Errorf("a live flag would be replaced:\n%s", out)
		}
		s.Reset()
		w.Apply()
		s.expectWrites(map[bool]int{false: 1, true: 0}[after]) // what was written although the answer was lost is not written again
		w.ExpectEmptyPlan()
		s.expect(ids[0], fmt.Sprintf("true %s [30 0]", facets[1].shown[version]))
	}
	// A refusal lands on the attribute that it is about.
	for body, want := range map[string]string{ // as the CLI shows the lines of the configuration
		`{"enabled": ["Not today."]}`:                                                                      ": 5: enabled = ",
		`{"string_value": ["Not today."]}`:                                                                 ": 6: value = ",
		`{"non_field_errors": ["Multivariate percentage values exceed 100%."]}`:                            ": 7: multivariate_weights = ",
		`{"multivariate_feature_state_values": [{}, {"percentage_allocation": ["Not today."]}]}`:           ": 7: multivariate_weights = ",
		`{"detail": "This environment uses v2 feature versioning. Use the environment feature version …"}`: "feature versioning v2",
	} {
		s.Sandbox.Inject(faults.Fault{Method: "PUT", Path: "/environments/{}/featurestates/{}/", Status: 400, Body: body})
		w.Write("main.tf", s.block("s0", ids[0], "enabled = false\n value = { string = \"x\" }\n multivariate_weights = { a = 1 }"))
		if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(want).MatchString(out) {
			t.Errorf("exit %d, nothing about %s in\n%s", code, want, out)
		}
	}
}

// What is gone is forgotten with a warning; a feature that has lost its state gets one.
func TestAccFeatureStateGone(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	ids := s.features(2)
	config := s.block("s0", ids[0], "value = { integer = 1 }\n multivariate_weights = { b = 7 }") + s.block("s1", ids[1], "enabled = true")
	w.Write("main.tf", config)
	w.Apply()
	for _, id := range ids {
		state, _ := s.state(id)
		s.Delete(fmt.Sprintf("/environments/%s/featurestates/%d/", s.key, state.ID()))
	}
	s.Reset()
	if out := w.Apply(); !has("is gone").MatchString(out) || !has("2 added, 0 changed").MatchString(out) {
		t.Errorf("not forgotten, then made:\n%s", out)
	}
	s.expect(ids[0], `false 1 [7]`)
	s.expect(ids[1], `true "start" [30 0]`)
	s.expectWrites(3) // POST cannot take weights
	w.ExpectEmptyPlan()

	s.Delete(s.featurePath(ids[1]))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("is gone").MatchString(out) || !has("No Feature matches").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.Delete("/environments/" + s.key + "/")
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("is gone").MatchString(out) || !has("has no environment").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.Reset()
	w.Write("main.tf", "")
	w.Apply()
	s.expectWrites(0)
}

// With v2 versioning, states can be read, but a write says what is missing.
func TestAccFeatureStateVersioned(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s.Flagsmith)
	id := s.feature("versioned")
	s.Post("/environments/"+s.key+"/enable-v2-versioning/", nil)
	for s.Get("/environments/" + s.key + "/")["use_v2_feature_versioning"] != true {
		continue // the server does it in the background
	}
	w.Write("main.tf", s.block("this", id, "enabled = false\n value = { string = \"start\" }\n multivariate_weights = { a = 30 }"))
	s.Reset()
	w.Apply()
	w.ExpectEmptyPlan()
	w.Write("main.tf", s.block("this", id, "enabled = true"))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("uses feature versioning v2", "use_v2_feature_versioning = false").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.expectWrites(0)
	s.expect(id, `false "start" [30 0]`)
}

// prevent_flag_defaults makes features start off and empty, and so does a reset.
func TestAccFeatureStatePreventFlagDefaults(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	s.ManyProjects()
	w := acctest.NewWorkspace(t, s.Flagsmith)
	feature := func(name, initial string) int64 {
		return s.Post(fmt.Sprintf("/projects/%d/features/", s.project), map[string]any{"name": s.Name(name), "initial_value": initial, "default_enabled": true}).ID()
	}
	ids := []int64{feature("a", "007"), feature("b", "True"), feature("c", "2147483647")}
	var config string
	for i, id := range ids {
		config += s.block(fmt.Sprint("s", i), id, "enabled = false\n value = { string = \"x\" }\n on_destroy = \"reset\"")
	}
	for prevented, want := range map[bool][]string{false: {"true 7 []", "true true []", `true "2147483647" []`}, true: {"false null []", "false null []", "false null []"}} {
		s.Patch(fmt.Sprintf("/projects/%d/", s.project), map[string]any{"prevent_flag_defaults": prevented})
		w.Write("main.tf", config)
		w.Apply()
		w.Run("destroy", "-auto-approve")
		for i, id := range ids {
			s.expect(id, want[i])
		}
	}
}
