package sandbox

import (
	"cmp"
	"slices"
)

// environment is an environment of the whole server; projects choose among them.
type environment struct {
	name, kind string
	sortOrder  int
	enabled    bool
	approvals  *int // that a change request needs
}

func (s *Sandbox) environmentRoutes() {
	s.handle("GET /environments", 200, nil, s.listEnvironments)
	s.handle("PUT /environments/sort-order", 200, dict(integer), s.orderEnvironments)
	s.handle("GET /environments/project/{project}", 200, nil, s.listProjectEnvironments)
	s.handle("GET /environments/{name}", 200, nil, s.readEnvironment)
	s.handleAny("POST /environments/{name}/on", 204, nil, s.toggleEnvironment(true))
	s.handleAny("POST /environments/{name}/off", 204, nil, s.toggleEnvironment(false))
	if s.enterprise {
		s.handle("POST /environments", 201, nil, s.createEnvironment)
		s.handle("PUT /environments/update/{name}", 200, nil, s.updateEnvironment)
		s.handle("DELETE /environments/{name}", 200, nil, s.deleteEnvironment)
	}
}

func sortEnvironments(all []*environment) {
	slices.SortStableFunc(all, func(a, b *environment) int {
		return cmp.Or(cmp.Compare(a.sortOrder, b.sortOrder), localeCompare(a.name, b.name))
	})
}

func (e *environment) show() object {
	return object{"name": e.name, "type": e.kind, "sortOrder": e.sortOrder, "enabled": e.enabled, "protected": false, "requiredApprovals": orNil(e.approvals)}
}

// usage counts what an environment is used for, in a project or ("") everywhere.
func (s *Sandbox) usage(env, project string) (tokens, flags int) {
	tokens = len(s.tokens.where(func(t *apiToken) bool {
		return t.environment == env && (project == "" || slices.Contains(t.projects, "*") || slices.Contains(t.projects, project))
	}))
	flags = len(s.features.where(func(f *feature) bool {
		return f.archived == nil && (project == "" || f.project == project) && f.environments[env] != nil && f.environments[env].enabled
	}))
	return tokens, flags
}

func (s *Sandbox) allEnvironments() []*environment {
	all := s.environments.where(nil)
	sortEnvironments(all)
	return all
}

func (s *Sandbox) listEnvironments(*request) (any, error) {
	return object{"version": 1, "environments": render(s.allEnvironments(), func(e *environment) object {
		o := e.show()
		o["apiTokenCount"], o["enabledToggleCount"] = s.usage(e.name, "")
		o["projectCount"] = len(s.projects.where(func(p *project) bool { return p.environment(e.name) != nil }))
		return o
	})}, nil
}

// listProjectEnvironments lists all environments, and says which are the project's, whether there is such a project or not.
func (s *Sandbox) listProjectEnvironments(r *request) (any, error) {
	p := s.projects.get(r.PathValue("project"))
	return object{"version": 1, "environments": render(s.allEnvironments(), func(e *environment) object {
		o := e.show()
		o["projectApiTokenCount"], o["projectEnabledToggleCount"] = s.usage(e.name, r.PathValue("project"))
		o["visible"] = false
		if p != nil && p.environment(e.name) != nil {
			if o["visible"] = true; p.environment(e.name).defaultStrategy != nil {
				o["defaultStrategy"] = p.environment(e.name).defaultStrategy
			}
		}
		return o
	})}, nil
}

func (s *Sandbox) pathEnvironment(r *request) (*environment, error) {
	if e := s.environments.get(r.PathValue("name")); e != nil {
		return e, nil
	}
	return nil, notFound("Could not find environment with name: %s", r.PathValue("name"))
}

func (s *Sandbox) readEnvironment(r *request) (any, error) {
	e, err := s.pathEnvironment(r)
	if err != nil {
		return nil, err
	}
	return e.show(), nil
}

func (s *Sandbox) toggleEnvironment(on bool) handler {
	return func(r *request) (any, error) {
		e := s.environments.get(r.PathValue("name"))
		if e == nil {
			return nil, notFound("Could not find environment %s", r.PathValue("name"))
		}
		e.enabled = on
		return nil, nil
	}
}

// orderEnvironments ignores names that it does not know.
func (s *Sandbox) orderEnvironments(r *request) (any, error) {
	for name, order := range r.data() {
		if e := s.environments.get(name); e != nil {
			e.sortOrder = whole(order)
		}
	}
	return nil, nil
}

func (s *Sandbox) createEnvironment(r *request) (any, error) {
	e := &environment{name: str(r.data(), "name"), kind: str(r.data(), "type"), sortOrder: 9999, enabled: r.data()["enabled"] != false}
	switch {
	case !friendly.MatchString(e.name), e.name == "":
		return nil, badData(`"name" must be URL friendly. You provided %q.`, e.name)
	case s.environments.has(e.name):
		return nil, nameExists("An environment with the name %s already exists.", e.name)
	case len(s.environments.order) >= s.limits.Environments:
		return nil, exceeds("environment", s.limits.Environments)
	}
	if r.data()["type"] == nil {
		return nil, unknown(`insert into "environments" - null value in column "type" of relation "environments" violates not-null constraint`)
	}
	if n, ok := r.data()["sortOrder"]; ok {
		n, _ = number.coerce(n)
		e.sortOrder = whole(n)
	}
	if n, ok := number.coerce(r.data()["requiredApprovals"]); ok && r.data()["requiredApprovals"] != nil {
		e.approvals = ptr(whole(n))
	}
	return s.environments.put(e.name, e).show(), nil
}

func (s *Sandbox) updateEnvironment(r *request) (any, error) {
	e, err := s.pathEnvironment(r)
	if err != nil {
		return nil, err
	}
	if kind := optional(r.data(), "type"); kind != nil {
		e.kind = *kind
	}
	if n, ok := number.coerce(r.data()["sortOrder"]); ok && r.data()["sortOrder"] != nil {
		e.sortOrder = whole(n)
	}
	if v, sent := r.data()["requiredApprovals"]; sent {
		e.approvals = nil
		if n, ok := number.coerce(v); ok && v != nil {
			e.approvals = ptr(whole(n))
		}
	}
	return e.show(), nil
}

// deleteEnvironment takes everything with it that is in the environment, but for its tokens, which stay.
func (s *Sandbox) deleteEnvironment(r *request) (any, error) {
	e, err := s.pathEnvironment(r)
	if err != nil {
		return nil, err
	}
	s.environments.drop(e.name)
	for _, p := range s.projects.where(nil) {
		p.environments = slices.DeleteFunc(p.environments, func(x *projectEnvironment) bool { return x.name == e.name })
	}
	for _, f := range s.features.where(nil) {
		delete(f.environments, e.name)
	}
	for _, st := range s.strategies.where(func(st *strategy) bool { return st.environment == e.name }) {
		s.strategies.drop(st.id)
	}
	return nil, nil
}
