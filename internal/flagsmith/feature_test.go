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
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

const theFeature = "flagops_flagsmith_feature.this"

func featureConfig(project int64, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_feature\" \"this\" {\n  project_id = %d\n  name = %q\n%s\n}\n", project, name, settings)
}

// featureTest is a server with a project, and the one feature that a test's configuration makes in it.
type featureTest struct {
	*acctest.Flagsmith
	project  int64
	features string // path of all of them
	name     string
	id       string // known after the first step
}

func newFeatureTest(t *testing.T, options ...sandbox.Option) *featureTest {
	t.Helper()
	f := acctest.NewFlagsmith(t, options...)
	project := f.Project()
	return &featureTest{Flagsmith: f, project: project, features: fmt.Sprintf("/projects/%d/features/", project), name: f.Name("feature")}
}

func (f *featureTest) path() string { return f.features + f.id + "/" }

func (f *featureTest) config(settings string) string {
	return f.Config(featureConfig(f.project, f.name, settings))
}

func (f *featureTest) tag(label string) int64 {
	return f.Post(fmt.Sprintf("/projects/%d/tags/", f.project), map[string]any{"label": label}).ID()
}

// wroteTo says what was written to the feature: "PATCH", "POST add-owners/".
func (f *featureTest) wroteTo(requests ...string) resourceCheck {
	return func(s *terraform.State) error {
		var want []string
		for _, r := range requests {
			method, rest, _ := strings.Cut(r, " ")
			want = append(want, method+" "+f.path()+rest)
		}
		return wrote(f.Flagsmith, want...)(s)
	}
}

// field makes a custom field for features of the project and returns the number that values of it refer to.
func (f *featureTest) field(t *testing.T) int64 {
	t.Helper()
	all := fmt.Sprintf("/organisations/%d/metadata-model-fields/", f.OrganisationID)
	field := f.Post("/metadata/fields/", map[string]any{"name": f.Name("owner"), "type": "str", "organisation": f.OrganisationID, "project": f.project})
	for _, kind := range f.List(all + "supported-content-types/") {
		if kind.Text("model") == "feature" {
			return f.Post(all, map[string]any{"field": field.ID(), "content_type": kind.ID()}).ID()
		}
	}
	t.Fatal("features cannot have custom fields here")
	return 0
}

// adminAndGroup are a user who may own features, and a group.
func adminAndGroup(t *testing.T, f *acctest.Flagsmith) (user, group int64) {
	t.Helper()
	for _, u := range f.List(fmt.Sprintf("/organisations/%d/users/", f.OrganisationID)) {
		if u.Text("role") == "ADMIN" && user == 0 {
			user = u.ID()
		}
	}
	groups := fmt.Sprintf("/organisations/%d/groups/", f.OrganisationID)
	group = f.Post(groups, map[string]any{"name": f.Name("group")}).ID()
	t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("%s%d/", groups, group), nil) })
	return user, group
}

func ints(n ...int64) knownvalue.Check {
	checks := make([]knownvalue.Check, len(n))
	for i := range n {
		checks[i] = knownvalue.Int64Exact(n[i])
	}
	return knownvalue.SetExact(checks)
}

