package api

import (
	"context"
	"iter"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Tag is a label that features of a project can carry. Several tags may have the same label.
type Tag struct {
	ProjectID   int64   `json:"project"`
	ID          int64   `json:"id"`
	UUID        string  `json:"uuid"`
	Label       string  `json:"label"`       // at most 100 characters
	Color       string  `json:"color"`       // any text of at most 10 characters
	Description *string `json:"description"` // at most 512 characters; nil: none
	IsPermanent bool    `json:"is_permanent"`
	IsSystemTag bool    `json:"is_system_tag"` // Flagsmith's own: it can be neither changed nor deleted
	Type        string  `json:"type"`          // NONE, or what Flagsmith uses a tag of its own for
}

func (t Tag) settings() map[string]any {
	return map[string]any{"label": t.Label, "color": t.Color, "description": t.Description, "is_permanent": t.IsPermanent}
}

func (t Tag) path() rest.Path { return rest.P("/projects/{}/tags/{}/", t.ProjectID, t.ID) }

// Tag reads one. Below a project that is gone Flagsmith fails with 500, which is told from a real failure by reading the
// project.
func (c *Client) Tag(ctx context.Context, at Tag) (Tag, error) {
	tag, err := rest.Get[Tag](ctx, c.rest, at.path())
	return tag, c.confirmGone(ctx, err, rest.P("/projects/{}/", at.ProjectID))
}

// CreateTag makes one.
func (c *Client) CreateTag(ctx context.Context, want Tag) (Tag, error) {
	tag, err := rest.Send[Tag](ctx, c.rest, http.MethodPost, rest.P("/projects/{}/tags/", want.ProjectID), want.settings())
	return tag, c.missingProject(ctx, want.ProjectID, err)
}

// UpdateTag changes everything that can be changed.
func (c *Client) UpdateTag(ctx context.Context, _, want Tag) (Tag, error) {
	return rest.Send[Tag](ctx, c.rest, http.MethodPatch, want.path(), want.settings())
}

// DeleteTag deletes one and takes it off every feature.
func (c *Client) DeleteTag(ctx context.Context, at Tag) error {
	return c.confirmGone(ctx, c.rest.Do(ctx, http.MethodDelete, at.path(), nil, nil), rest.P("/projects/{}/", at.ProjectID))
}

// Tags lists those of a project, in the order of their ids.
func (c *Client) Tags(ctx context.Context, within Tag) iter.Seq2[Tag, error] {
	return func(yield func(Tag, error) bool) {
		for tag, err := range pages[Tag](ctx, c, rest.P("/projects/{}/tags/", within.ProjectID)) {
			if !yield(tag, c.confirmGone(ctx, err, rest.P("/projects/{}/", within.ProjectID))) {
				return
			}
		}
	}
}
