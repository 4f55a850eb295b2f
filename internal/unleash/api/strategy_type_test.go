package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Built-in strategy types are left alone without a request; only what differs is written.
func TestStrategyTypeWrites(t *testing.T) {
	t.Parallel()
	f, c := newFake(t, func(http.ResponseWriter, *http.Request) {})
	ctx, title := context.Background(), "T"
	own, builtIn := StrategyType{Name: "s", Editable: true}, StrategyType{Name: "default"}
	titled, old := own, own
	titled.Title, old.Deprecated = &title, true
	oldBuiltIn, changedBuiltIn := builtIn, builtIn
	oldBuiltIn.Deprecated, changedBuiltIn.Title = true, &title
	for _, test := range []struct {
		prior, want StrategyType
		asked       string
		refused     bool
	}{
		{own, own, "", false},
		{own, titled, "PUT /api/admin/strategies/s", false},
		{own, old, "POST /api/admin/strategies/s/deprecate", false},
		{old, titled, "PUT /api/admin/strategies/s POST /api/admin/strategies/s/reactivate", false},
		{builtIn, oldBuiltIn, "POST /api/admin/strategies/default/deprecate", false},
		{builtIn, changedBuiltIn, "", true},
	} {
		f.asked = nil
		if _, err := c.UpdateStrategyType(ctx, test.prior, test.want); (err != nil) != test.refused || strings.Join(f.asked, " ") != test.asked {
			t.Errorf("%+v to %+v: %v, asked %q", test.prior, test.want, err, f.asked)
		}
	}
	f.asked = nil
	if err := c.DeleteStrategyType(ctx, builtIn); err == nil || !strings.Contains(err.Error(), "built in") || len(f.asked) > 0 {
		t.Errorf("%v, asked %q", err, f.asked)
	}
}

// An update of a tag type that is not there is answered with 200.
func TestTagTypeThatIsGone(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			refuse(w, http.StatusNotFound, missing)
		}
	})
	icon := "T"
	if _, err := c.UpdateTagType(context.Background(), TagType{}, TagType{Name: "team", Icon: &icon}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

// What others have set meanwhile and an update does not name is for the next plan to show.
func TestUpdateTagTypeReturnsWhatWasWanted(t *testing.T) {
	t.Parallel()
	them, s := sandboxClient(t)
	made, err := them.CreateTagType(t.Context(), TagType{Name: "team"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := them.UpdateTagType(t.Context(), made, TagType{Name: "team", Icon: pointer("I"), Color: pointer("#112233")}); err != nil {
		t.Fatal(err)
	}
	c, _ := again(t, s)
	want := TagType{Name: "team", Description: pointer("d")}
	if got, err := c.UpdateTagType(t.Context(), made, want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := c.TagType(t.Context(), want); err != nil || deref(got.Icon) != "I" || deref(got.Color) != "#112233" || deref(got.Description) != "d" {
		t.Errorf("%+v %v", got, err)
	}
}
