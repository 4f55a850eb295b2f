package sandbox

import (
	"slices"
)

// dependency is a flag's parent; a flag has one at most.
type dependency struct {
	feature  string
	enabled  bool
	variants []string
}

func (s *Sandbox) dependencyRoutes() {
	const one = "/projects/{project}/features/{feature}"
	s.handle("POST "+one+"/dependencies", 200, shape("feature", prop{"feature", text}, prop{"enabled", flag}, prop{"variants", list(text)}), s.addDependency)
	s.handle("DELETE "+one+"/dependencies", 200, nil, s.deleteDependencies)
	s.handle("DELETE "+one+"/dependencies/{parent}", 200, nil, s.deleteDependency)
	s.handle("GET "+one+"/parents", 200, nil, s.parentOptions)
	s.handle("GET "+one+"/parent-variants", 200, nil, s.parentVariants)
	s.handle("GET /projects/{project}/dependencies", 200, nil, s.anyDependency)
}

// children are the flags that depend on one.
func (s *Sandbox) children(parent string) []string {
	out := []string{}
	for _, f := range s.features.where(func(f *feature) bool { return f.parent != nil && f.parent.feature == parent }) {
		out = append(out, f.name)
	}
	return out
}

func (s *Sandbox) addDependency(r *request) (any, error) {
	child, parent := s.pathFeature(r), s.features.get(str(r.data(), "feature"))
	name, project := str(r.data(), "feature"), r.PathValue("project")
	switch {
	case name == r.PathValue("feature"):
		return nil, notAllowed("A feature flag cannot depend on itself.")
	case len(s.children(r.PathValue("feature"))) > 0:
		return nil, notAllowed("Transitive dependency detected. Cannot add a dependency to the feature that other features depend on.")
	case parent != nil && parent.parent != nil:
		return nil, notAllowed("Transitive dependency detected. Cannot add a dependency to the feature that has parent dependency.")
	case parent == nil, parent.archived != nil:
		return nil, notAllowed("No active feature %s exists", name)
	case child == nil, child.project != project, parent.project != project:
		return nil, notFound("Cannot add the dependency. Both the parent and the child feature must belong to project %q.", project)
	}
	child.parent = &dependency{feature: name, enabled: r.data()["enabled"] != false, variants: []string{}}
	if child.parent.enabled {
		child.parent.variants = texts(r.data(), "variants")
	}
	s.event("feature-dependency-added", project, "")
	return nil, nil
}

func (s *Sandbox) deleteDependency(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil || f.parent == nil || f.parent.feature != r.PathValue("parent") || f.project != r.PathValue("project") {
		return nil, notFound("No dependency on %q for feature %q in project %q.", r.PathValue("parent"), r.PathValue("feature"), r.PathValue("project"))
	}
	f.parent = nil
	s.event("feature-dependency-removed", f.project, "")
	return nil, nil
}

func (s *Sandbox) deleteDependencies(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil || f.parent == nil || f.project != r.PathValue("project") {
		return nil, notFound("Feature %q has no dependencies to remove in project %q.", r.PathValue("feature"), r.PathValue("project"))
	}
	f.parent = nil
	s.event("feature-dependencies-removed", f.project, "")
	return nil, nil
}

func (s *Sandbox) parentOptions(r *request) (any, error) {
	out := []string{}
	if child := s.pathFeature(r); child != nil {
		for _, f := range s.features.where(func(f *feature) bool {
			return f.project == child.project && f != child && f.parent == nil && f.archived == nil
		}) {
			out = append(out, f.name)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (s *Sandbox) parentVariants(r *request) (any, error) {
	var all []any
	name := r.PathValue("feature")
	for _, st := range s.strategies.where(func(st *strategy) bool { return st.feature == name }) {
		all = append(all, st.variants...)
	}
	if f := s.pathFeature(r); f != nil {
		for _, e := range f.environments {
			all = append(all, e.variants...)
		}
	}
	out := []string{}
	for _, v := range all {
		o, _ := v.(object)
		out = append(out, str(o, "name"))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (s *Sandbox) anyDependency(*request) (any, error) {
	return s.features.first(func(f *feature) bool { return f.parent != nil }) != nil, nil
}
