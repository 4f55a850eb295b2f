package unleash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type projectMemberModel struct {
	Project *string `tfsdk:"project"`
	UserID  *int64  `tfsdk:"user_id"`
	Role    *string `tfsdk:"role"`
}

var projectMember = crud.Spec[*api.Client, projectMemberModel, api.ProjectMember]{
	Name: "unleash_project_member",
	Key:  []string{"project", "user_id"},
	Part: []string{"role"},
	Schema: schema.Schema{
		MarkdownDescription: "A role that a user has in a project (Unleash Enterprise). It owns that role of that user and nothing else: other users, groups, " +
			"and other roles of the same user stay as they are. It changes no live flag, but who may: **creating** it gives the role, **updating** " +
			"it exchanges one role for another in one go, and **destroying** it takes the role away.\n\n" +
			"A user can have several of them, one for each role. Imports and lists have of a user with several roles the one with the lowest id; another one " +
			"that the user has is taken over where it is created. A role that somebody has exchanged outside is given again, and the other stays; a warning says so.",
		Attributes: map[string]schema.Attribute{
			"project": inProject("member"),
			"user_id": crud.Parent("Number of the user; `flagops_unleash_user` finds it. Another one takes the role from this user and gives it to that one."),
			"role": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Name of a project role: `Owner`, `Member`, `Reader`, or one of your own.",
			},
		},
	},
	ToAPI: func(m *projectMemberModel) api.ProjectMember {
		return api.ProjectMember{Project: projectOf(m.Project), UserID: deref(m.UserID), Role: deref(m.Role)}
	},
	FromAPI: func(m *projectMemberModel, p api.ProjectMember) {
		*m = projectMemberModel{Project: &p.Project, UserID: &p.UserID, Role: &p.Role}
	},
	Title:  func(p api.ProjectMember) string { return p.Role },
	Create: (*api.Client).CreateProjectMember,
	Read:   (*api.Client).ProjectMember,
	Update: (*api.Client).UpdateProjectMember,
	Delete: (*api.Client).DeleteProjectMember,
	List:   (*api.Client).ProjectMembers,
	Lock: func(p api.ProjectMember) (string, bool) {
		return fmt.Sprintf("roles of user %d in %s", p.UserID, p.Project), false
	},
	Check: func(ctx context.Context, check crud.Check[*api.Client, projectMemberModel]) (diags diag.Diagnostics) {
		if check.Prior == nil {
			diags.Append(enterprise(ctx, check.Client, "roles in projects", "everybody has one role, on the whole server")...)
		}
		if check.Client == nil || check.Unknown("project") || check.Unknown("role") || diags.HasError() {
			return diags
		}
		role := deref(check.Plan.Role)
		if roles, err := check.Client.ProjectRoles(ctx, projectOf(check.Plan.Project)); err == nil && !slices.Contains(roles, role) {
			diags.AddAttributeError(path.Root("role"), "No such role", fmt.Sprintf("Projects have no role %q. They have: %s.", role, strings.Join(roles, ", ")))
		}
		return diags
	},
}
