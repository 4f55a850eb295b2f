package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Option is one of the values that a multivariate feature can have beside its own.
type Option struct {
	ID int64 // 0: not made yet
	// Name is the option's key; without one, its value as text where no other option of the feature is called that; else
	// "#<id>". An option that an address names by its id keeps the name that it has there.
	Name  string
	Key   *string // a slug, unique in the feature; nil: none
	Value Value
	// DefaultPercentage is what states that are made later start with, in per cent. Changing it changes no state.
	DefaultPercentage Percent
}

// UnmarshalJSON reads what features and mv-options have of an option. Its name depends on the others.
func (o *Option) UnmarshalJSON(data []byte) error {
	var raw struct {
		TypedValue
		ID      int64   `json:"id"`
		Key     *string `json:"key"`
		Percent Percent `json:"default_percentage_allocation"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*o = Option{ID: raw.ID, Key: raw.Key, Value: raw.Value(), DefaultPercentage: raw.Percent}
	return nil
}

// nested is the option inside a feature, where a key would be ignored.
func (o Option) nested() map[string]any {
	typed := o.Value.Typed()
	return map[string]any{
		"type": typed.Type, "string_value": typed.StringValue, "integer_value": typed.IntegerValue, "boolean_value": typed.BooleanValue,
		"default_percentage_allocation": o.DefaultPercentage.float64(),
	}
}

// alone is the option at mv-options, which fails with 500 where the feature or the percentage is left out.
func (o Option) alone(featureID int64) map[string]any {
	body := o.nested()
	body["feature"] = featureID
	put(body, "key", o.Key)
	return body
}

// hash is the name that an option always answers to.
func (o Option) hash() string { return "#" + strconv.FormatInt(o.ID, 10) }

// natural tells that an option needs no key to be called what it is called.
func (o Option) natural() bool { return o.Name != "" && o.Name == o.Value.Text() }

// OptionNamed finds an option by its name, or by "#<id>", which each of them answers to.
func OptionNamed(options []Option, name string) (Option, bool) {
	for _, called := range []func(Option) string{func(o Option) string { return o.Name }, Option.hash} {
		for _, o := range options {
			if called(o) == name {
				return o, true
			}
		}
	}
	return Option{}, false
}

// nameOptions gives all options of a feature their names. known has names that some go by already: the first one of an
// option counts, and the first option of a name.
func nameOptions(options []Option, known []Option) []Option {
	options = slices.Clone(options)
	names, used, texts := map[int64]string{}, map[string]bool{}, map[string]int{}
	call := func(id int64, name string) {
		if _, named := names[id]; !named && !used[name] {
			names[id], used[name] = name, true
		}
	}
	for _, k := range known {
		call(k.ID, k.Name)
	}
	for _, o := range options {
		if o.Key != nil {
			call(o.ID, *o.Key)
		}
	}
	for _, o := range options {
		if _, named := names[o.ID]; !named {
			texts[o.Value.Text()]++
		}
		texts[o.hash()]++
	}
	for i, o := range options {
		text := o.Value.Text()
		name, named := names[o.ID]
		switch {
		case named:
		case o.Key == nil && text != "" && texts[text] == 1 && !used[text]:
			name = text
		default:
			name = o.hash()
		}
		options[i].Name = name
	}
	return options
}

var slug = regexp.MustCompile(`^[-a-zA-Z0-9_]{1,255}$`)

// OptionNameProblem says why an option with this value cannot be called this; "" if it can.
func OptionNameProblem(name string, value Value) string {
	option := Option{Name: name, Value: value}
	switch {
	case option.natural(), hashName.MatchString(name):
		return ""
	case name == "control":
		return `Flagsmith reserves the key "control" for the feature's own value.`
	case !slug.MatchString(name):
		return "It is not the option's value as text, and cannot be the option's key on the server either: a key has 1 to 255 " +
			"letters a-z, digits, underscores and hyphens."
	}
	return ""
}

var hashName = regexp.MustCompile(`^#[0-9]+$`)

