package crud_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// wire speaks to a provider as Terraform does, so that a test decides what comes first, and reads warnings.
type wire struct {
	t *testing.T
	tfprotov6.ProviderServer
	schemas map[string]*tfprotov6.Schema
}

func dial(t *testing.T, p provider.Provider) *wire {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t, server, schemas.ResourceSchemas}
	empty := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	configure := &tfprotov6.ConfigureProviderRequest{Config: w.dynamic(empty, tftypes.NewValue(empty, map[string]tftypes.Value{}))}
	if _, err := server.ConfigureProvider(t.Context(), configure); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wire) dynamic(typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	d, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		w.t.Fatal(err)
	}
	return &d
}

// thing is a resource of a toy type with some attributes; without any it is null.
type thing map[string]any

func (w *wire) value(typ string, of thing) *tfprotov6.DynamicValue {
	w.t.Helper()
	object := w.schemas["flagops_"+typ].ValueType().(tftypes.Object)
	if of == nil {
		return w.dynamic(object, tftypes.NewValue(object, nil))
	}
	attributes := map[string]tftypes.Value{}
	for name, t := range object.AttributeTypes {
		attributes[name] = tftypes.NewValue(t, of[name])
	}
	return w.dynamic(object, tftypes.NewValue(object, attributes))
}

func told(diagnostics []*tfprotov6.Diagnostic) string {
	var texts []string
	for _, d := range diagnostics {
		texts = append(texts, d.Severity.String()+" "+d.Summary+": "+d.Detail)
	}
	return strings.Join(texts, "\n")
}

// change is what one resource was and is to be. Where that replaces it, or force says so, Terraform plans twice.
type change struct {
	typ       string
	was, want thing
	force     bool
}

func (w *wire) plan(c change) string {
	w.t.Helper()
	send := func(was thing) *tfprotov6.PlanResourceChangeResponse {
		resp, err := w.PlanResourceChange(w.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "flagops_" + c.typ,
			PriorState: w.value(c.typ, was), ProposedNewState: w.value(c.typ, c.want), Config: w.value(c.typ, c.want)})
		if err != nil {
			w.t.Fatal(err)
		}
		return resp
	}
	resp := send(c.was)
	text := told(resp.Diagnostics)
	if c.was != nil && (len(resp.RequiresReplace) > 0 || c.force) {
		text += told(send(nil).Diagnostics)
	}
	return text
}

func noteOf(room, name string) thing { return thing{"room": room, "name": name, "loud": false} }

func loanOf(reader any, onDestroy string) thing {
	return thing{"shelf_id": 1, "book_id": 2, "reader": reader, "on_destroy": onDestroy}
}

