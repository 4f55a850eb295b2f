package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// FlexibleRollout is the type whose parameters the server fills in.
const FlexibleRollout = "flexibleRollout"

// Strategy is one activation strategy of a flag in an environment. What is read has everything. In what is wanted, a nil
// Title, Parameters, Constraints, Segments or Variants is not managed, and so is a parameter that is not there: writes
// leave them alone.
type Strategy struct {
	Project     string `json:"-"`
	Environment string `json:"-"`
	Feature     string `json:"-"`

	ID          string       `json:"id,omitempty"`
	Name        string       `json:"name"` // its type
	Title       *string      `json:"title"`
	Disabled    bool         `json:"disabled"`
	SortOrder   *int64       `json:"sortOrder,omitempty"`
	Parameters  Parameters   `json:"parameters"`
	Constraints []Constraint `json:"constraints"`
	Segments    []int64      `json:"segments"` // in no order
	Variants    []Variant    `json:"variants"` // in the server's order
}

// Parameters are texts. A flag's GET shows what old versions have stored, numbers among it.
type Parameters map[string]string

// UnmarshalJSON takes what is no text as its JSON.
func (p *Parameters) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*p = make(Parameters, len(raw))
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		(*p)[name] = text
	}
	return nil
}

// ParameterProblem says why a parameter of a type is not to be written; "" where nothing is known against it.
func ParameterProblem(strategy, parameter, value string) string {
	if strategy != FlexibleRollout {
		return ""
	}
	switch percent, err := strconv.ParseFloat(value, 64); {
	case parameter == "rollout" && (err != nil || percent > 100 || strings.Trim(value, "0123456789.") != ""): // Go takes 1_0 and NaN
		return fmt.Sprintf("rollout is per cent, a number from 0 to 100, not %q.", value)
	case (parameter == "stickiness" || parameter == "groupId") && value == "":
		return "The server puts its default in the place of an empty " + parameter + ": leave it out."
	}
	return ""
}

// place is a flag in an environment.
type place struct{ project, feature, environment string }

func (s Strategy) place() place { return place{s.Project, s.Feature, s.Environment} }

func (p place) path(below string, args ...any) rest.Path {
	return rest.P("/api/admin/projects/{}/features/{}/environments/{}"+below, append([]any{p.project, p.feature, p.environment}, args...)...)
}

func (s Strategy) path() rest.Path { return s.place().path("/strategies/{}", s.ID) }

// strategiesIn are those of a flag in an environment, complete, in the order in which they are evaluated.
func strategiesIn(at place, e *FlagEnvironment) []Strategy {
	strategies := slices.Clone(e.Strategies)
	for i := range strategies {
		s := &strategies[i]
		s.Project, s.Feature, s.Environment = at.project, at.feature, at.environment
		s.SortOrder = pointer(deref(s.SortOrder))
		*s = s.Complete()
	}
	slices.SortFunc(strategies, func(a, b Strategy) int {
		// Clients get equals by id; the server's answer here has them in no order.
		return cmp.Or(cmp.Compare(*a.SortOrder, *b.SortOrder), cmp.Compare(a.ID, b.ID))
	})
	return strategies
}

func pointer[T any](v T) *T { return &v }

// Created is Complete with the rollout that the server gives a new strategy that is told none.
func (s Strategy) Created() Strategy {
	s = s.Complete()
	if _, told := s.Parameters["rollout"]; s.Name == FlexibleRollout && !told {
		s.Parameters = maps.Clone(s.Parameters)
		s.Parameters["rollout"] = "100"
	}
	return s
}

// Complete manages everything: what is not said is what a new strategy has that is told nothing.
func (s Strategy) Complete() Strategy {
	if s.Title == nil {
		s.Title = pointer("")
	}
	if s.Parameters == nil {
		s.Parameters = Parameters{}
	}
	if s.Constraints == nil {
		s.Constraints = []Constraint{}
	}
	if s.Segments == nil {
		s.Segments = []int64{}
	}
	if s.Variants == nil {
		s.Variants = []Variant{}
	}
	return s
}

func findStrategy(strategies []Strategy, id string) *Strategy {
	for i := range strategies {
		if strategies[i].ID == id {
			return &strategies[i]
		}
	}
	return nil
}

func enabled(strategies []Strategy) bool {
	return slices.ContainsFunc(strategies, func(s Strategy) bool { return !s.Disabled })
}

