package sandbox

import "slices"

func (s *Sandbox) featureEnvironmentRoutes() {
	const one = "/projects/{project}/features/{feature}/environments/{environment}"
	s.handle("GET "+one, 200, nil, s.readFeatureEnvironment)
	s.handleAny("POST "+one+"/on", 200, nil, s.turn(true))
	s.handleAny("POST "+one+"/off", 200, nil, s.turn(false))
	const bulk = "/projects/{project}/bulk_features/environments/{environment}"
	s.handle("POST "+bulk+"/on", 200, namesBody, s.bulkTurn(true))
	s.handle("POST "+bulk+"/off", 200, namesBody, s.bulkTurn(false))
}

// readFeatureEnvironment answers for archived flags as well: there, enabled is what they were archived with.
func (s *Sandbox) readFeatureEnvironment(r *request) (any, error) {
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("environment")
	env := f.environments[name]
	if env == nil {
		return nil, notFound("Could not find %s in %s", f.name, name)
	}
	return object{"name": f.name, "environment": name, "enabled": env.enabled, "strategies": render(s.strategiesOf(f.name, name), func(st *strategy) object {
		o := st.show()
		delete(o, "segments")
		o["featureName"] = f.name
		return o
	})}, nil
}

func (s *Sandbox) turn(on bool) handler {
	return func(r *request) (any, error) {
		f, err := s.ownFeature(r)
		if err != nil {
			return nil, err
		}
		return nil, s.switchFeature(f, r.PathValue("environment"), on, activates(r))
	}
}

func activates(r *request) bool {
	return r.URL.Query().Get("shouldActivateDisabledStrategies") == "true"
}

func (s *Sandbox) bulkTurn(on bool) handler {
	return func(r *request) (any, error) {
		var all []*feature
		for _, name := range texts(r.data(), "features") {
			r.SetPathValue("feature", name)
			f, err := s.ownFeature(r)
			if err == nil {
				err = s.switchable(f, r.PathValue("environment"))
			}
			if err != nil {
				return nil, err // all or nothing
			}
			all = append(all, f)
		}
		for _, f := range all {
			if err := s.switchFeature(f, r.PathValue("environment"), on, activates(r)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

func (s *Sandbox) switchable(f *feature, env string) error {
	switch {
	case f.environments[env] == nil:
		return notFound("Could not find environment %s for feature: %s", env, f.name)
	case f.archived != nil:
		return &failure{status: 400, name: "ArchivedFeatureError", message: "Cannot perform this operation on archived features"}
	}
	return nil
}

// switchFeature turns a flag on or off in an environment. Turning it on where no strategy is enabled adds one, or enables
// all of them when asked to.
func (s *Sandbox) switchFeature(f *feature, env string, on, activate bool) error {
	if err := s.switchable(f, env); err != nil {
		return err
	}
	all := s.strategiesOf(f.name, env)
	idle := !slices.ContainsFunc(all, func(st *strategy) bool { return !st.off() })
	if on && activate {
		for _, st := range all {
			st.disabled = ptr(false)
		}
	}
	if on && (len(all) == 0 || idle && !activate) {
		if _, err := s.addStrategy(f, env, s.defaultStrategy(f, env)); err != nil {
			return err
		}
	}
	e := f.environments[env]
	if e.enabled != on {
		s.event("feature-environment-"+map[bool]string{true: "enabled", false: "disabled"}[on], f.project, env)
	}
	e.enabled = on
	return nil
}

// defaultStrategy is what turning a flag on adds: the project's own for this environment, or a rollout to everybody. Here
// an empty groupId becomes the flag's name, a missing one is filled in like any other.
func (s *Sandbox) defaultStrategy(f *feature, env string) object {
	if p := s.projects.get(f.project); p != nil {
		if e := p.environment(env); e != nil && e.defaultStrategy != nil {
			data, _ := clone(e.defaultStrategy).(object)
			return data
		}
	}
	return object{"name": "flexibleRollout", "parameters": object{"rollout": "100", "stickiness": "default", "groupId": f.name}}
}
