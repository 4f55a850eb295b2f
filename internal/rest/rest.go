// Package rest speaks JSON over HTTP to one server. It knows no backend: what a server's errors look like is told to it
// by Config.DecodeError.
package rest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
)

// Config says which server a Client talks to and how.
type Config struct {
	Backend        string        // how log lines and errors call the server, and its block in the provider: "flagsmith"
	BaseURL        string        // scheme, host and base path; a missing or a trailing slash makes no difference
	Header         http.Header   // sent with every request: Authorization, extra headers
	UserAgent      string        //
	Timeout        time.Duration // of one attempt; 0: 60 s (deleting a big segment takes a real Flagsmith 10 s)
	MaxRetries     int           // attempts after the first; 0: 4; negative: none
	MaxConcurrency int           // requests under way at once, their waits between attempts included; 0: 8
	CACertFile     string        // PEM, in addition to the system's
	Insecure       bool          // accept any certificate

	// DecodeError reads a server's error body into e: Message, Fields, Kind, Hint. Status, Method and Path are set.
	// nil: the package's DecodeError.
	DecodeError func(e *Error, header http.Header, body []byte)
}

const maxResponse = 32 << 20 // bytes, uncompressed; 999 of the biggest features are below 8 MiB

// Client is safe for concurrent use.
type Client struct {
	config    Config
	base      string // without a trailing slash
	host      string
	slots     chan struct{}
	http      *retryablehttp.Client
	secrets   redactor
	maxLength int64
}

// New checks the configuration and makes a client. It sends nothing.
func New(config Config) (*Client, error) {
	if config.Timeout <= 0 {
		config.Timeout = 60 * time.Second
	}
	if config.MaxRetries == 0 {
		config.MaxRetries = 4
	}
	if config.MaxConcurrency <= 0 {
		config.MaxConcurrency = 8
	}
	if config.DecodeError == nil {
		config.DecodeError = DecodeError
	}
	base, err := baseURL(config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", attribute(config, "url"), err)
	}
	for name, values := range config.Header {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			return nil, fmt.Errorf("%s: the header %q holds a line break, which HTTP cannot send", config.Backend, name)
		}
	}
	transport := cleanhttp.DefaultPooledTransport() // takes the proxy from the environment
	transport.MaxIdleConnsPerHost = config.MaxConcurrency
	transport.IdleConnTimeout = time.Second // gunicorn, Flagsmith's server, closes after 2 s; a POST that meets that is lost
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: config.Insecure}
	if config.CACertFile != "" {
		if transport.TLSClientConfig.RootCAs, err = rootCAs(config.CACertFile); err != nil {
			return nil, fmt.Errorf("%s: %w", attribute(config, "ca_cert_file"), err)
		}
	}
	c := &Client{
		config:    config,
		base:      strings.TrimRight(base.String(), "/"),
		host:      base.Host,
		slots:     make(chan struct{}, config.MaxConcurrency),
		secrets:   newRedactor(config.Header),
		maxLength: maxResponse,
	}
	c.http = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: logging{transport, config.Backend},
			Timeout:   config.Timeout,
			// Go would repeat a redirected POST as a GET, and a token must not follow to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     max(config.MaxRetries, 0),
		RetryWaitMin: 500 * time.Millisecond,
		RetryWaitMax: 30 * time.Second,
		CheckRetry:   checkRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return c, nil
}

func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil: // the text is not repeated: it may hold a password
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New("must be an absolute http or https URL, such as https://flags.example.com")
	case u.User != nil:
		return nil, errors.New("must not hold a user name or a password: the token has its own attribute")
	case u.RawQuery != "", u.ForceQuery, u.Fragment != "", strings.Contains(text, "#"):
		return nil, errors.New("must not hold a query or a fragment")
	}
	return u, nil
}

func rootCAs(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}

// attribute is what the provider calls a setting: flagsmith.url.
func attribute(config Config, name string) string { return config.Backend + "." + name }

// Do sends one request, retrying as the package says, and decodes a successful answer into out (nil: ignored). Errors are *Error, or say which host could not be reached and why (ErrUnreachable), or wrap the
// context's error.
//
// Connection errors, 429 and 502, 503, 504 are retried. A POST is repeated only when the server cannot have acted: no
// connection was made, 429, or 503 with Retry-After, which is how a server turns a request away at the door; a gateway
// that lost its server half-way sends none. One that is Repeatable is repeated like the others.
func (c *Client) Do(ctx context.Context, method string, path Path, in, out any) error {
	if path.err != nil {
		return fmt.Errorf("%s: %s %w", c.config.Backend, method, path.err)
	}
	var payload any
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s: %s %s: %w", c.config.Backend, method, path, err)
		}
		payload = data
	}
	// A slot is kept while waiting to try again: when a server throttles, the others should not fill the gap.
	steady := Steady(ctx)
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-steady.Done():
		return c.interrupted(ctx, method, path, nil)
	}
	if steady.Err() != nil { // select may choose either
		return c.interrupted(ctx, method, path, nil)
	}
	call := &call{method: method, template: path.template}
	if method != http.MethodGet { // a write that is under way is not given up: the server would do it all the same
		begin(ctx)
		steady = context.WithoutCancel(ctx)
	}
	sending, cancel := context.WithCancel(context.WithValue(steady, callKey{}, call))
	defer cancel()
	defer context.AfterFunc(ctx, func() { call.stop(cancel) })()
	request, err := retryablehttp.NewRequestWithContext(sending, method, path.url(c.base), payload)
	if err != nil {
		return fmt.Errorf("%s: %s %s: %w", c.config.Backend, method, path, err)
	}
	for name, values := range c.config.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	request.Header.Set("Accept", "application/json")
	if c.config.UserAgent != "" {
		request.Header.Set("User-Agent", c.config.UserAgent)
	}
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	var body []byte
	read := false
	handle := func(response *http.Response) (err error) {
		defer response.Body.Close()
		body, err = io.ReadAll(io.LimitReader(response.Body, c.maxLength+1))
		read = true
		return err
	}
	request.SetResponseHandler(handle)  // inside the loop: a connection that breaks in the middle of an answer is retried
	response, err := c.http.Do(request) //nolint:bodyclose // handle closes it
	if err == nil && !read {            // the last attempt was to be retried, too
		err = handle(response)
	}
	switch {
	case err != nil && sending.Err() != nil, errors.Is(err, context.Canceled): // the wait was ended, or an attempt that could be
		return c.interrupted(ctx, method, path, call)
	case err != nil:
		return c.unreachable(ctx, method, path, err)
	}
	return c.decode(ctx, method, path, call, response, body, out)
}

