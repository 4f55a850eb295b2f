package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// FeatureState is what a flag is in an environment. A facet that is nil is not managed: writes leave it alone.
type FeatureState struct {
	Project     string
	Environment string
	Feature     string

	Enabled    *bool
	Strategies []Strategy // all of them, in the order in which they are evaluated
}

func (s FeatureState) place() place { return place{s.Project, s.Feature, s.Environment} }

// FeatureState reads one. It is not there, rest.ErrNotFound, where the flag is gone or archived, or where its project does
// not have the environment.
func (c *Client) FeatureState(ctx context.Context, at FeatureState) (FeatureState, error) {
	strategies, on, err := c.strategies(ctx, at.place())
	at.Enabled, at.Strategies = &on, strategies
	return at, err
}

// CreateFeatureState takes over what is there, and writes what differs in the managed facets: nothing where nothing does.
func (c *Client) CreateFeatureState(ctx context.Context, want FeatureState) (FeatureState, error) {
	at := want.place()
	there, on, err := c.strategies(ctx, at)
	if err != nil {
		return want, err
	}
	if want.Enabled != nil { // whoever says whether it is on decides
		c.rise(at)
	}
	switch {
	case want.Enabled == nil:
	case *want.Enabled && want.Strategies != nil && !enabled(want.Strategies):
		return want, errors.New(NoneEnabled)
	case !*want.Enabled && on: // first, so that nobody gets strategies that are meant for a flag that is off
		if err := c.turn(ctx, at, "off", there); err != nil {
			return want, err
		}
	}
	if want.Strategies != nil {
		if err := c.arrange(ctx, at, want.Strategies, there); err != nil {
			return want, err
		}
		if there, on, err = c.strategies(ctx, at); err != nil {
			return want, err
		}
		want.Strategies = there
	}
	switch {
	case want.Enabled == nil:
		c.warnFallen(ctx, at)
	case *want.Enabled && !on: // last, so that the server adds no strategy of its own
		return want, c.turn(ctx, at, "on", there)
	}
	return want, nil
}

// NoneEnabled says why a flag cannot be on.
const NoneEnabled = "enabled = true needs a strategy that is not disabled: Unleash adds one of its own to a flag that is switched on without"

// UpdateFeatureState is the same: what the state is now decides what is written, not what it was.
func (c *Client) UpdateFeatureState(ctx context.Context, _, want FeatureState) (FeatureState, error) {
	return c.CreateFeatureState(ctx, want)
}

// ResetFeatureState puts the managed facets back to what a new flag has: off, and no strategies.
func (c *Client) ResetFeatureState(ctx context.Context, managed FeatureState) error {
	if managed.Enabled != nil {
		managed.Enabled = pointer(false)
	}
	if managed.Strategies != nil {
		managed.Strategies = []Strategy{}
	}
	_, err := c.CreateFeatureState(ctx, managed)
	return err
}

// FeatureStates lists the flags of a project in an environment, by name.
func (c *Client) FeatureStates(ctx context.Context, within FeatureState) iter.Seq2[FeatureState, error] {
	return func(yield func(FeatureState, error) bool) {
		project, err := c.overview(ctx, within.Project) // a list of the flags of a project that is not there is just empty
		if err == nil && !slices.ContainsFunc(project.Environments, func(e struct{ Environment string }) bool { return e.Environment == within.Environment }) {
			err = notLinked(rest.P("/api/admin/projects/{}/overview", within.Project), within.Project, within.Environment)
		}
		var rows []taggedFlag
		if err == nil {
			rows, err = c.taggedFlags(ctx, within.Project)
		}
		if err != nil {
			yield(within, err)
			return
		}
		eachOf(rows, func(row taggedFlag) (FeatureState, error) {
			at := within
			at.Feature = row.Name
			return c.FeatureState(ctx, at)
		}, yield)
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, rest.ErrNotFound) {
		return nil
	}
	return err
}

