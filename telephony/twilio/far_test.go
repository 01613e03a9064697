package twilio

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

const (
	testAccount = "AC0123456789abcdef0123456789abcdef"
	testStream  = "MZ00112233445566778899aabbccddeeff"
	testCall    = "CAfedcba9876543210fedcba9876543210"
	testToken   = "12345"
)

// far is the carrier's end of a media socket, written by hand so that it can
// also do what no library lets one do.
type far struct {
	conn net.Conn
	r    *bufio.Reader
}

const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
)

// frame is one websocket frame as a client sends it: masked, here with zeros.
func frame(op byte, payload []byte) []byte {
	b := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// say sends text messages; errors show in what comes back.
func (f *far) say(texts ...string) {
	for _, text := range texts {
		f.conn.Write(frame(opText, []byte(text)))
	}
}

// hear returns the next message or control frame.
func (f *far) hear() (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(head[1] & 0x7f)
	switch n {
	case 126:
		var long [2]byte
		if _, err := io.ReadFull(f.r, long[:]); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(long[:]))
	case 127:
		return 0, nil, fmt.Errorf("far: a frame of 64 KiB or more")
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(f.r, payload)
	return head[0] & 0xf, payload, err
}

// hearClose skips messages up to the close frame and returns its code, or -1 if
// the connection broke without one.
func (f *far) hearClose() int {
	for {
		op, payload, err := f.hear()
		if err != nil {
			return -1
		}
		if op == opClose && len(payload) >= 2 {
			return int(binary.BigEndian.Uint16(payload))
		}
	}
}

// The messages that the carrier sends.
const connectedText = `{"event":"connected","protocol":"Call","version":"1.0.0"}`

func startText(token string) string {
	params := `{}`
	if token != "" {
		params = `{"token":"` + token + `"}`
	}
	return `{"event":"start","sequenceNumber":"1","start":{"accountSid":"` + testAccount + `","streamSid":"` + testStream +
		`","callSid":"` + testCall + `","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":` +
		params + `},"streamSid":"` + testStream + `"}`
}

func mediaText(ulaw []byte) string {
	return `{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"` +
		base64.StdEncoding.EncodeToString(ulaw) + `"},"streamSid":"` + testStream + `"}`
}

func markText(name string) string {
	return `{"event":"mark","sequenceNumber":"3","streamSid":"` + testStream + `","mark":{"name":"` + name + `"}}`
}

func digitText(digit string) string {
	return `{"event":"dtmf","streamSid":"` + testStream + `","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"` + digit + `"}}`
}

const stopText = `{"event":"stop","sequenceNumber":"378","streamSid":"` + testStream + `","stop":{"accountSid":"` + testAccount + `","callSid":"` + testCall + `"}}`

// hijacked is the response writer of a request that came over a bare net.Conn.
type hijacked struct {
	net.Conn
	header http.Header
}

func (h hijacked) Header() http.Header { return h.header }
func (h hijacked) WriteHeader(int)     {}
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.Conn, bufio.NewReadWriter(bufio.NewReader(h.Conn), bufio.NewWriter(h.Conn)), nil
}

const upgradeText = "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Twilio.TmeWs/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nx-twilio-signature: %s\r\n\r\n"

// pipe returns both ends of a websocket over memory, which also works in a
// bubble of virtual time.
func pipe(tb testing.TB) (net.Conn, *far) {
	tb.Helper()
	ours, theirs := net.Pipe()
	f := &far{theirs, bufio.NewReader(theirs)}
	var err error
	var wg sync.WaitGroup
	wg.Go(func() {
		var r *http.Request
		if r, err = http.ReadRequest(bufio.NewReader(ours)); err == nil {
			_, err = new(websocket.Upgrader).Upgrade(hijacked{ours, http.Header{}}, r, nil)
		}
	})
	fmt.Fprintf(theirs, upgradeText, "/twilio/media", "h", "-")
	for line := ""; line != "\r\n"; {
		var rerr error
		if line, rerr = f.r.ReadString('\n'); rerr != nil {
			tb.Fatal(rerr)
		}
	}
	wg.Wait()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, f
}

// tally counts reasons.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) count(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[reason]++
}

func (c *tally) of(reason string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[reason]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.n)
}

// accepted returns a leg whose stream has started, over memory.
func accepted(tb testing.TB, c LegConfig) (*Leg, *far) {
	tb.Helper()
	conn, f := pipe(tb)
	go f.say(connectedText, startText("t"))
	leg, err := Accept(conn, c)
	if err != nil {
		tb.Fatal(err)
	}
	return leg, f
}

// repeat returns n bytes that differ from their neighbours.
func repeat(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/160)
	}
	return b
}

func contains(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// mustMedia is the message that the documentation asks for.
func mustMedia(ulaw []byte) []byte {
	return []byte(`{"event":"media","streamSid":"` + testStream + `","media":{"payload":"` + base64.StdEncoding.EncodeToString(ulaw) + `"}}`)
}
