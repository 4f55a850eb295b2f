package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What an error can be, for errors.Is.
var (
	ErrNotFound    = errors.New("not found")          // the object is not there (never: the route is not there)
	ErrExists      = errors.New("already exists")     // a name is taken, a link exists
	ErrUnreachable = errors.New("server unreachable") // there was no answer at all; nothing is known about the object
)

// Error is an answer of the server that is not a success.
type Error struct {
	Method    string              // GET
	Path      string              // expanded, without query and host: /projects/7/tags/1/
	Status    int                 // HTTP status
	Message   string              // what the server said, one line, bounded
	Fields    map[string][]string // messages by field; nested ones as rules[0].conditions[1].operator
	RequestID string              // where the server sends one
	Kind      error               // ErrNotFound, ErrExists or nil
	Hint      string              // what to do about it, where the backend knows
}

// Error is one line: request, status, what the server said, fields in order, request id, hint.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	for i, field := range slices.Sorted(maps.Keys(e.Fields)) {
		if i == maxFieldsShown {
			fmt.Fprintf(&b, "; and %d more", len(e.Fields)-i)
			break
		}
		fmt.Fprintf(&b, "; %s: %s", field, strings.Join(e.Fields[field], " "))
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %s)", e.RequestID)
	}
	if e.Hint != "" {
		return strings.TrimRight(b.String(), ".") + ". " + e.Hint
	}
	return b.String()
}

// Unwrap makes errors.Is(err, ErrNotFound) work.
func (e *Error) Unwrap() error { return e.Kind }

// PartialError says that a create made its object and then failed: what the call returned beside it is real and must
// be kept in state, so that the next apply replaces it instead of leaving an orphan.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }
func (e *PartialError) Unwrap() error { return e.Err }

const (
	maxMessage     = 500 // runes; a stack trace or a page is no message
	maxFieldsShown = 10
	redacted       = "***"
)

// DecodeError reads the shapes that most servers share: JSON with "detail", "message" or "error", an HTML page's title,
// or a line of text. A 404 that is JSON is ErrNotFound; one that is a page says that the route does not exist.
func DecodeError(e *Error, header http.Header, body []byte) {
	if IsHTML(header, body) {
		e.Message = Title(body)
		return
	}
	if e.Status == http.StatusNotFound {
		e.Kind = ErrNotFound
	}
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		e.Message = string(body)
		return
	}
	for _, key := range []string{"detail", "message", "error"} {
		if text, ok := object[key].(string); ok && text != "" {
			e.Message = text
			return
		}
	}
}

// IsHTML tells whether a body is a page: by its content type, or by its looks where that is missing or wrong.
func IsHTML(header http.Header, body []byte) bool {
	return strings.Contains(header.Get("Content-Type"), "html") && len(body) > 0 ||
		strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 256)])), "<")
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// Title is the title of an HTML page, or "an HTML page".
func Title(body []byte) string {
	if match := title.FindSubmatch(body); match != nil {
		if text := strings.TrimSpace(html.UnescapeString(string(match[1]))); text != "" {
			return text
		}
	}
	return "an HTML page"
}

// oneLine bounds a text and takes line breaks and control characters out of it.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 16*maxMessage)], "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(text); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return text
}

// redactor takes secrets out of texts.
type redactor []string

// minSecret is the length in bytes below which a header's value is taken for a plain word: redacting that would garble
// messages and protect nothing.
const minSecret = 6

// newRedactor collects the values of configured headers, and the credential alone where there is a scheme before it.
func newRedactor(header http.Header) redactor {
	var secrets redactor
	for name, values := range header {
		switch http.CanonicalHeaderKey(name) {
		case "Accept", "Content-Type", "User-Agent":
			continue
		}
		for _, value := range values {
			_, credential, _ := strings.Cut(value, " ")
			secrets = append(secrets, value, credential)
		}
	}
	return slices.DeleteFunc(secrets, func(secret string) bool { return len(strings.TrimSpace(secret)) < minSecret })
}

func (r redactor) text(text string, more ...string) string {
	// Longest first: a secret that contains another must go as a whole.
	secrets := slices.Concat(r, more)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// clean redacts an error, then bounds it: a cut through a secret must not save the first half of it.
func (r redactor) clean(e *Error, more ...string) {
	tidy := func(text string) string { return oneLine(r.text(text, more...)) }
	e.Path, e.Message, e.Hint, e.RequestID = oneLine(e.Path), tidy(e.Message), tidy(e.Hint), tidy(e.RequestID)
	if e.Fields == nil {
		return
	}
	fields := make(map[string][]string, len(e.Fields))
	for name, messages := range e.Fields {
		for _, message := range messages {
			fields[tidy(name)] = append(fields[tidy(name)], tidy(message))
		}
	}
	e.Fields = fields
}
