package flagsmith

import (
	"context"
	"fmt"
	"math"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

// valueModel is a typed value: one attribute set, or none for the server's null. Separate attributes keep "5" and 5 apart
// where maps, conditionals and YAML would not.
type valueModel struct {
	String  *string `tfsdk:"string"`
	Integer *int64  `tfsdk:"integer"`
	Boolean *bool   `tfsdk:"boolean"`
}

func (m *valueModel) toAPI() *api.Value {
	if m == nil {
		return nil
	}
	return &api.Value{String: m.String, Integer: m.Integer, Boolean: m.Boolean}
}

func valueFromAPI(v api.Value) *valueModel {
	return &valueModel{String: v.String, Integer: v.Integer, Boolean: v.Boolean}
}

// maxValue is how many characters Flagsmith takes in a value.
const maxValue = 20000

// valueAttributes are the attributes of every typed value; oneValue belongs beside them.
func valueAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"string": schema.StringAttribute{
			Optional: true, Computed: true,
			PlanModifiers: []planmodifier.String{keepEmptyValue{}, crud.KeepJSON()},
			MarkdownDescription: "A text of at most 20,000 characters, without white space at its ends, which Flagsmith would strip. " +
				"`\"5\"` and `\"true\"` stay texts; `\"\"` is not null. A JSON object or array that is only written otherwise is no change.",
			Validators: []validator.String{text{most: maxValue}},
		},
		"integer": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "A whole number of 32 bits: -2147483648 to 2147483647.",
			Validators: []validator.Int64{int64validator.Between(math.MinInt32, math.MaxInt32)},
		},
		"boolean": schema.BoolAttribute{Optional: true, MarkdownDescription: "`true` or `false`."},
	}
}

// oneValue refuses a value of two types.
type oneValue struct{}

func (oneValue) Description(context.Context) string {
	return "at most one of string, integer and boolean"
}
func (v oneValue) MarkdownDescription(c context.Context) string { return v.Description(c) }

func (oneValue) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	var set []string
	for _, name := range []string{"string", "integer", "boolean"} {
		if a, ok := req.ConfigValue.Attributes()[name]; ok && !a.IsNull() && !a.IsUnknown() {
			set = append(set, name)
		}
	}
	if len(set) > 1 {
		resp.Diagnostics.AddAttributeError(req.Path, "A value of two types",
			fmt.Sprintf("It sets %s and %s. A value has one type: set one of string, integer and boolean, or none for the server's null.", set[0], set[1]))
	}
}

// keepEmptyValue plans an empty text that is there for {}: configuration that Terraform generates has {} for "" as for
// null, and taking a flag over must not change it.
type keepEmptyValue struct{}

func (keepEmptyValue) Description(context.Context) string { return "{} keeps an empty text" }

func (m keepEmptyValue) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (keepEmptyValue) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if !req.ConfigValue.IsNull() {
		return
	}
	resp.PlanValue = types.StringNull()
	var value types.Object
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, req.Path.ParentPath(), &value)...)
	if v, known := knownValue(value); known && v == (api.Value{}) && !req.StateValue.IsNull() && req.StateValue.ValueString() == "" {
		resp.PlanValue = req.StateValue
	}
}
