package unleash

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

// full says in the plan of a creation that the server has as many of a thing as it takes.
func full(ctx context.Context, c *api.Client, things string, limit func(api.Limits) int, count func(*api.Client, context.Context) (int, error)) (diags diag.Diagnostics) {
	if c == nil {
		return nil
	}
	server, err := c.Server(ctx)
	most := limit(server.Limits)
	if err != nil || most == 0 {
		return nil
	}
	if there, err := count(c, ctx); err == nil && there >= most {
		diags.AddError("The server is full", fmt.Sprintf("It has %d %s and takes no more: its limit is %d. Remove some, or have its administrator raise the limit.", there, things, most))
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
