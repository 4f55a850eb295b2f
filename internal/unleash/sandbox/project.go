package sandbox

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// project is where flags live. The open-source server has one, "default".
type project struct {
	id, name, mode, stickiness string
	description                *string
	featureLimit               *int
	naming                     struct{ pattern, example, description *string }
	linkTemplates              []object
	environments               []*projectEnvironment
	created, updated           time.Time
	archived                   *time.Time
	owned                      bool // by the token that created it
}

// projectEnvironment is an environment that a project uses, with the strategy that turning on a flag adds there.
type projectEnvironment struct {
	name            string
	defaultStrategy object // as it was sent
}

func (p *project) environment(name string) *projectEnvironment {
	for _, e := range p.environments {
		if e.name == name {
			return e
		}
	}
	return nil
}

func (s *Sandbox) projectRoutes() {
	s.handle("GET /projects", 200, nil, s.listProjects)
	s.handle("GET /projects/{project}/overview", 200, nil, s.projectOverview)
	s.handle("GET /projects/{project}/health-report", 200, nil, s.healthReport)
	s.handle("GET /projects/{project}/status", 200, nil, s.projectStatus)
	s.handle("GET /projects/{project}/dora", 200, nil, fixed(object{"features": []any{}, "projectAverage": 0}))
	s.handle("GET /projects/{project}/applications", 200, nil, fixed(object{"applications": []any{}, "total": 0}))
	s.handle("GET /projects/{project}/flag-creators", 200, nil, s.flagCreators)
	s.handle("POST /projects/{project}/environments", 200, exactly(shape("environment", prop{"environment", text}, prop{"changeRequestsEnabled", flag},
		prop{"defaultStrategy", createStrategyBody})), s.addProjectEnvironment)
	s.handle("DELETE /projects/{project}/environments/{environment}", 200, nil, s.removeProjectEnvironment)
	s.handle("POST /projects/{project}/environments/{environment}/default-strategy", 200, createStrategyBody, s.setDefaultStrategy)
	s.handle("POST /projects/{project}/favorites", 200, nil, noFavorites)
	s.handle("DELETE /projects/{project}/favorites", 200, nil, noFavorites).anyType = false
	if s.enterprise {
		s.handle("POST /projects", 201, nil, s.createProject)
		s.handle("POST /projects/validate", 200, nil, s.validateProject)
		s.handle("POST /projects/archive/{project}", 200, nil, s.archiveProject)
		s.handle("POST /projects/revive/{project}", 200, nil, s.reviveProject)
		s.handle("PUT /projects/{project}", 200, nil, s.updateProject)
		s.handle("PUT /projects/{project}/settings", 200, nil, s.updateProjectSettings)
		s.handle("DELETE /projects/{project}", 200, nil, s.deleteProject)
		s.handle("POST /projects/{project}/features/{feature}/changeProject", 200, nil, s.moveFeature)
	}
}

// fixed always answers the same.
func fixed(body any) handler { return func(*request) (any, error) { return body, nil } }

// liveFeatures are the flags of a project that are not archived.
func (s *Sandbox) liveFeatures(project string) []*feature {
	return s.features.where(func(f *feature) bool { return f.project == project && f.archived == nil })
}

func (s *Sandbox) onboarding(p *project) object {
	if all := s.liveFeatures(p.id); len(all) > 0 {
		return object{"status": "first-flag-created", "feature": all[0].name}
	}
	return object{"status": "onboarding-started"}
}

// members counts people with a role in a project, and the token that created it.
func (s *Sandbox) members(p *project) int {
	users := map[int]bool{}
	for _, g := range s.access {
		if g.project == p.id {
			users[g.user] = true
		}
	}
	if p.owned {
		return len(users) + 1
	}
	return len(users)
}

