package simulation

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// texts is what callers say, by number. answers is what the agent knows; the
// parts have different lengths, since the longest that fits wins.
var (
	texts = []string{
		"what are your hours", "book me a visit", "do you take walk ins", "wait please", "bye now", "put me through",
		"hello you have reached the voicemail of Ann please leave a message after the tone", "hello who is this I am here",
	}
	answers = map[string]string{
		"hours":   "We are open from eight to five on weekdays. On Saturdays we close at noon.",
		"book me": "Let me see what is free. !book",
		`"done"`:  "That is booked. Anything else?",
		"bye":     "Thank you for calling. Goodbye. !end_call",
		"[":       "You pressed a key, thank you for that.",

		"put me":        `I will try that. !transfer_to_number{"destination":"sales"}`,
		"connect them":  "I connect you now.",
		"being called":  "They are being called. Please stay with me.",
		"recording an":  "Good day. There was a message for you. How can I help you?",
		"phone system":  "I am sorry, that did not work. Can I help you with something else?",
		"not be begun":  "I am sorry, I can not do that now.",
		"as often as":   "I am sorry, I have tried that before.",
		"called alread": "They are being called already. Please wait.",
		"nobody has":    "I am sorry, nobody is there.",
	}
)

const noise = -1

// handMe is the text that asks for somebody else.
const handMe = 5

// act is one thing that a caller does.
type act struct {
	over   time.Duration // once the agent has spoken for so long; else when it has fallen silent
	text   int           // said, or noise; only with long
	long   time.Duration
	digit  byte
	hangup bool
}

// caller is somebody with a script, who listens.
type caller struct {
	acts   []act
	limit  int // ticks, then they hang up
	stream *stream

	ticks int
	since int // ticks since the last act
	talk  int // ticks that the agent has spoken for
	quiet int // ticks that it has been silent for
	left  int // ticks left of what is being said
	saying,
	spoken int
}

// newCaller writes the script of a call.
func newCaller(w *world, call int) *caller {
	chance := dice(w.seed, call, "caller")
	ms := func(low, high int) time.Duration { return time.Duration(low+chance.IntN(high-low)) * time.Millisecond }
	c := &caller{limit: int(75 * time.Second / media.FrameDuration)}
	for range 1 + chance.IntN(4) {
		a := act{text: chance.IntN(4), long: ms(400, 1300)}
		switch chance.IntN(8) {
		case 0, 1:
			a.over = ms(300, 2500)
		case 2:
			a = act{digit: "0123456789*#"[chance.IntN(12)]}
		case 3:
			a = act{text: noise, long: ms(60, 400), over: ms(200, 1500)}
		}
		c.acts = append(c.acts, a)
	}
	c.acts = append(c.acts, w.wantsOn(call)...)
	switch chance.IntN(6) {
	case 0:
		c.acts = append(c.acts, act{hangup: true, over: ms(300, 2500)})
	case 1:
		c.acts = append(c.acts, act{hangup: true})
	case 2: // says nothing more
	default:
		c.acts = append(c.acts, act{text: 4, long: ms(400, 900)})
	}
	return c
}

// Tick implements [handset.Handset].
func (c *caller) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	c.ticks++
	c.since++
	if _, _, ok := agenttest.Decode(hear); ok {
		c.talk, c.quiet = c.talk+1, 0
	} else {
		c.talk, c.quiet = 0, c.quiet+1
	}
	if c.left > 0 {
		c.speak(now, say)
		return handset.Touch{}
	}
	if c.ticks > c.limit {
		return handset.Touch{Hangup: true}
	}
	if len(c.acts) == 0 || !c.ready(c.acts[0]) {
		return handset.Touch{}
	}
	a := c.acts[0]
	c.acts, c.since = c.acts[1:], 0
	c.left, c.saying = ticks(a.long), a.text
	return handset.Touch{Digit: a.digit, Hangup: a.hangup}
}

func ticks(d time.Duration) int { return int(d / media.FrameDuration) }

// ready reports whether it is time for a. A caller loses patience.
func (c *caller) ready(a act) bool {
	switch {
	case c.since > ticks(5*time.Second):
		return true
	case a.over > 0:
		return c.talk >= ticks(a.over)
	}
	return c.quiet >= 40 && c.quiet < c.since
}

func (c *caller) speak(now time.Duration, say *media.Frame) {
	c.left--
	c.stream.spoke(now)
	if c.saying == noise {
		for i := range say {
			say[i] = 9000
		}
		return
	}
	voiced(say, c.saying, now)
}
