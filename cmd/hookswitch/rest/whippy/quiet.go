package whippy

import (
	"cmp"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
)

// Quiet hours are on weekdays from 22:00 to 07:00, on Saturday and Sunday, and
// outside of the channel's business hours, where the channel is (apis.md 2.2).
const (
	defaultZone = "America/Los_Angeles"
	dayBegins   = "07:00"
	dayEnds     = "22:00"
)

var workdays = []string{"mon", "tue", "wed", "thu", "fri"}

// moved is the reason of a call that was asked for in quiet hours.
const moved = "quiet_hours"

// callable are the hours that are not quiet; business is empty when the channel
// is open at any time. ok is false when none are left: no windows at all would
// mean any time.
func callable(zone string, business []dialplan.Window) (h dialplan.Hours, ok bool) {
	h.Zone = cmp.Or(zone, defaultZone)
	if len(business) == 0 {
		business = []dialplan.Window{{Days: workdays, From: "00:00", To: "24:00"}}
	}
	for _, b := range business {
		w := dialplan.Window{Days: both(workdays, b.Days), From: max(b.From, dayBegins), To: min(b.To, dayEnds)}
		if len(w.Days) > 0 && w.From < w.To { // "HH:MM" sorts as the clock goes
			h.Windows = append(h.Windows, w)
		}
	}
	return h, len(h.Windows) > 0
}

// both are the days of a that b has, too.
func both(a, b []string) []string {
	var out []string
	for _, day := range a {
		if slices.Contains(b, day) {
			out = append(out, day)
		}
	}
	return out
}
