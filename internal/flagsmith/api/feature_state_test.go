package api

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

const (
	theEnvironments = `[{"id": 3, "project": 1, "name": "e", "api_key": "key"}]`
	theFeature      = `{"id": 5, "project": 1, "name": "f", "default_enabled": true, "initial_value": "-7", "multivariate_options": [
		{"id": 12, "type": "unicode", "string_value": "b", "default_percentage_allocation": 0, "key": null},
		{"id": 11, "type": "unicode", "string_value": "a", "default_percentage_allocation": 30, "key": null}]}`
	aState = `{"id": 9, "feature": 5, "enabled": false, "feature_state_value": "x", "environment_feature_version": null,
		"multivariate_feature_state_values": [{"id": 90, "multivariate_feature_option": 11, "percentage_allocation": 16.1},
		{"id": 91, "multivariate_feature_option": 12, "percentage_allocation": 48.2}]}`
)

func page1(results string) string {
	return `{"count": 1, "next": null, "previous": null, "results": [` + results + `]}`
}

func weightsOf(t *testing.T, weights map[string]string) map[string]Percent {
	t.Helper()
	result := map[string]Percent{}
	for name, text := range weights {
		percent, err := ParsePercent(text)
		if err != nil {
			t.Fatal(err)
		}
		result[name] = percent
	}
	return result
}

var (
	getEnvironments = exchange{"GET /projects/1/environments/", "", 200, theEnvironments}
	getState        = exchange{"GET /environments/key/featurestates/?feature=5", "", 200, page1(aState)}
	getNoState      = exchange{"GET /environments/key/featurestates/?feature=5", "", 200, page1("")}
	getFeature      = exchange{"GET /projects/1/features/5/", "", 200, theFeature}
	here            = FeatureState{ProjectID: 1, EnvironmentID: 3, FeatureID: 5}
)

func TestFeatureStateWritesWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want      FeatureState
		weights   map[string]string
		exchanges []exchange
		problem   string
	}{
		"nothing is managed": {exchanges: []exchange{getState}},
		"nothing differs": {
			want: FeatureState{Enabled: new(false), Value: &Value{String: new("x")}}, weights: map[string]string{"a": "16.1", "b": "48.20"},
			exchanges: []exchange{getState, getFeature},
		},
		"one facet": {
			want:      FeatureState{Enabled: new(true), Value: &Value{String: new("x")}},
			exchanges: []exchange{getState, {"PUT /environments/key/featurestates/9/", `{"enabled": true}`, 200, aState}},
		},
		"null": {
			want:      FeatureState{Value: &Value{}},
			exchanges: []exchange{getState, {"PUT /environments/key/featurestates/9/", `{"feature_state_value": null}`, 200, aState}},
		},
		"rows keep their ids": {
			weights: map[string]string{"#11": "100", "b": "0"},
			exchanges: []exchange{getState, getFeature, {"PUT /environments/key/featurestates/9/", `{"multivariate_feature_state_values": [
				{"id": 91, "multivariate_feature_option": 12, "percentage_allocation": 0},
				{"id": 90, "multivariate_feature_option": 11, "percentage_allocation": 100}]}`, 200, aState}},
		},
		"no weights at all": {
			weights: map[string]string{},
			exchanges: []exchange{getState, getFeature, {"PUT /environments/key/featurestates/9/", `{"multivariate_feature_state_values": []}`, 200,
				strings.Replace(aState, `"multivariate_feature_state_values": [`, `"multivariate_feature_state_values": [], "_": [`, 1)}},
		},
		"options that are new are asked for again": {
			weights: map[string]string{"c": "1"}, exchanges: []exchange{getState, getFeature, getFeature},
			problem: `feature 5 has no option "c"; it has "b", "a"`,
		},
		"one option twice": {
			weights: map[string]string{"a": "1", "#11": "2"}, exchanges: []exchange{getState, getFeature}, problem: `names the option "a" twice`,
		},
		"v2 versioning": {
			want: FeatureState{Enabled: new(true)}, problem: "uses feature versioning v2",
			exchanges: []exchange{{getState.request, "", 200, page1(strings.Replace(aState, `version": null`, `version": "86eb122f"`, 1))}},
		},
		"v2 versioning, switched on meanwhile": {
			want: FeatureState{Enabled: new(true)}, problem: "uses feature versioning v2",
			exchanges: []exchange{getState, {"PUT /environments/key/featurestates/9/", `{"enabled": true}`, 400,
				`{"detail": "This environment uses v2 feature versioning. Use the environment feature version endpoint instead."}`}},
		},
		"a lost state is made, weights by a second write": {
			want: FeatureState{Enabled: new(false)}, weights: map[string]string{"a": "30", "b": "1"},
			exchanges: []exchange{
				getNoState, getFeature, {"GET /projects/1/", "", 200, `{"id": 1}`},
				{"POST /environments/key/featurestates/", `{"feature": 5, "enabled": false, "feature_state_value": -7}`, 201, aState},
				{"PUT /environments/key/featurestates/9/", `{"multivariate_feature_state_values": [
					{"id": 91, "multivariate_feature_option": 12, "percentage_allocation": 1},
					{"id": 90, "multivariate_feature_option": 11, "percentage_allocation": 30}]}`, 200, aState},
			},
		},
		"a lost feature": {
			exchanges: []exchange{getNoState, {getFeature.request, "", 404, `{"detail": "No Feature matches the given query."}`}, getEnvironments},
			problem:   "No Feature matches",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, append([]exchange{getEnvironments}, test.exchanges...)...)
			want := test.want
			want.ProjectID, want.EnvironmentID, want.FeatureID = 1, 3, 5
			if test.weights != nil {
				want.Weights = weightsOf(t, test.weights)
			}
			got, err := c.UpdateFeatureState(t.Context(), FeatureState{}, want)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q", err, test.problem)
				}
			} else if err != nil || got.EnvironmentID != 3 || got.FeatureID != 5 || got.Enabled == nil || got.Value == nil {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A key that was renamed meanwhile costs two requests, not an error.
func TestFeatureStateRenamedKey(t *testing.T) {
	t.Parallel()
	c := scripted(t, getEnvironments,
		exchange{getState.request, "", 403, `{"detail": "You do not have permission to perform this action."}`},
		exchange{getEnvironments.request, "", 200, strings.Replace(theEnvironments, `"key"`, `"new"`, 1)},
		exchange{"GET /environments/new/featurestates/?feature=5", "", 200, page1(aState)}, getFeature)
	got, err := c.FeatureState(t.Context(), here)
	if err != nil || *got.Enabled || !maps.EqualFunc(got.Weights, weightsOf(t, map[string]string{"a": "16.1", "b": "48.2"}), func(a, b Percent) bool { return a.Cmp(b) == 0 }) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFeatureStateGone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exchanges []exchange
		problem   string
		gone      bool
	}{
		"state":       {[]exchange{getNoState, getFeature, getEnvironments}, "has no state in environment 3", true},
		"feature":     {[]exchange{getNoState, {getFeature.request, "", 404, `{"detail": "No Feature matches the given query."}`}, getEnvironments}, "No Feature", true},
		"environment": {[]exchange{{getState.request, "", 403, `{}`}, {getEnvironments.request, "", 200, "[]"}}, "no environment 3", true},
		"project":     {[]exchange{{getState.request, "", 403, `{}`}, {getEnvironments.request, "", 404, `{"detail": "No Project matches the given query."}`}}, "No Project", true},
		"permission":  {[]exchange{{getState.request, "", 403, `{"detail": "You do not have permission to perform this action."}`}, getEnvironments}, "permission", false},
		"server":      {[]exchange{{getState.request, "", 500, `<title>Server Error (500)</title>`}}, "500", false},
		"options":     {[]exchange{getState, {getFeature.request, "", 500, `<title>Server Error (500)</title>`}, {"GET /projects/1/", "", 200, `{}`}}, "500", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scripted(t, append([]exchange{getEnvironments}, test.exchanges...)...).FeatureState(t.Context(), here)
			if err == nil || errors.Is(err, rest.ErrNotFound) != test.gone || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Options of the whole project come by one request; one of another feature's is called by its number.
func TestFeatureStatesList(t *testing.T) {
	t.Parallel()
	list := func(states string) []exchange {
		return []exchange{getEnvironments, {"GET /environments/key/featurestates/", "", 200, page1(states)}}
	}
	bare := strings.Replace(aState, `"multivariate_feature_state_values": [`, `"multivariate_feature_state_values": [], "_": [`, 1)
	features := exchange{"GET /projects/1/features/?page_size=999", "", 200, page1(theFeature)}
	for name, test := range map[string]struct {
		exchanges []exchange
		names     []string
		problem   string
	}{
		"no weights":     {exchanges: append(list(bare), features), names: []string{}},
		"weights":        {exchanges: append(list(aState), features), names: []string{"a", "b"}},
		"foreign option": {exchanges: append(list(strings.Replace(aState, `option": 11`, `option": 77`, 1)), features, getFeature), names: []string{"#77", "b"}},
		"no features":    {exchanges: append(list(aState), exchange{features.request, "", 500, "<p>"}, exchange{"GET /projects/1/", "", 200, "{}"}), problem: "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			states, err := collect(scripted(t, test.exchanges...).FeatureStates(t.Context(), FeatureState{ProjectID: 1, EnvironmentID: 3}))
			switch {
			case test.problem != "":
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v", err)
				}
			case err != nil || len(states) != 1 || states[0].Feature == "" || !slices.Equal(slices.Sorted(maps.Keys(states[0].Weights)), slices.Sorted(slices.Values(test.names))):
				t.Errorf("%+v, %v", states, err)
			}
		})
	}
}

func TestFeatureStateReset(t *testing.T) {
	t.Parallel()
	managed := FeatureState{ProjectID: 1, EnvironmentID: 3, FeatureID: 5, Enabled: new(false), Value: &Value{}, Weights: map[string]Percent{}}
	project := exchange{"GET /projects/1/", "", 200, `{"id": 1, "prevent_flag_defaults": false}`}
	put := func(body string) exchange {
		return exchange{"PUT /environments/key/featurestates/9/", body, 200, aState}
	}
	weights := `"multivariate_feature_state_values": [{"id": 91, "multivariate_feature_option": 12, "percentage_allocation": 0},
		{"id": 90, "multivariate_feature_option": 11, "percentage_allocation": 30}]`
	for name, exchanges := range map[string][]exchange{
		"everything": {getFeature, project, getEnvironments, getState, put(`{"enabled": true, "feature_state_value": -7, ` + weights + `}`)},
		"prevented":  {getFeature, {project.request, "", 200, `{"prevent_flag_defaults": true}`}, getEnvironments, getState, put(`{"feature_state_value": null, ` + weights + `}`)},
		"no state":   {getFeature, project, getEnvironments, getNoState},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := scripted(t, exchanges...).ResetFeatureState(t.Context(), managed); err != nil {
				t.Error(err)
			}
		})
	}
	gone := exchange{getFeature.request, "", 404, `{"detail": "No Feature matches the given query."}`}
	if err := scripted(t, gone).ResetFeatureState(t.Context(), managed); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

