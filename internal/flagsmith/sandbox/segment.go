package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segment is found by its id while versionOf is that id: older revisions, and a segment whose version_of was overwritten,
// are hidden.
type segment struct {
	id, project        int64
	uuid, name         string
	description        *string
	feature, versionOf *int64
	created, updated   time.Time
}

func (g *segment) key() *int64 { return &g.id }

func (g *segment) live() bool { return g.versionOf != nil && *g.versionOf == g.id }

// segmentRule belongs to a segment (parent 0) or to a rule of it.
type segmentRule struct {
	id, segment, parent int64
	kind                string
	touched             int64 // when it was last written: the database lists it there
}

func (u *segmentRule) key() *int64 { return &u.id }

// condition belongs to a rule of either level. Its value is text, whatever was sent.
type condition struct {
	id, rule                     int64
	operator                     string
	property, value, description *string
}

func (c *condition) key() *int64 { return &c.id }

var operators = []string{"EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE",
	"CONTAINS", "NOT_CONTAINS", "REGEX", "PERCENTAGE_SPLIT", "MODULO", "IS_SET", "IS_NOT_SET", "IN"}

const maxConditions = 100

func (s *Sandbox) segmentRoutes() {
	s.route("/projects/{project}/segments/", methods{"GET": s.listSegments, "POST": s.createSegment})
	s.route("/projects/{project}/segments/{id}/", methods{"GET": s.readSegment, "PUT": s.updateSegment, "PATCH": s.updateSegment, "DELETE": s.deleteSegment})
	s.route("/projects/{project}/segments/{id}/clone/", methods{"POST": s.cloneSegment})
	s.route("/projects/{project}/segments/{id}/associated-features/", methods{"GET": s.associatedFeatures})
	s.route("/segments/get-by-uuid/{uuid}/", methods{"GET": s.segmentByUUID})
}

func (s *Sandbox) showSegment(g *segment) fields {
	rules := []any{}
	for _, u := range s.rulesOf(g.id, 0) {
		out := s.showRule(u)
		inner := []any{}
		for _, i := range s.rulesOf(g.id, u.id) {
			inner = append(inner, s.showRule(i))
		}
		out["rules"] = inner
		rules = append(rules, out)
	}
	return fields{"id": g.id, "uuid": g.uuid, "created_at": stamp(g.created), "updated_at": stamp(g.updated), "name": g.name,
		"description": g.description, "project": g.project, "feature": g.feature, "version_of": g.versionOf, "rules": rules,
		"metadata": s.metadataOf("segment", g.id), "membership_counts": []any{}, "managed_by": ""}
}

// showRule has the conditions the other way round: the server has them in no order.
func (s *Sandbox) showRule(u *segmentRule) fields {
	conditions := s.conditionsOf(u.id)
	slices.Reverse(conditions)
	return fields{"id": u.id, "type": u.kind, "conditions": render(conditions, func(c *condition) fields {
		return fields{"id": c.id, "operator": c.operator, "property": c.property, "value": c.value, "description": c.description}
	})}
}

func (s *Sandbox) rulesOf(segment, parent int64) []*segmentRule {
	all := s.rules.where(func(u *segmentRule) bool { return u.segment == segment && u.parent == parent })
	slices.SortStableFunc(all, func(a, b *segmentRule) int { return cmp.Compare(a.touched, b.touched) })
	return all
}

func (s *Sandbox) conditionsOf(rule int64) []*condition {
	return s.conditions.where(func(c *condition) bool { return c.rule == rule })
}

func (s *Sandbox) segmentsOf(project int64) []*segment {
	return s.segments.where(func(g *segment) bool { return g.project == project && g.live() })
}

func (s *Sandbox) segment(r *request) (*segment, answer) {
	p, a := s.projectOr(r, forbidden())
	if p == nil {
		return nil, a
	}
	return lookup(r, "id", &s.segments, "Segment", func(g *segment) bool { return g.project == p.id && g.live() })
}

