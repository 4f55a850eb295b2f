package api

import (
	"context"
	"fmt"
	"regexp"
	"sync"
)

// FeatureUse counts what comes to nothing when a flag goes.
type FeatureUse struct {
	Environments int // where it is on
	Strategies   int // in all of them
	Children     []string
}

// FeatureUse takes one request, if that.
func (c *Client) FeatureUse(ctx context.Context, at Feature) (use FeatureUse, err error) {
	f, err := c.flag(ctx, at.Project, at.Name)
	if err != nil {
		return use, err
	}
	use.Children = f.Children
	for _, e := range f.Environments {
		use.Strategies += len(e.Strategies)
		if e.Enabled {
			use.Environments++
		}
	}
	return use, nil
}

// FeatureNameProblem says why a project's pattern refuses a name; "" if it does not, or where that cannot be known: no
// answer, or an expression that JavaScript and Go read differently. It takes one request for each project.
func (c *Client) FeatureNameProblem(ctx context.Context, project, name string) string {
	overview, err := c.overview(ctx, project)
	pattern := deref(overview.FeatureNaming.Pattern)
	if planned, ok := c.names.expected(project); ok {
		pattern = planned
	} else if err != nil {
		return ""
	}
	if pattern == "" || foreign.MatchString(pattern) {
		return ""
	}
	// As Unleash does it: without a group, so that "a|b" anchors a at the start and b at the end.
	if compiled, err := regexp.Compile("^" + pattern + "$"); err != nil || compiled.MatchString(name) {
		return ""
	}
	return fmt.Sprintf("Names of new flags in project %q must match its pattern, %s.", project, pattern)
}

// foreign finds what means something else, or nothing, in JavaScript.
var foreign = regexp.MustCompile(`\\[^dDwWsSbBnrtfv[:punct:]]|\[\[|\{,|\(\?[^:]`)

// TooManyFeatures says that a plan makes more flags in a project than the project or the server takes; "" if it does not,
// or where that cannot be known. It takes one request for each project, and one.
func (c *Client) TooManyFeatures(ctx context.Context, project, name string) string {
	overview, err := c.overview(ctx, project)
	if err != nil {
		return ""
	}
	live, planned := 0, c.names.plan(project, name)
	for _, count := range overview.FeatureTypeCounts {
		live += count.Count
	}
	has := fmt.Sprintf("Project %q has %d flags, archived ones not counted, and this plan makes %d. ", project, live, planned)
	if limit := overview.FeatureLimit; limit != nil && *limit > 0 && live+planned > int(*limit) {
		return has + fmt.Sprintf("The project's limit is %d.", *limit)
	}
	server, err := c.Server(ctx)
	if limit := server.Limits.FeatureFlags; err == nil && limit > 0 && live+planned > limit {
		return has + fmt.Sprintf("The server takes at most %d, in all projects (UNLEASH_FEATURE_FLAGS_LIMIT).", limit)
	}
	return ""
}

// ExpectFeatureNames tells which pattern a project is about to get in this run; nil: none.
func (c *Client) ExpectFeatureNames(project string, pattern *string) {
	c.names.expect(project, deref(pattern))
}

func newNameBook() nameBook {
	return nameBook{patterns: map[string]string{}, planned: map[string]map[string]bool{}}
}

// nameBook is what a plan says about names.
type nameBook struct {
	mu       sync.Mutex
	patterns map[string]string          // by project
	planned  map[string]map[string]bool // new flags, by project
}

func (b *nameBook) expect(project, pattern string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.patterns[project] = pattern
}

func (b *nameBook) expected(project string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pattern, ok := b.patterns[project]
	return pattern, ok
}

// plan notes a flag that is to be made, and counts those of its project.
func (b *nameBook) plan(project, name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.planned[project] == nil {
		b.planned[project] = map[string]bool{}
	}
	b.planned[project][name] = true
	return len(b.planned[project])
}
