package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Tag is a tag of a flag.
type Tag struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type tagList struct{ Tags []Tag }

func tagsPath(feature string) rest.Path { return rest.P("/api/admin/features/{}/tags", feature) }

// taggedFlag is a row of a project's list of flags: nothing but that shows the tags of many.
type taggedFlag struct {
	Name string
	Tags []Tag
}

// taggedFlags lists the live flags of a project with their tags.
func (c *Client) taggedFlags(ctx context.Context, project string) ([]taggedFlag, error) {
	return listOf[taggedFlag](ctx, c, rest.P("/api/admin/projects/{}/features", project), "features")
}

// eachOf yields what get finds of flags, by name, some at once as far as anybody asks. What has gone meanwhile is left out.
func eachOf[T any](rows []taggedFlag, get func(taggedFlag) (T, error), yield func(T, error) bool) {
	slices.SortFunc(rows, func(a, b taggedFlag) int { return strings.Compare(a.Name, b.Name) })
	for few := range slices.Chunk(rows, 8) {
		found, errs := make([]T, len(few)), make([]error, len(few))
		var all sync.WaitGroup
		for i, row := range few {
			all.Go(func() { found[i], errs[i] = get(row) })
		}
		all.Wait()
		for i := range few {
			if !errors.Is(errs[i], rest.ErrNotFound) && (!yield(found[i], errs[i]) || errs[i] != nil) {
				return
			}
		}
	}
}

func newTagBook() tagBook { return tagBook{known: map[string][]Tag{}, listed: map[string]bool{}} }

// tagBook is what is known of the tags of flags.
type tagBook struct {
	mu     sync.Mutex
	known  map[string][]Tag // by project/name
	listed map[string]bool  // projects whose list was read
	asked  int              // flags asked about one by one
}

func (b *tagBook) set(project, name string, tags []Tag) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known[project+"/"+name] = tags
}

func (b *tagBook) drop(project, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, project+"/"+name)
}

// dropType takes the tags of a type off all flags, as the server does.
func (b *tagBook) dropType(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for flag, tags := range b.known {
		b.known[flag] = slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool { return t.Type == name })
	}
}

func (b *tagBook) get(project, name string) ([]Tag, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tags, ok := b.known[project+"/"+name]
	return tags, ok
}

// goesAlone says that a flag is worth a request of its own: it is one of the first, or the list of its project, where the
// others are found, has been read and lacks it.
func (b *tagBook) goesAlone(project, name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	_, known := b.known[project+"/"+name] // just now
	return !known && (b.listed[project] || b.asked <= 2)
}

// list takes over the tags of a project's flags, but for those that are known better.
func (b *tagBook) list(project string, rows []taggedFlag) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		if _, ok := b.known[project+"/"+row.Name]; !ok {
			b.known[project+"/"+row.Name] = append([]Tag{}, row.Tags...)
		}
	}
	b.listed[project] = true
}

// flagTags reads the tags of a flag: for the first flags one by one, then for all of a project at once.
func (c *Client) flagTags(ctx context.Context, project, name string) ([]Tag, error) {
	if tags, ok := c.tags.get(project, name); ok {
		return tags, nil
	}
	if !c.tags.goesAlone(project, name) {
		_, err := remember(ctx, c, "tags "+project, func(ctx context.Context) (bool, error) {
			rows, err := c.taggedFlags(ctx, project)
			if err == nil {
				c.tags.list(project, rows)
			}
			return true, err
		})
		if tags, ok := c.tags.get(project, name); ok || err != nil {
			return tags, err
		}
	}
	tags, err := listOf[Tag](ctx, c, tagsPath(name), "tags")
	if err != nil {
		return nil, err
	}
	c.tags.set(project, name, tags)
	return tags, nil
}

func (c *Client) settleTags(ctx context.Context, held *Flag, tags []Tag, want Feature) ([]Tag, error) {
	added, removed := without(want.Tags, tags), without(tags, want.Tags)
	if want.Tags == nil || len(added)+len(removed) == 0 {
		return tags, nil
	}
	got, err := rest.Send[tagList](ctx, c.rest, http.MethodPut, tagsPath(held.Name), map[string]any{
		"addedTags": append([]Tag{}, added...), "removedTags": append([]Tag{}, removed...),
	})
	if err == nil && got.Tags == nil {
		err = c.rest.Unexpected(http.MethodPut, tagsPath(held.Name), "a list of tags")
	}
	if err != nil {
		c.tags.drop(held.Project, held.Name)
		return nil, about(err, "tags")
	}
	c.tags.set(held.Project, held.Name, got.Tags)
	return got.Tags, nil
}
