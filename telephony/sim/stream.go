package sim

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// stream is one media stream, from connected to the end of its socket.
type stream struct {
	call   *Call
	phone  handset.Handset
	sid    string
	params map[string]string
	ws     *websocket.Conn
	tcp    *net.TCPConn
	out    chan outgoing
	ended  chan struct{} // closed when the reader is done
	how    error         // why; read after ended

	mu      sync.Mutex
	started bool
	tracks  []track // of a stream that only listens; nil: it also speaks
	seq     int     // of the last message
	chunk   int     // of the last media message
	playout playout
	now     int64 // phone time in samples
	closing bool  // stop is sent
	noise   uint32
	ulaw    [media.FrameSamples]byte

	resume chan struct{} // when not nil, the sim does not read until it is closed
	gone   chan struct{} // closed when the stream is let go of

	nth     int       // of the call's streams
	quirks  quirks    // what goes wrong with all of it
	mute    bool      // half-open: what it says is lost, and what it is told unread
	hold    time.Time // until when messages are held back
	noted   []What    // faults of messages that have bitten, each once
	swapped []byte    // a message that comes after the next
	sent    int       // messages; used by write alone
}

// outgoing is a message to the gateway; nil data closes the socket with code.
type outgoing struct {
	data []byte
	due  time.Time
	code int
}

// errServerClosed is how a stream ends when the gateway closes it properly.
var errServerClosed = errors.New("sim: the gateway closed the stream")

// send queues a message that make builds. The caller holds mu, so that sequence
// numbers are in the order of the wire.
func (s *stream) send(make func(seq int) []byte) {
	if s.closing {
		return
	}
	s.seq++
	s.push(make(s.seq))
}

// push puts a message behind those that wait. The caller holds mu.
func (s *stream) push(data []byte) {
	if s.mute {
		return
	}
	select {
	case s.out <- outgoing{data: data, due: time.Now()}:
	default:
		if s.holding() > 0 {
			return // not the gateway's fault
		}
		s.call.offend(police.SlowReader, 31930, "the gateway does not read: a message to it was dropped")
	}
}

// begin sends start; from here on the far end is heard.
func (s *stream) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(s.startMessage)
	s.started = true
}

// tick implements [endpoint].
func (s *stream) tick(slot time.Duration, said *media.Frame, digit byte, hear *media.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		return
	}
	s.now = samplesAt(slot + media.FrameDuration)
	s.echo()
	s.chunk++
	s.sendMedia(slot, s.voiceBytes(s.ulaw[:0], said))
	if digit != 0 {
		s.call.note("digit", string(rune(digit)))
		s.send(func(seq int) []byte { return s.digitMessage(seq, digit) })
	}
	s.playout.pop(hear, s.now+int64(media.FrameSamples))
}

// echo sends back the marks whose position was played. The caller holds mu.
func (s *stream) echo() {
	for {
		name, ok := s.playout.passed(s.heardUntil())
		if !ok {
			return
		}
		s.echoMark(name)
	}
}

func (s *stream) echoMark(name string) {
	s.call.note("echo", name)
	s.send(func(seq int) []byte { return s.markMessage(seq, name) })
}

// heardUntil is how much of phone time was played: the clock's, unless the
// phone knows better.
func (s *stream) heardUntil() int64 {
	if p, ok := s.phone.(handset.Player); ok {
		if n, known := p.Played(); known {
			return n
		}
	}
	return s.now
}

func samplesAt(d time.Duration) int64 { return int64(d * media.Rate / time.Second) }

// read takes what the gateway sends, until the socket ends.
func (s *stream) read() {
	defer close(s.ended)
	for {
		kind, data, err := s.ws.ReadMessage()
		if err == nil {
			s.call.messages.Add(1)
		}
		s.waitGate()
		if err != nil {
			s.waitMute()
			s.how = err
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
				s.how = errServerClosed
				s.call.note("close", strconv.Itoa(closed.Code))
			}
			if errors.Is(err, websocket.ErrReadLimit) {
				s.call.offend(police.Oversized, 31924, "message is longer than the carrier takes")
			}
			return
		}
		s.take(kind, data)
	}
}

// waitGate does not return while the sim plays a reader that does not read.
func (s *stream) waitGate() {
	s.mu.Lock()
	resume := s.resume
	s.mu.Unlock()
	if resume == nil {
		return
	}
	select {
	case <-resume:
	case <-s.gone:
	}
}

// write sends what is queued, until it is told to close or the socket fails.
// A socket that takes nothing for HalfOpenNotice has failed.
func (s *stream) write() {
	knobs := s.call.carrier.knobs
	limit := max(knobs.Jitter, s.quirks.jitter)
	for o := range s.out {
		s.waitHold()
		if o.data == nil {
			s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(o.code, ""), time.Now().Add(time.Second))
			s.ws.SetReadDeadline(time.Now().Add(closeGrace)) // a gateway that does not close too
			continue
		}
		if s.sent++; limit > 0 {
			late := time.Duration(luck(knobs.Seed, s.call.ordinal, uint64(s.nth), uint64(s.sent)) * float64(limit))
			time.Sleep(time.Until(o.due.Add(late)))
		}
		s.ws.SetWriteDeadline(time.Now().Add(knobs.HalfOpenNotice))
		if err := s.ws.WriteMessage(websocket.TextMessage, o.data); err != nil {
			s.tcp.Close() // the reader notices
			for range s.out {
			}
			return
		}
	}
}

// closeWith ends what is sent with a close frame. The caller holds mu.
func (s *stream) closeWith(code int) {
	if s.closing || s.mute {
		return
	}
	s.closing = true
	select {
	case s.out <- outgoing{code: code}:
	default:
	}
}

// closeGrace is how long the gateway may take to answer stop and close.
const closeGrace = time.Second

// hangUp sends stop and close, and waits for the gateway to close too.
func (s *stream) hangUp() {
	s.mu.Lock()
	mute := s.mute
	for range s.quirks.stops {
		s.send(s.stopMessage)
		s.call.note("stop", "")
	}
	s.closeWith(s.quirks.code)
	s.mu.Unlock()
	if mute {
		return // nobody hears it
	}
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
	}
}
