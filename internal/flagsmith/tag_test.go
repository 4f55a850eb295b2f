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
)

const theTag = "flagops_flagsmith_tag.this"

func tagConfig(project int64, label, settings string) string {
	return fmt.Sprintf("resource \"flagops_flagsmith_tag\" \"this\" {\n  project_id = %d\n  label = %q\n%s\n}\n", project, label, settings)
}

func TestAccTag(t *testing.T) {
	t.Parallel()
	f := acctest.NewFlagsmith(t)
	project, label := f.Project(), f.Name("tag")
	all := fmt.Sprintf("/projects/%d/tags/", project)
	same := statecheck.CompareValue(compare.ValuesSame())
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	var id string
	path := func() string { return all + id + "/" }
	steps := []resource.TestStep{
		{
			PreConfig: f.Reset,
			Config:    f.Config(tagConfig(project, label, "")),
			Check:     resource.ComposeTestCheckFunc(remember(theTag, "id", &id), wrote(f, "POST "+all)),
			ConfigStateChecks: append(values(theTag, map[string]any{
				"project_id": project, "uuid": knownvalue.NotNull(), "label": label, "color": "#6837FC", "description": nil,
				"is_permanent": false, "is_system_tag": false, "type": "NONE",
			}), same.AddStateValue(theTag, tfjsonpath.New("id"))),
		},
		{ // every setting, in place
			PreConfig:         f.Reset,
			Config:            f.Config(tagConfig(project, label+"/ü 2", "color = \"red\"\n description = \"Why\"\n is_permanent = true")),
			ConfigPlanChecks:  plans(theTag, plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(theTag, tfjsonpath.New("id"))},
			Check: func(s *terraform.State) error {
				if err := wrote(f, "PATCH "+path())(s); err != nil {
					return err
				}
				return serverHas(f, path, map[string]any{"label": label + "/ü 2", "color": "red", "description": "Why", "is_permanent": true})(s)
			},
		},
		{Config: f.Config(tagConfig(project, label, "")), Check: serverHas(f, path, map[string]any{"color": "#6837FC", "description": nil, "is_permanent": false})},
		{ // "" is none too, and stays when it is left out: generated configuration leaves it out
			Config:            f.Config(tagConfig(project, label, "description = \"\"")),
			Check:             serverHas(f, path, map[string]any{"label": label, "description": ""}),
			ConfigStateChecks: values(theTag, map[string]any{"description": ""}),
		},
		{PreConfig: f.Reset, Config: f.Config(tagConfig(project, label, "")), Check: resource.ComposeTestCheckFunc(wrote(f), serverHas(f, path, map[string]any{"description": ""}))},
		{ // what others change is put back
			PreConfig:        func() { f.Patch(path(), map[string]any{"color": "blue", "is_permanent": true}) },
			Config:           f.Config(tagConfig(project, label, "")),
			ConfigPlanChecks: plans(theTag, plancheck.ResourceActionUpdate),
			Check:            serverHas(f, path, map[string]any{"color": "#6837FC", "is_permanent": false}),
		},
	}
	steps = append(steps, imports(t, theTag, func() []string {
		return []string{fmt.Sprintf("%d/%s", project, id), fmt.Sprintf("%d/%s", project, label)}
	})...)
	steps = append(steps, resource.TestStep{
		Config: f.Config(tagConfig(project, label, "") + fmt.Sprintf(`
data "flagops_flagsmith_tag" "by_id" {
  project_id = %[1]d
  id         = flagops_flagsmith_tag.this.id
}
data "flagops_flagsmith_tag" "by_label" {
  project_id = %[1]d
  label      = flagops_flagsmith_tag.this.label
}
`, project)),
		ConfigStateChecks: slices.Concat(sameAs(theTag, "data.flagops_flagsmith_tag.by_id", "uuid", "label", "color", "is_permanent"),
			sameAs(theTag, "data.flagops_flagsmith_tag.by_label", "id", "uuid", "type")),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query: true,
		Config: fmt.Sprintf("list \"flagops_flagsmith_tag\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n"+
			"  config { project_id = %d }\n}\n", project),
		QueryResultChecks: []querycheck.QueryResultCheck{listed{&id, fmt.Sprintf("%s (%d/%%s)", label, project), map[string]any{
			"label": label, "color": "#6837FC", "description": "", "is_permanent": false,
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again
			PreConfig:         func() { f.Delete(path()) },
			Config:            f.Config(tagConfig(project, label, "")),
			ConfigPlanChecks:  plans(theTag, plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{differ.AddStateValue(theTag, tfjsonpath.New("id"))},
			Check:             remember(theTag, "id", &id),
		},
		resource.TestStep{ // two of one label
			PreConfig:   func() { f.Post(all, map[string]any{"label": label}) },
			Config:      f.Config(tagConfig(project, label, "") + fmt.Sprintf("data \"flagops_flagsmith_tag\" \"twin\" {\n  project_id = %d\n  label = %q\n}\n", project, label)),
			ExpectError: has("2 flagops_flagsmith_tag have", "name one by its id", fmt.Sprintf("%d/", project)),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f, path)})
}

// Another project makes a new tag, and what a project takes with it is gone, though Flagsmith answers 500 below it.
func TestAccTagProject(t *testing.T) {
	t.Parallel()
	manyProjects(t)
	f := acctest.NewFlagsmith(t)
	doomed := f.Post("/projects/", map[string]any{"name": f.Name("doomed"), "organisation": f.OrganisationID}).ID()
	project := f.Project()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.Config(tagConfig(project, "t", ""))},
		{
			Config:           f.Config(tagConfig(doomed, "t", "")),
			ConfigPlanChecks: plans(theTag, plancheck.ResourceActionReplace),
		},
		{
			PreConfig:        func() { f.Delete(fmt.Sprintf("/projects/%d/", doomed)) },
			Config:           f.Config(tagConfig(project, "t", "")),
			ConfigPlanChecks: plans(theTag, plancheck.ResourceActionCreate),
		},
		{
			Config:      f.Config(tagConfig(project, "t", "") + fmt.Sprintf("resource \"flagops_flagsmith_tag\" \"lost\" {\n  project_id = %d\n  label = \"l\"\n}\n", doomed)),
			ExpectError: has("Cannot create flagops_flagsmith_tag", "project_id =", fmt.Sprintf("There is no project %d.", doomed)),
		},
	}})
}

