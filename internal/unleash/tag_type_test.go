package unleash_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/faults"
)

const theTagType = "flagops_unleash_tag_type.this"

func tagTypeConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_tag_type\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// tagTypeIs compares what the server has.
func tagTypeIs(u *acctest.Unleash, name string, description, icon, color any) resourceCheck {
	return func(*terraform.State) error {
		want := map[string]any{"name": name, "description": description, "icon": icon, "color": color}
		if got := u.Get("/tag-types/" + name)["tagType"]; !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the server has %v, want %v", got, want)
		}
		return nil
	}
}

func TestAccTagType(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	name := u.Name("kind")
	at := "/tag-types/" + name
	config := func(settings string) string { return u.Config(tagTypeConfig("this", name, settings)) }
	steps := []resource.TestStep{
		{
			PreConfig:         u.Reset,
			Config:            config(""),
			Check:             resource.ComposeTestCheckFunc(wrote(u, "POST /tag-types"), tagTypeIs(u, name, nil, nil, nil)),
			ConfigStateChecks: values(theTagType, map[string]any{"name": name, "description": nil, "icon": nil, "color": nil}),
		},
		{
			PreConfig:        u.Reset,
			Config:           config("description = \" Who \"\n icon = \"T\"\n color = \"#68aBfC\""),
			ConfigPlanChecks: plans(theTagType, plancheck.ResourceActionUpdate),
			Check:            resource.ComposeTestCheckFunc(wrote(u, "PUT "+at), tagTypeIs(u, name, " Who ", "T", "#68aBfC")),
		},
		{ // texts go away, a colour never does
			PreConfig:         u.Reset,
			Config:            config(""),
			ConfigPlanChecks:  plans(theTagType, plancheck.ResourceActionUpdate),
			Check:             resource.ComposeTestCheckFunc(wrote(u, "PUT "+at), tagTypeIs(u, name, "", "", "#68aBfC")),
			ConfigStateChecks: values(theTagType, map[string]any{"description": "", "icon": "", "color": "#68aBfC"}),
		},
		{ // what others change is put back
			PreConfig:        func() { u.Put(at, map[string]any{"description": "theirs", "icon": "X", "color": "#000000"}) },
			Config:           config("icon = \"I\"\n color = \"#ffffff\""),
			ConfigPlanChecks: plans(theTagType, plancheck.ResourceActionUpdate),
			Check:            tagTypeIs(u, name, "", "I", "#ffffff"),
		},
	}
	steps = append(steps, imports(t, theTagType, func() []string { return []string{name} })...)
	steps = append(steps, resource.TestStep{
		Config:            config("icon = \"I\"") + fmt.Sprintf("data \"flagops_unleash_tag_type\" \"it\" {\n  name = %s.name\n}\n", theTagType),
		ConfigStateChecks: sameAs(theTagType, "data.flagops_unleash_tag_type.it", "description", "icon", "color"),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_tag_type\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"name", &name, name, map[string]any{
			"name": name, "icon": "I", "color": "#ffffff",
		}}},
	})...)
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again
			PreConfig:        func() { u.Delete(at) },
			Config:           config(""),
			ConfigPlanChecks: plans(theTagType, plancheck.ResourceActionCreate),
			Check:            tagTypeIs(u, name, nil, nil, nil),
		},
		resource.TestStep{
			Config:      config("") + tagTypeConfig("twin", name, ""),
			ExpectError: has("Cannot create flagops_unleash_tag_type", "The name is taken.", "import {", fmt.Sprintf("id = %q", name)),
		},
		resource.TestStep{
			Config:           u.Config(tagTypeConfig("this", name+"-2", "")),
			ConfigPlanChecks: plans(theTagType, plancheck.ResourceActionReplace),
			Check:            gone(u, func() string { return at }),
		},
	)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(u, func() string { return at + "-2" })})
}

// What Unleash would refuse is refused in the plan.
func TestAccTagTypeBadInput(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleash(t)
	var steps []resource.TestStep
	for _, bad := range []struct{ name, settings, want string }{
		{"a", "", "between 2 and 50"},
		{strings.Repeat("n", 51), "", "between 2 and 50"},
		{"bad name", "", "must be made of letters"},
		{"..", "", "none of"},
		{"ok", `color = "red"`, "six hexadecimal digits"},
		{"ok", `color = ""`, "six hexadecimal digits"},
		{"ok", `color = "#12345g"`, "six hexadecimal digits"},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: u.Config(tagTypeConfig("this", bad.name, bad.settings)), ExpectError: has(bad.want)})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

// The server says yes to an update of a type that has gone meanwhile, and that is an error. Its words about a field land
// there.
func TestAccTagTypeFaults(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	u := acctest.NewUnleash(t)
	w := acctest.NewWorkspace(t, u)
	w.Write("main.tf", tagTypeConfig("this", "team", ""))
	w.Apply()
	w.Write("main.tf", tagTypeConfig("this", "team", `icon = "T"`))
	w.Run("plan", "-out=planned")
	u.Delete("/tag-types/team")
	if code, out := w.Try("apply", "-no-color", "planned"); code == 0 || !has("Cannot update flagops_unleash_tag_type team", "404 Not Found").MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if out := w.Apply(); !strings.Contains(out, "1 added") {
		t.Errorf("not made again:\n%s", out)
	}
	w.Write("main.tf", tagTypeConfig("this", "team", `icon = "U"`))
	u.Sandbox.Inject(faults.Fault{Method: "PUT", Path: "/tag-types/{}", Status: 400, Body: `{"name":"BadDataError","message":"Request validation failed.","details":[{"message":"\"icon\" is too loud."}]}`})
	if code, out := w.Try("apply", "-auto-approve", "-no-color"); code == 0 || !has(`icon = "U"`, "answered 400", `"icon" is too loud.`).MatchString(out) {
		t.Errorf("exit %d\n%s", code, out)
	}
}
