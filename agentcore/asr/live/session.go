package live

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
	"github.com/hookswitch/hookswitch/media"
)

// goodbye is how long the last words to a provider may take.
const goodbye = 200 * time.Millisecond

// errRenew ends a session whose connection is about to be too old.
var errRenew = errors.New("live: the connection is replaced")

// listen has one session after another until the stream is over.
func (s *stream) listen() {
	for {
		err := s.session()
		if errors.Is(err, errRenew) {
			continue
		}
		s.mu.Lock()
		if s.ctx.Err() == nil {
			s.fail(err)
		}
		s.closed = true
		s.backlog.free()
		s.mu.Unlock()
		return
	}
}

// session is one connection, from the dial to the goodbye.
type session struct {
	*stream
	conn   *ws.Conn
	proto  Protocol // guarded by the stream's lock
	born   time.Time
	hangUp context.CancelFunc
	ready  chan struct{} // closed when audio may be sent
	told   bool          // it is closed. Guarded by the stream's lock
	broken chan struct{} // closed when nothing can be read any more, because of why
	why    error

	encoder *Encoder
	frames  []media.Frame
	sound   []byte
	message []byte
	sent    time.Duration // audio
	settled time.Duration // audio before the newest Finalize
	ahead   time.Duration // audio sent faster than Limits.Pace, as of last
	last    time.Time     // audio was sent

	speaks    bool // somebody does
	finalized bool // a Finalize went out after the last speech
}

func (s *stream) session() error {
	began := time.Now()
	encoder, err := NewEncoder(s.cfg.Format)
	if err != nil {
		return err
	}
	// The connection outlives the stream by the time of a goodbye.
	ctx, hangUp := context.WithCancel(context.WithoutCancel(s.net))
	defer hangUp()
	n := &session{stream: s, proto: s.cfg.Protocol(s.options), born: began, hangUp: hangUp, encoder: encoder}
	n.ready, n.broken = make(chan struct{}), make(chan struct{})
	n.frames = make([]media.Frame, max(1, s.cfg.Limits.Lump/media.FrameDuration, s.cfg.Limits.Least/media.FrameDuration))
	if err := n.dial(ctx); err != nil {
		return err
	}
	stop := context.AfterFunc(s.net, func() { time.AfterFunc(goodbye, hangUp) })
	defer stop()
	s.connected(n.conn)
	defer s.connected(nil)
	return n.run()
}

// dial connects; it gives up at once when the stream is closed.
func (n *session) dial(ctx context.Context) error {
	stop := context.AfterFunc(n.net, n.hangUp)
	defer stop()
	return provider.Redial(ctx, func() error { return n.dialOnce(ctx) })
}

func (n *session) dialOnce(ctx context.Context) (err error) {
	url, header, subprotocols := n.proto.Dial()
	n.conn, err = ws.Dial(ctx, ws.Config{
		Provider: n.cfg.Provider, URL: url, Header: header, Subprotocols: subprotocols,
		Connect: n.cfg.Patience.Connect, TLS: n.cfg.TLS,
	})
	return err
}

func (s *stream) connected(c *ws.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn = c; c != nil {
		s.account.connected()
	}
}

// run talks and listens until one of both ends.
func (n *session) run() error {
	n.mu.Lock()
	hello := n.proto.Hello()
	n.mu.Unlock()
	go func() {
		defer close(n.broken)
		n.why = n.read()
	}()
	err := n.write(hello)
	if err == nil {
		err = n.talk()
	}
	switch {
	case n.net.Err() != nil, errors.Is(err, errRenew):
		n.bye()
	case provider.ClassOf(err) == provider.Unavailable:
		// What the reader was told, such as a close code, says more than that
		// nothing could be written.
		select {
		case <-n.broken:
			err = n.why
		case <-time.After(goodbye):
		}
	}
	_ = n.conn.Close() // it has nothing to say
	<-n.broken
	return err
}

// bye says goodbye, in a moment or not at all.
func (n *session) bye() {
	late := time.AfterFunc(goodbye, n.hangUp)
	defer late.Stop()
	n.mu.Lock()
	last := n.proto.Bye()
	n.mu.Unlock()
	_ = n.write(last) // they may be gone
}

// read takes what the provider says.
func (n *session) read() error {
	for {
		n.mu.Lock()
		if !n.told && n.proto.Ready() {
			n.told = true
			close(n.ready)
		}
		n.mu.Unlock()
		kind, data, err := n.conn.Read(0) // its silence is judged when something is owed
		if err != nil {
			return n.closed(err)
		}
		n.mu.Lock()
		all, err := n.proto.Take(Message{Binary: kind == ws.Binary, Data: data})
		now := time.Now()
		for _, h := range all {
			if !n.account.over {
				n.account.hear(h, now)
			}
		}
		n.mu.Unlock()
		wake(n.tell)
		if err != nil {
			var known *provider.Error
			if errors.As(err, &known) {
				return err
			}
			return provider.New(n.cfg.Provider, "stream", provider.Garbage, errNonsense)
		}
	}
}

// closed lets the protocol say what the provider's close code means.
func (n *session) closed(err error) error {
	var e *provider.Error
	c, ok := n.proto.(Closer)
	if !ok || !errors.As(err, &e) || e.Code < 1000 {
		return err
	}
	n.mu.Lock()
	class := c.Closed(e.Code)
	n.mu.Unlock()
	if class == "" || class == e.Class {
		return err
	}
	told := provider.New(e.Provider, e.Op, class, e.Err)
	told.Code = e.Code
	return told
}

// errNonsense stands for what a Protocol could not read: the text of its own
// error may hold what was said.
var errNonsense = errors.New("its answer can't be understood")
