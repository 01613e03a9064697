package sim

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// The tracks of a stream, by their names in messages: what the far end says, and
// what it hears.
const (
	trackInbound  = "inbound"
	trackOutbound = "outbound"
)

// maxForked is how many tracks of a call may be streamed away at once, beside its
// own stream (documented).
const maxForked = 4

// track is one side of a call that a stream listens to.
type track struct {
	name  string
	chunk int // of its last message: each counts its own
}

// fork is a stream that only listens, beside whatever the call does.
type fork struct {
	name   string
	tracks int
	cancel context.CancelFunc
}

// startForks plays a Start: its streams begin, and the call goes on at once.
func (c *Call) startForks(d document, v element) {
	for _, n := range v.in {
		if n.name == "Stream" {
			c.startFork(d, n)
		}
	}
}

func (c *Call) startFork(d document, n element) {
	tracks, ok := map[string][]track{
		"": {{name: trackInbound}}, "inbound_track": {{name: trackInbound}}, "outbound_track": {{name: trackOutbound}},
		"both_tracks": {{name: trackInbound}, {name: trackOutbound}},
	}[n.attr["track"]]
	if !ok {
		c.offend(police.StreamURL, 31941, "track is not inbound_track, outbound_track or both_tracks")
		return
	}
	address, params, ok := c.streamAddress(d, n)
	if !ok {
		return
	}
	s := &stream{
		call: c, phone: c.phone, sid: newSID("MZ"), params: params, tracks: slices.Clone(tracks),
		out: make(chan outgoing, 256), ended: make(chan struct{}), gone: make(chan struct{}), noise: 1,
		quirks: quirks{stops: 1, code: c.carrier.knobs.CloseCode},
	}
	f := &fork{name: n.attr["name"], tracks: len(tracks)}
	if f.name == "" {
		f.name = s.sid
	}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(c.ctx)
	if !c.addFork(f) {
		f.cancel()
		return
	}
	c.forking.Go(func() {
		defer c.dropFork(f)
		c.runFork(ctx, d, n, s, f.name, address)
	})
}

// addFork notes that f listens, if it may.
func (c *Call) addFork(f *fork) bool {
	c.mu.Lock()
	sum, taken := f.tracks, false
	for _, o := range c.forks {
		sum, taken = sum+o.tracks, taken || o.name == f.name
	}
	ok := sum <= maxForked && !taken && c.leg != nil
	if ok {
		c.forks = append(c.forks, f)
	}
	c.mu.Unlock()
	switch {
	case sum > maxForked:
		c.offend(police.Attribute, 0, "more than four tracks of a call are streamed at once")
	case taken:
		c.offend(police.Attribute, 0, "a stream has the name of another that is open")
	}
	return ok
}

func (c *Call) dropFork(f *fork) {
	f.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forks = slices.DeleteFunc(c.forks, func(o *fork) bool { return o == f })
}

// stopForks plays a Stop. One that names no stream stops none.
func (c *Call) stopForks(v element) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range v.in {
		for _, f := range c.forks {
			if n.name == "Stream" && n.attr["name"] == f.name {
				f.cancel()
			}
		}
	}
}

// runFork lets a stream listen until it is stopped, the gateway closes it, or the
// call is over.
func (c *Call) runFork(ctx context.Context, d document, n element, s *stream, name, address string) {
	report := func(event, fault string) { c.reportStream(d, n, s.sid, name, event, fault) }
	if err := c.open(ctx, s, address); err != nil {
		c.note("fork", "failed")
		report("stream-error", err.Error())
		return
	}
	c.note("fork", "open")
	report("stream-started", "")
	var wg sync.WaitGroup
	s.run(ctx, &wg)
	s.begin()
	leg := c.legNow()
	leg.fork(s)
	select {
	case <-s.ended:
	case <-ctx.Done():
		s.hangUp()
	}
	leg.unfork(s)
	s.finish(&wg)
	c.note("fork", "closed")
	report("stream-stopped", "")
}

// fork lets s hear the leg, beside whatever that is connected to.
func (l *leg) fork(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forks = append(l.forks[:len(l.forks):len(l.forks)], s)
}

func (l *leg) unfork(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forks = slices.DeleteFunc(slices.Clone(l.forks), func(o *stream) bool { return o == s })
}

func (l *leg) forked() []*stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forks
}

// overhear tells a stream that only listens of 20 ms of both sides: a message for
// each track.
func (s *stream) overhear(said, heard *media.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		return
	}
	for i := range s.tracks {
		t := &s.tracks[i]
		t.chunk++
		f := said
		if t.name == trackOutbound {
			f = heard
		}
		ulaw := s.voiceBytes(s.ulaw[:0], f)
		s.send(func(seq int) []byte { return s.mediaMessage(seq, t.name, t.chunk, ulaw) })
	}
}

// trackList is what start says of the tracks.
func (s *stream) trackList() string {
	if s.tracks == nil {
		return `"` + trackInbound + `"`
	}
	var names []string
	for _, t := range s.tracks {
		names = append(names, `"`+t.name+`"`)
	}
	return strings.Join(names, ",")
}
