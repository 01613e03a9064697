package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
)

// earName is what the stream is called by which a call is heard that somebody
// else has: the one that is to stop is named.
const earName = "hookswitch-ear"

// earOn begins to listen before verb, if s says so. Twilio goes on with verb at
// once, whatever becomes of the stream.
func (t *Trunk) earOn(s telephony.Step, account string, verb any) []any {
	if s.Ear == "" {
		return []any{verb}
	}
	return []any{startVerb{Stream: fork{
		Name: earName, URL: t.streamOf(account), Track: "both_tracks",
		Params: []parameter{{Name: tokenParam, Value: s.Ear}},
	}}, verb}
}

// earOff ends the listening before verb, if s says so.
func earOff(s telephony.Step, verb any) []any {
	if !s.EarOff {
		return []any{verb}
	}
	var stop stopVerb
	stop.Stream.Name = earName
	return []any{stop, verb}
}

// isEar reports whether a stream also has what the caller hears. Such a one is
// never spoken to.
func isEar(s wire.StartInfo) bool { return slices.Contains(s.Tracks, trackOther) }

// listen admits a stream that account sid signed for to a call that somebody else
// has, and hands it to the desk.
func (t *Trunk) listen(leg *Leg, r *http.Request, sid string) {
	call, reason, err := t.admit(leg, sid, t.desk.Overhear)
	if err != nil {
		t.turnAway(leg, r, reason, err)
		return
	}
	e := newEars(leg)
	defer e.Close() // bounded by Linger
	switch err := t.desk.Listen(t.streams.ctx, call, e); {
	case err == nil, err == io.EOF, errors.Is(err, telephony.ErrLost):
	default:
		t.c.Log.Warn("twilio: listening failed", "call", call.ID, "err", err)
	}
}

// ears is a stream of both tracks. It implements [telephony.Ears], starts no
// goroutine, and writes nothing but its close frame.
type ears struct {
	leg *Leg // whose socket it is
	in  tracks
	err error // what ended Next; sticky
}

func newEars(leg *Leg) *ears {
	return &ears{leg: leg, in: tracks{stream: leg.start.StreamSID, count: leg.c.Count}}
}

// Next implements [telephony.Ears]. Messages that mean nothing are counted and
// skipped.
func (e *ears) Next(caller, other *media.Frame) error {
	l := e.leg
	for {
		switch {
		case l.hung.Load():
			return io.EOF
		case e.in.frame(caller, other):
			return nil
		case e.err != nil:
			return e.err
		}
		text, err := l.receive(time.Now().Add(l.c.ReadTimeout))
		if err == nil {
			err = e.in.take(text)
		}
		if err != nil {
			e.end(l.lost(err))
		}
	}
}

// end notes why no more comes. What came before is still handed out.
func (e *ears) end(err error) {
	e.in.over = true
	if e.err = err; errors.Is(err, telephony.ErrStopped) {
		e.err = io.EOF
	}
}

// Close implements [telephony.Ears].
func (e *ears) Close() error { return e.leg.Hangup(context.Background()) }
