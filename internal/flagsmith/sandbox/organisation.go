package sandbox

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// organisation is the only one there is.
type organisation struct {
	id                                      int64
	uuid, subscription, name, plan          string
	created                                 time.Time
	persistTraits, restrictCreate, force2FA bool
	webhookEmail                            *string
}

// user is a member of the organisation.
type user struct {
	id                                     int64
	email, firstName, lastName, uuid, role string
	joined                                 time.Time
}

func (u *user) key() *int64 { return &u.id }

func (s *Sandbox) organisationRoutes() {
	s.route("/organisations/", methods{"GET": s.listOrganisations, "POST": s.createOrganisation})
	s.route("/organisations/{organisation}/", methods{"GET": s.readOrganisationAnswer, "PUT": s.updateOrganisation, "PATCH": s.updateOrganisation, "DELETE": s.deleteOrganisation})
	s.route("/organisations/{organisation}/projects/", methods{"GET": s.organisationProjects})
	s.route("/organisations/{organisation}/users/", methods{"GET": s.listUsers})
	s.route("/organisations/{organisation}/invites/", methods{"GET": s.listInvites})
	s.route("/organisations/{organisation}/master-api-keys/", methods{"GET": s.masterKeys, "POST": s.masterKeys})
	s.route("/organisations/get-by-uuid/{uuid}/", methods{"GET": s.organisationByUUID})
	s.route("/auth/users/me/", methods{"GET": s.me})
}

func (s *Sandbox) showOrganisation() fields {
	o := s.organisation
	return fields{"id": o.id, "uuid": o.uuid, "name": o.name, "created_date": stamp(o.created),
		"webhook_notification_email": o.webhookEmail, "num_seats": len(s.users.rows), "role": "ADMIN",
		"subscription": fields{"id": 1, "has_active_billing_periods": false, "deleted_at": nil, "uuid": o.subscription,
			"subscription_id": nil, "subscription_date": nil, "plan": o.plan, "max_seats": 1, "max_api_calls": 50000,
			"cancellation_date": nil, "customer_id": nil, "billing_status": nil, "payment_method": nil, "notes": nil},
		"persist_trait_data": o.persistTraits, "block_access_to_admin": false,
		"restrict_project_create_to_admin": o.restrictCreate, "force_2fa": o.force2FA}
}

// inOrganisation checks the id in the path.
func (s *Sandbox) inOrganisation(r *request, otherwise answer) answer {
	id, ok := pyInt(r.PathValue("organisation"))
	switch {
	case (!ok || id < 0) && strings.Count(r.URL.Path, "/") == 5: // the organisation itself
		return bad([]string{"Invalid organisation ID"})
	case !ok:
		return crash()
	case id != s.OrganisationID:
		return otherwise
	}
	return answer{}
}

func (s *Sandbox) listOrganisations(r *request) answer {
	return s.fixedPage(r, []any{s.showOrganisation()})
}

// createOrganisation crashes for a key, which is no user that could become the owner.
func (s *Sandbox) createOrganisation(r *request) answer {
	if !r.user {
		return crash()
	}
	return forbidden()
}

// deleteOrganisation refuses, unlike the real server: a sandbox keeps its only organisation.
func (s *Sandbox) deleteOrganisation(*request) answer { return forbidden() }

func (s *Sandbox) readOrganisationAnswer(r *request) answer {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return a
	}
	return ok(s.showOrganisation())
}

func (s *Sandbox) organisationByUUID(r *request) answer {
	switch uuid := strings.ToLower(r.PathValue("uuid")); {
	case !uuidLike.MatchString(uuid):
		return page(http.StatusNotFound)
	case uuid != s.organisation.uuid:
		return missing("Organisation")
	}
	return ok(s.showOrganisation())
}

var email = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

func (s *Sandbox) updateOrganisation(r *request) answer {
	if a := s.inOrganisation(r, forbidden()); a.status != 0 {
		return a
	}
	in, changed := r.input(r.Method == "PATCH"), s.organisation
	in.text("name", &changed.name, required, upTo(2000))
	in.nullText("webhook_notification_email", &changed.webhookEmail)
	if e := changed.webhookEmail; e != nil && !email.MatchString(*e) {
		in.fail("webhook_notification_email", "Enter a valid email address.")
	}
	in.flag("restrict_project_create_to_admin", &changed.restrictCreate)
	in.flag("force_2fa", &changed.force2FA)
	if a := in.bad(); a.status != 0 {
		return a
	}
	s.organisation = changed
	return ok(s.showOrganisation())
}

func (s *Sandbox) organisationProjects(r *request) answer {
	if id, a := r.pathID("organisation"); a.status != 0 || id != s.OrganisationID {
		if a.status == 0 {
			a = missing("Organisation")
		}
		return a
	}
	return ok(render(s.projects.where(every), (*project).show))
}

func (s *Sandbox) listUsers(r *request) answer {
	if a := s.inOrganisation(r, crash()); a.status != 0 {
		return a
	}
	if exclude, _, _ := toBool(r.URL.Query().Get("exclude_current")); exclude && !r.user {
		return crash() // a key is no user to leave out
	}
	return ok(render(s.users.where(every), func(u *user) fields {
		out := u.showOwner()
		out["role"], out["date_joined"] = u.role, stamp(u.joined)
		return out
	}))
}

// showOwner is a user inside a feature.
func (u *user) showOwner() fields {
	return fields{"id": u.id, "email": u.email, "first_name": u.firstName, "last_name": u.lastName, "last_login": nil, "uuid": u.uuid}
}

func (s *Sandbox) listInvites(r *request) answer {
	if a := s.inOrganisation(r, crash()); a.status != 0 {
		return a
	}
	return s.fixedPage(r, []any{})
}

// masterKeys cannot be managed with a key.
func (s *Sandbox) masterKeys(r *request) answer {
	if r.user {
		return s.fixedPage(r, []any{})
	}
	a := detail(http.StatusUnauthorized, "Authentication credentials were not provided.")
	a.header = http.Header{"WWW-Authenticate": {`Cookie realm="api"`}}
	return a
}

func (s *Sandbox) me(r *request) answer {
	if !r.user {
		return crash()
	}
	u := s.users.get(1)
	return ok(fields{"id": u.id, "email": u.email, "first_name": u.firstName, "last_name": u.lastName, "uuid": u.uuid})
}
