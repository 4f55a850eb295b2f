package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Environment is where features have states. nil leaves a setting as it is, unless said otherwise.
type Environment struct {
	ProjectID int64   `json:"project"`
	ID        int64   `json:"id"`
	UUID      string  `json:"uuid"`
	Name      string  `json:"name"`    // unique in the project, case matters
	APIKey    *string `json:"api_key"` // what the API and client-side SDKs address it by; nil: the server chooses

	Description                   *string `json:"description"`                      // nil: none
	BannerText                    *string `json:"banner_text"`                      // nil: none
	BannerColour                  *string `json:"banner_colour"`                    // #rrggbb; nil: none
	HideDisabledFlags             *bool   `json:"hide_disabled_flags"`              // nil: as the project says
	MinimumChangeRequestApprovals *int64  `json:"minimum_change_request_approvals"` // nil: none; ignored on the free plan

	AllowClientTraits                 *bool `json:"allow_client_traits"`
	HideSensitiveData                 *bool `json:"hide_sensitive_data"`
	UseIdentityCompositeKeyForHashing *bool `json:"use_identity_composite_key_for_hashing"`
	UseIdentityOverridesInLocalEval   *bool `json:"use_identity_overrides_in_local_eval"`
	UseV2FeatureVersioning            *bool `json:"use_v2_feature_versioning"` // switched by calls of its own, asynchronously

	// Metadata is nil where the call that read the environment does not give it. No call here changes it.
	Metadata []Metadata `json:"metadata"`
}

// Metadata is the value of a custom field. Flagsmith wipes them all on every write that does not send them back.
type Metadata struct {
	ModelField int64  `json:"model_field"`
	FieldValue string `json:"field_value"`
}

// settings is what POST and PATCH take.
func (e Environment) settings() map[string]any {
	body := map[string]any{
		"name":                             e.Name,
		"description":                      e.Description,
		"banner_text":                      e.BannerText,
		"banner_colour":                    e.BannerColour,
		"hide_disabled_flags":              e.HideDisabledFlags,
		"minimum_change_request_approvals": e.MinimumChangeRequestApprovals,
	}
	put(body, "api_key", e.APIKey)
	put(body, "allow_client_traits", e.AllowClientTraits)
	put(body, "hide_sensitive_data", e.HideSensitiveData)
	put(body, "use_identity_composite_key_for_hashing", e.UseIdentityCompositeKeyForHashing)
	put(body, "use_identity_overrides_in_local_eval", e.UseIdentityOverridesInLocalEval)
	return body
}

func (e Environment) checkPlan(method string, path rest.Path, got Environment) error {
	gated := &planGated{method: method, path: path}
	if want, kept := shown(e.MinimumChangeRequestApprovals), shown(got.MinimumChangeRequestApprovals); want != kept { // null counts
		gated.ignored("minimum_change_request_approvals", want, kept)
	}
	return gated.err()
}

// Environment reads one. The first of a project comes out of the project's list, which has to be read for its key anyway,
// and is without metadata then.
func (c *Client) Environment(ctx context.Context, at Environment) (Environment, error) {
	seen := c.seen(at.ProjectID)
	if key, known := c.knownKey(at.ProjectID, at.ID); known {
		switch got, err := c.environment(ctx, key); {
		case err == nil && got.ID == at.ID:
			return got, nil
		case err != nil && !hasStatus(err, http.StatusNotFound):
			return Environment{}, err
		}
	}
	return c.find(ctx, at.ProjectID, at.ID, seen) // not known, renamed or gone
}

func (c *Client) environment(ctx context.Context, key string) (Environment, error) {
	got, err := rest.Get[Environment](ctx, c.rest, rest.P("/environments/{}/", key))
	if err == nil {
		c.learn(got)
	}
	return got, err
}

// CreateEnvironment makes one, with a state for every feature of the project, and switches versioning if wanted. What
// fails after the environment exists is a rest.PartialError.
func (c *Client) CreateEnvironment(ctx context.Context, want Environment) (Environment, error) {
	path, body := rest.P("/environments/"), want.settings()
	body["project"] = want.ProjectID
	got, err := rest.Send[Environment](ctx, c.rest, http.MethodPost, path, body)
	if hasStatus(err, http.StatusForbidden) {
		err = c.missingProject(ctx, want.ProjectID, err)
	}
	if err != nil {
		return Environment{}, blameKey(err, want.APIKey)
	}
	c.learn(got)
	if err := want.checkPlan(http.MethodPost, path, got); err != nil {
		return got, &rest.PartialError{Err: err}
	}
	if got, err = c.switchVersioning(ctx, got, want.UseV2FeatureVersioning); err != nil {
		return got, &rest.PartialError{Err: err}
	}
	return got, nil
}