// strategyBody is what POST and PUT take. A PUT keeps title and segments that it does not name, and resets parameters,
// constraints and variants.
type strategyBody struct {
	Name        string       `json:"name"`
	Title       *string      `json:"title,omitempty"`
	Disabled    bool         `json:"disabled"`
	SortOrder   *int64       `json:"sortOrder,omitempty"` // a PUT ignores it
	Parameters  Parameters   `json:"parameters"`
	Constraints []Constraint `json:"constraints"`
	Segments    *[]int64     `json:"segments,omitempty"`
	Variants    []Variant    `json:"variants"`
}

// create is what to send for a new one.
func (s Strategy) create() strategyBody {
	s = s.Complete()
	body := strategyBody{Name: s.Name, Disabled: s.Disabled, SortOrder: s.SortOrder, Parameters: s.Parameters, Constraints: s.Constraints, Variants: s.Variants}
	if *s.Title != "" {
		body.Title = s.Title
	}
	if len(s.Segments) > 0 {
		body.Segments = &s.Segments
	}
	return body
}

// update is what to send so that there becomes s, and whether anything differs.
func (s Strategy) update(there Strategy) (body strategyBody, differs bool) {
	body = strategyBody{Name: s.Name, Disabled: s.Disabled, Parameters: Parameters{}, Constraints: there.Constraints, Variants: keepWeights(there.Variants, there.Variants)}
	differs = s.Name != there.Name || s.Disabled != there.Disabled
	if s.Name == there.Name { // another type has other parameters
		maps.Copy(body.Parameters, there.Parameters)
	}
	for name, value := range s.Parameters {
		was, has := there.Parameters[name]
		differs = differs || !has || was != value
		body.Parameters[name] = value
	}
	if s.Title != nil && *s.Title != deref(there.Title) {
		body.Title, differs = s.Title, true // once there, it can only become ""
	}
	if s.Constraints != nil && !slices.EqualFunc(s.Constraints, there.Constraints, Constraint.Equal) {
		body.Constraints, differs = s.Constraints, true
	}
	if s.Segments != nil && !sameSegments(s.Segments, there.Segments) {
		body.Segments, differs = &s.Segments, true
	}
	if s.Variants != nil {
		body.Variants = withoutOverrides(body.Variants)
		if !sameVariants(s.Variants, there.Variants) {
			body.Variants, differs = keepWeights(s.Variants, there.Variants), true
		}
	}
	return body, differs
}

func sameSegments(a, b []int64) bool {
	set := func(s []int64) []int64 { return slices.Compact(slices.Sorted(slices.Values(s))) }
	return slices.Equal(set(a), set(b))
}

// Strategy reads one. Strategies of a flag are all read with the flag, but for those in an environment that the project does
// not have any more: until it is back, and they count again, the server shows them alone.
func (c *Client) Strategy(ctx context.Context, at Strategy) (Strategy, error) {
	f, e, err := c.inEnvironment(ctx, at.Project, at.Feature, at.Environment)
	if f != nil && e == nil {
		hidden, unread := rest.Get[Strategy](ctx, c.rest, at.path())
		if unread == nil && hidden.ID != at.ID {
			unread = c.rest.Unexpected(http.MethodGet, at.path(), "this strategy")
		}
		if !errors.Is(unread, rest.ErrNotFound) {
			e, err = &FlagEnvironment{Strategies: []Strategy{hidden}}, unread
		}
	}
	if err != nil {
		return at, err
	}
	if s := findStrategy(strategiesIn(at.place(), e), at.ID); s != nil {
		c.own(at.ID)
		return *s, nil
	}
	return at, notFound(at.path(), "Flag %q has no strategy %q in environment %q", at.Feature, at.ID, at.Environment)
}

// strategies are those of a flag in an environment, and whether it is on there.
func (c *Client) strategies(ctx context.Context, at place) ([]Strategy, bool, error) {
	_, e, err := c.inEnvironment(ctx, at.project, at.feature, at.environment)
	if err != nil {
		return nil, false, err
	}
	return strategiesIn(at, e), e.Enabled, nil
}

