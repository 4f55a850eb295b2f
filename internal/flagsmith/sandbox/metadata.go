package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// metadataField is a custom field; a project's own one hides the organisation's of the same name.
type metadataField struct {
	id          int64
	name, kind  string
	description *string
	project     *int64
}

func (f *metadataField) key() *int64 { return &f.id }

// modelField attaches a field to features, environments or segments, and says where it is required.
type modelField struct {
	id, field, contentType int64
	required               []requirement
}

func (m *modelField) key() *int64 { return &m.id }

type requirement struct{ contentType, object int64 }

// metadata is the value of a field on one object.
type metadata struct {
	id, object int64
	model      string // feature, environment or segment
	metadataValue
}

func (m *metadata) key() *int64 { return &m.id }

type metadataValue struct {
	field int64 // the model field
	text  string
}

func (s *Sandbox) metadataRoutes() {
	s.route("/metadata/fields/", methods{"GET": s.crashForKeys, "POST": s.createField})
	s.route("/metadata/fields/{id}/", methods{"GET": s.crashForKeys, "PUT": s.crashForKeys, "PATCH": s.crashForKeys, "DELETE": s.crashForKeys})
	s.route("/projects/{project}/metadata/fields/", methods{"GET": s.projectFields})
	s.route("/organisations/{organisation}/metadata-model-fields/", methods{"GET": s.listModelFields, "POST": s.createModelField})
	s.route("/organisations/{organisation}/metadata-model-fields/{id}/", methods{"GET": s.readModelField, "PUT": s.updateModelField, "PATCH": s.updateModelField, "DELETE": s.deleteModelField})
	s.route("/organisations/{organisation}/metadata-model-fields/supported-content-types/", methods{"GET": s.contentTypes})
}

func (s *Sandbox) metadataOf(model string, object int64) []any {
	return render(s.metadata.where(func(m *metadata) bool { return m.model == model && m.object == object }), func(m *metadata) fields {
		return fields{"id": m.id, "model_field": m.field, "field_value": m.text}
	})
}

func (s *Sandbox) valuesOf(model string, object int64) []metadataValue {
	var out []metadataValue
	for _, m := range s.metadata.where(func(m *metadata) bool { return m.model == model && m.object == object }) {
		out = append(out, m.metadataValue)
	}
	return out
}

// setMetadata replaces an object's values, with new ids. A write without the key wipes them.
func (s *Sandbox) setMetadata(model string, object int64, values []metadataValue) {
	s.metadata.dropWhere(func(m *metadata) bool { return m.model == model && m.object == object })
	for _, v := range values {
		s.metadata.add(&metadata{model: model, object: object, metadataValue: v})
	}
}

func (s *Sandbox) readMetadata(in *input) []metadataValue {
	var out []metadataValue
	in.list("metadata", func(item *input) {
		var v metadataValue
		item.key("model_field", &v.field, s.modelFields.has, required)
		item.text("field_value", &v.text, required, upTo(2000))
		item.crashed = len(item.errs) == 0 && !(item.data.has("model_field") && item.data.has("field_value"))
		if m := s.modelFields.get(v.field); m != nil && len(item.errs) == 0 {
			if f := s.fieldDefs.get(m.field); !f.valid(v.text) {
				item.fail("non_field_errors", "Invalid value for field %s", f.name)
			}
		}
		twice := slices.ContainsFunc(out, func(o metadataValue) bool { return o.field == v.field })
		item.crashed = item.crashed || twice && len(item.errs) == 0
		out = append(out, v)
	})
	return out
}

func (f *metadataField) valid(text string) bool {
	switch f.kind {
	case "int":
		_, ok := pyInt(text)
		return ok
	case "bool":
		return slices.Contains([]string{"true", "false"}, strings.ToLower(text))
	case "url":
		u, err := url.Parse(text)
		return err == nil && u.Scheme != "" && u.Host != ""
	}
	return true
}

