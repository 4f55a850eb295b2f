package sandbox

// tag is a label of features, unique by id alone.
type tag struct {
	id, project        int64
	uuid, label, color string
	description        *string
	permanent          bool
}

func (t *tag) key() *int64 { return &t.id }

func (s *Sandbox) tagRoutes() {
	s.route("/projects/{project}/tags/", methods{"GET": s.listTags, "POST": s.createTag})
	s.route("/projects/{project}/tags/{id}/", methods{"GET": s.readTag, "PUT": s.updateTag, "PATCH": s.updateTag, "DELETE": s.deleteTag})
	s.route("/projects/{project}/tags/get-by-uuid/{uuid}/", methods{"GET": s.tagByUUID})
}

func (t *tag) show() fields {
	return fields{"id": t.id, "label": t.label, "color": t.color, "description": t.description, "project": t.project,
		"uuid": t.uuid, "is_permanent": t.permanent, "is_system_tag": false, "type": "NONE"}
}

func (t *tag) read(in *input) {
	in.text("label", &t.label, required, upTo(100))
	in.text("color", &t.color, upTo(10))
	in.nullText("description", &t.description, blank, upTo(512))
	in.flag("is_permanent", &t.permanent)
}

func (s *Sandbox) tagsOf(project int64) []*tag {
	return s.tags.where(func(t *tag) bool { return t.project == project })
}

func (s *Sandbox) listTags(r *request) answer {
	p, a := s.projectOr(r, crash())
	if p == nil {
		return a
	}
	return s.fixedPage(r, render(s.tagsOf(p.id), (*tag).show))
}

func (s *Sandbox) createTag(r *request) answer {
	p, a := s.projectOr(r, crash())
	if p == nil {
		return a
	}
	t := tag{project: p.id, color: "#6837FC"}
	in := r.input(false)
	if t.read(in); len(in.errs) > 0 {
		return in.bad()
	}
	t.uuid = newUUID()
	return created(s.tags.add(&t).show())
}

func (s *Sandbox) tag(r *request) (*tag, answer) {
	p, a := s.projectOr(r, crash())
	if p == nil {
		return nil, a
	}
	return lookup(r, "id", &s.tags, "Tag", func(t *tag) bool { return t.project == p.id })
}

func (s *Sandbox) readTag(r *request) answer {
	t, a := s.tag(r)
	if t == nil {
		return a
	}
	return ok(t.show())
}

func (s *Sandbox) tagByUUID(r *request) answer {
	t, a := byUUID(r, &s.tags, "Tag", func(t *tag) string { return t.uuid })
	if t == nil {
		return a
	}
	return ok(t.show())
}

func (s *Sandbox) updateTag(r *request) answer {
	t, a := s.tag(r)
	if t == nil {
		return a
	}
	in, changed := r.input(r.Method == "PATCH"), *t
	if changed.read(in); len(in.errs) > 0 {
		return in.bad()
	}
	*t = changed
	return ok(t.show())
}

func (s *Sandbox) deleteTag(r *request) answer {
	t, a := s.tag(r)
	if t == nil {
		return a
	}
	s.tags.drop(t.id)
	for _, f := range s.features.rows {
		f.tags = without(f.tags, t.id)
	}
	return gone()
}
