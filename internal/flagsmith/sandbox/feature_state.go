package sandbox

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// featureState is a feature in an environment: its default there, or an override of a segment.
type featureState struct {
	id, feature, environment int64
	uuid                     string
	enabled                  bool
	value                    value
	override                 *int64  // the feature segment; nil: the environment's default
	version                  *string // the UUID of the version it belongs to, v2 versioning only
	created, updated         time.Time
	liveFrom                 *time.Time // nil where the version says it
}

func (st *featureState) key() *int64 { return &st.id }

func (st *featureState) isDefault() bool { return st.override == nil }

// stateOption is the weight of an option in a state.
type stateOption struct {
	id, state, option int64
	percent           float64
}

func (so *stateOption) key() *int64 { return &so.id }

func (s *Sandbox) featureStateRoutes() {
	s.route("/environments/{key}/featurestates/", methods{"GET": s.listDefaultStates, "POST": s.createDefaultState})
	s.route("/environments/{key}/featurestates/{id}/", methods{"GET": s.readDefaultState, "PUT": s.putDefaultState, "PATCH": s.patchDefaultState, "DELETE": s.deleteDefaultState})
	s.route("/features/featurestates/", methods{"GET": s.listStates, "POST": s.createState})
	s.route("/features/featurestates/{id}/", methods{"PUT": s.updateState, "PATCH": s.updateState})
	s.route("/features/featurestates/get-by-uuid/{uuid}/", methods{"GET": s.stateByUUID})
}

// showState is the form with a plain value.
func (s *Sandbox) showState(st *featureState) fields {
	out := s.showStateObject(st)
	out["feature_state_value"] = st.value.plain()
	return out
}

// showStateObject is the form whose value is an object with its type.
func (s *Sandbox) showStateObject(st *featureState) fields {
	var live any
	if st.liveFrom != nil {
		live = stamp(*st.liveFrom)
	}
	weights := []any{}
	for _, so := range s.weightsOf(st) {
		weights = append(weights, fields{"id": so.id, "multivariate_feature_option": so.option, "percentage_allocation": float(so.percent)})
	}
	return fields{"id": st.id, "feature_state_value": st.value.show(), "multivariate_feature_state_values": weights,
		"identity": nil, "deleted_at": nil, "uuid": st.uuid, "enabled": st.enabled, "created_at": stamp(st.created),
		"updated_at": stamp(st.updated), "live_from": live, "version": 1, "feature": st.feature,
		"environment": st.environment, "feature_segment": st.override, "change_request": nil,
		"environment_feature_version": st.version}
}

// small is the form inside a feature.
func (st *featureState) small() fields {
	return fields{"id": st.id, "feature_state_value": st.value.plain(), "environment": st.environment, "identity": nil,
		"feature_segment": st.override, "enabled": st.enabled}
}

func (v value) contains(text string) bool {
	switch {
	case v.kind == nil:
		return false
	case *v.kind == "int":
		n, ok := pyInt(text)
		return ok && v.integer != nil && *v.integer == n
	case *v.kind == "bool":
		return v.boolean != nil && strings.EqualFold(pyStr(*v.boolean), text)
	}
	return v.text != nil && strings.Contains(strings.ToLower(*v.text), strings.ToLower(text))
}

func (s *Sandbox) weightsOf(st *featureState) []*stateOption {
	all := s.stateOptions.where(func(so *stateOption) bool { return so.state == st.id })
	slices.SortFunc(all, func(a, b *stateOption) int { return cmp.Compare(a.option, b.option) })
	return all
}

func (s *Sandbox) stateSum(st *featureState) float64 {
	sum := 0.0
	for _, so := range s.stateOptions.where(func(so *stateOption) bool { return so.state == st.id }) {
		sum += so.percent
	}
	return sum
}

func (s *Sandbox) defaultState(feature, environment int64) *featureState {
	return s.states.first(func(st *featureState) bool {
		return st.feature == feature && st.environment == environment && st.isDefault()
	})
}

// addState makes the default state of a feature in an environment, typed by the feature's initial value.
func (s *Sandbox) addState(f *feature, e *environment) *featureState {
	now := time.Now()
	st := &featureState{feature: f.id, environment: e.id, uuid: newUUID(), enabled: f.defaultEnabled, value: initialValue(f.initial),
		created: now, updated: now, liveFrom: &now}
	if s.projects.get(f.project).preventDefaults {
		st.enabled, st.value = false, text(nil)
	}
	if e.v2 {
		st.liveFrom, st.version, f.modified[e.id] = nil, ptr(newUUID()), now
	}
	s.states.add(st)
	for _, o := range s.options.where(func(o *option) bool { return o.feature == f.id }) {
		s.stateOptions.add(&stateOption{state: st.id, option: o.id, percent: o.percent})
	}
	return st
}

