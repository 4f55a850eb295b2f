package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// FeatureState is what a feature is in an environment, for those whom no segment or identity override catches. A facet
// that is nil is not managed: writes leave it alone.
type FeatureState struct {
	ProjectID     int64
	EnvironmentID int64
	FeatureID     int64
	Feature       string // the feature's name; lists alone say it

	Enabled *bool
	Value   *Value
	Weights map[string]Percent // by option name; an option that is not in it gets nothing
}

// stateAnswer is the server's form of a state. Its id changes with every version of an environment with v2 versioning, so
// nothing but a write that follows at once may use it.
type stateAnswer struct {
	ID        int64       `json:"id"`
	FeatureID int64       `json:"feature"`
	Enabled   bool        `json:"enabled"`
	Value     Value       `json:"feature_state_value"`
	Weights   []weightRow `json:"multivariate_feature_state_values"`
	Version   *string     `json:"environment_feature_version"` // UUID; nil without v2 versioning
}

// weightRow is an option's share in a state. Writing an existing one without its id is an error (observed on 2.265).
type weightRow struct {
	ID       *int64  `json:"id,omitempty"`
	OptionID int64   `json:"multivariate_feature_option"`
	Percent  Percent `json:"percentage_allocation"`
}

const weightsField = "multivariate_feature_state_values"

// FeatureState reads one. One that is not there, because the environment, the feature or just the state is gone, is
// rest.ErrNotFound.
func (c *Client) FeatureState(ctx context.Context, at FeatureState) (FeatureState, error) {
	return inEnvironment(ctx, c, at.ProjectID, at.EnvironmentID, func(key string) (FeatureState, error) {
		state, err := c.stateOf(ctx, key, at)
		if err != nil {
			return FeatureState{}, err
		}
		if state == nil { // is it the feature that is gone?
			if _, err := c.Feature(ctx, Feature{ProjectID: at.ProjectID, ID: at.FeatureID}); err != nil {
				return FeatureState{}, err
			}
			return FeatureState{}, notFound(rest.P("/environments/{}/featurestates/", key),
				"Feature %d has no state in environment %d, though both are there. Applying it makes one.", at.FeatureID, at.EnvironmentID)
		}
		return c.readState(ctx, at, *state)
	})
}

// stateOf finds the state of a feature; nil where it has none.
func (c *Client) stateOf(ctx context.Context, key string, at FeatureState) (*stateAnswer, error) {
	path := rest.P("/environments/{}/featurestates/", key).Query("feature", at.FeatureID)
	for state, err := range pages[stateAnswer](ctx, c, path) {
		if err != nil {
			return nil, err
		}
		if state.FeatureID == at.FeatureID {
			return &state, nil
		}
	}
	return nil, nil
}

// readState names the options of an answer. One that the address calls by "#<id>" keeps that name.
func (c *Client) readState(ctx context.Context, at FeatureState, state stateAnswer) (FeatureState, error) {
	called := at.Weights
	at.FeatureID, at.Enabled, at.Value, at.Weights = state.FeatureID, &state.Enabled, &state.Value, map[string]Percent{}
	if len(state.Weights) == 0 {
		return at, nil
	}
	options, err := c.stateOptions(ctx, at, func(options []Option) bool {
		return !slices.ContainsFunc(state.Weights, func(row weightRow) bool { return optionName(options, row) == row.hash() })
	})
	if err != nil {
		return FeatureState{}, err
	}
	for _, row := range state.Weights {
		name := row.hash()
		if _, byID := called[name]; !byID {
			name = optionName(options, row)
		}
		at.Weights[name] = row.Percent
	}
	return at, nil
}

func (r weightRow) hash() string { return Option{ID: r.OptionID}.hash() }

// optionName is the name of a row's option. Flagsmith accepts options of other features, which have only a number here.
func optionName(options []Option, row weightRow) string {
	for _, o := range options {
		if o.ID == row.OptionID {
			return o.Name
		}
	}
	return row.hash()
}

// stateOptions are the options of a feature, asked for anew where those that are remembered are not enough.
func (c *Client) stateOptions(ctx context.Context, at FeatureState, enough func([]Option) bool) ([]Option, error) {
	options, err := c.FeatureOptions(ctx, at.ProjectID, at.FeatureID)
	if err != nil || enough(options) {
		return options, err
	}
	feature, err := c.Feature(ctx, Feature{ProjectID: at.ProjectID, ID: at.FeatureID})
	return feature.Options, err
}

