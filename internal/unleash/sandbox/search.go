package sandbox

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Sandbox) searchRoutes() {
	s.handle("GET /search/features", 200, nil, s.searchFeatures)
	one := prop{"environment", text}
	s.handle("POST /features-batch/export", 200, &schema{kind: "object", anyOf: []*schema{
		shape("environment features", one, prop{"features", list(atLeast(1, *text))}),
		shape("environment tag", one, prop{"tag", text}),
		shape("environment project", one, prop{"project", text})}}, s.export)
}

const (
	isPattern      = `^(IS|IS_NOT|IS_ANY_OF|IS_NONE_OF):(.*?)(,([a-zA-Z0-9_]+))*$`
	includePattern = `^(INCLUDE|DO_NOT_INCLUDE|INCLUDE_ALL_OF|INCLUDE_ANY_OF|EXCLUDE_IF_ANY_OF|EXCLUDE_ALL):`
	tagPattern     = includePattern + `([^:,]+:.+?)(,\s*[^:,]+:.+?)*$`
	segmentPattern = includePattern + `(.*?)(,([a-zA-Z0-9_]+))*$`
)

var searchPatterns = map[string]*regexp.Regexp{
	"project": regexp.MustCompile(isPattern), "type": regexp.MustCompile(isPattern), "state": regexp.MustCompile(isPattern),
	"tag": regexp.MustCompile(tagPattern), "segment": regexp.MustCompile(segmentPattern), "archived": regexp.MustCompile(`^IS:(true|false)$`),
}

// filter is a parsed parameter like IS_ANY_OF:a,b.
func filter(q url.Values, name string) func(...string) bool {
	operator, values, ok := strings.Cut(q.Get(name), ":")
	if !ok {
		return func(...string) bool { return true }
	}
	wanted := strings.Split(values, ",")
	for i := range wanted {
		wanted[i] = strings.TrimSpace(wanted[i])
	}
	return func(have ...string) bool {
		found := 0
		for _, w := range wanted {
			if slices.Contains(have, w) {
				found++
			}
		}
		switch operator {
		case "IS_NOT", "IS_NONE_OF", "DO_NOT_INCLUDE", "EXCLUDE_IF_ANY_OF":
			return found == 0
		case "INCLUDE_ALL_OF":
			return found == len(wanted)
		case "EXCLUDE_ALL":
			return found < len(wanted)
		}
		return found > 0
	}
}

// searchFeatures knows the filters that look at what a flag is; those for users and usage are ignored.
func (s *Sandbox) searchFeatures(r *request) (any, error) {
	q := r.URL.Query()
	for _, name := range []string{"project", "state", "type", "tag", "segment", "archived"} {
		if v, p := q.Get(name), searchPatterns[name]; v != "" && !p.MatchString(v) {
			at := "/query/" + name
			return nil, invalid([]problem{{at, "The `" + at + "` property must match pattern \"" + p.String() + "\". You sent \"" + v + "\"."}})
		}
	}
	limit, offset := 50, 0
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 && n <= 100 {
		limit = n
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil && n > 0 {
		offset = n
	}
	var words []string
	for _, w := range strings.Split(q.Get("query"), ",") {
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
			words = append(words, w)
		}
	}
	project, kind, tags, segments := filter(q, "project"), filter(q, "type"), filter(q, "tag"), filter(q, "segment")
	all := s.features.where(func(f *feature) bool {
		text := strings.ToLower(f.name)
		if f.description != nil {
			text += "\n" + strings.ToLower(*f.description)
		}
		var own []string
		for _, t := range f.tags {
			own = append(own, t.kind+":"+t.value)
			text += "\n" + strings.ToLower(t.value)
		}
		return (f.archived != nil) == (q.Get("archived") == "IS:true") && project(f.project) && kind(f.kind) && tags(own...) && segments(s.segmentsOf(f)...) &&
			(len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }))
	})
	slices.SortStableFunc(all, func(a, b *feature) int { return a.created.Compare(b.created) })
	total := len(all)
	if all = all[min(offset, total):min(offset+limit, total)]; len(all) == 0 {
		total = 0 // it is counted in the rows of the page
	}
	return object{"total": total, "features": render(all, func(f *feature) object {
		environments := s.overviewEnvironments(f)
		for _, e := range environments {
			o, _ := e.(object)
			o["yes"], o["no"], o["changeRequestIds"] = 0, 0, []any{}
		}
		o := object{"type": f.kind, "description": orNil(f.description), "project": f.project, "favorite": false, "name": f.name, "createdAt": stamp(f.created),
			"stale": f.stale, "archivedAt": orStamp(f.archived), "impressionData": f.impression, "dependencyType": nil, "environments": environments,
			"segments": s.segmentsOf(f), "createdBy": tokenUser()}
		switch {
		case f.parent != nil:
			o["dependencyType"] = "child"
		case len(s.children(f.name)) > 0:
			o["dependencyType"] = "parent"
		}
		if len(f.tags) > 0 {
			o["tags"] = s.featureTags(f)["tags"]
		}
		return o
	})}, nil
}