// What a plan says about objects that change their owner or their address does not depend on what is planned first.
func TestPlansTogether(t *testing.T) {
	t.Parallel()
	hall, attic, poster := noteOf("hall", "a"), noteOf("attic", "a"), noteOf("cellar", "a")
	loud := thing{"room": "garden", "name": "a", "loud": true}
	const (
		noteDeletes = `ERROR Taking over the wall at a: This plan destroys a flagops_toy_note, and a flagops_toy_poster owns .*` +
			`\n\nremoved {\n  from = flagops_toy_note.this\n  lifecycle { destroy = false }\n}\n`
		loanDeletes = `ERROR Taking over the wall at a: This plan destroys a flagops_toy_loan, and a flagops_toy_note owns .*removed {\n  from = flagops_toy_loan`
		replaces    = `ERROR Taking over the wall at a: This plan replaces a flagops_toy_note by .*, and a flagops_toy_poster owns .*Apply one of the two`
		imports     = `ERROR Taking over the wall at a: .* leaves the wall at a of a flagops_toy_loan .* creates a flagops_toy_note .* twice\. Import it`
		renamed     = `ERROR flagops_toy_note hall/a is to be destroyed and kept: .*moved {\n  from = flagops_toy_note.old\n  to   = flagops_toy_note.new\n}` +
			`.*removed {\n  from = flagops_toy_note.this\n  lifecycle { destroy = false }\n}`
	)
	for name, test := range map[string]struct {
		changes []change
		want    string // "": no error
	}{
		"both own":              {[]change{{"toy_note", nil, hall, false}, {"toy_poster", nil, poster, false}}, "ERROR Two ways to own the wall at a: .*Keep one"},
		"destroyed, created":    {[]change{{"toy_note", hall, nil, false}, {"toy_poster", nil, poster, false}}, noteDeletes},
		"destroyed, unchanged":  {[]change{{"toy_note", hall, nil, false}, {"toy_poster", poster, poster, false}}, noteDeletes},
		"replaced, created":     {[]change{{"toy_note", hall, noteOf("hall", "b"), false}, {"toy_poster", nil, poster, false}}, replaces},
		"reset, created":        {[]change{{"toy_loan", loanOf("a", "reset"), nil, false}, {"toy_note", nil, hall, false}}, loanDeletes},
		"reset, unchanged":      {[]change{{"toy_loan", loanOf("a", "reset"), nil, false}, {"toy_note", hall, hall, false}}, loanDeletes},
		"kept, created":         {[]change{{"toy_loan", loanOf("a", "keep"), nil, false}, {"toy_note", nil, hall, false}}, imports},
		"given up, created":     {[]change{{"toy_loan", loanOf("a", "keep"), loanOf(nil, "keep"), false}, {"toy_note", nil, hall, false}}, imports},
		"changed, created":      {[]change{{"toy_loan", loanOf("a", "reset"), loanOf("b", "reset"), false}, {"toy_note", nil, hall, false}}, imports},
		"kept, replaced":        {[]change{{"toy_loan", loanOf("a", "keep"), nil, false}, {"toy_note", noteOf("hall", "b"), hall, false}}, imports},
		"kept, another created": {[]change{{"toy_loan", loanOf("a", "keep"), nil, false}, {"toy_note", nil, loud, false}}, ""},
		"kept, who knows":       {[]change{{"toy_loan", loanOf("a", "keep"), nil, false}, {"toy_note", nil, thing{"room": "hall", "name": "a", "loud": tftypes.UnknownValue}, false}}, ""},
		"given up, one created, one destroyed": {[]change{{"toy_loan", loanOf("a", "keep"), loanOf(nil, "keep"), false}, {"toy_note", hall, nil, false},
			{"toy_note", nil, attic, false}}, imports},
		"given up, another created, one destroyed": {[]change{{"toy_loan", loanOf("a", "keep"), loanOf(nil, "keep"), false}, {"toy_note", hall, nil, false},
			{"toy_note", nil, loud, false}}, ""},
		"kept, imported":     {[]change{{"toy_loan", loanOf("a", "keep"), nil, false}, {"toy_note", hall, hall, false}}, ""},
		"given up, imported": {[]change{{"toy_loan", loanOf("a", "keep"), loanOf(nil, "keep"), false}, {"toy_note", hall, hall, false}}, ""},
		"kept, replaced by another": {[]change{{"toy_loan", loanOf("a", "keep"), thing{"shelf_id": 1, "book_id": 3, "on_destroy": "keep"}, false},
			{"toy_note", nil, hall, false}}, imports},
		"never owned":           {[]change{{"toy_loan", loanOf(nil, "reset"), nil, false}, {"toy_note", nil, hall, false}}, ""},
		"all destroyed":         {[]change{{"toy_loan", loanOf("a", "reset"), nil, false}, {"toy_note", hall, nil, false}, {"toy_poster", poster, nil, false}}, ""},
		"parts of one":          {[]change{{"toy_share", noteOf("hall", "x"), nil, false}, {"toy_share", noteOf("hall", "y"), noteOf("hall", "y"), false}}, ""},
		"part of one elsewhere": {[]change{{"toy_share", noteOf("hall", "x"), nil, false}, {"toy_share", nil, noteOf("hall", "x"), false}}, `ERROR flagops_toy_share hall is to be`},
		"one of its type":       {[]change{{"toy_note", hall, nil, false}, {"toy_note", nil, attic, false}}, ""},

		"imported elsewhere":                                    {[]change{{"toy_note", hall, nil, false}, {"toy_note", hall, hall, false}}, renamed},
		"replaced away, imported elsewhere":                     {[]change{{"toy_note", hall, attic, false}, {"toy_note", hall, hall, false}}, renamed},
		"replaced away, created elsewhere":                      {[]change{{"toy_note", hall, attic, false}, {"toy_note", nil, hall, false}}, renamed},
		"replaced, with an id that it keeps for the time being": {[]change{{"toy_shelf", thing{"id": 1, "name": "a"}, thing{"id": 1, "name": "b"}, false}}, ""},
		"swapped":           {[]change{{"toy_note", hall, attic, false}, {"toy_note", attic, hall, false}}, `ERROR flagops_toy_note (hall|attic)/a is to be destroyed and kept`},
		"another address":   {[]change{{"toy_note", hall, nil, false}, {"toy_note", nil, hall, false}}, renamed},
		"replaced by force": {[]change{{"toy_note", hall, hall, true}, {"toy_note", attic, attic, false}}, ""},
		"replaced":          {[]change{{"toy_note", hall, attic, false}}, ""},
		"adopted elsewhere": {[]change{{"toy_loan", loanOf("a", "reset"), nil, false}, {"toy_loan", nil, loanOf("b", "keep"), false}}, ""},
		"key chosen by server": {[]change{{"toy_book", thing{"shelf_id": 1, "id": 2, "title": "Dune"}, nil, false},
			{"toy_book", nil, thing{"shelf_id": 1, "title": "Dune"}, false}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				w, said := dial(t, toy{library: newLibrary()}), ""
				for _, c := range test.changes {
					said += w.plan(c) + "\n"
				}
				if failed := strings.Contains(said, "ERROR"); failed != (test.want != "") || !regexp.MustCompile("(?s)"+test.want).MatchString(said) {
					t.Errorf("%+v: %s", test.changes, said)
				}
				slices.Reverse(test.changes)
			}
		})
	}
}

