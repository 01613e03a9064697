package providertest

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func contains(all []provider.Class, c provider.Class) bool { return slices.Contains(all, c) }
func containsText(text, part string) bool                  { return strings.Contains(text, part) }

// Wire stands between a client and a server, and has faults of its own:
// [NoAnswer], [StallsIn], [CutIn], [Slow] and [Gone]. It knows bytes only, so
// that it serves HTTP and websockets alike.
type Wire struct {
	Fault Fault
	// After is how many bytes of the server's come through before it stalls or
	// cuts: choose it so that the fault falls into the middle of a message.
	After int

	listener net.Listener
	to       string
	work     sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool // both ends of everything that is open
	closed   bool
}

// Listen opens w in front of the server at to (HOST:PORT) and returns its own
// HOST:PORT. It is closed when the test ends.
func (w *Wire) Listen(t testing.TB, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.listener, w.to, w.open = l, to, map[net.Conn]bool{}
	if w.Fault == Gone {
		l.Close() // nobody is there
		return l.Addr().String()
	}
	w.work.Go(w.accept)
	t.Cleanup(w.close)
	return l.Addr().String()
}

// Open is how many connections stand now: a client that was told to stop must
// have none.
func (w *Wire) Open() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open) / 2
}

func (w *Wire) close() {
	w.listener.Close()
	w.mu.Lock()
	w.closed = true
	for c := range w.open {
		c.Close()
	}
	w.mu.Unlock()
	w.work.Wait()
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil {
			client.Close()
			continue
		}
		if !w.keep(client, server) {
			return
		}
		w.work.Go(func() {
			var both sync.WaitGroup
			both.Go(func() { io.Copy(server, client); w.drop(client, server) })
			both.Go(func() { w.back(client, server); w.drop(client, server) })
			both.Wait()
		})
	}
}

// keep remembers both ends; false when w is closed.
func (w *Wire) keep(client, server net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		client.Close()
		server.Close()
		return false
	}
	w.open[client], w.open[server] = true, true
	return true
}

func (w *Wire) drop(client, server net.Conn) {
	client.Close()
	server.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, client)
	delete(w.open, server)
}

// back carries what the server says to the client, with the fault.
func (w *Wire) back(client, server net.Conn) {
	left := w.After
	buf := make([]byte, 4096)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		piece := buf[:n]
		switch w.Fault {
		case NoAnswer:
			piece = nil
		case StallsIn:
			piece = piece[:min(len(piece), left)]
			left -= len(piece)
		case CutIn:
			if left < len(piece) {
				client.Write(piece[:left])
				if c, ok := client.(*net.TCPConn); ok {
					c.SetLinger(0) // a reset, as when a machine dies
				}
				return
			}
			left -= len(piece)
		case Slow:
			if !crumbs(client, piece) {
				return
			}
			continue
		}
		if _, err := client.Write(piece); err != nil {
			return
		}
	}
}

// crumbs writes piece a few bytes at a time.
func crumbs(client net.Conn, piece []byte) bool {
	for part := range slices.Chunk(piece, 97) {
		if _, err := client.Write(part); err != nil {
			return false
		}
		time.Sleep(100 * time.Microsecond)
	}
	return true
}