func (s *Sandbox) listSegments(r *request) answer {
	p, a := s.projectOr(r, forbidden())
	if p == nil {
		return a
	}
	q := r.URL.Query()
	specific := true
	if v := q.Get("include_feature_specific"); v != "" {
		in := newInput(&dict{values: map[string]any{"include_feature_specific": v}}, false)
		if in.flag("include_feature_specific", &specific); len(in.errs) > 0 {
			return in.bad()
		}
	}
	if q.Get("identity") != "" {
		return crash() // there are no identities
	}
	var all []*segment
	for _, g := range s.segmentsOf(p.id) {
		if strings.Contains(strings.ToLower(g.name), strings.ToLower(strip(q.Get("q")))) && (specific || g.feature == nil) {
			all = append(all, g)
		}
	}
	return s.chosenPage(r, render(all, s.showSegment))
}

// ruleInput is a rule of a body.
type ruleInput struct {
	id         int64
	kind       string
	rules      []ruleInput
	conditions []conditionInput
}

type conditionInput struct {
	id int64
	condition
	noProperty bool
}

// tidy does to the rules of a body what the real server does first: it drops rules and conditions marked for deletion,
// puts empty lists where there are none, and crashes (ok is false) on what is no list of objects.
func tidy(v any) (rules []any, depth int, ok bool) {
	list, ok := objects(v)
	for _, u := range list {
		conditions, isList := objects(orDefault(u, "conditions"))
		inner, below, innerOK := tidy(orDefault(u, "rules"))
		if ok = ok && isList && innerOK; !ok {
			return nil, 0, false
		}
		if truthy(u.values["delete"]) {
			continue
		}
		kept := []any{}
		for _, c := range conditions {
			if !truthy(c.values["delete"]) {
				kept = append(kept, c)
			}
		}
		u.set("conditions", kept)
		u.set("rules", inner)
		rules, depth = append(rules, u), max(depth, 1+below)
	}
	if rules == nil {
		rules = []any{}
	}
	return rules, depth, ok
}

func orDefault(d *dict, key string) any {
	if v, ok := d.get(key); ok {
		return v
	}
	return []any{}
}

// objects is a list of objects; an empty string or object is an empty one.
func objects(v any) (all []*dict, ok bool) {
	list, isList := v.([]any)
	if !isList {
		return nil, v != nil && !truthy(v) && pyType(v) != "bool" && pyType(v) != "int" && pyType(v) != "float"
	}
	for _, e := range list {
		d, isObject := e.(*dict)
		if !isObject {
			return nil, false
		}
		all = append(all, d)
	}
	return all, true
}

// readRules reads the rules of one level.
func readRules(in *input, level int) []ruleInput {
	var out []ruleInput
	in.list("rules", func(item *input) {
		u := ruleInput{id: idIn(item)}
		item.text("type", &u.kind, required, oneOf("ALL", "ANY", "NONE"))
		if level == 1 {
			u.rules = readRules(item, 2)
		}
		item.list("conditions", func(item *input) { u.conditions = append(u.conditions, readCondition(item)) })
		out = append(out, u)
	})
	return out
}

// readCondition reads a condition. The value is str() of what was sent, twice: an absent one and null are "None".
func readCondition(in *input) conditionInput {
	v, _ := in.data.get("value")
	in.data.set("value", pyStr(v))
	c := conditionInput{id: idIn(in), noProperty: !in.data.has("property")}
	in.text("operator", &c.operator, required, oneOf(operators...))
	in.nullText("property", &c.property, upTo(1000))
	in.nullText("value", &c.value, blank, upTo(1000))
	in.nullText("description", &c.description, blank)
	return c
}

func idIn(in *input) int64 {
	v, _ := in.data.get("id")
	id, _ := toInt(v)
	return id
}

