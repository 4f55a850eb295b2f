package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Feature is a flag without its environments. A nil list is not managed: it is left alone.
type Feature struct {
	Project        string
	Name           string
	Type           string
	Description    string // "" is stored as null
	ImpressionData bool
	Stale          bool
	CreatedAt      string
	Tags           []Tag
	Links          []Link
	Dependencies   []Dependency // at most one

	Revive bool // an archived flag of this name may be brought back
	Purge  bool // deleting takes it out of the archive, too
}

// Dependency says which parent a flag depends on.
type Dependency struct {
	Feature  string   `json:"feature"`
	Enabled  bool     `json:"enabled"`
	Variants []string `json:"variants,omitempty"` // dropped by the server where Enabled is false
}

func (d Dependency) equal(other Dependency) bool {
	return d.Feature == other.Feature && d.Enabled == other.Enabled && len(without(d.Variants, other.Variants))+len(without(other.Variants, d.Variants)) == 0
}

// FeatureTypes is what a flag of Unleash 8.2 can be.
var FeatureTypes = []string{"release", "experiment", "operational", "kill-switch", "permission", "sunset"}

func (f Feature) path() rest.Path { return flagPath(f.Project, f.Name) }

// feature is a flag and its tags, which no call shows together. What is there twice, as links can be, is there once.
func feature(f *Flag, tags []Tag) Feature {
	got := Feature{
		Project: f.Project, Name: f.Name, Type: f.Type, Description: deref(f.Description), ImpressionData: f.ImpressionData, Stale: f.Stale, CreatedAt: f.CreatedAt,
		Tags: append([]Tag{}, tags...), Links: []Link{}, Dependencies: []Dependency{},
	}
	for _, l := range f.Links {
		if !slices.ContainsFunc(got.Links, func(other Link) bool { return SameLink(l, other) }) {
			got.Links = append(got.Links, l)
		}
	}
	for _, d := range f.Dependencies {
		d.Variants = slices.Compact(slices.Sorted(slices.Values(d.Variants))) // of a list that others may read
		got.Dependencies = append(got.Dependencies, d)
	}
	return got
}

// Feature reads a live one.
func (c *Client) Feature(ctx context.Context, at Feature) (Feature, error) {
	f, tags, err := c.flagAndTags(ctx, at.Project, at.Name)
	if err != nil {
		return Feature{}, err
	}
	return feature(f, tags), nil
}

func (c *Client) flagAndTags(ctx context.Context, project, name string) (*Flag, []Tag, error) {
	f, err := c.flag(ctx, project, name)
	if err == nil && slices.ContainsFunc(f.Links, func(l Link) bool { return l.ID == "" }) { // written, not yet read
		c.forgetFlag(project, name)
		f, err = c.flag(ctx, project, name)
	}
	if errors.Is(err, rest.ErrNotFound) {
		err = withHint(err, rest.ErrNotFound, "If it was archived, creating it again revives it, unless on_archived is \"error\".")
	}
	if err != nil {
		return nil, nil, err
	}
	tags, err := c.flagTags(ctx, project, name)
	return f, tags, err
}

// withHint adds to what an error of the server says to do. It leaves the error as it is: others may have got it, too.
func withHint(err, kind error, hint string) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%w. %s%w", err, hint, silent{kind})
	}
	hinted := *e
	hinted.Kind, hinted.Hint = kind, strings.TrimSpace(e.Hint+" "+hint)
	return &hinted
}

// silent is an error's kind without a word.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// Features lists the live flags of a project by name, each complete.
func (c *Client) Features(ctx context.Context, within Feature) iter.Seq2[Feature, error] {
	return func(yield func(Feature, error) bool) {
		rows, err := c.taggedFlags(ctx, within.Project)
		if err == nil && len(rows) == 0 { // which is what a project that is not there answers, too
			_, err = c.overview(ctx, within.Project)
		}
		if err != nil {
			yield(Feature{}, err)
			return
		}
		eachOf(rows, func(row taggedFlag) (Feature, error) {
			f, err := c.flag(ctx, within.Project, row.Name)
			if err != nil {
				return Feature{}, err
			}
			return feature(f, row.Tags), nil
		}, yield)
	}
}

