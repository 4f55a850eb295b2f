package sandbox

import (
	"maps"
	"slices"
	"strconv"
)

// strategyType says which parameters a kind of strategy has. Nothing holds strategies to it.
type strategyType struct {
	name                            string
	displayName, description, title *string
	editable, deprecated            bool
	parameters                      []any
}

func builtinStrategyTypes() []*strategyType {
	parameter := func(name, kind, description string, required bool) any {
		return object{"name": name, "type": kind, "description": description, "required": required}
	}
	return []*strategyType{
		{name: "flexibleRollout", displayName: ptr("Gradual rollout"), description: ptr("Roll out to a percentage of your userbase, and ensure that " +
			"the experience is the same for the user on each visit."), parameters: []any{
			parameter("rollout", "percentage", "", false),
			parameter("stickiness", "string", "Used define stickiness. Possible values: default, userId, sessionId, random", true),
			parameter("groupId", "string", "Used to define a activation groups, which allows you to correlate across feature toggles.", true)}},
		{name: "default", displayName: ptr("Standard"), description: ptr("This strategy turns on / off for your entire userbase. Prefer using " +
			"\"Gradual rollout\" strategy (100%=on, 0%=off)."), parameters: []any{}},
		{name: "remoteAddress", displayName: ptr("IPs"), description: ptr("Enable the feature for a specific set of IP addresses."),
			parameters: []any{parameter("IPs", "list", "List of IPs to enable the feature toggle for.", true)}},
		{name: "applicationHostname", displayName: ptr("Hosts"), description: ptr("Enable the feature for a specific set of hostnames."),
			parameters: []any{parameter("hostNames", "list", "List of hostnames to enable the feature toggle for.", false)}},
	}
}

var (
	parameterBody = shape("name type", prop{"name", text}, prop{"type", enum("string", "percentage", "list", "number", "boolean")},
		prop{"description", text}, prop{"required", flag})
	newStrategyType = shape("name parameters", prop{"name", text}, prop{"title", text}, prop{"description", text}, prop{"editable", flag},
		prop{"deprecated", flag}, prop{"parameters", list(parameterBody)})
	putStrategyType = shape("parameters", prop{"description", text}, prop{"parameters", list(parameterBody)})
)

func (s *Sandbox) strategyTypeRoutes() {
	s.handle("GET /strategies", 200, nil, s.listStrategyTypes)
	s.handle("POST /strategies", 201, newStrategyType, s.createStrategyType)
	s.handle("GET /strategies/{name}", 200, nil, s.readStrategyType)
	s.handle("PUT /strategies/{name}", 200, putStrategyType, s.updateStrategyType)
	s.handle("DELETE /strategies/{name}", 200, nil, s.deleteStrategyType)
	s.handleAny("POST /strategies/{name}/deprecate", 200, nil, s.deprecate(true))
	s.handleAny("POST /strategies/{name}/reactivate", 200, nil, s.deprecate(false))
}

func (t *strategyType) show() object {
	return object{"displayName": orNil(t.displayName), "name": t.name, "editable": t.editable, "description": orNil(t.description),
		"parameters": t.parameters, "deprecated": t.deprecated, "title": orNil(t.title)}
}

func (s *Sandbox) listStrategyTypes(*request) (any, error) {
	return object{"version": 1, "strategies": render(s.strategyTypes.where(nil), (*strategyType).show)}, nil
}

func (s *Sandbox) pathStrategyType(r *request) (*strategyType, error) {
	if t := s.strategyTypes.get(r.PathValue("name")); t != nil {
		return t, nil
	}
	return nil, notFound("No strategy found")
}

func (s *Sandbox) readStrategyType(r *request) (any, error) {
	t, err := s.pathStrategyType(r)
	if err != nil {
		return nil, err
	}
	return t.show(), nil
}

// namedParameters is the one thing that is asked of parameters beyond their types.
func namedParameters(data object) error {
	for i, v := range items(data, "parameters") {
		if p, _ := v.(object); str(p, "name") == "" {
			return joi("%q is not allowed to be empty", nil, "parameters["+strconv.Itoa(i)+"].name")
		}
	}
	return nil
}

// readParameters leaves out what parameters do not have.
func readParameters(data object) []any {
	return render(items(data, "parameters"), func(v any) object {
		p, _ := v.(object)
		maps.DeleteFunc(p, func(k string, _ any) bool {
			return !slices.Contains([]string{"name", "type", "description", "required"}, k)
		})
		return p
	})
}

func (s *Sandbox) createStrategyType(r *request) (any, error) {
	name := str(r.data(), "name")
	if err := checkName("name", name); err != nil {
		return nil, err
	}
	if err := namedParameters(r.data()); err != nil {
		return nil, err
	}
	if s.strategyTypes.has(name) {
		return nil, nameExists("Strategy with name %s already exist!", name)
	}
	t := &strategyType{name: name, description: optional(r.data(), "description"), title: optional(r.data(), "title"), editable: true,
		parameters: readParameters(r.data())}
	s.strategyTypes.put(name, t)
	return t.show(), nil
}

// editableStrategyType refuses the ones that come with the server.
func (s *Sandbox) editableStrategyType(r *request) (*strategyType, error) {
	t, err := s.pathStrategyType(r)
	if err == nil && !t.editable {
		err = unknown("Cannot edit strategy %s", t.name)
	}
	return t, err
}

// updateStrategyType is told nothing of titles by its schema: null stays null there, but becomes "" in a description.
func (s *Sandbox) updateStrategyType(r *request) (any, error) {
	if err := namedParameters(r.data()); err != nil {
		return nil, err
	}
	t, err := s.editableStrategyType(r)
	if err != nil {
		return nil, err
	}
	if d := optional(r.data(), "description"); d != nil {
		t.description = d
	}
	if _, ok := r.data()["title"]; ok {
		t.title = optional(r.data(), "title")
	}
	t.parameters = readParameters(r.data())
	return nil, nil
}

// deleteStrategyType does not care who uses it: their strategies stay, but can no longer be replaced.
func (s *Sandbox) deleteStrategyType(r *request) (any, error) {
	t, err := s.editableStrategyType(r)
	if err != nil {
		return nil, err
	}
	s.strategyTypes.drop(t.name)
	return nil, nil
}

func (s *Sandbox) deprecate(deprecated bool) handler {
	return func(r *request) (any, error) {
		t, err := s.pathStrategyType(r)
		if err != nil && deprecated {
			err = notFound("Could not find strategy with name %s", r.PathValue("name"))
		}
		if err != nil {
			return nil, err
		}
		t.deprecated = deprecated
		return nil, nil
	}
}
