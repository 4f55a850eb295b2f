package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// featureJSON is a recorded answer, with fields changed: field, JSON, field, JSON.
func featureJSON(change ...string) string {
	text := `{"id":30,"name":"f","type":"STANDARD","default_enabled":false,"initial_value":null,"created_date":"2026-11-22T01:25:44.306388Z",` +
		`"description":null,"tags":[],"multivariate_options":[],"is_archived":false,"owners":[],"group_owners":[],` +
		`"uuid":"8f32c8df-84bc-4d8a-a8b4-13d65ee875c2","project":1,"environment_feature_state":null,"segment_feature_state":null,` +
		`"num_segment_overrides":0,"num_identity_overrides":null,"is_num_identity_overrides_complete":true,"is_server_key_only":false,` +
		`"last_modified_in_any_environment":null,"last_modified_in_current_environment":null,"metadata":[]}`
	fields := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(text), &fields) != nil {
		return text
	}
	for i := 0; i < len(change); i += 2 {
		fields[change[i]] = json.RawMessage(change[i+1])
	}
	answer, _ := json.Marshal(fields)
	return string(answer)
}

const admin = `{"id":1,"email":"admin@example.com","first_name":"","last_name":"","last_login":null,"uuid":"f039988b-1836-455d-b356-d30f84b42a82"}`

