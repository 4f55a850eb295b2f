package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// feature is a flag. Its name, initial value and default switch never change.
type feature struct {
	id, project                      int64
	uuid, name, kind                 string
	defaultEnabled, archived, server bool
	initial, description             *string
	created                          time.Time
	tags, owners, groups             []int64
	modified                         map[int64]time.Time // last published version by environment, v2 versioning only
}

const (
	standard     = "STANDARD"
	multivariate = "MULTIVARIATE"
)

func (f *feature) key() *int64 { return &f.id }

func (s *Sandbox) featureRoutes() {
	s.route("/projects/{project}/features/", methods{"GET": s.listFeatures, "POST": s.createFeature, "": refuse})
	s.route("/projects/{project}/features/{feature}/", methods{"GET": s.readFeature, "PUT": s.updateFeature, "PATCH": s.updateFeature, "DELETE": s.deleteFeature})
	s.route("/projects/{project}/features/{feature}/add-owners/", methods{"POST": s.addOwners})
	s.route("/projects/{project}/features/{feature}/remove-owners/", methods{"POST": s.removeOwners})
	s.route("/projects/{project}/features/{feature}/add-group-owners/", methods{"POST": s.addGroupOwners})
	s.route("/projects/{project}/features/{feature}/remove-group-owners/", methods{"POST": s.removeGroupOwners})
	s.route("/features/get-by-uuid/{uuid}/", methods{"GET": s.featureByUUID})
}

// showFeature is the form of lists and of single reads.
func (s *Sandbox) showFeature(f *feature) fields {
	out := s.showFeatureByUUID(f)
	out["metadata"], out["code_references_counts"] = s.metadataOf("feature", f.id), []any{}
	return out
}

// showFeatureByUUID lacks metadata and code references.
func (s *Sandbox) showFeatureByUUID(f *feature) fields {
	var modified any
	for _, t := range f.modified {
		if text := offsetStamp(t); modified == nil || text > modified.(string) {
			modified = text
		}
	}
	return fields{"id": f.id, "name": f.name, "type": f.kind, "default_enabled": f.defaultEnabled, "initial_value": f.initial,
		"created_date": stamp(f.created), "description": f.description, "tags": orEmpty(f.tags),
		"multivariate_options": render(s.optionsOf(f.id), (*option).show), "is_archived": f.archived,
		"owners": s.showOwners(f), "group_owners": s.showGroupOwners(f), "uuid": f.uuid, "project": f.project,
		"environment_feature_state": nil, "segment_feature_state": nil, "num_segment_overrides": 0,
		"num_identity_overrides": nil, "is_num_identity_overrides_complete": true, "is_server_key_only": f.server,
		"last_modified_in_any_environment": modified, "last_modified_in_current_environment": nil}
}

// offsetStamp is how two fields print their times, unlike all others.
func offsetStamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

func (s *Sandbox) showOwners(f *feature) []any {
	out := []any{}
	for _, id := range f.owners {
		if u := s.users.get(id); u != nil {
			out = append(out, u.showOwner())
		}
	}
	return out
}

func (s *Sandbox) showGroupOwners(f *feature) []any {
	out := []any{}
	for _, id := range f.groups {
		if g := s.groups.get(id); g != nil {
			out = append(out, fields{"id": g.id, "name": g.name})
		}
	}
	return out
}

// showOwned is what the owner endpoints answer.
func (s *Sandbox) showOwned(f *feature) fields {
	return fields{"id": f.id, "name": f.name, "created_date": stamp(f.created), "description": f.description,
		"initial_value": f.initial, "default_enabled": f.defaultEnabled, "type": f.kind, "owners": s.showOwners(f),
		"group_owners": s.showGroupOwners(f), "is_server_key_only": f.server}
}

func (s *Sandbox) featuresOf(project int64) []*feature {
	return s.features.where(func(f *feature) bool { return f.project == project })
}

func (s *Sandbox) feature(r *request) (*feature, answer) {
	p, a := s.project(r)
	if p == nil {
		return nil, a
	}
	return lookup(r, "feature", &s.features, "Feature", func(f *feature) bool { return f.project == p.id })
}

