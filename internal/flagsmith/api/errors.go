package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// decoder reads the error bodies of Flagsmith. It knows the token only to recognise its kind.
type decoder struct{ scheme, token string }

// taken are the messages that say that the object's own name or key is in use, as seen on Flagsmith 2.265.
var taken = []string{
	"A project with this name already exists.",
	"An environment with this name already exists.",
	"environment with this api key already exists.",
	"Feature with that name already exists for this project.",
	"Multivariate option with this key already exists for the feature.",
}

// decode takes {"detail"}, {"message"}, {"field": ["text"]}, {"field": "text"}, {"non_field_errors"}, a bare list, any
// nesting of these, and HTML, which is what an unknown address (404) and a failure (500) give.
func (d decoder) decode(e *rest.Error, header http.Header, body []byte) {
	var value any
	switch {
	case rest.IsHTML(header, body):
		e.Message = rest.Title(body)
	case json.Unmarshal(body, &value) != nil:
		e.Message = string(body)
	default:
		fields := map[string][]string{}
		flatten("", value, fields)
		for _, general := range []string{"detail", "message", "non_field_errors", ""} {
			e.Message = strings.TrimSpace(e.Message + " " + strings.Join(fields[general], " "))
			delete(fields, general)
		}
		if len(fields) > 0 {
			e.Fields = fields
		}
		if e.Status == http.StatusNotFound {
			e.Kind = rest.ErrNotFound
		}
	}
	if e.Status == http.StatusBadRequest && saysTaken(e) {
		e.Kind = rest.ErrExists
	}
	e.Hint = d.hint(e)
}

func saysTaken(e *rest.Error) bool {
	messages := []string{e.Message}
	for _, field := range e.Fields {
		messages = append(messages, field...)
	}
	return slices.ContainsFunc(messages, func(message string) bool {
		return slices.ContainsFunc(taken, func(text string) bool { return strings.HasPrefix(message, text) })
	})
}

// flatten collects messages by field: {"rules": [{"conditions": [{"operator": ["m"]}]}]} is
// rules[0].conditions[0].operator. What belongs to no field keeps the path it was found at.
func flatten(path string, value any, into map[string][]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			switch {
			case key == "non_field_errors" && path != "", key == "__all__":
				flatten(path, child, into)
			case path == "":
				flatten(key, child, into)
			default:
				flatten(path+"."+key, child, into)
			}
		}
	case []any:
		for i, child := range value {
			switch child.(type) {
			case map[string]any, []any:
				flatten(fmt.Sprintf("%s[%d]", path, i), child, into)
			default:
				flatten(path, child, into)
			}
		}
	case nil:
	default:
		into[path] = append(into[path], fmt.Sprint(value))
	}
}

var userToken = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (d decoder) hint(e *rest.Error) string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "Flagsmith does not accept the token: check flagsmith.token (or FLAGSMITH_API_KEY). " + d.schemeHint()
	case e.Status == http.StatusForbidden && e.Method == http.MethodPost && e.Path == "/projects/":
		return "Open-source Flagsmith allows one project per organisation, and plans have limits of their own. The same answer " +
			"comes where the token may not create projects in this organisation."
	case e.Status == http.StatusForbidden:
		return "Flagsmith answers this where the token lacks a permission (an organisation's key has to be an administrator's), " +
			"and also where the project or environment does not exist."
	case e.Status == http.StatusNotFound && e.Kind == nil:
		return "This server does not know the address: flagsmith.url has to end with /api/v1, and an older Flagsmith or one " +
			"without the closed-source parts lacks some calls."
	case e.Status == http.StatusInternalServerError:
		return "Flagsmith failed; its log says why. It also answers this to some requests below an object that does not exist."
	}
	return ""
}

func (d decoder) schemeHint() string {
	switch looksLikeUser := userToken.MatchString(d.token); {
	case looksLikeUser && d.scheme == schemeOrganisation:
		return `It looks like a user's token: those need flagsmith.auth_scheme = "Token".`
	case d.scheme == schemeUser && !looksLikeUser && strings.Contains(d.token, "."):
		return `It looks like an organisation's API key: those need flagsmith.auth_scheme = "Api-Key".`
	}
	return fmt.Sprintf("It was sent with flagsmith.auth_scheme = %q.", d.scheme)
}

// hasStatus tells whether err is an answer with this status.
func hasStatus(err error, status int) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == status
}

// notFound says in the server's place that an object is not there, where a collection that was read lacks it.
func notFound(path rest.Path, format string, args ...any) error {
	return &rest.Error{
		Method:  http.MethodGet,
		Path:    path.String(),
		Status:  http.StatusNotFound,
		Message: fmt.Sprintf(format, args...),
		Kind:    rest.ErrNotFound,
	}
}

// planGated compares what was asked for with what the server made of it, for fields that it silently ignores on plans
// that do not include them. nil was not asked for.
type planGated struct {
	method string
	path   rest.Path
	fields map[string][]string
}

func checkGated[T comparable](g *planGated, field string, want, got *T) {
	if want != nil && (got == nil || *got != *want) {
		g.ignored(field, shown(want), shown(got))
	}
}

func (g *planGated) ignored(field, want, kept string) {
	if g.fields == nil {
		g.fields = map[string][]string{}
	}
	g.fields[field] = []string{fmt.Sprintf("Flagsmith ignored %s and kept %s.", want, kept)}
}

func shown[T any](p *T) string {
	if p == nil {
		return "null"
	}
	return fmt.Sprint(*p)
}

func (g *planGated) err() error {
	if g.fields == nil {
		return nil
	}
	return &rest.Error{
		Method:  g.method,
		Path:    g.path.String(),
		Status:  http.StatusOK,
		Message: "the server did not take over everything",
		Fields:  g.fields,
		Hint: "The organisation's plan does not include this (open-source Flagsmith is always on the free plan): " +
			"leave the attribute out.",
	}
}
