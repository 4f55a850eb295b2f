package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type organisationModel struct {
	ID                           *int64  `tfsdk:"id"`
	UUID                         *string `tfsdk:"uuid"`
	Name                         *string `tfsdk:"name"`
	CreatedDate                  *string `tfsdk:"created_date"`
	WebhookNotificationEmail     *string `tfsdk:"webhook_notification_email"`
	NumSeats                     *int64  `tfsdk:"num_seats"`
	Plan                         *string `tfsdk:"plan"`
	PersistTraitData             *bool   `tfsdk:"persist_trait_data"`
	BlockAccessToAdmin           *bool   `tfsdk:"block_access_to_admin"`
	RestrictProjectCreateToAdmin *bool   `tfsdk:"restrict_project_create_to_admin"`
	Force2FA                     *bool   `tfsdk:"force_2fa"`
}

var organisation = crud.Spec[*api.Client, organisationModel, api.Organisation]{
	Name:   "flagsmith_organisation",
	Plural: "flagsmith_organisations",
	Key:    []string{"id"},
	Lookup: []string{"name"},
	Schema: schema.Schema{
		MarkdownDescription: "A Flagsmith organisation: what a token belongs to, and what projects, users and groups belong to. " +
			"An organisation's API key sees exactly one, a user's token may see several; with neither `id` nor `name`, the only one is read.",
		Attributes: map[string]schema.Attribute{
			"id":                               crud.ID("Id of the organisation."),
			"uuid":                             crud.Text("UUID of the organisation."),
			"name":                             crud.Text("Name of the organisation."),
			"created_date":                     crud.Text("When it was created (RFC 3339)."),
			"webhook_notification_email":       crud.Text("Who is told about webhooks that fail; null: nobody."),
			"num_seats":                        crud.ID("Number of users that it has now, not of seats that are free."),
			"plan":                             crud.Text("Subscription plan. Open-source Flagsmith is always on `free`, and ignores what paid plans add."),
			"persist_trait_data":               computedFlag("Whether the traits of identities are stored."),
			"block_access_to_admin":            computedFlag("Whether Flagsmith has locked the dashboard, as it does when a limit is exceeded."),
			"restrict_project_create_to_admin": computedFlag("Whether only its administrators may create projects."),
			"force_2fa":                        computedFlag("Whether its users need a second factor to sign in."),
		},
	},
	ToAPI: func(m *organisationModel) api.Organisation {
		return api.Organisation{ID: deref(m.ID), Name: deref(m.Name)}
	},
	FromAPI: (*organisationModel).fromAPI,
	Read:    (*api.Client).Organisation,
	List:    (*api.Client).Organisations,
}

func (m *organisationModel) fromAPI(o api.Organisation) {
	*m = organisationModel{
		ID: &o.ID, UUID: &o.UUID, Name: &o.Name, CreatedDate: &o.CreatedDate, WebhookNotificationEmail: o.WebhookNotificationEmail,
		NumSeats: &o.NumSeats, Plan: &o.Subscription.Plan, PersistTraitData: &o.PersistTraitData,
		BlockAccessToAdmin: &o.BlockAccessToAdmin, RestrictProjectCreateToAdmin: &o.RestrictProjectCreateToAdmin, Force2FA: &o.Force2FA,
	}
}

// computedFlag is a bool that the server alone sets.
func computedFlag(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}

// organisationID is the parent of what belongs to an organisation. Nearly every token sees just one, so it may be left out.
func organisationID() schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Id of the organisation. Left out, it is the only one that the token sees; it has to be given where a user's " +
			"token sees several. Another one makes a new object.",
		PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace(), int64planmodifier.UseStateForUnknown()},
		Validators:    []validator.Int64{int64validator.AtLeast(1)},
	}
}
