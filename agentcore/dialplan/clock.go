package dialplan

import (
	"slices"
	"time"
)

// horizon is how far ahead hours are searched: a window of one day a week that
// falls into the hour that a clock skips comes again a week later.
const horizon = 15 * 24 * time.Hour

// span is a part of a day, from the minute from on, up to the minute to.
type span struct {
	day      time.Weekday
	from, to int // minutes since midnight, as on the wall
}

// spansOf are the spans of windows that were validated; what is none is left out.
func spansOf(windows []Window) []span {
	var all []span
	for _, w := range windows {
		from, to := minutes(w.From), minutes(w.To)
		for _, name := range w.Days {
			if day := slices.Index(weekdays, name); day >= 0 && from < to {
				all = append(all, span{time.Weekday(day), from, to})
			}
		}
	}
	return all
}

// minutes reads "HH:MM"; what is none is 0.
func minutes(clock string) int {
	if !timeOfDay.MatchString(clock) {
		return 0
	}
	digit := func(i int) int { return int(clock[i] - '0') }
	return (digit(0)*10+digit(1))*60 + digit(3)*10 + digit(4)
}

// clause is that it must be in one of spans in each of zones.
type clause struct {
	always bool // there are no windows
	spans  []span
	zones  []*time.Location
}

func (c clause) holds(at time.Time) bool {
	return c.always || !slices.ContainsFunc(c.zones, func(z *time.Location) bool { return !within(c.spans, at.In(z)) })
}

func within(spans []span, wall time.Time) bool {
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(spans, func(s span) bool {
		return s.day == wall.Weekday() && s.from <= minute && minute < s.to
	})
}

// next is the first time from at on at which every clause holds, or false when
// that is not before the horizon. What did not hold begins to when a span begins
// somewhere, or when a clock is changed.
func next(at time.Time, all []clause) (time.Time, bool) {
	holds := func(t time.Time) bool {
		return !slices.ContainsFunc(all, func(c clause) bool { return !c.holds(t) })
	}
	if holds(at) {
		return at, true
	}
	var starts []time.Time
	for _, c := range all {
		for _, z := range c.zones {
			starts = append(starts, startsIn(c.spans, at.In(z))...)
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	for _, t := range starts {
		if t.After(at) && t.Sub(at) < horizon && holds(t) {
			return t.In(at.Location()), true
		}
	}
	return time.Time{}, false
}

// startsIn lists when spans begin, in the zone of wall, from its day on, and when
// the clock is changed there. Some that are none are among them.
func startsIn(spans []span, wall time.Time) []time.Time {
	var all []time.Time
	year, month, day := wall.Date()
	for n := range int(horizon/(24*time.Hour)) + 2 {
		if _, changes := time.Date(year, month, day+n, 0, 0, 0, 0, wall.Location()).ZoneBounds(); !changes.IsZero() {
			all = append(all, changes)
		}
		weekday := time.Date(year, month, day+n, 12, 0, 0, 0, time.UTC).Weekday()
		for _, s := range spans {
			if s.day == weekday {
				all = append(all, twice(time.Date(year, month, day+n, 0, s.from, 0, 0, wall.Location()))...)
			}
		}
	}
	return all
}

// twice is t, and the times at which the clock shows the same before and after
// it is changed.
func twice(t time.Time) []time.Time {
	all := []time.Time{t}
	_, is := t.Zone()
	from, until := t.ZoneBounds()
	if !from.IsZero() {
		_, was := from.Add(-time.Nanosecond).Zone()
		all = append(all, t.Add(time.Duration(is-was)*time.Second))
	}
	if !until.IsZero() {
		_, will := until.Zone()
		all = append(all, t.Add(time.Duration(is-will)*time.Second))
	}
	return all
}
