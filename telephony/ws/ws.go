// Package ws is the server's side of a websocket (RFC 6455) on a connection
// whose upgrade is done. It reads and writes frames and nothing else: there are
// no extensions, and so no compression.
//
// It is made for many small messages on many connections: a message is read in
// place, in the connection's one buffer, and written in one call without being
// copied, and neither allocates. The upgrade is somebody else's.
package ws

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes of the buffer that a connection reads into, in bytes.
const (
	small = 2 << 10  // a media message has about 400: several come in one read
	keep  = 16 << 10 // a larger one is given back when its message is done
)

// Config holds the limits of a connection.
type Config struct {
	Limit        int           // bytes of one message, whatever frames it comes in. Zero means 1 MiB.
	AnyText      bool          // text that is not UTF-8 is handed out all the same, for who looks at it anyway; else it ends the websocket, as RFC 6455 asks
	WriteTimeout time.Duration // longest that one write may take; one of seven eighths of it may fail already. Zero means 5 s.
}

// closeWait is how long a close frame that a violation asks for may take.
const closeWait = time.Second

// Conn is a websocket. Make one with [New].
//
// One goroutine calls Next. Send, WriteClose and Close may be called from
// anywhere. It starts no goroutine.
type Conn struct {
	conn    net.Conn
	wire    io.ReadWriter // conn, or the socket below it, asked directly
	limit   int
	anyText bool

	reader // of the goroutine that calls Next
	writer // of whoever holds its turn
}

// New returns the server's end of a websocket on conn, which nobody else reads
// or writes from now on. Nothing must have been read of what came behind the
// handshake.
func New(conn net.Conn, c Config) *Conn {
	if c.Limit <= 0 {
		c.Limit = 1 << 20
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = 5 * time.Second
	}
	return &Conn{
		conn:    conn,
		wire:    wireOf(conn),
		limit:   c.Limit,
		anyText: c.AnyText,
		reader:  reader{buf: make([]byte, small)},
		writer:  writer{timeout: c.WriteTimeout, turn: make(chan struct{}, 1), over: make(chan struct{})},
	}
}

// SetLimit is Config.Limit from the next frame on; of the goroutine that calls Next.
func (c *Conn) SetLimit(bytes int) { c.limit = bytes }

// SetReadDeadline bounds what Next waits for. When it is over, Next fails with
// an error whose Timeout is true, and may be called again: it goes on where it
// was, also within a message.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.conn.SetReadDeadline(t) }

// NetConn is the connection below, for who closes it in an orderly way.
func (c *Conn) NetConn() net.Conn { return c.conn }

// Close closes the connection, and says nothing about it to the far end.
func (c *Conn) Close() error { return c.conn.Close() }

// reader is what Next knows between two calls.
//
// One buffer holds it all: the message so far in buf[from:to], unmasked, and
// behind it what came and was not looked at, in buf[next:end]. Payloads of
// later frames are moved down to the message, over the headers.
type reader struct {
	buf       []byte
	from, to  int
	next, end int

	message Opcode // of the message that is under way; 0: none is
	checked int    // buf[from:checked] is whole characters, if it is text
	frame   header // whose payload is being read
	inside  bool   // frame is
	did     int    // bytes of its payload that are in the message

	err error // after which nothing can come; sticky
}

// writer is what is said, and who may say it.
type writer struct {
	timeout time.Duration
	turn    chan struct{} // held by whoever writes. No mutex: it is waited for in bubbles of virtual time
	over    chan struct{} // closed with said
	said    atomic.Bool   // a close frame is on its way or sent

	until  time.Time // the write deadline that is set
	broken error     // a write failed, maybe half way: there can be no other

	pings sync.Mutex
	ping  [maxControl]byte // the newest ping that has no answer
	pingN int
	owed  atomic.Bool // there is one
	pong  [2 + maxControl]byte
}
