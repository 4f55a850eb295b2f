package unleash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type featureModel struct {
	Project            *string           `tfsdk:"project"`
	Name               *string           `tfsdk:"name"`
	Type               *string           `tfsdk:"type"`
	Description        *string           `tfsdk:"description"`
	ImpressionData     *bool             `tfsdk:"impression_data"`
	Stale              *bool             `tfsdk:"stale"`
	CreatedAt          *string           `tfsdk:"created_at"`
	Tags               []tagModel        `tfsdk:"tags"`
	Links              []linkModel       `tfsdk:"links"`
	Dependencies       []dependencyModel `tfsdk:"dependencies"`
	OnArchived         *string           `tfsdk:"on_archived"`
	DeletionPolicy     *string           `tfsdk:"deletion_policy"`
	DeletionProtection *bool             `tfsdk:"deletion_protection"`
}

type tagModel struct {
	Type  *string `tfsdk:"type"`
	Value *string `tfsdk:"value"`
}

type linkModel struct {
	URL   *string `tfsdk:"url"`
	Title *string `tfsdk:"title"`
}

type dependencyModel struct {
	Feature  *string  `tfsdk:"feature"`
	Enabled  *bool    `tfsdk:"enabled"`
	Variants []string `tfsdk:"variants"`
}

var feature = crud.Spec[*api.Client, featureModel, api.Feature]{
	Name:    "unleash_feature",
	Plural:  "unleash_features",
	Key:     []string{"project", "name"},
	Filters: []string{"type", "stale", "impression_data", "tags"},
	Facets:  []string{"tags", "links", "dependencies"},
	Local:   []string{"on_archived", "deletion_policy", "deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "A flag of a project. **Creating** one makes it off in every environment of the project; from then on, " +
			"`flagops_unleash_feature_state` and `flagops_unleash_strategy` say what it is where. Where the project's archive has a flag of that " +
			"name, that one is revived instead: off everywhere, with the strategies it had, which a warning lists (one that the same run has archived, as " +
			"when it is replaced by itself, is on again where it was). **Updating** changes in place " +
			"what is said about the flag; only `dependencies` has a say in who gets it. **Destroying** archives it: it is off for everybody at " +
			"once, and can be revived from the archive; with `deletion_policy = \"delete\"` it is deleted with its strategies. It is refused " +
			"while other flags depend on it. Another name or project makes a new flag: the plan says what is lost.\n\n" +
			"`tags`, `links` and `dependencies` may be left out, and are then **not managed here**: neither written nor compared.",
		Attributes: map[string]schema.Attribute{
			"project": inProject("flag"),
			"name": crud.Name("What the flag is called, and code asks for: 1 to 100 letters, digits and `_.!~*'()-`. Capitals make a difference. It is "+
				"unique over all projects and their archives, and must match the project's naming pattern, if there is one. Another name makes a new flag.", urlFriendly()),
			"type": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("release"),
				MarkdownDescription: "What kind of flag it is: `release`, `experiment`, `operational`, `kill-switch`, `permission` or `sunset`. The server " +
					"expects of each kind to be gone after its lifetime, and says so when it is not. Defaults to `release`.",
			},
			"description":     emptyText("What the flag is for. Defaults to `\"\"`, none."),
			"impression_data": crud.Flag(false, "Whether SDKs emit an event whenever the flag is asked for. Defaults to `false`."),
			"stale":           crud.Flag(false, "Whether the flag is marked as done with, to be cleaned up. It goes on working. Defaults to `false`."),
			"created_at":      crud.Text("When the flag was made: RFC 3339, in UTC."),
			"tags": schema.SetNestedAttribute{
				Optional: true, Validators: []validator.Set{setvalidator.NoNullValues()},
				MarkdownDescription: "The flag's tags. Values that do not exist yet are made; types must exist. `[]`: none. Left out: not managed here.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type": schema.StringAttribute{
						Optional: true, Computed: true, Default: stringdefault.StaticString("simple"), Validators: []validator.String{stringvalidator.UTF8LengthBetween(2, 50)},
						MarkdownDescription: "Name of the tag's type. Defaults to `simple`.",
					},
					"value": schema.StringAttribute{
						Required: true, MarkdownDescription: "The tag itself: 2 to 50 characters.", Validators: []validator.String{stringvalidator.UTF8LengthBetween(2, 50)},
					},
				}},
			},
			"links": schema.SetNestedAttribute{
				Optional: true, Validators: []validator.Set{setvalidator.NoNullValues(), setvalidator.SizeAtMost(api.MaxLinks), differentLinks{}},
				MarkdownDescription: fmt.Sprintf("What to read about the flag, at most %d. `[]`: none. Left out: not managed here.", api.MaxLinks),
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"url": schema.StringAttribute{
						Required: true, Validators: []validator.String{linkURL{}},
						MarkdownDescription: "Address, with its scheme. The server writes it in its own way, without `www.`, a default port or a slash at its " +
							"end, and with the query sorted: that makes no difference here. What it would drop otherwise is refused.",
					},
					"title": emptyText("What the dashboard calls it. Defaults to `\"\"`, its address."),
				}},
			},
			"dependencies": schema.ListNestedAttribute{
				Optional: true, Validators: []validator.List{listvalidator.NoNullValues(), listvalidator.SizeAtMost(1)},
				MarkdownDescription: "The flag, at most one, that this one depends on: it is off for whoever does not get that one, whatever its own strategies " +
					"say. `[]`: none. Left out: not managed here.",
				NestedObject: schema.NestedAttributeObject{
					Validators: []validator.Object{variantsOfEnabled{}},
					Attributes: map[string]schema.Attribute{
						"feature": schema.StringAttribute{
							Required: true, Validators: []validator.String{urlFriendly()},
							MarkdownDescription: "Name of the parent: a flag of the same project that depends on none itself.",
						},
						"enabled": crud.Flag(true, "Whether the parent must be on; `false`: it must be off. Defaults to `true`."),
						"variants": schema.SetAttribute{
							Optional: true, Computed: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.NoNullValues()},
							Default:             setdefault.StaticValue(types.SetValueMust(types.StringType, nil)),
							MarkdownDescription: "Names of the parent's variants of which one must be given out; they need not exist. Defaults to `[]`: any of them, or none at all.",
						},
					},
				},
			},
			"on_archived": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("revive"), Validators: []validator.String{stringvalidator.OneOf("revive", "error")},
				MarkdownDescription: "What creating does where the project's archive has a flag of that name: `revive` brings it back, off everywhere and with its " +
					"strategies; `error` refuses. Terraform alone knows it; the server does not. Defaults to `revive`.",
			},
			"deletion_policy": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("archive"), Validators: []validator.String{stringvalidator.OneOf("archive", "delete")},
				MarkdownDescription: "What destroying does: `archive` leaves the flag in the archive, where it keeps its name taken; `delete` deletes it with its " +
					"strategies, for good. Terraform alone knows it; the server does not. Defaults to `archive`.",
			},
			"deletion_protection": crud.DeletionProtection("flag"),
		},
	},
	ToAPI: func(m *featureModel) api.Feature {
		return api.Feature{
			Project: projectOf(m.Project), Name: deref(m.Name), Type: deref(m.Type), Description: deref(m.Description), ImpressionData: deref(m.ImpressionData),
			Stale: deref(m.Stale), CreatedAt: deref(m.CreatedAt), Tags: tagsToAPI(m.Tags), Links: linksToAPI(m.Links), Dependencies: dependenciesToAPI(m.Dependencies),
			Revive: deref(m.OnArchived) != "error", Purge: deref(m.DeletionPolicy) == "delete",
		}
	},
	FromAPI: func(m *featureModel, f api.Feature) {
		*m = featureModel{
			Project: &f.Project, Name: &f.Name, Type: &f.Type, Description: &f.Description, ImpressionData: &f.ImpressionData, Stale: &f.Stale,
			CreatedAt: &f.CreatedAt, Tags: tagsFromAPI(f.Tags), Links: linksFromAPI(m.Links, f.Links), Dependencies: dependenciesFromAPI(f.Dependencies),
			OnArchived: m.OnArchived, DeletionPolicy: m.DeletionPolicy, DeletionProtection: m.DeletionProtection,
		}
	},
	Create: (*api.Client).CreateFeature,
	Read:   (*api.Client).Feature,
	Update: (*api.Client).UpdateFeature,
	Delete: (*api.Client).DeleteFeature,
	List:   (*api.Client).Features,
	Check:  checkFeature,
	Lock:   func(f api.Feature) (string, bool) { return featureLock(f.Project, f.Name), false },
	Title:  func(f api.Feature) string { return f.Name },
	Fields: map[string]string{"impressionData": "impression_data"},
}

