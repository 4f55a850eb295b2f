package unleash

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type webhookModel struct {
	eventsModel
	URL                    *string           `tfsdk:"url"`
	URLWO                  *string           `tfsdk:"url_wo"`
	URLWOVersion           *int64            `tfsdk:"url_wo_version"`
	ContentType            *string           `tfsdk:"content_type"`
	BodyTemplate           *string           `tfsdk:"body_template"`
	AuthorizationWO        *string           `tfsdk:"authorization_wo"`
	AuthorizationWOVersion *int64            `tfsdk:"authorization_wo_version"`
	CustomHeadersWO        map[string]string `tfsdk:"custom_headers_wo"`
	CustomHeadersWOVersion *int64            `tfsdk:"custom_headers_wo_version"`
}

var webhook = crud.Spec[*api.Client, webhookModel, api.Integration]{
	Name:   "unleash_webhook",
	Key:    []string{"id"},
	Lookup: []string{"description"},
	Schema: schema.Schema{
		MarkdownDescription: "A webhook: Unleash posts what happens to a URL. It changes no live flag: up to a minute after its creation " +
			"Unleash begins to call it, an update changes where, when and how, and destroying it ends the calls. " + disabledFirst + "\n\n" +
			"The server masks the URL, the authorization and the custom headers whenever it is asked. So changes that others make to these are " +
			"not seen, and after an import the URL is null, which keeps the one that is there. Descriptions are not unique: looking one up that " +
			"two webhooks have is an error that lists their ids.",
		Attributes: webhookAttributes(),
	},
	ToAPI:   (*webhookModel).toAPI,
	FromAPI: (*webhookModel).fromAPI,
	Title:   func(i api.Integration) string { return cmp.Or(i.Description, i.Type) },
	Fields:  map[string]string{"parameters.url": "url", "parameters.contentType": "content_type", "parameters.bodyTemplate": "body_template"},
	Create:  (*api.Client).CreateIntegration,
	Read:    (*api.Client).Webhook,
	Update:  (*api.Client).UpdateIntegration,
	Delete:  (*api.Client).DeleteIntegration,
	List:    (*api.Client).Webhooks,
	Check:   checkWebhook,
}

var httpURL = regexp.MustCompile(`^(?i:https?)://[^\s/?#]`)

func webhookAttributes() map[string]schema.Attribute {
	attributes := eventsAttributes("webhook")
	crud.Secret(attributes, "url", "Where Unleash posts to: `http` or `https`. Needed to create a webhook, here or in `url_wo`. The server "+
		"refuses private and loopback addresses, and hosts that resolve to one, unless it is told not to, and hosts that it cannot resolve.")
	for _, name := range []string{"url", "url_wo"} {
		if a, ok := attributes[name].(schema.StringAttribute); ok {
			a.Validators = append(a.Validators, stringvalidator.RegexMatches(httpURL, "Unleash calls http and https URLs alone, such as https://hooks.example.com/flags"))
			if name == "url" {
				a.MarkdownDescription = "Where Unleash posts to: `http` or `https`. Needed to create a webhook, here or in `url_wo`; left out later, " +
					"the server's is kept. The server refuses hosts that it cannot resolve, and private and loopback addresses unless it is " +
					"told to allow them. It never tells a URL: data sources have null."
			}
			attributes[name] = a
		}
	}
	attributes["content_type"] = schema.StringAttribute{
		Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "The `Content-Type` of the calls. Left out: `application/json`.",
	}
	attributes["body_template"] = crud.JSONText("Mustache template of the body, such as `jsonencode({ text = \"{{event.type}}\" })`; JSON that is only "+
		"written otherwise is no change. Left out: the event as JSON.", stringvalidator.LengthAtLeast(1))
	attributes["authorization_wo"] = schema.StringAttribute{
		Optional: true, Sensitive: true, WriteOnly: true, Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRoot("authorization_wo_version"))},
		MarkdownDescription: "The `Authorization` header of the calls, kept out of plan and state (Terraform 1.11 or later). It is written when " +
			"`authorization_wo_version` changes; `\"\"` takes it away. Left out, the server's is kept.",
	}
	attributes["authorization_wo_version"] = writeOnlyVersion("authorization_wo")
	attributes["custom_headers_wo"] = schema.MapAttribute{
		ElementType: types.StringType,
		Optional:    true, Sensitive: true, WriteOnly: true, Validators: []validator.Map{mapvalidator.AlsoRequires(path.MatchRoot("custom_headers_wo_version"))},
		MarkdownDescription: "Further headers of the calls, by name, kept out of plan and state (Terraform 1.11 or later). They are written when " +
			"`custom_headers_wo_version` changes, all of them; `{}` takes them away. Left out, the server's are kept.",
	}
	attributes["custom_headers_wo_version"] = writeOnlyVersion("custom_headers_wo")
	return attributes
}

func (m *webhookModel) toAPI() api.Integration {
	i := m.eventsModel.toAPI(api.Webhook)
	i.Parameters["contentType"], i.Parameters["bodyTemplate"] = m.ContentType, m.BodyTemplate
	if url := cmp.Or(m.URLWO, m.URL); url != nil {
		i.Parameters["url"] = url
	}
	if m.AuthorizationWO != nil {
		i.Parameters["authorization"] = orNone(*m.AuthorizationWO)
	}
	if m.CustomHeadersWO != nil {
		i.Parameters["customHeaders"] = nil
		if text, err := json.Marshal(m.CustomHeadersWO); err == nil && len(m.CustomHeadersWO) > 0 {
			i.Parameters["customHeaders"] = orNone(string(text))
		}
	}
	return i
}

func (m *webhookModel) fromAPI(i api.Integration) {
	m.eventsModel.fromAPI(i)
	m.ContentType, m.BodyTemplate = orNone(deref(i.Parameters["contentType"])), orNone(deref(i.Parameters["bodyTemplate"]))
}

func checkWebhook(ctx context.Context, check crud.Check[*api.Client, webhookModel]) (diags diag.Diagnostics) {
	if check.Prior == nil && check.Plan.URL == nil && check.Plan.URLWO == nil && !check.Unknown("url") && !check.Unknown("url_wo") {
		diags.AddAttributeError(path.Root("url"), "A webhook needs a URL", "Give url, or url_wo with url_wo_version. Only a webhook that exists already "+
			"can do without: it keeps the URL that the server has.")
	}
	if provider := providerOf(ctx, check.Client, api.Webhook); provider != nil {
		diags.Append(strangeEvents(*provider, check.Plan.Events)...)
	}
	return diags
}
