package sandbox

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

var (
	payload           = shape("type value", prop{"type", enum("json", "csv", "string", "number")}, prop{"value", text})
	weight            = between(0, 1000, schema{kind: "integer"})
	createVariantBody = shape("name weight weightType stickiness", prop{"name", text}, prop{"weight", weight}, prop{"weightType", enum("variable", "fix")},
		prop{"stickiness", text}, prop{"payload", payload})
	updateVariantBody = exactly(shape("name weight weightType stickiness", createVariantBody.props...))
	legacyVariantBody = exactly(shape("name weight", prop{"name", text}, prop{"weight", between(0, 1000, schema{kind: "number"})},
		prop{"weightType", enum("variable", "fix")}, prop{"stickiness", text}, prop{"payload", exactly(shape("type value", payload.props...))},
		prop{"overrides", list(exactly(shape("contextName values", prop{"contextName", text}, prop{"values", list(text)})))}))
)

func (s *Sandbox) variantRoutes() {
	const all = "/projects/{project}/features/{feature}/environments/{environment}/variants"
	s.handle("GET "+all, 200, nil, s.readVariants)
	s.handle("PUT "+all, 200, list(legacyVariantBody), s.replaceVariants)
	s.handle("PATCH "+all, 200, patchBody, s.patchVariants)
	s.handle("PUT /projects/{project}/features/{feature}/variants-batch", 200,
		shape("", prop{"variants", list(legacyVariantBody)}, prop{"environments", list(text)}), s.batchVariants)
	s.handle("POST /constraints/validate", 204, constraintBody, s.validateConstraint)
}

// onlyKeys refuses other properties of an object.
func onlyKeys(o object, label string, allowed ...string) error {
	for _, k := range keys(o) {
		if !slices.Contains(allowed, k) {
			return joi("%q is not allowed", o[k], label+"."+k)
		}
	}
	return nil
}

// checkVariants is the rule of all variants, beyond what the schema says.
func checkVariants(all []any, label string) error {
	names := map[string]bool{}
	for i, v := range all {
		o, _ := v.(object)
		at := label + "[" + strconv.Itoa(i) + "]"
		if err := checkVariant(o, at); err != nil {
			return err
		}
		if names[str(o, "name")] {
			return joi("%q contains a duplicate value", o, at)
		}
		names[str(o, "name")] = true
	}
	return nil
}

// isComposite reports a JSON object or array; null, numbers and strings do not pass for JSON there.
func isComposite(text string) bool {
	text = strings.TrimSpace(text)
	return json.Valid([]byte(text)) && strings.ContainsAny(text[:1], "{[")
}

func checkVariant(o object, at string) error {
	if err := checkName(at+".name", str(o, "name")); err != nil {
		return err
	}
	switch w, ok := o["weight"]; {
	case !ok:
		return joi("%q is required", nil, at+".weight")
	case strings.Contains(show(w), "."):
		return joi("Weight only supports 1 decimal", w)
	}
	if p, ok := o["payload"].(object); ok {
		switch value := str(p, "value"); {
		case value == "":
			return joi("%q is not allowed to be empty", nil, at+".payload.value")
		case str(p, "type") == "json" && !isComposite(value):
			return joi("'value' must be a valid json string when 'type' is json", value)
		}
		if err := onlyKeys(p, at+".payload", "type", "value"); err != nil {
			return err
		}
	}
	if o["stickiness"] == "" {
		return joi("%q is not allowed to be empty", nil, at+".stickiness")
	}
	if v, ok := o["overrides"]; ok {
		overrides, isList := v.([]any)
		if !isList {
			return joi("%q must be an array", v, at+".overrides")
		}
		for i, v := range overrides {
			over, _ := v.(object)
			at := at + ".overrides[" + strconv.Itoa(i) + "]"
			for j, value := range items(over, "values") {
				if _, isText := value.(string); !isText {
					return joi("%q must be a string", value, at+".values["+strconv.Itoa(j)+"]")
				}
			}
			if err := onlyKeys(over, at, "contextName", "values"); err != nil {
				return err
			}
		}
	}
	return onlyKeys(o, at, "name", "weight", "weightType", "stickiness", "payload", "overrides")
}

// fixVariants checks variants, gives variable ones their weights and sorts. The weights that are left over by rounding go
// to the first ones as they were sent, so that putting back what was read can move them. Legacy variants without a
// weightType are lost here.
func fixVariants(all []any) ([]any, error) {
	if err := checkVariants(all, ""); err != nil || len(all) == 0 {
		return []any{}, err
	}
	var variable, fix []any
	left := 1000
	for _, v := range all {
		o, _ := v.(object)
		o = maps.Clone(o)
		switch str(o, "weightType") {
		case "fix":
			left -= whole(o["weight"])
			fix = append(fix, o)
		case "variable":
			variable = append(variable, o)
		}
	}
	switch {
	case len(variable) == 0:
		return nil, badData(`There must be at least one "variable" variant`)
	case left < 0:
		return nil, badData("The traffic distribution total must equal 100%%")
	}
	for i, v := range variable {
		w := left / len(variable)
		if i < left%len(variable) {
			w++
		}
		o, _ := v.(object)
		o["weight"] = jsNumber(float64(w))
	}
	out := append(variable, fix...)
	slices.SortStableFunc(out, byName)
	return out, nil
}