func (s *Sandbox) listProjects(r *request) (any, error) {
	archived := r.URL.Query().Get("archived") == "true" && s.enterprise
	all := s.projects.where(func(p *project) bool { return (p.archived != nil) == archived })
	slices.SortStableFunc(all, func(a, b *project) int { return cmp.Compare(a.name, b.name) })
	return object{"version": 1, "projects": render(all, func(p *project) object {
		owner := object{"ownerType": "system"}
		if p.owned {
			owner = object{"ownerType": "user", "name": "Unleash Admin Token User", "email": nil, "imageUrl": gravatar("Unleash Admin Token User")}
		}
		return object{"name": p.name, "id": p.id, "description": orNil(p.description), "health": 100, "technicalDebt": 0,
			"featureCount": len(s.liveFeatures(p.id)), "memberCount": s.members(p), "createdAt": stamp(p.created), "archivedAt": orStamp(p.archived),
			"mode": p.mode, "lastReportedFlagUsage": nil, "lastUpdatedAt": nil, "onboardingStatus": s.onboarding(p), "owners": []any{owner}}
	})}, nil
}

func (s *Sandbox) pathProject(r *request) (*project, error) {
	if p := s.projects.get(r.PathValue("project")); p != nil {
		return p, nil
	}
	return nil, notFound("No project found")
}

// projectOverview has everything about a project but its id.
func (s *Sandbox) projectOverview(r *request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	o := s.overview(p)
	o["linkTemplates"] = append([]object{}, p.linkTemplates...)
	o["onboardingStatus"] = s.onboarding(p)
	counts := map[string]int{}
	for _, f := range s.liveFeatures(p.id) {
		counts[f.kind]++
	}
	types := []any{}
	for _, t := range s.featureTypes {
		if counts[t.id] > 0 {
			types = append(types, object{"type": t.id, "count": counts[t.id]})
		}
	}
	o["featureTypeCounts"] = types
	return o, nil
}

func (s *Sandbox) overview(p *project) object {
	stats := object{}
	for _, k := range []string{"avgTimeToProdCurrentWindow", "createdCurrentWindow", "createdPastWindow", "archivedCurrentWindow", "archivedPastWindow",
		"projectActivityCurrentWindow", "projectActivityPastWindow", "projectMembersAddedCurrentWindow"} {
		stats[k] = 0
	}
	own := s.environments.where(func(e *environment) bool { return p.environment(e.name) != nil })
	sortEnvironments(own)
	o := object{"stats": stats, "name": p.name, "description": orNil(p.description), "mode": p.mode, "featureLimit": orNil(p.featureLimit),
		"featureNaming":     object{"pattern": orNil(p.naming.pattern), "example": orNil(p.naming.example), "description": orNil(p.naming.description)},
		"defaultStickiness": p.stickiness, "health": 100, "technicalDebt": 0, "favorite": false, "updatedAt": stamp(p.updated), "createdAt": stamp(p.created),
		"environments": render(own, func(e *environment) object {
			o := object{"environment": e.name}
			if d := p.environment(e.name).defaultStrategy; d != nil {
				o["defaultStrategy"] = d
			}
			return o
		}), "members": s.members(p), "version": 1}
	if p.archived != nil {
		o["archivedAt"] = stamp(*p.archived)
	}
	return o
}

func (s *Sandbox) healthReport(r *request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	o := s.overview(p)
	o["features"], o["potentiallyStaleCount"], o["activeCount"], o["staleCount"] = []any{}, 0, 0, 0
	return o, nil
}

// projectStatus is empty, not missing, for a project that does not exist.
func (s *Sandbox) projectStatus(r *request) (any, error) {
	members := 0
	if p := s.projects.get(r.PathValue("project")); p != nil {
		members = s.members(p)
	}
	stage := object{"averageDays": nil, "currentFlags": 0}
	return object{"resources": object{"members": members, "apiTokens": 0, "segments": 0}, "activityCountByDate": []any{}, "health": object{"current": 100},
		"technicalDebt": object{"current": 0}, "lifecycleSummary": object{"initial": stage, "preLive": stage, "live": stage, "completed": stage,
			"archived": object{"currentFlags": 0, "last30Days": 0}}, "staleFlags": object{"total": 0}}, nil
}

