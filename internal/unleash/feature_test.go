package unleash_test

import (
	"fmt"
	"regexp"
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

const theFeature = "flagops_unleash_feature.this"

func featureConfig(label, name, settings string) string {
	return fmt.Sprintf("resource \"flagops_unleash_feature\" %q {\n  name = %q\n%s\n}\n", label, name, settings)
}

// featureTest is a server and the one flag that a test's configuration makes in its default project.
type featureTest struct {
	*acctest.Unleash
	name string
}

func newFeatureTest(t *testing.T, options ...sandbox.Option) *featureTest {
	t.Helper()
	u := acctest.NewUnleash(t, options...)
	f := &featureTest{Unleash: u, name: u.Name("f")}
	t.Cleanup(func() { f.clean(f.name) })
	return f
}

// clean deletes flags for good.
func (f *featureTest) clean(names ...string) { removeFlags(f.Unleash, names...) }

const features = "/projects/default/features"

func path(name string) string { return features + "/" + name }

func (f *featureTest) path() string { return path(f.name) }

func (f *featureTest) config(settings string) string {
	return f.Config(featureConfig("this", f.name, settings))
}

// wroteTo says what was written below the flag's own paths: "PATCH", "POST link", "PUT tags".
func (f *featureTest) wroteTo(requests ...string) resourceCheck {
	return func(s *terraform.State) error {
		var want []string
		for _, r := range requests {
			method, below, _ := strings.Cut(r, " ")
			switch below {
			case "":
				want = append(want, method+" "+f.path())
			case "tags":
				want = append(want, method+" /features/"+f.name+"/tags")
			default:
				want = append(want, method+" "+f.path()+"/"+below)
			}
		}
		return wrote(f.Unleash, want...)(s)
	}
}

func (f *featureTest) tags(name string) (tags []string) {
	all, _ := f.Get("/features/" + name + "/tags")["tags"].([]any)
	for _, t := range all {
		tag, _ := t.(map[string]any)
		tags = append(tags, fmt.Sprintf("%v:%v", tag["type"], tag["value"]))
	}
	slices.Sort(tags)
	return tags
}

func (f *featureTest) links(name string) (links []string) {
	all, _ := f.Get(path(name))["links"].([]any)
	for _, l := range all {
		link, _ := l.(map[string]any)
		links = append(links, fmt.Sprintf("%v %v", link["url"], link["title"]))
	}
	return links
}

func (f *featureTest) dependencies(name string) string {
	return fmt.Sprint(f.Get(path(name))["dependencies"])
}

// same compares what the server has with what it should.
func same(what string, got func() any, want any) resourceCheck {
	return func(*terraform.State) error {
		if fmt.Sprint(got()) != fmt.Sprint(want) {
			return fmt.Errorf("the server's %s are %v, want %v", what, got(), want)
		}
		return nil
	}
}

func (f *featureTest) hasTags(want ...string) resourceCheck {
	return same("tags", func() any { return f.tags(f.name) }, want)
}

func (f *featureTest) hasLinks(want ...string) resourceCheck {
	return same("links", func() any { return f.links(f.name) }, want)
}

// parent makes a flag outside Terraform that others can depend on.
func (f *featureTest) parent(t *testing.T, name string) string {
	name = f.name + name
	f.Post(features, map[string]any{"name": name})
	t.Cleanup(func() { f.clean(name) })
	return name
}

func set(items ...knownvalue.Check) knownvalue.Check { return knownvalue.SetExact(items) }

func tag(kind, value string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{"type": knownvalue.StringExact(kind), "value": knownvalue.StringExact(value)})
}

func link(url, title string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{"url": knownvalue.StringExact(url), "title": knownvalue.StringExact(title)})
}

