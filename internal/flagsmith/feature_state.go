package flagsmith

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type featureStateModel struct {
	ProjectID           int64                 `tfsdk:"project_id"`
	EnvironmentID       int64                 `tfsdk:"environment_id"`
	FeatureID           int64                 `tfsdk:"feature_id"`
	Enabled             *bool                 `tfsdk:"enabled"`
	Value               *valueModel           `tfsdk:"value"`
	MultivariateWeights map[string]*big.Float `tfsdk:"multivariate_weights"`
	OnDestroy           *string               `tfsdk:"on_destroy"`
}

var featureState = crud.Spec[*api.Client, featureStateModel, api.FeatureState]{
	Name: "flagsmith_feature_state",
	Key:  []string{"project_id", "environment_id", "feature_id"},
	Schema: schema.Schema{
		MarkdownDescription: "What one feature is in one environment: whether it is on, its value, and how much of the traffic gets which " +
			"multivariate option. Flagsmith makes the state with the feature or the environment, so **creating** this resource takes over " +
			"what is there and changes only what the configuration says and the server does not have yet.\n\n" +
			"Each of `enabled`, `value` and `multivariate_weights` may be left out, and is then **not managed here**: neither written nor " +
			"compared, but left to the dashboard. Taking one out of the configuration changes nothing on the server. **Updating** changes " +
			"the live flag at once. **Destroying** leaves the flag as it is, unless `on_destroy` is `reset`.\n\n" +
			"Segment and identity overrides are left alone. In an environment with `use_v2_feature_versioning`, states can be read and taken " +
			"over as they are; changing one there is an error, because this release does not publish versions yet.",
		Attributes: map[string]schema.Attribute{
			"project_id":     crud.Parent("Id of the project that the environment and the feature belong to."),
			"environment_id": crud.Parent("Id of the environment. Another one takes over another state, and destroys this one as `on_destroy` says."),
			"feature_id":     crud.Parent("Id of the feature. Another one takes over another state, and destroys this one as `on_destroy` says."),
			"enabled": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Whether the feature is on in this environment. Left out: not managed here.",
			},
			"value": schema.SingleNestedAttribute{
				Optional: true, Attributes: valueAttributes(), Validators: []validator.Object{oneValue{}},
				MarkdownDescription: "The feature's value in this environment: at most one of `string`, `integer` and `boolean`; `{}` is the " +
					"server's null or, where the state has that already, the empty text. Left out: not managed here. `provider::flagops::flagsmith_value` makes it from YAML or JSON. Flagsmith has " +
					"no fractions; one that was set elsewhere reads as a string.",
			},
			"multivariate_weights": schema.MapAttribute{
				Optional: true, ElementType: types.NumberType, Validators: []validator.Map{weights{}},
				MarkdownDescription: "Per cent of the traffic that gets an option, by the option's name in the feature's " +
					"`multivariate_options`: each 0 to 100, together at most 100; the rest gets `value`. The map is complete: an option that " +
					"it leaves out gets nothing (a change deletes its row on the server), and `{}` gives every option nothing. Left out: not " +
					"managed here. Numbers that a server cannot give back, such as `100 / 3`, have to be rounded.",
			},
			"on_destroy": crud.OnDestroy("leaves the feature as it is in this environment",
				"puts what this resource manages back to what the feature starts with in a new environment: its `default_enabled`, its "+
					"`initial_value` and its options' `default_percentage_allocation` (off and null where the project has `prevent_flag_defaults`)"),
		},
	},
	Facets: []string{"enabled", "value", "multivariate_weights"},
	Local:  []string{"on_destroy"},
	Adopts: true,
	ToAPI:  (*featureStateModel).toAPI,
	FromAPI: func(m *featureStateModel, s api.FeatureState) {
		m.ProjectID, m.EnvironmentID, m.FeatureID = s.ProjectID, s.EnvironmentID, s.FeatureID
		m.Enabled, m.Value = s.Enabled, valueFromAPI(deref(s.Value))
		m.MultivariateWeights = weightsFromAPI(m.MultivariateWeights, s.Weights)
	},
	Create: (*api.Client).CreateFeatureState,
	Read:   (*api.Client).FeatureState,
	Update: (*api.Client).UpdateFeatureState,
	Delete: (*api.Client).ResetFeatureState, // crud asks for it only where on_destroy is reset
	List:   (*api.Client).FeatureStates,
	Title:  func(s api.FeatureState) string { return s.Feature },
	Check:  checkOptionNames,
	Lock: func(s api.FeatureState) (string, bool) {
		return fmt.Sprintf("environment %d, feature %d", s.EnvironmentID, s.FeatureID), false
	},
	Fields: map[string]string{
		"feature_state_value": "value", "string_value": "value", "integer_value": "value", "boolean_value": "value",
		"multivariate_feature_state_values": "multivariate_weights",
	},
}

