package flagsmith_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// options writes multivariate_options out of elements: name, value, percentage or "".
func (f *featureTest) options(elements ...[3]string) string {
	var b strings.Builder
	for _, e := range elements {
		fmt.Fprintf(&b, "    %q = { value = { %s }", e[0], e[1])
		if e[2] != "" {
			b.WriteString(", default_percentage_allocation = " + e[2])
		}
		b.WriteString(" }\n")
	}
	return f.config("multivariate_options = {\n" + b.String() + "}")
}

// onServer lists the options of the feature as "key value percentage", in order of their values.
func (f *featureTest) onServer() (list []string, ids map[string]string) {
	ids = map[string]string{}
	for _, o := range f.List(f.path() + "mv-options/") {
		column := map[string]string{"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}[o.Text("type")]
		key := "-"
		if k := o.Text("key"); k != "" {
			key = k
		}
		list = append(list, fmt.Sprintf("%s %v %v", key, o[column], o["default_percentage_allocation"]))
		ids[fmt.Sprint(o[column])] = fmt.Sprint(o.ID())
	}
	slices.Sort(list)
	return list, ids
}

func (f *featureTest) hasOptions(want ...string) resourceCheck {
	return func(*terraform.State) error {
		slices.Sort(want)
		if got, _ := f.onServer(); !slices.Equal(got, want) {
			return fmt.Errorf("the server has the options %q, want %q", got, want)
		}
		kind := map[bool]string{true: "MULTIVARIATE", false: "STANDARD"}[len(want) > 0]
		return serverHas(f.Flagsmith, f.path, map[string]any{"type": kind})(nil)
	}
}

func optionID(name string) tfjsonpath.Path {
	return tfjsonpath.New("multivariate_options").AtMapKey(name).AtMapKey("id")
}

// wrotes compares what was written with methods and what follows the feature's path, ids left out.
func (f *featureTest) wrotes(want ...string) resourceCheck {
	return func(*terraform.State) error {
		var got []string
		for _, w := range f.Writes() {
			method, path, _ := strings.Cut(w, " ")
			parts := strings.Split(strings.TrimPrefix(path, f.path()), "/")
			got = append(got, strings.TrimSpace(method+" "+parts[0]))
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("wrote %q, want %q (%q)", got, want, f.Writes())
		}
		return nil
	}
}

func TestAccFeatureOptions(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	blue, kept := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesSame())
	a, b, c := [3]string{"a", `string = "a"`, "16.1"}, [3]string{"b", `string = "b"`, "48.2"}, [3]string{"c", `string = "c"`, "35.7"}
	var id string
	steps := []resource.TestStep{
		{ // names that are the values: one request, in an order that adds up to no more than 100 as floats
			PreConfig: f.Reset,
			Config:    f.options(a, b, c),
			Check: resource.ComposeTestCheckFunc(remember(theFeature, "id", &f.id), wrote(f.Flagsmith, "POST "+f.features),
				f.hasOptions("- a 16.1", "- b 48.2", "- c 35.7")),
			ConfigStateChecks: append(values(theFeature, map[string]any{"type": "MULTIVARIATE"}), statecheck.ExpectKnownValue(theFeature,
				tfjsonpath.New("multivariate_options").AtMapKey("a"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"id": knownvalue.NotNull(), "default_percentage_allocation": decimal("16.1"),
					"value": knownvalue.ObjectExact(map[string]knownvalue.Check{"string": knownvalue.StringExact("a"), "integer": knownvalue.Null(), "boolean": knownvalue.Null()}),
				}))),
		},
		{ // the order is none
			PreConfig: f.Reset, Config: f.options(c, b, a), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop),
		},
		{ // what differs, where it frees first; gone is what was dropped; other names become keys
			PreConfig: f.Reset,
			Config:    f.options([3]string{"b", `string = "b"`, "50"}, [3]string{"c", `string = "navy"`, "20"}, [3]string{"three", `integer = 3`, "30"}, [3]string{"no", `boolean = false`, ""}),
			Check: resource.ComposeTestCheckFunc(f.wrotes("DELETE mv-options", "PATCH mv-options", "POST mv-options", "PATCH mv-options", "POST mv-options"),
				f.hasOptions("- b 50", "c navy 20", "three 3 30", "no false 0")),
			ConfigStateChecks: []statecheck.StateCheck{blue.AddStateValue(theFeature, optionID("c")), kept.AddStateValue(theFeature, optionID("three"))},
		},
		{ // under the same name, value and type change in place
			PreConfig: f.Reset,
			Config:    f.options([3]string{"b", `string = "b"`, "50"}, [3]string{"c", `boolean = true`, "20"}, [3]string{"three", `string = "3"`, "30"}, [3]string{"no", `boolean = false`, ""}),
			Check: resource.ComposeTestCheckFunc(f.wrotes("PATCH mv-options", "PATCH mv-options"),
				f.hasOptions("- b 50", "c true 20", "three 3 30", "no false 0")),
			ConfigStateChecks: []statecheck.StateCheck{blue.AddStateValue(theFeature, optionID("c")), kept.AddStateValue(theFeature, optionID("three"))},
		},
		{ // what others change is put back: a value in place, under its name; an option that is new to Terraform is deleted once a plan has shown it
			PreConfig: func() {
				_, ids := f.onServer()
				feature := f.Get(f.path()).ID()
				f.Patch(f.path()+"mv-options/"+ids["b"]+"/", map[string]any{"feature": feature, "string_value": "changed", "default_percentage_allocation": 40})
				f.Post(f.path()+"mv-options/", map[string]any{"feature": feature, "string_value": "theirs", "default_percentage_allocation": 0})
				f.Reset()
			},
			Config: f.options([3]string{"b", `string = "b"`, "50"}, [3]string{"c", `boolean = true`, "20"}, [3]string{"three", `string = "3"`, "30"}, [3]string{"no", `boolean = false`, ""}),
			Check: resource.ComposeTestCheckFunc(f.wrotes("DELETE mv-options", "PATCH mv-options"),
				f.hasOptions("- b 50", "c true 20", "three 3 30", "no false 0")),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
		},
		{ // deleted outside, it is made again
			PreConfig: func() {
				_, ids := f.onServer()
				f.Delete(f.path() + "mv-options/" + ids["b"] + "/")
				f.Reset()
			},
			Config: f.options([3]string{"b", `string = "b"`, "50"}, [3]string{"c", `boolean = true`, "20"}),
			Check:  resource.ComposeTestCheckFunc(f.wrotes("DELETE mv-options", "DELETE mv-options", "POST mv-options"), f.hasOptions("- b 50", "c true 20")),
		},
		{ // given up: nothing happens
			PreConfig: f.Reset, Config: f.config(""), Check: resource.ComposeTestCheckFunc(f.wroteTo(), f.hasOptions("- b 50", "c true 20")),
			ConfigStateChecks: values(theFeature, map[string]any{"multivariate_options": nil, "type": "MULTIVARIATE"}),
		},
		{ // taken back: options that are there are taken over, and one that is not named is left alone until a plan shows it
			PreConfig:          f.Reset,
			Config:             f.options([3]string{"c", `boolean = true`, "25"}),
			Check:              resource.ComposeTestCheckFunc(f.wrotes("PATCH mv-options"), f.hasOptions("- b 50", "c true 25")),
			ConfigStateChecks:  []statecheck.StateCheck{blue.AddStateValue(theFeature, optionID("c"))},
			ExpectNonEmptyPlan: true,
		},
		{ // none: the type goes back
			PreConfig:         f.Reset,
			Config:            f.options(),
			Check:             resource.ComposeTestCheckFunc(f.wrotes("DELETE mv-options", "DELETE mv-options"), f.hasOptions()),
			ConfigStateChecks: values(theFeature, map[string]any{"type": "STANDARD", "multivariate_options": knownvalue.MapExact(nil)}),
		},
		{
			Config:            f.options(a),
			Check:             f.hasOptions("- a 16.1"),
			ConfigStateChecks: values(theFeature, map[string]any{"type": "MULTIVARIATE"}),
		},
		{ // odd ones, made elsewhere: an empty text, no value at all, two of one value
			PreConfig: func() {
				feature := f.Get(f.path()).ID()
				for _, o := range []map[string]any{
					{"string_value": ""}, {"type": "int", "string_value": "left behind"}, {"string_value": "twin"}, {"string_value": "twin"}, {"string_value": "a b/c"},
					{"type": "int", "integer_value": 7}, {"string_value": "v", "key": "with_key"},
				} {
					o["feature"], o["default_percentage_allocation"] = feature, 0
					f.Post(f.path()+"mv-options/", o)
				}
				id = fmt.Sprintf("%d/%s", f.project, f.id)
			},
			RefreshState: true, ExpectNonEmptyPlan: true,
		},
		{ResourceName: theFeature, ImportState: true, ImportStateIdFunc: func(*terraform.State) (string, error) { return id, nil }, ImportStateVerify: true},
	}
	steps = append(steps, acctest.Steps(t, acctest.Identity,
		resource.TestStep{ResourceName: theFeature, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, GenerateConfig: true})...)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f.Flagsmith, f.path)})
}