// turn switches a flag on or off. Where it has no strategy that is enabled, the server adds one with "on".
func (c *Client) turn(ctx context.Context, at place, how string, there []Strategy) error {
	if err := c.rest.Do(rest.Repeatable(ctx), http.MethodPost, at.path("/{}", how), struct{}{}, nil); err != nil {
		if c.forgetFlag(at.project, at.feature); how == "on" && lost(err) && !enabled(there) { // it may have added one all the same
			c.expectDefault(at, there)
		}
		return err
	}
	c.turned(at, how == "on")
	if how == "on" && !enabled(there) {
		c.expectDefault(at, there)
		c.forgetFlag(at.project, at.feature)
		rest.Warn(ctx, "Switched on without a strategy", "The flag %q had no enabled strategy in %q when it was switched on, so Unleash has added one that gives it to "+
			"everybody. The first enabled flagops_unleash_strategy that this run makes there takes its place; if none does, it stays. A feature state that depends_on "+
			"its strategies switches on after they are there.", at.feature, at.environment)
		return nil
	}
	c.amendStrategies(at, func(e *FlagEnvironment) { e.Enabled = how == "on" })
	return nil
}

// byServer is what the server has done by itself, in this run, after writes of this client.
type byServer struct {
	added map[place][]string // it added a strategy with "on", to strategies with these ids
	fell  map[place]bool     // it switched off with the last enabled strategy, and nobody has switched since; true: warned of
	on    map[place]bool     // whether a flag was on when it was last seen

	revived map[string]bool // ids of strategies that came back with a flag, until somebody owns them again
	owned   map[string]bool // ids of strategies that were asked for alone: somebody has them in a state
}

func newByServer() byServer {
	return byServer{map[place][]string{}, map[place]bool{}, map[place]bool{}, map[string]bool{}, map[string]bool{}}
}

// own remembers that a strategy is somebody's, and so no longer for others to take.
func (c *Client) own(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byServer.owned[id] = true
	delete(c.byServer.revived, id)
}

func (c *Client) owns(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byServer.owned[id]
}

// known is what has been read of a flag in an environment, nil where nothing has. Nobody may change it.
func (c *Client) known(at place) []Strategy {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.flags[at.project+"/"+at.feature]
	if f == nil {
		return nil
	}
	e := f.Environment(at.environment)
	if e == nil {
		return nil
	}
	return strategiesIn(at, e)
}

// IsDoneBy says that another strategy is what this one wants.
func (s Strategy) IsDoneBy(other Strategy) bool {
	_, differs := s.update(other)
	return !differs && deref(s.Title) == deref(other.Title)
}

// Alike is the id of a strategy that is what is wanted and that nobody owns, "" where nothing is known of one. It asks for
// nothing: what a plan has read is enough to see that a strategy is about to be there twice.
func (c *Client) Alike(want Strategy) string {
	at := want.place()
	for _, s := range c.known(at) {
		if want.IsDoneBy(s) && !c.owns(s.ID) {
			return s.ID
		}
	}
	return ""
}

// Everybody says that a flag, as far as is known without asking, is off and has no strategy that is enabled: Unleash gives it
// to everybody once it is switched on.
func (c *Client) Everybody(at FeatureState) bool {
	strategies := c.known(at.place())
	return strategies != nil && !enabled(strategies)
}

// bringBack remembers the strategies that a flag has brought back from the archive.
func (c *Client) bringBack(f *Flag) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range f.Environments {
		for _, s := range e.Strategies {
			c.byServer.revived[s.ID] = true
		}
	}
}

func (c *Client) isRevived(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byServer.revived[id]
}

