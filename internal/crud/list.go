package crud

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// parents are the attributes below which objects are listed: those of the key, then those of the look-up that only narrow.
func (s *Spec[C, M, A]) parents() []string {
	names := slices.Clone(s.Key[:len(s.Key)-1])
	if len(s.Lookup) > 0 {
		for _, name := range s.Lookup[:len(s.Lookup)-1] {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// narrows says that a parent may be left out.
func (s *Spec[C, M, A]) narrows(name string) bool {
	return !slices.Contains(s.Key, name) || !s.Schema.Attributes[name].IsRequired()
}

func (o *object[C, M, A]) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema.Attributes = map[string]listschema.Attribute{}
	resp.Schema.MarkdownDescription = "Lists existing objects of the type `flagops_" + o.spec.Name + "` for `terraform query`."
	for _, name := range o.spec.parents() {
		optional, description := o.spec.narrows(name), o.spec.Schema.Attributes[name].GetMarkdownDescription()
		if o.typ.AttributeTypes[name].Is(tftypes.String) {
			resp.Schema.Attributes[name] = listschema.StringAttribute{Required: !optional, Optional: optional, MarkdownDescription: description}
		} else {
			resp.Schema.Attributes[name] = listschema.Int64Attribute{Required: !optional, Optional: optional, MarkdownDescription: description}
		}
	}
}

func (o *object[C, M, A]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		// An error must travel as a result: a stream assigned in here would be lost.
		failed := func(diags diag.Diagnostics) { push(list.ListResult{Diagnostics: diags}) }
		var diags diag.Diagnostics
		c, ok := o.client(&diags)
		if !ok {
			failed(diags)
			return
		}
		within := explode(tftypes.NewValue(o.typ, nil), o.typ)
		config := explode(req.Config.Raw, tftypes.Object{})
		for _, name := range o.spec.parents() {
			if value, ok := config[name]; ok {
				within[name] = value
			}
		}
		model := decode[M](ctx, o.spec.Schema, within, &diags)
		if diags.HasError() {
			failed(diags)
			return
		}
		var sent int64
		for item, err := range o.spec.List(c, ctx, o.spec.ToAPI(&model)) {
			if err != nil {
				o.fail(ctx, &diags, "list", within, err, "")
				failed(diags)
				return
			}
			result := req.NewListResult(ctx)
			var m M
			v := o.merge(ctx, m, item, &result.Diagnostics)
			applyDefaults(ctx, o.spec.Schema, o.spec.Local, v)
			identify(result.Identity, v)
			result.DisplayName = o.title(v, item)
			if req.IncludeResource {
				result.Resource.Raw = v.raw(o.typ)
			}
			if sent++; !push(result) || (req.Limit > 0 && sent >= req.Limit) {
				return
			}
		}
	}
}

// title is all that a person sees of a listed object.
func (o *object[C, M, A]) title(v values, item A) string {
	if o.spec.Title != nil {
		return o.spec.Title(item) + " (" + v.join(o.spec.Key) + ")"
	}
	if n := len(o.spec.Lookup); n > 0 {
		return v.text(o.spec.Lookup[n-1]) + " (" + v.join(o.spec.Key) + ")"
	}
	return v.join(o.spec.Key)
}
