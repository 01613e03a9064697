package sim

import (
	"errors"
	"time"
)

// ErrNoStream is returned where a fault needs a stream and the call has none.
var ErrNoStream = errors.New("sim: the call has no stream")

// Streaming reports whether the call has a live media stream.
func (c *Call) Streaming() bool { return c.liveStream() != nil }

func (c *Call) liveStream() *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream
}

// suffer lets the faults bite whose moment has come, at after answer. The leg's
// clock calls it, before the tick of that moment.
func (c *Call) suffer(at time.Duration) {
	c.trouble.at.Store(int64(at))
	s, n := c.liveStream(), 0
	if s != nil {
		n = s.nth
	}
	for _, f := range c.trouble.moments(at, n) {
		c.note("fault", string(f.What))
		if f.What == Do {
			c.carrier.work.Go(f.Run)
			continue
		}
		c.afflict(s, f)
	}
}

// afflict does f to a live stream.
func (c *Call) afflict(s *stream, f Fault) {
	switch f.What {
	case CutStream:
		s.cut()
	case FinStream:
		s.tcp.Close()
	case CloseFrame:
		s.mu.Lock()
		defer s.mu.Unlock()
		if f.Code == 0 {
			f.Code = 1001
		}
		s.closeWith(f.Code)
	case HalfOpen:
		s.deafen()
	case SlowReader:
		s.stopReading()
		if f.For > 0 {
			c.carrier.work.Go(func() {
				sleep(c.ctx, f.For)
				s.resumeReading()
			})
		}
	case HoldBack:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hold = time.Now().Add(f.For)
	}
}

// Cut resets the TCP connection of the call's stream now, as a router that
// crashes does. The call goes on as after any drop.
func (c *Call) Cut() error {
	s := c.liveStream()
	if s == nil {
		return ErrNoStream
	}
	return s.cut()
}

func (s *stream) cut() error {
	_ = s.tcp.SetLinger(0) // RST instead of FIN; if it fails, FIN will do
	return s.tcp.Close()
}

// StopReading leaves what the gateway sends unread, until ResumeReading: TCP
// pushes back once its buffers are full.
func (c *Call) StopReading() error {
	s := c.liveStream()
	if s == nil {
		return ErrNoStream
	}
	s.stopReading()
	return nil
}

func (s *stream) stopReading() {
	_ = s.tcp.SetReadBuffer(4096) // full sooner
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume == nil {
		s.resume = make(chan struct{})
	}
}

// ResumeReading undoes StopReading.
func (c *Call) ResumeReading() error {
	s := c.liveStream()
	if s == nil {
		return ErrNoStream
	}
	s.resumeReading()
	return nil
}

func (s *stream) resumeReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume != nil {
		close(s.resume)
		s.resume = nil
	}
}
