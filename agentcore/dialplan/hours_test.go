package dialplan_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
)

// Numbers by where they are.
const (
	newYork    = "+12125550199"
	losAngeles = "+14155550177"
	alaska     = "+19075550100"  // Adak and Anchorage
	indonesia  = "+62811234567"  // Jakarta and Makassar
	phoenix    = "+16025550100"  // where no clock is changed
	london     = "+442079460000" //
	sydney     = "+61291234567"  //
	lordHowe   = "Australia/Lord_Howe"
	tollFree   = "+18005550100"  // anywhere in North America
	freeWorld  = "+80012345678"  // anywhere
	desk       = "sip:desk@x.io" // unknown
)

func window(days, from, to string) dialplan.Window {
	return dialplan.Window{Days: strings.Fields(days), From: from, To: to}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

var office = []dialplan.Window{window("mon tue wed thu fri", "09:00", "17:00")}

func TestNextIsWhenTheCalleesClockAllowsIt(t *testing.T) {
	night := []dialplan.Window{window("sun mon tue wed thu fri sat", "01:30", "01:45")}
	skipped := []dialplan.Window{window("sun", "02:15", "02:45")}
	for _, tt := range []struct {
		name     string
		windows  []dialplan.Window
		zone, to string
		fallback string
		at, want string // empty: never
	}{
		{"no windows", nil, "", newYork, "", "2026-11-22T03:00:00Z", "2026-11-22T03:00:00Z"},
		{"in the middle", office, "", newYork, "", "2026-11-23T15:30:01Z", "2026-11-23T15:30:01Z"},
		{"at its first instant", office, "", newYork, "", "2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"},
		{"its last instant is before its end", office, "", newYork, "", "2026-11-23T21:59:59Z", "2026-11-23T21:59:59Z"},
		{"its end is the next day's start", office, "", newYork, "", "2026-11-23T22:00:00Z", "2026-11-24T14:00:00Z"},
		{"a minute too early", office, "", newYork, "", "2026-11-23T13:59:59Z", "2026-11-23T14:00:00Z"},
		{"on Friday evening", office, "", newYork, "", "2026-11-20T23:00:00Z", "2026-11-23T14:00:00Z"},
		{"it is Sunday here and Monday there", office, "", sydney, "", "2026-11-22T22:30:00Z", "2026-11-22T22:30:00Z"},
		{"where the client is", office, "Europe/Berlin", newYork, "", "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"},
		{"the latest of two zones", office, "", alaska, "", "2026-11-23T17:00:00Z", "2026-11-23T19:00:00Z"},
		{"before the first of two zones closes", office, "", alaska, "", "2026-11-24T01:59:00Z", "2026-11-24T01:59:00Z"},
		{"after the first of two zones closed", office, "", alaska, "", "2026-11-24T02:00:00Z", "2026-11-24T19:00:00Z"},
		{"two zones that never agree", []dialplan.Window{window("mon", "09:00", "09:30")}, "", indonesia, "Asia/Tokyo", "2026-11-22T03:00:00Z", "2026-11-23T00:00:00Z"},
		{"a free number", office, "", tollFree, "America/Chicago", "2026-11-23T14:00:00Z", "2026-11-23T15:00:00Z"},
		{"a number of nowhere", office, "", freeWorld, "Asia/Tokyo", "2026-11-23T14:00:00Z", "2026-11-24T00:00:00Z"},
		{"no number, no zone", office, "", desk, "", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"},
		{"a zone that nobody knows", office, "", desk, "Mars/Olympus", "2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"},
		{"until midnight", []dialplan.Window{window("mon", "20:00", "24:00")}, "", london, "", "2026-11-23T23:59:59Z", "2026-11-23T23:59:59Z"},
		{"over midnight in two windows", []dialplan.Window{window("mon", "20:00", "24:00"), window("tue", "00:00", "02:00")}, "", london, "", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"},
		{"nothing but what is none", []dialplan.Window{window("mon", "17:00", "09:00"), window("noday", "09:00", "17:00")}, "", london, "", "2026-11-24T00:00:00Z", ""},

		// 8 March 2026, 2:00 in New York is 3:00.
		{"across the spring change", office, "", newYork, "", "2026-03-06T23:00:00Z", "2026-03-09T13:00:00Z"},
		{"in the hour that is not", skipped, "America/New_York", newYork, "", "2026-03-08T06:00:00Z", "2026-03-15T06:15:00Z"},
		{"the week before it", skipped, "America/New_York", newYork, "", "2026-03-01T07:50:00Z", "2026-03-15T06:15:00Z"},
		{"a window that begins in it begins with the change", []dialplan.Window{window("sun", "02:30", "05:00")}, "", newYork, "", "2026-03-08T06:59:00Z", "2026-03-08T07:00:00Z"},
		{"where no clock is changed", []dialplan.Window{window("sun", "02:30", "05:00")}, "", phoenix, "", "2026-03-08T06:59:00Z", "2026-03-08T09:30:00Z"},

		// 1 November 2026, 2:00 in New York is 1:00 again.
		{"the hour that is twice, first", night, "", newYork, "", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"},
		{"the hour that is twice, again", night, "", newYork, "", "2026-11-01T05:45:00Z", "2026-11-01T06:30:00Z"},
		{"and then no more", night, "", newYork, "", "2026-11-01T06:45:00Z", "2026-11-02T06:30:00Z"},
		{"a window into which the clock goes back", []dialplan.Window{window("sun", "00:30", "01:10")}, "", newYork, "", "2026-11-01T05:20:00Z", "2026-11-01T06:00:00Z"},
		{"half an hour is what changes", []dialplan.Window{window("sun", "02:15", "02:45")}, lordHowe, desk, "", "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := dialplan.Hours{Windows: tt.windows, Zone: tt.zone}
			got, ok := h.Next(at(tt.at), tt.to, tt.fallback)
			if is := got.UTC().Format(time.RFC3339); ok != (tt.want != "") || ok && is != tt.want {
				t.Errorf("Next() = %s, %v, want %s", is, ok, tt.want)
			}
			if got := h.Allowed(at(tt.at), tt.to, tt.fallback); got != (tt.at == tt.want) {
				t.Errorf("Allowed() = %v", got)
			}
		})
	}
}

// Whoever looks at the clocks minute by minute finds the same time.
func TestNextIsTheFirstOfAllMinutes(t *testing.T) {
	chance := rand.New(rand.NewPCG(6, 2026))
	zones := []string{"America/New_York", "Europe/London", lordHowe, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "UTC"}
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	turns := []string{"2026-03-08T05:00:00Z", "2026-11-01T04:00:00Z", "2026-03-29T00:00:00Z", "2026-04-04T14:00:00Z", "2026-10-03T14:00:00Z", "2026-02-15T01:00:00Z", "2026-06-10T12:34:00Z"}
	for n := range 300 {
		h := dialplan.Hours{Zone: zones[chance.IntN(len(zones))]}
		for range 1 + chance.IntN(3) {
			from := chance.IntN(24*60 - 1)
			to := min(24*60, from+1+chance.IntN(180))
			h.Windows = append(h.Windows, dialplan.Window{Days: []string{days[chance.IntN(7)]},
				From: fmt.Sprintf("%02d:%02d", from/60, from%60), To: fmt.Sprintf("%02d:%02d", to/60, to%60)})
		}
		from := at(turns[chance.IntN(len(turns))]).Add(time.Duration(chance.IntN(3*24*60)-2*24*60) * time.Minute)
		where, err := time.LoadLocation(h.Zone)
		if err != nil {
			t.Fatal(err)
		}
		want := from
		for ; !isOpen(h, want.In(where)); want = want.Add(time.Minute) {
			if want.Sub(from) > 15*24*time.Hour {
				t.Fatalf("%d: %+v is never open", n, h)
			}
		}
		if got, ok := h.Next(from, desk, ""); !ok || !got.Equal(want) {
			t.Errorf("%d: %+v from %v: Next() = %v, %v, want %v", n, h, from.In(where), got.In(where), ok, want.In(where))
		}
	}
}

// isOpen says whether a clock on the wall is in one of the windows.
func isOpen(h dialplan.Hours, wall time.Time) bool {
	day, clock := strings.ToLower(wall.Weekday().String()[:3]), wall.Format("15:04")
	return slices.ContainsFunc(h.Windows, func(w dialplan.Window) bool {
		return slices.Contains(w.Days, day) && w.From <= clock && clock < w.To
	})
}

func TestHoursTellEveryMistakeAtOnce(t *testing.T) {
	h := dialplan.Hours{Zone: "Local", Windows: []dialplan.Window{
		window("mon", "09:00", "17:00"), window("", "9:00", "25:00"), window("mon funday", "17:00", "09:00"), window("mon", "24:00", "24:00"),
	}}
	var wrong dialplan.Mistakes
	if !errors.As(h.Validate(), &wrong) {
		t.Fatalf("Validate() = %v", h.Validate())
	}
	var fields []string
	for _, m := range wrong {
		fields = append(fields, m.Field)
	}
	if want := []string{"windows.1.days", "windows.1.from", "windows.1.to", "windows.2.days", "windows.2.to", "windows.3.to", "zone"}; !slices.Equal(fields, want) {
		t.Errorf("mistakes of %v, want %v", fields, want)
	}
	if err := (dialplan.Hours{Windows: slices.Repeat(office, 51)}).Validate(); err == nil {
		t.Error("fifty-one windows are fine")
	}
	if err := (dialplan.Hours{Windows: office, Zone: "Europe/Berlin"}).Validate(); err != nil {
		t.Errorf("Validate() = %v", err)
	}
}

func TestZonesAreThoseOfTheNumber(t *testing.T) {
	for to, want := range map[string]string{
		newYork: "America/New_York", losAngeles: "America/Los_Angeles", alaska: "America/Adak America/Anchorage",
		tollFree: "", freeWorld: "", desk: "", "": "", "+": "", "+1212": "",
	} {
		if got := strings.Join(dialplan.Zones(to), " "); got != want {
			t.Errorf("Zones(%s) = %q, want %q", to, got, want)
		}
	}
}
