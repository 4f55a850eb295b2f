package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// contextField is a field that constraints compare with; legal values bind them.
type contextField struct {
	name        string
	description *string
	project     *string
	stickiness  bool
	sortOrder   int
	legalValues []object
	created     time.Time
}

var (
	legalValueBody  = exactly(shape("value", prop{"value", text}, prop{"description", text}))
	contextProps    = []prop{{"description", text}, {"stickiness", flag}, {"sortOrder", integer}, {"legalValues", list(legalValueBody)}, {"project", text}, {"name", text}}
	newContextField = shape("name", contextProps...)
	putContextField = shape("", contextProps[:5]...)
)

// contextFieldRoutes: every call exists for a project's own fields as well.
func (s *Sandbox) contextFieldRoutes() {
	for _, all := range []string{"/context", "/projects/{project}/context"} {
		s.handle("GET "+all, 200, nil, s.listContextFields)
		s.handle("POST "+all, 201, newContextField, s.createContextField)
		s.handle("POST "+all+"/validate", 200, shape("name", prop{"name", text}), s.validateContextField)
		s.handle("GET "+all+"/{field}", 200, nil, s.readContextField)
		s.handle("PUT "+all+"/{field}", 200, putContextField, s.updateContextField)
		s.handle("DELETE "+all+"/{field}", 200, nil, s.deleteContextField)
		s.handle("GET "+all+"/{field}/strategies", 200, nil, s.strategiesOfContextField)
		s.handle("POST "+all+"/{field}/legal-values", 200, legalValueBody, s.setLegalValue)
		s.handle("DELETE "+all+"/{field}/legal-values/{value}", 200, nil, s.deleteLegalValue)
	}
}

func (c *contextField) show() object {
	o := object{"name": c.name, "description": orNil(c.description), "stickiness": c.stickiness, "sortOrder": c.sortOrder,
		"legalValues": append([]object{}, c.legalValues...), "createdAt": stamp(c.created)}
	if c.project != nil {
		o["project"] = *c.project
	}
	return o
}

// listContextFields: the global list leaves a project's fields out.
func (s *Sandbox) listContextFields(r *request) (any, error) {
	project, include := r.PathValue("project"), r.URL.Query().Get("include")
	all := s.contextFields.where(func(c *contextField) bool {
		switch {
		case project == "":
			return c.project == nil || include == "project"
		case c.project == nil:
			return include == "root"
		}
		return *c.project == project
	})
	slices.SortFunc(all, func(a, b *contextField) int { return localeCompare(a.name, b.name) })
	return render(all, func(c *contextField) object {
		features, projects := map[string]bool{}, map[string]bool{}
		for _, st := range s.strategiesOfContext(c.name) {
			features[st.feature], projects[st.project] = true, true
		}
		o := c.show()
		o["usedInFeatures"], o["usedInProjects"] = len(features), len(projects)
		return o
	}), nil
}

func (s *Sandbox) readContextField(r *request) (any, error) {
	c := s.contextFields.get(r.PathValue("field"))
	if c == nil {
		return nil, notFound("Could not find context field")
	}
	return c.show(), nil
}

// ownContextField is the field of the path; of a project's path it must be the project's own.
func (s *Sandbox) ownContextField(r *request) (*contextField, error) {
	c, project := s.contextFields.get(r.PathValue("field")), r.PathValue("project")
	switch {
	case c == nil:
		return nil, notFound("Could not find context field with name %s", r.PathValue("field"))
	case project != "" && (c.project == nil || *c.project != project):
		return nil, notFound("Could not find context field %s in project %s", c.name, project)
	}
	return c, nil
}

func (s *Sandbox) validateContextField(r *request) (any, error) {
	name := str(r.data(), "name")
	if err := checkName("name", name); err != nil {
		return nil, err
	}
	if s.contextFields.has(name) {
		return nil, nameExists("A context field with that name already exist")
	}
	return nil, nil
}

