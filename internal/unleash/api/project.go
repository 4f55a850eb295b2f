package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Project is where flags live. The open-source edition has one, "default", and no calls to make or change any.
type Project struct {
	ID                string // "": made of the name
	Name              string
	Description       *string
	Mode              string // open, protected or private
	DefaultStickiness string
	FeatureLimit      *int64

	FeatureNameRegex, FeatureNameExample, FeatureNameDescription *string

	Archive bool // deleting it archives it
}

func (o ProjectOverview) project() Project {
	return Project{
		ID: o.Project, Name: o.Name, Description: o.Description, Mode: o.Mode, DefaultStickiness: o.DefaultStickiness, FeatureLimit: o.FeatureLimit,
		FeatureNameRegex: o.FeatureNaming.Pattern, FeatureNameExample: o.FeatureNaming.Example, FeatureNameDescription: o.FeatureNaming.Description,
	}
}

// settings is what a PUT of the settings takes. It sets naming and links to nothing where they are left out.
func (p Project) settings(links []json.RawMessage) map[string]any {
	if links == nil {
		links = []json.RawMessage{}
	}
	return map[string]any{
		"mode": p.Mode, "linkTemplates": links,
		"featureNaming": map[string]any{"pattern": p.FeatureNameRegex, "example": p.FeatureNameExample, "description": p.FeatureNameDescription},
	}
}

func (p Project) named() bool {
	return p.FeatureNameRegex != nil || p.FeatureNameExample != nil || p.FeatureNameDescription != nil
}

func (p Project) sameSettings(q Project) bool {
	return p.Mode == q.Mode && deref(p.FeatureNameRegex) == deref(q.FeatureNameRegex) && deref(p.FeatureNameExample) == deref(q.FeatureNameExample) &&
		deref(p.FeatureNameDescription) == deref(q.FeatureNameDescription)
}

var projectsPath = rest.P("/api/admin/projects")

func projectPath(id string) rest.Path { return rest.P("/api/admin/projects/{}", id) }

// Project reads one. One that is archived is gone: nothing can be made in it.
func (c *Client) Project(ctx context.Context, at Project) (Project, error) {
	o, err := c.overview(ctx, at.ID)
	if err == nil && o.ArchivedAt != nil {
		err = notFound(overviewPath(at.ID), "Project %q is archived", at.ID)
	}
	return o.project(), err
}

type listedProject struct{ ID, Name string }

const projects = "projects"

func (c *Client) projects(ctx context.Context) ([]listedProject, error) {
	return remember(ctx, c, projects, func(ctx context.Context) ([]listedProject, error) {
		return listOf[listedProject](ctx, c, projectsPath, "projects")
	})
}

