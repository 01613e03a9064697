package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Line is a call's place in a room. When our connection to the server breaks, it
// joins anew for Config.Rejoin; meanwhile nothing is heard on either side.
type Line struct {
	c       Config
	at      *url.URL
	token   string // the newest: the server renews it. Owned by run once started
	people  *presence
	voices  voices
	mouths  []*mouth // the caller's, and the agent's when Config.Both
	session atomic.Pointer[session]

	gone   chan struct{}
	err    error // set before gone is closed
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newLine(c Config, at *url.URL) *Line {
	l := &Line{c: c, at: at, token: c.Token, people: newPresence(c.Agent), gone: make(chan struct{})}
	l.mouths = append(l.mouths, newMouth("caller"))
	if c.Both {
		l.mouths = append(l.mouths, newMouth("agent"))
	}
	return l
}

// joining is what a session of this line needs to know.
func (l *Line) joining() joining {
	return joining{at: l.at, token: l.token, people: l.people, voices: &l.voices, mouths: l.mouths, codec: ulawCodec, log: l.c.Log}
}

func (l *Line) start(s *session) {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.session.Store(s)
	for i, m := range l.mouths {
		l.done.Go(func() {
			m.speak(ctx, func() track {
				if s := l.session.Load(); s != nil {
					return s.tracks[i]
				}
				return nil
			})
		})
	}
	l.done.Go(func() { l.run(ctx, s) })
}

// run watches over the line until it is gone or closed.
func (l *Line) run(ctx context.Context, s *session) {
	err := l.watch(ctx, s)
	if s := l.session.Swap(nil); s != nil {
		s.close()
	}
	l.err = err
	close(l.gone)
}

func (l *Line) watch(ctx context.Context, s *session) error {
	for {
		over, why, again := l.people.gone(l.c.Wait, l.c.Grace)
		if over {
			return why
		}
		var late <-chan time.Time
		if again > 0 {
			late = time.After(again)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.people.changed:
		case <-late:
		case <-s.over:
			next, err := l.rejoin(ctx, s)
			if next == nil {
				return err
			}
			s = next
		}
	}
}

// rejoin is what happens when a session is over: nothing and nil when the line is,
// too; an error when the room can't be had back.
func (l *Line) rejoin(ctx context.Context, lost *session) (*session, error) {
	why := lost.why()
	l.session.Store(nil)
	lost.close()
	if !errors.Is(why, errLost) {
		return nil, why
	}
	if t := lost.renewed(); t != "" {
		l.token = t
	}
	l.c.Log.Warn("the connection to the LiveKit server is lost, joining anew", slog.Any("error", why))
	ctx, cancel := context.WithTimeout(ctx, l.c.Rejoin)
	defer cancel()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w, and not to be had back", why)
		case <-time.After(pause):
		}
		s, err := join(ctx, l.joining())
		switch {
		case err == nil:
			l.session.Store(s)
			return s, nil
		case errors.Is(err, errRefused) || errors.Is(err, ErrCodec):
			return nil, err
		}
		l.c.Log.Debug("joining anew failed", slog.Any("error", err))
	}
}

// Send has the caller say f. It is dropped when 200 ms wait already.
func (l *Line) Send(f *media.Frame) { l.mouths[0].send(f) }

// SendAgent has the agent of ours say f, for listeners. Without Config.Both it
// does nothing.
func (l *Line) SendAgent(f *media.Frame) {
	if len(l.mouths) > 1 {
		l.mouths[1].send(f)
	}
}

// Receive fills f with the next 20 ms of what is said in the room, all voices
// together. One goroutine calls it, every 20 ms: it is what the jitter buffers go
// by. A new voice is held back for 60 ms, and for up to 200 ms on a network that
// needs it.
func (l *Line) Receive(f *media.Frame) bool { return l.voices.mix(f) }

// Gone is closed when the agent has left, or the room cannot be had any more.
func (l *Line) Gone() <-chan struct{} { return l.gone }

// Err is why the line is gone: nil before, and when they hung up there or we did.
func (l *Line) Err() error {
	select {
	case <-l.gone:
		return l.err
	default:
		return nil
	}
}

// Close leaves the room. It may be called more than once.
func (l *Line) Close() error {
	l.cancel()
	l.done.Wait()
	return nil
}