func TestAccFeature(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	a, b, field := f.tag("a"), f.tag("b"), f.field(t)
	user, group := adminAndGroup(t, f.Flagsmith)
	full := func(tags, owners, groups string) string {
		return f.config(fmt.Sprintf("description = \"Why\"\n is_archived = true\n is_server_key_only = true\n tags = [%s]\n owners = [%s]\n group_owners = [%s]",
			tags, owners, groups))
	}
	both := fmt.Sprintf("%d, %d", b, a)
	same := statecheck.CompareValue(compare.ValuesSame())
	metadata := func(want string) resourceCheck {
		return func(*terraform.State) error {
			if got := fmt.Sprint(f.Get(f.path())["metadata"]); !strings.Contains(got, "field_value:"+want+" ") {
				return fmt.Errorf("the custom fields are %s, want %s", got, want)
			}
			return nil
		}
	}
	setMetadata := func(value string, more map[string]any) {
		more["metadata"] = []map[string]any{{"model_field": field, "field_value": value}}
		f.Patch(f.path(), more)
		f.Reset()
	}
	steps := []resource.TestStep{
		{ // one request; the others ask for the project's pattern, once in the plan and once in the apply
			PreConfig: f.Reset,
			Config:    f.config(""),
			Check: resource.ComposeTestCheckFunc(remember(theFeature, "id", &f.id), wrote(f.Flagsmith, "POST "+f.features), func(*terraform.State) error {
				if n := len(f.Requests()); n > 3 {
					return fmt.Errorf("%d requests: %q", n, f.Requests())
				}
				return nil
			}),
			ConfigStateChecks: append(values(theFeature, map[string]any{
				"project_id": f.project, "uuid": knownvalue.NotNull(), "name": f.name, "type": "STANDARD", "description": nil, "initial_value": nil,
				"default_enabled": false, "is_archived": false, "is_server_key_only": false, "tags": nil, "owners": nil, "group_owners": nil,
				"multivariate_options": nil, "deletion_protection": false,
			}), same.AddStateValue(theFeature, tfjsonpath.New("id"))),
		},
		{ // what is not managed is neither compared nor written
			PreConfig: func() {
				f.Post(f.path()+"add-owners/", map[string]any{"user_ids": []int64{user}})
				f.Post(f.path()+"mv-options/", map[string]any{"feature": f.Get(f.path()).ID(), "string_value": "theirs", "default_percentage_allocation": 0})
				setMetadata("team-a", map[string]any{"tags": []int64{b}})
			},
			Config:           f.config(""),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop),
			Check:            f.wroteTo(),
		},
		{
			Config: f.config(`description = "Other"`),
			Check: resource.ComposeTestCheckFunc(f.wroteTo("PATCH"), metadata("team-a"), func(s *terraform.State) error {
				options := f.List(f.path() + "mv-options/")
				if len(options) != 1 || options[0].Text("string_value") != "theirs" {
					return fmt.Errorf("the server has the options %v", options)
				}
				f.Delete(fmt.Sprintf("%smv-options/%d/", f.path(), options[0].ID()))
				return serverHas(f.Flagsmith, f.path, map[string]any{"tags": []any{float64(b)}})(s)
			}),
		},
		{ // in place: custom fields that others have set survive, owners are added before others are removed
			PreConfig:         f.Reset,
			Config:            full(fmt.Sprint(a), "", fmt.Sprint(group)),
			ConfigPlanChecks:  plans(theFeature, plancheck.ResourceActionUpdate),
			ConfigStateChecks: append(values(theFeature, map[string]any{"tags": ints(a), "owners": ints(), "group_owners": ints(group)}), same.AddStateValue(theFeature, tfjsonpath.New("id"))),
			Check: resource.ComposeTestCheckFunc(f.wroteTo("PATCH", "POST add-group-owners/", "POST remove-owners/"), metadata("team-a"),
				serverHas(f.Flagsmith, f.path, map[string]any{"description": "Why", "is_archived": true, "is_server_key_only": true, "tags": []any{float64(a)}, "owners": []any{}})),
		},
		{ // only what differs is written
			PreConfig:         f.Reset,
			Config:            full(fmt.Sprint(a), fmt.Sprint(user), ""),
			Check:             resource.ComposeTestCheckFunc(f.wroteTo("POST add-owners/", "POST remove-group-owners/"), metadata("team-a")),
			ConfigStateChecks: values(theFeature, map[string]any{"owners": ints(user), "group_owners": ints()}),
		},
		{ // what others change is put back
			PreConfig: func() {
				f.Post(f.path()+"add-group-owners/", map[string]any{"group_ids": []int64{group}})
				setMetadata("team-b", map[string]any{"description": nil, "is_archived": false})
			},
			Config:           full(both, fmt.Sprint(user), ""),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(f.wroteTo("PATCH", "POST remove-group-owners/"), metadata("team-b"),
				serverHas(f.Flagsmith, f.path, map[string]any{"description": "Why", "is_archived": true})),
			ConfigStateChecks: values(theFeature, map[string]any{"tags": ints(a, b)}),
		},
		{ // given up: nothing happens on the server
			PreConfig:         f.Reset,
			Config:            f.config("description = \"Why\"\n is_archived = true\n is_server_key_only = true"),
			ConfigPlanChecks:  plans(theFeature, plancheck.ResourceActionUpdate),
			ConfigStateChecks: values(theFeature, map[string]any{"tags": nil, "owners": nil, "group_owners": nil}),
			Check:             f.wroteTo(),
		},
		{ // taken back: nothing to write, for nothing differs
			PreConfig:         f.Reset,
			Config:            full(both, fmt.Sprint(user), "") + "",
			ConfigStateChecks: values(theFeature, map[string]any{"tags": ints(a, b), "owners": ints(user), "group_owners": ints()}),
			Check:             f.wroteTo(),
		},
		{
			Config: f.Config(featureConfig(f.project, f.name, "tags = []\n owners = []\n group_owners = []\n multivariate_options = {}")),
			Check:  serverHas(f.Flagsmith, f.path, map[string]any{"description": nil, "tags": []any{}, "owners": []any{}, "is_archived": false, "type": "STANDARD"}),
		},
	}
	// Everything is managed now, so that an import, which reads everything, leaves nothing to give up.
	everything := "tags = []\n owners = []\n group_owners = []\n multivariate_options = {}"
	steps = append(steps, imports(t, theFeature, func() []string {
		return []string{fmt.Sprintf("%d/%s", f.project, f.id), fmt.Sprintf("%d/%s", f.project, f.name)}
	})...)
	steps = append(steps, resource.TestStep{
		Config: f.config(everything) + fmt.Sprintf(`
data "flagops_flagsmith_feature" "by_id" {
  project_id = %[1]d
  id         = flagops_flagsmith_feature.this.id
}
data "flagops_flagsmith_feature" "by_name" {
  project_id = %[1]d
  name       = flagops_flagsmith_feature.this.name
}
`, f.project),
		ConfigStateChecks: slices.Concat(sameAs(theFeature, "data.flagops_flagsmith_feature.by_id", "uuid", "name", "type", "tags", "multivariate_options", "default_enabled"),
			sameAs(theFeature, "data.flagops_flagsmith_feature.by_name", "id", "uuid", "owners")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true,
		Config: fmt.Sprintf("list \"flagops_flagsmith_feature\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n"+
			"  config {\n    project_id = %d\n  }\n}\n", f.project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&f.id, fmt.Sprintf("%s (%d/%%s)", f.name, f.project), map[string]any{
			"name": f.name, "description": nil, "default_enabled": false, "deletion_protection": false, "tags": []any{}, "multivariate_options": map[string]any{},
		}}},
	})...)
	steps = append(steps, protects(f.Flagsmith, theFeature, func(settings string) string { return f.config(everything + "\n" + settings) },
		f.Config(featureConfig(f.project, f.name+"-2", everything+"\n deletion_protection = true")))...)
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again
			PreConfig:        func() { f.Delete(f.path()) },
			Config:           f.config(everything),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionCreate),
			Check:            remember(theFeature, "id", &f.id),
		},
		resource.TestStep{ // everything at once, in one request
			PreConfig: func() { f.Delete(f.path()); f.Reset() },
			Config: f.config(fmt.Sprintf("description = \"\"\n initial_value = \"007\"\n default_enabled = true\n is_server_key_only = true\n tags = [%s]\n owners = [%d]\n"+
				" group_owners = [%d]\n multivariate_options = { blue = { value = { string = \"blue\" }, default_percentage_allocation = 12.5 } }", both, user, group)),
			Check: resource.ComposeTestCheckFunc(remember(theFeature, "id", &f.id), wrote(f.Flagsmith, "POST "+f.features)),
			ConfigStateChecks: values(theFeature, map[string]any{
				"description": "", "initial_value": "007", "default_enabled": true, "type": "MULTIVARIATE", "tags": ints(a, b), "owners": ints(user), "group_owners": ints(group),
			}),
		})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f.Flagsmith, f.path)})
}

