package flagsmith

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type segmentModel struct {
	ProjectID   *int64        `tfsdk:"project_id"`
	ID          *int64        `tfsdk:"id"`
	UUID        *string       `tfsdk:"uuid"`
	Name        *string       `tfsdk:"name"`
	Description *string       `tfsdk:"description"`
	FeatureID   *int64        `tfsdk:"feature_id"`
	Rules       []segmentRule `tfsdk:"rules"`
}

type segmentRule struct {
	Type       *string            `tfsdk:"type"`
	Conditions []segmentCondition `tfsdk:"conditions"`
	Rules      []segmentInnerRule `tfsdk:"rules"`
}

type segmentInnerRule struct {
	Type       *string            `tfsdk:"type"`
	Conditions []segmentCondition `tfsdk:"conditions"`
}

type segmentCondition struct {
	Operator    *string `tfsdk:"operator"`
	Property    *string `tfsdk:"property"`
	Value       *string `tfsdk:"value"`
	Description *string `tfsdk:"description"`
}

// operators is what a condition of Flagsmith 2.265 can be.
var operators = []string{
	"EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE", "CONTAINS",
	"NOT_CONTAINS", "IN", "REGEX", "MODULO", percentageSplit, isSet, isNotSet,
}

const (
	percentageSplit = "PERCENTAGE_SPLIT"
	isSet           = "IS_SET"
	isNotSet        = "IS_NOT_SET"
)

var segment = crud.Spec[*api.Client, segmentModel, api.Segment]{
	Name:   "flagsmith_segment",
	Key:    []string{"project_id", "id"},
	Lookup: []string{"project_id", "name"},
	Fields: map[string]string{"feature": "feature_id", "project": "project_id", "segment": "rules"},
	Schema: schema.Schema{
		MarkdownDescription: "A group of identities, told by their traits, for which flags can be overridden. Creating one changes no " +
			"live flag, since nothing refers to it yet. Updating its rules changes at once who gets the overrides that do, and keeps " +
			"overrides and custom fields. **Destroying it deletes its overrides too, of every feature in every environment**, which " +
			"can take the server ten seconds where there are dozens.\n\n" +
			"Names are not unique: looking one up that two segments have is an error that lists their ids. Segments that Flagsmith " +
			"keeps for a cohort can be read, but neither changed nor destroyed.",
		Attributes: map[string]schema.Attribute{
			"project_id": crud.Parent("Id of the project that the segment belongs to. Another one makes a new segment."),
			"id":         crud.ID("Number that Flagsmith gave the segment. Overrides refer to it."),
			"uuid":       crud.Text("UUID that Flagsmith gave the segment."),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the segment is called: 1 to 2,000 characters, not unique.",
				Validators: []validator.String{text{most: 2000, required: true}},
			},
			"description": optionalText(0, "Who is in the segment, in words. Left out: none."),
			"feature_id": schema.Int64Attribute{
				Optional: true, MarkdownDescription: "Id of the one feature whose overrides may use the segment. Left out, those of every " +
					"feature may. Changing it keeps the overrides that are there.",
				Validators: []validator.Int64{int64validator.AtLeast(1)},
			},
			"rules": schema.ListNestedAttribute{
				Required: true, MarkdownDescription: "Rules that must all hold for an identity to be in the segment, at least one. " +
					"Together they hold at most 100 conditions, unless the server is configured for more.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"type":       ruleType("Which of its conditions must hold, and which of its inner rules: `ALL`, `ANY` or `NONE`. Where it has both, both must."),
					"conditions": conditionList(),
					"rules": schema.ListNestedAttribute{
						Optional: true, Computed: true, MarkdownDescription: "Inner rules, the last level. Left out: none.",
						Default: emptyList(types.ObjectType{AttrTypes: innerRuleTypes}),
						NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
							"type":       ruleType("Which of its conditions must hold: `ALL`, `ANY` or `NONE`."),
							"conditions": conditionList(),
						}},
					},
				}},
			},
		},
	},
	ToAPI: func(m *segmentModel) api.Segment {
		s := api.Segment{
			ProjectID: deref(m.ProjectID), ID: deref(m.ID), Name: deref(m.Name), Description: m.Description, FeatureID: m.FeatureID,
			Rules: make([]api.SegmentRule, len(m.Rules)),
		}
		for i, r := range m.Rules {
			s.Rules[i] = api.SegmentRule{Type: deref(r.Type), Conditions: conditionsToAPI(r.Conditions)}
			for _, inner := range r.Rules {
				s.Rules[i].Rules = append(s.Rules[i].Rules, api.SegmentRule{Type: deref(inner.Type), Conditions: conditionsToAPI(inner.Conditions)})
			}
		}
		return s
	},
	FromAPI: func(m *segmentModel, s api.Segment) {
		*m = segmentModel{
			ProjectID: &s.ProjectID, ID: &s.ID, UUID: &s.UUID, Name: &s.Name, Description: s.Description, FeatureID: s.FeatureID,
			Rules: make([]segmentRule, len(s.Rules)),
		}
		for i, r := range s.Rules {
			m.Rules[i] = segmentRule{Type: &r.Type, Conditions: conditionsFromAPI(r.Conditions), Rules: make([]segmentInnerRule, len(r.Rules))}
			for j, inner := range r.Rules {
				m.Rules[i].Rules[j] = segmentInnerRule{Type: &inner.Type, Conditions: conditionsFromAPI(inner.Conditions)}
			}
		}
	},
	Check:  checkSegment,
	Create: (*api.Client).CreateSegment,
	Read:   (*api.Client).Segment,
	Update: (*api.Client).UpdateSegment,
	Delete: (*api.Client).DeleteSegment,
	List:   (*api.Client).Segments,
}