// FeatureOptions are the named options of a feature. They are remembered from whatever showed the feature last, so that
// it seldom takes a request.
func (c *Client) FeatureOptions(ctx context.Context, projectID, featureID int64) ([]Option, error) {
	if options, known := c.features.recall(featureID); known {
		return options, nil
	}
	return rest.Shared(ctx, &c.flight, fmt.Sprint("feature ", projectID, featureID), func(ctx context.Context) ([]Option, error) {
		if _, err := c.Feature(ctx, Feature{ProjectID: projectID, ID: featureID}); err != nil {
			return nil, err
		}
		options, _ := c.features.recall(featureID)
		return options, nil
	})
}

func optionsPath(at Feature) rest.Path {
	return rest.P("/projects/{}/features/{}/mv-options/", at.ProjectID, at.ID)
}

func optionPath(at Feature, o Option) rest.Path {
	return rest.P("/projects/{}/features/{}/mv-options/{}/", at.ProjectID, at.ID, o.ID)
}

// createOption makes one beside others. Its name is its key, unless it is its value and no other's.
func (c *Client) createOption(ctx context.Context, at Feature, others []Option, want Option) (Option, error) {
	if !want.natural() || slices.ContainsFunc(others, func(o Option) bool { return o.Key == nil && o.Value.Text() == want.Name }) {
		want.Key = &want.Name
	}
	made, err := rest.Send[Option](ctx, c.rest, http.MethodPost, optionsPath(at), want.alone(at.ID))
	made.Name = want.Name
	return made, ofOption(err, want.Name)
}

// updateOption changes value and percentage. A key is written only where a new value takes the old one's name away.
func (c *Client) updateOption(ctx context.Context, at Feature, held, want Option) (Option, error) {
	if held.Key == nil && held.Value.Text() == want.Name && !want.natural() {
		want.Key = &want.Name
	}
	got, err := rest.Send[Option](ctx, c.rest, http.MethodPatch, optionPath(at, held), want.alone(at.ID))
	got.Name = want.Name
	return got, ofOption(err, want.Name)
}

// reconcileOptions makes options what is wanted: those that prior knows and want has not are deleted, those with an id or
// a known name are changed where they differ, the others made. What prior does not know is left alone. It returns what
// the feature has then, and which of that was wanted.
func (c *Client) reconcileOptions(ctx context.Context, at Feature, held, prior, want []Option) (all, wanted []Option, err error) {
	all = nameOptions(held, prior)
	named := nameOptions(held, nil)
	want = slices.Clone(want)
	for i, w := range want {
		if w.ID != 0 {
			if !slices.ContainsFunc(held, func(o Option) bool { return o.ID == w.ID }) {
				return all, nil, fmt.Errorf("option %q (%s) was deleted after the plan was made: plan again", w.Name, w.hash())
			}
			continue
		}
		there, found := OptionNamed(all, w.Name)
		if !found {
			there, found = OptionNamed(named, w.Name)
		}
		if found && !slices.ContainsFunc(want, func(o Option) bool { return o.ID == there.ID }) {
			want[i].ID = there.ID
		} else if hashName.MatchString(w.Name) && !w.natural() {
			return all, nil, &rest.Error{
				Method: http.MethodGet, Path: at.path().String(), Status: http.StatusOK, Message: "an option is not there",
				Fields: map[string][]string{optionsField: {fmt.Sprintf("The feature has no option %s. A name like this stands for an "+
					"option that exists: call a new one by its value or by a key.", w.Name)}},
			}
		}
	}
	index := func(id int64) int { return slices.IndexFunc(all, func(o Option) bool { return o.ID == id }) }
	for _, p := range prior {
		if i := index(p.ID); i >= 0 && !slices.ContainsFunc(want, func(w Option) bool { return w.ID == p.ID }) {
			if err := c.rest.Do(ctx, http.MethodDelete, optionPath(at, p), nil, nil); err != nil && !errors.Is(err, rest.ErrNotFound) {
				return all, nil, ofOption(err, p.Name)
			}
			all = slices.Delete(all, i, i+1)
		}
	}
	for _, w := range orderChanges(all, slices.DeleteFunc(slices.Clone(want), func(w Option) bool {
		i := index(w.ID)
		return i >= 0 && all[i].Value.Equal(w.Value) && all[i].DefaultPercentage.Cmp(w.DefaultPercentage) == 0
	})) {
		var got Option
		i := index(w.ID)
		if i < 0 {
			got, err = c.createOption(ctx, at, all, w)
		} else {
			got, err = c.updateOption(ctx, at, all[i], w)
		}
		if err != nil {
			return all, nil, err
		}
		if i >= 0 {
			all = slices.Delete(all, i, i+1)
		}
		all = append(all, got)
		for j := range want {
			if want[j].Name == w.Name {
				want[j].ID = got.ID
			}
		}
	}
	for _, w := range want {
		got := all[index(w.ID)]
		got.Name = w.Name
		wanted = append(wanted, got)
	}
	return all, wanted, nil
}