func TestAccFeature(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	parent := f.parent(t, "-parent")
	kept := statecheck.CompareValue(compare.ValuesSame())
	full := fmt.Sprintf(`type = "experiment"
  description     = "Why"
  impression_data = true
  stale           = true
  tags            = [{ value = "bb" }, { type = "simple", value = "a/ü b" }]
  links           = [{ url = "https://tickets.example.com/42", title = "Ticket" }, { url = "https://www.example.com/wiki/" }]
  dependencies    = [{ feature = %q, variants = ["two", "one"] }]`, parent)
	none := "tags = []\n links = []\n dependencies = []"
	steps := []resource.TestStep{
		{ // one write
			PreConfig: f.Reset,
			Config:    f.config(""),
			Check:     wrote(f.Unleash, "POST "+features),
			ConfigStateChecks: append(values(theFeature, map[string]any{
				"project": "default", "name": f.name, "type": "release", "description": "", "impression_data": false, "stale": false,
				"created_at": knownvalue.NotNull(), "tags": nil, "links": nil, "dependencies": nil, "on_archived": "revive", "deletion_policy": "archive",
				"deletion_protection": false,
			}), kept.AddStateValue(theFeature, tfjsonpath.New("created_at"))),
		},
		{ // what is not managed is neither compared nor written
			PreConfig: func() {
				f.Put("/features/"+f.name+"/tags", map[string]any{"addedTags": []any{map[string]any{"type": "simple", "value": "theirs"}}, "removedTags": []any{}})
				f.Post(f.path()+"/link", map[string]any{"url": "https://theirs.example.com", "title": nil})
				f.Post(f.path()+"/dependencies", map[string]any{"feature": parent})
				f.Reset()
			},
			Config:           f.config(""),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop),
			Check:            f.wroteTo(),
		},
		{
			Config: f.config(`description = "Other"`),
			Check: resource.ComposeTestCheckFunc(f.wroteTo("PATCH"), serverHas(f.Unleash, f.path, map[string]any{"description": "Other", "type": "release"}),
				f.hasTags("simple:theirs"), f.hasLinks("https://theirs.example.com <nil>"), same("dependencies", func() any { return f.dependencies(f.name) },
					"[map[enabled:true feature:"+parent+" variants:[]]]")),
		},
		{ // everything, in place: tags at once, a link rewritten and one made, a parent in the place of the other
			PreConfig:        f.Reset,
			Config:           f.config(full),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(
				serverHas(f.Unleash, f.path, map[string]any{"description": "Why", "type": "experiment", "impressionData": true, "stale": true}),
				f.hasTags("simple:a/ü b", "simple:bb"), func(*terraform.State) error {
					if got := fmt.Sprint(f.links(f.name)); got != "[https://tickets.example.com/42 Ticket https://example.com/wiki <nil>]" &&
						got != "[https://example.com/wiki <nil> https://tickets.example.com/42 Ticket]" {
						return fmt.Errorf("the server's links are %s", got)
					}
					got := f.Writes()
					for i, want := range []string{"PATCH " + f.path(), "PUT /features/" + f.name + "/tags", "PUT " + f.path() + "/link/", "POST " + f.path() + "/link", "POST " + f.path() + "/dependencies"} {
						if len(got) != 5 || !strings.HasPrefix(got[i], want) {
							return fmt.Errorf("wrote %q", got)
						}
					}
					return nil
				}),
			ConfigStateChecks: append(values(theFeature, map[string]any{
				"tags":  set(tag("simple", "bb"), tag("simple", "a/ü b")),
				"links": set(link("https://tickets.example.com/42", "Ticket"), link("https://www.example.com/wiki/", "")),
			}), kept.AddStateValue(theFeature, tfjsonpath.New("created_at"))),
		},
		{PreConfig: f.Reset, Config: f.config(full), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop), Check: f.wroteTo()},
		{ // what others change is put back, and no more than that is written
			PreConfig: func() {
				f.Patch(f.path(), []any{map[string]any{"op": "add", "path": "/stale", "value": false}, map[string]any{"op": "add", "path": "/description", "value": nil}})
				f.Put("/features/"+f.name+"/tags", map[string]any{"addedTags": []any{map[string]any{"type": "simple", "value": "theirs"}}, "removedTags": []any{map[string]any{"type": "simple", "value": "bb"}}})
				f.Reset()
			},
			Config:           f.config(full),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(f.wroteTo("PATCH", "PUT tags"), f.hasTags("simple:a/ü b", "simple:bb"),
				serverHas(f.Unleash, f.path, map[string]any{"description": "Why", "stale": true})),
		},
		{ // given up: nothing happens on the server
			PreConfig:         f.Reset,
			Config:            f.config("type = \"experiment\"\n description = \"Why\"\n impression_data = true\n stale = true"),
			ConfigPlanChecks:  plans(theFeature, plancheck.ResourceActionUpdate),
			ConfigStateChecks: values(theFeature, map[string]any{"tags": nil, "links": nil, "dependencies": nil}),
			Check:             f.wroteTo(),
		},
		{ // taken back: nothing to write, for nothing differs
			PreConfig: f.Reset, Config: f.config(full), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate), Check: f.wroteTo(),
		},
		{ // "" is none; everything can go back
			Config: f.config("description = \"\"\n" + none),
			Check: resource.ComposeTestCheckFunc(f.hasTags(), f.hasLinks(), same("dependencies", func() any { return f.dependencies(f.name) }, "[]"),
				serverHas(f.Unleash, f.path, map[string]any{"description": nil, "type": "release", "impressionData": false, "stale": false})),
			ConfigStateChecks: values(theFeature, map[string]any{"description": "", "tags": set(), "links": set()}),
		},
		{PreConfig: f.Reset, Config: f.config(none), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop), Check: f.wroteTo()},
	}
	ids := func() []string {
		return []string{"default/" + f.name, fmt.Sprintf("[\"default\", %q]", f.name)}
	}
	steps = append(steps, imports(t, theFeature, ids)...)
	steps = append(steps, resource.TestStep{Config: f.config(full)})
	steps = append(steps, resource.TestStep{ // an import reads every facet
		ResourceName: theFeature, ImportState: true, ImportStateId: "default/" + f.name, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "name",
		ImportStateVerifyIgnore: []string{"links.#", "links.0.%", "links.0.url", "links.0.title", "links.1.%", "links.1.url", "links.1.title"}, // spelt as the server does
	})
	steps = append(steps, resource.TestStep{
		Config: f.config(full) + fmt.Sprintf(`
data "flagops_unleash_feature" "by_name" {
  name = flagops_unleash_feature.this.name
}
data "flagops_unleash_features" "some" {
  type       = "experiment"
  stale      = true
  tags       = [{ type = "simple", value = "bb" }]
  depends_on = [flagops_unleash_feature.this]
}
data "flagops_unleash_features" "none" {
  impression_data = false
  tags            = [{ type = "simple", value = %q }]
  depends_on      = [flagops_unleash_feature.this]
}
output "some" { value = [for f in data.flagops_unleash_features.some.features : f.dependencies[0].feature if f.name == %q] }
output "none" { value = data.flagops_unleash_features.none.features }
`, "a/ü b", f.name),
		ConfigStateChecks: append(sameAs(theFeature, "data.flagops_unleash_feature.by_name", "project", "type", "description", "impression_data", "stale", "created_at", "tags", "dependencies"),
			statecheck.ExpectKnownOutputValue("some", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(parent)})),
			statecheck.ExpectKnownOutputValue("none", knownvalue.ListExact([]knownvalue.Check{}))),
	})
	steps = append(steps, acctest.Steps(t, acctest.ListResources, resource.TestStep{
		Query:  true,
		Config: "list \"flagops_unleash_feature\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n",
		QueryResultChecks: []querycheck.QueryResultCheck{listed{"name", &f.name, "%s (default/%s)", map[string]any{
			"project": "default", "type": "experiment", "description": "Why", "deletion_protection": false, "deletion_policy": "archive", "on_archived": "revive",
			"dependencies": []any{map[string]any{"feature": parent, "enabled": true, "variants": []any{"one", "two"}}},
		}}},
	})...)
	steps = append(steps, protects(f.Unleash, theFeature, func(settings string) string { return f.config(full + "\n" + settings) },
		f.Config(featureConfig("this", f.name+"-2", full+"\n deletion_protection = true")))...)
	steps = append(steps,
		resource.TestStep{ // deleted outside: made again, with everything
			PreConfig:        func() { f.clean(f.name); f.Reset() },
			Config:           f.config(full),
			ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionCreate),
			Check: resource.ComposeTestCheckFunc(f.hasTags("simple:a/ü b", "simple:bb"),
				serverHas(f.Unleash, f.path, map[string]any{"description": "Why", "type": "experiment", "impressionData": true, "stale": true}),
				func(*terraform.State) error {
					if got := f.Writes(); len(got) != 5 { // the flag, its tags, two links, a dependency
						return fmt.Errorf("wrote %q", got)
					}
					return nil
				}),
		})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps, CheckDestroy: gone(f.Unleash, f.path)})
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// unwrapped is what the CLI printed, without its colours, frames and line breaks.
func unwrapped(out string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(colours.ReplaceAllString(out, ""))), " ")
}

