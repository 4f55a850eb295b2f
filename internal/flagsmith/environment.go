package flagsmith

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type environmentModel struct {
	ProjectID                         *int64  `tfsdk:"project_id"`
	ID                                *int64  `tfsdk:"id"`
	UUID                              *string `tfsdk:"uuid"`
	Name                              *string `tfsdk:"name"`
	APIKey                            *string `tfsdk:"api_key"`
	Description                       *string `tfsdk:"description"`
	BannerText                        *string `tfsdk:"banner_text"`
	BannerColour                      *string `tfsdk:"banner_colour"`
	HideDisabledFlags                 *bool   `tfsdk:"hide_disabled_flags"`
	AllowClientTraits                 *bool   `tfsdk:"allow_client_traits"`
	HideSensitiveData                 *bool   `tfsdk:"hide_sensitive_data"`
	UseIdentityCompositeKeyForHashing *bool   `tfsdk:"use_identity_composite_key_for_hashing"`
	UseIdentityOverridesInLocalEval   *bool   `tfsdk:"use_identity_overrides_in_local_eval"`
	MinimumChangeRequestApprovals     *int64  `tfsdk:"minimum_change_request_approvals"`
	UseV2FeatureVersioning            *bool   `tfsdk:"use_v2_feature_versioning"`
	DeletionProtection                *bool   `tfsdk:"deletion_protection"`
}

var environment = crud.Spec[*api.Client, environmentModel, api.Environment]{
	Name:   "flagsmith_environment",
	Key:    []string{"project_id", "id"},
	Lookup: []string{"project_id", "name"},
	Local:  []string{"deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "An environment of a project: in each, every feature has a state of its own. Creating one gives every feature of the " +
			"project a state there, as the feature starts out. Updating it in place keeps states, webhooks and custom fields (metadata); " +
			"`hide_disabled_flags` and `api_key` change at once what SDKs are told. **Destroying it deletes its states, overrides, " +
			"identities and webhooks**, and what uses its `api_key` stops getting flags: `deletion_protection` guards against that.",
		Attributes: map[string]schema.Attribute{
			"project_id": crud.Parent("Id of the project that the environment belongs to. Another one makes a new environment."),
			"id":         crud.ID("Number that Flagsmith gave the environment."),
			"uuid":       crud.Text("UUID that Flagsmith gave the environment."),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the environment is called: 1 to 2,000 characters, unique in the project, case matters.",
				Validators: []validator.String{text{most: 2000, required: true}},
			},
			"api_key": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "The client-side key that SDKs are built with; it is public. 1 to 100 characters without `.` and `/`, unique on the whole " +
					"server, the keys of deleted environments included. Left out, Flagsmith makes one up and it is kept. Changing it renames it: what " +
					"still uses the old one stops getting flags.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				Validators:    []validator.String{text{most: 100, required: true}, inPath{}},
			},
			"description":   optionalText(20000, "What the environment is for, at most 20,000 characters. Left out: none."),
			"banner_text":   optionalText(255, "Banner that the dashboard shows in the environment, at most 255 characters. Left out: none."),
			"banner_colour": optionalText(7, "Colour of the banner, usually `#rrggbb`; Flagsmith takes any text of at most 7 characters. Left out: none."),
			"hide_disabled_flags": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Whether SDKs are not told about flags that are off. Left out, the project decides.",
			},
			"allow_client_traits": crud.Flag(true, "Whether client-side SDKs may set traits. Defaults to `true`."),
			"hide_sensitive_data": crud.Flag(false, "Whether SDKs are told no more about a flag than they need. Defaults to `false`."),
			"use_identity_composite_key_for_hashing": crud.Flag(true, "Whether percentages are drawn with environment and identifier, so that SDKs which evaluate locally "+
				"agree with the server. Changing it deals identities out anew. Defaults to `true`."),
			"use_identity_overrides_in_local_eval": crud.Flag(true, "Whether SDKs that evaluate locally are given the overrides of identities. Defaults to `true`."),
			"minimum_change_request_approvals": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Approvals that a change request in the environment needs. Left out, there are no change requests; with `0` there are, but they " +
					"need none. The free plan, and so open source, ignores it: setting it there is an error.",
				Validators: []validator.Int64{int64validator.Between(0, math.MaxInt32)},
			},
			"use_v2_feature_versioning": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether changes of flags are published as versions. Flagsmith switches it in the background, and Terraform waits for that. " +
					"Left out, it is kept as it is; what a new environment starts with is the server's choice.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"deletion_protection": crud.DeletionProtection("environment"),
		},
	},
	ToAPI:   (*environmentModel).toAPI,
	FromAPI: (*environmentModel).fromAPI,
	Create:  (*api.Client).CreateEnvironment,
	Read:    (*api.Client).Environment,
	Update:  (*api.Client).UpdateEnvironment,
	Delete:  (*api.Client).DeleteEnvironment,
	List:    (*api.Client).Environments,
	Check:   checkEnvironment,
	// Flagsmith gives a new environment states of the features there are, and a new feature states in the environments there
	// are: what is made at the same time misses the other. Features take this lock shared.
	Lock:   func(e api.Environment) (string, bool) { return projectLock(e.ProjectID), false },
	Fields: map[string]string{"project": "project_id"},
}

