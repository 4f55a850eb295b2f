package flagsmith

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// optionalText is a text that may be left out: at most that many characters, 0 for any length.
func optionalText(most int, description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: description,
		Validators:    []validator.String{text{most: most}},
		PlanModifiers: []planmodifier.String{keepEmpty{}},
	}
}

// keepEmpty plans null for a text that is left out, unless the server has "". Flagsmith keeps the two apart, but both mean
// none, and configuration that Terraform generates says null for both, which has to plan empty.
type keepEmpty struct{}

func (keepEmpty) Description(context.Context) string { return "null keeps an empty text" }

func (k keepEmpty) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepEmpty) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	switch {
	case !req.ConfigValue.IsNull():
	case !req.StateValue.IsNull() && req.StateValue.ValueString() == "":
		resp.PlanValue = req.StateValue
	default:
		resp.PlanValue = types.StringNull()
	}
}
