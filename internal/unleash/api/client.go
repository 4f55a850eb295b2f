// Package api speaks with Unleash's admin API. It knows no Terraform. Every object carries its parents, so one value is
// also its address, and calls have the shapes that crud.Spec wants.
package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Config says which Unleash a Client talks to and as whom.
type Config struct {
	URL   string // with its base path, with or without a trailing /api: https://unleash.example.com
	Token string // an admin token, a personal access token or a service account's

	UserAgent      string
	Header         http.Header   // sent beside ours
	Timeout        time.Duration // of one attempt; 0: 60 s
	MaxRetries     int           // attempts after the first; 0: 4; negative: none
	MaxConcurrency int           // requests under way at once; 0: 8
	CACertFile     string        // PEM, in addition to the system's
	Insecure       bool          // accept any certificate

	// IntegrationDelay is how long a disabled integration is left before it is deleted: the server remembers enabled ones
	// for a minute, and one that is deleted meanwhile brings a stock server down when its events fire.
	IntegrationDelay time.Duration
}

// DefaultProject is the project that every edition has.
const DefaultProject = "default"

// Client is safe for concurrent use. What it remembers lives as long as it does, and is wrong only about what others
// change meanwhile.
type Client struct {
	rest   *rest.Client
	flight singleflight.Group
	wait   func(context.Context, time.Duration) error
	delay  time.Duration // Config.IntegrationDelay

	mu        sync.Mutex
	answers   map[string]any       // by question: what remember keeps
	dropped   map[string]int       // by question: how often forget was called
	asked     map[string]int       // by collection: how many of its objects were read
	made      map[string][]any     // by collection: what this client has made
	flags     map[string]*Flag     // by project/name
	ages      map[string]int       // by project, and by project/name: how often what is known of it has been dropped
	archivals map[string]time.Time // by project, and by project/name: when this client last archived a flag of it, or that one; "": any, or deleted one
	byServer  byServer
	tags      tagBook
	names     nameBook
}

// New checks the configuration. It sends nothing.
func New(config Config) (*Client, error) {
	token := strings.TrimSpace(config.Token)
	switch {
	case token == "":
		return nil, errors.New("unleash.token is not set, nor is UNLEASH_AUTH_TOKEN")
	case config.Header.Get("Authorization") != "":
		return nil, errors.New("unleash.headers cannot hold Authorization, which is where unleash.token goes")
	case strings.ContainsAny(token, " \t\r\n"):
		return nil, errors.New("unleash.token must be the token alone, without a scheme such as Bearer")
	}
	header := config.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Authorization", token)
	client, err := rest.New(rest.Config{
		Backend:        "unleash",
		BaseURL:        strings.TrimSuffix(strings.TrimRight(strings.TrimSpace(config.URL), "/"), "/api"),
		Header:         header,
		UserAgent:      config.UserAgent,
		Timeout:        config.Timeout,
		MaxRetries:     config.MaxRetries,
		MaxConcurrency: config.MaxConcurrency,
		CACertFile:     config.CACertFile,
		Insecure:       config.Insecure,
		DecodeError:    decodeError,
	})
	if err != nil {
		return nil, err
	}
	return &Client{rest: client, wait: rest.Pause, delay: config.IntegrationDelay, answers: map[string]any{}, dropped: map[string]int{}, asked: map[string]int{}, made: map[string][]any{}, flags: map[string]*Flag{}, ages: map[string]int{}, archivals: map[string]time.Time{}, byServer: newByServer(), tags: newTagBook(), names: newNameBook()}, nil
}

// remember asks once and keeps the answer until forget is called with the same question. Answers are shared: whoever gets
// one must not change it.
func remember[T any](ctx context.Context, c *Client, question string, f func(context.Context) (T, error)) (T, error) {
	return rest.Shared(ctx, &c.flight, question, func(ctx context.Context) (T, error) {
		c.mu.Lock()
		known, ok := c.answers[question].(T)
		dropped := c.dropped[question]
		c.mu.Unlock()
		if ok {
			return known, nil
		}
		value, err := f(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil && c.dropped[question] == dropped { // or a write has overtaken it
			c.answers[question] = value
		}
		return value, err
	})
}

// forget drops what remember keeps: a write has changed it.
func (c *Client) forget(questions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, question := range questions {
		delete(c.answers, question)
		c.dropped[question]++
		c.flight.Forget(question) // who asks from now on must not get the answer of a request that is under way
	}
}

// Resolve finds the number behind a name in an import id: only users are addressed by one that is not their own.
func (c *Client) Resolve(ctx context.Context, attribute string, _ map[string]int64, name string) (int64, error) {
	if attribute != "user_id" {
		return 0, fmt.Errorf("%s cannot be given by name", attribute)
	}
	return c.userNamed(ctx, name)
}

// notFound is an error of the provider's own making, where the server answers with a list that lacks the object.
func notFound(path rest.Path, format string, args ...any) error {
	return &rest.Error{Method: http.MethodGet, Path: path.String(), Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...), Kind: rest.ErrNotFound}
}

// hasStatus says that err is the server's answer with that status.
func hasStatus(err error, status int) bool {
	var answer *rest.Error
	return errors.As(err, &answer) && answer.Status == status
}

// lost says that a write has failed in a way that leaves open whether the server has acted on it: there was no answer, or it
// was a gateway's. What is there already may well be somebody else's.
func lost(err error) bool {
	var answer *rest.Error
	return err != nil && !errors.Is(err, rest.ErrExists) && (!errors.As(err, &answer) || answer.Status >= http.StatusInternalServerError || answer.Status < http.StatusBadRequest)
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
