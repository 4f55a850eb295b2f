package unleash

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// optionalText is a text that may be left out, which means none. Unleash keeps null and "" apart and, but for segments,
// never goes back to null; configuration that Terraform generates says null for both. So what is left out is planned as
// null where there is null, and as "" where there is a text.
func optionalText(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: description, Validators: validators,
		PlanModifiers: []planmodifier.String{noText{}},
	}
}

type noText struct{}

func (noText) Description(context.Context) string { return "leaving a text out clears it" }

func (n noText) MarkdownDescription(ctx context.Context) string { return n.Description(ctx) }

func (noText) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	switch {
	case !req.ConfigValue.IsNull():
	case req.StateValue.IsNull():
		resp.PlanValue = types.StringNull()
	default:
		resp.PlanValue = types.StringValue("")
	}
}
