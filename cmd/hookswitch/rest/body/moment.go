package body

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // whether a time zone is known must not depend on the machine
)

// moments are the forms of ISO 8601 that are taken: seconds, a fraction of them
// and the colon of the offset may be missing.
var moments = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700", "2006-01-02T15:04Z07",
}

// walls are the same without an offset.
var walls = []string{"2006-01-02T15:04:05", "2006-01-02T15:04"}

// Longest text that is looked at, in bytes.
const maxMoment = 96

const exampleMoment = "2026-04-25T10:00:00Z"

// Moment reads a time that is to come, to the microsecond: ISO 8601 with an
// offset or Z, or with the name of a zone behind it, in brackets (RFC 9557), as
// in 2026-04-25T10:00:00[America/New_York]. It must be after now and at most a
// year ahead. why says what is wrong, to stand behind the field's name; empty:
// nothing is.
func Moment(text string, now time.Time) (at time.Time, why string) {
	if len(text) > maxMoment {
		return at, "is too long for a time"
	}
	text = strings.TrimSpace(text)
	if before, zone, ok := strings.Cut(text, "["); ok {
		at, why = momentIn(before, strings.TrimSuffix(zone, "]"))
	} else {
		at, why = moment(text)
	}
	switch at = at.UTC().Truncate(time.Microsecond); {
	case why != "":
		return time.Time{}, why
	case !at.After(now):
		return time.Time{}, "must be in the future"
	case at.After(now.AddDate(1, 0, 0)):
		return time.Time{}, "must be at most a year ahead"
	}
	return at, ""
}

// moment reads a time with an offset.
func moment(text string) (time.Time, string) {
	at, err := parse(moments, text)
	if err == nil {
		return at, ""
	}
	switch _, bare := parse(walls, text); {
	case bare == nil:
		return at, "has no time zone: end it with Z, or with an offset such as -07:00"
	case beyond(bare) != "":
		err = bare
	}
	return at, unlike(err)
}

// momentIn reads a time of a named zone's clocks, with or without the offset.
func momentIn(text, name string) (time.Time, string) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return time.Time{}, "names a time zone that is not known"
	}
	if at, err := parse(moments, text); err == nil {
		if _, said := at.Zone(); said != offset(at.In(zone)) {
			return at, "has another offset than " + name + " has then"
		}
		return at, ""
	}
	wall, err := parse(walls, text)
	if err != nil {
		return wall, unlike(err)
	}
	switch all := readings(wall, zone); len(all) {
	case 0:
		return wall, "does not exist in " + name + ": the clocks go forward over it"
	case 1:
		return all[0], ""
	}
	return wall, "comes twice in " + name + ", as the clocks go back: add the offset"
}

// readings are the moments at which zone's clocks show what wall says, which is
// in UTC. Zones change their offset at most once within two days.
func readings(wall time.Time, zone *time.Location) []time.Time {
	var all []time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		at := wall.Add(-time.Duration(offset(wall.Add(near).In(zone))) * time.Second)
		if offset(at.In(zone)) == int(wall.Sub(at)/time.Second) && (len(all) == 0 || !all[0].Equal(at)) {
			all = append(all, at)
		}
	}
	return all
}

// offset is that of t's zone at t, in seconds east of UTC.
func offset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

// parse reads text in the first form that fits it. The error is that of a form
// that fits but for a part that no clock or calendar has, if there is one.
func parse(forms []string, text string) (at time.Time, err error) {
	for _, form := range forms {
		one, wrong := time.Parse(form, text)
		if wrong == nil {
			return one, nil
		}
		if err == nil || beyond(wrong) != "" {
			err = wrong
		}
	}
	return at, err
}

// beyond names the part of a time that is out of its range: "day"; empty: none.
func beyond(err error) string {
	var wrong *time.ParseError
	if !errors.As(err, &wrong) {
		return ""
	}
	part, ok := strings.CutSuffix(strings.TrimPrefix(wrong.Message, ": "), " out of range")
	if !ok {
		return ""
	}
	return part
}

// unlike says why a text is no time.
func unlike(err error) string {
	if part := beyond(err); part != "" {
		return "does not exist: no such " + part
	}
	return "must be a time in ISO 8601 form, such as " + exampleMoment
}
