package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// What is in use is deleted once its users are gone. They may take long, as long as there are fewer and fewer.
func TestWhenUnused(t *testing.T) {
	t.Parallel()
	conflict, other := &rest.Error{Status: http.StatusConflict}, &rest.Error{Status: http.StatusForbidden}
	stopped := errors.New("stopped")
	for name, test := range map[string]struct {
		users  []int // after each refusal; the last one stays
		then   error // once there are none
		stop   int   // at this wait
		fails  error
		waited time.Duration
	}{
		"unused":        {users: []int{0}},
		"refused":       {users: []int{0}, then: other, fails: other},
		"soon":          {users: []int{1, 1, 0}, waited: 150 * time.Millisecond},
		"fewer":         {users: []int{9, 9, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7, 0}, waited: 3*(50+100+200+400)*time.Millisecond + 800*time.Millisecond},
		"none told":     {users: []int{-1}, fails: conflict, waited: 1550 * time.Millisecond},
		"used":          {users: []int{3}, fails: conflict, waited: 1550 * time.Millisecond},
		"more and more": {users: []int{3, 4, 5, 6}, fails: conflict, waited: 1550 * time.Millisecond},
		"stopped":       {users: []int{3}, stop: 2, fails: conflict, waited: 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var waited time.Duration
			waits, refusals := 0, 0
			c := &Client{wait: func(_ context.Context, d time.Duration) error {
				waited += d
				if waits++; waits == test.stop {
					return stopped
				}
				return nil
			}}
			users := func() int { return test.users[min(refusals, len(test.users)-1)] }
			err := c.whenUnused(context.Background(), func() error {
				if users() == 0 {
					return test.then
				}
				return conflict
			}, func() []Usage {
				defer func() { refusals++ }()
				return make([]Usage, max(0, users()))
			}, "")
			if !errors.Is(err, test.fails) || (err == nil) != (test.fails == nil) || waited != test.waited {
				t.Errorf("%v after %s, want %v after %s", err, waited, test.fails, test.waited)
			}
		})
	}
}

// While flags are being archived, a refusal is not for good.
func TestWhenUnusedWhileFlagsGo(t *testing.T) {
	t.Parallel()
	conflict := &rest.Error{Status: http.StatusConflict}
	var waited []time.Duration
	c := &Client{archivals: map[string]time.Time{}}
	c.noteArchived("p/f")
	c.wait = func(_ context.Context, d time.Duration) error {
		if waited = append(waited, d); len(waited) == 10 {
			c.archivals[""] = time.Now().Add(-time.Second)
		}
		return nil
	}
	err := c.whenUnused(t.Context(), func() error { return conflict }, func() []Usage { return make([]Usage, 3) }, "")
	want := append(slices.Repeat([]time.Duration{50 * time.Millisecond}, 10), 100*time.Millisecond, 200*time.Millisecond, 400*time.Millisecond, 800*time.Millisecond)
	if !errors.Is(err, conflict) || !slices.Equal(waited, want) {
		t.Errorf("%v after %s, want %s", err, waited, want)
	}
}

// A flag that is deleted for good is on its way out as much as one that is archived.
func TestPurgedFlagsAreOnTheirWayOut(t *testing.T) {
	t.Parallel()
	for _, purge := range []bool{true, false} {
		c, _ := sandboxClient(t)
		at := made(t, c, Feature{Name: "f"})
		if at.Purge = purge; !c.lastArchived("").IsZero() {
			t.Error("noted before")
		}
		if err := c.DeleteFeature(t.Context(), at); err != nil || c.lastArchived("").IsZero() {
			t.Errorf("purge %t is not noted (%v)", purge, err)
		}
	}
}

// Flags lose the tags of a type that is deleted, and keep the others, without being read again; also where the answer to that
// is lost.
func TestDeletedTypeTakesItsTags(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		deletedTypeTakesItsTags(t, lost)
	}
}

func deletedTypeTakesItsTags(t *testing.T, lost bool) {
	c, s := sandboxClient(t)
	if _, err := c.CreateTagType(t.Context(), TagType{Name: "team"}); err != nil {
		t.Fatal(err)
	}
	at := made(t, c, Feature{Name: "f", Tags: []Tag{{"simple", "kept"}, {"team", "gone"}}})
	if lost {
		s.Inject(faults.Fault{Method: "DELETE", Path: "/tag-types/team", Status: 502, After: true})
	}
	if err := c.DeleteTagType(t.Context(), TagType{Name: "team"}); (err != nil) != lost {
		t.Fatal(err)
	}
	remembered, _ := c.tags.get(at.Project, at.Name)
	fresh, _ := again(t, s)
	got, err := fresh.Feature(t.Context(), at)
	if err != nil || !slices.Equal(remembered, []Tag{{"simple", "kept"}}) || !slices.Equal(got.Tags, remembered) {
		t.Errorf("remembers %v, there are %v (%v)", remembered, got.Tags, err)
	}
}
