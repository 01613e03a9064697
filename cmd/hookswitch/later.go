package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// laterFlags say when and how a call is placed.
type laterFlags struct {
	At      string `placeholder:"TIME" help:"When to call: 2026-04-25T10:00:00-07:00, or by the clock here 2026-04-25 10:00, tomorrow 10:00, 10:00."`
	Retry   string `placeholder:"N:GAP,..." help:"Call up to N times again when nobody is reached, after gaps such as 1d,12h; none: never. Default as the agent has it."`
	Bypass  bool   `name:"bypass-quiet-hours" help:"Pass over the workspace's calling hours."`
	Consent string `placeholder:"TEXT" help:"How whom is called agreed to it."`
}

// later reports whether the call is not placed at once.
func (l laterFlags) later() bool { return l.At != "" || l.Retry != "" && l.Retry != "none" }

// body adds what they say to that of a request.
func (l laterFlags) body(now time.Time) (map[string]any, error) {
	body := map[string]any{}
	if l.At != "" {
		at, err := timeOf(l.At, "--at", now)
		if err != nil {
			return nil, err
		}
		body["schedule_at"] = at.UTC().Format(time.RFC3339)
	}
	if l.Retry != "" {
		retry, err := retryOf(l.Retry)
		if err != nil {
			return nil, err
		}
		body["smart_callback"] = retry
	}
	if l.Bypass {
		body["bypass_quiet_hours"] = true
	}
	if l.Consent != "" {
		body["consent"] = l.Consent
	}
	return body, nil
}

// timeOf reads a time that is to come. Without a zone it is one of now's.
func timeOf(text, where string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = wallTime(text, now)
	}
	f := &fault.Fault{Where: fault.Keep(where + " " + text), Mend: "write it as " + fault.Keep(now.Add(24*time.Hour).Format("2006-01-02 15:04")) + ", or with its zone as " + now.Add(24*time.Hour).Format(time.RFC3339), Code: "cli/time", Exit: fault.Wrong}
	switch {
	case err != nil:
		f.What, f.Err = fmt.Sprintf("%q is no time", text), err
	case !at.After(now):
		f.What = "the time is over: " + at.In(now.Location()).Format("2006-01-02 15:04 MST")
	default:
		return at, nil
	}
	return at, f
}

// wallTime is a time by the clock here. One that the clocks leave out, or show
// twice, is refused: nobody knows which was meant.
func wallTime(text string, now time.Time) (time.Time, error) {
	day, clock := now, text
	if rest, ok := strings.CutPrefix(text, "tomorrow "); ok {
		day, clock = now.AddDate(0, 0, 1), rest
	} else if rest, ok := strings.CutPrefix(text, "today "); ok {
		clock = rest
	}
	full := strings.Replace(text, "T", " ", 1)
	if at, err := time.Parse("15:04", strings.TrimSpace(clock)); err == nil {
		full = day.Format("2006-01-02 ") + at.Format("15:04")
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", full, now.Location())
	if err != nil {
		return at, err
	}
	if at.Format("2006-01-02 15:04") != full {
		return at, fmt.Errorf("the clocks leave out %s", full)
	}
	for _, other := range []time.Duration{-time.Hour, time.Hour} {
		if at.Add(other).Format("2006-01-02 15:04") == full {
			return at, fmt.Errorf("the clocks show %s twice", full)
		}
	}
	return at, nil
}

var gapForm = regexp.MustCompile(`^(?:(\d{1,2})d)?(?:(\d{1,2})h)?$`)

// retryOf reads N, N:GAP,GAP or none, as the API takes smart_callback.
func retryOf(text string) (any, error) {
	if text == "none" {
		return false, nil
	}
	number, gaps, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return nil, noRetry(text)
	}
	retry := map[string]any{"max_attempts": n}
	if gaps == "" {
		return retry, nil
	}
	var all []map[string]int
	for one := range strings.SplitSeq(gaps, ",") {
		m := gapForm.FindStringSubmatch(one)
		if m == nil || one == "" {
			return nil, noRetry(text)
		}
		days, _ := strconv.Atoi("0" + m[1]) // two digits at most
		hours, _ := strconv.Atoi("0" + m[2])
		all = append(all, map[string]int{"days": days, "hours": hours})
	}
	retry["gaps"] = all
	return retry, nil
}

func noRetry(text string) error {
	return &fault.Fault{What: fmt.Sprintf("%q does not say how often to call again", text), Where: fault.Keep("--retry " + text), Mend: "such as " + fault.Keep("--retry 3:1d,12h,2d6h") + ", or " + fault.Keep("--retry none"), Code: "cli/retry", Exit: fault.Wrong}
}
