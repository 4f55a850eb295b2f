package sandbox

import (
	"cmp"
	"regexp"
	"slices"
)

// option is one variant of a multivariate feature. Its three value columns are independent; kind says which one counts.
type option struct {
	id, feature int64
	uuid        string
	value       value
	percent     float64 // given to new states; changing it changes none that exist
	slug        *string // the API's key
	touched     int64   // when it was last written: the database lists it there
}

func (o *option) key() *int64 { return &o.id }

// value is a typed value with its three columns. Columns that do not count keep what they had.
type value struct {
	kind    *string // unicode, int or bool; null and "" are taken, too
	text    *string
	integer *int64
	boolean *bool
}

// text is a value of the kind that strings and null have.
func text(s *string) value { return value{kind: ptr("unicode"), text: s} }

func (v value) show() fields {
	return fields{"type": v.kind, "string_value": v.text, "integer_value": v.integer, "boolean_value": v.boolean}
}

// plain is the column that counts.
func (v value) plain() any {
	switch {
	case v.kind == nil:
	case *v.kind == "int":
		return v.integer
	case *v.kind == "bool":
		return v.boolean
	}
	return v.text
}

func (v *value) read(in *input) {
	in.nullText("type", &v.kind, oneOf("int", "unicode", "bool"), blank)
	in.nullText("string_value", &v.text, blank, upTo(20000))
	in.nullNumber("integer_value", &v.integer)
	in.nullFlag("boolean_value", &v.boolean)
}

func (s *Sandbox) multivariateRoutes() {
	s.route("/projects/{project}/features/{feature}/mv-options/", methods{"GET": s.listOptions, "POST": s.createOption, "": refuse})
	s.route("/projects/{project}/features/{feature}/mv-options/{id}/", methods{"GET": s.readOption, "PUT": s.updateOption, "PATCH": s.updateOption, "DELETE": s.deleteOption})
	s.route("/multivariate/options/get-by-uuid/{uuid}/", methods{"GET": s.optionByUUID})
}

func (o *option) show() fields {
	out := o.value.show()
	out["id"], out["uuid"], out["default_percentage_allocation"], out["key"] = o.id, o.uuid, float(o.percent), o.slug
	return out
}

// showAlone is the form of the options' own endpoint.
func (o *option) showAlone() fields {
	out := o.show()
	out["feature"] = o.feature
	return out
}

// optionsOf lists in the order in which the database does without being asked for one: through the index on feature and
// key, those without a key last, and among equals the last written last.
func (s *Sandbox) optionsOf(feature int64) []*option {
	all := s.options.where(func(o *option) bool { return o.feature == feature })
	slices.SortStableFunc(all, func(a, b *option) int {
		if (a.slug == nil) != (b.slug == nil) {
			if b.slug == nil {
				return -1
			}
			return 1
		}
		if a.slug != nil {
			return cmp.Compare(*a.slug, *b.slug)
		}
		return cmp.Compare(a.touched, b.touched)
	})
	return all
}

// optionInput is one item of a feature's multivariate_options.
type optionInput struct {
	id   int64
	read func(*option)
}

// readOptions reads a feature's nested options: their key is ignored, a missing allocation counts as 100, and the sum is
// made of floats in the order of the payload, so 16.1 + 48.2 + 35.7 is more than 100.
func readOptions(in *input) (options []optionInput, present bool) {
	sum := 0.0
	present = in.list("multivariate_options", func(item *input) {
		share, probe := 100.0, option{value: text(nil)}
		probe.value.read(item)
		item.percent("default_percentage_allocation", &share, between(0, 100))
		sum += share
		o := optionInput{read: func(o *option) {
			again := newInput(item.data, true)
			o.value.read(again)
			again.percent("default_percentage_allocation", &o.percent)
		}}
		if v, ok := item.data.get("id"); ok {
			o.id, _ = toInt(v)
		}
		options = append(options, o)
	})
	if sum > 100 {
		in.fail("multivariate_options", "Invalid percentage allocation")
	}
	return options, present
}

// saveOptions replaces a feature's options: by id where it is known, others are made, those left out are deleted. Unlike
// the options' own endpoint it leaves the type MULTIVARIATE when the last one goes.
func (s *Sandbox) saveOptions(f *feature, options []optionInput) {
	for _, o := range s.optionsOf(f.id) {
		if !slices.ContainsFunc(options, func(in optionInput) bool { return in.id == o.id }) {
			s.dropOption(o)
		}
	}
	for _, in := range options {
		if o := s.options.get(in.id); in.id != 0 && o != nil {
			o.feature = f.id
			in.read(o)
			o.touched = s.tick()
			continue
		}
		o := option{feature: f.id, value: text(nil), percent: 100}
		in.read(&o)
		s.addOption(f, &o)
	}
}

