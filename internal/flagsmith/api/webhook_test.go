package api

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// What is written is what is wanted: a URL that stays is not checked again, a secret that nobody gave stays.
func TestWebhookChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prior, want Webhook
		body        map[string]any
	}{
		{Webhook{URL: "a"}, Webhook{URL: "a", Enabled: true}, map[string]any{"enabled": true}},
		{Webhook{URL: "a", Secret: new("s")}, Webhook{URL: "b", Secret: new("s")}, map[string]any{"enabled": false, "url": "b"}},
		{Webhook{URL: "a", Secret: new("s")}, Webhook{URL: "a"}, map[string]any{"enabled": false}},
		{Webhook{URL: "a", Secret: new("s")}, Webhook{URL: "a", Secret: new("")}, map[string]any{"enabled": false, "secret": ""}},
		{Webhook{URL: "a"}, Webhook{URL: "a", Secret: new("s")}, map[string]any{"enabled": false, "secret": "s"}},
	} {
		if got := c.want.changed(c.prior); !reflect.DeepEqual(got, c.body) {
			t.Errorf("from %+v to %+v: %v, want %v", c.prior, c.want, got, c.body)
		}
	}
}

const (
	environmentHookJSON  = `{"id":2,"url":"https://example.com/hook","enabled":false,"created_at":"2026-11-22T01:25:39.246162Z","updated_at":"2026-11-22T01:25:39.246179Z","secret":"s3cret"}`
	organisationHookJSON = `{"id":2,"url":"https://example.com/hook","enabled":false,"secret":"s3cret","created_at":"2026-11-22T01:25:41.675811Z","updated_at":"2026-11-22T01:25:41.675831Z"}`
	internalAddress      = `{"url":["URLs must not target internal or private network addresses."]}`
)

var hook = Webhook{ID: 2, URL: "https://example.com/hook", Secret: new("s3cret")}

// Flagsmith has no GET of one environment's webhook: it comes out of the list, at the cost of one request, once the
// environment's key is known.
func TestEnvironmentWebhook(t *testing.T) {
	t.Parallel()
	keys := exchange{"GET /projects/1/environments/", "", http.StatusOK, "[" + environmentJSON(5, "key") + "]"}
	list := exchange{"GET /environments/key/webhooks/", "", http.StatusOK, "[" + environmentHookJSON + "]"}
	at := func(id int64) EnvironmentWebhook { return EnvironmentWebhook{1, 5, Webhook{ID: id}} }
	c := scripted(t, keys, list, list,
		exchange{"POST /environments/key/webhooks/", `{"url":"http://10.0.0.1/","enabled":true}`, http.StatusBadRequest, internalAddress},
		exchange{"POST /environments/key/webhooks/", `{"url":"https://example.com/hook","enabled":false,"secret":"s3cret"}`, http.StatusCreated, environmentHookJSON},
		exchange{"PATCH /environments/key/webhooks/2/", `{"enabled":false}`, http.StatusOK, environmentHookJSON},
		exchange{"DELETE /environments/key/webhooks/2/", "", http.StatusNoContent, ""})
	if got, err := c.EnvironmentWebhook(t.Context(), at(2)); err != nil || !reflect.DeepEqual(got, EnvironmentWebhook{1, 5, hook}) {
		t.Errorf("read %+v, %v", got, err)
	}
	if _, err := c.EnvironmentWebhook(t.Context(), at(3)); !errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), "Environment 5 has no webhook 3.") {
		t.Errorf("another: %v", err)
	}
	var refused *rest.Error
	_, err := c.CreateEnvironmentWebhook(t.Context(), EnvironmentWebhook{1, 5, Webhook{URL: "http://10.0.0.1/", Enabled: true}})
	if !errors.As(err, &refused) || len(refused.Fields["url"]) != 1 {
		t.Errorf("internal: %v", err)
	}
	made := EnvironmentWebhook{1, 5, hook}
	made.ID = 0
	if got, err := c.CreateEnvironmentWebhook(t.Context(), made); err != nil || !reflect.DeepEqual(got, EnvironmentWebhook{1, 5, hook}) {
		t.Errorf("created %+v, %v", got, err)
	}
	if got, err := c.UpdateEnvironmentWebhook(t.Context(), EnvironmentWebhook{1, 5, hook}, EnvironmentWebhook{1, 5, hook}); err != nil || !reflect.DeepEqual(got, EnvironmentWebhook{1, 5, hook}) {
		t.Errorf("updated %+v, %v", got, err)
	}
	if err := c.DeleteEnvironmentWebhook(t.Context(), at(2)); err != nil {
		t.Error(err)
	}
}

