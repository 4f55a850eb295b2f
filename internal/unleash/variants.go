package unleash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// variantModel is one element of variants, whose key in the map is its name.
type variantModel struct {
	Weight     *big.Float    `tfsdk:"weight"`
	Stickiness *string       `tfsdk:"stickiness"`
	Payload    *payloadModel `tfsdk:"payload"`
}

type payloadModel struct {
	String *string `tfsdk:"string"`
	Number *string `tfsdk:"number"`
	JSON   *string `tfsdk:"json"`
	CSV    *string `tfsdk:"csv"`
}

// variants is the schema of a strategy's variants; null says what leaving them out means.
func variants(null string) schema.MapNestedAttribute {
	text := func(description string) schema.StringAttribute {
		return crud.JSONText(description, stringvalidator.LengthAtLeast(1)) // a string or a CSV can look like JSON, too
	}
	return schema.MapNestedAttribute{
		Optional: true, Validators: []validator.Map{mapvalidator.KeysAre(urlFriendly()), mapvalidator.NoNullValues(), weights{}},
		MarkdownDescription: "What those who get the flag by this strategy get with it, by name: at most 100 of the characters that need no " +
			"escape in URLs. The map is complete: a variant that it leaves out is removed. `{}`: none. " + null,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"weight": schema.NumberAttribute{
				Optional: true, Validators: []validator.Number{thousandth{}},
				MarkdownDescription: "Per cent of them that get this variant, 0 to 100 in steps of 0.1; together at most 100. Left out: an equal " +
					"part of what the others leave, as Unleash computes it. At least one variant must leave it out.",
			},
			"stickiness": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultStickiness), Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Context field by which somebody keeps getting the same variant, `random`, or `default`: `userId`, else " +
					"`sessionId`, else `random`. Defaults to `default`.",
			},
			"payload": schema.SingleNestedAttribute{
				Optional: true, Validators: []validator.Object{onePayload{}},
				MarkdownDescription: "What the code gets with the variant: one of `string`, `number`, `json` and `csv`. Left out: nothing but its name.",
				Attributes: map[string]schema.Attribute{
					"string": text("A text."),
					"number": text("A number, kept as it is written: `1.50` stays so."),
					"json":   text("A JSON object or array, as `jsonencode` makes it. Written otherwise it is no change."),
					"csv":    text("Comma-separated values."),
				},
			},
		}},
	}
}

const defaultStickiness = "default"

// variantsToAPI keeps null apart from none.
func variantsToAPI(models map[string]variantModel) []api.Variant {
	if models == nil {
		return nil
	}
	list := make([]api.Variant, 0, len(models))
	for _, name := range sortedNames(models) {
		m := models[name]
		v := api.Variant{Name: name, WeightType: "variable", Stickiness: deref(m.Stickiness)}
		if m.Weight != nil {
			v.WeightType = "fix"
			v.Weight, _ = thousandths(m.Weight)
		}
		for kind, text := range m.Payload.texts() {
			if *text != nil {
				v.Payload = &api.Payload{Type: kind, Value: **text}
			}
		}
		list = append(list, v)
	}
	return list
}

// variantsFromAPI takes over the server's variants. A weight that says the same as the prior one's is that one: what
// Terraform has calculated may be a hair beside the decimal.
func variantsFromAPI(prior map[string]variantModel, server []api.Variant) map[string]variantModel {
	models := make(map[string]variantModel, len(server))
	for _, v := range server {
		m := variantModel{Stickiness: &v.Stickiness}
		if v.Fixed() {
			m.Weight, _, _ = big.ParseFloat(fmt.Sprintf("%d.%d", v.Weight/10, v.Weight%10), 10, 512, big.ToNearestEven)
			if was := prior[v.Name].Weight; was != nil {
				if n, _ := thousandths(was); n == v.Weight {
					m.Weight = was
				}
			}
		}
		if v.Payload != nil {
			m.Payload = &payloadModel{}
			if text := m.Payload.texts()[v.Payload.Type]; text != nil {
				*text = &v.Payload.Value
			} else {
				m.Payload = nil
			}
		}
		models[v.Name] = m
	}
	return models
}