// segmentsOf are the names of the segments that a flag uses.
func (s *Sandbox) segmentsOf(f *feature) []string {
	out := []string{}
	for _, st := range s.strategies.where(func(st *strategy) bool { return st.feature == f.name }) {
		for _, g := range st.segments {
			if !slices.Contains(out, g.name) {
				out = append(out, g.name)
			}
		}
	}
	return out
}

// export writes down one environment of flags. By name and by tag it finds archived ones, too.
func (s *Sandbox) export(r *request) (any, error) {
	data, env := r.data(), str(r.data(), "environment")
	names := texts(data, "features")
	tagValue, byTag := data["tag"].(string)
	project, byProject := data["project"].(string)
	all := s.features.where(func(f *feature) bool {
		switch {
		case byTag:
			return slices.ContainsFunc(f.tags, func(t tag) bool { return t.value == tagValue })
		case len(names) > 0:
			return slices.Contains(names, f.name)
		}
		return f.archived == nil && (!byProject || f.project == project)
	})
	slices.SortFunc(all, func(a, b *feature) int { return strings.Compare(a.name, b.name) })
	features, strategies, environments, contexts := []any{}, []any{}, []any{}, []any{}
	tags, segments, tagTypes, dependencies, links := []any{}, []any{}, []any{}, []any{}, []any{}
	seen := map[string]bool{}
	once := func(key string, add func()) {
		if !seen[key] {
			seen[key] = true
			add()
		}
	}
	for _, f := range all {
		o := f.short()
		delete(o, "createdAt")
		delete(o, "archivedAt")
		features = append(features, o)
		for _, st := range s.strategiesOf(f.name, env) {
			strategies = append(strategies, object{"name": st.name, "id": st.id, "featureName": f.name, "title": orNil(st.title), "parameters": st.parameters,
				"constraints": st.constraints, "variants": st.variants, "disabled": orNil(st.disabled), "segments": st.segmentIDs()})
			for _, g := range st.segments {
				once("segment "+strconv.Itoa(g.id), func() { segments = append(segments, object{"id": g.id, "name": g.name}) })
			}
			for _, c := range s.contextFields.where(func(c *contextField) bool {
				return uses(st.constraints, c.name) || str(st.parameters, "stickiness") == c.name
			}) {
				once("context "+c.name, func() {
					o := c.show()
					delete(o, "createdAt")
					contexts = append(contexts, o)
				})
			}
		}
		if e := f.environments[env]; e != nil {
			environments = append(environments, object{"enabled": e.enabled, "featureName": f.name, "environment": env, "variants": e.variants, "name": f.name})
		}
		for _, t := range f.tags {
			tags = append(tags, object{"featureName": f.name, "tagType": t.kind, "tagValue": t.value})
			once("tag type "+t.kind, func() { tagTypes = append(tagTypes, s.tagTypes.get(t.kind).show()) })
		}
		if f.parent != nil {
			dependencies = append(dependencies, object{"feature": f.name, "dependencies": []any{object{"feature": f.parent.feature, "enabled": f.parent.enabled,
				"variants": f.parent.variants}}})
		}
		if len(f.links) > 0 {
			links = append(links, object{"feature": f.name, "links": render(f.links, func(l *link) object { return object{"id": l.id, "url": l.url, "title": orNil(l.title)} })})
		}
	}
	return object{"features": features, "featureStrategies": strategies, "featureEnvironments": environments, "contextFields": contexts, "featureTags": tags,
		"segments": segments, "tagTypes": tagTypes, "dependencies": dependencies, "links": links}, nil
}
