package crud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// source is a Spec as data source: one object, found by its key or by its look-up attributes.
type source[C Client, M, A any] struct{ *object[C, M, A] }

func (d source[C, M, A]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.spec.Name
}

func (d source[C, M, A]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*Data)
}

func (d source[C, M, A]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	own, lookup := d.handles()
	resp.Schema.MarkdownDescription = "Reads one existing object. " + d.spec.Schema.MarkdownDescription
	resp.Schema.Attributes = d.spec.derived()
	for _, name := range append(append(d.spec.parents(), own, lookup), d.spec.Also...) {
		if name == "" {
			continue
		}
		required := name != lookup && !d.spec.narrows(name) && (name != own || lookup == "") && d.spec.Schema.Attributes[name].IsRequired()
		resp.Schema.Attributes[name] = input(resp.Schema.Attributes[name], required)
	}
}

// handles are the two attributes that can single out an object below its parents; lookup is "" where there is one way.
func (d source[C, M, A]) handles() (own, lookup string) {
	own = d.spec.Key[len(d.spec.Key)-1]
	if n := len(d.spec.Lookup); n > 0 {
		lookup = d.spec.Lookup[n-1]
	}
	return own, lookup
}

// optional says that neither handle need be given: an object at the top of which a token may see just one.
func (d source[C, M, A]) optional() bool { return len(d.spec.Key) == 1 && len(d.spec.Lookup) == 1 }

func (d source[C, M, A]) ValidateConfig(_ context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	own, lookup := d.handles()
	if lookup == "" {
		return
	}
	config := explode(req.Config.Raw, tftypes.Object{})
	ways := append([]string{own, lookup}, d.spec.Also...)
	var given []string
	for _, name := range ways {
		if !config[name].IsKnown() {
			return
		}
		if config.given(name) {
			given = append(given, name)
		}
	}
	switch {
	case len(given) > 1:
		resp.Diagnostics.AddAttributeError(path.Root(given[1]), "Two ways to find one object", fmt.Sprintf("Give %s or %s, not both.", given[0], given[1]))
	case len(given) == 0 && !d.optional():
		resp.Diagnostics.AddAttributeError(path.Root(lookup), "No way to find the object", fmt.Sprintf("Give %s.", strings.Join(ways, " or ")))
	}
}

func (d source[C, M, A]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	c, ok := d.client(&resp.Diagnostics)
	if !ok {
		return
	}
	config := explode(req.Config.Raw, tftypes.Object{})
	v := explode(tftypes.NewValue(d.typ, nil), d.typ)
	for name := range config {
		v[name] = config[name]
	}
	own, lookup := d.handles()
	var state values
	if lookup == "" || v.given(own) {
		model := decode[M](ctx, d.spec.Schema, v, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		got, err := d.spec.Read(c, ctx, d.spec.ToAPI(&model))
		if err != nil {
			d.failed(ctx, resp, v, err)
			return
		}
		state = d.merge(ctx, model, got, &resp.Diagnostics)
	} else {
		found, err := d.find(ctx, c, v)
		if err != nil {
			d.failed(ctx, resp, v, err)
			return
		}
		state = found
	}
	resp.State.Raw = state.pick(resp.State.Schema.Type().TerraformType(ctx).(tftypes.Object))
}

func (d source[C, M, A]) failed(ctx context.Context, resp *datasource.ReadResponse, v values, err error) {
	if own, lookup := d.handles(); errors.Is(err, rest.ErrNotFound) {
		for _, name := range append([]string{lookup}, d.spec.Also...) {
			if !v.given(own) && name != "" {
				own = name
			}
		}
		resp.Diagnostics.AddAttributeError(path.Root(own), fmt.Sprintf("No such flagops_%s", d.spec.Name), sentence(err.Error()))
		return
	}
	d.fail(ctx, &resp.Diagnostics, "read", v, err, "")
}

// plural is a Spec as plural data source: all objects below their parents, in the server's order.
type plural[C Client, M, A any] struct{ *object[C, M, A] }

func (d plural[C, M, A]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.spec.Plural
}

func (d plural[C, M, A]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.data, _ = req.ProviderData.(*Data)
}

// items is the attribute that holds the objects: flagsmith_organisations → organisations.
func (d plural[C, M, A]) items() string {
	_, noun, _ := strings.Cut(d.spec.Plural, "_")
	return noun
}

func (d plural[C, M, A]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema.MarkdownDescription = "Reads all existing objects. " + d.spec.Schema.MarkdownDescription
	resp.Schema.Attributes = map[string]dsschema.Attribute{
		d.items(): dsschema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The objects, in the server's order.",
			NestedObject: dsschema.NestedAttributeObject{Attributes: d.spec.derived()},
		},
	}
	for _, name := range d.spec.parents() {
		resp.Schema.Attributes[name] = input(d.spec.derived()[name], !d.spec.narrows(name))
	}
	for _, name := range d.spec.Filters {
		resp.Schema.Attributes[name] = filter(d.spec.Schema.Attributes[name])
	}
}

