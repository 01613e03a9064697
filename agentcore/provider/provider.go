// Package provider holds what every client of an outside service shares: the
// one form of a failure, how long to be patient, and the trace that tells a call
// what was done behind its back.
package provider

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Stage is the part of an agent that a provider plays.
type Stage string

// The stages, as journals and metrics name them.
const (
	Recogniser Stage = "recogniser"
	Model      Stage = "model"
	Voice      Stage = "voice"
)

// Class says what kind of failure it was. It is a label of metrics.
type Class string

// Classes of failures.
const (
	Auth        Class = "auth"         // the key is missing, wrong, or may not do this
	Quota       Class = "quota"        // paid up or used up: no later try will do
	RateLimited Class = "rate_limited" // too many at once; a later try may do
	Refused     Class = "refused"      // the request itself is wrong for this provider
	Unavailable Class = "unavailable"  // it can't be reached, broke off, or says that it is broken
	Timeout     Class = "timeout"      // it was silent for too long
	Garbage     Class = "garbage"      // its answer can't be understood, or is too large
	Canceled    Class = "canceled"     // we gave up ourselves: no failure of the provider
)

// Retryable reports whether the same request may succeed at another time.
func (c Class) Retryable() bool {
	return c == RateLimited || c == Unavailable || c == Timeout || c == Garbage
}

// Error is a provider's failure, in a form a caller can act on. Its text holds
// no key, no address and no word that was spoken.
type Error struct {
	Provider string        // "deepgram"
	Op       string        // "connect", "chat", "stream", "speak", "decode", "voices"
	Code     int           // HTTP status, websocket close code, or the provider's own; 0 if it gave none
	Class    Class         // empty only for failures of embedded providers
	Retry    bool          // another try may succeed
	After    time.Duration // it wants to be left alone for so long; 0 if it didn't say
	Err      error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.Provider, e.Op, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Timeout makes a time-out one to whoever asks for it.
func (e *Error) Timeout() bool { return e.Class == Timeout }

// New is an Error of class whose Retry is the class's own.
func New(provider, op string, class Class, err error) *Error {
	return &Error{Provider: provider, Op: op, Class: class, Retry: class.Retryable(), Err: err}
}

// ClassOf is the class of err, [Unavailable] when it says nothing of itself.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) && e.Class != "" {
		return e.Class
	}
	return Unavailable
}

// statusClass is what an HTTP status means.
func statusClass(status int) Class {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Auth
	case http.StatusPaymentRequired:
		return Quota
	case http.StatusTooManyRequests:
		return RateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return Unavailable
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return Refused
	}
	if status >= 500 {
		return Unavailable
	}
	return Refused
}
