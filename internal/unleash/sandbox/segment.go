package sandbox

import (
	"slices"
	"time"
)

// segment is a list of constraints that strategies share.
type segment struct {
	id                   int
	name                 string
	description, project *string
	constraints          []any
	created              time.Time
	written              int // when, compared with others
}

var segmentBody = shape("name constraints", prop{"name", text}, prop{"description", nullText}, prop{"project", nullText},
	prop{"constraints", list(constraintBody)})

func (s *Sandbox) segmentRoutes() {
	s.handle("GET /segments", 200, nil, s.listSegments)
	s.handle("POST /segments", 201, segmentBody, s.createSegment)
	s.handle("POST /segments/validate", 204, exactly(shape("name", prop{"name", text})), s.validateSegment)
	s.handle("GET /segments/strategies/{strategy}", 200, nil, s.segmentsOfStrategy)
	s.handle("POST /segments/strategies", 201, shape("projectId strategyId environmentId segmentIds", prop{"projectId", text}, prop{"strategyId", text},
		prop{"environmentId", text}, prop{"segmentIds", list(atLeast(0, *integer))}), s.setSegments)
	s.handle("GET /segments/{id}", 200, nil, s.readSegment)
	s.handle("PUT /segments/{id}", 204, segmentBody, s.updateSegment)
	s.handle("DELETE /segments/{id}", 204, nil, s.deleteSegment)
	s.handle("GET /segments/{id}/strategies", 200, nil, s.strategiesOfSegment)
}

func (g *segment) show() object {
	o := object{"id": g.id, "name": g.name, "description": orNil(g.description), "constraints": g.constraints, "createdBy": "admin", "createdAt": stamp(g.created)}
	if g.project != nil {
		o["project"] = *g.project
	}
	return o
}

// users are the strategies that use a segment. Those of archived flags do not count.
func (s *Sandbox) usersOf(id int) []*strategy {
	return s.strategies.where(func(st *strategy) bool {
		return slices.Contains(st.segmentIDs(), id) && s.features.get(st.feature).archived == nil
	})
}

func (s *Sandbox) listSegments(*request) (any, error) {
	all := s.segments.where(nil)
	slices.SortStableFunc(all, func(a, b *segment) int { return localeCompare(a.name, b.name) })
	return object{"segments": render(all, func(g *segment) object {
		features, projects := map[string]bool{}, map[string]bool{}
		for _, st := range s.usersOf(g.id) {
			features[st.feature], projects[st.project] = true, true
		}
		o := g.show()
		o["usedInFeatures"], o["usedInProjects"] = len(features), len(projects)
		return o
	})}, nil
}

func (s *Sandbox) pathSegment(r *request) (*segment, error) {
	if err := pathInteger(r); err != nil {
		return nil, err
	}
	if err := checkInt32(`select from "segments" where "id" = $1`, r.PathValue("id")); err != nil {
		return nil, err
	}
	if g := s.segments.get(r.pathInt("id")); g != nil {
		return g, nil
	}
	return nil, notFound(`No segment exists with ID "%d"`, r.pathInt("id"))
}

// pathInteger refuses an id in the path that is no number: before anything else.
func pathInteger(r *request) error {
	if _, problems := integer.check("/params/id", r.PathValue("id")); len(problems) > 0 {
		return invalid(problems)
	}
	return nil
}

func (s *Sandbox) readSegment(r *request) (any, error) {
	g, err := s.pathSegment(r)
	if err != nil {
		return nil, err
	}
	return g.show(), nil
}

func (s *Sandbox) checkSegmentName(name string) error {
	switch {
	case name == "":
		return badData("Segment name cannot be empty")
	case s.segments.first(func(g *segment) bool { return g.name == name }) != nil:
		return nameExists("Segment name already exists")
	}
	return nil
}

func (s *Sandbox) validateSegment(r *request) (any, error) {
	return nil, s.checkSegmentName(str(r.data(), "name"))
}

// readSegmentBody takes over a body. What it leaves out keeps the description but removes the project.
func (s *Sandbox) readSegmentBody(g *segment, data object) error {
	if str(data, "name") == "" {
		return joi("%q is not allowed to be empty", nil, "name")
	}
	constraints, err := s.checkConstraints(items(data, "constraints"), "constraints")
	if err != nil {
		return err
	}
	if count(constraints) > s.limits.SegmentValues {
		return badData("Segments may not have more than %d values", s.limits.SegmentValues)
	}
	g.constraints = constraints
	if _, ok := data["description"]; ok {
		g.description = optional(data, "description")
	}
	if g.project = optional(data, "project"); g.project != nil && *g.project == "" {
		g.project = nil
	}
	return nil
}

