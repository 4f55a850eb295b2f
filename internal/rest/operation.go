package rest

import (
	"context"
	"sync/atomic"
)

type operationKey struct{}

// WithOperation returns a context for one create, update or delete. Terraform cancels it when it is told to stop. What has
// written by then is finished all the same, for nobody would know of what is left half done; it only waits no longer, for a
// next attempt or in a Pause.
func WithOperation(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationKey{}, &atomic.Bool{})
}

func begin(ctx context.Context) {
	if begun, ok := ctx.Value(operationKey{}).(*atomic.Bool); ok {
		begun.Store(true)
	}
}

type repeatableKey struct{}

// Repeatable returns a context in which a POST is repeated as other writes are: doing it twice is as good as doing it once.
func Repeatable(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatableKey{}, true)
}

// Steady is ctx, or, once its operation has begun to write, one that is not cancelled.
func Steady(ctx context.Context) context.Context {
	if begun, ok := ctx.Value(operationKey{}).(*atomic.Bool); ok && begun.Load() {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
