package api

import (
	"context"
	"iter"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// OrganisationUser is a member of an organisation.
type OrganisationUser struct {
	OrganisationID int64   `json:"-"` // 0: the only one that the token sees
	ID             int64   `json:"id"`
	UUID           string  `json:"uuid"`
	Email          string  `json:"email"`
	FirstName      string  `json:"first_name"`
	LastName       string  `json:"last_name"`
	Role           string  `json:"role"`        // ADMIN or USER
	DateJoined     string  `json:"date_joined"` // RFC 3339
	LastLogin      *string `json:"last_login"`  // RFC 3339; null: never
}

// OrganisationUser finds one by id in the list: Flagsmith has no call for one.
func (c *Client) OrganisationUser(ctx context.Context, at OrganisationUser) (OrganisationUser, error) {
	for user, err := range c.OrganisationUsers(ctx, at) {
		if err != nil || user.ID == at.ID {
			return user, err
		}
	}
	return OrganisationUser{}, notFound(rest.P("/organisations/{}/users/", at.OrganisationID), "There is no user %d.", at.ID)
}

// OrganisationUsers lists the members of an organisation, one request.
func (c *Client) OrganisationUsers(ctx context.Context, within OrganisationUser) iter.Seq2[OrganisationUser, error] {
	organisation, err := c.organisationOr(ctx, within.OrganisationID)
	if err != nil {
		return failed[OrganisationUser](err)
	}
	return below(array[OrganisationUser](ctx, c, rest.P("/organisations/{}/users/", organisation)),
		func(user *OrganisationUser) { user.OrganisationID = organisation })
}