// texts are the payload's, by the server's name of their type.
func (p *payloadModel) texts() map[string]**string {
	if p == nil {
		return nil
	}
	return map[string]**string{"string": &p.String, "number": &p.Number, "json": &p.JSON, "csv": &p.CSV}
}

// thousandths is a weight in per cent as the server counts, and whether it is one that the server can hold.
func thousandths(percent *big.Float) (n int, exact bool) {
	scaled := new(big.Float).Mul(percent, big.NewFloat(10))
	nearest, _ := new(big.Float).Add(scaled, big.NewFloat(0.5)).Int64()
	off, _ := new(big.Float).Sub(scaled, new(big.Float).SetInt64(nearest)).Float64()
	return int(nearest), off > -1e-9 && off < 1e-9
}

// thousandth checks one weight.
type thousandth struct{}

func (thousandth) Description(context.Context) string               { return "0 to 100 in steps of 0.1" }
func (v thousandth) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (thousandth) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	number := req.ConfigValue.ValueBigFloat()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if n, exact := thousandths(number); number.Sign() < 0 || n > 1000 {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a weight", "It is "+number.Text('g', 10)+"; a weight is 0 to 100, in per cent.")
	} else if !exact {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a weight that Unleash keeps", fmt.Sprintf("Unleash counts weights in steps of 0.1 "+
			"per cent, and would not keep %s. Round it, say to %d.%d.", number.Text('g', 10), n/10, n%10))
	}
}

// weights checks what weights add up to, as far as the configuration knows them.
type weights struct{}

func (weights) Description(context.Context) string {
	return "weights are together at most 100, and at least one variant has none"
}
func (v weights) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (weights) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	total, variable := 0, len(req.ConfigValue.Elements()) == 0
	for _, element := range req.ConfigValue.Elements() {
		object, _ := element.(basetypes.ObjectValue)
		weight, _ := object.Attributes()["weight"].(basetypes.NumberValue)
		if object.IsUnknown() || weight.IsUnknown() || weight.IsNull() {
			variable = true // or may be
		} else if n, _ := thousandths(weight.ValueBigFloat()); n <= 1000 { // of one that is too much alone, thousandth tells
			total += n
		}
	}
	if total > 1000 {
		resp.Diagnostics.AddAttributeError(req.Path, "More than 100 %", fmt.Sprintf("The weights add up to %d.%d per cent; they may be 100 together.", total/10, total%10))
	}
	if !variable {
		resp.Diagnostics.AddAttributeError(req.Path, "No variant for the rest", "Every variant has a weight. Unleash wants at least one without, "+
			"which gets what the others leave, be it nothing: leave the weight of one out.")
	}
}

// onePayload checks that a payload has one type, and that JSON is what Unleash takes for it.
type onePayload struct{}

func (onePayload) Description(context.Context) string {
	return "exactly one of string, number, json and csv"
}
func (v onePayload) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (onePayload) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	given, unknown := 0, false
	for name, attribute := range req.ConfigValue.Attributes() {
		text, _ := attribute.(basetypes.StringValue)
		unknown = unknown || text.IsUnknown()
		if !text.IsNull() && !text.IsUnknown() {
			given++
		}
		if name == "json" && !text.IsNull() && !text.IsUnknown() && !isContainer(text.ValueString()) {
			resp.Diagnostics.AddAttributeError(req.Path.AtName(name), "Not JSON that Unleash takes", "It must be a JSON object or array.")
		}
	}
	if given > 1 || given == 0 && !unknown {
		resp.Diagnostics.AddAttributeError(req.Path, "Not one payload", fmt.Sprintf("It sets %d of string, number, json and csv; it must set exactly one.", given))
	}
}

func isContainer(text string) bool {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return false
	}
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}
