package unleash_test

import (
	"encoding/json"
	"fmt"
	"reflect"
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
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

const theSegment = "flagops_unleash_segment.this"

func segmentConfig(label, name, settings string) string {
	if !strings.Contains(settings, "constraints") {
		settings += "\n  constraints = []"
	}
	return fmt.Sprintf("resource \"flagops_unleash_segment\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// constraintsAre compares what the server has, whatever the order of keys.
func constraintsAre(u *acctest.Unleash, path func() string, want string) resourceCheck {
	return func(*terraform.State) error {
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			return err
		}
		if got := u.Get(path())["constraints"]; !reflect.DeepEqual(got, wanted) {
			return fmt.Errorf("the server has the constraints %v, want %v", got, wanted)
		}
		return nil
	}
}

func TestAccSegment(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("segment")
	same := statecheck.CompareValue(compare.ValuesSame())
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	var id string
	at := func() string { return "/segments/" + id }
	config := func(name, settings string) string { return u.Config(segmentConfig("this", name, settings)) }
	all := `
  description = "Why"
  project     = "default"
  constraints = [
    { context_name = "userId", operator = "IN", values = ["z", "a", "z"] },
    { context_name = "userId", operator = "NUM_GT", value = "5.50", inverted = true },
    { context_name = "currentTime", operator = "DATE_AFTER", value = "2022-01-29", values = [] },
    { context_name = "anything", operator = "STR_CONTAINS", values = ["x"], case_insensitive = true },
    { context_name = "appVersion", operator = "SEMVER_EQ", value = "1.2.3" },
  ]`
	steps := []resource.TestStep{
		{
			PreConfig: u.Reset,
			Config:    config(name, ""),
			Check:     resource.ComposeTestCheckFunc(remember(theSegment, "id", &id), wrote(u, "POST /segments")),
			ConfigStateChecks: append(values(theSegment, map[string]any{
				"name": name, "description": nil, "project": nil, "constraints": knownvalue.ListSizeExact(0), "created_by": knownvalue.NotNull(), "created_at": knownvalue.NotNull(),
			}), same.AddStateValue(theSegment, tfjsonpath.New("id"))),
		},
		{ // everything, in place, with one request
			PreConfig:         u.Reset,
			Config:            config(name+"/ü 2", all),
			ConfigPlanChecks:  plans(theSegment, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theSegment, tfjsonpath.New("id"))},
			Check: func(s *terraform.State) error {
				return resource.ComposeTestCheckFunc(wrote(u, "PUT "+at()),
					serverHas(u, at, map[string]any{"name": name + "/ü 2", "description": "Why", "project": "default"}),
					constraintsAre(u, at, `[
						{"contextName": "userId", "operator": "IN", "values": ["z", "a", "z"], "inverted": false, "caseInsensitive": false},
						{"contextName": "userId", "operator": "NUM_GT", "values": [], "value": "5.50", "inverted": true, "caseInsensitive": false},
						{"contextName": "currentTime", "operator": "DATE_AFTER", "values": [], "value": "2022-01-29", "inverted": false, "caseInsensitive": false},
						{"contextName": "anything", "operator": "STR_CONTAINS", "values": ["x"], "inverted": false, "caseInsensitive": true},
						{"contextName": "appVersion", "operator": "SEMVER_EQ", "values": [], "value": "1.2.3", "inverted": false, "caseInsensitive": false}]`))(s)
			},
		},
		{ // what is left out goes back to none, the project to all of them
			PreConfig: u.Reset,
			Config:    config(name, ""),
			Check: func(s *terraform.State) error {
				return resource.ComposeTestCheckFunc(wrote(u, "PUT "+at()), serverHas(u, at, map[string]any{"name": name, "description": "", "project": nil}), constraintsAre(u, at, `[]`))(s)
			},
		},
		{ // what others change is put back
			PreConfig: func() {
				u.Put(at(), map[string]any{"name": name + "-theirs", "description": "theirs", "project": "default", "constraints": []any{
					map[string]any{"contextName": "userId", "operator": "IN", "values": []string{"1"}},
				}})
			},
			Config:           config(name, `description = "ours"`),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(serverHas(u, at, map[string]any{"name": name, "description": "ours", "project": nil}), constraintsAre(u, at, `[]`)),
		},
		{ // an absent inverted is false, and an absent value none
			PreConfig: func() {
				u.Put(at(), map[string]any{"name": name, "description": "ours", "constraints": []any{
					map[string]any{"contextName": "userId", "operator": "IN", "values": []string{"1"}},
					map[string]any{"contextName": "n", "operator": "NUM_EQ", "value": 5},
				}})
			},
			Config: config(name, `description = "ours"
  constraints = [{ context_name = "userId", operator = "IN", values = ["1"] }, { context_name = "n", operator = "NUM_EQ", value = "5" }]`),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionNoop),
		},
	}
	steps = append(steps, imports(t, theSegment, func() []string { return []string{id, name} })...)
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_segment\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"id", &id, name + " (%s)", map[string]any{
			"name": name, "description": "ours", "project": nil,
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{
			Config: config(name, "") + segmentConfig("bound", name+"-bound", `project = "default"`) + fmt.Sprintf(`
data "flagops_unleash_segment" "by_id" {
  id = flagops_unleash_segment.this.id
}
data "flagops_unleash_segment" "by_name" {
  name = flagops_unleash_segment.this.name
}
data "flagops_unleash_segments" "named" {
  name       = %q
  depends_on = [flagops_unleash_segment.this, flagops_unleash_segment.bound]
}
data "flagops_unleash_segments" "bound" {
  project    = "default"
  depends_on = [flagops_unleash_segment.this, flagops_unleash_segment.bound]
}
output "bound" {
  value = [for s in data.flagops_unleash_segments.bound.segments : s.id if s.name == %q]
}
output "strangers" {
  value = [for s in data.flagops_unleash_segments.bound.segments : s.id if s.project != "default"]
}
`, name, name+"-bound"),
			ConfigStateChecks: append(slices.Concat(sameAs(theSegment, "data.flagops_unleash_segment.by_id", "name", "created_at", "constraints"),
				sameAs(theSegment, "data.flagops_unleash_segment.by_name", "id", "created_at")),
				statecheck.ExpectKnownValue("data.flagops_unleash_segments.named", tfjsonpath.New("segments"), knownvalue.ListSizeExact(1)),
				statecheck.ExpectKnownOutputValue("bound", knownvalue.ListSizeExact(1)),
				statecheck.ExpectKnownOutputValue("strangers", knownvalue.ListSizeExact(0)),
				differ.AddStateValue(theSegment, tfjsonpath.New("id"))),
		},
		resource.TestStep{ // deleted outside: made again
			PreConfig:         func() { u.Delete(at()) },
			Config:            config(name, ""),
			ConfigPlanChecks:  plans(theSegment, plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{differ.AddStateValue(theSegment, tfjsonpath.New("id"))},
			Check:             remember(theSegment, "id", &id),
		},
		resource.TestStep{ // the name is taken: the error has the block that takes it over
			Config:      config(name, "") + segmentConfig("twin", name, ""),
			ExpectError: has("Cannot create flagops_unleash_segment", "The name is taken.", "import {", `id = "`),
		},
		resource.TestStep{
			Config:      config(name, `project = "no-such-project"`),
			ExpectError: has("Cannot update flagops_unleash_segment", "project", `There is no project "no-such-project".`),
		},
		resource.TestStep{
			Config:      u.Config(segmentConfig("this", name, "") + segmentConfig("lost", name+"-lost", `project = "no-such-project"`)),
			ExpectError: has("Cannot create flagops_unleash_segment", `project = "no-such-project"`, `There is no project "no-such-project".`),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, at)})
}

