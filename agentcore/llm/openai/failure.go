package openai

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// failure makes of an error one that says whether to try again, and neither
// where the server is, nor the key, nor a word that was said.
func (m *Model) failure(ctx context.Context, op string, err error) error {
	var inStream *ssestream.StreamError
	if ctx.Err() == nil && errors.As(err, &inStream) { // an error that came instead of words
		return provider.Said(m.cfg.Name, op, inStream.Event.Data)
	}
	return provider.Failure(ctx, m.cfg.Name, op, err)
}

// wait waits before another try, and says whether there is to be one: only
// after an answer that asks for it or a connection that never was, and only if
// the wait ends before the first word is due.
func (m *Model) wait(w *provider.Watchdog, try int, err error) bool {
	pause := 250 * time.Millisecond << try
	var e *provider.Error
	var status *provider.StatusError
	var dial *net.OpError
	switch {
	case errors.As(err, &e) && errors.As(err, &status):
		if !e.Retry {
			return false
		}
		if e.After > 0 {
			pause = e.After
		}
	case errors.As(err, &dial) && dial.Op == "dial":
	default:
		return false
	}
	if w.Ctx.Err() != nil || time.Now().Add(pause).After(w.Until) {
		return false
	}
	if status != nil {
		m.log.Warn(m.cfg.Name+": trying again", "status", status.Status, "code", status.Code, "try", try+1, "wait", pause)
	} else {
		m.log.Warn(m.cfg.Name+": trying again: no connection", "try", try+1, "wait", pause)
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.Ctx.Done():
		return false
	}
}
