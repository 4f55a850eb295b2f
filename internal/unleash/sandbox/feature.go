package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// feature is a flag. Names are unique over all projects, archived flags included.
type feature struct {
	name, kind, project string
	description         *string
	stale, impression   bool
	created             time.Time
	archived            *time.Time
	environments        map[string]*featureEnvironment
	tags                []tag
	links               []*link
	parent              *dependency

	lifecycle []object  // stages, as far as they are worked up
	pending   string    // the stage that is to be worked up
	since     time.Time // and since when
}

// featureEnvironment is a flag in an environment of its project. Strategies are kept apart from it: they survive when
// the environment leaves the project, whether it was on does not.
type featureEnvironment struct {
	enabled  bool
	variants []any // legacy ones
}

var (
	featureKind       = &schema{enum: []string{"experiment", "kill-switch", "release", "operational", "permission", "sunset"}}
	createFeatureBody = shape("name", prop{"name", text}, prop{"type", featureKind}, prop{"description", nullText}, prop{"impressionData", flag},
		prop{"tags", list(tagBody)})
	updateFeatureBody = shape("", prop{"description", text}, prop{"type", featureKind}, prop{"stale", flag}, prop{"archived", flag},
		prop{"impressionData", flag})
	namesBody = shape("features", prop{"features", list(text)})
	staleBody = shape("features stale", prop{"features", list(text)}, prop{"stale", flag})
)

func (s *Sandbox) featureRoutes() {
	s.handle("GET /projects/{project}/features", 200, nil, s.listFeatures)
	s.handle("POST /projects/{project}/features", 201, createFeatureBody, s.createFeature)
	s.handleAny("POST /projects/{project}/features/{feature}/clone", 201, shape("name", prop{"name", text}, prop{"replaceGroupId", flag}), s.cloneFeature)
	s.handle("GET /projects/{project}/features/{feature}", 200, nil, s.readFeature)
	s.handle("PUT /projects/{project}/features/{feature}", 200, updateFeatureBody, s.updateFeature)
	s.handle("PATCH /projects/{project}/features/{feature}", 200, patchBody, s.patchFeature)
	s.handle("DELETE /projects/{project}/features/{feature}", 202, nil, s.archiveFeature)
	s.handle("POST /projects/{project}/stale", 202, staleBody, s.staleFeatures)
	s.handle("POST /projects/{project}/archive/validate", 200, namesBody, s.validateArchive)
	s.handle("POST /projects/{project}/archive", 202, namesBody, s.archiveFeatures)
	s.handleAny("POST /projects/{project}/revive", 200, namesBody, s.reviveFeatures)
	s.handleAny("POST /projects/{project}/delete", 200, namesBody, s.deleteFeatures)
	s.handle("DELETE /archive/{feature}", 200, nil, s.deleteFeature)
	s.handleAny("POST /archive/revive/{feature}", 200, nil, s.reviveFeature)
	s.handle("POST /features/validate", 200, shape("name", prop{"name", text}, prop{"projectId", nullText}), s.validateFeature)
	lifecycle := "/projects/{project}/features/{feature}/lifecycle"
	s.handle("GET "+lifecycle, 200, nil, s.readLifecycle)
	s.handleAny("POST "+lifecycle+"/complete", 200, exactly(shape("status", prop{"status", enum("kept", "discarded")}, prop{"statusValue", text})), s.completeLifecycle)
	s.handleAny("POST "+lifecycle+"/uncomplete", 200, nil, s.uncompleteLifecycle)
	s.handle("POST /projects/{project}/features/{feature}/favorites", 200, nil, noFavorites)
	s.handle("DELETE /projects/{project}/features/{feature}/favorites", 200, nil, noFavorites).anyType = false
}

// pathFeature is the flag of the path whatever its project, archived or not, or nil.
func (s *Sandbox) pathFeature(r *request) *feature { return s.features.get(r.PathValue("feature")) }

