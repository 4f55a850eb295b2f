package crud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// object is a Spec as resource and list resource.
type object[C Client, M, A any] struct {
	spec Spec[C, M, A]
	typ  tftypes.Object
	data *Data
}

func newObject[C Client, M, A any](s Spec[C, M, A]) *object[C, M, A] {
	return &object[C, M, A]{spec: s, typ: objectType(s.Schema)}
}

func (o *object[C, M, A]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + o.spec.Name
}

func (o *object[C, M, A]) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = o.spec.Schema
}

func (o *object[C, M, A]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{}
	for _, name := range o.spec.Key {
		description := o.spec.Schema.Attributes[name].GetMarkdownDescription()
		if o.typ.AttributeTypes[name].Is(tftypes.String) {
			resp.IdentitySchema.Attributes[name] = identityschema.StringAttribute{RequiredForImport: true, Description: description}
		} else {
			resp.IdentitySchema.Attributes[name] = identityschema.Int64Attribute{RequiredForImport: true, Description: description}
		}
	}
}

func (o *object[C, M, A]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	o.data, _ = req.ProviderData.(*Data)
}

// client reports a backend that is not configured, on first use.
func (o *object[C, M, A]) client(diags *diag.Diagnostics) (C, bool) {
	c, err := clientOf[C](o.data)
	if err != nil {
		diags.AddError("Cannot use flagops_"+o.spec.Name, sentence(err.Error()))
	}
	return c, err == nil
}

func (o *object[C, M, A]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx, warn := heard(ctx, &resp.Diagnostics)
	defer warn()
	c, ok := o.client(&resp.Diagnostics)
	if !ok {
		return
	}
	plan := explode(req.Plan.Raw, o.typ)
	o.writeOnly(plan, values{}, explode(req.Config.Raw, o.typ))
	want := decode[M](ctx, o.spec.Schema, plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := o.spec.ToAPI(&want)
	unlock, ok := o.lock(ctx, &resp.Diagnostics, "create", plan, address)
	if !ok {
		return
	}
	defer unlock()
	made, err := o.spec.Create(c, ctx, address)
	var partial *rest.PartialError
	if err != nil {
		o.fail(ctx, &resp.Diagnostics, "create", plan, err, o.importBlock(ctx, c, plan, err))
		if o.spec.Adopts || !errors.As(err, &partial) {
			return
		}
	}
	state := o.merge(ctx, want, made, &resp.Diagnostics)
	o.restore(state, plan)
	if partial != nil && state.join(o.spec.Key) == strings.Repeat("/", len(o.spec.Key)-1) {
		return // nothing that could be found again
	}
	if partial != nil && o.local(deletionProtection) {
		state[deletionProtection] = tftypes.NewValue(tftypes.Bool, false) // or what is half made could not be replaced
	}
	resp.State.Raw = state.raw(o.typ)
	identify(resp.Identity, state)
	o.data.touch(o.name(state))
}

func (o *object[C, M, A]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	prior := explode(req.State.Raw, o.typ)
	identify(resp.Identity, prior) // before the object is removed: older Terraform and OpenTofu insist
	c, ok := o.client(&resp.Diagnostics)
	if !ok {
		return
	}
	imported, diags := req.Private.GetKey(ctx, importedKey)
	resp.Diagnostics.Append(diags...)
	model := decode[M](ctx, o.spec.Schema, prior, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	got, err := o.spec.Read(c, ctx, o.spec.ToAPI(&model))
	if errors.Is(err, rest.ErrNotFound) {
		resp.Diagnostics.AddWarning(fmt.Sprintf("flagops_%s %s is gone", o.spec.Name, o.display(prior)),
			"The server does not have it any more, or not there: "+sentence(err.Error())+" Terraform forgets it and will plan to create it again where it is configured.")
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		o.fail(ctx, &resp.Diagnostics, "read", prior, err, "")
		return
	}
	state := o.merge(ctx, model, got, &resp.Diagnostics)
	if len(imported) > 0 {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, nil)...)
	} else {
		o.restore(state, prior)
	}
	resp.State.Raw = state.raw(o.typ)
	identify(resp.Identity, state)
}

