package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Error is an exchange's failure, in a form a caller can act on. Its text may
// be shown to the webhook's owner: it holds no query, no credential and no
// address of ours. The cause that it wraps may hold more.
type Error struct {
	Kind       string        // see below
	Status     int           // of the answer; 0 when there was none
	Retryable  bool          // another try may succeed: 408, 425, 429, 5xx, and most failures without an answer
	RetryAfter time.Duration // the receiver asked to wait so long; 0 when it didn't
	Text       string
	Err        error // may be nil
}

// Kinds of an [Error].
const (
	BadRequest = "request"  // the request could not be made: the template or a value in it
	Forbidden  = "address"  // the policy does not let it go there
	NotFound   = "dns"      // the name leads nowhere
	NoConnect  = "connect"  // nobody listens
	NoTrust    = "tls"      // no safe connection
	TimedOut   = "timeout"  // no whole answer in time
	Broken     = "broken"   // the connection broke, or what came was no HTTP
	TooLarge   = "large"    // the answer is beyond bounds
	Redirected = "redirect" // a 3xx: redirects are not followed
	BadStatus  = "status"   // 4xx or 5xx
	Sealed     = "sealed"   // the secret that signs it can't be opened
	Stopped    = "stopped"  // we gave up: the call ended or the gateway stops
)

func (e *Error) Error() string { return "webhook: " + e.Text }
func (e *Error) Unwrap() error { return e.Err }

// refuse is an error of a request that was never sent.
func refuse(kind, text string) *Error { return &Error{Kind: kind, Text: text} }

// failed makes an Error of whatever the HTTP client says.
func failed(err error) *Error {
	var (
		dns       *net.DNSError
		cert      *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		timeout   net.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return &Error{Kind: Forbidden, Err: err, Text: "the host leads to an address that webhooks may not call (private, reserved, or a port below 1024 that is not the web's)"}
	case errors.Is(err, context.Canceled):
		return &Error{Kind: Stopped, Retryable: true, Err: err, Text: "given up before there was an answer"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Kind: TimedOut, Retryable: true, Err: err, Text: "no answer in time"}
	case errors.As(err, &dns):
		return &Error{Kind: NotFound, Retryable: true, Err: err, Text: "the host's name was not found"}
	case errors.As(err, &cert), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &authority):
		return &Error{Kind: NoTrust, Err: err, Text: "no safe connection: the certificate or the TLS of the host is not good"}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return &Error{Kind: NoConnect, Retryable: true, Err: err, Text: "nobody answers at the host"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &Error{Kind: Broken, Retryable: true, Err: err, Text: "the connection was cut before the answer was whole"}
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return &Error{Kind: TooLarge, Err: err, Text: "the answer's headers are longer than 64 KB"}
	}
	return &Error{Kind: Broken, Retryable: true, Err: err, Text: "what came back was no HTTP answer"}
}

// answered makes an Error of an answer's status; nil when it is good.
func answered(status int, h http.Header, now time.Time) *Error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return &Error{Kind: Redirected, Status: status, Text: "answered " + strconv.Itoa(status) + ": redirects are not followed"}
	}
	e := &Error{Kind: BadStatus, Status: status, Text: "answered " + strconv.Itoa(status)}
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		e.Retryable = true
		e.RetryAfter = retryAfter(h.Get("Retry-After"), now)
	}
	return e
}

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.Atoi(v); err == nil && s > 0 {
		return time.Duration(min(s, 7*24*3600)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
