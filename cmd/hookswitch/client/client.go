// Package client talks to a gateway's own API, /api/v2, as the commands do that
// look after agents, calls, webhooks and numbers. What goes wrong it tells as a
// [fault.Fault], with what to type about it.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Default is the gateway that is asked when none is named.
const Default = "http://127.0.0.1:8080"

const (
	answerLimit = 256 << 20 // bytes of an answer that is JSON; a thousand agents with long prompts
	defaultWait = 30 * time.Second
	uploadWait  = 10 * time.Minute
)

// Config says which gateway, and as whom.
type Config struct {
	Server    string            // base URL. Empty means [Default]
	Key       string            // API key. Required; in no error and no log
	Timeout   time.Duration     // of one request and its answer; not of a stream or a recording. Zero means 30 s
	UserAgent string            // empty: hookswitch
	Transport http.RoundTripper // nil: one of its own
}

// Client asks one gateway. It may be used from any goroutine.
type Client struct {
	base    *url.URL
	key     string
	agent   string
	timeout time.Duration
	http    *http.Client
}

// New checks c. Nothing is asked yet.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.Server)
	if err != nil {
		return nil, err
	}
	if err := checkKey(c.Key); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultWait
	}
	if c.UserAgent == "" {
		c.UserAgent = "hookswitch"
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment, // never for loopback
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 2 * time.Minute,
			ForceAttemptHTTP2:     true,
			IdleConnTimeout:       30 * time.Second,
		}
	}
	return &Client{base: base, key: c.Key, agent: c.UserAgent, timeout: c.Timeout, http: &http.Client{
		Transport: c.Transport,
		// The key is for this server only.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Server is the base URL that is asked.
func (c *Client) Server() string { return c.base.String() }

// Get asks for path, which begins behind /api/v2, and decodes the answer into
// into; nil drops it.
func (c *Client) Get(ctx context.Context, path string, query url.Values, into any) error {
	return c.ask(ctx, request{method: http.MethodGet, path: path, query: query}, into)
}

// Send sends body, nil for none, as JSON and decodes the answer into into.
func (c *Client) Send(ctx context.Context, method, path string, body, into any) error {
	return c.ask(ctx, request{method: method, path: path, body: body}, into)
}

// Once is a POST with an idempotency key: sent again with the same key, it does
// nothing a second time. replayed says that the gateway had done it before.
func (c *Client) Once(ctx context.Context, path, key string, body, into any) (replayed bool, err error) {
	r := request{method: http.MethodPost, path: path, body: body, header: http.Header{"Idempotency-Key": {key}}, replayed: &replayed}
	err = c.ask(ctx, r, into)
	return replayed, err
}

// Upload sends a file of a content type, as it is read, and decodes the answer
// into into. open is called again for each try. It may take ten minutes.
func (c *Client) Upload(ctx context.Context, path string, query url.Values, kind string, open func() (io.ReadCloser, error), into any) error {
	return c.ask(ctx, request{method: http.MethodPost, path: path, query: query, open: open, kind: kind}, into)
}

// Copy writes the body at path to w, as long as it lasts, and returns how many
// bytes it was.
func (c *Client) Copy(ctx context.Context, path string, w io.Writer) (int64, error) {
	r := request{method: http.MethodGet, path: path, accept: "*/*"}
	resp, err := c.do(ctx, r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(w, resp.Body)
	if err != nil {
		return n, c.unreachable(ctx, r, err)
	}
	return n, nil
}

// request is one question.
type request struct {
	method, path string
	query        url.Values
	body         any
	open         func() (io.ReadCloser, error) // of a body that is a file, in the place of body
	kind         string                        // of that file
	header       http.Header
	accept       string // empty: JSON
	replayed     *bool
}

// String names r in errors: without its query, which may hold a number.
func (r request) String() string {
	path, _, _ := strings.Cut(r.path, "?")
	return r.method + " /api/v2" + path
}

// ask does r within the client's time-out and decodes the answer.
func (c *Client) ask(ctx context.Context, r request, into any) error {
	timeout := c.timeout
	if r.open != nil {
		timeout = max(timeout, uploadWait)
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.patient(within, r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the person stopped it
		}
		return err
	}
	defer resp.Body.Close()
	if r.replayed != nil {
		*r.replayed = resp.Header.Get("Idempotent-Replayed") == "true"
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return c.unreachable(within, r, err)
	case len(text) > answerLimit:
		return c.strange(r, resp, "more than 256 MB")
	case into == nil || resp.StatusCode == http.StatusNoContent:
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return c.strange(r, resp, "no JSON that this build understands")
	}
	return nil
}

// longestBreath is how long the gateway may ask a client to slow down before it
// is told to the person.
const longestBreath = 15 * time.Second

// patient is do, again when the gateway asks for a little time: what it turned
// away for its pace it did not do.
func (c *Client) patient(ctx context.Context, r request) (*http.Response, error) {
	for {
		resp, err := c.do(ctx, r)
		var e *Error
		if err == nil || !errors.As(err, &e) || e.Status != http.StatusTooManyRequests || e.Retry <= 0 || e.Retry > longestBreath {
			return resp, err
		}
		select {
		case <-time.After(e.Retry):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// do sends r and returns an answer that is good: its status is 2xx. Its body is
// the caller's to close.
func (c *Client) do(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("client: %s: %w", r, err)
		}
		body = bytes.NewReader(b)
	}
	if r.open != nil {
		file, err := r.open()
		if err != nil {
			return nil, err
		}
		defer file.Close()
		body = file
	}
	u := c.base.String() + "/api/v2" + r.path
	if len(r.query) > 0 {
		u += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u, body)
	if err != nil {
		return nil, fmt.Errorf("client: %s: %w", r.method, err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if body != nil {
		req.Header.Set("Content-Type", cmp.Or(r.kind, "application/json"))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, r, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, c.refusal(r, resp)
}

// Path joins parts, each of them escaped, to a path: Path("agents", id).
func Path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
