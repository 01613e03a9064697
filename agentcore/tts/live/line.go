package live

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
)

var (
	errDied     = errors.New("the connection died")
	errUnasked  = errors.New("it said something unasked")
	errUnneeded = errors.New("it is not needed any more")
	errNothing  = errors.New("it had nothing to say")
)

// mostMessage is how large one message of a voice may be: 20 s of sound at the
// highest rate, in base64.
const mostMessage = 2560 << 10

// died is a failure of the connection itself, which another may not have.
type died struct{ error }

func (d died) Unwrap() []error { return []error{d.error, errDied} }

// line is one connection.
type line struct {
	v      *Voice
	conn   *ws.Conn
	proto  Protocol
	ahead  *ahead
	ctx    context.Context
	end    context.CancelCauseFunc // closes the connection, at once
	retire *time.Timer             // while it is idle; nil before the first phrase
}

// dial connects, as long as ctx lives.
func (v *Voice) dial(ctx context.Context) (l *line, err error) {
	err = provider.Redial(ctx, func() error {
		l, err = v.dialOnce(ctx)
		return err
	})
	return l, err
}

// dialOnce makes a connection that outlives ctx, unless ctx ends before the phrase
// that it was dialled for.
func (v *Voice) dialOnce(ctx context.Context) (*line, error) {
	l := &line{v: v, proto: v.cfg.Protocol(), ahead: newAhead()}
	l.ctx, l.end = context.WithCancelCause(v.ctx)
	stop := context.AfterFunc(ctx, func() { l.end(context.Cause(ctx)) })
	defer stop()
	url, h := l.proto.Dial()
	conn, err := ws.Dial(l.ctx, ws.Config{
		Provider: v.cfg.Provider, URL: url, Header: h, Connect: v.cfg.Patience.Connect, MostMessage: mostMessage, TLS: v.cfg.TLS,
	})
	if err != nil {
		l.end(err)
		return nil, err
	}
	l.conn = conn
	v.work.Go(l.read)
	return l, nil
}

// read reads until the connection ends, also while it is idle: that is how a
// server's goodbye is noticed, and its pings are answered.
func (l *line) read() {
	for {
		kind, data, err := l.conn.Read(0)
		if err != nil {
			l.ahead.end(died{err})
			break
		}
		if !l.ahead.put(l.ctx, Message{kind == ws.Binary, data}) {
			l.ahead.end(died{context.Cause(l.ctx)})
			break
		}
	}
	l.v.forget(l)
	l.conn.Close()
	l.end(errDied)
}

// bye closes the connection politely.
func (l *line) bye() {
	l.conn.Close()
	l.end(errUnneeded)
}

// say says text. The connection is kept if all went well and it can say more,
// and is closed at once else. The error is errDied if the connection died before
// it had said anything.
func (l *line) say(w *watch, text string, p *Pour) error {
	stop := context.AfterFunc(w.Ctx, func() { l.end(context.Cause(w.Ctx)) })
	err := l.converse(w, text, p)
	if !stop() || err != nil {
		l.end(errUnneeded)
		return err
	}
	if !l.proto.Again() || !l.v.rest(l) {
		l.bye()
	}
	return nil
}

// grace is how long a server that takes nothing more may still say why.
const grace = 200 * time.Millisecond

func (l *line) converse(w *watch, text string, p *Pour) error {
	unsent := l.send(l.proto.Say(text))
	if unsent != nil {
		late := time.AfterFunc(grace, func() { l.end(errDied) })
		defer late.Stop()
	}
	if l.retire != nil {
		defer l.listen().Stop()
	}
	for {
		m, err := w.next(l.ahead)
		if err != nil {
			return l.broke(w, err, unsent)
		}
		s, err := l.proto.Take(m)
		if err != nil {
			return l.said(err)
		}
		if err := l.send(s.Send); err != nil {
			return err
		}
		if err := w.pour(p, s); err != nil || s.Done {
			return err
		}
	}
}

// deaf is how long a connection that was idle may give no sign of life, be it
// the answer to a ping, before it counts as dead: on the way to the server
// somebody may have forgotten it, and nobody is told of that.
const deaf = 2 * time.Second

// listen closes the connection if the server stays deaf. Stop what it returns.
func (l *line) listen() *time.Timer {
	asked := time.Now()
	_ = l.conn.Ping() // if it fails, no answer comes
	return time.AfterFunc(deaf, func() {
		if l.conn.Heard().Before(asked) {
			l.end(errDied)
		}
	})
}

func (l *line) send(all []Message) error {
	for _, m := range all {
		kind := ws.Text
		if m.Binary {
			kind = ws.Binary
		}
		if err := l.conn.Write(kind, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// broke is the error of a connection that gave err instead of a message, and did
// not take what was sent if unsent isn't nil.
func (l *line) broke(w *watch, err, unsent error) error {
	if unsent != nil && provider.ClassOf(err) == provider.Canceled && w.Ctx.Err() == nil {
		err = died{unsent} // the server never said why
	}
	var d died
	if w.pieces > 0 && errors.As(err, &d) {
		return d.error // too late for another connection
	}
	return err
}

// said is the error of a message: the provider's own, or that of what can't be
// understood. The text of the latter is not kept, it may hold the message.
func (l *line) said(err error) error {
	var own *provider.Error
	if errors.As(err, &own) {
		return own
	}
	return provider.New(l.v.cfg.Provider, "speak", provider.Garbage, errors.New("what it says can't be understood"))
}
