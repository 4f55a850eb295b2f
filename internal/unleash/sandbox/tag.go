package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// tag is a type and a value; values exist apart from the flags that carry them.
type tag struct{ kind, value string }

// tagType is a kind of tags.
type tagType struct {
	name                     string
	description, icon, color *string
}

const hexColor = `^#[0-9A-Fa-f]{6}$`

var (
	short   = between(2, 50, *text)
	tagBody = exactly(shape("value type", prop{"value", short}, prop{"type", short}, prop{"color", matching(hexColor, true)}))
	newTag  = exactly(shape("value type", prop{"value", matching(`^\s*\S.{0,48}\S\s*$`, false)}, prop{"type", short}, prop{"color", matching(hexColor, true)}))
	tagDiff = exactly(shape("addedTags removedTags", prop{"addedTags", list(tagBody)}, prop{"removedTags", list(tagBody)}))

	tagTypeBody = exactly(shape("name", prop{"name", text}, prop{"description", text}, prop{"icon", nullText}, prop{"color", matching(hexColor, true)}))
)

func (s *Sandbox) tagRoutes() {
	s.handle("GET /tags", 200, nil, s.listTags)
	s.handle("POST /tags", 201, newTag, s.createTag)
	s.handle("GET /tags/{type}", 200, nil, s.listTags)
	s.handle("GET /tags/{type}/{value}", 200, nil, s.readTag)
	s.handle("DELETE /tags/{type}/{value}", 200, nil, s.deleteTag)

	s.handle("GET /features/{feature}/tags", 200, nil, s.listFeatureTags)
	s.handle("POST /features/{feature}/tags", 201, tagBody, s.addFeatureTag)
	s.handle("PUT /features/{feature}/tags", 200, tagDiff, s.changeFeatureTags)
	s.handle("DELETE /features/{feature}/tags/{type}/{value}", 200, nil, s.deleteFeatureTag)
	s.handle("PUT /projects/{project}/tags", 200, exactly(shape("features tags", prop{"features", list(atLeast(1, *text))}, prop{"tags", tagDiff})), s.bulkTags)

	s.handle("GET /tag-types", 200, nil, s.listTagTypes)
	s.handle("POST /tag-types", 201, tagTypeBody, s.createTagType)
	s.handle("POST /tag-types/validate", 200, tagTypeBody, s.validateTagType)
	s.handle("GET /tag-types/{name}", 200, nil, s.readTagType)
	s.handle("PUT /tag-types/{name}", 200, shape("", prop{"description", text}, prop{"icon", text}, prop{"color", matching(hexColor, false)}), s.updateTagType)
	s.handle("DELETE /tag-types/{name}", 200, nil, s.deleteTagType)
}

func (t *tag) show() object { return object{"type": t.kind, "value": t.value} }

// readTag reads a tag of a body.
func readTag(v any) tag {
	o, _ := v.(object)
	return tag{str(o, "type"), str(o, "value")}
}

func pathTag(r *request) tag { return tag{r.PathValue("type"), r.PathValue("value")} }

func (s *Sandbox) listTags(r *request) (any, error) {
	kind := r.PathValue("type")
	return object{"version": 1, "tags": render(s.tags.where(func(t *tag) bool { return kind == "" || t.kind == kind }), (*tag).show)}, nil
}

func (s *Sandbox) createTag(r *request) (any, error) {
	t := readTag(r.body)
	t.value = strings.TrimSpace(t.value)
	if err := checkNameLength("type", t.kind, 2, 50); err != nil {
		return nil, err
	}
	switch {
	case s.tags.has(t):
		return nil, nameExists("A tag of [object Object] already exists")
	case !s.tagTypes.has(t.kind):
		return nil, unknown(`insert into "tags" ("type", "value") values ($1, $2) - insert or update on table "tags" violates foreign key constraint "tags_type_fkey"`)
	}
	return object{"version": 1, "tag": s.tags.put(t, &t).show()}, nil
}

func (s *Sandbox) readTag(r *request) (any, error) {
	t := s.tags.get(pathTag(r))
	if t == nil {
		return nil, notFound("No tag with type: [%s] and value [%s]", r.PathValue("type"), r.PathValue("value"))
	}
	return object{"version": 1, "tag": t.show()}, nil
}

// deleteTag strips the tag from flags, too.
func (s *Sandbox) deleteTag(r *request) (any, error) {
	s.dropTags(func(t tag) bool { return t == pathTag(r) })
	return nil, nil
}

func (s *Sandbox) dropTags(drop func(tag) bool) {
	for _, t := range s.tags.where(func(t *tag) bool { return drop(*t) }) {
		s.tags.drop(*t)
	}
	for _, f := range s.features.where(nil) {
		f.tags = slices.DeleteFunc(f.tags, drop)
	}
}

func (s *Sandbox) featureTags(f *feature) object {
	all := slices.Clone(f.tags)
	slices.SortFunc(all, func(a, b tag) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.value, b.value)) })
	return object{"version": 1, "tags": render(all, func(t tag) object {
		o := t.show()
		if tt := s.tagTypes.get(t.kind); tt != nil && tt.color != nil {
			o["color"] = *tt.color
		}
		return o
	})}
}

func (s *Sandbox) listFeatureTags(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("Could not find feature with name %s", r.PathValue("feature"))
	}
	return s.featureTags(f), nil
}

