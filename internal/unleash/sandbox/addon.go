package sandbox

import (
	_ "embed" // the providers' definitions are data
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// addon is an integration: a webhook, Slack, Datadog and so on. Nothing is ever sent.
type addon struct {
	id                             int
	provider                       string
	enabled                        bool
	description                    *string
	parameters                     object
	events, projects, environments []string
	created                        time.Time
}

//go:embed providers.json
var providersJSON []byte

// providers are the definitions as GET /addons shows them.
var providers = func() []any {
	v, _ := decode(providersJSON)
	all, _ := v.([]any)
	return all
}()

var addonBody = shape("provider enabled parameters events", prop{"provider", text}, prop{"description", text}, prop{"enabled", flag},
	prop{"parameters", anyObject}, prop{"events", list(text)}, prop{"projects", list(text)}, prop{"environments", list(text)})

const masked = "*****"

func (s *Sandbox) addonRoutes() {
	s.handle("GET /addons", 200, nil, s.listAddons)
	s.handle("POST /addons", 201, addonBody, s.createAddon)
	s.handle("GET /addons/{id}", 200, nil, s.readAddon)
	s.handle("PUT /addons/{id}", 200, addonBody, s.updateAddon)
	s.handle("DELETE /addons/{id}", 200, nil, s.deleteAddon)
	s.handle("GET /addons/{id}/events", 200, nil, s.listAddonEvents)
	s.handle("GET /search/events", 200, nil, s.searchEvents)
}

// providerOf is the definition of a provider, or nil.
func providerOf(name string) object {
	for _, v := range providers {
		if o, _ := v.(object); str(o, "name") == name {
			return o
		}
	}
	return nil
}

// parametersOf are the names of a provider's parameters with a property: required or sensitive.
func parametersOf(provider, property string) []string {
	var out []string
	for _, v := range items(providerOf(provider), "parameters") {
		if o, _ := v.(object); truth(o, property) {
			out = append(out, str(o, "name"))
		}
	}
	return out
}

// clear shows an addon with its secrets.
func (a *addon) clear() object {
	return object{"id": a.id, "provider": a.provider, "enabled": a.enabled, "description": orNil(a.description), "parameters": a.parameters,
		"events": a.events, "projects": a.projects, "environments": a.environments, "createdAt": stamp(a.created)}
}

func (a *addon) show() object {
	o, shown := a.clear(), object{}
	sensitive := parametersOf(a.provider, "sensitive")
	for k, v := range a.parameters {
		if shown[k] = v; slices.Contains(sensitive, k) {
			shown[k] = masked
		}
	}
	o["parameters"] = shown
	return o
}

// event is what events tell of an addon.
func (a *addon) event() object {
	o := a.clear()
	delete(o, "parameters")
	return o
}

// searchEvents knows the updates of addons alone, the last one first.
func (s *Sandbox) searchEvents(r *request) (any, error) {
	found := []any{}
	if kind := r.URL.Query().Get("type"); kind == "" || kind == "IS:addon-config-updated" {
		for _, e := range s.addonUpdates {
			found = slices.Insert(found, 0, any(e))
		}
	}
	most, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		most = 50
	}
	return object{"events": found[:min(most, len(found))], "total": len(found)}, nil
}

func (s *Sandbox) listAddons(*request) (any, error) {
	return object{"addons": render(s.addons.where(nil), (*addon).show), "providers": providers}, nil
}

func (s *Sandbox) pathAddon(r *request) (*addon, error) {
	if err := checkInt32(`select "id", "provider", "enabled", "description", "parameters", "events", "projects", "environments", "created_at" from `+
		`"addons" where "id" = $1 limit $2`, r.PathValue("id")); err != nil {
		return nil, err
	}
	if a := s.addons.get(r.pathInt("id")); a != nil {
		return a, nil
	}
	return nil, notFound("Could not find addon")
}

func (s *Sandbox) readAddon(r *request) (any, error) {
	a, err := s.pathAddon(r)
	if err != nil {
		return nil, err
	}
	return a.show(), nil
}

func (s *Sandbox) listAddonEvents(r *request) (any, error) {
	if _, err := strconv.Atoi(r.PathValue("id")); err != nil {
		_, err := s.pathAddon(r)
		return nil, err
	}
	return object{"integrationEvents": []any{}}, nil
}

