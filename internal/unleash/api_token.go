package unleash

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type apiTokenModel struct {
	ID          *string  `tfsdk:"id"`
	Name        *string  `tfsdk:"name"`
	Type        *string  `tfsdk:"type"`
	Environment *string  `tfsdk:"environment"`
	Projects    []string `tfsdk:"projects"`
	ExpiresAt   *string  `tfsdk:"expires_at"`
	CreatedAt   *string  `tfsdk:"created_at"`
	Secret      *string  `tfsdk:"secret"`
}

var apiToken = crud.Spec[*api.Client, apiTokenModel, api.APIToken]{
	Name:   "unleash_api_token",
	Key:    []string{"id"},
	Lookup: []string{"name"},
	Schema: schema.Schema{
		MarkdownDescription: "A token that SDKs identify themselves with, to get the flags of one environment. It changes no live flag: creating one " +
			"makes a secret, updating one changes when it expires, anything else makes a new one with another secret, and destroying one ends " +
			"what its holders may do, within a minute: they keep the flags that they know. To give them a new one in time, set " +
			"`create_before_destroy`.\n\nThe server knows a token by its secret alone, so `id` is a fingerprint of that, and nothing but `secret` " +
			"gives the secret away. Servers with secure token storage show a secret at its creation only: of an imported one `secret` is null. " +
			"Names are not unique: looking one up that two tokens have is an error that lists their ids. Tokens of administrators " +
			"are left out: nobody can make them.",
		Attributes: map[string]schema.Attribute{
			"id": crud.Text("Fingerprint of the token: the first 16 hex digits of the SHA-256 of its secret, or of the part of it by which servers " +
				"with secure token storage know it."),
			"name": crud.Name("What the token is called. Not unique. Another one makes a new token.", stringvalidator.LengthAtLeast(1)),
			"type": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "`backend` or `client`, which are the same, for SDKs on servers, or `frontend`, for SDKs in browsers and apps. The " +
					"server tells of a `backend` token that it is a `client`; going from one to the other changes nothing. To and from `frontend` " +
					"makes a new token.",
				Validators:    []validator.String{stringvalidator.OneOf(api.BackendToken, api.ClientToken, api.FrontendToken)},
				PlanModifiers: []planmodifier.String{sameTokenType{}},
			},
			"environment": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("development"),
				MarkdownDescription: "Name of the environment whose flags it gets. Defaults to `development`. Another one makes a new token.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.NoneOf("*")},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"projects": schema.SetAttribute{
				Optional: true, Computed: true, ElementType: types.StringType, Default: setOf("*"),
				MarkdownDescription: "Ids of the projects whose flags it gets; `[\"*\"]` is all of them. Defaults to `[\"*\"]`. Others make a new token.",
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), allAlone{}},
				PlanModifiers:       []planmodifier.Set{setplanmodifier.RequiresReplace()},
			},
			"expires_at": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "When it stops working (RFC 3339), such as `2031-01-01T00:00:00Z`; the server keeps milliseconds. Left out: never. It can " +
					"be set and changed in place, but taking it away makes a new token.",
				Validators:    []validator.String{instant{}},
				PlanModifiers: []planmodifier.String{sameInstant{}},
			},
			"created_at": crud.Text("When it was made (RFC 3339)."),
			"secret": schema.StringAttribute{
				Computed: true, Sensitive: true, MarkdownDescription: "The token itself. Null where the server does not show it.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
		},
	},
	ToAPI:   (*apiTokenModel).toAPI,
	FromAPI: (*apiTokenModel).fromAPI,
	Fields:  map[string]string{"tokenName": "name"},
	Create:  (*api.Client).CreateAPIToken,
	Read:    (*api.Client).APIToken,
	Update:  (*api.Client).UpdateAPIToken,
	Delete:  (*api.Client).DeleteAPIToken,
	List:    (*api.Client).APITokens,
	Check: func(ctx context.Context, check crud.Check[*api.Client, apiTokenModel]) (diags diag.Diagnostics) {
		if check.Prior == nil {
			diags.Append(full(ctx, check.Client, "API tokens", "UNLEASH_API_TOKENS_LIMIT", func(l api.Limits) int { return l.APITokens }, (*api.Client).CountAPITokens)...)
		}
		return diags
	},
}

func (m *apiTokenModel) toAPI() api.APIToken {
	return api.APIToken{
		ID: deref(m.ID), Name: deref(m.Name), Type: deref(m.Type), Environment: deref(m.Environment), Projects: m.Projects,
		ExpiresAt: m.ExpiresAt, CreatedAt: deref(m.CreatedAt), Secret: deref(m.Secret),
	}
}

func (m *apiTokenModel) fromAPI(t api.APIToken) {
	kind, expires := t.Type, t.ExpiresAt
	if kind == api.ClientToken && deref(m.Type) == api.BackendToken {
		kind = api.BackendToken
	}
	if api.SameInstant(m.ExpiresAt, expires) {
		expires = m.ExpiresAt
	}
	*m = apiTokenModel{
		ID: &t.ID, Name: &t.Name, Type: &kind, Environment: &t.Environment, Projects: distinct(t.Projects), ExpiresAt: expires,
		CreatedAt: &t.CreatedAt, Secret: orNone(t.Secret),
	}
}

// sameTokenType plans no change between client and backend, and a new token for frontend.
type sameTokenType struct{}

func (sameTokenType) Description(context.Context) string {
	return "client and backend are the same; another type makes a new token"
}
func (s sameTokenType) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

func (sameTokenType) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	was, wanted := req.StateValue.ValueString(), req.PlanValue.ValueString()
	switch {
	case req.State.Raw.IsNull() || req.PlanValue.IsUnknown() || was == wanted:
	case was != api.FrontendToken && wanted != api.FrontendToken:
		resp.PlanValue = req.StateValue
	default:
		resp.RequiresReplace = true
	}
}

// sameInstant plans no change between two ways to write the same time, and a new token where it is taken away.
type sameInstant struct{}

func (sameInstant) Description(context.Context) string {
	return "the same time makes no change; none makes a new token"
}
func (s sameInstant) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

func (sameInstant) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	was, wanted := req.StateValue.ValueStringPointer(), req.PlanValue.ValueStringPointer()
	switch {
	case was == nil || req.PlanValue.IsUnknown():
	case wanted == nil:
		resp.RequiresReplace = true
	case api.SameInstant(was, wanted):
		resp.PlanValue = req.StateValue
	}
}

// allAlone refuses projects beside "*": the server would keep that alone.
type allAlone struct{}

func (allAlone) Description(context.Context) string               { return "\"*\" stands alone" }
func (v allAlone) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (allAlone) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	elements := req.ConfigValue.Elements()
	for _, element := range elements {
		if element.Equal(types.StringValue("*")) && len(elements) > 1 {
			resp.Diagnostics.AddAttributeError(req.Path, "All projects, and more", "\"*\" is all projects, and the server drops the others: leave either out.")
		}
	}
}

// instant is a text that RFC 3339 takes for a time.
type instant struct{}

func (instant) Description(context.Context) string               { return "a time as of RFC 3339" }
func (v instant) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (instant) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.RFC3339, req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a time", "It must be a time as of RFC 3339, such as 2031-01-01T00:00:00Z.")
	}
}
