package crud_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/flagops/terraform-provider-flagops/internal/crud"
)

type bookSpec = crud.Spec[*library, bookModel, book]

// Each mistake is found without Terraform, in words that name it.
func TestSelfCheckFindsMistakes(t *testing.T) {
	t.Parallel()
	attribute := func(name string, a schema.Attribute) func(*bookSpec) {
		return func(s *bookSpec) { s.Schema.Attributes[name] = a }
	}
	for want, spoil := range map[string]func(*bookSpec){
		"Read and Delete are needed":                 func(s *bookSpec) { s.Delete = nil },
		`no attribute "nothing"`:                     func(s *bookSpec) { s.Facets = []string{"nothing"} },
		`key attribute "shelf_id" may change`:        attribute("shelf_id", schema.Int64Attribute{Required: true, MarkdownDescription: "Shelf."}),
		`facet "title" must be optional`:             func(s *bookSpec) { s.Facets = []string{"title"} },
		"a bool or a string with a default":          func(s *bookSpec) { s.Local = []string{"pages"} },
		`"pages" is sensitive and would be wiped`:    attribute("pages", schema.Int64Attribute{Optional: true, Sensitive: true, MarkdownDescription: "Pages."}),
		"must be optional and have a":                func(s *bookSpec) { delete(s.Schema.Attributes, "secret_wo_version") },
		`"title" can change, but there is no Update`: func(s *bookSpec) { s.Update = nil },
		"pages has no description":                   attribute("pages", schema.Int64Attribute{Optional: true}),
		"no data source can be derived":              attribute("pages", schema.Float64Attribute{Optional: true, MarkdownDescription: "Pages."}),
		"model and schema disagree":                  attribute("pages", schema.StringAttribute{Optional: true, MarkdownDescription: "Pages."}),
		"reserved":                                   attribute("count", schema.Int64Attribute{Optional: true, MarkdownDescription: "A word of Terraform's."}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := books
			s.Schema.Attributes = maps.Clone(s.Schema.Attributes)
			spoil(&s)
			if err := errors.Join(s.SelfCheck(context.Background())...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("found %v", err)
			}
		})
	}
}

// A Plain registers what it is given, and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	full := crud.Plain{
		Name: "odd", Resource: func() resource.Resource { return volume{} },
		DataSource: func() datasource.DataSource { return nil }, List: func() list.ListResource { return nil },
	}
	for _, p := range []struct {
		crud.Plain
		each int
	}{{full, 1}, {crud.Plain{Name: "odd"}, 0}} {
		if len(p.Resources()) != p.each || len(p.DataSources()) != p.each || len(p.ListResources()) != p.each || p.SelfCheck(t.Context()) != nil || p.Facts().Name != "odd" {
			t.Errorf("%+v", p)
		}
	}
	if f := lending.Facts(); !f.Resource || len(f.Facets) != 2 || f.Local[0] != "on_destroy" {
		t.Errorf("%+v", f)
	}
}
