package unleash

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type featureStateModel struct {
	Project     *string           `tfsdk:"project"`
	Environment string            `tfsdk:"environment"`
	Feature     string            `tfsdk:"feature"`
	Enabled     *bool             `tfsdk:"enabled"`
	Strategies  []strategyContent `tfsdk:"strategies"`
	OnDestroy   *string           `tfsdk:"on_destroy"`
}

var featureState = crud.Spec[*api.Client, featureStateModel, api.FeatureState]{
	Name: "unleash_feature_state",
	Key:  []string{"project", "environment", "feature"},
	Schema: schema.Schema{
		MarkdownDescription: "What one flag is in one environment: whether it is on, and by which strategies it is decided who gets it. Unleash " +
			"makes the state with the flag, or when the environment is added to the project, so **creating** this resource takes over what " +
			"is there and changes only what the configuration says and the server does not have yet.\n\n" +
			"Each of `enabled` and `strategies` may be left out, and is then **not managed here**: neither written nor compared, but left to " +
			"the dashboard. Taking one out of the configuration changes nothing on the server. **Updating** changes the live flag at once. " +
			"**Destroying** leaves the flag as it is, unless `on_destroy` is `reset`.\n\n" +
			"Strategies are in place before the flag is switched on, and it is switched off before they change: nobody gets the flag by a " +
			"strategy that is not configured. While a flag stays on, its strategies are exchanged so that it never goes off in between. " +
			"A flag that is on has a strategy that is not disabled: Unleash adds one that gives the flag to everybody where it is " +
			"switched on without, and switches off when the last one goes.\n\n" +
			"Variants of the environment itself, as flags had them before strategies did, cannot be managed: a current server refuses them " +
			"(403) unless it is started with an experimental switch, or the flag has some already. Those are left as they are; give the " +
			"strategies variants instead.",
		Attributes: map[string]schema.Attribute{
			"project":     inProject("flag"),
			"environment": crud.Name("Name of the environment, which the project must have. Another one takes over another state, and destroys this one as `on_destroy` says."),
			"feature":     crud.Name("Name of the flag. Another one takes over another state, and destroys this one as `on_destroy` says."),
			"enabled": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Whether the flag is on in this environment. Left out: not managed here.",
			},
			"strategies": schema.ListNestedAttribute{
				Optional: true, Validators: []validator.List{listvalidator.NoNullValues()},
				NestedObject: schema.NestedAttributeObject{Attributes: strategyAttributes("Left out: none, or the server's.", map[string]schema.Attribute{})},
				MarkdownDescription: "Who gets the flag while it is on: whoever fits one of them. The list is complete: a strategy that it " +
					"leaves out is deleted, `[]` deletes all. Its order is the server's: of those that fit a user, the first with variants " +
					"decides which variant it is. Strategies keep their ids where they can: one that changes, moves or is replaced by " +
					"another is written in place. Left out: not managed here; `flagops_unleash_strategy` manages one of many.",
			},
			"on_destroy": crud.OnDestroy("leaves the flag as it is in this environment",
				"switches it off, as far as this resource manages that, and deletes its strategies, as far as this resource manages them "+
					"(which switches it off, too)"),
		},
	},
	Facets:  []string{"enabled", "strategies"},
	Local:   []string{"on_destroy"},
	Adopts:  true,
	ToAPI:   (*featureStateModel).toAPI,
	FromAPI: (*featureStateModel).fromAPI,
	Create:  (*api.Client).CreateFeatureState,
	Read:    (*api.Client).FeatureState,
	Update:  (*api.Client).UpdateFeatureState,
	Delete:  (*api.Client).ResetFeatureState, // crud asks for it only where on_destroy is reset
	List:    (*api.Client).FeatureStates,
	Title:   func(s api.FeatureState) string { return s.Feature },
	Check:   checkFeatureState,
	Lock:    func(s api.FeatureState) (string, bool) { return featureLock(s.Project, s.Feature), false },
	Claims: func(m *featureStateModel) (c crud.Claim) {
		if m.Strategies != nil {
			c.What = strategiesOf(m.Project, m.Environment, m.Feature)
		}
		for _, s := range m.Strategies {
			c.Holds = append(c.Holds, s.toAPI().Created())
		}
		return c
	},
}

func (m *featureStateModel) toAPI() api.FeatureState {
	s := api.FeatureState{Project: projectOf(m.Project), Environment: m.Environment, Feature: m.Feature, Enabled: m.Enabled}
	if m.Strategies != nil {
		s.Strategies = []api.Strategy{}
	}
	for _, content := range m.Strategies {
		s.Strategies = append(s.Strategies, content.toAPI().Complete())
	}
	return s
}

// fromAPI takes over a state. What a strategy of the list does not say is none, or the server's: where the strategy at its
// place says so, it stays unsaid.
func (m *featureStateModel) fromAPI(s api.FeatureState) {
	prior := m.Strategies
	m.Project, m.Environment, m.Feature, m.Enabled = &s.Project, s.Environment, s.Feature, s.Enabled
	m.Strategies = make([]strategyContent, len(s.Strategies))
	for i, there := range s.Strategies {
		var was *strategyContent
		if i < len(prior) {
			was = &prior[i]
		}
		m.Strategies[i] = readInline(was, there)
	}
}

func checkFeatureState(ctx context.Context, check crud.Check[*api.Client, featureStateModel]) diag.Diagnostics {
	var prior []strategyContent
	if check.Prior != nil && !check.Replace {
		prior = check.Prior.Strategies
	}
	plan := check.Plan
	if plan.Strategies == nil {
		return checkEverybody(check)
	}
	if check.Unknown("strategies") { // what is not known looks left out
		for i := range plan.Strategies {
			plan.Strategies[i].Parameters = nil
		}
	}
	diags := checkStrategies(ctx, check.Client, plan.Strategies, prior, func(i int) path.Path { return path.Root("strategies").AtListIndex(i) })
	enabled := false
	for _, s := range plan.Strategies {
		enabled = enabled || !deref(s.Disabled)
	}
	if deref(plan.Enabled) && !enabled && !check.Unknown("strategies") {
		diags.AddAttributeError(path.Root("enabled"), "A flag that is on needs an enabled strategy", fmt.Sprintf("%s. Give strategies one, leave "+
			"strategies out, or set enabled = false.", api.NoneEnabled))
	}
	if check.Client == nil {
		return diags
	}
	if server, err := check.Client.Server(ctx); err == nil {
		if n, limit := len(plan.Strategies), server.Limits.Strategies; limit > 0 && n > limit && n > len(prior) {
			diags.AddAttributeError(path.Root("strategies"), "More than this Unleash takes", fmt.Sprintf("There are %d strategies; this server "+
				"takes at most %d of a flag in an environment.", n, limit))
		}
	}
	return diags
}

// checkEverybody warns that a flag is about to be switched on without a strategy.
func checkEverybody(check crud.Check[*api.Client, featureStateModel]) (diags diag.Diagnostics) {
	if check.Client == nil || check.Prior == nil || check.Replace || !deref(check.Plan.Enabled) || deref(check.Prior.Enabled) {
		return nil
	}
	at := check.Plan.toAPI()
	if check.Client.Everybody(at) {
		diags.AddAttributeWarning(path.Root("enabled"), "Switching on gives the flag to everybody", fmt.Sprintf("Flag %q is off in %q and has no strategy there that is enabled, so "+
			"Unleash adds one of its own that gives it to everybody. A flagops_unleash_strategy that this run creates there takes its place.", at.Feature, at.Environment))
	}
	return diags
}
