package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// ProjectOverview is what every edition shows of a project: its settings, what it has, and how it does.
type ProjectOverview struct {
	Project string `json:"-"` // its id, which the answer lacks

	Name              string  `json:"name"`
	Description       *string `json:"description"`
	Mode              string  `json:"mode"`
	DefaultStickiness string  `json:"defaultStickiness"`
	FeatureLimit      *int64  `json:"featureLimit"`
	FeatureNaming     struct {
		Pattern     *string `json:"pattern"`
		Example     *string `json:"example"`
		Description *string `json:"description"`
	} `json:"featureNaming"`
	LinkTemplates []json.RawMessage `json:"linkTemplates"` // a new flag starts with links made from them

	Environments      []struct{ Environment string }
	FeatureTypeCounts []struct { // of live flags
		Type  string
		Count int
	}
	Members    int64   `json:"members"`
	Health     int64   `json:"health"`
	CreatedAt  string  `json:"createdAt"`
	ArchivedAt *string `json:"archivedAt"`
}

func overviewPath(project string) rest.Path {
	return rest.P("/api/admin/projects/{}/overview", project)
}

// overview is remembered. Only it tells whether a project exists; one that is archived has one, too.
func (c *Client) overview(ctx context.Context, project string) (ProjectOverview, error) {
	return remember(ctx, c, "overview "+project, func(ctx context.Context) (ProjectOverview, error) {
		got, err := rest.Get[ProjectOverview](ctx, c.rest, overviewPath(project))
		if err == nil && got.Name == "" {
			err = c.rest.Unexpected(http.MethodGet, overviewPath(project), "a project")
		}
		got.Project = project
		return got, err
	})
}

// ProjectOverview reads that of a project.
func (c *Client) ProjectOverview(ctx context.Context, at ProjectOverview) (ProjectOverview, error) {
	return c.overview(ctx, at.Project)
}

// forgetProject has a project and its flags read afresh: a write has changed its settings or which environments it has.
func (c *Client) forgetProject(project string) {
	c.forget("overview "+project, environmentsOf(project))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ages[project]++
	for key := range c.flags {
		if strings.HasPrefix(key, project+"/") {
			delete(c.flags, key)
		}
	}
}

// forgetAll has all projects and flags read afresh.
func (c *Client) forgetAll() {
	c.mu.Lock()
	projects := map[string]bool{}
	for question := range c.answers {
		if project, ok := strings.CutPrefix(question, "overview "); ok {
			projects[project] = true
		} else if project, ok := strings.CutPrefix(question, environmentsOf("")); ok {
			projects[project] = true
		}
	}
	for _, f := range c.flags {
		projects[f.Project] = true
	}
	c.mu.Unlock()
	for project := range projects {
		c.forgetProject(project)
	}
}
