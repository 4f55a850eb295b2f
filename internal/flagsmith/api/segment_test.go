package api

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// As Flagsmith 2.265 shows them; the ids of rules change with every write of rules.
const (
	segmentHead = `{"id":23,"uuid":"70a6f2a0-2141-435f-8276-3aee60e8a45d","created_at":"2026-11-22T01:26:48.165498Z",
		"updated_at":"2026-11-22T01:26:48.876248Z","name":"upd1","description":"d","project":1,"feature":null,"version_of":23,`
	segmentRules = `"rules":[{"id":34,"type":"ALL","rules":[{"id":35,"type":"ANY","conditions":[
		{"id":43,"operator":"EQUAL","property":"a","value":"1","description":null}]}],"conditions":[]}],`
	segmentTail   = `"membership_counts":[],"managed_by":""}`
	segmentNoData = segmentHead + segmentRules + `"metadata":[],` + segmentTail
	noSegment     = `{"detail":"No Segment matches the given query."}`
)

func segment23(change func(*Segment)) Segment {
	s := Segment{ProjectID: 1, ID: 23, Name: "upd1", Description: new("d"), Rules: []SegmentRule{{
		Type: "ALL", Conditions: []SegmentCondition{}, Rules: []SegmentRule{{
			Type: "ANY", Conditions: []SegmentCondition{{Operator: "EQUAL", Property: new("a"), Value: "1"}},
		}},
	}}}
	if change != nil {
		change(&s)
	}
	return s
}