// The warning about what is gone is prose, whether the server ends its sentences or not.
func TestGone(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"no such book", "no such book."} {
		l := newLibrary()
		l.fail["read book 2"] = &rest.Error{Method: "GET", Path: "/book/", Status: 404, Message: message, Kind: rest.ErrNotFound}
		w := dial(t, toy{library: l})
		resp, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "flagops_toy_book", CurrentState: w.value("toy_book", thing{"shelf_id": 1, "id": 2})})
		if err != nil {
			t.Fatal(err)
		}
		want := "WARNING flagops_toy_book 1/2 is gone: The server does not have it any more, or not there: GET /book/: 404 Not Found: no such book. Terraform forgets it"
		if got := told(resp.Diagnostics); !strings.HasPrefix(got, want) {
			t.Error(got)
		}
	}
}

// ringing is a toy whose writes are stopped while the server answers, and then have more to do.
type ringing struct {
	toy
	write func(context.Context) error
}

func (p ringing) Resources(context.Context) []func() frameworkresource.Resource {
	s := notes
	s.Create = func(_ *library, ctx context.Context, n note) (note, error) { return n, p.write(ctx) }
	s.Update = func(_ *library, ctx context.Context, _, n note) (note, error) { return n, p.write(ctx) }
	s.Delete = func(_ *library, ctx context.Context, _ note) error { return p.write(ctx) }
	return s.Resources()
}

// Terraform that is told to stop lets create, update and delete finish what they have begun.
func TestOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]change{
		"create": {want: noteOf("hall", "a")},
		"update": {was: noteOf("hall", "a"), want: thing{"room": "hall", "name": "a", "loud": true}},
		"delete": {was: noteOf("hall", "a")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stop() }))
			t.Cleanup(server.Close)
			client, err := rest.New(rest.Config{Backend: "toy", BaseURL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			w := dial(t, ringing{toy{library: newLibrary()}, func(ctx context.Context) error {
				return errors.Join(client.Do(ctx, http.MethodPost, rest.P("/x"), nil, nil), client.Do(ctx, http.MethodGet, rest.P("/x"), nil, nil))
			}})
			resp, err := w.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: "flagops_toy_note",
				PriorState: w.value("toy_note", c.was), PlannedState: w.value("toy_note", c.want), Config: w.value("toy_note", c.want)})
			if err != nil || len(resp.Diagnostics) > 0 || ctx.Err() == nil {
				t.Error(err, told(resp.Diagnostics))
			}
		})
	}
}