func conditionsToAPI(conditions []segmentCondition) []api.SegmentCondition {
	list := make([]api.SegmentCondition, len(conditions))
	for i, c := range conditions {
		list[i] = api.SegmentCondition{Operator: deref(c.Operator), Property: c.Property, Value: deref(c.Value), Description: c.Description}
	}
	return list
}

func conditionsFromAPI(conditions []api.SegmentCondition) []segmentCondition {
	list := make([]segmentCondition, len(conditions))
	for i, c := range conditions {
		list[i] = segmentCondition{Operator: &c.Operator, Property: c.Property, Value: &c.Value, Description: c.Description}
	}
	return list
}

func ruleType(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, MarkdownDescription: description,
		Validators: []validator.String{stringvalidator.OneOf("ALL", "ANY", "NONE")},
	}
}

var (
	conditionTypes = map[string]attr.Type{
		"operator": types.StringType, "property": types.StringType, "value": types.StringType, "description": types.StringType,
	}
	innerRuleTypes = map[string]attr.Type{
		"type": types.StringType, "conditions": types.ListType{ElemType: types.ObjectType{AttrTypes: conditionTypes}},
	}
)

// emptyList is the default of lists that may be left out. The server knows neither null lists nor null values, so null, []
// and "" are one in the plan too: whichever a configuration says, its plan is empty after an import.
func emptyList(of attr.Type) defaults.List {
	return listdefault.StaticValue(types.ListValueMust(of, nil))
}

func conditionList() schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, Computed: true, MarkdownDescription: "Comparisons of traits, in the order in which the dashboard shows them. Left out: none.",
		Default: emptyList(types.ObjectType{AttrTypes: conditionTypes}),
		NestedObject: schema.NestedAttributeObject{
			Validators: []validator.Object{wholeCondition{}},
			Attributes: map[string]schema.Attribute{
				"operator": schema.StringAttribute{
					Required: true, MarkdownDescription: "How the trait is compared: `" + strings.Join(operators, "`, `") + "`.",
					Validators: []validator.String{stringvalidator.OneOf(operators...)},
				},
				"property": schema.StringAttribute{
					Optional: true, MarkdownDescription: "Name of the trait, 1 to 1,000 characters, or a JSONPath such as `$.identity.identifier`. " +
						"Only `PERCENTAGE_SPLIT` does without: it splits by identity then.",
					Validators: []validator.String{text{most: 1000, required: true}},
				},
				"value": schema.StringAttribute{
					Optional: true, Computed: true, Default: stringdefault.StaticString(""),
					MarkdownDescription: "What the trait is compared with, always a text, at most 1,000 characters unless the server is configured " +
						"for more. `IN` takes texts separated by commas, or a JSON array of them; `REGEX` a regular expression (Python's) that " +
						"matches from the start; `MODULO` `divisor|remainder`; `PERCENTAGE_SPLIT` per cent, 0 to 100. `IS_SET` and " +
						"`IS_NOT_SET` take none: leave it out.",
					Validators: []validator.String{text{most: valueMost}},
				},
				"description": optionalText(0, "What the condition is for. Left out: none."),
			},
		},
	}
}

const (
	conditionsLimit = 100     // SEGMENT_RULES_CONDITIONS_LIMIT, by default
	valueLimit      = 1000    // SEGMENT_CONDITION_VALUE_LIMIT, by default
	valueMost       = 1999999 // what that can be set to
)

// wholeCondition warns of what a condition lacks, as it is written.
type wholeCondition struct{}

func (wholeCondition) Description(context.Context) string {
	return "a property and a value, as the operator needs them"
}

