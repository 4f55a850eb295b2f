package sandbox

import "slices"

// featureType is a kind of flags; only its lifetime can be changed.
type featureType struct {
	id, name, description string
	lifetime              *int
}

func builtinFeatureTypes() []*featureType {
	return []*featureType{
		{"release", "Release", "Roll out new or incomplete features. Expected lifetime ~40 days", ptr(40)},
		{"experiment", "Experiment", "A/B and multivariate testing. Expected lifetime ~40 days", ptr(40)},
		{"operational", "Operational", "Transition between technical implementations with minimal risk. Expected lifetime: ~7 days", ptr(7)},
		{"kill-switch", "Kill switch", "Quickly disable certain functionalities or features. Expected lifetime: permanent", nil},
		{"permission", "Permission", "Control feature access based on user roles or entitlements. Expected lifetime: permanent", nil},
		{"sunset", "Sunset", "Coordinate the planned removal of an existing feature. Expected lifetime: ~90 days", ptr(90)},
	}
}

func (s *Sandbox) featureTypeRoutes() {
	s.handle("GET /feature-types", 200, nil, s.listFeatureTypes)
	s.handle("PUT /feature-types/{id}/lifetime", 200, shape("lifetimeDays",
		prop{"lifetimeDays", between(0, 2147483647, schema{kind: "integer", nullable: true})}), s.updateLifetime)
}

func (t *featureType) show() object {
	return object{"id": t.id, "name": t.name, "description": t.description, "lifetimeDays": orNil(t.lifetime)}
}

func (s *Sandbox) listFeatureTypes(*request) (any, error) {
	return object{"version": 1, "types": render(s.featureTypes, (*featureType).show)}, nil
}

// updateLifetime moves the type to the end, as a table without an order does.
func (s *Sandbox) updateLifetime(r *request) (any, error) {
	for i, t := range s.featureTypes {
		if t.id == r.PathValue("id") {
			s.featureTypes = append(slices.Delete(s.featureTypes, i, i+1), t)
			t.lifetime = nil
			if n := whole(r.data()["lifetimeDays"]); n > 0 {
				t.lifetime = &n
			}
			return t.show(), nil
		}
	}
	return nil, notFound("The feature type you tried to update (%q) does not exist.", r.PathValue("id"))
}
