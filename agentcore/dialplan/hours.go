package dialplan

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Hours are when calls may be placed.
type Hours struct {
	Windows []Window `json:"windows,omitempty"` // none: at any time
	// Zone is where the windows' times are meant: an IANA name. Empty: where the
	// callee is, as the number tells.
	Zone string `json:"zone,omitempty"`
}

// Window is a part of some days of the week.
type Window struct {
	Days []string `json:"days"` // mon, tue, wed, thu, fri, sat, sun
	From string   `json:"from"` // "09:00"
	To   string   `json:"to"`   // "17:00", not after midnight: "24:00"
}

// maxWindows bounds the windows of hours.
const maxWindows = 50

// weekdays are the days as they are written, in the order of [time.Weekday].
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var timeOfDay = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)

// Validate tells every mistake of h at once, as [Mistakes].
func (h Hours) Validate() error {
	wrong := checkWindows("windows", h.Windows)
	if h.Zone != "" && zone(h.Zone) == nil {
		wrong = append(wrong, Mistake{"zone", badZone})
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

const badZone = "must be the IANA name of a time zone, such as America/New_York"

// checkWindows tells every mistake of the windows that are field.
func checkWindows(field string, all []Window) (wrong Mistakes) {
	if len(all) > maxWindows {
		return Mistakes{{field, fmt.Sprintf("is too long (maximum is %d)", maxWindows)}}
	}
	for i, w := range all {
		wrong = append(wrong, w.check(fmt.Sprintf("%s.%d", field, i))...)
	}
	return wrong
}

func (w Window) check(field string) (wrong Mistakes) {
	unknown := func(day string) bool { return !slices.Contains(weekdays, day) }
	if len(w.Days) == 0 || len(w.Days) > len(weekdays) || slices.ContainsFunc(w.Days, unknown) {
		wrong = append(wrong, Mistake{field + ".days", "must be days of the week: mon, tue, wed, thu, fri, sat, sun"})
	}
	from, to := timeOfDay.MatchString(w.From), timeOfDay.MatchString(w.To)
	if !from {
		wrong = append(wrong, Mistake{field + ".from", "must be a time of the day, such as 09:00"})
	}
	if !to {
		wrong = append(wrong, Mistake{field + ".to", "must be a time of the day, such as 17:00"})
	}
	if from && to && w.From >= w.To { // "HH:MM" sorts as the clock goes
		wrong = append(wrong, Mistake{field + ".to", "must be later than from: hours past midnight are two windows"})
	}
	return wrong
}

// Allowed reports whether number may be called at at, as [Hours.Next] sees it.
func (h Hours) Allowed(at time.Time, number, fallback string) bool {
	next, ok := h.Next(at, number, fallback)
	return ok && next.Equal(at)
}

// Next is the first time from at on at which number may be called; false when
// there is none. A number whose owner may be in one of several zones is called
// only when all of them allow it. When that never is, or no zone is known, the
// windows are meant in the zone fallback, and when that is none, in UTC.
//
// Times are those on the callee's wall: in the hour that a clock repeats a window
// is open twice, and one that lies in the hour that a clock skips is not open on
// that day.
func (h Hours) Next(at time.Time, number, fallback string) (time.Time, bool) {
	return next(at, []clause{h.clause(at, zonesOf(number), zone(fallback))})
}

// clause is h for somebody who may be in any of zones.
func (h Hours) clause(at time.Time, zones []*time.Location, fallback *time.Location) clause {
	if fallback == nil {
		fallback = time.UTC
	}
	c := clause{always: len(h.Windows) == 0, spans: spansOf(h.Windows), zones: zones}
	if own := zone(h.Zone); own != nil {
		c.zones = []*time.Location{own}
	}
	if _, ever := next(at, []clause{c}); len(c.zones) == 0 || !ever {
		c.zones = []*time.Location{fallback}
	}
	return c
}
