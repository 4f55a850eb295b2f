package flagsmith

import (
	"context"
	"fmt"
	"math"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type projectModel struct {
	ID                             *int64  `tfsdk:"id"`
	UUID                           *string `tfsdk:"uuid"`
	OrganisationID                 *int64  `tfsdk:"organisation_id"`
	Name                           *string `tfsdk:"name"`
	HideDisabledFlags              *bool   `tfsdk:"hide_disabled_flags"`
	PreventFlagDefaults            *bool   `tfsdk:"prevent_flag_defaults"`
	EnforceFeatureOwners           *bool   `tfsdk:"enforce_feature_owners"`
	OnlyAllowLowerCaseFeatureNames *bool   `tfsdk:"only_allow_lower_case_feature_names"`
	FeatureNameRegex               *string `tfsdk:"feature_name_regex"`
	StaleFlagsLimitDays            *int64  `tfsdk:"stale_flags_limit_days"`
	EnableRealtimeUpdates          *bool   `tfsdk:"enable_realtime_updates"`
	MinimumChangeRequestApprovals  *int64  `tfsdk:"minimum_change_request_approvals"`
	DeletionProtection             *bool   `tfsdk:"deletion_protection"`
}

var project = crud.Spec[*api.Client, projectModel, api.Project]{
	Name:   "flagsmith_project",
	Key:    []string{"id"},
	Lookup: []string{"organisation_id", "name"},
	Local:  []string{"deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "A project: it holds environments, features, segments and tags. Creating one makes it empty. Updating it " +
			"in place keeps everything in it; `hide_disabled_flags` changes at once what SDKs are told. **Destroying it deletes all " +
			"its environments and flags**, and Flagsmith clears up behind the answer: `deletion_protection` guards against that.\n\n" +
			"Open-source Flagsmith allows one project per organisation; import the one that is there.",
		Attributes: map[string]schema.Attribute{
			"id":              crud.ID("Number that Flagsmith gave the project."),
			"uuid":            crud.Text("UUID that Flagsmith gave the project."),
			"organisation_id": organisationID(),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the project is called: 1 to 2,000 characters, unique in the organisation, case matters.",
				Validators: []validator.String{text{most: 2000, required: true}},
			},
			"hide_disabled_flags": crud.Flag(false, "Whether SDKs are not told about flags that are off. Environments can overrule it. Defaults to `false`."),
			"prevent_flag_defaults": crud.Flag(false, "Whether new features start off and without a value in every environment, whatever their "+
				"`default_enabled` and `initial_value` say. Defaults to `false`."),
			"enforce_feature_owners": crud.Flag(false, "Whether every feature must have an owner or an owning group. Flagsmith 2.226 or later. Defaults to `false`."),
			"only_allow_lower_case_feature_names": crud.Flag(true, "Whether the dashboard turns names of new features into lower case; the API, and so Terraform, "+
				"takes any case. Defaults to `true`."),
			"feature_name_regex": optionalText(255, "Regular expression (Python's) that the whole name of every new feature must match, at most 255 characters. "+
				"Flagsmith does not check that it is one. Left out: none."),
			"stale_flags_limit_days": schema.Int64Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Days without a change after which Flagsmith tags a feature as stale, 30 at first. Left out, it is kept as it is. " +
					"Plans up to scale-up, and so open source, ignore it: changing it there is an error.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
				Validators:    []validator.Int64{int64validator.Between(0, math.MaxInt32)},
			},
			"enable_realtime_updates": schema.BoolAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Whether SDKs can subscribe to changes, `false` at first. Left out, it is kept as it is. " +
					"Plans up to scale-up, and so open source, ignore it: changing it there is an error.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"minimum_change_request_approvals": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Approvals that a change request of the project (for segments) needs. Left out, there are no change requests; " +
					"with `0` there are, but they need none. Change requests themselves are not part of open-source Flagsmith.",
				Validators: []validator.Int64{int64validator.Between(0, math.MaxInt32)},
			},
			"deletion_protection": crud.DeletionProtection("project"),
		},
	},
	ToAPI:   (*projectModel).toAPI,
	FromAPI: (*projectModel).fromAPI,
	Create:  createProject,
	Read:    (*api.Client).Project,
	Update:  (*api.Client).UpdateProject,
	Delete:  (*api.Client).DeleteProject,
	List:    (*api.Client).Projects,
	Check:   checkProject,
	Fields:  map[string]string{"organisation": "organisation_id"},
}

