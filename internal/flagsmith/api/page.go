package api

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"sync"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// pageSize is the most that Flagsmith gives at once. Features, segments, identities, versions and the audit log honour
// page_size; the other lists have the server's own size, 999 in official images, otherwise 10.
const pageSize = 999

type page[T any] struct {
	Count   int             `json:"count"`
	Next    json.RawMessage `json:"next"` // a URL, or null on the last page
	Results []T             `json:"results"`
}

func (p page[T]) last() bool {
	return len(p.Next) == 0 || string(p.Next) == "null" || len(p.Results) == 0
}

// pages yields the objects of a paginated list. next is never followed, for behind a proxy it may name another host: it
// only says whether there is more. The first page comes alone; whoever wants more gets the others side by side.
func pages[T any](ctx context.Context, c *Client, path rest.Path) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		get := func(number int) (page[T], error) {
			at := path
			if number > 1 {
				at = path.Query("page", number)
			}
			p, err := rest.Get[page[T]](ctx, c.rest, at)
			if number > 1 && hasStatus(err, http.StatusNotFound) { // the list has become shorter
				return page[T]{}, nil
			}
			if err == nil && p.Results == nil {
				err = c.rest.Unexpected(http.MethodGet, at, "a page of a list")
			}
			return p, err
		}
		p, err := get(1)
		size := max(len(p.Results), 1)
		ahead := make([]page[T], 0)
		errs := make([]error, 0)
		for number := 1; ; number++ {
			if err != nil {
				yield(zero, err)
				return
			}
			for _, object := range p.Results {
				if !yield(object, nil) {
					return
				}
			}
			if p.last() {
				return
			}
			if number == 1 {
				rest := (p.Count+size-1)/size - 1
				ahead, errs = make([]page[T], max(rest, 0)), make([]error, max(rest, 0))
				var all sync.WaitGroup
				for i := range ahead {
					all.Go(func() { ahead[i], errs[i] = get(i + 2) })
				}
				all.Wait()
			}
			if i := number - 1; i < len(ahead) {
				p, err = ahead[i], errs[i]
			} else { // the list has become longer
				p, err = get(number + 1)
			}
		}
	}
}

// array yields the objects of a list that comes whole.
func array[T any](ctx context.Context, c *Client, path rest.Path) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		objects, err := rest.Get[[]T](ctx, c.rest, path)
		if err == nil && objects == nil {
			err = c.rest.Unexpected(http.MethodGet, path, "a list")
		}
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for _, object := range objects {
			if !yield(object, nil) {
				return
			}
		}
	}
}

// below writes into each object what its JSON does not hold: its parents.
func below[T any](objects iter.Seq2[T, error], set func(*T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for object, err := range objects {
			if err == nil {
				set(&object)
			}
			if !yield(object, err) {
				return
			}
		}
	}
}

// failed is a list that could not even be asked for.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}

// collect reads a list to its end. It is never nil without an error.
func collect[T any](objects iter.Seq2[T, error]) ([]T, error) {
	all := []T{}
	for object, err := range objects {
		if err != nil {
			return nil, err
		}
		all = append(all, object)
	}
	return all, nil
}
