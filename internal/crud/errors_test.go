package crud

import (
	"errors"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// What a server says of a field lands on its attribute, whatever the server's spelling; of an element, on its collection;
// of what no attribute stands for, on the object.
func TestErrorsLand(t *testing.T) {
	t.Parallel()
	text := schema.StringAttribute{Optional: true}
	o := newObject(Spec[Client, struct{}, struct{}]{Name: "toy", Fields: map[string]string{"lender": "lender_id"}, Schema: schema.Schema{
		Attributes: map[string]schema.Attribute{
			"name": text, "lender_id": text, "legal_values": schema.ListAttribute{Optional: true, ElementType: types.StringType},
			"rules": schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{
				Attributes: map[string]schema.Attribute{"context_name": text},
			}},
		},
	}})
	for field, want := range map[string]string{
		"name": "name", "lender": "lender_id", "legalValues": "legal_values", "legalValues[1]": "legal_values",
		"rules[0].contextName": "rules[0].context_name", "rules[0].operator": "rules", "value": "", "": "",
	} {
		var diags diag.Diagnostics
		err := &rest.Error{Method: "PUT", Path: "/toys/1", Status: 400, Fields: map[string][]string{field: {"No."}}}
		o.fail(t.Context(), &diags, "update", values{}, err, "")
		got := ""
		if at, ok := diags[0].(diag.DiagnosticWithPath); ok {
			got = at.Path().String()
		}
		if got != want || len(diags) != 1 {
			t.Errorf("%q landed on %q, not on %q", field, got, want)
		}
	}
}

// All that a server says is shown, advice once with each place; what has no name yet is called by what there is.
func TestErrorsShow(t *testing.T) {
	t.Parallel()
	o := newObject(Spec[Client, struct{}, struct{}]{Name: "toy", Key: []string{"parent", "id"}, Schema: schema.Schema{
		Attributes: map[string]schema.Attribute{"parent": schema.StringAttribute{Required: true}, "id": schema.StringAttribute{Computed: true}},
	}})
	text := func(s any) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	fields := func(fields ...string) error {
		e := &rest.Error{Method: "PUT", Path: "/toys", Status: 400, Hint: "Do this", Fields: map[string][]string{}}
		for _, field := range fields {
			e.Fields[field] = []string{"Bad", field}
		}
		return e
	}
	for name, test := range map[string]struct {
		v    values
		err  error
		want []string
	}{
		"one lands":    {values{"parent": text("p"), "id": text("1")}, fields("id", "odd", "zero"), []string{"Cannot update flagops_toy p/1: PUT /toys answered 400: Bad id.\n\nDo this.!", "Cannot update flagops_toy p/1: odd: Bad odd; zero: Bad zero."}},
		"all land":     {values{"parent": text("p"), "id": text(nil)}, fields("id", "parent"), []string{"Cannot update flagops_toy p: PUT /toys answered 400: Bad id.\n\nDo this.!", "Cannot update flagops_toy p: PUT /toys answered 400: Bad parent.\n\nDo this.!"}},
		"none lands":   {values{"parent": text(nil), "id": text("1")}, fields("odd"), []string{"Cannot update flagops_toy 1: PUT /toys: 400 Bad Request; odd: Bad odd. Do this.!"}},
		"no answer":    {values{"parent": text(tftypes.UnknownValue), "id": text(nil)}, errors.New("lost"), []string{"Cannot update flagops_toy: lost.!"}},
		"its own stop": {values{}, errors.New("Lost."), []string{"Cannot update flagops_toy: Lost.!"}},
	} {
		var diags diag.Diagnostics
		o.fail(t.Context(), &diags, "update", test.v, test.err, "!")
		var got []string
		for _, d := range diags {
			got = append(got, d.Summary()+": "+d.Detail())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
