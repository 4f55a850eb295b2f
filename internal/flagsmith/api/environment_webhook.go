package api

import (
	"context"
	"iter"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// EnvironmentWebhook is called when flags of an environment change (FLAG_UPDATED, FLAG_DELETED, NEW_VERSION_PUBLISHED).
type EnvironmentWebhook struct {
	ProjectID     int64 `json:"-"`
	EnvironmentID int64 `json:"-"`
	Webhook
}

// EnvironmentWebhook reads one, out of the list of its environment: Flagsmith 2.265 answers 405 to reading it alone.
func (c *Client) EnvironmentWebhook(ctx context.Context, at EnvironmentWebhook) (EnvironmentWebhook, error) {
	for hook, err := range c.EnvironmentWebhooks(ctx, at) {
		if err != nil {
			return EnvironmentWebhook{}, err
		}
		if hook.ID == at.ID {
			return hook, nil
		}
	}
	return EnvironmentWebhook{}, notFound(rest.P("/environments/{}/webhooks/", at.EnvironmentID),
		"Environment %d has no webhook %d.", at.EnvironmentID, at.ID)
}

// CreateEnvironmentWebhook makes one. A URL that is an internal address, or a name that the server resolves to one, is
// refused.
func (c *Client) CreateEnvironmentWebhook(ctx context.Context, want EnvironmentWebhook) (EnvironmentWebhook, error) {
	return c.sendEnvironmentWebhook(ctx, http.MethodPost, want, want.created())
}

// UpdateEnvironmentWebhook changes the URL, whether it is enabled, and a secret that is wanted.
func (c *Client) UpdateEnvironmentWebhook(ctx context.Context, prior, want EnvironmentWebhook) (EnvironmentWebhook, error) {
	return c.sendEnvironmentWebhook(ctx, http.MethodPatch, want, want.changed(prior.Webhook))
}

func (c *Client) sendEnvironmentWebhook(ctx context.Context, method string, want EnvironmentWebhook, body any) (EnvironmentWebhook, error) {
	hook, err := inEnvironment(ctx, c, want.ProjectID, want.EnvironmentID, func(key string) (Webhook, error) {
		return rest.Send[Webhook](ctx, c.rest, method, want.path(key), body)
	})
	return EnvironmentWebhook{want.ProjectID, want.EnvironmentID, hook}, err
}

// path is the list's for a webhook without an id.
func (w EnvironmentWebhook) path(key string) rest.Path {
	if w.ID == 0 {
		return rest.P("/environments/{}/webhooks/", key)
	}
	return rest.P("/environments/{}/webhooks/{}/", key, w.ID)
}

// DeleteEnvironmentWebhook deletes one.
func (c *Client) DeleteEnvironmentWebhook(ctx context.Context, at EnvironmentWebhook) error {
	_, err := inEnvironment(ctx, c, at.ProjectID, at.EnvironmentID, func(key string) (struct{}, error) {
		return struct{}{}, c.rest.Do(ctx, http.MethodDelete, at.path(key), nil, nil)
	})
	return err
}

// EnvironmentWebhooks lists those of an environment.
func (c *Client) EnvironmentWebhooks(ctx context.Context, within EnvironmentWebhook) iter.Seq2[EnvironmentWebhook, error] {
	hooks, err := inEnvironment(ctx, c, within.ProjectID, within.EnvironmentID, func(key string) ([]EnvironmentWebhook, error) {
		return collect(array[EnvironmentWebhook](ctx, c, rest.P("/environments/{}/webhooks/", key)))
	})
	if err != nil {
		return failed[EnvironmentWebhook](err)
	}
	return func(yield func(EnvironmentWebhook, error) bool) {
		for _, hook := range hooks {
			hook.ProjectID, hook.EnvironmentID = within.ProjectID, within.EnvironmentID
			if !yield(hook, nil) {
				return
			}
		}
	}
}
