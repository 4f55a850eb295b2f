// Package api speaks with Flagsmith's admin API. It knows no Terraform. Every object carries its parents, so one value is
// also its address, and calls have the shapes that crud.Spec wants.
package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Config says which Flagsmith a Client talks to and as whom.
type Config struct {
	URL        string // with its base path: https://api.flagsmith.com/api/v1
	Token      string // an organisation's API key, or what AuthScheme says
	AuthScheme string // "Api-Key" (or ""), "Token" (a user's), "Bearer" (OAuth, OIDC); Flagsmith matches the case

	UserAgent      string
	Header         http.Header   // sent beside ours
	Timeout        time.Duration // of one attempt; 0: 60 s
	MaxRetries     int           // attempts after the first; 0: 4; negative: none
	MaxConcurrency int           // requests under way at once; 0: 8
	CACertFile     string        // PEM, in addition to the system's
	Insecure       bool          // accept any certificate
}

// Client is safe for concurrent use. What it remembers (environment keys, the organisation, names it resolved) lives as
// long as it does.
type Client struct {
	rest   *rest.Client
	flight singleflight.Group
	wait   func(ctx context.Context, attempt int) error // between looks at something asynchronous

	mu            sync.Mutex
	keys          map[int64]environmentKey // by environment id
	listings      map[int64]listing        // by project id
	organisations []Organisation           // nil: not asked yet
	resolved      map[string]int64         // by what Resolve was asked

	features featureMemory // locks itself
}

type environmentKey struct {
	projectID int64
	key       string
}

// listing is the n-th time that the environments of a project were read.
type listing struct {
	number       int
	environments []Environment
}

// New checks the configuration. It sends nothing.
func New(config Config) (*Client, error) {
	token := strings.TrimSpace(config.Token)
	scheme := config.AuthScheme
	if scheme == "" {
		scheme = schemeOrganisation
	}
	switch {
	case token == "":
		return nil, errors.New("flagsmith.token is not set, nor is FLAGSMITH_API_KEY")
	case !slices.Contains(schemes, scheme):
		return nil, fmt.Errorf("flagsmith.auth_scheme must be one of %s", strings.Join(schemes, ", "))
	case config.Header.Get("Authorization") != "":
		return nil, errors.New("flagsmith.headers cannot hold Authorization, which is where flagsmith.token goes")
	case strings.ContainsAny(token, " \t\r\n"):
		return nil, errors.New("flagsmith.token must be the token alone: the scheme has its own attribute, flagsmith.auth_scheme")
	}
	header := config.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Authorization", scheme+" "+token)
	client, err := rest.New(rest.Config{
		Backend:        "flagsmith",
		BaseURL:        config.URL,
		Header:         header,
		UserAgent:      config.UserAgent,
		Timeout:        config.Timeout,
		MaxRetries:     config.MaxRetries,
		MaxConcurrency: config.MaxConcurrency,
		CACertFile:     config.CACertFile,
		Insecure:       config.Insecure,
		DecodeError:    decoder{scheme, token}.decode,
	})
	if err != nil {
		return nil, err
	}
	return &Client{
		rest:     client,
		wait:     backOff,
		keys:     map[int64]environmentKey{},
		listings: map[int64]listing{},
		resolved: map[string]int64{},
	}, nil
}

const (
	schemeOrganisation = "Api-Key"
	schemeUser         = "Token"
	schemeBearer       = "Bearer"
)

var schemes = []string{schemeOrganisation, schemeUser, schemeBearer}

// backOff waits before the attempt'th look: 0.25 s, doubling up to 5 s.
func backOff(ctx context.Context, attempt int) error {
	return rest.Pause(ctx, min(250*time.Millisecond<<min(attempt, 8), 5*time.Second))
}

// EnvironmentKey is the api_key of an environment, which most of the API addresses it by. It is looked up in the
// project's environments, one request for all of them, and remembered. An environment that is not there is
// rest.ErrNotFound.
func (c *Client) EnvironmentKey(ctx context.Context, projectID, environmentID int64) (string, error) {
	seen := c.seen(projectID)
	if key, known := c.knownKey(projectID, environmentID); known {
		return key, nil
	}
	environment, err := c.find(ctx, projectID, environmentID, seen)
	return deref(environment.APIKey), err
}

