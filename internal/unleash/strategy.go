package unleash

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type strategyModel struct {
	Project     *string `tfsdk:"project"`
	Environment string  `tfsdk:"environment"`
	Feature     string  `tfsdk:"feature"`
	ID          *string `tfsdk:"id"`
	SortOrder   *int64  `tfsdk:"sort_order"`
	strategyContent
}

// strategyContent is what a strategy says, alone or in the list of a feature state.
type strategyContent struct {
	Name        *string                 `tfsdk:"name"`
	Title       *string                 `tfsdk:"title"`
	Disabled    *bool                   `tfsdk:"disabled"`
	Parameters  map[string]*string      `tfsdk:"parameters"` // null is like not there
	Constraints []constraintModel       `tfsdk:"constraints"`
	Segments    []int64                 `tfsdk:"segments"`
	Variants    map[string]variantModel `tfsdk:"variants"`
}

var strategy = crud.Spec[*api.Client, strategyModel, api.Strategy]{
	Name:   "unleash_strategy",
	Key:    []string{"project", "environment", "feature", "id"},
	Lookup: []string{"project", "environment", "feature", "title"},
	Schema: schema.Schema{
		MarkdownDescription: "One activation strategy of a flag in an environment: a rule that says who gets the flag there while it is on. " +
			"This resource owns just that one, and leaves others alone, those of the dashboard among them; `flagops_unleash_feature_state` " +
			"owns all of them in order. Having both for a flag in an environment is an error.\n\n" +
			"**Creating** it adds it to the live flag at once. After the flag was revived from the archive in the same run, it first looks for " +
			"the strategy that it was among those that came back. **Updating** changes it in place, its type included; what this configuration " +
			"leaves out stays as others have set it. **Destroying** it deletes it. When the last enabled strategy goes, or is disabled, " +
			"Unleash switches the flag off in that environment; a warning says so.\n\n" +
			"A `flagops_unleash_feature_state` with `enabled = true` need not wait for the strategies: if Unleash has added one of its own " +
			"when the flag was switched on, the first enabled one that this run creates there takes its place. Until then, though, that one gives " +
			"the flag to everybody, and where the run fails before, it stays; warnings say so. `depends_on` in the state keeps the flag off until " +
			"its strategies are there.",
		Attributes: strategyAttributes("Left out: not managed here.", map[string]schema.Attribute{
			"project":     inProject("strategy"),
			"environment": crud.Name("Name of the environment. Another one makes a new strategy."),
			"feature":     crud.Name("Name of the flag. Another one makes a new strategy."),
			"id":          crud.Text("Id that Unleash gave the strategy."),
			"sort_order": schema.Int64Attribute{
				Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(-1<<31, 1<<31-1)},
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
				MarkdownDescription: "Where it stands among the strategies of the flag in the environment: the smallest number comes first, and " +
					"among equal ones the one with the smallest id, which is the oldest. Of those that fit a user, the first with variants decides " +
					"which variant it is. Left out: after the others when it is created, then as it is.",
			},
		}),
	},
	Facets: contentFacets,
	ToAPI:  (*strategyModel).toAPI,
	FromAPI: func(m *strategyModel, s api.Strategy) {
		m.Project, m.Environment, m.Feature, m.ID, m.SortOrder = &s.Project, s.Environment, s.Feature, &s.ID, s.SortOrder
		m.read(s)
	},
	Create: (*api.Client).CreateStrategy,
	Read:   (*api.Client).Strategy,
	Update: (*api.Client).UpdateStrategy,
	Delete: (*api.Client).DeleteStrategy,
	List:   (*api.Client).Strategies,
	Title: func(s api.Strategy) string {
		if title := deref(s.Title); title != "" {
			return title
		}
		return s.Name
	},
	Lock: func(s api.Strategy) (string, bool) { return featureLock(s.Project, s.Feature), false },
	Claims: func(m *strategyModel) crud.Claim {
		want := m.toAPI().Created()
		return crud.Claim{What: strategiesOf(m.Project, m.Environment, m.Feature), Same: func(there any) bool {
			s, ok := there.(api.Strategy)
			return ok && want.IsDoneBy(s)
		}}
	},
	Check: func(ctx context.Context, check crud.Check[*api.Client, strategyModel]) diag.Diagnostics {
		var prior []strategyContent
		if check.Prior != nil && !check.Replace {
			prior = []strategyContent{check.Prior.strategyContent}
		}
		if check.Unknown("parameters") { // what is not known looks left out
			check.Plan.Parameters = nil
		}
		diags := checkStrategies(ctx, check.Client, []strategyContent{check.Plan.strategyContent}, prior, func(int) path.Path { return path.Empty() })
		return append(diags, checkAlike(check)...)
	},
}

