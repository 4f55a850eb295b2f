package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Plan is the subscription plan of an organisation, or of the only one for 0: "free" on open source, else "scale-up-v2" and
// the like. It takes one request for all organisations in the life of the client, and is "" where it cannot be known.
func (c *Client) Plan(ctx context.Context, organisationID int64) string {
	all, err := c.allOrganisations(ctx)
	if err != nil {
		return ""
	}
	for _, o := range all {
		if o.ID == organisationID || organisationID == 0 && len(all) == 1 {
			return o.Subscription.Plan
		}
	}
	return ""
}

// ProjectPlan is the Plan of the organisation that a project belongs to. It asks for the project only where the token sees
// several organisations.
func (c *Client) ProjectPlan(ctx context.Context, projectID int64) string {
	all, err := c.allOrganisations(ctx)
	switch {
	case err != nil:
		return ""
	case len(all) == 1:
		return all[0].Subscription.Plan
	}
	project, err := c.Project(ctx, Project{ID: projectID})
	if err != nil {
		return ""
	}
	return c.Plan(ctx, project.OrganisationID)
}

// ProjectsInTheWay lists the projects of an organisation if err is the refusal to create another one there: 403, which is
// what open-source Flagsmith says to a second project. It is nil for any other error.
func (c *Client) ProjectsInTheWay(ctx context.Context, err error, within Project) []Project {
	var refused *rest.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden || refused.Method != http.MethodPost {
		return nil
	}
	projects, err := collect(c.Projects(ctx, Project{OrganisationID: within.OrganisationID}))
	if err != nil {
		return nil
	}
	return projects
}
