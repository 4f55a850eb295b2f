package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// APIToken is what SDKs identify themselves with. The server knows it by its secret alone, so ID is a fingerprint of that.
type APIToken struct {
	ID          string // 16 hex digits
	Name        string // not unique
	Type        string // client, backend or frontend; of a backend token only its creation says so, later it is a client
	Environment string
	Projects    []string // "*": all
	ExpiresAt   *string  // RFC 3339; the server keeps milliseconds
	CreatedAt   string
	Secret      string // "" where the server shows it at creation alone and it was not made here
}

// Token types that can be made. To the server a backend token is the newer name of a client's.
const (
	ClientToken   = "client"
	BackendToken  = "backend"
	FrontendToken = "frontend"
)

type apiToken struct {
	Secret      string   `json:"secret"` // of a secure one, a list has its selector instead
	Name        string   `json:"tokenName"`
	Type        string   `json:"type"`
	Environment string   `json:"environment"`
	Projects    []string `json:"projects"`
	ExpiresAt   *string  `json:"expiresAt"`
	CreatedAt   string   `json:"createdAt"`
	Secure      bool     `json:"secure"` // stored as a hash: nobody can read it any more
}

// The secret of a secure token holds the selector by which the server knows it.
var secureToken = regexp.MustCompile(`\.v2_([A-Za-z0-9_-]{22})_[A-Za-z0-9_-]{43}$`)

func fingerprint(secret string) string {
	if selector := secureToken.FindStringSubmatch(secret); selector != nil {
		secret = selector[1]
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:8])
}

func (t apiToken) object() APIToken {
	o := APIToken{
		ID: fingerprint(t.Secret), Name: t.Name, Type: strings.ToLower(t.Type), Environment: t.Environment, Projects: t.Projects,
		ExpiresAt: t.ExpiresAt, CreatedAt: t.CreatedAt, Secret: t.Secret,
	}
	if t.Secure && secureToken.FindString(t.Secret) == "" {
		o.Secret = ""
	}
	return o
}

// is compares with what is known of a token, which may be its id alone.
func (t apiToken) is(at APIToken) bool {
	if t.Secret != "" {
		return fingerprint(t.Secret) == at.ID
	}
	return at.Secret != "" && t.Name == at.Name && SameInstant(&t.CreatedAt, &at.CreatedAt)
}

var apiTokensPath = rest.P("/api/admin/api-tokens")

// apiTokens are all tokens, of administrators too.
var apiTokens = collection[apiToken]{
	name: "api tokens",
	list: func(c *Client, ctx context.Context) ([]apiToken, error) {
		return listOf[apiToken](ctx, c, apiTokensPath, "tokens")
	},
	same: func(a, b apiToken) bool { return a.Secret == b.Secret },
}

func (c *Client) findAPIToken(ctx context.Context, at APIToken) (apiToken, error) {
	all, err := apiTokens.all(ctx, c)
	if err != nil {
		return apiToken{}, err
	}
	for _, t := range all {
		if t.is(at) {
			return t, nil
		}
	}
	if at.Secret == "" && slices.ContainsFunc(all, func(t apiToken) bool { return t.Secret == "" }) {
		return apiToken{}, errors.New("this server does not show the secrets of its API tokens, so the fingerprint " + at.ID + " cannot be told to be that of one of them")
	}
	return apiToken{}, notFound(apiTokensPath, "There is no API token with the fingerprint %s", at.ID)
}

// APIToken reads one, out of the list. A secret that the server does not show is the one that is known.
func (c *Client) APIToken(ctx context.Context, at APIToken) (APIToken, error) {
	t, err := c.findAPIToken(ctx, at)
	if err != nil {
		return at, err
	}
	got := t.object()
	if got.Secret == "" {
		got.ID, got.Secret = at.ID, at.Secret
	}
	return got, nil
}

// CreateAPIToken makes one.
func (c *Client) CreateAPIToken(ctx context.Context, want APIToken) (APIToken, error) {
	type body struct {
		Name        string   `json:"tokenName"`
		Type        string   `json:"type"`
		Environment string   `json:"environment"`
		Projects    []string `json:"projects"`
		ExpiresAt   *string  `json:"expiresAt,omitempty"`
	}
	in := body{want.Name, want.Type, want.Environment, want.Projects, want.ExpiresAt}
	t, err := apiTokens.create(ctx, c, apiTokensPath, in, func(t apiToken) bool {
		return t.object().Secret != "" && t.Name == want.Name && t.Environment == want.Environment && sameSet(t.Projects, want.Projects) && SameInstant(t.ExpiresAt, want.ExpiresAt)
	})
	switch {
	case err != nil && strings.Contains(err.Error(), "Environment="):
		return want, about(err, "environment")
	case err != nil && strings.Contains(err.Error(), "Project="):
		return want, about(err, "projects")
	}
	return t.object(), err
}

// UpdateAPIToken changes when it expires, which is all that can change. The server calls it a success for a token that it
// does not have, too, so the token is read again.
func (c *Client) UpdateAPIToken(ctx context.Context, prior, want APIToken) (APIToken, error) {
	if want.ExpiresAt != nil && !SameInstant(prior.ExpiresAt, want.ExpiresAt) {
		path, err := c.apiTokenPath(ctx, want)
		if err != nil {
			return want, err
		}
		err = c.rest.Do(ctx, http.MethodPut, path, map[string]any{"expiresAt": want.ExpiresAt}, nil)
		c.forget(apiTokens.name)
		if err != nil {
			return want, about(err, "expiresAt")
		}
	}
	return c.APIToken(ctx, want)
}

// DeleteAPIToken deletes one.
func (c *Client) DeleteAPIToken(ctx context.Context, at APIToken) error {
	path, err := c.apiTokenPath(ctx, at)
	if err != nil {
		return err
	}
	err = c.rest.Do(ctx, http.MethodDelete, path, nil, nil)
	c.forget(apiTokens.name)
	return err
}

// apiTokenPath is where one is changed. The server takes the selector of a secure one as well.
func (c *Client) apiTokenPath(ctx context.Context, at APIToken) (rest.Path, error) {
	secret := at.Secret
	if secret == "" {
		t, err := c.findAPIToken(ctx, at)
		if err != nil {
			return rest.Path{}, err
		}
		secret = t.Secret
	}
	return rest.P("/api/admin/api-tokens/{}", rest.Secret(secret)), nil
}

// APITokens lists those that SDKs use: not those of administrators, which nobody can make.
func (c *Client) APITokens(ctx context.Context, _ APIToken) iter.Seq2[APIToken, error] {
	all, err := apiTokens.all(ctx, c)
	return func(yield func(APIToken, error) bool) {
		if err != nil {
			yield(APIToken{}, err)
			return
		}
		for _, t := range all {
			if o := t.object(); t.Secret != "" && o.Type != "admin" && !yield(o, nil) {
				return
			}
		}
	}
}

// CountAPITokens counts what the server's limit counts.
func (c *Client) CountAPITokens(ctx context.Context) (int, error) {
	all, err := apiTokens.all(ctx, c)
	return len(all), err
}

// SameInstant says that two times are the same to the server, which keeps milliseconds.
func SameInstant(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	s, errS := time.Parse(time.RFC3339, *a)
	t, errT := time.Parse(time.RFC3339, *b)
	return *a == *b || errS == nil && errT == nil && s.Truncate(time.Millisecond).Equal(t.Truncate(time.Millisecond))
}
