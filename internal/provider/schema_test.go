package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/crud"
	flagsmithsandbox "github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

// How an optional attribute is exercised, in HCL. What is empty is left out of that phase.
type exercise struct{ first, second, none string }

// By attribute, or resource.attribute; bools, numbers and texts need no entry.
var exercises = map[string]exercise{
	"flagsmith_environment.api_key":    {first: `"${var.name}-first"`, second: `"${var.name}-second"`},
	"banner_colour":                    {first: `"#ff0000"`, second: `"#00ff00"`, none: `""`},
	"color":                            {first: `"#ff0000"`, second: `"#00ff00"`},
	"minimum_change_request_approvals": {first: `1`, second: `2`, none: `0`},
	"stale_flags_limit_days":           {first: `7`, second: `90`},
	"flagsmith_feature.tags":           {first: `[flagops_flagsmith_tag.one.id]`, second: `[flagops_flagsmith_tag.two.id, flagops_flagsmith_tag.one.id]`, none: `[]`},
	"flagsmith_feature.owners":         {first: `[]`, second: `[]`, none: `[]`}, // whoever may own is the server's business: the feature's own test
	"flagsmith_feature.group_owners":   {first: `[]`, second: `[]`, none: `[]`},
	"flagsmith_feature.multivariate_options": {
		first:  `{ red = { value = { string = "red" }, default_percentage_allocation = 12.5 }, five = { value = { integer = 5 } } }`,
		second: `{ five = { value = { integer = 6 }, default_percentage_allocation = 60 }, blue = { value = { string = "blue" } } }`, none: `{}`,
	},
	"flagsmith_feature_state.enabled":              {first: `true`, second: `false`, none: `false`}, // an import reads every facet
	"flagsmith_feature_state.value":                {first: `{ string = "x" }`, second: `{ integer = 3 }`, none: `{}`},
	"flagsmith_feature_state.multivariate_weights": {first: `{ blue = 12.5, red = 50 }`, second: `{ blue = 87.5 }`, none: `{}`},
	"on_destroy":                   {first: `"reset"`, second: `"keep"`},
	"flagsmith_segment.feature_id": {first: `flagops_flagsmith_feature.mv.id`, second: `flagops_flagsmith_feature.plain.id`},
	"secret":                       {first: `"a"`, second: `"b"`, none: `""`},

	"unleash_feature.type":            {first: `"kill-switch"`, second: `"experiment"`},
	"unleash_feature.tags":            {first: `[{ value = "one" }]`, second: `[{ value = "two" }, { type = "simple", value = "a/b" }]`, none: `[]`},
	"unleash_feature.links":           {first: `[{ url = "https://example.com/1" }]`, second: `[{ url = "https://example.com/2", title = "two" }]`, none: `[]`},
	"unleash_feature.dependencies":    {first: `[{ feature = flagops_unleash_feature.one.name }]`, second: `[{ feature = flagops_unleash_feature.two.name, enabled = false }]`, none: `[]`},
	"on_archived":                     {first: `"error"`, second: `"revive"`},
	"deletion_policy":                 {first: `"delete"`, second: `"archive"`},
	"unleash_project.deletion_policy": {}, // its own test: an archived project keeps its id
	"unleash_feature_state.enabled":   {first: `true`, second: `false`, none: `false`},
	"unleash_feature_state.strategies": {
		first:  `[{ parameters = { rollout = 25 } }, { name = "default", title = "all", segments = [flagops_unleash_segment.one.id] }]`,
		second: `[{ name = "default", disabled = true }, { parameters = local.rollout, variants = { a = { weight = 12.5 }, b = { payload = { json = "{ \"x\": 1 }" } } } }, { parameters = local.rollout }]`, none: `[]`,
	},
	"unleash_strategy.name":       {first: `"flexibleRollout"`, second: `"default"`},
	"unleash_strategy.sort_order": {first: `7`, second: `3`},
	"unleash_strategy.parameters": {first: `{ rollout = "25", stickiness = "userId" }`, second: `{ any = "thing" }`, none: `local.rollout`},
	"constraints": {
		first:  `[{ context_name = "userId", operator = "IN", values = ["7", "8"], inverted = true }]`,
		second: `[{ context_name = "n", operator = "NUM_GT", value = "5" }, { context_name = "userId", operator = "STR_CONTAINS", values = [" x "], case_insensitive = true }]`, none: `[]`,
	},
	"unleash_strategy.segments": {first: `[flagops_unleash_segment.one.id]`, second: `[flagops_unleash_segment.two.id, flagops_unleash_segment.one.id]`, none: `[]`},
	"unleash_strategy.variants": {
		first: `{ a = { weight = 12.5 }, b = {}, c = {} }`, second: `{ b = { stickiness = "userId", payload = { csv = "1,2" } }, z = { payload = { number = "1.50" } } }`, none: `{}`,
	},
	"unleash_segment.project":                      {first: `"default"`, second: `"default"`},
	"unleash_context_field.project":                {first: `"default"`, second: `"default"`},
	"unleash_context_field.legal_values":           {first: `[{ value = "b" }, { value = "a", description = "first" }]`, second: `[{ value = "a" }]`, none: `[]`},
	"unleash_api_token.environment":                {first: `"production"`, second: `"development"`},
	"unleash_api_token.projects":                   {first: `["default"]`, second: `["*"]`},
	"unleash_api_token.expires_at":                 {first: `"2031-01-01T00:00:00Z"`, second: `"2032-01-01T01:00:00+01:00"`},
	"projects":                                     {first: `["default"]`, second: `["default", "other"]`, none: `[]`},
	"environments":                                 {first: `["production"]`, second: `["development", "production"]`, none: `[]`},
	"unleash_webhook.url":                          {first: `"http://127.0.0.1:9/first"`, second: `"http://127.0.0.1:9/second"`},
	"unleash_webhook.body_template":                {first: `"{ \"a\": 1 }"`, second: `"{{event.type}}"`},
	"unleash_webhook.content_type":                 {first: `"text/plain"`, second: `"application/json"`},
	"unleash_integration.parameters":               {first: `{ sourceTypeName = "first" }`, second: `{ sourceTypeName = "second" }`, none: `{}`},
	"unleash_project_environment.default_strategy": {first: `{ parameters = { rollout = 50 } }`, second: `{ parameters = { rollout = 75 }, title = "three quarters" }`, none: `{ parameters = { rollout = 50 } }`},
	"unleash_project.default_stickiness":           {first: `"userId"`, second: `"sessionId"`},
	"unleash_project.mode":                         {first: `"protected"`, second: `"open"`},
	"unleash_project.feature_name_regex":           {first: `"[a-z]+"`, second: `"[a-z0-9]+"`},
	"unleash_project.feature_name_example":         {first: `"one"`, second: `"two"`},
	"unleash_project.feature_name_description":     {first: `"small letters"`, second: `"small letters and digits"`},
}

