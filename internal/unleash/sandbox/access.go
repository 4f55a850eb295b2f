package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// role is a set of permissions, on the whole server or in a project.
type role struct {
	id                      int
	name, kind, description string
}

var roles = []role{
	{1, "Admin", "root", "Users with the root admin role have superuser access to Unleash and can perform any operation within the Unleash platform."},
	{2, "Editor", "root", "Users with the root editor role have access to most features in Unleash, but can not manage users and roles in the root scope. " +
		"Editors will be added as project owners when creating projects and get superuser rights within the context of these projects. " +
		"Users with the editor role will also get access to most permissions on the default project by default."},
	{3, "Viewer", "root", "Users with the root viewer role can only read root resources in Unleash. Viewers can be added to specific projects as " +
		"project members. Users with the viewer role may not view API tokens."},
	{4, "Owner", "project", "Users with the project owner role have full control over the project, and can add and manage other users within the project " +
		"context, manage feature flags within the project, and control advanced project features like archiving and deleting the project."},
	{5, "Member", "project", "Users with the project member role are allowed to view, create, and update feature flags within a project, but have " +
		"limited permissions in regards to managing the project's user access and can not archive or delete the project."},
	{6, "Reader", "project", "Users with the project reader role have read-only access to the project and cannot make changes."},
}

func (r role) show() object {
	return object{"id": r.id, "name": r.name, "type": r.kind, "description": r.description}
}

// rolesOf lists the roles of a kind.
func rolesOf(kind string) []any {
	return render(slices.DeleteFunc(slices.Clone(roles), func(r role) bool { return r.kind != kind }), role.show)
}

func isProjectRole(id int) bool { return id >= 4 && id <= 6 }

// grant is a user's role in a project.
type grant struct {
	project    string
	user, role int
	at         time.Time
}

func (s *Sandbox) accessRoutes() {
	if !s.enterprise {
		return
	}
	s.handle("GET /roles", 200, nil, s.listRoles)
	s.handle("GET /groups", 200, nil, fixed(object{"groups": []any{}}))
	const all = "/projects/{project}"
	s.handle("GET "+all+"/access", 200, nil, s.readAccess)
	s.handle("POST "+all+"/access", 200, nil, s.addAccess)
	s.handle("PUT "+all+"/users/{user}/roles", 200, nil, s.setUserRoles)
	s.handle("DELETE "+all+"/users/{user}/roles", 200, nil, s.removeUser)
	s.handle("POST "+all+"/users/{user}/roles/{role}", 200, nil, s.addUserRole)
	s.handle("PUT "+all+"/users/{user}/roles/{role}", 200, nil, s.changeUserRole)
	s.handle("DELETE "+all+"/users/{user}/roles/{role}", 200, nil, s.removeUserRole)
}

func (s *Sandbox) listRoles(*request) (any, error) {
	all := slices.Clone(roles)
	slices.SortFunc(all, func(a, b role) int { return strings.Compare(a.name, b.name) })
	return object{"version": 1, "roles": render(all, role.show)}, nil
}

// readAccess is empty, not missing, for a project that does not exist.
func (s *Sandbox) readAccess(r *request) (any, error) {
	users := []any{}
	for _, u := range s.users.where(nil) {
		var ids []int
		var at time.Time
		for _, g := range s.access {
			if g.project == r.PathValue("project") && g.user == u.id {
				ids, at = append(ids, g.role), g.at
			}
		}
		if len(ids) == 0 {
			continue
		}
		o := u.brief()
		for _, k := range []string{"scimId", "seatType", "companyRole", "productUpdatesEmailConsent"} {
			delete(o, k)
		}
		o["isAPI"], o["addedAt"], o["roleId"], o["roles"] = false, stamp(at), ids[0], ids
		users = append(users, o)
	}
	return object{"roles": rolesOf("project"), "groups": []any{}, "users": users}, nil
}