func (o *object[C, M, A]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx, warn := heard(ctx, &resp.Diagnostics)
	defer warn()
	c, ok := o.client(&resp.Diagnostics)
	if !ok {
		return
	}
	prior, plan := explode(req.State.Raw, o.typ), explode(req.Plan.Raw, o.typ)
	for _, name := range o.spec.Facets { // what is given up is no longer ours to compare
		if !plan.given(name) && plan[name].IsKnown() {
			prior.null(name)
		}
	}
	changed := o.differ(prior, plan)
	o.writeOnly(plan, prior, explode(req.Config.Raw, o.typ))
	was := decode[M](ctx, o.spec.Schema, prior, &resp.Diagnostics)
	want := decode[M](ctx, o.spec.Schema, plan, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := o.spec.ToAPI(&want)
	unlock, ok := o.lock(ctx, &resp.Diagnostics, "update", plan, address)
	if !ok {
		return
	}
	defer unlock()
	if !changed { // only what Terraform alone knows has changed
		for _, name := range o.spec.Local {
			prior[name] = plan[name]
		}
		resp.State.Raw = prior.raw(o.typ)
		identify(resp.Identity, prior)
		o.data.touch(o.name(prior))
		return
	}
	got, err := o.spec.Update(c, ctx, o.spec.ToAPI(&was), address)
	if err != nil {
		o.fail(ctx, &resp.Diagnostics, "update", plan, err, "")
		return
	}
	state := o.merge(ctx, want, got, &resp.Diagnostics)
	o.restore(state, plan)
	resp.State.Raw = state.raw(o.typ)
	identify(resp.Identity, state)
	o.data.touch(o.name(state))
}

func (o *object[C, M, A]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx, warn := heard(ctx, &resp.Diagnostics)
	defer warn()
	prior := explode(req.State.Raw, o.typ)
	if o.protected(prior, &resp.Diagnostics) || o.keeps(prior) {
		return
	}
	c, ok := o.client(&resp.Diagnostics)
	if !ok {
		return
	}
	model := decode[M](ctx, o.spec.Schema, prior, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	address := o.spec.ToAPI(&model)
	unlock, ok := o.lock(ctx, &resp.Diagnostics, "delete", prior, address)
	if !ok {
		return
	}
	defer unlock()
	if o.data.wasTouched(o.name(prior)) { // asked under the lock: its successor may have been at work until now
		return
	}
	if err := o.spec.Delete(c, ctx, address); err != nil && !errors.Is(err, rest.ErrNotFound) {
		o.fail(ctx, &resp.Diagnostics, "delete", prior, err, "")
	}
}

func (o *object[C, M, A]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	prior := explode(req.State.Raw, o.typ)
	creates, destroys := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
	replaces := !creates && !destroys && o.replaces(prior, explode(req.Plan.Raw, o.typ))
	if destroys || replaces {
		o.protected(prior, &resp.Diagnostics)
	}
	if destroys && o.local(onDestroy) && !o.keeps(prior) {
		// Terraform cannot tell a rename from a removal, and may run the delete before the create of the new name.
		resp.Diagnostics.AddWarning(fmt.Sprintf("flagops_%s: destroying resets what is live", o.spec.Name), fmt.Sprintf("Destroying %s resets it on "+
			"the server, because its on_destroy is \"reset\". If it is only renamed here, add a moved block: without one, it is reset and set "+
			"again, and is off or different in between.", o.display(prior)))
	}
	plan, config := explode(req.Plan.Raw, o.typ), explode(req.Config.Raw, o.typ)
	comes := creates && req.Config.Raw.IsFullyKnown() // and it can be said what
	o.claimed(ctx, prior, plan, destroys, replaces, comes, &resp.Diagnostics)
	o.twice(prior, plan, destroys, replaces, &resp.Diagnostics)
	if destroys || resp.Diagnostics.HasError() {
		return
	}
	o.planSecrets(ctx, prior, config, resp)
	if !creates && !replaces {
		o.warnGivenUp(prior, plan, &resp.Diagnostics)
	}
	if o.spec.Check == nil || (!creates && req.Plan.Raw.Equal(req.State.Raw)) {
		return
	}
	check := Check[C, M]{Replace: replaces, Unknown: func(attribute string) bool { return !config[attribute].IsFullyKnown() }}
	check.Client, _ = clientOf[C](o.data)
	if !creates {
		was := decode[M](ctx, o.spec.Schema, prior, &resp.Diagnostics)
		check.Prior = &was
	}
	if replaces { // what is made anew is written whatever the version
		prior = values{}
	}
	o.writeOnly(plan, prior, config)
	want := decode[M](ctx, o.spec.Schema, plan, &resp.Diagnostics)
	check.Plan = &want
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(o.spec.Check(ctx, check)...)
	}
}

// claimed reports that another type of resource owns what this one would own, or comes to own it by what is no hand-over:
// one that deletes what the other has taken over, or makes what is there again.
func (o *object[C, M, A]) claimed(ctx context.Context, prior, plan values, destroys, replaces, comes bool, diags *diag.Diagnostics) {
	if o.spec.Claims == nil || o.data == nil {
		return
	}
	claims := func(v values) Claim { // one that is not there has nothing
		m := decode[M](ctx, o.spec.Schema, v, diags)
		return o.spec.Claims(&m)
	}
	was, now := claims(prior), claims(plan)
	if diags.HasError() {
		return
	}
	if was.What != "" && was.What != now.What {
		c := note(o.data, o.data.claims, was.What, func(c *claim) {
			from := map[string]leaving{}
			maps.Copy(from, c.from) // others may be reading it
			l := from[o.spec.Name]
			switch keeps := o.keeps(prior); {
			case destroys && !keeps:
				l.destroyed = true
			case replaces && !keeps:
				l.replaced = true
			default:
				l.held = append(slices.Clone(l.held), was.Holds...)
			}
			from[o.spec.Name], c.from = l, from
		})
		c.report(was.What, diags)
	}
	if now.What == "" {
		return
	}
	c := note(o.data, o.data.claims, now.What, func(c *claim) {
		c.by = cmp.Or(c.by, o.spec.Name)
		if comes && c.by == o.spec.Name && now.Same != nil {
			c.made = append(slices.Clone(c.made), now.Same)
		}
	})
	if c.by != o.spec.Name {
		diags.AddError("Two ways to own the "+now.What, fmt.Sprintf("A flagops_%s and a flagops_%s in this configuration both own the %s: each would "+
			"undo what the other does. Keep one of them.", o.spec.Name, c.by, now.What))
		return
	}
	c.report(now.What, diags)
}

// report says that a change of owners loses or doubles something.
func (c claim) report(what string, diags *diag.Diagnostics) {
	if c.by == "" {
		return
	}
	for _, from := range slices.Sorted(maps.Keys(c.from)) {
		refuse := func(format string, args ...any) {
			diags.AddError("Taking over the "+what, fmt.Sprintf("This plan "+format+" "+destroyAll, args...))
		}
		switch l := c.from[from]; {
		case from == c.by:
		case l.destroyed:
			refuse("destroys a flagops_%s, and a flagops_%s owns the %s: what one deletes is what the other has, or is about to take over. Have Terraform "+
				"forget the one instead of destroying it:\n\n%s\n\nand import what the other does not take over by itself.", from, c.by, what, removed(from))
		case l.replaced:
			refuse("replaces a flagops_%s by one elsewhere, and a flagops_%s owns the %s: what one deletes is what the other has, or is about to take over. "+
				"Apply one of the two changes, then the other.", from, c.by, what)
		case slices.ContainsFunc(c.made, func(same func(any) bool) bool { return slices.ContainsFunc(l.held, same) }):
			refuse("leaves the %s of a flagops_%s as they are on the server, and creates a flagops_%s that is just like one of them: it would be there "+
				"twice. Import it into the new resource with an import block; terraform query finds its id. If there are to be two, apply one of the two "+
				"changes, then the other.", what, from, c.by)
		}
	}
}

const destroyAll = "(A terraform destroy makes this plan, too, before its own: -refresh=false leaves it out.)"

// removed is what has Terraform forget an object and leave it where it is.
func removed(name string) string {
	return fmt.Sprintf("removed {\n  from = flagops_%[1]s.this\n  lifecycle { destroy = false }\n}\n\n(of several instances just one: terraform state rm "+
		"'flagops_%[1]s.this[\"a\"]')", name)
}

// twice reports an object that goes at one address and stays or comes at another. What always exists may change its address:
// that is no more than a write of what differs.
func (o *object[C, M, A]) twice(prior, plan values, destroys, replaces bool, diags *diag.Diagnostics) {
	if o.data == nil || o.spec.Adopts {
		return
	}
	look := func(v values, goes bool) {
		if slices.ContainsFunc(slices.Concat(o.spec.Key, o.spec.Part), func(name string) bool { return !v.given(name) }) {
			return
		}
		p := note(o.data, o.data.planned, o.name(v), func(p *planned) { p.stays, p.goes = p.stays || !goes, p.goes || goes })
		if p.stays && p.goes {
			diags.AddError(fmt.Sprintf("flagops_%s %s is to be destroyed and kept", o.spec.Name, o.display(v)), fmt.Sprintf("Two addresses mean this one object: "+
				"one is to destroy it, and the other has it, or is to create or import it. If it only changed its address, say so (addresses have their keys: "+
				"this[\"a\"], this[0]):\n\nmoved {\n  from = flagops_%[1]s.old\n  to   = flagops_%[1]s.new\n}\n\nIf the other has it or imports it, and the "+
				"one is no longer in the configuration, have Terraform forget it there:\n\n%[2]s\n\nOtherwise apply one of the two changes, then the other. %[3]s",
				o.spec.Name, removed(o.spec.Name), destroyAll))
		}
	}
	if destroys || replaces && o.name(prior) != o.name(plan) {
		look(prior, true)
	}
	if !destroys {
		look(plan, false)
	}
}

// replaces says that a change forces replacement. The framework knows too, but tells nobody before it is too late to warn.
func (o *object[C, M, A]) replaces(prior, plan values) bool {
	for name, a := range o.spec.Schema.Attributes {
		if replaces(a) && !plan[name].Equal(prior[name]) {
			return true
		}
	}
	return false
}

// planSecrets keeps a readable secret out of the plan while its write-only twin is in use, and lets it come back after.
func (o *object[C, M, A]) planSecrets(ctx context.Context, prior, config values, resp *resource.ModifyPlanResponse) {
	for _, name := range o.writeOnlyNames() {
		version := name + writeOnlyVersion
		switch {
		case !o.readable(name):
		case config.given(version):
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), types.StringNull())...)
		case prior.given(version) && !config.given(name):
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
		}
	}
}

