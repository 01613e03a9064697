package twilio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio/wire"
	"github.com/hookswitch/hookswitch/telephony/ws"
)

// LegConfig holds the limits of one stream. The zero value means the defaults.
type LegConfig struct {
	Lump         time.Duration // audio sent in one message while the caller is hearing something; multiples of 20 ms. Zero means 20 ms. Keep it well under the lead that the player keeps.
	WriteTimeout time.Duration // longest that one write may take. Zero means 5 s.
	ReadTimeout  time.Duration // longest time without a message; audio comes every 20 ms. Zero means 10 s.
	StartTimeout time.Duration // longest time until the start message. Zero means 5 s.
	Linger       time.Duration // longest wait for the far end to close after we did. Zero means 1 s.
	MaxMessage   int64         // bytes of one message once the stream has started. Zero means 1 MiB.
	Count        func(reason string)
	Meter        Meter // nil counts nothing
}

// Meter is told what passes on a stream that is talked on. It is called from any
// goroutine, and must not block and not allocate.
type Meter interface {
	Frames(in, out int)     // so many of 20 ms since it was last told; about once a second, and at the end
	Gap(late time.Duration) // nothing came from the carrier for a frame's time and so much more
	Burst(frames int)       // what was late came at once: so many frames more than the clock allows
}

// maxFirstMessage bounds messages before the start, when nobody has shown a
// token yet. The real ones have under 1,000 bytes.
const maxFirstMessage = 64 << 10

func (c LegConfig) withDefaults() LegConfig {
	or := func(d *time.Duration, fallback time.Duration) {
		if *d <= 0 {
			*d = fallback
		}
	}
	or(&c.Lump, media.FrameDuration)
	or(&c.WriteTimeout, 5*time.Second)
	or(&c.ReadTimeout, 10*time.Second)
	or(&c.StartTimeout, 5*time.Second)
	or(&c.Linger, time.Second)
	if c.MaxMessage <= 0 {
		c.MaxMessage = 1 << 20
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	return c
}

// Leg is one bidirectional media stream on an upgraded websocket. It implements
// [telephony.Leg] and starts no goroutine.
type Leg struct {
	conn  *ws.Conn
	c     LegConfig
	start wire.StartInfo
	marks marks
	pulse pulse

	// Owned by the goroutine that calls Next.
	in    inbound
	err   error     // what ended Next; sticky
	armed time.Time // the read deadline that is set; of whoever holds reading

	// Owned by whoever holds writing.
	out  outbound
	late *time.Timer // flushes a lump that nobody completed; nil until needed

	reading chan struct{} // held while someone reads from the socket
	writing chan struct{} // held while someone writes to it
	hung    atomic.Bool   // Hangup was called
	counted atomic.Bool   // why the stream was lost is
	done    chan struct{} // closed with hung
	closed  chan struct{} // closed once the socket is
}

var _ telephony.Leg = (*Leg)(nil)

// Accept waits on an upgraded socket, which is the leg's from now on, for the stream's connected and start
// messages and returns the leg. Whatever else arrives before is ignored and
// counted. On an error, which wraps [telephony.ErrLost], the socket is closed.
func Accept(conn net.Conn, c LegConfig) (*Leg, error) {
	c = c.withDefaults()
	l := &Leg{
		conn: ws.New(conn, ws.Config{
			Limit:        maxFirstMessage,
			AnyText:      true, // what is no JSON is ignored and counted: a call is not to end for a bad byte
			WriteTimeout: c.WriteTimeout,
		}),
		c:       c,
		reading: make(chan struct{}, 1),
		writing: make(chan struct{}, 1),
		done:    make(chan struct{}),
		closed:  make(chan struct{}),
	}
	l.pulse.meter, l.pulse.told = l.c.Meter, time.Now()
	if err := l.awaitStart(); err != nil {
		l.release(ws.PolicyViolation, time.Now().Add(l.c.Linger))
		return nil, err
	}
	l.in = inbound{stream: l.start.StreamSID, marks: &l.marks, count: l.c.Count}
	l.out = newOutbound(l.start.StreamSID, l.c.Lump)
	l.marks.count = l.c.Count
	l.conn.SetLimit(int(min(l.c.MaxMessage, math.MaxInt)))
	return l, nil
}

// Start returns what Twilio told about the stream.
func (l *Leg) Start() wire.StartInfo { return l.start }

var errFormat = errors.New("the stream is not one channel of µ-law at 8 kHz")

// awaitStart reads up to the start message. One deadline covers it all, so a
// trickle of nonsense buys no time.
func (l *Leg) awaitStart() error {
	deadline := time.Now().Add(l.c.StartTimeout)
	for {
		text, err := l.receive(deadline)
		if err != nil {
			l.c.Count(ReasonNoStart)
			return fmt.Errorf("%w: waiting for start: %v", telephony.ErrLost, err)
		}
		var m wire.Message
		switch err := wire.Parse(text, &m); {
		case err != nil:
			l.c.Count(ReasonMalformed)
		case m.Kind == wire.Start && plain(m.Start.StreamSID) && plain(m.Start.CallSID):
			l.start = *m.Start
			return l.checkFormat()
		case m.Kind == wire.Start:
			l.c.Count(ReasonMalformed)
		case m.Kind == wire.Media:
			l.c.Count(ReasonMediaFirst)
		case m.Kind == wire.Unknown:
			l.c.Count(ReasonUnknownEvent)
		case m.Kind != wire.Connected:
			l.c.Count(ReasonUnexpectedEvent)
		}
	}
}

func (l *Leg) checkFormat() error {
	if s := l.start; s.Encoding != "audio/x-mulaw" || s.SampleRate != media.Rate || s.Channels != 1 {
		l.c.Count(ReasonBadFormat)
		return fmt.Errorf("%w: %w", telephony.ErrLost, errFormat)
	}
	return nil
}

// plain reports whether id can be one of Twilio's ids: letters and digits, not
// too many. It may then go into JSON, XML and paths as it is.
func plain(id string) bool {
	for _, c := range []byte(id) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return 0 < len(id) && len(id) <= 64
}

// receive returns the next text message, valid until the next call.
//
// The socket's own deadline may be earlier than deadline, and is only moved when
// it is over: to move it for each message costs a third of a microsecond.
func (l *Leg) receive(deadline time.Time) ([]byte, error) {
	select {
	case l.reading <- struct{}{}:
		defer func() { <-l.reading }()
	default: // held by Hangup
		return nil, io.EOF
	}
	if l.armed.IsZero() || l.armed.After(deadline) {
		l.arm(deadline)
	}
	for {
		if l.hung.Load() { // looked at after the deadline was set: Hangup sets both in the other order
			return nil, io.EOF
		}
		kind, text, err := l.conn.Next()
		switch {
		case err == nil && kind == ws.Text:
			return text, nil
		case err == nil:
			l.c.Count(ReasonBinary)
		case isTimeout(err) && time.Now().Before(deadline):
			l.arm(deadline)
		default:
			return nil, err
		}
	}
}

func (l *Leg) arm(deadline time.Time) {
	l.armed = deadline
	l.conn.SetReadDeadline(deadline)
}

// keep is the largest buffer that a stream holds on to between messages.
const keep = 16 << 10