// listFeatures filters, sorts and pages. With ?environment= it shows the states there.
func (s *Sandbox) listFeatures(r *request) answer {
	p, a := s.project(r)
	if p == nil {
		return a
	}
	q := r.URL.Query()
	d := &dict{}
	for k := range q {
		if v := q.Get(k); v != "" { // an empty parameter is none, but for tags
			d.set(k, v)
		}
	}
	in := newInput(d, false)
	search, order, direction, strategy, kind := "", "created_date", "ASC", "INTERSECTION", ""
	var env, segment *int64
	var enabled *bool
	var valueSearch *string
	in.text("search", &search)
	in.text("sort_field", &order, oneOf("created_date", "name"))
	in.text("sort_direction", &direction, oneOf("ASC", "DESC"))
	in.text("tag_strategy", &strategy, oneOf("UNION", "INTERSECTION"))
	in.text("type", &kind, oneOf(standard, multivariate))
	in.nullNumber("environment", &env)
	in.nullNumber("segment", &segment)
	in.nullFlag("is_enabled", &enabled)
	in.nullText("value_search", &valueSearch)
	if v, ok := d.get("identity"); ok {
		if _, isID := pyInt(pyStr(v)); !isID {
			in.fail("identity", "Must be a valid integer.")
		}
	}
	var archived *bool
	in.nullFlag("is_archived", &archived)
	lists := map[string][]int64{}
	for name, message := range map[string]string{"tags": "Tag IDs must be integers.", "owners": "Owner IDs must be integers.", "group_owners": "Group owner IDs must be integers."} {
		if v, ok := d.get(name); ok {
			for part := range strings.SplitSeq(pyStr(v), ",") {
				id, ok := pyInt(part)
				if !ok {
					in.fail(name, "%s", message)
					break
				}
				lists[name] = append(lists[name], id)
			}
		}
	}
	if a := in.bad(); a.status != 0 {
		return a
	}
	if env == nil && (enabled != nil || valueSearch != nil) {
		return bad([]string{"Environment is required in order to filter by state search or by state enabled"})
	}
	if env != nil && !s.environments.has(*env) || q.Has("is_archived") && archived == nil {
		return crash()
	}
	untagged := q.Has("tags") && q.Get("tags") == ""
	all := s.features.where(func(f *feature) bool {
		var st *featureState
		if env != nil {
			st = s.defaultState(f.id, *env)
		}
		switch {
		case f.project != p.id, !strings.Contains(strings.ToLower(f.name), strings.ToLower(search)),
			kind != "" && f.kind != kind, archived != nil && f.archived != *archived, untagged && len(f.tags) > 0,
			!tagged(f.tags, lists["tags"], strategy), !anyOf(f.owners, lists["owners"]), !anyOf(f.groups, lists["group_owners"]),
			enabled != nil && (st == nil || st.enabled != *enabled), valueSearch != nil && (st == nil || !st.value.contains(*valueSearch)):
			return false
		}
		return true
	})
	slices.SortStableFunc(all, func(a, b *feature) int {
		n := a.created.Compare(b.created)
		if order == "name" {
			n = strings.Compare(a.name, b.name)
		}
		if direction == "DESC" {
			n = -n
		}
		return n
	})
	return s.chosenPage(r, render(all, func(f *feature) fields {
		out := s.showFeature(f)
		if env == nil {
			return out
		}
		if st := s.defaultState(f.id, *env); st != nil {
			out["environment_feature_state"] = st.small()
		}
		overrides := s.overridesOf(f.id, *env)
		out["num_segment_overrides"] = len(overrides)
		if t, ok := f.modified[*env]; ok {
			out["last_modified_in_current_environment"] = offsetStamp(t)
		}
		if segment != nil {
			for _, o := range overrides {
				if st := s.overrideState(o.id); st != nil && o.segment == *segment {
					out["segment_feature_state"] = st.small()
				}
			}
		}
		return out
	}))
}

func tagged(have, want []int64, strategy string) bool {
	if strategy == "UNION" {
		return anyOf(have, want)
	}
	return !slices.ContainsFunc(want, func(id int64) bool { return !slices.Contains(have, id) })
}

// anyOf reports whether a wanted id is there; nothing wanted is always there.
func anyOf(have, want []int64) bool {
	return len(want) == 0 || slices.ContainsFunc(want, func(id int64) bool { return slices.Contains(have, id) })
}

// read takes what can be changed later. Names and initial values are createFeature's.
func (s *Sandbox) readFeatureInto(in *input, f *feature) (options []optionInput, hasOptions bool, values []metadataValue) {
	in.text("type", &f.kind, oneOf(standard, multivariate), blank)
	in.nullText("description", &f.description, blank)
	in.keys("tags", &f.tags, s.tags.has)
	in.flag("is_archived", &f.archived)
	in.flag("is_server_key_only", &f.server)
	options, hasOptions = readOptions(in)
	return options, hasOptions, s.readMetadata(in)
}

