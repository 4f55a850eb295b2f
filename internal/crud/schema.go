package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ID is the server's number of an object.
func ID(description string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Computed: true, MarkdownDescription: description,
		PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
	}
}

// Parent is the number of an object's parent, which cannot change.
func Parent(description string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Required: true, MarkdownDescription: description,
		PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
	}
}

// Name is what an object, or its parent, is addressed by, which cannot change.
func Name(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, MarkdownDescription: description, Validators: validators,
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}

// Text is a string that the server alone sets.
func Text(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, MarkdownDescription: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// Flag is an optional bool with a default.
func Flag(value bool, description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, MarkdownDescription: description, Default: booldefault.StaticBool(value),
	}
}

// DeletionProtection is the attribute that makes crud refuse to destroy an object.
func DeletionProtection(object string) schema.BoolAttribute {
	return Flag(false, "Whether Terraform refuses to destroy or replace this "+object+". Terraform alone knows it; the server does not. "+
		"Set it to `false` and apply before destroying. Defaults to `false`.")
}

// OnDestroy is the attribute that decides what destroying does to an object that always exists.
func OnDestroy(keep, reset string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString("keep"),
		MarkdownDescription: "What destroying this resource does: `keep` " + keep + ", `reset` " + reset + ". Defaults to `keep`. " +
			"Renaming the resource in the configuration destroys it, unless there is a `moved` block; and `reset` does not go together with " +
			"`create_before_destroy`, whose leftovers would reset what their successors manage.",
		Validators: []validator.String{stringvalidator.OneOf("keep", "reset")},
	}
}

// Secret adds a secret that can be read back and its write-only twin: name (null keeps what the server has), name_wo and
// name_wo_version. With the twin in use, state holds no secret.
func Secret(attributes map[string]schema.Attribute, name, description string) map[string]schema.Attribute {
	wo, version := path.MatchRoot(name+writeOnly), path.MatchRoot(name+writeOnlyVersion)
	attributes[name] = schema.StringAttribute{
		Optional: true, Computed: true, Sensitive: true,
		MarkdownDescription: description + " Left out, the server's is kept; `\"\"` clears it.",
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		Validators:          []validator.String{stringvalidator.ConflictsWith(wo, version)},
	}
	attributes[name+writeOnly] = schema.StringAttribute{
		Optional: true, Sensitive: true, WriteOnly: true,
		MarkdownDescription: "Like `" + name + "`, but kept out of plan and state (Terraform 1.11 or later). It is written when `" +
			name + writeOnlyVersion + "` changes.",
		Validators: []validator.String{stringvalidator.AlsoRequires(version)},
	}
	attributes[name+writeOnlyVersion] = schema.Int64Attribute{
		Optional:            true,
		MarkdownDescription: "Version of `" + name + writeOnly + "`: change it to write the secret again.",
		Validators:          []validator.Int64{int64validator.AlsoRequires(wo)},
	}
	return attributes
}

const (
	writeOnly          = "_wo"
	writeOnlyVersion   = "_wo_version"
	deletionProtection = "deletion_protection"
	onDestroy          = "on_destroy"
)

func boolDefault(ctx context.Context, d defaults.Bool) types.Bool {
	var resp defaults.BoolResponse
	d.DefaultBool(ctx, defaults.BoolRequest{}, &resp)
	return resp.PlanValue
}

func stringDefault(ctx context.Context, d defaults.String) types.String {
	var resp defaults.StringResponse
	d.DefaultString(ctx, defaults.StringRequest{}, &resp)
	return resp.PlanValue
}