// projectLock names what creations of environments and of features in a project exclude each other by.
func projectLock(projectID int64) string { return fmt.Sprintf("project/%d", projectID) }

func (m *environmentModel) toAPI() api.Environment {
	return api.Environment{
		ProjectID: deref(m.ProjectID), ID: deref(m.ID), Name: deref(m.Name), APIKey: m.APIKey,
		Description: m.Description, BannerText: m.BannerText, BannerColour: m.BannerColour, HideDisabledFlags: m.HideDisabledFlags,
		MinimumChangeRequestApprovals: m.MinimumChangeRequestApprovals,
		AllowClientTraits:             m.AllowClientTraits, HideSensitiveData: m.HideSensitiveData,
		UseIdentityCompositeKeyForHashing: m.UseIdentityCompositeKeyForHashing,
		UseIdentityOverridesInLocalEval:   m.UseIdentityOverridesInLocalEval, UseV2FeatureVersioning: m.UseV2FeatureVersioning,
	}
}

func (m *environmentModel) fromAPI(e api.Environment) {
	*m = environmentModel{
		ProjectID: &e.ProjectID, ID: &e.ID, UUID: &e.UUID, Name: &e.Name, APIKey: e.APIKey,
		Description: e.Description, BannerText: e.BannerText, BannerColour: e.BannerColour, HideDisabledFlags: e.HideDisabledFlags,
		MinimumChangeRequestApprovals: e.MinimumChangeRequestApprovals,
		AllowClientTraits:             e.AllowClientTraits, HideSensitiveData: e.HideSensitiveData,
		UseIdentityCompositeKeyForHashing: e.UseIdentityCompositeKeyForHashing,
		UseIdentityOverridesInLocalEval:   e.UseIdentityOverridesInLocalEval, UseV2FeatureVersioning: e.UseV2FeatureVersioning,
		DeletionProtection: m.DeletionProtection,
	}
}

// inPath refuses what Flagsmith stores and then cannot find: an environment is addressed by its key, and its routes
// match neither a dot nor a slash, escaped or not (observed on 2.265).
type inPath struct{}

func (inPath) Description(context.Context) string { return "neither a dot nor a slash" }

func (v inPath) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (inPath) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if strings.ContainsAny(req.ConfigValue.ValueString(), "./") {
		resp.Diagnostics.AddAttributeError(req.Path, "Key that cannot be addressed",
			"The key stands in the path of every request about the environment, and there Flagsmith finds none that holds a dot or a slash: "+
				"it would be stored and lost. Use letters, digits, - and _.")
	}
}

// freePlan matches the plan on which Flagsmith ignores minimum_change_request_approvals of environments (2.265).
var freePlan = regexp.MustCompile(`^free$`)

// checkEnvironment refuses what the server would silently ignore, and says what a rename of the key does.
func checkEnvironment(ctx context.Context, c crud.Check[*api.Client, environmentModel]) (diags diag.Diagnostics) {
	var held environmentModel
	if c.Prior != nil && !c.Replace {
		held = *c.Prior
	}
	if held.APIKey != nil && changes(c.Plan.APIKey, held.APIKey) {
		diags.AddAttributeWarning(path.Root("api_key"), "An environment's key is renamed",
			fmt.Sprintf("Once this is applied, SDKs and scripts that use %q get no more flags from %q.", *held.APIKey, deref(held.Name)))
	}
	if c.Client != nil && changes(c.Plan.MinimumChangeRequestApprovals, held.MinimumChangeRequestApprovals) {
		kept := "unset"
		if held.MinimumChangeRequestApprovals != nil {
			kept = fmt.Sprint(*held.MinimumChangeRequestApprovals)
		}
		diags.Append(planGated("minimum_change_request_approvals", c.Client.ProjectPlan(ctx, deref(c.Plan.ProjectID)), kept, freePlan)...)
	}
	return diags
}