func (m *projectModel) toAPI() api.Project {
	return api.Project{
		ID: deref(m.ID), OrganisationID: deref(m.OrganisationID), Name: deref(m.Name),
		HideDisabledFlags: m.HideDisabledFlags, PreventFlagDefaults: m.PreventFlagDefaults, EnforceFeatureOwners: m.EnforceFeatureOwners,
		OnlyAllowLowerCaseFeatureNames: m.OnlyAllowLowerCaseFeatureNames, FeatureNameRegex: m.FeatureNameRegex,
		MinimumChangeRequestApprovals: m.MinimumChangeRequestApprovals,
		StaleFlagsLimitDays:           m.StaleFlagsLimitDays, EnableRealtimeUpdates: m.EnableRealtimeUpdates,
	}
}

func (m *projectModel) fromAPI(p api.Project) {
	*m = projectModel{
		ID: &p.ID, UUID: &p.UUID, OrganisationID: &p.OrganisationID, Name: &p.Name,
		HideDisabledFlags: p.HideDisabledFlags, PreventFlagDefaults: p.PreventFlagDefaults, EnforceFeatureOwners: p.EnforceFeatureOwners,
		OnlyAllowLowerCaseFeatureNames: p.OnlyAllowLowerCaseFeatureNames, FeatureNameRegex: p.FeatureNameRegex,
		MinimumChangeRequestApprovals: p.MinimumChangeRequestApprovals,
		StaleFlagsLimitDays:           p.StaleFlagsLimitDays, EnableRealtimeUpdates: p.EnableRealtimeUpdates,
		DeletionProtection: m.DeletionProtection,
	}
	if m.EnforceFeatureOwners == nil { // Flagsmith before 2.226
		m.EnforceFeatureOwners = new(bool)
	}
}

// limitedPlan matches the plans on which Flagsmith 2.265 ignores what only bigger ones include. Some are written "Scale-Up-v4-…".
var limitedPlan = regexp.MustCompile(`(?i)^(free|startup.*|scale-up.*)$`)

// checkProject refuses settings that the server would silently ignore.
func checkProject(ctx context.Context, c crud.Check[*api.Client, projectModel]) (diags diag.Diagnostics) {
	days, realtime := int64(30), false // what a project starts with
	held := projectModel{StaleFlagsLimitDays: &days, EnableRealtimeUpdates: &realtime}
	if c.Prior != nil && !c.Replace {
		held = *c.Prior
	}
	ignored := func(attribute string, kept any) {
		diags.Append(planGated(attribute, c.Client.Plan(ctx, deref(c.Plan.OrganisationID)), kept, limitedPlan)...)
	}
	if c.Client == nil {
		return nil
	}
	if id := deref(c.Plan.ID); id != 0 { // features of this plan will have to match what the project gets
		c.Client.ExpectFeatureNames(id, c.Plan.FeatureNameRegex)
	}
	if changes(c.Plan.StaleFlagsLimitDays, held.StaleFlagsLimitDays) {
		ignored("stale_flags_limit_days", deref(held.StaleFlagsLimitDays))
	}
	if changes(c.Plan.EnableRealtimeUpdates, held.EnableRealtimeUpdates) {
		ignored("enable_realtime_updates", deref(held.EnableRealtimeUpdates))
	}
	return diags
}

// planGated is the error for an attribute that the organisation's plan does not include, if it is known to be one of those.
func planGated(attribute, plan string, kept any, limited *regexp.Regexp) diag.Diagnostics {
	if !limited.MatchString(plan) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Not part of the organisation's plan",
		fmt.Sprintf("The organisation is on Flagsmith's %q plan, where the server takes %s and silently ignores it: it would stay %v. "+
			"Leave it out. Open-source Flagsmith is always on the free plan.", plan, attribute, kept))}
}

// changes says that a plan sets something, and to something else than there is.
func changes[T comparable](want, held *T) bool { return want != nil && (held == nil || *want != *held) }

// createProject adds to the refusal of a second project how to manage the first.
func createProject(c *api.Client, ctx context.Context, want api.Project) (api.Project, error) {
	got, err := c.CreateProject(ctx, want)
	if others := c.ProjectsInTheWay(ctx, err, want); len(others) == 1 {
		err = fmt.Errorf("%w\n\nThe organisation has one project, %q. To manage that one, paste this block beside the resource "+
			"(with its own label), then plan again:\n\nimport {\n  to = flagops_flagsmith_project.this\n  id = \"%d\"\n}\n",
			err, others[0].Name, others[0].ID)
	}
	return got, err
}
