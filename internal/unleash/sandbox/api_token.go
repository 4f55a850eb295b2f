package sandbox

import (
	"slices"
	"strings"
	"time"
)

// apiToken is a token of an SDK, or an admin token, which only the environment of the server's process can make.
type apiToken struct {
	secret, name, kind, environment string
	projects                        []string
	expires                         *time.Time
	created                         time.Time
}

var (
	dateTime     = &schema{kind: "string", date: true}
	newTokenBody = &schema{kind: "object", oneOf: shape("type tokenName", prop{"expiresAt", dateTime},
		prop{"type", matching("^([Cc][Ll][Ii][Ee][Nn][Tt]|[Bb][Aa][Cc][Kk][Ee][Nn][Dd]|[Ff][Rr][Oo][Nn][Tt][Ee][Nn][Dd])$", false)},
		prop{"environment", text}, prop{"project", text}, prop{"projects", list(text)}, prop{"tokenName", text})}
)

func (s *Sandbox) apiTokenRoutes() {
	for _, all := range []string{"/api-tokens", "/projects/{project}/api-tokens"} {
		s.handle("GET "+all, 200, nil, s.listTokens)
		s.handle("POST "+all, 201, newTokenBody, s.createToken)
	}
	s.handle("DELETE /api-tokens/{token}", 200, nil, s.deleteToken)
	s.handle("DELETE /projects/{project}/api-tokens/{token}", 200, nil, s.deleteProjectToken)
	s.handle("GET /api-tokens/{name}", 200, nil, s.tokensByName)
	s.handle("PUT /api-tokens/{token}", 200, shape("expiresAt", prop{"expiresAt", dateTime}), s.updateToken)
}

// project is the only project of a token, "*" or a list.
func (t *apiToken) project() string { return strings.Join(t.projects, ",") }

// show says client where the token was created as backend.
func (t *apiToken) show() object {
	kind := t.kind
	if kind == "backend" {
		kind = "client"
	}
	return object{"secret": t.secret, "tokenName": t.name, "type": kind, "project": t.project(), "projects": t.projects, "environment": t.environment,
		"expiresAt": orStamp(t.expires), "createdAt": stamp(t.created), "alias": nil, "seenAt": nil, "secure": false}
}

// listTokens shows an admin all tokens, whatever project is asked for.
func (s *Sandbox) listTokens(r *request) (any, error) {
	if project := r.PathValue("project"); project != "" && !s.projects.has(project) {
		return nil, notFound("No project found")
	}
	return object{"tokens": render(s.tokens.where(nil), (*apiToken).show)}, nil
}

func (s *Sandbox) tokensByName(r *request) (any, error) {
	return object{"tokens": render(s.tokens.where(func(t *apiToken) bool { return t.name == r.PathValue("name") }), (*apiToken).show)}, nil
}

func (s *Sandbox) createToken(r *request) (any, error) {
	data := r.data()
	t := &apiToken{name: str(data, "tokenName"), kind: strings.ToLower(str(data, "type")), environment: "development", projects: []string{"*"}, created: now()}
	if env := optional(data, "environment"); env != nil {
		t.environment = *env
	}
	if _, ok := data["projects"]; ok {
		t.projects = texts(data, "projects")
	}
	if project := r.PathValue("project"); project != "" {
		if !s.projects.has(project) {
			return nil, notFound("No project found")
		}
		t.projects = []string{project} // whatever was asked for
	}
	switch {
	case len(s.tokens.order) >= s.limits.APITokens:
		return nil, exceeds("api token", s.limits.APITokens)
	case t.name == "":
		return nil, joi("%q is not allowed to be empty", nil, "tokenName")
	case t.environment == "":
		return nil, joi("%q is not allowed to be empty", nil, "environment")
	case len(t.projects) == 0:
		return nil, joi("%q must contain at least 1 items", []any{}, "projects")
	case t.environment == "*":
		return nil, badData("%s token cannot be scoped to all environments", strings.ToUpper(t.kind[:1])+t.kind[1:])
	}
	if slices.Contains(t.projects, "*") {
		t.projects = []string{"*"}
	}
	for i, p := range t.projects {
		switch {
		case p == "":
			return nil, badData("Project=invalid does not exist")
		case p != "*" && !s.projects.has(p):
			return nil, badData("Project=%s does not exist", p)
		case slices.Contains(t.projects[:i], p):
			return nil, unknown(`INSERT INTO api_token_project VALUES ($1, $2) - duplicate key value violates unique constraint "api_token_project_pkey"`)
		}
	}
	if !s.environments.has(t.environment) {
		return nil, badData("Environment=%s does not exist", t.environment)
	}
	scope := t.projects[0]
	if len(t.projects) > 1 {
		scope = "[]"
	}
	t.secret = scope + ":" + t.environment + "." + randomHex(28)
	if d, ok := parseDate(str(data, "expiresAt")); ok {
		t.expires = &d
	}
	s.tokens.put(t.secret, t)
	s.event("api-token-created", "", t.environment)
	o := t.show()
	o["type"] = t.kind
	if delete(o, "seenAt"); t.expires == nil {
		delete(o, "expiresAt")
	}
	return o, nil
}

// updateToken does not mind if there is no such token.
func (s *Sandbox) updateToken(r *request) (any, error) {
	if t := s.tokens.get(r.PathValue("token")); t != nil {
		if d, ok := parseDate(str(r.data(), "expiresAt")); ok {
			t.expires = &d
		}
	}
	return nil, nil
}

func (s *Sandbox) deleteToken(r *request) (any, error) {
	s.tokens.drop(r.PathValue("token"))
	return nil, nil
}

// deleteProjectToken deletes what belongs to the project alone.
func (s *Sandbox) deleteProjectToken(r *request) (any, error) {
	t := s.tokens.get(r.PathValue("token"))
	switch {
	case t == nil:
		return nil, &failure{status: 404, empty: true}
	case len(t.projects) != 1 || t.projects[0] != r.PathValue("project"):
		return nil, &failure{status: 400, empty: true}
	}
	s.tokens.drop(t.secret)
	return nil, nil
}
