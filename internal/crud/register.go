package crud

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Object is what a backend registers: a Spec, or a Plain.
type Object interface {
	Resources() []func() resource.Resource
	DataSources() []func() datasource.DataSource
	ListResources() []func() list.ListResource
	// SelfCheck finds, without Terraform and in milliseconds, what would otherwise fail in a user's hands.
	SelfCheck(context.Context) []error
	Facts() Facts
}

// Facts is what tests and documentation need to know about a registered object.
type Facts struct {
	Name, Plural               string
	Resource                   bool // false: only a data source
	Key, Lookup, Facets, Local []string
	Schema                     schema.Schema
}

// Resources returns the resource, unless the object can only be read.
func (s Spec[C, M, A]) Resources() []func() resource.Resource {
	if s.Create == nil {
		return nil
	}
	return []func() resource.Resource{func() resource.Resource { return newObject(s) }}
}

// DataSources returns the singular and the plural data source, as far as the Spec has them.
func (s Spec[C, M, A]) DataSources() (sources []func() datasource.DataSource) {
	if s.Read != nil {
		sources = append(sources, func() datasource.DataSource { return source[C, M, A]{newObject(s)} })
	}
	if s.Plural != "" {
		sources = append(sources, func() datasource.DataSource { return plural[C, M, A]{newObject(s)} })
	}
	return sources
}

// ListResources returns the list resource, where there are a resource and a List.
func (s Spec[C, M, A]) ListResources() []func() list.ListResource {
	if s.Create == nil || s.List == nil {
		return nil
	}
	return []func() list.ListResource{func() list.ListResource { return newObject(s) }}
}

// Facts describes the object.
func (s Spec[C, M, A]) Facts() Facts {
	return Facts{Name: s.Name, Plural: s.Plural, Resource: s.Create != nil, Key: s.Key, Lookup: s.Lookup, Facets: s.Facets, Local: s.Local, Schema: s.Schema}
}

// Plain registers what no Spec describes: the odd one, written against the framework.
type Plain struct {
	Name       string
	Resource   func() resource.Resource
	DataSource func() datasource.DataSource
	List       func() list.ListResource
}

// Resources returns the resource, if there is one.
func (p Plain) Resources() []func() resource.Resource { return one(p.Resource) }

// DataSources returns the data source, if there is one.
func (p Plain) DataSources() []func() datasource.DataSource { return one(p.DataSource) }

// ListResources returns the list resource, if there is one.
func (p Plain) ListResources() []func() list.ListResource { return one(p.List) }

// SelfCheck has nothing to check: the framework's own tests apply.
func (p Plain) SelfCheck(context.Context) []error { return nil }

// Facts has the name alone.
func (p Plain) Facts() Facts { return Facts{Name: p.Name} }

func one[F any](f func() F) []func() F {
	if f == nil {
		return nil
	}
	return []func() F{f}
}