// A name that stands for an option of an id, and one that its value has lost, stay names.
func TestAccFeatureOptionNames(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	made := f.Post(f.features, map[string]any{"name": f.name, "multivariate_options": []map[string]any{
		{"string_value": "twin", "default_percentage_allocation": 0}, {"string_value": "twin", "default_percentage_allocation": 0},
	}})
	f.id = fmt.Sprint(made.ID())
	var hashes []string
	for _, o := range f.List(f.path() + "mv-options/") {
		hashes = append(hashes, fmt.Sprintf("#%d", o.ID()))
	}
	slices.Sort(hashes)
	same := statecheck.CompareValue(compare.ValuesSame())
	first := func(value string) [3]string { return [3]string{hashes[0], fmt.Sprintf("string = %q", value), ""} }
	importing := fmt.Sprintf("import {\n  to = %s\n  id = \"%d/%s\"\n}\n", theFeature, f.project, f.id)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			PreConfig:         f.Reset,
			Config:            f.options(first("twin"), [3]string{hashes[1], `string = "twin"`, ""}) + importing,
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theFeature, optionID(hashes[0]))},
			Check:             f.wroteTo(),
		},
		{ // the other one gone, the value alone would name it
			PreConfig:         f.Reset,
			Config:            f.options(first("twin")),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theFeature, optionID(hashes[0]))},
			Check:             resource.ComposeTestCheckFunc(f.wrotes("DELETE mv-options"), f.hasOptions("- twin 0")),
		},
		{PreConfig: f.Reset, Config: f.options(first("twin")), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop)},
		{
			Config:            f.options(first("other")),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theFeature, optionID(hashes[0]))},
			Check:             f.hasOptions("- other 0"),
		},
		{ // an id that is not there
			Config:      f.options(first("other"), [3]string{"#999999999", `string = "x"`, ""}),
			ExpectError: has("multivariate_options = {", "has no option #999999999"),
		},
		{ // a key is the server's to refuse where only it knows
			PreConfig: func() {
				_, ids := f.onServer()
				f.Patch(f.path()+"mv-options/"+ids["other"]+"/", map[string]any{"feature": made.ID(), "default_percentage_allocation": 80})
			},
			Config:           f.options(first("other"), [3]string{"k", `string = "x"`, "30"}),
			Check:            f.hasOptions("- other 0", "k x 30"),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
		},
	}})
}

