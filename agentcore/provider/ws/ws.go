// Package ws is a websocket to a provider: dialled in bounded time, bounded in
// what it takes, and never the cause of a hang. What goes wrong is a
// *[provider.Error].
package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Kinds of messages.
const (
	Text   = websocket.TextMessage
	Binary = websocket.BinaryMessage
)

// writeWait is how long one write may take before the stream is given up.
const writeWait = 5 * time.Second

// Config says where to and how.
type Config struct {
	Provider     string        // for errors
	URL          string        // ws:// or wss://, query included
	Header       http.Header   // of the upgrade, the key among them
	Subprotocols []string      // offered
	Connect      time.Duration // until the upgrade is answered. Zero means 3 s
	MostMessage  int64         // bytes of one message. Zero means 1 MiB
	TLS          *tls.Config   // nil has a default
}

// Conn is an open websocket. One goroutine reads, any goroutines write; Close
// may be called by anybody, any number of times.
type Conn struct {
	name string
	c    *websocket.Conn
	ctx  context.Context
	stop func() bool

	heard atomic.Int64 // Unix nanoseconds

	mu   sync.Mutex // of writes
	once sync.Once
}

// Dial connects. When ctx ends the connection is closed, and a Read that waits
// returns.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	if cfg.Connect <= 0 {
		cfg.Connect = 3 * time.Second
	}
	if cfg.MostMessage <= 0 {
		cfg.MostMessage = 1 << 20
	}
	dialling, cancel := context.WithTimeoutCause(ctx, cfg.Connect, &provider.StallError{Waited: cfg.Connect, First: true})
	defer cancel()
	done := func() bool { return true }
	var sock *upgrading
	d := websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: cfg.Connect, Subprotocols: cfg.Subprotocols,
		TLSClientConfig: cfg.TLS, ReadBufferSize: 8 << 10, WriteBufferSize: 8 << 10,
		// The websocket library waits for the upgrade's answer whether ctx ends
		// or not; closing the socket is what ends its wait.
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{Timeout: cfg.Connect}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			done = context.AfterFunc(dialling, func() { c.Close() })
			sock = &upgrading{Conn: c}
			sock.left.Store(mostUpgrade)
			return sock, nil
		},
	}
	c, res, err := d.DialContext(dialling, cfg.URL, cfg.Header)
	if !done() && err == nil {
		c.Close()
		err = dialling.Err()
	}
	if err != nil {
		if res != nil && errors.Is(err, websocket.ErrBadHandshake) && res.StatusCode != http.StatusSwitchingProtocols {
			return nil, provider.Answer(cfg.Provider, "connect", res)
		}
		return nil, provider.Failure(dialling, cfg.Provider, "connect", err)
	}
	sock.left.Store(math.MaxInt64)
	c.SetReadLimit(cfg.MostMessage)
	conn := &Conn{name: cfg.Provider, c: c, ctx: ctx}
	c.SetPongHandler(func(string) error { conn.hear(); return nil })
	conn.stop = context.AfterFunc(ctx, func() { c.Close() })
	return conn, nil
}

// mostUpgrade is how many bytes may come until the upgrade is answered: those of
// TLS and of a proxy's answer included.
const mostUpgrade = 256 << 10

// upgrading bounds what comes on a socket: the websocket library reads the answer
// to the upgrade however long it is.
type upgrading struct {
	net.Conn
	left atomic.Int64 // bytes that may still come
}

func (u *upgrading) Read(b []byte) (int, error) {
	left := u.left.Load()
	if left <= 0 {
		return 0, websocket.ErrReadLimit
	}
	n, err := u.Conn.Read(b[:min(int64(len(b)), left)])
	u.left.Add(-int64(n))
	return n, err
}

// Read returns the next message, which is the caller's. It fails when nothing
// comes for as long as gap; zero waits for ever.
func (c *Conn) Read(gap time.Duration) (kind int, message []byte, err error) {
	var until time.Time
	if gap > 0 {
		until = time.Now().Add(gap)
	}
	if err := c.c.SetReadDeadline(until); err != nil {
		return 0, nil, provider.Failure(c.ctx, c.name, "stream", err)
	}
	kind, message, err = c.c.ReadMessage()
	var timeout net.Error
	switch {
	case err == nil:
		c.hear()
		return kind, message, nil
	case errors.As(err, &timeout) && timeout.Timeout() && gap > 0:
		err = &provider.StallError{Waited: gap}
	}
	return 0, nil, provider.Failure(c.ctx, c.name, "stream", err)
}

// Write sends one message.
func (c *Conn) Write(kind int, message []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.c.SetWriteDeadline(time.Now().Add(writeWait))
	if err == nil {
		err = c.c.WriteMessage(kind, message)
	}
	if err != nil {
		return provider.Failure(c.ctx, c.name, "stream", err)
	}
	return nil
}

// Ping asks the other end for a sign of life, without waiting for it: it comes
// while somebody reads, and [Conn.Heard] tells.
func (c *Conn) Ping() error {
	if err := c.c.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait)); err != nil {
		return provider.Failure(c.ctx, c.name, "stream", err)
	}
	return nil
}

// Heard is when a message, or the answer to a [Conn.Ping], last came; the zero
// time if none did.
func (c *Conn) Heard() time.Time {
	if at := c.heard.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

func (c *Conn) hear() { c.heard.Store(time.Now().UnixNano()) }

// Close says goodbye, without waiting for an answer, and closes the connection.
func (c *Conn) Close() error {
	c.once.Do(func() {
		c.stop()
		_ = c.c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(100*time.Millisecond)) // they may be gone
		_ = c.c.Close()                                                                                                                                    // nothing can be done about it
	})
	return nil
}
