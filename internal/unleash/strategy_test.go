package unleash_test

import (
	"encoding/json"
	"fmt"
	"maps"
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

const theStrategy = "flagops_unleash_strategy.this"

// single is one strategy of a flag.
func (s *stateTest) single(label, flag, attributes string) string {
	return fmt.Sprintf("resource \"flagops_unleash_strategy\" %q {\n  environment = %q\n  feature = %q\n%s\n}\n", label, environment, flag, attributes)
}

func TestAccStrategy(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	flag, other := s.flag("life"), s.flag("other")
	s.strategy(flag, map[string]any{"title": "theirs"})
	config := func(attributes string) string { return s.Config(s.single("this", flag, attributes)) }
	kept, moved := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesDiffer())
	full := `title       = "A quarter"
  sort_order  = 7
  disabled    = true
  parameters  = { rollout = 25, stickiness = "userId", groupId = "` + flag + `" }
  constraints = [{ context_name = "country", operator = "IN", values = ["NL"] }]
  segments    = []
  variants    = { red = { weight = 33.3, payload = { csv = "a,b" } }, blue = {}, green = { payload = { number = 1.5 } } }`
	var id string
	steps := []resource.TestStep{
		{ // one write; what is not said is the server's, and last
			PreConfig: s.Reset, Config: config(""),
			ConfigStateChecks: append(values(theStrategy, map[string]any{
				"project": "default", "name": "flexibleRollout", "title": nil, "disabled": false, "sort_order": 1, "parameters": nil, "constraints": nil,
				"segments": nil, "variants": nil,
			}), kept.AddStateValue(theStrategy, tfjsonpath.New("id"))),
			Check: resource.ComposeTestCheckFunc(s.after(flag, 1, `off, flexibleRollout "theirs", flexibleRollout`), remember(theStrategy, "id", &id)),
		},
		{ // everything in place: content in one write, the place in another
			PreConfig: s.Reset, Config: config(full),
			ConfigPlanChecks: plans(theStrategy, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theStrategy, map[string]any{
				"title": "A quarter", "sort_order": 7, "disabled": true,
				"parameters": knownvalue.MapExact(map[string]knownvalue.Check{
					"rollout": knownvalue.StringExact("25"), "stickiness": knownvalue.StringExact("userId"), "groupId": knownvalue.StringExact(flag),
				}),
			}), kept.AddStateValue(theStrategy, tfjsonpath.New("id"))),
			Check: s.after(flag, 2, `off, flexibleRollout "theirs", flexibleRollout "A quarter" disabled rollout=25 stickiness=userId 1 constraints 3 variants`),
		},
		{Config: config(full), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
	}
	steps = append(steps, imports(t, theStrategy, func() []string {
		return []string{"default/" + environment + "/" + flag + "/" + id, "default/" + environment + "/" + flag + "/A quarter", fmt.Sprintf("[%q, %q, %q, %q]", "default", environment, flag, id)}
	})...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true, GenerateConfig: true,
		Config: fmt.Sprintf("list \"flagops_unleash_strategy\" \"all\" {\n  provider = flagops\n  include_resource = true\n  config {\n    environment = %q\n    feature = %q\n  }\n}\n", environment, flag),
		QueryResultChecks: []querycheck.QueryResultCheck{
			querycheck.ExpectLength("flagops_unleash_strategy.all", 2),
			listed{"id", &id, "A quarter (default/" + environment + "/" + flag + "/%s)", map[string]any{"title": "A quarter", "disabled": true}},
		},
	})...)
	steps = append(steps,
		resource.TestStep{ // a data source finds it by title, and has everything
			Config: config(full) + fmt.Sprintf("data \"flagops_unleash_strategy\" \"this\" {\n  environment = %q\n  feature = %q\n  title = %s.title\n}\n", environment, flag, theStrategy),
			ConfigStateChecks: append(sameAs(theStrategy, "data."+theStrategy, "id", "name", "sort_order", "disabled", "constraints", "variants", "segments"),
				statecheck.ExpectKnownValue("data."+theStrategy, tfjsonpath.New("parameters").AtMapKey("groupId"), knownvalue.StringExact(flag))),
		},
		resource.TestStep{ // another type, in place: the parameters of the old one go; and none of everything
			PreConfig: s.Reset, Config: config(`name = "remoteAddress"
  title       = ""
  parameters  = { IPs = "10.0.0.1" }
  constraints = []
  variants    = {}`),
			ConfigPlanChecks:  plans(theStrategy, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{kept.AddStateValue(theStrategy, tfjsonpath.New("id"))},
			Check:             s.after(flag, 1, `off, flexibleRollout "theirs", remoteAddress IPs=10.0.0.1`),
		},
		resource.TestStep{ // others move it and write what is not managed: no drift
			PreConfig: func() {
				s.Post(in(flag)+"/strategies/set-sort-order", []any{map[string]any{"id": id, "sortOrder": -9}})
				s.Put(in(flag)+"/strategies/"+id, map[string]any{"name": "remoteAddress", "title": "their title", "parameters": map[string]any{"IPs": "10.0.0.1", "extra": "1"}})
				s.Reset()
			},
			Config: config(`name = "remoteAddress"
  parameters = { IPs = "10.0.0.1" }`),
			ConfigStateChecks: values(theStrategy, map[string]any{"sort_order": -9, "title": nil}),
			Check:             s.after(flag, 0, `off, remoteAddress "their title" IPs=10.0.0.1 extra=1, flexibleRollout "theirs"`),
		},
		resource.TestStep{ // deleted outside: made again
			PreConfig: func() { s.Delete(in(flag) + "/strategies/" + id); s.Reset() },
			Config: config(`name = "remoteAddress"
  parameters = { IPs = "10.0.0.1" }`),
			ConfigPlanChecks:  plans(theStrategy, plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{moved.AddStateValue(theStrategy, tfjsonpath.New("id"))},
			Check:             s.after(flag, 1, `off, flexibleRollout "theirs", remoteAddress IPs=10.0.0.1`),
		},
		resource.TestStep{ // another flag: a new strategy
			PreConfig: s.Reset, Config: s.Config(s.single("this", other, "")),
			ConfigPlanChecks:  plans(theStrategy, plancheck.ResourceActionReplace),
			ConfigStateChecks: []statecheck.StateCheck{moved.AddStateValue(theStrategy, tfjsonpath.New("id"))},
			Check:             resource.ComposeTestCheckFunc(s.after(flag, 2, `off, flexibleRollout "theirs"`), s.after(other, 2, "off, flexibleRollout")),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: func(*terraform.State) error {
		return s.after(flag, 3, `off, flexibleRollout "theirs"`)(nil)
	}})
}

// Only rollout changes, while constraints, variants (with weights that putting back the server's own answer would move),
// segments and title of somebody else stay as they were to the letter.
func TestAccStrategyKeepsWhatOthersSet(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("kept")
	var segments []int64
	for i := range 3 {
		segment := s.Post("/segments", map[string]any{"name": s.Name(fmt.Sprint("seg", i)), "constraints": []any{}}).ID()
		segments = append(segments, segment)
		t.Cleanup(func() { s.remove(flag); s.Send("DELETE", fmt.Sprintf("/segments/%d", segment), nil) })
	}
	s.strategy(flag, map[string]any{"title": "before"})
	w.Write("main.tf", s.single("this", flag, "  parameters = { rollout = 10 }"))
	w.Apply()
	var id string
	for _, one := range s.ids(flag) {
		id = one
	}
	v := func(name string) map[string]any {
		return map[string]any{"name": name, "weight": 0, "weightType": "variable", "stickiness": "userId", "payload": map[string]any{"type": "json", "value": `{ "b": 1,  "a":2}`}}
	}
	s.Put(in(flag)+"/strategies/"+id, map[string]any{
		"name": "flexibleRollout", "title": "  Theirs  ", "segments": []int64{segments[2], segments[0], segments[1]},
		"parameters": map[string]any{"rollout": "10", "stickiness": "userId", "groupId": "theirs", "extra": "1"},
		"constraints": []any{
			map[string]any{"contextName": "a", "operator": "IN", "values": []string{"2", "1", "2"}, "inverted": false},
			map[string]any{"contextName": "b", "operator": "NUM_EQ", "value": " 5.50 ", "caseInsensitive": true},
			map[string]any{"contextName": "c", "operator": "STR_CONTAINS", "values": []string{" x "}},
		},
		"variants": []any{v("9"), v("x-y"), v("x.y"), map[string]any{"name": "fix", "weight": 1, "weightType": "fix", "stickiness": "default"}, v("B"), v("a"), v("_c")},
	})
	one := func() map[string]any {
		return s.Get(in(flag) + "/strategies/" + id)
	}
	before := one()
	for _, percent := range []string{"20", "30", "99.9"} {
		w.Write("main.tf", s.single("this", flag, "  parameters = { rollout = "+percent+" }"))
		s.Reset()
		w.Apply()
		s.expectWrites(1)
		w.ExpectEmptyPlan()
		before["parameters"] = map[string]any{"rollout": percent, "stickiness": "userId", "groupId": "theirs", "extra": "1"}
		if now := one(); !deepEqual(before, now) {
			t.Errorf("it was\n%v\nand is\n%v", before, now)
		}
	}
	// Managing a variant's payload moves nobody's weight either.
	w.Write("main.tf", s.single("this", flag, `  variants = {
    "9" = { stickiness = "userId", payload = { string = "new" } }, "x-y" = { stickiness = "userId" }, "x.y" = { stickiness = "userId" }
    fix = { weight = 0.1 }, B = { stickiness = "userId" }, a = { stickiness = "userId" }, _c = { stickiness = "userId" }
  }`))
	s.Reset()
	w.Apply()
	s.expectWrites(1)
	weights := func(o map[string]any) map[string]any {
		weights := map[string]any{}
		list, _ := o["variants"].([]any)
		for _, item := range list {
			v, _ := item.(map[string]any)
			weights[fmt.Sprint(v["name"])] = v["weight"]
		}
		return weights
	}
	if a, b := weights(before), weights(one()); !maps.Equal(a, b) {
		t.Errorf("the weights were %v and are %v", a, b)
	}
	s.expect(flag, `off, flexibleRollout "before", flexibleRollout "  Theirs  " extra=1 groupId=theirs rollout=99.9 stickiness=userId 3 constraints 3 segments 7 variants`)
}

// Weights of all kinds, calculated ones among them, and payloads come back as they were written; the server gets whole
// thousandths.
func TestAccStrategyVariants(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("variants")
	for variants, want := range map[string]string{
		`{ a = { weight = 0.1 + 0.2 }, b = { weight = 100 / 8 }, c = {} }`:                     "a 3 fix; b 125 fix; c 872 variable",
		`{ a = { weight = 100 }, b = { weight = 0 }, c = {} }`:                                 "a 1000 fix; b 0 fix; c 0 variable",
		`{ a = { weight = 33.3 }, b = { weight = "33.4" }, c = {}, _d = {} }`:                  "_d 167 variable; a 333 fix; b 334 fix; c 166 variable",
		`{ "~a!*'()-." = { payload = { string = " <\n> " } } }`:                                `~a!*'()-. 1000 variable {"type":"string","value":" \u003c\n\u003e "}`,
		`{ a = { payload = { number = "1.50" } }, b = { payload = { number = 1.50 } } }`:       `a 500 variable {"type":"number","value":"1.50"}; b 500 variable {"type":"number","value":"1.5"}`,
		`{ a = { payload = { json = "{ \"b\": 1,  \"a\":2}" } } }`:                             `a 1000 variable {"type":"json","value":"{ \"b\": 1,  \"a\":2}"}`,
		`{ a = { payload = { json = jsonencode([1]) } }, b = { payload = { csv = "a, b" } } }`: `a 500 variable {"type":"json","value":"[1]"}; b 500 variable {"type":"csv","value":"a, b"}`,
	} {
		w.Write("main.tf", s.single("this", flag, "  variants = "+variants))
		w.Apply()
		w.ExpectEmptyPlan()
		strategies, _ := s.strategies(flag)
		var got []string
		list, _ := strategies[0]["variants"].([]any)
		for _, item := range list {
			v, _ := item.(map[string]any)
			text := fmt.Sprint(v["name"], " ", v["weight"], " ", v["weightType"])
			if v["payload"] != nil {
				payload, _ := json.Marshal(v["payload"])
				text += " " + string(payload)
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if shown := strings.Join(got, "; "); shown != want {
			t.Errorf("%s: the server has\n%s\nnot\n%s", variants, shown, want)
		}
	}
}

// Each facet of a strategy alone: what is not managed is neither written nor compared, giving up changes nothing, and an
// import shows as given up just what the configuration leaves out.
func TestAccStrategyPartialOwnership(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	segment := s.Post("/segments", map[string]any{"name": s.Name("seg"), "constraints": []any{}}).ID()
	t.Cleanup(func() { s.Send("DELETE", fmt.Sprintf("/segments/%d", segment), nil) })
	flag := s.flag("partial")
	t.Cleanup(func() { s.remove(flag) }) // before the segment, which it uses
	facets := []struct{ name, first, second, none string }{
		{"title", `"one"`, `"two"`, `""`},
		{"parameters", `{ rollout = 1 }`, `{ rollout = 2 }`, `{}`},
		{"constraints", `[{ context_name = "a", operator = "IN", values = ["1"] }]`, `[{ context_name = "b", operator = "REGEX", value = "x+" }]`, `[]`},
		{"segments", fmt.Sprintf("[%d]", segment), `[]`, `[]`},
		{"variants", `{ a = {}, b = { weight = 5 } }`, `{ a = { weight = 0 }, b = {} }`, `{}`},
	}
	theirs := map[string]any{
		"name": "flexibleRollout", "title": "theirs", "segments": []int64{segment}, "parameters": map[string]any{"rollout": "77", "stickiness": "sessionId"},
		"constraints": []any{map[string]any{"contextName": "t", "operator": "IN", "values": []string{"t"}}},
		"variants":    []any{map[string]any{"name": "t", "weight": 0, "weightType": "variable", "stickiness": "default"}},
	}
	var ids []string
	for range facets {
		ids = append(ids, s.strategy(flag, theirs))
	}
	all := func() map[string]map[string]any {
		byID := map[string]map[string]any{}
		strategies, _ := s.strategies(flag)
		for _, one := range strategies {
			byID[fmt.Sprint(one["id"])] = one
		}
		return byID
	}
	before := all()
	configure := func(version func(i int) string, blocks string) {
		var config strings.Builder
		for i, f := range facets {
			attribute := ""
			if text := version(i); text != "" {
				attribute = "  " + f.name + " = " + text
			}
			config.WriteString(s.single(fmt.Sprint("s", i), flag, attribute))
		}
		w.Write("main.tf", config.String()+blocks)
		s.Reset()
	}
	// unmanaged says that everything but a strategy's own facet is as it was.
	unmanaged := func(what string) {
		t.Helper()
		now := all()
		for i, id := range ids {
			was, is := maps.Clone(before[id]), maps.Clone(now[id])
			if facets[i].name == "parameters" { // of these, only rollout is
				p, _ := is["parameters"].(map[string]any)
				p["rollout"] = "77"
			} else {
				delete(was, facets[i].name)
				delete(is, facets[i].name)
			}
			if !deepEqual(was, is) {
				t.Errorf("%s: with %s managed it was\n%v\nand is\n%v", what, facets[i].name, was, is)
			}
		}
	}
	var blocks strings.Builder
	for i, id := range ids {
		fmt.Fprintf(&blocks, "import {\n  to = flagops_unleash_strategy.s%d\n  id = \"default/%s/%s/%s\"\n}\n", i, environment, flag, id)
	}
	configure(func(int) string { return "" }, blocks.String())
	if out := w.Run("plan"); !has("no longer managed: title, parameters, constraints, segments, variants", "and 4 more similar warnings").MatchString(out) || !strings.Contains(out, "5 to import, 0 to add, 5 to change") {
		t.Errorf("not one warning each:\n%s", out)
	}
	w.Apply()
	s.expectWrites(0)
	unmanaged("import")

	for what, version := range map[string]func(i int) string{
		"first": func(i int) string { return facets[i].first }, "second": func(i int) string { return facets[i].second },
	} {
		configure(version, "")
		w.Apply()
		w.ExpectEmptyPlan()
		unmanaged(what)
	}
	configure(func(i int) string { return facets[i].none }, "")
	w.Apply()
	w.ExpectEmptyPlan()
	unmanaged("none")
	var none []string
	for i, id := range ids {
		text, _ := json.Marshal(all()[id][facets[i].name])
		none = append(none, string(text))
	}
	if want := []string{`""`, `[]`, `[]`, `[]`}; !slices.Equal(slices.Delete(none, 1, 2), want) {
		t.Errorf("none is %v", none)
	}
	configure(func(int) string { return "" }, "")
	w.Apply()
	s.expectWrites(0)
	w.ExpectEmptyPlan()
}

// Deleting or disabling the last enabled strategy of a flag that is on warns. When a rename has one deleted before its
// successor is made, the flag comes out as it was: on.
func TestAccStrategyLast(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("last")
	const warning = "Unleash has switched flags off"
	w.Write("main.tf", s.single("a", flag, ""))
	w.Apply()
	s.turn(flag, "on")
	for i, label := range []string{"b", "c", "d", "e", "f", "g"} {
		w.Write("main.tf", s.single(label, flag, ""))
		w.Apply("-parallelism=" + fmt.Sprint(1+9*(i%2)))
		s.expect(flag, "on, flexibleRollout")
	}
	w.Write("main.tf", s.single("g", flag, "  disabled = true"))
	if out := w.Apply(); !strings.Contains(out, warning) {
		t.Errorf("no warning:\n%s", out)
	}
	s.expect(flag, "off, flexibleRollout disabled")
	w.Write("main.tf", s.single("g", flag, ""))
	w.Apply()
	s.expect(flag, "off, flexibleRollout") // another run: whether it should be on is somebody else's to say
	s.turn(flag, "on")
	w.Write("main.tf", "")
	if out := w.Apply(); !has(warning, flag, environment).MatchString(out) {
		t.Errorf("no warning:\n%s", out)
	}
	s.expect(flag, "off")
}

// What the server refuses lands on its attribute; what would hide a strategy, or make no sense, is refused before.
func TestAccStrategyErrors(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("bad")
	legal := s.Name("legal")
	s.Post("/context", map[string]any{"name": legal, "legalValues": []any{map[string]any{"value": "gold"}}})
	t.Cleanup(func() { s.Send("DELETE", "/context/"+legal, nil) })
	for attributes, want := range map[string][]string{
		`  name = "nosuch"`:       {"Could not find strategy type with name nosuch"},
		`  segments = [99999999]`: {"segments = [99999999]", "No segment exists"},
		fmt.Sprintf(`  constraints = [{ context_name = %q, operator = "IN", values = ["silver"] }]`, legal): {"legal value"},
		`  parameters = { rollout = 100.5 }`:  {`a number from 0 to 100, not "100.5"`},
		`  parameters = { groupId = "" }`:     {"leave it out"},
		`  variants = { a = { weight = 1 } }`: {"Every variant has a weight"},
		`  sort_order = 2147483648`:           {"must be between -2147483648 and 2147483647"},
		`  segments = [1, 2, 3, 4, 5, 6]`:     {"There are 6 segments; this server takes at most 5"},
	} {
		w.Write("main.tf", s.single("this", flag, attributes))
		if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(want...).MatchString(out) {
			t.Errorf("%s: exit %d\n%s", attributes, code, out)
		}
	}
	w.Write("main.tf", strings.Replace(s.single("this", flag, ""), environment, "nowhere", 1))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(`environment = "nowhere"`, "flagops_unleash_project_environment").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	w.Write("main.tf", s.single("this", flag+"-not", ""))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("no feature named").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.expect(flag, "off")
}

// What this server takes at most is known in the plan.
func TestAccStrategyLimits(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	s := newStateTest(t, sandbox.Limits(sandbox.Resources{Constraints: 1, ConstraintValues: 2, StrategySegments: 1, FeatureEnvironmentStrategies: 1}))
	w := acctest.NewWorkspace(t, s)
	flag := s.flag("limits")
	c := `{ context_name = "a", operator = "IN", values = ["1"] }`
	for attributes, want := range map[string]string{
		"constraints = [" + c + ", " + c + "]":                                              "There are 2 constraints; this server takes at most 1",
		`constraints = [{ context_name = "a", operator = "IN", values = ["1", "2", "3"] }]`: "There are 3 values; this server takes at most 2",
		"segments = [1, 2]": "There are 2 segments; this server takes at most 1",
	} {
		w.Write("main.tf", s.single("this", flag, "  "+attributes))
		if code, out := w.Try("plan", "-no-color"); code == 0 || !has(want).MatchString(out) {
			t.Errorf("%s: exit %d\n%s", attributes, code, out)
		}
	}
	w.Write("main.tf", s.block("this", flag, "  strategies = [{}, {}]"))
	if code, out := w.Try("plan", "-no-color"); code == 0 || !has("There are 2 strategies; this server takes at most 1").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	s.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/ui-config", Status: 500, Body: "{}", Times: -1}) // then nothing is known against it
	w.Run("plan")
}

// Reading all strategies and states of a flag takes one request, and writing them one each.
func TestAccStrategyBudget(t *testing.T) {
	t.Parallel()
	s := newStateTest(t)
	w := acctest.NewWorkspace(t, s)
	const flags = 5
	name := s.Name("budget")
	t.Cleanup(func() {
		for i := range flags {
			s.remove(fmt.Sprint(name, "-", i))
		}
	})
	config := func(rollout int) string {
		return fmt.Sprintf(`
locals {
  flags  = toset([for i in range(%d) : "%s-${i}"])
  places = { for p in setproduct(local.flags, ["development", "production"], ["a", "b"]) : join("/", p) => p }
}
resource "flagops_unleash_feature" "this" {
  for_each        = local.flags
  name            = each.key
  deletion_policy = "delete"
}
resource "flagops_unleash_strategy" "this" {
  for_each    = local.places
  feature     = flagops_unleash_feature.this[each.value[0]].name
  environment = each.value[1]
  title       = each.value[2]
  parameters  = { rollout = %d }
}
resource "flagops_unleash_feature_state" "this" {
  for_each    = { for p in setproduct(local.flags, ["development", "production"]) : join("/", p) => p }
  feature     = flagops_unleash_feature.this[each.value[0]].name
  environment = each.value[1]
  enabled     = true
  depends_on  = [flagops_unleash_strategy.this]
}
`, flags, name, rollout)
	}
	reads := func(what string, most, writes int) {
		t.Helper()
		if got := len(s.Requests()) - len(s.Writes()); got > most {
			t.Errorf("%s took %d reads, at most %d were promised:\n%s", what, got, most, strings.Join(s.Requests(), "\n"))
		}
		s.expectWrites(writes)
	}
	w.Write("main.tf", config(1))
	s.Reset()
	w.Apply()
	reads("creating", 5, flags*(1+4+2))
	w.ExpectEmptyPlan()
	reads("refreshing", flags+5, 0)
	w.Write("main.tf", config(2))
	w.Apply()
	reads("changing", 2*(flags+5), flags*4)
	w.Run("destroy", "-auto-approve")
}
