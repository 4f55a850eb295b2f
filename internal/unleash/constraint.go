package unleash

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// constraintModel is one constraint of a strategy or a segment.
type constraintModel struct {
	ContextName     *string  `tfsdk:"context_name"`
	Operator        *string  `tfsdk:"operator"`
	Values          []string `tfsdk:"values"`
	Value           *string  `tfsdk:"value"`
	Inverted        *bool    `tfsdk:"inverted"`
	CaseInsensitive *bool    `tfsdk:"case_insensitive"`
}

// constraint is the schema of one constraint.
func constraint() schema.NestedAttributeObject {
	return schema.NestedAttributeObject{
		Validators: []validator.Object{validConstraint{}},
		Attributes: map[string]schema.Attribute{
			"context_name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Name of the context field to look at, such as `userId`. It need not exist; if it has legal values, only those may be compared with.",
			},
			"operator": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf(sortedNames(api.Operators)...)},
				MarkdownDescription: "How to compare. `IN`, `NOT_IN`, `STR_STARTS_WITH`, `STR_ENDS_WITH` and `STR_CONTAINS` take `values`; " +
					"`NUM_EQ`, `NUM_GT`, `NUM_GTE`, `NUM_LT`, `NUM_LTE`, `DATE_AFTER`, `DATE_BEFORE`, `SEMVER_EQ`, `SEMVER_GT`, " +
					"`SEMVER_GTE`, `SEMVER_LT`, `SEMVER_LTE` and `REGEX` take `value`. Older servers lack the last ones.",
			},
			"values": schema.ListAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "What to compare with: each 1 to 100 characters. Their order is kept.",
			},
			"value": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "What to compare with: a number, a date such as `2031-01-01T00:00:00Z`, a version such as `1.2.3`, or an RE2 pattern.",
			},
			"inverted":         crud.Flag(false, "Whether the opposite is meant. Not for `REGEX`. Defaults to `false`."),
			"case_insensitive": crud.Flag(false, "Whether capitals make no difference to `STR_` operators and `REGEX`. Defaults to `false`."),
		},
	}
}

func constraintsToAPI(models []constraintModel) []api.Constraint {
	constraints := make([]api.Constraint, len(models))
	for i, m := range models {
		constraints[i] = api.Constraint{
			ContextName: deref(m.ContextName), Operator: deref(m.Operator), Values: slices.Clone(m.Values), Value: m.Value,
			Inverted: m.Inverted, CaseInsensitive: m.CaseInsensitive,
		}
	}
	return constraints
}

// constraintsFromAPI takes over the server's constraints. It fills in values = [] where there is a value: whether a
// configuration says [] or nothing is the same, so what the prior constraint at that place says stays.
func constraintsFromAPI(prior []constraintModel, server []api.Constraint) []constraintModel {
	models := make([]constraintModel, len(server))
	for i, c := range server {
		inverted, caseInsensitive := deref(c.Inverted), deref(c.CaseInsensitive)
		models[i] = constraintModel{
			ContextName: &c.ContextName, Operator: &c.Operator, Values: c.Values, Value: c.Value,
			Inverted: &inverted, CaseInsensitive: &caseInsensitive,
		}
		if len(c.Values) == 0 {
			models[i].Values = nil
			if i < len(prior) && prior[i].Values != nil {
				models[i].Values = []string{}
			}
		}
		if deref(c.Value) == "" {
			models[i].Value = nil
		}
	}
	return models
}

// validConstraint finds in the plan what the server refuses.
type validConstraint struct{}

func (validConstraint) Description(context.Context) string {
	return "values or value, as the operator wants"
}
func (v validConstraint) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

var (
	decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	noDate  = regexp.MustCompile(`^(\D*|\d{1,2}\.\d{1,2}\.\d{4}.*)$`)
	semver  = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
)

func (validConstraint) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	attributes := req.ConfigValue.Attributes()
	operator, _ := attributes["operator"].(basetypes.StringValue)
	value, _ := attributes["value"].(basetypes.StringValue)
	values, _ := attributes["values"].(basetypes.ListValue)
	inverted, _ := attributes["inverted"].(basetypes.BoolValue)
	single, known := api.Operators[operator.ValueString()]
	refuse := func(attribute, format string, args ...any) {
		resp.Diagnostics.AddAttributeError(req.Path.AtName(attribute), "Not a constraint that Unleash takes", fmt.Sprintf(format, args...))
	}
	for i, element := range values.Elements() {
		if text, ok := element.(basetypes.StringValue); ok && !text.IsUnknown() && (text.IsNull() || len(text.ValueString()) == 0 || len([]rune(text.ValueString())) > 100) {
			resp.Diagnostics.AddAttributeError(req.Path.AtName("values").AtListIndex(i), "Not a constraint that Unleash takes", "Each of the values has 1 to 100 characters.")
		}
	}
	switch {
	case !known:
	case single && value.IsNull():
		refuse("value", "The operator %s compares with one value: give value.", operator.ValueString())
	case !single && !values.IsUnknown() && len(values.Elements()) == 0:
		refuse("values", "The operator %s compares with at least one of values.", operator.ValueString())
	case single && !value.IsUnknown():
		if problem := valueProblem(operator.ValueString(), value.ValueString()); problem != "" {
			refuse("value", "%s", problem)
		}
	}
	if operator.ValueString() == "REGEX" && inverted.ValueBool() {
		refuse("inverted", "The operator REGEX cannot be inverted.")
	}
}

// valueProblem refuses what Unleash surely refuses: it takes a lot more for a date than RFC 3339, and keeps it to the letter.
func valueProblem(operator, value string) string {
	switch kind, _, _ := strings.Cut(operator, "_"); kind {
	case "NUM":
		if !decimal.MatchString(strings.TrimSpace(value)) {
			return "The operator " + operator + " compares with a number."
		}
	case "DATE":
		if noDate.MatchString(value) {
			return "The operator " + operator + " compares with a date, such as 2031-01-01T00:00:00Z."
		}
	case "SEMVER":
		if !semver.MatchString(value) {
			return "The operator " + operator + " compares with a version of three numbers, such as 1.2.3, without a v."
		}
	case "REGEX":
		if _, err := regexp.Compile(value); err != nil { // Go's is RE2
			return "The pattern is not one that RE2 takes: " + err.Error() + "."
		}
	}
	return ""
}
