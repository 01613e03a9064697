package ws

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// line is a connection on which a client said all that it will say. It comes in
// reads of the sizes that piece returns.
type line struct {
	net.Conn // nil: nothing else is called
	in       []byte
	piece    func() int
	out      []byte
}

func (l *line) Read(p []byte) (int, error) {
	if len(l.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.in[:min(len(l.in), max(1, l.piece()))])
	l.in = l.in[n:]
	return n, nil
}

func (l *line) Write(p []byte) (int, error)      { l.out = append(l.out, p...); return len(p), nil }
func (l *line) Close() error                     { return nil }
func (l *line) SetDeadline(time.Time) error      { return nil }
func (l *line) SetReadDeadline(time.Time) error  { return nil }
func (l *line) SetWriteDeadline(time.Time) error { return nil }

// told reads the control frames that a server wrote.
func told(t *testing.T, out []byte) (all []string) {
	names := map[byte]string{0x88: "close", 0x8a: "pong"}
	for len(out) > 0 {
		if len(out) < 2 || names[out[0]] == "" || out[1] > maxControl || len(out) < 2+int(out[1]) {
			t.Fatalf("it wrote %x", out)
		}
		name, payload := names[out[0]], string(out[2:2+out[1]])
		out = out[2+len(payload):]
		switch {
		case name == "pong":
			all = append(all, pong(payload))
		case len(payload) >= 2:
			all = append(all, fmt.Sprint("close ", int(payload[0])<<8|int(payload[1])))
		default:
			all = append(all, name)
		}
	}
	return all
}

// hear is what c hands out, and how it ends.
func hear(c *Conn) (heard []string, end string) {
	for {
		op, message, err := c.Next()
		var closed *CloseError
		var broke *ViolationError
		switch {
		case errors.As(err, &closed):
			return heard, fmt.Sprint(closed.Code)
		case errors.As(err, &broke):
			return heard, fmt.Sprint("violation ", broke.Code)
		case err == io.ErrUnexpectedEOF:
			return heard, cut
		case err != nil:
			return heard, err.Error()
		case op == Text:
			heard = append(heard, text(string(message)))
		default:
			heard = append(heard, bin(string(message)))
		}
	}
}

// cuts are ways in which bytes arrive.
func cuts(seed uint64) map[string]func() int {
	r := rand.New(rand.NewPCG(seed, 1))
	return map[string]func() int{
		"at once":         func() int { return 1 << 30 },
		"byte by byte":    func() int { return 1 },
		"in random cuts":  func() int { return 1 + r.IntN(1+r.IntN(700)) },
		"in packets":      func() int { return 1448 },
		"in random small": func() int { return 1 + r.IntN(9) },
	}
}

// brief shortens what a failure prints.
func brief(all []string) (short []string) {
	for _, s := range all {
		short = append(short, fmt.Sprintf("%.40q (%d)", s, len(s)))
	}
	return short
}

func TestSuite(t *testing.T) {
	all := suite()
	if len(all) < 150 {
		t.Fatalf("only %d claims", len(all))
	}
	seen := map[string]bool{}
	for i, c := range all {
		if seen[c.name] {
			t.Errorf("%s: there are two of that name", c.name)
		}
		seen[c.name] = true
		for how, piece := range cuts(uint64(i)) {
			if how != "at once" && how != "in packets" && how != "in random cuts" && len(c.in) > 1<<18 {
				continue // a million reads of a byte say no more than a hundred thousand
			}
			l := &line{in: slices.Clone(c.in), piece: piece}
			conn := New(l, Config{Limit: suiteLimit})
			heard, end := hear(conn)
			if said := told(t, l.out); !slices.Equal(heard, c.heard) || end != c.end || !slices.Equal(said, c.said()) {
				t.Errorf("%s, %s:\nheard %v, told %v, %s\nwant  %v, told %v, %s", c.name, how, brief(heard), brief(said), end, brief(c.heard), brief(c.said()), c.end)
			}
			if _, _, err := conn.Next(); err == nil {
				t.Errorf("%s, %s: something comes after the end", c.name, how)
			}
		}
	}
	t.Logf("%d claims", len(all))
}

// hijackable is the response writer of a request on l.
type hijackable struct {
	*httptest.ResponseRecorder
	l net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.l, bufio.NewReadWriter(bufio.NewReader(h.l), bufio.NewWriter(h.l)), nil
}

// upgraded is gorilla's connection on l.
func upgraded(tb testing.TB, l *line) *websocket.Conn {
	conn := upgradedOn(tb, l)
	l.out = nil
	conn.SetReadLimit(suiteLimit)
	return conn
}

func upgradedOn(tb testing.TB, l net.Conn) *websocket.Conn {
	r := httptest.NewRequest(http.MethodGet, "http://h/", nil)
	for name, value := range map[string]string{"Connection": "upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(hijackable{httptest.NewRecorder(), l}, r, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return conn
}

// hearGorilla is what gorilla hands out, and how it ends.
func hearGorilla(conn *websocket.Conn) (heard []string, end string) {
	for {
		kind, message, err := conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
			return heard, fmt.Sprint(closed.Code)
		case errors.As(err, &closed), errors.Is(err, io.ErrUnexpectedEOF):
			return heard, cut
		case errors.Is(err, websocket.ErrReadLimit):
			return heard, tooBig
		case err != nil:
			return heard, "violation"
		case kind == websocket.TextMessage:
			heard = append(heard, text(string(message)))
		default:
			heard = append(heard, bin(string(message)))
		}
	}
}

// TestGorillaUnderTheSameSuite holds the suite against a reference that many
// use. Where gorilla is other than the claim, the reason stands here.
func TestGorillaUnderTheSameSuite(t *testing.T) {
	others := []struct{ prefix, why string }{
		{"6.", "gorilla leaves it to the application to look at text"},
		{"L.", "gorilla takes lengths in more bytes than they need"},
		{"7.7 ", "gorilla takes half a code for none"},
		{"7.11 ", "gorilla says 1002 to a reason that is no text"},
		{"7.12 ", "gorilla says 1002 to a reason that is no text"},
		{"7.15 code 1014", "registered after gorilla's list was made"},
	}
	differ := map[string]int{}
	for _, c := range suite() {
		l := &line{in: slices.Clone(c.in), piece: func() int { return 1 << 30 }}
		heard, end := hearGorilla(upgraded(t, l))
		said := told(t, l.out)
		if end == "violation" && strings.HasPrefix(c.end, end) { // which one, gorilla only tells the far end
			end = c.end
		}
		if slices.Equal(heard, c.heard) && slices.Equal(said, c.said()) && end == c.end {
			continue
		}
		why := ""
		for _, o := range others {
			if strings.HasPrefix(c.name, o.prefix) {
				why = o.why
			}
		}
		differ[why]++
		if why == "" {
			t.Errorf("%s:\nheard %v, told %v, %s\nwant  %v, told %v, %s", c.name, brief(heard), brief(said), end, brief(c.heard), brief(c.said()), c.end)
		}
	}
	for _, o := range others {
		if differ[o.why] == 0 {
			t.Errorf("no difference any more: %s", o.why)
		}
	}
	t.Log(differ)
}
