package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/faults"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

func aUser(t *testing.T, c *Client, name string) int64 {
	t.Helper()
	got, err := rest.Send[User](t.Context(), c.rest, "POST", usersPath, map[string]any{"username": name, "rootRole": 3})
	if err != nil {
		t.Fatal(err)
	}
	return got.ID
}

// A second role is said to be one.
func TestProjectMemberHasOtherRoles(t *testing.T) {
	t.Parallel()
	c, _ := sandboxClient(t, sandbox.Enterprise())
	id := aUser(t, c, "u")
	for role, want := range []string{"", "User 2 is Member of project", "User 2 is Member and Reader of project"} {
		ctx, warnings := rest.WithWarnings(t.Context())
		if _, err := c.CreateProjectMember(ctx, ProjectMember{DefaultProject, id, []string{"Member", "Reader", "Owner"}[role]}); err != nil {
			t.Fatal(err)
		}
		if w := warnings(); (len(w) == 0) != (want == "") || len(w) > 0 && (w[0].Summary != "A user has several roles in a project" || !strings.HasPrefix(w[0].Detail, want)) {
			t.Errorf("%q, want %q", w, want)
		}
	}
}

// A role that a user has beside the first is taken over, and only the others are left alone; a role that is not given is not
// spoken of.
func TestProjectMemberOfSecondRole(t *testing.T) {
	t.Parallel()
	c, s := sandboxClient(t, sandbox.Enterprise())
	at := ProjectMember{DefaultProject, aUser(t, c, "u"), "Member"}
	create := func(role string) (failed bool, said string) {
		at.Role = role
		ctx, warnings := rest.WithWarnings(t.Context())
		_, err := c.CreateProjectMember(ctx, at)
		for _, w := range warnings() {
			said += w.Detail
		}
		return err != nil, said
	}
	create("Member")
	s.Inject(faults.Fault{Method: "PUT", Path: "/projects/{}/users/{}/roles", Status: 403})
	if failed, said := create("Reader"); !failed || said != "" {
		t.Errorf("%v %q", failed, said)
	}
	create("Reader")
	if failed, said := create("Reader"); failed || !strings.HasPrefix(said, "User 2 is Member of project") {
		t.Errorf("%v %q", failed, said)
	}
}

// A user that was deleted is refused on its attribute, be it that the server takes the role and shows nobody who has it.
func TestProjectMemberOfNobody(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*faults.Fault{"refused": nil, "taken": {Method: "PUT", Path: "/projects/{}/users/{}/roles", Status: 200}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := sandboxClient(t, sandbox.Enterprise())
			at := ProjectMember{DefaultProject, aUser(t, c, "u"), "Member"}
			if err := c.rest.Do(t.Context(), "DELETE", rest.P("/api/admin/user-admin/{}", at.UserID), nil, nil); err != nil {
				t.Fatal(err)
			}
			if fault != nil {
				s.Inject(*fault)
			}
			var e *rest.Error
			_, err := c.CreateProjectMember(t.Context(), at)
			if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields["user_id"], func(text string) bool { return strings.HasPrefix(text, "There is no user 2") }) {
				t.Error(err)
			}
		})
	}
}
