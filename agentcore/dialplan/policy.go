package dialplan

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Policy is whom a workspace may call, when, and how often. The zero Policy has the
// defaults.
//
// A destination is foreign when its region is another one than that of the
// number that calls. The caps on one number, block or hour do not count against
// transfers within the region: whom those reach is written down in the agent,
// and a desk may well be rung every minute.
type Policy struct {
	// Regions may be called: ISO 3166-1, such as "US". Empty: the region of the
	// number that calls.
	Regions []string `json:"regions,omitempty"`

	MaxPerNumberHour    int `json:"max_per_number_hour,omitempty"`   // calls to one number within an hour. Zero means 6
	MaxPerNumberDay     int `json:"max_per_number_day,omitempty"`    // and within 24 hours. Zero means 20
	MaxPerHour          int `json:"max_per_hour,omitempty"`          // calls and transfers of the workspace within an hour. Zero means 600
	MaxConcurrentPrefix int `json:"max_concurrent_prefix,omitempty"` // calls at once to numbers alike but for the last 4 digits. Zero means 10
	NewForeignPerHour   int `json:"new_foreign_per_hour,omitempty"`  // foreign numbers not called in the last 24 hours, within an hour. Zero means 3
	MinutesPerNumberDay int `json:"minutes_per_number_day,omitempty"`

	// CallingHours are when people may be called, where they are; none: at any
	// time. Where nobody knows where they are, the times are meant in CallingZone,
	// an IANA name; empty: UTC. HoursBinding means that nobody may pass over them.
	CallingHours []Window `json:"calling_hours,omitempty"`
	CallingZone  string   `json:"calling_zone,omitempty"`
	HoursBinding bool     `json:"hours_binding,omitempty"`

	RequireConsent bool `json:"require_consent,omitempty"` // call nobody unless it is said how they agreed
	MaxConcurrent  int  `json:"max_concurrent,omitempty"`  // calls of the workspace at once, in and out. Zero means no limit. For who places them: a [Gate] does not count

	// SIPHosts may be called by SIP URI: "pbx.example.com", or "*.example.com" for
	// all below it. Empty: none.
	SIPHosts []string `json:"sip_hosts,omitempty"`
}

// Defaults of a [Policy]. Those of numbers abroad and of minutes are what toll
// fraud is known to exceed at once.
var Defaults = Policy{
	MaxPerNumberHour: 6, MaxPerNumberDay: 20, MaxPerHour: 600,
	MaxConcurrentPrefix: 10, NewForeignPerHour: 3, MinutesPerNumberDay: 60,
}

// WithDefaults is p, and the defaults where it says nothing.
func (p Policy) WithDefaults() Policy {
	p.MaxPerNumberHour = cmp.Or(p.MaxPerNumberHour, Defaults.MaxPerNumberHour)
	p.MaxPerNumberDay = cmp.Or(p.MaxPerNumberDay, Defaults.MaxPerNumberDay)
	p.MaxPerHour = cmp.Or(p.MaxPerHour, Defaults.MaxPerHour)
	p.MaxConcurrentPrefix = cmp.Or(p.MaxConcurrentPrefix, Defaults.MaxConcurrentPrefix)
	p.NewForeignPerHour = cmp.Or(p.NewForeignPerHour, Defaults.NewForeignPerHour)
	p.MinutesPerNumberDay = cmp.Or(p.MinutesPerNumberDay, Defaults.MinutesPerNumberDay)
	return p
}

// Mistake is what is wrong with a field of a [Policy].
type Mistake struct {
	Field string // as in JSON
	Text  string // "must be less than or equal to 10"
}

// Mistakes are all that is wrong with a [Policy].
type Mistakes []Mistake

// Error implements error.
func (m Mistakes) Error() string {
	all := make([]string, len(m))
	for i, one := range m {
		all[i] = one.Field + " " + one.Text
	}
	return "dialplan: policy: " + strings.Join(all, "; ")
}

// Most of what a policy may list.
const (
	maxRegions  = 300
	maxSIPHosts = 32
)

var hostRule = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// Validate tells every mistake of p at once, as [Mistakes].
func (p Policy) Validate() error {
	var wrong Mistakes
	if len(p.Regions) > maxRegions {
		wrong = append(wrong, Mistake{"regions", fmt.Sprintf("is too long (maximum is %d)", maxRegions)})
	}
	known := phonenumbers.GetSupportedRegions()
	if slices.ContainsFunc(p.Regions, func(r string) bool { return !known[r] }) {
		wrong = append(wrong, Mistake{"regions", "must be ISO 3166-1 codes such as US, GB or DE"})
	}
	for _, one := range []struct {
		field      string
		is, atMost int
	}{
		{"max_per_number_hour", p.MaxPerNumberHour, 1_000},
		{"max_per_number_day", p.MaxPerNumberDay, 1_000},
		{"max_per_hour", p.MaxPerHour, 10_000},
		{"max_concurrent_prefix", p.MaxConcurrentPrefix, 1_000},
		{"new_foreign_per_hour", p.NewForeignPerHour, 1_000},
		{"minutes_per_number_day", p.MinutesPerNumberDay, 24 * 60},
		{"max_concurrent", p.MaxConcurrent, 10_000},
	} {
		switch {
		case one.is < 0:
			wrong = append(wrong, Mistake{one.field, "must be greater than or equal to 1"})
		case one.is > one.atMost:
			wrong = append(wrong, Mistake{one.field, fmt.Sprintf("must be less than or equal to %d", one.atMost)})
		}
	}
	wrong = append(wrong, checkWindows("calling_hours", p.CallingHours)...)
	if p.CallingZone != "" && zone(p.CallingZone) == nil {
		wrong = append(wrong, Mistake{"calling_zone", badZone})
	}
	if len(p.SIPHosts) > maxSIPHosts {
		wrong = append(wrong, Mistake{"sip_hosts", fmt.Sprintf("is too long (maximum is %d)", maxSIPHosts)})
	}
	if slices.ContainsFunc(p.SIPHosts, func(h string) bool { return len(h) > 253 || !hostRule.MatchString(h) }) {
		wrong = append(wrong, Mistake{"sip_hosts", "must be names of hosts such as pbx.example.com or *.example.com, without a port"})
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}