// What only matters at creation never replaces: changed later, it is an error that says what to do.
func TestAccFeatureFixedAtCreation(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	fixed := func(attribute string) resource.TestStep {
		return resource.TestStep{Config: f.config(attribute), ExpectError: has(strings.Fields(attribute)[0]+" is fixed at creation", "flagops_flagsmith_feature_state", "terraform taint")}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.config("initial_value = \"a\"\n default_enabled = true"), Check: remember(theFeature, "id", &f.id)},
		fixed(`initial_value = "b"`),
		fixed(`initial_value = ""`),
		fixed(`default_enabled = false`),
		{ // left out, they are what they were
			PreConfig: f.Reset, Config: f.config(""), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop), Check: f.wroteTo(),
			ConfigStateChecks: values(theFeature, map[string]any{"initial_value": "a", "default_enabled": true}),
		},
		{ // known only during the apply
			Config:      f.config("initial_value = terraform_data.of.output") + "resource \"terraform_data\" \"of\" {\n  input = \"c\"\n}\n",
			ExpectError: has("initial_value is fixed at creation"),
		},
		{ // the advice works
			Taint: []string{theFeature}, Config: f.config("initial_value = \"b\"\n default_enabled = false"),
			ConfigPlanChecks:  plans(theFeature, plancheck.ResourceActionReplace),
			ConfigStateChecks: values(theFeature, map[string]any{"initial_value": "b", "default_enabled": false}),
			Check:             remember(theFeature, "id", &f.id),
		},
		{ // a new feature may start otherwise
			Config:            f.Config(featureConfig(f.project, f.name+"-new", "initial_value = terraform_data.of.output\n default_enabled = false") + "resource \"terraform_data\" \"of\" {\n  input = \"c\"\n}\n"),
			ConfigPlanChecks:  plans(theFeature, plancheck.ResourceActionReplace),
			ConfigStateChecks: values(theFeature, map[string]any{"initial_value": "c", "default_enabled": false}),
			Check:             gone(f.Flagsmith, f.path),
		},
	}})
}