// CreateFeatureState takes over the state that the server has, and writes what differs in the managed facets: nothing
// where nothing does. A feature that has lost its state gets a new one.
func (c *Client) CreateFeatureState(ctx context.Context, want FeatureState) (FeatureState, error) {
	return c.setFeatureState(ctx, want, true)
}

// UpdateFeatureState is the same: what the state is now decides what is written, not what it was.
func (c *Client) UpdateFeatureState(ctx context.Context, _, want FeatureState) (FeatureState, error) {
	return c.setFeatureState(ctx, want, true)
}

// ResetFeatureState puts the managed facets back to what the feature starts with in a new environment.
func (c *Client) ResetFeatureState(ctx context.Context, managed FeatureState) error {
	defaults, err := c.stateDefaults(ctx, managed)
	if err != nil {
		return err
	}
	if managed.Enabled != nil {
		managed.Enabled = defaults.Enabled
	}
	if managed.Value != nil {
		managed.Value = defaults.Value
	}
	if managed.Weights != nil {
		managed.Weights = defaults.Weights
	}
	_, err = c.setFeatureState(ctx, managed, false)
	return err
}

// setFeatureState reads the state and writes, in one PUT, the managed facets that differ. PATCH would be no way: it
// ignores weights (observed on 2.265), while PUT leaves alone what it does not name.
func (c *Client) setFeatureState(ctx context.Context, want FeatureState, heal bool) (FeatureState, error) {
	return inEnvironment(ctx, c, want.ProjectID, want.EnvironmentID, func(key string) (FeatureState, error) {
		state, err := c.stateOf(ctx, key, want)
		switch {
		case err != nil:
			return FeatureState{}, err
		case state == nil && !heal:
			return want, nil
		case state == nil:
			if state, err = c.makeState(ctx, key, want); err != nil {
				return FeatureState{}, err
			}
		}
		changes, err := c.changes(ctx, want, *state)
		if err != nil {
			return FeatureState{}, err
		}
		if len(changes) > 0 {
			if state.Version != nil {
				return FeatureState{}, versioned(want.EnvironmentID)
			}
			path := rest.P("/environments/{}/featurestates/{}/", key, state.ID)
			*state, err = rest.Send[stateAnswer](ctx, c.rest, http.MethodPut, path, changes)
			if err != nil {
				return FeatureState{}, stateError(want.EnvironmentID, err)
			}
		}
		if want.Weights == nil { // then nobody asks for names
			state.Weights = nil
		}
		return c.readState(ctx, want, *state)
	})
}

// changes is what a PUT has to say.
func (c *Client) changes(ctx context.Context, want FeatureState, state stateAnswer) (map[string]any, error) {
	body := map[string]any{}
	if want.Enabled != nil && *want.Enabled != state.Enabled {
		body["enabled"] = *want.Enabled
	}
	if want.Value != nil && !want.Value.Equal(state.Value) {
		body["feature_state_value"] = *want.Value
	}
	if want.Weights == nil || len(want.Weights) == 0 && len(state.Weights) == 0 {
		return body, nil
	}
	wanted, err := c.wantedOptions(ctx, want)
	if err != nil {
		return nil, err
	}
	// The list is complete: rows with an id are changed, others are made, and what is left out is deleted. An option
	// without a row gets nothing, just as one with a row of 0.
	rows, differs := []weightRow{}, false
	for id, percent := range wanted {
		rows = append(rows, weightRow{OptionID: id, Percent: percent})
	}
	slices.SortFunc(rows, func(a, b weightRow) int { return int(a.OptionID - b.OptionID) })
	had := map[int64]weightRow{}
	for _, row := range state.Weights {
		had[row.OptionID] = row
		differs = differs || row.Percent.Cmp(wanted[row.OptionID]) != 0
	}
	for i, row := range rows {
		rows[i].ID = had[row.OptionID].ID
		differs = differs || row.Percent.Cmp(had[row.OptionID].Percent) != 0
	}
	if differs {
		rows = append([]weightRow{}, orderWeights(rows, func(row weightRow) Percent { return row.Percent })...) // [], never null
		body[weightsField] = rows
	}
	return body, nil
}