func (c *Client) decode(ctx context.Context, method string, path Path, call *call, response *http.Response, body []byte, out any) error {
	e := &Error{Method: method, Path: path.String(), Status: response.StatusCode, RequestID: requestID(response.Header)}
	defer func() { c.secrets.clean(e, path.secrets...) }()
	switch {
	case int64(len(body)) > c.maxLength:
		e.Message = fmt.Sprintf("the answer is longer than %d MiB", c.maxLength>>20)
		return e
	case e.Status >= 300 && e.Status < 400:
		c.redirected(e, path, response)
		return e
	case e.Status < 200 || e.Status >= 300:
		c.config.DecodeError(e, response.Header, body)
		switch {
		case e.Hint != "":
		case e.Status == http.StatusNotFound && e.Kind == nil: // in no way in which this server says that an object is not there
			e.Hint = c.isThisIt()
		case !retryable(e.Status):
		case once(ctx, method) && e.Status != http.StatusTooManyRequests:
			e.Hint = notRepeated
		default:
			e.Hint = fmt.Sprintf("That was attempt %d, the last; %s and %s decide how hard the server is tried.",
				call.attempt, attribute(c.config, "max_retries"), attribute(c.config, "max_concurrency"))
		}
		return e
	case IsHTML(response.Header, body): // a login page of a proxy, the dashboard instead of the API
		e.Message = fmt.Sprintf("answered HTML (%s), not JSON", Title(body))
		e.Hint = c.isThisIt()
		return e
	case out == nil:
		return nil
	case len(bytes.TrimSpace(body)) == 0: // a proxy that answers for the server; nothing may be concluded from that
		e.Message = "answered nothing where JSON was expected"
		e.Hint = fmt.Sprintf("Does something stand between here and %s?", c.base)
		return e
	}
	if err := json.Unmarshal(body, out); err != nil {
		e.Message, e.Hint = "the answer is not the JSON that was expected: "+err.Error(), c.isThisIt()
		var mistyped *json.UnmarshalTypeError
		if errors.As(err, &mistyped) { // which names types of Go
			e.Message = fmt.Sprintf("the answer is not the JSON that was expected: %s is of the type %s", cmp.Or(fieldOf(mistyped), "it"), mistyped.Value)
		}
		return e
	}
	return nil
}

// fieldOf is where a value is of another type, without the structs that Go has around it.
func fieldOf(e *json.UnmarshalTypeError) string {
	return strings.Join(slices.DeleteFunc(strings.Split(e.Field, "."), func(name string) bool {
		return name != "" && unicode.IsUpper(rune(name[0]))
	}), ".")
}

// isThisIt is what to do about an answer that this server would not give.
func (c *Client) isThisIt() string {
	return fmt.Sprintf("Is %s the API? Check %s.", c.base, attribute(c.config, "url"))
}

// Unexpected is an answer that was a success, but not what was asked for: not "this flag". It may be another server's, so
// nothing may be concluded from it.
func (c *Client) Unexpected(method string, path Path, what string) error {
	e := &Error{Method: method, Path: path.String(), Status: http.StatusOK, Message: "the answer is not " + what, Hint: c.isThisIt()}
	c.secrets.clean(e, path.secrets...)
	return e
}

// redirected says where the server would send us and which base URL that suggests.
func (c *Client) redirected(e *Error, path Path, response *http.Response) {
	e.Message = "redirects, and redirects are not followed"
	location, err := response.Location()
	if err != nil {
		return
	}
	location.User, location.RawQuery, location.Fragment = nil, "", ""
	e.Message = c.secrets.text("redirects to "+location.String()+", and redirects are not followed", path.secrets...)
	e.Hint = fmt.Sprintf("Set %s to the address that answers itself.", attribute(c.config, "url"))
	if base, found := strings.CutSuffix(location.String(), path.expanded); found && base != c.base {
		e.Hint = fmt.Sprintf("Set %s to %s if that is the server you mean.", attribute(c.config, "url"), base)
	}
}

func requestID(header http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Correlation-Id", "X-Amzn-Trace-Id", "Cf-Ray"} {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// Get reads one JSON value.
func Get[T any](ctx context.Context, c *Client, path Path) (T, error) {
	return Send[T](ctx, c, http.MethodGet, path, nil)
}

// Send sends in as JSON (nil: no body) and reads one JSON value.
func Send[T any](ctx context.Context, c *Client, method string, path Path, in any) (T, error) {
	var out T
	err := c.Do(ctx, method, path, in, &out)
	return out, err
}
