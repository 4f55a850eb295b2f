package api

import (
	"context"
	"iter"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Organisation is what a token belongs to: an organisation's key sees one, a user may see several.
type Organisation struct {
	ID                           int64   `json:"id"`
	UUID                         string  `json:"uuid"`
	Name                         string  `json:"name"`
	CreatedDate                  string  `json:"created_date"` // RFC 3339
	WebhookNotificationEmail     *string `json:"webhook_notification_email"`
	NumSeats                     int64   `json:"num_seats"` // users there are, not seats that are free
	PersistTraitData             bool    `json:"persist_trait_data"`
	BlockAccessToAdmin           bool    `json:"block_access_to_admin"`
	RestrictProjectCreateToAdmin bool    `json:"restrict_project_create_to_admin"`
	Force2FA                     bool    `json:"force_2fa"`
	Subscription                 struct {
		Plan string `json:"plan"`
	} `json:"subscription"`
}

// Organisation reads one by id, or the only one where the id is 0. One that the token does not see is a 403, never
// rest.ErrNotFound: Flagsmith does not tell the two apart.
func (c *Client) Organisation(ctx context.Context, at Organisation) (Organisation, error) {
	if at.ID != 0 {
		return rest.Get[Organisation](ctx, c.rest, rest.P("/organisations/{}/", at.ID))
	}
	id, err := c.OnlyOrganisation(ctx)
	if err != nil {
		return Organisation{}, err
	}
	all, err := c.allOrganisations(ctx)
	for _, o := range all {
		if o.ID == id {
			return o, nil
		}
	}
	return Organisation{}, err
}

// Organisations lists those that the token sees.
func (c *Client) Organisations(ctx context.Context, _ Organisation) iter.Seq2[Organisation, error] {
	all, err := c.allOrganisations(ctx)
	if err != nil {
		return failed[Organisation](err)
	}
	return func(yield func(Organisation, error) bool) {
		for _, o := range all {
			if !yield(o, nil) {
				return
			}
		}
	}
}
