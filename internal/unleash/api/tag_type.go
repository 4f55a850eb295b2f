package api

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// TagType is a kind of tag. A PUT keeps what it leaves out, and no text can go back to null: nil is left alone.
type TagType struct {
	Name        string  `json:"name"` // 2 to 50 characters
	Description *string `json:"description,omitempty"`
	Icon        *string `json:"icon,omitempty"`
	Color       *string `json:"color,omitempty"` // #rrggbb; it cannot become "" either
}

func (t TagType) path() rest.Path { return rest.P("/api/admin/tag-types/{}", t.Name) }

var tagTypes = collection[TagType]{
	name: "tag types",
	list: func(c *Client, ctx context.Context) ([]TagType, error) {
		all, err := listOf[TagType](ctx, c, rest.P("/api/admin/tag-types"), "tagTypes")
		slices.SortFunc(all, func(a, b TagType) int { return strings.Compare(a.Name, b.Name) }) // the server has no order
		return all, err
	},
	path: TagType.path,
	key:  "tagType",
	same: func(a, b TagType) bool { return a.Name == b.Name },
}

// TagType reads one.
func (c *Client) TagType(ctx context.Context, at TagType) (TagType, error) {
	return tagTypes.read(ctx, c, at)
}

// TagTypes lists all, in the order of their names.
func (c *Client) TagTypes(ctx context.Context, _ TagType) iter.Seq2[TagType, error] {
	return tagTypes.each(ctx, c)
}

// CreateTagType makes one.
func (c *Client) CreateTagType(ctx context.Context, want TagType) (TagType, error) {
	made, err := tagTypes.create(ctx, c, rest.P("/api/admin/tag-types"), want, func(t TagType) bool { return t.Name == want.Name })
	return made, nameTaken(err)
}

// UpdateTagType changes one. The server says yes to names that it does not have, so it is asked what came of it.
func (c *Client) UpdateTagType(ctx context.Context, _, want TagType) (TagType, error) {
	if err := tagTypes.do(ctx, c, http.MethodPut, want.path(), want); err != nil {
		return want, err
	}
	_, err := tagTypes.one(ctx, c, want)
	return want, err // what it leaves out, others may have set meanwhile: the next plan shows it
}

// DeleteTagType deletes one, its tags, and takes them off every flag.
func (c *Client) DeleteTagType(ctx context.Context, at TagType) error {
	err := tagTypes.do(ctx, c, http.MethodDelete, at.path(), nil)
	if err == nil || errors.Is(err, rest.ErrNotFound) || lost(err) {
		c.tags.dropType(at.Name)
	}
	return err
}