// makeState gives a feature the state that it has lost, with what the feature starts with where nothing else is wanted.
// POST cannot take weights: the server makes their rows itself, from the options' defaults.
func (c *Client) makeState(ctx context.Context, key string, want FeatureState) (*stateAnswer, error) {
	defaults, err := c.stateDefaults(ctx, want)
	if err != nil {
		return nil, err
	}
	if want.Enabled != nil {
		defaults.Enabled = want.Enabled
	}
	if want.Value != nil {
		defaults.Value = want.Value
	}
	state, err := rest.Send[stateAnswer](ctx, c.rest, http.MethodPost, rest.P("/environments/{}/featurestates/", key), map[string]any{
		"feature": want.FeatureID, "enabled": *defaults.Enabled, "feature_state_value": *defaults.Value,
	})
	return &state, stateError(want.EnvironmentID, err)
}

// stateDefaults is what Flagsmith gives a feature in a new environment.
func (c *Client) stateDefaults(ctx context.Context, at FeatureState) (FeatureState, error) {
	feature, err := c.Feature(ctx, Feature{ProjectID: at.ProjectID, ID: at.FeatureID})
	if err != nil {
		return FeatureState{}, err
	}
	at.Enabled, at.Value, at.Weights = feature.DefaultEnabled, new(initialValue(feature.InitialValue)), map[string]Percent{}
	if at.Enabled == nil {
		at.Enabled = new(false)
	}
	for _, option := range feature.Options {
		at.Weights[option.Name] = option.DefaultPercentage
	}
	if *at.Enabled || *at.Value != (Value{}) {
		project, err := c.Project(ctx, Project{ID: at.ProjectID})
		if err != nil {
			return FeatureState{}, err
		}
		if project.PreventFlagDefaults != nil && *project.PreventFlagDefaults {
			at.Enabled, at.Value = new(false), &Value{}
		}
	}
	return at, nil
}

// initialValue types a feature's initial value as Flagsmith does: what Python's int() reads is an integer, unless its
// size reaches 2147483647; true, True, false and False are booleans (observed on 2.265: "007" is 7, "1_000" 1000).
func initialValue(text *string) Value {
	if text == nil {
		return Value{}
	}
	switch *text {
	case "true", "True":
		return Value{Boolean: new(true)}
	case "false", "False":
		return Value{Boolean: new(false)}
	}
	digits := strings.TrimSpace(*text)
	sign := strings.TrimLeft(digits, "+-")
	if len(digits)-len(sign) <= 1 && !strings.HasPrefix(sign, "_") && !strings.HasSuffix(sign, "_") && !strings.Contains(sign, "__") {
		number, err := strconv.ParseInt(strings.ReplaceAll(digits, "_", ""), 10, 64)
		if err == nil && number < 2147483647 && number > -2147483647 {
			return Value{Integer: &number}
		}
	}
	return Value{String: text}
}

// FeatureStates lists the states of an environment, those of archived features included, with their features' names.
func (c *Client) FeatureStates(ctx context.Context, within FeatureState) iter.Seq2[FeatureState, error] {
	return func(yield func(FeatureState, error) bool) {
		states, err := inEnvironment(ctx, c, within.ProjectID, within.EnvironmentID, func(key string) ([]stateAnswer, error) {
			return collect(pages[stateAnswer](ctx, c, rest.P("/environments/{}/featurestates/", key)))
		})
		var features []Feature
		if err == nil {
			features, err = collect(c.Features(ctx, Feature{ProjectID: within.ProjectID})) // names, and all options at once
		}
		if err != nil {
			yield(FeatureState{}, err)
			return
		}
		names := make(map[int64]string, len(features))
		for _, feature := range features {
			names[feature.ID] = feature.Name
		}
		for _, state := range states {
			named, err := c.readState(ctx, within, state)
			named.Feature = names[state.FeatureID]
			if !yield(named, err) {
				return
			}
		}
	}
}