// The weights of a live environment keep a new option from taking more than is left.
func TestAccFeatureOptionsEnvironmentFull(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	_, key := f.Environment(f.project, f.Name("e"))
	t.Cleanup(func() { f.Send("DELETE", "/environments/"+key+"/", nil) })
	a := [3]string{"a", `string = "a"`, "10"}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.options(a), Check: remember(theFeature, "id", &f.id)},
		{
			PreConfig: func() {
				state := f.List("/environments/" + key + "/featurestates/?feature=" + f.id)[0]
				rows, _ := state["multivariate_feature_state_values"].([]any)
				row, _ := rows[0].(map[string]any)
				row["percentage_allocation"] = 95
				f.Put(fmt.Sprintf("/environments/%s/featurestates/%d/", key, state.ID()), map[string]any{"multivariate_feature_state_values": rows})
			},
			Config:      f.options(a, [3]string{"b", `string = "b"`, "20"}),
			ExpectError: has("multivariate_options = {", `Option "b": default_percentage_allocation: Invalid percentage allocation`, "set 0 here and raise it in feature states"),
		},
		{Config: f.options(a, [3]string{"b", `string = "b"`, "5"}), Check: f.hasOptions("- a 10", "- b 5")},
	}})
}

// A configuration that starts to manage options is told of those that it does not name.
func TestAccFeatureOptionsUnnamed(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	w := acctest.NewWorkspace(t, f.Flagsmith)
	config := func(options string) { w.Write("main.tf", featureConfig(f.project, f.name, options)) }
	config("")
	w.Apply()
	f.id = fmt.Sprint(f.List(f.features + "?search=" + f.name)[0].ID())
	for _, text := range []string{"a", "b"} {
		f.Post(f.path()+"mv-options/", map[string]any{"feature": f.Get(f.path()).ID(), "string_value": text, "default_percentage_allocation": 1})
	}
	config(`multivariate_options = { a = { value = { string = "a" }, default_percentage_allocation = 1 } }`)
	f.Reset()
	if out := acctest.Unwrapped(w.Apply()); !strings.Contains(out, "There are more options than the configuration names") || !strings.Contains(out, `also has "b". This apply leaves them alone`) {
		t.Errorf("b is not mentioned in %s", out)
	}
	if err := f.hasOptions("- a 1", "- b 1")(nil); err != nil || len(f.Writes()) > 0 {
		t.Error(err, f.Writes())
	}
	if out := w.Run("plan", "-input=false"); !strings.Contains(out, `- "b" = {`) {
		t.Errorf("the next plan does not show b: %s", out)
	}
	config(`multivariate_options = {
  a = { value = { string = "a" }, default_percentage_allocation = 1 }
  b = { value = { string = "b" }, default_percentage_allocation = 1 }
}`)
	w.ExpectEmptyPlan()
	w.Run("destroy", "-auto-approve")
}

