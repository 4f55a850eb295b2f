package api

import (
	"errors"
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	one := scripted(t, exchange{"GET /organisations/", "", 200, `{"next":null,"results":[{"id":1,"subscription":{"plan":"free"}}]}`})
	for range 2 { // asked once
		if plan, of := one.Plan(t.Context(), 0), one.ProjectPlan(t.Context(), 7); plan != "free" || of != "free" {
			t.Errorf("plan %q, of the project %q", plan, of)
		}
	}
	if plan := one.Plan(t.Context(), 2); plan != "" {
		t.Errorf("plan %q of an organisation that the token does not see", plan)
	}

	two := scripted(t,
		exchange{"GET /organisations/", "", 200, `{"next":null,"results":[{"id":1,"subscription":{"plan":"free"}},{"id":2,"subscription":{"plan":"enterprise"}}]}`},
		exchange{"GET /projects/7/", "", 200, `{"id":7,"organisation":2}`},
		exchange{"GET /projects/8/", "", 404, `{"detail":"No Project matches the given query."}`})
	if plan, of, none := two.Plan(t.Context(), 0), two.ProjectPlan(t.Context(), 7), two.ProjectPlan(t.Context(), 8); plan != "" || of != "enterprise" || none != "" {
		t.Errorf("plan %q, of project 7 %q, of project 8 %q", plan, of, none)
	}

	broken := scripted(t, exchange{"GET /organisations/", "", 500, "<html>"}, exchange{"GET /organisations/", "", 500, "<html>"})
	if plan, of := broken.Plan(t.Context(), 1), broken.ProjectPlan(t.Context(), 7); plan != "" || of != "" {
		t.Errorf("plan %q, of the project %q of a server that does not say", plan, of)
	}
}

func TestProjectsInTheWay(t *testing.T) {
	t.Parallel()
	const refusal = `{"detail":"You do not have permission to perform this action."}`
	c := scripted(t,
		exchange{"POST /projects/", `{"name":"P2","organisation":1,"feature_name_regex":null,"minimum_change_request_approvals":null}`, 403, refusal},
		exchange{"GET /projects/?organisation=1", "", 200, `[{"id":4,"name":"Demo","organisation":1}]`},
		exchange{"GET /projects/?organisation=1", "", 500, "<html>"})
	want := Project{Name: "P2", OrganisationID: 1}
	_, err := c.CreateProject(t.Context(), want)
	if got := c.ProjectsInTheWay(t.Context(), err, want); !reflect.DeepEqual(got, []Project{{ID: 4, Name: "Demo", OrganisationID: 1}}) {
		t.Errorf("%+v", got)
	}
	if got := c.ProjectsInTheWay(t.Context(), err, want); got != nil {
		t.Errorf("%+v of a server that does not say", got)
	}
	for _, other := range []error{nil, errors.New("x"), &rest.Error{Status: 403, Method: "GET"}, &rest.Error{Status: 400, Method: "POST"}} {
		if got := c.ProjectsInTheWay(t.Context(), other, want); got != nil {
			t.Errorf("%v: %+v", other, got)
		}
	}
}