// checkAddon checks a body. Names of events, projects and environments are not looked at.
func checkAddon(data object) error {
	parameters, _ := data["parameters"].(object)
	for _, k := range keys(parameters) {
		switch v := parameters[k].(type) {
		case string:
			if v == "" {
				return joi("%q is not allowed to be empty", nil, "parameters."+k)
			}
		case nil, object, []any:
			return joi("%q must be one of [string, number, boolean]", v, "parameters."+k)
		}
	}
	for _, k := range []string{"events", "projects", "environments"} {
		for i, v := range texts(data, k) {
			if err := checkLength(k+"["+strconv.Itoa(i)+"]", v, 1<<20); err != nil {
				return err
			}
		}
	}
	if err := checkName("provider", str(data, "provider")); err != nil {
		return err
	}
	if providerOf(str(data, "provider")) == nil {
		return conforms()
	}
	for _, name := range parametersOf(str(data, "provider"), "required") {
		if _, ok := parameters[name]; !ok {
			return conforms()
		}
	}
	if v := parameters["url"]; v != nil {
		return checkAddress(show(v))
	}
	return nil
}

// checkAddress knows no names: of those that cannot be resolved it takes what the reserved domain ".invalid" holds.
func checkAddress(address string) error {
	if address == "" || address == masked {
		return nil
	}
	u, err := url.Parse(address)
	host := ""
	if err == nil {
		host = u.Hostname()
	}
	switch {
	case err != nil, u.Scheme == "", host == "" && u.Opaque == "":
		return unknown("Invalid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return conforms()
	}
	if _, err := netip.ParseAddr(host); err != nil && len(host) > 8 && host[len(host)-8:] == ".invalid" {
		return unknown("getaddrinfo ENOTFOUND %s", host)
	}
	return nil
}

// fill takes over a body. Its order of events and their repetitions stay.
func (a *addon) fill(data object) {
	a.provider, a.enabled = str(data, "provider"), truth(data, "enabled")
	a.parameters, _ = data["parameters"].(object)
	a.events, a.projects, a.environments = texts(data, "events"), texts(data, "projects"), texts(data, "environments")
	if d := optional(data, "description"); d != nil {
		a.description = d
	}
}

func (s *Sandbox) createAddon(r *request) (any, error) {
	if err := checkAddon(r.data()); err != nil {
		return nil, err
	}
	definition := providerOf(str(r.data(), "provider"))
	if reason := str(definition, "deprecated"); reason != "" {
		return nil, badData("%s", reason)
	}
	for _, v := range items(definition, "tagTypes") {
		t, _ := v.(object)
		if name := str(t, "name"); !s.tagTypes.has(name) {
			s.tagTypes.put(name, &tagType{name, optional(t, "description"), optional(t, "icon"), optional(t, "color")})
		}
	}
	s.lastAddon++
	a := &addon{id: s.lastAddon, created: now()}
	a.fill(r.data())
	s.addons.put(a.id, a)
	s.event("addon-config-created", "", "")
	o := a.clear()
	delete(o, "createdAt")
	return o, nil
}

func (s *Sandbox) updateAddon(r *request) (any, error) {
	a, err := s.pathAddon(r)
	if err != nil {
		return nil, err
	}
	if err := checkAddon(r.data()); err != nil {
		return nil, err
	}
	before, preData := a.parameters, a.event()
	a.fill(r.data())
	for k, v := range a.parameters {
		if old, ok := before[k]; v == masked && ok {
			a.parameters[k] = old
		} else if v == masked {
			delete(a.parameters, k)
		}
	}
	s.event("addon-config-updated", "", "")
	s.addonUpdates = append(s.addonUpdates, object{"id": len(s.addonUpdates) + 1, "type": "addon-config-updated", "createdBy": "admin", "createdAt": stamp(now()),
		"createdByUserId": -42, "data": a.event(), "preData": preData, "tags": []any{}, "featureName": nil, "project": nil, "environment": nil,
		"label": "Integration configuration updated", "summary": "**admin** updated a **" + a.provider + "** integration configuration"})
	return a.clear(), nil
}

func (s *Sandbox) deleteAddon(r *request) (any, error) {
	a, err := s.pathAddon(r)
	if err != nil {
		return nil, err
	}
	s.addons.drop(a.id)
	s.event("addon-config-deleted", "", "")
	return nil, nil
}