func contains(t *testing.T, out string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(unwrapped(out), unwrapped(text)) {
			t.Errorf("it does not say %q:\n%s", text, out)
		}
	}
}

// workspace runs the CLI as a person does: warnings show nowhere else.
func (f *featureTest) workspace(t *testing.T, config string) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, f.Unleash)
	w.Write("main.tf", config)
	return w
}

// An archived flag of that name is revived: never by a PUT, which would switch it on again, and with a warning of what
// came back. Later changes never take a flag out of the archive.
func TestAccFeatureRevived(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	state := f.path() + "/environments/development"
	f.Post(features, map[string]any{"name": f.name, "type": "operational", "description": "Old"})
	f.Post(state+"/strategies", map[string]any{"name": "flexibleRollout", "title": "Old hands"})
	f.Post(state+"/strategies", map[string]any{"name": "default", "disabled": true})
	f.Post(state+"/on", nil)
	f.Put("/features/"+f.name+"/tags", map[string]any{"addedTags": []any{map[string]any{"type": "simple", "value": "old"}}, "removedTags": []any{}})
	f.Post(f.path()+"/link", map[string]any{"url": "https://old.example.com", "title": nil})
	f.Delete(f.path())

	w := f.workspace(t, featureConfig("this", f.name, `description = "New"`+"\n tags = [{ value = \"new\" }]"))
	f.Reset()
	contains(t, w.Apply(), "Warning: Flag \""+f.name+"\" was revived from the archive", "off in every environment",
		`in development the strategies flexibleRollout "Old hands", default (disabled).`)
	want := []string{"POST " + features, "POST /projects/default/revive", "PATCH " + f.path(), "PUT /features/" + f.name + "/tags"}
	if got := f.Writes(); !slices.Equal(got, want) {
		t.Errorf("wrote %q, want %q", got, want)
	}
	w.ExpectEmptyPlan()
	if got := f.Get(state); got["enabled"] != false || len(got["strategies"].([]any)) != 2 {
		t.Errorf("it came back as %v", got)
	}
	if got := f.Get(f.path()); got["description"] != "New" || got["type"] != "release" {
		t.Errorf("it came back as %v", got)
	}
	if tags, links := f.tags(f.name), f.links(f.name); fmt.Sprint(tags, links) != "[simple:new] [https://old.example.com <nil>]" {
		t.Errorf("it came back with %q %q", tags, links)
	}

	// Archived outside: gone, and revived by the next apply. Archived between plan and apply: an error, and it stays there.
	f.Delete(f.path())
	contains(t, w.Run("plan", "-input=false"), "is gone", "If it was archived, creating it again revives it", "1 to add")
	w.Apply()
	w.Write("main.tf", featureConfig("this", f.name, `description = "Newer"`))
	w.Run("plan", "-out=saved", "-input=false")
	f.Delete(f.path())
	f.Reset()
	code, out := w.Try("apply", "saved")
	if code == 0 {
		t.Errorf("a flag in the archive was updated:\n%s", out)
	}
	contains(t, out, "Cannot update flagops_unleash_feature default/"+f.name, "404")
	if status, _ := f.Send("GET", f.path(), nil); status != 404 || len(f.Writes()) > 0 {
		t.Errorf("after %q it is in the archive no more", f.Writes())
	}
	w.Apply()
	w.Run("destroy", "-auto-approve")
	if status, _ := f.Send("GET", state, nil); status != 200 {
		t.Errorf("destroyed, it is not in the archive")
	}
}

