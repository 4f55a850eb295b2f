package api

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Variant is one variant of a strategy. Weight is in thousandths; the server computes that of variable ones.
type Variant struct {
	Name       string          `json:"name"`
	Weight     int             `json:"weight"`
	WeightType string          `json:"weightType"` // "fix" or "variable"
	Stickiness string          `json:"stickiness"`
	Payload    *Payload        `json:"payload,omitempty"`
	Overrides  json.RawMessage `json:"overrides,omitempty"` // of old; the server takes them at creation alone
}

// Payload is what a variant hands to the code.
type Payload struct {
	Type  string `json:"type"` // string, number, json or csv
	Value string `json:"value"`
}

// Fixed says that a variant has a weight of its own.
func (v Variant) Fixed() bool { return v.WeightType == "fix" }

// equal says that two variants are the same in what a configuration can say.
func (v Variant) equal(other Variant) bool {
	same := v.Payload == other.Payload || v.Payload != nil && other.Payload != nil && *v.Payload == *other.Payload
	return same && v.Name == other.Name && v.Fixed() == other.Fixed() && v.Stickiness == other.Stickiness && (!v.Fixed() || v.Weight == other.Weight)
}

func sameVariants(a, b []Variant) bool {
	byName := func(a, b Variant) int { return cmp.Compare(a.Name, b.Name) }
	return slices.EqualFunc(slices.SortedFunc(slices.Values(a), byName), slices.SortedFunc(slices.Values(b), byName), Variant.equal)
}

// keepWeights orders variants for a PUT so that those whose weight the server computes keep the one they have in there: it
// gives what does not divide evenly, a thousandth each, to the first ones it gets (observed on 8.2).
func keepWeights(variants, there []Variant) []Variant {
	weight := map[string]int{}
	for _, v := range there {
		if !v.Fixed() {
			weight[v.Name] = v.Weight
		}
	}
	ordered := append([]Variant{}, variants...)
	slices.SortStableFunc(ordered, func(a, b Variant) int { return cmp.Compare(weight[b.Name], weight[a.Name]) })
	return ordered
}

// withoutOverrides drops what an update cannot take.
func withoutOverrides(variants []Variant) []Variant {
	variants = slices.Clone(variants)
	for i := range variants {
		variants[i].Overrides = nil
	}
	return variants
}

func hasOverrides(variants []Variant) bool {
	return slices.ContainsFunc(variants, func(v Variant) bool {
		text := string(v.Overrides)
		return text != "" && text != "null" && text != "[]"
	})
}
