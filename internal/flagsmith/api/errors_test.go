package api

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	const userKey = "0123456789abcdef0123456789abcdef01234567"
	type fields = map[string][]string
	for name, test := range map[string]struct {
		decoder decoder
		method  string
		path    string
		status  int
		body    string
		message string
		fields  fields
		kind    error
		hint    string // a part
	}{
		"detail":           {status: 404, body: `{"detail":"No Feature matches the given query."}`, message: "No Feature matches the given query.", kind: rest.ErrNotFound},
		"field":            {status: 400, body: `{"name":["This field may not be blank."]}`, fields: fields{"name": {"This field may not be blank."}}},
		"non_field_errors": {status: 400, body: `{"non_field_errors":["a","b"]}`, message: "a b"},
		"bare list":        {status: 400, body: `["Invalid or missing value for project parameter."]`, message: "Invalid or missing value for project parameter."},
		"message":          {status: 400, body: `{"message":"Cannot delete a system tag."}`, message: "Cannot delete a system tag."},
		"string":           {status: 400, body: `{"environment":"Environment must use v2 feature versioning."}`, fields: fields{"environment": {"Environment must use v2 feature versioning."}}},
		"nested": {status: 400, body: `{"rules":[{},{"conditions":[{"operator":["bad"]},{"value":["long"]}],"rules":[{"type":["worse"]}]}]}`,
			fields: fields{"rules[1].conditions[0].operator": {"bad"}, "rules[1].conditions[1].value": {"long"}, "rules[1].rules[0].type": {"worse"}}},
		"nested general": {status: 400, body: `{"metadata":[{"non_field_errors":["a"]}],"__all__":["b"]}`, message: "b", fields: fields{"metadata[0]": {"a"}}},
		"odd types":      {status: 400, body: `{"a":1,"b":null,"c":[true],"detail":[]}`, fields: fields{"a": {"1"}, "c": {"true"}}},
		"scalar":         {status: 400, body: `"no"`, message: "no"},
		"null":           {status: 400, body: `null`},
		"text":           {status: 404, body: `404 page not found`, message: "404 page not found", hint: "flagsmith.url has to end with /api/v1"},
		"empty":          {status: 400, body: ``},
		"unknown URL":    {status: 404, body: unknownURL, message: "Not Found", hint: "flagsmith.url has to end with /api/v1"},
		"failure":        {status: 500, body: serverError, message: "Server Error (500)", hint: "Flagsmith failed; its log says why."},
		"project taken": {status: 400, body: `{"non_field_errors":["A project with this name already exists."]}`,
			message: "A project with this name already exists.", kind: rest.ErrExists},
		"environment taken": {status: 400, body: `{"non_field_errors":["An environment with this name already exists."]}`,
			message: "An environment with this name already exists.", kind: rest.ErrExists},
		"key taken": {status: 400, body: `{"api_key":["environment with this api key already exists."]}`,
			fields: fields{"api_key": {"environment with this api key already exists."}}, kind: rest.ErrExists},
		"feature taken": {status: 400, body: `{"name":["Feature with that name already exists for this project. Note that feature names are case insensitive."]}`,
			fields: fields{"name": {"Feature with that name already exists for this project. Note that feature names are case insensitive."}}, kind: rest.ErrExists},
		"row exists": {status: 400, body: `["{'__all__': ['Multivariate feature state value with this Feature state already exists.']}"]`,
			message: "{'__all__': ['Multivariate feature state value with this Feature state already exists.']}"},
		"no project allowed": {method: "POST", path: "/projects/", status: 403, body: denied,
			message: "You do not have permission to perform this action.", hint: "allows one project per organisation"},
		"denied": {method: "GET", path: "/projects/", status: 403, body: denied,
			message: "You do not have permission to perform this action.", hint: "has to be an administrator's"},
		"key refused": {decoder: decoder{"Api-Key", organisationKey}, status: 401, body: `{"detail":"Valid Master API Key not found."}`,
			message: "Valid Master API Key not found.", hint: `(or FLAGSMITH_API_KEY). It was sent with flagsmith.auth_scheme = "Api-Key".`},
		"a user's as a key": {decoder: decoder{"Api-Key", userKey}, status: 401, body: `{"detail":"Valid Master API Key not found."}`,
			message: "Valid Master API Key not found.", hint: `those need flagsmith.auth_scheme = "Token".`},
		"a key as a user's": {decoder: decoder{"Token", organisationKey}, status: 401, body: `{"detail":"Invalid token."}`,
			message: "Invalid token.", hint: `those need flagsmith.auth_scheme = "Api-Key".`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &rest.Error{Method: test.method, Path: test.path, Status: test.status}
			test.decoder.decode(e, http.Header{}, []byte(test.body))
			if e.Message != test.message || !reflect.DeepEqual(e.Fields, test.fields) || !errors.Is(e.Kind, test.kind) {
				t.Errorf("got %q, %v, %v", e.Message, e.Fields, e.Kind)
			}
			if !strings.Contains(e.Hint, test.hint) || test.hint == "" && e.Hint != "" {
				t.Errorf("hint %q, want %q", e.Hint, test.hint)
			}
		})
	}
}

func TestErrorsReachTheCaller(t *testing.T) {
	t.Parallel()
	c := scripted(t, exchange{"GET /projects/7/", "", 404, unknownURL}, exchange{"GET /projects/7/", "", 404, noProject})
	_, err := c.Project(t.Context(), Project{ID: 7})
	if errors.Is(err, rest.ErrNotFound) {
		t.Error("an unknown address is no missing object")
	}
	contains(t, err, "GET /projects/7/: 404 Not Found: Not Found. This server does not know the address")
	if _, err = c.Project(t.Context(), Project{ID: 7}); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
}
