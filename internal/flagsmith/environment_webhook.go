package flagsmith

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

type environmentWebhookModel struct {
	ProjectID     *int64 `tfsdk:"project_id"`
	EnvironmentID *int64 `tfsdk:"environment_id"`
	webhookModel
}

var environmentWebhook = crud.Spec[*api.Client, environmentWebhookModel, api.EnvironmentWebhook]{
	Name:   "flagsmith_environment_webhook",
	Key:    []string{"project_id", "environment_id", "id"},
	Lookup: []string{"project_id", "environment_id", "url"},
	Schema: schema.Schema{
		MarkdownDescription: "Calls a URL when flags of one environment change: events `FLAG_UPDATED`, `FLAG_DELETED` and " +
			"`NEW_VERSION_PUBLISHED`. It changes no live flag: from its creation on it is called, an update changes where or whether, " +
			"and destroying it ends the calls. Two webhooks may have the same URL: looking that one up is an error that lists their ids.",
		Attributes: webhookAttributes(map[string]schema.Attribute{
			"project_id":     crud.Parent("Id of the project that the environment belongs to. Another one makes a new webhook."),
			"environment_id": crud.Parent("Id of the environment whose changes are told. Another one makes a new webhook."),
		}),
	},
	ToAPI: func(m *environmentWebhookModel) api.EnvironmentWebhook {
		return api.EnvironmentWebhook{ProjectID: deref(m.ProjectID), EnvironmentID: deref(m.EnvironmentID), Webhook: m.toAPI()}
	},
	FromAPI: func(m *environmentWebhookModel, w api.EnvironmentWebhook) {
		m.ProjectID, m.EnvironmentID = &w.ProjectID, &w.EnvironmentID
		m.fromAPI(w.Webhook)
	},
	Create: (*api.Client).CreateEnvironmentWebhook,
	Read:   (*api.Client).EnvironmentWebhook,
	Update: (*api.Client).UpdateEnvironmentWebhook,
	Delete: (*api.Client).DeleteEnvironmentWebhook,
	List:   (*api.Client).EnvironmentWebhooks,
}
