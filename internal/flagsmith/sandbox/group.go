package sandbox

import (
	"net/http"
	"slices"
)

// group is a set of users; its name is not unique.
type group struct {
	id        int64
	name      string
	external  *string
	isDefault bool
	users     []int64
}

func (g *group) key() *int64 { return &g.id }

func (s *Sandbox) groupRoutes() {
	s.route("/organisations/{organisation}/groups/", methods{"GET": s.listGroups, "POST": s.createGroup})
	s.route("/organisations/{organisation}/groups/summaries/", methods{"GET": s.groupSummaries})
	s.route("/organisations/{organisation}/groups/{id}/", methods{"GET": s.readGroup, "PUT": s.updateGroup, "PATCH": s.updateGroup, "DELETE": s.deleteGroup})
	s.route("/organisations/{organisation}/groups/{id}/add-users/", methods{"POST": s.addToGroup})
	s.route("/organisations/{organisation}/groups/{id}/remove-users/", methods{"POST": s.removeFromGroup})
}

func (s *Sandbox) showGroup(g *group) fields {
	users := []any{}
	for _, id := range g.users {
		u := s.users.get(id)
		users = append(users, fields{"id": u.id, "email": u.email, "first_name": u.firstName, "last_name": u.lastName,
			"last_login": nil, "group_admin": false})
	}
	return fields{"id": g.id, "name": g.name, "users": users, "is_default": g.isDefault, "external_id": g.external}
}

func (s *Sandbox) listGroups(r *request) answer {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return a
	}
	return s.fixedPage(r, render(s.groups.where(every), s.showGroup))
}

func (s *Sandbox) groupSummaries(r *request) answer {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return a
	}
	return ok(render(s.groups.where(every), func(g *group) fields { return fields{"id": g.id, "name": g.name} }))
}

func (s *Sandbox) readGroupInto(r *request, g *group) answer {
	in := r.input(r.Method == "PATCH")
	in.text("name", &g.name, required, upTo(200))
	in.flag("is_default", &g.isDefault)
	in.nullText("external_id", &g.external, blank, upTo(255))
	if a := in.bad(); a.status != 0 {
		return a
	}
	if s.groups.first(func(o *group) bool {
		return o.id != g.id && o.external != nil && g.external != nil && *o.external == *g.external
	}) != nil {
		return crash()
	}
	return answer{}
}

func (s *Sandbox) createGroup(r *request) answer {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return a
	}
	var g group
	if a := s.readGroupInto(r, &g); a.status != 0 {
		return a
	}
	return created(s.showGroup(s.groups.add(&g)))
}

func (s *Sandbox) group(r *request) (*group, answer) {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return nil, a
	}
	return lookup(r, "id", &s.groups, "UserPermissionGroup", every)
}

func (s *Sandbox) readGroup(r *request) answer {
	g, a := s.group(r)
	if g == nil {
		return a
	}
	return ok(s.showGroup(g))
}

func (s *Sandbox) updateGroup(r *request) answer {
	g, a := s.group(r)
	if g == nil {
		return a
	}
	changed := *g
	if a := s.readGroupInto(r, &changed); a.status != 0 {
		return a
	}
	*g = changed
	return ok(s.showGroup(g))
}

func (s *Sandbox) deleteGroup(r *request) answer {
	g, a := s.group(r)
	if g == nil {
		return a
	}
	s.groups.drop(g.id)
	for _, f := range s.features.rows {
		f.groups = without(f.groups, g.id)
	}
	return gone()
}

func (s *Sandbox) addToGroup(r *request) answer {
	g, ids, a := s.groupMembers(r)
	if g == nil {
		return a
	}
	found := 0
	for i, id := range ids {
		if s.users.has(id) && !slices.Contains(ids[:i], id) {
			found++
		}
	}
	switch {
	case found == len(ids):
	case found == 0:
		return detail(http.StatusBadRequest, "Users  do not exist in this organisation")
	default:
		return crash() // the message is to list those that are missing, and cannot
	}
	g.users = union(g.users, ids)
	return ok(s.showGroup(g))
}

func (s *Sandbox) removeFromGroup(r *request) answer {
	g, ids, a := s.groupMembers(r)
	if g == nil {
		return a
	}
	g.users = without(g.users, ids...)
	return ok(s.showGroup(g))
}

func (s *Sandbox) groupMembers(r *request) (*group, []int64, answer) {
	g, a := s.group(r)
	if g == nil {
		return nil, nil, a
	}
	v, given := r.data().get("user_ids")
	list, isList := v.([]any)
	if !given || !isList {
		return nil, nil, crash()
	}
	var ids []int64
	for _, e := range list {
		id, ok := toInt(e)
		if !ok {
			return nil, nil, crash()
		}
		ids = append(ids, id)
	}
	return g, ids, answer{}
}