// readSegmentInto reads a body into g. Rules are nil where it has none.
func (s *Sandbox) readSegmentInto(r *request, g *segment) ([]ruleInput, []metadataValue, answer) {
	if _, ok := r.body.(*dict); !ok && r.body != nil {
		return nil, nil, crash()
	}
	in := r.input(r.Method == "PATCH")
	hasRules := in.data.has("rules")
	if hasRules {
		rules, depth, ok := tidy(in.data.values["rules"])
		if !ok {
			return nil, nil, crash()
		}
		if depth > 2 {
			return nil, nil, bad(fields{"segment": []string{"Rules must not be nested more than 2 levels deep."}})
		}
		in.data.set("rules", rules)
	}
	in.text("name", &g.name, required, upTo(2000))
	in.nullText("description", &g.description, blank)
	in.nullKey("feature", &g.feature, s.features.has)
	in.nullKey("version_of", &g.versionOf, s.segments.has)
	var rules []ruleInput
	if rules = readRules(in, 1); hasRules && len(rules) == 0 {
		in.failWith("rules", fields{"non_field_errors": []string{"This list may not be empty."}})
	}
	in.value("rules", true, []rule{required})
	values := s.readMetadata(in)
	if a := in.bad(); a.status != 0 {
		return nil, nil, a
	}
	if a := s.missingMetadata("segment", g.project, values); a.status != 0 {
		return nil, nil, a
	}
	n, broken := count(rules)
	if n > maxConditions {
		return nil, nil, bad(fields{"segment": []string{"The segment has " + strconv.Itoa(n) +
			" conditions, which exceeds the maximum condition count of 100."}})
	}
	if broken {
		return nil, nil, crash()
	}
	return rules, values, answer{}
}

// count adds the conditions up and tells whether a part is missing that the real server takes for granted.
func count(rules []ruleInput) (n int, broken bool) {
	for _, u := range rules {
		broken = broken || u.kind == ""
		for _, c := range u.conditions {
			n++
			broken = broken || c.noProperty || c.operator == ""
		}
		inner, b := count(u.rules)
		n, broken = n+inner, broken || b
	}
	return n, broken
}

func (s *Sandbox) createSegment(r *request) answer {
	p, a := s.projectOr(r, forbidden())
	if p == nil {
		return a
	}
	g := segment{project: p.id}
	rules, values, a := s.readSegmentInto(r, &g)
	if a.status != 0 {
		return a
	}
	g.uuid, g.created, g.updated = newUUID(), time.Now(), time.Now()
	s.segments.add(&g)
	g.versionOf = ptr(g.id)
	s.saveRules(rules, g.id, 0)
	s.setMetadata("segment", g.id, values)
	return created(s.showSegment(&g))
}

func (s *Sandbox) readSegment(r *request) answer {
	g, a := s.segment(r)
	if g == nil {
		return a
	}
	return ok(s.showSegment(g))
}

func (s *Sandbox) segmentByUUID(r *request) answer {
	g, a := byUUID(r, &s.segments, "Segment", func(g *segment) string { return g.uuid })
	if g == nil {
		return a
	}
	return ok(s.showSegment(g))
}

func (s *Sandbox) updateSegment(r *request) answer {
	g, a := s.segment(r)
	if g == nil {
		return a
	}
	changed := *g
	rules, values, a := s.readSegmentInto(r, &changed)
	if a.status != 0 {
		return a
	}
	s.keepRevision(g)
	changed.updated = time.Now()
	*g = changed
	if rules != nil {
		s.saveRules(rules, g.id, 0)
	}
	s.setMetadata("segment", g.id, values)
	return ok(s.showSegment(g))
}

// keepRevision takes the ids that the revision of every update takes: a segment's, and one per rule and condition.
func (s *Sandbox) keepRevision(g *segment) {
	s.segments.last++
	for _, u := range s.rules.where(func(u *segmentRule) bool { return u.segment == g.id }) {
		s.rules.last++
		s.conditions.last += int64(len(s.conditionsOf(u.id)))
	}
}