var (
	flagged = regexp.MustCompile(`\(\?[aiLmsux]+\)`)
	looks   = regexp.MustCompile(`\(\?(=|!|<=|<!)`)
)

// nameFits matches a name as the real server does: with "^" before the pattern and "$" behind it, so "a|b" is "^a" or "b$"
// and "(?i)" is too late and crashes. A pattern that looks around, which Go cannot do, fits everything.
func nameFits(pattern, name string) (fits, works bool) {
	if looks.MatchString(pattern) {
		return true, true
	}
	re, err := regexp.Compile(`^(?:^` + pattern + `$)`)
	if err != nil || flagged.MatchString(pattern) {
		return false, false
	}
	return re.MatchString(name), true
}

func (s *Sandbox) tagsElsewhere(f *feature) bool {
	return slices.ContainsFunc(f.tags, func(id int64) bool { return s.tags.get(id).project != f.project })
}

func (s *Sandbox) createFeature(r *request) answer {
	p, a := s.projectOr(r, forbidden())
	if p == nil {
		return a
	}
	d := r.data()
	if v, ok := d.get("initial_value"); ok && truthy(v) {
		if _, isText := v.(string); !isText {
			d.set("initial_value", pyStr(v))
		}
	}
	f := feature{project: p.id, kind: standard}
	in := r.input(false)
	in.text("name", &f.name, required, upTo(2000))
	in.flag("default_enabled", &f.defaultEnabled)
	in.nullText("initial_value", &f.initial, blank, upTo(20000))
	in.keys("owners", &f.owners, s.users.has)
	in.keys("group_owners", &f.groups, s.groups.has)
	options, _, values := s.readFeatureInto(in, &f)
	if _, broken := in.errs["name"]; !broken && in.data.has("name") {
		if p.nameRegex != nil && *p.nameRegex != "" {
			fits, works := nameFits(*p.nameRegex, f.name)
			if !works {
				return crash()
			}
			if !fits {
				in.fail("name", "Feature name must match regex: %s", *p.nameRegex)
			}
		}
		if s.features.first(func(o *feature) bool { return o.project == p.id && strings.EqualFold(o.name, f.name) }) != nil {
			in.fail("name", "Feature with that name already exists for this project. Note that feature names are case insensitive.")
		}
	}
	var outsiders []string
	for _, id := range f.owners {
		if s.users.get(id).role != "ADMIN" {
			outsiders = append(outsiders, strconv.FormatInt(id, 10))
		}
	}
	if outsiders != nil {
		in.fail("owners", "Users with ids [%s] do not have access to this project.", strings.Join(outsiders, ", "))
	}
	if a := in.bad(); a.status != 0 {
		return a
	}
	if s.tagsElsewhere(&f) {
		return nonField("Selected Tags must be from the same Project as current Feature")
	}
	if p.enforceOwners && len(f.owners)+len(f.groups) == 0 {
		return nonField("This project requires at least one owner or group owner when creating a feature.")
	}
	if a := s.missingMetadata("feature", p.id, values); a.status != 0 {
		return a
	}
	if r.user && len(f.owners) == 0 {
		f.owners = []int64{1}
	}
	f.uuid, f.created, f.modified = newUUID(), time.Now(), map[int64]time.Time{}
	s.features.add(&f)
	for _, e := range s.environmentsOf(p.id) {
		s.addState(&f, e)
	}
	out := s.showFeature(&f)
	s.saveOptions(&f, options)
	s.setMetadata("feature", f.id, values)
	modified := out["last_modified_in_any_environment"]
	out = s.showFeature(&f)
	if modified != nil {
		out["last_modified_in_any_environment"] = nil // the answer is made from the object before its versions
	}
	delete(out, "code_references_counts")
	return created(out)
}

func (s *Sandbox) readFeature(r *request) answer {
	f, a := s.feature(r)
	if f == nil {
		return a
	}
	return ok(s.showFeature(f))
}

func (s *Sandbox) featureByUUID(r *request) answer {
	f, a := byUUID(r, &s.features, "Feature", func(f *feature) string { return f.uuid })
	if f == nil {
		return a
	}
	return ok(s.showFeatureByUUID(f))
}