// CreateFeature makes one, off everywhere, or brings back an archived one of that name and project. What fails after the
// flag was made is a rest.PartialError; what fails after one was brought back is not: that flag is not ours to replace.
func (c *Client) CreateFeature(ctx context.Context, want Feature) (Feature, error) {
	age := c.ageOf(want.Project, want.Name)
	environments, unknown := c.projectEnvironments(ctx, want.Project)
	path := rest.P("/api/admin/projects/{}/features", want.Project)
	made, err := rest.Send[*Flag](ctx, c.rest, http.MethodPost, path, map[string]any{
		"name": want.Name, "type": want.Type, "description": want.Description, "impressionData": want.ImpressionData, "stale": want.Stale,
	})
	if err == nil && (made == nil || made.Name != want.Name) {
		err = c.rest.Unexpected(http.MethodPost, path, "this flag")
	}
	if lost(err) {
		made, err = c.lostFeature(ctx, want, err)
	}
	switch {
	case hasStatus(err, http.StatusConflict), errors.Is(err, rest.ErrExists):
		return c.reviveFeature(ctx, want, err)
	case hasStatus(err, http.StatusNotFound):
		return Feature{}, about(err, "project")
	case hasStatus(err, http.StatusBadRequest):
		return Feature{}, ofName(err)
	case err != nil:
		return Feature{}, err
	}
	made.Environments = environments
	c.forgetFlag(want.Project, want.Name)
	c.tags.set(want.Project, want.Name, []Tag{})
	overview, _ := c.overview(ctx, want.Project)
	if unknown == nil && len(overview.LinkTemplates) == 0 {
		c.learnFlag(made, age)
	}
	held, err := c.flag(ctx, want.Project, want.Name)
	if err != nil {
		return feature(made, nil), &rest.PartialError{Err: err}
	}
	got, err := c.settle(ctx, held, []Tag{}, want)
	if err != nil {
		return feature(made, nil), &rest.PartialError{Err: err}
	}
	return got, nil
}

// lostFeature finds the flag that was made although its answer was lost, for its name would be taken from then on: one that
// has what was asked for and nothing else.
func (c *Client) lostFeature(ctx context.Context, want Feature, err error) (*Flag, error) {
	c.forgetFlag(want.Project, want.Name)
	f, unread := c.flag(ctx, want.Project, want.Name)
	if unread != nil || f.Type != want.Type || deref(f.Description) != want.Description || f.ImpressionData != want.ImpressionData || f.Stale != want.Stale ||
		len(f.Links)+len(f.Dependencies)+len(f.Children) > 0 || slices.ContainsFunc(f.Environments, func(e FlagEnvironment) bool { return e.Enabled || len(e.Strategies) > 0 }) {
		return nil, err
	}
	return f, nil
}

// ofName has what the server says about no field land on the name: it is about a pattern, or a limit.
func ofName(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && len(e.Fields) == 0 {
		return about(err, "name")
	}
	return err
}