// saveRules replaces the rules below a parent: by id where a row has it, whosever it is; others are made, those left out
// are deleted.
func (s *Sandbox) saveRules(rules []ruleInput, segment, parent int64) {
	kept := map[int64]bool{}
	for _, in := range rules {
		u := s.rules.get(in.id)
		if u == nil {
			u = s.rules.add(&segmentRule{})
		}
		u.segment, u.parent, u.kind, u.touched = segment, parent, in.kind, s.tick()
		kept[u.id] = true
		s.saveRules(in.rules, segment, u.id)
		s.saveConditions(in.conditions, u.id)
	}
	for _, u := range s.rulesOf(segment, parent) {
		if !kept[u.id] {
			s.dropRule(u)
		}
	}
}

func (s *Sandbox) saveConditions(conditions []conditionInput, rule int64) {
	kept := map[int64]bool{}
	for _, in := range conditions {
		c := in.condition
		if s.conditions.has(in.id) {
			c.id = in.id
			c.rule = rule
			*s.conditions.get(in.id) = c
		} else {
			c.rule = rule
			s.conditions.add(&c)
		}
		kept[c.id] = true
	}
	s.conditions.dropWhere(func(c *condition) bool { return c.rule == rule && !kept[c.id] })
}

func (s *Sandbox) dropRule(u *segmentRule) {
	for _, inner := range s.rulesOf(u.segment, u.id) {
		s.dropRule(inner)
	}
	s.conditions.dropWhere(func(c *condition) bool { return c.rule == u.id })
	s.rules.drop(u.id)
}

func (s *Sandbox) deleteSegment(r *request) answer {
	g, a := s.segment(r)
	if g == nil {
		return a
	}
	s.dropSegment(g)
	return gone()
}

// dropSegment takes the overrides along and leaves gaps in the priorities of the others.
func (s *Sandbox) dropSegment(g *segment) {
	s.segments.drop(g.id)
	for _, u := range s.rulesOf(g.id, 0) {
		s.dropRule(u)
	}
	for _, o := range s.overrides.where(func(o *featureSegment) bool { return o.segment == g.id }) {
		s.dropOverride(o)
	}
	s.setMetadata("segment", g.id, nil)
}

func (s *Sandbox) cloneSegment(r *request) answer {
	g, a := s.segment(r)
	if g == nil {
		return a
	}
	clone := *g
	in := r.input(false)
	in.text("name", &clone.name, required, upTo(2000))
	if a := in.bad(); a.status != 0 {
		return a
	}
	clone.uuid, clone.created, clone.updated = newUUID(), time.Now(), time.Now()
	c := s.segments.add(&clone)
	c.versionOf = ptr(c.id)
	s.copyRules(g.id, 0, c.id, 0)
	s.setMetadata("segment", c.id, s.valuesOf("segment", g.id))
	return created(s.showSegment(c))
}

func (s *Sandbox) copyRules(segment, parent, toSegment, toParent int64) {
	for _, u := range s.rulesOf(segment, parent) {
		c := s.rules.add(&segmentRule{segment: toSegment, parent: toParent, kind: u.kind, touched: s.tick()})
		s.copyRules(segment, u.id, toSegment, c.id)
		for _, cond := range s.conditionsOf(u.id) {
			copied := *cond
			copied.rule = c.id
			s.conditions.add(&copied)
		}
	}
}

func (s *Sandbox) associatedFeatures(r *request) answer {
	g, a := s.segment(r)
	if g == nil {
		return a
	}
	text := r.URL.Query().Get("environment")
	env, filtered := pyInt(text)
	if text != "" && !filtered {
		return invalid("environment", "A valid integer is required.")
	}
	states := s.states.where(func(st *featureState) bool {
		return st.override != nil && s.overrides.get(*st.override).segment == g.id && (!filtered || st.environment == env)
	})
	return s.chosenPage(r, render(states, func(st *featureState) fields {
		return fields{"id": st.id, "feature": st.feature, "environment": st.environment}
	}))
}
