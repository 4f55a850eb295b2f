package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// pagesOf answers ?page=N of the numbers 0 to total-1. next names a host that nobody may ask.
func pagesOf(t *testing.T, total, size int, requests *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		number := 1
		if text := r.URL.Query().Get("page"); text != "" {
			_, _ = fmt.Sscan(text, &number)
		}
		if r.URL.Query().Get("q") != "x" {
			t.Error(r.URL)
		}
		from := (number - 1) * size
		if from >= total && number > 1 {
			exchange{status: 404, answer: `{"detail":"Invalid page."}`}.write(w)
			return
		}
		var list []string
		for i := from; i < min(from+size, total); i++ {
			list = append(list, fmt.Sprint(i))
		}
		next := "null"
		if from+size < total {
			next = `"http://169.254.0.1/elsewhere/"`
		}
		exchange{status: 200, answer: fmt.Sprintf(`{"count":%d,"next":%s,"previous":null,"results":[%s]}`,
			total, next, strings.Join(list, ","))}.write(w)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, size, requests int }{{0, 10, 1}, {7, 10, 1}, {10, 10, 1}, {11, 10, 2}, {47, 10, 5}, {2500, 999, 3}} {
		var requests atomic.Int32
		c := served(t, pagesOf(t, test.total, test.size, &requests))
		got, err := collect(pages[int](t.Context(), c, rest.P("/x/").Query("q", "x")))
		if err != nil || len(got) != test.total || !slices.IsSorted(got) || int(requests.Load()) != test.requests {
			t.Errorf("%+v: %d objects, %d requests, %v", test, len(got), requests.Load(), err)
		}
	}
}

func TestPagesStopEarly(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	c := served(t, pagesOf(t, 47, 10, &requests))
	for n := range pages[int](t.Context(), c, rest.P("/x/").Query("q", "x")) {
		if n == 9 {
			break
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests for the first page", requests.Load())
	}
}

func TestPagesOfAListThatChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exchanges []exchange
		want      []int
	}{
		"longer": {[]exchange{
			{"GET /x/", "", 200, `{"count":2,"next":"u","results":[1]}`},
			{"GET /x/?page=2", "", 200, `{"count":3,"next":"u","results":[2]}`},
			{"GET /x/?page=3", "", 200, `{"count":3,"next":null,"results":[3]}`},
		}, []int{1, 2, 3}},
		"shorter": {[]exchange{
			{"GET /x/", "", 200, `{"count":2,"next":"u","results":[1]}`},
			{"GET /x/?page=2", "", 404, `{"detail":"Invalid page."}`},
		}, []int{1}},
		"empty page": {[]exchange{{"GET /x/", "", 200, `{"count":5,"next":"u","results":[]}`}}, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := collect(pages[int](t.Context(), scripted(t, test.exchanges...), rest.P("/x/")))
			if err != nil || !slices.Equal(got, test.want) {
				t.Error(got, err)
			}
		})
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	failure := exchange{"GET /x/?page=2", "", 500, serverError}
	got, err := collect(pages[int](t.Context(), scripted(t, exchange{"GET /x/", "", 200, `{"count":2,"next":"u","results":[1]}`}, failure), rest.P("/x/")))
	contains(t, err, "GET /x/: 500")
	if got != nil {
		t.Error(got)
	}
	missing := exchange{"GET /x/", "", 404, noProject}
	_, err = collect(pages[int](t.Context(), scripted(t, missing), rest.P("/x/")))
	contains(t, err, "No Project")
	_, err = collect(array[int](t.Context(), scripted(t, missing), rest.P("/x/")))
	contains(t, err, "No Project")
	for n := range array[int](t.Context(), scripted(t, exchange{"GET /x/", "", 200, `[1,2,3]`}), rest.P("/x/")) {
		if n == 2 {
			break
		}
	}
}

// An answer that is no list is another server's: nothing is gone because of it.
func TestListsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`null`, `{}`, `{"count":0}`} {
		c := served(t, func(w http.ResponseWriter, _ *http.Request) { exchange{status: 200, answer: body}.write(w) })
		_, paged := collect(pages[int](t.Context(), c, rest.P("/x/")))
		_, whole := collect(array[int](t.Context(), c, rest.P("/x/")))
		_, key := c.EnvironmentKey(t.Context(), 1, 2)
		for _, err := range []error{paged, whole, key} {
			if err == nil || errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), "flagsmith.url") {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
}
