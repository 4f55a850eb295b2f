package api

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"reflect"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// StrategyType defines what strategies of its name take. A PUT keeps what it leaves out, and a description cannot go back
// to null: nil is left alone.
type StrategyType struct {
	Name        string
	Title       *string
	Description *string
	Parameters  []StrategyParameter
	Deprecated  bool // has calls of its own; otherwise ignored
	Editable    bool // false: built in
}

// StrategyParameter is one parameter of a strategy type.
type StrategyParameter struct {
	Name        string  `json:"name"`
	Type        string  `json:"type"`                  // string, percentage, list, number or boolean
	Description *string `json:"description,omitempty"` // the server would make "" of null
	Required    bool    `json:"required"`
}

func (t StrategyType) path() rest.Path { return rest.P("/api/admin/strategies/{}", t.Name) }

// settings is what POST and PUT take.
func (t StrategyType) settings() any {
	if t.Parameters == nil {
		t.Parameters = []StrategyParameter{}
	}
	return struct {
		Name        string              `json:"name"`
		Title       *string             `json:"title,omitempty"`
		Description *string             `json:"description,omitempty"`
		Parameters  []StrategyParameter `json:"parameters"`
	}{t.Name, t.Title, t.Description, t.Parameters}
}

var strategyTypes = collection[StrategyType]{
	name: "strategy types",
	list: func(c *Client, ctx context.Context) ([]StrategyType, error) {
		return listOf[StrategyType](ctx, c, rest.P("/api/admin/strategies"), "strategies")
	},
	path: StrategyType.path,
	same: func(a, b StrategyType) bool { return a.Name == b.Name },
}

// StrategyType reads one.
func (c *Client) StrategyType(ctx context.Context, at StrategyType) (StrategyType, error) {
	return strategyTypes.read(ctx, c, at)
}

// StrategyTypes lists all, the built-in ones first.
func (c *Client) StrategyTypes(ctx context.Context, _ StrategyType) iter.Seq2[StrategyType, error] {
	return strategyTypes.each(ctx, c)
}

// CreateStrategyType makes one, and then deprecates it where that is wanted.
func (c *Client) CreateStrategyType(ctx context.Context, want StrategyType) (StrategyType, error) {
	made, err := strategyTypes.create(ctx, c, rest.P("/api/admin/strategies"), want.settings(), func(t StrategyType) bool { return t.Name == want.Name })
	if err != nil {
		return made, nameTaken(err)
	}
	if want.Deprecated {
		if err := c.deprecate(ctx, want); err != nil {
			return made, &rest.PartialError{Err: err}
		}
		made.Deprecated = true
	}
	return made, nil
}

// UpdateStrategyType writes what differs.
func (c *Client) UpdateStrategyType(ctx context.Context, prior, want StrategyType) (StrategyType, error) {
	if !reflect.DeepEqual(prior.settings(), want.settings()) {
		if !prior.Editable {
			return prior, errors.New(BuiltIn)
		}
		if err := strategyTypes.do(ctx, c, http.MethodPut, want.path(), want.settings()); err != nil {
			return prior, err
		}
	}
	if want.Deprecated != prior.Deprecated {
		if err := c.deprecate(ctx, want); err != nil {
			return prior, err
		}
	}
	return want, nil
}

// BuiltIn says what cannot be done to a strategy type of the server's own.
const BuiltIn = "The strategy type is built in: Unleash neither changes nor deletes it, and only lets it be deprecated."

func (c *Client) deprecate(ctx context.Context, want StrategyType) error {
	path := rest.P("/api/admin/strategies/{}/reactivate", want.Name)
	if want.Deprecated {
		path = rest.P("/api/admin/strategies/{}/deprecate", want.Name)
	}
	return strategyTypes.do(ctx, c, http.MethodPost, path, struct{}{})
}

// DeleteStrategyType deletes one, whether strategies have that type or not.
func (c *Client) DeleteStrategyType(ctx context.Context, at StrategyType) error {
	if !at.Editable {
		return errors.New(BuiltIn + " To have Terraform forget it, use a removed block with destroy = false.")
	}
	return strategyTypes.do(ctx, c, http.MethodDelete, at.path(), nil)
}
