package flagsmith_test

import (
	"cmp"
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
)

const theSegment = "flagops_flagsmith_segment.this"

func segmentConfig(project int64, name, body string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_segment\" \"this\" {\n  project_id = %d\n  name = %q\n%s\n}\n", project, name, body)
}

const plainRules = `rules = [{ type = "ALL" }]`

// everyRules has all rule types and operators, on both levels.
const everyRules = `rules = [
  { type = "ALL", conditions = [
    { operator = "EQUAL", property = "a", value = "" },
    { operator = "NOT_EQUAL", property = "a", value = "true" },
    { operator = "IS_SET", property = "b" },
    { operator = "PERCENTAGE_SPLIT", value = 12.5, description = "an eighth" },
  ], rules = [
    { type = "ANY", conditions = [
      { operator = "GREATER_THAN", property = "n", value = 1 },
      { operator = "GREATER_THAN_INCLUSIVE", property = "n", value = "1.0" },
      { operator = "LESS_THAN", property = "v", value = "1.2.3:semver" },
      { operator = "LESS_THAN_INCLUSIVE", property = "n", value = "-1" },
    ] },
    { type = "NONE", conditions = [
      { operator = "CONTAINS", property = "ü n", value = "x y" },
      { operator = "NOT_CONTAINS", property = "c", value = "None", description = "" },
      { operator = "IN", property = "c", value = jsonencode(["a", "b"]) },
      { operator = "REGEX", property = "c", value = "^(?i)a++[[:x]\\d$" },
      { operator = "MODULO", property = "id", value = "2|0" },
      { operator = "IS_NOT_SET", property = "$.identity.identifier" },
    ] },
    { type = "ALL" },
  ] },
  { type = "ANY" },
  { type = "NONE", conditions = [{ operator = "PERCENTAGE_SPLIT", property = "team", value = "100" }] },
]`

// onServer is what everyRules is on the server, without ids.
const onServer = `[
 {"type":"ALL","conditions":[
   {"operator":"EQUAL","property":"a","value":"","description":null},
   {"operator":"NOT_EQUAL","property":"a","value":"true","description":null},
   {"operator":"IS_SET","property":"b","value":"","description":null},
   {"operator":"PERCENTAGE_SPLIT","property":null,"value":"12.5","description":"an eighth"}],
  "rules":[
   {"type":"ANY","conditions":[
     {"operator":"GREATER_THAN","property":"n","value":"1","description":null},
     {"operator":"GREATER_THAN_INCLUSIVE","property":"n","value":"1.0","description":null},
     {"operator":"LESS_THAN","property":"v","value":"1.2.3:semver","description":null},
     {"operator":"LESS_THAN_INCLUSIVE","property":"n","value":"-1","description":null}]},
   {"type":"NONE","conditions":[
     {"operator":"CONTAINS","property":"ü n","value":"x y","description":null},
     {"operator":"NOT_CONTAINS","property":"c","value":"None","description":""},
     {"operator":"IN","property":"c","value":"[\"a\",\"b\"]","description":null},
     {"operator":"REGEX","property":"c","value":"^(?i)a++[[:x]\\d$","description":null},
     {"operator":"MODULO","property":"id","value":"2|0","description":null},
     {"operator":"IS_NOT_SET","property":"$.identity.identifier","value":"","description":null}]},
   {"type":"ALL","conditions":[]}]},
 {"type":"ANY","conditions":[],"rules":[]},
 {"type":"NONE","conditions":[{"operator":"PERCENTAGE_SPLIT","property":"team","value":"100","description":null}],"rules":[]}]`

// byID sorts rules and conditions by id, the order in which they were sent: the real server lists them in any order.
func byID(v any) any {
	switch v := v.(type) {
	case []any:
		id := func(item any) float64 { object, _ := item.(map[string]any); n, _ := object["id"].(float64); return n }
		slices.SortStableFunc(v, func(a, b any) int { return cmp.Compare(id(a), id(b)) })
		for i := range v {
			v[i] = byID(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = byID(v[key])
		}
	}
	return v
}

// withoutIDs sorts rules and conditions, then takes their ids out.
func withoutIDs(v any) any { return dropIDs(byID(v)) }

func dropIDs(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = dropIDs(v[i])
		}
	case map[string]any:
		delete(v, "id")
		for key := range v {
			v[key] = dropIDs(v[key])
		}
	}
	return v
}