// initialValue types a text: what int() reads below 2^31-1 is an integer, true and false are booleans.
func initialValue(s *string) value {
	if s == nil {
		return text(nil)
	}
	if n, ok := pyInt(*s); ok && n < math.MaxInt32 && n > -math.MaxInt32 {
		return value{kind: ptr("int"), integer: &n}
	}
	if slices.Contains([]string{"true", "True", "false", "False"}, *s) {
		return value{kind: ptr("bool"), boolean: ptr(strings.EqualFold(*s, "true"))}
	}
	return text(s)
}

func (s *Sandbox) dropState(st *featureState) {
	s.states.drop(st.id)
	s.stateOptions.dropWhere(func(so *stateOption) bool { return so.state == st.id })
}

// copyStates gives an environment the states, weights and overrides of another.
func (s *Sandbox) copyStates(from, to int64) {
	versions := map[int64]string{}
	for _, st := range s.states.where(func(st *featureState) bool { return st.environment == from }) {
		if versions[st.feature] == "" {
			versions[st.feature] = newUUID()
		}
		c := *st
		c.environment, c.uuid, c.created, c.updated = to, newUUID(), time.Now(), time.Now()
		if c.liveFrom != nil {
			c.liveFrom = ptr(time.Now())
		}
		if c.version != nil {
			c.version = ptr(versions[c.feature])
			s.features.get(c.feature).modified[to] = time.Now()
		}
		if st.override != nil {
			o := *s.overrides.get(*st.override)
			o.environment, o.uuid = to, newUUID()
			c.override = &s.overrides.add(&o).id
		}
		s.states.add(&c)
		for _, so := range s.weightsOf(st) {
			s.stateOptions.add(&stateOption{state: c.id, option: so.option, percent: so.percent})
		}
	}
}

func (s *Sandbox) listDefaultStates(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	q := r.URL.Query()
	wanted, filtered := int64(0), q.Get("feature") != ""
	if filtered {
		id, ok := pyInt(q.Get("feature"))
		if !ok {
			return crash()
		}
		wanted = id
	}
	if q.Has("anyIdentity") {
		return s.fixedPage(r, []any{}) // there are no identities
	}
	name := q.Get("feature_name")
	all := s.states.where(func(st *featureState) bool {
		return st.environment == e.id && st.isDefault() && (!filtered || st.feature == wanted) &&
			(name == "" || strings.EqualFold(s.features.get(st.feature).name, name))
	})
	return s.fixedPage(r, render(all, s.showState))
}

// defaultStateOf finds the state of the path.
func (s *Sandbox) defaultStateOf(r *request) (*featureState, answer) {
	e, a := s.environmentOr(r, detail(http.StatusNotFound, "Environment not found."))
	if e == nil {
		return nil, a
	}
	return lookup(r, "id", &s.states, "FeatureState", func(st *featureState) bool { return st.environment == e.id && st.isDefault() })
}

func (s *Sandbox) readDefaultState(r *request) answer {
	st, a := s.defaultStateOf(r)
	if st == nil {
		return a
	}
	return ok(s.showState(st))
}

// directly finds a state that may be written without a version.
func (s *Sandbox) directly(r *request) (*featureState, answer) {
	st, a := s.defaultStateOf(r)
	if st != nil && r.body == nil && r.Method != http.MethodDelete {
		return nil, crash()
	}
	if st != nil && s.environments.get(st.environment).v2 {
		return nil, v2Only()
	}
	return st, a
}

// writeValue stores a plain value by its JSON type before the rest of the body is looked at, as the real server does: a
// 400 for the rest leaves the value changed.
func (s *Sandbox) writeValue(r *request, st *featureState) answer {
	v, given := r.data().get("feature_state_value")
	if !given {
		return answer{}
	}
	d, changed := &dict{}, st.value
	switch n, isNumber := v.(json.Number); {
	case isNumber && isInt(n):
		changed.kind = ptr("int")
		d.set("integer_value", v)
	case pyType(v) == "bool":
		changed.kind = ptr("bool")
		d.set("boolean_value", v)
	default:
		changed.kind = ptr("unicode")
		d.set("string_value", v)
	}
	in := newInput(d, false)
	if changed.read(in); len(in.errs) > 0 {
		return in.bad()
	}
	st.value = changed
	return answer{}
}

// patchDefaultState is crippled on the real server too: weights are ignored and the answer is two fields.
func (s *Sandbox) patchDefaultState(r *request) answer {
	st, a := s.directly(r)
	if st == nil {
		return a
	}
	if a := s.writeValue(r, st); a.status != 0 {
		return a
	}
	changed := *st
	in := r.input(true)
	in.flag("enabled", &changed.enabled)
	in.key("feature", &changed.feature, s.features.has)
	if a := in.bad(); a.status != 0 {
		return a
	}
	if changed.feature != st.feature && s.defaultState(changed.feature, st.environment) != nil {
		return crash()
	}
	changed.updated = time.Now()
	*st = changed
	return ok(fields{"feature": st.feature, "enabled": st.enabled})
}

