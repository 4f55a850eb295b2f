package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"
)

// strategy is an activation strategy of a flag in an environment.
type strategy struct {
	id, name, feature, project, environment string
	title                                   *string
	disabled                                *bool // null is stored as null
	sortOrder                               int
	parameters                              object
	constraints, variants                   []any
	segments                                []*segment
	created                                 time.Time
}

// off reports a disabled strategy.
func (st *strategy) off() bool { return st.disabled != nil && *st.disabled }

// segmentIDs come in the order in which the segments were last written, not in the one in which they were linked.
func (st *strategy) segmentIDs() []int {
	slices.SortFunc(st.segments, func(a, b *segment) int { return cmp.Compare(a.written, b.written) })
	ids := []int{}
	for _, g := range st.segments {
		ids = append(ids, g.id)
	}
	return ids
}

var (
	parametersBody     = dict(text)
	createStrategyBody = shape("name", prop{"name", text}, prop{"title", nullText}, prop{"disabled", nullFlag}, prop{"sortOrder", number},
		prop{"constraints", list(constraintBody)}, prop{"variants", list(createVariantBody)}, prop{"parameters", parametersBody}, prop{"segments", list(number)})
	updateStrategyBody = shape("", prop{"name", text}, prop{"sortOrder", number}, prop{"constraints", list(constraintBody)}, prop{"title", nullText},
		prop{"disabled", nullFlag}, prop{"variants", list(updateVariantBody)}, prop{"segments", list(number)}, prop{"parameters", parametersBody})
	// patchedStrategyBody is what a patched strategy must look like. Nothing is coerced there.
	patchedStrategyBody = exactly(shape("name", append([]prop{{"id", text}, {"featureName", text}}, updateStrategyBody.props...)...))

	sortOrderBody = list(exactly(shape("id sortOrder", prop{"id", text}, prop{"sortOrder", number})))
)

func (s *Sandbox) strategyRoutes() {
	const all = "/projects/{project}/features/{feature}/environments/{environment}/strategies"
	s.handle("GET "+all, 200, nil, s.listStrategies)
	s.handle("POST "+all, 200, createStrategyBody, s.createStrategy)
	s.handle("POST "+all+"/set-sort-order", 200, sortOrderBody, s.sortStrategies)
	s.handle("GET "+all+"/{strategy}", 200, nil, s.readStrategy)
	s.handle("PUT "+all+"/{strategy}", 200, updateStrategyBody, s.updateStrategy)
	s.handle("PATCH "+all+"/{strategy}", 200, patchBody, s.patchStrategy)
	s.handle("DELETE "+all+"/{strategy}", 200, nil, s.deleteStrategy)
}

// strategiesOf lists the strategies of a flag in an environment, in their order; of equals the older one comes first.
func (s *Sandbox) strategiesOf(feature, environment string) []*strategy {
	out := s.strategies.where(func(st *strategy) bool { return st.feature == feature && st.environment == environment })
	slices.SortStableFunc(out, bySortOrder)
	return out
}

func bySortOrder(a, b *strategy) int { return cmp.Compare(a.sortOrder, b.sortOrder) }

func (st *strategy) show() object {
	return object{"id": st.id, "name": st.name, "title": orNil(st.title), "disabled": orNil(st.disabled), "constraints": st.constraints,
		"parameters": st.parameters, "variants": st.variants, "sortOrder": st.sortOrder, "segments": st.segmentIDs()}
}

// listStrategies does not look at archived, and a wrong project is just empty.
func (s *Sandbox) listStrategies(r *request) (any, error) {
	f, env := s.pathFeature(r), r.PathValue("environment")
	if f == nil || f.environments[env] == nil {
		return nil, notFound("Feature %s does not have environment %s", r.PathValue("feature"), env)
	}
	if f.project != r.PathValue("project") {
		return []any{}, nil
	}
	return render(s.strategiesOf(f.name, env), func(st *strategy) object {
		o := st.show()
		o["milestoneId"] = nil
		return o
	}), nil
}

// idStrategy is the strategy of the path, which must belong to the flag of the path; the environment is not looked at.
func (s *Sandbox) idStrategy(r *request) (*strategy, error) {
	st := s.strategies.get(r.PathValue("strategy"))
	switch {
	case st == nil:
		return nil, notFound("Could not find strategy with id: %s", r.PathValue("strategy"))
	case st.feature != r.PathValue("feature"), st.project != r.PathValue("project"):
		return nil, &failure{status: 403, empty: true}
	}
	return st, nil
}

// writableStrategy is the same for PUT and DELETE, with other errors.
func (s *Sandbox) writableStrategy(r *request) (*strategy, error) {
	st := s.strategies.get(r.PathValue("strategy"))
	switch {
	case st == nil:
		return nil, notFound("Could not find strategy with id=%s", r.PathValue("strategy"))
	case st.project != r.PathValue("project"):
		return nil, notAllowed("You can not change the projectId for an activation strategy.")
	case st.feature != r.PathValue("feature"):
		return nil, notAllowed("You can not change the featureName for an activation strategy.")
	}
	return st, nil
}

