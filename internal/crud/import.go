package crud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// importedKey marks in private state that the next Read is the first one of an import, and reads everything.
const importedKey = "imported"

// A part of an import id: a number is an id, text is a name.
type part struct {
	number *int64
	text   string
}

func (o *object[C, M, A]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	var key values
	if req.ID == "" && req.Identity != nil {
		key = explode(req.Identity.Raw, req.Identity.Schema.Type().TerraformType(ctx).(tftypes.Object))
	} else {
		parts, err := cut(req.ID, o.spec.Key)
		if err == nil {
			key, err = o.resolve(ctx, parts)
		}
		if err != nil {
			resp.Diagnostics.AddError(fmt.Sprintf("Cannot import flagops_%s %q", o.spec.Name, req.ID), sentence(err.Error())+o.importForms())
			return
		}
	}
	o.adopt(ctx, key, &resp.State, resp.Identity)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte(`true`))...)
}

func (o *object[C, M, A]) importForms() string {
	return fmt.Sprintf("\n\nAn import id is %q, cut from the left; digits are an id, anything else is a name. "+
		"A name that has a slash before its last part, or digits only, goes into a JSON array, where numbers are ids and "+
		"strings are names: [7, \"42\"].", strings.Join(o.spec.Key, "/"))
}

// adopt makes the state that an import or a move leaves for the first Read: the key, and what is local to Terraform.
func (o *object[C, M, A]) adopt(ctx context.Context, key values, state *tfsdk.State, identity *tfsdk.ResourceIdentity) {
	v := explode(tftypes.NewValue(o.typ, nil), o.typ)
	for _, name := range o.spec.Key {
		v[name] = key[name]
	}
	applyDefaults(ctx, o.spec.Schema, o.spec.Local, v)
	state.Raw = v.raw(o.typ)
	identify(identity, v)
}

// cut splits an import id into as many parts as there are key attributes.
func cut(id string, key []string) ([]part, error) {
	var parts []part
	if strings.HasPrefix(id, "[") {
		var list []any
		d := json.NewDecoder(strings.NewReader(id))
		d.UseNumber()
		if err := d.Decode(&list); err != nil {
			return nil, fmt.Errorf("not a JSON array: %w", err)
		}
		if d.More() {
			return nil, errors.New("something follows the JSON array")
		}
		for _, item := range list {
			switch item := item.(type) {
			case string:
				parts = append(parts, part{text: item})
			case json.Number:
				number, err := item.Int64()
				if err != nil {
					return nil, fmt.Errorf("%s is not an id", item)
				}
				parts = append(parts, part{number: &number, text: item.String()})
			default:
				return nil, fmt.Errorf("the array may hold numbers and strings")
			}
		}
	} else {
		for _, text := range strings.SplitN(id, "/", len(key)) {
			parts = append(parts, partOf(text))
		}
	}
	if slices.ContainsFunc(parts, func(p part) bool { return p.text == "" }) {
		return nil, errors.New("a part is empty")
	}
	if len(parts) != len(key) {
		return nil, fmt.Errorf("expected %d parts (%s), got %d", len(key), strings.Join(key, "/"), len(parts))
	}
	return parts, nil
}

func partOf(text string) part {
	if number, err := strconv.ParseInt(text, 10, 64); err == nil && number >= 0 && text[0] != '+' {
		return part{number: &number, text: text}
	}
	return part{text: text}
}

// resolve turns parts into the key: names of parents through the client, the object's own through its look-up attribute.
// Ids, and names that are the key itself, need no client: while a move runs, the provider is not configured yet.
func (o *object[C, M, A]) resolve(ctx context.Context, parts []part) (values, error) {
	named := o.namable()
	for i, name := range o.spec.Key {
		named = named || parts[i].number == nil && !o.typ.AttributeTypes[name].Is(tftypes.String)
	}
	if !named {
		return o.keyOf(parts), nil
	}
	c, err := clientOf[C](o.data)
	if err != nil {
		return nil, err
	}
	v := explode(tftypes.NewValue(o.typ, nil), o.typ)
	within := map[string]int64{}
	for i, name := range o.spec.Key {
		p, typ := parts[i], o.typ.AttributeTypes[name]
		switch {
		case i == len(o.spec.Key)-1 && o.namable():
			return o.findText(ctx, c, v, p.text)
		case p.number != nil || typ.Is(tftypes.String):
		case o.spec.Schema.Attributes[name].IsRequired() || i < len(o.spec.Key)-1:
			id, err := c.Resolve(ctx, name, within, p.text)
			if err != nil {
				return nil, err
			}
			p.number = &id
		case o.spec.Lookup == nil:
			return nil, fmt.Errorf("%q is not a number, and this object has no name", p.text)
		default:
			lookup := o.spec.Lookup[len(o.spec.Lookup)-1]
			v[lookup] = tftypes.NewValue(o.typ.AttributeTypes[lookup], p.text)
			return o.find(ctx, c, v)
		}
		if p.number != nil {
			within[name] = *p.number
		}
		v[name] = keyValue(typ, p.number, p.text)
	}
	return v, nil
}

