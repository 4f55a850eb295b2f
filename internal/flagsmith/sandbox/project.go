package sandbox

import (
	"net/http"
	"regexp"
	"strings"
)

// project owns features, segments, tags and environments.
type project struct {
	id                                 int64
	uuid, name                         string
	hideDisabled, preventDefaults      bool
	realtime, lowerCase, enforceOwners bool
	nameRegex                          *string
	staleDays                          int64
	approvals                          *int64
}

func (p *project) key() *int64 { return &p.id }

func (s *Sandbox) projectRoutes() {
	s.route("/projects/", methods{"GET": s.listProjects, "POST": s.createProject, "": refuse})
	s.route("/projects/{project}/", methods{"GET": s.readProject, "PUT": s.updateProject, "PATCH": s.updateProject, "DELETE": s.deleteProject})
	s.route("/projects/{project}/environments/", methods{"GET": s.projectEnvironments})
	s.route("/projects/{project}/my-permissions/", methods{"GET": s.myPermissions})
	s.route("/projects/get-by-uuid/{uuid}/", methods{"GET": s.projectByUUID})
}

func (p *project) show() fields {
	return fields{"id": p.id, "uuid": p.uuid, "name": p.name, "organisation": int64(1), "hide_disabled_flags": p.hideDisabled,
		"enable_dynamo_db": false, "migration_status": "NOT_APPLICABLE", "use_edge_identities": false,
		"prevent_flag_defaults": p.preventDefaults, "enable_realtime_updates": p.realtime,
		"only_allow_lower_case_feature_names": p.lowerCase, "feature_name_regex": p.nameRegex,
		"show_edge_identity_overrides_for_feature": false, "stale_flags_limit_days": p.staleDays,
		"edge_v2_migration_status": "NOT_STARTED", "minimum_change_request_approvals": p.approvals,
		"enforce_feature_owners": p.enforceOwners}
}

// read takes the writable fields. On the free plan the gated ones are left alone without a word.
func (p *project) read(in *input, free bool) {
	in.text("name", &p.name, required, upTo(2000))
	in.flag("hide_disabled_flags", &p.hideDisabled)
	in.flag("prevent_flag_defaults", &p.preventDefaults)
	in.flag("only_allow_lower_case_feature_names", &p.lowerCase)
	in.flag("enforce_feature_owners", &p.enforceOwners)
	in.nullText("feature_name_regex", &p.nameRegex, blank, upTo(255))
	in.nullNumber("minimum_change_request_approvals", &p.approvals)
	if !free {
		in.number("stale_flags_limit_days", &p.staleDays)
		in.flag("enable_realtime_updates", &p.realtime)
	}
}

var freePlan = regexp.MustCompile(`^(free|startup.*|scale-up.*)$`)

func (s *Sandbox) free() bool { return freePlan.MatchString(s.organisation.plan) }

// projectOr finds the project of the path, or says what its absence is answered with: that depends on the collection.
func (s *Sandbox) projectOr(r *request, otherwise answer) (*project, answer) {
	id, ok := pyInt(r.PathValue("project"))
	if p := s.projects.get(id); p != nil && ok {
		return p, answer{}
	}
	switch {
	case ok:
		return nil, otherwise
	case otherwise.status == http.StatusNotFound:
		return nil, detail(http.StatusNotFound, "Not found.")
	}
	return nil, crash()
}

func (s *Sandbox) project(r *request) (*project, answer) { return s.projectOr(r, missing("Project")) }

func (s *Sandbox) listProjects(r *request) answer {
	q := r.URL.Query()
	if o := q.Get("organisation"); o != "" {
		id, ok := pyInt(o)
		if !ok {
			return bad(fields{"organisation": "Must be a valid integer."})
		}
		if id != s.OrganisationID {
			return answer{status: http.StatusOK, body: []any{}}
		}
	}
	uuid := strings.ToLower(q.Get("uuid"))
	if uuid != "" && !uuidLike.MatchString(uuid) {
		return crash()
	}
	return ok(render(s.projects.where(func(p *project) bool { return uuid == "" || p.uuid == uuid }), (*project).show))
}

var uuidLike = regexp.MustCompile(`^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$`)

func (s *Sandbox) createProject(r *request) answer {
	v, _ := r.data().get("organisation")
	id, ok := pyIntOf(v)
	if !ok {
		return crash()
	}
	if id != s.OrganisationID || s.oneProject && len(s.projects.rows) > 0 {
		return forbidden()
	}
	p := project{lowerCase: true, staleDays: 30}
	in := r.input(false)
	p.read(in, s.free())
	if a := in.bad(); a.status != 0 {
		return a
	}
	if a := s.projectNameTaken(&p); a.status != 0 {
		return a
	}
	p.uuid = newUUID()
	return created(s.projects.add(&p).show())
}

func (s *Sandbox) projectNameTaken(p *project) answer {
	if s.projects.first(func(o *project) bool { return o.name == p.name && o.id != p.id }) != nil {
		return nonField("A project with this name already exists.")
	}
	return answer{}
}

func (s *Sandbox) readProject(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	out := p.show()
	out["max_segments_allowed"], out["max_features_allowed"], out["max_segment_overrides_allowed"] = 500, 1000, 2000
	out["total_features"], out["total_segments"] = len(s.featuresOf(p.id)), len(s.segmentsOf(p.id))
	return ok(out)
}

func (s *Sandbox) projectByUUID(r *request) answer {
	p, a := byUUID(r, &s.projects, "Project", func(p *project) string { return p.uuid })
	if p == nil {
		return a
	}
	return ok(p.show())
}

func (s *Sandbox) updateProject(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	in, changed := r.input(r.Method == "PATCH"), *p
	changed.read(in, s.free())
	if a := in.bad(); a.status != 0 {
		return a
	}
	if a := s.projectNameTaken(&changed); a.status != 0 {
		return a
	}
	*p = changed
	return ok(p.show())
}

func (s *Sandbox) deleteProject(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	s.projects.drop(p.id)
	s.tags.dropWhere(func(t *tag) bool { return t.project == p.id })
	for _, f := range s.fieldDefs.where(func(f *metadataField) bool { return f.project != nil && *f.project == p.id }) {
		s.dropField(f)
	}
	// Until this is done, an environment answers below its own key as if nothing had happened.
	s.later(func() {
		for _, e := range s.environmentsOf(p.id) {
			s.dropEnvironment(e)
		}
		for _, f := range s.featuresOf(p.id) {
			s.dropFeature(f)
		}
		for _, g := range s.segments.where(func(g *segment) bool { return g.project == p.id }) {
			s.dropSegment(g)
		}
	})
	return gone()
}

func (s *Sandbox) projectEnvironments(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	return ok(render(s.environmentsOf(p.id), (*environment).show))
}

func (s *Sandbox) myPermissions(r *request) answer {
	if !r.user {
		return detail(http.StatusBadRequest, "This endpoint can only be used with a user and not Master API Key")
	}
	return ok(fields{"permissions": []any{}, "admin": true})
}
