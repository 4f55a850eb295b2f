package crud_test

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
)

// badge has a text for an id, which the server chooses, a name that is not unique, and a nickname that is.
type badge struct {
	ID, Name, Nick string
	PIN            *string
}

type badges struct{ all []badge }

func (*badges) Resolve(context.Context, string, map[string]int64, string) (int64, error) {
	return 0, nil
}

func (l *badges) create(_ context.Context, b badge) (badge, error) {
	b.ID = fmt.Sprintf("b%d", len(l.all))
	l.all = append(l.all, b)
	return b, nil
}

func (l *badges) read(_ context.Context, at badge) (badge, error) {
	if i := slices.IndexFunc(l.all, func(b badge) bool { return b.ID == at.ID }); i >= 0 {
		return l.all[i], nil
	}
	return at, gone("badge")
}

func (l *badges) delete(context.Context, badge) error { return nil }

func (l *badges) list(context.Context, badge) iter.Seq2[badge, error] { return sequence(l.all, nil) }

type badgeModel struct {
	ID    *string `tfsdk:"id"`
	Name  *string `tfsdk:"name"`
	Nick  *string `tfsdk:"nick"`
	PIN   *string `tfsdk:"pin_wo"`
	Again *int64  `tfsdk:"pin_wo_version"`
}

var badgeSpec = crud.Spec[*badges, badgeModel, badge]{
	Name: "toy_badge", Key: []string{"id"}, Lookup: []string{"name"}, Also: []string{"nick"},
	Schema: schema.Schema{MarkdownDescription: "A badge.", Attributes: map[string]schema.Attribute{
		"id": crud.Text("Id."), "name": crud.Name("Name."), "nick": crud.Name("Nickname."),
		"pin_wo":         schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true, MarkdownDescription: "PIN."},
		"pin_wo_version": schema.Int64Attribute{Optional: true, MarkdownDescription: "Version."},
	}},
	ToAPI: func(m *badgeModel) badge {
		return badge{ID: deref(m.ID), Name: deref(m.Name), Nick: deref(m.Nick), PIN: m.PIN}
	},
	FromAPI: func(m *badgeModel, b badge) { m.ID, m.Name, m.Nick = &b.ID, &b.Name, &b.Nick },
	Create:  (*badges).create, Read: (*badges).read, Delete: (*badges).delete, List: (*badges).list,
	Update: func(l *badges, ctx context.Context, _, want badge) (badge, error) { return l.read(ctx, want) },
	Check: func(_ context.Context, c crud.Check[*badges, badgeModel]) (diags diag.Diagnostics) {
		if c.Plan.PIN == nil && !c.Unknown("pin_wo") {
			diags.AddAttributeError(path.Root("pin_wo"), "No PIN to write", "It is needed.")
		}
		return diags
	},
}

type badgeToy struct {
	toy
	badges *badges
}

func (p badgeToy) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := crud.NewData(p.badges)
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}
func (badgeToy) Resources(context.Context) []func() frameworkresource.Resource {
	return badgeSpec.Resources()
}
func (badgeToy) DataSources(context.Context) []func() datasource.DataSource {
	return badgeSpec.DataSources()
}
func (badgeToy) ListResources(context.Context) []func() list.ListResource {
	return badgeSpec.ListResources()
}

// An object that has a text for an id is imported by that or by its name, and found in more ways than two; its Check sees
// the write-only values that are to be written.
func TestHandles(t *testing.T) {
	t.Parallel()
	l := &badges{all: []badge{{ID: "b0", Name: "twin", Nick: "a"}, {ID: "b1", Name: "twin", Nick: "b"}, {ID: "b2", Name: "42", Nick: "b0"}}}
	for _, err := range badgeSpec.SelfCheck(t.Context()) {
		t.Error(err)
	}
	config := func(name, nick, more string) string {
		return fmt.Sprintf("resource \"flagops_toy_badge\" \"b\" {\n  name = %q\n  nick = %q\n%s}\n", name, nick, more)
	}
	data := func(handle, id string) resource.TestStep {
		return resource.TestStep{Config: "data \"flagops_toy_badge\" \"b\" {\n" + handle + "\n}\n", ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.flagops_toy_badge.b", tfjsonpath.New("id"), knownvalue.StringExact(id)),
		}}
	}
	fails := func(config, want string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(want)}
	}
	imported := func(id string) resource.TestStep {
		return resource.TestStep{Config: config("42", "b0", "") + fmt.Sprintf("import {\n  to = flagops_toy_badge.b\n  id = %q\n}\n", id),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("flagops_toy_badge.b", plancheck.ResourceActionNoop)}}}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"flagops": providerserver.NewProtocol6WithError(badgeToy{badges: l})},
		Steps: []resource.TestStep{
			data(`id = "b1"`, "b1"), data(`name = "42"`, "b2"), data(`nick = "b"`, "b1"),
			fails("data \"flagops_toy_badge\" \"b\" {\n  name = \"42\"\n  nick = \"x\"\n}\n", "Give name or nick, not both"),
			fails("data \"flagops_toy_badge\" \"b\" {\n  nick = \"x\"\n}\n", `(?s)nick = "x".*there is no flagops_toy_badge with nick = "x"`),
			fails("data \"flagops_toy_badge\" \"b\" {\n  name = \"twin\"\n}\n", `2 flagops_toy_badge have name = "twin"; name one by its id: b0, b1`),
			fails("data \"flagops_toy_badge\" \"b\" {}\n", `3 flagops_toy_badge exist; name one by its id: b0, b1,\s+b2`),
			fails(config("42", "b0", "")+"import {\n  to = flagops_toy_badge.b\n  id = \"nobody\"\n}\n", `there is no flagops_toy_badge with name = "nobody"`),
			fails(config("new", "n", ""), "No PIN to write"),
			imported("b2"), imported("42"), imported(`["42"]`),
			{Config: config("new", "n", "  pin_wo = \"1\"\n  pin_wo_version = 1\n")},
		},
	})
}
