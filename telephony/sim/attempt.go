package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// watch ends an attempt that is not connected, or not answered, in time.
type watch struct {
	timer     *time.Timer
	connected atomic.Bool
	read      time.Duration
	cancel    context.CancelCauseFunc
	ctx       context.Context
}

// watched is ctx for one attempt, which must be stopped.
func watched(ctx context.Context, o overrides) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{read: o.read, cancel: cancel, ctx: ctx}
	w.timer = time.AfterFunc(o.connect, func() {
		if w.connected.Load() {
			cancel(errRead)
			return
		}
		cancel(errConnect)
	})
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		w.connected.Store(true)
		w.timer.Reset(o.read)
	}}), w
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// why is errConnect or errRead if that is how the attempt failed, and err
// otherwise.
func (w *watch) why(err error) error {
	var refused *net.OpError
	switch cause := context.Cause(w.ctx); {
	case errors.Is(cause, errConnect), errors.Is(cause, errRead):
		return cause
	case errors.As(err, &refused) && refused.Op == "dial":
		return errConnect
	}
	return err
}

// parts is body, of which every part may take as long as the first did.
func (w *watch) parts(body io.Reader) io.Reader { return &parts{body, w} }

type parts struct {
	body  io.Reader
	watch *watch
}

// Read implements [io.Reader].
func (p *parts) Read(b []byte) (int, error) {
	p.watch.timer.Reset(p.watch.read)
	return p.body.Read(b)
}
