package api

import (
	"errors"
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// A project as Flagsmith 2.265 answers POST and PATCH on the free plan.
const projectJSON = `{"id":1,"uuid":"5dfe7903-a616-4db8-b90b-933a47e5dc3a","name":"Demo","organisation":1,"hide_disabled_flags":false,
	"enable_dynamo_db":false,"migration_status":"NOT_APPLICABLE","use_edge_identities":false,"prevent_flag_defaults":false,
	"enable_realtime_updates":false,"only_allow_lower_case_feature_names":true,"feature_name_regex":null,
	"show_edge_identity_overrides_for_feature":false,"stale_flags_limit_days":30,"edge_v2_migration_status":"NOT_STARTED",
	"minimum_change_request_approvals":null,"enforce_feature_owners":false}`

func demo() Project {
	return Project{
		ID: 1, UUID: "5dfe7903-a616-4db8-b90b-933a47e5dc3a", OrganisationID: 1, Name: "Demo",
		HideDisabledFlags: new(false), PreventFlagDefaults: new(false), EnforceFeatureOwners: new(false),
		OnlyAllowLowerCaseFeatureNames: new(true), StaleFlagsLimitDays: new(int64(30)), EnableRealtimeUpdates: new(false),
	}
}

func TestProjectReadAndList(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /projects/1/", "", 200, projectJSON},
		exchange{"GET /projects/", "", 200, "[" + projectJSON + "]"},
		exchange{"GET /projects/?organisation=1", "", 200, "[]"},
		exchange{"GET /projects/2/", "", 404, noProject},
		exchange{"DELETE /projects/1/", "", 204, ""},
		exchange{"DELETE /projects/1/", "", 404, noProject},
	)
	if got, err := c.Project(t.Context(), Project{ID: 1}); err != nil || !reflect.DeepEqual(got, demo()) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := collect(c.Projects(t.Context(), Project{})); err != nil || !reflect.DeepEqual(got, []Project{demo()}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := collect(c.Projects(t.Context(), Project{OrganisationID: 1})); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.Project(t.Context(), Project{ID: 2}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	if err := c.DeleteProject(t.Context(), Project{ID: 1}); err != nil {
		t.Error(err)
	}
	if err := c.DeleteProject(t.Context(), Project{ID: 1}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}

func TestCreateProject(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /organisations/", "", 200, organisations("Acme")},
		exchange{"POST /projects/", `{"name":"Demo","organisation":1,"feature_name_regex":null,"minimum_change_request_approvals":null}`, 201, projectJSON},
		exchange{"POST /projects/", `{"name":"Demo","organisation":5,"feature_name_regex":"[a-z]+","minimum_change_request_approvals":0,
			"hide_disabled_flags":false,"prevent_flag_defaults":true,"enforce_feature_owners":false,"only_allow_lower_case_feature_names":false}`, 403, denied},
		exchange{"POST /projects/", `{"name":"Demo","organisation":5,"feature_name_regex":null,"minimum_change_request_approvals":null}`,
			400, `{"non_field_errors":["A project with this name already exists."]}`},
	)
	if got, err := c.CreateProject(t.Context(), Project{Name: "Demo"}); err != nil || !reflect.DeepEqual(got, demo()) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := c.CreateProject(t.Context(), Project{Name: "Demo", OrganisationID: 5, FeatureNameRegex: new("[a-z]+"),
		MinimumChangeRequestApprovals: new(int64(0)), HideDisabledFlags: new(false), PreventFlagDefaults: new(true),
		EnforceFeatureOwners: new(false), OnlyAllowLowerCaseFeatureNames: new(false)})
	contains(t, err, "POST /projects/: 403 Forbidden", "allows one project per organisation")
	if _, err := c.CreateProject(t.Context(), Project{Name: "Demo", OrganisationID: 5}); !errors.Is(err, rest.ErrExists) {
		t.Error(err)
	}
	_, err = scripted(t, exchange{"GET /organisations/", "", 200, organisations("A", "B")}).CreateProject(t.Context(), Project{Name: "Demo"})
	contains(t, err, "several organisations")
}

// Another organisation's project looks as if it were deleted; a token that does not see the organisation proves nothing.
func TestProjectOfAnotherToken(t *testing.T) {
	t.Parallel()
	for organisation, gone := range map[int64]bool{1: true, 2: false} {
		c := scripted(t, exchange{"GET /projects/7/", "", 404, noProject},
			exchange{"GET /organisations/", "", 200, `{"count":1,"next":null,"previous":null,"results":[{"id":1,"name":"Acme"}]}`})
		_, err := c.Project(t.Context(), Project{ID: 7, OrganisationID: organisation})
		if errors.Is(err, rest.ErrNotFound) != gone || err == nil {
			t.Errorf("organisation %d: %v", organisation, err)
		}
	}
}

func TestProjectSettingsThatThePlanLacks(t *testing.T) {
	t.Parallel()
	want := Project{ID: 1, OrganisationID: 1, Name: "Demo", StaleFlagsLimitDays: new(int64(7)), EnableRealtimeUpdates: new(true)}
	const body = `{"name":"Demo","feature_name_regex":null,"minimum_change_request_approvals":null,"stale_flags_limit_days":7,"enable_realtime_updates":true}`
	c := scripted(t,
		exchange{"POST /projects/", body[:len(body)-1] + `,"organisation":1}`, 201, projectJSON},
		exchange{"PATCH /projects/1/", body, 200, projectJSON},
	)
	fields := map[string][]string{
		"stale_flags_limit_days":  {"Flagsmith ignored 7 and kept 30."},
		"enable_realtime_updates": {"Flagsmith ignored true and kept false."},
	}
	got, err := c.CreateProject(t.Context(), want)
	var partial *rest.PartialError
	if !errors.As(err, &partial) || got.ID != 1 || !reflect.DeepEqual(restError(t, err).Fields, fields) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = c.UpdateProject(t.Context(), demo(), want)
	if errors.As(err, &partial) || got.ID != 1 || !reflect.DeepEqual(restError(t, err).Fields, fields) {
		t.Errorf("%+v, %v", got, err)
	}
	contains(t, err, "plan does not include this")
}

func TestUpdateProject(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"PATCH /projects/1/", `{"name":"Demo","hide_disabled_flags":false,"prevent_flag_defaults":false,"enforce_feature_owners":false,
			"only_allow_lower_case_feature_names":true,"feature_name_regex":null,"minimum_change_request_approvals":null,
			"stale_flags_limit_days":30,"enable_realtime_updates":false}`, 200, projectJSON},
		exchange{"PATCH /projects/1/", `{"name":"","feature_name_regex":"","minimum_change_request_approvals":2}`, 400, `{"name":["This field may not be blank."]}`},
	)
	if got, err := c.UpdateProject(t.Context(), Project{}, demo()); err != nil || !reflect.DeepEqual(got, demo()) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := c.UpdateProject(t.Context(), demo(), Project{ID: 1, FeatureNameRegex: new(""), MinimumChangeRequestApprovals: new(int64(2))})
	if e := restError(t, err); !reflect.DeepEqual(e.Fields, map[string][]string{"name": {"This field may not be blank."}}) {
		t.Error(err)
	}
}