func TestCreateSegment(t *testing.T) {
	t.Parallel()
	c := scripted(t, exchange{"POST /projects/1/segments/", `{"name":"upd1","description":null,"feature":5,"rules":[
		{"type":"NONE","conditions":[{"operator":"IS_SET","property":"a","value":"","description":null},
		 {"operator":"PERCENTAGE_SPLIT","property":null,"value":"10","description":""}]},
		{"type":"ALL","rules":[{"type":"ANY"}]}]}`, http.StatusCreated, segmentNoData})
	got, err := c.CreateSegment(t.Context(), Segment{ProjectID: 1, Name: "upd1", FeatureID: new(int64(5)), Rules: []SegmentRule{
		{Type: "NONE", Conditions: []SegmentCondition{{Operator: "IS_SET", Property: new("a")},
			{Operator: "PERCENTAGE_SPLIT", Value: "10", Description: new("")}}},
		{Type: "ALL", Conditions: []SegmentCondition{}, Rules: []SegmentRule{{Type: "ANY"}}},
	}})
	want := segment23(func(s *Segment) { s.UUID, s.Metadata = "70a6f2a0-2141-435f-8276-3aee60e8a45d", []Metadata{} })
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestUpdateSegment(t *testing.T) {
	t.Parallel()
	withData := segmentHead + segmentRules + `"metadata":[{"id":4,"model_field":3,"field_value":"team-a"}],` + segmentTail
	for name, c := range map[string]struct {
		held, body string
		want       Segment
	}{
		"rules as they are": {withData, `{"name":"new","description":null,"feature":null,"metadata":[{"model_field":3,"field_value":"team-a"}]}`,
			segment23(func(s *Segment) { s.Name, s.Description = "new", nil })},
		"no metadata": {segmentNoData, `{"name":"upd1","description":"d","feature":7,"metadata":[]}`,
			segment23(func(s *Segment) { s.FeatureID = new(int64(7)) })},
		"rules in another order": {withData, `{"name":"upd1","description":"d","feature":null,"metadata":[{"model_field":3,"field_value":"team-a"}],
			"rules":[{"type":"ANY"},{"type":"ALL","rules":[{"type":"ANY","conditions":[{"operator":"EQUAL","property":"a","value":"1","description":null}]}]}]}`,
			segment23(func(s *Segment) { s.Rules = append([]SegmentRule{{Type: "ANY"}}, s.Rules...) })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := scripted(t, exchange{"GET /projects/1/segments/23/", "", http.StatusOK, c.held},
				exchange{"PATCH /projects/1/segments/23/", c.body, http.StatusOK, c.held})
			if _, err := client.UpdateSegment(t.Context(), Segment{}, c.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// A segment is gone when it is, or when its project is; a 403 alone says neither.
func TestSegmentGone(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*Client) error{
		"GET":    func(c *Client) error { _, err := c.Segment(t.Context(), segment23(nil)); return err },
		"DELETE": func(c *Client) error { return c.DeleteSegment(t.Context(), segment23(nil)) },
		"LIST": func(c *Client) error {
			_, err := collect(c.Segments(t.Context(), Segment{ProjectID: 1}))
			return err
		},
	}
	for method, call := range calls {
		request := method + " /projects/1/segments/23/"
		if method == "LIST" {
			request = "GET /projects/1/segments/?page_size=999"
		}
		for _, want := range []struct {
			exchanges []exchange
			gone      bool
		}{
			{[]exchange{{request, "", http.StatusNotFound, noSegment}}, true},
			{[]exchange{{request, "", http.StatusForbidden, denied}, {"GET /projects/1/", "", http.StatusNotFound, noProject}}, true},
			{[]exchange{{request, "", http.StatusForbidden, denied}, {"GET /projects/1/", "", http.StatusForbidden, denied}}, false},
		} {
			if err := call(scripted(t, want.exchanges...)); errors.Is(err, rest.ErrNotFound) != want.gone || err == nil {
				t.Errorf("%s, %d: %v", method, want.exchanges[0].status, err)
			}
		}
	}
}

// Flagsmith says itself why a cohort's segment stays as it is; permissions have nothing to do with it.
func TestSegmentOfCohort(t *testing.T) {
	t.Parallel()
	refused := `{"detail":"This segment is managed by a cohort and cannot be edited or cloned directly."}`
	held := exchange{"GET /projects/1/segments/23/", "", http.StatusOK, strings.Replace(segmentNoData, `"managed_by":""`, `"managed_by":"cohort"`, 1)}
	_, update := scripted(t, held, exchange{"PATCH /projects/1/segments/23/", `{"name":"upd1","description":"d","feature":null,"metadata":[]}`,
		http.StatusForbidden, refused}).UpdateSegment(t.Context(), Segment{}, segment23(nil))
	remove := scripted(t, exchange{"DELETE /projects/1/segments/23/", "", http.StatusForbidden, refused},
		exchange{"GET /projects/1/", "", http.StatusOK, `{"id":1}`}).DeleteSegment(t.Context(), segment23(nil))
	for _, err := range []error{update, remove} {
		if err == nil || !strings.Contains(err.Error(), "managed by a cohort") || !strings.Contains(err.Error(), "change or delete the cohort") ||
			strings.Contains(err.Error(), "permission") {
			t.Errorf("unclear: %v", err)
		}
	}
}

func TestSegmentsByName(t *testing.T) {
	t.Parallel()
	c := scripted(t, exchange{"GET /projects/1/segments/?page_size=999&q=a+b%26c", "", http.StatusOK,
		`{"count":1,"next":null,"previous":null,"results":[` + segmentNoData + `]}`})
	got, err := collect(c.Segments(t.Context(), Segment{ProjectID: 1, Name: "a b&c"}))
	if err != nil || len(got) != 1 || got[0].ID != 23 || len(got[0].Rules) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Rules and conditions come in any order; it is that of their ids.
func TestSegmentOrder(t *testing.T) {
	t.Parallel()
	c := scripted(t, exchange{"GET /projects/1/segments/23/", "", http.StatusOK, segmentHead + `"rules":[
		{"id":9,"type":"NONE","rules":[],"conditions":[]},
		{"id":7,"type":"ALL","conditions":[{"id":12,"operator":"EQUAL","property":"b","value":"","description":null},
			{"id":11,"operator":"EQUAL","property":"a","value":null,"description":null}],
		 "rules":[{"id":10,"type":"NONE","conditions":[]},{"id":8,"type":"ANY","conditions":[]}]}],` + segmentTail})
	got, err := c.Segment(t.Context(), segment23(nil))
	want := inOrder[SegmentRule]{
		{Type: "ALL", Conditions: inOrder[SegmentCondition]{{Operator: "EQUAL", Property: new("a")}, {Operator: "EQUAL", Property: new("b")}},
			Rules: inOrder[SegmentRule]{{Type: "ANY", Conditions: inOrder[SegmentCondition]{}}, {Type: "NONE", Conditions: inOrder[SegmentCondition]{}}}},
		{Type: "NONE", Conditions: inOrder[SegmentCondition]{}, Rules: inOrder[SegmentRule]{}},
	}
	if err != nil || !reflect.DeepEqual(got.Rules, want) {
		t.Errorf("got %+v, %v; want %+v", got.Rules, err, want)
	}
}
