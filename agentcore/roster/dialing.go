package roster

import (
	"context"
	"slices"
	"time"
)

// Dialing is whom a workspace may call, when, and how often. What is zero is not
// set: the dial plan, which also knows the defaults, the bounds and the regions,
// has the same fields (package dialplan).
type Dialing struct {
	Regions             []string `json:"regions,omitempty"`
	MaxPerNumberHour    int      `json:"max_per_number_hour,omitempty"`
	MaxPerNumberDay     int      `json:"max_per_number_day,omitempty"`
	MaxPerHour          int      `json:"max_per_hour,omitempty"`
	MaxConcurrentPrefix int      `json:"max_concurrent_prefix,omitempty"`
	NewForeignPerHour   int      `json:"new_foreign_per_hour,omitempty"`
	MinutesPerNumberDay int      `json:"minutes_per_number_day,omitempty"`
	SIPHosts            []string `json:"sip_hosts,omitempty"`
	CallingHours        []Window `json:"calling_hours,omitempty"`
	CallingZone         string   `json:"calling_zone,omitempty"`
	HoursBinding        bool     `json:"hours_binding,omitempty"`
	RequireConsent      bool     `json:"require_consent,omitempty"`
	MaxConcurrent       int      `json:"max_concurrent,omitempty"`
}

// Dialings keeps the workspaces' dialing policies.
type Dialings interface {
	// Dialing is the policy of a workspace, and when it was changed; the zero
	// Dialing and time when it never was.
	Dialing(ctx context.Context, workspace string) (Dialing, time.Time, error)
	// SetDialing keeps d in the place of the policy that was from; another one
	// than that is [ErrConflict].
	SetDialing(ctx context.Context, workspace string, from, d Dialing, who Actor, now time.Time) error
}

// Equal reports whether d and o say the same.
func (d Dialing) Equal(o Dialing) bool {
	return slices.Equal(d.Regions, o.Regions) && slices.Equal(d.SIPHosts, o.SIPHosts) && d.numbers() == o.numbers() &&
		SameHours(d.CallingHours, o.CallingHours) && d.CallingZone == o.CallingZone &&
		d.HoursBinding == o.HoursBinding && d.RequireConsent == o.RequireConsent
}

// SameHours reports whether a and b are the same windows in the same order.
func SameHours(a, b []Window) bool {
	return slices.EqualFunc(a, b, func(a, b Window) bool {
		return a.From == b.From && a.To == b.To && slices.Equal(a.Days, b.Days)
	})
}

// numbers are the caps, in the order of their fields.
func (d Dialing) numbers() [7]int {
	return [7]int{d.MaxPerNumberHour, d.MaxPerNumberDay, d.MaxPerHour, d.MaxConcurrentPrefix, d.NewForeignPerHour, d.MinutesPerNumberDay, d.MaxConcurrent}
}

// Most of what a policy's form takes; the dial plan's own bounds are narrower.
const (
	maxDialingList   = 300
	maxDialingNumber = 1_000_000
)

// ChangeDialing merges body into d; null puts a default back. It reads the form
// only: what is in it is for the dial plan to judge. wrong are the [Problems]
// so far, nil when there are none.
func ChangeDialing(d Dialing, body map[string]any) (_ Dialing, wrong Problems) {
	f := form{body, "", &wrong}
	f.texts("regions", maxDialingList, 2, &d.Regions)
	for _, one := range []struct {
		name string
		into *int
	}{
		{"max_per_number_hour", &d.MaxPerNumberHour},
		{"max_per_number_day", &d.MaxPerNumberDay},
		{"max_per_hour", &d.MaxPerHour},
		{"max_concurrent_prefix", &d.MaxConcurrentPrefix},
		{"new_foreign_per_hour", &d.NewForeignPerHour},
		{"minutes_per_number_day", &d.MinutesPerNumberDay},
	} {
		f.whole(one.name, 1, maxDialingNumber, 0, one.into)
	}
	f.whole("max_concurrent", 0, maxDialingNumber, 0, &d.MaxConcurrent)
	f.texts("sip_hosts", maxDialingList, 255, &d.SIPHosts)
	before := len(wrong)
	if windows, ok := readWindows(f, "calling_hours"); ok && len(wrong) == before {
		d.CallingHours = windows
	}
	f.text("calling_zone", 64, "", &d.CallingZone)
	f.flag("hours_binding", false, &d.HoursBinding)
	f.flag("require_consent", false, &d.RequireConsent)
	return d, wrong
}
