package api

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func development(id int64, key string) Environment {
	return Environment{
		ProjectID: 1, ID: id, UUID: "17898e43-e829-41ed-bc10-45cff6350358", Name: "Development", APIKey: &key,
		AllowClientTraits: new(true), HideSensitiveData: new(false), UseIdentityCompositeKeyForHashing: new(true),
		UseIdentityOverridesInLocalEval: new(true), UseV2FeatureVersioning: new(false), Metadata: []Metadata{},
	}
}

// Settings as sent where nothing optional is wanted.
const bareSettings = `"description":null,"banner_text":null,"banner_colour":null,"hide_disabled_flags":null,"minimum_change_request_approvals":null`

func list(environments ...string) exchange {
	text := "["
	for i, e := range environments {
		if i > 0 {
			text += ","
		}
		text += e
	}
	return exchange{"GET /projects/1/environments/", "", 200, text + "]"}
}

func TestReadEnvironment(t *testing.T) {
	t.Parallel()
	unpaginated := func(id int64, key string) string { return environmentJSON(id, key, "metadata", "-") }
	fromList := func(id int64, key string) Environment {
		e := development(id, key)
		e.Metadata = nil
		return e
	}
	missing := exchange{"GET /environments/k1/", "", 404, noEnv}
	for name, test := range map[string]struct {
		exchanges []exchange // the first read learns the keys, the second is the one that is looked at
		want      Environment
		gone      bool
		err       string
	}{
		"first read needs one request": {[]exchange{list(unpaginated(1, "k1"))}, fromList(1, "k1"), false, ""},
		"then by key":                  {[]exchange{list(unpaginated(1, "k1")), {"GET /environments/k1/", "", 200, environmentJSON(1, "k1")}}, development(1, "k1"), false, ""},
		"renamed":                      {[]exchange{list(unpaginated(1, "k1")), missing, list(unpaginated(1, "k2"))}, fromList(1, "k2"), false, ""},
		"key of another now":           {[]exchange{list(unpaginated(1, "k1")), {"GET /environments/k1/", "", 200, environmentJSON(3, "k1")}, list(unpaginated(1, "k2"))}, fromList(1, "k2"), false, ""},
		"gone":                         {[]exchange{list(unpaginated(1, "k1")), missing, list()}, Environment{}, true, "Project 1 has no environment 1."},
		"project gone":                 {[]exchange{list(unpaginated(1, "k1")), missing, {"GET /projects/1/environments/", "", 404, noProject}}, Environment{}, true, "No Project"},
		"failure":                      {[]exchange{list(unpaginated(1, "k1")), {"GET /environments/k1/", "", 500, serverError}}, Environment{}, false, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, test.exchanges...)
			got, err := c.Environment(t.Context(), Environment{ProjectID: 1, ID: 1})
			if len(test.exchanges) > 1 {
				got, err = c.Environment(t.Context(), Environment{ProjectID: 1, ID: 1})
			}
			if test.err != "" {
				contains(t, err, test.err)
				if errors.Is(err, rest.ErrNotFound) != test.gone {
					t.Error(err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestListEnvironments(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /environments/?project=1", "", 200, `{"count":2,"next":"u","previous":null,"results":[` +
			environmentJSON(1, "k1", "metadata", []any{map[string]any{"id": 3, "model_field": 2, "field_value": "team-a"}}) + `]}`},
		exchange{"GET /environments/?project=1&page=2", "", 200, `{"count":2,"next":null,"previous":null,"results":[` + environmentJSON(2, "k2") + `]}`},
		exchange{"GET /environments/?project=9", "", 400, `["Invalid or missing value for project parameter."]`},
		exchange{"GET /projects/9/", "", 404, `{"detail":"No Project matches the given query."}`},
	)
	got, err := collect(c.Environments(t.Context(), Environment{ProjectID: 1}))
	if err != nil || len(got) != 2 || !reflect.DeepEqual(got[0].Metadata, []Metadata{{2, "team-a"}}) || !reflect.DeepEqual(got[1], development(2, "k2")) {
		t.Errorf("%+v, %v", got, err)
	}
	if key, err := c.EnvironmentKey(t.Context(), 1, 2); key != "k2" || err != nil {
		t.Error("the list taught no keys:", key, err)
	}
	_, err = collect(c.Environments(t.Context(), Environment{ProjectID: 9}))
	contains(t, err, "Invalid or missing value for project parameter.", "project: There is no project 9.")
}

func TestCreateEnvironment(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"POST /environments/", `{"project":1,"name":"Development",` + bareSettings + `}`, 201, environmentJSON(1, "k1")},
		exchange{"POST /environments/", `{"project":1,"name":"Full","api_key":"my-own-key","description":"d","banner_text":"","banner_colour":"#ff0000",
			"hide_disabled_flags":false,"minimum_change_request_approvals":0,"allow_client_traits":false,"hide_sensitive_data":true,
			"use_identity_composite_key_for_hashing":false,"use_identity_overrides_in_local_eval":false}`, 201,
			environmentJSON(3, "my-own-key", "minimum_change_request_approvals", 0)},
		exchange{"POST /environments/", `{"project":1,"name":"Development",` + bareSettings + `}`, 400,
			`{"non_field_errors":["An environment with this name already exists."]}`},
	)
	got, err := c.CreateEnvironment(t.Context(), Environment{ProjectID: 1, Name: "Development"})
	if err != nil || !reflect.DeepEqual(got, development(1, "k1")) {
		t.Errorf("%+v, %v", got, err)
	}
	if key, err := c.EnvironmentKey(t.Context(), 1, 1); key != "k1" || err != nil {
		t.Error(key, err)
	}
	_, err = c.CreateEnvironment(t.Context(), Environment{ProjectID: 1, Name: "Full", APIKey: new("my-own-key"), Description: new("d"),
		BannerText: new(""), BannerColour: new("#ff0000"), HideDisabledFlags: new(false), MinimumChangeRequestApprovals: new(int64(0)),
		AllowClientTraits: new(false), HideSensitiveData: new(true), UseIdentityCompositeKeyForHashing: new(false),
		UseIdentityOverridesInLocalEval: new(false), UseV2FeatureVersioning: new(false)})
	if err != nil {
		t.Error(err)
	}
	if _, err := c.CreateEnvironment(t.Context(), Environment{ProjectID: 1, Name: "Development"}); !errors.Is(err, rest.ErrExists) {
		t.Error(err)
	}
}

func TestEnvironmentSettingThatThePlanLacks(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"POST /environments/", `{"project":1,"name":"Development","description":null,"banner_text":null,"banner_colour":null,
			"hide_disabled_flags":null,"minimum_change_request_approvals":1}`, 201, environmentJSON(1, "k1")},
		exchange{"GET /environments/k1/", "", 200, environmentJSON(1, "k1")},
		exchange{"PATCH /environments/k1/", `{"name":"Development","description":null,"banner_text":null,"banner_colour":null,
			"hide_disabled_flags":null,"minimum_change_request_approvals":1,"metadata":[]}`, 200, environmentJSON(1, "k1")},
	)
	want := Environment{ProjectID: 1, ID: 1, Name: "Development", MinimumChangeRequestApprovals: new(int64(1)), UseV2FeatureVersioning: new(true)}
	fields := map[string][]string{"minimum_change_request_approvals": {"Flagsmith ignored 1 and kept null."}}
	got, err := c.CreateEnvironment(t.Context(), want)
	var partial *rest.PartialError
	if !errors.As(err, &partial) || got.ID != 1 || !reflect.DeepEqual(restError(t, err).Fields, fields) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = c.UpdateEnvironment(t.Context(), Environment{}, want)
	if errors.As(err, &partial) || got.ID != 1 || !reflect.DeepEqual(restError(t, err).Fields, fields) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestUpdateEnvironmentKeepsMetadataAndRenamesTheKey(t *testing.T) {
	t.Parallel()
	held := []any{map[string]any{"id": 3, "model_field": 2, "field_value": "team-a"}}
	c := scripted(t,
		list(environmentJSON(1, "k1", "metadata", "-")),
		exchange{"GET /environments/k1/", "", 200, environmentJSON(1, "k1", "metadata", held)},
		exchange{"PATCH /environments/k1/", `{"name":"Production","api_key":"k2",` + bareSettings + `,"metadata":[{"model_field":2,"field_value":"team-a"}]}`,
			200, environmentJSON(1, "k2", "name", "Production", "metadata", held)},
	)
	got, err := c.UpdateEnvironment(t.Context(), development(1, "k1"), Environment{ProjectID: 1, ID: 1, Name: "Production", APIKey: new("k2")})
	if err != nil || got.Name != "Production" || *got.APIKey != "k2" || !reflect.DeepEqual(got.Metadata, []Metadata{{2, "team-a"}}) {
		t.Errorf("%+v, %v", got, err)
	}
	if key, err := c.EnvironmentKey(t.Context(), 1, 1); key != "k2" || err != nil {
		t.Error(key, err)
	}
}