// namable says that an object has both a name and a text for an id that the server may choose: a part of an import id can
// be either.
func (o *object[C, M, A]) namable() bool {
	own := o.spec.Key[len(o.spec.Key)-1]
	return o.spec.Lookup != nil && o.typ.AttributeTypes[own].Is(tftypes.String) && !o.spec.Schema.Attributes[own].IsRequired()
}

// findText finds the object whose id is that text, or else the one that is called so.
func (o *object[C, M, A]) findText(ctx context.Context, c C, v values, text string) (values, error) {
	own, lookup := o.spec.Key[len(o.spec.Key)-1], o.spec.Lookup[len(o.spec.Lookup)-1]
	v[own] = tftypes.NewValue(tftypes.String, text)
	found, err := o.find(ctx, c, v)
	if errors.Is(err, rest.ErrNotFound) {
		v.null(own)
		v[lookup] = tftypes.NewValue(tftypes.String, text)
		found, err = o.find(ctx, c, v)
	}
	return found, err
}

func (o *object[C, M, A]) keyOf(parts []part) values {
	v := values{}
	for i, name := range o.spec.Key {
		v[name] = keyValue(o.typ.AttributeTypes[name], parts[i].number, parts[i].text)
	}
	return v
}

// find lists the objects below the parents given in v and returns the one that has all look-up attributes that v gives.
func (o *object[C, M, A]) find(ctx context.Context, c C, v values) (values, error) {
	if o.spec.Lookup == nil || o.spec.List == nil {
		return nil, fmt.Errorf("flagops_%s cannot be looked up by name", o.spec.Name)
	}
	var wanted []string
	for _, name := range slices.Concat(o.spec.Key, o.spec.Lookup, o.spec.Also) {
		if v.given(name) && !slices.Contains(wanted, name) {
			wanted = append(wanted, name)
		}
	}
	within := explode(tftypes.NewValue(o.typ, nil), o.typ)
	for _, name := range wanted {
		within[name] = v[name]
	}
	var diags diag.Diagnostics
	model := decode[M](ctx, o.spec.Schema, within, &diags)
	var found []values
	for item, err := range o.spec.List(c, ctx, o.spec.ToAPI(&model)) {
		if err != nil {
			return nil, err
		}
		var m M
		candidate := o.merge(ctx, m, item, &diags)
		if diags.HasError() {
			return nil, errors.New(diags.Errors()[0].Detail())
		}
		if !slices.ContainsFunc(wanted, func(name string) bool { return !candidate[name].Equal(v[name]) }) {
			found = append(found, candidate)
		}
	}
	with, have := "", "exist"
	if len(wanted) > 0 {
		with, have = " with "+describe(v, wanted), "have "+describe(v, wanted)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("there is no flagops_%s%s: %w", o.spec.Name, with, rest.ErrNotFound)
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.join(o.spec.Key)
	}
	return nil, fmt.Errorf("%d flagops_%s %s; name one by its id: %s", len(found), o.spec.Name, have, strings.Join(ids, ", "))
}

func describe(v values, names []string) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = fmt.Sprintf("%s = %q", name, v.text(name))
	}
	return strings.Join(texts, ", ")
}

// MoveState takes over the state of other providers' types: the key alone; the refresh that follows reads the rest.
func (o *object[C, M, A]) MoveState(context.Context) []resource.StateMover {
	movers := make([]resource.StateMover, len(o.spec.Moved))
	for i, from := range o.spec.Moved {
		movers[i].StateMover = func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
			// Hosts differ between registries, and OpenTofu gives the last part alone: what is there of the address counts.
			address, provider := "/"+req.SourceProviderAddress, "/"+from.Provider
			if req.SourceTypeName != from.Type || (!strings.HasSuffix(address, provider) && !strings.HasSuffix(provider, address)) {
				return
			}
			parts, err := sourceKey(req.SourceRawState.JSON, o.spec.Key, from.Key)
			var key values
			if err == nil {
				key, err = o.resolve(ctx, parts)
			}
			if err != nil {
				resp.Diagnostics.AddError(fmt.Sprintf("Cannot move %s to flagops_%s", from.Type, o.spec.Name), sentence(err.Error()))
				return
			}
			o.adopt(ctx, key, &resp.TargetState, resp.TargetIdentity)
			resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, importedKey, []byte(`true`))...)
		}
	}
	return movers
}

func sourceKey(state []byte, key []string, from map[string]string) ([]part, error) {
	var source map[string]json.RawMessage
	if err := json.Unmarshal(state, &source); err != nil {
		return nil, fmt.Errorf("the source's state cannot be read: %w", err)
	}
	parts := make([]part, len(key))
	for i, name := range key {
		var text string
		raw := source[from[name]]
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		if text == "" || text == "null" {
			return nil, fmt.Errorf("the source's state has no %s", from[name])
		}
		parts[i] = partOf(text)
	}
	return parts, nil
}