// attach tags a flag. A value that does not exist yet is created, untrimmed.
func (s *Sandbox) attach(f *feature, tags ...tag) error {
	for _, t := range tags {
		if !s.tagTypes.has(t.kind) {
			return badData("Tag type '%s' does not exist", t.kind)
		}
	}
	for _, t := range tags {
		if !s.tags.has(t) {
			s.tags.put(t, &t)
		}
		if !slices.Contains(f.tags, t) {
			f.tags = append(f.tags, t)
		}
		s.event("feature-tagged", f.project, "")
	}
	return nil
}

func (s *Sandbox) addFeatureTag(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("No feature flag found")
	}
	t := readTag(r.body)
	if err := checkNameLength("type", t.kind, 2, 50); err != nil {
		return nil, err
	}
	if err := s.attach(f, t); err != nil {
		return nil, err
	}
	return t.show(), nil
}

// changeTags adds, then removes.
func (s *Sandbox) changeTags(f *feature, diff object) error {
	var add []tag
	for _, v := range items(diff, "addedTags") {
		add = append(add, readTag(v))
	}
	if err := s.attach(f, add...); err != nil {
		return err
	}
	for _, v := range items(diff, "removedTags") {
		f.tags = slices.DeleteFunc(f.tags, func(t tag) bool { return t == readTag(v) })
		s.event("feature-untagged", f.project, "")
	}
	return nil
}

// changeFeatureTags misses a flag only when there is something to do, or to tell.
func (s *Sandbox) changeFeatureTags(r *request) (any, error) {
	f := s.pathFeature(r)
	switch {
	case f == nil && len(items(r.data(), "addedTags"))+len(items(r.data(), "removedTags")) > 0:
		return nil, notFound("No feature flag found")
	case f == nil:
		return s.listFeatureTags(r)
	}
	if err := s.changeTags(f, r.data()); err != nil {
		return nil, err
	}
	return s.featureTags(f), nil
}

func (s *Sandbox) deleteFeatureTag(r *request) (any, error) {
	f := s.pathFeature(r)
	if f == nil {
		return nil, notFound("No feature flag found")
	}
	f.tags = slices.DeleteFunc(f.tags, func(t tag) bool { return t == pathTag(r) })
	s.event("feature-untagged", f.project, "")
	return nil, nil
}

func (s *Sandbox) bulkTags(r *request) (any, error) {
	diff, _ := r.data()["tags"].(object)
	for _, name := range texts(r.data(), "features") {
		f := s.features.get(name)
		switch {
		case f == nil && len(items(diff, "addedTags")) > 0:
			return nil, unknown(`insert into "feature_tag" - insert or update on table "feature_tag" violates foreign key constraint "feature_tag_feature_name_fkey"`)
		case f == nil:
			continue
		case f.project != r.PathValue("project"):
			return nil, badData("Tried to change tags of feature not belonging to project")
		}
		if err := s.changeTags(f, diff); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (t *tagType) show() object {
	return object{"name": t.name, "description": orNil(t.description), "icon": orNil(t.icon), "color": orNil(t.color)}
}

func (s *Sandbox) listTagTypes(*request) (any, error) {
	return object{"version": 1, "tagTypes": render(s.tagTypes.where(nil), (*tagType).show)}, nil
}

func (s *Sandbox) readTagType(r *request) (any, error) {
	t := s.tagTypes.get(r.PathValue("name"))
	if t == nil {
		return nil, notFound("Could not find tag-type")
	}
	return object{"version": 1, "tagType": t.show()}, nil
}

func (s *Sandbox) checkTagType(name string) error {
	if err := checkNameLength("name", name, 2, 50); err != nil {
		return err
	}
	if s.tagTypes.has(name) {
		return nameExists("There already exists a tag-type with the name %s", name)
	}
	return nil
}

// createTagType answers with what was sent.
func (s *Sandbox) createTagType(r *request) (any, error) {
	name := str(r.data(), "name")
	if err := s.checkTagType(name); err != nil {
		return nil, err
	}
	s.tagTypes.put(name, &tagType{name, optional(r.data(), "description"), optional(r.data(), "icon"), optional(r.data(), "color")})
	s.event("tag-type-created", "", "")
	return r.data(), nil
}

func (s *Sandbox) validateTagType(r *request) (any, error) {
	if err := s.checkTagType(str(r.data(), "name")); err != nil {
		return nil, err
	}
	return object{"valid": true, "tagType": r.data()}, nil
}

// updateTagType merges, and does not mind if there is no such type.
func (s *Sandbox) updateTagType(r *request) (any, error) {
	if !slices.ContainsFunc([]string{"description", "icon", "color"}, func(key string) bool { return r.data()[key] != nil }) {
		return nil, unknown("Empty .update() call detected! Update data does not contain any values to update. This will result in a faulty query. " +
			"Table: tag_types. Columns: description,icon,color.")
	}
	if t := s.tagTypes.get(r.PathValue("name")); t != nil {
		for key, to := range map[string]**string{"description": &t.description, "icon": &t.icon, "color": &t.color} {
			if _, ok := r.data()[key]; ok {
				*to = optional(r.data(), key)
			}
		}
		s.tagTypes.drop(t.name) // and to the end: the table has no order
		s.tagTypes.put(t.name, t)
		s.event("tag-type-updated", "", "")
	}
	return nil, nil
}

// deleteTagType strips its tags from flags, too.
func (s *Sandbox) deleteTagType(r *request) (any, error) {
	name := r.PathValue("name")
	if !s.tagTypes.has(name) {
		return nil, notFound("Could not find tag-type")
	}
	s.tagTypes.drop(name)
	s.dropTags(func(t tag) bool { return t.kind == name })
	s.event("tag-type-deleted", "", "")
	return nil, nil
}
