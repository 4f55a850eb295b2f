package crud

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// SelfCheck compares schema, model and Spec: a model that does not fit, a key that may change, a missing description, a
// sensitive attribute that generated configuration would wipe, and the like.
func (s Spec[C, M, A]) SelfCheck(ctx context.Context) (errs []error) {
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(s.Name+": "+format, args...)) }
	if s.ToAPI == nil || s.FromAPI == nil || (s.Create != nil && (s.Read == nil || s.Delete == nil)) {
		wrong("ToAPI, FromAPI and, beside Create, Read and Delete are needed")
		return errs
	}
	for _, d := range s.Schema.ValidateImplementation(ctx).Errors() {
		wrong("%s", d.Detail())
	}
	for _, name := range slices.Concat(s.Key, s.Lookup, s.Part, s.Also, s.Facets, s.Local, s.Filters) {
		if s.Schema.Attributes[name] == nil {
			wrong("no attribute %q", name)
			return errs
		}
	}
	for _, name := range s.Key {
		if a := s.Schema.Attributes[name]; (a.IsRequired() || a.IsOptional()) && !replaces(a) {
			wrong("key attribute %q may change: it must force replacement", name)
		}
	}
	for _, name := range s.Facets {
		if a := s.Schema.Attributes[name]; !a.IsOptional() || a.IsComputed() {
			wrong("facet %q must be optional and not computed, so that it can be null", name)
		}
	}
	for _, name := range s.Local {
		if _, err := staticDefault(ctx, s.Schema.Attributes[name]); err != nil {
			wrong("%q: %s", name, err)
		}
	}
	for name, a := range s.Schema.Attributes {
		if a.IsSensitive() && !a.IsWriteOnly() && !a.IsComputed() {
			wrong("%q is sensitive and would be wiped by generated configuration: make it Computed too, or write-only", name)
		}
		if a.IsWriteOnly() && (a.IsRequired() || s.Schema.Attributes[name+"_version"] == nil) {
			wrong("write-only %q must be optional and have a %s_version", name, name)
		}
		if s.Create != nil && s.Update == nil && !replaces(a) && (a.IsRequired() || a.IsOptional()) && !slices.Contains(s.Local, name) {
			wrong("%q can change, but there is no Update", name)
		}
	}
	describeAll(s.Schema.Attributes, "", wrong)
	if len(errs) == 0 {
		for _, full := range []bool{true, false} {
			s.roundTrip(ctx, full, wrong)
		}
	}
	return errs
}

// roundTrip decodes an object into the model and back: one with every attribute set, or one with only what is required.
func (s Spec[C, M, A]) roundTrip(ctx context.Context, full bool, wrong func(string, ...any)) {
	raw := sample(s.Schema.Attributes, full)
	var model M
	var diags diag.Diagnostics
	diags.Append(tfsdk.State{Schema: s.Schema, Raw: raw}.Get(ctx, &model)...)
	if !diags.HasError() {
		if again := encode(ctx, s.Schema, model, &diags).raw(objectType(s.Schema)); !diags.HasError() && !again.Equal(raw) {
			differences, _ := raw.Diff(again)
			wrong("the model does not keep %v", differences)
		}
	}
	for _, d := range diags.Errors() {
		wrong("model and schema disagree: %s", d.Detail())
	}
}

func sample(attributes map[string]schema.Attribute, full bool) tftypes.Value {
	typ := objectType(schema.Schema{Attributes: attributes})
	v := values{}
	for name, a := range attributes {
		if t := typ.AttributeTypes[name]; full || a.IsRequired() {
			v[name] = sampleOf(a, t, full)
		} else {
			v[name] = tftypes.NewValue(t, nil)
		}
	}
	return v.raw(typ)
}

func sampleOf(a schema.Attribute, t tftypes.Type, full bool) tftypes.Value {
	switch a := a.(type) {
	case schema.SingleNestedAttribute:
		return sample(a.Attributes, full)
	case schema.ListNestedAttribute:
		return tftypes.NewValue(t, []tftypes.Value{sample(a.NestedObject.Attributes, full)})
	case schema.SetNestedAttribute:
		return tftypes.NewValue(t, []tftypes.Value{sample(a.NestedObject.Attributes, full)})
	case schema.MapNestedAttribute:
		return tftypes.NewValue(t, map[string]tftypes.Value{"x": sample(a.NestedObject.Attributes, full)})
	}
	return sampleLeaf(t)
}

func sampleLeaf(t tftypes.Type) tftypes.Value {
	switch t := t.(type) {
	case tftypes.List:
		return tftypes.NewValue(t, []tftypes.Value{sampleLeaf(t.ElementType)})
	case tftypes.Set:
		return tftypes.NewValue(t, []tftypes.Value{sampleLeaf(t.ElementType)})
	case tftypes.Map:
		return tftypes.NewValue(t, map[string]tftypes.Value{"x": sampleLeaf(t.ElementType)})
	}
	switch {
	case t.Is(tftypes.Bool):
		return tftypes.NewValue(t, true)
	case t.Is(tftypes.Number):
		return tftypes.NewValue(t, 1)
	}
	return tftypes.NewValue(t, "x")
}

func describeAll(attributes map[string]schema.Attribute, prefix string, wrong func(string, ...any)) {
	for name, a := range attributes {
		if a.GetMarkdownDescription() == "" {
			wrong("%s%s has no description", prefix, name)
		}
		if reflect.TypeOf(computed(a)).Name() != reflect.TypeOf(a).Name() {
			wrong("%s%s: no data source can be derived from a %T", prefix, name, a)
		}
		describeAll(nested(a), prefix+name+".", wrong)
	}
}

// replaces says that a change of the attribute forces replacement. Plan modifiers tell only in words.
func replaces(a schema.Attribute) bool {
	for _, text := range modifiers(a) {
		if strings.Contains(text, "destroy and recreate") {
			return true
		}
	}
	return false
}

func modifiers(a schema.Attribute) (texts []string) {
	list := reflect.ValueOf(a).FieldByName("PlanModifiers")
	if !list.IsValid() {
		return nil
	}
	for i := range list.Len() {
		if m, ok := list.Index(i).Interface().(interface{ Description(context.Context) string }); ok {
			texts = append(texts, m.Description(context.Background()))
		}
	}
	return texts
}