// Strategies lists those of a flag in an environment, in the order in which they are evaluated.
func (c *Client) Strategies(ctx context.Context, within Strategy) iter.Seq2[Strategy, error] {
	return func(yield func(Strategy, error) bool) {
		strategies, _, err := c.strategies(ctx, within.place())
		if err != nil {
			yield(within, err)
			return
		}
		for _, s := range strategies {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// CreateStrategy adds one. If this run has switched the flag on there and made the server add a strategy of its own, the
// first one that is enabled becomes that instead.
func (c *Client) CreateStrategy(ctx context.Context, want Strategy) (Strategy, error) {
	if err := want.checkParameters(nil); err != nil {
		return want, err
	}
	// The server would add it to an environment that the project does not have, where nobody sees it (8.2).
	there, _, err := c.strategies(ctx, want.place())
	if err != nil {
		return want, err
	}
	made, err := c.takeDefault(ctx, want, there)
	if err == nil && made == nil {
		made, err = c.takeRevived(ctx, want, there)
	}
	if err == nil && made == nil {
		if made, err = c.postStrategy(ctx, want); lost(err) {
			made, err = c.lostStrategy(ctx, want, there, err)
		}
	}
	if err != nil {
		if made != nil {
			return *made, &rest.PartialError{Err: err}
		}
		return want, err
	}
	c.warnDefault(ctx, *made, there)
	c.own(made.ID)
	if err := c.switchBack(ctx, want.place()); err != nil {
		return *made, &rest.PartialError{Err: err}
	}
	return *made, nil
}

// warnDefault names a strategy beside a new one that looks like what Unleash adds to a flag that is switched on without, as
// an earlier run may have done before it failed: with it, everybody gets the flag, whatever the new one says.
func (c *Client) warnDefault(ctx context.Context, made Strategy, beside []Strategy) {
	theirs := Strategy{Name: FlexibleRollout, Parameters: Parameters{"rollout": "100", "groupId": made.Feature}}.Complete()
	for _, s := range beside {
		if _, differs := theirs.update(s); !differs && s.ID != made.ID && !c.owns(s.ID) {
			rest.Warn(ctx, "A strategy gives the flag to everybody", "Flag %q has the strategy %q in %q beside the one that was added. It looks like what Unleash adds when a "+
				"flag is switched on without a strategy, and gives the flag to everybody. If no resource has it, delete it in the dashboard.", made.Feature, s.ID, made.Environment)
		}
	}
}

// lostStrategy finds what was made although its answer was lost, for it would be made twice: the one strategy that was not
// there before, if it is as wanted.
func (c *Client) lostStrategy(ctx context.Context, want Strategy, before []Strategy, err error) (*Strategy, error) {
	now, _, unread := c.strategies(ctx, want.place())
	now = slices.DeleteFunc(now, func(s Strategy) bool { return findStrategy(before, s.ID) != nil })
	if unread != nil || len(now) != 1 {
		return nil, err
	}
	if _, differs := want.Complete().update(now[0]); differs {
		return nil, err
	}
	return &now[0], nil
}

// theDefault is the strategy that the server has added by itself in this run, nil where there is none.
func (c *Client) theDefault(at place, there []Strategy) *Strategy {
	before, added := c.addedDefault(at)
	there = slices.DeleteFunc(slices.Clone(there), func(s Strategy) bool { return slices.Contains(before, s.ID) })
	if !added || len(there) != 1 {
		return nil
	}
	return &there[0]
}

// dropDefault deletes it: a strategy that was there, but disabled, takes its place.
func (c *Client) dropDefault(ctx context.Context, at place, instead string) error {
	if _, added := c.addedDefault(at); !added {
		return nil
	}
	there, _, err := c.strategies(ctx, at)
	if s := c.theDefault(at, there); err == nil && s != nil && s.ID != instead {
		err = c.removeStrategy(ctx, *s)
		c.forgetDefault(at)
	}
	return err
}

// takeDefault turns it into want; nil where there is none.
func (c *Client) takeDefault(ctx context.Context, want Strategy, there []Strategy) (*Strategy, error) {
	theirs := c.theDefault(want.place(), there)
	if theirs == nil || want.Disabled { // a disabled one in its place would switch the flag off
		return nil, nil
	}
	order := want.SortOrder
	want = want.Complete()
	want.ID = theirs.ID
	body, _ := want.update(*theirs)
	body.Parameters = want.Parameters // none of the default's
	made, err := c.putStrategy(ctx, want, body)
	if err != nil {
		return nil, err
	}
	c.forgetDefault(want.place())
	if order != nil && *order != *made.SortOrder {
		return c.sortStrategies(ctx, made, []sortOrder{{made.ID, *order}})
	}
	return &made, nil
}

// takeRevived is a strategy that came back with a flag from the archive in this run and was this resource's before the flag
// was archived, as far as that can be told: it is what is wanted and nothing beside; or the only one that is what is wanted,
// whatever others have made of the rest; or the only one of its type that is called the same. nil where there is none.
func (c *Client) takeRevived(ctx context.Context, want Strategy, there []Strategy) (*Strategy, error) {
	at := want.place()
	for i, fits := range []func(Strategy) bool{
		func(s Strategy) bool { _, differs := want.Complete().update(s); return !differs },
		func(s Strategy) bool { _, differs := want.update(s); return !differs },
		func(s Strategy) bool {
			return deref(want.Title) != "" && s.Name == want.Name && deref(s.Title) == *want.Title
		},
	} {
		candidates := slices.DeleteFunc(slices.Clone(there), func(s Strategy) bool { return !fits(s) || !c.isRevived(s.ID) })
		if len(candidates) == 0 {
			continue
		}
		if i > 0 && len(candidates) > 1 {
			rest.Warn(ctx, "A revived flag has strategies of which several could be ours", "Flag %q came back from the archive with %d strategies in %q that "+
				"could be a flagops_unleash_strategy of this configuration. None of them was taken for it, and a new one was added: look whether one is too many.",
				at.feature, len(candidates), at.environment)
			return nil, nil
		}
		s := candidates[0]
		want.ID = s.ID
		if body, differs := want.update(s); differs {
			var err error
			if s, err = c.putStrategy(ctx, want, body); err != nil {
				return nil, err
			}
		}
		if order := want.SortOrder; order != nil && *order != *s.SortOrder {
			return c.sortStrategies(ctx, s, []sortOrder{{s.ID, *order}})
		}
		return &s, nil
	}
	return nil, nil
}

// UpdateStrategy writes what differs between what is wanted and what is there. It moves the strategy only where its sort
// order was to change: another one may have been moved meanwhile.
func (c *Client) UpdateStrategy(ctx context.Context, prior, want Strategy) (Strategy, error) {
	there, err := c.Strategy(ctx, want)
	if err != nil {
		return want, err
	}
	if err := want.checkParameters(there.Parameters); err != nil {
		return want, err
	}
	if body, differs := want.update(there); differs {
		if hasOverrides(there.Variants) && !hasOverrides(body.Variants) {
			warnStripped(ctx, there)
		}
		if there, err = c.putStrategy(ctx, want, body); err == nil && !there.Disabled {
			err = c.dropDefault(ctx, want.place(), want.ID)
		}
		if err != nil {
			return want, err
		}
		c.warnFallen(ctx, want.place())
	}
	if want.SortOrder != nil && *want.SortOrder != deref(prior.SortOrder) && *want.SortOrder != *there.SortOrder {
		moved, err := c.sortStrategies(ctx, there, []sortOrder{{there.ID, *want.SortOrder}})
		if err != nil {
			return there, err
		}
		there = *moved
	}
	if want.SortOrder != nil { // somebody may have moved it meanwhile, which the next plan shows
		there.SortOrder = want.SortOrder
	}
	return there, c.switchBack(ctx, want.place())
}

func warnStripped(ctx context.Context, s Strategy) {
	rest.Warn(ctx, "Variants have lost their overrides", "The strategy %q of flag %q had variants with overrides, a thing of old "+
		"that the server takes back in no update. They are gone.", s.ID, s.Feature)
}

// DeleteStrategy deletes one.
func (c *Client) DeleteStrategy(ctx context.Context, s Strategy) error {
	// An environment that the project does not have any more hides its strategies until it is back: they are deleted all the same.
	if _, err := c.Strategy(ctx, s); err != nil && !errors.Is(err, rest.ErrNotFound) {
		return err
	}
	if err := c.removeStrategy(ctx, s); err != nil {
		if _, unread := c.Strategy(ctx, s); errors.Is(err, rest.ErrNotFound) && unread == nil {
			rest.Warn(ctx, "A strategy stays where nobody sees it", "Project %q does not have the environment %q, where flag %q keeps the strategy %q: the server "+
				"deletes no last enabled one there. It counts again once the environment is back.", s.Project, s.Environment, s.Feature, s.ID)
		}
		return err
	}
	c.warnFallen(ctx, s.place())
	return nil
}

func (c *Client) postStrategy(ctx context.Context, want Strategy) (*Strategy, error) {
	at := want.place()
	made, err := rest.Send[Strategy](ctx, c.rest, http.MethodPost, at.path("/strategies"), want.create())
	if err == nil && made.ID == "" {
		err = c.rest.Unexpected(http.MethodPost, at.path("/strategies"), "a strategy")
	}
	if err != nil {
		return nil, c.explain(ctx, want, err)
	}
	c.amendStrategies(at, func(e *FlagEnvironment) { e.Strategies = append(e.Strategies, made) })
	c.addedBesideDefault(at, made.ID)
	return pointer(strategiesIn(at, &FlagEnvironment{Strategies: []Strategy{made}})[0]), nil
}

func (c *Client) putStrategy(ctx context.Context, want Strategy, body strategyBody) (Strategy, error) {
	at := want.place()
	got, err := rest.Send[Strategy](ctx, c.rest, http.MethodPut, want.path(), body)
	if err == nil && got.ID != want.ID {
		err = c.rest.Unexpected(http.MethodPut, want.path(), "this strategy")
	}
	if err != nil {
		return want, c.explain(ctx, want, err)
	}
	c.amendStrategies(at, func(e *FlagEnvironment) {
		if s := findStrategy(e.Strategies, got.ID); s != nil {
			*s = got
		}
	})
	if got.Disabled {
		c.noteFall(ctx, at)
	}
	return strategiesIn(at, &FlagEnvironment{Strategies: []Strategy{got}})[0], nil
}

func (c *Client) removeStrategy(ctx context.Context, s Strategy) error {
	at := s.place()
	if err := c.rest.Do(ctx, http.MethodDelete, s.path(), nil, nil); err != nil {
		c.forgetFlag(at.project, at.feature)
		return err
	}
	c.amendStrategies(at, func(e *FlagEnvironment) {
		e.Strategies = slices.DeleteFunc(e.Strategies, func(other Strategy) bool { return other.ID == s.ID })
	})
	c.noteFall(ctx, at)
	return nil
}

type sortOrder struct {
	ID        string `json:"id"`
	SortOrder int64  `json:"sortOrder"`
}

// sortStrategies moves strategies, and returns s as it is then.
func (c *Client) sortStrategies(ctx context.Context, s Strategy, orders []sortOrder) (*Strategy, error) {
	at := s.place()
	if err := c.rest.Do(rest.Repeatable(ctx), http.MethodPost, at.path("/strategies/set-sort-order"), orders, nil); err != nil {
		c.forgetFlag(at.project, at.feature)
		return &s, err
	}
	c.amendStrategies(at, func(e *FlagEnvironment) {
		for _, o := range orders {
			if moved := findStrategy(e.Strategies, o.ID); moved != nil {
				moved.SortOrder = pointer(o.SortOrder)
			}
		}
	})
	for _, o := range orders {
		if o.ID == s.ID {
			s.SortOrder = pointer(o.SortOrder)
		}
	}
	return &s, nil
}

// amendStrategies changes what is remembered of a flag in an environment.
func (c *Client) amendStrategies(at place, change func(*FlagEnvironment)) {
	c.amend(at.project, at.feature, func(f *Flag) {
		if e := f.Environment(at.environment); e != nil {
			change(e)
		}
	})
}

// checkParameters refuses what the server would take and give back as something else. What is there already may stay.
func (s Strategy) checkParameters(there Parameters) error {
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		value := s.Parameters[name]
		if was, has := there[name]; has && was == value {
			continue
		}
		if problem := ParameterProblem(s.Name, name, value); problem != "" {
			return errors.New("parameters: " + problem)
		}
	}
	return nil
}

// explain has the flag read afresh after a write that failed, and says what the server means.
func (c *Client) explain(ctx context.Context, want Strategy, err error) error {
	c.forgetFlag(want.Project, want.Feature)
	var e *rest.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest && e.Status != http.StatusNotFound {
		return err
	}
	there, _, missing := c.strategies(ctx, want.place())
	switch {
	case errors.Is(missing, rest.ErrNotFound): // of a flag, or its environment, that has gone meanwhile
		return missing
	case missing != nil:
	case e.Status == http.StatusNotFound && len(want.Segments) > 0 && (want.ID == "" || findStrategy(there, want.ID) != nil):
		e.Kind = nil
		return about(err, "segments")
	case strings.Contains(fmt.Sprint(e.Fields), "overrides"):
		e.Hint = "The variants that this strategy has carry overrides, which this Unleash takes at creation alone, so that it cannot " +
			"be changed as it is. Manage its variants here, which drops the overrides, or make it anew."
	}
	return err
}
