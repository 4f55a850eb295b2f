package api

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// FeatureType is a kind of flag. The server has a fixed set of them.
type FeatureType struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	LifetimeDays *int64 `json:"lifetimeDays"` // nil: its flags never become potentially stale; 0 is sent for that, and comes back as nil
}

var featureTypes = collection[FeatureType]{
	name: "feature types",
	list: func(c *Client, ctx context.Context) ([]FeatureType, error) {
		types, err := listOf[FeatureType](ctx, c, rest.P("/api/admin/feature-types"), "types")
		slices.SortFunc(types, func(a, b FeatureType) int { return strings.Compare(a.ID, b.ID) }) // the server has no order
		return types, err
	},
	same: func(a, b FeatureType) bool { return a.ID == b.ID },
	gone: func(at FeatureType) error {
		return say(notFound(rest.P("/api/admin/feature-types"), "there is no feature type %q", at.ID), "id", "There is no feature type %q.", at.ID)
	},
}

// FeatureType reads one.
func (c *Client) FeatureType(ctx context.Context, at FeatureType) (FeatureType, error) {
	return featureTypes.read(ctx, c, at)
}

// FeatureTypes lists all, in the order of their ids.
func (c *Client) FeatureTypes(ctx context.Context, _ FeatureType) iter.Seq2[FeatureType, error] {
	return featureTypes.each(ctx, c)
}

// SetFeatureType sets the lifetime of a type that is there, unless it has it already.
func (c *Client) SetFeatureType(ctx context.Context, want FeatureType) (FeatureType, error) {
	has, err := c.FeatureType(ctx, want)
	if err != nil || deref(has.LifetimeDays) == deref(want.LifetimeDays) {
		return has, err
	}
	return featureTypes.send(ctx, c, http.MethodPut, rest.P("/api/admin/feature-types/{}/lifetime", want.ID), map[string]any{"lifetimeDays": deref(want.LifetimeDays)}, want)
}

// UpdateFeatureType sets the lifetime.
func (c *Client) UpdateFeatureType(ctx context.Context, _, want FeatureType) (FeatureType, error) {
	return c.SetFeatureType(ctx, want)
}

// KeepFeatureType leaves a type as it is: it cannot be deleted.
func (c *Client) KeepFeatureType(context.Context, FeatureType) error { return nil }
