package rest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Warning is what a call that succeeded wants people to know.
type Warning struct{ Summary, Detail string }

type warningsKey struct{}

type warnings struct {
	mu   sync.Mutex
	list []Warning
}

// WithWarnings returns a context in which Warn is heard, and what tells the warnings so far.
func WithWarnings(ctx context.Context) (context.Context, func() []Warning) {
	w := &warnings{}
	return context.WithValue(ctx, warningsKey{}, w), func() []Warning {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.list)
	}
}

// Warn adds a warning, if anybody listens. The summary should be the same for objects of a kind: Terraform then shows a
// thousand of them as one.
func Warn(ctx context.Context, summary, format string, args ...any) {
	if w, ok := ctx.Value(warningsKey{}).(*warnings); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.list = append(w.list, Warning{summary, fmt.Sprintf(format, args...)})
	}
}
