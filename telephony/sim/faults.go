package sim

import "errors"

// ErrNoStream is returned where a fault needs a stream and the call has none.
var ErrNoStream = errors.New("sim: the call has no stream")

// Streaming reports whether the call has a live media stream.
func (c *Call) Streaming() bool { return c.liveStream() != nil }

func (c *Call) liveStream() *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream
}

// Cut resets the TCP connection of the call's stream now, as a router that
// crashes does. The call goes on as after any drop.
func (c *Call) Cut() error {
	s := c.liveStream()
	if s == nil {
		return ErrNoStream
	}
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
	_ = s.tcp.SetReadBuffer(4096) // full sooner
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume == nil {
		s.resume = make(chan struct{})
	}
	return nil
}

// ResumeReading undoes StopReading.
func (c *Call) ResumeReading() error {
	s := c.liveStream()
	if s == nil {
		return ErrNoStream
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume != nil {
		close(s.resume)
		s.resume = nil
	}
	return nil
}
