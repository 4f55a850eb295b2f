package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

const usedBy = `{"strategies":[{"id":"1","projectId":"default","featureName":"checkout","strategyName":"flexibleRollout","environment":"production"}],` +
	`"changeRequestStrategies":[{"projectId":"shop","featureName":"cart","strategyName":"default","environment":"development","changeRequest":{"id":1}}]}`

// A PUT without a project takes it away, one without a description keeps it, and nil must be sent.
func TestSegmentBodies(t *testing.T) {
	t.Parallel()
	var sent string
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = string(body)
		w.WriteHeader(http.StatusNoContent)
	})
	text := "x"
	for want, segment := range map[string]Segment{
		`{"constraints":[],"description":null,"name":"s","project":null}`: {ID: 1, Name: "s"},
		`{"constraints":[{"contextName":"u","operator":"IN","values":["1"]}],"description":"x","name":"s","project":"x"}`: {ID: 1, Name: "s", Description: &text, Project: &text,
			Constraints: []Constraint{{ContextName: "u", Operator: "IN", Values: []string{"1"}}}},
	} {
		got, err := c.UpdateSegment(context.Background(), Segment{}, segment)
		if err != nil || !reflect.DeepEqual(got, segment) || sent != want {
			t.Errorf("%v: sent %s, want %s", err, sent, want)
		}
	}
}

// What is refused lands where it belongs, and says who is in the way.
func TestSegmentRefused(t *testing.T) {
	t.Parallel()
	project := "shop"
	for name, test := range map[string]struct {
		status       int
		body, field  string
		message, all string
	}{
		"taken":          {409, `{"name":"NameExistsError","message":"Segment name already exists","details":[{"message":"Segment name already exists"}]}`, "name", "The name is taken.", ""},
		"racing":         {500, `{"name":"UnknownError","message":"insert into ... - duplicate key value violates unique constraint \"segments_name_key\"","details":[]}`, "name", "The name is taken.", ""},
		"no project":     {500, `{"name":"UnknownError","message":"... violates foreign key constraint \"segments_segment_project_id_fkey\"","details":[]}`, "project", `There is no project "shop".`, ""},
		"used elsewhere": {400, `{"name":"BadDataError","message":"Invalid project. Used","details":[{"message":"Invalid project. Used"}]}`, "project", "Invalid project. Used", `flag "checkout" (project "default", environment "production")`},
		"joi":            {400, `{"name":"BadDataError","message":"Bad.","details":[{"message":"\"constraints[0].values[0]\" is not allowed to be empty."}]}`, "constraints[0].values[0]", `"constraints[0].values[0]" is not allowed to be empty.`, ""},
		"failure":        {500, `{"name":"UnknownError","message":"pool","details":[]}`, "", "", "pool"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					fmt.Fprint(w, usedBy)
					return
				}
				refuse(w, test.status, test.body)
			})
			_, err := c.UpdateSegment(context.Background(), Segment{}, Segment{ID: 1, Name: "s", Project: &project})
			var e *rest.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if got := strings.Join(e.Fields[test.field], " "); got != test.message || !strings.Contains(err.Error(), test.all) || len(e.Fields) > 1 {
				t.Errorf("%v, fields %v", err, e.Fields)
			}
			if strings.Contains(err.Error(), "cart") {
				t.Errorf("names who belongs to the project: %v", err)
			}
		})
	}
	_, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 400, `{"name":"BadDataError","message":"not a legal value","details":[{"message":"not a legal value"}]}`)
	})
	_, err := c.CreateSegment(context.Background(), Segment{Name: "s", Project: &project})
	var e *rest.Error
	if !errors.As(err, &e) || !reflect.DeepEqual(e.Fields, map[string][]string{"constraints": {"not a legal value"}}) {
		t.Errorf("%v", err)
	}
}

// A segment in use is a 409 without a word. The error says who uses it, as far as that can be had.
func TestSegmentInUse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users string
		want  []string
	}{
		"both": {usedBy, []string{"409 Conflict. Used by a flexibleRollout strategy of flag \"checkout\" (project \"default\", environment \"production\")", `flag "cart" (project "shop"`}},
		"many": {`{"strategies":[` + strings.TrimSuffix(strings.Repeat(`{"featureName":"f"},`, 12), ",") + `]}`, []string{"and 2 more"}},
		"none": {`{}`, []string{"409 Conflict"}},
		"html": {`<html>`, []string{"409 Conflict"}},
		"gone": {"", []string{"409 Conflict"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodDelete:
					w.WriteHeader(http.StatusConflict)
				case test.users == "":
					refuse(w, http.StatusNotFound, missing)
				default:
					fmt.Fprint(w, test.users)
				}
			})
			c.wait = func(context.Context, time.Duration) error { return nil }
			err := c.DeleteSegment(context.Background(), Segment{ID: 7})
			if err == nil || errors.Is(err, rest.ErrNotFound) || errors.Is(err, rest.ErrExists) {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
		})
	}
}