// What this table leaves to other tests, and why.
var elsewhere = map[string]string{
	"organisation_id":                     "another organisation replaces",
	"flagsmith_feature.initial_value":     "only at creation",
	"flagsmith_feature.default_enabled":   "only at creation",
	"secret_wo":                           "excludes secret",
	"secret_wo_version":                   "excludes secret",
	"unleash_project.id":                  "another id replaces",
	"unleash_feature.project":             "another project replaces",
	"unleash_feature_state.project":       "as above",
	"unleash_strategy.project":            "as above",
	"unleash_project_environment.project": "as above",
	"unleash_project_member.project":      "as above",
	"unleash_webhook.url":                 "required here",
	"unleash_context_field.sort_order":    "only at creation",
	"url_wo":                              "excludes url",
	"url_wo_version":                      "excludes url",
	"authorization_wo":                    "tests of write-only secrets",
	"authorization_wo_version":            "tests of write-only secrets",
	"custom_headers_wo":                   "tests of write-only secrets",
	"custom_headers_wo_version":           "tests of write-only secrets",
	"secret_parameters_wo":                "required here",
	"secret_parameters_wo_version":        "required here",
}

// What an import cannot know: what the server masks. The resources' own tests import them.
var masked = []string{"unleash_webhook", "unleash_integration"}

// What open-source Unleash has no routes for.
var enterpriseTypes = []string{"unleash_project", "unleash_environment", "unleash_project_environment", "unleash_project_member"}

// On a server with the free plan these are ignored, which the provider reports.
var gated = []string{"flagsmith_project.stale_flags_limit_days", "flagsmith_project.enable_realtime_updates", "flagsmith_environment.minimum_change_request_approvals"}