// emptyText is a text that is "" where there is none: the server makes null of that, and configuration that Terraform
// generates leaves it out.
func emptyText(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(""), MarkdownDescription: description}
}

func tagsToAPI(models []tagModel) []api.Tag {
	if models == nil {
		return nil
	}
	tags := make([]api.Tag, len(models))
	for i, m := range models {
		tags[i] = api.Tag{Type: deref(m.Type), Value: deref(m.Value)}
	}
	return tags
}

func tagsFromAPI(tags []api.Tag) []tagModel {
	models := make([]tagModel, len(tags))
	for i, t := range tags {
		models[i] = tagModel{Type: &t.Type, Value: &t.Value}
	}
	return models
}

func linksToAPI(models []linkModel) []api.Link {
	if models == nil {
		return nil
	}
	links := make([]api.Link, len(models))
	for i, m := range models {
		links[i] = api.Link{URL: deref(m.URL)}
		if deref(m.Title) != "" {
			links[i].Title = m.Title
		}
	}
	return links
}

// linksFromAPI keeps the way in which the prior model writes an address.
func linksFromAPI(prior []linkModel, links []api.Link) []linkModel {
	models := make([]linkModel, len(links))
	for i, l := range links {
		for _, p := range linksToAPI(prior) {
			if api.SameLink(p, l) {
				l.URL = p.URL
			}
		}
		title := deref(l.Title)
		models[i] = linkModel{URL: &l.URL, Title: &title}
	}
	return models
}

