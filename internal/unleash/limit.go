package unleash

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// full warns in the plan of a creation that the server has as many of a thing as it takes. It is no error: the same apply
// may destroy some before.
func full(ctx context.Context, c *api.Client, things, variable string, limit func(api.Limits) int, count func(*api.Client, context.Context) (int, error)) (diags diag.Diagnostics) {
	if c == nil {
		return nil
	}
	server, err := c.Server(ctx)
	most := limit(server.Limits)
	if err != nil || most == 0 {
		return nil
	}
	if there, err := count(c, ctx); err == nil && there >= most {
		diags.AddWarning("As many "+things+" as this Unleash takes", fmt.Sprintf("There are %d %s, and this server takes at most %d (%s): it will refuse another.", there, things, most, variable))
	}
	return diags
}

// enterprise says in the plan of a creation that the server's edition cannot do it.
func enterprise(ctx context.Context, c *api.Client, things, instead string) (diags diag.Diagnostics) {
	if c == nil {
		return nil
	}
	if server, err := c.Server(ctx); err == nil && !server.Enterprise {
		diags.AddError("Not in this edition of Unleash", fmt.Sprintf("This server is Unleash %s %s, and %s take Unleash Enterprise: %s. Point the provider's "+
			"unleash.url at an Enterprise server, or take the resource out.", server.Edition, server.Version, things, instead))
	}
	return diags
}
