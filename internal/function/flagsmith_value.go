package function

import (
	"context"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// flagsmithValue gives a plain value the typed form that Flagsmith's states and options take. An object with an attribute
// per type keeps its types where a map(any), a conditional or a list would turn 42 and "42" into one.
type flagsmithValue struct{}

// NewFlagsmithValue makes provider::flagops::flagsmith_value.
func NewFlagsmithValue() function.Function { return flagsmithValue{} }

var typedValue = map[string]attr.Type{"string": types.StringType, "integer": types.Int64Type, "boolean": types.BoolType}

func (flagsmithValue) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "flagsmith_value"
}

func (flagsmithValue) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Typed value of a Flagsmith flag",
		MarkdownDescription: "Turns a string, a whole number, a bool or null, as it comes out of YAML or JSON, into the object that `value` " +
			"takes in Flagsmith's resources: `\"blue\"` becomes `{ string = \"blue\" }`, `3` `{ integer = 3 }`, `true` `{ boolean = true }`, " +
			"and `null` stays null, which means that the value is not managed here (write `{}` for the server's null). Anything else is " +
			"an error: a fraction, a number that does not fit into 32 bits, a list, an object.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "value", AllowNullValue: true,
			MarkdownDescription: "A string, a whole number from -2147483648 to 2147483647, a bool, or null.",
		}},
		Return: function.ObjectReturn{AttributeTypes: typedValue},
	}
}

func (flagsmithValue) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &argument); resp.Error != nil {
		return
	}
	typed := map[string]attr.Value{"string": types.StringNull(), "integer": types.Int64Null(), "boolean": types.BoolNull()}
	switch value := argument.UnderlyingValue().(type) {
	case nil:
	case basetypes.StringValue:
		typed["string"] = value
	case basetypes.BoolValue:
		typed["boolean"] = value
	case basetypes.NumberValue:
		if value.IsNull() {
			break
		}
		integer, problem := toInteger(value.ValueBigFloat())
		if problem != "" {
			resp.Error = function.NewArgumentFuncError(0, problem)
			return
		}
		typed["integer"] = types.Int64Value(integer)
	default:
		if !value.IsNull() {
			resp.Error = function.NewArgumentFuncError(0, "A Flagsmith value is a string, a whole number, a bool or null, not "+
				kind(value)+". To store it as text, give jsonencode(…) of it.")
			return
		}
	}
	if typed["string"].IsNull() && typed["integer"].IsNull() && typed["boolean"].IsNull() {
		resp.Error = resp.Result.Set(ctx, types.ObjectNull(typedValue)) // what was forgotten must not wipe a live value
		return
	}
	object, diags := types.ObjectValue(typedValue, typed)
	resp.Error = function.ConcatFuncErrors(function.FuncErrorFromDiags(ctx, diags), resp.Result.Set(ctx, object))
}

// toInteger says what is wrong with a number that Flagsmith cannot hold.
func toInteger(number *big.Float) (int64, string) {
	text := number.Text('g', 20)
	if !number.IsInt() {
		return 0, "Flagsmith has no fractions, and would store " + text + " as a string. Give the string \"" + text + "\" (in YAML, in quotes), or a whole number."
	}
	if integer, accuracy := number.Int64(); accuracy == big.Exact && integer >= math.MinInt32 && integer <= math.MaxInt32 {
		return integer, ""
	}
	return 0, "Flagsmith's integers have 32 bits (-2147483648 to 2147483647); " + text + " does not fit. Give it as a string."
}

func kind(value attr.Value) string {
	switch value.(type) {
	case basetypes.ListValue, basetypes.SetValue, basetypes.TupleValue:
		return "a list"
	case basetypes.MapValue, basetypes.ObjectValue:
		return "an object"
	}
	return "this"
}
