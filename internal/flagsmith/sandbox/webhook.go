package sandbox

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// webhook is an environment's or the organisation's. It is never called.
type webhook struct {
	id, owner        int64 // the environment; 0: the organisation
	url, secret      string
	enabled          bool
	created, updated time.Time
}

func (h *webhook) key() *int64 { return &h.id }

func (s *Sandbox) webhookRoutes() {
	s.route("/environments/{key}/webhooks/", methods{"GET": s.listEnvironmentHooks, "POST": s.createEnvironmentHook})
	s.route("/environments/{key}/webhooks/{id}/", methods{"PUT": s.updateEnvironmentHook, "PATCH": s.updateEnvironmentHook, "DELETE": s.deleteEnvironmentHook})
	s.route("/organisations/{organisation}/webhooks/", methods{"GET": s.listOrganisationHooks, "POST": s.createOrganisationHook})
	s.route("/organisations/{organisation}/webhooks/{id}/", methods{"GET": s.readOrganisationHook, "PUT": s.updateOrganisationHook, "PATCH": s.updateOrganisationHook, "DELETE": s.deleteOrganisationHook})
}

func (h *webhook) show() fields {
	return fields{"id": h.id, "url": h.url, "enabled": h.enabled, "created_at": stamp(h.created), "updated_at": stamp(h.updated), "secret": h.secret}
}

func (h *webhook) read(in *input) {
	in.text("url", &h.url, required, upTo(200))
	in.flag("enabled", &h.enabled)
	in.text("secret", &h.secret, blank, upTo(255))
	if _, broken := in.errs["url"]; !broken && in.data.has("url") {
		if msgs := wrongURL(h.url); msgs != nil {
			in.failWith("url", msgs)
		}
	}
}

// wrongURL says what is wrong with a webhook's address. Names are not resolved here, except the one that everybody knows;
// the real server resolves them, and lets those pass that it cannot.
func wrongURL(text string) []string {
	u, err := url.Parse(text)
	var msgs []string
	if err != nil || !slices.Contains([]string{"http", "https"}, strings.ToLower(u.Scheme)) {
		msgs = append(msgs, "Enter a valid http(s) URL.")
	}
	known := err == nil && slices.Contains([]string{"http", "https", "ftp", "ftps"}, strings.ToLower(u.Scheme))
	if !known || u.Hostname() == "" || !strings.Contains(u.Hostname(), ".") && !strings.Contains(u.Hostname(), ":") && u.Hostname() != "localhost" {
		msgs = append(msgs, "Enter a valid URL.")
	}
	if msgs == nil && internal(u.Hostname()) {
		msgs = []string{"URLs must not target internal or private network addresses."}
	}
	return msgs
}

func internal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
}

// createHook stores a hook. The real server repeats the hook's own URL as the Location of the answer.
func createHook(t *table[webhook], owner int64, r *request) answer {
	h := webhook{owner: owner, enabled: true, created: time.Now(), updated: time.Now()}
	in := r.input(false)
	if h.read(in); len(in.errs) > 0 {
		return in.bad()
	}
	a := created(t.add(&h).show())
	a.header = http.Header{"Location": {h.url}}
	return a
}

func updateHook(h *webhook, r *request) answer {
	in, changed := r.input(r.Method == "PATCH"), *h
	if changed.read(in); len(in.errs) > 0 {
		return in.bad()
	}
	changed.updated = time.Now()
	*h = changed
	return ok(h.show())
}

func (s *Sandbox) listEnvironmentHooks(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	return ok(render(s.envHooks.where(func(h *webhook) bool { return h.owner == e.id }), (*webhook).show))
}

func (s *Sandbox) createEnvironmentHook(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	return createHook(&s.envHooks, e.id, r)
}

func (s *Sandbox) environmentHook(r *request) (*webhook, answer) {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return nil, a
	}
	return lookup(r, "id", &s.envHooks, "Webhook", func(h *webhook) bool { return h.owner == e.id })
}

func (s *Sandbox) updateEnvironmentHook(r *request) answer {
	h, a := s.environmentHook(r)
	if h == nil {
		return a
	}
	return updateHook(h, r)
}

func (s *Sandbox) deleteEnvironmentHook(r *request) answer {
	h, a := s.environmentHook(r)
	if h == nil {
		return a
	}
	s.envHooks.drop(h.id)
	return gone()
}

func (s *Sandbox) listOrganisationHooks(r *request) answer {
	if a := s.inOrganisation(r, crash()); a.status != 0 {
		return a
	}
	return s.fixedPage(r, render(s.orgHooks.where(every), (*webhook).show))
}

func (s *Sandbox) createOrganisationHook(r *request) answer {
	if a := s.inOrganisation(r, crash()); a.status != 0 {
		return a
	}
	return createHook(&s.orgHooks, 0, r)
}

func (s *Sandbox) organisationHook(r *request) (*webhook, answer) {
	if a := s.inOrganisation(r, crash()); a.status != 0 {
		return nil, a
	}
	return lookup(r, "id", &s.orgHooks, "OrganisationWebhook", every)
}

func (s *Sandbox) readOrganisationHook(r *request) answer {
	h, a := s.organisationHook(r)
	if h == nil {
		return a
	}
	return ok(h.show())
}

func (s *Sandbox) updateOrganisationHook(r *request) answer {
	h, a := s.organisationHook(r)
	if h == nil {
		return a
	}
	return updateHook(h, r)
}

func (s *Sandbox) deleteOrganisationHook(r *request) answer {
	h, a := s.organisationHook(r)
	if h == nil {
		return a
	}
	s.orgHooks.drop(h.id)
	return gone()
}
