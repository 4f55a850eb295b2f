package crud

import (
	"context"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// KeepJSON keeps the state's text while the configuration's is the same JSON object or array, written otherwise: that is
// what Terraform's generated configuration makes of every such text, and no live flag should change for its white space.
// The attribute must be computed too.
func KeepJSON() planmodifier.String { return keepJSON{} }

type keepJSON struct{}

func (keepJSON) Description(context.Context) string {
	return "the same JSON, written otherwise, is no change"
}
func (k keepJSON) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepJSON) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if SameJSON(req.ConfigValue.ValueString(), req.StateValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// SameJSON says that two texts are the same JSON object or array.
func SameJSON(a, b string) bool {
	x, ok := container(a)
	y, alike := container(b)
	return ok && alike && reflect.DeepEqual(x, y)
}

func container(text string) (any, bool) {
	var value any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&value) != nil || strings.TrimSpace(text[d.InputOffset():]) != "" {
		return nil, false
	}
	switch value.(type) {
	case map[string]any, []any:
		return canonical(value), true
	}
	return nil, false
}

// canonical writes numbers in one way.
func canonical(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = canonical(value[name])
		}
	case []any:
		for i := range value {
			value[i] = canonical(value[i])
		}
	case json.Number:
		if f, err := value.Float64(); err == nil && len(value) < 400 && (f == 0 || math.Abs(f) > 1e-300) { // no exponent that fills the memory
			if n, ok := new(big.Rat).SetString(value.String()); ok {
				return json.Number(n.RatString()) // no text
			}
		}
	}
	return value
}

// JSONText is an optional text that may be JSON: null where it is left out, and see KeepJSON.
func JSONText(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: description, Validators: validators,
		PlanModifiers: []planmodifier.String{unset{}, KeepJSON()},
	}
}

// unset plans null for what is left out, where an attribute is computed only so that its text may be kept.
type unset struct{}

func (unset) Description(context.Context) string { return "null where it is left out" }

func (u unset) MarkdownDescription(ctx context.Context) string { return u.Description(ctx) }

func (unset) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.ConfigValue.IsNull() {
		resp.PlanValue = types.StringNull()
	}
}
