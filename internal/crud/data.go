package crud

import (
	"context"
	"fmt"
	"math"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Data is what the provider hands to everything it configures: one client a backend, and what this process must remember
// about objects. Two configured providers (aliases) share nothing.
type Data struct {
	clients []any

	mu      sync.Mutex
	locks   map[string]*semaphore.Weighted
	touched map[string]bool
	claims  map[string]*claim   // by what objects of several types could own
	planned map[string]*planned // by object
}

// claim is what a plan says about who owns something.
type claim struct {
	by   string             // the type that owns it after this plan
	made []func(any) bool   // objects of that type that are created for it: whether they are the same as what is there
	from map[string]leaving // the types that give it up, and how
}

// leaving is how objects of one type give something up.
type leaving struct {
	destroyed, replaced bool  // they take it away with that
	held                []any // what they leave where it is
}

// planned is what a plan says about an object whose whole key is known, at all its addresses.
type planned struct{ stays, goes bool }

// Missing stands for a backend's client C that cannot be had, and says why on first use.
type Missing[C any] struct{ Reason string }

// NewData takes for each backend its client, or a Missing.
func NewData(clients ...any) *Data {
	return &Data{clients: clients, locks: map[string]*semaphore.Weighted{}, touched: map[string]bool{}, claims: map[string]*claim{}, planned: map[string]*planned{}}
}

func clientOf[C any](d *Data) (C, error) {
	var none C
	if d == nil {
		return none, fmt.Errorf("the provider is not configured")
	}
	for _, client := range d.clients {
		switch client := client.(type) {
		case C:
			return client, nil
		case Missing[C]:
			return none, fmt.Errorf("%s", client.Reason)
		}
	}
	return none, fmt.Errorf("the provider has no client of type %T", none)
}

// lock waits for the named lock and returns what releases it, or why waiting ended. An empty name locks nothing.
func (d *Data) lock(ctx context.Context, name string, shared bool) (func(), error) {
	if name == "" {
		return func() {}, nil
	}
	d.mu.Lock()
	l := d.locks[name]
	if l == nil {
		l = semaphore.NewWeighted(math.MaxInt64)
		d.locks[name] = l
	}
	d.mu.Unlock()
	share := int64(math.MaxInt64)
	if shared {
		share = 1
	}
	if err := l.Acquire(ctx, share); err != nil {
		return nil, fmt.Errorf("gave up waiting for other writes to %s: %w", name, err)
	}
	return func() { l.Release(share) }, nil
}

// touch remembers that this process wrote an object; wasTouched tells. A delete of a renamed for_each key may run after
// the create of its successor on the same object, and must then leave it alone.
func (d *Data) touch(object string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.touched[object] = true
}

func (d *Data) wasTouched(object string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.touched[object]
}

// note adds to what a plan says about something, and returns all that is known by now, whatever came first.
func note[T any](d *Data, known map[string]*T, what string, add func(*T)) T {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known[what] == nil {
		known[what] = new(T)
	}
	add(known[what])
	return *known[what]
}