// An error after a flag was brought back saves no state: a tainted one would be archived again. The error imports it.
func TestAccFeatureRevivedHalf(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	f.Post(features, map[string]any{"name": f.name})
	f.Delete(f.path())
	bad := "tags = [{ type = \"no-such-type\", value = \"aa\" }]"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: f.config(bad), ExpectError: has("tags = [", "no-such-type", "was revived from the archive before this failed", "import {", "id = \"default/"+f.name+"\"")},
		{ // live now, and nobody's
			PreConfig: f.Reset, Config: f.config(""), ExpectError: has(`Project "default" has a flag of that name`, "import {", "to = flagops_unleash_feature.this", "id = \"default/"+f.name+"\""),
		},
		{PreConfig: func() { f.Get(f.path()); f.Delete(f.path()) }, Config: f.config("on_archived = \"revive\"")},
	}})
}

func TestAccFeatureArchivedError(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	f.Post(features, map[string]any{"name": f.name})
	f.Delete(f.path())
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{
			PreConfig: f.Reset, Config: f.config(`on_archived = "error"`),
			ExpectError: has("name = ", "has an archived flag of that name", "on_archived is \"error\""),
		},
		{
			PreConfig: func() {
				if err := wrote(f.Unleash, "POST "+features)(nil); err != nil {
					t.Error(err)
				}
				f.clean(f.name)
			},
			Config: f.config(`on_archived = "error"`),
		},
		{Config: f.config(`on_archived = "error"`), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionNoop)},
	}})
}

// A name that is taken in another project, live or archived there, is an error that says where, without an import block
// for the wrong project.
func TestAccFeatureElsewhere(t *testing.T) {
	t.Parallel()
	u := acctest.NewUnleashEnterprise(t)
	f := &featureTest{Unleash: u, name: u.Name("f")}
	other := u.Name("p")
	u.Post("/projects", map[string]any{"id": other, "name": other})
	in := "/projects/" + other + "/features"
	u.Post(in, map[string]any{"name": f.name})
	t.Cleanup(func() {
		u.Send("DELETE", in+"/"+f.name, nil)
		f.clean(f.name)
		u.Send("DELETE", "/projects/"+other, nil)
	})
	elsewhere := has("name = ", `The name is taken, but not in project "default"`, other, "Choose another name")
	config := u.Config("resource \"flagops_unleash_feature\" \"this\" {\n name = \"" + f.name + "\"\n}\n")
	w := f.workspace(t, featureConfig("this", f.name, ""))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: config, ExpectError: elsewhere},
		{PreConfig: func() { u.Delete(in + "/" + f.name); u.Reset() }, Config: config, ExpectError: elsewhere},
	}})
	if err := wrote(u, "POST "+features)(nil); err != nil {
		t.Error(err)
	}
	if _, out := w.Try("apply", "-auto-approve"); strings.Contains(out, "import {") {
		t.Errorf("an import block for the wrong project:\n%s", out)
	}
	if status, _ := u.Send("GET", in+"/"+f.name+"/environments/development", nil); status != 200 {
		t.Error("it is no longer in the other project's archive")
	}
	u.Post("/projects/"+other+"/revive", map[string]any{"features": []string{f.name}})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{ // taken over where it is; from there it cannot go elsewhere while it keeps its name taken
			Config:       u.Config("resource \"flagops_unleash_feature\" \"this\" {\n project = \"" + other + "\"\n name = \"" + f.name + "\"\n}\n"),
			ResourceName: theFeature, ImportState: true, ImportStateId: other + "/" + f.name, ImportStatePersist: true,
		},
		{Config: config, ExpectError: has("An archived flag keeps its name", "set deletion_policy = \"delete\"")},
		{Config: u.Config("resource \"flagops_unleash_feature\" \"this\" {\n project = \"" + other + "\"\n name = \"" + f.name + "\"\n deletion_policy = \"delete\"\n}\n")},
		{Config: config, ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionDestroyBeforeCreate), Check: serverHas(u, f.path, map[string]any{"project": "default"})},
	}})
}

