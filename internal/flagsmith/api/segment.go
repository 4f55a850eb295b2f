package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Segment is a group of identities, told by their traits. Several segments of a project may have the same name. An identity
// belongs to it when every rule holds.
type Segment struct {
	ProjectID   int64                `json:"project"`
	ID          int64                `json:"id"`
	UUID        string               `json:"uuid"`
	Name        string               `json:"name"`        // at most 2,000 characters
	Description *string              `json:"description"` // nil: none
	FeatureID   *int64               `json:"feature"`     // the one feature that may use it; nil: all may
	Rules       inOrder[SegmentRule] `json:"rules"`       // at least one

	// Metadata is what others have set. No call here changes it.
	Metadata []Metadata `json:"metadata"`
}

// SegmentRule holds when ALL, ANY or NONE of its conditions hold, and of its rules likewise. It may have rules of its own
// when it stands right in a segment, but they may not. Ids are left out: Flagsmith then makes all rules anew, in the order
// given, which is the only way to put them in another order (observed on 2.265).
type SegmentRule struct {
	Type       string                    `json:"type"`
	Conditions inOrder[SegmentCondition] `json:"conditions,omitempty"`
	Rules      inOrder[SegmentRule]      `json:"rules,omitempty"`
}

// inOrder is a list in the order of its ids, which is the order in which it was sent. Flagsmith itself has no order: unless
// SEGMENT_RULES_CONDITIONS_EXPLICIT_ORDERING_ENABLED is set, rules and conditions come as the database has them lying
// about, now and then mixed up (observed on 2.265).
type inOrder[T any] []T

// UnmarshalJSON sorts by id.
func (l *inOrder[T]) UnmarshalJSON(data []byte) error {
	var ids []struct {
		ID int64 `json:"id"`
	}
	var items []T
	if err := errors.Join(json.Unmarshal(data, &ids), json.Unmarshal(data, &items)); err != nil {
		return err
	}
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(ids[a].ID, ids[b].ID) })
	*l = make([]T, len(items))
	for i, place := range places {
		(*l)[i] = items[place]
	}
	return nil
}

// SegmentCondition compares a trait with a text. On 2.265 a value that is null or left out becomes the text None, and a
// property that is left out makes the server fail, so both are always sent.
type SegmentCondition struct {
	Operator    string  `json:"operator"`
	Property    *string `json:"property"` // nil: none, as PERCENTAGE_SPLIT has it
	Value       string  `json:"value"`
	Description *string `json:"description"` // nil: none
}

func (s Segment) settings() map[string]any {
	return map[string]any{"name": s.Name, "description": s.Description, "feature": s.FeatureID}
}

func (s Segment) path() rest.Path { return rest.P("/projects/{}/segments/{}/", s.ProjectID, s.ID) }

// Segment reads one. Below a project that is gone Flagsmith answers 403, which is told from a missing permission by reading
// the project.
func (c *Client) Segment(ctx context.Context, at Segment) (Segment, error) {
	got, err := rest.Get[Segment](ctx, c.rest, at.path())
	return got, c.confirmGone(ctx, err, rest.P("/projects/{}/", at.ProjectID))
}

// CreateSegment makes one.
func (c *Client) CreateSegment(ctx context.Context, want Segment) (Segment, error) {
	body := want.settings()
	body["rules"] = want.Rules
	got, err := rest.Send[Segment](ctx, c.rest, http.MethodPost, rest.P("/projects/{}/segments/", want.ProjectID), body)
	return got, c.missingProject(ctx, want.ProjectID, err)
}

// UpdateSegment changes everything but the project. Metadata is sent back as the server has it, or it would wipe it, and
// rules are sent only where it has others.
func (c *Client) UpdateSegment(ctx context.Context, _, want Segment) (Segment, error) {
	held, err := c.Segment(ctx, want)
	if err != nil {
		return Segment{}, err
	}
	body := want.settings()
	body["metadata"] = append([]Metadata{}, held.Metadata...)
	if !sameRules(held.Rules, want.Rules) {
		body["rules"] = want.Rules
	}
	got, err := rest.Send[Segment](ctx, c.rest, http.MethodPatch, want.path(), body)
	return got, explainCohort(err)
}

// sameRules takes a list that is left out for an empty one, as the server does.
func sameRules(a, b []SegmentRule) bool {
	left, leftErr := json.Marshal(a)
	right, rightErr := json.Marshal(b)
	return leftErr == nil && rightErr == nil && bytes.Equal(left, right)
}

// DeleteSegment deletes one with all its overrides, in every environment. A real server took 10 s for dozens of them.
func (c *Client) DeleteSegment(ctx context.Context, at Segment) error {
	err := c.rest.Do(ctx, http.MethodDelete, at.path(), nil, nil)
	return explainCohort(c.confirmGone(ctx, err, rest.P("/projects/{}/", at.ProjectID)))
}

// explainCohort replaces the hint about permissions where a 403 means that the segment is a cohort's own.
func explainCohort(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusForbidden && strings.Contains(e.Message, "managed by a cohort") {
		e.Hint = "Flagsmith keeps this segment for a cohort: change or delete the cohort, and take the resource out of the " +
			"configuration and the state (a removed block does both)."
	}
	return err
}

// Segments lists those of a project, in the order of their ids, feature-specific ones too. A name narrows the search to
// segments whose name contains it, whatever its case.
func (c *Client) Segments(ctx context.Context, within Segment) iter.Seq2[Segment, error] {
	path := rest.P("/projects/{}/segments/", within.ProjectID).Query("page_size", pageSize)
	if within.Name != "" {
		path = path.Query("q", within.Name)
	}
	return func(yield func(Segment, error) bool) {
		for segment, err := range pages[Segment](ctx, c, path) {
			if !yield(segment, c.confirmGone(ctx, err, rest.P("/projects/{}/", within.ProjectID))) {
				return
			}
		}
	}
}
