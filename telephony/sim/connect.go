package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// connect plays a Connect: it lasts as long as its stream.
func (c *Call) connect(ctx context.Context, d document, v element) step {
	for _, n := range v.in {
		if n.name == "Stream" {
			c.runStream(ctx, d, n)
			break
		}
	}
	return c.action(ctx, d, v, nil)
}

// runStream opens a media stream and lives until it is over.
func (c *Call) runStream(ctx context.Context, d document, n element) {
	if t := n.attr["track"]; t != "" && t != "inbound_track" {
		c.offend(police.StreamURL, 31941, "track is not inbound_track")
		return
	}
	address, params, ok := c.streamAddress(d, n)
	if !ok {
		return
	}
	s := &stream{
		call: c, phone: c.phone, sid: newSID("MZ"), params: params,
		out: make(chan outgoing, 256), ended: make(chan struct{}), gone: make(chan struct{}), noise: 1,
		nth: c.trouble.opened(),
	}
	s.quirks = c.quirks(s.nth)
	name := n.attr["name"]
	if name == "" {
		name = s.sid
	}
	report := func(event, fault string) { c.reportStream(d, n, s.sid, name, event, fault) }
	if err := c.open(ctx, s, address); err != nil {
		c.note("stream", "failed")
		report("stream-error", err.Error())
		return
	}
	c.note("stream", "open")
	report("stream-started", "")
	c.live(ctx, s)
	report("stream-stopped", "")
}

// live runs an open stream to its end.
func (c *Call) live(ctx context.Context, s *stream) {
	leg := c.legNow()
	var wg sync.WaitGroup
	s.run(ctx, &wg)
	c.setStream(s)
	leg.connect(s)
	s.begin()
	c.note("start", "")

	dropped := false
	select {
	case <-s.ended:
		if dropped = s.how != errServerClosed; dropped {
			c.note("drop", "")
			sleep(ctx, c.carrier.knobs.DropNotice)
		}
	case <-ctx.Done():
		s.hangUp()
	}
	if !dropped || !c.carrier.knobs.PlayAfterDrop {
		leg.release(s)
	}
	c.setStream(nil)
	s.finish(&wg)
}

// run reads and writes an open stream, and waits until it is time for start.
func (s *stream) run(ctx context.Context, wg *sync.WaitGroup) {
	wg.Go(s.read)
	wg.Go(s.write)
	s.mu.Lock()
	s.push([]byte(connectedMessage))
	s.mu.Unlock()
	s.waitStart(ctx)
}

// finish lets go of a stream that has ended, and waits for those in wg.
func (s *stream) finish(wg *sync.WaitGroup) {
	s.mu.Lock()
	s.closing = true
	close(s.out)
	s.mu.Unlock()
	close(s.gone)
	s.letGo()
	wg.Wait()
}

func (c *Call) setStream(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream = s
}

// streamAddress reads where a stream goes and what it carries along.
func (c *Call) streamAddress(d document, n element) (address string, params map[string]string, ok bool) {
	address = n.attr["url"]
	if !strings.Contains(address, "://") {
		address = strings.Replace(d.resolve(address), "http", "ws", 1)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		c.offend(police.StreamURL, 31923, "stream address is no URL")
		return "", nil, false
	case u.Scheme != "wss" && (u.Scheme != "ws" || !loopback(u.Hostname())):
		c.offend(police.StreamURL, 31922, "stream address is not wss")
		return "", nil, false
	case u.RawQuery != "" || u.ForceQuery:
		c.offend(police.StreamURL, 31920, "stream address has a query, which is not supported")
		if c.carrier.knobs.QueryFails {
			return "", nil, false
		}
		address, _, _ = strings.Cut(address, "?")
	}
	return address, c.streamParameters(n), true
}

// loopback reports whether host is this machine, where alone ws is allowed.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// maxParameter is how long the name and value of a Parameter may be together.
const maxParameter = 500

func (c *Call) streamParameters(n element) map[string]string {
	params := map[string]string{}
	for _, p := range n.in {
		name, value := p.attr["name"], p.attr["value"]
		switch {
		case p.name != "Parameter":
		case name == "":
			c.offend(police.Parameter, 0, "a stream parameter has no name")
		case len(name)+len(value) >= maxParameter:
			c.offend(police.Parameter, 0, "a stream parameter has 500 characters or more")
		default:
			params[name] = value
		}
	}
	return params
}

// open shakes hands as the real carrier does: its header names in lower case,
// no extensions, a signature over the address alone.
func (c *Call) open(ctx context.Context, s *stream, address string) error {
	dialer := websocket.Dialer{
		TLSClientConfig:  c.carrier.cfg.TLS,
		HandshakeTimeout: c.carrier.knobs.HandshakeTimeout,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, network, addr)
			if err == nil {
				s.tcp = conn.(*net.TCPConn) // network is tcp
			}
			return conn, err
		},
	}
	address, _, _ = strings.Cut(address, "#")
	ws, resp, err := dialer.DialContext(ctx, address, http.Header{
		"User-Agent":         {"Twilio.TmeWs/1.0"},
		"x-twilio-signature": {sign(c.owner.AuthToken, address, nil)},
	})
	switch {
	case err == nil:
		ws.SetReadLimit(int64(c.carrier.knobs.MaxMessage))
		s.ws = ws
		s.quiet()
		return nil
	case ctx.Err() != nil:
		return errors.New("call ended during the handshake")
	case resp != nil:
		c.offend(police.Handshake, 31920, "websocket was answered with "+strconv.Itoa(resp.StatusCode))
		return errors.New("handshake failed")
	}
	var refused *net.OpError
	if errors.As(err, &refused) {
		c.offend(police.Unreachable, 31902, "websocket could not be connected")
	} else {
		c.offend(police.Handshake, 31901, "websocket was not answered")
	}
	return errors.New("connection failed")
}

// reportStream queues a Stream's own status callback.
func (c *Call) reportStream(d document, n element, sid, name, event, fault string) {
	if n.attr["statusCallback"] == "" {
		return
	}
	v := url.Values{
		"AccountSid": {c.owner.SID}, "CallSid": {c.sid}, "StreamSid": {sid}, "StreamName": {name},
		"StreamEvent": {event}, "Timestamp": {c.clock(time.Now()).Format(time.RFC3339Nano)},
	}
	if fault != "" {
		v.Set("StreamError", fault)
	}
	c.queue(post{n.attr["statusCallbackMethod"], d.resolve(n.attr["statusCallback"]), v})
}
