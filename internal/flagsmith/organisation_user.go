package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type organisationUserModel struct {
	OrganisationID *int64  `tfsdk:"organisation_id"`
	ID             *int64  `tfsdk:"id"`
	UUID           *string `tfsdk:"uuid"`
	Email          *string `tfsdk:"email"`
	FirstName      *string `tfsdk:"first_name"`
	LastName       *string `tfsdk:"last_name"`
	Role           *string `tfsdk:"role"`
	DateJoined     *string `tfsdk:"date_joined"`
	LastLogin      *string `tfsdk:"last_login"`
}

var organisationUser = crud.Spec[*api.Client, organisationUserModel, api.OrganisationUser]{
	Name:   "flagsmith_organisation_user",
	Plural: "flagsmith_organisation_users",
	Key:    []string{"organisation_id", "id"},
	Lookup: []string{"organisation_id", "email"},
	Schema: schema.Schema{
		MarkdownDescription: "A user of a Flagsmith organisation. Its `id` is what the `owners` of a feature list.",
		Attributes: map[string]schema.Attribute{
			"organisation_id": organisationID(),
			"id":              crud.ID("Id of the user."),
			"uuid":            crud.Text("UUID of the user."),
			"email":           crud.Text("E-mail address, which is what the user signs in with."),
			"first_name":      crud.Text("First name; may be empty."),
			"last_name":       crud.Text("Last name; may be empty."),
			"role":            crud.Text("`ADMIN` or `USER`."),
			"date_joined":     crud.Text("When the account was made (RFC 3339)."),
			"last_login":      crud.Text("When the user last signed in (RFC 3339); null: never."),
		},
	},
	ToAPI: func(m *organisationUserModel) api.OrganisationUser {
		return api.OrganisationUser{OrganisationID: deref(m.OrganisationID), ID: deref(m.ID), Email: deref(m.Email)}
	},
	FromAPI: (*organisationUserModel).fromAPI,
	Read:    (*api.Client).OrganisationUser,
	List:    (*api.Client).OrganisationUsers,
}

func (m *organisationUserModel) fromAPI(u api.OrganisationUser) {
	*m = organisationUserModel{
		OrganisationID: &u.OrganisationID, ID: &u.ID, UUID: &u.UUID, Email: &u.Email, FirstName: &u.FirstName, LastName: &u.LastName,
		Role: &u.Role, DateJoined: &u.DateJoined, LastLogin: u.LastLogin,
	}
}
