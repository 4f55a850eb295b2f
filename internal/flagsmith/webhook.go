package flagsmith

import (
	"maps"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
)

// webhookModel is what webhooks of environments and of organisations share.
type webhookModel struct {
	ID              *int64  `tfsdk:"id"`
	URL             *string `tfsdk:"url"`
	Enabled         *bool   `tfsdk:"enabled"`
	Secret          *string `tfsdk:"secret"`
	SecretWO        *string `tfsdk:"secret_wo"`
	SecretWOVersion *int64  `tfsdk:"secret_wo_version"`
}

// toAPI has the write-only secret where it is to be written, the one of the plan otherwise.
func (m webhookModel) toAPI() api.Webhook {
	hook := api.Webhook{ID: deref(m.ID), URL: deref(m.URL), Enabled: deref(m.Enabled), Secret: m.Secret}
	if m.SecretWO != nil {
		hook.Secret = m.SecretWO
	}
	return hook
}

func (m *webhookModel) fromAPI(w api.Webhook) {
	m.ID, m.URL, m.Enabled, m.Secret = &w.ID, &w.URL, &w.Enabled, w.Secret
}

var httpURL = regexp.MustCompile(`^(?i:https?)://[^\s/?#]`)

// webhookAttributes adds what webhooks share to their parents.
func webhookAttributes(parents map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"id": crud.ID("Number that Flagsmith gave the webhook."),
		"url": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Where Flagsmith posts to: `http` or `https`, at most 200 characters, not unique. Flagsmith refuses " +
				"addresses of internal networks, and names that it resolves to one.",
			Validators: []validator.String{
				text{most: 200, required: true},
				stringvalidator.RegexMatches(httpURL, "Flagsmith calls http and https URLs alone, such as https://hooks.example.com/flags"),
			},
		},
		"enabled": crud.Flag(true, "Whether Flagsmith calls it. Defaults to `true`."),
	}
	crud.Secret(attributes, "secret", "Signs the calls (the header `X-Flagsmith-Signature`: HMAC-SHA256 of the body, in hex), so that the "+
		"receiver can tell them from anybody else's. At most 255 characters.")
	for _, name := range []string{"secret", "secret_wo"} {
		if secret, ok := attributes[name].(schema.StringAttribute); ok {
			secret.Validators = append(secret.Validators, text{most: 255})
			attributes[name] = secret
		}
	}
	maps.Copy(attributes, parents)
	return attributes
}