// checkAlike warns in the plan of a creation that there is such a strategy, and that nobody here has it.
func checkAlike(check crud.Check[*api.Client, strategyModel]) (diags diag.Diagnostics) {
	if check.Client == nil || check.Prior != nil || slices.ContainsFunc(append([]string{"project", "environment", "feature", "name", "disabled"}, contentFacets...), check.Unknown) {
		return nil
	}
	want := check.Plan.toAPI()
	if id := check.Client.Alike(want); id != "" {
		diags.AddWarning("There is such a strategy already", fmt.Sprintf("Flag %q has a strategy in %q that is what this one is to be. Applying this adds "+
			"another one beside it, and both decide who gets the flag. If it is the one that is meant, and no other resource has it, "+
			"import it:\n\nimport {\n  to = flagops_unleash_strategy.this\n  id = %q\n}",
			want.Feature, want.Environment, strings.Join([]string{want.Project, want.Environment, want.Feature, id}, "/")))
	}
	return diags
}

// contentFacets are the facets of a strategy on its own.
var contentFacets = []string{"title", "parameters", "constraints", "segments", "variants"}

// strategiesOf names what a list of strategies and a single one can both own.
func strategiesOf(project *string, environment, feature string) string {
	if deref(project) == "" || environment == "" || feature == "" {
		return ""
	}
	return fmt.Sprintf("strategies of %s in %s", feature, environment)
}

// strategyAttributes adds the attributes of a strategy's content to others. null says what leaving one out means.
func strategyAttributes(null string, attributes map[string]schema.Attribute) map[string]schema.Attribute {
	attributes["name"] = schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(api.FlexibleRollout), Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "Type of the strategy: `flexibleRollout`, `default` (everybody), `remoteAddress`, `applicationHostname`, or one of " +
			"your own (`flagops_unleash_strategy_type`). Defaults to `flexibleRollout`. A strategy that changes its type loses the " +
			"parameters that are not named here.",
	}
	attributes["title"] = schema.StringAttribute{
		Optional: true, MarkdownDescription: "What the dashboard calls it. `\"\"`: nothing. " + null,
	}
	attributes["disabled"] = crud.Flag(false, "Whether the strategy is left out when it is decided who gets the flag. Defaults to `false`.")
	attributes["parameters"] = schema.MapAttribute{
		Optional: true, ElementType: types.StringType,
		MarkdownDescription: "What the type needs to know, as texts (Terraform makes them of numbers). A `flexibleRollout` has `rollout` (per " +
			"cent, 0 to 100), `stickiness` (a context field, `random` or `default`) and `groupId`; a `remoteAddress` has `IPs`. " +
			"Parameters that are not named here are the server's: `100`, the project's stickiness and the flag's name at first, then " +
			"whatever others make of them. They are not compared, and taking one out of the configuration changes nothing; null is like leaving one out. " + null,
	}
	attributes["constraints"] = schema.ListNestedAttribute{
		Optional: true, NestedObject: constraint(), Validators: []validator.List{listvalidator.NoNullValues()},
		MarkdownDescription: "What must all hold beside what the type says. `[]`: nothing. " + null,
	}
	attributes["segments"] = schema.SetAttribute{
		Optional: true, ElementType: types.Int64Type, Validators: []validator.Set{setvalidator.NoNullValues()},
		MarkdownDescription: "Ids of segments (`flagops_unleash_segment`) in all of which a user must be. `[]`: none. " + null,
	}
	attributes["variants"] = variants(null)
	return attributes
}

func (m *strategyModel) toAPI() api.Strategy {
	s := m.strategyContent.toAPI()
	s.Project, s.Environment, s.Feature, s.ID, s.SortOrder = projectOf(m.Project), m.Environment, m.Feature, deref(m.ID), m.SortOrder
	return s
}

// toAPI keeps null apart from none.
func (m *strategyContent) toAPI() api.Strategy {
	s := api.Strategy{
		Name: deref(m.Name), Title: m.Title, Disabled: deref(m.Disabled), Segments: m.Segments, Variants: variantsToAPI(m.Variants),
	}
	if m.Parameters != nil {
		s.Parameters = api.Parameters{}
	}
	for name, value := range m.Parameters {
		if value != nil {
			s.Parameters[name] = *value
		}
	}
	if m.Constraints != nil {
		s.Constraints = constraintsToAPI(m.Constraints)
	}
	return s
}