// missingMetadata is the 400 for a field that the organisation or the project requires.
func (s *Sandbox) missingMetadata(model string, project int64, values []metadataValue) answer {
	for _, m := range s.modelFields.where(func(m *modelField) bool { return m.contentType == s.contentTypeOf[model] }) {
		f := s.fieldDefs.get(m.field)
		if f.project != nil && *f.project != project || f.project == nil && s.hidden(f.name, project) {
			continue
		}
		for _, q := range m.required {
			applies := q.contentType == s.contentTypeOf["organisation"] || q.contentType == s.contentTypeOf["project"] && q.object == project
			if applies && !slices.ContainsFunc(values, func(v metadataValue) bool { return v.field == m.id }) {
				return invalid("metadata", "Missing required metadata field: "+f.name)
			}
		}
	}
	return answer{}
}

func (s *Sandbox) hidden(name string, project int64) bool {
	return s.fieldDefs.first(func(f *metadataField) bool { return f.name == name && f.project != nil && *f.project == project }) != nil
}

// crashForKeys is what an organisation's key gets: the real server looks for a user that a key does not have.
func (s *Sandbox) crashForKeys(*request) answer { return crash() }

func (s *Sandbox) showField(f *metadataField) fields {
	models := render(s.modelFields.where(func(m *modelField) bool { return m.field == f.id }), func(m *modelField) fields {
		out := m.show()
		delete(out, "field")
		return out
	})
	return fields{"id": f.id, "name": f.name, "type": f.kind, "description": f.description, "organisation": s.OrganisationID,
		"project": f.project, "model_fields": models}
}

func (s *Sandbox) createField(r *request) answer {
	if v, _ := r.data().get("organisation"); v == nil || pyStr(v) != strconv.FormatInt(s.OrganisationID, 10) {
		return forbidden()
	}
	f := metadataField{kind: "str"}
	var organisation int64
	in := r.input(false)
	in.text("name", &f.name, required, upTo(255))
	in.text("type", &f.kind, oneOf("int", "str", "bool", "url", "multiline_str"))
	in.nullText("description", &f.description, blank)
	in.key("organisation", &organisation, func(id int64) bool { return id == s.OrganisationID }, required)
	in.nullNumber("project", &f.project)
	if a := in.bad(); a.status != 0 {
		return a
	}
	if f.project != nil && !s.projects.has(*f.project) {
		return invalid("project", "Project must belong to the specified organisation.")
	}
	same := func(o *metadataField) bool {
		return o.name == f.name && (o.project == nil) == (f.project == nil) && (f.project == nil || *o.project == *f.project)
	}
	if s.fieldDefs.first(same) != nil {
		return invalid("name", "A metadata field with this name already exists.")
	}
	return created(s.showField(s.fieldDefs.add(&f)))
}

func (s *Sandbox) dropField(f *metadataField) {
	for _, m := range s.modelFields.where(func(m *modelField) bool { return m.field == f.id }) {
		s.dropModelField(m)
	}
	s.fieldDefs.drop(f.id)
}

func (s *Sandbox) dropModelField(m *modelField) {
	s.metadata.dropWhere(func(v *metadata) bool { return v.field == m.id })
	s.modelFields.drop(m.id)
}

func (s *Sandbox) projectFields(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	q := r.URL.Query()
	inherit, entity, d := false, "", &dict{}
	for _, name := range []string{"include_organisation", "entity"} {
		if v := q.Get(name); v != "" {
			d.set(name, v)
		}
	}
	in := newInput(d, false)
	in.flag("include_organisation", &inherit)
	in.text("entity", &entity, oneOf("feature", "segment", "environment"))
	if a := in.bad(); a.status != 0 {
		return a
	}
	all := s.fieldDefs.where(func(f *metadataField) bool {
		own := f.project != nil && *f.project == p.id
		if !own && !(inherit && f.project == nil && !s.hidden(f.name, p.id)) {
			return false
		}
		return entity == "" || s.modelFields.first(func(m *modelField) bool { return m.field == f.id && m.contentType == s.contentTypeOf[entity] }) != nil
	})
	return s.chosenPage(r, render(all, s.showField))
}