// What a plan does not know yet is checked when it does, and the type waits with it.
func TestAccFeatureOptionsUnknown(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	config := func(input string) string {
		return f.config(`multivariate_options = {
    for name, text in terraform_data.of.output.options : name => { value = { string = text }, default_percentage_allocation = terraform_data.of.output.share }
  }
  tags = terraform_data.of.output.tags
  description = terraform_data.of.output.description`) + "resource \"terraform_data\" \"of\" {\n  input = " + input + "\n}\n"
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			Config: config(`{ options = { a = "a", k = "b" }, share = 12.5, tags = [], description = null }`),
			Check:  resource.ComposeTestCheckFunc(remember(theFeature, "id", &f.id), f.hasOptions("- a 12.5", "k b 12.5")),
		},
		{
			Config:            config(`{ options = { a = "a", k = "c" }, share = 50, tags = [], description = "d" }`),
			Check:             f.hasOptions("- a 50", "k c 50"),
			ConfigStateChecks: values(theFeature, map[string]any{"type": "MULTIVARIATE", "description": "d"}),
		},
		{ // too much for the server alone to say
			Config:      config(`{ options = { a = "a", k = "c" }, share = 51, tags = [], description = "d" }`),
			ExpectError: has("More than 100 %"),
		},
		{
			Config:            config(`{ options = {}, share = 1, tags = [], description = null }`),
			Check:             f.hasOptions(),
			ConfigStateChecks: values(theFeature, map[string]any{"type": "STANDARD", "description": nil}),
		},
	}})
}