func byName(a, b any) int {
	x, _ := a.(object)
	y, _ := b.(object)
	return localeCompare(str(x, "name"), str(y, "name"))
}

// alphabet is the order of the letters that names consist of, by the root collation; case only decides between equals.
const alphabet = "_-!.'()*~0123456789abcdefghijklmnopqrstuvwxyz"

// localeCompare compares names as JavaScript does.
func localeCompare(a, b string) int {
	rank := func(s string) []int {
		out := make([]int, 0, len(s))
		for _, c := range strings.ToLower(s) {
			if i := strings.IndexRune(alphabet, c); i >= 0 {
				out = append(out, i)
			} else {
				out = append(out, len(alphabet)+int(c))
			}
		}
		return out
	}
	if c := slices.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	return -cmp.Compare(a, b) // lower case first
}

func (s *Sandbox) legacyEnvironment(r *request, name string) (*feature, *featureEnvironment, error) {
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, nil, err
	}
	if f.environments[name] == nil {
		return nil, nil, notFound("Could not find %s in %s", f.name, name)
	}
	return f, f.environments[name], nil
}

func (s *Sandbox) readVariants(r *request) (any, error) {
	_, env, err := s.legacyEnvironment(r, r.PathValue("environment"))
	if err != nil {
		return nil, err
	}
	return object{"version": 1, "variants": env.variants}, nil
}

// setVariants replaces legacy variants, which only works for flags that have some.
func (s *Sandbox) setVariants(f *feature, env *featureEnvironment, variants []any, name string) (any, error) {
	if !slices.ContainsFunc(slices.Collect(maps.Values(f.environments)), func(e *featureEnvironment) bool { return len(e.variants) > 0 }) {
		return nil, notAllowed("Environment variants deprecated for feature: %s. Use strategy variants instead.", f.name)
	}
	fixed, err := fixVariants(variants)
	if err != nil {
		return nil, err
	}
	env.variants = fixed
	s.event("feature-environment-variants-updated", f.project, name)
	return object{"version": 1, "variants": fixed}, nil
}

func (s *Sandbox) replaceVariants(r *request) (any, error) {
	f, env, err := s.legacyEnvironment(r, r.PathValue("environment"))
	if err != nil {
		return nil, err
	}
	variants, _ := r.body.([]any)
	return s.setVariants(f, env, variants, r.PathValue("environment"))
}

func (s *Sandbox) patchVariants(r *request) (any, error) {
	f, env, err := s.legacyEnvironment(r, r.PathValue("environment"))
	if err != nil {
		return nil, err
	}
	doc, err := applyPatch(clone(env.variants), r.body)
	if err != nil {
		return nil, badData("Could not apply provided patch: %s", strings.TrimPrefix(err.Error(), "UnknownError: "))
	}
	variants, _ := doc.([]any)
	return s.setVariants(f, env, variants, r.PathValue("environment"))
}

// batchVariants is not guarded, and fills in what is missing. It answers in the order that was sent.
func (s *Sandbox) batchVariants(r *request) (any, error) {
	environments := texts(r.data(), "environments")
	if len(environments) == 0 {
		return nil, badData("No environments provided")
	}
	all := items(r.data(), "variants")
	for _, v := range all {
		o, _ := v.(object)
		for k, d := range map[string]string{"weightType": "variable", "stickiness": "default"} {
			if _, ok := o[k]; !ok {
				o[k] = d
			}
		}
	}
	f, err := s.ownFeature(r)
	if err != nil {
		return nil, err
	}
	fixed, err := fixVariants(all)
	if err != nil {
		return nil, err
	}
	for i, name := range environments {
		switch {
		case f.environments[name] == nil:
			return nil, notFound("Could not find %s in %s", f.name, name)
		case slices.Contains(environments[:i], name):
			return nil, unknown(`insert into "feature_environments" - ON CONFLICT DO UPDATE command cannot affect row a second time`)
		}
	}
	for _, name := range environments {
		f.environments[name].variants, _ = clone(fixed).([]any)
		s.event("feature-environment-variants-updated", f.project, name)
	}
	weights := map[string]any{}
	for _, v := range fixed {
		o, _ := v.(object)
		weights[str(o, "name")] = o["weight"]
	}
	return object{"version": 1, "variants": render(all, func(v any) object {
		o, _ := v.(object)
		o["weight"] = weights[str(o, "name")]
		return o
	})}, nil
}