// Recorded from Flagsmith 2.265, and what Python's int() says.
func TestInitialValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"": "", "iv": "iv", "007": int64(7), "1_000": int64(1000), "-5": int64(-5), "+5": int64(5), "0": int64(0),
		"2147483646": int64(2147483646), "2147483647": "2147483647", "-2147483647": "-2147483647", "99999999999999999999": "99999999999999999999",
		"1.5": "1.5", "1__0": "1__0", "_1": "_1", "1_": "1_", "--5": "--5", "0x10": "0x10", "1e3": "1e3",
		"true": true, "True": true, "false": false, "False": false, "TRUE": "TRUE",
	} {
		if got := initialValue(&text).scalar(); got != want {
			t.Errorf("%q is %#v, want %#v", text, got, want)
		}
	}
	if got := initialValue(nil); got != (Value{}) {
		t.Errorf("null is %+v", got)
	}
}

func TestCheckWeights(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		weights map[string]string
		want    map[string]string // the beginnings of the problems
	}{
		"none":             {nil, nil},
		"100, not as sums": {map[string]string{"a": "16.1", "b": "48.2", "c": "35.7"}, nil},
		"100 in tenths":    {map[string]string{"a": "0.1", "b": "99.9"}, nil},
		"just above":       {map[string]string{"a": "0.1", "b": "99.9", "c": "0.0000001"}, map[string]string{"": "The weights add up to 100.0000001 per cent"}},
		"out of range": {map[string]string{"a": "-0.5", "b": "100.5", "c": "100"}, map[string]string{
			"a": "A weight is 0 to 100 per cent, not -0.5.", "b": "A weight is 0 to 100 per cent, not 100.5.",
		}},
		"a third": {map[string]string{"a": "33.33333333333333333333333"}, map[string]string{"a": "Flagsmith calculates with 64-bit floats and would not give 33.333333333333333333 back."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := CheckWeights(weightsOf(t, test.weights)); !maps.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	if got := CheckWeights(map[string]Percent{"a": {}}); !strings.HasPrefix(got["a"], "It is null.") {
		t.Errorf("%q", got)
	}
}
