package crud

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// values is an object of Terraform, by attribute. The engine works on these; models see them decoded.
type values map[string]tftypes.Value

func objectType(s schema.Schema) tftypes.Object {
	return s.Type().TerraformType(context.Background()).(tftypes.Object)
}

// explode copies a raw object; a null one has every attribute null.
func explode(raw tftypes.Value, typ tftypes.Object) values {
	v := values{}
	if raw.IsKnown() && !raw.IsNull() && raw.As((*map[string]tftypes.Value)(&v)) == nil {
		return v.clone()
	}
	for name, t := range typ.AttributeTypes {
		v[name] = tftypes.NewValue(t, nil)
	}
	return v
}

func (v values) clone() values {
	c := make(values, len(v))
	for name, value := range v {
		c[name] = value
	}
	return c
}

// null sets an attribute to null.
func (v values) null(name string) { v[name] = tftypes.NewValue(v[name].Type(), nil) }

// given says that an attribute is there, known and not null.
func (v values) given(name string) bool {
	value, ok := v[name]
	return ok && value.IsKnown() && !value.IsNull()
}

func (v values) raw(typ tftypes.Object) tftypes.Value {
	return tftypes.NewValue(typ, map[string]tftypes.Value(v))
}

// pick keeps the attributes that typ has.
func (v values) pick(typ tftypes.Object) tftypes.Value {
	picked := values{}
	for name, t := range typ.AttributeTypes {
		if value, ok := v[name]; ok {
			picked[name] = value
		} else {
			picked[name] = tftypes.NewValue(t, nil)
		}
	}
	return picked.raw(typ)
}

// text prints a key attribute for messages and import ids.
func (v values) text(name string) string {
	value := v[name]
	if !value.IsKnown() || value.IsNull() {
		return ""
	}
	if value.Type().Is(tftypes.String) {
		var s string
		_ = value.As(&s)
		return s
	}
	n := new(big.Float)
	if value.As(&n) != nil {
		return ""
	}
	return n.Text('f', -1)
}

func (v values) join(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = v.text(name)
	}
	return strings.Join(parts, "/")
}

func keyValue(typ tftypes.Type, number *int64, text string) tftypes.Value {
	if number == nil || typ.Is(tftypes.String) {
		return tftypes.NewValue(typ, text)
	}
	return tftypes.NewValue(typ, *number)
}

// known makes a value that a model of plain types can hold. What is not known yet becomes null, and what is required but
// unknown or absent (in a plan, or in an address) becomes zero. Unknown elements of collections are left out.
func known(attributes map[string]schema.Attribute, v tftypes.Value) tftypes.Value {
	var object values
	if v.IsNull() || !v.IsKnown() || v.As((*map[string]tftypes.Value)(&object)) != nil {
		return v
	}
	object = object.clone()
	for name, value := range object {
		switch a := attributes[name]; {
		case (!value.IsKnown() || value.IsNull()) && a.IsRequired() && zero(value.Type()) != nil:
			object[name] = tftypes.NewValue(value.Type(), zero(value.Type()))
		case !value.IsKnown():
			object.null(name)
		default:
			object[name] = knownIn(a, value)
		}
	}
	return tftypes.NewValue(v.Type(), map[string]tftypes.Value(object))
}

// knownIn does it below an attribute.
func knownIn(a schema.Attribute, v tftypes.Value) tftypes.Value {
	var list []tftypes.Value
	var byName map[string]tftypes.Value
	switch {
	case v.IsNull() || v.Type().Is(tftypes.String) || v.Type().Is(tftypes.Number) || v.Type().Is(tftypes.Bool):
		return v
	case v.Type().Is(tftypes.Object{}):
		return known(nested(a), v)
	case v.As(&list) == nil:
		kept := []tftypes.Value{}
		for _, element := range list {
			if element.IsKnown() {
				kept = append(kept, knownIn(a, element))
			}
		}
		return tftypes.NewValue(v.Type(), kept)
	case v.As(&byName) == nil:
		kept := map[string]tftypes.Value{}
		for name, element := range byName {
			if element.IsKnown() {
				kept[name] = knownIn(a, element)
			}
		}
		return tftypes.NewValue(v.Type(), kept)
	}
	return v
}

// nested returns the attributes of an attribute's objects.
func nested(a schema.Attribute) map[string]schema.Attribute {
	inner := map[string]schema.Attribute{}
	if n, ok := a.(schema.NestedAttribute); ok {
		for name, child := range n.GetNestedObject().GetAttributes() {
			inner[name] = child
		}
	}
	return inner
}

func zero(t tftypes.Type) any {
	switch {
	case t.Is(tftypes.String):
		return ""
	case t.Is(tftypes.Number):
		return 0
	case t.Is(tftypes.Bool):
		return false
	}
	return nil
}

func decode[M any](ctx context.Context, s schema.Schema, v values, diags *diag.Diagnostics) M {
	var model M
	raw := tfsdk.State{Schema: s, Raw: known(s.Attributes, v.raw(objectType(s)))}
	diags.Append(raw.Get(ctx, &model)...)
	return model
}

func encode[M any](ctx context.Context, s schema.Schema, model M, diags *diag.Diagnostics) values {
	typ := objectType(s)
	state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(typ, nil)}
	diags.Append(state.Set(ctx, model)...)
	return explode(state.Raw, typ)
}

// applyDefaults sets attributes local to Terraform to their static defaults, where they are null.
func applyDefaults(ctx context.Context, s schema.Schema, local []string, v values) {
	for _, name := range local {
		if v.given(name) {
			continue
		}
		if value, err := staticDefault(ctx, s.Attributes[name]); err == nil {
			v[name] = value
		}
	}
}

func staticDefault(ctx context.Context, a schema.Attribute) (tftypes.Value, error) {
	switch a := a.(type) {
	case schema.BoolAttribute:
		if a.Default != nil {
			resp := boolDefault(ctx, a.Default)
			return resp.ToTerraformValue(ctx)
		}
	case schema.StringAttribute:
		if a.Default != nil {
			resp := stringDefault(ctx, a.Default)
			return resp.ToTerraformValue(ctx)
		}
	}
	return tftypes.Value{}, fmt.Errorf("an attribute local to Terraform is a bool or a string with a default")
}
