package api

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// User is a person who may sign in.
type User struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Username  string `json:"username"`
	Email     string `json:"email"` // in lower case
	RootRole  string `json:"-"`
	CreatedAt string `json:"createdAt"`

	RootRoleID int64 `json:"rootRole"`
}

var usersPath = rest.P("/api/admin/user-admin")

var users = collection[User]{
	name: "users",
	list: func(c *Client, ctx context.Context) ([]User, error) {
		type role struct {
			ID   int64
			Name string
		}
		got, err := rest.Get[struct {
			Users     []User
			RootRoles []role
		}](ctx, c.rest, usersPath)
		for i := range got.Users {
			for _, r := range got.RootRoles {
				if r.ID == got.Users[i].RootRoleID {
					got.Users[i].RootRole = r.Name
				}
			}
		}
		if err == nil && (got.Users == nil || got.RootRoles == nil) {
			err = c.rest.Unexpected(http.MethodGet, usersPath, "a list of users")
		}
		slices.SortFunc(got.Users, func(a, b User) int { return cmp.Compare(a.ID, b.ID) }) // the server has them in no order
		return got.Users, err
	},
	same: func(a, b User) bool { return a.ID == b.ID },
	gone: func(at User) error {
		return notFound(usersPath, "There is no user %d", at.ID)
	},
}

// User reads one, out of the list.
func (c *Client) User(ctx context.Context, at User) (User, error) { return users.read(ctx, c, at) }

// Users lists them all.
func (c *Client) Users(ctx context.Context, _ User) iter.Seq2[User, error] { return users.each(ctx, c) }

// userNamed finds the user with that e-mail address or user name.
func (c *Client) userNamed(ctx context.Context, name string) (int64, error) {
	var found []int64
	for u, err := range c.Users(ctx, User{}) {
		if err != nil {
			return 0, err
		}
		if u.Username == name || u.Email != "" && strings.EqualFold(u.Email, name) {
			found = append(found, u.ID)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("there is no user with the e-mail address or user name %q", name)
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("%q is the e-mail address or user name of several users; name one by its id: %s", name, strings.Trim(fmt.Sprint(found), "[]"))
}
