// Package provider is the provider itself: its configuration, and the register of everything it offers.
package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
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
	flagsmithapi "github.com/flagops/terraform-provider-flagops/internal/flagsmith/api"
	"github.com/flagops/terraform-provider-flagops/internal/function"
	"github.com/flagops/terraform-provider-flagops/internal/unleash"
	unleashapi "github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// Objects is the register: every resource and data source of every backend.
func Objects() []crud.Object { return slices.Concat(flagsmith.Objects(), unleash.Objects()) }

// New makes the provider of a version, for providerserver.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &flagops{version: version} }
}

type flagops struct{ version string }

// server is what both backends' blocks take.
type server struct {
	URL                types.String `tfsdk:"url"`
	Token              types.String `tfsdk:"token"`
	RequestTimeout     types.Int64  `tfsdk:"request_timeout"`
	MaxRetries         types.Int64  `tfsdk:"max_retries"`
	MaxConcurrency     types.Int64  `tfsdk:"max_concurrency"`
	Headers            types.Map    `tfsdk:"headers"`
	CACertFile         types.String `tfsdk:"ca_cert_file"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
}

type flagsmithServer struct {
	server
	AuthScheme types.String `tfsdk:"auth_scheme"`
}

type unleashServer struct {
	server
	IntegrationDelay types.Int64 `tfsdk:"integration_delay"`
}

type config struct {
	Flagsmith types.Object `tfsdk:"flagsmith"`
	Unleash   types.Object `tfsdk:"unleash"`
}

const flagsmithSaaS = "https://api.flagsmith.com/api/v1"

func (p *flagops) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "flagops", p.version
}

func (p *flagops) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages feature flags on Flagsmith and Unleash through their admin APIs.",
		Attributes: map[string]schema.Attribute{
			"flagsmith": block("Flagsmith",
				"Address of the admin API, with its base path. Defaults to `FLAGSMITH_API_URL`, then to `"+flagsmithSaaS+"`; an empty or "+
					"unknown value is never taken for that default.",
				"Organisation API key (or what `auth_scheme` says). Defaults to `FLAGSMITH_API_KEY`, then to `FLAGSMITH_MASTER_API_KEY`.",
				"auth_scheme", schema.StringAttribute{
					Optional: true,
					MarkdownDescription: "How the token is sent: `Api-Key` (an organisation's key, the default), `Token` (a user's; the server " +
						"answers it about 15 times faster, since it does not stretch it) or `Bearer` (OIDC and OAuth).",
					Validators: []validator.String{stringvalidator.OneOf("Api-Key", "Token", "Bearer")},
				}),
			"unleash": block("Unleash",
				"Address of the server, with or without a trailing `/api`. Defaults to `UNLEASH_URL`.",
				"Admin token, personal access token or service account's token; client and frontend tokens cannot manage anything. Defaults to "+
					"`UNLEASH_AUTH_TOKEN`, then to `UNLEASH_TOKEN`.",
				"integration_delay", schema.Int64Attribute{
					Optional: true,
					MarkdownDescription: "Seconds that a webhook or another integration is left disabled before it is deleted. A server goes on firing it for a " +
						"minute, gives a delivery ten seconds, and can crash when one that is gone is heard of again. Defaults to `75`.",
					Validators: []validator.Int64{int64validator.Between(0, 600)},
				}),
		},
	}
}

// block is the schema of a backend's block: what both have, and one attribute of its own.
func block(name, url, token, own string, attribute schema.Attribute) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The " + name + " server. May be left out when the environment variables say it all.",
		Attributes: map[string]schema.Attribute{
			"url":   schema.StringAttribute{Optional: true, MarkdownDescription: url},
			"token": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: token},
			own:     attribute,
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
				MarkdownDescription: "Further headers of every request, for a gateway in front of the server. `Authorization` is the token's.",
			},
			"ca_cert_file": schema.StringAttribute{
				Optional: true, MarkdownDescription: "PEM file of certificate authorities to trust beside the system's.",
			},
			"insecure_skip_verify": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Accept any TLS certificate. For tests only. Defaults to `false`.",
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
	userAgent := fmt.Sprintf("terraform-provider-flagops/%s terraform/%s", p.version, req.TerraformVersion)
	data := crud.NewData(newFlagsmith(ctx, c.Flagsmith, userAgent, &resp.Diagnostics), newUnleash(ctx, c.Unleash, userAgent, &resp.Diagnostics))
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
}

func newFlagsmith(ctx context.Context, block types.Object, userAgent string, diags *diag.Diagnostics) any {
	var s flagsmithServer
	b := backend{name: "flagsmith", title: "Flagsmith", urlVariable: "FLAGSMITH_API_URL", saas: flagsmithSaaS, tokenVariables: []string{"FLAGSMITH_API_KEY", "FLAGSMITH_MASTER_API_KEY"}}
	if reason := b.read(ctx, block, &s, &s.server, diags); reason != "" {
		return crud.Missing[*flagsmithapi.Client]{Reason: reason}
	}
	client, err := flagsmithapi.New(flagsmithapi.Config{
		URL: s.URL.ValueString(), Token: s.Token.ValueString(), AuthScheme: s.AuthScheme.ValueString(), Header: s.header(), UserAgent: userAgent,
		Timeout: s.timeout(), MaxRetries: s.retries(), MaxConcurrency: int(s.MaxConcurrency.ValueInt64()),
		CACertFile: s.CACertFile.ValueString(), Insecure: s.InsecureSkipVerify.ValueBool(),
	})
	if err != nil {
		return crud.Missing[*flagsmithapi.Client]{Reason: b.refused(err, block, diags)}
	}
	return client
}

func newUnleash(ctx context.Context, block types.Object, userAgent string, diags *diag.Diagnostics) any {
	var s unleashServer
	b := backend{name: "unleash", title: "Unleash", urlVariable: "UNLEASH_URL", tokenVariables: []string{"UNLEASH_AUTH_TOKEN", "UNLEASH_TOKEN"}}
	if reason := b.read(ctx, block, &s, &s.server, diags); reason != "" {
		return crud.Missing[*unleashapi.Client]{Reason: reason}
	}
	delay := 75 * time.Second
	if !s.IntegrationDelay.IsNull() && !s.IntegrationDelay.IsUnknown() {
		delay = time.Duration(s.IntegrationDelay.ValueInt64()) * time.Second
	}
	client, err := unleashapi.New(unleashapi.Config{
		URL: s.URL.ValueString(), Token: s.Token.ValueString(), Header: s.header(), UserAgent: userAgent,
		Timeout: s.timeout(), MaxRetries: s.retries(), MaxConcurrency: int(s.MaxConcurrency.ValueInt64()),
		CACertFile: s.CACertFile.ValueString(), Insecure: s.InsecureSkipVerify.ValueBool(), IntegrationDelay: delay,
	})
	if err != nil {
		return crud.Missing[*unleashapi.Client]{Reason: b.refused(err, block, diags)}
	}
	return client
}

// backend is how a server is found where its block does not say.
type backend struct {
	name, title    string
	urlVariable    string
	saas           string // "": there is no default address
	tokenVariables []string
}

// read fills in target, of which s is the common part, or says why there can be no client. A token never goes to a host
// that was not configured with it: a url that is unknown or empty is not the default.
func (b backend) read(ctx context.Context, block types.Object, target any, s *server, diags *diag.Diagnostics) string {
	if block.IsUnknown() {
		return "the provider's " + b.name + " block is not known yet: it depends on something that this run has still to make"
	}
	for _, name := range slices.Sorted(maps.Keys(block.Attributes())) {
		value := block.Attributes()[name]
		m, isMap := value.(types.Map)
		if value.IsUnknown() || isMap && !known(m) {
			return fmt.Sprintf("the provider's %s.%s is not known yet: it depends on something that this run has still to make. "+
				"Apply that first (-target), or give the value as a variable", b.name, name)
		}
	}
	if !block.IsNull() {
		diags.Append(block.As(ctx, target, basetypes.ObjectAsOptions{})...)
		if diags.HasError() {
			return "the provider's " + b.name + " block cannot be read"
		}
	}
	if s.Token.IsNull() {
		s.Token = types.StringValue(first(environment(b.tokenVariables)...))
	}
	if s.URL.IsNull() {
		url, isSet := os.LookupEnv(b.urlVariable)
		switch {
		case !isSet && b.saas == "":
			return fmt.Sprintf("%s is not configured: set %s.url in the provider block, or the environment variable %s", b.title, b.name, b.urlVariable)
		case !isSet:
			url = b.saas
		}
		s.URL = types.StringValue(url)
	}
	if s.URL.ValueString() == "" && block.IsNull() && s.Token.ValueString() == "" { // an empty variable, and nobody who wants this server
		return fmt.Sprintf("%s is not configured: set %s.url and %s.token in the provider block, or the environment variables %s and %s",
			b.title, b.name, b.name, b.urlVariable, b.tokenVariables[0])
	}
	if s.URL.ValueString() == "" {
		or := ""
		if b.saas != "" {
			or = ", or leave it out for " + b.saas
		}
		diags.AddAttributeError(path.Root(b.name).AtName("url"), "Empty "+b.title+" address", fmt.Sprintf(
			"%s.url (or %s) is set to an empty string. Give the server's address%s.", b.name, b.urlVariable, or))
		return b.name + ".url is empty"
	}
	if s.Token.ValueString() == "" {
		return fmt.Sprintf("%s is not configured: set %s.token in the provider block, or the environment variable %s", b.title, b.name, b.tokenVariables[0])
	}
	return ""
}

// refused reports what a client says of its configuration. rest's errors start with the setting that they are about.
func (b backend) refused(err error, block types.Object, diags *diag.Diagnostics) string {
	at := path.Root(b.name)
	if name, _, found := strings.Cut(strings.TrimPrefix(err.Error(), b.name+"."), ":"); found && !block.IsNull() {
		at = at.AtName(name)
	}
	diags.AddAttributeError(at, "Cannot use "+b.title, err.Error()+".")
	return err.Error()
}

func (s server) header() http.Header {
	headers := http.Header{}
	for name, value := range s.Headers.Elements() {
		text, _ := value.(types.String)
		headers.Set(name, text.ValueString())
	}
	return headers
}

func (s server) timeout() time.Duration {
	return time.Duration(s.RequestTimeout.ValueInt64()) * time.Second
}

// retries is what rest wants: 0 for its default, less for none.
func (s server) retries() int {
	switch n := s.MaxRetries.ValueInt64(); {
	case s.MaxRetries.IsNull():
		return 0
	case n > 0:
		return int(n)
	}
	return -1
}

func environment(names []string) []string {
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = os.Getenv(name)
	}
	return values
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
