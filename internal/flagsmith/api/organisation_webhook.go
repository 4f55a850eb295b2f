package api

import (
	"context"
	"iter"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// OrganisationWebhook is called when anything of an organisation changes (AUDIT_LOG_CREATED, FLAG_UPDATED, FLAG_DELETED).
type OrganisationWebhook struct {
	OrganisationID int64 `json:"-"` // 0: the only one that the token sees
	Webhook
}

func (w OrganisationWebhook) path() rest.Path {
	return rest.P("/organisations/{}/webhooks/{}/", w.OrganisationID, w.ID)
}

// OrganisationWebhook reads one. An organisation that is gone is never rest.ErrNotFound: its keys are gone with it, and to
// others Flagsmith says 403.
func (c *Client) OrganisationWebhook(ctx context.Context, at OrganisationWebhook) (OrganisationWebhook, error) {
	organisation, err := c.organisationOr(ctx, at.OrganisationID)
	if err != nil {
		return OrganisationWebhook{}, err
	}
	at.OrganisationID = organisation
	at.Webhook, err = rest.Get[Webhook](ctx, c.rest, at.path())
	return at, err
}

// CreateOrganisationWebhook makes one. A URL that is an internal address, or a name that the server resolves to one, is
// refused.
func (c *Client) CreateOrganisationWebhook(ctx context.Context, want OrganisationWebhook) (OrganisationWebhook, error) {
	organisation, err := c.organisationOr(ctx, want.OrganisationID)
	if err != nil {
		return OrganisationWebhook{}, err
	}
	hook, err := rest.Send[Webhook](ctx, c.rest, http.MethodPost, rest.P("/organisations/{}/webhooks/", organisation), want.created())
	return OrganisationWebhook{organisation, hook}, err
}

// UpdateOrganisationWebhook changes the URL, whether it is enabled, and a secret that is wanted.
func (c *Client) UpdateOrganisationWebhook(ctx context.Context, prior, want OrganisationWebhook) (OrganisationWebhook, error) {
	hook, err := rest.Send[Webhook](ctx, c.rest, http.MethodPatch, want.path(), want.changed(prior.Webhook))
	return OrganisationWebhook{want.OrganisationID, hook}, err
}

// DeleteOrganisationWebhook deletes one.
func (c *Client) DeleteOrganisationWebhook(ctx context.Context, at OrganisationWebhook) error {
	return c.rest.Do(ctx, http.MethodDelete, at.path(), nil, nil)
}

// OrganisationWebhooks lists those of an organisation, in the order of their ids.
func (c *Client) OrganisationWebhooks(ctx context.Context, within OrganisationWebhook) iter.Seq2[OrganisationWebhook, error] {
	organisation, err := c.organisationOr(ctx, within.OrganisationID)
	if err != nil {
		return failed[OrganisationWebhook](err)
	}
	return below(pages[OrganisationWebhook](ctx, c, rest.P("/organisations/{}/webhooks/", organisation)),
		func(w *OrganisationWebhook) { w.OrganisationID = organisation })
}
