package unleash

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type tagTypeModel struct {
	Name        *string `tfsdk:"name"`
	Description *string `tfsdk:"description"`
	Icon        *string `tfsdk:"icon"`
	Color       *string `tfsdk:"color"`
}

var tagType = crud.Spec[*api.Client, tagTypeModel, api.TagType]{
	Name: "unleash_tag_type",
	Key:  []string{"name"},
	Schema: schema.Schema{
		MarkdownDescription: "A kind of tag that flags can carry, such as `team`. Tag types change no live flag. **Destroying one deletes its " +
			"tags and takes them off every flag**, and so does another name, which makes a new one.\n\n" +
			"Unleash's own types (`simple`, and those of integrations) can be imported, changed and destroyed.",
		Attributes: map[string]schema.Attribute{
			"name": crud.Name("What the type is called, and tags refer to: 2 to 50 letters, digits and `_ . ! ~ * ' ( ) -`, unique on the server. "+
				"Another one makes a new type.", urlFriendly(), stringvalidator.LengthBetween(2, 50)),
			"description": optionalText("What tags of the type are for. Left out: none."),
			"icon":        optionalText("What the dashboard shows of the type, usually a letter or a sign. Left out: none."),
			"color": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Colour of the tags in the dashboard: `#rrggbb`. Left out: none at creation, and later what it is, since Unleash " +
					"takes no colour away. `#FFFFFF` is the dashboard's own default.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				Validators: []validator.String{
					stringvalidator.RegexMatches(regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`), "must be # and six hexadecimal digits"),
				},
			},
		},
	},
	ToAPI: func(m *tagTypeModel) api.TagType {
		return api.TagType{Name: deref(m.Name), Description: m.Description, Icon: m.Icon, Color: m.Color}
	},
	FromAPI: func(m *tagTypeModel, t api.TagType) {
		*m = tagTypeModel{Name: &t.Name, Description: t.Description, Icon: t.Icon, Color: t.Color}
	},
	Create: (*api.Client).CreateTagType,
	Read:   (*api.Client).TagType,
	Update: (*api.Client).UpdateTagType,
	Delete: (*api.Client).DeleteTagType,
	List:   (*api.Client).TagTypes,
}
