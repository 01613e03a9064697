package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// BareFloor is the peer that does the least that anybody must: see [Floor].
const BareFloor = "floor"

// Floor is that peer's process, told and asked as [Gateway] is. For each frame it
// reads, and for each lump it writes, once, and in between moves the sound from the
// one message into the other, both of which it knows by heart: it parses nothing,
// decodes nothing, and looks for no mask, because this load's is zero. What it needs
// is the system's, and no gateway on this machine needs less.
func Floor(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.Join(errors.New("bench: the floor was told nothing"), lines.Err())
	}
	var s settings
	if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
		return fmt.Errorf("bench: settings: %w", err)
	}
	p, err := newPoller(framesOf(s.Lump))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bench: the floor: %w", err)
	}
	web := &http.Server{Handler: door(p, l.Addr().String()), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	defer func() {
		web.Close()
		<-served // it says that it was closed
	}()
	answers := json.NewEncoder(out)
	err = answers.Encode(sample{Address: l.Addr().String()})
	for err == nil && ctx.Err() == nil && lines.Scan() {
		err = answers.Encode(p.sample())
	}
	return errors.Join(err, lines.Err())
}

// sample tells how the floor is.
func (p *poller) sample() sample {
	s := sample{Talking: p.talking()}
	var cpuErr, memErr error
	s.CPU, cpuErr = cpuTime()
	s.Resident, memErr = resident()
	if err := errors.Join(cpuErr, memErr); err != nil {
		s.Error = err.Error()
	}
	return s
}

// door answers calls, and gives their streams to p.
func door(p *poller, address string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /twilio/voice", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<Response><Connect><Stream url="ws://%s/stream"><Parameter name="token" value="none"/></Stream></Connect></Response>`, address)
	})
	mux.HandleFunc("POST /twilio/status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		var up websocket.Upgrader
		c, err := up.Upgrade(w, r, nil) // a refusal is answered by it
		if err != nil {
			return
		}
		if err := p.take(c.NetConn()); err != nil {
			c.Close()
		}
	})
	return mux
}

// What a media message of [appendMedia]'s begins and ends with, and what stands
// between its sound and its stream's name.
const (
	mediaHead = `{"event":"media",`
	mediaJoin = `"},"streamSid":"`
	mediaTail = `"}`
	soundText = 216 // letters of 160 bytes
	nameText  = 34  // letters of a stream's name
)

// bounce appends to out the message that plays each whole media message in in,
// skips every other, and returns what is left of in: the beginning of a frame.
func bounce(out, in []byte) (replies, rest []byte, frames int) {
	for {
		head := 6 // of a short frame: two bytes and the mask
		if len(in) < 8 {
			return out, in, frames
		}
		n := int(in[1] & 0x7f)
		if n == 126 {
			head, n = 8, int(binary.BigEndian.Uint16(in[2:]))
		}
		if len(in) < head+n {
			return out, in, frames
		}
		if text := in[head : head+n]; bytes.HasPrefix(text, []byte(mediaHead)) && n > soundText+nameText+len(mediaHead+mediaJoin+mediaTail) {
			name := text[n-len(mediaTail)-nameText:][:nameText]
			sound := text[n-len(mediaTail)-nameText-len(mediaJoin)-soundText:][:soundText]
			const first, second, last = `{"event":"media","streamSid":"`, `","media":{"payload":"`, `"}}`
			out = append(out, 0x80|opText, 126, 0, 0)
			binary.BigEndian.PutUint16(out[len(out)-2:], uint16(len(first+second+last)+nameText+soundText))
			out = append(append(out, first...), name...)
			out = append(append(out, second...), sound...)
			out = append(out, last...)
			frames++
		}
		in = in[head+n:]
	}
}
