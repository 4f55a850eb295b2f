package api

// Constraint is one condition of a strategy or a segment. The server takes no other properties; it echoes inverted and
// caseInsensitive only where they were sent, and absent means false.
type Constraint struct {
	ContextName     string   `json:"contextName"`
	Operator        string   `json:"operator"`
	Values          []string `json:"values"`
	Value           *string  `json:"value,omitempty"` // "" is refused
	Inverted        bool     `json:"inverted"`
	CaseInsensitive bool     `json:"caseInsensitive"`
}

// Operators is what a constraint of Unleash 8.2 can be; true where it compares with one value rather than with values.
var Operators = map[string]bool{
	"IN": false, "NOT_IN": false, "STR_STARTS_WITH": false, "STR_ENDS_WITH": false, "STR_CONTAINS": false,
	"NUM_EQ": true, "NUM_GT": true, "NUM_GTE": true, "NUM_LT": true, "NUM_LTE": true,
	"DATE_AFTER": true, "DATE_BEFORE": true,
	"SEMVER_EQ": true, "SEMVER_GT": true, "SEMVER_GTE": true, "SEMVER_LT": true, "SEMVER_LTE": true,
	"REGEX": true,
}
