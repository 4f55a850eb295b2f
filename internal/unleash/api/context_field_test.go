package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// A PUT resets what it leaves out, so that everything is sent; null, of which the server would make "", is not.
func TestContextFieldBodies(t *testing.T) {
	t.Parallel()
	var sent string
	_, c := newFake(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = string(body)
	})
	empty, project := "", "shop"
	for want, field := range map[string]ContextField{
		`{"name":"f","stickiness":false,"sortOrder":0,"legalValues":[]}`: {Name: "f"},
		`{"name":"f","description":"","stickiness":true,"sortOrder":7,"legalValues":[{"value":"a"},{"value":"b","description":""}],"project":"shop"}`: {Name: "f", Description: &empty, Stickiness: true,
			SortOrder: 7, Project: &project, LegalValues: []LegalValue{{Value: "a"}, {Value: "b", Description: &empty}}},
	} {
		if _, err := c.UpdateContextField(context.Background(), ContextField{}, field); err != nil || sent != want {
			t.Errorf("%v: sent %s, want %s", err, sent, want)
		}
	}
}

// A field in use is a conflict with words, and the error says who uses it.
func TestContextFieldInUse(t *testing.T) {
	t.Parallel()
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			refuse(w, http.StatusConflict, `{"name":"ConflictError","message":"This context field is in use by existing flags."}`)
			return
		}
		fmt.Fprint(w, usedBy)
	})
	c.wait = func(context.Context, time.Duration) error { return nil }
	err := c.DeleteContextField(context.Background(), ContextField{Name: "plan"})
	if err == nil || errors.Is(err, rest.ErrExists) || !strings.Contains(err.Error(), `in use by existing flags. Used by a flexibleRollout strategy of flag "checkout"`) {
		t.Error(err)
	}
}
