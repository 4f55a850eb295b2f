package flagsmith

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/numberdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

// optionModel is one element of multivariate_options, whose key in the map is its name.
type optionModel struct {
	ID                          *int64      `tfsdk:"id"`
	Value                       *valueModel `tfsdk:"value"`
	DefaultPercentageAllocation *big.Float  `tfsdk:"default_percentage_allocation"`
}

var multivariateOptions = schema.MapNestedAttribute{
	Optional: true,
	MarkdownDescription: "What a part of the traffic can get instead of the feature's own value, by name; feature states say how much of " +
		"it gets which. An option's name is its `key` on the server; without one, its value as text where that is unique among the " +
		"feature's options (`blue`, `3`, `true`); else `#` and its id. So an option called by its own value needs no key, and any other " +
		"name becomes the key of an option that is made: at most 255 letters, digits, `_` and `-`, but not `control`. Taking over an " +
		"option that is there writes no key; changing a value under a name that was the value does.\n\n" +
		"The map is complete: an option that leaves it is deleted, with its weights in every environment. `{}`: none. Left out: not managed here.",
	Validators: []validator.Map{optionMap{}},
	NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"id": schema.Int64Attribute{
			Computed: true, MarkdownDescription: "Number that Flagsmith gave the option.",
			PlanModifiers: []planmodifier.Int64{int64planmodifier.UseNonNullStateForUnknown()},
		},
		"value": schema.SingleNestedAttribute{
			Required: true, Attributes: valueAttributes(), Validators: []validator.Object{oneValue{}},
			MarkdownDescription: "What the option is: one of `string`, `integer` and `boolean`. `{}` is none: the server's null or, where " +
				"the option has that already, the empty text. A change reaches everybody who gets the option at once. `provider::flagops::flagsmith_value` makes it from " +
				"YAML or JSON.",
		},
		"default_percentage_allocation": schema.NumberAttribute{
			Optional: true, Computed: true, Default: numberdefault.StaticBigFloat(new(big.Float)),
			MarkdownDescription: "Per cent of the traffic, 0 to 100, that gets the option in every environment when the option or the " +
				"environment is made; all options together at most 100. Changing it changes no environment that exists. Numbers that the " +
				"server cannot give back, such as `100 / 3`, have to be rounded. Defaults to 0.",
			Validators: []validator.Number{percentage{}},
		},
	}},
}

// optionsToAPI keeps null apart from none.
func optionsToAPI(models map[string]optionModel) []api.Option {
	if models == nil {
		return nil
	}
	options := make([]api.Option, 0, len(models))
	for _, name := range sortedNames(models) {
		m := models[name]
		options = append(options, api.Option{
			Name: name, ID: deref(m.ID), Value: deref(m.Value.toAPI()), DefaultPercentage: api.NewPercent(m.DefaultPercentageAllocation),
		})
	}
	return options
}

func optionsFromAPI(options []api.Option) map[string]optionModel {
	models := make(map[string]optionModel, len(options))
	for _, o := range options {
		models[o.Name] = optionModel{ID: &o.ID, Value: valueFromAPI(o.Value), DefaultPercentageAllocation: o.DefaultPercentage.Float()}
	}
	return models
}

// percentage checks one number in per cent.
type percentage struct{}

func (percentage) Description(context.Context) string {
	return "0 to 100, and no number that the server cannot give back"
}
func (v percentage) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (percentage) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	number := req.ConfigValue.ValueBigFloat()
	switch share := api.NewPercent(number); {
	case req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown():
	case number.Sign() < 0 || number.Cmp(big.NewFloat(100)) > 0:
		resp.Diagnostics.AddAttributeError(req.Path, "Not a percentage", "It is "+number.Text('g', 10)+"; it has to be 0 to 100, in per cent.")
	case !share.Exact():
		resp.Diagnostics.AddAttributeError(req.Path, "Not a percentage that Flagsmith keeps", fmt.Sprintf("Flagsmith holds percentages as "+
			"64-bit floating point numbers and would give back another number than %s…: every plan would show a difference. Round it, "+
			"say to %s.", number.Text('g', 20), number.Text('f', 2)))
	}
}

// optionMap checks names, and what percentages add up to, as far as the configuration knows them.
type optionMap struct{}

func (optionMap) Description(context.Context) string {
	return "names are values or keys, and percentages are together at most 100"
}
func (v optionMap) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (optionMap) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	var shares []api.Percent
	hundred := api.NewPercent(big.NewFloat(100))
	for name, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() || object.IsNull() {
			continue
		}
		if share, ok := object.Attributes()["default_percentage_allocation"].(types.Number); ok && !share.IsUnknown() {
			if percent := api.NewPercent(share.ValueBigFloat()); percent.Cmp(hundred) <= 0 { // of one that is too much alone, percentage tells
				shares = append(shares, percent)
			}
		}
		if value, known := knownValue(object.Attributes()["value"]); known {
			if crud.SameJSON(deref(value.String), name) { // an option that is there keeps how its value is written
				value.String = &name
			}
			if problem := api.OptionNameProblem(name, value); problem != "" {
				resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(name), "Not a name of an option", fmt.Sprintf("%q: %s", name, problem))
			}
		}
	}
	if total := api.TotalPercent(shares...); total.Cmp(big.NewRat(100, 1)) > 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "More than 100 %", fmt.Sprintf("Together the options' default_percentage_allocation is "+
			"%s; it may be at most 100. What is left of 100 gets the feature's own value.", decimal(total)))
	}
}

func decimal(r *big.Rat) string {
	digits, exact := r.FloatPrec()
	if !exact {
		digits = 2
	}
	return r.FloatString(digits)
}

// knownValue is a typed value out of a configuration, if all of it is known.
func knownValue(attribute any) (value api.Value, known bool) {
	object, ok := attribute.(basetypes.ObjectValue)
	if !ok || object.IsUnknown() || object.IsNull() {
		return value, false
	}
	for _, a := range object.Attributes() {
		if a.IsUnknown() {
			return value, false
		}
	}
	if s, ok := object.Attributes()["string"].(types.String); ok {
		value.String = s.ValueStringPointer()
	}
	if i, ok := object.Attributes()["integer"].(types.Int64); ok {
		value.Integer = i.ValueInt64Pointer()
	}
	if b, ok := object.Attributes()["boolean"].(types.Bool); ok {
		value.Boolean = b.ValueBoolPointer()
	}
	return value, true
}

// typeOfOptions keeps the planned type of a feature where options neither come nor go altogether, for the type says no more
// than whether there are any.
type typeOfOptions struct{}

func (typeOfOptions) Description(context.Context) string {
	return "known while there are options before and after, or neither"
}
func (m typeOfOptions) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (typeOfOptions) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.State.Raw.IsNull() || !req.PlanValue.IsUnknown() {
		return
	}
	var before, after types.Map
	at := path.Root("multivariate_options")
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, at, &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, at, &after)...)
	given := after.IsNull() && !after.IsUnknown() // not managed (any more): nothing will be done
	if given || !after.IsUnknown() && !before.IsNull() && (len(before.Elements()) > 0) == (len(after.Elements()) > 0) {
		resp.PlanValue = req.StateValue
	}
}
