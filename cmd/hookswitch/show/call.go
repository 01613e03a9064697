package show

import (
	"fmt"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// Heading says what is known of a call before anyone speaks.
type Heading struct {
	Number, Of int // CALL 1 of 2. Of zero leaves the "of" out; Number zero the line's first words
	Direction  telephony.Direction
	From, To   string
	Who        string // the far end: the persona's name; empty for none
	Caller     string // the word for the far end. Empty means "caller"; `talk` says "you"
	Recording  string // path of the recording, told at the end; empty for none

	// Silenced measures talk-overs on the line; see [Script.Silenced].
	Silenced func(agentcore.TalkOver) (ms int64, ok bool)
}

// Live is one call on a [Screen]. Its methods may be called from any goroutine.
type Live struct {
	s    *Screen
	head Heading
	now  Meters

	mu     sync.Mutex
	script Script
	doing  doing
}

// Call prints the heading of a call and returns the call, to be told its
// entries as they happen.
func (s *Screen) Call(h Heading) *Live {
	if h.Caller == "" {
		h.Caller = "caller"
	}
	c := &Live{s: s, head: h, script: Script{Silenced: h.Silenced}}
	p := s.printer()
	if h.Number > 0 {
		p.newline()
		p.styled(bold, h.line())
	}
	s.print(p)
	return c
}

func (h Heading) line() string {
	title := fmt.Sprintf("CALL %d", h.Number)
	if h.Of > 0 {
		title += fmt.Sprintf(" of %d", h.Of)
	}
	way, who := "in ", "caller"
	if h.Direction == telephony.Outbound {
		way, who = "out", "callee"
	}
	title += fmt.Sprintf("   %s  %s -> %s", way, Number(h.From), Number(h.To))
	if h.Who != "" {
		title += fmt.Sprintf("   %s %q", who, Clean(h.Who))
	}
	return title
}

// Entry takes the call's next journal entry, and prints what is now complete.
func (c *Live) Entry(e agentcore.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doing.add(e)
	if c.s.mode.JSON {
		c.s.entry(e)
		return
	}
	c.show(c.script.Add(e))
}

// Flush prints what is still kept back, of a call that was given up on.
func (c *Live) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.show(c.script.Rest())
}

// Note prints a line about the call that is in no journal: ringing, a status
// callback. at is milliseconds since the call was answered.
func (c *Live) Note(at int64, label, text string) {
	p := c.s.printer()
	p.carrier(at, Clean(label), Clean(text), grey)
	c.s.print(p)
}

func (c *Live) show(items []Item) {
	p := c.s.printer()
	for _, i := range items {
		p.item(i, c.head)
	}
	c.s.print(p)
}
