package unleash

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type userModel struct {
	ID        *int64  `tfsdk:"id"`
	Email     *string `tfsdk:"email"`
	Username  *string `tfsdk:"username"`
	Name      *string `tfsdk:"name"`
	RootRole  *string `tfsdk:"root_role"`
	CreatedAt *string `tfsdk:"created_at"`
}

var user = crud.Spec[*api.Client, userModel, api.User]{
	Name:   "unleash_user",
	Plural: "unleash_users",
	Key:    []string{"id"},
	Lookup: []string{"email"},
	Also:   []string{"username"},
	Schema: schema.Schema{
		MarkdownDescription: "A person who may sign in to Unleash. Its `id` is what a `flagops_unleash_project_member` refers to. The token must be an " +
			"administrator's. It is found by `id`, `email` or `username`.",
		Attributes: map[string]schema.Attribute{
			"id":         crud.ID("Number of the user."),
			"email":      crud.Text("E-mail address, in small letters; null: none."),
			"username":   crud.Text("What the user signs in with, where that is not the e-mail address; null: none."),
			"name":       crud.Text("What the user is called; null: nothing."),
			"root_role":  crud.Text("Role on the whole server, such as `Admin`, `Editor` or `Viewer`."),
			"created_at": crud.Text("When the account was made (RFC 3339)."),
		},
	},
	ToAPI: func(m *userModel) api.User { return api.User{ID: deref(m.ID)} },
	FromAPI: func(m *userModel, u api.User) {
		*m = userModel{
			ID: &u.ID, Email: orNone(u.Email), Username: orNone(u.Username), Name: orNone(u.Name), RootRole: orNone(u.RootRole), CreatedAt: &u.CreatedAt,
		}
	},
	Read: (*api.Client).User,
	List: (*api.Client).Users,
}
