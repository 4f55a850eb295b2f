package api

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// ProjectEnvironment says that a project has an environment.
type ProjectEnvironment struct {
	Project, Environment string
	// DefaultStrategy is what switching a flag on there adds where it has no strategy; a flexibleRollout. Nil in what is wanted:
	// not managed; in what is read: the server's own.
	DefaultStrategy *Strategy
}

func environmentsOf(project string) string { return "environments of " + project }

// environmentsOf lists those of a project. For one that does not exist the server answers that it has none.
func (c *Client) environmentsOf(ctx context.Context, project string) ([]ProjectEnvironment, error) {
	return remember(ctx, c, environmentsOf(project), func(ctx context.Context) ([]ProjectEnvironment, error) {
		type environment struct {
			Name            string
			Visible         bool // the project has it
			DefaultStrategy *Strategy
		}
		all, err := listOf[environment](ctx, c, rest.P("/api/admin/environments/project/{}", project), "environments")
		var list []ProjectEnvironment
		for _, e := range all {
			if e.Visible {
				if e.DefaultStrategy != nil {
					*e.DefaultStrategy = e.DefaultStrategy.Complete()
				}
				list = append(list, ProjectEnvironment{project, e.Name, e.DefaultStrategy})
			}
		}
		return list, err
	})
}

// ProjectEnvironment reads one.
func (c *Client) ProjectEnvironment(ctx context.Context, at ProjectEnvironment) (ProjectEnvironment, error) {
	list, err := c.environmentsOf(ctx, at.Project)
	if err != nil {
		return at, err
	}
	for _, e := range list {
		if e.Environment == at.Environment {
			return e, nil
		}
	}
	return at, notFound(rest.P("/api/admin/environments/project/{}", at.Project), "Project %q does not have the environment %q", at.Project, at.Environment)
}

// ProjectEnvironments lists those of a project, in the order of the environments.
func (c *Client) ProjectEnvironments(ctx context.Context, within ProjectEnvironment) iter.Seq2[ProjectEnvironment, error] {
	return func(yield func(ProjectEnvironment, error) bool) {
		list, err := c.environmentsOf(ctx, within.Project)
		if err == nil && len(list) == 0 {
			_, err = c.overview(ctx, within.Project) // is there such a project?
		}
		if err != nil {
			yield(within, err)
			return
		}
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// CreateProjectEnvironment gives a project an environment. A default strategy that is sent with it the server takes and
// forgets, so that follows.
func (c *Client) CreateProjectEnvironment(ctx context.Context, want ProjectEnvironment) (ProjectEnvironment, error) {
	path := rest.P("/api/admin/projects/{}/environments", want.Project)
	err := c.rest.Do(ctx, http.MethodPost, path, map[string]any{"environment": want.Environment}, nil)
	c.forgetProject(want.Project)
	if err == nil || lost(err) { // the answer says nothing
		switch _, unread := c.ProjectEnvironment(ctx, want); {
		case unread == nil:
			err = nil
		case err == nil:
			err = c.rest.Unexpected(http.MethodPost, path, "that of a server that has added the environment")
		}
	}
	switch {
	case hasStatus(err, http.StatusBadRequest):
		return want, about(err, "environment")
	case errors.Is(err, rest.ErrNotFound):
		return want, about(err, "project")
	case err != nil:
		if _, missing := c.overview(ctx, want.Project); errors.Is(missing, rest.ErrNotFound) {
			return want, about(missing, "project")
		}
		return want, err
	}
	made, err := c.setDefaultStrategy(ctx, want, nil)
	if err != nil { // not partial: replacing the link would switch off what others have switched on there meanwhile
		return made, withHint(err, rest.ErrExists, "The environment is in the project now: it was added before this failed.")
	}
	return made, nil
}

// UpdateProjectEnvironment replaces the default strategy.
func (c *Client) UpdateProjectEnvironment(ctx context.Context, _, want ProjectEnvironment) (ProjectEnvironment, error) {
	c.forget(environmentsOf(want.Project))
	there, err := c.ProjectEnvironment(ctx, want)
	if err != nil {
		return want, err
	}
	return c.setDefaultStrategy(ctx, want, there.DefaultStrategy)
}

// setDefaultStrategy replaces a default strategy that differs from what is wanted, and returns what there is then. Parameters
// that are not named stay.
func (c *Client) setDefaultStrategy(ctx context.Context, want ProjectEnvironment, there *Strategy) (ProjectEnvironment, error) {
	got := ProjectEnvironment{want.Project, want.Environment, there}
	if want.DefaultStrategy == nil {
		return got, nil
	}
	next := want.DefaultStrategy.Complete()
	if there != nil {
		if _, differs := next.update(*there); !differs {
			return got, nil
		}
		parameters := maps.Clone(there.Parameters)
		maps.Copy(parameters, next.Parameters)
		next.Parameters = parameters
	}
	err := c.rest.Do(rest.Repeatable(ctx), http.MethodPost, rest.P("/api/admin/projects/{}/environments/{}/default-strategy", want.Project, want.Environment), next.create(), nil)
	c.forgetProject(want.Project)
	if err == nil {
		got.DefaultStrategy = &next
	}
	return got, err
}

// DeleteProjectEnvironment takes an environment from a project, whose flags lose what they are there: the server keeps
// their strategies for the day it comes back.
func (c *Client) DeleteProjectEnvironment(ctx context.Context, at ProjectEnvironment) error {
	err := c.rest.Do(ctx, http.MethodDelete, rest.P("/api/admin/projects/{}/environments/{}", at.Project, at.Environment), nil, nil)
	c.forgetProject(at.Project)
	return err
}
