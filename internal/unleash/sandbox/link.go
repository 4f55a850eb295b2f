package sandbox

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// link is a link of a flag. Its id is told by the flag alone.
type link struct {
	id, url string
	title   *string
}

var linkBody = shape("url", prop{"url", text}, prop{"title", nullText})

const maxLinks = 10

func (s *Sandbox) linkRoutes() {
	const all = "/projects/{project}/features/{feature}/link"
	s.handle("POST "+all, 204, linkBody, s.createLink)
	s.handle("PUT "+all+"/{link}", 204, linkBody, s.updateLink)
	s.handle("DELETE "+all+"/{link}", 204, nil, s.deleteLink)
}

var (
	otherScheme = regexp.MustCompile(`^([a-z][a-z0-9+-]*:|[a-z][a-z0-9+.-]*://)`)
	webScheme   = regexp.MustCompile(`^(https?|file)://`)
	hostAndPort = regexp.MustCompile(`^localhost:\d{1,5}([/?#]|$)`)
	www         = regexp.MustCompile(`^www\.([a-z0-9-]{1,63}\.[a-z0-9.-]{2,63})$`)
	slashes     = regexp.MustCompile(`//+`)
	octet       = regexp.MustCompile(`%(2[1789AD]|[345][0-9A-Fa-f]|[67][0-9A-Fa-f])`)
)

// normalizeURL does what the server's library of that name does to addresses; it knows no punycode.
func normalizeURL(address string) (string, error) {
	text := strings.TrimSpace(address)
	invalid := badData("Invalid URL: %s", address)
	lower := strings.ToLower(text)
	switch web := webScheme.MatchString(lower); {
	case !web && otherScheme.MatchString(lower) && !hostAndPort.MatchString(lower):
		return text, nil
	case strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//"), strings.HasPrefix(text, "."):
		return "", invalid
	case !web:
		text = "https://" + strings.TrimPrefix(text, "//")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", invalid
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if m := www.FindStringSubmatch(host); m != nil && !strings.HasPrefix(m[1], "www.") {
		host = m[1]
	}
	if port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	at := path.Clean("/" + slashes.ReplaceAllString(u.EscapedPath(), "/"))
	at = octet.ReplaceAllStringFunc(at, func(o string) string {
		if plain, err := url.PathUnescape(o); err == nil && friendly.MatchString(plain) {
			return plain
		}
		return o
	})
	query, fragment := normalizeQuery(u.RawQuery), u.EscapedFragment()
	out := u.Scheme + "://" + host
	if at != "/" || query != "" || fragment != "" {
		out += at
	}
	if query != "" {
		out += "?" + query
	}
	if fragment != "" {
		out += "#" + fragment
	}
	return out, nil
}

// normalizeQuery sorts parameters and drops those of trackers.
func normalizeQuery(raw string) string {
	name := func(parameter string) string {
		k, _, _ := strings.Cut(parameter, "=")
		return k
	}
	all := slices.DeleteFunc(strings.Split(raw, "&"), func(p string) bool { return p == "" || strings.HasPrefix(strings.ToLower(p), "utm_") })
	slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(name(a), name(b)) })
	for i, p := range all {
		if text, err := url.QueryUnescape(strings.TrimPrefix(p, name(p)+"=")); err == nil && strings.Contains(p, "=") {
			all[i] = name(p) + "=" + url.QueryEscape(text)
		}
	}
	return strings.Join(all, "&")
}

func (s *Sandbox) addLink(f *feature, address string, title *string) {
	if normal, err := normalizeURL(address); err == nil {
		f.links = append(f.links, &link{newULID(), normal, title})
		s.event("feature-link-added", f.project, "")
	}
}

func (s *Sandbox) createLink(r *request) (any, error) {
	f := s.pathFeature(r)
	switch {
	case f == nil, f.archived != nil:
		return nil, notFound("Could not find feature with name %s", r.PathValue("feature"))
	case len(f.links) >= maxLinks:
		return nil, &failure{status: 403, name: "OperationDeniedError", message: "Too many links (10) exist for this feature"}
	}
	if _, err := normalizeURL(str(r.data(), "url")); err != nil {
		return nil, err
	}
	s.addLink(f, str(r.data(), "url"), optional(r.data(), "title"))
	return nil, nil
}

// findLink looks for a link, whatever flag is in the path.
func (s *Sandbox) findLink(id string) (*feature, *link, error) {
	for _, f := range s.features.where(nil) {
		for _, l := range f.links {
			if l.id == id {
				return f, l, nil
			}
		}
	}
	return nil, nil, notFound("No item with id %s", id)
}

func (s *Sandbox) updateLink(r *request) (any, error) {
	normal, err := normalizeURL(str(r.data(), "url"))
	if err != nil {
		return nil, err
	}
	f, l, err := s.findLink(r.PathValue("link"))
	if err != nil {
		return nil, err
	}
	to := s.pathFeature(r)
	if to == nil {
		return nil, unknown(`update "feature_link" - insert or update on table "feature_link" violates foreign key constraint "feature_link_feature_name_fkey"`)
	}
	if to != f { // the path says whose it is from now on
		f.links = slices.DeleteFunc(f.links, func(x *link) bool { return x == l })
		to.links = append(to.links, l)
	}
	l.url = normal
	if _, ok := r.data()["title"]; ok {
		l.title = optional(r.data(), "title")
	}
	s.event("feature-link-updated", f.project, "")
	return nil, nil
}

func (s *Sandbox) deleteLink(r *request) (any, error) {
	f, l, err := s.findLink(r.PathValue("link"))
	if err != nil {
		return nil, err
	}
	f.links = slices.DeleteFunc(f.links, func(x *link) bool { return x == l })
	s.event("feature-link-removed", f.project, "")
	return nil, nil
}