func (c *Client) expectDefault(at place, there []Strategy) {
	ids := []string{}
	for _, s := range there {
		ids = append(ids, s.ID)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byServer.added[at] = ids
}

// addedDefault says that the server has added a strategy that is still its own, and the ids of the others.
func (c *Client) addedDefault(at place) (others []string, added bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	others, added = c.byServer.added[at]
	return slices.Clone(others), added
}

func (c *Client) addedBesideDefault(at place, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if others, added := c.byServer.added[at]; added {
		c.byServer.added[at] = append(others, id)
	}
}

func (c *Client) forgetDefault(at place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byServer.added, at)
}

// noteFall remembers that the server has switched a flag off, as it does with the last enabled strategy. A flag that is not
// remembered, as after a write to its project, is read.
func (c *Client) noteFall(ctx context.Context, at place) {
	c.mu.Lock()
	was := c.byServer.on[at]
	c.mu.Unlock()
	strategies, on, err := c.strategies(ctx, at)
	if err != nil || !was || enabled(strategies) {
		return
	}
	if on { // as it was remembered
		c.amendStrategies(at, func(e *FlagEnvironment) { e.Enabled = false })
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byServer.on[at], c.byServer.fell[at] = false, false
}

func (c *Client) rise(at place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byServer.fell, at)
}

// turned remembers that this run has switched a flag itself.
func (c *Client) turned(at place, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byServer.fell, at)
	c.byServer.on[at] = on
}

func (c *Client) warnFallen(ctx context.Context, at place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if warned, fallen := c.byServer.fell[at]; fallen && !warned {
		c.byServer.fell[at] = true
		rest.Warn(ctx, "Unleash has switched flags off", "The flag %q is off in %q now: its last enabled strategy has gone or been disabled, and "+
			"that is when Unleash switches an environment off. An enabled strategy that this run adds there later switches it on again.", at.feature, at.environment)
	}
}

// switchBack switches a flag on again that the server has switched off in this run, as soon as it has an enabled strategy:
// one of them may just have been replaced by another.
func (c *Client) switchBack(ctx context.Context, at place) error {
	c.mu.Lock()
	_, fallen := c.byServer.fell[at]
	c.mu.Unlock()
	if !fallen {
		return nil
	}
	there, on, err := c.strategies(ctx, at)
	if err != nil || on || !enabled(there) {
		return err
	}
	return c.turn(ctx, at, "on", there)
}

// arrange makes there what is wanted, with as few writes as there are strategies to change. While a strategy that is
// enabled is wanted and one is there, there is one at every moment: without, the server would switch the flag off.
func (c *Client) arrange(ctx context.Context, at place, want, there []Strategy) error {
	plan := arrangementOf(want, there)
	for _, s := range plan.slots {
		if err := s.want.checkParameters(s.had); err != nil {
			return err
		}
	}
	for _, disabled := range []bool{false, true} {
		for i, s := range plan.slots {
			if s.want.Disabled != disabled || s.want.ID != "" && !s.differs {
				continue
			}
			s.want.Project, s.want.Feature, s.want.Environment = at.project, at.feature, at.environment
			var err error
			if s.want.ID == "" {
				_, err = c.postStrategy(ctx, s.want)
			} else {
				_, err = c.putStrategy(ctx, s.want, s.body)
				if s.strips && err == nil {
					warnStripped(ctx, s.want)
				}
			}
			if err != nil {
				return inStrategy(err, i)
			}
		}
	}
	for _, s := range plan.leftover {
		if err := ignoreGone(c.removeStrategy(ctx, s)); err != nil {
			return err
		}
	}
	c.forgetDefault(at)
	if len(plan.reorder) > 0 {
		_, err := c.sortStrategies(ctx, Strategy{Project: at.project, Feature: at.feature, Environment: at.environment}, plan.reorder)
		return err
	}
	return nil
}

// inStrategy has an error land on a strategy of the list.
func inStrategy(err error, i int) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("strategies[%d]: %w", i, err)
	}
	if len(e.Fields) == 0 {
		return about(err, fmt.Sprintf("strategies[%d]", i))
	}
	fields := map[string][]string{}
	for name, said := range e.Fields {
		if name == "environment" { // it is not there
			return err
		}
		fields[fmt.Sprintf("strategies[%d].%s", i, name)] = said
	}
	e.Fields = fields
	return err
}