// reviveFeature makes the most of a name that is taken. Names are unique over all projects and the archive, and how the
// server words which it is differs from version to version: a read of the flag shows a live one, and a read of it in an
// environment, unlike that, an archived one of the same project as well.
func (c *Client) reviveFeature(ctx context.Context, want Feature, taken error) (Feature, error) {
	c.forgetFlag(want.Project, want.Name)
	_, err := c.flag(ctx, want.Project, want.Name)
	if err == nil {
		return Feature{}, ofKind(say(taken, "name", "Project %q has a flag of that name.", want.Project), rest.ErrExists)
	} else if !errors.Is(err, rest.ErrNotFound) && !errors.Is(err, errElsewhere) {
		return Feature{}, err
	}
	said := err.Error()
	if answer := new(rest.Error); errors.As(err, &answer) {
		said = strings.TrimSuffix(answer.Message, ".")
	}
	ours := !c.lastArchived(want.Project + "/" + want.Name).IsZero()
	c.forgetProject(want.Project) // an environment that it has no more would make this flag another project's
	environments, err := c.projectEnvironments(ctx, want.Project)
	if err != nil { // then what revives finds out
		environments, err = nil, nil
	}
	if !ours {
		environments = environments[:min(len(environments), 1)]
	}
	var on []string // an archived flag still has where it was on, until it is revived
	for _, e := range environments {
		path := place{want.Project, want.Name, e.Name}.path("")
		there, unread := rest.Get[struct{ Enabled bool }](ctx, c.rest, path) // what it calls name is the flag's
		if err = unread; err != nil {
			break
		}
		if ours && there.Enabled {
			on = append(on, e.Name)
		}
	}
	switch {
	case errors.Is(err, rest.ErrNotFound):
		return Feature{}, ofKind(say(taken, "name", "The name is taken, but not in project %q: names are unique over all projects and the archive. The "+
			"server says: %s. Choose another name, or manage that flag under its own project.", want.Project, said), nil)
	case err != nil:
		return Feature{}, err
	case !want.Revive && !ours:
		return Feature{}, ofKind(say(taken, "name", "Project %q has an archived flag of that name, and on_archived is \"error\". Delete it from the "+
			"archive, choose another name, or set on_archived = \"revive\" to bring it back with its strategies.", want.Project), nil)
	}
	// For its project alone: /archive/revive would bring back what another project has archived meanwhile.
	err = c.rest.Do(rest.Repeatable(ctx), http.MethodPost, rest.P("/api/admin/projects/{}/revive", want.Project), map[string]any{"features": []string{want.Name}}, nil)
	if err != nil {
		return Feature{}, err
	}
	c.forgetFlag(want.Project, want.Name)
	c.tags.drop(want.Project, want.Name)
	held, tags, err := c.flagAndTags(ctx, want.Project, want.Name)
	switch {
	case err != nil:
	case ours: // its strategies are still those of the resources that have them
		if err = c.switchOn(ctx, held, on); err == nil {
			rest.Warn(ctx, fmt.Sprintf("Flag %q was archived, and brought back", want.Name), "This run has archived the flag and made it again, so it has "+
				"what it had, and is on where it was: %s. In between, it was off. If only its address in the configuration has changed, a moved "+
				"block is what leaves it alone.", cmp.Or(strings.Join(on, ", "), "nowhere"))
		}
	default:
		c.bringBack(held)
		rest.Warn(ctx, fmt.Sprintf("Flag %q was revived from the archive", want.Name), "Project %q had an archived flag of this name. It is live again, off in "+
			"every environment, and has what it had: %s. Tags and links that the configuration does not manage are as they were, too. "+
			"With on_archived = \"error\" such a flag would be left in the archive.", want.Project, held.describeStrategies())
	}
	if err == nil {
		var got Feature
		if got, err = c.settle(ctx, held, tags, want); err == nil {
			return got, nil
		}
	}
	return Feature{}, withHint(err, rest.ErrExists, "The flag is live again: it was revived from the archive before this failed.")
}