func (s *Sandbox) flagCreators(r *request) (any, error) {
	if len(s.liveFeatures(r.PathValue("project"))) == 0 {
		return []any{}, nil
	}
	return []any{object{"id": -42, "name": "Unleash Admin Token User"}}, nil
}

// addProjectEnvironment does not look at a default strategy.
func (s *Sandbox) addProjectEnvironment(r *request) (any, error) {
	name := str(r.data(), "environment")
	p, err := s.pathProject(r)
	switch {
	case err != nil:
		return nil, err
	case !s.environments.has(name):
		return nil, badData("Environment %s does not exist", name)
	case p.environment(name) != nil:
		return nil, nameExists("%s already has the environment %s enabled", p.id, name)
	}
	p.environments = append(p.environments, &projectEnvironment{name: name})
	for _, f := range s.features.where(func(f *feature) bool { return f.project == p.id }) {
		f.environments[name] = &featureEnvironment{variants: []any{}}
	}
	s.event("project-environment-added", p.id, name)
	return nil, nil
}

// removeProjectEnvironment hides the environment of every flag. Strategies are still there when it comes back, but the
// flags are off then.
func (s *Sandbox) removeProjectEnvironment(r *request) (any, error) {
	name := r.PathValue("environment")
	if p := s.projects.get(r.PathValue("project")); p != nil {
		p.environments = slices.DeleteFunc(p.environments, func(e *projectEnvironment) bool { return e.name == name })
		for _, f := range s.features.where(func(f *feature) bool { return f.project == p.id }) {
			delete(f.environments, name)
		}
		s.event("project-environment-removed", p.id, name)
	}
	return nil, nil
}

func (s *Sandbox) setDefaultStrategy(r *request) (any, error) {
	if str(r.data(), "name") != "flexibleRollout" {
		return nil, badData(`Only "flexibleRollout" strategy can be used as a default strategy for an environment`)
	}
	var e *projectEnvironment
	if p := s.projects.get(r.PathValue("project")); p != nil {
		e = p.environment(r.PathValue("environment"))
	}
	if e == nil {
		return nil, unknown("Cannot read properties of undefined (reading 'default_strategy')")
	}
	e.defaultStrategy = r.data()
	s.event("default-strategy-updated", r.PathValue("project"), e.name)
	return r.data(), nil
}

var (
	modes    = []string{"open", "protected", "private"}
	notSlug  = regexp.MustCompile(`[^a-z0-9]+`)
	htmlText = regexp.MustCompile(`[&<>]`)
)

// checkProject checks what the server's validator does not allow in a new project.
func checkProject(data object) error {
	name, mode, description := optional(data, "name"), data["mode"], data["description"]
	_, hasMode := data["mode"]
	_, isText := description.(string)
	_, isList := data["environments"].([]any)
	_, hasList := data["environments"]
	switch {
	case name == nil:
		return joi("%q is required", nil, "name")
	case *name == "":
		return joi("%q is not allowed to be empty", nil, "name")
	case htmlText.MatchString(*name):
		return joi("%q input must not contain html tags", *name, "name")
	case description != nil && !isText:
		return joi("%q must be a string", description, "description")
	case hasMode && !slices.Contains(modes, show(mode)):
		return joi("%q must be one of [open, protected, private]", mode, "mode")
	case data["defaultStickiness"] == "":
		return joi("%q is not allowed to be empty", nil, "defaultStickiness")
	case hasList && !isList:
		return joi("%q must be an array", data["environments"], "environments")
	}
	return nil
}

func (s *Sandbox) checkProjectID(id string) error {
	if err := checkName("id", id); err != nil {
		return err
	}
	if s.projects.has(id) {
		return nameExists("A project with this id already exists.")
	}
	return nil
}

func (s *Sandbox) validateProject(r *request) (any, error) {
	return nil, s.checkProjectID(str(r.data(), "id"))
}