// orderChanges orders changes of percentages so that the server takes them one by one: first what frees, then what uses.
// For each it adds up, as float64, what the other options have and then the new one, and refuses more than 100: after an
// option with 0.1 it takes none with 99.9, the other way round it does (observed on Flagsmith 2.265).
func orderChanges(held, changes []Option) []Option {
	delta := func(o Option) float64 {
		for _, h := range held {
			if h.ID == o.ID {
				return o.DefaultPercentage.float64() - h.DefaultPercentage.float64()
			}
		}
		return o.DefaultPercentage.float64()
	}
	slices.SortStableFunc(changes, func(a, b Option) int { return cmp.Compare(delta(a), delta(b)) })
	first := slices.IndexFunc(changes, func(o Option) bool { return delta(o) > 0 })
	if first < 0 || takes(held, changes) {
		return changes
	}
	ordered := slices.Clone(changes)
	slices.Reverse(ordered[first:])
	random := rand.New(rand.NewPCG(1, 2)) // the same order on every run
	for range 1000 {
		if takes(held, ordered) {
			return ordered
		}
		random.Shuffle(len(ordered)-first, func(i, j int) { ordered[first+i], ordered[first+j] = ordered[first+j], ordered[first+i] })
	}
	return changes
}

// takes tells whether the server takes changes in this order. States of a new feature have the options' own percentages.
func takes(held, changes []Option) bool {
	now := slices.Clone(held)
	for _, change := range changes {
		created := change.ID == 0
		now = slices.DeleteFunc(now, func(o Option) bool { return !created && o.ID == change.ID })
		sum := 0.0
		for _, o := range now {
			sum += o.DefaultPercentage.float64()
		}
		if share := change.DefaultPercentage.float64(); sum+share > 100 || created && sum > 100-share {
			return false
		}
		now = append(now, change)
	}
	return true
}

// optionsField is where messages about options land.
const optionsField = "multivariate_options"

// ofOption says which option an error is about.
func ofOption(err error, name string) error {
	var e *rest.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	var messages []string
	for field, texts := range e.Fields {
		messages = append(messages, fmt.Sprintf("%s: %s", field, strings.Join(texts, " ")))
	}
	slices.Sort(messages)
	if _, percent := e.Fields["default_percentage_allocation"]; percent && e.Hint == "" {
		e.Hint = "A new option's default_percentage_allocation is given to it in every environment at once, and may not bring any of them " +
			"above 100 %: set 0 here and raise it in feature states, or lower what other options get there."
	}
	e.Fields = map[string][]string{optionsField: {fmt.Sprintf("Option %q: %s", name, strings.Join(messages, "; "))}}
	return err
}

var nestedField = regexp.MustCompile(`^multivariate_options\[(\d+)\]\.(.*)$`)

// ofNested does the same for options sent inside a feature.
func ofNested(err error, sent []Option) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	for field, texts := range e.Fields {
		match := nestedField.FindStringSubmatch(field)
		if match == nil {
			continue
		}
		if i, _ := strconv.Atoi(match[1]); i < len(sent) {
			delete(e.Fields, field)
			e.Fields[optionsField] = append(e.Fields[optionsField], fmt.Sprintf("Option %q: %s: %s", sent[i].Name, match[2], strings.Join(texts, " ")))
		}
	}
	return err
}
