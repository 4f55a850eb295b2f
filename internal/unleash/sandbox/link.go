package sandbox

import (
	"net/url"
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

// normalizeURL does what the server's library of that name does to most addresses.
func normalizeURL(address string) (string, error) {
	text := strings.TrimSpace(address)
	if !strings.Contains(text, "://") && !strings.HasPrefix(text, "mailto:") {
		text = "https://" + strings.TrimPrefix(text, "//")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && u.Opaque == "" || strings.ContainsAny(u.Host, " ") {
		return "", badData("Invalid URL: %s", address)
	}
	u.Scheme, u.Host, u.User = strings.ToLower(u.Scheme), strings.ToLower(strings.TrimPrefix(u.Host, "www.")), nil
	if u.RawQuery != "" {
		q := u.Query()
		for k := range q {
			if strings.HasPrefix(strings.ToLower(k), "utm_") {
				q.Del(k)
			}
		}
		u.RawQuery = q.Encode() // sorts
	}
	for strings.Contains(u.Path, "//") {
		u.Path = strings.ReplaceAll(u.Path, "//", "/")
	}
	u.RawPath, u.Path = "", strings.TrimSuffix(u.Path, "/")
	u.ForceQuery = false
	return u.String(), nil
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

// findLink looks for a link whatever the flag in the path.
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
