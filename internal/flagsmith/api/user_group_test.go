package api

import (
	"errors"
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func TestUserGroups(t *testing.T) {
	t.Parallel()
	const devs = `{"id":1,"name":"devs","users":[{"id":1,"email":"admin@example.com","first_name":"","last_name":"","last_login":null,"group_admin":true}],
		"is_default":false,"external_id":null}`
	c := scripted(t,
		exchange{"GET /organisations/", "", 200, organisations("Acme")},
		exchange{"GET /organisations/1/groups/1/", "", 200, devs},
		exchange{"GET /organisations/1/groups/", "", 200, `{"count":2,"next":null,"previous":null,"results":[` + devs +
			`,{"id":2,"name":"devs","users":[],"is_default":true,"external_id":"ext"}]}`},
		exchange{"GET /organisations/1/groups/5/", "", 404, `{"detail":"No UserPermissionGroup matches the given query."}`},
	)
	want := UserGroup{OrganisationID: 1, ID: 1, Name: "devs", Users: []GroupUser{{1, "admin@example.com", true}}}
	if got, err := c.UserGroup(t.Context(), UserGroup{ID: 1}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	groups, err := collect(c.UserGroups(t.Context(), UserGroup{}))
	if err != nil || len(groups) != 2 || !reflect.DeepEqual(groups[0], want) || *groups[1].ExternalID != "ext" || !groups[1].IsDefault || groups[1].OrganisationID != 1 {
		t.Errorf("%+v, %v", groups, err)
	}
	if _, err := c.UserGroup(t.Context(), UserGroup{OrganisationID: 1, ID: 5}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	none := exchange{"GET /organisations/", "", 200, organisations()}
	_, err = scripted(t, none).UserGroup(t.Context(), UserGroup{})
	contains(t, err, "no organisation")
	_, err = collect(scripted(t, none).UserGroups(t.Context(), UserGroup{}))
	contains(t, err, "no organisation")
}