func TestUpdateEnvironmentOfAnOldServer(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		list(environmentJSON(1, "k1")),
		exchange{"GET /environments/k1/", "", 200, environmentJSON(1, "k1", "metadata", "-")},
		exchange{"PATCH /environments/k1/", `{"name":"x",` + bareSettings + `,"metadata":[]}`, 400, `{"api_key":["environment with this api key already exists."]}`},
		exchange{"GET /environments/k1/", "", 500, serverError},
	)
	if _, err := c.UpdateEnvironment(t.Context(), Environment{}, Environment{ProjectID: 1, ID: 1, Name: "x"}); !errors.Is(err, rest.ErrExists) {
		t.Error(err)
	}
	_, err := c.UpdateEnvironment(t.Context(), Environment{}, Environment{ProjectID: 1, ID: 1, Name: "x"})
	contains(t, err, "500")
}

func TestDeleteEnvironment(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		list(environmentJSON(1, "k1")),
		exchange{"DELETE /environments/k1/", "", 204, ""},
		list(), // the key is forgotten
	)
	if err := c.DeleteEnvironment(t.Context(), Environment{ProjectID: 1, ID: 1}); err != nil {
		t.Error(err)
	}
	if err := c.DeleteEnvironment(t.Context(), Environment{ProjectID: 1, ID: 1}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

func TestSwitchVersioning(t *testing.T) {
	t.Parallel()
	create := exchange{"POST /environments/", `{"project":1,"name":"V2",` + bareSettings + `}`, 201, environmentJSON(1, "k1")}
	look := func(v2 bool) exchange {
		return exchange{"GET /environments/k1/", "", 200, environmentJSON(1, "k1", "use_v2_feature_versioning", v2)}
	}
	enable := func(status int, answer string) exchange {
		return exchange{"POST /environments/k1/enable-v2-versioning/", "", status, answer}
	}
	want := Environment{ProjectID: 1, Name: "V2", UseV2FeatureVersioning: new(true)}
	for name, test := range map[string]struct {
		exchanges []exchange
		err       string
	}{
		"on":              {[]exchange{create, enable(202, ""), look(false), look(false), look(true)}, ""},
		"on already":      {[]exchange{create, enable(400, `{"detail":"Environment already using v2 versioning."}`), look(true)}, ""},
		"refused":         {[]exchange{create, enable(403, denied)}, "403"},
		"gone meanwhile":  {[]exchange{create, enable(202, ""), {"GET /environments/k1/", "", 404, noEnv}}, "No Environment"},
		"another failure": {[]exchange{create, enable(400, `{"detail":"no"}`)}, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scripted(t, test.exchanges...).CreateEnvironment(t.Context(), want)
			if test.err == "" {
				if err != nil || !*got.UseV2FeatureVersioning {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			var partial *rest.PartialError
			if contains(t, err, test.err); !errors.As(err, &partial) || got.ID != 1 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		c := scripted(t,
			list(environmentJSON(1, "k1")),
			look(true),
			exchange{"PATCH /environments/k1/", `{"name":"V2",` + bareSettings + `,"metadata":[]}`, 200, environmentJSON(1, "k1", "use_v2_feature_versioning", true)},
			exchange{"POST /environments/k1/disable-v2-versioning/", "", 202, ""},
			look(true), look(false),
		)
		got, err := c.UpdateEnvironment(t.Context(), Environment{}, Environment{ProjectID: 1, ID: 1, Name: "V2", UseV2FeatureVersioning: new(false)})
		if err != nil || *got.UseV2FeatureVersioning {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		c := scripted(t, create, enable(202, ""), look(false))
		c.wait = func(_ context.Context, attempt int) error {
			if attempt == 1 {
				return context.Canceled
			}
			return nil
		}
		got, err := c.CreateEnvironment(t.Context(), want)
		if contains(t, err, "waiting for Flagsmith to switch the versioning of environment 1"); !errors.Is(err, context.Canceled) || got.ID != 1 {
			t.Error(err)
		}
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		exchanges := []exchange{create, enable(202, "")}
		for range versioningLooks {
			exchanges = append(exchanges, look(false))
		}
		_, err := scripted(t, exchanges...).CreateEnvironment(t.Context(), want)
		contains(t, err, "use_v2_feature_versioning: It is still not true.", "task processor")
	})
}

// Flagsmith's refusals of environments say nothing of the reason: the error does, on the field.
func TestEnvironmentRefused(t *testing.T) {
	t.Parallel()
	const forbidden = `{"detail":"You do not have permission to perform this action."}`
	bare := func(project, more string) string {
		return `{"project":` + project + `,"name":"E",` + bareSettings + more + `}`
	}
	c := scripted(t,
		exchange{"POST /environments/", bare("9", ""), 403, forbidden},
		exchange{"GET /projects/9/", "", 404, `{"detail":"No Project matches the given query."}`},
		exchange{"POST /environments/", bare("1", ""), 403, forbidden},
		exchange{"GET /projects/1/", "", 200, `{"id":1}`},
		exchange{"POST /environments/", bare("1", `,"api_key":"dead"`), 500, "<title>Server Error (500)</title>"},
		exchange{"POST /environments/", bare("1", ""), 500, "<title>Server Error (500)</title>"},
	)
	create := func(project int64, key *string) map[string][]string {
		t.Helper()
		var answer *rest.Error
		if _, err := c.CreateEnvironment(t.Context(), Environment{ProjectID: project, Name: "E", APIKey: key}); !errors.As(err, &answer) {
			t.Fatal(err)
		}
		return answer.Fields
	}
	for _, got := range []struct{ fields, want map[string][]string }{
		{create(9, nil), map[string][]string{"project": {"There is no project 9."}}},
		{create(1, nil), nil}, // the project is there: it is the permission
		{create(1, new("dead")), map[string][]string{"api_key": {"Server Error (500)"}}},
		{create(1, nil), nil}, // no key was chosen: it is not the key
	} {
		if !reflect.DeepEqual(got.fields, got.want) {
			t.Errorf("fields %v, want %v", got.fields, got.want)
		}
	}
}
