package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type userGroupModel struct {
	OrganisationID *int64           `tfsdk:"organisation_id"`
	ID             *int64           `tfsdk:"id"`
	Name           *string          `tfsdk:"name"`
	IsDefault      *bool            `tfsdk:"is_default"`
	ExternalID     *string          `tfsdk:"external_id"`
	Users          []groupUserModel `tfsdk:"users"`
}

type groupUserModel struct {
	ID         int64  `tfsdk:"id"`
	Email      string `tfsdk:"email"`
	GroupAdmin bool   `tfsdk:"group_admin"`
}

var userGroup = crud.Spec[*api.Client, userGroupModel, api.UserGroup]{
	Name:   "flagsmith_user_group",
	Plural: "flagsmith_user_groups",
	Key:    []string{"organisation_id", "id"},
	Lookup: []string{"organisation_id", "name"},
	Schema: schema.Schema{
		MarkdownDescription: "A group of users of a Flagsmith organisation. Its `id` is what the `group_owners` of a feature list. " +
			"Names of groups are not unique: where several match, the error lists their ids.",
		Attributes: map[string]schema.Attribute{
			"organisation_id": organisationID(),
			"id":              crud.ID("Id of the group."),
			"name":            crud.Text("Name of the group."),
			"is_default":      computedFlag("Whether new users of the organisation join it."),
			"external_id":     crud.Text("Id of the group at an identity provider; null: none."),
			"users": schema.SetNestedAttribute{
				Computed: true, MarkdownDescription: "The users in it.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":          schema.Int64Attribute{Computed: true, MarkdownDescription: "Id of the user."},
					"email":       schema.StringAttribute{Computed: true, MarkdownDescription: "E-mail address."},
					"group_admin": computedFlag("Whether the user may manage the group."),
				}},
			},
		},
	},
	ToAPI: func(m *userGroupModel) api.UserGroup {
		return api.UserGroup{OrganisationID: deref(m.OrganisationID), ID: deref(m.ID), Name: deref(m.Name)}
	},
	FromAPI: (*userGroupModel).fromAPI,
	Read:    (*api.Client).UserGroup,
	List:    (*api.Client).UserGroups,
}

func (m *userGroupModel) fromAPI(g api.UserGroup) {
	*m = userGroupModel{OrganisationID: &g.OrganisationID, ID: &g.ID, Name: &g.Name, IsDefault: &g.IsDefault, ExternalID: g.ExternalID,
		Users: make([]groupUserModel, len(g.Users))}
	for i, u := range g.Users {
		m.Users[i] = groupUserModel(u)
	}
}