func (s *Sandbox) putDefaultState(r *request) answer {
	st, a := s.directly(r)
	if st == nil {
		return a
	}
	if a := s.writeValue(r, st); a.status != 0 {
		return a
	}
	if a := s.saveState(r.input(true), st); a.status != 0 {
		return a
	}
	return ok(s.showState(st))
}

// saveState reads what both endpoints take, checks it and stores it.
func (s *Sandbox) saveState(in *input, st *featureState) answer {
	changed := *st
	in.flag("enabled", &changed.enabled)
	in.key("feature", &changed.feature, s.features.has, required)
	if changed.feature != st.feature {
		in.fail("feature", "Cannot change the feature of a feature state")
	}
	if v, given := in.data.get("environment"); given && v == nil {
		in.fail("environment", "Environment may not be null.")
	} else {
		in.key("environment", &changed.environment, s.environments.has, required)
	}
	if changed.environment != st.environment {
		in.fail("environment", "Cannot change the environment of a feature state")
	}
	in.when("live_from", &changed.liveFrom)
	var none *int64
	in.nullKey("identity", &none, func(int64) bool { return false })
	in.nullKey("feature_segment", &none, s.overrides.has)
	weights := s.readWeights(in)
	if a := in.bad(); a.status != 0 {
		return a
	}
	if in.data.has("identifier") && in.data.values["identifier"] != nil {
		return nonField("Invalid identifier") // there are no identities
	}
	if a := weights.tooMuch(); a.status != 0 {
		return a
	}
	changed.updated = time.Now()
	*st = changed
	return s.saveWeights(st, weights)
}

// weights is a body's multivariate_feature_state_values; nil where it has none.
type weights []weight

type weight struct {
	body    any
	id      int64
	percent float64
}

func (s *Sandbox) readWeights(in *input) weights {
	out := weights{}
	present := in.list("multivariate_feature_state_values", func(item *input) {
		w, so := weight{body: item.data, id: idIn(item)}, stateOption{}
		s.readWeight(item, &so)
		w.percent = so.percent
		out = append(out, w)
	})
	if !present {
		return nil
	}
	return out
}

func (s *Sandbox) readWeight(in *input, so *stateOption) {
	in.key("multivariate_feature_option", &so.option, s.options.has, required)
	in.percent("percentage_allocation", &so.percent, required, between(0, 100))
}

// tooMuch adds floats in the order of the payload.
func (ws weights) tooMuch() answer {
	sum := 0.0
	for _, w := range ws {
		sum += w.percent
	}
	if sum > 100 {
		return nonField("Multivariate percentage values exceed 100%.")
	}
	return answer{}
}

// saveWeights replaces a state's weights, one by one: a row is found by its id, whosever it is, others are made, those
// left out are deleted at the end. Two rows for one option are an error that leaves what was saved before it. An option of
// another feature is fine.
func (s *Sandbox) saveWeights(st *featureState, ws weights) answer {
	if ws == nil {
		return answer{}
	}
	kept := map[int64]bool{}
	errs, failed := make([]any, len(ws)), false
	for i, w := range ws {
		row := s.stateOptions.get(w.id)
		so := stateOption{}
		if row != nil {
			so = *row
		}
		in := newInput(w.body, row != nil)
		s.readWeight(in, &so)
		if errs[i] = in.errs; len(in.errs) > 0 {
			failed = true
			continue
		}
		so.state = st.id
		if s.stateOptions.first(func(o *stateOption) bool { return o.state == st.id && o.option == so.option && o.id != so.id }) != nil {
			return bad([]string{"{'__all__': ['Multivariate feature state value with this Feature state and Multivariate feature option already exists.']}"})
		}
		if row != nil {
			*row = so
		} else {
			s.stateOptions.add(&so)
		}
		kept[so.id] = true
	}
	if failed {
		return bad(fields{"multivariate_feature_state_values": errs})
	}
	s.stateOptions.dropWhere(func(so *stateOption) bool { return so.state == st.id && !kept[so.id] })
	return answer{}
}

// deleteDefaultState leaves the flag without a state.
func (s *Sandbox) deleteDefaultState(r *request) answer {
	st, a := s.directly(r)
	if st == nil {
		return a
	}
	s.dropState(st)
	return gone()
}

func duplicateState() answer {
	return bad([]string{"['Feature state already exists for this environment, feature, version, segment & identity combination']"})
}

