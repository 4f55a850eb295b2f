package unleash

import (
	"context"
	"fmt"
	"math"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type contextFieldModel struct {
	Name        *string           `tfsdk:"name"`
	Description *string           `tfsdk:"description"`
	Stickiness  *bool             `tfsdk:"stickiness"`
	SortOrder   *int64            `tfsdk:"sort_order"`
	LegalValues []legalValueModel `tfsdk:"legal_values"`
	Project     *string           `tfsdk:"project"`
}

type legalValueModel struct {
	Value       *string `tfsdk:"value"`
	Description *string `tfsdk:"description"`
}

var contextField = crud.Spec[*api.Client, contextFieldModel, api.ContextField]{
	Name: "unleash_context_field",
	Key:  []string{"name"},
	Schema: schema.Schema{
		MarkdownDescription: "Something that applications tell about a user, such as a country, which constraints compare and stickiness can go " +
			"by. Creating, updating and destroying one changes no live flag: it decides what the dashboard offers, and with `legal_values` " +
			"which values may be written from now on. A strategy or segment that already compares with a value that is no longer legal " +
			"keeps working, but cannot be changed before it is put right. Destroying is refused while strategies of live flags compare the " +
			"field: the error names them.\n\n" +
			"Unleash's own fields (`appName`, `currentTime`, `environment`, `sessionId`, `userId`) can be imported, changed and even destroyed.",
		Attributes: map[string]schema.Attribute{
			"name": crud.Name("What applications call it: 1 to 100 letters, digits and `_ . ! ~ * ' ( ) -`, case-sensitive, unique on the server. "+
				"Another one makes a new field.", urlFriendly()),
			"description": optionalText("What the field is for, at most 250 characters. Left out: none.", stringvalidator.UTF8LengthAtMost(250)),
			"stickiness":  crud.Flag(false, "Whether strategies can use it to give a user the same variant every time. Defaults to `false`."),
			"sort_order": schema.Int64Attribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Where the dashboard shows the field, before those with a higher number. It is fixed at creation: changing it " +
					"later is an error. Whatever else is changed later, here or in the dashboard, has Unleash (8.2) reset it to 0, which is no " +
					"difference here. Left out: 0 at creation, and later what it was.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
				Validators:    []validator.Int64{int64validator.Between(math.MinInt32, math.MaxInt32)},
			},
			"legal_values": schema.ListNestedAttribute{
				Optional: true, Computed: true, Validators: []validator.List{distinctValues{}},
				Default: listdefault.StaticValue(types.ListValueMust(types.ObjectType{AttrTypes: map[string]attr.Type{
					"value": types.StringType, "description": types.StringType,
				}}, nil)),
				MarkdownDescription: "The only values that constraints may compare the field with, in the order in which the dashboard offers them. " +
					"Defaults to `[]`: any.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"value": schema.StringAttribute{
						Required: true, MarkdownDescription: "The value: 1 to 100 characters, white space included.",
						Validators: []validator.String{stringvalidator.UTF8LengthBetween(1, 100)},
					},
					"description": optionalText("What the value means. Left out: none."),
				}},
			},
			"project": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Id of the one project that the field is for. Left out: for all. It can be given, or another one, later; taking " +
					"it away makes a new field.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(
					func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
						resp.RequiresReplace = req.PlanValue.IsNull() && !req.StateValue.IsNull()
					}, "taking it away makes a new field", "taking it away makes a new field")},
			},
		},
	},
	ToAPI: func(m *contextFieldModel) api.ContextField {
		f := api.ContextField{
			Name: deref(m.Name), Description: m.Description, Stickiness: deref(m.Stickiness), SortOrder: deref(m.SortOrder), Project: m.Project,
			LegalValues: make([]api.LegalValue, len(m.LegalValues)),
		}
		for i, v := range m.LegalValues {
			f.LegalValues[i] = api.LegalValue{Value: deref(v.Value), Description: v.Description}
		}
		return f
	},
	FromAPI: func(m *contextFieldModel, f api.ContextField) {
		order := m.SortOrder // what it was made with: the server forgets
		if order == nil {
			order = &f.SortOrder
		}
		*m = contextFieldModel{
			Name: &f.Name, Description: f.Description, Stickiness: &f.Stickiness, SortOrder: order, Project: f.Project,
			LegalValues: make([]legalValueModel, len(f.LegalValues)),
		}
		for i, v := range f.LegalValues {
			m.LegalValues[i] = legalValueModel{Value: &v.Value, Description: v.Description}
		}
	},
	Check:  checkContextField,
	Create: (*api.Client).CreateContextField,
	Read:   (*api.Client).ContextField,
	Update: (*api.Client).UpdateContextField,
	Delete: (*api.Client).DeleteContextField,
	List:   (*api.Client).ContextFields,
}

func checkContextField(_ context.Context, check crud.Check[*api.Client, contextFieldModel]) (diags diag.Diagnostics) {
	prior, plan := check.Prior, check.Plan
	if prior != nil && !check.Replace && plan.SortOrder != nil && deref(prior.SortOrder) != *plan.SortOrder {
		diags.AddAttributeError(path.Root("sort_order"), "sort_order is fixed at creation", fmt.Sprintf("Unleash writes it only when a field is "+
			"made, and resets it to 0 whenever the field is changed. Put back what it was (%d), or leave it out.", deref(prior.SortOrder)))
	}
	return diags
}

// distinctValues refuses a value that is there twice.
type distinctValues struct{}

func (distinctValues) Description(context.Context) string { return "each value once" }

func (v distinctValues) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (distinctValues) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	seen := map[string]bool{}
	for i, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok {
			continue
		}
		value, ok := object.Attributes()["value"].(types.String)
		if !ok || value.IsNull() || value.IsUnknown() {
			continue
		}
		if seen[value.ValueString()] {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName("value"), "A legal value twice", fmt.Sprintf("%q is in the list already.", value.ValueString()))
		}
		seen[value.ValueString()] = true
	}
}