// read takes over a body: only the description and the project survive being left out. The sort order is not among what
// is validated, and so lost.
func (c *contextField) read(data object) error {
	if d := optional(data, "description"); d != nil {
		if len([]rune(*d)) > 250 {
			return joi("%q length must be less than or equal to 250 characters long", *d, "description")
		}
		c.description = d
	}
	legal := []object{}
	for i, v := range items(data, "legalValues") {
		o, _ := v.(object)
		at := "legalValues[" + strconv.Itoa(i) + "]"
		if err := checkLength(at+".value", str(o, "value"), 100); err != nil {
			return err
		}
		if slices.ContainsFunc(legal, func(l object) bool { return str(l, "value") == str(o, "value") }) {
			return joi("%q contains a duplicate value", o, at)
		}
		legal = append(legal, o)
	}
	c.legalValues, c.stickiness, c.sortOrder = legal, truth(data, "stickiness"), 0
	if p := optional(data, "project"); p != nil {
		if *p == "" {
			return joi("%q is not allowed to be empty", nil, "project")
		}
		c.project = p
	}
	return nil
}

func (s *Sandbox) createContextField(r *request) (any, error) {
	c := &contextField{name: str(r.data(), "name"), created: now()}
	if s.contextFields.has(c.name) {
		return nil, nameExists("A context field with that name already exist")
	}
	if err := checkName("name", c.name); err != nil {
		return nil, err
	}
	if err := c.read(r.data()); err != nil {
		return nil, err
	}
	c.sortOrder = whole(r.data()["sortOrder"])
	if p := r.PathValue("project"); p != "" {
		c.project = &p
	}
	if err := s.projectOf(c, "insert into"); err != nil {
		return nil, err
	}
	s.contextFields.put(c.name, c)
	s.event("context-field-created", "", "")
	return c.show(), nil
}

// projectOf refuses, in the database's words, a project that is not there.
func (s *Sandbox) projectOf(c *contextField, statement string) error {
	if c.project != nil && !s.projects.has(*c.project) {
		return unknown(`%s "context_fields" - insert or update on table "context_fields" violates foreign key constraint "context_fields_project_fkey"`, statement)
	}
	return nil
}

func (s *Sandbox) updateContextField(r *request) (any, error) {
	c, err := s.ownContextField(r)
	if err != nil {
		return nil, err
	}
	changed := *c
	if err := changed.read(r.data()); err != nil {
		return nil, err
	}
	if err := s.projectOf(&changed, "update"); err != nil {
		return nil, err
	}
	*c = changed
	s.event("context-field-updated", "", "")
	return nil, nil
}

// strategiesOfContext are the strategies of live flags that name a field.
func (s *Sandbox) strategiesOfContext(name string) []*strategy {
	return s.strategies.where(func(st *strategy) bool {
		return uses(st.constraints, name) && s.features.get(st.feature).archived == nil
	})
}

func (s *Sandbox) deleteContextField(r *request) (any, error) {
	c, err := s.ownContextField(r)
	if err != nil {
		return nil, err
	}
	if len(s.strategiesOfContext(c.name)) > 0 {
		return nil, &failure{status: 409, name: "ConflictError",
			message: "This context field is in use by existing flags. To delete it, first remove its usage from all flags."}
	}
	s.contextFields.drop(c.name)
	s.event("context-field-deleted", "", "")
	return nil, nil
}

func (s *Sandbox) strategiesOfContextField(r *request) (any, error) {
	return object{"strategies": render(s.strategiesOfContext(r.PathValue("field")), (*strategy).brief)}, nil
}

func (s *Sandbox) setLegalValue(r *request) (any, error) {
	c, err := s.ownContextField(r)
	if err != nil {
		return nil, err
	}
	if err := checkLength("value", str(r.data(), "value"), 100); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(c.legalValues, func(l object) bool { return str(l, "value") == str(r.data(), "value") }); i >= 0 {
		c.legalValues[i] = r.data()
	} else {
		c.legalValues = append(c.legalValues, r.data())
	}
	return nil, nil
}

func (s *Sandbox) deleteLegalValue(r *request) (any, error) {
	c, err := s.ownContextField(r)
	if err != nil {
		return nil, err
	}
	c.legalValues = slices.DeleteFunc(c.legalValues, func(l object) bool { return str(l, "value") == r.PathValue("value") })
	return nil, nil
}