// What a person wants is one request, options of three that add up to 100 in an order that Flagsmith's floats accept.
func TestCreateFeature(t *testing.T) {
	t.Parallel()
	options := `[{"id":1,"uuid":"u","type":"unicode","integer_value":null,"string_value":"a","boolean_value":null,"default_percentage_allocation":16.1,"key":null},` +
		`{"id":2,"uuid":"u","type":"int","integer_value":7,"string_value":null,"boolean_value":null,"default_percentage_allocation":35.7,"key":null},` +
		`{"id":3,"uuid":"u","type":"bool","integer_value":null,"string_value":null,"boolean_value":true,"default_percentage_allocation":48.2,"key":null}]`
	c := scripted(t,
		exchange{"POST /projects/1/features/", `{"name":"f","description":null,"is_archived":false,"is_server_key_only":false,"initial_value":null}`, 201, featureJSON()},
		exchange{"POST /projects/1/features/", `{"name":"f","description":"d","is_archived":true,"is_server_key_only":true,"initial_value":"i","default_enabled":true,` +
			`"tags":[4],"owners":[],"group_owners":[2],"type":"MULTIVARIATE","multivariate_options":[` +
			`{"type":"unicode","string_value":"a","integer_value":null,"boolean_value":null,"default_percentage_allocation":16.1},` +
			`{"type":"int","string_value":null,"integer_value":7,"boolean_value":null,"default_percentage_allocation":35.7},` +
			`{"type":"bool","string_value":null,"integer_value":null,"boolean_value":true,"default_percentage_allocation":48.2}]}`, 201,
			featureJSON("type", `"MULTIVARIATE"`, "description", `"d"`, "initial_value", `"i"`, "default_enabled", "true", "is_archived", "true", "is_server_key_only", "true",
				"tags", "[4]", "multivariate_options", options, "group_owners", `[{"id":2,"name":"devs"}]`, "metadata", `[{"id":1,"model_field":3,"field_value":"x"}]`)},
	)
	got, err := c.CreateFeature(t.Context(), Feature{ProjectID: 1, Name: "f"})
	if err != nil {
		t.Fatal(err)
	}
	minimal := Feature{ProjectID: 1, ID: 30, UUID: "8f32c8df-84bc-4d8a-a8b4-13d65ee875c2", Name: "f", Type: standard, DefaultEnabled: new(false),
		Tags: []int64{}, Owners: []int64{}, GroupOwners: []int64{}, Options: []Option{}, Metadata: []Metadata{}}
	if !reflect.DeepEqual(got, minimal) {
		t.Errorf("%+v, want %+v", got, minimal)
	}
	want := Feature{ProjectID: 1, Name: "f", Description: new("d"), IsArchived: true, IsServerKeyOnly: true, InitialValue: new("i"), DefaultEnabled: new(true),
		Tags: []int64{4}, Owners: []int64{}, GroupOwners: []int64{2}, Options: []Option{
			{Name: "true", Value: boolean(true), DefaultPercentage: percent(t, "48.2")}, {Name: "a", Value: str("a"), DefaultPercentage: percent(t, "16.1")},
			{Name: "7", Value: num(7), DefaultPercentage: percent(t, "35.7")}}}
	if got, err = c.CreateFeature(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if list := names(got.Options); !slices.Equal(list, []string{"1 a", "2 7", "3 true"}) {
		t.Errorf("options %q", list)
	}
	want.ID, want.UUID, want.Type, want.Options, want.Metadata = 30, got.UUID, multivariate, got.Options, []Metadata{{3, "x"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if list, err := c.FeatureOptions(t.Context(), 1, 30); err != nil || len(list) != 3 { // sends nothing
		t.Errorf("remembered %v, %v", list, err)
	}
}

// After the feature is there, every failure leaves it in state.
func TestCreateFeaturePartly(t *testing.T) {
	t.Parallel()
	c, s, project := onSandbox(t)
	want := Feature{ProjectID: project, Name: "f", Options: []Option{{Name: "a", Value: str("a")}, {Name: "k", Value: str("k v")}, {Name: "l", Value: str("l v")}}}
	s.Inject(faults.Fault{Method: http.MethodPost, Path: "/projects/{}/features/{}/mv-options/", Skip: 1, Status: 400, Body: `{"key": ["No."]}`})
	got, err := c.CreateFeature(t.Context(), want)
	var partial *rest.PartialError
	if !errors.As(err, &partial) || got.ID == 0 || !strings.Contains(err.Error(), `Option "l": key: No.`) {
		t.Fatalf("%v, feature %d", err, got.ID)
	}
	options, err := c.FeatureOptions(t.Context(), project, got.ID) // asks again
	if err != nil || !slices.Equal(names(options), []string{"2 k", "1 a"}) && !slices.Equal(names(options), []string{"1 a", "2 k"}) {
		t.Errorf("%q, %v", names(options), err)
	}
	// A user's token makes its user an owner: not where none are wanted.
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	user, err := New(Config{URL: server.URL + "/api/v1", Token: s.Token, AuthScheme: "Token"})
	if err != nil {
		t.Fatal(err)
	}
	for _, owners := range [][]int64{nil, {}} {
		got, err := user.CreateFeature(t.Context(), Feature{ProjectID: project, Name: "g", Owners: owners})
		if err != nil {
			t.Fatal(err)
		}
		read, err := user.Feature(t.Context(), got)
		if err != nil || (owners == nil) != (len(read.Owners) == 1) || !slices.Equal(read.Owners, got.Owners) {
			t.Errorf("%v: owners %v, on the server %v, %v", owners, got.Owners, read.Owners, err)
		}
		if err := user.DeleteFeature(t.Context(), got); err != nil {
			t.Fatal(err)
		}
	}
}

// Only what differs is written, and with it the custom fields that Flagsmith would wipe.
func TestUpdateFeature(t *testing.T) {
	t.Parallel()
	fields := `[{"id":9,"model_field":3,"field_value":"x"}]`
	held := func(change ...string) string {
		return featureJSON(append([]string{"description", `"d"`, "tags", "[1,2]", "metadata", fields, "owners", "[" + admin + "]"}, change...)...)
	}
	get := exchange{"GET /projects/1/features/30/", "", 200, held()}
	at := Feature{ProjectID: 1, ID: 30, Name: "f", Description: new("d")}
	with := func(change func(*Feature)) Feature { f := at; change(&f); return f }
	patch := func(body string, change ...string) exchange {
		return exchange{"PATCH /projects/1/features/30/", `{` + body + `,"metadata":[{"model_field":3,"field_value":"x"}]}`, 200, held(change...)}
	}
	owners := func(action, body string) exchange {
		return exchange{"POST /projects/1/features/30/" + action + "/", body, 200, `{"id":30,"name":"f","owners":[]}`}
	}
	for name, test := range map[string]struct {
		want      Feature
		exchanges []exchange
	}{
		"nothing differs":       {at, nil},
		"tags in another order": {with(func(f *Feature) { f.Tags = []int64{2, 1} }), nil},
		"a tag less":            {with(func(f *Feature) { f.Tags = []int64{2} }), []exchange{patch(`"tags":[2]`, "tags", "[2]")}},
		"no tags":               {with(func(f *Feature) { f.Tags = []int64{} }), []exchange{patch(`"tags":[]`, "tags", "[]")}},
		"null":                  {with(func(f *Feature) { f.Description = nil }), []exchange{patch(`"description":null`, "description", "null")}},
		"empty":                 {with(func(f *Feature) { f.Description = new("") }), []exchange{patch(`"description":""`, "description", `""`)}},
		"switches": {with(func(f *Feature) { f.IsArchived, f.IsServerKeyOnly = true, true }),
			[]exchange{patch(`"is_archived":true,"is_server_key_only":true`, "is_archived", "true", "is_server_key_only", "true")}},
		"owners: add, then remove": {with(func(f *Feature) { f.Owners, f.GroupOwners = []int64{}, []int64{7} }),
			[]exchange{owners("add-group-owners", `{"group_ids":[7]}`), owners("remove-owners", `{"user_ids":[1]}`)}},
		"owners only added": {with(func(f *Feature) { f.Owners = []int64{2, 1} }), []exchange{owners("add-owners", `{"user_ids":[2]}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, append([]exchange{get}, test.exchanges...)...)
			got, err := c.UpdateFeature(t.Context(), at, test.want)
			if err != nil {
				t.Fatal(err)
			}
			sorted := func(ids []int64) []int64 { return slices.Sorted(slices.Values(ids)) }
			for field, pair := range map[string][2][]int64{"tags": {got.Tags, test.want.Tags}, "owners": {got.Owners, test.want.Owners}, "group_owners": {got.GroupOwners, test.want.GroupOwners}} {
				if pair[1] != nil && !slices.Equal(sorted(pair[0]), sorted(pair[1])) {
					t.Errorf("%s: %v, want %v", field, pair[0], pair[1])
				}
			}
			if deref(got.Description) != deref(test.want.Description) || got.IsArchived != test.want.IsArchived || got.IsServerKeyOnly != test.want.IsServerKeyOnly {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// What Flagsmith says about no field in particular lands on one, and a name that is taken shows by whom.
func TestFeatureErrors(t *testing.T) {
	t.Parallel()
	found := func(features string) exchange {
		return exchange{"GET /projects/1/features/?page_size=999&search=F", "", 200, `{"count":1,"next":null,"previous":null,"results":[` + features + `]}`}
	}
	taken := `{"name":["Feature with that name already exists for this project. Note that feature names are case insensitive."]}`
	create := func(status int, answer string) exchange {
		return exchange{"POST /projects/1/features/", `{"name":"F","description":null,"is_archived":false,"is_server_key_only":false,"initial_value":null}`, status, answer}
	}
	for name, test := range map[string]struct {
		exchanges []exchange
		field     string
		want      string
		kind      error
	}{
		"taken":           {[]exchange{create(400, taken), found(featureJSON())}, "name", `Feature 30 of project 1 is already called "f"`, rest.ErrExists},
		"taken in a race": {[]exchange{create(500, serverError), found(featureJSON())}, "name", `Feature 30 of project 1 is already called "f"`, rest.ErrExists},
		"a failure":       {[]exchange{create(500, serverError), {"GET /projects/1/", "", 200, "{}"}, found(featureJSON("name", `"ff"`))}, "", "500 Internal Server Error", nil},
		"owners wanted":   {[]exchange{create(400, `{"non_field_errors":["This project requires at least one owner or group owner when creating a feature."]}`)}, "owners", "at least one owner", nil},
		"tags of another": {[]exchange{create(400, `{"non_field_errors":["Selected Tags must be from the same Project as current Feature"]}`)}, "tags", "same Project", nil},
		"regex":           {[]exchange{create(400, `{"name":["Feature name must match regex: [a-z_]+"]}`)}, "name", "[a-z_]+", nil},
		"no project":      {[]exchange{create(403, denied), {"GET /projects/1/", "", 404, noProject}}, "project", "There is no project 1", nil},
		"custom field":    {[]exchange{create(400, `{"metadata":["Missing required metadata field: owner"]}`)}, "metadata", "owner", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchanges := test.exchanges
			if name == "taken in a race" {
				exchanges = slices.Insert(exchanges, 1, exchange{"GET /projects/1/", "", 200, "{}"})
			}
			_, err := scripted(t, exchanges...).CreateFeature(t.Context(), Feature{ProjectID: 1, Name: "F"})
			e := restError(t, err)
			if !strings.Contains(err.Error(), test.want) || e.Kind != test.kind || test.field != "" && len(e.Fields[test.field]) != 1 {
				t.Errorf("%v: kind %v, fields %v", err, e.Kind, e.Fields)
			}
		})
	}
	c := scripted(t, exchange{"GET /projects/1/features/30/", "", 403, denied}, exchange{"GET /projects/1/", "", 200, "{}"},
		exchange{"DELETE /projects/1/features/30/", "", 403, denied}, exchange{"GET /projects/1/", "", 404, noProject})
	if _, err := c.Feature(t.Context(), Feature{ProjectID: 1, ID: 30}); errors.Is(err, rest.ErrNotFound) || err == nil {
		t.Errorf("forbidden is not gone: %v", err)
	}
	if err := c.DeleteFeature(t.Context(), Feature{ProjectID: 1, ID: 30}); !errors.Is(err, rest.ErrNotFound) {
		t.Errorf("gone with its project: %v", err)
	}
}

func TestFeatureNameProblem(t *testing.T) {
	t.Parallel()
	for regex, test := range map[string]struct{ fits, refused string }{
		"":                   {"anything at all", ""},
		"[a-z_]+":            {"new_checkout", "New-Checkout"},
		"a|b":                {"ax", "xa"}, // not grouped: a at the start or b at the end
		"^abc$":              {"abc", "abcd"},
		`(?P<team>\w+)\.\w+`: {"shop.flag", "flag"},
		`(?=a)b`:             {"a", ""},  // Go cannot
		`a{,3}`:              {"aa", ""}, // Go reads it as it stands
		`[[:alpha:]]+`:       {"aa", ""}, // Python does
		`\w+`:                {"größe", "a b"},
	} {
		c := scripted(t)
		c.ExpectFeatureNames(1, &regex)
		if problem := c.FeatureNameProblem(t.Context(), 1, test.fits); problem != "" {
			t.Errorf("%s refuses %s: %s", regex, test.fits, problem)
		}
		if problem := c.FeatureNameProblem(t.Context(), 1, test.refused); test.refused != "" && !strings.Contains(problem, regex) {
			t.Errorf("%s takes %s: %q", regex, test.refused, problem)
		}
	}
	c := scripted(t, exchange{"GET /projects/1/", "", 500, serverError}, exchange{"GET /projects/1/", "", 200, `{"id":1,"feature_name_regex":"a+"}`})
	for i, refused := range []bool{false, true, true} { // no answer is no problem; an answer is asked for once
		if problem := c.FeatureNameProblem(t.Context(), 1, "b"); (problem != "") != refused {
			t.Errorf("%d: %q", i, problem)
		}
	}
}

func TestExpectedOptions(t *testing.T) {
	t.Parallel()
	c := scripted(t)
	c.ExpectOptions(7, []string{"a"})
	if !c.ExpectsOption(7, "a") || c.ExpectsOption(7, "b") || c.ExpectsOption(8, "a") {
		t.Error("a plan's options are not remembered by feature")
	}
}

func TestFeatureUse(t *testing.T) {
	t.Parallel()
	list := func(environment, features string) exchange {
		return exchange{"GET /projects/1/features/?page_size=999&environment=" + environment + "&search=f", "", 200,
			`{"count":2,"next":null,"previous":null,"results":[{"id":31,"num_segment_overrides":9,"num_identity_overrides":9},` + features + `]}`}
	}
	c := scripted(t, exchange{"GET /projects/1/environments/", "", 200, "[" + environmentJSON(5, "k5") + "]"},
		list("5", `{"id":30,"num_segment_overrides":2,"num_identity_overrides":null}`))
	use, err := c.FeatureUse(t.Context(), Feature{ProjectID: 1, ID: 30, Name: "f"})
	if want := (FeatureUse{Environments: 1, SegmentOverrides: 2}); use != want || err != nil {
		t.Errorf("%+v, %v, want %+v", use, err, want)
	}
}
