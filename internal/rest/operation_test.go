package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/singleflight"
)

// interruptible is an operation and what stops it.
func interruptible(t *testing.T) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(WithOperation(t.Context()))
	t.Cleanup(cancel)
	return ctx, cancel
}

// stopping stops before it answers.
func stopping(stop *func(), next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		(*stop)()
		next(w, r)
	}
}

// A write under way is finished, and so is what follows it in its operation; what has not begun to write is given up.
func TestOperation(t *testing.T) {
	t.Parallel()
	never := func() {}
	for name, test := range map[string]struct {
		plain   bool // no operation
		methods []string
		stopIn  int // while the server answers this request, counted from 1; 0: before the first
		sent    int32
		done    int // requests that were answered
	}{
		"write":                           {false, []string{"PUT"}, 1, 1, 1},
		"POST":                            {false, []string{"POST"}, 1, 1, 1},
		"write, no operation":             {true, []string{"DELETE"}, 1, 1, 1},
		"read":                            {false, []string{"GET", "PUT"}, 1, 1, 0},
		"then a read":                     {false, []string{"PUT", "GET", "GET"}, 1, 3, 3},
		"then a write":                    {false, []string{"POST", "PATCH", "GET"}, 1, 3, 3},
		"in a read after a write":         {false, []string{"PUT", "GET", "DELETE"}, 2, 3, 3},
		"then a read, no operation":       {true, []string{"PUT", "GET"}, 1, 1, 1},
		"then a write, no operation":      {true, []string{"PUT", "PUT"}, 1, 1, 1},
		"PUT before it is sent":           {false, []string{"PUT", "PUT", "GET"}, 0, 0, 0},
		"POST before it is sent":          {false, []string{"POST", "POST", "GET"}, 0, 0, 0},
		"GET before it is sent":           {false, []string{"GET", "GET", "GET"}, 0, 0, 0},
		"write before it is sent, no op.": {true, []string{"DELETE", "DELETE", "DELETE"}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := interruptible(t)
			if test.plain {
				var cancel func()
				ctx, cancel = context.WithCancel(t.Context())
				stop = cancel
			}
			var answers []http.HandlerFunc
			for i := range max(len(test.methods), test.stopIn) {
				next := &never
				if i+1 == test.stopIn {
					next = &stop
				}
				answers = append(answers, stopping(next, answer(200, "1")))
			}
			if name == "read" {
				answers[0] = stopping(&stop, silence)
			}
			server, count := serve(t, answers...)
			c, _ := client(t, server.URL, nil)
			if test.stopIn == 0 {
				stop()
			}
			done := 0
			for _, method := range test.methods {
				got, err := Send[int](ctx, c, method, P("/x/"), nil)
				switch {
				case err == nil && got == 1:
					done++
				case !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable):
					t.Error(method, got, err)
				}
			}
			if count.Load() != test.sent || done != test.done {
				t.Errorf("%d requests of which %d were answered, not %d and %d", count.Load(), done, test.sent, test.done)
			}
			if begun := Steady(ctx).Err() == nil; begun != (!test.plain && test.done > 0) {
				t.Errorf("begun: %v", begun)
			}
		})
	}
}

// What has begun does not wait for a next attempt any more, whether it is told before or in the wait.
func TestOperationStopsWaiting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method string
		begun  bool
		early  bool // while the server answers
	}{
		"PUT": {"PUT", false, false}, "POST": {"POST", false, false}, "GET of what has begun": {"GET", true, false},
		"early PUT": {"PUT", false, true}, "early DELETE": {"DELETE", true, true}, "early GET": {"GET", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := interruptible(t)
			if test.begun {
				begin(ctx)
			}
			first, late := func() {}, stop
			if test.early {
				first, late = stop, first
			}
			server, count := serve(t, answer(429, ""), stopping(&first, answer(503, "", "Retry-After", "1")))
			c, _ := client(t, server.URL, nil)
			c.http.Backoff = func(_, _ time.Duration, attempt int, _ *http.Response) time.Duration {
				if attempt == 0 {
					return 0
				}
				late()
				return time.Hour
			}
			err := c.Do(ctx, test.method, P("/x/"), nil, nil)
			if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnreachable) || count.Load() != 2 {
				t.Fatal(err, count.Load())
			}
			mustContain(t, err.Error(), test.method+" /x/: gave up after 2 attempts, the last answered with 503: context canceled")
		})
	}
	var told call
	told.stop(func() { t.Error("an attempt was cut off") })
	if told.wait() {
		t.Error("there is to be a next attempt")
	}
}

// One who gives up takes the answer from nobody else; who has begun to write does not give up.
func TestShared(t *testing.T) {
	t.Parallel()
	var flight singleflight.Group
	ctx, cancel := context.WithCancel(t.Context())
	started, release, first := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := Shared(ctx, &flight, "k", func(ctx context.Context) (int, error) {
			close(started)
			<-release
			return 7, ctx.Err()
		})
		first <- err
	}()
	<-started
	other := flight.DoChan("k", func() (any, error) { return 8, nil })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Shared(ctx, &flight, "k", func(context.Context) (int, error) { return 9, nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	if got := <-other; got.Val != 7 || got.Err != nil {
		t.Error(got)
	}

	ctx, stop := interruptible(t)
	begin(ctx)
	stop()
	if got, err := Shared(ctx, &flight, "k", func(ctx context.Context) (int, error) { return 7, ctx.Err() }); got != 7 || err != nil {
		t.Error(got, err)
	}
	broken := errors.New("broken")
	if _, err := Shared(ctx, &flight, "k", func(context.Context) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// A pause ends when Terraform is told to stop, whatever has begun.
func TestPause(t *testing.T) {
	t.Parallel()
	ctx, stop := interruptible(t)
	begin(ctx)
	if err := Pause(ctx, 1); err != nil {
		t.Error(err)
	}
	stop()
	if err := Pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A repeatable POST that fails for good does not say that it was not repeated, and one that is interrupted and then lost
// says that the server may have acted.
func TestRepeatableSays(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]http.HandlerFunc{"502": answer(502, ""), "hung up": hangUp} {
		server, count := serve(t, failing)
		c, _ := client(t, server.URL, nil)
		err := c.Do(Repeatable(t.Context()), http.MethodPost, P("/x/"), nil, nil)
		if err == nil || count.Load() < 2 || strings.Contains(err.Error(), "not repeated") {
			t.Errorf("%s, %d times: %v", name, count.Load(), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { cancel(); hangUp(w, r) })
	c, _ := client(t, server.URL, nil)
	if err := c.Do(ctx, http.MethodPost, P("/x/"), nil, nil); err == nil || !strings.Contains(err.Error(), "the server may have acted on it") {
		t.Error(err)
	}
}