// ownFeature is the flag of the path, if it is in the project of the path.
func (s *Sandbox) ownFeature(r *request) (*feature, error) {
	f, name, project := s.pathFeature(r), r.PathValue("feature"), r.PathValue("project")
	switch {
	case f == nil:
		return nil, notFound("There's no feature named %q in project %q.", name, project)
	case f.project != project:
		return nil, notFound("There's no feature named %q in project %q, but there's a feature with that name in project %q", name, project, f.project)
	}
	return f, nil
}

// connect gives a flag its rows for the environments of its project.
func (s *Sandbox) connect(f *feature) {
	f.environments = map[string]*featureEnvironment{}
	if p := s.projects.get(f.project); p != nil {
		for _, e := range p.environments {
			f.environments[e.name] = &featureEnvironment{variants: []any{}}
		}
	}
}

// short is the flag as writing it answers.
func (f *feature) short() object {
	o := object{"name": f.name, "description": orNil(f.description), "type": f.kind, "project": f.project, "stale": f.stale,
		"createdAt": stamp(f.created), "impressionData": f.impression, "archived": f.archived != nil}
	if f.archived != nil {
		o["archivedAt"] = stamp(*f.archived)
	}
	return o
}

// tokenUser is who wrote what was written with an admin token.
func tokenUser() object {
	return object{"id": -42, "name": "Unleash Admin Token User", "imageUrl": gravatar("-42")}
}

func (s *Sandbox) readFeature(r *request) (any, error) {
	f, err := s.ownFeature(r)
	switch {
	case err != nil:
		return nil, err
	case f.archived != nil:
		return nil, notFound("Could not find feature flag with name %s", f.name)
	}
	withVariants := r.URL.Query().Get("variantEnvironments") == "true"
	o := f.short()
	envs := []any{}
	for _, e := range s.sortedEnvironments(f) {
		strategies := []any{}
		all := s.strategiesOf(f.name, e.name)
		slices.Reverse(all) // the server sorts by sortOrder alone what its database has in no order
		slices.SortStableFunc(all, bySortOrder)
		for _, st := range all {
			strategies = append(strategies, object{"name": st.name, "constraints": st.constraints, "variants": st.variants, "parameters": st.parameters,
				"segments": st.segmentIDs(), "sortOrder": st.sortOrder, "id": st.id, "title": orNil(st.title), "disabled": st.off()})
		}
		env := object{"name": e.name, "lastSeenAt": nil, "enabled": f.environments[e.name].enabled, "yes": 0, "no": 0, "type": e.kind,
			"sortOrder": e.sortOrder, "strategies": strategies}
		if withVariants {
			env["variants"] = f.environments[e.name].variants
		}
		envs = append(envs, env)
	}
	o["environments"], o["createdBy"], o["collaborators"] = envs, tokenUser(), object{"users": []any{tokenUser()}}
	if s.workUp(f); len(f.lifecycle) > 0 {
		o["lifecycle"] = f.lifecycle[len(f.lifecycle)-1]
	}
	o["dependencies"], o["children"] = []any{}, s.children(f.name)
	if f.parent != nil {
		o["dependencies"] = []any{object{"feature": f.parent.feature, "enabled": f.parent.enabled, "variants": f.parent.variants}}
	}
	o["links"] = render(f.links, func(l *link) object {
		o := object{"id": l.id, "url": l.url, "title": orNil(l.title)}
		if !withVariants {
			o["feature"] = f.name
		}
		return o
	})
	return o, nil
}

// sortedEnvironments are the environments that a flag is in, in their order.
func (s *Sandbox) sortedEnvironments(f *feature) []*environment {
	all := s.environments.where(func(e *environment) bool { return f.environments[e.name] != nil })
	sortEnvironments(all)
	return all
}

