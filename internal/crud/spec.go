// Package crud turns a description of an object into a Terraform resource with identity, import, list resource, data
// source, plural data source and moved blocks. It is the only package that implements framework interfaces for objects;
// it knows no backend.
package crud

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Client is what crud needs of a backend's client beyond the calls in a Spec.
type Client interface {
	// Resolve finds the id behind the name of a parent in an import id. attribute is the parent's (project_id), within
	// holds the parents resolved so far by attribute. Several matches are an error that lists the ids.
	Resolve(ctx context.Context, attribute string, within map[string]int64, name string) (int64, error)
}

// Spec describes one kind of object of one backend: C is the backend's client, M the Terraform model (a struct with
// tfsdk tags), A the API object. Every A carries its parents, so one A is also an address.
//
// Models are plain Go types throughout (*string, []string, map[string]T, nested structs), computed attributes included:
// before it decodes a plan, crud turns what is unknown into null, or into zero where the attribute is required, and leaves
// unknown elements of collections out.
type Spec[C Client, M, A any] struct {
	Name   string        // type name without the provider's: "flagsmith_tag"
	Key    []string      // the attributes that address it, parents first; also identity and import id: {"project_id", "id"}
	Lookup []string      // parents, then the attribute people know it by: {"project_id", "label"}; nil: only by key
	Part   []string      // attributes that tell apart resources of one key, where each owns a part of the object: {"role"}
	Also   []string      // what else singles an object out for the data source, beside the last of Key and Lookup
	Schema schema.Schema // of the resource

	// ToAPI maps a model to the API object, null facets to "leave alone". FromAPI writes all of an object over a model
	// that holds the prior values; attributes local to Terraform stay. crud restores facets that were null.
	ToAPI   func(*M) A
	FromAPI func(*M, A)

	// Create returns what the server made. If it made the object and then failed, it returns the object and a
	// *rest.PartialError. Update gets what the state held and what is wanted. A nil Create makes a data source alone;
	// a nil Update says that everything forces replacement.
	Create func(C, context.Context, A) (A, error)
	Read   func(C, context.Context, A) (A, error)
	Update func(c C, ctx context.Context, prior, want A) (A, error)
	Delete func(C, context.Context, A) error
	// List yields complete objects (as Read returns them) below the parents set in within; where Lookup's last attribute
	// is set there too, it may use it to narrow the search.
	List func(c C, ctx context.Context, within A) iter.Seq2[A, error]

	// Facets are optional attributes whose null means "not managed here": neither written nor compared. They are read
	// in full by imports, lists and data sources. Giving one up warns and writes nothing.
	Facets []string
	// Local attributes live in Terraform alone. Their static defaults are applied in imports and lists; data sources
	// leave them out. crud itself obeys two: deletion_protection (bool: true refuses to destroy) and
	// on_destroy ("keep": destroying leaves the object as it is).
	Local []string
	// Adopts says that the object always exists: Create updates what is there, and saves nothing when it fails.
	Adopts bool

	// Check is asked during plans that create or change the object. It may call the server for what only it can know,
	// within the budget; a server that does not answer is no plan error.
	Check func(context.Context, Check[C, M]) diag.Diagnostics
	// Lock names what this object's writes must not overlap with; shared locks exclude only those that are not.
	Lock func(A) (name string, shared bool)

	// Claims says what an object of this type owns that objects of another type could own as well: two types that claim the
	// same in one configuration are an error in the plan.
	Claims func(*M) Claim

	Title  func(A) string    // what lists call an object that has no look-up attribute
	Fields map[string]string // the server's field names in errors → attribute names, where they differ
	Moved  []Moved           // other providers' types whose state this resource takes over
	Plural string            // type name of the plural data source, "" for none: "flagsmith_organisations"
	// Filters are attributes that narrow the plural data source. A set asks for all its elements to be there.
	Filters []string
}

// Check is what a Spec's Check gets: models with unknown values as null. Plan has write-only values that are to be written.
type Check[C Client, M any] struct {
	Client  C    // nil while the provider's configuration is not known
	Prior   *M   // nil when the object is to be created
	Plan    *M   //
	Replace bool // the plan deletes Prior and creates Plan
	// Unknown says that the configuration of an attribute is not wholly known yet, so that Plan has less than there will be.
	Unknown func(attribute string) bool
}

// Claim is what an object owns.
type Claim struct {
	What  string         // its name, "" for nothing
	Holds []any          // the parts that it is made of, as the owner knows them
	Same  func(any) bool // says that one of them is just what this object is to be: created, it would be there twice; nil: never
}

// Moved describes another provider's resource type: its address' suffix ("flagsmith/flagsmith"), the type, and how its
// attributes give the key: key attribute → source attribute.
type Moved struct {
	Provider, Type string
	Key            map[string]string
}
