package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

// tagModel has pointers for whatever a plan may not know yet.
type tagModel struct {
	ProjectID   *int64  `tfsdk:"project_id"`
	ID          *int64  `tfsdk:"id"`
	UUID        *string `tfsdk:"uuid"`
	Label       *string `tfsdk:"label"`
	Color       *string `tfsdk:"color"`
	Description *string `tfsdk:"description"`
	IsPermanent *bool   `tfsdk:"is_permanent"`
	IsSystemTag *bool   `tfsdk:"is_system_tag"`
	Type        *string `tfsdk:"type"`
}

var tag = crud.Spec[*api.Client, tagModel, api.Tag]{
	Name:   "flagsmith_tag",
	Key:    []string{"project_id", "id"},
	Lookup: []string{"project_id", "label"},
	Schema: schema.Schema{
		MarkdownDescription: "A label that features of a project can carry. Tags change no live flag: creating one shows it in the " +
			"dashboard, updating one changes it there wherever it is used, and destroying one takes it off every feature. Labels are " +
			"not unique: looking one up that two tags have is an error that lists their ids.\n\n" +
			"Flagsmith's own tags (`is_system_tag`) can be read and imported, but neither changed nor destroyed.",
		Attributes: map[string]schema.Attribute{
			"project_id": crud.Parent("Id of the project that the tag belongs to. Another one makes a new tag."),
			"id":         crud.ID("Number that Flagsmith gave the tag. Features refer to it."),
			"uuid":       crud.Text("UUID that Flagsmith gave the tag."),
			"label": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the tag is called: 1 to 100 characters, not unique.",
				Validators: []validator.String{text{most: 100, required: true}},
			},
			"color": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("#6837FC"),
				MarkdownDescription: "Colour in the dashboard, usually `#rrggbb`; Flagsmith takes any text of 1 to 10 characters. " +
					"Defaults to `#6837FC`, a purple.",
				Validators: []validator.String{text{most: 10, required: true}},
			},
			"description": optionalText(512, "What the tag is for, at most 512 characters. Left out: none."),
			"is_permanent": crud.Flag(false, "Whether the tag marks features that are meant to stay: the dashboard asks for no "+
				"clean-up of them and warns before deleting one. Defaults to `false`."),
			"is_system_tag": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether Flagsmith made the tag for itself.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"type": crud.Text("What Flagsmith uses a tag of its own for, such as `STALE`; otherwise `NONE`."),
		},
	},
	ToAPI: func(m *tagModel) api.Tag {
		return api.Tag{
			ProjectID: deref(m.ProjectID), ID: deref(m.ID), Label: deref(m.Label), Color: deref(m.Color),
			Description: m.Description, IsPermanent: deref(m.IsPermanent),
		}
	},
	FromAPI: func(m *tagModel, t api.Tag) {
		*m = tagModel{
			ProjectID: &t.ProjectID, ID: &t.ID, UUID: &t.UUID, Label: &t.Label, Color: &t.Color,
			Description: t.Description, IsPermanent: &t.IsPermanent, IsSystemTag: &t.IsSystemTag, Type: &t.Type,
		}
	},
	Fields: map[string]string{"project": "project_id"},
	Create: (*api.Client).CreateTag,
	Read:   (*api.Client).Tag,
	Update: (*api.Client).UpdateTag,
	Delete: (*api.Client).DeleteTag,
	List:   (*api.Client).Tags,
}