// rulesAre compares the rules on the server with JSON.
func rulesAre(f *acctest.Flagsmith, path func() string, want string) resourceCheck {
	return func(*terraform.State) error {
		var rules any
		if err := json.Unmarshal([]byte(want), &rules); err != nil {
			return err
		}
		if got := withoutIDs(f.Get(path())["rules"]); !reflect.DeepEqual(got, rules) {
			return fmt.Errorf("the server has the rules %v, want %v", got, rules)
		}
		return nil
	}
}

func TestAccSegment(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	features := fmt.Sprintf("/projects/%d/features/", project)
	feature := f.Post(features, map[string]any{"name": f.Name("feature")})
	t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("%s%d/", features, feature.ID()), nil) })
	name := f.Name("segment")
	same := statecheck.CompareValue(compare.ValuesSame())
	var id string
	path := func() string { return fmt.Sprintf("/projects/%d/segments/%s/", project, id) }
	full := segmentConfig(project, name, fmt.Sprintf("description = \"\"\n feature_id = %d\n%s", feature.ID(), everyRules))
	empty := []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	var rulesBefore any
	steps := []resource.TestStep{
		{ // in one request
			PreConfig: f.Reset,
			Config:    f.Config(segmentConfig(project, name, plainRules)),
			Check: resource.ComposeTestCheckFunc(remember(theSegment, "id", &id), func(*terraform.State) error {
				if got, want := f.Requests(), []string{fmt.Sprintf("POST /projects/%d/segments/", project)}; !slices.Equal(got, want) {
					return fmt.Errorf("sent %q, want %q", got, want)
				}
				return nil
			}),
			ConfigStateChecks: append(values(theSegment, map[string]any{
				"project_id": project, "name": name, "description": nil, "feature_id": nil, "uuid": knownvalue.NotNull(),
				"rules": knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
					"type": knownvalue.StringExact("ALL"), "conditions": knownvalue.ListSizeExact(0), "rules": knownvalue.ListSizeExact(0),
				})}),
			}), same.AddStateValue(theSegment, tfjsonpath.New("id"))),
		},
		{ // [] is what null is
			PreConfig:        f.Reset,
			Config:           f.Config(segmentConfig(project, name, `rules = [{ type = "ALL", conditions = [], rules = [] }]`)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: empty},
		},
		{ // everything, in place
			PreConfig:         f.Reset,
			Config:            f.Config(full),
			ConfigPlanChecks:  plans(theSegment, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theSegment, tfjsonpath.New("id"))},
			Check: resource.ComposeTestCheckFunc(
				func(s *terraform.State) error { return wrote(f, "PATCH "+path())(s) },
				serverHas(f, path, map[string]any{"name": name, "description": "", "feature": float64(feature.ID())}),
				rulesAre(f, path, onServer),
			),
		},
		{ // what has nothing to do with rules leaves them alone: their ids stay
			PreConfig: func() { rulesBefore = byID(f.Get(path())["rules"]) },
			Config:    f.Config(strings.Replace(full, `description = ""`, `description = "Other"`, 1)),
			Check: func(*terraform.State) error {
				if got := f.Get(path()); got["description"] != "Other" || !reflect.DeepEqual(byID(got["rules"]), rulesBefore) {
					return fmt.Errorf("the server has %v, want the rules %v", got, rulesBefore)
				}
				return nil
			},
		},
		{ // what others change is put back, order included, and a text that is left out is null
			PreConfig: func() {
				rules, _ := withoutIDs(f.Get(path())["rules"]).([]any)
				slices.Reverse(rules)
				f.Patch(path(), map[string]any{"rules": rules, "name": "theirs"})
			},
			Config:           f.Config(strings.Replace(full, `description = ""`, "", 1)),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(serverHas(f, path, map[string]any{"name": name, "description": nil}),
				rulesAre(f, path, onServer)),
		},
		{Config: f.Config(full), Check: serverHas(f, path, map[string]any{"description": ""})}, // the imports below find it
	}
	steps = append(steps, imports(t, theSegment, func() []string {
		return []string{fmt.Sprintf("%d/%s", project, id), fmt.Sprintf("%d/%s", project, name)}
	})...)
	steps = append(steps, resource.TestStep{
		Config: f.Config(full + `
data "flagops_flagsmith_segment" "by_id" {
  project_id = flagops_flagsmith_segment.this.project_id
  id         = flagops_flagsmith_segment.this.id
}
data "flagops_flagsmith_segment" "by_name" {
  project_id = flagops_flagsmith_segment.this.project_id
  name       = flagops_flagsmith_segment.this.name
}`),
		ConfigStateChecks: slices.Concat(sameAs(theSegment, "data.flagops_flagsmith_segment.by_id", "uuid", "name", "feature_id", "description", "rules"),
			sameAs(theSegment, "data.flagops_flagsmith_segment.by_name", "id", "uuid", "rules")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: fmt.Sprintf("list \"flagops_flagsmith_segment\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n  config {\n    project_id = %d\n  }\n}\n", project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&id, fmt.Sprintf("%s (%d/%%s)", name, project), map[string]any{
			"name": name, "description": "", "feature_id": json.Number(fmt.Sprint(feature.ID())),
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{ // back to nothing; "" is nothing too
			Config: f.Config(segmentConfig(project, name, plainRules)),
			Check: resource.ComposeTestCheckFunc(serverHas(f, path, map[string]any{"description": "", "feature": nil}),
				rulesAre(f, path, `[{"type":"ALL","conditions":[],"rules":[]}]`)),
		},
		resource.TestStep{ // deleted outside: made again
			PreConfig:        func() { f.Delete(path()) },
			Config:           f.Config(segmentConfig(project, name, plainRules)),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionCreate),
			Check:            remember(theSegment, "id", &id),
		},
		resource.TestStep{ // a name that two have
			PreConfig: func() {
				segments := fmt.Sprintf("/projects/%d/segments/", project)
				twin := f.Post(segments, map[string]any{"name": name, "rules": []map[string]any{{"type": "ANY"}}})
				t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("%s%d/", segments, twin.ID()), nil) })
			},
			Config: f.Config(segmentConfig(project, name, plainRules) +
				fmt.Sprintf("data \"flagops_flagsmith_segment\" \"twin\" {\n  project_id = %d\n  name = %q\n}\n", project, name)),
			ExpectError: has("2 flagops_flagsmith_segment have", "name one by its id:", fmt.Sprintf("%d/", project)),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f, path)})
}

