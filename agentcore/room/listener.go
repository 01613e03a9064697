package room

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/telephony"
)

// listener is a listening job's being here.
type listener struct {
	job     Job
	ear     *tap.Ear
	entries chan agentcore.Entry
	cancel  context.CancelCauseFunc
	late    *time.Timer   // ends it when it takes too long to finish; set by hushed
	gone    chan struct{} // closed when it has returned
	err     error         // then: why the job failed
	deaf    bool          // entries is closed; of the part's mutex
}

// entriesKept is how many entries wait for a listener that is busy.
const entriesKept = 256

var (
	errHushed  = errors.New("room: the job is over")
	errLingers = errors.New("room: the listener took too long to finish")
	errTwice   = errors.New("room: the job goes on elsewhere")
)

// tell and hushed are called with the part's mutex held.
func (l *listener) tell(e agentcore.Entry) {
	if l.deaf {
		return
	}
	select {
	case l.entries <- e:
	default:
	}
}

// hushed says that there is no more to hear. What it heard it may finish.
func (l *listener) hushed() {
	if l.deaf {
		return
	}
	l.deaf = true
	close(l.entries)
	l.ear.Close()
	l.late = time.AfterFunc(linger, func() { l.cancel(errLingers) })
}

// hear has a job listen. It reports whether the job has moved on, so that another
// plan is due.
func (p *part) hear(id string) bool {
	j, ok := p.job(id)
	if !ok || p.isGone() {
		return false
	}
	if j.Kind != Worker {
		switch err := p.running(j); {
		case errors.Is(err, ErrMoved):
			return true
		case err != nil:
			return false
		}
		j, _ = p.job(id)
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(p.ctx))
	l := &listener{job: j, entries: make(chan agentcore.Entry, entriesKept), cancel: cancel, gone: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		cancel(errHushed)
		return false
	}
	l.ear = p.tap.Listen()
	p.ears[id] = l
	p.h.listen(ctx, p, l)
	return false
}

// listen runs l. A listener of the same job that is not quite done is waited for.
func (h *Host) listen(ctx context.Context, p *part, l *listener) {
	h.mu.Lock()
	before := h.listeners[l.job.ID]
	h.listeners[l.job.ID] = l
	h.mu.Unlock()
	h.listening.Go(func() {
		if before != nil {
			before.cancel(errTwice)
			<-before.gone
		}
		l.err = h.cfg.Listen(ctx, Listening{Call: p.call, Job: l.job, Ear: l.ear, Entries: l.entries})
		h.mu.Lock()
		if h.listeners[l.job.ID] == l {
			delete(h.listeners, l.job.ID)
		}
		h.mu.Unlock()
		p.returned(l)
		l.cancel(nil)
		close(l.gone)
	})
}

// returned hands l back to the part's owner.
func (p *part) returned(l *listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !l.deaf {
		l.deaf = true
		close(l.entries)
		l.ear.Close()
	} else {
		l.late.Stop()
	}
	if p.ears[l.job.ID] == l {
		delete(p.ears, l.job.ID)
	}
	if !p.gone {
		p.done = append(p.done, l)
		p.wake()
	}
}

// hush takes a listener off whose job is over.
func (p *part) hush(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.ears[id]; l != nil {
		l.hushed()
		l.cancel(errHushed)
		delete(p.ears, id)
	}
}

// reap sees to listeners that returned though nobody took them off.
func (p *part) reap() {
	p.mu.Lock()
	done := p.done
	p.done = nil
	p.mu.Unlock()
	for _, l := range done {
		if j, ok := p.job(l.job.ID); !ok || j.Status.Over() {
			continue
		}
		if l.err == nil {
			p.finish(l.job.ID, Success, ReasonNone, "")
			continue
		}
		p.h.cfg.Log.Warn("an agent that listens to a call failed", "call", p.call.ID, "job", l.job.ID, "error", l.err)
		if errors.Is(l.err, ErrBusy) {
			p.finish(l.job.ID, Failed, ReasonNoCapacity, "it takes no more jobs for now; the gateway's log says why")
			continue
		}
		p.finish(l.job.ID, Failed, ReasonNone, "it could not go on listening; the gateway's log says why")
	}
}

// Overhear gives both sides of a call whose caller is with somebody else to
// whoever listens to it, until ears end or ctx is cancelled. Ears are closed then.
func (h *Host) Overhear(ctx context.Context, call telephony.Call, ears telephony.Ears) error {
	p := h.begin(ctx, call)
	defer p.end()
	defer context.AfterFunc(ctx, func() { _ = ears.Close() })()
	over := make(chan error, 1)
	go func() { over <- p.feed(ears) }()
	for {
		p.reap()
		again := p.step()
		select {
		case err := <-over:
			return errors.Join(err, ears.Close())
		case <-p.poke:
		case <-at(again):
		}
	}
}