// listFeatures lists the flags of a project. The real server sorts them in no particular way; neither does this.
func (s *Sandbox) listFeatures(r *request) (any, error) {
	prefix, project := strings.ToLower(r.URL.Query().Get("namePrefix")), r.PathValue("project")
	wanted := r.URL.Query()["tag"]
	out := []any{}
	for _, f := range s.features.where(func(f *feature) bool { return f.project == project && f.archived == nil }) {
		if !strings.HasPrefix(strings.ToLower(f.name), prefix) || len(wanted) > 0 && !slices.ContainsFunc(f.tags, func(t tag) bool {
			return slices.Contains(wanted, t.kind+":"+t.value)
		}) {
			continue
		}
		o := object{"type": f.kind, "description": orNil(f.description), "favorite": false, "name": f.name, "createdAt": stamp(f.created),
			"stale": f.stale, "impressionData": f.impression, "environments": s.overviewEnvironments(f)}
		if len(f.tags) > 0 {
			o["tags"] = render(f.tags, func(t tag) object { return object{"type": t.kind, "value": t.value} })
		}
		out = append(out, o)
	}
	return object{"version": 2, "features": out}, nil
}

// overviewEnvironments are a flag's environments without their strategies.
func (s *Sandbox) overviewEnvironments(f *feature) []any {
	return render(s.sortedEnvironments(f), func(e *environment) object {
		all := s.strategiesOf(f.name, e.name)
		return object{"name": e.name, "enabled": f.environments[e.name].enabled, "type": e.kind, "sortOrder": e.sortOrder,
			"variantCount": len(f.environments[e.name].variants), "lastSeenAt": nil, "hasStrategies": len(all) > 0,
			"hasEnabledStrategies": slices.ContainsFunc(all, func(st *strategy) bool { return !st.off() })}
	})
}

// checkFeatureName says whether a new flag may have a name.
func (s *Sandbox) checkFeatureName(name string) error {
	if err := checkName("name", name); err != nil {
		return err
	}
	switch f := s.features.get(name); {
	case f != nil && f.archived != nil:
		return nameExists("An archived flag with that name already exists")
	case f != nil:
		return nameExists("A flag with that name already exists")
	}
	return nil
}

func (s *Sandbox) validateFeature(r *request) (any, error) {
	if err := s.checkFeatureName(str(r.data(), "name")); err != nil {
		return nil, err
	}
	return nil, s.checkPattern(str(r.data(), "name"), str(r.data(), "projectId"))
}

func (s *Sandbox) checkPattern(name, projectID string) error {
	p := s.projects.get(projectID)
	if p == nil || p.naming.pattern == nil || *p.naming.pattern == "" {
		return nil
	}
	if fits, _ := regexp.MatchString("^"+*p.naming.pattern+"$", name); fits {
		return nil
	}
	message := `The feature flag name "` + name + `" does not match the project's naming pattern: "` + *p.naming.pattern + `".`
	if e := p.naming.example; e != nil && *e != "" {
		message += ` Here's an example of a name that does match the pattern: "` + *e + `"."`
	}
	if d := p.naming.description; d != nil && *d != "" {
		message += ` The pattern's description is: "` + *d + `"`
	}
	return &failure{status: 400, name: "PatternError", message: message, details: []object{{"message": "The flag name does not match the pattern."}}}
}

// mayCreate checks what is checked of every new flag, in the server's order.
func (s *Sandbox) mayCreate(name, projectID string) error {
	if err := s.checkFeatureName(name); err != nil {
		return err
	}
	if err := s.checkPattern(name, projectID); err != nil {
		return err
	}
	if p := s.projects.get(projectID); p != nil && p.featureLimit != nil && len(s.liveFeatures(projectID)) >= *p.featureLimit {
		return notAllowed("You have reached the maximum number of feature flags for this project.")
	}
	if len(s.features.where(func(f *feature) bool { return f.archived == nil })) >= s.limits.FeatureFlags {
		return exceeds("feature flag", s.limits.FeatureFlags)
	}
	if p := s.projects.get(projectID); p == nil || p.archived != nil {
		return notFound("Active project with id %s does not exist", projectID)
	}
	return nil
}

