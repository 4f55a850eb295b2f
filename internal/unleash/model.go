package unleash

import (
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// deref is what a pointer of a model points at, the zero value for null.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// urlFriendly is what Unleash asks of the names of flags, strategy types, tag types, context fields and variants.
func urlFriendly() validator.String {
	return stringvalidator.All(
		stringvalidator.LengthBetween(1, 100),
		stringvalidator.NoneOf(".", ".."),
		stringvalidator.RegexMatches(regexp.MustCompile(`^[A-Za-z0-9_.!~*'()-]*$`), "must be made of letters (A to Z, a to z), digits and _ . ! ~ * ' ( ) - alone"),
	)
}

// inProject is the attribute that names an object's project.
func inProject(object string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(api.DefaultProject),
		MarkdownDescription: "Id of the project that the " + object + " belongs to. Defaults to `default`. Another one makes a new " + object + ".",
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}

// projectOf is the project that a model names: lists and data sources may leave it out.
func projectOf(project *string) string {
	if p := deref(project); p != "" {
		return p
	}
	return api.DefaultProject
}

// featureLock is what all writes to a flag and to its environments hold: the server makes and switches by itself.
func featureLock(project, name string) string { return "feature " + project + "/" + name }