// deletion_policy = "delete" deletes for good, past what ends a stock server: a flag that is archived in the usual way, or
// just made, and then deleted.
func TestAccFeatureDeleted(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t, sandbox.CrashOnDelete())
	w := f.workspace(t, featureConfig("this", f.name, `deletion_policy = "delete"`))
	w.Apply()
	f.Post(f.path()+"/environments/development/strategies", map[string]any{"name": "default"})
	f.Post(f.path()+"/environments/development/on", nil)
	w.ExpectEmptyPlan()
	f.Reset()
	w.Run("destroy", "-auto-approve")
	if err := f.wroteTo("PATCH")(nil); err == nil || !slices.Equal(f.Writes(), []string{"PATCH " + f.path(), "DELETE /archive/" + f.name}) {
		t.Errorf("wrote %q", f.Writes())
	}
	for _, at := range []string{f.path(), f.path() + "/environments/development"} {
		if status, _ := f.Send("GET", at, nil); status != 404 {
			t.Errorf("GET %s: %d", at, status)
		}
	}
	w.Write("main.tf", featureConfig("this", f.name, `on_archived = "error"`)) // its name is free
	w.Apply()
	// Changing the policy writes nothing, and holds at once.
	w.Write("main.tf", featureConfig("this", f.name, "deletion_policy = \"delete\"\n deletion_protection = true"))
	f.Reset()
	w.Apply()
	if code, out := w.Try("destroy", "-auto-approve"); code == 0 || !strings.Contains(out, "is protected") || len(f.Writes()) > 0 {
		t.Errorf("a protected flag was destroyed (%q):\n%s", f.Writes(), out)
	}
	w.Write("main.tf", featureConfig("this", f.name, `deletion_policy = "delete"`))
	w.Apply()
	f.Delete(f.path()) // archived meanwhile: deleted all the same
	w.Run("destroy", "-auto-approve", "-refresh=false")
	if status, _ := f.Send("GET", f.path()+"/environments/development", nil); status != 404 {
		t.Errorf("it is still in the archive: %d", status)
	}
}

