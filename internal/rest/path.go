package rest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Path is a path below the base URL together with its template. The template is what is logged.
type Path struct {
	template string
	expanded string // as sent, escaped
	shown    string // as errors show it: readable, secrets left out
	query    string
	secrets  []string
	err      error
}

// Secret is a path argument that errors must not show: an API token that is its own id.
type Secret string

// P expands the {} of a template with path-escaped arguments: P("/projects/{}/tags/{}/", 7, 1). An argument that is
// empty, "." or ".." would address something else (proxies and servers clean paths), so Do refuses it unsent.
func P(template string, args ...any) Path {
	p := Path{template: template}
	literals := strings.Split(template, "{}")
	if len(literals) != len(args)+1 {
		p.err = fmt.Errorf("path %s takes %d arguments, not %d", template, len(literals)-1, len(args))
		return p
	}
	var expanded, shown strings.Builder
	for i, literal := range literals {
		expanded.WriteString(literal)
		shown.WriteString(literal)
		if i == len(args) {
			break
		}
		text := fmt.Sprint(args[i])
		if text == "" || text == "." || text == ".." {
			p.err = fmt.Errorf("path %s: %q cannot stand in a path", template, text)
			return p
		}
		expanded.WriteString(url.PathEscape(text))
		if _, secret := args[i].(Secret); secret {
			p.secrets = append(p.secrets, text)
			text = redacted
		}
		shown.WriteString(text)
	}
	p.expanded, p.shown = expanded.String(), shown.String()
	return p
}

// Query adds key=value pairs to the path: Query("page_size", 999). Neither logs nor errors show them.
func (p Path) Query(pairs ...any) Path {
	if len(pairs)%2 != 0 {
		p.err = errors.Join(p.err, fmt.Errorf("path %s: query key without a value", p.template))
		return p
	}
	for i := 0; i < len(pairs); i += 2 {
		if p.query != "" {
			p.query += "&"
		}
		p.query += url.QueryEscape(fmt.Sprint(pairs[i])) + "=" + url.QueryEscape(fmt.Sprint(pairs[i+1]))
	}
	return p
}

// String is the path as errors show it, without query and secrets.
func (p Path) String() string { return p.shown }

func (p Path) url(base string) string {
	if p.query == "" {
		return base + p.expanded
	}
	return base + p.expanded + "?" + p.query
}
