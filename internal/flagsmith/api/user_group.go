package api

import (
	"context"
	"iter"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// UserGroup is a group of an organisation's members. Names are not unique.
type UserGroup struct {
	OrganisationID int64       `json:"-"` // 0: the only one that the token sees
	ID             int64       `json:"id"`
	Name           string      `json:"name"`
	IsDefault      bool        `json:"is_default"` // new members join it
	ExternalID     *string     `json:"external_id"`
	Users          []GroupUser `json:"users"`
}

// GroupUser is a member of a group.
type GroupUser struct {
	ID         int64  `json:"id"`
	Email      string `json:"email"`
	GroupAdmin bool   `json:"group_admin"`
}

// UserGroup reads one.
func (c *Client) UserGroup(ctx context.Context, at UserGroup) (UserGroup, error) {
	organisation, err := c.organisationOr(ctx, at.OrganisationID)
	if err != nil {
		return UserGroup{}, err
	}
	group, err := rest.Get[UserGroup](ctx, c.rest, rest.P("/organisations/{}/groups/{}/", organisation, at.ID))
	group.OrganisationID = organisation
	return group, err
}

// UserGroups lists the groups of an organisation.
func (c *Client) UserGroups(ctx context.Context, within UserGroup) iter.Seq2[UserGroup, error] {
	organisation, err := c.organisationOr(ctx, within.OrganisationID)
	if err != nil {
		return failed[UserGroup](err)
	}
	return below(pages[UserGroup](ctx, c, rest.P("/organisations/{}/groups/", organisation)),
		func(group *UserGroup) { group.OrganisationID = organisation })
}
