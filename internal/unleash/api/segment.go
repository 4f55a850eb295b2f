package api

import (
	"context"
	"iter"
	"net/http"
	"slices"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Segment is a group of users, told by constraints, to which strategies can be limited.
type Segment struct {
	ID          int64        `json:"id"`
	Name        string       `json:"name"`        // any text, unique
	Description *string      `json:"description"` // nil: none
	Project     *string      `json:"project"`     // nil: for all
	Constraints []Constraint `json:"constraints"` // all of them hold for who is in it
	CreatedBy   *string      `json:"createdBy"`
	CreatedAt   *string      `json:"createdAt"`
}

// settings is all that can be written. A PUT without a project takes it away, and one without a description keeps it.
func (s Segment) settings() map[string]any {
	if s.Constraints == nil {
		s.Constraints = []Constraint{}
	}
	return map[string]any{"name": s.Name, "description": s.Description, "project": s.Project, "constraints": s.Constraints}
}

func (s Segment) path() rest.Path { return rest.P("/api/admin/segments/{}", s.ID) }

var segmentsPath = rest.P("/api/admin/segments")

var segments = collection[Segment]{
	name: "segments",
	list: func(c *Client, ctx context.Context) ([]Segment, error) {
		return listOf[Segment](ctx, c, segmentsPath, "segments")
	},
	path: Segment.path,
	same: func(a, b Segment) bool { return a.ID == b.ID },
}

// Segment reads one.
func (c *Client) Segment(ctx context.Context, at Segment) (Segment, error) {
	return segments.read(ctx, c, at)
}

// Segments lists all, those of projects too, in the order of their names.
func (c *Client) Segments(ctx context.Context, _ Segment) iter.Seq2[Segment, error] {
	return segments.each(ctx, c)
}

// SegmentCount is how many there were when it was first asked for.
func (c *Client) SegmentCount(ctx context.Context) (int, error) {
	return remember(ctx, c, "number of segments", func(ctx context.Context) (int, error) {
		list, err := segments.all(ctx, c)
		return len(list), err
	})
}

// CreateSegment makes one.
func (c *Client) CreateSegment(ctx context.Context, want Segment) (Segment, error) {
	made, err := segments.create(ctx, c, segmentsPath, want.settings(), func(s Segment) bool { return s.ID != 0 && s.Name == want.Name })
	return made, c.segmentRefused(ctx, want, err)
}

// UpdateSegment changes everything. The server answers with nothing.
func (c *Client) UpdateSegment(ctx context.Context, _, want Segment) (Segment, error) {
	return want, c.segmentRefused(ctx, want, segments.do(ctx, c, http.MethodPut, want.path(), want.settings()))
}

// DeleteSegment deletes one that no strategy of a live flag uses.
func (c *Client) DeleteSegment(ctx context.Context, at Segment) error {
	return c.whenUnused(ctx, func() error { return segments.do(ctx, c, http.MethodDelete, at.path(), nil) }, // refused without a word
		func() []Usage { return c.segmentUsers(ctx, at) },
		"Take it from them first, and what Terraform manages should refer to the id of this resource, so that it goes first. To take it from them and delete it in one run, it needs lifecycle { create_before_destroy = true }.")
}

// segmentUsers is who uses a segment, change requests included, as far as the server says.
func (c *Client) segmentUsers(ctx context.Context, at Segment) []Usage {
	answer, err := rest.Get[struct{ Strategies, ChangeRequestStrategies []Usage }](ctx, c.rest, rest.P("/api/admin/segments/{}/strategies", at.ID))
	if err != nil {
		return nil
	}
	return append(answer.Strategies, answer.ChangeRequestStrategies...)
}

// segmentRefused finds what an answer is about. Beside the name, which it tells, the server refuses a project that users
// do not belong to, and constraints.
func (c *Client) segmentRefused(ctx context.Context, want Segment, err error) error {
	if hasStatus(err, http.StatusBadRequest) && !hasFields(err) {
		if want.ID != 0 && want.Project != nil {
			elsewhere := slices.DeleteFunc(c.segmentUsers(ctx, want), func(u Usage) bool { return u.Project == *want.Project })
			if len(elsewhere) > 0 {
				return about(inUse(err, elsewhere, "Take the segment from them first, or leave it to all projects."), "project")
			}
		}
		return about(err, "constraints")
	}
	return noProject(nameTaken(err), want.Project)
}