func (s *Sandbox) updateFeature(r *request) answer {
	f, a := s.feature(r)
	if f == nil {
		return a
	}
	changed := *f
	in := r.input(r.Method == "PATCH")
	options, hasOptions, values := s.readFeatureInto(in, &changed)
	if a := in.bad(); a.status != 0 {
		return a
	}
	if in.data.has("tags") && s.tagsElsewhere(&changed) {
		return nonField("Selected Tags must be from the same Project as current Feature")
	}
	if a := s.missingMetadata("feature", f.project, values); a.status != 0 {
		return a
	}
	*f = changed
	if hasOptions {
		s.saveOptions(f, options)
	}
	s.setMetadata("feature", f.id, values)
	out := s.showFeature(f)
	if r.Method == "PATCH" {
		delete(out, "is_num_identity_overrides_complete")
	}
	return ok(out)
}

func (s *Sandbox) deleteFeature(r *request) answer {
	f, a := s.feature(r)
	if f == nil {
		return a
	}
	s.dropFeature(f)
	return gone()
}

func (s *Sandbox) dropFeature(f *feature) {
	s.features.drop(f.id)
	for _, st := range s.states.where(func(st *featureState) bool { return st.feature == f.id }) {
		s.dropState(st)
	}
	s.overrides.dropWhere(func(o *featureSegment) bool { return o.feature == f.id })
	s.options.dropWhere(func(o *option) bool { return o.feature == f.id })
	s.setMetadata("feature", f.id, nil)
}

func (s *Sandbox) addOwners(r *request) answer {
	ids, f, a := s.ownerIDs(r, "user_ids")
	if f == nil {
		return a
	}
	for _, id := range ids {
		if s.users.get(id).role != "ADMIN" {
			return bad([]string{"Some users not found"})
		}
	}
	f.owners = union(f.owners, ids)
	return ok(s.showOwned(f))
}

func (s *Sandbox) removeOwners(r *request) answer {
	ids, f, a := s.ownerIDs(r, "user_ids")
	if f == nil {
		return a
	}
	if a := s.lastOwner(f, len(ids)); a.status != 0 {
		return a
	}
	f.owners = without(f.owners, ids...)
	return ok(s.showOwned(f))
}

func (s *Sandbox) addGroupOwners(r *request) answer {
	ids, f, a := s.ownerIDs(r, "group_ids")
	if f == nil {
		return a
	}
	for i, id := range ids {
		if !s.groups.has(id) || slices.Contains(ids[:i], id) {
			return bad([]string{"Some groups not found"})
		}
	}
	f.groups = union(f.groups, ids)
	return ok(s.showOwned(f))
}

func (s *Sandbox) removeGroupOwners(r *request) answer {
	ids, f, a := s.ownerIDs(r, "group_ids")
	if f == nil {
		return a
	}
	if a := s.lastOwner(f, len(ids)); a.status != 0 {
		return a
	}
	f.groups = without(f.groups, ids...)
	return ok(s.showOwned(f))
}

// ownerIDs reads the ids of an owner endpoint. Users must exist there, groups need not.
func (s *Sandbox) ownerIDs(r *request, name string) ([]int64, *feature, answer) {
	var ids []int64
	in := r.input(false)
	v, _, ok := in.value(name, false, []rule{required})
	if list, isList := v.([]any); ok && !isList {
		in.fail(name, "Expected a list of items but got type %q.", pyType(v))
	} else {
		errs := fields{}
		for i, e := range list {
			id, ok := toInt(e)
			switch {
			case e == nil:
				errs[strconv.Itoa(i)] = []string{"This field may not be null."}
			case !ok:
				errs[strconv.Itoa(i)] = []string{"A valid integer is required."}
			}
			ids = append(ids, id)
		}
		if len(errs) > 0 {
			in.failWith(name, errs)
		}
	}
	if a := in.bad(); a.status != 0 {
		return nil, nil, a
	}
	if name == "user_ids" && slices.ContainsFunc(ids, func(id int64) bool { return !s.users.has(id) }) {
		return nil, nil, nonField("Some users not found")
	}
	f, a := s.feature(r)
	return ids, f, a
}

// lastOwner counts what is asked to go, owner or not.
func (s *Sandbox) lastOwner(f *feature, leaving int) answer {
	if s.projects.get(f.project).enforceOwners && len(f.owners)+len(f.groups)-leaving < 1 {
		return bad([]string{"This project requires at least one owner or group owner per feature."})
	}
	return answer{}
}

func without(ids []int64, gone ...int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(gone, id) })
}

func union(ids, more []int64) []int64 {
	out := append(slices.Clone(ids), more...)
	slices.Sort(out)
	return slices.Compact(out)
}

func orEmpty(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}
