package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type organisationWebhookModel struct {
	OrganisationID *int64 `tfsdk:"organisation_id"`
	webhookModel
}

var organisationWebhook = crud.Spec[*api.Client, organisationWebhookModel, api.OrganisationWebhook]{
	Name:   "flagsmith_organisation_webhook",
	Key:    []string{"organisation_id", "id"},
	Lookup: []string{"organisation_id", "url"},
	Schema: schema.Schema{
		MarkdownDescription: "Calls a URL when anything in an organisation changes: events `AUDIT_LOG_CREATED`, `FLAG_UPDATED` and " +
			"`FLAG_DELETED`. It changes no live flag: from its creation on it is called, an update changes where or whether, and " +
			"destroying it ends the calls. Two webhooks may have the same URL: looking that one up is an error that lists their ids.",
		Attributes: webhookAttributes(map[string]schema.Attribute{"organisation_id": organisationID()}),
	},
	ToAPI: func(m *organisationWebhookModel) api.OrganisationWebhook {
		return api.OrganisationWebhook{OrganisationID: deref(m.OrganisationID), Webhook: m.toAPI()}
	},
	FromAPI: func(m *organisationWebhookModel, w api.OrganisationWebhook) {
		m.OrganisationID = &w.OrganisationID
		m.fromAPI(w.Webhook)
	},
	Create: (*api.Client).CreateOrganisationWebhook,
	Read:   (*api.Client).OrganisationWebhook,
	Update: (*api.Client).UpdateOrganisationWebhook,
	Delete: (*api.Client).DeleteOrganisationWebhook,
	List:   (*api.Client).OrganisationWebhooks,
}
