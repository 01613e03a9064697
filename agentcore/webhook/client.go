package webhook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Outgoing is a request that is ready to be sent. [Render] makes one.
type Outgoing struct {
	Method  string
	URL     string
	Header  http.Header
	Body    []byte        // nil: none
	Timeout time.Duration // of the whole exchange. Zero means [DefaultTimeout]
}

// Client sends requests to addresses that users chose. It is used by many
// goroutines at once.
type Client struct {
	policy    Policy
	transport *http.Transport
	log       *slog.Logger
}

// NewClient returns a client that goes where p lets it. log may be nil. Close
// must be called.
func NewClient(p Policy, log *slog.Logger) *Client {
	dialer := &net.Dialer{Timeout: connectTimeout, Control: p.guard()}
	return newClient(p, log, dialer.DialContext)
}

func newClient(p Policy, log *slog.Logger, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Client {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{policy: p, log: log, transport: &http.Transport{
		Proxy:                  nil, // a proxy would resolve names behind the guard's back
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.Roots},
		TLSHandshakeTimeout:    connectTimeout,
		MaxResponseHeaderBytes: headerBytes,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true, // what is bounded and recorded is what was sent
		ForceAttemptHTTP2:      true,
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do sends o and reads the whole answer. The Exchange tells what happened in
// either case; the error, when there is one, is an [*Error]: no answer, a
// status that is not 2xx, or an answer beyond bounds.
func (c *Client) Do(ctx context.Context, o Outgoing) (Exchange, error) {
	x := begin(o, time.Now())
	err := c.do(ctx, o, &x)
	x.Took = time.Since(x.Started)
	if err != nil {
		x.Err = err.Text
		c.log.DebugContext(ctx, "webhook failed", "kind", err.Kind, "status", err.Status, "took", x.Took)
		return x, err
	}
	return x, nil
}

func (c *Client) do(ctx context.Context, o Outgoing, x *Exchange) *Error {
	ctx, cancel := context.WithTimeout(ctx, min(cmp.Or(o.Timeout, DefaultTimeout), MaxTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, o.Method, o.URL, bytes.NewReader(o.Body))
	if err != nil {
		return &Error{Kind: BadRequest, Err: err, Text: "the address or the method is malformed"}
	}
	if why := c.policy.scheme(req.URL.Scheme); why != "" {
		return refuse(Forbidden, "the address "+why)
	}
	if len(o.Body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	if o.Header != nil {
		req.Header = o.Header.Clone()
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "hookswitch")
	}
	res, err := c.transport.RoundTrip(req) // no client: it would follow redirects and keep cookies
	if err != nil {
		return failed(within(ctx, err))
	}
	defer func() { _ = res.Body.Close() }() // what it holds was read, or is not wanted
	x.answer(res)
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	large := len(body) > MaxBody
	x.body(body[:min(len(body), MaxBody)])
	if bad := answered(res.StatusCode, res.Header, time.Now()); bad != nil {
		return bad
	}
	switch {
	case err != nil:
		return failed(within(ctx, err))
	case large:
		return &Error{Kind: TooLarge, Status: res.StatusCode, Text: "the answer is larger than 1 MB"}
	}
	return nil
}

// within prefers to say that time was up over what broke because of it.
func within(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// Host is the part of an address that receivers are told apart by: its host and
// port. It is empty for an address that has none.
func Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