// Custom fields that others have set survive every edit, of rules and of anything else.
func TestAccSegmentCustomFields(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	f.ManyProjects() // the field belongs to the project and goes with it
	project := f.Project()
	field := segmentField(t, f, project)
	var id string
	path := func() string { return fmt.Sprintf("/projects/%d/segments/%s/", project, id) }
	set := func(value string) func() {
		return func() {
			f.Patch(path(), map[string]any{"metadata": []map[string]any{{"model_field": field, "field_value": value}}})
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.Config(segmentConfig(project, "s", plainRules)), Check: remember(theSegment, "id", &id)},
		{PreConfig: set("team-a"), Config: f.Config(segmentConfig(project, "s", everyRules)), Check: hasOwner(f, path, "team-a")},
		{PreConfig: set("team-b"), Config: f.Config(segmentConfig(project, "t", everyRules)), Check: hasOwner(f, path, "team-b")},
	}})
}

// segmentField makes a custom field for segments of a project and returns the number that values of it refer to.
func segmentField(t *testing.T, f *acctest.Flagsmith, project int64) int64 {
	t.Helper()
	fields := fmt.Sprintf("/organisations/%d/metadata-model-fields/", f.OrganisationID)
	field := f.Post("/metadata/fields/", map[string]any{"name": f.Name("owner"), "type": "str", "organisation": f.OrganisationID, "project": project})
	for _, kind := range f.List(fields + "supported-content-types/") {
		if kind.Text("model") == "segment" {
			return f.Post(fields, map[string]any{"field": field.ID(), "content_type": kind.ID()}).ID()
		}
	}
	t.Fatal("segments cannot have custom fields here")
	return 0
}