// find looks an environment up in a listing of its project that is newer than the one seen before.
func (c *Client) find(ctx context.Context, projectID, environmentID int64, seen int) (Environment, error) {
	environments, err := c.environmentsSince(ctx, projectID, seen)
	if err != nil {
		return Environment{}, err
	}
	for _, e := range environments {
		if e.ID == environmentID {
			return e, nil
		}
	}
	c.forget(environmentID)
	return Environment{}, notFound(rest.P("/projects/{}/environments/", projectID),
		"Project %d has no environment %d.", projectID, environmentID)
}

// seen is the number of the last listing of a project. Whoever then misses something in what is known asks for a later
// one, which may be there already: many miss the same at the same time.
func (c *Client) seen(projectID int64) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listings[projectID].number
}

func (c *Client) knownKey(projectID, environmentID int64) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.keys[environmentID]
	return known.key, ok && known.projectID == projectID
}

// learn remembers the key of an environment that the server has shown.
func (c *Client) learn(environments ...Environment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range environments {
		if e.APIKey != nil && *e.APIKey != "" {
			c.keys[e.ID] = environmentKey{e.ProjectID, *e.APIKey}
		}
	}
}

func (c *Client) forget(environmentID int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keys, environmentID)
}

// projectEnvironments reads all environments of a project, without their metadata, in one request.
func (c *Client) projectEnvironments(ctx context.Context, projectID int64) ([]Environment, error) {
	return c.environmentsSince(ctx, projectID, c.seen(projectID))
}

// environmentsSince is projectEnvironments unless somebody has read them since the listing that was seen.
func (c *Client) environmentsSince(ctx context.Context, projectID int64, seen int) ([]Environment, error) {
	read := func(ctx context.Context) (listing, error) {
		c.mu.Lock()
		last := c.listings[projectID]
		c.mu.Unlock()
		if last.number > seen {
			return last, nil
		}
		environments, err := collect(array[Environment](ctx, c, rest.P("/projects/{}/environments/", projectID)))
		if hasStatus(err, http.StatusForbidden) { // needs project administration; the paginated list only shows less
			environments, err = collect(c.Environments(ctx, Environment{ProjectID: projectID}))
		}
		if err != nil {
			return listing{}, err
		}
		c.learn(environments...)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.listings[projectID] = listing{last.number + 1, environments}
		return c.listings[projectID], nil
	}
	for {
		// The answer may be for one who had seen less.
		if got, err := rest.Shared(ctx, &c.flight, fmt.Sprint("environments of ", projectID), read); err != nil || got.number > seen {
			return got.environments, err
		}
	}
}

// inEnvironment calls f with an environment's key. Where f gets 404 or 403 (Flagsmith's answer below an environment that
// is gone), the key is looked up afresh: a renamed key is tried once more, an environment that is gone is
// rest.ErrNotFound, and otherwise f's own error stands: a 404 is about the object, a 403 about permissions.
func inEnvironment[T any](ctx context.Context, c *Client, projectID, environmentID int64, f func(key string) (T, error)) (T, error) {
	var zero T
	key, err := c.EnvironmentKey(ctx, projectID, environmentID)
	if err != nil {
		return zero, err
	}
	seen := c.seen(projectID)
	value, err := f(key)
	if !hasStatus(err, http.StatusNotFound) && !hasStatus(err, http.StatusForbidden) {
		return value, err
	}
	switch fresh, lookup := c.find(ctx, projectID, environmentID, seen); {
	case errors.Is(lookup, rest.ErrNotFound):
		return zero, lookup
	case lookup == nil && deref(fresh.APIKey) != key:
		return f(deref(fresh.APIKey))
	}
	return value, err
}

// confirmGone settles what an error below a parent means where Flagsmith answers 403 or 500 for a parent that is not
// there: rest.ErrNotFound if reading the parent says so. A parent that may not be read proves nothing, for that is also
// what the wrong token looks like.
func (c *Client) confirmGone(ctx context.Context, err error, parent rest.Path) error {
	var answer *rest.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusForbidden && answer.Status != http.StatusInternalServerError {
		return err
	}
	if gone := c.rest.Do(ctx, http.MethodGet, parent, nil, nil); errors.Is(gone, rest.ErrNotFound) {
		return gone
	}
	return err
}

// OnlyOrganisation is the organisation that the token sees. An organisation's key sees exactly one; a user may see
// several, and then has to choose.
func (c *Client) OnlyOrganisation(ctx context.Context) (int64, error) {
	organisations, err := c.allOrganisations(ctx)
	if err != nil {
		return 0, err
	}
	switch len(organisations) {
	case 0:
		return 0, errors.New("the token sees no organisation")
	case 1:
		return organisations[0].ID, nil
	}
	var names []string
	for _, o := range organisations {
		names = append(names, fmt.Sprintf("%d (%s)", o.ID, o.Name))
	}
	return 0, fmt.Errorf("the token sees several organisations; set organisation_id to one of %s", strings.Join(names, ", "))
}

