package show

import (
	"fmt"
)

// CheckAnswered checks that the agent answered every turn of the calls.
func CheckAnswered(calls []Call) Check {
	c := Check{Name: "every caller turn answered"}
	all, good := 0, 0
	for n, call := range calls {
		for _, t := range call.Turns {
			if all++; t.Answered {
				good++
				continue
			}
			c.Faults = append(c.Faults, Fault{n + 1, t.Turn, t.CallerStartMS, fmt.Sprintf(
				"caller spoke %s to %s, no answer by the end at %s", fine(t.CallerStartMS), fine(t.CallerEndMS), fine(call.LastedMS))})
		}
	}
	c.Value, c.OK = fmt.Sprintf("%d of %d", good, all), all > 0 && good == all
	return c
}

// CheckSilenced checks that the agent fell silent within limit milliseconds of the
// first sample of everybody who talked over it, and that somebody did.
func CheckSilenced(calls []Call, limit int64) Check {
	c := Check{Name: "talk-over silences the agent", Value: "nobody talked over it", Limit: "limit " + millis(limit)}
	worst := int64(-1)
	for n, call := range calls {
		for _, t := range call.Turns {
			if !t.TalkedOver {
				continue
			}
			worst = max(worst, t.CutSilentMS)
			if t.CutSilentMS <= limit {
				continue
			}
			began := t.CallerStartMS
			c.Faults = append(c.Faults, Fault{n + 1, t.Turn, max(began-listenBefore, 0), fmt.Sprintf(
				"caller began %s, clear sent %s, silent %s", fine(began), fine(began+t.CutClearMS), fine(began+t.CutSilentMS))})
		}
	}
	if worst >= 0 {
		c.Value = millis(worst) + " at worst"
	}
	c.OK = worst >= 0 && worst <= limit
	return c
}

// listenBefore is how long before a talk-over it is worth listening, in
// milliseconds.
const listenBefore = 1000

// CheckProtocol checks that the carrier found nothing to blame in what the gateway
// sent.
func CheckProtocol(calls []Call) Check {
	c := Check{Name: "wire protocol", OK: true}
	bad, messages := 0, 0
	for n, call := range calls {
		bad += call.Violations
		messages += call.Messages
		if call.Violations > 0 {
			c.Faults = append(c.Faults, Fault{Call: n + 1, Detail: count(call.Violations, "violation")})
		}
	}
	c.Value = fmt.Sprintf("%s in %s messages", count(bad, "violation"), thousands(int64(messages)))
	c.OK = bad == 0 && messages > 0
	return c
}

// CheckEndedOnce checks that every call ended exactly once; ends counts, call by
// call, how often each was told to have ended.
func CheckEndedOnce(calls []Call, ends []int) Check {
	c := Check{Name: "every call ended exactly once"}
	good := 0
	for n, call := range calls {
		times := 0
		if n < len(ends) {
			times = ends[n]
		}
		if times == 1 {
			good++
			continue
		}
		c.Faults = append(c.Faults, Fault{Call: n + 1, AtMS: call.LastedMS, Detail: "ended " + count(times, "time")})
	}
	c.Value, c.OK = fmt.Sprintf("%d of %d", good, len(calls)), len(calls) > 0 && good == len(calls)
	return c
}

// CheckRecognised checks how many of the agent's words came back wrong when its
// recorded sound was recognised again: wrong of all, at most limit percent.
func CheckRecognised(wrong, all int, limit float64) Check {
	c := Check{Name: "agent's words recognised back", Value: "no words", Limit: fmt.Sprintf("limit %.0f%%", limit)}
	if all > 0 {
		share := 100 * float64(wrong) / float64(all)
		c.Value, c.OK = fmt.Sprintf("word errors %.1f%%", share), share < limit
	}
	return c
}

// fine is a time with milliseconds: 0:21.402.
func fine(ms int64) string {
	return fmt.Sprintf("%d:%02d.%03d", ms/60_000, ms/1000%60, ms%1000)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int64(n)) + " " + what + "s"
}
