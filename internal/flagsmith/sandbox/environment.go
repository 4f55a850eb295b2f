package sandbox

import (
	"net/http"
)

// environment is found by its API key in paths and by its id everywhere else.
type environment struct {
	id, project                             int64
	uuid, name, apiKey                      string
	description, bannerText, bannerColour   *string
	approvals                               *int64
	hideDisabled                            *bool
	clientTraits, hideSensitive, v2         bool
	compositeKey, identityOverridesInLocals bool
	creating                                bool // its states are still being copied
}

func (e *environment) key() *int64 { return &e.id }

func (s *Sandbox) environmentRoutes() {
	s.route("/environments/", methods{"GET": s.listEnvironments, "POST": s.createEnvironment})
	s.route("/environments/{key}/", methods{"GET": s.readEnvironment, "PUT": s.updateEnvironment, "PATCH": s.updateEnvironment, "DELETE": s.deleteEnvironment})
	s.route("/environments/{key}/clone/", methods{"POST": s.cloneEnvironment})
	s.route("/environments/{key}/enable-v2-versioning/", methods{"POST": s.enableVersions})
	s.route("/environments/{key}/disable-v2-versioning/", methods{"POST": s.disableVersions})
	s.route("/environments/{key}/trait-keys/", methods{"GET": s.traitKeys})
	s.route("/environments/get-by-uuid/{uuid}/", methods{"GET": s.environmentByUUID})
}

// show is the form without metadata.
func (e *environment) show() fields {
	return fields{"id": e.id, "uuid": e.uuid, "name": e.name, "api_key": e.apiKey, "description": e.description,
		"project": e.project, "minimum_change_request_approvals": e.approvals, "allow_client_traits": e.clientTraits,
		"banner_text": e.bannerText, "banner_colour": e.bannerColour, "hide_disabled_flags": e.hideDisabled,
		"use_mv_v2_evaluation": e.compositeKey, "use_identity_composite_key_for_hashing": e.compositeKey,
		"hide_sensitive_data": e.hideSensitive, "use_v2_feature_versioning": e.v2,
		"use_identity_overrides_in_local_eval": e.identityOverridesInLocals, "is_creating": e.creating}
}

func (s *Sandbox) showEnvironment(e *environment) fields {
	out := e.show()
	out["metadata"] = s.metadataOf("environment", e.id)
	return out
}

func (e *environment) read(in *input, free bool) {
	in.text("name", &e.name, required, upTo(2000))
	in.text("api_key", &e.apiKey, upTo(100))
	in.nullText("description", &e.description, blank, upTo(20000))
	in.nullText("banner_text", &e.bannerText, blank, upTo(255))
	in.nullText("banner_colour", &e.bannerColour, blank, upTo(7))
	in.nullFlag("hide_disabled_flags", &e.hideDisabled)
	in.flag("allow_client_traits", &e.clientTraits)
	in.flag("hide_sensitive_data", &e.hideSensitive)
	in.flag("use_identity_composite_key_for_hashing", &e.compositeKey)
	in.flag("use_identity_overrides_in_local_eval", &e.identityOverridesInLocals)
	if !free {
		in.nullNumber("minimum_change_request_approvals", &e.approvals)
	}
}

func (s *Sandbox) environmentsOf(project int64) []*environment {
	return s.environments.where(func(e *environment) bool { return e.project == project })
}

// environmentOr finds the environment whose key is in the path, or says what its absence is answered with.
func (s *Sandbox) environmentOr(r *request, otherwise answer) (*environment, answer) {
	key := r.PathValue("key")
	if e := s.environments.first(func(e *environment) bool { return e.apiKey == key }); e != nil {
		return e, answer{}
	}
	return nil, otherwise
}

func (s *Sandbox) environment(r *request) (*environment, answer) {
	return s.environmentOr(r, missing("Environment"))
}

func (s *Sandbox) listEnvironments(r *request) answer {
	none := bad([]string{"Invalid or missing value for project parameter."})
	text := r.URL.Query().Get("project")
	if text == "" {
		return none
	}
	id, ok := pyInt(text)
	if !ok {
		return crash()
	}
	if !s.projects.has(id) {
		return none
	}
	return s.fixedPage(r, render(s.environmentsOf(id), s.showEnvironment))
}

