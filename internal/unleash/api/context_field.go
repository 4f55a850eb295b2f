package api

import (
	"context"
	"iter"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// ContextField is something that is known of users, which constraints compare and stickiness can go by.
type ContextField struct {
	Name        string       `json:"name"`
	Description *string      `json:"description,omitempty"` // nil: never had one, or kept; "" once it had
	Stickiness  bool         `json:"stickiness"`
	SortOrder   int64        `json:"sortOrder"` // only at creation: 8.2 resets it to 0 with every PUT, whatever that says
	LegalValues []LegalValue `json:"legalValues"`
	Project     *string      `json:"project,omitempty"` // nil: for all; once set it can be changed, but not taken away
}

// LegalValue is a value that constraints may compare a context field with.
type LegalValue struct {
	Value       string  `json:"value"`
	Description *string `json:"description,omitempty"` // the server would make "" of null
}

func (f ContextField) path() rest.Path { return rest.P("/api/admin/context/{}", f.Name) }

// A PUT resets what it leaves out: everything is always sent.
func (f ContextField) settings() ContextField {
	if f.LegalValues == nil {
		f.LegalValues = []LegalValue{}
	}
	return f
}

var contextFields = collection[ContextField]{
	name: "context fields",
	list: func(c *Client, ctx context.Context) ([]ContextField, error) { // without include, those of projects are missing
		return listOf[ContextField](ctx, c, rest.P("/api/admin/context").Query("include", "project"), "")
	},
	path: ContextField.path,
	same: func(a, b ContextField) bool { return a.Name == b.Name },
}

// ContextField reads one. Any failure of the server's own looks like a 404 here, so the list is asked too.
func (c *Client) ContextField(ctx context.Context, at ContextField) (ContextField, error) {
	return contextFields.read(ctx, c, at)
}

// ContextFields lists all, those of projects too, in the order of their names.
func (c *Client) ContextFields(ctx context.Context, _ ContextField) iter.Seq2[ContextField, error] {
	return contextFields.each(ctx, c)
}

// CreateContextField makes one.
func (c *Client) CreateContextField(ctx context.Context, want ContextField) (ContextField, error) {
	made, err := contextFields.create(ctx, c, rest.P("/api/admin/context"), want.settings(), func(f ContextField) bool { return f.Name == want.Name })
	return made, noProject(nameTaken(err), want.Project)
}

// UpdateContextField changes everything but the sort order. The server answers with nothing.
func (c *Client) UpdateContextField(ctx context.Context, _, want ContextField) (ContextField, error) {
	return want, noProject(contextFields.do(ctx, c, http.MethodPut, want.path(), want.settings()), want.Project)
}

// DeleteContextField deletes one that no strategy of a live flag compares.
func (c *Client) DeleteContextField(ctx context.Context, at ContextField) error {
	return c.whenUnused(ctx, func() error { return contextFields.do(ctx, c, http.MethodDelete, at.path(), nil) }, func() []Usage {
		answer, err := rest.Get[struct{ Strategies []Usage }](ctx, c.rest, rest.P("/api/admin/context/{}/strategies", at.Name))
		if err != nil {
			return nil
		}
		return answer.Strategies
	}, "Take the constraint from them first, and what Terraform manages should refer to the name of this resource, so that it goes first. To take it from them and delete it in one run, it needs lifecycle { create_before_destroy = true }.")
}