func (m *modelField) show() fields {
	required := []any{}
	for _, q := range m.required {
		required = append(required, fields{"content_type": q.contentType, "object_id": q.object})
	}
	return fields{"id": m.id, "field": m.field, "content_type": m.contentType, "is_required_for": required}
}

func (s *Sandbox) ours(r *request) bool {
	return r.PathValue("organisation") == strconv.FormatInt(s.OrganisationID, 10)
}

func (s *Sandbox) listModelFields(r *request) answer {
	if !s.ours(r) {
		return forbidden()
	}
	text := r.URL.Query().Get("content_type")
	kind, filtered := pyInt(text)
	if text != "" && !filtered {
		return invalid("content_type", "A valid integer is required.")
	}
	return s.fixedPage(r, render(s.modelFields.where(func(m *modelField) bool { return !filtered || m.contentType == kind }), (*modelField).show))
}

func (s *Sandbox) readModelFieldInto(r *request, m *modelField) answer {
	in := r.input(r.Method == "PATCH")
	known := func(id int64) bool {
		for _, t := range s.contentTypeOf {
			if t == id {
				return true
			}
		}
		return false
	}
	in.key("field", &m.field, s.fieldDefs.has, required)
	in.key("content_type", &m.contentType, known, required)
	var needs []requirement
	if in.list("is_required_for", func(item *input) {
		var q requirement
		item.key("content_type", &q.contentType, known, required)
		item.number("object_id", &q.object, required)
		needs = append(needs, q)
	}) {
		m.required = needs
	}
	if a := in.bad(); a.status != 0 {
		return a
	}
	if s.modelFields.first(func(o *modelField) bool {
		return o.field == m.field && o.contentType == m.contentType && o.id != m.id
	}) != nil {
		return nonField("The fields field, content_type must make a unique set.")
	}
	for _, q := range m.required {
		switch {
		case q.contentType == s.contentTypeOf["organisation"] && q.object == s.OrganisationID:
		case q.contentType == s.contentTypeOf["project"] && s.projects.has(q.object):
		case q.contentType == s.contentTypeOf["organisation"], q.contentType == s.contentTypeOf["project"]:
			return nonField("The requirement organisation does not match the field organisation")
		default:
			return nonField("The requirement content type must be project or organisation")
		}
	}
	return answer{}
}

func (s *Sandbox) createModelField(r *request) answer {
	if !s.ours(r) {
		return forbidden()
	}
	var m modelField
	if v, _ := r.data().get("field"); v != nil {
		m.field, _ = toInt(v)
	}
	if !s.fieldDefs.has(m.field) {
		return forbidden() // permission is decided by the field
	}
	if a := s.readModelFieldInto(r, &m); a.status != 0 {
		return a
	}
	return created(s.modelFields.add(&m).show())
}

func (s *Sandbox) modelField(r *request) (*modelField, answer) {
	if !s.ours(r) {
		return nil, forbidden()
	}
	return lookup(r, "id", &s.modelFields, "MetadataModelField", every)
}

func (s *Sandbox) readModelField(r *request) answer {
	m, a := s.modelField(r)
	if m == nil {
		return a
	}
	return ok(m.show())
}

func (s *Sandbox) updateModelField(r *request) answer {
	m, a := s.modelField(r)
	if m == nil {
		return a
	}
	changed := *m
	if a := s.readModelFieldInto(r, &changed); a.status != 0 {
		return a
	}
	*m = changed
	return ok(m.show())
}

func (s *Sandbox) deleteModelField(r *request) answer {
	m, a := s.modelField(r)
	if m == nil {
		return a
	}
	s.dropModelField(m)
	return gone()
}

func (s *Sandbox) contentTypes(r *request) answer {
	if !s.ours(r) {
		return forbidden()
	}
	out := []any{}
	for _, model := range []string{"organisation", "project", "environment", "feature", "segment"} {
		out = append(out, fields{"id": s.contentTypeOf[model], "app_label": model + "s", "model": model})
	}
	return answer{status: http.StatusOK, body: out}
}