// Replacing deletes states and overrides everywhere: the plan says how many.
func TestAccFeatureReplace(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	environment, key := f.Environment(f.project, f.Name("a"))
	_, other := f.Environment(f.project, f.Name("b"))
	t.Cleanup(func() {
		f.Send("DELETE", "/environments/"+key+"/", nil)
		f.Send("DELETE", "/environments/"+other+"/", nil)
	})
	w := acctest.NewWorkspace(t, f.Flagsmith)
	w.Write("main.tf", featureConfig(f.project, f.name, ""))
	w.Apply()
	feature := f.List(f.features + "?search=" + f.name)[0].ID()
	overrides := 0
	if acctest.Real() { // the sandbox has none
		overrides = 1
		segment := f.Post(fmt.Sprintf("/projects/%d/segments/", f.project), map[string]any{"name": f.Name("s"), "rules": []map[string]any{{"type": "ALL"}}}).ID()
		t.Cleanup(func() { f.Send("DELETE", fmt.Sprintf("/projects/%d/segments/%d/", f.project, segment), nil) })
		f.Post(fmt.Sprintf("/environments/%s/features/%d/create-segment-override/", key, feature), map[string]any{
			"enabled": true, "feature_segment": map[string]any{"segment": segment}, "feature_state_value": map[string]any{"type": "unicode", "string_value": "x"}})
		identity := f.Post("/environments/"+key+"/identities/", map[string]any{"identifier": "user-1"}).ID()
		f.Post(fmt.Sprintf("/environments/%s/identities/%d/featurestates/", key, identity), map[string]any{"feature": feature, "enabled": true})
	}
	environments := len(f.List(fmt.Sprintf("/projects/%d/environments/", f.project)))

	w.Write("main.tf", featureConfig(f.project, f.name+"-renamed", ""))
	f.Reset()
	plan := acctest.Unwrapped(w.Run("plan", "-input=false"))
	for _, want := range []string{
		fmt.Sprintf("Replacing feature %q deletes its states and overrides", f.name), "forces replacement",
		fmt.Sprintf("There are %d states, %d segment overrides and %[2]d identity overrides.", environments, overrides), "1 to add, 0 to change, 1 to destroy",
	} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan does not say %q:\n%s", want, plan)
		}
	}
	// The refresh, the project's pattern, the environments, and one request for each of them.
	if n := len(f.Requests()); n > 3+environments {
		t.Errorf("%d requests: %q", n, f.Requests())
	}
	w.Apply()
	w.ExpectEmptyPlan()
	states := f.List("/environments/" + key + "/featurestates/?feature_name=" + f.name + "-renamed")
	if len(states) != 1 || states[0]["enabled"] != false || f.List(f.features + "?search=" + f.name + "-renamed")[0].ID() == feature {
		t.Errorf("environment %d has %v", environment, states)
	}
	w.Run("destroy", "-auto-approve")
}

