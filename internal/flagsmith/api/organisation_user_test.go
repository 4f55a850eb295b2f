package api

import (
	"errors"
	"reflect"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func TestOrganisationUsers(t *testing.T) {
	t.Parallel()
	list := exchange{"GET /organisations/1/users/", "", 200, `[{"id":1,"email":"admin@example.com","first_name":"","last_name":"",
		"last_login":null,"uuid":"f039988b-1836-455d-b356-d30f84b42a82","role":"ADMIN","date_joined":"2026-11-22T01:24:57.390302Z"},
		{"id":2,"email":"jane@example.com","first_name":"Jane","last_name":"Doe","last_login":"2026-11-22T02:00:00Z","uuid":"u","role":"USER","date_joined":"d"}]`}
	c := scripted(t, exchange{"GET /organisations/", "", 200, organisations("Acme")}, list, list, list, exchange{"GET /organisations/9/users/", "", 500, serverError})
	users, err := collect(c.OrganisationUsers(t.Context(), OrganisationUser{}))
	if err != nil || len(users) != 2 || !reflect.DeepEqual(users[0], OrganisationUser{OrganisationID: 1, ID: 1, UUID: "f039988b-1836-455d-b356-d30f84b42a82",
		Email: "admin@example.com", Role: "ADMIN", DateJoined: "2026-11-22T01:24:57.390302Z"}) {
		t.Errorf("%+v, %v", users, err)
	}
	jane, err := c.OrganisationUser(t.Context(), OrganisationUser{OrganisationID: 1, ID: 2})
	if err != nil || jane.Email != "jane@example.com" || *jane.LastLogin != "2026-11-22T02:00:00Z" || jane.OrganisationID != 1 {
		t.Errorf("%+v, %v", jane, err)
	}
	if _, err := c.OrganisationUser(t.Context(), OrganisationUser{OrganisationID: 1, ID: 3}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	_, err = c.OrganisationUser(t.Context(), OrganisationUser{OrganisationID: 9, ID: 3})
	contains(t, err, "500")
	c = scripted(t, exchange{"GET /organisations/", "", 200, organisations()})
	_, err = collect(c.OrganisationUsers(t.Context(), OrganisationUser{}))
	contains(t, err, "no organisation")
}
