package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/gorilla/websocket"
)

// Failure makes an Error of what a transport said, and adds neither where the
// server is, nor the key, nor a word that was said. The end of ctx, with its
// cause, is told before anything that it led to. An Error stays what it is.
func Failure(ctx context.Context, provider, op string, err error) *Error {
	var known *Error
	var stall *StallError
	switch {
	case errors.As(context.Cause(ctx), &stall):
		return New(provider, op, Timeout, stall)
	case ctx.Err() != nil:
		return New(provider, op, Canceled, canceled{context.Cause(ctx), ctx.Err()})
	case errors.As(err, &known):
		return known
	}
	return transport(provider, op, err)
}

// transport tells the failures of sockets apart.
func transport(provider, op string, err error) *Error {
	var stall *StallError
	var u *url.Error
	var dial *net.OpError
	var gone *websocket.CloseError
	var timeout net.Error
	var bad *json.SyntaxError
	var badType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &stall):
		return New(provider, op, Timeout, stall)
	case errors.As(err, &gone):
		return closed(provider, op, gone)
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errTooLarge):
		return New(provider, op, Garbage, errTooLarge)
	case errors.As(err, &bad), errors.As(err, &badType):
		return New(provider, op, Garbage, errors.New("its answer can't be understood"))
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return New(provider, op, Timeout, errors.New("no answer in time"))
	case errors.As(err, &dial) && dial.Op == "dial":
		return New(provider, op, Unavailable, errors.New("no connection"))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return New(provider, op, Unavailable, io.ErrUnexpectedEOF)
	case errors.As(err, &u):
		return New(provider, op, Unavailable, fmt.Errorf("the connection broke: %T", u.Err)) // without the address
	}
	return New(provider, op, Unavailable, fmt.Errorf("the connection broke: %T", err)) // its text may hold what was said
}

// closed is a websocket that the server closed. RFC 6455 section 7.4.1 names the
// codes; 4xxx are the provider's own. The reason's text is not kept: who knows
// what it holds.
func closed(provider, op string, c *websocket.CloseError) *Error {
	class := Unavailable
	switch c.Code {
	case websocket.CloseUnsupportedData, websocket.CloseInvalidFramePayloadData, websocket.CloseProtocolError:
		class = Refused
	case websocket.ClosePolicyViolation:
		class = Auth // Deepgram, ElevenLabs and others close so upon a bad key or plan
	case websocket.CloseMessageTooBig:
		class = Refused
	}
	e := New(provider, op, class, fmt.Errorf("the server closed the stream with code %d", c.Code))
	e.Code = c.Code
	return e
}

// canceled is the end of a context that keeps its cause, and is what
// errors.Is(err, context.Canceled) looks for.
type canceled struct{ cause, err error }

func (c canceled) Error() string   { return c.err.Error() }
func (c canceled) Unwrap() []error { return []error{c.cause, c.err} }