// What Flagsmith would refuse or change is refused in the plan, and what it still refuses lands on its attribute.
func TestAccTagBadInput(t *testing.T) {
	t.Parallel()
	acctest.SandboxOnly(t)
	f := acctest.NewFlagsmith(t)
	project := f.Project()
	var steps []resource.TestStep
	for _, bad := range []struct{ label, settings, want string }{
		{"", "", "It is blank."},
		{"t\n", "", "white space"},
		{"\u2003t", "", "white space"},
		{strings.Repeat("ü", 101), "", "It has 101 characters; Flagsmith takes at most 100."},
		{"t", `color = "#123456789a"`, "at most 10"},
		{"t", `color = " "`, "It is blank."},
		{"t", fmt.Sprintf("description = %q", strings.Repeat("d", 513)), "at most 512"},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: f.Config(tagConfig(project, bad.label, bad.settings)), ExpectError: has(bad.want)})
	}
	steps = append(steps,
		resource.TestStep{Config: f.Config(tagConfig(project, "t", ""))},
		resource.TestStep{
			PreConfig: func() {
				f.Sandbox.Inject(faults.Fault{Method: "PATCH", Path: "/projects/{}/tags/{}/", Status: 400, Body: `{"color": ["Not this one."]}`, Times: 1})
			},
			Config:      f.Config(tagConfig(project, "t", `color = "red"`)),
			ExpectError: has(`color = "red"`, "PATCH /projects/", "answered 400: Not this one."),
		},
		resource.TestStep{ // a failure of the server's own is none of the project
			PreConfig: func() {
				f.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/projects/{}/tags/{}/", Status: 500, Times: 1})
			},
			Config:      f.Config(tagConfig(project, "t", "")),
			ExpectError: has("Cannot read flagops_flagsmith_tag", "500 Internal Server Error"),
		},
		resource.TestStep{Config: f.Config(tagConfig(project, "t", "")), ConfigPlanChecks: plans(theTag, plancheck.ResourceActionNoop)},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}
