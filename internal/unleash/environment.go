package unleash

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type environmentModel struct {
	Name               *string `tfsdk:"name"`
	Type               *string `tfsdk:"type"`
	SortOrder          *int64  `tfsdk:"sort_order"`
	Enabled            *bool   `tfsdk:"enabled"`
	RequiredApprovals  *int64  `tfsdk:"required_approvals"`
	DeletionProtection *bool   `tfsdk:"deletion_protection"`
}

var environment = crud.Spec[*api.Client, environmentModel, api.Environment]{
	Name:  "unleash_environment",
	Key:   []string{"name"},
	Local: []string{"deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "An environment of the whole server; `flagops_unleash_project_environment` gives it to a project. Making and destroying " +
			"environments takes Unleash Enterprise: open-source Unleash has `development` and `production`, of which an imported resource manages " +
			"`enabled` and `sort_order` there.\n\n" +
			"**Creating** one changes no live flag: new projects get it, if it is enabled, and others do not. **Updating** changes no live flag " +
			"either. **Destroying** deletes it with what every flag of every project is and has there, for good.",
		Attributes: map[string]schema.Attribute{
			"name": crud.Name("What the environment is called. Another one makes a new environment.", urlFriendly()),
			"type": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "What it is for: `development`, `test`, `preproduction`, `production`, or a word of your own. The dashboard warns before changes in `production`.",
			},
			"sort_order": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(-1<<31, 1<<31-1)},
				MarkdownDescription: "Where it stands among the others: the smallest number comes first. Left out: last (`9999`), then as it is.",
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"enabled": crud.Flag(true, "Whether new projects get it. Where it is given to a project, flags are served whatever this says. Defaults to `true`."),
			"required_approvals": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "Number of approvals that a change there needs, in projects that get it from now on. Left out: changes need none.",
			},
			"deletion_protection": crud.DeletionProtection("environment"),
		},
	},
	ToAPI: func(m *environmentModel) api.Environment {
		return api.Environment{Name: deref(m.Name), Type: deref(m.Type), SortOrder: m.SortOrder, Enabled: deref(m.Enabled), RequiredApprovals: m.RequiredApprovals}
	},
	FromAPI: func(m *environmentModel, e api.Environment) {
		m.Name, m.Type, m.SortOrder, m.Enabled, m.RequiredApprovals = &e.Name, &e.Type, e.SortOrder, &e.Enabled, e.RequiredApprovals
		if deref(e.RequiredApprovals) == 0 {
			m.RequiredApprovals = nil
		}
	},
	Create: (*api.Client).CreateEnvironment,
	Read:   (*api.Client).Environment,
	Update: (*api.Client).UpdateEnvironment,
	Delete: (*api.Client).DeleteEnvironment,
	List:   (*api.Client).Environments,
	Check: func(ctx context.Context, check crud.Check[*api.Client, environmentModel]) (diags diag.Diagnostics) {
		if check.Prior == nil || check.Replace {
			diags.Append(enterprise(ctx, check.Client, "environments of your own", `it has "development" and "production"`)...)
		}
		if check.Prior == nil {
			diags.Append(full(ctx, check.Client, "environments", "UNLEASH_ENVIRONMENTS_LIMIT", func(l api.Limits) int { return l.Environments }, (*api.Client).CountEnvironments)...)
		}
		return diags
	},
}
