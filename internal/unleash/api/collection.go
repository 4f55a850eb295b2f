package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// collection is a kind of object that the server lists at once. The first two that are read are fetched alone; from the
// third on all are answered from the list, which is remembered until one of them is written.
type collection[T any] struct {
	name string // what the list is remembered by: "segments"
	list func(*Client, context.Context) ([]T, error)
	path func(T) rest.Path // of one alone; nil: there is only the list
	key  string            // what the answer calls one, "": it is the answer itself
	same func(a, b T) bool // compares keys
	gone func(T) error     // where there is only the list: what it lacks
}

const aloneMost = 2

// all is the remembered list. Nobody may change what is in it.
func (k collection[T]) all(ctx context.Context, c *Client) ([]T, error) {
	return remember(ctx, c, k.name, func(ctx context.Context) ([]T, error) { return k.list(c, ctx) })
}

// read finds one. It is gone only where neither the list has it nor a GET of it: some lists leave out what the token may
// not see, and some GETs call every failure a 404.
func (k collection[T]) read(ctx context.Context, c *Client, at T) (T, error) {
	c.mu.Lock()
	c.asked[k.name]++
	alone := k.path != nil && c.asked[k.name] <= aloneMost
	c.mu.Unlock()
	var missing error
	if alone {
		got, err := k.one(ctx, c, at)
		if !errors.Is(err, rest.ErrNotFound) {
			return got, err
		}
		missing = err
	}
	list, err := k.all(ctx, c)
	if err != nil {
		return at, err
	}
	for _, item := range list {
		if k.same(item, at) {
			return item, nil
		}
	}
	switch {
	case missing != nil:
		return at, missing
	case k.path == nil:
		return at, k.gone(at)
	}
	return k.one(ctx, c, at)
}

// one fetches it alone, and does not take anything else for it.
func (k collection[T]) one(ctx context.Context, c *Client, at T) (T, error) {
	got, err := partOf[T](ctx, c, k.path(at), k.key)
	if err == nil && !k.same(got, at) {
		err = c.rest.Unexpected(http.MethodGet, k.path(at), "the one of its "+k.name+" that it was asked for")
	}
	return got, err
}

// partOf reads what an answer has under a name, "": the answer itself. A part that is not there, or something else, is zero.
func partOf[T any](ctx context.Context, c *Client, path rest.Path, name string) (T, error) {
	if name == "" {
		return rest.Get[T](ctx, c.rest, path)
	}
	var part, none T
	answer, err := rest.Get[map[string]json.RawMessage](ctx, c.rest, path)
	if err != nil || json.Unmarshal(answer[name], &part) != nil {
		return none, err
	}
	return part, nil
}

// listOf reads a list that is part of an answer. An answer that does not have it is another server's.
func listOf[T any](ctx context.Context, c *Client, path rest.Path, name string) ([]T, error) {
	items, err := partOf[[]T](ctx, c, path, name)
	if err == nil && items == nil {
		err = c.rest.Unexpected(http.MethodGet, path, "a list of "+cmp.Or(name, "anything"))
	}
	return items, err
}

// create makes one. wanted says that one of the list is what was to be made, should the answer be lost: then it is found, for it is
// not among those that were there before this client made any.
func (k collection[T]) create(ctx context.Context, c *Client, path rest.Path, in any, wanted func(T) bool) (T, error) {
	before, unread := remember(ctx, c, k.name+" at first", func(ctx context.Context) ([]T, error) { return k.all(ctx, c) })
	got, err := rest.Send[T](ctx, c.rest, http.MethodPost, path, in)
	c.forget(k.name)
	if err == nil && !wanted(got) {
		err = c.rest.Unexpected(http.MethodPost, path, "what was to be made")
	}
	if lost(err) && unread == nil {
		if now, unread := k.list(c, ctx); unread == nil {
			now = slices.DeleteFunc(slices.Clone(now), func(item T) bool { return !wanted(item) || k.among(before, item) || k.among(k.made(c), item) })
			if len(now) == 1 {
				got, err = now[0], nil
			}
		}
	}
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.made[k.name] = append(c.made[k.name], got)
	}
	return got, err
}

func (k collection[T]) among(items []T, item T) bool {
	return slices.ContainsFunc(items, func(other T) bool { return k.same(other, item) })
}

// made are those that this client has made.
func (k collection[T]) made(c *Client) (all []T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, item := range c.made[k.name] {
		all = append(all, item.(T))
	}
	return all
}

// send writes one that the server answers with.
func (k collection[T]) send(ctx context.Context, c *Client, method string, path rest.Path, in any, want T) (T, error) {
	defer c.forget(k.name)
	got, err := rest.Send[T](ctx, c.rest, method, path, in)
	if err == nil && !k.same(got, want) {
		err = c.rest.Unexpected(method, path, "what was written")
	}
	return got, err
}

// do writes one that the server does not answer with.
func (k collection[T]) do(ctx context.Context, c *Client, method string, path rest.Path, in any) error {
	defer c.forget(k.name)
	return c.rest.Do(ctx, method, path, in, nil)
}

// each yields them all.
func (k collection[T]) each(ctx context.Context, c *Client) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		list, err := k.all(ctx, c)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
	}
}