func (s *Sandbox) createProject(r *request) (any, error) {
	data := r.data()
	id := str(data, "id")
	if _, ok := data["name"].(string); id == "" && !ok {
		return nil, unknown("slug() requires a string argument, received undefined")
	}
	if id == "" {
		slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(str(data, "name")), "-"), "-")
		id = slug
		for i := 1; s.projects.has(id); i++ {
			id = slug + "-" + strconv.Itoa(i)
		}
	}
	if err := checkName("id", id); err != nil {
		return nil, err
	}
	if err := checkProject(data); err != nil {
		return nil, err
	}
	if err := s.checkProjectID(id); err != nil {
		return nil, err
	}
	if len(s.projects.order) >= s.limits.Projects {
		return nil, exceeds("project", s.limits.Projects)
	}
	p := &project{id: id, name: str(data, "name"), description: optional(data, "description"), mode: "open", stickiness: "default", created: now(), updated: now(), owned: true}
	if m := str(data, "mode"); m != "" {
		p.mode = m
	}
	if st := str(data, "defaultStickiness"); st != "" {
		p.stickiness = st
	}
	p.limit(data)
	names := texts(data, "environments")
	if _, ok := data["environments"]; !ok {
		for _, e := range s.allEnvironments() {
			if e.enabled {
				names = append(names, e.name)
			}
		}
	}
	var missing []string
	for _, name := range names {
		if !s.environments.has(name) {
			missing = append(missing, "'"+name+"'")
		}
		p.environments = append(p.environments, &projectEnvironment{name: name})
	}
	if len(missing) > 0 {
		return nil, badData("These environments do not exist: %s.", join(missing))
	}
	s.projects.put(id, p)
	s.event("project-created", id, "")
	o := object{"id": id, "name": p.name, "mode": p.mode, "defaultStickiness": p.stickiness, "changeRequestEnvironments": []any{}, "environments": names}
	for _, k := range []string{"description", "featureNaming", "featureLimit"} {
		if v, ok := data[k]; ok {
			o[k] = v
		}
	}
	return o, nil
}

// updateProject does not change the mode; description and stickiness may be left out.
func (s *Sandbox) updateProject(r *request) (any, error) {
	if r.data()["name"] == nil {
		return nil, badData(`"name" is required.`)
	}
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	p.name = str(r.data(), "name")
	if _, ok := r.data()["description"]; ok {
		p.description = optional(r.data(), "description")
	}
	if st := str(r.data(), "defaultStickiness"); st != "" {
		p.stickiness = st
	}
	p.limit(r.data())
	s.event("project-updated", p.id, "")
	return nil, nil
}

// limit takes over how many flags a project may have.
func (p *project) limit(data object) {
	switch v, sent := data["featureLimit"]; {
	case v != nil:
		data["featureLimit"], _ = number.coerce(v)
		p.featureLimit = ptr(whole(data["featureLimit"]))
	case sent:
		p.featureLimit = nil
	}
}

// updateProjectSettings does not change the limit.
func (s *Sandbox) updateProjectSettings(r *request) (any, error) {
	p, err := s.pathProject(r)
	if err != nil {
		return nil, err
	}
	if mode := str(r.data(), "mode"); slices.Contains(modes, mode) {
		p.mode = mode
	}
	if n, ok := r.data()["featureNaming"].(object); ok {
		if err := checkNaming(str(n, "pattern"), str(n, "example"), str(n, "description")); err != nil {
			return nil, err
		}
		for key, to := range map[string]**string{"pattern": &p.naming.pattern, "example": &p.naming.example, "description": &p.naming.description} {
			if *to = optional(n, key); *to != nil && **to == "" {
				*to = nil
			}
		}
	}
	p.linkTemplates = nil // also where none are sent
	for _, v := range items(r.data(), "linkTemplates") {
		o, _ := v.(object)
		p.linkTemplates = append(p.linkTemplates, o)
	}
	return nil, nil
}

