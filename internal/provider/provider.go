// Package provider is the provider itself: its configuration, and the register of everything it offers.
package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	fw "github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith"
	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
	"github.com/flagops/terraform-provider-flagops/internal/function"
)

// Objects is the register: every resource and data source of every backend.
func Objects() []crud.Object { return flagsmith.Objects() }

// New makes the provider of a version, for providerserver.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &flagops{version: version} }
}

type flagops struct{ version string }

// server is what both backends' blocks take.
type server struct {
	URL                types.String `tfsdk:"url"`
	Token              types.String `tfsdk:"token"`
	AuthScheme         types.String `tfsdk:"auth_scheme"`
	RequestTimeout     types.Int64  `tfsdk:"request_timeout"`
	MaxRetries         types.Int64  `tfsdk:"max_retries"`
	MaxConcurrency     types.Int64  `tfsdk:"max_concurrency"`
	Headers            types.Map    `tfsdk:"headers"`
	CACertFile         types.String `tfsdk:"ca_cert_file"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
}

type config struct {
	Flagsmith types.Object `tfsdk:"flagsmith"`
}

const flagsmithSaaS = "https://api.flagsmith.com/api/v1"

func (p *flagops) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "flagops", p.version
}

func (p *flagops) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages feature flags on Flagsmith through its admin API.",
		Attributes: map[string]schema.Attribute{
			"flagsmith": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The Flagsmith server. May be left out when the environment variables say it all.",
				Attributes: map[string]schema.Attribute{
					"url": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Address of the admin API, with its base path. Defaults to `FLAGSMITH_API_URL`, then to " +
							"`" + flagsmithSaaS + "`; an empty or unknown value is never taken for that default.",
					},
					"token": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "Organisation API key (or what `auth_scheme` says). Defaults to `FLAGSMITH_API_KEY`, then to `FLAGSMITH_MASTER_API_KEY`.",
					},
					"auth_scheme": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "How the token is sent: `Api-Key` (an organisation's key, the default), `Token` (a user's; the server " +
							"answers it about 15 times faster, since it does not stretch it) or `Bearer` (OIDC and OAuth).",
						Validators: []validator.String{stringvalidator.OneOf("Api-Key", "Token", "Bearer")},
					},
					"request_timeout": schema.Int64Attribute{
						Optional: true, MarkdownDescription: "Seconds that one attempt of a request may take. Defaults to `60`.",
						Validators: []validator.Int64{int64validator.Between(1, 3600)},
					},
					"max_retries": schema.Int64Attribute{
						Optional: true, MarkdownDescription: "How often a request is repeated after a connection error, a 429 or a 502, 503 or 504. Defaults to `4`.",
						Validators: []validator.Int64{int64validator.Between(0, 20)},
					},
					"max_concurrency": schema.Int64Attribute{
						Optional: true, MarkdownDescription: "How many requests may be under way at once. Defaults to `8`.",
						Validators: []validator.Int64{int64validator.Between(1, 100)},
					},
					"headers": schema.MapAttribute{
						Optional: true, ElementType: types.StringType, Sensitive: true,
						MarkdownDescription: "Further headers of every request, for a gateway in front of the server.",
					},
					"ca_cert_file": schema.StringAttribute{
						Optional: true, MarkdownDescription: "PEM file of certificate authorities to trust beside the system's.",
					},
					"insecure_skip_verify": schema.BoolAttribute{
						Optional: true, MarkdownDescription: "Accept any TLS certificate. For tests only. Defaults to `false`.",
					},
				},
			},
		},
	}
}

func (p *flagops) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c config
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := crud.NewData(p.flagsmith(ctx, c.Flagsmith, req.TerraformVersion, &resp.Diagnostics))
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

// flagsmith makes the client, or the reason why there is none. A token never goes to a host that was not configured
// with it: a url that is unknown or empty is not the default.
func (p *flagops) flagsmith(ctx context.Context, block types.Object, terraform string, diags *diag.Diagnostics) any {
	missing := func(format string, args ...any) any {
		return crud.Missing[*api.Client]{Reason: fmt.Sprintf(format, args...)}
	}
	var s server
	at := path.Root("flagsmith")
	if block.IsUnknown() {
		return missing("the provider's flagsmith block is not known yet: it depends on something that this run has still to make")
	}
	if !block.IsNull() {
		diags.Append(block.As(ctx, &s, basetypes.ObjectAsOptions{})...)
		if diags.HasError() {
			return missing("the provider's flagsmith block cannot be read")
		}
	}
	for _, setting := range []struct {
		name    string
		unknown bool
	}{
		{"url", s.URL.IsUnknown()}, {"token", s.Token.IsUnknown()}, {"auth_scheme", s.AuthScheme.IsUnknown()}, {"headers", !known(s.Headers)},
		{"ca_cert_file", s.CACertFile.IsUnknown()},
	} {
		if setting.unknown {
			return missing("the provider's flagsmith.%s is not known yet: it depends on something that this run has still to make. "+
				"Apply that first (-target), or give the value as a variable", setting.name)
		}
	}
	url := s.URL.ValueString()
	if s.URL.IsNull() {
		var isSet bool
		if url, isSet = os.LookupEnv("FLAGSMITH_API_URL"); !isSet {
			url = flagsmithSaaS
		}
	}
	if url == "" {
		diags.AddAttributeError(at.AtName("url"), "Empty Flagsmith address",
			"flagsmith.url (or FLAGSMITH_API_URL) is set to an empty string. Give the address of the admin API, or leave it out for "+flagsmithSaaS+".")
		return missing("flagsmith.url is empty")
	}
	token := s.Token.ValueString()
	if s.Token.IsNull() {
		token = first(os.Getenv("FLAGSMITH_API_KEY"), os.Getenv("FLAGSMITH_MASTER_API_KEY"))
	}
	if token == "" {
		return missing("Flagsmith is not configured: set flagsmith.token in the provider block, or the environment variable FLAGSMITH_API_KEY")
	}
	headers := http.Header{}
	for name, value := range s.Headers.Elements() {
		text, _ := value.(types.String)
		headers.Set(name, text.ValueString())
	}
	retries := -1
	if s.MaxRetries.IsNull() || s.MaxRetries.IsUnknown() {
		retries = 0
	} else if n := s.MaxRetries.ValueInt64(); n > 0 {
		retries = int(n)
	}
	client, err := api.New(api.Config{
		URL: url, Token: token, AuthScheme: s.AuthScheme.ValueString(), Header: headers,
		UserAgent:      fmt.Sprintf("terraform-provider-flagops/%s terraform/%s", p.version, terraform),
		Timeout:        time.Duration(s.RequestTimeout.ValueInt64()) * time.Second,
		MaxRetries:     retries,
		MaxConcurrency: int(s.MaxConcurrency.ValueInt64()),
		CACertFile:     s.CACertFile.ValueString(),
		Insecure:       s.InsecureSkipVerify.ValueBool(),
	})
	if err != nil {
		if name, _, found := strings.Cut(strings.TrimPrefix(err.Error(), "flagsmith."), ":"); found && !block.IsNull() {
			at = at.AtName(name) // rest's errors start with the setting that they are about
		}
		diags.AddAttributeError(at, "Cannot use Flagsmith", err.Error()+".")
		return missing("%s", err)
	}
	return client
}

func known(m types.Map) bool {
	if m.IsUnknown() {
		return false
	}
	for _, value := range m.Elements() {
		if value.IsUnknown() {
			return false
		}
	}
	return true
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func (p *flagops) Resources(context.Context) (all []func() resource.Resource) {
	for _, object := range Objects() {
		all = append(all, object.Resources()...)
	}
	return all
}

func (p *flagops) DataSources(context.Context) (all []func() datasource.DataSource) {
	for _, object := range Objects() {
		all = append(all, object.DataSources()...)
	}
	return all
}

func (p *flagops) ListResources(context.Context) (all []func() list.ListResource) {
	for _, object := range Objects() {
		all = append(all, object.ListResources()...)
	}
	return all
}

func (p *flagops) Functions(context.Context) []func() fw.Function { return function.All() }
