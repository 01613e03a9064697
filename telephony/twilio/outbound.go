package twilio

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
	"github.com/hookswitch/hookswitch/telephony/ws"
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
	sound   int       // bytes of µ-law in text
	text    []byte    // the message last made, behind room for its header; reused
}

func newOutbound(stream string, lump time.Duration) outbound {
	frames := max(1, int(lump/media.FrameDuration))
	n := frames * media.FrameSamples
	return outbound{stream: stream, lump: n, waiting: make([]byte, 0, n), text: make([]byte, ws.Head, ws.Head+128+n*4/3)}
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
	o.sound = len(o.waiting)
	o.text = wire.AppendMedia(o.text[:ws.Head], o.stream, o.waiting)
	o.waiting = o.waiting[:0]
	return o.text
}

// patience is how long what waits may wait for the rest of its lump: until the
// caller would hear nothing, and no longer than until the next lump should have
// begun and has not, by half a frame. A steady writer's lumps are never met by it.
func (o *outbound) patience(now time.Time) time.Duration {
	full := time.Duration(o.lump) * time.Second / media.Rate
	return max(0, min(full+media.FrameDuration/2, o.playing.Sub(now)))
}

// frames is how many are in the message last made.
func (o *outbound) frames() int { return o.sound / media.FrameSamples }

// mark returns the message that asks for an echo of id.
func (o *outbound) mark(id uint32) []byte {
	o.sound = 0
	o.text = wire.AppendMark(o.text[:ws.Head], o.stream, id)
	return o.text
}

// clear forgets what waits and returns the message that makes Twilio do so too.
func (o *outbound) clear() []byte {
	o.waiting, o.playing, o.sound = o.waiting[:0], time.Time{}, 0
	o.text = wire.AppendClear(o.text[:ws.Head], o.stream)
	return o.text
}

// ErrHungUp is what Write, Mark and Clear return after Hangup.
var ErrHungUp = errors.New("twilio: the leg is hung up")

// Write implements [telephony.Leg]. The frame is sent at once, or with the lump
// that it completes, or when the line would run dry, or soon after the lump should
// have been complete. A failed write loses the stream; the error wraps [telephony.ErrLost].
func (l *Leg) Write(f *media.Frame) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	held := len(l.out.waiting)
	if err := l.send(l.out.add(f, time.Now())); err != nil {
		return err
	}
	if held == 0 && len(l.out.waiting) > 0 {
		l.flushLater(l.out.patience(time.Now()))
	}
	return nil
}

// Mark implements [telephony.Leg]. It sends the frames that wait first.
func (l *Leg) Mark(id uint32) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	if err := l.send(l.out.flush(time.Now())); err != nil {
		return err
	}
	l.marks.sent(id) // before it is on its way: the echo may be quick
	return l.send(l.out.mark(id))
}

// Clear implements [telephony.Leg]. Frames that wait are never sent.
func (l *Leg) Clear() error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	l.marks.cleared()
	return l.send(l.out.clear())
}

// flushLater sends a lump that stays incomplete. There is one timer, and whoever
// begins the next lump moves it.
func (l *Leg) flushLater(wait time.Duration) {
	if l.late != nil {
		l.late.Reset(wait)
		return
	}
	l.late = time.AfterFunc(wait, func() {
		if l.lock() == nil {
			defer l.unlock()
			l.send(l.out.flush(time.Now())) // a failure closes the socket, and so reaches Next
		}
	})
}

// lock makes the caller the one who writes. It is a channel and no mutex, so
// that it may be held across a write in a bubble of virtual time.
func (l *Leg) lock() error {
	select {
	case l.writing <- struct{}{}: // a select of one channel is a third of one of two
	default:
		select {
		case l.writing <- struct{}{}:
		case <-l.done:
			return ErrHungUp
		}
	}
	if l.hung.Load() {
		l.unlock()
		return ErrHungUp
	}
	return nil
}

func (l *Leg) unlock() { <-l.writing }

// send writes one message; nil is nothing to send.
func (l *Leg) send(text []byte) error {
	if text == nil {
		return nil
	}
	err := l.conn.Send(ws.Text, text)
	if err == nil {
		l.pulse.sent(l.out.frames())
		if l.hung.Load() { // Hangup told what was sent, maybe without this
			l.pulse.tell()
		}
		return nil
	}
	if errors.Is(err, ws.ErrSlow) {
		l.countLoss(ReasonSlowReader) // before Next finds a closed socket
	}
	if err != ws.ErrClosed { // else a close frame is on its way, and is to arrive: who sends it closes
		l.conn.Close() // what was written in part can't be mended; this also wakes Next
	}
	if l.hung.Load() {
		return ErrHungUp
	}
	return fmt.Errorf("%w: write: %v", telephony.ErrLost, err)
}