// Parents and children: one apply makes them, one destroy takes them away in the right order, and a parent that others
// depend on stays, with an error that names them.
func TestAccFeatureDependencies(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"archive", "delete"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			f := newFeatureTest(t)
			child, other, stranger := f.name+"-child", f.name+"-other", f.name+"-stranger"
			t.Cleanup(func() { f.clean(stranger, child, other) })
			settings := fmt.Sprintf("deletion_policy = %q\n", policy)
			config := func(dependency string) string {
				return featureConfig("this", f.name, settings) + featureConfig("other", other, settings) + featureConfig("child", child, settings+"dependencies = "+dependency)
			}
			on := func(label, more string) string {
				return fmt.Sprintf("[{ feature = flagops_unleash_feature.%s.name%s }]", label, more)
			}
			depends := func(parent string, enabled bool, variants string) resourceCheck {
				return same("dependencies", func() any { return f.dependencies(child) }, fmt.Sprintf("[map[enabled:%v feature:%s variants:[%s]]]", enabled, parent, variants))
			}
			const theChild = "flagops_unleash_feature.child"
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
				{Config: f.Config(config(on("this", ""))), Check: depends(f.name, true, "")},
				{Config: f.Config(config(on("this", ", variants = []"))), ConfigPlanChecks: plans(theChild, plancheck.ResourceActionNoop), Check: depends(f.name, true, "")},
				{Config: f.Config(config(on("this", `, variants = ["b", "a", "b"]`))), Check: depends(f.name, true, "a b")},
				{ // another order, and one twice, is the same
					PreConfig: func() {
						f.Post(path(child)+"/dependencies", map[string]any{"feature": f.name, "variants": []string{"b", "a", "b"}})
					},
					Config: f.Config(config(on("this", `, variants = ["a", "b"]`))), ConfigPlanChecks: plans(theChild, plancheck.ResourceActionNoop),
				},
				{Config: f.Config(config(on("other", ", enabled = false"))), Check: depends(other, false, "")},
				{
					Config:      f.Config(featureConfig("this", f.name, settings) + featureConfig("child", child, settings+fmt.Sprintf("dependencies = [{ feature = %q, enabled = false }]", other))),
					ExpectError: has("Cannot delete flagops_unleash_feature default/"+other, "Depending on it: "+child),
				},
				{Config: f.Config(config(on("other", ", enabled = false"))), Check: depends(other, false, "")},
				{Config: f.Config(config("[]")), Check: same("dependencies", func() any { return f.dependencies(child) }, "[]")},
				{Config: f.Config(config(on("child", ""))), ExpectError: has("Self-referential block")},
				{Config: f.Config(config(fmt.Sprintf("[{ feature = %q }]", child))), ExpectError: has("A flag cannot depend on itself")},
				{Config: f.Config(config(`[{ feature = "no-such-flag" }]`)), ExpectError: has("dependencies", "No active feature no-such-flag exists")},
				{Config: f.Config(config(on("this", ""))), Check: depends(f.name, true, "")},
				{ // the parent goes while the child gives it up, in one apply: it has to say so beforehand, or it goes first
					Config: f.Config(strings.Replace(config(on("this", "")), "\n}\n", "\n lifecycle {\n  create_before_destroy = true\n }\n}\n", 1)),
				},
				{
					Config: f.Config(featureConfig("other", other, settings) + featureConfig("child", child, settings+"dependencies = "+on("other", ""))),
					Check:  resource.ComposeTestCheckFunc(depends(other, true, ""), gone(f.Unleash, f.path)),
				},
			}})
		})
	}
}

// What is new in the name or the project makes a new flag: the plan says what that loses.
func TestAccFeatureReplaced(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	renamed := f.name + "-renamed"
	t.Cleanup(func() { f.clean(renamed) })
	w := f.workspace(t, featureConfig("this", f.name, ""))
	w.Apply()
	for _, environment := range []string{"development", "production"} {
		f.Post(f.path()+"/environments/"+environment+"/strategies", map[string]any{"name": "default"})
		f.Post(f.path()+"/environments/"+environment+"/strategies", map[string]any{"name": "flexibleRollout"})
	}
	f.Post(f.path()+"/environments/production/on", nil)
	w.Write("main.tf", featureConfig("this", renamed, ""))
	f.Reset()
	plan := w.Run("plan", "-input=false")
	contains(t, plan, fmt.Sprintf("Replacing flag %q makes a new one without its strategies", f.name), "forces replacement", "The old one is archived",
		"Environments where it is on: 1; strategies: 4.", "1 to add, 0 to change, 1 to destroy")
	if n := len(f.Requests()); n > 4 { // the flag, its tags, the project's overview, the limits
		t.Errorf("%d requests: %q", n, f.Requests())
	}
	w.Apply()
	w.ExpectEmptyPlan()
	if f.Get(path(renamed))["archived"] != false {
		t.Error("the new one is archived")
	}
	if status, _ := f.Send("GET", f.path()+"/environments/production", nil); status != 200 {
		t.Errorf("the old one is not in the archive: %d", status)
	}
	// Tainted, it is archived and comes back as the same flag, on where it was on.
	f.Post(path(renamed)+"/environments/production/strategies", map[string]any{"name": "default"})
	f.Post(path(renamed)+"/environments/production/on", nil)
	w.Run("taint", theFeature)
	contains(t, w.Apply(), "was archived, and brought back", "is on where it was: production.")
	w.ExpectEmptyPlan()
	if f.Get(path(renamed) + "/environments/production")["enabled"] != true || f.Get(path(renamed) + "/environments/development")["enabled"] != false {
		t.Error("it is not on where it was")
	}
	w.Run("destroy", "-auto-approve")
}

