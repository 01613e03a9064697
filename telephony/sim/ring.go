package sim

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// ring lets the far end's phone ring, and reports whether it was picked up;
// else the call is over.
func (c *Call) ring() bool {
	sleep(c.ctx, c.carrier.knobs.RingDelay)
	if c.ctx.Err() != nil {
		return false
	}
	c.set(telephony.Queued, 0) // initiated
	phone, ok := c.carrier.phone(c.to)
	if !ok || phone.Answer.Kind == handset.Unreachable {
		c.finish(telephony.StateFail, 404, errOver)
		return false
	}
	c.set(telephony.Ringing, 0)
	if phone.Answer.Kind == handset.NoAnswer || phone.Answer.After > c.timeout {
		if sleep(c.ctx, c.timeout); c.ctx.Err() == nil {
			c.finish(telephony.StateNone, 487, errOver)
		}
		return false
	}
	sleep(c.ctx, phone.Answer.After)
	switch {
	case c.ctx.Err() != nil:
		return false
	case phone.Answer.Kind == handset.Busy:
		c.finish(telephony.StateBusy, 486, errOver)
		return false
	case phone.Answer.Kind == handset.Rejects:
		c.finish(telephony.StateBusy, 603, errOver)
		return false
	}
	if phone.Make != nil {
		c.mu.Lock()
		c.phone = phone.Make()
		c.mu.Unlock()
	}
	c.answer()
	return c.legNow() != nil
}

// ringback is an [endpoint] whose phone hears another one ring: two seconds out
// of six, 440 and 480 Hz, as in North America.
type ringback struct{ at int }

var ringTone = append(handset.Tone(2*time.Second, 440, 480), handset.Silence(4*time.Second)...)

func (r *ringback) tick(_ time.Duration, _ *media.Frame, _ byte, hear *media.Frame) {
	*hear = ringTone[r.at%len(ringTone)]
	r.at++
}
