package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// check fills in what must hold. deaf calls heard nothing of the agent; talking
// were alive at the window's end; ends are those that no caller of ours made, by
// reason.
func (r *Result) check(deaf, talking int, ends map[string]int) {
	t := r.Traffic
	r.held("every call lived", talking == r.Calls, "%d of %d were alive at the end", talking, r.Calls)
	if r.Agent == Echo {
		r.held("every frame came back", t.Echoed == t.Sent, "%d of %d", t.Echoed, t.Sent)
	} else {
		r.held("every call was spoken to", deaf == 0, "%d replies, %d calls heard nothing", t.Replies, deaf)
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