// What each resource needs beside itself, and its required attributes.
var required = map[string]string{
	"flagsmith_project":              `name = var.name`,
	"flagsmith_environment":          "project_id = var.project\nname = var.name",
	"flagsmith_feature":              "project_id = var.project\nname = \"${var.name}-subject\"",
	"flagsmith_feature_state":        "project_id = var.project\nenvironment_id = flagops_flagsmith_environment.e.id\nfeature_id = flagops_flagsmith_feature.mv.id",
	"flagsmith_segment":              "project_id = var.project\nname = var.name\nrules = [{ type = \"ALL\" }]",
	"flagsmith_tag":                  "project_id = var.project\nlabel = var.name",
	"flagsmith_environment_webhook":  "project_id = var.project\nenvironment_id = flagops_flagsmith_environment.e.id\nurl = \"https://hooks.example.com/${var.name}\"",
	"flagsmith_organisation_webhook": "organisation_id = var.organisation\nurl = \"https://hooks.example.com/${var.name}\"",

	"unleash_feature":             `name = var.name`,
	"unleash_feature_state":       "feature = flagops_unleash_feature.one.name\nenvironment = \"development\"",
	"unleash_strategy":            "feature = flagops_unleash_feature.one.name\nenvironment = \"development\"",
	"unleash_segment":             "name = var.name\nconstraints = []",
	"unleash_context_field":       `name = var.name`,
	"unleash_tag_type":            `name = substr(var.name, 0, 50)`,
	"unleash_strategy_type":       "name = var.name\nparameters = []",
	"unleash_feature_type":        "id = \"experiment\"\nlifetime_days = 40",
	"unleash_api_token":           "name = var.name\ntype = \"backend\"",
	"unleash_webhook":             "url = \"http://127.0.0.1:9/hook\"\nevents = [\"feature-created\"]",
	"unleash_integration":         "type = \"datadog\"\nevents = [\"feature-created\"]\nsecret_parameters_wo = { apiKey = \"a-key\" }\nsecret_parameters_wo_version = 1",
	"unleash_project":             `name = var.name`,
	"unleash_environment":         "name = var.name\ntype = \"test\"",
	"unleash_project_environment": `environment = flagops_unleash_environment.e.name`,
	"unleash_project_member":      "user_id = 1\nrole = \"Member\"",
}

const besideFlagsmith = `
resource "flagops_flagsmith_environment" "e" {
  project_id = var.project
  name       = "${var.name}-beside"
}
resource "flagops_flagsmith_feature" "plain" {
  project_id = var.project
  name       = "${var.name}-plain"
}
resource "flagops_flagsmith_feature" "mv" {
  project_id = var.project
  name       = "${var.name}-mv"
  multivariate_options = { red = { value = { string = "red" } }, blue = { value = { string = "blue" } } }
}
resource "flagops_flagsmith_tag" "one" {
  project_id = var.project
  label      = "${var.name}-one"
}
resource "flagops_flagsmith_tag" "two" {
  project_id = var.project
  label      = "${var.name}-two"
}
`

const besideEnterprise = `
resource "flagops_unleash_environment" "e" {
  name = "${var.name}-e"
  type = "test"
}
`

// namer is a server that can tell this test's names from another's.
type namer interface {
	server
	Name(prefix string) string
}

// Every optional attribute of every resource is set, changed, unknown while planning, empty and removed; every time the
// plan after it is empty and writes nothing, and so is the plan after an import.
func TestAccEveryAttribute(t *testing.T) {
	t.Parallel()
	for _, o := range provider.Objects() {
		facts := o.Facts()
		if !facts.Resource {
			continue
		}
		t.Run(facts.Name, func(t *testing.T) {
			t.Parallel()
			s := subject{Facts: facts}
			if strings.HasPrefix(facts.Name, "flagsmith_") {
				s.onFlagsmith(t)
			} else {
				s.onUnleash(t)
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: slices.Concat(
				s.steps(t, "minimal", s.config(t, func(exercise) string { return "" }, false)),
				s.steps(t, "set", s.config(t, func(e exercise) string { return e.first }, false)),
				s.steps(t, "changed", s.config(t, func(e exercise) string { return e.second }, false)),
				s.imported(t), // where what Terraform alone knows has its default: an import cannot know better
				s.steps(t, "unknown while planning", s.config(t, func(e exercise) string { return e.first }, true)),
				s.steps(t, "empty", s.config(t, func(e exercise) string { return e.none }, false)),
				s.imported(t),
				s.steps(t, "removed", s.config(t, func(exercise) string { return "" }, false)),
			)})
		})
	}
}

const besideUnleash = `
locals {
  rollout = { rollout = "30", stickiness = "userId", groupId = "g" } # all of them: an import reads all
}
resource "flagops_unleash_feature" "one" {
  name            = "${var.name}-one"
  deletion_policy = "delete"
}
resource "flagops_unleash_feature" "two" {
  name            = "${var.name}-two"
  deletion_policy = "delete"
}
resource "flagops_unleash_segment" "one" {
  name        = "${var.name}-one"
  constraints = []
}
resource "flagops_unleash_segment" "two" {
  name        = "${var.name}-two"
  constraints = []
}
`

