package sim

import (
	"context"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// quirks are what goes wrong with a stream from its beginning to its end.
type quirks struct {
	late   time.Duration // from connected to start, beside Knobs.StartDelay
	jitter time.Duration // each message is late by up to that
	stops  int           // stop messages at its end: 0, 1 or 2
	code   int           // of the close frame at its end
}

// quirks are those of the call's nth stream.
func (c *Call) quirks(nth int) quirks {
	q := quirks{stops: 1, code: c.carrier.knobs.CloseCode}
	o := occasion{at: time.Duration(c.trouble.at.Load()), n: nth}
	for _, w := range []What{LateStart, Jitter, StopTwice, NoStop, CloseCode} {
		f, bites := c.trouble.strike(o, w)
		if !bites {
			continue
		}
		c.note("fault", string(w))
		switch w {
		case LateStart:
			q.late = f.For
		case Jitter:
			q.jitter = f.For
		case StopTwice:
			q.stops = 2
		case NoStop:
			q.stops = 0
		case CloseCode:
			q.code = f.Code
		}
	}
	return q
}

// sendMedia sends a chunk, unless a fault has it lost, twice, late or with a
// number that is not its own. The caller holds mu.
func (s *stream) sendMedia(slot time.Duration, ulaw []byte) {
	if s.closing {
		return
	}
	s.seq++
	f, bites := s.call.trouble.strike(occasion{at: slot, n: s.chunk}, LoseMedia, TwiceMedia, SwapMedia, Misnumber)
	seq := s.seq
	if bites && !slices.Contains(s.noted, f.What) {
		s.noted = append(s.noted, f.What)
		s.call.note("fault", string(f.What))
	}
	if bites && f.What == Misnumber {
		seq += 1000
	}
	message := s.mediaMessage(seq, trackInbound, s.chunk, ulaw)
	switch {
	case bites && f.What == LoseMedia:
		return
	case bites && f.What == SwapMedia && s.swapped == nil:
		s.swapped = message
		return
	case bites && f.What == TwiceMedia:
		s.push(message)
	}
	s.push(message)
	if s.swapped != nil {
		s.push(s.swapped)
		s.swapped = nil
	}
}

// waitStart waits between connected and start, unless the stream ends first.
func (s *stream) waitStart(ctx context.Context) {
	d := s.call.carrier.knobs.StartDelay + s.quirks.late
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ended:
	case <-ctx.Done():
	}
}

// holding is for how long messages still are held back. The caller holds mu.
func (s *stream) holding() time.Duration { return time.Until(s.hold) }

// waitHold does not return while messages are held back.
func (s *stream) waitHold() {
	s.mu.Lock()
	d := s.holding()
	s.mu.Unlock()
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.gone:
	}
}

// deafen makes the stream half-open: the far side hears nothing more, not even
// an answer to a ping, and is not heard.
func (s *stream) deafen() {
	s.stopReading()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = true
}

func (s *stream) muted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mute
}

// waitMute does not return while a half-open stream lives, whatever became of
// its connection: nobody here can know.
func (s *stream) waitMute() {
	if s.muted() {
		<-s.gone
	}
}

// quiet keeps a half-open stream from answering what the websocket answers by
// itself.
func (s *stream) quiet() {
	ping, closed := s.ws.PingHandler(), s.ws.CloseHandler()
	s.ws.SetPingHandler(func(text string) error {
		if s.muted() {
			return nil
		}
		return ping(text)
	})
	s.ws.SetCloseHandler(func(code int, text string) error {
		if s.muted() {
			return &websocket.CloseError{Code: code, Text: text}
		}
		return closed(code, text)
	})
}

// letGo closes the socket; that of a half-open stream only with the carrier, or
// the gateway would learn of the end.
func (s *stream) letGo() {
	if !s.muted() {
		s.ws.Close()
		return
	}
	_ = s.ws.SetReadDeadline(time.Now()) // the reader ends
	s.call.carrier.work.Go(func() {
		<-s.call.carrier.ctx.Done()
		s.ws.Close()
	})
}
