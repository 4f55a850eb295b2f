package rest

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
)

// Shared runs f once for all who ask for key at the same time. One who gives up does not take the answer from the others.
func Shared[T any](ctx context.Context, flight *singleflight.Group, key string, f func(context.Context) (T, error)) (T, error) {
	answer := flight.DoChan(key, func() (any, error) { return f(context.WithoutCancel(ctx)) })
	select {
	case <-Steady(ctx).Done():
		var zero T
		return zero, fmt.Errorf("gave up waiting for the server: %w", ctx.Err())
	case result := <-answer:
		value, _ := result.Val.(T)
		return value, result.Err
	}
}

// Pause waits, and returns the context's error if that is done first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
