package sandbox

import (
	"slices"
	"time"
)

// store is everything that the server stores.
type store struct {
	features      table[string, feature]
	strategies    table[string, strategy]
	strategyTypes table[string, strategyType]
	featureTypes  []*featureType
	segments      table[int, segment]
	tags          table[tag, tag]
	tagTypes      table[string, tagType]
	contextFields table[string, contextField]
	addons        table[int, addon]
	tokens        table[string, apiToken]
	users         table[int, user]
	environments  table[string, environment]
	projects      table[string, project]
	access        []grant
	clock         int
	lastSegment   int
	lastAddon     int
	addonUpdates  []object // events, oldest first
	lastUser      int
	instance      string
	started       time.Time
}

func newStore(token string) store {
	now := time.Now().Truncate(time.Millisecond)
	d := store{instance: newUUID(), started: now, lastUser: 1}
	d.featureTypes = builtinFeatureTypes()
	for _, t := range builtinStrategyTypes() {
		d.strategyTypes.put(t.name, t)
	}
	for _, t := range []tagType{
		{"simple", ptr("Used to simplify filtering of features"), ptr("#"), ptr("#FFFFFF")},
		{"slack", ptr("Slack tag used by the slack-addon to specify the slack channel."), ptr("S"), nil},
		{"datadog", ptr("All Datadog tags added to a specific feature are sent to datadog event stream."), ptr("D"), nil},
		{"new-relic", ptr("All New Relic tags added to a specific feature are sent to New Relic Event API."), ptr("D"), nil},
	} {
		d.tagTypes.put(t.name, &t)
	}
	for _, c := range []contextField{
		{name: "appName", description: ptr("Allows you to constrain on application name"), sortOrder: 2},
		{name: "currentTime", description: ptr("Allows you to constrain on date values"), sortOrder: 3},
		{name: "environment", description: ptr("Allows you to constrain on application environment")},
		{name: "sessionId", description: ptr("Allows you to constrain on sessionId"), stickiness: true, sortOrder: 4},
		{name: "userId", description: ptr("Allows you to constrain on userId"), sortOrder: 1},
	} {
		c.created = now
		d.contextFields.put(c.name, &c)
	}
	d.environments.put("development", &environment{name: "development", kind: "development", sortOrder: 2, enabled: true})
	d.environments.put("production", &environment{name: "production", kind: "production", sortOrder: 3, enabled: true})
	d.projects.put("default", &project{id: "default", name: "Default", description: ptr("Default project"), mode: "open", stickiness: "default",
		created: now, updated: now, environments: []*projectEnvironment{{name: "development"}, {name: "production"}}})
	d.tokens.put(token, &apiToken{secret: token, name: "admin", kind: "admin", projects: []string{"*"}, environment: "*", created: now})
	d.users.put(1, &user{id: 1, username: ptr("admin"), role: 1, created: now})
	return d
}

// tick orders writes.
func (d *store) tick() int {
	d.clock++
	return d.clock
}

// table is rows in the order in which they were added.
type table[K comparable, T any] struct {
	order []K
	rows  map[K]*T
}

func (t *table[K, T]) put(key K, row *T) *T {
	if t.rows == nil {
		t.rows = map[K]*T{}
	}
	if _, ok := t.rows[key]; !ok {
		t.order = append(t.order, key)
	}
	t.rows[key] = row
	return row
}

// get is the row with a key, or nil.
func (t *table[K, T]) get(key K) *T { return t.rows[key] }

func (t *table[K, T]) has(key K) bool { return t.rows[key] != nil }

func (t *table[K, T]) drop(key K) {
	delete(t.rows, key)
	t.order = slices.DeleteFunc(t.order, func(k K) bool { return k == key })
}

// where lists the rows that match; nil matches all.
func (t *table[K, T]) where(want func(*T) bool) []*T {
	var out []*T
	for _, k := range t.order {
		if want == nil || want(t.rows[k]) {
			out = append(out, t.rows[k])
		}
	}
	return out
}

func (t *table[K, T]) first(want func(*T) bool) *T {
	for _, k := range t.order {
		if want(t.rows[k]) {
			return t.rows[k]
		}
	}
	return nil
}

// render makes a list.
func render[T any](rows []T, show func(T) object) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = show(r)
	}
	return out
}

// ptr makes an optional value.
func ptr[T any](v T) *T { return &v }