// hasOwner looks at the one custom field that a segment has.
func hasOwner(f *acctest.Flagsmith, path func() string, want string) resourceCheck {
	return func(*terraform.State) error {
		values, _ := f.Get(path())["metadata"].([]any)
		if len(values) == 1 {
			if value, _ := values[0].(map[string]any); value["field_value"] == want {
				return nil
			}
		}
		return fmt.Errorf("the server has the custom fields %v, want %q", values, want)
	}
}

// What a plan does not know yet is checked when it does.
func TestAccSegmentUnknown(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	config := func(input string) string {
		return f.Config(segmentConfig(project, f.Name("segment"), `rules = [
  { type = "ALL", conditions = [
    { operator = "EQUAL", property = terraform_data.of.output.property, value = terraform_data.of.output.value },
    { operator = terraform_data.of.output.operator, property = "b", value = null },
  ] },
  { type = "ANY", conditions = terraform_data.of.output.conditions },
]`) + "resource \"terraform_data\" \"of\" {\n  input = " + input + "\n}\n")
	}
	condition := func(operator, property, value knownvalue.Check) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"operator": operator, "property": property, "value": value, "description": knownvalue.Null()})
	}
	text := knownvalue.StringExact
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: config(`{ property = "a", value = "1", operator = "IS_SET", conditions = [{ operator = "IS_NOT_SET", property = "c", value = null, description = null }] }`),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(theSegment, tfjsonpath.New("rules"), knownvalue.ListExact([]knownvalue.Check{
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"conditions": knownvalue.ListExact([]knownvalue.Check{
					condition(text("EQUAL"), text("a"), text("1")), condition(text("IS_SET"), text("b"), text(""))})}),
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"conditions": knownvalue.ListExact([]knownvalue.Check{
					condition(text("IS_NOT_SET"), text("c"), text(""))})}),
			}))},
		},
		{
			Config:           config(`{ property = "a", value = "2", operator = "IS_NOT_SET", conditions = [] }`),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionUpdate),
		},
	}})
}