func (s *Sandbox) createSegment(r *request) (any, error) {
	if len(s.segments.order) >= s.limits.Segments {
		return nil, exceeds("segment", s.limits.Segments)
	}
	g := &segment{name: str(r.data(), "name"), created: now()}
	if err := s.readSegmentBody(g, r.data()); err != nil {
		return nil, err
	}
	if err := s.checkSegmentName(g.name); err != nil {
		return nil, err
	}
	s.lastSegment++ // the sequence moves on even where the insertion fails
	if g.project != nil && !s.projects.has(*g.project) {
		return nil, unknown(`insert into "segments" ("constraints", "created_by", "description", "id", "name", "segment_project_id") ` +
			`values ($1, $2, DEFAULT, DEFAULT, $3, $4) returning "id", "name", "description", "segment_project_id", "created_by", "created_at", "constraints" - ` +
			`insert or update on table "segments" violates foreign key constraint "segments_segment_project_id_fkey"`)
	}
	g.id, g.written = s.lastSegment, s.tick()
	s.segments.put(g.id, g)
	s.event("segment-created", str(r.data(), "project"), "")
	return g.show(), nil
}

func (s *Sandbox) updateSegment(r *request) (any, error) {
	if err := pathInteger(r); err != nil {
		return nil, err
	}
	var changed segment
	if err := s.readSegmentBody(&changed, r.data()); err != nil {
		return nil, err
	}
	g, err := s.pathSegment(r)
	if err != nil {
		return nil, err
	}
	name := str(r.data(), "name")
	if name != g.name {
		if err := s.checkSegmentName(name); err != nil {
			return nil, err
		}
	}
	var used []string
	for _, st := range s.usersOf(g.id) {
		if !slices.Contains(used, st.project) {
			used = append(used, st.project)
		}
	}
	if p := changed.project; p != nil && (len(used) > 1 || len(used) == 1 && used[0] != *p) {
		return nil, badData("Invalid project. Segment is being used by strategies in other projects: %s", join(used))
	}
	if p := changed.project; p != nil && !s.projects.has(*p) {
		return nil, unknown(`update "segments" - insert or update on table "segments" violates foreign key constraint "segments_segment_project_id_fkey"`)
	}
	changed.id, changed.name, changed.created, changed.written = g.id, name, g.created, s.tick()
	if _, ok := r.data()["description"]; !ok {
		changed.description = g.description
	}
	*g = changed
	s.event("segment-updated", str(r.data(), "project"), "")
	return nil, nil
}

func (s *Sandbox) deleteSegment(r *request) (any, error) {
	g, err := s.pathSegment(r)
	if err != nil {
		return nil, err
	}
	if len(s.usersOf(g.id)) > 0 {
		return nil, &failure{status: 409, empty: true}
	}
	s.segments.drop(g.id)
	for _, st := range s.strategies.where(nil) {
		st.segments = slices.DeleteFunc(st.segments, func(x *segment) bool { return x == g })
	}
	s.event("segment-deleted", "", "")
	return nil, nil
}

func (s *Sandbox) segmentsOfStrategy(r *request) (any, error) {
	var all []*segment
	if st := s.strategies.get(r.PathValue("strategy")); st != nil {
		st.segmentIDs() // sorts
		all = st.segments
	}
	return object{"segments": render(all, (*segment).show)}, nil
}

func (s *Sandbox) setSegments(r *request) (any, error) {
	ids := items(r.data(), "segmentIds")
	if len(ids) > s.limits.StrategySegments {
		return nil, badData("Strategies may not have more than %d segments", s.limits.StrategySegments)
	}
	st := s.strategies.get(str(r.data(), "strategyId"))
	if st == nil {
		if len(ids) == 0 {
			return r.data(), nil
		}
		return nil, unknown(`insert into "feature_strategy_segment" ("feature_strategy_id", "segment_id") values ($1, $2) - insert or update on table ` +
			`"feature_strategy_segment" violates foreign key constraint "feature_strategy_segment_feature_strategy_id_fkey"`)
	}
	if err := s.relink(st, ids); err != nil {
		return nil, err
	}
	return r.data(), nil
}

// brief is how strategies are listed where something is used.
func (st *strategy) brief() object {
	return object{"id": st.id, "projectId": st.project, "featureName": st.feature, "strategyName": st.name, "environment": st.environment}
}

func (s *Sandbox) strategiesOfSegment(r *request) (any, error) {
	g, err := s.pathSegment(r)
	if err != nil {
		return nil, err
	}
	return object{"strategies": render(s.usersOf(g.id), (*strategy).brief), "changeRequestStrategies": []any{}}, nil
}