// Projects lists those that are not archived. The list has no settings, so each takes a request; where a name is wanted,
// only those that are called so.
func (c *Client) Projects(ctx context.Context, within Project) iter.Seq2[Project, error] {
	return func(yield func(Project, error) bool) {
		list, err := c.projects(ctx)
		if err != nil {
			yield(Project{}, err)
			return
		}
		for _, item := range list {
			if within.ID != "" && item.ID != within.ID || within.Name != "" && item.Name != within.Name {
				continue
			}
			p, err := c.Project(ctx, Project{ID: item.ID})
			if errors.Is(err, rest.ErrNotFound) {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// CountProjects counts those that are not archived.
func (c *Client) CountProjects(ctx context.Context) (int, error) {
	list, err := c.projects(ctx)
	return len(list), err
}

// CreateProject makes one, or revives the one of that id that is archived.
func (c *Client) CreateProject(ctx context.Context, want Project) (Project, error) {
	type body struct {
		ID                string  `json:"id,omitempty"`
		Name              string  `json:"name"`
		Description       *string `json:"description,omitempty"`
		Mode              string  `json:"mode"`
		DefaultStickiness string  `json:"defaultStickiness"`
		FeatureLimit      *int64  `json:"featureLimit,omitempty"`
	}
	if want.ID == "" { // then the server makes one that is free, and the archived project would keep its flags
		if archived := c.archivedProjects(ctx, func(p listedProject) bool { return p.Name == want.Name }); len(archived) == 1 {
			want.ID = archived[0].ID
			return c.reviveProject(ctx, want)
		}
	}
	made, err := rest.Send[listedProject](ctx, c.rest, http.MethodPost, projectsPath,
		body{want.ID, want.Name, want.Description, want.Mode, want.DefaultStickiness, want.FeatureLimit})
	c.forget(projects)
	switch {
	case errors.Is(err, rest.ErrExists) && len(c.archivedProjects(ctx, func(p listedProject) bool { return p.ID == want.ID })) > 0:
		return c.reviveProject(ctx, want)
	case err != nil:
		return want, err
	case made.ID == "":
		return want, c.rest.Unexpected(http.MethodPost, projectsPath, "a project")
	}
	want.ID = made.ID
	c.forgetProject(want.ID)
	if want.named() {
		if err := c.rest.Do(ctx, http.MethodPut, rest.P("/api/admin/projects/{}/settings", want.ID), want.settings(nil), nil); err != nil {
			return want, &rest.PartialError{Err: namingFields(err)}
		}
	}
	if want.FeatureLimit == nil {
		return want, nil
	}
	got, err := c.keptProject(ctx, want)
	if err != nil {
		return got, &rest.PartialError{Err: err}
	}
	return got, nil
}

func (c *Client) archivedProjects(ctx context.Context, wanted func(listedProject) bool) []listedProject {
	archived, err := listOf[listedProject](ctx, c, projectsPath.Query("archived", true), "projects")
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(archived, func(p listedProject) bool { return !wanted(p) })
}

func (c *Client) reviveProject(ctx context.Context, want Project) (Project, error) {
	err := c.rest.Do(ctx, http.MethodPost, rest.P("/api/admin/projects/revive/{}", want.ID), struct{}{}, nil)
	c.forgetProject(want.ID)
	if err != nil {
		return want, err
	}
	rest.Warn(ctx, "An archived project was revived", "The project %q was archived. It is back, with the environments, the members and the API tokens "+
		"that it had, and with its flags, which stay archived.", want.ID)
	got, err := c.UpdateProject(ctx, Project{ID: want.ID}, want)
	if err != nil { // not partial: what others had in it is not ours to replace
		return want, withHint(err, rest.ErrExists, "The project is back: it was revived from the archive before this failed.")
	}
	return got, nil
}

// UpdateProject changes what differs from what is there.
func (c *Client) UpdateProject(ctx context.Context, _, want Project) (Project, error) {
	c.forgetProject(want.ID) // a PUT replaces: see what others have done meanwhile
	there, err := c.overview(ctx, want.ID)
	if err != nil {
		return want, err
	}
	was := there.project()
	defer c.forget(projects)
	if was.Name != want.Name || deref(was.Description) != deref(want.Description) || was.DefaultStickiness != want.DefaultStickiness || !sameNumber(was.FeatureLimit, want.FeatureLimit) {
		body := map[string]any{"name": want.Name, "defaultStickiness": want.DefaultStickiness, "featureLimit": want.FeatureLimit, "mode": want.Mode}
		if want.Description != nil { // left out, it is kept
			body["description"] = want.Description
		}
		err = c.rest.Do(ctx, http.MethodPut, projectPath(want.ID), body, nil)
	}
	if err == nil && !was.sameSettings(want) {
		err = namingFields(c.rest.Do(ctx, http.MethodPut, rest.P("/api/admin/projects/{}/settings", want.ID), want.settings(there.LinkTemplates), nil))
	}
	c.forgetProject(want.ID)
	if err != nil {
		return want, err
	}
	return c.keptProject(ctx, want)
}

// keptProject reads what was written, and says so where the server has taken a setting without keeping it.
func (c *Client) keptProject(ctx context.Context, want Project) (Project, error) {
	got, err := c.Project(ctx, want)
	if err == nil && !sameNumber(got.FeatureLimit, want.FeatureLimit) {
		return got, about(&rest.Error{Method: http.MethodPut, Path: projectPath(want.ID).String(), Status: http.StatusOK,
			Message: "the server took the call, but did not keep the limit: this version has none"}, "featureLimit")
	}
	return got, err
}

func sameNumber(a, b *int64) bool { return (a == nil) == (b == nil) && deref(a) == deref(b) }

// namingFields has what the server says of a naming pattern land on it.
func namingFields(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusBadRequest && len(e.Fields) == 0 {
		return about(err, "featureNaming.pattern")
	}
	return err
}

// DeleteProject deletes one with its archived flags and its API tokens, or archives it. One with live flags is refused, one
// that others have archived stays so.
func (c *Client) DeleteProject(ctx context.Context, at Project) error {
	c.forgetProject(at.ID)
	there, err := c.overview(ctx, at.ID)
	switch {
	case err != nil: // gone among other things, which the server would call a success
	case there.ArchivedAt != nil:
		return nil
	case at.Archive:
		err = c.rest.Do(ctx, http.MethodPost, rest.P("/api/admin/projects/archive/{}", at.ID), struct{}{}, nil)
	default:
		if err = c.awaitArchived(ctx, at.ID); err == nil {
			err = c.rest.Do(ctx, http.MethodDelete, projectPath(at.ID), nil, nil)
		}
	}
	c.forgetProject(at.ID)
	c.forget(projects, apiTokens.name)
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusForbidden && (at.ID == DefaultProject || len(there.FeatureTypeCounts) > 0) {
		e.Hint = "A project with live flags is neither deleted nor archived, and the project \"default\" never: archive or move its flags first."
		if flags, err := c.taggedFlags(ctx, at.ID); err == nil && len(flags) > 0 {
			names := make([]string, len(flags))
			for i, f := range flags {
				names[i] = f.Name
			}
			slices.Sort(names)
			e.Hint += fmt.Sprintf(" It has %d: %s.", len(names), strings.Join(names[:min(len(names), 10)], ", "))
		}
	}
	return err
}

func (c *Client) noteArchived(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.archivals[what], c.archivals[""] = time.Now(), time.Now()
}

func (c *Client) lastArchived(what string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.archivals[what]
}

// awaitArchived waits until the server has worked up what this process has archived in a project, which is deleted with it.
func (c *Client) awaitArchived(ctx context.Context, project string) error {
	if left := settled - time.Since(c.lastArchived(project)); left > 0 {
		return c.wait(ctx, left)
	}
	return nil
}