// What the server would refuse, strip or never be able to evaluate is an error in the plan, before anything is sent.
func TestAccSegmentRefused(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	condition := func(body string) string {
		return `rules = [{ type = "ALL", rules = [{ type = "ANY", conditions = [{ operator = "EQUAL", property = "p", value = "v" }, { ` + body + ` }] }] }]`
	}
	var steps []resource.TestStep
	for _, refused := range []struct {
		name, body string
		want       []string
	}{
		{"s", `rules = []`, []string{"A segment without rules"}},
		{"s", `rules = [{ type = "all" }]`, []string{"value must be one of", `"NONE"`}},
		{" s", plainRules, []string{"name = ", "begins or ends with white space"}},
		{"s", "description = <<-EOT\n  heredoc\n  EOT\n" + plainRules, []string{"description = ", "begins or ends with white space"}},
		{"s", condition(`operator = "LIKE", property = "p", value = "v"`), []string{"value must be one of", `"MODULO"`}},
		{"s", condition(`operator = "EQUAL", property = "", value = "v"`), []string{"It is blank"}},
		{"s", condition(`operator = "EQUAL", property = "p", value = "v "`), []string{"begins or ends with white space"}},
		{"s", condition(`operator = "IS_SET", property = "p", value = "x"`), []string{"IS_SET takes no value: leave it out."}},
		{"s", condition(`operator = "PERCENTAGE_SPLIT", value = "101"`), []string{"PERCENTAGE_SPLIT takes a number from 0 to 100"}},
		{"s", condition(`operator = "MODULO", property = "p", value = "2"`), []string{`MODULO takes "divisor|remainder"`}},
		{"s", condition(`operator = "REGEX", property = "p", value = "a("`), []string{"REGEX takes a regular expression, and this is none: missing closing )."}},
	} {
		steps = append(steps, resource.TestStep{
			Config: f.Config(segmentConfig(project, refused.name, refused.body)), PlanOnly: true, ExpectError: has(refused.want...),
		})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
	if sent := f.Requests(); len(sent) > 0 {
		t.Errorf("a plan that fails sent %q", sent)
	}
}

// What the server refuses lands on the attribute. What it holds already may be odd: it can be imported and edited, as long
// as its rules stay.
func TestAccSegmentOdd(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	name := f.Name("odd")
	segments := fmt.Sprintf("/projects/%d/segments/", project)
	var id string
	path := func() string { return segments + id + "/" }
	odd := `[{"type":"ANY","rules":[],"conditions":[
	  {"operator":"IS_SET","property":"a","value":"None","description":null},
	  {"operator":"MODULO","property":"a","value":"garbage","description":""},
	  {"operator":"REGEX","property":"a","value":"[","description":null},
	  {"operator":"EQUAL","property":null,"value":"","description":null}]}]`
	var rules any
	if err := json.Unmarshal([]byte(odd), &rules); err != nil {
		t.Fatal(err)
	}
	id = fmt.Sprint(f.Post(segments, map[string]any{"name": name, "rules": rules}).ID())
	config := func(name string) string {
		return f.Config(segmentConfig(project, name, `rules = [{ type = "ANY", conditions = [
  { operator = "IS_SET", property = "a", value = "None" },
  { operator = "MODULO", property = "a", value = "garbage" },
  { operator = "REGEX", property = "a", value = "[" },
  { operator = "EQUAL" },
] }]`))
	}
	many := strings.Repeat("{ operator = \"IS_SET\", property = \"p\" },\n", 101)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config:             config(name),
			ResourceName:       theSegment,
			ImportState:        true,
			ImportStateId:      fmt.Sprintf("%d/%s", project, name),
			ImportStatePersist: true,
		},
		{
			PreConfig:        f.Reset,
			Config:           config(name),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check:            wrote(f),
		},
		{
			Config: config(name + " renamed"),
			Check: resource.ComposeTestCheckFunc(serverHas(f, path, map[string]any{"name": name + " renamed"}), rulesAre(f, path, odd),
				func(s *terraform.State) error { return wrote(f, "PATCH "+path())(s) }),
		},
		{
			Config:      f.Config(segmentConfig(project, name, "feature_id = 999999\n"+plainRules)),
			ExpectError: has("Cannot update flagops_flagsmith_segment", "feature_id = 999999", "Invalid pk", "object does not exist."),
		},
		{
			Config:      f.Config(segmentConfig(project, name, "rules = [{ type = \"ALL\", conditions = [\n"+many+"] }]")),
			ExpectError: has("Cannot update flagops_flagsmith_segment", "rules = [{", "The segment has 101 conditions, which exceeds the maximum"),
		},
		{Config: config(name), Check: resource.ComposeTestCheckFunc(rulesAre(f, path, odd), serverHas(f, path, map[string]any{"name": name}))},
	}})
}

// Another project makes a new segment, and a project that is gone takes it along.
func TestAccSegmentMoves(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	f.ManyProjects()
	from := f.Project()
	to := f.Post("/projects/", map[string]any{"name": f.Name("to"), "organisation": f.OrganisationID}).ID()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.Config(segmentConfig(from, "s", plainRules))},
		{
			Config:           f.Config(segmentConfig(to, "s", plainRules)),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionReplace),
			Check: func(*terraform.State) error {
				if left, made := f.List(fmt.Sprintf("/projects/%d/segments/", from)), f.List(fmt.Sprintf("/projects/%d/segments/", to)); len(left) != 0 || len(made) != 1 {
					return fmt.Errorf("%d segments are left and %d made", len(left), len(made))
				}
				return nil
			},
		},
		{
			PreConfig:        func() { f.Delete(fmt.Sprintf("/projects/%d/", to)) },
			Config:           f.Config(segmentConfig(from, "s", plainRules)),
			ConfigPlanChecks: plans(theSegment, plancheck.ResourceActionCreate),
		},
	}})
}