// UpdateEnvironment changes all settings, the key included, and switches versioning if wanted. The metadata that the
// server has is sent back to it.
func (c *Client) UpdateEnvironment(ctx context.Context, _, want Environment) (Environment, error) {
	return inEnvironment(ctx, c, want.ProjectID, want.ID, func(key string) (Environment, error) {
		held, err := c.environment(ctx, key)
		if err != nil {
			return Environment{}, err
		}
		path, body := rest.P("/environments/{}/", key), want.settings()
		body["metadata"] = held.Metadata
		if held.Metadata == nil {
			body["metadata"] = []Metadata{}
		}
		got, err := rest.Send[Environment](ctx, c.rest, http.MethodPatch, path, body)
		if err != nil && deref(want.APIKey) != key {
			err = blameKey(err, want.APIKey)
		}
		if err != nil {
			return Environment{}, err
		}
		c.learn(got)
		if err := want.checkPlan(http.MethodPatch, path, got); err != nil {
			return got, err
		}
		return c.switchVersioning(ctx, got, want.UseV2FeatureVersioning)
	})
}

// missingProject says on its field that there is no such project, where that is why Flagsmith refuses: it answers a POST like
// a missing permission (403) or fails (500), and a GET like a missing parameter (400).
func (c *Client) missingProject(ctx context.Context, projectID int64, refusal error) error {
	var answer *rest.Error
	if !errors.As(refusal, &answer) || len(answer.Fields) > 0 {
		return refusal
	}
	if _, err := c.Project(ctx, Project{ID: projectID}); errors.Is(err, rest.ErrNotFound) {
		answer.Fields = map[string][]string{"project": {fmt.Sprintf("There is no project %d.", projectID)}}
		answer.Hint = ""
	}
	return refusal
}

// blameKey says on its field what a 500 to a chosen key most likely means: Flagsmith keeps deleted environments, and fails
// when one of their keys is used again (observed on 2.265).
func blameKey(err error, chosen *string) error {
	var answer *rest.Error
	if chosen != nil && hasStatus(err, http.StatusInternalServerError) && errors.As(err, &answer) {
		answer.Fields = map[string][]string{"api_key": {answer.Message}}
		answer.Hint = "Flagsmith fails like this when the key was that of an environment that is deleted: such a key stays taken " +
			"on the whole server. Choose another one. If the key is new, the server's log says why it failed."
	}
	return err
}

// versioningLooks is how often an environment is looked at after its versioning was switched: with backOff, 5 minutes.
// Flagsmith takes about a second for 45 features.
const versioningLooks = 64

// switchVersioning turns v2 feature versioning on or off and waits until the environment shows it.
func (c *Client) switchVersioning(ctx context.Context, e Environment, want *bool) (Environment, error) {
	is := func(e Environment) bool { return e.UseV2FeatureVersioning != nil && *e.UseV2FeatureVersioning == *want }
	if want == nil || is(e) {
		return e, nil
	}
	path := rest.P("/environments/{}/disable-v2-versioning/", deref(e.APIKey))
	if *want {
		path = rest.P("/environments/{}/enable-v2-versioning/", deref(e.APIKey))
	}
	if err := c.rest.Do(ctx, http.MethodPost, path, nil, nil); err != nil && !isVersioned(err) {
		return e, err
	}
	for attempt := range versioningLooks {
		if err := c.wait(ctx, attempt); err != nil {
			return e, fmt.Errorf("waiting for Flagsmith to switch the versioning of environment %d: %w", e.ID, err)
		}
		got, err := c.environment(ctx, deref(e.APIKey))
		if err != nil {
			return e, err
		}
		if e = got; is(e) {
			return e, nil
		}
	}
	return e, &rest.Error{
		Method:  http.MethodPost,
		Path:    path.String(),
		Status:  http.StatusAccepted,
		Message: "Flagsmith took the request, but the environment does not show it",
		Fields:  map[string][]string{"use_v2_feature_versioning": {fmt.Sprintf("It is still not %t.", *want)}},
		Hint:    "Flagsmith does this in the background: check that its task processor runs, then apply again.",
	}
}

// isVersioned tells that the environment is in the wanted mode already: someone else, or an earlier try, was faster.
func isVersioned(err error) bool {
	return hasStatus(err, http.StatusBadRequest) && (strings.Contains(err.Error(), "Environment already using v2 versioning.") ||
		strings.Contains(err.Error(), "Environment is not using v2 versioning."))
}

// DeleteEnvironment deletes one with its states. Its key cannot be used again, its name can.
func (c *Client) DeleteEnvironment(ctx context.Context, at Environment) error {
	_, err := inEnvironment(ctx, c, at.ProjectID, at.ID, func(key string) (struct{}, error) {
		return struct{}{}, c.rest.Do(ctx, http.MethodDelete, rest.P("/environments/{}/", key), nil, nil)
	})
	if err == nil {
		c.forget(at.ID)
	}
	return err
}

// Environments lists those of a project, with their metadata.
func (c *Client) Environments(ctx context.Context, within Environment) iter.Seq2[Environment, error] {
	return func(yield func(Environment, error) bool) {
		for e, err := range pages[Environment](ctx, c, rest.P("/environments/").Query("project", within.ProjectID)) {
			if err == nil {
				c.learn(e)
			} else if hasStatus(err, http.StatusBadRequest) {
				err = c.missingProject(ctx, within.ProjectID, err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
