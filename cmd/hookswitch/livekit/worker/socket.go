package worker

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// The times of a socket. LiveKit's server has the first three.
const (
	registerWithin = 10 * time.Second
	pingEvery      = 10 * time.Second
	writeWithin    = 2 * time.Second
	aliveWithin    = 30 * time.Second // longest time without a message or a pong
)

// The bounds of a socket. A real worker sends its load every 2.5 s, and two
// messages for each job.
const (
	maxFirst   = 64 << 10 // bytes of a message before anybody has registered
	maxMessage = maxFirst + room.MaxMetadata + room.MaxAttributes
	perSecond  = 50 // messages, on average
	burst      = 200
	maxQueued  = burst + 56 // messages that wait to be written: a burst has its answers
	maxWaiting = 4 << 20    // bytes of them
)

const (
	closeNormal    = websocket.CloseNormalClosure
	closeGoingAway = websocket.CloseGoingAway
	closePolicy    = websocket.ClosePolicyViolation
)

// errFlood means that a worker sends more than anybody needs to.
var errFlood = errors.New("worker: too many messages")

// socket is a worker's end of the line: one goroutine reads it, one writes, and
// anybody may send.
type socket struct {
	conn  *websocket.Conn
	pace  *rate.Limiter
	inbox time.Duration // longest time without a sign of life; 0: not yet registered
	text  atomic.Bool   // the other end speaks JSON

	out     chan packet
	waiting atomic.Int64 // bytes in out

	over  chan struct{} // closed by close
	once  sync.Once
	code  int // with over
	words string
}

// packet is a message as it goes out.
type packet struct {
	kind int // websocket.BinaryMessage, websocket.TextMessage
	body []byte
}

func newSocket(conn *websocket.Conn, now time.Time) *socket {
	s := &socket{
		conn: conn,
		pace: rate.NewLimiter(perSecond, burst),
		out:  make(chan packet, maxQueued),
		over: make(chan struct{}),
	}
	conn.SetReadLimit(maxFirst)
	conn.SetReadDeadline(now.Add(registerWithin))
	conn.SetPongHandler(func(string) error { return s.alive() })
	conn.SetPingHandler(func(data string) error {
		if !s.pace.Allow() {
			return errFlood
		}
		err := conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWithin))
		return errors.Join(err, s.alive())
	})
	return s
}

// admit lets the other end say more: it has registered.
func (s *socket) admit() {
	s.inbox = aliveWithin
	s.conn.SetReadLimit(maxMessage)
	s.alive()
}

// alive notes a sign of life. Who has not registered buys no time with it.
func (s *socket) alive() error {
	if s.inbox == 0 {
		return nil
	}
	return s.conn.SetReadDeadline(time.Now().Add(s.inbox))
}

// read returns the next message. [errMalformed] leaves the socket as it was;
// any other error is its end.
func (s *socket) read() (*pb.WorkerMessage, error) {
	kind, body, err := s.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if !s.pace.Allow() {
		return nil, errFlood
	}
	s.alive()
	s.text.Store(kind == websocket.TextMessage)
	return parse(kind == websocket.TextMessage, body)
}

// send queues a message, as binary or JSON, whichever the other end spoke last.
// It never blocks, and reports whether there was room: who does not read what
// they are sent is to be closed.
func (s *socket) send(m *pb.ServerMessage) bool {
	text := s.text.Load()
	body, err := encode(text, m)
	if err != nil {
		return false
	}
	p := packet{kind: websocket.BinaryMessage, body: body}
	if text {
		p.kind = websocket.TextMessage
	}
	if s.waiting.Add(int64(len(body))) > maxWaiting {
		s.waiting.Add(-int64(len(body)))
		return false
	}
	select {
	case s.out <- p:
		return true
	default:
		s.waiting.Add(-int64(len(body)))
		return false
	}
}

// close ends the socket: what waits is still written, then the reason is said.
// Only the first call counts. It never blocks.
func (s *socket) close(code int, words string) {
	s.once.Do(func() {
		s.code, s.words = code, words
		close(s.over)
	})
}

// write writes what is sent, and pings, until the socket is closed or the other
// end does not take it. Then the connection is closed.
func (s *socket) write() {
	defer s.conn.Close()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case p := <-s.out:
			if s.put(p, time.Now().Add(writeWithin)) != nil {
				return
			}
		case <-ping.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin)) != nil {
				return
			}
		case <-s.over:
			s.farewell()
			return
		}
	}
}

func (s *socket) put(p packet, deadline time.Time) error {
	s.waiting.Add(-int64(len(p.body)))
	s.conn.SetWriteDeadline(deadline)
	return s.conn.WriteMessage(p.kind, p.body)
}

// farewell writes what still waits, and why the socket is closed.
func (s *socket) farewell() {
	deadline := time.Now().Add(writeWithin)
	for {
		select {
		case p := <-s.out:
			if s.put(p, deadline) != nil {
				return
			}
		default:
			s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(s.code, s.words), deadline)
			return
		}
	}
}