// Below an environment that is gone Flagsmith answers 403: gone is what its project no longer lists.
func TestEnvironmentWebhookGone(t *testing.T) {
	t.Parallel()
	keys := exchange{"GET /projects/1/environments/", "", http.StatusOK, "[" + environmentJSON(5, "key") + "]"}
	none := exchange{keys.request, "", http.StatusOK, "[]"}
	refused := exchange{"GET /environments/key/webhooks/", "", http.StatusForbidden, denied}
	at := EnvironmentWebhook{1, 5, Webhook{ID: 2}}
	for name, want := range map[string]struct {
		exchanges []exchange
		gone      bool
	}{
		"environment":   {[]exchange{keys, refused, none}, true},
		"project":       {[]exchange{{keys.request, "", http.StatusNotFound, noProject}}, true},
		"no permission": {[]exchange{keys, refused, keys}, false},
	} {
		if _, err := scripted(t, want.exchanges...).EnvironmentWebhook(t.Context(), at); errors.Is(err, rest.ErrNotFound) != want.gone || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrganisationWebhook(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /organisations/", "", http.StatusOK, `{"count":1,"next":null,"previous":null,"results":[{"id":7,"name":"Acme"}]}`},
		exchange{"POST /organisations/7/webhooks/", `{"url":"https://example.com/hook","enabled":false,"secret":"s3cret"}`, http.StatusCreated, organisationHookJSON},
		exchange{"GET /organisations/7/webhooks/", "", http.StatusOK, `{"count":1,"next":null,"previous":null,"results":[` + organisationHookJSON + `]}`},
		exchange{"GET /organisations/7/webhooks/2/", "", http.StatusOK, organisationHookJSON},
		exchange{"PATCH /organisations/7/webhooks/2/", `{"enabled":true,"secret":""}`, http.StatusOK, organisationHookJSON},
		exchange{"DELETE /organisations/7/webhooks/2/", "", http.StatusNoContent, ""},
		exchange{"GET /organisations/7/webhooks/2/", "", http.StatusNotFound, `{"detail":"No OrganisationWebhook matches the given query."}`},
		exchange{"GET /organisations/8/webhooks/2/", "", http.StatusInternalServerError, serverError})
	want := OrganisationWebhook{7, hook}
	if got, err := c.CreateOrganisationWebhook(t.Context(), OrganisationWebhook{0, hook}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("created %+v, %v", got, err)
	}
	if got, err := collect(c.OrganisationWebhooks(t.Context(), OrganisationWebhook{})); err != nil || !reflect.DeepEqual(got, []OrganisationWebhook{want}) {
		t.Errorf("listed %+v, %v", got, err)
	}
	if got, err := c.OrganisationWebhook(t.Context(), OrganisationWebhook{0, Webhook{ID: 2}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
	cleared := Webhook{ID: 2, URL: hook.URL, Enabled: true, Secret: new("")}
	if got, err := c.UpdateOrganisationWebhook(t.Context(), want, OrganisationWebhook{7, cleared}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("updated %+v, %v", got, err)
	}
	if err := c.DeleteOrganisationWebhook(t.Context(), want); err != nil {
		t.Error(err)
	}
	if _, err := c.OrganisationWebhook(t.Context(), want); !errors.Is(err, rest.ErrNotFound) {
		t.Errorf("gone: %v", err)
	}
	if _, err := c.OrganisationWebhook(t.Context(), OrganisationWebhook{8, hook}); err == nil || errors.Is(err, rest.ErrNotFound) {
		t.Errorf("an organisation that cannot be seen: %v", err)
	}
}
