package unleash

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// eventsModel is what webhooks and other integrations share.
type eventsModel struct {
	ID           *int64   `tfsdk:"id"`
	Description  *string  `tfsdk:"description"`
	Enabled      *bool    `tfsdk:"enabled"`
	Events       []string `tfsdk:"events"`
	Environments []string `tfsdk:"environments"`
	Projects     []string `tfsdk:"projects"`
}

func (m eventsModel) toAPI(kind string) api.Integration {
	return api.Integration{
		ID: deref(m.ID), Type: kind, Description: deref(m.Description), Enabled: deref(m.Enabled),
		Events: m.Events, Environments: m.Environments, Projects: m.Projects, Parameters: map[string]*string{},
	}
}

func (m *eventsModel) fromAPI(i api.Integration) {
	*m = eventsModel{
		ID: &i.ID, Description: &i.Description, Enabled: &i.Enabled,
		Events: distinct(i.Events), Environments: distinct(i.Environments), Projects: distinct(i.Projects),
	}
}

// distinct is a set of the names in a list, never null.
func distinct(names []string) []string {
	set := slices.Compact(slices.Sorted(slices.Values(names)))
	if set == nil {
		set = []string{}
	}
	return set
}

// orNone is null for an empty text.
func orNone(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

const disabledFirst = "An enabled one is disabled first, and deleted 75 seconds later (the provider's `unleash.integration_delay`): for so long a " +
	"server may still call it, and would crash over one that is gone. An apply that is interrupted meanwhile leaves it disabled, and in the state."

func eventsAttributes(object string) map[string]schema.Attribute {
	scope := func(what, example string) schema.SetAttribute {
		return schema.SetAttribute{
			Optional: true, Computed: true, ElementType: types.StringType, Default: setOf(),
			MarkdownDescription: "Only what happens in these " + what + " is told, such as `[\"" + example + "\"]`. Defaults to `[]`: in all.",
		}
	}
	return map[string]schema.Attribute{
		"id": crud.ID("Number that Unleash gave the " + object + "."),
		"description": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(""),
			MarkdownDescription: "What the " + object + " is for. Not unique. Defaults to `\"\"`.",
		},
		"enabled": crud.Flag(true, "Whether Unleash calls it. Defaults to `true`."),
		"events": schema.SetAttribute{
			Required: true, ElementType: types.StringType,
			MarkdownDescription: "What is told, such as `feature-created` or `feature-environment-enabled`. The server takes names that it does not " +
				"know, and never calls for them: the plan warns of these.",
		},
		"environments": scope("environments", "production"),
		"projects":     scope("projects", "default"),
	}
}

// setOf is a default that is a set of texts.
func setOf(names ...string) defaults.Set {
	elements := make([]attr.Value, len(names))
	for i, name := range names {
		elements[i] = types.StringValue(name)
	}
	return setdefault.StaticValue(types.SetValueMust(types.StringType, elements))
}

func writeOnlyVersion(of string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Validators: []validator.Int64{int64validator.AlsoRequires(path.MatchRoot(of))},
		MarkdownDescription: "Version of `" + of + "`: change it to write the secret again.",
	}
}

type integrationModel struct {
	eventsModel
	Type                      *string           `tfsdk:"type"`
	Parameters                map[string]string `tfsdk:"parameters"`
	SecretParametersWO        map[string]string `tfsdk:"secret_parameters_wo"`
	SecretParametersWOVersion *int64            `tfsdk:"secret_parameters_wo_version"`
}

var integration = crud.Spec[*api.Client, integrationModel, api.Integration]{
	Name:   "unleash_integration",
	Key:    []string{"id"},
	Lookup: []string{"description"},
	Schema: schema.Schema{
		MarkdownDescription: "Tells another service what happens in Unleash: `slack-app`, `datadog`, `new-relic`, `teamsworkflow`, or what else the " +
			"server knows; for webhooks there is `flagops_unleash_webhook`. It changes no live flag: up to a minute after its creation Unleash " +
			"begins to call the service, an update changes where, when and how, and destroying it ends the calls. Creating one also creates the " +
			"tag types that its service uses. " + disabledFirst + "\n\nDescriptions are not unique: looking one up that two integrations have is " +
			"an error that lists their ids.",
		Attributes: integrationAttributes(),
	},
	ToAPI:   (*integrationModel).toAPI,
	FromAPI: (*integrationModel).fromAPI,
	Title:   func(i api.Integration) string { return cmp.Or(i.Description, i.Type) },
	Fields:  map[string]string{"provider": "type"},
	Create:  (*api.Client).CreateIntegration,
	Read:    (*api.Client).Integration,
	Update:  (*api.Client).UpdateIntegration,
	Delete:  (*api.Client).DeleteIntegration,
	List:    (*api.Client).Integrations,
	Check:   checkIntegration,
}

