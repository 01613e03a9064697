package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

const provider = "openai"

// failure makes of an error one that says whether to try again, and neither
// where the server is, nor the key, nor a word that was said.
func (m *Model) failure(ctx context.Context, op string, err error) error {
	e := &llm.Error{Provider: provider, Op: op, Err: err, Retry: true}
	var status *statusError
	var inStream *ssestream.StreamError
	var stall *StallError
	var u *url.Error
	switch {
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &stall):
		e.Err = stall
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &status):
		e.Err, e.Code, e.Retry = status, status.status, status.retry()
	case errors.As(err, &inStream):
		e.Err = streamError(inStream)
	case errors.Is(err, errTooMuch), errors.Is(err, errLine):
		e.Retry = false
	case errors.As(err, &u):
		e.Err = u.Err // without the address
	case op == "stream" && !errors.Is(err, io.ErrUnexpectedEOF):
		e.Err = fmt.Errorf("the stream broke off: %T", err) // its text may hold what was said
	}
	if m.cfg.Key != "" && strings.Contains(e.Err.Error(), m.cfg.Key) {
		e.Err = errors.New("an error that names the key")
	}
	return e
}

// streamError is an error that came instead of words.
func streamError(s *ssestream.StreamError) error {
	if code := errorCode(s.Event.Data); code != "" {
		return errors.New("the server broke off: " + code)
	}
	return errors.New("the server broke off")
}

// wait waits before another try, and says whether there is to be one: only
// after an answer that asks for it or a connection that never was, and only if
// the wait ends before the first word is due.
func (m *Model) wait(w *watchdog, try int, err error) bool {
	pause := 250 * time.Millisecond << try
	var status *statusError
	var dial *net.OpError
	switch {
	case errors.As(err, &status):
		if !status.retry() {
			return false
		}
		if status.retryAfter >= 0 {
			pause = status.retryAfter
		}
	case errors.As(err, &dial) && dial.Op == "dial":
	default:
		return false
	}
	if w.ctx.Err() != nil || time.Now().Add(pause).After(w.until) {
		return false
	}
	if status != nil {
		m.log.Warn("openai: trying again", "status", status.status, "code", status.code, "try", try+1, "wait", pause)
	} else {
		m.log.Warn("openai: trying again: no connection", "try", try+1, "wait", pause)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.ctx.Done():
		return false
	}
}
