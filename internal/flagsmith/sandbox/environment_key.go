package sandbox

import "time"

// environmentKey is a server-side SDK key of an environment. It can be read at any time.
type environmentKey struct {
	id, environment int64
	secret, name    string
	active          bool
	created         time.Time
	expires         *time.Time
}

func (k *environmentKey) key() *int64 { return &k.id }

func (s *Sandbox) environmentKeyRoutes() {
	s.route("/environments/{key}/api-keys/", methods{"GET": s.listEnvironmentKeys, "POST": s.createEnvironmentKey, "": refuse})
	s.route("/environments/{key}/api-keys/{id}/", methods{"PUT": s.updateEnvironmentKey, "PATCH": s.updateEnvironmentKey, "DELETE": s.deleteEnvironmentKey, "": s.environmentFirst})
}

func (k *environmentKey) show() fields {
	var expires any
	if k.expires != nil {
		if expires = stamp(*k.expires); k.expires.Nanosecond() == 0 {
			expires = k.expires.UTC().Format(time.RFC3339)
		}
	}
	return fields{"id": k.id, "key": k.secret, "active": k.active, "created_at": stamp(k.created), "name": k.name, "expires_at": expires}
}

func (k *environmentKey) read(in *input) {
	in.text("name", &k.name, required, upTo(100))
	in.flag("active", &k.active)
	in.when("expires_at", &k.expires)
}

func (s *Sandbox) listEnvironmentKeys(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	return ok(render(s.envKeys.where(func(k *environmentKey) bool { return k.environment == e.id }), (*environmentKey).show))
}

func (s *Sandbox) createEnvironmentKey(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	k := environmentKey{environment: e.id, secret: "ser." + randomText(22), active: true, created: time.Now()}
	in := r.input(false)
	k.read(in)
	if a := in.bad(); a.status != 0 {
		return a
	}
	return created(s.envKeys.add(&k).show())
}

func (s *Sandbox) environmentKey(r *request) (*environmentKey, answer) {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return nil, a
	}
	return lookup(r, "id", &s.envKeys, "EnvironmentAPIKey", func(k *environmentKey) bool { return k.environment == e.id })
}

func (s *Sandbox) updateEnvironmentKey(r *request) answer {
	k, a := s.environmentKey(r)
	if k == nil {
		return a
	}
	in, changed := r.input(r.Method == "PATCH"), *k
	changed.read(in)
	if a := in.bad(); a.status != 0 {
		return a
	}
	*k = changed
	return ok(k.show())
}

func (s *Sandbox) deleteEnvironmentKey(r *request) answer {
	k, a := s.environmentKey(r)
	if k == nil {
		return a
	}
	s.envKeys.drop(k.id)
	return gone()
}
