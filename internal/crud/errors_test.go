package crud

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
