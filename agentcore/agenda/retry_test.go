package agenda_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

// whole waits until a time of the calendar, in a bubble.
func whole(t *testing.T, until string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(at))
}

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A day of the calendar has 23 or 25 hours when the clocks are set: the telephone
// rings at the same time of another day. Hours are hours.
func TestASeriesOverTheDaysOnWhichClocksAreSet(t *testing.T) {
	for _, tt := range []struct {
		claim, zone, begin string
		gaps               []agenda.Gap
		want               []string // when it rings, where the callee is
	}{
		{"New York goes forward", "America/New_York", "2000-04-01T12:00:00-05:00",
			[]agenda.Gap{{Days: 1}, {Days: 1, Hours: 2}}, []string{"04-01 12:00 EST", "04-02 12:00 EDT", "04-03 14:00 EDT"}},
		{"New York goes back", "America/New_York", "2000-10-28T12:00:00-04:00",
			[]agenda.Gap{{Days: 1}, {Days: 1, Hours: 2}}, []string{"10-28 12:00 EDT", "10-29 12:00 EST", "10-30 14:00 EST"}},
		{"Berlin goes forward", "Europe/Berlin", "2000-03-25T18:30:00+01:00",
			[]agenda.Gap{{Days: 1}, {Days: 2}}, []string{"03-25 18:30 CET", "03-26 18:30 CEST", "03-28 18:30 CEST"}},
		{"Berlin goes back", "Europe/Berlin", "2000-10-28T18:30:00+02:00",
			[]agenda.Gap{{Days: 1}, {Days: 2}}, []string{"10-28 18:30 CEST", "10-29 18:30 CET", "10-31 18:30 CET"}},
		{"hours go on over it", "Europe/Berlin", "2000-03-25T18:30:00+01:00",
			[]agenda.Gap{{Hours: 12}, {Hours: 23}}, []string{"03-25 18:30 CET", "03-26 07:30 CEST", "03-27 06:30 CEST"}},
		{"a time that the day does not have", "Europe/Berlin", "2000-03-25T02:30:00+01:00",
			[]agenda.Gap{{Days: 1}, {Days: 1}}, []string{"03-25 02:30 CET", "03-26 03:30 CEST", "03-27 03:30 CEST"}},
		{"a time that the day has twice", "America/New_York", "2000-10-28T01:30:00-04:00",
			[]agenda.Gap{{Days: 1}, {Days: 1}}, []string{"10-28 01:30 EDT", "10-29 01:30 EDT", "10-30 01:30 EST"}},
		{"29 February", "America/New_York", "2000-02-28T09:00:00-05:00",
			[]agenda.Gap{{Days: 1}, {Days: 30}}, []string{"02-28 09:00 EST", "02-29 09:00 EST", "03-30 09:00 EST"}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			zone := place(t, tt.zone)
			synctest.Test(t, func(t *testing.T) {
				whole(t, tt.begin)
				m := newMemory()
				x := newExchange(m, always(fate{reason: "no_answer"}))
				cfg := agenda.Config{Placer: x, Calls: x, Zone: func(to string) *time.Location {
					if to != number {
						return nil
					}
					return zone
				}}
				p := start(t, m, cfg)
				e := errand(number, time.Time{})
				e.Options.Retry = series(2, tt.gaps...)
				e = p.book(e)
				for _, g := range tt.gaps {
					time.Sleep(time.Minute)
					p.end() // nothing that it knew is needed
					next := time.Duration(24*g.Days+g.Hours) * time.Hour
					time.Sleep(next - 5*time.Hour) // nobody looks before it is nearly time
					p = start(t, m, cfg)
					time.Sleep(6 * time.Hour)
				}
				p.end()
				m.is(t, e.ID, agenda.Failed, "no_answer", 3)
				var got []string
				for _, r := range x.rings(number) {
					got = append(got, r.at.In(zone).Format("01-02 15:04 MST"))
				}
				if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
					t.Errorf("rang at %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestEveryMistakeOfARetryIsToldAtOnce(t *testing.T) {
	for claim, tt := range map[string]struct {
		retry agenda.Retry
		want  []string // of the error; none: it is right
	}{
		"none":                  {agenda.Retry{}, nil},
		"an hour":               {agenda.Retry{Max: 1, Gaps: []agenda.Gap{{Hours: 1}}}, nil},
		"as much as may be":     {agenda.Retry{Max: 20, Gaps: []agenda.Gap{{Days: 30, Hours: 23}}}, nil},
		"no gap":                {agenda.Retry{Max: 1}, []string{"needs a gap"}},
		"no time at all":        {agenda.Retry{Max: 1, Gaps: []agenda.Gap{{Hours: 1}, {}}}, []string{"gap 2: no time"}},
		"too often":             {agenda.Retry{Max: 21, Gaps: []agenda.Gap{{Hours: 1}}}, []string{"0 to 20 callbacks, not 21"}},
		"too many gaps":         {agenda.Retry{Max: 1, Gaps: make([]agenda.Gap, 1000)}, []string{"at most 20 gaps"}},
		"all of it":             {agenda.Retry{Max: -1, Gaps: []agenda.Gap{{Days: 31, Hours: 24}, {Days: -1}}}, []string{"callbacks, not -1", "gap 1: 0 to 30 days, not 31", "0 to 23 hours, not 24", "gap 2: 0 to 30 days, not -1"}},
		"gaps without callback": {agenda.Retry{Gaps: []agenda.Gap{{Days: 1}}}, nil},
	} {
		err := tt.retry.Validate()
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%s: Validate() = %v", claim, err)
		}
		for _, w := range tt.want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%s: Validate() = %q, want a word of %q", claim, err, w)
			}
		}
	}
}

func TestAnErrandWithAWrongRetryIsNotBooked(t *testing.T) {
	m := newMemory()
	x := newExchange(m, nil)
	c, err := agenda.New(agenda.Config{Store: m, Placer: x, Calls: x, Node: "one"})
	if err != nil {
		t.Fatal(err)
	}
	e := errand(number, time.Time{})
	e.Options.Retry = series(1, agenda.Gap{})
	if _, _, err := c.Book(t.Context(), e); err == nil || len(m.errands) != 0 {
		t.Errorf("Book() = %v, and there are %d errands", err, len(m.errands))
	}
}

// Whatever JSON says, a retry that is valid gives a later time for each of its
// callbacks and none beyond them, in every zone.
func FuzzRetry(f *testing.F) {
	for _, s := range []string{
		`{"max":3,"gaps":[{"days":1,"hours":0},{"days":0,"hours":12}]}`, `{"max":0}`, `{"max":1,"gaps":[{}]}`, `{"max":1e9}`,
		`{"max":20,"gaps":[{"days":30,"hours":23}]}`, `{"max":-1,"gaps":null}`, `{"max":2,"gaps":[{"days":9223372036854775807}]}`, `[]`, `{"gaps":{}}`,
	} {
		f.Add(s, int64(954000000))
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"} {
		if zone, err := time.LoadLocation(name); err == nil {
			zones = append(zones, zone)
		}
	}
	f.Fuzz(func(t *testing.T, s string, at int64) {
		var o agenda.Options
		if json.Unmarshal([]byte(`{"retry":`+s+`}`), &o) != nil || o.Retry == nil || o.Retry.Validate() != nil {
			return
		}
		ended := time.Unix(at%(1<<33), 0)
		for _, zone := range zones {
			for n := 1; n <= o.Retry.Max; n++ {
				due, ok := agenda.After(*o.Retry, n, ended, zone)
				if !ok || !due.After(ended) || due.Sub(ended) > 33*24*time.Hour {
					t.Fatalf("callback %d of %s is due %v after the call, %t", n, s, due.Sub(ended), ok)
				}
			}
			if due, ok := agenda.After(*o.Retry, o.Retry.Max+1, ended, zone); ok {
				t.Fatalf("callback %d of %s is due at %v", o.Retry.Max+1, s, due)
			}
		}
		text, err := agenda.Encode(o)
		var back agenda.Options
		if err != nil || json.Unmarshal([]byte(text), &back) != nil || back.Retry.Max != o.Retry.Max || len(back.Retry.Gaps) != len(o.Retry.Gaps) {
			t.Fatalf("%s becomes %s, %v", s, text, err)
		}
	})
}

func TestACallTellsWhoseAttemptItIs(t *testing.T) {
	e := agenda.Errand{ID: "call_4k2"}
	for _, n := range []int{1, 2, 17} {
		if got := agenda.ErrandID(e.CallOf(n)); got != e.ID {
			t.Errorf("ErrandID(%s) = %q, want %q", e.CallOf(n), got, e.ID)
		}
	}
}
