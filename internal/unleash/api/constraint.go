package api

import (
	"encoding/json"
	"slices"
)

// Constraint is one condition of a strategy or a segment. The server takes no other properties. It keeps inverted and
// caseInsensitive only where they were sent, and absent means false: so that what others wrote goes back as it was, they
// are nil where it has none.
type Constraint struct {
	ContextName     string   `json:"contextName"`
	Operator        string   `json:"operator"`
	Values          []string `json:"values"`
	Value           *string  `json:"value,omitempty"` // "" is refused
	Inverted        *bool    `json:"inverted,omitempty"`
	CaseInsensitive *bool    `json:"caseInsensitive,omitempty"`
}

// MarshalJSON sends no values as [], which is what the server makes of it.
func (c Constraint) MarshalJSON() ([]byte, error) {
	type plain Constraint
	if c.Values == nil {
		c.Values = []string{}
	}
	return json.Marshal(plain(c))
}

// Equal says that two constraints mean the same.
func (c Constraint) Equal(other Constraint) bool {
	return c.ContextName == other.ContextName && c.Operator == other.Operator && slices.Equal(c.Values, other.Values) &&
		deref(c.Value) == deref(other.Value) && deref(c.Inverted) == deref(other.Inverted) &&
		deref(c.CaseInsensitive) == deref(other.CaseInsensitive)
}

// Operators is what a constraint of Unleash 8.2 can be; true where it compares with one value rather than with values.
var Operators = map[string]bool{
	"IN": false, "NOT_IN": false, "STR_STARTS_WITH": false, "STR_ENDS_WITH": false, "STR_CONTAINS": false,
	"NUM_EQ": true, "NUM_GT": true, "NUM_GTE": true, "NUM_LT": true, "NUM_LTE": true,
	"DATE_AFTER": true, "DATE_BEFORE": true,
	"SEMVER_EQ": true, "SEMVER_GT": true, "SEMVER_GTE": true, "SEMVER_LT": true, "SEMVER_LTE": true,
	"REGEX": true,
}