// read takes over all of a strategy. Of the parameters, a model that has some keeps to those: others are the server's.
func (m *strategyContent) read(s api.Strategy) {
	title := deref(s.Title)
	m.Name, m.Title, m.Disabled, m.Segments = &s.Name, &title, &s.Disabled, s.Segments
	m.Constraints, m.Variants = constraintsFromAPI(m.Constraints, s.Constraints), variantsFromAPI(m.Variants, s.Variants)
	parameters := map[string]*string{}
	for name, value := range s.Parameters {
		if m.Parameters == nil || m.Parameters[name] != nil {
			parameters[name] = &value
		}
	}
	for name, value := range m.Parameters {
		if value == nil {
			parameters[name] = nil
		}
	}
	m.Parameters = parameters
}

// checkStrategies finds in the plan what the server refuses, or what it would take and SDKs stumble over. What was there
// before may stay, be it odd.
func checkStrategies(ctx context.Context, client *api.Client, plan, prior []strategyContent, at func(int) path.Path) (diags diag.Diagnostics) {
	var limits api.Limits
	if client != nil {
		if server, err := client.Server(ctx); err == nil { // a server that does not answer is no error in the plan
			limits = server.Limits
		}
	}
	refuse := func(at path.Path, what string, n, limit, before int) {
		if limit > 0 && n > limit && n > before {
			diags.AddAttributeError(at, "More than this Unleash takes", fmt.Sprintf("There are %d %s; this server takes at most %d.", n, what, limit))
		}
	}
	most := func(count func(strategyContent) int) (n int) {
		for _, p := range prior {
			n = max(n, count(p))
		}
		return n
	}
	constraints := most(func(s strategyContent) int { return len(s.Constraints) })
	segments := most(func(s strategyContent) int { return len(s.Segments) })
	values := most(func(s strategyContent) (n int) {
		for _, c := range s.Constraints {
			n = max(n, len(c.Values))
		}
		return n
	})
	for i, s := range plan {
		refuse(at(i).AtName("constraints"), "constraints", len(s.Constraints), limits.Constraints, constraints)
		refuse(at(i).AtName("segments"), "segments", len(s.Segments), limits.StrategySegments, segments)
		for j, c := range s.Constraints {
			refuse(at(i).AtName("constraints").AtListIndex(j).AtName("values"), "values", len(c.Values), limits.ConstraintValues, values)
		}
		if was := counterpart(s, i, prior); was != nil && s.Parameters != nil {
			var left []string
			for _, name := range sortedNames(was.Parameters) {
				if was.Parameters[name] != nil && s.Parameters[name] == nil {
					left = append(left, name)
				}
			}
			if len(left) > 0 {
				diags.AddAttributeWarning(at(i).AtName("parameters"), "Parameters are no longer managed", fmt.Sprintf("The configuration leaves out "+
					"what was managed (or imported): %s. The server keeps what it has.", strings.Join(left, ", ")))
			}
		}
		for _, name := range sortedNames(s.Parameters) {
			value := s.Parameters[name]
			if value == nil || slices.ContainsFunc(prior, func(p strategyContent) bool { was := p.Parameters[name]; return was != nil && *was == *value }) {
				continue
			}
			if problem := api.ParameterProblem(deref(s.Name), name, *value); problem != "" {
				diags.AddAttributeError(at(i).AtName("parameters").AtMapKey(name), "Not a parameter that makes sense", problem)
			}
		}
	}
	return diags
}

// counterpart is the strategy of a prior list that one of the planned list was: the one of its type and title, or the one at
// its place if that is of its type. nil where there is none.
func counterpart(s strategyContent, i int, prior []strategyContent) *strategyContent {
	for j := range prior {
		if deref(prior[j].Name) == deref(s.Name) && deref(prior[j].Title) == deref(s.Title) {
			return &prior[j]
		}
	}
	if i < len(prior) && deref(prior[i].Name) == deref(s.Name) {
		return &prior[i]
	}
	return nil
}

// readInline takes over a strategy that is part of another object. What was not said of it before, nil where nothing was, is
// none, or the server's, and stays unsaid.
func readInline(was *strategyContent, s api.Strategy) strategyContent {
	prior := deref(was)
	now := prior
	now.read(s)
	if prior.Parameters == nil && (was != nil || len(now.Parameters) == 0) {
		now.Parameters = nil
	}
	if prior.Title == nil && *now.Title == "" {
		now.Title = nil
	}
	if prior.Constraints == nil && len(now.Constraints) == 0 {
		now.Constraints = nil
	}
	if prior.Segments == nil && len(now.Segments) == 0 {
		now.Segments = nil
	}
	if prior.Variants == nil && len(now.Variants) == 0 {
		now.Variants = nil
	}
	return now
}
