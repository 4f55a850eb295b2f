package function_test

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	fw "github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/function"
)

func run(value attr.Value) (string, *fw.FuncError) {
	ctx, f := context.Background(), function.NewFlagsmithValue()
	var definition fw.DefinitionResponse
	f.Definition(ctx, fw.DefinitionRequest{}, &definition)
	result, err := definition.Definition.Return.NewResultData(ctx)
	if err != nil {
		return "", err
	}
	resp := fw.RunResponse{Result: result}
	f.Run(ctx, fw.RunRequest{Arguments: fw.NewArgumentsData([]attr.Value{types.DynamicValue(value)})}, &resp)
	return resp.Result.Value().String(), resp.Error
}

func number(text string) attr.Value {
	f, _, _ := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	return types.NumberValue(f)
}

func TestFlagsmithValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value attr.Value
		want  string // the result, or a part of the error
		fails bool
	}{
		"string":               {value: types.StringValue("5"), want: `{"boolean":<null>,"integer":<null>,"string":"5"}`},
		"empty string":         {value: types.StringValue(""), want: `{"boolean":<null>,"integer":<null>,"string":""}`},
		"bool":                 {value: types.BoolValue(false), want: `{"boolean":false,"integer":<null>,"string":<null>}`},
		"integer":              {value: number("-2147483648"), want: `{"boolean":<null>,"integer":-2147483648,"string":<null>}`},
		"integer as a float":   {value: number("1e3"), want: `{"boolean":<null>,"integer":1000,"string":<null>}`},
		"null":                 {value: nil, want: `<null>`},
		"null of a type":       {value: types.NumberNull(), want: `<null>`},
		"null of another type": {value: types.ListNull(types.StringType), want: `<null>`},
		"too big":              {value: number("2147483648"), fails: true, want: "2147483648 does not fit. Give it as a string."},
		"far too big":          {value: number("1e300"), fails: true, want: "32 bits"},
		"fraction":             {value: number("1.5"), fails: true, want: `Give the string "1.5" (in YAML, in quotes), or a whole number.`},
		"list":                 {value: types.TupleValueMust([]attr.Type{}, []attr.Value{}), fails: true, want: "not a list"},
		"object":               {value: types.ObjectValueMust(map[string]attr.Type{}, map[string]attr.Value{}), fails: true, want: "not an object. To store it as text, give jsonencode(…)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := run(test.value)
			switch {
			case (err != nil) != test.fails:
				t.Fatalf("got %s, error %v", got, err)
			case test.fails && (!strings.Contains(err.Text, test.want) || err.FunctionArgument == nil || *err.FunctionArgument != 0):
				t.Errorf("got error %q on argument %v, want %q on the first", err.Text, err.FunctionArgument, test.want)
			case !test.fails && got != test.want:
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
