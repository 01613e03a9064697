package openai

import (
	"context"
	"errors"

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

// wait waits before another try, and says whether there is to be one.
func (m *Model) wait(w *provider.Watchdog, try int, err error) bool {
	pause, ok := w.Again(try, err)
	if !ok {
		return false
	}
	var status *provider.StatusError
	if errors.As(err, &status) {
		m.log.Warn(m.cfg.Name+": trying again", "status", status.Status, "code", status.Code, "try", try+1, "wait", pause)
	} else {
		m.log.Warn(m.cfg.Name+": trying again: no connection", "try", try+1, "wait", pause)
	}
	return w.Sleep(pause)
}
