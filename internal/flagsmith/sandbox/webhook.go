package sandbox

import (
	"encoding/json"
	"math"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
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
	s.route("/environments/{key}/webhooks/", methods{"GET": s.listEnvironmentHooks, "POST": s.createEnvironmentHook, "": refuse})
	s.route("/environments/{key}/webhooks/{id}/", methods{"PUT": s.updateEnvironmentHook, "PATCH": s.updateEnvironmentHook, "DELETE": s.deleteEnvironmentHook, "": s.environmentFirst})
	s.route("/organisations/{organisation}/webhooks/", methods{"GET": s.listOrganisationHooks, "POST": s.createOrganisationHook})
	s.route("/organisations/{organisation}/webhooks/{id}/", methods{"GET": s.readOrganisationHook, "PUT": s.updateOrganisationHook, "PATCH": s.updateOrganisationHook, "DELETE": s.deleteOrganisationHook})
}

func (h *webhook) show() fields {
	return fields{"id": h.id, "url": h.url, "enabled": h.enabled, "created_at": stamp(h.created), "updated_at": stamp(h.updated), "secret": h.secret}
}

func (h *webhook) read(in *input) {
	h.readURL(in)
	in.flag("enabled", &h.enabled)
	in.text("secret", &h.secret, blank, upTo(255))
}

// readURL reports everything that is wrong with the address at once, as the real server does.
func (h *webhook) readURL(in *input) {
	v, _, ok := in.value("url", false, []rule{required})
	if !ok {
		return
	}
	text, isText := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		text, isText = pyStr(n), true
	}
	text = strip(text)
	switch {
	case !isText:
		in.fail("url", "Enter a valid URL.")
		return
	case text == "":
		in.fail("url", "This field may not be blank.")
		return
	}
	host, web := hostOf(text)
	var msgs []string
	switch {
	case !web:
		msgs = append(msgs, "Enter a valid http(s) URL.")
	case slices.ContainsFunc(strings.Split(host, "."), func(label string) bool { return len(label) > 63 }):
		in.crashed = true // the name cannot even be looked up
	case internal(host):
		msgs = append(msgs, "URLs must not target internal or private network addresses.")
	}
	if utf8.RuneCountInString(text) > 200 {
		msgs = append(msgs, "Ensure this field has no more than 200 characters.")
	}
	if strings.ContainsRune(text, 0) {
		msgs = append(msgs, "Null characters are not allowed.")
	}
	if !validURL(text) {
		msgs = append(msgs, "Enter a valid URL.")
	}
	if msgs != nil {
		in.failWith("url", msgs)
	}
	h.url = text
}

var (
	webURL     = regexp.MustCompile(`(?i)^https?://(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:@]*)`)
	wholeURL   = regexp.MustCompile(`(?i)^(?:https?|ftps?)://(?:[^\s:@/]+(?::[^\s:@/]*)?@)?(\[[0-9a-f:.]+\]|[^\s:@/?#\[\]]+)(?::[0-9]{1,5})?(?:[/?#]\S*)?$`)
	hostLabel  = regexp.MustCompile(`(?i)^[a-z\x{00a1}-\x{ffff}0-9](?:[a-z\x{00a1}-\x{ffff}0-9-]{0,61}[a-z\x{00a1}-\x{ffff}0-9])?$`)
	topLabel   = regexp.MustCompile(`(?i)^(?:[a-z\x{00a1}-\x{ffff}][a-z\x{00a1}-\x{ffff}-]{0,61}[a-z\x{00a1}-\x{ffff}]|xn--[a-z0-9]{1,59})$`)
	oldIPParts = regexp.MustCompile(`^[0-9]+(\.[0-9]+){0,3}$`)
)

// hostOf is the lower-case host of an address, if its scheme is http or https.
func hostOf(text string) (host string, web bool) {
	m := webURL.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return strings.ToLower(strings.Trim(m[1], "[]")), true
}

// validURL follows the rules of Django's URL field.
func validURL(text string) bool {
	m := wholeURL.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	host := strings.TrimSuffix(m[1], ".")
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || strings.EqualFold(host, "localhost") {
		return true
	}
	labels := strings.Split(host, ".")
	top := labels[len(labels)-1]
	return len(labels) > 1 && topLabel.MatchString(top) &&
		!slices.ContainsFunc(labels[:len(labels)-1], func(label string) bool { return !hostLabel.MatchString(label) })
}

// private is what must not be called, as Python's ipaddress sees it: not all of what RFC 6890 lists, 100.64.0.0/10 passes.
var private = func() (all []netip.Prefix) {
	for _, text := range []string{"0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29",
		"192.0.0.170/31", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
		"240.0.0.0/4", "::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8"} {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}()

// internal tells whether a host is an internal address. Names are not looked up here, except the one that everybody knows;
// the real server does, and lets those pass that it cannot find.
func internal(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err != nil && oldIPParts.MatchString(host) {
		a, err = oldIP(host)
	}
	return err == nil && slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// oldIP reads IPv4 addresses of fewer than four numbers, whose last one fills the rest: 127.1, 2130706433.
func oldIP(host string) (netip.Addr, error) {
	parts := strings.Split(host, ".")
	var sum uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil || i < len(parts)-1 && n > 255 {
			return netip.Addr{}, strconv.ErrRange
		}
		if i < len(parts)-1 {
			n <<= 24 - 8*i
		}
		sum += n
	}
	if sum > math.MaxUint32 {
		return netip.Addr{}, strconv.ErrRange
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), nil
}

// createHook stores a hook. The real server repeats the hook's own URL as the Location of the answer.
func createHook(t *table[webhook], owner int64, r *request) answer {
	h := webhook{owner: owner, enabled: true, created: time.Now(), updated: time.Now()}
	in := r.input(false)
	h.read(in)
	if a := in.bad(); a.status != 0 {
		return a
	}
	a := created(t.add(&h).show())
	a.header = http.Header{"Location": {h.url}}
	return a
}

func updateHook(h *webhook, r *request) answer {
	in, changed := r.input(r.Method == "PATCH"), *h
	changed.read(in)
	if a := in.bad(); a.status != 0 {
		return a
	}
	changed.updated = time.Now()
	*h = changed
	return ok(h.show())
}

// environmentFirst answers a method that is not there: the environment must be, though.
func (s *Sandbox) environmentFirst(r *request) answer {
	e, a := s.environmentOr(r, forbidden())
	if e == nil {
		return a
	}
	return notAllowed(r)
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
