package sandbox

import (
	"crypto/sha256"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// user is somebody who can log in.
type user struct {
	id                    int
	username, email, name *string
	role                  int // 1 Admin, 2 Editor, 3 Viewer
	created               time.Time
}

var (
	userProps = []prop{{"username", text}, {"email", text}, {"name", text}, {"password", text}, {"rootRole", anything}, {"sendEmail", flag}}
)

func (s *Sandbox) userRoutes() {
	s.handle("GET /user-admin", 200, nil, s.listUsers)
	s.handle("POST /user-admin", 201, exactly(shape("rootRole", userProps...)), s.createUser)
	s.handle("GET /user-admin/search", 200, nil, s.searchUsers)
	s.handle("GET /user-admin/access", 200, nil, s.usersForAccess)
	s.handle("GET /user-admin/{id}", 200, nil, s.readUser)
	s.handle("PUT /user-admin/{id}", 200, shape("", userProps...), s.updateUser)
	s.handle("DELETE /user-admin/{id}", 200, nil, s.deleteUser)
}

func gravatar(of string) string {
	return fmt.Sprintf("https://gravatar.com/avatar/%x?s=42&d=retro&r=g", sha256.Sum256([]byte(of)))
}

// brief is a user without what changes; names that are not set are left out.
func (u *user) brief() object {
	o := object{"accountType": "User", "id": u.id, "imageUrl": gravatar(strconv.Itoa(u.id)), "seenAt": nil, "scimId": nil, "seatType": nil,
		"companyRole": nil, "productUpdatesEmailConsent": nil}
	for k, v := range map[string]*string{"username": u.username, "email": u.email, "name": u.name} {
		if v != nil {
			o[k] = *v
		}
	}
	for _, v := range []*string{u.username, u.email} {
		if v != nil {
			o["imageUrl"] = gravatar(*v)
		}
	}
	return o
}

func (u *user) show() object {
	o := u.brief()
	o["loginAttempts"], o["createdAt"], o["rootRole"] = 0, stamp(u.created), u.role
	return o
}

func (s *Sandbox) listUsers(*request) (any, error) {
	return object{"users": render(s.users.where(nil), func(u *user) object {
		o := u.show()
		o["inviteLink"] = ""
		return o
	}), "rootRoles": rolesOf("root")}, nil
}

// searchUsers finds nothing for less than two letters.
func (s *Sandbox) searchUsers(r *request) (any, error) {
	q := strings.ToLower(r.URL.Query().Get("q"))
	return render(s.users.where(func(u *user) bool {
		return len(q) > 1 && slices.ContainsFunc([]*string{u.username, u.email, u.name}, func(v *string) bool {
			return v != nil && strings.Contains(strings.ToLower(*v), q)
		})
	}), (*user).brief), nil
}

func (s *Sandbox) usersForAccess(*request) (any, error) {
	return object{"groups": []any{}, "users": render(s.users.where(nil), func(u *user) object {
		o := object{"id": u.id, "accountType": "User"}
		for k, v := range map[string]*string{"username": u.username, "email": u.email, "name": u.name} {
			if v != nil {
				o[k] = *v
			}
		}
		return o
	})}, nil
}

func (s *Sandbox) pathUser(r *request) (*user, error) {
	if err := pathInteger(r); err != nil {
		return nil, err
	}
	if err := checkInt32(`select from "users" where "id" = $1`, r.PathValue("id")); err != nil {
		return nil, err
	}
	if u := s.users.get(r.pathInt("id")); u != nil {
		return u, nil
	}
	return nil, notFound("No user found")
}

func (s *Sandbox) readUser(r *request) (any, error) {
	u, err := s.pathUser(r)
	if err != nil {
		return nil, err
	}
	return u.show(), nil
}

// checkRole is the schema of a role, which is an id or a name.
func checkRole(data object) error {
	v, ok := data["rootRole"]
	if !ok {
		return nil
	}
	const at = "/body/rootRole"
	id, problems := atLeast(0, *integer).check(at, v)
	if len(problems) == 0 {
		data["rootRole"] = id
		return nil
	}
	if text, isText := v.(string); isText && slices.ContainsFunc(roles, func(r role) bool { return r.name == text }) {
		return nil
	}
	if sent, err := encode(v); err == nil {
		problems[0].message = strings.Replace(problems[0].message, "You sent "+string(sent)+".", `You sent "`+show(v)+`".`, 1)
	}
	_, names := enum("Admin", "Editor", "Viewer", "Owner", "Member", "Reader").check(at, show(v))
	return invalid(append(append(problems, names...), oneOfProblem(at)))
}

// rootRole finds a role.
func rootRole(v any) (int, error) {
	for _, r := range roles {
		if r.kind == "root" && (r.name == show(v) || strconv.Itoa(r.id) == show(v)) {
			return r.id, nil
		}
	}
	return 0, badData("Could not find rootRole=%s", show(v))
}

func readEmail(data object) (*string, error) {
	e := optional(data, "email")
	if e == nil || *e == "" {
		return nil, nil
	}
	if a, err := mail.ParseAddress(*e); err != nil || a.Address != *e || !strings.Contains(*e, ".") {
		return nil, joi("%q must be a valid email", *e, "value")
	}
	return ptr(strings.ToLower(*e)), nil
}

func (s *Sandbox) createUser(r *request) (any, error) {
	if err := checkRole(r.data()); err != nil {
		return nil, err
	}
	u := &user{username: optional(r.data(), "username"), name: optional(r.data(), "name"), created: now()}
	if (u.username == nil || *u.username == "") && str(r.data(), "email") == "" {
		return nil, badData("You must specify username or email")
	}
	var err error
	if u.email, err = readEmail(r.data()); err != nil {
		return nil, err
	}
	if u.name != nil && *u.name == "" {
		return nil, joi("%q is not allowed to be empty", nil, "value")
	}
	same := func(a, b *string) bool { return a != nil && b != nil && *a == *b }
	if s.users.first(func(o *user) bool { return same(o.username, u.username) || same(o.email, u.email) }) != nil {
		return nil, badData("User already exists")
	}
	s.lastUser++ // the sequence moves on even where the role is not found
	if u.role, err = rootRole(r.data()["rootRole"]); err != nil {
		return nil, err
	}
	u.id = s.lastUser
	s.users.put(u.id, u)
	s.event("user-created", "", "")
	o := u.show()
	o["rootRole"], o["emailSent"] = r.data()["rootRole"], false
	o["inviteLink"] = "http://" + r.Host + "/new-user?token=" + randomHex(30)
	return o, nil
}

func (s *Sandbox) updateUser(r *request) (any, error) {
	if err := pathInteger(r); err != nil {
		return nil, err
	}
	if err := checkRole(r.data()); err != nil {
		return nil, err
	}
	u, err := s.pathUser(r)
	if err != nil {
		return nil, err
	}
	changed := *u
	if e, err := readEmail(r.data()); err != nil {
		return nil, err
	} else if e != nil {
		changed.email = e
	}
	if n := optional(r.data(), "name"); n != nil && *n != "" {
		changed.name = n
	}
	v, ok := r.data()["rootRole"]
	if ok && show(v) != "0" {
		if changed.role, err = rootRole(v); err != nil {
			return nil, err
		}
	}
	*u = changed
	s.event("user-updated", "", "")
	o := u.show()
	if o["rootRole"] = v; !ok {
		delete(o, "rootRole")
	}
	return o, nil
}

func (s *Sandbox) deleteUser(r *request) (any, error) {
	u, err := s.pathUser(r)
	if err != nil {
		return nil, err
	}
	s.users.drop(u.id)
	s.access = slices.DeleteFunc(s.access, func(g grant) bool { return g.user == u.id })
	s.event("user-deleted", "", "")
	return nil, nil
}