func (s *Sandbox) readStrategy(r *request) (any, error) {
	st, err := s.idStrategy(r)
	if err != nil {
		return nil, err
	}
	return st.show(), nil
}

func (s *Sandbox) createStrategy(r *request) (any, error) {
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, err
	}
	st, err := s.addStrategy(f, r.PathValue("environment"), r.data())
	if err != nil {
		return nil, err
	}
	return st.show(), nil
}

// addStrategy checks and stores a new strategy.
func (s *Sandbox) addStrategy(f *feature, env string, data object) (*strategy, error) {
	st := &strategy{id: newULID(), feature: f.name, project: f.project, environment: env, created: now(), disabled: ptr(false), title: optional(data, "title")}
	if v, ok := data["disabled"]; ok {
		st.disabled = nil
		if b, ok := v.(bool); ok {
			st.disabled = &b
		}
	}
	if err := s.readStrategyBody(st, data); err != nil {
		return nil, err
	}
	all := s.strategiesOf(f.name, env)
	if len(all) >= s.limits.FeatureEnvironmentStrategies {
		return nil, exceeds("strategy", s.limits.FeatureEnvironmentStrategies)
	}
	if len(all) > 0 {
		st.sortOrder = all[len(all)-1].sortOrder + 1
	}
	if n, ok := data["sortOrder"].(json.Number); ok {
		if err := checkInt32(`insert into "feature_strategies" ("constraints", "created_at", "disabled", "environment", "feature_name", "id", "parameters", `+
			`"project_name", "sort_order", "strategy_name", "title", "variants") values ($1, DEFAULT, DEFAULT, $2, $3, $4, $5, $6, $7, $8, DEFAULT, $9) returning *`, n); err != nil {
			return nil, err
		}
		st.sortOrder = whole(n)
	}
	if !s.environments.has(env) {
		return nil, badData("You have not added the current environment to the project")
	}
	if err := s.linkSegments(st, data); err != nil {
		return nil, err
	}
	s.strategies.put(st.id, st)
	s.event("feature-strategy-add", f.project, env)
	return st, nil
}

// checkInt32 is what the database says to numbers that are no integers of its size.
func checkInt32(statement string, v any) error {
	if _, err := strconv.ParseInt(show(v), 10, 32); err == nil {
		return nil
	} else if errors.Is(err, strconv.ErrRange) {
		return unknown(`%s - value "%s" is out of range for type integer`, statement, show(v))
	}
	return unknown(`%s - invalid input syntax for type integer: "%s"`, statement, show(v))
}

// readStrategyBody takes over what every write replaces: name, constraints, parameters and variants, and checks the rest.
func (s *Sandbox) readStrategyBody(st *strategy, data object) error {
	name, named := data["name"].(string)
	if named && !s.strategyTypes.has(name) {
		return badData("Could not find strategy type with name %s", name)
	}
	for _, id := range items(data, "segments") {
		seg := s.segments.get(whole(id))
		if err := checkInt32(`select from "segments" where "id" = $1`, id); err != nil {
			return err
		}
		if seg == nil {
			return notFound(`No segment exists with ID "%s"`, show(id))
		}
		if seg.project != nil && *seg.project != st.project {
			return badData(`The segments %s with id %d does not belong to project "%s"`, seg.name, seg.id, st.project)
		}
	}
	constraints, err := s.readConstraints(items(data, "constraints"), st.constraints)
	if err != nil {
		return err
	}
	parameters, _ := data["parameters"].(object)
	if parameters == nil {
		parameters = object{}
	}
	if name == "flexibleRollout" {
		if _, ok := parameters["rollout"]; !ok {
			parameters["rollout"] = "100"
		}
		if str(parameters, "stickiness") == "" {
			parameters["stickiness"] = "default"
			if p := s.projects.get(st.project); p != nil && p.stickiness != "" {
				parameters["stickiness"] = p.stickiness
			}
		}
		if str(parameters, "groupId") == "" {
			parameters["groupId"] = st.feature
		}
	}
	variants, err := fixVariants(items(data, "variants"))
	if err != nil {
		return err
	}
	if len(items(data, "segments")) > s.limits.StrategySegments {
		return badData("Strategies may not have more than %d segments", s.limits.StrategySegments)
	}
	if named {
		st.name = name
	}
	st.constraints, st.parameters, st.variants = constraints, parameters, variants
	return nil
}

// linkSegments links the segments of a body, if it has any.
func (s *Sandbox) linkSegments(st *strategy, data object) error {
	want, ok := data["segments"].([]any)
	if !ok {
		return nil
	}
	return s.relink(st, want)
}

