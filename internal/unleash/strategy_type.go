package unleash

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type strategyTypeModel struct {
	Name        *string                  `tfsdk:"name"`
	Title       *string                  `tfsdk:"title"`
	Description *string                  `tfsdk:"description"`
	Parameters  []strategyParameterModel `tfsdk:"parameters"`
	Deprecated  *bool                    `tfsdk:"deprecated"`
	Editable    *bool                    `tfsdk:"editable"`
}

type strategyParameterModel struct {
	Name        *string `tfsdk:"name"`
	Type        *string `tfsdk:"type"`
	Description *string `tfsdk:"description"`
	Required    *bool   `tfsdk:"required"`
}

var strategyType = crud.Spec[*api.Client, strategyTypeModel, api.StrategyType]{
	Name: "unleash_strategy_type",
	Key:  []string{"name"},
	Schema: schema.Schema{
		MarkdownDescription: "A type of activation strategy of one's own, which the applications' SDKs must know how to evaluate. Creating and " +
			"updating one changes no live flag: it decides what the dashboard asks for. **Destroying one leaves strategies of that type as they " +
			"are, but Unleash then refuses to change them**; deprecating it only keeps new ones away.\n\n" +
			"Unleash's own types (`editable = false`) can be imported, deprecated and reactivated, but neither changed nor destroyed.",
		Attributes: map[string]schema.Attribute{
			"name": crud.Name("What strategies and SDKs call the type: 1 to 100 letters, digits and `_ . ! ~ * ' ( ) -`, unique on the server. "+
				"Another one makes a new type.", urlFriendly()),
			"title":       optionalText("What the dashboard calls the type. Left out: none."),
			"description": optionalText("What the type does. Left out: none."),
			"parameters": schema.ListNestedAttribute{
				Required: true, MarkdownDescription: "What the dashboard asks for, in its order. `[]`: nothing.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{
						Required: true, MarkdownDescription: "What SDKs call the parameter.", Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
					},
					"type": schema.StringAttribute{
						Required: true, MarkdownDescription: "What it is: `string`, `percentage`, `list`, `number` or `boolean`. Strategies hold all of them as texts.",
						Validators: []validator.String{stringvalidator.OneOf("string", "percentage", "list", "number", "boolean")},
					},
					"description": optionalText("What it is for. Left out: none."),
					"required":    crud.Flag(false, "Whether the dashboard insists on it; the API does not. Defaults to `false`."),
				}},
			},
			"deprecated": crud.Flag(false, "Whether the dashboard offers the type no longer. Defaults to `false`."),
			"editable": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the type can be changed and deleted: those that are built in cannot.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
		},
	},
	ToAPI: func(m *strategyTypeModel) api.StrategyType {
		t := api.StrategyType{
			Name: deref(m.Name), Title: m.Title, Description: m.Description, Deprecated: deref(m.Deprecated), Editable: deref(m.Editable),
			Parameters: make([]api.StrategyParameter, len(m.Parameters)),
		}
		for i, p := range m.Parameters {
			t.Parameters[i] = api.StrategyParameter{Name: deref(p.Name), Type: deref(p.Type), Description: p.Description, Required: deref(p.Required)}
		}
		return t
	},
	FromAPI: func(m *strategyTypeModel, t api.StrategyType) {
		*m = strategyTypeModel{
			Name: &t.Name, Title: t.Title, Description: t.Description, Deprecated: &t.Deprecated, Editable: &t.Editable,
			Parameters: make([]strategyParameterModel, len(t.Parameters)),
		}
		for i, p := range t.Parameters {
			m.Parameters[i] = strategyParameterModel{Name: &p.Name, Type: &p.Type, Description: p.Description, Required: &p.Required}
		}
	},
	Check:  checkStrategyType,
	Create: (*api.Client).CreateStrategyType,
	Read:   (*api.Client).StrategyType,
	Update: (*api.Client).UpdateStrategyType,
	Delete: (*api.Client).DeleteStrategyType,
	List:   (*api.Client).StrategyTypes,
}

// checkStrategyType refuses to change what is built in.
func checkStrategyType(_ context.Context, check crud.Check[*api.Client, strategyTypeModel]) (diags diag.Diagnostics) {
	prior, plan := check.Prior, check.Plan
	if prior == nil || deref(prior.Editable) {
		return nil
	}
	for name, changed := range map[string]bool{
		"name": deref(prior.Name) != deref(plan.Name), "title": deref(prior.Title) != deref(plan.Title),
		"description": deref(prior.Description) != deref(plan.Description), "parameters": !reflect.DeepEqual(prior.Parameters, plan.Parameters),
	} {
		if changed {
			diags.AddAttributeError(path.Root(name), "A strategy type that is built in", api.BuiltIn)
		}
	}
	return diags
}