var blankInPattern = regexp.MustCompile(` |\\[tsnrfv]`)

// checkNaming checks a naming pattern.
func checkNaming(pattern, example, description string) error {
	var reasons []object
	wrong := func(reason string) { reasons = append(reasons, object{"message": reason}) }
	switch fits, _ := regexp.MatchString("^"+pattern+"$", example); {
	case blankInPattern.MatchString(pattern):
		wrong(`Feature flag names cannot contain whitespace. You've provided a feature flag naming pattern that contains a whitespace character: "` +
			pattern + `". Remove any whitespace characters from your pattern.`)
	case pattern != "" && example != "" && !fits:
		wrong(`You've provided a feature flag naming example ("` + example + `") that doesn't match your feature flag naming pattern ("` + pattern + `").`)
	}
	for name, value := range map[string]string{"example": example, "description": description} {
		if pattern == "" && value != "" {
			wrong("You've provided a feature flag naming " + name + ", but no feature flag naming pattern. You must specify a pattern to use a " + name + ".")
		}
	}
	if reasons == nil {
		return nil
	}
	return detailed(reasons...)
}

// archiveProject does not mind if there is no such project.
func (s *Sandbox) archiveProject(r *request) (any, error) {
	id := r.PathValue("project")
	if len(s.liveFeatures(id)) > 0 {
		return nil, notAllowed("You can not archive a project with active feature flags")
	}
	if p := s.projects.get(id); p != nil {
		p.archived = ptr(now())
	}
	s.event("project-archived", id, "")
	return nil, nil
}

func (s *Sandbox) reviveProject(r *request) (any, error) {
	if p := s.projects.get(r.PathValue("project")); p != nil {
		p.archived = nil
	}
	s.event("project-revived", r.PathValue("project"), "")
	return nil, nil
}

// deleteProject takes archived flags with it.
func (s *Sandbox) deleteProject(r *request) (any, error) {
	id := r.PathValue("project")
	switch {
	case id == "default":
		return nil, notAllowed("You can not delete the default project!")
	case len(s.liveFeatures(id)) > 0:
		return nil, notAllowed("You can not delete a project with active feature flags")
	}
	for _, f := range s.features.where(func(f *feature) bool { return f.project == id }) {
		s.deleteArchived(f)
	}
	s.projects.drop(id)
	s.access = slices.DeleteFunc(s.access, func(g grant) bool { return g.project == id })
	for _, t := range s.tokens.where(func(t *apiToken) bool { return slices.Contains(t.projects, id) }) {
		if t.projects = slices.DeleteFunc(t.projects, func(p string) bool { return p == id }); len(t.projects) == 0 {
			s.tokens.drop(t.secret)
		}
	}
	s.event("project-deleted", id, "")
	return nil, nil
}

// moveFeature moves a flag to a project with the same environments.
func (s *Sandbox) moveFeature(r *request) (any, error) {
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, err
	}
	id := str(r.data(), "newProjectId")
	from, to := s.projects.get(f.project), s.projects.get(id)
	switch {
	case to == nil, to.archived != nil:
		return nil, notFound("Active project with id %s does not exist", id)
	}
	if len(from.environments) != len(to.environments) || slices.ContainsFunc(from.environments, func(e *projectEnvironment) bool { return to.environment(e.name) == nil }) {
		message := id + " is not a compatible target"
		return nil, &failure{status: 403, name: "IncompatibleProjectError", message: message,
			details: []object{{"validationErrors": []any{}, "message": message}}}
	}
	if f.parent != nil || len(s.children(f.name)) > 0 {
		return nil, &failure{status: 403, name: "ForbiddenError", message: "Changing project not allowed. Feature has dependencies."}
	}
	f.project = id
	for _, st := range s.strategies.where(func(st *strategy) bool { return st.feature == f.name }) {
		st.project = id
	}
	s.event("feature-project-change", id, "")
	return nil, nil
}

func join(all []string) string { return strings.Join(all, ", ") }