func (v wholeCondition) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (wholeCondition) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	attributes := req.ConfigValue.Attributes()
	operator, ok := attributes["operator"].(types.String)
	if !ok || operator.IsNull() || operator.IsUnknown() {
		return
	}
	// Warnings, since the server takes both and an import may bring them: configuration that Terraform generates says null
	// for "".
	if attributes["property"].IsNull() && operator.ValueString() != percentageSplit {
		resp.Diagnostics.AddAttributeWarning(req.Path.AtName("property"), "A condition without a trait",
			fmt.Sprintf("%s compares a trait, and none is named. Flagsmith takes this for a trait without a name, which nobody has.", operator.ValueString()))
	}
	if attributes["value"].IsNull() && !takesNoValue(operator.ValueString()) {
		resp.Diagnostics.AddAttributeWarning(req.Path.AtName("value"), "A condition without a value",
			fmt.Sprintf(`%s compares a trait with a value, here with the empty text. If that is meant, write value = "".`, operator.ValueString()))
	}
}

func takesNoValue(operator string) bool { return operator == isSet || operator == isNotSet }

// checkSegment looks at rules that are new or changed: what the server would refuse is an error, and so is what it would
// store but could never evaluate. Rules that stay as they are pass, for an import may have brought them.
func checkSegment(_ context.Context, check crud.Check[*api.Client, segmentModel]) (diags diag.Diagnostics) {
	rules, at := check.Plan.Rules, path.Root("rules")
	if rules == nil || check.Prior != nil && reflect.DeepEqual(check.Prior.Rules, rules) { // nil: not known yet
		return nil
	}
	if len(rules) == 0 {
		diags.AddAttributeError(at, "A segment without rules", "Flagsmith refuses a segment without rules: give it at least one.")
	}
	var count int
	conditions := func(at path.Path, conditions []segmentCondition) {
		count += len(conditions)
		for i, c := range conditions {
			checkCondition(at.AtName("conditions").AtListIndex(i).AtName("value"), deref(c.Operator), c.Value, &diags)
		}
	}
	for i, rule := range rules {
		conditions(at.AtListIndex(i), rule.Conditions)
		for j, inner := range rule.Rules {
			conditions(at.AtListIndex(i).AtName("rules").AtListIndex(j), inner.Conditions)
		}
	}
	if count > conditionsLimit {
		diags.AddAttributeWarning(at, "More conditions than Flagsmith takes by default", fmt.Sprintf("The segment has %d conditions; a server "+
			"that is not configured for more (SEGMENT_RULES_CONDITIONS_LIMIT) will refuse more than %d.", count, conditionsLimit))
	}
	return diags
}

func checkCondition(at path.Path, operator string, value *string, diags *diag.Diagnostics) {
	if value == nil { // not known yet
		return
	}
	if n := len([]rune(*value)); n > valueLimit {
		diags.AddAttributeWarning(at, "A longer value than Flagsmith takes by default", fmt.Sprintf("The value has %d characters; a server "+
			"that is not configured for more (SEGMENT_CONDITION_VALUE_LIMIT) will refuse more than %d.", n, valueLimit))
	}
	var problem string
	switch {
	case takesNoValue(operator) && *value != "":
		problem = operator + " takes no value: leave it out."
	case operator == percentageSplit && !isNumber(*value, 0, 100):
		problem = "PERCENTAGE_SPLIT takes a number from 0 to 100 (per cent)."
	case operator == "MODULO" && !isModulo(*value):
		problem = `MODULO takes "divisor|remainder", two numbers, the first of which is not 0.`
	case operator == "REGEX":
		problem = brokenRegex(*value)
	}
	if problem != "" {
		diags.AddAttributeError(at, "A value that "+operator+" cannot use",
			fmt.Sprintf("%s Flagsmith would store %q, but could not evaluate it.", problem, *value))
	}
}

// isNumber is lenient where Python's float() and Go's differ.
func isNumber(text string, least, most float64) bool {
	f, err := strconv.ParseFloat(strings.ReplaceAll(strip(text), "_", ""), 64)
	return (err == nil || errors.Is(err, strconv.ErrRange)) && f >= least && f <= most
}

func isModulo(text string) bool {
	divisor, remainder, found := strings.Cut(text, "|")
	any := math.Inf(1)
	return found && isNumber(divisor, -any, any) && !isNumber(divisor, 0, 0) && isNumber(remainder, -any, any)
}

// brokenRegex says what is wrong with a regular expression where that is certain: Go's syntax is not Python's, so only the
// mistakes that are one in both count, and none in a pattern with what the two read differently.
func brokenRegex(pattern string) string {
	for _, differs := range []string{"(?", "[:", `\Q`} {
		if strings.Contains(pattern, differs) {
			return ""
		}
	}
	var e *syntax.Error
	_, err := syntax.Parse(pattern, syntax.Perl)
	if !errors.As(err, &e) || !slices.Contains([]syntax.ErrorCode{
		syntax.ErrMissingBracket, syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingRepeatArgument,
		syntax.ErrTrailingBackslash, syntax.ErrInvalidCharRange,
	}, e.Code) {
		return ""
	}
	return fmt.Sprintf("REGEX takes a regular expression, and this is none: %s.", e.Code)
}