func (s *Sandbox) createFeature(r *request) (any, error) {
	data, name := r.data(), str(r.data(), "name")
	if err := s.mayCreate(name, r.PathValue("project")); err != nil {
		return nil, err
	}
	f := &feature{name: name, project: r.PathValue("project"), created: now()}
	if err := f.read(data); err != nil {
		return nil, err
	}
	if v := data["createdAt"]; v != nil {
		t, ok := parseDate(show(v))
		if !ok {
			return nil, joi("%q must be a valid date", v, "createdAt")
		}
		f.created = t
	}
	for _, v := range items(data, "tags") {
		t := readTag(v)
		if !s.tags.has(t) {
			return nil, unknown(`insert into "feature_tag" ("created_by_user_id", "feature_name", "tag_type", "tag_value") values ($1, $2, $3, $4) ` +
				`on conflict ("feature_name", "tag_type", "tag_value") do nothing returning "feature_name", "tag_type", "tag_value" - ` +
				`insert or update on table "feature_tag" violates foreign key constraint "feature_tag_tag_type_tag_value_fkey"`)
		}
		if !slices.Contains(f.tags, t) {
			f.tags = append(f.tags, t)
		}
	}
	s.connect(f)
	if err := checkVariants(items(data, "variants"), "variants"); err != nil {
		return nil, err
	}
	if variants := items(data, "variants"); len(variants) > 0 {
		for _, e := range f.environments {
			e.variants, _ = clone(variants).([]any)
		}
	}
	s.features.put(name, f)
	s.enters(f, "initial")
	s.event("feature-created", f.project, "")
	for _, t := range s.projects.get(f.project).linkTemplates {
		s.addLink(f, strings.NewReplacer("{{project}}", f.project, "{{feature}}", f.name).Replace(str(t, "urlTemplate")), optional(t, "title"))
	}
	return f.short(), nil
}

// read takes over a flag's metadata: what is left out goes back to its default, being archived included.
func (f *feature) read(data object) error {
	description := optional(data, "description")
	if v, ok := data["description"]; ok && v != nil && description == nil {
		return joi("%q must be a string", v, "description")
	}
	if description != nil && strings.ContainsRune(*description, 0) {
		return unknown(`update "features" set "name" = $1, "description" = $2, "type" = $3, "project" = $4, "archived_at" = $5, "stale" = $6, ` +
			`"impression_data" = $7 where "name" = $8 returning "name", "description", "type", "project", "stale", "created_at", "impression_data", ` +
			`"archived_at" - invalid byte sequence for encoding "UTF8": 0x00`)
	}
	if description != nil && *description == "" {
		description = nil
	}
	kind, err := joiText(data, "type", "release")
	flags := [3]bool{}
	for i, key := range []string{"stale", "archived", "impressionData"} {
		if err == nil {
			flags[i], err = joiFlag(data, key)
		}
	}
	if err != nil {
		return err
	}
	f.kind, f.description, f.stale, f.impression, f.archived = kind, description, flags[0], flags[2], nil
	if flags[1] {
		f.archived = ptr(now())
	}
	return nil
}

func (s *Sandbox) updateFeature(r *request) (any, error) {
	if name := r.data()["name"]; name != nil && name != "" && name != r.PathValue("feature") {
		return nil, badData("Cannot change name of feature flag")
	}
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, err
	}
	if err := f.read(r.data()); err != nil {
		return nil, err
	}
	s.event("feature-metadata-updated", f.project, "")
	return f.short(), nil
}

func (s *Sandbox) patchFeature(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("No feature flag found")
	}
	ops, _ := r.body.([]any)
	for _, op := range ops {
		if o, _ := op.(object); strings.Contains(str(o, "path"), "/variants") {
			return nil, &failure{status: 403, name: "OperationDeniedError",
				message: "Changing variants is done via PATCH operation to /api/admin/projects/:project/features/:feature/variants"}
		}
	}
	doc, err := applyPatch(f.short(), r.body)
	if err != nil {
		return nil, err
	}
	if f, err = s.ownFeature(r); err != nil {
		return nil, err
	}
	data, _ := doc.(object)
	name, _ := data["name"].(string)
	if err := checkName("name", name); err != nil {
		return nil, err
	}
	if err := f.read(data); err != nil {
		return nil, err
	}
	s.event("feature-metadata-updated", f.project, "")
	return f.short(), nil
}

