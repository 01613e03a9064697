package show

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
)

// redraw is the least time between two drawings of the live line.
const redraw = 100 * time.Millisecond

// A meter shows the last 1.4 s: 7 bars of 200 ms.
const (
	meterBars   = 7
	framesAsBar = 10
)

var bars = []rune("▁▂▃▄▅▆▇█")

// Meters holds how loud both sides of a call were in the last 1.4 s. It is an
// [agentcore.Recorder]; the zero Meters is ready to use.
type Meters struct {
	caller, agent meter
	frames        int
	ms            atomic.Int64 // of the call that were recorded
}

var _ agentcore.Recorder = (*Meters)(nil)

// Record implements [agentcore.Recorder].
func (m *Meters) Record(caller, agent *media.Frame) {
	m.frames++
	full := m.frames%framesAsBar == 0
	m.caller.frame(caller, full)
	m.agent.frame(agent, full)
	m.ms.Store(int64(m.frames) * media.FrameDuration.Milliseconds())
}

// meter packs its bars into a word, the newest in the lowest byte, so that one
// goroutine may record while another draws.
type meter struct {
	peak int32
	bars atomic.Uint64
}

func (m *meter) frame(f *media.Frame, full bool) {
	for _, v := range f {
		m.peak = max(m.peak, int32(v), -int32(v))
	}
	if full {
		m.bars.Store(m.bars.Load()<<8 | uint64(loudness(m.peak)))
		m.peak = 0
	}
}

// loudness is 0 below -42 dBFS, and one more for each 6 dB above, up to 7.
func loudness(peak int32) int {
	n := 0
	for limit := int32(256); peak >= limit && n < len(bars)-1; limit *= 2 {
		n++
	}
	return n
}

func (m *meter) String() string {
	var b strings.Builder
	packed := m.bars.Load()
	for i := meterBars - 1; i >= 0; i-- {
		b.WriteRune(bars[packed>>(8*i)&7])
	}
	return b.String()
}

// doing is what goes on in a call right now.
type doing struct {
	label, text string // hearing "...", saying "..."
	over        bool
}

func (d *doing) add(e agentcore.Entry) {
	switch ev := e.Event.(type) {
	case agentcore.Planned:
		d.label, d.text = "saying", Clean(ev.Text)
	case agentcore.SpeechBegan:
		d.label, d.text = "hearing", ""
	case agentcore.CallerSaid:
		d.label, d.text = "heard", Clean(ev.Text)
	case agentcore.ToolIntent:
		d.label, d.text = "asking", Clean(ev.Name)
	case agentcore.AgentSaid, agentcore.NotUnderstood:
		d.label, d.text = "", ""
	case agentcore.Ended:
		d.over = true
	}
}

func (d doing) String() string {
	if d.label == "" || d.text == "" {
		return d.label
	}
	return fmt.Sprintf("%s %q", d.label, d.text)
}

// Meters of the call: to be given its sound, for the live line.
func (c *Live) Meters() *Meters { return &c.now }

// Hearing tells the words recognised so far of what the caller is saying.
func (c *Live) Hearing(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doing.label, c.doing.text = "hearing", Clean(text)
}

// Watch redraws the call's live line until ctx is done, and then takes it away.
// Without [Mode.Live] it only waits.
func (c *Live) Watch(ctx context.Context) {
	if !c.s.mode.Live {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.s.Clear()
			return
		case <-tick.C:
			if line := c.line(); line != "" {
				c.s.Now(line)
			}
		}
	}
}

func (c *Live) line() string {
	c.mu.Lock()
	now := c.doing
	c.mu.Unlock()
	if now.over {
		return ""
	}
	return fmt.Sprintf("  %s %s   agent %s   %s   %s",
		c.head.Caller, &c.now.caller, &c.now.agent, shortClock(c.now.ms.Load()), now)
}

// shortClock is 0:14.
func shortClock(ms int64) string { return fmt.Sprintf("%d:%02d", ms/60_000, ms/1000%60) }

// Now draws line on status, in the place of the live line before it: at most 10
// times a second, what comes sooner is dropped. Without [Mode.Live] it does
// nothing. The line is cut where the terminal ends; whatever matters is printed
// again as a real line.
func (s *Screen) Now(line string) {
	if !s.mode.Live {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.when) < redraw {
		return
	}
	head, _ := split(line, max(s.mode.Width-1, 1))
	s.when, s.drawn = now, true
	fmt.Fprint(s.status, "\r\x1b[K"+head)
}

// Clear takes the live line away.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
}

// erase is Clear for who holds s.mu.
func (s *Screen) erase() {
	if s.drawn {
		s.drawn = false
		fmt.Fprint(s.status, "\r\x1b[K")
	}
}
