package flagsmith

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type featureModel struct {
	ProjectID           *int64                 `tfsdk:"project_id"`
	ID                  *int64                 `tfsdk:"id"`
	UUID                *string                `tfsdk:"uuid"`
	Type                *string                `tfsdk:"type"`
	Name                *string                `tfsdk:"name"`
	Description         *string                `tfsdk:"description"`
	InitialValue        *string                `tfsdk:"initial_value"`
	DefaultEnabled      *bool                  `tfsdk:"default_enabled"`
	IsArchived          *bool                  `tfsdk:"is_archived"`
	IsServerKeyOnly     *bool                  `tfsdk:"is_server_key_only"`
	Tags                []int64                `tfsdk:"tags"`
	Owners              []int64                `tfsdk:"owners"`
	GroupOwners         []int64                `tfsdk:"group_owners"`
	MultivariateOptions map[string]optionModel `tfsdk:"multivariate_options"`
	DeletionProtection  *bool                  `tfsdk:"deletion_protection"`
}

var feature = crud.Spec[*api.Client, featureModel, api.Feature]{
	Name:   "flagsmith_feature",
	Key:    []string{"project_id", "id"},
	Lookup: []string{"project_id", "name"},
	Facets: []string{"tags", "owners", "group_owners", "multivariate_options"},
	Local:  []string{"deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "A flag of a project. **Creating** one gives every environment of the project a state of it, off and without a " +
			"value unless `default_enabled` and `initial_value` say otherwise; from then on, `flagops_flagsmith_feature_state` says what it is " +
			"where. **Updating** it changes no environment, but for `multivariate_options`: a new option is everywhere at once, with its " +
			"`default_percentage_allocation`; a new value reaches everybody who gets the option; a deleted option is gone everywhere. " +
			"**Destroying** it deletes its states and overrides in every environment, and so does replacing it, which another name or " +
			"project does: the plan says how many. Custom fields that were set elsewhere are kept.\n\n" +
			"`tags`, `owners`, `group_owners` and `multivariate_options` may be left out, and are then **not managed here**: neither written " +
			"nor compared.",
		Attributes: map[string]schema.Attribute{
			"project_id": crud.Parent("Id of the project that the feature belongs to. Another one makes a new feature."),
			"id":         crud.ID("Number that Flagsmith gave the feature."),
			"uuid":       crud.Text("UUID that Flagsmith gave the feature."),
			"type": schema.StringAttribute{
				Computed: true, MarkdownDescription: "`MULTIVARIATE` while the feature has options, otherwise `STANDARD`.",
				PlanModifiers: []planmodifier.String{typeOfOptions{}},
			},
			"name": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "What the feature is called, and code asks for: 1 to 2,000 characters, unique in the project whatever the " +
					"case. It must match the project's `feature_name_regex`, if there is one. Another name makes a new feature.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{text{most: 2000, required: true}},
			},
			"description": optionalText(0, "What the feature is for. Left out: none."),
			"initial_value": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "What states start with, when the feature or an environment is made: at most 20,000 characters. Flagsmith " +
					"makes an integer of what reads as one of 32 bits and a boolean of `true`, `True`, `false` and `False`. It is fixed at " +
					"creation: changing it later is an error. Left out: no value at creation, and later what the server has.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), crud.KeepJSON()},
				Validators:    []validator.String{text{most: maxValue}},
			},
			"default_enabled": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether states start as on, when the feature or an environment is made. It is fixed at creation: changing " +
					"it later is an error. Left out: `false` at creation, and later what the server has.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"is_archived":        crud.Flag(false, "Whether the feature is put away: the dashboard hides it; SDKs are still told about it. Defaults to `false`."),
			"is_server_key_only": crud.Flag(false, "Whether only SDKs with a server-side key are told about the feature. Defaults to `false`."),
			"tags":               ids("Ids of the feature's tags, all of the same project."),
			"owners":             ids("Ids of the users who own the feature. Projects with `enforce_feature_owners` insist on an owner or an owning group."),
			"group_owners":       ids("Ids of the groups of users that own the feature."),

			"multivariate_options": multivariateOptions,
			"deletion_protection":  crud.DeletionProtection("feature"),
		},
	},
	ToAPI: func(m *featureModel) api.Feature {
		return api.Feature{
			ProjectID: deref(m.ProjectID), ID: deref(m.ID), Name: deref(m.Name), Description: m.Description,
			IsArchived: deref(m.IsArchived), IsServerKeyOnly: deref(m.IsServerKeyOnly), InitialValue: m.InitialValue, DefaultEnabled: m.DefaultEnabled,
			Tags: m.Tags, Owners: m.Owners, GroupOwners: m.GroupOwners, Options: optionsToAPI(m.MultivariateOptions),
		}
	},
	FromAPI: func(m *featureModel, f api.Feature) {
		*m = featureModel{
			ProjectID: &f.ProjectID, ID: &f.ID, UUID: &f.UUID, Type: &f.Type, Name: &f.Name, Description: f.Description,
			InitialValue: f.InitialValue, DefaultEnabled: f.DefaultEnabled, IsArchived: &f.IsArchived, IsServerKeyOnly: &f.IsServerKeyOnly,
			Tags: f.Tags, Owners: f.Owners, GroupOwners: f.GroupOwners, MultivariateOptions: optionsFromAPI(f.Options),
			DeletionProtection: m.DeletionProtection,
		}
	},
	Create: (*api.Client).CreateFeature,
	Read:   (*api.Client).Feature,
	Update: (*api.Client).UpdateFeature,
	Delete: (*api.Client).DeleteFeature,
	List:   (*api.Client).Features,
	Check:  checkFeature,
	Lock:   func(f api.Feature) (string, bool) { return projectLock(f.ProjectID), true },
	Fields: map[string]string{"project": "project_id"},
}

