package api

import (
	"testing"
)

func TestOrganisation(t *testing.T) {
	t.Parallel()
	c := scripted(t,
		exchange{"GET /organisations/", "", 200, organisations("Acme")},
		exchange{"GET /organisations/1/", "", 200, `{"id":1,"uuid":"u","name":"Acme","webhook_notification_email":null,"num_seats":3,"force_2fa":true}`},
		exchange{"GET /organisations/9/", "", 403, denied},
	)
	if got, err := c.Organisation(t.Context(), Organisation{}); err != nil || got.ID != 1 || got.Name != "Acme" || got.Subscription.Plan != "free" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := collect(c.Organisations(t.Context(), Organisation{})); err != nil || len(got) != 1 || got[0].UUID != "u" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Organisation(t.Context(), Organisation{ID: 1}); err != nil || got.NumSeats != 3 || !got.Force2FA || got.WebhookNotificationEmail != nil {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := c.Organisation(t.Context(), Organisation{ID: 9})
	contains(t, err, "403 Forbidden")
}

func TestOrganisationsFail(t *testing.T) {
	t.Parallel()
	failure := exchange{"GET /organisations/", "", 500, serverError}
	_, err := scripted(t, failure).Organisation(t.Context(), Organisation{})
	contains(t, err, "500")
	_, err = collect(scripted(t, failure).Organisations(t.Context(), Organisation{}))
	contains(t, err, "500")
	for range scripted(t, exchange{"GET /organisations/", "", 200, organisations("A", "B")}).Organisations(t.Context(), Organisation{}) {
		break
	}
}