func dependenciesToAPI(models []dependencyModel) []api.Dependency {
	if models == nil {
		return nil
	}
	dependencies := make([]api.Dependency, len(models))
	for i, m := range models {
		dependencies[i] = api.Dependency{Feature: deref(m.Feature), Enabled: deref(m.Enabled), Variants: m.Variants}
	}
	return dependencies
}

func dependenciesFromAPI(dependencies []api.Dependency) []dependencyModel {
	models := make([]dependencyModel, len(dependencies))
	for i, d := range dependencies {
		models[i] = dependencyModel{Feature: &d.Feature, Enabled: &d.Enabled, Variants: append([]string{}, d.Variants...)}
	}
	return models
}

// checkFeature finds what a plan can know of what the server would refuse, and says what replacing a flag loses.
func checkFeature(ctx context.Context, check crud.Check[*api.Client, featureModel]) (diags diag.Diagnostics) {
	prior, plan := check.Prior, check.Plan
	project, name := projectOf(plan.Project), deref(plan.Name)
	for i, d := range plan.Dependencies {
		if parent := deref(d.Feature); parent != "" && parent == name {
			diags.AddAttributeError(path.Root("dependencies").AtListIndex(i).AtName("feature"), "A flag cannot depend on itself", "Name another flag.")
		}
	}
	// A type that is there may stay, be it odd: a PATCH, which is what this provider changes it by, takes any.
	if kind := deref(plan.Type); kind != "" && !slices.Contains(api.FeatureTypes, kind) && (prior == nil || check.Replace || deref(prior.Type) != kind) {
		diags.AddAttributeError(path.Root("type"), "No such type of flag", fmt.Sprintf("It must be one of %q, not %q.", api.FeatureTypes, kind))
	}
	if check.Replace {
		checkReplaced(ctx, check, &diags)
	}
	if check.Client == nil || name == "" || check.Unknown("project") || prior != nil && !check.Replace {
		return diags
	}
	if problem := check.Client.FeatureNameProblem(ctx, project, name); problem != "" {
		diags.AddAttributeError(path.Root("name"), "Not a name for a flag of this project", problem)
	}
	if problem := check.Client.TooManyFeatures(ctx, project, name); problem != "" && !check.Replace {
		// No more than a warning: the same apply may take flags away.
		diags.AddAttributeWarning(path.Root("name"), "More flags than Unleash takes", problem+" Beyond that, it refuses to make any.")
	}
	return diags
}

