package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// maxRetryAfter bounds what a server may ask for; Flagsmith's throttle asks for 60 s.
const maxRetryAfter = 90 * time.Second

// call is what the parts of the HTTP stack need to know about the request they handle.
type call struct {
	method, template string
	attempt          int // from 1
	status           int // of the last attempt that was answered

	mu      sync.Mutex
	waiting bool // for the next attempt
	stopped bool
}

// wait says whether there is to be a next attempt.
func (c *call) wait() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = true
	return !c.stopped
}

func (c *call) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
}

// stop cancels the wait for the next attempt, but no attempt.
func (c *call) stop(cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped = true; c.waiting {
		cancel()
	}
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// logging writes one line per attempt. It knows the template alone, so nothing secret can slip in.
type logging struct {
	http.RoundTripper
	backend string
}

func (l logging) RoundTrip(request *http.Request) (*http.Response, error) {
	call := callOf(request.Context())
	call.goOn()
	call.attempt++
	start := time.Now()
	response, err := l.RoundTripper.RoundTrip(request)
	fields := map[string]any{
		"backend":     l.backend,
		"method":      call.method,
		"path":        call.template,
		"attempt":     call.attempt,
		"duration_ms": time.Since(start).Milliseconds(),
	}
	if err == nil {
		call.status = response.StatusCode
		fields["status"] = response.StatusCode
	}
	tflog.Debug(request.Context(), "request", fields)
	return response, err
}

func retryable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func checkRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	again := worthAgain(ctx, response, err)
	if again && !callOf(ctx).wait() {
		return false, context.Canceled
	}
	return again, nil
}

// once says that a request must not be repeated where the server may have acted on it.
func once(ctx context.Context, method string) bool {
	return method == http.MethodPost && ctx.Value(repeatableKey{}) == nil
}

func worthAgain(ctx context.Context, response *http.Response, err error) bool {
	post := once(ctx, callOf(ctx).method)
	if err != nil {
		return !permanent(err) && (!post || neverSent(err))
	}
	if !retryable(response.StatusCode) {
		return false
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return !post || response.Header.Get("Retry-After") != ""
	}
	return !post
}

// notRepeated is what to do where the package would not risk making an object twice.
const notRepeated = "The request was not repeated, for the server may have acted on it: look whether the object is there now, and apply again."

// neverSent tells that no connection was made, so that the server cannot have acted.
func neverSent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect")
}

// permanent tells that trying again cannot help: it is the address or the certificate that is wrong.
func permanent(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var name *net.DNSError
	return errors.As(err, &verification) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &name) && name.IsNotFound
}

// backoff is the time before the next attempt: what the server asks for, else exponential. Jitter keeps those that were
// turned away together from coming back together.
func backoff(least, most time.Duration, attempt int, response *http.Response) time.Duration {
	if response != nil {
		if wait, ok := retryAfter(response.Header, time.Now()); ok {
			return min(wait, maxRetryAfter) + rand.N(time.Second)
		}
	}
	wait := most
	if attempt < 16 {
		wait = min(least<<attempt, most)
	}
	return wait/2 + rand.N(wait/2+1)
}

// retryAfter reads Retry-After, in seconds or as a date. A date is compared with the server's own clock where it sends
// one: clocks differ.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(until.Sub(now), 0), true
}

// interrupted reports that the context ended first, and what the server had said until then.
func (c *Client) interrupted(ctx context.Context, method string, path Path, call *call) error {
	last := ""
	if call != nil && call.status != 0 {
		last = fmt.Sprintf(" after %d attempts, the last answered with %d", call.attempt, call.status)
	}
	return fmt.Errorf("%s: %s %s: gave up%s: %w", c.config.Backend, method, path, last, ctx.Err())
}

// unreachable turns an error of the network into one sentence: which host, why, and what to do.
func (c *Client) unreachable(ctx context.Context, method string, path Path, err error) error {
	// url.Error would show the query.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var (
		proxy       *net.OpError
		lookup      *net.DNSError
		authority   x509.UnknownAuthorityError
		name        x509.HostnameError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	setting := func(name string) string { return attribute(c.config, name) }
	reason := "the connection failed; check " + setting("url") + " and the network"
	switch {
	case errors.As(err, &proxy) && proxy.Op == "proxyconnect":
		reason = "the proxy does not answer; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		reason = "there is no such host; check " + setting("url")
	case errors.Is(err, syscall.ECONNREFUSED):
		reason = "the connection is refused, nothing listens there; check " + setting("url") + " and that the server runs"
	case errors.As(err, &authority):
		reason = "its certificate is signed by an unknown authority; give that authority's certificate in " + setting("ca_cert_file")
	case errors.As(err, &name):
		reason = "its certificate is for another host; check " + setting("url")
	case errors.As(err, &certificate):
		reason = "its certificate is not valid"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		reason = "it speaks plain HTTP, not HTTPS; check the scheme of " + setting("url")
	case os.IsTimeout(err):
		reason = fmt.Sprintf("no answer in time (%s); a slow server needs a longer %s", c.config.Timeout, setting("request_timeout"))
	}
	text := fmt.Sprintf("%s: %s %s: cannot reach %s: %s (%v)", c.config.Backend, method, path, c.host, reason, err)
	if once(ctx, method) && !neverSent(err) && !permanent(err) {
		text += ". " + notRepeated
	}
	return &unreachable{text: oneLine(c.secrets.text(text, path.secrets...)), cause: err}
}

type unreachable struct {
	text  string
	cause error
}

func (e *unreachable) Error() string   { return e.text }
func (e *unreachable) Unwrap() []error { return []error{ErrUnreachable, e.cause} }
