package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// came is what calls came to.
type came struct {
	calls int
	deaf  int // of them, that heard nothing of the agent
	tally tally
}

// add adds a call that is over.
func (c *came) add(f *farEnd) {
	f.tally.Sent = f.sent
	c.tally.add(f.tally)
	c.calls++
	if f.tally.Echoed+f.tally.Heard == 0 {
		c.deaf++
	}
}

// check fills in what must hold. talking calls were alive at the window's end; ends
// are those that no caller of ours made, by reason.
func (r *Result) check(all came, talking int, ends map[string]int) {
	t := r.Traffic
	r.held("every call lived", talking == r.Calls, "%d of %d were alive at the end", talking, r.Calls)
	if r.Agent == Echo {
		r.held("every frame came back", t.Echoed == t.Sent, "%d of %d", t.Echoed, t.Sent)
	} else {
		r.held("every call was spoken to", all.deaf == 0, "%d replies, %d of %d calls heard nothing", t.Replies, all.deaf, all.calls)
	}
	r.held("nothing that Twilio would refuse", t.Broken == 0, "%d messages or echoes were wrong", t.Broken)
	odd, failed := r.odd(), 0
	for _, reason := range slices.Sorted(maps.Keys(ends)) {
		failed += ends[reason]
		odd += fmt.Sprintf("ended for %s: %d, ", reason, ends[reason])
	}
	r.held("nothing odd at the gateway", odd == "", "%s%d conversations failed", odd, failed)
	if r.Soak != nil {
		r.held("memory is flat", r.Soak.Flat, "%s", r.Soak.verdict())
	}
	r.Pass = !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.Held })
}

func (r *Result) held(name string, held bool, says string, args ...any) {
	r.Checks = append(r.Checks, Check{name, held, fmt.Sprintf(says, args...)})
}

// odd lists what the trunk counted, but for how every call of ours ends.
func (r *Result) odd() string {
	var b strings.Builder
	for _, reason := range slices.Sorted(maps.Keys(r.Refusals)) {
		if reason != twilio.ReasonStop {
			fmt.Fprintf(&b, "%s: %d, ", reason, r.Refusals[reason])
		}
	}
	return b.String()
}