func (m *featureStateModel) toAPI() api.FeatureState {
	return api.FeatureState{
		ProjectID: m.ProjectID, EnvironmentID: m.EnvironmentID, FeatureID: m.FeatureID,
		Enabled: m.Enabled, Value: m.Value.toAPI(), Weights: percents(m.MultivariateWeights),
	}
}

func percents(weights map[string]*big.Float) map[string]api.Percent {
	if weights == nil {
		return nil
	}
	result := make(map[string]api.Percent, len(weights))
	for name, weight := range weights {
		result[name] = api.NewPercent(weight)
	}
	return result
}

// weightsFromAPI takes over the server's weights. An option without a row gets nothing, and so does one whose row says 0:
// where a prior map (nil for everything) knows just one of the two, it is right. An option added to the feature, whose
// rows start with 0, is no drift.
func weightsFromAPI(prior map[string]*big.Float, server map[string]api.Percent) map[string]*big.Float {
	result := make(map[string]*big.Float, len(server))
	for name, weight := range server {
		if _, known := prior[name]; prior == nil || known || weight.Cmp(api.Percent{}) != 0 {
			result[name] = weight.Float()
		}
	}
	for name := range prior {
		if _, has := server[name]; !has && api.NewPercent(prior[name]).Cmp(api.Percent{}) == 0 {
			result[name] = prior[name]
		}
	}
	return result
}

// weights checks multivariate_weights as far as the configuration knows them.
type weights struct{}

func (weights) Description(context.Context) string {
	return "each 0 to 100, together at most 100, and no number that the server cannot give back"
}
func (w weights) MarkdownDescription(ctx context.Context) string { return w.Description(ctx) }

func (weights) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	known := map[string]api.Percent{}
	for name, element := range req.ConfigValue.Elements() {
		if number, ok := element.(basetypes.NumberValue); ok && !number.IsUnknown() {
			known[name] = api.NewPercent(number.ValueBigFloat())
		}
	}
	problems := api.CheckWeights(known)
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		at := req.Path
		if name != "" {
			at = at.AtMapKey(name)
		}
		resp.Diagnostics.AddAttributeError(at, "Not a weight that Flagsmith keeps", problems[name])
	}
}

// checkOptionNames looks for weights of options that the feature does not have. It asks nobody while the weights stay as
// they are.
func checkOptionNames(ctx context.Context, check crud.Check[*api.Client, featureStateModel]) (diags diag.Diagnostics) {
	plan := check.Plan
	if check.Client == nil || plan.ProjectID == 0 || plan.FeatureID == 0 || len(plan.MultivariateWeights) == 0 ||
		check.Prior != nil && !check.Replace && sameNames(check.Prior.MultivariateWeights, plan.MultivariateWeights) {
		return nil
	}
	var unknown *api.UnknownOptionsError
	if err := check.Client.CheckOptionNames(ctx, plan.toAPI()); !errors.As(err, &unknown) {
		return nil // an error of the server's is no error in the plan: the apply will tell
	}
	unknown.Names = slices.DeleteFunc(unknown.Names, func(name string) bool { return check.Client.ExpectsOption(plan.FeatureID, name) })
	for _, name := range unknown.Names {
		diags.AddAttributeError(path.Root("multivariate_weights").AtMapKey(name), "No such option",
			unknown.Error()+". An option that this run adds is known once feature_id refers to the feature's resource.")
	}
	return diags
}

func sameNames(a, b map[string]*big.Float) bool {
	return strings.Join(slices.Sorted(maps.Keys(a)), "\x00") == strings.Join(slices.Sorted(maps.Keys(b)), "\x00")
}
