package whippy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// opening is a part of a day at which a channel is open, or a day on which it is
// not.
type opening struct {
	Weekday  string  `json:"weekday"` // "monday"
	OpensAt  *string `json:"opens_at"`
	ClosesAt *string `json:"closes_at"`
	State    string  `json:"state"`
}

// States of an [opening].
const (
	stateOpen   = "open"
	stateClosed = "closed"
)

var weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// short is a weekday as the core has it: "mon".
func short(weekday string) string { return weekday[:3] }

// openings shows business hours day by day; none at all: always open.
func openings(hours json.RawMessage) ([]opening, error) {
	var all []dialplan.Window
	if len(hours) > 0 {
		if err := json.Unmarshal(hours, &all); err != nil {
			return nil, fmt.Errorf("whippy: hours of a channel: %w", err)
		}
	}
	out := []opening{}
	if len(all) == 0 {
		return out, nil
	}
	for _, day := range weekdays {
		before := len(out)
		for _, w := range all {
			if slices.Contains(w.Days, short(day)) {
				out = append(out, opening{day, &w.From, &w.To, stateOpen})
			}
		}
		if len(out) == before {
			out = append(out, opening{Weekday: day, State: stateClosed})
		}
	}
	return out, nil
}

// maxOpenings bounds the hours of a channel.
const maxOpenings = 50

// windows are opening hours in the form that the roster reads. Days that are not named
// are closed.
func windows(v any, wrong *roster.Problems) any {
	all, ok := v.([]any)
	if v != nil && !ok {
		return v // the roster says what it is not
	}
	if len(all) > maxOpenings {
		wrong.Add("opening_hours", "is too long (maximum is %d)", maxOpenings)
		return []any{}
	}
	out, before := []any{}, len(*wrong)
	for i, one := range all {
		if w := readOpening(fmt.Sprintf("opening_hours.%d", i), one, wrong); w != nil {
			out = append(out, w)
		}
	}
	if len(all) > 0 && len(out) == 0 && len(*wrong) == before {
		wrong.Add("opening_hours", "must have an open day: a channel that never opens is disabled instead")
	}
	return out
}

// readOpening is one line of opening hours; nil when it is closed, or wrong.
func readOpening(at string, v any, wrong *roster.Problems) map[string]any {
	in, ok := v.(map[string]any)
	if !ok {
		wrong.Add(at, "must be an object")
		return nil
	}
	var mistakes roster.Problems
	f := fields{in, &mistakes}
	day, state := strings.ToLower(f.required("weekday")), strings.ToLower(f.text("state"))
	i := slices.IndexFunc(weekdays, func(name string) bool { return day == name || day == short(name) })
	if i < 0 && day != "" {
		mistakes.Add("weekday", "must be a day such as monday")
	}
	w := map[string]any{}
	switch state {
	case stateClosed:
	case "", stateOpen:
		w["from"], w["to"] = f.clock("opens_at"), f.clock("closes_at")
		if len(mistakes) == 0 && w["from"].(string) >= w["to"].(string) {
			mistakes.Add("closes_at", "must be later than opens_at: hours past midnight are two lines")
		}
	default:
		mistakes.Add("state", "must be open or closed")
	}
	for _, one := range mistakes {
		wrong.Add(at+"."+one.Field, "%s", strings.Join(one.Messages, ", "))
	}
	if len(mistakes) > 0 || state == stateClosed {
		return nil
	}
	w["days"] = []any{short(weekdays[i])}
	return w
}

var clockTime = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(:00)?$`)

// clock reads a time of the day, to the minute; 24:00 is its end.
func (f fields) clock(name string) string {
	s := f.required(name)
	if s != "" && !clockTime.MatchString(s) {
		f.wrong.Add(name, "must be a time of the day, such as 09:00")
		return ""
	}
	return s[:min(len(s), len("09:00"))]
}
