package unleash

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type projectEnvironmentModel struct {
	Project         *string               `tfsdk:"project"`
	Environment     *string               `tfsdk:"environment"`
	DefaultStrategy *defaultStrategyModel `tfsdk:"default_strategy"`
}

// defaultStrategyModel is a strategy that is a flexibleRollout and not disabled.
type defaultStrategyModel struct {
	Title       *string                 `tfsdk:"title"`
	Parameters  map[string]*string      `tfsdk:"parameters"`
	Constraints []constraintModel       `tfsdk:"constraints"`
	Segments    []int64                 `tfsdk:"segments"`
	Variants    map[string]variantModel `tfsdk:"variants"`
}

func (m defaultStrategyModel) content() strategyContent {
	name, disabled := api.FlexibleRollout, false
	return strategyContent{
		Name: &name, Disabled: &disabled, Title: m.Title, Parameters: m.Parameters, Constraints: m.Constraints, Segments: m.Segments, Variants: m.Variants,
	}
}

var projectEnvironment = crud.Spec[*api.Client, projectEnvironmentModel, api.ProjectEnvironment]{
	Name:   "unleash_project_environment",
	Key:    []string{"project", "environment"},
	Facets: []string{"default_strategy"},
	Schema: schema.Schema{
		MarkdownDescription: "An environment that a project has: its flags are on or off there. **Creating** it gives the project the environment, where all of " +
			"its flags are off at first. **Updating** replaces the default strategy, which no live flag minds. **Destroying** takes the environment " +
			"from the project: **all its flags stop being served there**. The server keeps their strategies for the day the environment comes back; " +
			"the flags are off then.\n\n" +
			"New projects have every enabled environment, and the project `default` of a new server has `development` and `production`: what is there " +
			"already is imported, not created.",
		Attributes: map[string]schema.Attribute{
			"project":          inProject("environment"),
			"environment":      crud.Name("Name of the environment. Another one takes this one from the project."),
			"default_strategy": defaultStrategy(),
		},
	},
	ToAPI:   (*projectEnvironmentModel).toAPI,
	FromAPI: (*projectEnvironmentModel).fromAPI,
	Title:   func(e api.ProjectEnvironment) string { return e.Environment },
	Create:  (*api.Client).CreateProjectEnvironment,
	Read:    (*api.Client).ProjectEnvironment,
	Update:  (*api.Client).UpdateProjectEnvironment,
	Delete:  (*api.Client).DeleteProjectEnvironment,
	List:    (*api.Client).ProjectEnvironments,
	Check: func(ctx context.Context, check crud.Check[*api.Client, projectEnvironmentModel]) diag.Diagnostics {
		if check.Plan.DefaultStrategy == nil {
			return nil
		}
		var prior []strategyContent
		if check.Prior != nil && check.Prior.DefaultStrategy != nil {
			prior = []strategyContent{check.Prior.DefaultStrategy.content()}
		}
		return checkStrategies(ctx, check.Client, []strategyContent{check.Plan.DefaultStrategy.content()}, prior, func(int) path.Path { return path.Root("default_strategy") })
	},
}

func defaultStrategy() schema.SingleNestedAttribute {
	attributes := strategyAttributes("Left out: none, or the server's.", map[string]schema.Attribute{})
	delete(attributes, "name")
	delete(attributes, "disabled")
	return schema.SingleNestedAttribute{
		Optional: true, Attributes: attributes,
		MarkdownDescription: "What the server adds to a flag that is switched on there without a strategy: a `flexibleRollout`. It can be replaced, but never " +
			"taken away. Left out: not managed here; a new environment has the server's, which gives the flag to everybody.",
	}
}

func (m *projectEnvironmentModel) toAPI() api.ProjectEnvironment {
	e := api.ProjectEnvironment{Project: projectOf(m.Project), Environment: deref(m.Environment)}
	if m.DefaultStrategy != nil {
		content := m.DefaultStrategy.content()
		s := content.toAPI().Complete()
		e.DefaultStrategy = &s
	}
	return e
}

func (m *projectEnvironmentModel) fromAPI(e api.ProjectEnvironment) {
	prior := m.DefaultStrategy
	*m = projectEnvironmentModel{Project: &e.Project, Environment: &e.Environment}
	if e.DefaultStrategy == nil {
		return
	}
	var was *strategyContent
	if prior != nil {
		content := prior.content()
		was = &content
	}
	now := readInline(was, *e.DefaultStrategy)
	m.DefaultStrategy = &defaultStrategyModel{now.Title, now.Parameters, now.Constraints, now.Segments, now.Variants}
}