func (o *object[C, M, A]) warnGivenUp(prior, plan values, diags *diag.Diagnostics) {
	var names []string
	for _, name := range o.spec.Facets {
		if prior.given(name) && plan[name].IsKnown() && plan[name].IsNull() {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		// The same summary for all, so that Terraform shows a thousand of them as one.
		diags.AddWarning(fmt.Sprintf("flagops_%s: no longer managed: %s", o.spec.Name, strings.Join(names, ", ")),
			fmt.Sprintf("The configuration of %s leaves out what was managed (or imported). Applying this changes nothing on the "+
				"server: what it has stays as it is, and Terraform no longer looks at it.", o.display(prior)))
	}
}

// protected reports deletion_protection.
func (o *object[C, M, A]) protected(prior values, diags *diag.Diagnostics) bool {
	var on bool
	if !o.local(deletionProtection) || !prior.given(deletionProtection) || prior[deletionProtection].As(&on) != nil || !on {
		return false
	}
	diags.AddAttributeError(path.Root(deletionProtection), fmt.Sprintf("flagops_%s %s is protected", o.spec.Name, o.display(prior)),
		"Its deletion_protection is true, so it is neither destroyed nor replaced. Set deletion_protection = false and apply that first.")
	return true
}

// keeps says that destroying the resource leaves the object as it is.
func (o *object[C, M, A]) keeps(prior values) bool {
	return o.local(onDestroy) && prior.text(onDestroy) != "reset"
}

func (o *object[C, M, A]) local(name string) bool { return slices.Contains(o.spec.Local, name) }

// merge writes what the server said over a model, and encodes it.
func (o *object[C, M, A]) merge(ctx context.Context, model M, got A, diags *diag.Diagnostics) values {
	o.spec.FromAPI(&model, got)
	return encode(ctx, o.spec.Schema, model, diags)
}

// restore nulls what state must not hold: facets that the plan or prior state leaves null, write-only values, and secrets
// whose write-only twin is in use.
func (o *object[C, M, A]) restore(state, wanted values) {
	for _, name := range o.spec.Facets {
		if !wanted.given(name) {
			state.null(name)
		}
	}
	for _, name := range o.writeOnlyNames() {
		state.null(name + writeOnly)
		if o.readable(name) && wanted.given(name+writeOnlyVersion) {
			state.null(name)
		}
	}
}

// writeOnly copies write-only values from the configuration where their version says that they are to be written.
func (o *object[C, M, A]) writeOnly(plan, prior, config values) {
	for _, name := range o.writeOnlyNames() {
		if version := name + writeOnlyVersion; !plan[version].Equal(prior[version]) {
			plan[name+writeOnly] = config[name+writeOnly]
		}
	}
}

// writeOnlyNames lists the secrets that have a write-only twin, without its suffix.
func (o *object[C, M, A]) writeOnlyNames() []string {
	var names []string
	for name, a := range o.spec.Schema.Attributes {
		if a.IsWriteOnly() {
			names = append(names, strings.TrimSuffix(name, writeOnly))
		}
	}
	return names
}

// readable says that a write-only secret has a twin that can be read back.
func (o *object[C, M, A]) readable(name string) bool { return o.spec.Schema.Attributes[name] != nil }

// differ says that a plan changes more than what Terraform alone knows.
func (o *object[C, M, A]) differ(prior, plan values) bool {
	for name, value := range plan {
		if !o.local(name) && !value.Equal(prior[name]) {
			return true
		}
	}
	return false
}

// heard lets the calls of a backend warn, and finish what they have begun. The returned function hands their warnings over.
func heard(ctx context.Context, diags *diag.Diagnostics) (context.Context, func()) {
	ctx, warnings := rest.WithWarnings(rest.WithOperation(ctx))
	return ctx, func() {
		for _, w := range warnings() {
			diags.AddWarning(w.Summary, w.Detail)
		}
	}
}

// lock keeps writes apart that must not overlap. It fails when Terraform is stopped meanwhile.
func (o *object[C, M, A]) lock(ctx context.Context, diags *diag.Diagnostics, verb string, v values, a A) (unlock func(), ok bool) {
	if o.spec.Lock == nil {
		return func() {}, true
	}
	name, shared := o.spec.Lock(a)
	unlock, err := o.data.lock(ctx, name, shared)
	if err != nil {
		o.fail(ctx, diags, verb, v, err, "")
	}
	return unlock, err == nil
}

// name is what the process remembers an object by; display is how messages call it.
func (o *object[C, M, A]) name(v values) string {
	return o.spec.Name + " " + v.join(slices.Concat(o.spec.Key, o.spec.Part))
}

func (o *object[C, M, A]) display(v values) string {
	if n := len(o.spec.Lookup); n > 0 && v.given(o.spec.Lookup[n-1]) {
		return fmt.Sprintf("%q", v.text(o.spec.Lookup[n-1]))
	}
	return strings.Trim(v.join(o.spec.Key), "/") // what is not known yet, or left out, is ""
}

// identify writes the identity of an object; older Terraform and OpenTofu have none.
func identify(identity *tfsdk.ResourceIdentity, v values) {
	if identity == nil {
		return
	}
	typ, ok := identity.Schema.Type().TerraformType(context.Background()).(tftypes.Object)
	if ok {
		identity.Raw = v.pick(typ)
	}
}
