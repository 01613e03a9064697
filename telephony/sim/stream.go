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
	seq     int // of the last message
	chunk   int // of the last media message
	playout playout
	now     int64 // phone time in samples
	closing bool  // stop is sent
	noise   uint32
	ulaw    [media.FrameSamples]byte

	resume chan struct{} // when not nil, the sim does not read until it is closed
	gone   chan struct{} // closed when the stream is let go of
}

// outgoing is a message to the gateway; nil data closes the socket.
type outgoing struct {
	data []byte
	due  time.Time
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

func (s *stream) push(data []byte) {
	select {
	case s.out <- outgoing{data, time.Now()}:
	default:
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
	ulaw := s.voiceBytes(s.ulaw[:0], said)
	s.send(func(seq int) []byte { return s.mediaMessage(seq, s.chunk, ulaw) })
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
	for o := range s.out {
		if o.data == nil {
			s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(knobs.CloseCode, ""), time.Now().Add(time.Second))
			continue
		}
		if knobs.Jitter > 0 {
			time.Sleep(time.Until(o.due.Add(jitter(knobs.Jitter, len(o.data), o.due))))
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

// jitter is a lateness below limit, spread evenly enough.
func jitter(limit time.Duration, size int, due time.Time) time.Duration {
	h := uint64(due.UnixNano()) * 0x9E3779B97F4A7C15
	return time.Duration((h>>32 + uint64(size)) % uint64(limit))
}

// closeGrace is how long the gateway may take to answer stop and close.
const closeGrace = time.Second

// hangUp sends stop and close, and waits for the gateway to close too.
func (s *stream) hangUp() {
	s.mu.Lock()
	s.send(s.stopMessage)
	s.closing = true
	select {
	case s.out <- outgoing{}:
	default:
	}
	s.mu.Unlock()
	s.call.note("stop", "")
	t := time.NewTimer(closeGrace)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
	}
}
