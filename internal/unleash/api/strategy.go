package api

import "encoding/json"

// Strategy is one activation strategy of a flag in an environment.
type Strategy struct {
	Project     string `json:"-"`
	Environment string `json:"-"`
	Feature     string `json:"-"`

	ID          string            `json:"id,omitempty"`
	Name        string            `json:"name"` // its type
	Title       *string           `json:"title"`
	Disabled    bool              `json:"disabled"`
	SortOrder   *int64            `json:"sortOrder,omitempty"`
	Parameters  map[string]string `json:"parameters"`
	Constraints []Constraint      `json:"constraints"`
	Segments    []int64           `json:"segments"`
	Variants    []Variant         `json:"variants"`
}

// Variant is one variant of a strategy. Weight is in thousandths; the server computes that of variable ones.
type Variant struct {
	Name       string          `json:"name"`
	Weight     int             `json:"weight"`
	WeightType string          `json:"weightType"` // "fix" or "variable"
	Stickiness string          `json:"stickiness"`
	Payload    *Payload        `json:"payload,omitempty"`
	Overrides  json.RawMessage `json:"overrides,omitempty"` // of old, not ours: kept
}

// Payload is what a variant hands to the code.
type Payload struct {
	Type  string `json:"type"` // string, number, json or csv
	Value string `json:"value"`
}