func (d plural[C, M, A]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	c, ok := d.client(&resp.Diagnostics)
	if !ok {
		return
	}
	config := explode(req.Config.Raw, tftypes.Object{})
	v := explode(tftypes.NewValue(d.typ, nil), d.typ)
	for _, name := range d.spec.parents() {
		v[name] = config[name]
	}
	model := decode[M](ctx, d.spec.Schema, v, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	typ := resp.State.Schema.Type().TerraformType(ctx).(tftypes.Object)
	itemsType := typ.AttributeTypes[d.items()].(tftypes.List)
	items := []tftypes.Value{}
	for item, err := range d.spec.List(c, ctx, d.spec.ToAPI(&model)) {
		if err != nil {
			d.fail(ctx, &resp.Diagnostics, "list", v, err, "")
			return
		}
		var m M
		if found := d.merge(ctx, m, item, &resp.Diagnostics); matches(found, config, d.spec.Filters) {
			items = append(items, found.pick(itemsType.ElementType.(tftypes.Object)))
		}
	}
	config[d.items()] = tftypes.NewValue(itemsType, items)
	resp.State.Raw = config.raw(typ)
}

// matches says that an object has what the filters that are set ask for.
func matches(found, config values, filters []string) bool {
	for _, name := range filters {
		var wanted, has []tftypes.Value
		switch {
		case !config.given(name):
		case config[name].Type().Is(tftypes.Set{}) && config[name].As(&wanted) == nil && found[name].As(&has) == nil:
			for _, element := range wanted {
				if !slices.ContainsFunc(has, element.Equal) {
					return false
				}
			}
		case !config[name].Equal(found[name]):
			return false
		}
	}
	return true
}

// filter makes an optional input of an attribute.
func filter(a schema.Attribute) dsschema.Attribute {
	text := "Only those with this. " + a.GetMarkdownDescription()
	switch a := a.(type) {
	case schema.BoolAttribute:
		return dsschema.BoolAttribute{Optional: true, MarkdownDescription: text}
	case schema.Int64Attribute:
		return dsschema.Int64Attribute{Optional: true, MarkdownDescription: text}
	case schema.SetAttribute:
		return dsschema.SetAttribute{Optional: true, MarkdownDescription: text, ElementType: a.ElementType}
	case schema.SetNestedAttribute:
		inner := map[string]dsschema.Attribute{}
		for name, child := range a.NestedObject.Attributes {
			inner[name] = input(computed(child), true)
		}
		return dsschema.SetNestedAttribute{Optional: true, MarkdownDescription: text, NestedObject: dsschema.NestedAttributeObject{Attributes: inner}}
	}
	return dsschema.StringAttribute{Optional: true, MarkdownDescription: text}
}

// derived is the resource's schema for reading: everything computed, without write-only and local attributes.
func (s *Spec[C, M, A]) derived() map[string]dsschema.Attribute {
	attributes := map[string]dsschema.Attribute{}
	for name, a := range s.Schema.Attributes {
		if a.IsWriteOnly() || strings.HasSuffix(name, writeOnlyVersion) || slices.Contains(s.Local, name) {
			continue
		}
		attributes[name] = computed(a)
	}
	return attributes
}

func computedAll(attributes map[string]schema.Attribute) map[string]dsschema.Attribute {
	result := make(map[string]dsschema.Attribute, len(attributes))
	for name, a := range attributes {
		result[name] = computed(a)
	}
	return result
}

func computed(a schema.Attribute) dsschema.Attribute {
	text, sensitive := a.GetMarkdownDescription(), a.IsSensitive()
	switch a := a.(type) {
	case schema.BoolAttribute:
		return dsschema.BoolAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive}
	case schema.Int64Attribute:
		return dsschema.Int64Attribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive}
	case schema.NumberAttribute:
		return dsschema.NumberAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive}
	case schema.ListAttribute:
		return dsschema.ListAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive, ElementType: a.ElementType}
	case schema.SetAttribute:
		return dsschema.SetAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive, ElementType: a.ElementType}
	case schema.MapAttribute:
		return dsschema.MapAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive, ElementType: a.ElementType}
	case schema.SingleNestedAttribute:
		return dsschema.SingleNestedAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive, Attributes: computedAll(a.Attributes)}
	case schema.ListNestedAttribute:
		return dsschema.ListNestedAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive,
			NestedObject: dsschema.NestedAttributeObject{Attributes: computedAll(a.NestedObject.Attributes)}}
	case schema.SetNestedAttribute:
		return dsschema.SetNestedAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive,
			NestedObject: dsschema.NestedAttributeObject{Attributes: computedAll(a.NestedObject.Attributes)}}
	case schema.MapNestedAttribute:
		return dsschema.MapNestedAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive,
			NestedObject: dsschema.NestedAttributeObject{Attributes: computedAll(a.NestedObject.Attributes)}}
	default: // strings; SelfCheck refuses other types
		return dsschema.StringAttribute{Computed: true, MarkdownDescription: text, Sensitive: sensitive}
	}
}

// input makes an attribute of a data source one that the configuration gives.
func input(a dsschema.Attribute, required bool) dsschema.Attribute {
	switch a := a.(type) {
	case dsschema.Int64Attribute:
		a.Required, a.Optional, a.Computed = required, !required, !required
		return a
	case dsschema.StringAttribute:
		a.Required, a.Optional, a.Computed = required, !required, !required
		return a
	}
	return a
}