// checkReplaced says what a new name or project loses, and finds a name that will not be free.
func checkReplaced(ctx context.Context, check crud.Check[*api.Client, featureModel], diags *diag.Diagnostics) {
	prior, detail := check.Prior, ""
	purges := deref(prior.DeletionPolicy) == "delete"
	if deref(prior.Name) == deref(check.Plan.Name) && !check.Unknown("project") && !purges {
		diags.AddAttributeError(path.Root("project"), "An archived flag keeps its name", fmt.Sprintf("Names are unique over all projects and their archives: "+
			"once flag %q is archived in project %q, no other project can have one of that name. Either move it in the dashboard (Enterprise), then "+
			"forget it here and import it under its new project; or set deletion_policy = \"delete\", apply that, and then change the project.",
			deref(prior.Name), deref(prior.Project)))
	}
	if check.Client != nil {
		use, err := check.Client.FeatureUse(ctx, api.Feature{Project: deref(prior.Project), Name: deref(prior.Name)})
		if err == nil {
			detail = fmt.Sprintf(" Environments where it is on: %d; strategies: %d.", use.Environments, use.Strategies)
			if len(use.Children) > 0 {
				diags.AddWarning(fmt.Sprintf("Other flags depend on flag %q", deref(prior.Name)), fmt.Sprintf("%s depend on it. Unless this run destroys or replaces them, "+
					"too, it first destroys the strategies and states of this flag that are managed here, which may switch it off, and then Unleash refuses to let the "+
					"flag go. To give the children another parent in the same run, set lifecycle { create_before_destroy = true } here first.", strings.Join(use.Children, ", ")))
			}
		}
	}
	fate := "archived"
	if purges {
		fate = "deleted"
	}
	diags.AddWarning(fmt.Sprintf("Replacing flag %q makes a new one without its strategies", deref(prior.Name)), fmt.Sprintf("Unleash cannot rename a flag, and "+
		"this provider does not move one. The old one is %s, the new one is off everywhere and has no strategies, tags, links or dependencies but those "+
		"that are configured.%s Code that asks for the old name gets nothing.", fate, detail))
}

// linkURL finds in the plan what the server refuses, or would change.
type linkURL struct{}

func (linkURL) Description(context.Context) string { return "an address that the server keeps" }

func (v linkURL) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (linkURL) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := api.LinkProblem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Not an address for a link", problem)
	}
}

// differentLinks finds links that the server would store alike.
type differentLinks struct{}

func (differentLinks) Description(context.Context) string { return "links that the server tells apart" }

func (v differentLinks) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (differentLinks) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	var seen []api.Link
	for _, element := range req.ConfigValue.Elements() {
		object, ok := element.(basetypes.ObjectValue)
		if !ok || object.IsUnknown() {
			continue
		}
		address, _ := object.Attributes()["url"].(basetypes.StringValue)
		title, _ := object.Attributes()["title"].(basetypes.StringValue)
		if address.IsUnknown() || title.IsUnknown() {
			continue
		}
		link := api.Link{URL: address.ValueString(), Title: title.ValueStringPointer()}
		for _, other := range seen {
			if api.SameLink(link, other) {
				resp.Diagnostics.AddAttributeError(req.Path, "Twice the same link", fmt.Sprintf("Unleash stores %s and %s alike: keep one of them.", other.URL, link.URL))
			}
		}
		seen = append(seen, link)
	}
}

// variantsOfEnabled finds variants that the server would drop.
type variantsOfEnabled struct{}

func (variantsOfEnabled) Description(context.Context) string {
	return "variants of a parent that is on"
}

func (v variantsOfEnabled) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (variantsOfEnabled) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	enabled, _ := req.ConfigValue.Attributes()["enabled"].(basetypes.BoolValue)
	variants, _ := req.ConfigValue.Attributes()["variants"].(basetypes.SetValue)
	if !enabled.IsNull() && !enabled.IsUnknown() && !enabled.ValueBool() && len(variants.Elements()) > 0 {
		resp.Diagnostics.AddAttributeError(req.Path.AtName("variants"), "A parent that is off has no variants", "Leave variants out, or have the parent on.")
	}
}