func (s *Sandbox) createEnvironment(r *request) answer {
	v, _ := r.data().get("project")
	if _, isDict := r.body.(*dict); !isDict {
		return crash()
	}
	id, ok := pyIntOf(v)
	if !ok || !s.projects.has(id) {
		return forbidden() // permission is decided before anything is validated
	}
	e := environment{project: id, apiKey: randomText(22), clientTraits: true, compositeKey: true, identityOverridesInLocals: true}
	values, a := s.readEnvironmentInto(r, &e, false)
	if a.status != 0 {
		return a
	}
	if s.deadKeys[e.apiKey] {
		s.environments.last++ // the insert that fails has taken an id already
		return crash()
	}
	e.uuid = newUUID()
	s.environments.add(&e)
	s.setMetadata("environment", e.id, values)
	for _, f := range s.featuresOf(e.project) {
		s.addState(f, &e)
	}
	return created(s.showEnvironment(&e))
}

// readEnvironmentInto reads a body into e and checks what spans fields.
func (s *Sandbox) readEnvironmentInto(r *request, e *environment, partial bool) ([]metadataValue, answer) {
	in := r.input(partial)
	e.read(in, s.free())
	if s.environments.first(func(o *environment) bool { return o.apiKey == e.apiKey && o.id != e.id }) != nil {
		in.fail("api_key", "environment with this api key already exists.")
	}
	values := s.readMetadata(in)
	if a := in.bad(); a.status != 0 {
		return nil, a
	}
	if s.environments.first(func(o *environment) bool { return o.project == e.project && o.name == e.name && o.id != e.id }) != nil {
		return nil, nonField("An environment with this name already exists.")
	}
	return values, s.missingMetadata("environment", e.project, values)
}

func (s *Sandbox) readEnvironment(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	out := s.showEnvironment(e)
	out["total_segment_overrides"] = len(s.overrides.where(func(o *featureSegment) bool { return o.environment == e.id }))
	return ok(out)
}

func (s *Sandbox) environmentByUUID(r *request) answer {
	e, a := byUUID(r, &s.environments, "Environment", func(e *environment) string { return e.uuid })
	if e == nil {
		return a
	}
	return ok(s.showEnvironment(e))
}

func (s *Sandbox) updateEnvironment(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	changed := *e
	values, a := s.readEnvironmentInto(r, &changed, r.Method == "PATCH")
	if a.status != 0 {
		return a
	}
	if s.deadKeys[changed.apiKey] {
		return crash()
	}
	*e = changed
	s.setMetadata("environment", e.id, values)
	return ok(s.showEnvironment(e))
}

func (s *Sandbox) deleteEnvironment(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	s.dropEnvironment(e)
	return gone()
}

func (s *Sandbox) dropEnvironment(e *environment) {
	s.deadKeys[e.apiKey] = true
	s.environments.drop(e.id)
	for _, st := range s.states.where(func(st *featureState) bool { return st.environment == e.id }) {
		s.dropState(st)
	}
	s.overrides.dropWhere(func(o *featureSegment) bool { return o.environment == e.id })
	s.envKeys.dropWhere(func(k *environmentKey) bool { return k.environment == e.id })
	s.envHooks.dropWhere(func(h *webhook) bool { return h.owner == e.id })
	s.setMetadata("environment", e.id, nil)
}

// cloneEnvironment copies settings, states and overrides. A taken name is no obstacle here.
func (s *Sandbox) cloneEnvironment(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	clone, async := *e, false
	in := r.input(false)
	in.text("name", &clone.name, required, upTo(2000))
	in.flag("clone_feature_states_async", &async)
	if a := in.bad(); a.status != 0 {
		return a
	}
	clone.uuid, clone.apiKey, clone.creating = newUUID(), randomText(22), true
	c := s.environments.add(&clone)
	copyStates := func() {
		s.copyStates(e.id, c.id)
		c.creating = false
	}
	if async {
		s.later(copyStates)
	} else {
		copyStates()
	}
	return ok(fields{"id": c.id, "name": c.name, "api_key": c.apiKey, "project": c.project})
}

func (s *Sandbox) enableVersions(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	if e.v2 {
		return detail(http.StatusBadRequest, "Environment already using v2 versioning.")
	}
	s.later(func() { s.useVersions(e) })
	return answer{status: http.StatusAccepted}
}

func (s *Sandbox) disableVersions(r *request) answer {
	e, a := s.environment(r)
	if e == nil {
		return a
	}
	if !e.v2 {
		return detail(http.StatusBadRequest, "Environment is not using v2 versioning.")
	}
	s.later(func() { s.dropVersions(e) })
	return answer{status: http.StatusAccepted}
}

func (s *Sandbox) traitKeys(r *request) answer {
	if e, a := s.environment(r); e == nil {
		return a
	}
	return ok(fields{"keys": []any{}})
}
