package talk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// fakeCall is an agent at the other end of a phone, without a line between.
type fakeCall struct {
	*phone
	now  time.Duration
	did  []string // "1.2s says", "1.2s 5", "1.2s hangs up"
	mute bool
}

func (c *fakeCall) tick(agent bool) {
	var hear, say media.Frame
	if agent {
		hear = handset.Loud(media.FrameDuration)[0]
	}
	touch := c.Tick(c.now, &hear, &say)
	_, _, voice := handset.Voiced(&say)
	switch {
	case touch.Hangup:
		c.note("hangs up")
	case touch.Digit != 0:
		c.note(string(touch.Digit))
	case voice && !c.mute:
		c.note("says")
	}
	c.mute = voice
	c.now += media.FrameDuration
}

func (c *fakeCall) note(what string) { c.did = append(c.did, fmt.Sprintf("%v %s", c.now, what)) }

// quiet lets d go by.
func (c *fakeCall) quiet(d time.Duration) {
	for end := c.now + d; c.now < end; {
		c.tick(false)
	}
}

// reply is what the agent says for d, all of it unless cut.
func (c *fakeCall) reply(n int, d time.Duration, cut bool) {
	c.entry(agentcore.Entry{Event: agentcore.Planned{Reply: n}})
	for end := c.now + d; c.now < end; {
		c.tick(true)
	}
	c.entry(agentcore.Entry{Event: agentcore.AgentSaid{Reply: n, Cut: cut}})
}

func says(over bool) item { return spoken(handset.Loud(time.Second), over) }

func press(key byte, more bool) item {
	return item{touch: handset.Touch{Digit: key}, more: more}
}

var hangs = item{touch: handset.Touch{Hangup: true}}

func TestPhoneWaitsForTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		person bool
		items  []item
		call   func(c *fakeCall)
		want   []string
	}{
		{"a line waits for the greeting and a breath", false, []item{says(false)},
			func(c *fakeCall) { c.reply(1, 2*time.Second, false); c.quiet(time.Second) },
			[]string{"2.28s says"}},
		{"the next line waits for the answer", false, []item{says(false), says(false)},
			func(c *fakeCall) {
				c.reply(1, time.Second, false)
				c.quiet(3 * time.Second)
				c.reply(2, time.Second, false)
				c.quiet(time.Second)
			},
			[]string{"1.28s says", "5.28s says"}},
		{"an agent that does not greet is spoken to", false, []item{says(false)},
			func(c *fakeCall) { c.quiet(6 * time.Second) },
			[]string{"3.98s says"}},
		{"an answer that never comes is not waited for", false, []item{press('1', false), hangs},
			func(c *fakeCall) { c.reply(1, time.Second, false); c.quiet(20 * time.Second) },
			[]string{"1.28s 1", "16.28s hangs up"}},
		{"a script talks over the agent once it speaks", false, []item{says(true)},
			func(c *fakeCall) { c.reply(1, 3*time.Second, false) },
			[]string{"780ms says"}},
		{"a reply that was cut is no answer", false, []item{says(true), says(false)},
			func(c *fakeCall) {
				c.reply(1, time.Second, true)
				c.quiet(4 * time.Second)
				c.reply(2, time.Second, false)
				c.quiet(time.Second)
			},
			[]string{"780ms says", "6.28s says"}},
		{"a person is heard at once, before lines that wait", true, []item{says(false), says(true)},
			func(c *fakeCall) { c.reply(1, 3*time.Second, true); c.quiet(time.Second) },
			[]string{"0s says"}},
		{"keys of one line belong together", false, []item{press('4', false), press('2', true), press('#', true), hangs},
			func(c *fakeCall) {
				c.reply(1, time.Second, false)
				c.quiet(2 * time.Second)
				c.reply(2, time.Second, false)
				c.quiet(time.Second)
			},
			[]string{"1.28s 4", "1.48s 2", "1.68s #", "4.28s hangs up"}},
		{"an agent that plans while the caller speaks has not answered", false, []item{says(false), hangs},
			func(c *fakeCall) {
				c.reply(1, time.Second, false)
				c.quiet(500 * time.Millisecond)
				c.reply(2, 200*time.Millisecond, false)
				c.quiet(3 * time.Second)
			},
			[]string{"1.28s says"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &fakeCall{phone: newPhone(tt.person, func(_, _ *media.Frame) {})}
			if err := c.put(t.Context(), tt.items...); err != nil {
				t.Fatal(err)
			}
			tt.call(c)
			if !slices.Equal(c.did, tt.want) {
				t.Errorf("did %q, want %q", c.did, tt.want)
			}
		})
	}
}

func TestTypingTooFarAhead(t *testing.T) {
	none := func(_, _ *media.Frame) {}
	many := make([]item, ahead+1)
	p := newPhone(true, none)
	if err := p.put(t.Context(), many...); !errors.Is(err, errAhead) {
		t.Errorf("a person's put() = %v, want errAhead", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	p = newPhone(false, none)
	if err := p.put(ctx, many...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a script's put() = %v, want to wait until the context ends", err)
	}
	if p.unsaid() != ahead {
		t.Errorf("%d left unsaid, want %d", p.unsaid(), ahead)
	}
}

func TestTickDoesNotAllocate(t *testing.T) {
	p := newPhone(false, func(_, _ *media.Frame) {})
	var hear, say media.Frame
	if n := testing.AllocsPerRun(100, func() { p.Tick(0, &hear, &say) }); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}
