package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// ProjectMember is a role that a user has in a project. A user may have several.
type ProjectMember struct {
	Project string
	UserID  int64
	Role    string
}

// access is who may do what in a project. The server answers for a project that does not exist as if it did.
type access struct {
	Roles []struct { // that there are
		ID   int64
		Name string
	}
	Users []struct {
		ID     int64
		RoleID int64
		Roles  []int64
	}
}

func (a access) role(id int64) string {
	for _, r := range a.Roles {
		if r.ID == id {
			return r.Name
		}
	}
	return ""
}

func (a access) roleID(name string) (id int64, names []string) {
	for _, r := range a.Roles {
		if r.Name == name {
			id = r.ID
		}
		names = append(names, r.Name)
	}
	return id, names
}

// rolesOf are the ids of a user's roles; the server has them in no order.
func (a access) rolesOf(user int64) []int64 {
	for _, u := range a.Users {
		if u.ID == user {
			if len(u.Roles) == 0 { // up to 5.x there was one
				return []int64{u.RoleID}
			}
			return slices.Sorted(slices.Values(u.Roles))
		}
	}
	return nil
}

func accessOf(project string) string { return "access " + project }

func (c *Client) access(ctx context.Context, project string) (access, error) {
	return remember(ctx, c, accessOf(project), func(ctx context.Context) (access, error) {
		if _, err := c.overview(ctx, project); err != nil {
			return access{}, about(err, "project")
		}
		path := rest.P("/api/admin/projects/{}/access", project)
		got, err := rest.Get[access](ctx, c.rest, path)
		if err == nil && (got.Roles == nil || got.Users == nil) {
			err = c.rest.Unexpected(http.MethodGet, path, "who may do what in a project")
		}
		return got, err
	})
}

// ProjectMember reads one. Where no role is known, after an import, it is the one with the lowest id. A role that the user has beside
// is never taken for it: it is somebody else's to take away.
func (c *Client) ProjectMember(ctx context.Context, at ProjectMember) (ProjectMember, error) {
	a, err := c.access(ctx, at.Project)
	if err != nil {
		return at, err
	}
	roles := a.rolesOf(at.UserID)
	if len(roles) == 0 {
		return at, notFound(rest.P("/api/admin/projects/{}/access", at.Project), "User %d has no role in project %q", at.UserID, at.Project)
	}
	if at.Role == "" {
		at.Role = a.role(roles[0])
	} else if id, _ := a.roleID(at.Role); !slices.Contains(roles, id) {
		return at, notFound(rest.P("/api/admin/projects/{}/access", at.Project), "User %d is not %s of project %q any more", at.UserID, at.Role, at.Project)
	}
	return at, nil
}

// ProjectMembers lists the users that have a role in a project, each with the first of those.
func (c *Client) ProjectMembers(ctx context.Context, within ProjectMember) iter.Seq2[ProjectMember, error] {
	return func(yield func(ProjectMember, error) bool) {
		a, err := c.access(ctx, within.Project)
		if err != nil {
			yield(within, err)
			return
		}
		for _, u := range a.Users {
			if roles := a.rolesOf(u.ID); len(roles) > 0 && !yield(ProjectMember{within.Project, u.ID, a.role(roles[0])}, nil) {
				return
			}
		}
	}
}

// CreateProjectMember gives a user a role, beside those that the user has.
func (c *Client) CreateProjectMember(ctx context.Context, want ProjectMember) (ProjectMember, error) {
	return want, c.changeRoles(ctx, want, "", want.Role)
}

// UpdateProjectMember exchanges one role for another.
func (c *Client) UpdateProjectMember(ctx context.Context, prior, want ProjectMember) (ProjectMember, error) {
	return want, c.changeRoles(ctx, want, prior.Role, want.Role)
}

// DeleteProjectMember takes a role from a user.
func (c *Client) DeleteProjectMember(ctx context.Context, at ProjectMember) error {
	return c.changeRoles(ctx, at, at.Role, "")
}

// changeRoles takes a role from a user and gives another, "" for none. The server takes projects and roles that do not exist
// without a word, so it is asked for them first.
func (c *Client) changeRoles(ctx context.Context, at ProjectMember, take, give string) error {
	c.forget(accessOf(at.Project))
	a, err := c.access(ctx, at.Project)
	if err != nil {
		return err
	}
	path := rest.P("/api/admin/projects/{}/users/{}/roles", at.Project, at.UserID)
	refuse := func(field, format string, args ...any) error {
		return &rest.Error{Method: http.MethodPut, Path: path.String(), Status: http.StatusBadRequest, Fields: map[string][]string{field: {fmt.Sprintf(format, args...)}}}
	}
	before := a.rolesOf(at.UserID)
	roles := slices.Clone(before)
	if id, _ := a.roleID(take); take != "" {
		roles = slices.DeleteFunc(roles, func(r int64) bool { return r == id })
	}
	if give != "" {
		id, names := a.roleID(give)
		if id == 0 {
			return refuse("role", "Project %q has no role %q; it has: %s.", at.Project, give, strings.Join(names, ", "))
		}
		switch has := slices.Contains(before, id); {
		case has && take == "" && a.role(before[0]) == give: // what an import would take over
			return &rest.Error{Method: http.MethodPut, Path: path.String(), Status: http.StatusConflict, Kind: rest.ErrExists,
				Message: fmt.Sprintf("user %d is %s of project %q already", at.UserID, give, at.Project)}
		case !has:
			roles = append(roles, id)
		}
	}
	var others []string
	for _, id := range before {
		if name := a.role(id); name != give {
			others = append(others, name)
		}
	}
	warn := func() {
		if take == "" && len(others) > 0 {
			rest.Warn(ctx, "A user has several roles in a project", "User %d is %s of project %q, too, which this resource leaves alone.",
				at.UserID, strings.Join(others, " and "), at.Project)
		}
	}
	if slices.Equal(roles, before) {
		warn()
		return nil
	}
	err = c.rest.Do(ctx, http.MethodPut, path, map[string]any{"roles": roles}, nil)
	c.forget(accessOf(at.Project))
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusInternalServerError && strings.Contains(e.Message, "violates foreign key constraint") {
		return say(err, "user_id", "There is no user %d.", at.UserID)
	}
	if err != nil || give == "" {
		return err
	}
	if a, err = c.access(ctx, at.Project); err == nil && len(a.rolesOf(at.UserID)) == 0 { // a user that was deleted takes roles, and nobody sees them
		return refuse("user_id", "There is no user %d any more.", at.UserID)
	}
	if err == nil {
		warn()
	}
	return err
}

// ProjectRoles are the names of the roles that there are in a project.
func (c *Client) ProjectRoles(ctx context.Context, project string) ([]string, error) {
	a, err := c.access(ctx, project)
	_, names := a.roleID("")
	return names, err
}