type subject struct {
	crud.Facts
	namer
	variables string
	beside    string   // what the resource may refer to
	left      []string // attributes that this server does not have
}

func (s *subject) onFlagsmith(t *testing.T) {
	t.Helper()
	f := acctest.NewFlagsmith(t, flagsmithsandbox.Plan("enterprise"))
	s.namer = f
	project := int64(0)
	switch s.Facts.Name {
	case "flagsmith_project":
		f.ManyProjects()
	case "flagsmith_organisation_webhook":
	default:
		project = f.Project()
	}
	s.variables = fmt.Sprintf("variable \"project\" {\n  default = %d\n}\nvariable \"organisation\" {\n  default = %d\n}\n", project, f.OrganisationID)
	s.beside = besideFlagsmith
	if acctest.Real() {
		s.left = gated
	}
}

func (s *subject) onUnleash(t *testing.T) {
	t.Helper()
	if slices.Contains(enterpriseTypes, s.Facts.Name) {
		s.namer = acctest.NewUnleashEnterprise(t)
	} else {
		s.namer = acctest.NewUnleash(t)
	}
	s.beside = besideUnleash
	if slices.Contains(enterpriseTypes, s.Facts.Name) {
		s.beside += besideEnterprise
	}
}

func (s *subject) address() string { return "flagops_" + s.Facts.Name + ".subject" }

// config writes the resource with each optional attribute as choose says, directly or through something that is not known
// before the apply.
func (s *subject) config(t *testing.T, choose func(exercise) string, later bool) string {
	t.Helper()
	var body, input strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.Schema.Attributes)) {
		a := s.Schema.Attributes[name]
		if !a.IsOptional() || elsewhere[name] != "" || elsewhere[s.Facts.Name+"."+name] != "" || slices.Contains(s.left, s.Facts.Name+"."+name) {
			continue
		}
		e, ok := exercises[s.Facts.Name+"."+name]
		if !ok {
			e, ok = exercises[name]
		}
		if !ok {
			switch a.(type) {
			case schema.BoolAttribute:
				e = exercise{first: "true", second: "false"}
			case schema.Int64Attribute:
				e = exercise{first: "1", second: "2"}
			case schema.StringAttribute:
				e = exercise{first: `"one"`, second: `"two"`, none: `""`}
			default:
				t.Fatalf("say in exercises what %s.%s can be", s.Facts.Name, name)
			}
		}
		text := choose(e)
		if text == "" {
			continue
		}
		if later {
			fmt.Fprintf(&input, "    %s = %s\n", name, text)
			text = "jsondecode(terraform_data.later.output)." + name
		}
		fmt.Fprintf(&body, "  %s = %s\n", name, text)
	}
	config := fmt.Sprintf("variable \"name\" {\n  default = %q\n}\n", s.namer.Name("s")) + s.variables
	if strings.Contains(body.String()+input.String()+required[s.Facts.Name], "flagops_") || slices.Contains([]string{"flagsmith_segment", "unleash_feature"}, s.Facts.Name) { // what is referred to must outlive the reference
		config += s.beside
	}
	if later {
		config += "resource \"terraform_data\" \"later\" {\n  input = jsonencode({\n" + input.String() + "  })\n}\n"
	}
	return s.Config(config + fmt.Sprintf("resource \"flagops_%s\" \"subject\" {\n  %s\n%s}\n", s.Facts.Name, strings.ReplaceAll(required[s.Facts.Name], "\n", "\n  "), body.String()))
}

// steps applies a configuration and plans it again: empty, and without a write.
func (s *subject) steps(t *testing.T, phase, config string) []resource.TestStep {
	t.Helper()
	return []resource.TestStep{
		{Config: config, Check: func(*terraform.State) error { t.Log(phase, "applied"); s.Reset(); return nil }},
		{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check: func(*terraform.State) error {
				if writes := s.Writes(); len(writes) > 0 {
					return fmt.Errorf("%s: an empty plan wrote %q", phase, writes)
				}
				return nil
			}},
	}
}

// imported imports by id, with an empty plan.
func (s *subject) imported(t *testing.T) []resource.TestStep {
	t.Helper()
	if slices.Contains(masked, s.Facts.Name) {
		return nil
	}
	return []resource.TestStep{{
		ResourceName: s.address(), ImportState: true, ImportStateKind: resource.ImportBlockWithID,
		ImportStateIdFunc: func(state *terraform.State) (string, error) {
			parts := make([]string, len(s.Key))
			for i, name := range s.Key {
				parts[i] = state.RootModule().Resources[s.address()].Primary.Attributes[name]
			}
			return strings.Join(parts, "/"), nil
		},
		ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
	}}
}
