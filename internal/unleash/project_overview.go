package unleash

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type projectOverviewModel struct {
	Project                *string          `tfsdk:"project"`
	Name                   *string          `tfsdk:"name"`
	Description            *string          `tfsdk:"description"`
	Mode                   *string          `tfsdk:"mode"`
	DefaultStickiness      *string          `tfsdk:"default_stickiness"`
	FeatureLimit           *int64           `tfsdk:"feature_limit"`
	FeatureNameRegex       *string          `tfsdk:"feature_name_regex"`
	FeatureNameExample     *string          `tfsdk:"feature_name_example"`
	FeatureNameDescription *string          `tfsdk:"feature_name_description"`
	Environments           []string         `tfsdk:"environments"`
	Features               *int64           `tfsdk:"features"`
	FeaturesByType         map[string]int64 `tfsdk:"features_by_type"`
	Members                *int64           `tfsdk:"members"`
	Health                 *int64           `tfsdk:"health"`
	CreatedAt              *string          `tfsdk:"created_at"`
	ArchivedAt             *string          `tfsdk:"archived_at"`
}

var projectOverview = crud.Spec[*api.Client, projectOverviewModel, api.ProjectOverview]{
	Name: "unleash_project_overview",
	Key:  []string{"project"},
	Schema: schema.Schema{
		MarkdownDescription: "What a project is set to, what it has and how it does. Every edition of Unleash tells that, of the project `default` too.",
		Attributes: map[string]schema.Attribute{
			"project":                  crud.Name("Id of the project."),
			"name":                     crud.Text("What the project is called."),
			"description":              crud.Text("What the project is for; null: not said."),
			"mode":                     crud.Text("Who may work in it: `open`, `protected` or `private`."),
			"default_stickiness":       crud.Text("Context field by which new strategies keep giving somebody the same answer."),
			"feature_limit":            crud.ID("Number of flags that it may have; null: any."),
			"feature_name_regex":       crud.Text("What names of its flags must match; null: anything."),
			"feature_name_example":     crud.Text("Example of such a name; null: none."),
			"feature_name_description": crud.Text("What such a name is made of; null: not said."),
			"environments": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, MarkdownDescription: "Names of its environments, in their order.",
			},
			"features": crud.ID("Number of flags that it has, without archived ones."),
			"features_by_type": schema.MapAttribute{
				Computed: true, ElementType: types.Int64Type, MarkdownDescription: "Number of flags of each type that it has any of, such as `release`.",
			},
			"members":     crud.ID("Number of people that have a role in it."),
			"health":      crud.ID("Per cent of its flags that are not stale, as Unleash reckons."),
			"created_at":  crud.Text("When it was made (RFC 3339)."),
			"archived_at": crud.Text("When it was archived (RFC 3339); null: it is not."),
		},
	},
	ToAPI: func(m *projectOverviewModel) api.ProjectOverview {
		return api.ProjectOverview{Project: deref(m.Project)}
	},
	FromAPI: func(m *projectOverviewModel, o api.ProjectOverview) {
		*m = projectOverviewModel{
			Project: &o.Project, Name: &o.Name, Description: o.Description, Mode: &o.Mode, DefaultStickiness: &o.DefaultStickiness, FeatureLimit: o.FeatureLimit,
			FeatureNameRegex: o.FeatureNaming.Pattern, FeatureNameExample: o.FeatureNaming.Example, FeatureNameDescription: o.FeatureNaming.Description,
			Environments: []string{}, Features: new(int64), FeaturesByType: map[string]int64{}, Members: &o.Members, Health: &o.Health,
			CreatedAt: &o.CreatedAt, ArchivedAt: o.ArchivedAt,
		}
		for _, e := range o.Environments {
			m.Environments = append(m.Environments, e.Environment)
		}
		for _, t := range o.FeatureTypeCounts {
			m.FeaturesByType[t.Type] = int64(t.Count)
			*m.Features += int64(t.Count)
		}
	},
	Read: (*api.Client).ProjectOverview,
}
