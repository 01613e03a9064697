package twilio

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
	"github.com/hookswitch/hookswitch/telephony/ws"
)

// errStopped is the far end's stop message. It says that the stream is over,
// not that the call is: a redirected call sends it too.
var errStopped = errors.New("the carrier stopped the stream")

// Next implements [telephony.Leg]. Messages that mean nothing are counted and
// skipped.
func (l *Leg) Next(f *media.Frame) (telephony.Event, error) {
	if l.err != nil {
		return telephony.Event{}, l.err
	}
	ev, err := l.next(f)
	if err != nil {
		l.err = l.lost(err)
		l.pulse.over(time.Now())
		return telephony.Event{}, l.err
	}
	return ev, nil
}

func (l *Leg) next(f *media.Frame) (telephony.Event, error) {
	for {
		if l.hung.Load() {
			return telephony.Event{}, io.EOF
		}
		if l.in.frame(f) {
			l.pulse.heard()
			return telephony.Event{Kind: telephony.Audio}, nil
		}
		text, err := l.receive(time.Now().Add(l.c.ReadTimeout))
		if err != nil {
			return telephony.Event{}, err
		}
		rest := len(l.in.ulaw) - l.in.heard
		ev, err := l.in.take(text)
		if err != nil || ev.Kind != 0 {
			return ev, err
		}
		l.pulse.arrived(len(l.in.ulaw)-l.in.heard-rest, time.Now())
	}
}

// lost names why the stream is over: io.EOF if we hung up, else an error that
// wraps telephony.ErrLost, and telephony.ErrStopped when Twilio ended it in good
// order. It wraps nothing else: a broken socket's own error may be an io.EOF,
// which here has another meaning.
func (l *Leg) lost(err error) error {
	if l.hung.Load() {
		return io.EOF
	}
	reason := reasonOf(err)
	l.countLoss(reason)
	if reason == ReasonStop || reason == ReasonPeerClosed {
		return fmt.Errorf("%w: %w: %v", telephony.ErrLost, telephony.ErrStopped, err)
	}
	return fmt.Errorf("%w: %v", telephony.ErrLost, err)
}

// countLoss counts the stream as lost, by the first reason that anyone finds.
func (l *Leg) countLoss(reason string) {
	if !l.counted.Swap(true) {
		l.c.Count(reason)
	}
}

func reasonOf(err error) string {
	var closed *ws.CloseError
	var broke *ws.ViolationError
	switch {
	case errors.Is(err, errStopped):
		return ReasonStop
	case errors.Is(err, ws.ErrTooBig):
		return ReasonTooBig
	case errors.Is(err, ws.ErrSlow):
		return ReasonSlowReader
	case errors.As(err, &closed):
		return ReasonPeerClosed
	case errors.As(err, &broke):
		return ReasonViolation
	case isTimeout(err):
		return ReasonSilent
	}
	return ReasonBroken
}

// inbound turns messages into events. It knows no socket, and allocates nothing
// for audio, digits and marks.
type inbound struct {
	stream string
	marks  *marks
	count  func(reason string)
	msg    wire.Message
	ulaw   []byte // decoded audio; from heard on not yet handed out
	heard  int
	ration *ration // nil: as much as comes
}

// frame hands out the next 20 ms of audio if a whole frame is there.
func (in *inbound) frame(f *media.Frame) bool {
	if g711.Decode(f, in.ulaw[in.heard:]) != nil {
		return false // fewer than 160 bytes: the next message completes them
	}
	in.heard += media.FrameSamples
	return true
}

// take reads one message. Audio only fills the buffer that frame empties; for
// what is ignored the event is zero. The only error is errStopped.
func (in *inbound) take(text []byte) (telephony.Event, error) {
	m := &in.msg
	if wire.Parse(text, m) != nil {
		in.count(ReasonMalformed)
		return telephony.Event{}, nil
	}
	switch m.Kind {
	case wire.Unknown:
		in.count(ReasonUnknownEvent)
		return telephony.Event{}, nil
	case wire.Connected:
		in.count(ReasonUnexpectedEvent)
		return telephony.Event{}, nil
	case wire.Start:
		in.count(ReasonSecondStart)
		return telephony.Event{}, nil
	}
	if string(m.StreamSID) != in.stream {
		in.count(ReasonWrongStream)
		return telephony.Event{}, nil
	}
	switch m.Kind {
	case wire.Media:
		in.audio(m)
	case wire.DTMF:
		return telephony.Event{Kind: telephony.Digit, Digit: m.Digit}, nil
	case wire.Mark:
		return in.mark(m.Name), nil
	case wire.Stop:
		return telephony.Event{}, errStopped
	}
	return telephony.Event{}, nil
}

// audio appends a message's sound to the rest of the one before. Carriers cut
// media at any size.
func (in *inbound) audio(m *wire.Message) {
	if len(m.Track) > 0 && string(m.Track) != "inbound" {
		in.count(ReasonOtherTrack)
		return
	}
	if in.ration != nil && !in.ration.take(len(m.Payload)*3/4, time.Now()) {
		in.count(ReasonTooFast)
		return
	}
	rest := copy(in.ulaw, in.ulaw[in.heard:])
	in.ulaw, in.heard = in.ulaw[:rest], 0
	if cap(in.ulaw) > keep {
		in.ulaw = append(make([]byte, 0, keep), in.ulaw...)
	}
	ulaw, err := wire.Decode(in.ulaw, m.Payload)
	if err != nil {
		in.count(ReasonBadBase64)
		return
	}
	in.ulaw = ulaw
}

func (in *inbound) mark(name []byte) telephony.Event {
	if id, ok := wire.MarkID(name); ok {
		if kind := in.marks.echoed(id); kind != 0 {
			return telephony.Event{Kind: kind, Mark: id}
		}
	}
	in.count(ReasonUnknownMark)
	return telephony.Event{}
}
