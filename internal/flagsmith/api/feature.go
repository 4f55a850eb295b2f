package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Feature is a flag of a project. Every environment has a state of it.
type Feature struct {
	ProjectID int64
	ID        int64
	UUID      string
	Name      string // at most 2,000 characters, unique in the project whatever the case; fixed at creation
	Type      string // STANDARD or MULTIVARIATE: the server's business

	Description     *string // nil: none
	IsArchived      bool
	IsServerKeyOnly bool

	// What states start with, fixed at creation. nil: the server's choice, no value and off.
	InitialValue   *string
	DefaultEnabled *bool

	// nil leaves these alone.
	Tags        []int64 // ids
	Owners      []int64 // ids of users
	GroupOwners []int64 // ids of groups
	Options     []Option

	// Metadata is what the server has. No call here changes it.
	Metadata []Metadata
}

// UnmarshalJSON reads a feature as lists and single reads have it. Options have their own names.
func (f *Feature) UnmarshalJSON(data []byte) error {
	type ids []struct {
		ID int64 `json:"id"`
	}
	var raw struct {
		ProjectID       int64      `json:"project"`
		ID              int64      `json:"id"`
		UUID            string     `json:"uuid"`
		Name            string     `json:"name"`
		Type            string     `json:"type"`
		Description     *string    `json:"description"`
		IsArchived      bool       `json:"is_archived"`
		IsServerKeyOnly bool       `json:"is_server_key_only"`
		InitialValue    *string    `json:"initial_value"`
		DefaultEnabled  *bool      `json:"default_enabled"`
		Tags            []int64    `json:"tags"`
		Owners          ids        `json:"owners"`
		GroupOwners     ids        `json:"group_owners"`
		Options         []Option   `json:"multivariate_options"`
		Metadata        []Metadata `json:"metadata"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	numbers := func(objects ids) []int64 {
		result := make([]int64, len(objects))
		for i, object := range objects {
			result[i] = object.ID
		}
		return result
	}
	*f = Feature{
		ProjectID: raw.ProjectID, ID: raw.ID, UUID: raw.UUID, Name: raw.Name, Type: raw.Type,
		Description: raw.Description, IsArchived: raw.IsArchived, IsServerKeyOnly: raw.IsServerKeyOnly,
		InitialValue: raw.InitialValue, DefaultEnabled: raw.DefaultEnabled,
		Tags: append([]int64{}, raw.Tags...), Owners: numbers(raw.Owners), GroupOwners: numbers(raw.GroupOwners),
		Options: nameOptions(append([]Option{}, raw.Options...), nil), Metadata: append([]Metadata{}, raw.Metadata...),
	}
	return nil
}

const (
	standard     = "STANDARD"
	multivariate = "MULTIVARIATE"
)

func (f Feature) path() rest.Path { return rest.P("/projects/{}/features/{}/", f.ProjectID, f.ID) }

func (f Feature) listPath() rest.Path { return rest.P("/projects/{}/features/", f.ProjectID) }

// featureMemory is what a Client has seen of features.
type featureMemory struct {
	mu      sync.Mutex
	options map[int64][]Option // by feature id
	planned map[int64][]string // names of options that a plan is about to make, by feature id
	regexes map[int64]string   // that names of new features must match, by project id
}

func (m *featureMemory) recall(featureID int64) ([]Option, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	options, known := m.options[featureID]
	return slices.Clone(options), known
}

// remember keeps the names that options are known by: those given, then those that they had.
func (m *featureMemory) remember(featureID int64, options, known []Option) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.options == nil {
		m.options = map[int64][]Option{}
	}
	m.options[featureID] = nameOptions(options, slices.Concat(known, m.options[featureID]))
}

func (m *featureMemory) forget(featureID int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.options, featureID)
}

func (m *featureMemory) regex(projectID int64) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	regex, known := m.regexes[projectID]
	return regex, known
}

// ExpectFeatureNames says what regular expression names of a project's new features will have to match, nil for none: what
// the project shows, or is about to get.
func (c *Client) ExpectFeatureNames(projectID int64, regex *string) {
	c.features.mu.Lock()
	defer c.features.mu.Unlock()
	if c.features.regexes == nil {
		c.features.regexes = map[int64]string{}
	}
	c.features.regexes[projectID] = deref(regex)
}

// ExpectOptions says which options a feature is about to get in this run; nil: nobody knows yet.
func (c *Client) ExpectOptions(featureID int64, names []string) {
	c.features.mu.Lock()
	defer c.features.mu.Unlock()
	if c.features.planned == nil {
		c.features.planned = map[int64][]string{}
	}
	c.features.planned[featureID] = names
}

// ExpectsOption tells whether a feature is about to get an option in this run: a plan must not miss it yet.
func (c *Client) ExpectsOption(featureID int64, name string) bool {
	c.features.mu.Lock()
	defer c.features.mu.Unlock()
	names, planned := c.features.planned[featureID]
	return planned && (names == nil || slices.Contains(names, name))
}

// ofProject tells a project that is gone from one that may not be read or written: Flagsmith answers 403 to both.
func (c *Client) ofProject(ctx context.Context, err error, projectID int64) error {
	if err == nil {
		return nil
	}
	return c.confirmGone(ctx, err, rest.P("/projects/{}/", projectID))
}

// Feature reads one. Its options keep the names that at has for them.
func (c *Client) Feature(ctx context.Context, at Feature) (Feature, error) {
	got, err := rest.Get[Feature](ctx, c.rest, at.path())
	if err != nil {
		return Feature{}, c.ofProject(ctx, err, at.ProjectID)
	}
	c.features.remember(got.ID, got.Options, at.Options)
	got.Options = nameOptions(got.Options, at.Options)
	return got, nil
}

// Features lists those of a project, archived ones too. A name narrows the list to those that contain it, whatever the
// case.
func (c *Client) Features(ctx context.Context, within Feature) iter.Seq2[Feature, error] {
	path := within.listPath().Query("page_size", pageSize)
	if within.Name != "" {
		path = path.Query("search", within.Name)
	}
	return func(yield func(Feature, error) bool) {
		for feature, err := range pages[Feature](ctx, c, path) {
			if err == nil {
				c.features.remember(feature.ID, feature.Options, nil)
			}
			if !yield(feature, c.ofProject(ctx, err, within.ProjectID)) {
				return
			}
		}
	}
}

// CreateFeature makes one with a state in every environment of the project: one request, and one more for each option that
// needs a key. What fails after the feature exists is a rest.PartialError.
func (c *Client) CreateFeature(ctx context.Context, want Feature) (Feature, error) {
	var nested, keyed []Option
	for _, o := range want.Options {
		if o.natural() {
			nested = append(nested, o)
		} else {
			keyed = append(keyed, o)
		}
	}
	nested = orderWeights(nested, func(o Option) Percent { return o.DefaultPercentage })
	body := map[string]any{
		"name": want.Name, "description": want.Description, "is_archived": want.IsArchived, "is_server_key_only": want.IsServerKeyOnly,
		"initial_value": want.InitialValue,
	}
	put(body, "default_enabled", want.DefaultEnabled)
	for field, ids := range map[string][]int64{"tags": want.Tags, "owners": want.Owners, "group_owners": want.GroupOwners} {
		if ids != nil {
			body[field] = ids
		}
	}
	if len(nested) > 0 {
		items := make([]any, len(nested))
		for i, o := range nested {
			items[i] = o.nested()
		}
		body[optionsField], body["type"] = items, multivariate
	}
	got, err := rest.Send[Feature](ctx, c.rest, http.MethodPost, want.listPath(), body)
	if err != nil {
		return Feature{}, c.notCreated(ctx, ofNested(err, nested), want)
	}
	c.features.remember(got.ID, got.Options, nil)
	got, err = c.complete(ctx, got, want, keyed)
	if err != nil {
		return got, &rest.PartialError{Err: err}
	}
	return got, nil
}

// complete does what creating a feature takes beyond its first request.
func (c *Client) complete(ctx context.Context, got, want Feature, keyed []Option) (Feature, error) {
	all := got.Options
	for _, o := range orderChanges(all, keyed) {
		made, err := c.createOption(ctx, got, all, o)
		if err != nil {
			c.features.forget(got.ID)
			return got, err
		}
		all = append(all, made)
		got.Type = multivariate
	}
	got.Options = all
	c.features.remember(got.ID, all, all)
	// A user's token makes its user an owner, unless others are given.
	return c.changeOwners(ctx, got, want)
}

// notCreated makes the most of a refusal. Flagsmith fails with 500 where two create the same name at once.
func (c *Client) notCreated(ctx context.Context, err error, want Feature) error {
	err = c.missingProject(ctx, want.ProjectID, ofAttribute(err))
	var e *rest.Error
	if !errors.As(err, &e) || !errors.Is(e, rest.ErrExists) && e.Status != http.StatusInternalServerError {
		return err
	}
	for there, lookup := range c.Features(ctx, Feature{ProjectID: want.ProjectID, Name: want.Name}) {
		if lookup == nil && strings.EqualFold(there.Name, want.Name) {
			e.Kind = rest.ErrExists
			e.Fields = map[string][]string{"name": {fmt.Sprintf("Feature %d of project %d is already called %q; names are the same whatever "+
				"their case.", there.ID, there.ProjectID, there.Name)}}
			e.Hint = ""
		}
	}
	return err
}

// fieldOf says which field a message is about that Flagsmith says about none.
var fieldOf = map[string]string{
	"Selected Tags must be from the same Project":         "tags",
	"This project requires at least one owner":            "owners",
	"Some users not found":                                "owners",
	"Some groups not found":                               "group_owners",
	"The Project has reached the maximum allowed feature": "name",
}

func ofAttribute(err error) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	for start, field := range fieldOf {
		if len(e.Fields) == 0 && strings.HasPrefix(e.Message, start) {
			e.Fields = map[string][]string{field: {e.Message}}
		}
	}
	return err
}

// UpdateFeature changes what differs from what the server has, by one PATCH, which sends the server's metadata back, and by
// a request for each change of options and of owners. Name, initial value and default switch cannot change.
func (c *Client) UpdateFeature(ctx context.Context, prior, want Feature) (Feature, error) {
	got, err := c.Feature(ctx, Feature{ProjectID: want.ProjectID, ID: want.ID})
	if err != nil {
		return Feature{}, err
	}
	if body := want.changes(got); len(body) > 0 {
		body["metadata"] = got.Metadata
		if got, err = rest.Send[Feature](ctx, c.rest, http.MethodPatch, want.path(), body); err != nil {
			return Feature{}, ofAttribute(err)
		}
	}
	if got, err = c.changeOwners(ctx, got, want); err != nil {
		return Feature{}, err
	}
	if want.Options == nil {
		c.features.remember(got.ID, got.Options, nil)
		return got, nil
	}
	c.features.forget(got.ID)
	all, wanted, err := c.reconcileOptions(ctx, got, got.Options, prior.Options, want.Options)
	if err != nil {
		return Feature{}, err
	}
	c.features.remember(got.ID, all, slices.Concat(wanted, all))
	if got.Options = wanted; len(all) > 0 {
		got.Type = multivariate
	} else if len(prior.Options) > 0 {
		got.Type = standard
	}
	return got, nil
}

// changes are the fields of a PATCH.
func (f Feature) changes(held Feature) map[string]any {
	body := map[string]any{}
	if deref(f.Description) != deref(held.Description) || (f.Description == nil) != (held.Description == nil) {
		body["description"] = f.Description
	}
	if f.IsArchived != held.IsArchived {
		body["is_archived"] = f.IsArchived
	}
	if f.IsServerKeyOnly != held.IsServerKeyOnly {
		body["is_server_key_only"] = f.IsServerKeyOnly
	}
	if f.Tags != nil && len(without(f.Tags, held.Tags))+len(without(held.Tags, f.Tags)) > 0 {
		body["tags"] = f.Tags
	}
	return body
}

// changeOwners adds before it removes: a project may insist on an owner.
func (c *Client) changeOwners(ctx context.Context, got, want Feature) (Feature, error) {
	var steps [2][]func() error
	step := func(action, field string, held *[]int64, add, remove []int64) func() error {
		return func() error {
			ids := slices.Concat(add, remove)
			err := c.rest.Do(ctx, http.MethodPost, rest.P("/projects/{}/features/{}/"+action+"/", got.ProjectID, got.ID), map[string]any{field: ids}, nil)
			if err == nil {
				*held = append(without(*held, remove), add...)
			}
			return ofAttribute(err)
		}
	}
	for _, kind := range []struct {
		noun, field string
		held        *[]int64
		want        []int64
	}{{"owners", "user_ids", &got.Owners, want.Owners}, {"group-owners", "group_ids", &got.GroupOwners, want.GroupOwners}} {
		if kind.want == nil {
			continue
		}
		if add := without(kind.want, *kind.held); len(add) > 0 {
			steps[0] = append(steps[0], step("add-"+kind.noun, kind.field, kind.held, add, nil))
		}
		if remove := without(*kind.held, kind.want); len(remove) > 0 {
			steps[1] = append(steps[1], step("remove-"+kind.noun, kind.field, kind.held, nil, remove))
		}
	}
	for _, do := range slices.Concat(steps[0], steps[1]) {
		if err := do(); err != nil {
			return got, err
		}
	}
	return got, nil
}

func without(ids, others []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(others, id) })
}

// DeleteFeature deletes one, with its states and overrides in every environment. Its name is free again.
func (c *Client) DeleteFeature(ctx context.Context, at Feature) error {
	err := c.rest.Do(ctx, http.MethodDelete, at.path(), nil, nil)
	if err == nil {
		c.features.forget(at.ID)
	}
	return c.ofProject(ctx, err, at.ProjectID)
}

// FeatureNameProblem says why a project's regular expression refuses a name; "" if it does not, or where that cannot be
// known: no answer, or an expression that Python and Go read differently. It takes one request for each project.
func (c *Client) FeatureNameProblem(ctx context.Context, projectID int64, name string) string {
	regex, known := c.features.regex(projectID)
	if !known {
		project, err := rest.Shared(ctx, &c.flight, fmt.Sprint("project ", projectID), func(ctx context.Context) (Project, error) {
			return c.Project(ctx, Project{ID: projectID})
		})
		if err != nil {
			return ""
		}
		regex = deref(project.FeatureNameRegex)
		c.ExpectFeatureNames(projectID, &regex)
	}
	if regex == "" || foreign.MatchString(regex) || ascii.FindString(name) != name {
		return ""
	}
	// As Flagsmith does it: without a group, so that "a|b" anchors a at the start and b at the end.
	if compiled, err := regexp.Compile("^" + regex + "$"); err != nil || compiled.MatchString(name) {
		return ""
	}
	return fmt.Sprintf("Names of new features in project %d must match its feature_name_regex, %s.", projectID, regex)
}

var (
	foreign = regexp.MustCompile(`\{,|\[\[:|\\[pPQEz]|\[[^\]]*\[`) // means something else in Python
	ascii   = regexp.MustCompile(`^[\x20-\x7e]*`)                  // classes such as \w mean the same in both
)

// FeatureUse counts what deleting a feature deletes.
type FeatureUse struct {
	Environments      int // states, one in each
	SegmentOverrides  int
	IdentityOverrides int
}

// maxCounted bounds how many environments are asked for their overrides, one request each.
const maxCounted = 20

// FeatureUse counts states and overrides: a request for the environments, and one for each of them.
func (c *Client) FeatureUse(ctx context.Context, at Feature) (use FeatureUse, err error) {
	environments, err := c.projectEnvironments(ctx, at.ProjectID)
	if err != nil {
		return use, err
	}
	use.Environments = len(environments)
	var all sync.WaitGroup
	counts, errs := make([]overrides, min(len(environments), maxCounted)), make([]error, min(len(environments), maxCounted))
	for i := range counts {
		all.Go(func() { counts[i], errs[i] = c.overrides(ctx, at, environments[i].ID) })
	}
	all.Wait()
	for _, count := range counts {
		use.SegmentOverrides += count.Segments
		use.IdentityOverrides += count.Identities
	}
	return use, errors.Join(errs...)
}

type overrides struct {
	ID         int64 `json:"id"`
	Segments   int   `json:"num_segment_overrides"`
	Identities int   `json:"num_identity_overrides"` // null where there are none, or on Edge
}

func (c *Client) overrides(ctx context.Context, at Feature, environmentID int64) (overrides, error) {
	path := at.listPath().Query("page_size", pageSize, "environment", environmentID, "search", at.Name)
	for feature, err := range pages[overrides](ctx, c, path) {
		if err != nil || feature.ID == at.ID {
			return feature, err
		}
	}
	return overrides{}, nil
}
