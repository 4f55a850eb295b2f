package unleash

import (
	"math"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type featureTypeModel struct {
	ID           *string `tfsdk:"id"`
	Name         *string `tfsdk:"name"`
	Description  *string `tfsdk:"description"`
	LifetimeDays *int64  `tfsdk:"lifetime_days"`
}

var featureType = crud.Spec[*api.Client, featureTypeModel, api.FeatureType]{
	Name:   "unleash_feature_type",
	Plural: "unleash_feature_types",
	Key:    []string{"id"},
	Adopts: true,
	Schema: schema.Schema{
		MarkdownDescription: "How long flags of a type are expected to live. The server has a fixed set of types: this resource takes one over, sets " +
			"its lifetime, and leaves it as it is when it is destroyed. It changes what the dashboard calls potentially stale, and no live flag.",
		Attributes: map[string]schema.Attribute{
			"id": crud.Name("Id of the type, which the `type` of a flag names: `release`, `experiment`, `operational`, `kill-switch`, `permission` " +
				"or `sunset`. Another one takes that one over."),
			"lifetime_days": schema.Int64Attribute{
				Required: true, MarkdownDescription: "After how many days a flag of this type is potentially stale. `0`: never.",
				Validators: []validator.Int64{int64validator.Between(0, math.MaxInt32)},
			},
			"name":        crud.Text("What the dashboard calls the type."),
			"description": crud.Text("What the type is for."),
		},
	},
	ToAPI: func(m *featureTypeModel) api.FeatureType {
		return api.FeatureType{ID: deref(m.ID), LifetimeDays: m.LifetimeDays}
	},
	FromAPI: func(m *featureTypeModel, t api.FeatureType) {
		days := deref(t.LifetimeDays)
		*m = featureTypeModel{ID: &t.ID, Name: &t.Name, Description: &t.Description, LifetimeDays: &days}
	},
	Create: (*api.Client).SetFeatureType,
	Read:   (*api.Client).FeatureType,
	Update: (*api.Client).UpdateFeatureType,
	Delete: (*api.Client).KeepFeatureType,
	List:   (*api.Client).FeatureTypes,
}
