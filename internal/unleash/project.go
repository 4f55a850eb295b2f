package unleash

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type projectModel struct {
	ID                     *string `tfsdk:"id"`
	Name                   *string `tfsdk:"name"`
	Description            *string `tfsdk:"description"`
	Mode                   *string `tfsdk:"mode"`
	DefaultStickiness      *string `tfsdk:"default_stickiness"`
	FeatureLimit           *int64  `tfsdk:"feature_limit"`
	FeatureNameRegex       *string `tfsdk:"feature_name_regex"`
	FeatureNameExample     *string `tfsdk:"feature_name_example"`
	FeatureNameDescription *string `tfsdk:"feature_name_description"`
	DeletionPolicy         *string `tfsdk:"deletion_policy"`
	DeletionProtection     *bool   `tfsdk:"deletion_protection"`
}

var project = crud.Spec[*api.Client, projectModel, api.Project]{
	Name:   "unleash_project",
	Plural: "unleash_projects",
	Key:    []string{"id"},
	Lookup: []string{"name"},
	Local:  []string{"deletion_policy", "deletion_protection"},
	Schema: schema.Schema{
		MarkdownDescription: "Where flags live. Making, changing and destroying projects takes Unleash Enterprise: open-source Unleash has the one project " +
			"`default`, which the data source reads there as well.\n\n" +
			"**Creating** one makes it with all enabled environments and without flags; where a project of that `id` (of that name, if `id` is left out) is archived, it is revived " +
			"instead, with what it had. **Updating** changes no live flag. **Destroying** archives it, or deletes it for good with its archived " +
			"flags and API tokens; it is refused while the project has live flags. The project `default` can be neither archived nor deleted. " +
			"Names are not unique: looking one up that two projects have is an error that lists their ids.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{urlFriendly()},
				MarkdownDescription: "What flags, tokens and URLs call the project. Left out: made of the name at its creation (`My Shop` becomes `my-shop`). " +
					"Another one makes a new project.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplace()},
			},
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the project is called. Not unique; without `&`, `<` and `>`.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.RegexMatches(regexp.MustCompile(`^[^&<>]*$`), "must not hold & < or >")},
			},
			"description": optionalText("What the project is for. Left out: nothing."),
			"mode": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("open"), Validators: []validator.String{stringvalidator.OneOf("open", "protected", "private")},
				MarkdownDescription: "Who may work in it: in an `open` one everybody may submit change requests, in a `protected` one members only; a `private` " +
					"one only members see. Defaults to `open`.",
			},
			"default_stickiness": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultStickiness), Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Context field by which new strategies keep giving somebody the same answer; `default` is `userId`, else `sessionId`, else " +
					"`random`. Strategies that are there keep theirs. Defaults to `default`.",
			},
			"feature_limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "Number of flags that the project may have. Left out: any, up to the server's limit.",
			},
			"feature_name_regex": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Regular expression (JavaScript's, without white space) that names of new flags must match as a whole. Left out: none.",
			},
			"feature_name_example":     naming("Example of a name that matches. Left out: none."),
			"feature_name_description": naming("What a name that matches is made of, for people. Left out: not said."),
			"deletion_policy": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("archive"), Validators: []validator.String{stringvalidator.OneOf("archive", "delete")},
				MarkdownDescription: "What destroying does: `archive` leaves the project in the archive, where it keeps its id taken; `delete` deletes it with " +
					"its archived flags and its API tokens, for good. Terraform alone knows it; the server does not. Defaults to `archive`.",
			},
			"deletion_protection": crud.DeletionProtection("project"),
		},
	},
	ToAPI:   (*projectModel).toAPI,
	FromAPI: (*projectModel).fromAPI,
	Fields:  map[string]string{"featureNaming.pattern": "feature_name_regex", "featureNaming": "feature_name_regex"},
	Create:  (*api.Client).CreateProject,
	Read:    (*api.Client).Project,
	Update:  (*api.Client).UpdateProject,
	Delete:  (*api.Client).DeleteProject,
	List:    (*api.Client).Projects,
	Check: func(ctx context.Context, check crud.Check[*api.Client, projectModel]) (diags diag.Diagnostics) {
		if check.Client != nil && check.Plan.ID != nil && !check.Unknown("feature_name_regex") {
			check.Client.ExpectFeatureNames(*check.Plan.ID, check.Plan.FeatureNameRegex)
		}
		if check.Prior == nil {
			diags.Append(enterprise(ctx, check.Client, "projects of your own", `it has the one project "default"`)...)
			diags.Append(full(ctx, check.Client, "projects", "UNLEASH_PROJECTS_LIMIT", func(l api.Limits) int { return l.Projects }, (*api.Client).CountProjects)...)
		}
		return diags
	},
}

// naming is an attribute that goes with the pattern of names.
func naming(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, MarkdownDescription: description,
		Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.AlsoRequires(path.MatchRoot("feature_name_regex"))},
	}
}

func (m *projectModel) toAPI() api.Project {
	return api.Project{
		ID: deref(m.ID), Name: deref(m.Name), Description: m.Description, Mode: deref(m.Mode), DefaultStickiness: deref(m.DefaultStickiness), FeatureLimit: m.FeatureLimit,
		FeatureNameRegex: m.FeatureNameRegex, FeatureNameExample: m.FeatureNameExample, FeatureNameDescription: m.FeatureNameDescription,
		Archive: deref(m.DeletionPolicy) != "delete",
	}
}

func (m *projectModel) fromAPI(p api.Project) {
	m.ID, m.Name, m.Description, m.Mode, m.DefaultStickiness, m.FeatureLimit = &p.ID, &p.Name, p.Description, &p.Mode, &p.DefaultStickiness, p.FeatureLimit
	m.FeatureNameRegex, m.FeatureNameExample, m.FeatureNameDescription = p.FeatureNameRegex, p.FeatureNameExample, p.FeatureNameDescription
}