// What Flagsmith would refuse or change is refused in the plan; what only it knows lands on its attribute.
func TestAccFeatureBadInput(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := newFeatureTest(t)
	f.Patch(fmt.Sprintf("/projects/%d/", f.project), map[string]any{"feature_name_regex": "[a-z-]+"})
	other := f.Post("/projects/", map[string]any{"name": "other", "organisation": f.OrganisationID}).ID()
	foreign := f.Post(fmt.Sprintf("/projects/%d/tags/", other), map[string]any{"label": "foreign"}).ID()
	taken := f.Post(f.features, map[string]any{"name": "taken"}).ID()
	options := func(text string) string { return "multivariate_options = {\n" + text + "\n}" }
	var steps []resource.TestStep
	for _, bad := range []struct {
		name, settings string
		want           []string
	}{
		{"", "", []string{"It is blank."}},
		{"f ", "", []string{"white space"}},
		{strings.Repeat("n", 2001), "", []string{"It has 2001 characters; Flagsmith takes at most 2000."}},
		{"Not_Fitting", "", []string{`name = "Not_Fitting"`, "must match its feature_name_regex, [a-z-]+."}},
		{"f", "initial_value = \"a\\n\"", []string{"begins or ends with white space (a heredoc ends with a line break)"}},
		{"f", fmt.Sprintf("initial_value = %q", strings.Repeat("v", 20001)), []string{"It has 20001 characters; Flagsmith takes at most 20000."}},
		{"f", "description = \" \"", []string{"It is blank."}},
		{"f", "tags = [null]", []string{"Null"}},
		{"f", options(`k = { value = { integer = 2147483648 } }`), []string{"2147483647"}},
		{"f", options(`k = { value = { string = " a" } }`), []string{"white space"}},
		{"f", options(`k = { value = { string = "a", integer = 1 } }`), []string{"It sets string and integer."}},
		{"f", options(`k = { value = { string = "a" }, default_percentage_allocation = 101 }`), []string{"It is 101; it has to be 0 to 100"}},
		{"f", options(`k = { value = { string = "a" }, default_percentage_allocation = 100 / 3 }`), []string{"Round it, say to 33.33."}},
		{"f", options(`a = { value = { string = "a" }, default_percentage_allocation = 33.4 }
  b = { value = { string = "b" }, default_percentage_allocation = 66.61 }`), []string{"More than 100 %", "is 100.01; it may be at most 100"}},
		{"f", options(`control = { value = { string = "a" } }`), []string{`"control"`, "reserves the key"}},
		{"f", options(`"dark blue" = { value = { string = "navy" } }`), []string{"dark blue", "cannot be the option's key"}},
		{"f", options(`"#12" = { value = { string = "navy" } }`), []string{"No such option", "call a new one by its value or by a key"}},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: f.Config(featureConfig(f.project, bad.name, bad.settings)), ExpectError: has(bad.want...)})
	}
	for _, refused := range []struct {
		name, settings string
		want           []string
	}{
		{"taken", "", []string{`name = "taken"`, "is already called \"taken\"", "import {", fmt.Sprintf("id = \"%d/%d\"", f.project, taken)}},
		{"f", fmt.Sprintf("tags = [%d]", foreign), []string{"tags = [", "Selected Tags must be from the same Project"}},
		{"f", "tags = [999]", []string{"tags = [", `Invalid pk "999"`}},
		{"f", "owners = [999]", []string{"owners = [", `Invalid pk "999"`}},
	} {
		steps = append(steps, resource.TestStep{Config: f.Config(featureConfig(f.project, refused.name, refused.settings)), ExpectError: has(refused.want...)})
	}
	steps = append(steps,
		resource.TestStep{ // another case is the same name
			PreConfig: func() {
				f.Patch(fmt.Sprintf("/projects/%d/", f.project), map[string]any{"feature_name_regex": nil, "enforce_feature_owners": true})
			},
			Config:      f.Config(featureConfig(f.project, "TAKEN", "owners = [1]")),
			ExpectError: has(`name = "TAKEN"`, fmt.Sprintf("Feature %d of project %d is already called", taken, f.project), "whatever their case"),
		},
		resource.TestStep{Config: f.config("owners = []"), ExpectError: has("owners = []", "requires at least one owner or group owner")},
		resource.TestStep{Config: f.config("owners = [1]"), Check: remember(theFeature, "id", &f.id)},
		resource.TestStep{Config: f.config("owners = []"), ExpectError: has("owners = []", "requires at least one owner or group owner")},
		resource.TestStep{Config: f.config("owners = []\n group_owners = [1]"), Check: f.wroteToSince("POST add-group-owners/", "POST remove-owners/")},
		resource.TestStep{ // a plan without an answer is no error: the apply will tell
			PreConfig: func() {
				f.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/projects/{}/", Status: 500, Times: -1})
			},
			Config: f.config("owners = []\n group_owners = [1]") + fmt.Sprintf("resource \"flagops_flagsmith_feature\" \"second\" {\n  project_id = %d\n  name = \"second\"\n  owners = [1]\n}\n", f.project),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// wroteToSince is wroteTo of what came last.
func (f *featureTest) wroteToSince(requests ...string) resourceCheck {
	return func(*terraform.State) error {
		writes := f.Writes()
		for i, r := range requests {
			method, rest, _ := strings.Cut(r, " ")
			if at := len(writes) - len(requests) + i; at < 0 || writes[at] != method+" "+f.path()+rest {
				return fmt.Errorf("wrote %q, want %q last", writes, requests)
			}
		}
		return nil
	}
}

// A create that fails half-way keeps what it made in state, tainted: the next apply replaces it, and nothing is orphaned.
func TestAccFeaturePartialCreate(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := newFeatureTest(t)
	config := f.config(`multivariate_options = { few = { value = { integer = 3 } } }`)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			PreConfig: func() {
				f.Sandbox.Inject(faults.Fault{Method: "POST", Path: "/projects/{}/features/{}/mv-options/", Status: 400, Body: `{"key": ["Not this one."]}`})
			},
			Config:      config,
			ExpectError: has("multivariate_options = {", `Option "few": key: Not this one.`),
		},
		{
			Config:           config,
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionDestroyBeforeCreate),
			Check: resource.ComposeTestCheckFunc(remember(theFeature, "id", &f.id), func(*terraform.State) error {
				if all := f.List(f.features); len(all) != 1 || fmt.Sprint(all[0].ID()) != f.id {
					return fmt.Errorf("the project has %v", all)
				}
				return nil
			}),
		},
	}})
}