// CheckWeights says, by option name, why Flagsmith would refuse or change a weight. "" is about all of them together.
func CheckWeights(weights map[string]Percent) map[string]string {
	problems := map[string]string{}
	for name, weight := range weights {
		number := weight.Float()
		switch {
		case number == nil:
			problems[name] = "It is null. Leave the option out, or give it 0."
		case number.Sign() < 0 || number.Cmp(big.NewFloat(100)) > 0:
			problems[name] = "A weight is 0 to 100 per cent, not " + number.Text('g', 20) + "."
		case !weight.Exact():
			problems[name] = fmt.Sprintf("Flagsmith calculates with 64-bit floats and would not give %s back. Round it: floor(100 * x) / 100 keeps "+
				"two digits, and a sum at most 100.", number.Text('g', 20))
		}
	}
	sum := TotalPercent(slices.Collect(maps.Values(weights))...)
	if len(problems) == 0 && sum.Cmp(big.NewRat(100, 1)) > 0 {
		problems[""] = fmt.Sprintf("The weights add up to %s per cent; together they may have 100.", decimal(sum))
	}
	return problems
}

// decimal prints a sum of decimals exactly.
func decimal(sum *big.Rat) string {
	digits, _ := sum.FloatPrec()
	return sum.FloatString(digits)
}

// wantedOptions are the wanted weights by the options' ids; names that the feature does not have are an
// *UnknownOptionsError.
func (c *Client) wantedOptions(ctx context.Context, want FeatureState) (map[int64]Percent, error) {
	unknown := func(options []Option) (names []string) {
		for _, name := range slices.Sorted(maps.Keys(want.Weights)) {
			if _, found := OptionNamed(options, name); !found {
				names = append(names, name)
			}
		}
		return names
	}
	options, err := c.stateOptions(ctx, want, func(options []Option) bool { return unknown(options) == nil })
	if err != nil {
		return nil, err
	}
	if names := unknown(options); names != nil {
		e := &UnknownOptionsError{FeatureID: want.FeatureID, Names: names}
		for _, option := range options {
			e.Known = append(e.Known, option.Name)
		}
		return nil, e
	}
	wanted := make(map[int64]Percent, len(want.Weights))
	for name, percent := range want.Weights {
		option, _ := OptionNamed(options, name)
		if _, twice := wanted[option.ID]; twice {
			return nil, fmt.Errorf("multivariate_weights names the option %q twice: also as %q", option.Name, option.hash())
		}
		wanted[option.ID] = percent
	}
	return wanted, nil
}

// CheckOptionNames says, with an *UnknownOptionsError, which weights are for options that the feature does not have.
func (c *Client) CheckOptionNames(ctx context.Context, want FeatureState) error {
	_, err := c.wantedOptions(ctx, want)
	return err
}

// UnknownOptionsError names options that a feature does not have.
type UnknownOptionsError struct {
	FeatureID    int64
	Names, Known []string
}

func (e *UnknownOptionsError) Error() string {
	quoted := func(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
	if len(e.Known) == 0 {
		return fmt.Sprintf("feature %d has no multivariate options, so not %s either", e.FeatureID, quoted(e.Names))
	}
	return fmt.Sprintf("feature %d has no option %s; it has %s", e.FeatureID, quoted(e.Names), quoted(e.Known))
}

// versioned says that an environment's states change in a way that is not built yet.
func versioned(environmentID int64) error {
	return fmt.Errorf("environment %d uses feature versioning v2, where a flag changes by publishing a version of it, which this "+
		"provider cannot do yet; nothing was changed. Change this flag in the dashboard and leave the attribute out here, or set "+
		"use_v2_feature_versioning = false on the environment", environmentID)
}

// stateError makes two answers of Flagsmith's clearer: the refusal of an environment with v2 versioning, and a message
// about weights that names no field.
func stateError(environmentID int64, err error) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Status == http.StatusBadRequest && strings.Contains(e.Message, "v2 feature versioning") {
		return versioned(environmentID)
	}
	if strings.HasPrefix(e.Message, "Multivariate percentage values") {
		e.Fields = map[string][]string{weightsField: {e.Message}}
	}
	for name, messages := range e.Fields {
		if strings.HasPrefix(name, weightsField+"[") { // a row has no attribute of its own
			e.Fields[weightsField] = append(e.Fields[weightsField], messages...)
			delete(e.Fields, name)
		}
	}
	return err
}