func (s *Sandbox) createDefaultState(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	v, given := r.data().get("feature")
	id, isID := toInt(v)
	if given && v != nil && !isID {
		return crash()
	}
	if !given || v == nil || s.features.get(id) == nil || s.features.get(id).project != e.project {
		return forbidden() // permission is decided by the feature
	}
	if e.v2 {
		return v2Only()
	}
	return s.insertState(r, e, s.features.get(id), s.showState)
}

// insertState makes a default state that does not exist, out of a body whose value may be plain or an object.
func (s *Sandbox) insertState(r *request, e *environment, f *feature, show func(*featureState) fields) answer {
	now := time.Now()
	st := featureState{feature: f.id, environment: e.id, uuid: newUUID(), enabled: f.defaultEnabled, value: initialValue(f.initial),
		created: now, updated: now, liveFrom: &now}
	in := r.input(true)
	in.flag("enabled", &st.enabled)
	weights := s.readWeights(in)
	if nested, ok := r.data().get("feature_state_value"); ok && pyType(nested) == "dict" {
		s.readValue(in, &st)
	} else if a := s.writeValue(r, &st); a.status != 0 {
		return a
	}
	if a := in.bad(); a.status != 0 {
		return a
	}
	if a := weights.tooMuch(); a.status != 0 {
		return a
	}
	if s.defaultState(f.id, e.id) != nil {
		return duplicateState()
	}
	s.states.add(&st)
	for _, o := range s.options.where(func(o *option) bool { return o.feature == f.id }) {
		s.stateOptions.add(&stateOption{state: st.id, option: o.id, percent: o.percent})
	}
	if a := s.saveWeights(&st, weights); a.status != 0 {
		return a
	}
	return created(show(&st))
}

// readValue reads a value that is an object.
func (s *Sandbox) readValue(in *input, st *featureState) {
	v, _, ok := in.value("feature_state_value", false, nil)
	if !ok {
		return
	}
	nested := newInput(v, in.partial)
	st.value.read(nested)
	if len(nested.errs) > 0 {
		in.failWith("feature_state_value", nested.errs)
	}
}

// listStates lists defaults and overrides together.
func (s *Sandbox) listStates(r *request) answer {
	q := r.URL.Query()
	id, isID := pyInt(q.Get("environment"))
	if !isID || !s.environments.has(id) {
		return forbidden()
	}
	in := newInput(&dict{}, false)
	filter := func(name string, exists func(int64) bool) (id int64, given bool) {
		if q.Get(name) == "" {
			return 0, false
		}
		id, ok := pyInt(q.Get(name))
		if !ok || !exists(id) {
			in.fail(name, "Select a valid choice. That choice is not one of the available choices.")
		}
		return id, true
	}
	feature, byFeature := filter("feature", s.features.has)
	override, byOverride := filter("feature_segment", s.overrides.has)
	if a := in.bad(); a.status != 0 {
		return a
	}
	all := s.states.where(func(st *featureState) bool {
		return st.environment == id && (!byFeature || st.feature == feature) &&
			(!byOverride || st.override != nil && *st.override == override)
	})
	return s.fixedPage(r, render(all, s.showStateObject))
}

func (s *Sandbox) createState(r *request) answer {
	v, _ := r.data().get("environment")
	id, ok := toInt(v)
	if !ok || !s.environments.has(id) {
		return forbidden()
	}
	e := s.environments.get(id)
	if e.v2 && !r.data().has("environment_feature_version") {
		return v2Only()
	}
	v, _ = r.data().get("feature")
	feature, ok := toInt(v)
	if !ok || !s.features.has(feature) {
		return forbidden() // permission is decided by the feature, too
	}
	if s.features.get(feature).project != e.project {
		return invalid("feature", "Feature does not exist in project")
	}
	return s.insertState(r, e, s.features.get(feature), s.showStateObject)
}

// updateState needs the environment even in a PATCH, where the real server crashes without it.
func (s *Sandbox) updateState(r *request) answer {
	st, a := lookup(r, "id", &s.states, "FeatureState", every)
	if st == nil {
		return a
	}
	if s.environments.get(st.environment).v2 {
		return v2Only()
	}
	in, changed := r.input(r.Method == "PATCH"), *st
	s.readValue(in, &changed)
	probe := *st
	if a := s.saveState(in, &probe); a.status != 0 {
		return a
	}
	if !in.data.has("environment") {
		return crash()
	}
	probe.value = changed.value
	*st = probe
	return ok(s.showStateObject(st))
}

func (s *Sandbox) stateByUUID(r *request) answer {
	st, a := byUUID(r, &s.states, "FeatureState", func(st *featureState) string { return st.uuid })
	if st == nil {
		return a
	}
	return ok(s.showStateObject(st))
}