// addOption stores an option and gives it to the default state of every environment.
func (s *Sandbox) addOption(f *feature, o *option) {
	o.uuid = newUUID()
	s.options.add(o)
	o.touched = s.tick()
	f.kind = multivariate
	for _, st := range s.states.where(func(st *featureState) bool { return st.feature == f.id && st.isDefault() }) {
		s.stateOptions.add(&stateOption{state: st.id, option: o.id, percent: o.percent})
	}
}

func (s *Sandbox) dropOption(o *option) {
	s.options.drop(o.id)
	s.stateOptions.dropWhere(func(so *stateOption) bool { return so.option == o.id })
}

// optionFeature finds the feature of the path; a missing project is refused before it is missed.
func (s *Sandbox) optionFeature(r *request) (*feature, answer) {
	p, a := s.projectOr(r, forbidden())
	if p == nil {
		return nil, a
	}
	return lookup(r, "feature", &s.features, "Feature", func(f *feature) bool { return f.project == p.id })
}

func (s *Sandbox) option(r *request) (*option, answer) {
	f, a := s.optionFeature(r)
	if f == nil {
		return nil, a
	}
	return lookup(r, "id", &s.options, "MultivariateFeatureOption", func(o *option) bool { return o.feature == f.id })
}

func (s *Sandbox) listOptions(r *request) answer {
	f, a := s.optionFeature(r)
	if f == nil {
		return a
	}
	return s.fixedPage(r, render(s.optionsOf(f.id), (*option).showAlone))
}

func (s *Sandbox) readOption(r *request) answer {
	o, a := s.option(r)
	if o == nil {
		return a
	}
	return ok(o.showAlone())
}

func (s *Sandbox) optionByUUID(r *request) answer {
	o, a := byUUID(r, &s.options, "MultivariateFeatureOption", func(o *option) string { return o.uuid })
	if o == nil {
		return a
	}
	return ok(o.showAlone())
}

var slug = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)

// readOption reads and checks a body. The feature is the body's, whatever the path says, and both it and the allocation
// must be there: without them the real server crashes.
func (s *Sandbox) readOptionInto(r *request, o *option) answer {
	in := r.input(r.Method == "PATCH")
	o.value.read(in)
	in.percent("default_percentage_allocation", &o.percent, between(0, 100))
	in.nullText("key", &o.slug, upTo(255))
	if _, broken := in.errs["key"]; !broken && in.data.has("key") && o.slug != nil {
		switch {
		case !slug.MatchString(*o.slug):
			in.fail("key", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.")
		case *o.slug == "control":
			in.fail("key", "\"control\" is a reserved variant key.")
		}
	}
	in.key("feature", &o.feature, s.features.has, required)
	if a := in.bad(); a.status != 0 {
		return a
	}
	if !in.data.has("feature") || !in.data.has("default_percentage_allocation") {
		return crash()
	}
	sum := 0.0
	var siblings []*option
	for _, other := range s.optionsOf(o.feature) {
		if other.id != o.id {
			siblings = append(siblings, other)
		}
	}
	slices.SortFunc(siblings, func(a, b *option) int { return cmp.Compare(a.touched, b.touched) })
	for _, other := range siblings {
		sum += other.percent
	}
	full := sum+o.percent > 100
	if o.id == 0 {
		for _, st := range s.states.where(func(st *featureState) bool { return st.feature == o.feature && st.isDefault() }) {
			full = full || s.stateSum(st) > 100-o.percent
		}
	}
	if full {
		return invalid("default_percentage_allocation", "Invalid percentage allocation")
	}
	if in.data.has("key") && o.slug != nil && slices.ContainsFunc(siblings, func(other *option) bool { return other.slug != nil && *other.slug == *o.slug }) {
		return invalid("key", "Multivariate option with this key already exists for the feature.")
	}
	return answer{}
}

func (s *Sandbox) createOption(r *request) answer {
	if f, a := s.optionFeature(r); f == nil {
		return a
	}
	o := option{value: text(nil)}
	if a := s.readOptionInto(r, &o); a.status != 0 {
		return a
	}
	s.addOption(s.features.get(o.feature), &o)
	return created(o.showAlone())
}

func (s *Sandbox) updateOption(r *request) answer {
	o, a := s.option(r)
	if o == nil {
		return a
	}
	changed := *o
	if a := s.readOptionInto(r, &changed); a.status != 0 {
		return a
	}
	*o = changed
	o.touched = s.tick()
	return ok(o.showAlone())
}

func (s *Sandbox) deleteOption(r *request) answer {
	o, a := s.option(r)
	if o == nil {
		return a
	}
	s.dropOption(o)
	if len(s.optionsOf(o.feature)) == 0 {
		s.features.get(o.feature).kind = standard
	}
	return gone()
}
