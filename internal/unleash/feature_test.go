package unleash_test

import (
	"fmt"
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

// clean takes a flag out of the archive, too.
func (f *featureTest) clean(names ...string) {
	for _, name := range names {
		f.Send("PATCH", path(name), []any{map[string]any{"op": "add", "path": "/archived", "value": true}})
		f.Send("DELETE", "/archive/"+name, nil)
	}
}

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
	of := knownvalue.Check(knownvalue.StringExact(title))
	if title == "" {
		of = knownvalue.Null()
	}
	return knownvalue.ObjectExact(map[string]knownvalue.Check{"url": knownvalue.StringExact(url), "title": of})
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
				"project": "default", "name": f.name, "type": "release", "description": nil, "impression_data": false, "stale": false,
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
		{PreConfig: f.Reset, Config: f.config(none), ConfigStateChecks: values(theFeature, map[string]any{"description": nil}), Check: f.wroteTo()},
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
