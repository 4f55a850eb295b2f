package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Project holds features, segments, tags and environments. nil leaves a setting as it is, unless said otherwise.
type Project struct {
	ID             int64  `json:"id"`
	UUID           string `json:"uuid"`
	OrganisationID int64  `json:"organisation"` // fixed at creation; 0: the only one that the token sees
	Name           string `json:"name"`         // unique in the organisation, case matters

	HideDisabledFlags              *bool   `json:"hide_disabled_flags"`
	PreventFlagDefaults            *bool   `json:"prevent_flag_defaults"`
	EnforceFeatureOwners           *bool   `json:"enforce_feature_owners"` // since Flagsmith 2.226
	OnlyAllowLowerCaseFeatureNames *bool   `json:"only_allow_lower_case_feature_names"`
	FeatureNameRegex               *string `json:"feature_name_regex"`               // nil: none
	MinimumChangeRequestApprovals  *int64  `json:"minimum_change_request_approvals"` // nil: no change requests
	StaleFlagsLimitDays            *int64  `json:"stale_flags_limit_days"`           // paid plans only
	EnableRealtimeUpdates          *bool   `json:"enable_realtime_updates"`          // paid plans only
}

// settings is what POST and PATCH take.
func (p Project) settings() map[string]any {
	body := map[string]any{
		"name":                             p.Name,
		"feature_name_regex":               p.FeatureNameRegex,
		"minimum_change_request_approvals": p.MinimumChangeRequestApprovals,
	}
	put(body, "hide_disabled_flags", p.HideDisabledFlags)
	put(body, "prevent_flag_defaults", p.PreventFlagDefaults)
	put(body, "enforce_feature_owners", p.EnforceFeatureOwners)
	put(body, "only_allow_lower_case_feature_names", p.OnlyAllowLowerCaseFeatureNames)
	put(body, "stale_flags_limit_days", p.StaleFlagsLimitDays)
	put(body, "enable_realtime_updates", p.EnableRealtimeUpdates)
	return body
}

// put adds a setting unless it is to be left as it is.
func put[T any](body map[string]any, field string, value *T) {
	if value != nil {
		body[field] = *value
	}
}

// checkPlan finds the settings that the server ignored because of the organisation's plan.
func (p Project) checkPlan(method string, path rest.Path, got Project) error {
	gated := &planGated{method: method, path: path}
	checkGated(gated, "stale_flags_limit_days", p.StaleFlagsLimitDays, got.StaleFlagsLimitDays)
	checkGated(gated, "enable_realtime_updates", p.EnableRealtimeUpdates, got.EnableRealtimeUpdates)
	return gated.err()
}

// Project reads one. Flagsmith says of another organisation's project that it is not there (observed on 2.265): where the
// organisation is known, a token that does not see it proves nothing.
func (c *Client) Project(ctx context.Context, at Project) (Project, error) {
	got, err := rest.Get[Project](ctx, c.rest, rest.P("/projects/{}/", at.ID))
	if at.OrganisationID == 0 || !errors.Is(err, rest.ErrNotFound) {
		return got, err
	}
	organisations, listed := c.allOrganisations(ctx)
	if listed != nil {
		return Project{}, listed
	}
	if !slices.ContainsFunc(organisations, func(o Organisation) bool { return o.ID == at.OrganisationID }) {
		return Project{}, fmt.Errorf("%s, but the token does not see organisation %d that it belongs to: check flagsmith.token (FLAGSMITH_API_KEY)",
			err.Error(), at.OrganisationID)
	}
	return got, err
}

// CreateProject makes one. A setting that the plan does not include is a rest.PartialError on its field.
func (c *Client) CreateProject(ctx context.Context, want Project) (Project, error) {
	organisation, err := c.organisationOr(ctx, want.OrganisationID)
	if err != nil {
		return Project{}, err
	}
	path, body := rest.P("/projects/"), want.settings()
	body["organisation"] = organisation
	got, err := rest.Send[Project](ctx, c.rest, http.MethodPost, path, body)
	if err != nil {
		return Project{}, err
	}
	if err := want.checkPlan(http.MethodPost, path, got); err != nil {
		return got, &rest.PartialError{Err: err}
	}
	return got, nil
}

// UpdateProject changes all settings but the organisation.
func (c *Client) UpdateProject(ctx context.Context, _, want Project) (Project, error) {
	path := rest.P("/projects/{}/", want.ID)
	got, err := rest.Send[Project](ctx, c.rest, http.MethodPatch, path, want.settings())
	if err != nil {
		return Project{}, err
	}
	return got, want.checkPlan(http.MethodPatch, path, got)
}

// DeleteProject deletes one with all that is in it; Flagsmith clears up behind the answer.
func (c *Client) DeleteProject(ctx context.Context, at Project) error {
	return c.rest.Do(ctx, http.MethodDelete, rest.P("/projects/{}/", at.ID), nil, nil)
}

// Projects lists those of an organisation, or all that the token sees.
func (c *Client) Projects(ctx context.Context, within Project) iter.Seq2[Project, error] {
	path := rest.P("/projects/")
	if within.OrganisationID != 0 {
		path = path.Query("organisation", within.OrganisationID)
	}
	return array[Project](ctx, c, path)
}