// relink drops the segments that are not wanted and adds the others; one at a time, so that none can be added twice.
func (s *Sandbox) relink(st *strategy, ids []any) error {
	var want, added []*segment
	for _, id := range ids {
		g := s.segments.get(whole(id))
		switch {
		case g == nil, slices.Contains(added, g):
			st.segments = want // what a transaction would undo
			key := "segment_id_fkey"
			if g != nil {
				key = "pkey"
			}
			return unknown(`insert into "feature_strategy_segment" ("feature_strategy_id", "segment_id") values ($1, $2) - `+
				`violates constraint "feature_strategy_segment_%s"`, key)
		case slices.Contains(st.segments, g):
		default:
			added = append(added, g)
		}
		if !slices.Contains(want, g) {
			want = append(want, g)
		}
	}
	st.segments = want
	return nil
}

func (s *Sandbox) updateStrategy(r *request) (any, error) {
	st, err := s.writableStrategy(r)
	if err != nil {
		return nil, err
	}
	return s.replaceStrategy(st, r.data(), r.PathValue("environment"))
}

// replaceStrategy is what PUT does. A title and whether it is disabled are kept where they are null or left out, and the
// sort order always.
func (s *Sandbox) replaceStrategy(st *strategy, data object, env string) (any, error) {
	changed := *st
	if err := s.readStrategyBody(&changed, data); err != nil {
		return nil, err
	}
	if title := optional(data, "title"); title != nil {
		changed.title = title
	}
	if b, ok := data["disabled"].(bool); ok {
		changed.disabled = &b
	}
	if err := s.linkSegments(&changed, data); err != nil {
		return nil, err
	}
	before := *st
	*st = changed
	s.event("feature-strategy-update", st.project, env)
	if err := s.turnOffIfIdle(st.feature, env); err != nil {
		*st = before
		return nil, err
	}
	return st.show(), nil
}

// turnOffIfIdle turns a flag off in an environment that has no enabled strategy any more. It is the environment of the
// path, which need not be the strategy's own.
func (s *Sandbox) turnOffIfIdle(name, env string) error {
	if slices.ContainsFunc(s.strategiesOf(name, env), func(st *strategy) bool { return !st.off() }) {
		return nil
	}
	f := s.features.get(name)
	if f == nil {
		return nil
	}
	return s.switchFeature(f, env, false, false)
}

func (s *Sandbox) patchStrategy(r *request) (any, error) {
	st, err := s.idStrategy(r)
	if err != nil {
		return nil, err
	}
	start, _ := clone(object{"id": st.id, "name": st.name, "title": orNil(st.title), "disabled": orNil(st.disabled), "constraints": st.constraints,
		"parameters": st.parameters, "variants": st.variants, "sortOrder": jsNumber(float64(st.sortOrder))}).(object)
	segments := []any{}
	for _, id := range st.segmentIDs() {
		segments = append(segments, jsNumber(float64(id)))
	}
	start["segments"] = segments
	doc, err := applyPatch(start, r.body)
	if err != nil {
		return nil, err
	}
	data, ok := doc.(object)
	problems := []problem{{"", "The `` property must be object. You sent undefined."}}
	if ok {
		_, problems = patchedStrategyBody.checkAs("", data, true)
	}
	if len(problems) > 0 {
		f := invalid(problems)
		f.id = false
		return nil, f
	}
	return s.replaceStrategy(st, data, r.PathValue("environment"))
}

func (s *Sandbox) deleteStrategy(r *request) (any, error) {
	st, err := s.writableStrategy(r)
	if err != nil {
		return nil, err
	}
	env := r.PathValue("environment")
	s.strategies.drop(st.id)
	if err := s.turnOffIfIdle(st.feature, env); err != nil {
		s.strategies.put(st.id, st) // a transaction on the real server
		return nil, err
	}
	s.event("feature-strategy-remove", st.project, env)
	return nil, nil
}

func (s *Sandbox) sortStrategies(r *request) (any, error) {
	f, env := s.pathFeature(r), r.PathValue("environment")
	if f == nil || f.environments[env] == nil {
		return nil, notFound("Feature %s does not have environment %s", r.PathValue("feature"), env)
	}
	orders, _ := r.body.([]any)
	known := s.strategiesOf(f.name, env)
	for _, v := range orders {
		o, _ := v.(object)
		if !slices.ContainsFunc(known, func(st *strategy) bool { return st.id == str(o, "id") && st.project == r.PathValue("project") }) {
			return nil, badData("trying to change strategies for environment via update sortOrder")
		}
		if err := checkInt32("update", o["sortOrder"]); err != nil {
			return nil, err
		}
	}
	for _, v := range orders {
		o, _ := v.(object)
		s.strategies.get(str(o, "id")).sortOrder = whole(o["sortOrder"])
	}
	s.event("strategy-order-changed", f.project, env)
	return nil, nil
}