func (c *Client) allOrganisations(ctx context.Context) ([]Organisation, error) {
	return rest.Shared(ctx, &c.flight, "organisations", func(ctx context.Context) ([]Organisation, error) {
		c.mu.Lock()
		known := c.organisations
		c.mu.Unlock()
		if known != nil {
			return known, nil
		}
		organisations, err := collect(pages[Organisation](ctx, c, rest.P("/organisations/")))
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.organisations = organisations
		return organisations, nil
	})
}

// organisationOr is id, or the only organisation where id is 0.
func (c *Client) organisationOr(ctx context.Context, id int64) (int64, error) {
	if id != 0 {
		return id, nil
	}
	return c.OnlyOrganisation(ctx)
}

// named is what Resolve needs of any object.
type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Resolve finds the id behind the name of an object: attribute is organisation_id, project_id, environment_id,
// feature_id or segment_id; within holds its parents by attribute. Several matches are an error that lists the ids, none
// is rest.ErrNotFound. A name is looked up once.
func (c *Client) Resolve(ctx context.Context, attribute string, within map[string]int64, name string) (int64, error) {
	question := fmt.Sprint(attribute, within, name) // maps print sorted
	return rest.Shared(ctx, &c.flight, "resolve "+question, func(ctx context.Context) (int64, error) {
		c.mu.Lock()
		id, known := c.resolved[question]
		c.mu.Unlock()
		if known {
			return id, nil
		}
		path, candidates, err := c.candidates(ctx, attribute, within, name)
		if err != nil {
			return 0, err
		}
		if id, err = match(candidates, path, strings.TrimSuffix(attribute, "_id"), name); err != nil {
			return 0, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.resolved[question] = id
		return id, nil
	})
}

func (c *Client) candidates(ctx context.Context, attribute string, within map[string]int64, name string) (rest.Path, []named, error) {
	project := within["project_id"]
	if project == 0 && attribute != "organisation_id" && attribute != "project_id" {
		return rest.Path{}, nil, fmt.Errorf("the %s %q can only be found within a project", strings.TrimSuffix(attribute, "_id"), name)
	}
	var (
		path  rest.Path
		found []named
		err   error
	)
	switch attribute {
	case "organisation_id":
		var all []Organisation
		path = rest.P("/organisations/")
		all, err = c.allOrganisations(ctx)
		for _, o := range all {
			found = append(found, named{o.ID, o.Name})
		}
	case "project_id":
		path = rest.P("/projects/")
		if id := within["organisation_id"]; id != 0 {
			path = path.Query("organisation", id)
		}
		found, err = collect(array[named](ctx, c, path))
	case "environment_id":
		var all []Environment
		path = rest.P("/projects/{}/environments/", project)
		all, err = c.projectEnvironments(ctx, project)
		for _, e := range all {
			found = append(found, named{e.ID, e.Name})
		}
	case "feature_id": // the search is for a part of the name
		path = rest.P("/projects/{}/features/", project).Query("page_size", pageSize, "search", name)
		found, err = collect(pages[named](ctx, c, path))
	case "segment_id":
		path = rest.P("/projects/{}/segments/", project).Query("page_size", pageSize)
		found, err = collect(pages[named](ctx, c, path))
	default:
		err = fmt.Errorf("%s cannot be given by name", attribute)
	}
	return path, found, err
}

// match finds the object that is called name. Feature names are unique whatever their case, so one that differs only in
// that is taken where none is the same.
func match(candidates []named, path rest.Path, kind, name string) (int64, error) {
	var ids, folded []int64
	for _, candidate := range candidates {
		if candidate.Name == name {
			ids = append(ids, candidate.ID)
		}
		if kind == "feature" && strings.EqualFold(candidate.Name, name) {
			folded = append(folded, candidate.ID)
		}
	}
	if len(ids) == 0 {
		ids = folded
	}
	switch len(ids) {
	case 0:
		return 0, notFound(path, "There is no %s called %q.", kind, name)
	case 1:
		return ids[0], nil
	}
	return 0, fmt.Errorf("several %ss are called %q: use one of the ids %s", kind, name, strings.Trim(fmt.Sprint(ids), "[]"))
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
