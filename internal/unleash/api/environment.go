package api

import (
	"context"
	"iter"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Environment is one of the whole server; projects choose among them. The open-source edition has development and
// production, and calls to switch and to sort them alone.
type Environment struct {
	Name              string `json:"name"`
	Type              string `json:"type"`
	SortOrder         *int64 `json:"sortOrder,omitempty"`
	Enabled           bool   `json:"enabled"`
	RequiredApprovals *int64 `json:"requiredApprovals,omitempty"` // of a change request; nil: there are no change requests
}

func environmentPath(name string) rest.Path { return rest.P("/api/admin/environments/{}", name) }

var (
	environmentsPath = rest.P("/api/admin/environments")
	environments     = collection[Environment]{
		name: "environments",
		list: func(c *Client, ctx context.Context) ([]Environment, error) {
			return listOf[Environment](ctx, c, environmentsPath, "environments")
		},
		path: func(at Environment) rest.Path { return environmentPath(at.Name) },
		same: func(a, b Environment) bool { return a.Name == b.Name },
	}
)

// Environment reads one.
func (c *Client) Environment(ctx context.Context, at Environment) (Environment, error) {
	return environments.read(ctx, c, at)
}

// Environments lists them all, in their order.
func (c *Client) Environments(ctx context.Context, _ Environment) iter.Seq2[Environment, error] {
	return environments.each(ctx, c)
}

// CountEnvironments counts them.
func (c *Client) CountEnvironments(ctx context.Context) (int, error) {
	all, err := environments.all(ctx, c)
	return len(all), err
}

// CreateEnvironment makes one.
func (c *Client) CreateEnvironment(ctx context.Context, want Environment) (Environment, error) {
	made, err := environments.create(ctx, c, environmentsPath, want, func(e Environment) bool { return e.Name == want.Name })
	if err != nil {
		return want, err
	}
	if made.Enabled != want.Enabled {
		if err := c.switchEnvironment(ctx, want); err != nil {
			return made, &rest.PartialError{Err: err}
		}
		made.Enabled = want.Enabled
	}
	return made, nil
}

func (c *Client) switchEnvironment(ctx context.Context, want Environment) error {
	to := "off"
	if want.Enabled {
		to = "on"
	}
	return c.rest.Do(ctx, http.MethodPost, rest.P("/api/admin/environments/{}/"+to, want.Name), struct{}{}, nil)
}

// UpdateEnvironment changes what differs from what is there, each with a call that the open-source edition has, where there
// is one.
func (c *Client) UpdateEnvironment(ctx context.Context, _, want Environment) (Environment, error) {
	there, err := environments.one(ctx, c, want)
	if err != nil {
		return want, err
	}
	if want.SortOrder == nil {
		want.SortOrder = there.SortOrder
	}
	defer c.forget(environments.name)
	sorted := sameNumber(want.SortOrder, there.SortOrder)
	if want.Type != there.Type || !sameNumber(want.RequiredApprovals, there.RequiredApprovals) {
		body := map[string]any{"type": want.Type, "sortOrder": want.SortOrder, "requiredApprovals": want.RequiredApprovals}
		err, sorted = c.rest.Do(ctx, http.MethodPut, rest.P("/api/admin/environments/update/{}", want.Name), body, nil), true
	}
	if err == nil && !sorted {
		err = c.rest.Do(ctx, http.MethodPut, rest.P("/api/admin/environments/sort-order"), map[string]any{want.Name: want.SortOrder}, nil)
	}
	if err == nil && want.Enabled != there.Enabled {
		err = c.switchEnvironment(ctx, want)
	}
	if err != nil {
		return want, err
	}
	return environments.one(ctx, c, want)
}

// DeleteEnvironment deletes one, and what every flag has there.
func (c *Client) DeleteEnvironment(ctx context.Context, at Environment) error {
	err := c.rest.Do(ctx, http.MethodDelete, environmentPath(at.Name), nil, nil)
	c.forget(environments.name)
	c.forgetAll()
	return err
}