// Sixty flags with tags, links and parents: creating them takes one write for each thing and a handful of reads, a plan
// one read for each and a handful more, and so do changes.
func TestAccFeatureRequests(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t, sandbox.CrashOnDelete())
	const many = 60
	for i := range many {
		t.Cleanup(func() { f.clean(fmt.Sprintf("%s-%d", f.name, i)) })
	}
	config := func(tag string) string {
		return fmt.Sprintf("resource \"flagops_unleash_feature\" \"parent\" {\n  name = %q\n  deletion_policy = \"delete\"\n}\nresource \"flagops_unleash_feature\" \"many\" {\n  count = %d\n  name = \"%s-${count.index}\"\n"+
			"  tags = [{ value = %q }, { value = \"all-${count.index}\" }]\n  links = [{ url = \"https://www.example.com/\" }]\n"+
			"  dependencies = count.index == 0 ? [{ feature = flagops_unleash_feature.parent.name }] : []\n  deletion_policy = \"delete\"\n}\n", f.name, many, f.name, tag)
	}
	w := f.workspace(t, config("one"))
	reads := func() int { return len(f.Requests()) - len(f.Writes()) }
	expect := func(what string, writes, most int) {
		t.Helper()
		if len(f.Writes()) != writes || reads() > most {
			t.Errorf("%s: %d writes, %d reads; want %d and at most %d: %q", what, len(f.Writes()), reads(), writes, most, f.Requests())
		}
		f.Reset()
	}
	f.Reset()
	w.Apply()
	expect("create", 1+3*many+1, 5)
	w.ExpectEmptyPlan()
	expect("refresh", 0, many+1+5)
	w.Write("main.tf", config("two"))
	w.Apply()
	expect("tags of all", many, 2*(many+1+5))
	w.ExpectEmptyPlan()
	f.Reset()
	w.Run("destroy", "-auto-approve")
	expect("destroy", 2*(many+1), 2*(many+1+5))
}

// The list is complete: what it generates for flags with everything plans empty.
func TestAccFeatureGenerated(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ListResources)
	f := newFeatureTest(t)
	child := f.name + "-child"
	t.Cleanup(func() { f.clean(child) })
	f.Post(features, map[string]any{"name": f.name, "description": " with white space ", "type": "kill-switch"})
	f.Post(features, map[string]any{"name": child, "stale": true, "impressionData": true})
	f.Put("/features/"+child+"/tags", map[string]any{"addedTags": []any{map[string]any{"type": "simple", "value": " odd "}}, "removedTags": []any{}})
	f.Post(path(child)+"/dependencies", map[string]any{"feature": f.name, "variants": []string{"b", "a", "a"}})
	for _, url := range []string{"https://www.example.com/a/?b=1&a=%C3%A4#x", "https://www.example.com/a/?b=1&a=%C3%A4#x", "mailto:team@example.com", "example.com"} {
		f.Post(path(child)+"/link", map[string]any{"url": url, "title": ""})
	}
	there := func() string {
		flag := f.Get(path(child))
		delete(flag, "lifecycle") // moves by itself
		return fmt.Sprint(flag)
	}
	before := there()
	w := f.workspace(t, "")
	w.Write("all.tfquery.hcl", "list \"flagops_unleash_feature\" \"all\" {\n  provider = flagops\n  include_resource = true\n  limit = 1000\n}\n")
	w.Run("query", "-generate-config-out=found.tf")
	found := w.Read("found.tf")
	for block := range strings.SplitSeq(found, "\nresource ") { // others are at work on a real server
		if !strings.Contains(block, f.name) {
			found = strings.Replace(found, "\nresource "+block, "", 1)
		}
	}
	w.Write("found.tf", found)
	f.Reset()
	if out := w.Apply(); !strings.Contains(out, "2 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("importing what a query finds:\n%s\n%s", out, found)
	}
	w.ExpectEmptyPlan()
	if len(f.Writes()) > 0 || there() != before {
		t.Errorf("a takeover wrote %q, and has made of %s %s", f.Writes(), before, there())
	}
}