func (s *Sandbox) cloneFeature(r *request) (any, error) {
	f, name := s.pathFeature(r), str(r.data(), "name")
	if f == nil || f.project != r.PathValue("project") {
		return nil, notFound("There's no feature named %q in project %q.", r.PathValue("feature"), r.PathValue("project"))
	}
	if err := s.checkFeatureName(name); err != nil {
		return nil, err
	}
	if f.archived != nil {
		return nil, notFound("Could not find feature flag with name %s", f.name)
	}
	if err := s.mayCreate(name, f.project); err != nil {
		return nil, err
	}
	c := &feature{name: name, kind: f.kind, project: f.project, description: f.description, stale: f.stale, impression: f.impression, created: now(),
		parent: f.parent}
	s.connect(c)
	s.features.put(name, c)
	for env := range c.environments {
		if from := f.environments[env]; from != nil {
			c.environments[env].variants, _ = clone(from.variants).([]any)
		}
		for _, st := range s.strategiesOf(f.name, env) {
			copied := *st
			copied.id, copied.feature = newULID(), name
			copied.parameters, _ = clone(st.parameters).(object)
			copied.segments = slices.Clone(st.segments)
			if _, ok := copied.parameters["groupId"]; ok && r.data()["replaceGroupId"] != false {
				copied.parameters["groupId"] = name
			}
			s.strategies.put(copied.id, &copied)
		}
	}
	s.enters(c, "initial")
	s.event("feature-created", f.project, "")
	return c.short(), nil
}

// orphans refuses to archive or delete flags that others, which stay, depend on.
func (s *Sandbox) orphans(names ...string) error {
	if len(s.orphanParents(names)) == 0 {
		return nil
	}
	if len(names) > 1 {
		return notAllowed("You can not archive/delete those features since other features depend on them.")
	}
	return notAllowed("You can not archive/delete this feature since other features depend on it.")
}

func (s *Sandbox) orphanParents(names []string) []string {
	out := []string{}
	for _, name := range names {
		if slices.ContainsFunc(s.children(name), func(c string) bool { return !slices.Contains(names, c) }) {
			out = append(out, name)
		}
	}
	return out
}

func (s *Sandbox) archiveFeature(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("No feature flag found")
	}
	if _, err := s.ownFeature(r); err != nil {
		return nil, err
	}
	if err := s.orphans(f.name); err != nil {
		return nil, err
	}
	s.archive(f)
	return nil, nil
}

// archive keeps everything but the dependency: even whether the flag is on.
func (s *Sandbox) archive(f *feature) {
	f.archived, f.parent = ptr(now()), nil
	s.enters(f, "archived")
	s.event("feature-archived", f.project, "")
}

// batch is the flags that a body names; unknown ones are left out, and none may be in another project.
func (s *Sandbox) batch(r *request) ([]*feature, error) {
	var out []*feature
	var others []string
	for _, name := range texts(r.data(), "features") {
		f := s.features.get(name)
		if f == nil {
			continue
		}
		if f.project != r.PathValue("project") && !slices.Contains(others, f.project) {
			others = append(others, f.project)
		}
		out = append(out, f)
	}
	if len(others) > 0 {
		return nil, notAllowed("The operation could not be completed. The features exist, but the provided project ids (%q) does not match "+
			"the project provided in request URL (%q).", strings.Join(others, ","), r.PathValue("project"))
	}
	return out, nil
}

func (s *Sandbox) archiveFeatures(r *request) (any, error) {
	all, err := s.batch(r)
	if err != nil {
		return nil, err
	}
	if err := s.orphans(texts(r.data(), "features")...); err != nil {
		return nil, err
	}
	for _, f := range all {
		s.archive(f)
	}
	return nil, nil
}

func (s *Sandbox) validateArchive(r *request) (any, error) {
	names := texts(r.data(), "features")
	return object{"parentsWithChildFeatures": s.orphanParents(names), "hasDeletedDependencies": slices.ContainsFunc(names, func(name string) bool {
		f := s.features.get(name)
		return f != nil && f.parent != nil
	})}, nil
}

