package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// say puts words of our own to a field, where the server's do not help. It makes a new error: others may have got err, too.
func say(err error, field, format string, args ...any) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	said := *e
	said.Fields = map[string][]string{field: {fmt.Sprintf(format, args...)}}
	return &said
}

// hasFields says that the server named what it refuses.
func hasFields(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && len(e.Fields) > 0
}

// nameTaken lands on the name; duplicates that race are otherwise an SQL statement.
func nameTaken(err error) error {
	if errors.Is(err, rest.ErrExists) {
		return say(err, "name", "The name is taken.")
	}
	return err
}

// noProject lands on the project: the server does not look for it, and its database refuses.
func noProject(err error, project *string) error {
	var e *rest.Error
	if project != nil && errors.As(err, &e) && e.Status == http.StatusInternalServerError && strings.Contains(e.Message, "violates foreign key constraint") {
		return say(err, "project", "There is no project %q.", *project)
	}
	return err
}

// Usage is a strategy that uses a segment or a context field.
type Usage struct {
	Project     string `json:"projectId"`
	Feature     string `json:"featureName"`
	Strategy    string `json:"strategyName"`
	Environment string `json:"environment"`
}

// inUse says in a hint which strategies a deletion was refused for. advice tells what to do about them.
func inUse(err error, users []Usage, advice string) error {
	var e *rest.Error
	if !errors.As(err, &e) || len(users) == 0 {
		return err
	}
	const shown = 10
	texts := make([]string, 0, shown+1)
	for i, u := range users {
		if i == shown {
			texts = append(texts, fmt.Sprintf("and %d more", len(users)-i))
			break
		}
		texts = append(texts, fmt.Sprintf("a %s strategy of flag %q (project %q, environment %q)", u.Strategy, u.Feature, u.Project, u.Environment))
	}
	e.Hint = fmt.Sprintf("Used by %s. %s", strings.Join(texts, ", "), advice)
	return err
}