// flagUsing makes a flag with a strategy in the development environment, outside Terraform.
func flagUsing(t *testing.T, u *acctest.Unleash, project, name string, strategy map[string]any) {
	t.Helper()
	at := "/projects/" + project + "/features"
	u.Post(at, map[string]any{"name": name})
	t.Cleanup(func() {
		u.Send("PATCH", at+"/"+name, []any{map[string]any{"op": "add", "path": "/archived", "value": true}})
		u.Send("DELETE", "/archive/"+name, nil)
	})
	u.Post(at+"/"+name+"/environments/development/strategies", strategy)
}

// While strategies of live flags use a segment it stays, and the error says which; those of archived flags do not count.
func TestAccSegmentInUse(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name, flag := u.Name("segment"), u.Name("flag")
	var id string
	config := u.Config(segmentConfig("this", name, ""))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config, Check: remember(theSegment, "id", &id)},
		{
			PreConfig: func() {
				var n int64
				_, _ = fmt.Sscan(id, &n)
				flagUsing(t, u, "default", flag, map[string]any{"name": "flexibleRollout", "segments": []int64{n}})
			},
			Config: config, Destroy: true,
			ExpectError: has("Cannot delete flagops_unleash_segment", "409 Conflict", fmt.Sprintf("Used by a flexibleRollout strategy of flag %q", flag), `project "default"`, `environment "development"`),
		},
		{Config: u.Config(segmentConfig("this", name, `constraints = [{ context_name = "userId", operator = "IN", values = ["1"] }]`))}, // still ours
		{
			PreConfig: func() { u.Delete("/projects/default/features/" + flag) },
			Config:    config, Destroy: true,
		},
	}, CheckDestroy: gone(u, func() string { return "/segments/" + id })})
}

