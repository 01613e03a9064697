package twilio

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
)

// outbound turns frames into messages. It knows no socket and no goroutine.
//
// The write is the dearest step of a frame, so frames travel in lumps, except
// that nothing is held back while the caller hears nothing: the first frame of
// a reply leaves at once, and so does one that comes late.
type outbound struct {
	stream  string
	lump    int       // bytes
	waiting []byte    // µ-law not sent yet
	playing time.Time // when the caller will have heard what was sent, by our clock
	text    []byte    // the message last made; reused
}

func newOutbound(stream string, lump time.Duration) outbound {
	frames := max(1, int(lump/media.FrameDuration))
	n := frames * media.FrameSamples
	return outbound{stream: stream, lump: n, waiting: make([]byte, 0, n), text: make([]byte, 0, 128+n*4/3)}
}

// add queues f and returns the message to be sent now, nil if it can wait.
func (o *outbound) add(f *media.Frame, now time.Time) []byte {
	o.waiting = g711.Encode(o.waiting, f)
	if len(o.waiting) < o.lump && now.Before(o.playing) {
		return nil
	}
	return o.flush(now)
}

// flush returns the message with all that waits, nil if nothing does.
func (o *outbound) flush(now time.Time) []byte {
	if len(o.waiting) == 0 {
		return nil
	}
	if o.playing.Before(now) {
		o.playing = now
	}
	o.playing = o.playing.Add(time.Duration(len(o.waiting)) * time.Second / media.Rate)
	o.text = wire.AppendMedia(o.text[:0], o.stream, o.waiting)
	o.waiting = o.waiting[:0]
	return o.text
}

// mark returns the message that asks for an echo of id.
func (o *outbound) mark(id uint32) []byte {
	o.text = wire.AppendMark(o.text[:0], o.stream, id)
	return o.text
}

// clear forgets what waits and returns the message that makes Twilio do so too.
func (o *outbound) clear() []byte {
	o.waiting, o.playing = o.waiting[:0], time.Time{}
	o.text = wire.AppendClear(o.text[:0], o.stream)
	return o.text
}

// ErrHungUp is what Write, Mark and Clear return after Hangup.
var ErrHungUp = errors.New("twilio: the leg is hung up")

// Write implements [telephony.Leg]. The frame is sent at once, or with the lump
// that it completes, or LegConfig.Lump later if nothing completes it. A failed
// write loses the stream; the error wraps [telephony.ErrLost].
func (l *Leg) Write(f *media.Frame) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	held, now := len(l.out.waiting), time.Now()
	if err := l.send(l.out.add(f, now), now); err != nil {
		return err
	}
	if held == 0 && len(l.out.waiting) > 0 {
		l.flushLater()
	}
	return nil
}

// Mark implements [telephony.Leg]. It sends the frames that wait first.
func (l *Leg) Mark(id uint32) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	now := time.Now()
	if err := l.send(l.out.flush(now), now); err != nil {
		return err
	}
	l.marks.sent(id) // before it is on its way: the echo may be quick
	return l.send(l.out.mark(id), time.Now())
}

// Clear implements [telephony.Leg]. Frames that wait are never sent.
func (l *Leg) Clear() error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	l.marks.cleared()
	return l.send(l.out.clear(), time.Now())
}

// flushLater sends a lump that stays incomplete for as long as it could have
// taken to fill.
func (l *Leg) flushLater() {
	if l.late != nil {
		l.late.Reset(l.c.Lump)
		return
	}
	l.late = time.AfterFunc(l.c.Lump, func() {
		if l.lock() == nil {
			defer l.unlock()
			now := time.Now()
			l.send(l.out.flush(now), now) // a failure closes the socket, and so reaches Next
		}
	})
}

// lock makes the caller the one who writes. It is a channel and no mutex, so
// that it may be held across a write in a bubble of virtual time.
func (l *Leg) lock() error {
	select {
	case l.writing <- struct{}{}:
	case <-l.done:
		return ErrHungUp
	}
	if l.hung.Load() {
		l.unlock()
		return ErrHungUp
	}
	return nil
}

func (l *Leg) unlock() { <-l.writing }

// send writes one message; nil is nothing to send.
func (l *Leg) send(text []byte, now time.Time) error {
	if text == nil {
		return nil
	}
	l.conn.SetWriteDeadline(now.Add(l.c.WriteTimeout))
	err := l.conn.WriteMessage(websocket.TextMessage, text)
	if err == nil {
		return nil
	}
	l.conn.Close() // what was written in part can't be mended; this also wakes Next
	if l.hung.Load() {
		return ErrHungUp
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		l.c.Count(ReasonSlowReader)
	}
	return fmt.Errorf("%w: write: %v", telephony.ErrLost, err)
}
