package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// db is everything that the server stores. Ids grow per table and are never given out twice.
type db struct {
	organisation  organisation
	users         table[user]
	groups        table[group]
	orgHooks      table[webhook]
	envHooks      table[webhook]
	projects      table[project]
	environments  table[environment]
	envKeys       table[environmentKey]
	features      table[feature]
	options       table[option]
	states        table[featureState]
	stateOptions  table[stateOption]
	overrides     table[featureSegment]
	segments      table[segment]
	rules         table[segmentRule]
	conditions    table[condition]
	tags          table[tag]
	fieldDefs     table[metadataField]
	modelFields   table[modelField]
	metadata      table[metadata]
	deadKeys      map[string]bool // API keys of deleted environments: taken forever
	contentTypeOf map[string]int64
	clock         int64
}

func newDB(plan string) db {
	now := time.Now()
	d := db{
		organisation:  organisation{id: 1, uuid: newUUID(), subscription: newUUID(), name: "Acme", created: now, plan: plan, persistTraits: true},
		deadKeys:      map[string]bool{},
		contentTypeOf: map[string]int64{"organisation": 27, "project": 43, "environment": 46, "feature": 55, "segment": 89},
	}
	d.users.add(&user{email: "admin@example.com", uuid: newUUID(), role: "ADMIN", joined: now})
	d.users.add(&user{email: "dev@example.com", firstName: "Dev", lastName: "Eloper", uuid: newUUID(), role: "USER", joined: now})
	d.users.add(&user{email: "coadmin@example.com", firstName: "Co", lastName: "Admin", uuid: newUUID(), role: "ADMIN", joined: now})
	d.groups.add(&group{name: "devs", users: []int64{2}})
	return d
}

// tick orders writes. Collections that the server does not sort come in the order in which their rows were last written.
func (d *db) tick() int64 {
	d.clock++
	return d.clock
}

// table is rows in the order of their ids.
type table[T any] struct {
	last int64
	rows []*T
}

// add stores a row under the next id.
func (t *table[T]) add(r *T) *T {
	t.last++
	*idOf(r) = t.last
	t.rows = append(t.rows, r)
	return r
}

// get is the row with an id, or nil.
func (t *table[T]) get(id int64) *T {
	i, found := slices.BinarySearchFunc(t.rows, id, func(r *T, id int64) int { return cmp.Compare(*idOf(r), id) })
	if !found {
		return nil
	}
	return t.rows[i]
}

func (t *table[T]) has(id int64) bool { return t.get(id) != nil }

// where lists the rows that match.
func (t *table[T]) where(want func(*T) bool) []*T {
	var out []*T
	for _, r := range t.rows {
		if want(r) {
			out = append(out, r)
		}
	}
	return out
}

// first is the first row that matches, or nil.
func (t *table[T]) first(want func(*T) bool) *T {
	if i := slices.IndexFunc(t.rows, want); i >= 0 {
		return t.rows[i]
	}
	return nil
}

// dropWhere deletes the rows that match.
func (t *table[T]) dropWhere(want func(*T) bool) { t.rows = slices.DeleteFunc(t.rows, want) }

func (t *table[T]) drop(id int64) { t.dropWhere(func(r *T) bool { return *idOf(r) == id }) }

func idOf(r any) *int64 { return r.(interface{ key() *int64 }).key() }

// pathID is a numeric part of the path; anything else is the 404 that ids without a row get as well.
func (r *request) pathID(name string) (int64, answer) {
	id, ok := pyInt(r.PathValue(name))
	if !ok {
		return 0, detail(http.StatusNotFound, "Not found.")
	}
	return id, answer{}
}

// lookup finds the row of a table that the path names.
func lookup[T any](r *request, name string, t *table[T], model string, want func(*T) bool) (*T, answer) {
	id, a := r.pathID(name)
	if a.status != 0 {
		return nil, a
	}
	found := t.get(id)
	if found == nil || !want(found) {
		return nil, missing(model)
	}
	return found, answer{}
}

// every matches all rows.
func every[T any](*T) bool { return true }

// render makes a bare array.
func render[T any](rows []*T, show func(*T) fields) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = show(r)
	}
	return out
}

// fixedPage answers one page of a collection whose page size is the server's to choose.
func (s *Sandbox) fixedPage(r *request, all []any) answer { return s.page(r, all, s.pageSize) }

// chosenPage answers one page of a collection whose page size is the caller's to choose, up to 999.
func (s *Sandbox) chosenPage(r *request, all []any) answer {
	size, err := strconv.Atoi(r.URL.Query().Get("page_size"))
	if err != nil || size <= 0 || size > 999 {
		size = 999
	}
	return s.page(r, all, size)
}

func (s *Sandbox) page(r *request, all []any, size int) answer {
	pages := (len(all) + size - 1) / size
	if pages == 0 {
		pages = 1
	}
	number := 1
	switch p := r.URL.Query().Get("page"); p {
	case "":
	case "last":
		number = pages
	default:
		n, ok := pyInt(p)
		if !ok || n < 1 || n > int64(pages) {
			return detail(http.StatusNotFound, "Invalid page.")
		}
		number = int(n)
	}
	link := func(n int) any {
		if n < 1 || n > pages {
			return nil
		}
		return pageURL(r, n)
	}
	end := min(number*size, len(all))
	return ok(fields{"count": len(all), "next": link(number + 1), "previous": link(number - 1), "results": all[(number-1)*size : end]})
}

// pageURL is the address of another page, built from the Host header. The first page has no number.
func pageURL(r *request, n int) string {
	q := url.Values{}
	for k, v := range r.URL.Query() {
		q[k] = v
	}
	q.Del("page")
	if n > 1 {
		q.Set("page", strconv.Itoa(n))
	}
	to := "http://" + r.Host + r.URL.EscapedPath()
	if text := q.Encode(); text != "" {
		to += "?" + text
	}
	return to
}

// byUUID finds the row with the UUID of the path.
func byUUID[T any](r *request, t *table[T], model string, uuid func(*T) string) (*T, answer) {
	want := strings.ToLower(r.PathValue("uuid"))
	if !uuidLike.MatchString(want) {
		return nil, page(http.StatusNotFound)
	}
	if found := t.first(func(x *T) bool { return uuid(x) == want }); found != nil {
		return found, answer{}
	}
	return nil, missing(model)
}