// switchOn switches a flag on where it was on; what it had then is there, so that the server adds nothing.
func (c *Client) switchOn(ctx context.Context, f *Flag, environments []string) error {
	for _, name := range environments {
		at := place{f.Project, f.Name, name}
		if e := f.Environment(name); e != nil && enabled(e.Strategies) {
			if err := c.turn(ctx, at, "on", e.Strategies); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofKind says what an error of the server means to whoever creates: only what can be imported is rest.ErrExists.
func ofKind(err, kind error) error {
	var e *rest.Error
	if errors.As(err, &e) {
		e.Kind = kind
	}
	return err
}

// describeStrategies says what a flag does where.
func (f *Flag) describeStrategies() string {
	var texts []string
	for _, e := range f.Environments {
		var names []string
		for _, s := range e.Strategies {
			name := s.Name
			if title := deref(s.Title); title != "" {
				name += fmt.Sprintf(" %q", title)
			}
			if s.Disabled {
				name += " (disabled)"
			}
			names = append(names, name)
		}
		if len(names) > 0 {
			texts = append(texts, "in "+e.Name+" the strategies "+strings.Join(names, ", "))
		}
	}
	if len(texts) == 0 {
		return "no strategies"
	}
	return strings.Join(texts, "; ")
}

// UpdateFeature changes what differs from what the server has.
func (c *Client) UpdateFeature(ctx context.Context, _, want Feature) (Feature, error) {
	held, tags, err := c.flagAndTags(ctx, want.Project, want.Name)
	if err != nil {
		return Feature{}, err
	}
	return c.settle(ctx, held, tags, want)
}

// settle brings a flag from what it is to what is wanted.
func (c *Client) settle(ctx context.Context, held *Flag, tags []Tag, want Feature) (Feature, error) {
	for _, step := range []func() error{
		func() error { return c.settleFields(ctx, held, want) },
		func() (err error) { tags, err = c.settleTags(ctx, held, tags, want); return err },
		func() error { return c.settleLinks(ctx, held, want) },
		func() error { return c.settleDependencies(ctx, held, want) },
	} {
		if err := step(); err != nil {
			c.forgetFlag(want.Project, want.Name)
			return Feature{}, err
		}
	}
	c.amend(want.Project, want.Name, func(f *Flag) {
		f.Type, f.Description, f.ImpressionData, f.Stale = held.Type, held.Description, held.ImpressionData, held.Stale
		f.Links, f.Dependencies = slices.Clone(held.Links), slices.Clone(held.Dependencies)
	})
	return feature(held, tags), nil
}

// settleFields patches: a PUT would put back whatever it is not told to its default, and so take a flag out of the archive.
func (c *Client) settleFields(ctx context.Context, held *Flag, want Feature) error {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	var patch []operation
	set := func(differs bool, field string, value any) {
		if differs {
			patch = append(patch, operation{"add", "/" + field, value})
		}
	}
	set(want.Type != held.Type, "type", want.Type)
	set(want.Description != deref(held.Description), "description", want.Description)
	set(want.ImpressionData != held.ImpressionData, "impressionData", want.ImpressionData)
	set(want.Stale != held.Stale, "stale", want.Stale)
	if patch == nil {
		return nil
	}
	got, err := rest.Send[*Flag](ctx, c.rest, http.MethodPatch, want.path(), patch)
	switch {
	case err != nil:
		return err
	case got == nil || got.Name != want.Name:
		return c.rest.Unexpected(http.MethodPatch, want.path(), "this flag")
	case got.Archived:
		return notFound(want.path(), "Somebody has archived the flag meanwhile")
	}
	held.Type, held.Description, held.ImpressionData, held.Stale = got.Type, got.Description, got.ImpressionData, got.Stale
	return nil
}

// settleLinks rewrites links that are not wanted into ones that are missing: a link has nothing but its address and title.
func (c *Client) settleLinks(ctx context.Context, held *Flag, want Feature) error {
	if want.Links == nil {
		return nil
	}
	lacks := func(links []Link) func(Link) bool {
		return func(l Link) bool {
			return slices.ContainsFunc(links, func(other Link) bool { return SameLink(l, other) })
		}
	}
	missing := slices.DeleteFunc(slices.Clone(want.Links), lacks(held.Links))
	extra := slices.DeleteFunc(slices.Clone(held.Links), lacks(want.Links))
	kept := slices.DeleteFunc(slices.Clone(held.Links), func(l Link) bool { return !lacks(want.Links)(l) })
	for i := range max(len(missing), len(extra)) {
		method, path, body := http.MethodPost, rest.P("/api/admin/projects/{}/features/{}/link", held.Project, held.Name), any(nil)
		if i < len(extra) {
			method, path = http.MethodPut, rest.P("/api/admin/projects/{}/features/{}/link/{}", held.Project, held.Name, extra[i].ID)
		}
		if i < len(missing) {
			body = map[string]any{"url": missing[i].URL, "title": missing[i].Title}
			kept = append(kept, Link{URL: missing[i].URL, Title: missing[i].Title})
		} else {
			method = http.MethodDelete
		}
		if err := c.rest.Do(ctx, method, path, body, nil); err != nil && (method != http.MethodDelete || !errors.Is(err, rest.ErrNotFound)) {
			return about(err, "links")
		}
	}
	held.Links = kept
	return nil
}

func (c *Client) settleDependencies(ctx context.Context, held *Flag, want Feature) error {
	path := func(parent ...any) rest.Path {
		return rest.P("/api/admin/projects/{}/features/{}/dependencies"+strings.Repeat("/{}", len(parent)), append([]any{held.Project, held.Name}, parent...)...)
	}
	if want.Dependencies == nil || slices.EqualFunc(want.Dependencies, held.Dependencies, Dependency.equal) {
		return nil
	}
	for _, d := range held.Dependencies {
		if len(want.Dependencies) > 0 { // a new parent takes the place of the old one
			break
		}
		if err := c.rest.Do(ctx, http.MethodDelete, path(d.Feature), nil, nil); err != nil && !errors.Is(err, rest.ErrNotFound) {
			return about(err, "dependencies")
		}
	}
	for _, d := range want.Dependencies {
		if err := c.rest.Do(ctx, http.MethodPost, path(), d, nil); err != nil {
			return about(err, "dependencies[0].feature")
		}
	}
	held.Dependencies = slices.Clone(want.Dependencies)
	return nil
}

func without[T comparable](items, others []T) []T {
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool { return slices.Contains(others, item) })
}

// DeleteFeature archives a flag, or, with Purge, deletes it.
func (c *Client) DeleteFeature(ctx context.Context, at Feature) error {
	defer c.tags.drop(at.Project, at.Name)
	defer c.forgetFlag(at.Project, at.Name)
	if at.Purge {
		return c.purgeFeature(ctx, at)
	}
	err := movedAway(c.rest.Do(ctx, http.MethodDelete, at.path(), nil, nil))
	c.noteArchived(at.Project)
	if err == nil {
		c.noteArchived(at.Project + "/" + at.Name)
	}
	if hasStatus(err, http.StatusForbidden) {
		c.forgetFlag(at.Project, at.Name)
		if f, _ := c.flag(ctx, at.Project, at.Name); f != nil {
			return hasChildren(err, f.Children)
		}
	}
	return err
}

// hasChildren names the flags that stand in the way of a deletion, if any do.
func hasChildren(err error, children []string) error {
	var e *rest.Error
	if errors.As(err, &e) && len(children) > 0 {
		e.Hint = fmt.Sprintf("Depending on it: %s. Archive them, or take away their dependencies, first. Terraform destroys before it updates: to do both in "+
			"one apply, this flag needs lifecycle { create_before_destroy = true } beforehand.", strings.Join(children, ", "))
	}
	return err
}

// A stock server works up what was made, archived and revived once a second, and ends where a flag is gone by then. The
// flag's lifecycle shows that it has.
const (
	pollLifecycle  = 100 * time.Millisecond
	pollsLifecycle = 50
	youngFlag      = 10 * time.Second // an older one without a lifecycle is on a server that has none
	settled        = 2 * time.Second  // how long it takes at most
)

// purgeFeature archives a flag by a change of its data, which needs no working up, and deletes it. Such a change goes past
// dependencies, so that they are looked at first.
func (c *Client) purgeFeature(ctx context.Context, at Feature) error {
	c.forgetFlag(at.Project, at.Name)
	f, err := c.flag(ctx, at.Project, at.Name)
	switch {
	case errors.Is(err, rest.ErrNotFound): // or in the archive, where a change finds it
	case err != nil:
		return err
	case len(f.Children) > 0:
		return hasChildren(&rest.Error{Method: http.MethodDelete, Path: at.path().String(), Status: http.StatusForbidden, Message: "Other flags depend on it"}, f.Children)
	}
	archived := []map[string]any{{"op": "add", "path": "/archived", "value": true}}
	now, err := rest.Send[*Flag](ctx, c.rest, http.MethodPatch, at.path(), archived)
	c.noteArchived("") // for what waits until it is unused
	if err != nil {
		return err
	}
	if f == nil || f.Lifecycle == nil || f.Lifecycle.Stage == stageArchived {
		err = c.awaitLifecycle(ctx, at, now, f != nil)
	}
	if err == nil {
		err = c.rest.Do(ctx, http.MethodDelete, rest.P("/api/admin/archive/{}", at.Name), nil, nil)
	}
	if err != nil && !errors.Is(err, rest.ErrNotFound) {
		return withHint(err, nil, "The flag is archived, but not deleted: it keeps its name, and the next plan will not see it any more. Delete it from the "+
			"archive in the dashboard, or destroy again before anything else is planned, with -refresh=false.")
	}
	return err
}

// awaitLifecycle waits until the server has worked up what was done to a flag before it was archived by a change of its
// data; live says that it was not archived already.
func (c *Client) awaitLifecycle(ctx context.Context, at Feature, f *Flag, live bool) error {
	old, polls := true, pollsLifecycle
	if !live { // nothing comes of one that was archived by a change of its data
		polls = int(settled / pollLifecycle)
	}
	if f != nil {
		created, err := time.Parse(time.RFC3339, f.CreatedAt)
		old = err != nil || time.Since(created) > youngFlag
	}
	for range polls {
		stages, err := rest.Get[[]Stage](ctx, c.rest, rest.P("/api/admin/projects/{}/features/{}/lifecycle", at.Project, at.Name))
		if err != nil || len(stages) == 0 && old || len(stages) > 0 && slices.Contains(stages, Stage{stageArchived}) != live {
			return nil //nolint:nilerr // no lifecycle, nothing to wait for
		}
		if err := c.wait(rest.Steady(ctx), pollLifecycle); err != nil {
			return err
		}
	}
	return nil
}