// arrangement is how what is there becomes what is wanted.
type arrangement struct {
	slots    []slot // in the order that is wanted
	leftover []Strategy
	reorder  []sortOrder
}

// slot is one strategy that is wanted. Its ID is that of the one that becomes it, "" where one is added.
type slot struct {
	want    Strategy
	had     Parameters
	body    strategyBody
	differs bool
	strips  bool // overrides, which the server takes back in no update
}

// arrangementOf pairs what is wanted with what is there: what is equal, then what has the same type and title, then
// whatever is left, each in order. So what only moves is not written, and what is written keeps its id where it can.
func arrangementOf(want, there []Strategy) (a arrangement) {
	paired := make([]int, len(want)) // index in there, or -1
	for i := range paired {
		paired[i] = -1
	}
	pair := func(fits func(want, there Strategy) bool) {
		for i := range want {
			for j := 0; paired[i] < 0 && j < len(there); j++ {
				if !slices.Contains(paired, j) && fits(want[i], there[j]) {
					paired[i] = j
				}
			}
		}
	}
	same := func(want, there Strategy) bool {
		return want.Name == there.Name && deref(want.Title) == deref(there.Title)
	}
	pair(func(want, there Strategy) bool { _, differs := want.update(there); return !differs })
	pair(same)
	pair(func(Strategy, Strategy) bool { return true })

	orders := sortOrders(paired, there)
	for i, w := range want {
		s := slot{want: w}
		if j := paired[i]; j < 0 {
			s.want.SortOrder = &orders[i]
		} else {
			base := there[j]
			if !same(w, base) { // it becomes another one: what that leaves to the server is the server's default
				base.Parameters = Parameters{}
			}
			s.want.ID, s.had = base.ID, base.Parameters
			s.body, s.differs = w.update(base)
			s.strips = s.differs && hasOverrides(base.Variants)
			if *there[j].SortOrder != orders[i] {
				a.reorder = append(a.reorder, sortOrder{base.ID, orders[i]})
			}
		}
		a.slots = append(a.slots, s)
	}
	for j := range there {
		if !slices.Contains(paired, j) {
			a.leftover = append(a.leftover, there[j])
		}
	}
	return a
}

// sortOrders numbers what is wanted. What is there keeps its number if its order stays and what is new fits in between;
// otherwise all are numbered from 0.
func sortOrders(paired []int, there []Strategy) []int64 {
	orders := make([]int64, len(paired))
	fits, last, first := true, -1, 0 // last: the one before in there; first: of the new ones that follow it
	for i := 0; i <= len(paired) && fits; i++ {
		if i < len(paired) && paired[i] < 0 {
			continue
		}
		n := int64(i - first) // new ones between last and this
		switch {
		case i == len(paired) && last < 0, n == 0:
			for k := first; k < i; k++ { // there is nothing
				orders[k] = int64(k)
			}
		case i == len(paired) || last >= 0:
			for k := first; k < i; k++ {
				orders[k] = *there[last].SortOrder + int64(k-first) + 1
			}
			fits = i == len(paired) || *there[paired[i]].SortOrder > *there[last].SortOrder+n
		default:
			for k := first; k < i; k++ {
				orders[k] = *there[paired[i]].SortOrder - int64(i-k)
			}
		}
		if i < len(paired) {
			fits = fits && paired[i] > last
			orders[i], last, first = *there[paired[i]].SortOrder, paired[i], i+1
		}
	}
	if !fits || slices.ContainsFunc(orders, func(o int64) bool { return o < minSortOrder || o > maxSortOrder }) {
		for i := range orders {
			orders[i] = int64(i)
		}
	}
	return orders
}

// What the server's database can hold.
const minSortOrder, maxSortOrder = -1 << 31, 1<<31 - 1
