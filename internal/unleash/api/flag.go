package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Flag is what one GET shows of a live flag: itself, and its strategies in all environments. Features, states and
// strategies of one flag are all read from it.
type Flag struct {
	Project        string            `json:"project"`
	Name           string            `json:"name"`
	Type           string            `json:"type"`
	Description    *string           `json:"description"`
	Stale          bool              `json:"stale"`
	ImpressionData bool              `json:"impressionData"`
	Archived       bool              `json:"archived"`
	CreatedAt      string            `json:"createdAt"`
	Environments   []FlagEnvironment `json:"environments"`
	Dependencies   []Dependency      `json:"dependencies"`
	Children       []string          `json:"children"`
	Links          []Link            `json:"links"`
	Lifecycle      *Stage            `json:"lifecycle,omitempty"` // not there before the server has worked up that the flag was made
}

// Stage is where a flag is in its life.
type Stage struct {
	Stage string `json:"stage"` // initial, pre-live, live, completed or archived
}

const stageArchived = "archived"

// FlagEnvironment is a flag in one environment of its project. Strategies are in the order in which they are evaluated.
type FlagEnvironment struct {
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	Enabled    bool       `json:"enabled"`
	Strategies []Strategy `json:"strategies"`
}

// Environment is the flag in an environment, nil where its project does not have it. It may be changed in an amend.
func (f *Flag) Environment(name string) *FlagEnvironment {
	for i := range f.Environments {
		if f.Environments[i].Name == name {
			return &f.Environments[i]
		}
	}
	return nil
}

// clone is deep, so that nobody changes what the client remembers.
func (f *Flag) clone() (*Flag, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var c Flag
	return &c, json.Unmarshal(text, &c)
}

func flagPath(project, name string) rest.Path {
	return rest.P("/api/admin/projects/{}/features/{}", project, name)
}

// flag reads a live flag, once for everything that asks until a write calls amend or forgetFlag. The caller may change
// what it gets. A flag that is archived or not there is rest.ErrNotFound.
func (c *Client) flag(ctx context.Context, project, name string) (*Flag, error) {
	key, age := project+"/"+name, c.ageOf(project, name)
	known, err := rest.Shared(ctx, &c.flight, fmt.Sprint("flag ", key, age), func(ctx context.Context) (*Flag, error) {
		c.mu.Lock()
		known := c.flags[key]
		c.mu.Unlock()
		if known != nil {
			return known, nil
		}
		f, err := rest.Get[*Flag](ctx, c.rest, flagPath(project, name))
		if err != nil {
			return nil, movedAway(err)
		}
		if f == nil || f.Name != name {
			return nil, c.rest.Unexpected(http.MethodGet, flagPath(project, name), "this flag")
		}
		c.mu.Lock()
		if age == (flagAge{c.ages[project], c.ages[key]}) { // no write has overtaken the answer
			c.flags[key] = f
		}
		c.mu.Unlock()
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return known.clone()
}

var inProject = regexp.MustCompile(`there's a feature with that name in project "(.*)"`)

// movedAway has a flag that is in another project not be gone: whoever forgets it, and its strategies, would make them twice.
func movedAway(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && errors.Is(err, rest.ErrNotFound) {
		if there := inProject.FindStringSubmatch(e.Message); there != nil {
			e.Kind = errElsewhere
			e.Hint = fmt.Sprintf("Take what belongs to it out of the state (terraform state rm, or removed blocks), and import it with project = %q.", there[1])
		}
	}
	return err
}

var errElsewhere = errors.New("in another project")

// flagAge tells whether what a request shows of a flag is still how it is.
type flagAge struct{ project, flag int }

func (c *Client) ageOf(project, name string) flagAge {
	c.mu.Lock()
	defer c.mu.Unlock()
	return flagAge{c.ages[project], c.ages[project+"/"+name]}
}

// learnFlag remembers a flag that the server has made, unless its project has changed since it was of that age.
func (c *Client) learnFlag(f *Flag, age flagAge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ages[f.Project] == age.project {
		c.flags[f.Project+"/"+f.Name] = f
	}
}

// amend writes what a call has changed into what is remembered of a flag, if anything is.
func (c *Client) amend(project, name string, change func(*Flag)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flags[project+"/"+name]; f != nil {
		change(f)
	} else {
		c.ages[project+"/"+name]++ // whoever is reading it may get it as it was
	}
}

// forgetFlag has the flag read afresh: a write has changed what cannot be told from its answer, or has failed.
func (c *Client) forgetFlag(project, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flags, project+"/"+name)
	c.ages[project+"/"+name]++
}

// inEnvironment reads a flag in one environment. Without a link between project and environment it is rest.ErrNotFound.
func (c *Client) inEnvironment(ctx context.Context, project, name, environment string) (*Flag, *FlagEnvironment, error) {
	f, err := c.flag(ctx, project, name)
	if err != nil {
		return nil, nil, err
	}
	e := f.Environment(environment)
	if e == nil {
		return f, nil, notLinked(flagPath(project, name), project, environment)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byServer.on[place{project, name, environment}] = e.Enabled
	return f, e, nil
}

// notLinked lands on the environment: where flags are concerned, it is not there.
func notLinked(path rest.Path, project, environment string) error {
	err := say(notFound(path, ""), "environment", "Project %q does not have the environment %q.", project, environment)
	var e *rest.Error
	if errors.As(err, &e) {
		e.Hint = "Add it to the project first: flagops_unleash_project_environment does."
	}
	return err
}

// projectEnvironments is what a new flag of a project is in its environments: off, without strategies.
func (c *Client) projectEnvironments(ctx context.Context, project string) ([]FlagEnvironment, error) {
	overview, err := c.overview(ctx, project)
	environments := make([]FlagEnvironment, len(overview.Environments))
	for i, e := range overview.Environments {
		environments[i] = FlagEnvironment{Name: e.Environment, Strategies: []Strategy{}}
	}
	return environments, err
}