// ids is a facet that holds ids in no order.
func ids(description string) schema.SetAttribute {
	return schema.SetAttribute{
		Optional: true, ElementType: types.Int64Type, MarkdownDescription: description + " `[]`: none. Left out: not managed here.",
		Validators: []validator.Set{setvalidator.NoNullValues()},
	}
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// checkFeature finds what a plan can know of what the server would refuse or ignore, and says what replacing deletes.
func checkFeature(ctx context.Context, check crud.Check[*api.Client, featureModel]) (diags diag.Diagnostics) {
	prior, plan := check.Prior, check.Plan
	switch {
	case prior == nil:
		for _, name := range sortedNames(plan.MultivariateOptions) {
			if option := plan.MultivariateOptions[name]; strings.HasPrefix(name, "#") && option.Value != nil && name != option.Value.toAPI().Text() {
				diags.AddAttributeError(path.Root("multivariate_options").AtMapKey(name), "No such option",
					"A name like this stands for an option that exists, by its id: call a new one by its value or by a key.")
			}
		}
		if check.Client != nil && deref(plan.ProjectID) != 0 && deref(plan.Name) != "" {
			if problem := check.Client.FeatureNameProblem(ctx, *plan.ProjectID, *plan.Name); problem != "" {
				diags.AddAttributeError(path.Root("name"), "Not a name for a feature of this project", problem)
			}
		}
	case check.Replace || differ(prior.Name, plan.Name) || differ(prior.ProjectID, plan.ProjectID):
		warnReplaced(ctx, check, &diags)
	default:
		fixed := func(name string, changed bool) {
			if changed {
				diags.AddAttributeError(path.Root(name), name+" is fixed at creation", fmt.Sprintf("Flagsmith ignores a change of it: it is what the "+
					"states of feature %q start with, when the feature or an environment is made. Put back what it was, or leave it out. To change "+
					"what the feature is in an environment, use a flagops_flagsmith_feature_state; to start over, deleting every state and "+
					"override of the feature, run terraform taint on it, then apply.", deref(prior.Name)))
			}
		}
		fixed("initial_value", plan.InitialValue != nil && differ(prior.InitialValue, plan.InitialValue))
		fixed("default_enabled", plan.DefaultEnabled != nil && differ(prior.DefaultEnabled, plan.DefaultEnabled))
		warnUnnamed(ctx, check, &diags)
		if check.Client != nil && plan.ID != nil {
			names := append([]string{}, sortedNames(plan.MultivariateOptions)...)
			if check.Unknown("multivariate_options") {
				names = nil
			}
			check.Client.ExpectOptions(*plan.ID, names)
		}
	}
	return diags
}

// differ compares what may be null, or not known yet.
func differ[T comparable](a, b *T) bool { return (a == nil) != (b == nil) || deref(a) != deref(b) }

func warnReplaced(ctx context.Context, check crud.Check[*api.Client, featureModel], diags *diag.Diagnostics) {
	prior, detail := check.Prior, ""
	if check.Client != nil {
		use, err := check.Client.FeatureUse(ctx, api.Feature{ProjectID: deref(prior.ProjectID), ID: deref(prior.ID), Name: deref(prior.Name)})
		if err == nil {
			detail = fmt.Sprintf(" There are %d states, %d segment overrides and %d identity overrides.", use.Environments, use.SegmentOverrides, use.IdentityOverrides)
		}
	}
	diags.AddWarning(fmt.Sprintf("Replacing feature %q deletes its states and overrides", deref(prior.Name)),
		"Flagsmith cannot rename or move a feature. The old one is deleted, with its state in every environment and its segment and identity "+
			"overrides; the new one starts with default_enabled and initial_value everywhere."+detail+" Code that asks for the old name gets nothing.")
}

// warnUnnamed says which options a configuration that starts to manage them leaves out.
func warnUnnamed(ctx context.Context, check crud.Check[*api.Client, featureModel], diags *diag.Diagnostics) {
	if check.Client == nil || check.Prior.MultivariateOptions != nil || check.Plan.MultivariateOptions == nil || check.Unknown("multivariate_options") {
		return
	}
	there, err := check.Client.FeatureOptions(ctx, deref(check.Prior.ProjectID), deref(check.Prior.ID))
	if err != nil {
		return
	}
	var unnamed []string
	for _, o := range there {
		_, byName := check.Plan.MultivariateOptions[o.Name]
		_, byID := check.Plan.MultivariateOptions[fmt.Sprintf("#%d", o.ID)]
		if !byName && !byID {
			unnamed = append(unnamed, fmt.Sprintf("%q", o.Name))
		}
	}
	if len(unnamed) > 0 {
		diags.AddAttributeWarning(path.Root("multivariate_options"), "There are more options than the configuration names",
			fmt.Sprintf("Feature %q also has %s. This apply leaves them alone; the next plan will want to delete them, with their weights in "+
				"every environment, unless the configuration names them.", deref(check.Prior.Name), strings.Join(unnamed, ", ")))
	}
}
