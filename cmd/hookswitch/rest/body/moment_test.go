package body_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
)

var now = time.Date(2026, 2, 20, 12, 0, 0, 0, time.UTC)

func TestATimeIsReadInEveryFormThatSaysItsZone(t *testing.T) {
	want := time.Date(2026, 4, 25, 10, 0, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-04-25T10:00:00Z", "2026-04-25T10:00Z", "2026-04-25T10:00:00.000000Z", " 2026-04-25T10:00:00Z ",
		"2026-04-25T12:00:00+02:00", "2026-04-25T12:00:00+0200", "2026-04-25T12:00+02", "2026-04-25T03:00:00-07:00",
		"2026-04-25T06:00:00[America/New_York]", "2026-04-25T06:00[America/New_York]", "2026-04-25T06:00:00-04:00[America/New_York]",
	} {
		if at, why := body.Moment(text, now); why != "" || !at.Equal(want) || at.Location() != time.UTC {
			t.Errorf("Moment(%q) = %v, %q, want %v", text, at, why, want)
		}
	}
}

func TestTheHourThatComesTwiceNeedsItsOffset(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-01T01:30:00-04:00[America/New_York]": time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC),
		"2026-11-01T01:30:00-05:00[America/New_York]": time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC),
		"2026-11-01T02:00:00[America/New_York]":       time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC),
		"2026-03-08T03:00:00[America/New_York]":       time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC),
	} {
		if at, why := body.Moment(text, now); why != "" || !at.Equal(want) {
			t.Errorf("Moment(%q) = %v, %q, want %v", text, at, why, want)
		}
	}
}

func TestATimeThatCannotBeMeantIsRefusedWithTheReason(t *testing.T) {
	const form = "must be a time in ISO 8601 form, such as 2026-04-25T10:00:00Z"
	for _, tt := range []struct{ text, why string }{
		{"", form},
		{"tomorrow", form},
		{"2026-04-25", form},
		{"1777111200", form},
		{"20260425T100000Z", form},
		{"2026-04-25T10:00:00", "has no time zone: end it with Z, or with an offset such as -07:00"},
		{"2026-04-25T10:00", "has no time zone: end it with Z, or with an offset such as -07:00"},
		{"2026-02-29T10:00:00Z", "does not exist: no such day"},
		{"2026-02-29T10:00:00", "does not exist: no such day"},
		{"2026-13-01T10:00:00Z", "does not exist: no such month"},
		{"2026-04-25T24:00:00Z", "does not exist: no such hour"},
		{"2026-03-08T02:30:00[America/New_York]", "does not exist in America/New_York: the clocks go forward over it"},
		{"2026-03-08T02:30:00-05:00[America/New_York]", "has another offset than America/New_York has then"},
		{"2026-11-01T01:30:00[America/New_York]", "comes twice in America/New_York, as the clocks go back: add the offset"},
		{"2026-04-25T06:00:00[Mars/Olympus]", "names a time zone that is not known"},
		{"2026-04-25T06:00:00[Local]", "names a time zone that is not known"},
		{"2026-04-25T06:00:00[../../etc/passwd]", "names a time zone that is not known"},
		{"2026-02-20T12:00:00Z", "must be in the future"},
		{"2026-02-20T12:59:59+01:00", "must be in the future"},
		{"2026-02-20T12:00:00.0000001Z", "must be in the future"},
		{"2027-02-20T12:00:01Z", "must be at most a year ahead"},
		{strings.Repeat("2", 97), "is too long for a time"},
	} {
		if at, why := body.Moment(tt.text, now); why != tt.why || !at.IsZero() {
			t.Errorf("Moment(%q) = %v, %q, want %q", tt.text, at, why, tt.why)
		}
	}
	if _, why := body.Moment("2028-02-29T10:00:00Z", now.AddDate(2, 0, 0)); why != "" {
		t.Errorf("29 February of a leap year %s", why)
	}
}

// FuzzMoment: what is taken is in the future, within a year and whole
// microseconds; what is not has a reason.
func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"2026-04-25T10:00:00Z", "2026-11-01T01:30:00[America/New_York]", "2026-02-29T10:00:00Z", "[", "]", "2026-04-25T10:00:00.5+14:00[Pacific/Kiritimati]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, why := body.Moment(text, now)
		switch {
		case why != "" && !at.IsZero(), why == "" && !at.After(now), why == "" && at.After(now.AddDate(1, 0, 0)), at.Nanosecond()%1000 != 0:
			t.Fatalf("Moment(%q) = %v, %q", text, at, why)
		}
	})
}
