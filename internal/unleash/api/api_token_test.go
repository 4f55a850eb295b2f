package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

func TestAPITokens(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t)
	at, err := c.CreateAPIToken(t.Context(), APIToken{Name: "a/b", Type: BackendToken, Environment: "development", Projects: []string{"*"}})
	if err != nil || at.Type != BackendToken || len(at.ID) != 16 || !strings.HasPrefix(at.Secret, "*:development.") {
		t.Fatal(at, err)
	}
	s.ResetRequests()
	for range 3 {
		if got, err := c.APIToken(t.Context(), APIToken{ID: at.ID}); err != nil || got.Secret != at.Secret || got.Type != ClientToken {
			t.Error(got, err)
		}
	}
	for got, err := range c.APITokens(t.Context(), APIToken{}) {
		if err != nil || got.ID != at.ID { // without the administrator's
			t.Error(got, err)
		}
	}
	if n, err := c.CountAPITokens(t.Context()); err != nil || n != 2 || len(s.Requests()) != 1 {
		t.Error(n, err, s.Requests())
	}
	// The same time, written in another way, is not written again. The server calls a token that is gone a success.
	later := at
	later.ExpiresAt = pointer("2031-01-01T00:00:00Z")
	if got, err := c.UpdateAPIToken(t.Context(), at, later); err != nil || *got.ExpiresAt != "2031-01-01T00:00:00.000Z" {
		t.Error(got, err)
	}
	same := later
	same.ExpiresAt = pointer("2031-01-01T01:00:00.0004+01:00")
	if _, err := c.UpdateAPIToken(t.Context(), later, same); err != nil || s.Writes() != 1 {
		t.Error(err, s.Writes())
	}
	if err := c.DeleteAPIToken(t.Context(), APIToken{ID: at.ID}); err != nil { // what an import knows of it
		t.Error(err)
	}
	if _, err := c.UpdateAPIToken(t.Context(), at, later); !errors.Is(err, rest.ErrNotFound) || strings.Contains(err.Error(), at.Secret) {
		t.Error(err)
	}
	if err := c.DeleteAPIToken(t.Context(), at); err != nil {
		t.Error(err)
	}
}

// A secret is in no error, though the server repeats it.
func TestAPITokenErrorsKeepTheSecret(t *testing.T) {
	t.Parallel()
	const secret = "default:development.5ecret"
	_, c := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		text, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, `{"name": "UnknownError", "message": "%s of %s", "details": [{"message": "%s", "path": "/body/expiresAt"}]}`, strings.ReplaceAll(string(text), `"`, ""), r.URL.Path, secret)
	})
	at := APIToken{ID: "x", Secret: secret}
	later := at
	later.ExpiresAt = pointer("2031-01-01T00:00:00Z")
	_, update := c.UpdateAPIToken(t.Context(), at, later)
	for _, err := range []error{update, c.DeleteAPIToken(t.Context(), at)} {
		if err == nil || strings.Contains(err.Error(), "5ecret") || !strings.Contains(err.Error(), "/api-tokens/***") {
			t.Error(err)
		}
	}
}

// Where the server tells no secret and no selector either, a token that was made here is known by its name and its time;
// another cannot be told.
func TestAPITokenHidden(t *testing.T) {
	t.Parallel()
	f, c := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"tokens": [{"secret": null, "tokenName": "n", "type": "client", "environment": "e", "projects": null, "createdAt": "2030-01-01T00:00:00.000Z", "secure": true}]}`)
	})
	at := APIToken{ID: "i", Name: "n", Secret: "s", CreatedAt: "2030-01-01T00:00:00Z"}
	if got, err := c.APIToken(t.Context(), at); err != nil || got.ID != "i" || got.Secret != "s" || got.Environment != "e" {
		t.Error(got, err)
	}
	if _, err := c.APIToken(t.Context(), APIToken{ID: "i"}); err == nil || errors.Is(err, rest.ErrNotFound) || !strings.Contains(err.Error(), "does not show the secrets") {
		t.Error(err)
	}
	at.Name = "other"
	if _, err := c.APIToken(t.Context(), at); !errors.Is(err, rest.ErrNotFound) {
		t.Error(err)
	}
	for range c.APITokens(t.Context(), APIToken{}) {
		t.Error("listed a token that cannot be told")
	}
	if len(f.asked) != 1 {
		t.Errorf("%q", f.asked)
	}
}

// No answer makes any of these calls panic, or makes an object of nothing.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `null`, `"x"`, `{"id": 7}`, `{"name": null, "tokens": [null, {}], "projects": [{}], "environments": [{}, null], "users": [{"id": 1, "roles": null}], "roles": [{}]}`, `<html>`, ``} {
		c, s := sandboxClient(t, sandbox.Enterprise())
		s.Inject(faults.Fault{Status: http.StatusOK, Body: body, Times: -1})
		ctx := t.Context()
		project, environment, link := Project{ID: "p", Name: "p"}, Environment{Name: "e", Type: "t"}, ProjectEnvironment{Project: "p", Environment: "e", DefaultStrategy: &Strategy{Name: FlexibleRollout}}
		member, token := ProjectMember{Project: "p", UserID: 1, Role: "Owner"}, APIToken{ID: "i", Name: "n", Secret: "s"}
		for what, err := range map[string]error{
			"project": second(c.CreateProject(ctx, project)), "environment": second(c.CreateEnvironment(ctx, environment)),
			"member": second(c.CreateProjectMember(ctx, member)), "token": second(c.CreateAPIToken(ctx, token)),
			"a token": second(c.APIToken(ctx, token)), "an environment": second(c.Environment(ctx, environment)), "a link": second(c.ProjectEnvironment(ctx, link)),
			"a member": second(c.ProjectMember(ctx, ProjectMember{Project: "p", UserID: 2})), "a user": second(c.User(ctx, User{ID: 9})),
		} {
			if err == nil {
				t.Errorf("%s made %s", body, what)
			}
		}
		_, _ = c.CreateProjectEnvironment(ctx, link) // which has no answer but its status
		_, _ = c.UpdateProject(ctx, project, project)
		_, _ = c.UpdateEnvironment(ctx, environment, environment)
		_, _ = c.UpdateProjectEnvironment(ctx, link, link)
		_, _ = c.UpdateProjectMember(ctx, member, member)
		_, _ = c.userNamed(ctx, "x")
		_, _ = c.ProjectOverview(ctx, ProjectOverview{Project: "p"})
		for range c.Projects(ctx, Project{}) {
		}
		for range c.ProjectEnvironments(ctx, link) {
		}
		for range c.ProjectMembers(ctx, member) {
		}
		_ = c.DeleteProject(ctx, project)
		_ = c.DeleteEnvironment(ctx, environment)
		_ = c.DeleteProjectEnvironment(ctx, link)
		_ = c.DeleteProjectMember(ctx, member)
		_ = c.DeleteAPIToken(ctx, token)
	}
}

func second[T any](_ T, err error) error { return err }