func integrationAttributes() map[string]schema.Attribute {
	attributes := eventsAttributes("integration")
	attributes["type"] = crud.Name("What it is: one of the names in the server's `GET /api/admin/addons` (`providers`). Another one makes a new integration.",
		stringvalidator.LengthAtLeast(1), notWebhook{})
	attributes["parameters"] = schema.MapAttribute{
		Optional: true, Computed: true, ElementType: types.StringType, Default: mapdefault.StaticValue(types.MapValueMust(types.StringType, map[string]attr.Value{})),
		Validators: []validator.Map{mapvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		MarkdownDescription: "What the service needs to know and is not secret, by name, such as `url`. Those that others set and this does not name stay " +
			"as they are; one that is taken out of here is taken away. Defaults to `{}`.",
	}
	attributes["secret_parameters_wo"] = schema.MapAttribute{
		ElementType: types.StringType,
		Optional:    true, Sensitive: true, WriteOnly: true, Validators: []validator.Map{mapvalidator.AlsoRequires(path.MatchRoot("secret_parameters_wo_version"))},
		MarkdownDescription: "What the service needs to know and is secret, by name, such as `apiKey`: kept out of plan and state (Terraform 1.11 or " +
			"later). They are written when `secret_parameters_wo_version` changes; `\"\"` takes one away, and those that this does not name are kept.",
	}
	attributes["secret_parameters_wo_version"] = writeOnlyVersion("secret_parameters_wo")
	return attributes
}

func (m *integrationModel) toAPI() api.Integration {
	i := m.eventsModel.toAPI(deref(m.Type))
	for name, value := range m.Parameters {
		i.Parameters[name] = &value
	}
	for name, value := range m.SecretParametersWO {
		i.Parameters[name] = orNone(value)
	}
	return i
}

// fromAPI shows of the parameters those that the model has, and all of them where it has none at all: what others add later
// is theirs.
func (m *integrationModel) fromAPI(i api.Integration) {
	m.eventsModel.fromAPI(i)
	m.Type = &i.Type
	prior := m.Parameters
	m.Parameters = map[string]string{}
	for name, value := range i.Parameters {
		if _, ours := prior[name]; value != nil && (ours || prior == nil) {
			m.Parameters[name] = *value
		}
	}
}

type notWebhook struct{}

func (notWebhook) Description(context.Context) string               { return "not webhook" }
func (v notWebhook) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (notWebhook) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.ValueString() == api.Webhook {
		resp.Diagnostics.AddAttributeError(req.Path, "A webhook has a resource of its own", "Use flagops_unleash_webhook.")
	}
}

// providerOf is what the server says of a type; nil where it cannot be asked or does not know the type.
func providerOf(ctx context.Context, c *api.Client, name string) *api.Provider {
	if c == nil {
		return nil
	}
	providers, err := c.Providers(ctx)
	if err != nil {
		return nil
	}
	if i := slices.IndexFunc(providers, func(p api.Provider) bool { return p.Name == name }); i >= 0 {
		return &providers[i]
	}
	return nil
}

func strangeEvents(provider api.Provider, events []string) (diags diag.Diagnostics) {
	strange := slices.DeleteFunc(slices.Clone(events), func(e string) bool { return slices.Contains(provider.Events, e) })
	if len(strange) > 0 && len(provider.Events) > 0 {
		slices.Sort(strange)
		diags.AddAttributeWarning(path.Root("events"), "Events that never happen", fmt.Sprintf("This server has no event for %s called %q. It takes the name, "+
			"and never calls for it. Known are: %s.", provider.Name, strange, strings.Join(slices.Sorted(slices.Values(provider.Events)), ", ")))
	}
	return diags
}

// checkIntegration finds in the plan what the server would answer with a text that is the same for all of it.
func checkIntegration(ctx context.Context, check crud.Check[*api.Client, integrationModel]) (diags diag.Diagnostics) {
	kind := deref(check.Plan.Type)
	provider := providerOf(ctx, check.Client, kind)
	creates := check.Prior == nil || check.Replace
	if provider == nil {
		if check.Client != nil && !check.Unknown("type") {
			if providers, err := check.Client.Providers(ctx); err == nil && len(providers) > 0 {
				names := make([]string, len(providers))
				for i, p := range providers {
					names[i] = p.Name
				}
				diags.AddAttributeError(path.Root("type"), "No such type of integration", fmt.Sprintf("This server does not know %q. It knows: %s.", kind, strings.Join(names, ", ")))
			}
		}
		return diags
	}
	if creates && provider.Deprecated != "" {
		diags.AddAttributeError(path.Root("type"), "No new integration of this type", "The server makes none any more: "+provider.Deprecated)
	}
	known := map[string]bool{}
	for _, p := range provider.Parameters {
		known[p.Name] = true
		_, open := check.Plan.Parameters[p.Name]
		_, secret := check.Plan.SecretParametersWO[p.Name]
		where := "parameters"
		if p.Sensitive {
			where = "secret_parameters_wo"
		}
		was := false
		if !creates {
			_, was = check.Prior.Parameters[p.Name]
		}
		switch {
		case open && p.Sensitive:
			diags.AddAttributeError(path.Root("parameters").AtMapKey(p.Name), "A secret in the open", fmt.Sprintf("To %s, %s is a secret: put it into "+
				"secret_parameters_wo. The server masks it whenever it is asked, so it could not be compared.", kind, p.Name))
		case open && secret:
			diags.AddAttributeError(path.Root("parameters").AtMapKey(p.Name), "Given twice", fmt.Sprintf("%s is in secret_parameters_wo, too.", p.Name))
		case p.Required && !open && !secret && (creates || was && !p.Sensitive) && !check.Unknown(where):
			diags.AddAttributeError(path.Root(where), "A parameter is missing", fmt.Sprintf("An integration of the type %s needs %s.", kind, p.Name))
		}
	}
	for _, name := range sortedNames(check.Plan.Parameters) {
		if !known[name] {
			diags.AddAttributeWarning(path.Root("parameters").AtMapKey(name), "Not a parameter of this type", fmt.Sprintf("The server keeps %s, but %s makes "+
				"nothing of it.", name, kind))
		}
	}
	diags.Append(strangeEvents(*provider, check.Plan.Events)...)
	return diags
}