func (s *Sandbox) staleFeatures(r *request) (any, error) {
	all, err := s.batch(r)
	for _, f := range all {
		f.stale = truth(r.data(), "stale")
		s.event("feature-stale-on", f.project, "")
	}
	return nil, err
}

func (s *Sandbox) deleteFeature(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, nil
	}
	if err := s.orphans(f.name); err != nil {
		return nil, err
	}
	s.deleteArchived(f)
	return nil, nil
}

func (s *Sandbox) deleteFeatures(r *request) (any, error) {
	all, err := s.batch(r)
	if err != nil {
		return nil, err
	}
	if err := s.orphans(texts(r.data(), "features")...); err != nil {
		return nil, err
	}
	for _, f := range all {
		s.deleteArchived(f)
	}
	return nil, nil
}

// deleteArchived leaves a flag that is not archived as it is.
func (s *Sandbox) deleteArchived(f *feature) {
	if f.archived == nil {
		return
	}
	if s.workUp(f); f.pending != "" && s.deletes {
		s.crashed = true
	}
	s.removeFeature(f)
	s.event("feature-deleted", f.project, "")
}

func (s *Sandbox) removeFeature(f *feature) {
	s.features.drop(f.name)
	for _, st := range s.strategies.where(func(st *strategy) bool { return st.feature == f.name }) {
		s.strategies.drop(st.id)
	}
}

// revive takes a flag out of the archive, off everywhere.
func (s *Sandbox) revive(f *feature) {
	f.archived = nil
	for _, e := range f.environments {
		e.enabled = false
	}
	s.enters(f, "initial")
	s.event("feature-revived", f.project, "")
}

func (s *Sandbox) reviveFeature(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("No feature flag found")
	}
	if p := s.projects.get(f.project); p == nil || p.archived != nil {
		return nil, notFound("Active project with id %s does not exist", f.project)
	}
	s.revive(f)
	return nil, nil
}

func (s *Sandbox) reviveFeatures(r *request) (any, error) {
	if p := s.projects.get(r.PathValue("project")); p == nil || p.archived != nil {
		return nil, notFound("Active project with id %s does not exist", r.PathValue("project"))
	}
	all, err := s.batch(r)
	for _, f := range all {
		if f.archived != nil {
			s.revive(f)
		}
	}
	return nil, err
}

func (s *Sandbox) readLifecycle(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return []any{}, nil
	}
	s.workUp(f)
	return append([]object{}, f.lifecycle...), nil
}

func (s *Sandbox) completeLifecycle(r *request) (any, error) {
	if f := s.pathFeature(r); f != nil {
		f.lifecycle = append(f.lifecycle, object{"stage": "completed", "status": str(r.data(), "status"), "enteredStageAt": stamp(now())})
	}
	return nil, nil
}

func (s *Sandbox) uncompleteLifecycle(r *request) (any, error) {
	if f := s.pathFeature(r); f != nil {
		f.lifecycle = slices.DeleteFunc(f.lifecycle, func(stage object) bool { return stage["stage"] == "completed" })
	}
	return nil, nil
}

// noFavorites: an admin token is nobody who could have any.
func noFavorites(r *request) (any, error) {
	if r.Method == "POST" {
		return nil, unknown(`insert into "favorite_features" ("feature", "user_id") values ($1, DEFAULT) on conflict ("user_id", "feature") do update set ` +
			`"feature" = excluded."feature", "user_id" = excluded."user_id" returning * - null value in column "user_id" of relation "favorite_features" ` +
			`violates not-null constraint`)
	}
	return nil, unknown(`Undefined binding(s) detected when compiling DEL. Undefined column(s): [user_id] query: delete from "favorite_features" ` +
		`where "feature" = ? and "user_id" = ?`)
}

// now is the time at the precision that is stored.
func now() time.Time { return time.Now().Truncate(time.Millisecond) }
