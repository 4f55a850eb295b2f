package api

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// What Unleash says of a path that it does not route, in every version seen (5.6 to 8.2).
const noRoute = "The path you were looking for"

var (
	index = regexp.MustCompile(`/(\d+)`)
	named = regexp.MustCompile(`^"([\w.\[\]]+)" `)
)

// decodeError takes {"name", "message", "details": [{"message", "path"}]}, {"error": {"message"}}, {"message"}, HTML (429
// alone), a plain text and nothing at all, which is what 403 and 409 sometimes are.
func decodeError(e *rest.Error, header http.Header, body []byte) {
	var answer struct {
		Name, Message string
		Details       []struct{ Message, Path string }
		Error         json.RawMessage
	}
	switch {
	case rest.IsHTML(header, body): // express says why it throttles in a bare text that it calls HTML
		e.Message = rest.Title(body)
		if !strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
			e.Message = string(body)
		}
	case json.Unmarshal(body, &answer) != nil:
		e.Message = string(body)
	default:
		var inner struct{ Message string }
		_ = json.Unmarshal(answer.Error, &inner)
		e.Message = answer.Message + inner.Message
		for _, detail := range answer.Details {
			name := index.ReplaceAllString(strings.TrimPrefix(detail.Path, "/body/"), "[$1]")
			name = strings.ReplaceAll(strings.Trim(name, "/"), "/", ".")
			if quoted := named.FindStringSubmatch(detail.Message); name == "" && quoted != nil {
				name = quoted[1] // "legalValues[1]" contains a duplicate value
			}
			if name == "" || name == "body" {
				if !strings.Contains(e.Message, detail.Message) {
					e.Message += " " + detail.Message
				}
				continue
			}
			if e.Fields == nil {
				e.Fields = map[string][]string{}
			}
			e.Fields[name] = append(e.Fields[name], detail.Message)
		}
		e.Message = strings.TrimSpace(e.Message)
	}
	missingRoute := strings.HasPrefix(e.Message, noRoute)
	switch {
	case missingRoute:
		e.Hint = "This Unleash has no such call: it belongs to another edition (Enterprise) or to a newer version. Is unleash.url the address of the server itself?"
	case e.Status == http.StatusNotFound && answer.Name == "NotFoundError": // and not a gateway's
		e.Kind = rest.ErrNotFound
	case e.Status == http.StatusConflict && answer.Name != "ConflictError" && len(body) > 0,
		e.Status == http.StatusInternalServerError && strings.Contains(e.Message, "duplicate key value violates unique constraint"):
		e.Kind = rest.ErrExists // duplicates that race are a 500 with the text of the database
	case e.Status == http.StatusUnauthorized:
		e.Hint = "Is unleash.token (or UNLEASH_AUTH_TOKEN) an admin token, a personal access token or a service account's token of this server?"
	case e.Status == http.StatusForbidden && strings.Contains(e.Message, "expected a different token type"):
		e.Hint = "A client or frontend token cannot manage flags: unleash.token must be an admin token, a personal access token or a service account's token."
	case e.Status == http.StatusServiceUnavailable && strings.Contains(e.Message, "maintenance"):
		e.Hint = "The server refuses writes until an administrator ends the maintenance mode."
	}
}

// about has an error land on one attribute, whatever fields the server names. It makes a new one: others may have got err,
// too.
func about(err error, field string) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	var said []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		said = append(said, e.Fields[name]...)
	}
	if len(said) == 0 {
		said = []string{e.Message}
	}
	landed := *e
	landed.Fields = map[string][]string{field: said}
	return &landed
}