// give grants roles; what is granted already stays as it is.
func (s *Sandbox) give(project string, users, ids []int) error {
	var bad, missing []string
	for _, id := range ids {
		if !isProjectRole(id) {
			bad = append(bad, strconv.Itoa(id))
		}
	}
	for _, id := range users {
		if !s.users.has(id) {
			missing = append(missing, strconv.Itoa(id))
		}
	}
	switch {
	case len(ids) == 0:
		return badData("You can't grant access without any roles. The roles array you sent was empty.")
	case len(bad) > 0:
		return badData("You can't add access to a project with roles that aren't project roles or that don't exist. These roles are not valid: %s", join(bad))
	case len(missing) > 0:
		return detailed(object{"message": "Your request contains one or more user IDs that do not exist. You sent these user IDs: " + join(missing) + "."})
	}
	for _, u := range users {
		for _, id := range ids {
			if !slices.ContainsFunc(s.access, func(g grant) bool { return g.project == project && g.user == u && g.role == id }) {
				s.access = append(s.access, grant{project, u, id, now()})
			}
		}
	}
	s.event("project-access-added", project, "")
	return nil
}

func numbers(o object, key string) []int {
	var out []int
	for _, v := range items(o, key) {
		if m, ok := v.(object); ok {
			v = m["id"]
		}
		v, _ = number.coerce(v)
		out = append(out, whole(v))
	}
	return out
}

func (r *request) pathInt(name string) int {
	n, _ := strconv.Atoi(r.PathValue(name))
	return n
}

func (s *Sandbox) addAccess(r *request) (any, error) {
	if groups := items(r.data(), "groups"); len(groups) > 0 {
		return nil, detailed(object{"message": "Your request contains one or more group IDs that do not exist. You sent these group IDs: " +
			join(texts(r.data(), "groups")) + "."})
	}
	return nil, s.give(r.PathValue("project"), numbers(r.data(), "users"), numbers(r.data(), "roles"))
}

func (s *Sandbox) addUserRole(r *request) (any, error) {
	return nil, s.give(r.PathValue("project"), []int{r.pathInt("user")}, []int{r.pathInt("role")})
}

// changeUserRole changes the role of a user who has one. Several cannot become the same one.
func (s *Sandbox) changeUserRole(r *request) (any, error) {
	id, user, project := r.pathInt("role"), r.pathInt("user"), r.PathValue("project")
	has := 0
	for _, g := range s.access {
		if g.project == project && g.user == user {
			if has++; g.role == id {
				return nil, nil
			}
		}
	}
	const statement = `update "role_user" set "role_id" = $1 where "user_id" = $2 and "project" = $3 and "role_id" not in ` +
		`(select "id" as "role_id" from "roles" where "type" = $4) - `
	switch {
	case has == 0:
		return nil, conforms()
	case has > 1:
		return nil, unknown(statement + `duplicate key value violates unique constraint "role_user_pkey"`)
	case id < 1 || id > len(roles):
		return nil, unknown(statement + `insert or update on table "role_user" violates foreign key constraint "role_user_role_id_fkey"`)
	}
	s.drop(project, user)
	s.access = append(s.access, grant{project, user, id, now()})
	return nil, nil
}

func (s *Sandbox) drop(project string, user int) {
	s.access = slices.DeleteFunc(s.access, func(g grant) bool { return g.project == project && g.user == user })
}

// setUserRoles leaves out roles that do not exist, without a word.
func (s *Sandbox) setUserRoles(r *request) (any, error) {
	user, project := r.pathInt("user"), r.PathValue("project")
	ids := numbers(r.data(), "roles")
	if slices.ContainsFunc(ids, isProjectRole) && (user < 1 || user > s.lastUser) { // a user that was deleted is only marked as such
		return nil, unknown(`insert into "role_user" - insert or update on table "role_user" violates foreign key constraint "role_user_user_id_fkey"`)
	}
	s.drop(project, user)
	for i, id := range ids {
		if isProjectRole(id) && !slices.Contains(ids[:i], id) {
			s.access = append(s.access, grant{project, user, id, now()})
		}
	}
	return nil, nil
}

func (s *Sandbox) removeUser(r *request) (any, error) {
	s.drop(r.PathValue("project"), r.pathInt("user"))
	return nil, nil
}

func (s *Sandbox) removeUserRole(r *request) (any, error) {
	before := len(s.access)
	s.access = slices.DeleteFunc(s.access, func(g grant) bool {
		return g.project == r.PathValue("project") && g.user == r.pathInt("user") && g.role == r.pathInt("role")
	})
	if len(s.access) == before {
		return nil, notFound("Couldn't find roleId=%s on project=%s", r.PathValue("role"), r.PathValue("project"))
	}
	return nil, nil
}