// A project cannot be given to a segment that strategies of other projects use.
func TestAccSegmentInUseElsewhere(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	name, flag, other := u.Name("segment"), u.Name("flag"), u.Name("other")
	u.Post("/projects", map[string]any{"id": other, "name": other})
	t.Cleanup(func() { u.Send("DELETE", "/projects/"+other, nil) })
	var id string
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: u.Config(segmentConfig("this", name, "")), Check: remember(theSegment, "id", &id)},
		{
			PreConfig: func() {
				var n int64
				_, _ = fmt.Sscan(id, &n)
				flagUsing(t, u, "default", flag, map[string]any{"name": "flexibleRollout", "segments": []int64{n}})
			},
			Config: u.Config(segmentConfig("this", name, fmt.Sprintf("project = %q", other))),
			ExpectError: has("Cannot update flagops_unleash_segment", fmt.Sprintf("project = %q", other), "answered 400",
				fmt.Sprintf("Used by a flexibleRollout strategy of flag %q", flag)),
		},
		{Config: u.Config(segmentConfig("this", name, `project = "default"`)), Check: serverHas(u, func() string { return "/segments/" + id }, map[string]any{"project": "default"})},
		{PreConfig: func() { u.Delete("/projects/default/features/" + flag) }, Config: u.Config(segmentConfig("this", name, fmt.Sprintf("project = %q", other)))},
	}})
}

// What Unleash would refuse is refused in the plan; what it still refuses lands on its attribute.
func TestAccSegmentBadInput(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("segment")
	field := u.Name("field")
	u.Post("/context", map[string]any{"name": field, "legalValues": []any{map[string]any{"value": "gold"}}})
	t.Cleanup(func() { u.Send("DELETE", "/context/"+field, nil) })
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	constraints := func(c string) string { return "constraints = [{ context_name = \"userId\", " + c + " }]" }
	var steps []resource.TestStep
	for _, bad := range []struct{ name, settings, want string }{
		{"", "", "name"},
		{name, `project = ""`, "project"},
		{name, constraints(`operator = "IS"`), "operator"},
		{name, constraints(`operator = "IN"`), "compares with at least one of values"},
		{name, constraints(`operator = "IN", values = [""]`), "1 to 100 characters"},
		{name, constraints(`operator = "NUM_EQ", value = "x"`), "compares with a number"},
		{name, constraints(`operator = "DATE_AFTER"`), "give value"},
		{name, constraints(`operator = "REGEX", value = "["`), "RE2"},
		{name, constraints(`operator = "IN", values = [for i in range(1001) : tostring(i)]`), "this server takes at most 1000 in a segment"},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: u.Config(segmentConfig("this", bad.name, bad.settings)), ExpectError: has(bad.want)})
	}
	steps = append(steps,
		resource.TestStep{Config: u.Config(segmentConfig("this", name, constraints(`operator = "IN", values = [for i in range(1000) : tostring(i)]`)))},
		resource.TestStep{
			Config:      u.Config(segmentConfig("this", name, fmt.Sprintf("constraints = [{ context_name = %q, operator = \"IN\", values = [\"tin\"] }]", field))),
			ExpectError: has("Cannot update flagops_unleash_segment", "constraints = [", "answered 400"),
		},
		resource.TestStep{ // not known before the apply
			Config: u.Config("resource \"terraform_data\" \"x\" {\n  input = \"x\"\n}\n" +
				segmentConfig("this", name, constraints(`operator = "NUM_EQ", value = terraform_data.x.output`))),
			ExpectError: has("The operator NUM_EQ compares with a number"),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// How many there may be is warned of in the plan, and refused by the server alone: this apply may delete some before.
func TestAccSegmentLimits(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t, sandbox.Limits(sandbox.Resources{Segments: 1, SegmentValues: 2}))
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", segmentConfig("a", "a", ""))
	w.Apply()
	w.Write("main.tf", segmentConfig("a", "a", "")+segmentConfig("b", "b", ""))
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has("There are 1 segments, and this server takes at most 1").MatchString(out) ||
		!has("Cannot create flagops_unleash_segment", "ExceedsLimit").MatchString(out) && !has("can't create more than the established limit of 1").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	w.Write("main.tf", segmentConfig("a", "a", `constraints = [{ context_name = "x", operator = "IN", values = ["1", "2", "3"] }]`))
	if code, out := w.Try("plan", "-no-color"); code != 1 || !has("The constraints have 3 values together; this server takes at most 2").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// A refresh of many segments costs two GETs and one list, however many there are.
func TestAccSegmentsInFewRequests(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", fmt.Sprintf("resource \"flagops_unleash_segment\" \"many\" {\n  count = 20\n  name = \"%s-${count.index}\"\n  constraints = []\n}\n", u.Name("s")))
	t.Cleanup(func() { w.Run("destroy", "-auto-approve") })
	u.Reset()
	w.Apply()
	if got := u.Requests(); len(got) > 24 { // one write each; limits and what is there, in the plan and in the apply
		t.Errorf("creating 20 took %d requests: %q", len(got), got)
	}
	u.Reset()
	w.ExpectEmptyPlan()
	if got := u.Requests(); len(got) > 3 {
		t.Errorf("a refresh of 20 took %d requests: %q", len(got), got)
	}
}
