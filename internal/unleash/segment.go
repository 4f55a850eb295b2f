package unleash

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/api"
)

type segmentModel struct {
	ID          *int64            `tfsdk:"id"`
	Name        *string           `tfsdk:"name"`
	Description *string           `tfsdk:"description"`
	Project     *string           `tfsdk:"project"`
	Constraints []constraintModel `tfsdk:"constraints"`
	CreatedBy   *string           `tfsdk:"created_by"`
	CreatedAt   *string           `tfsdk:"created_at"`
}

var segment = crud.Spec[*api.Client, segmentModel, api.Segment]{
	Name:    "unleash_segment",
	Plural:  "unleash_segments",
	Filters: []string{"name", "project"},
	Key:     []string{"id"},
	Lookup:  []string{"name"},
	Fields:  map[string]string{"value": "constraints"}, // of a constraint whose place the server does not say
	Schema: schema.Schema{
		MarkdownDescription: "A group of users, told by constraints, to which strategies of flags can be limited. Creating one changes no " +
			"live flag, since no strategy uses it yet. **Updating its constraints changes at once, for every strategy that uses it, who " +
			"gets the flag.** Destroying it is refused while strategies of live flags use it: the error names them. Those of archived " +
			"flags do not count, and lose it.",
		Attributes: map[string]schema.Attribute{
			"id": crud.ID("Number that Unleash gave the segment. Strategies refer to it."),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "What the segment is called: any text, unique on the server.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"description": optionalText("Who is in the segment, in words. Left out: none."),
			"project": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Id of the one project whose flags may use the segment. Left out, those of every project may. It changes in " +
					"place, unless strategies of other projects use the segment: the error names them.",
			},
			"constraints": schema.ListNestedAttribute{
				Required: true, NestedObject: constraint(),
				MarkdownDescription: "What must all hold for a user to be in the segment. `[]`: everybody is. How many `values` they may have " +
					"together is a setting of the server, 1,000 by default.",
			},
			"created_by": crud.Text("Who made the segment."),
			"created_at": crud.Text("When the segment was made: RFC 3339, in UTC."),
		},
	},
	ToAPI: func(m *segmentModel) api.Segment {
		return api.Segment{
			ID: deref(m.ID), Name: deref(m.Name), Description: m.Description, Project: m.Project,
			Constraints: constraintsToAPI(m.Constraints), CreatedBy: m.CreatedBy, CreatedAt: m.CreatedAt,
		}
	},
	FromAPI: func(m *segmentModel, s api.Segment) {
		*m = segmentModel{
			ID: &s.ID, Name: &s.Name, Description: s.Description, Project: s.Project,
			Constraints: constraintsFromAPI(m.Constraints, s.Constraints), CreatedBy: s.CreatedBy, CreatedAt: s.CreatedAt,
		}
	},
	Check:  checkSegment,
	Create: (*api.Client).CreateSegment,
	Read:   (*api.Client).Segment,
	Update: (*api.Client).UpdateSegment,
	Delete: (*api.Client).DeleteSegment,
	List:   (*api.Client).Segments,
}

// checkSegment holds a segment against the server's limits.
func checkSegment(ctx context.Context, check crud.Check[*api.Client, segmentModel]) (diags diag.Diagnostics) {
	if check.Client == nil {
		return nil
	}
	server, err := check.Client.Server(ctx)
	if err != nil {
		return nil
	}
	var values int
	for _, c := range check.Plan.Constraints {
		values += len(c.Values)
	}
	if limit := server.Limits.SegmentValues; limit > 0 && values > limit {
		diags.AddAttributeError(path.Root("constraints"), "More values than this Unleash takes", fmt.Sprintf("The constraints have %d values "+
			"together; this server takes at most %d in a segment (UNLEASH_SEGMENT_VALUES_LIMIT).", values, limit))
	}
	if check.Prior == nil {
		diags.Append(full(ctx, check.Client, "segments", "UNLEASH_SEGMENTS_LIMIT", func(l api.Limits) int { return l.Segments }, (*api.Client).SegmentCount)...)
	}
	return diags
}