// What Unleash would refuse or change is refused in the plan; what only it knows lands on its attribute.
func TestAccFeatureBadInput(t *testing.T) {
	t.Parallel()
	f := newFeatureTest(t)
	f.Post(features, map[string]any{"name": f.name + "-taken"})
	t.Cleanup(func() { f.clean(f.name + "-taken") })
	links := func(n int) string {
		return "links = [for i in range(" + fmt.Sprint(n) + ") : { url = \"https://example.com/${i}\" }]"
	}
	var steps []resource.TestStep
	for _, bad := range []struct {
		name, settings string
		want           []string
	}{
		{"", "", []string{"string length must be between 1 and 100"}},
		{"a b", "", []string{"must be made of letters"}},
		{"a/b", "", []string{"must be made of letters"}},
		{"ü", "", []string{"must be made of letters"}},
		{"..", "", []string{"none of"}},
		{strings.Repeat("n", 101), "", []string{"string length must be between 1 and 100"}},
		{"f", `type = "Release"`, []string{"must be one of", `"release"`}},
		{"f", `tags = [{ value = "a" }]`, []string{"UTF-8 character count must be between 2 and 50"}},
		{"f", `tags = [{ value = "ü" }]`, []string{"UTF-8 character count must be between 2 and 50"}},
		{"f", `tags = [{ type = "", value = "aa" }]`, []string{"UTF-8 character count must be between 2 and 50"}},
		{"f", `tags = [null]`, []string{"Null"}},
		{"f", `links = [{ url = "tickets.example.com" }]`, []string{"links", "It must begin with a scheme, such as https://."}},
		{"f", `links = [{ url = "https://u:p@example.com" }]`, []string{"Unleash drops user names and passwords"}},
		{"f", `links = [{ url = "https://example.com/?utm_source=x" }]`, []string{"Unleash drops utm_ parameters"}},
		{"f", `links = [{ url = "https://example.com/a b" }]`, []string{"It must not contain white space"}},
		{"f", `links = [{ url = "https://www.example.com/" }, { url = "https://example.com" }]`, []string{"Twice the same link"}},
		{"f", links(11), []string{"at most 10"}},
		{"f", `dependencies = [{ feature = "a" }, { feature = "b" }]`, []string{"at most 1"}},
		{"f", `dependencies = [{ feature = "a", enabled = false, variants = ["x"] }]`, []string{"A parent that is off has no variants"}},
		{"f", `dependencies = [{ feature = "f" }]`, []string{"A flag cannot depend on itself"}},
		{"f", `on_archived = "keep"`, []string{"must be one of"}},
		{"f", `deletion_policy = "keep"`, []string{"must be one of"}},
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: f.Config(featureConfig("this", bad.name, bad.settings)), ExpectError: has(bad.want...)})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: append(steps,
		resource.TestStep{
			Config:      f.Config(featureConfig("this", f.name+"-taken", "")),
			ExpectError: has("name = ", `Project "default" has a flag of that name`, "import {", fmt.Sprintf("id = \"default/%s-taken\"", f.name)),
		},
		resource.TestStep{
			Config:      f.config(`project = "no-such-project"`),
			ExpectError: has("project = ", "no-such-project"),
		},
		resource.TestStep{ // made, then refused: the next apply replaces it
			Config: f.config(`tags = [{ type = "no-such-type", value = "aa" }]`), ExpectError: has("tags = ", "no-such-type"),
		},
		resource.TestStep{
			Config: f.config(links(10)), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionDestroyBeforeCreate), Check: f.hasTags(),
		},
		resource.TestStep{ // ten others in their places
			Config: f.config(strings.Replace(links(10), "/${i}", "/new/${i}", 1)), ConfigPlanChecks: plans(theFeature, plancheck.ResourceActionUpdate),
		},
		resource.TestStep{Config: f.config(`tags = [{ type = "no-such-type", value = "aa" }]`), ExpectError: has("tags = ", "no-such-type")},
		resource.TestStep{Config: f.config("tags = []\n" + links(0)), Check: f.hasLinks()},
		resource.TestStep{
			Config:      f.config("tags = []\n"+links(0)) + "data \"flagops_unleash_feature\" \"none\" {\n  name = \"no-such-flag\"\n}\n",
			ExpectError: has("No such flagops_unleash_feature", "no-such-flag"),
		},
		resource.TestStep{
			Config:      f.config("tags = []\n"+links(0)) + "data \"flagops_unleash_features\" \"none\" {\n  project = \"no-such-project\"\n}\n",
			ExpectError: has("Cannot list flagops_unleash_feature", "404"),
		},
	)})
}

// What only a sandbox can be told: a naming pattern and a limit, known in the plan, and a server that does not answer.
func TestAccFeatureLimits(t *testing.T) {
	t.Parallel()
	acctest.UnleashSandboxOnly(t)
	f := newFeatureTest(t, sandbox.Enterprise(), sandbox.Limits(sandbox.Resources{FeatureFlags: 2}))
	f.Put("/projects/default/settings", map[string]any{"mode": "open", "featureNaming": map[string]any{"pattern": "[a-z]+\\.[a-z]+"}})
	w := f.workspace(t, featureConfig("this", "Nope", ""))
	_, out := w.Try("plan", "-input=false")
	contains(t, out, "Not a name for a flag of this project", `Names of new flags in project "default" must match its pattern, [a-z]+\.[a-z]+.`)
	f.Reset()
	w.Write("main.tf", featureConfig("a", "a.a", "")+featureConfig("b", "b.b", "")+featureConfig("c", "c.c", ""))
	contains(t, w.Run("plan", "-input=false"), `Project "default" has 0 flags, archived ones not counted, and this plan makes 3. The server takes at most 2, in all projects`)
	if n := len(f.Requests()); n != 2 {
		t.Errorf("%d requests: %q", n, f.Requests())
	}
	_, out = w.Try("apply", "-auto-approve")
	contains(t, out, "Cannot create flagops_unleash_feature default/", "established limit of 2")
	w.Write("main.tf", "")
	w.Apply()
	f.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/projects/{}/overview", Status: 500, Times: -1})
	f.Sandbox.Inject(faults.Fault{Method: "GET", Path: "/ui-config", Status: 500, Times: -1})
	w.Write("main.tf", featureConfig("this", "d.d", ""))
	w.Apply()
	w.ExpectEmptyPlan()
}
