// Package dialplan says whom a workspace may call, when, and how often: numbers
// that cost a fortune, that save lives, or that lead out of the regions that are
// allowed are refused before anything is dialled, and so are people who asked not
// to be called, hours at which nobody is, bursts and loops.
//
// The rules come from the ways in which phones are abused for money (toll
// fraud): a stolen key or a talked-over model calls numbers whose owners are
// paid for every minute.
package dialplan

import "time"

// Code is why a call is refused. The set is closed: metrics count by it.
type Code string

// Codes of what a number is.
const (
	NotE164     Code = "not_e164"     // neither E.164 nor a SIP URI
	Extension   Code = "extension"    // a number with keys to press behind it
	Emergency   Code = "emergency"    // 911, 112, 999 and their kin, and the N11 services
	ShortCode   Code = "short_code"   // means something else in each network
	PremiumRate Code = "premium_rate" // who is called earns by it
	SharedCost  Code = "shared_cost"
	Satellite   Code = "satellite" // satellite and international networks
	Personal    Code = "personal"  // follow-me numbers, pagers, mailboxes: at the caller's cost
	Unassigned  Code = "unassigned"
	Region      Code = "region" // not one of those that are allowed
	Loop        Code = "loop"   // the number that calls
	SIPURI      Code = "sip_uri"
	SIPHost     Code = "sip_host"
)

// Codes of whom, and of when.
const (
	DoNotCall  Code = "do_not_call" // who is called said no
	NoConsent  Code = "no_consent"  // nobody says that who is called agreed, as the workspace requires
	QuietHours Code = "quiet_hours"
)

// Codes of how often is called.
const (
	NumberHour   Code = "number_hour"
	NumberDay    Code = "number_day"
	Minutes      Code = "number_minutes"
	Hour         Code = "hour"
	PrefixBusy   Code = "prefix_busy"
	ForeignBurst Code = "foreign_burst"
)

// Refusal says no to a call. It names no number, so that it can be logged, told
// to a client and to a model.
type Refusal struct {
	Code Code
	Why  string    // a sentence for people
	At   time.Time // from when on it may be otherwise; zero: nobody knows
}

// Error implements error.
func (r *Refusal) Error() string { return "dialplan: refused (" + string(r.Code) + "): " + r.Why }

// Refused tells code and reason to those who don't import this package.
func (r *Refusal) Refused() (code, why string) { return string(r.Code), r.Why }

func refuse(code Code) *Refusal { return &Refusal{Code: code, Why: whys[code]} }

var whys = map[Code]string{
	NotE164:     "This is not a phone number in E.164 form, such as +14155550100.",
	Extension:   "A number can't have keys to press behind it; they are a setting of their own.",
	Emergency:   "Emergency and service numbers are never called.",
	ShortCode:   "Short numbers are never called: they mean something else in each network.",
	PremiumRate: "Premium-rate numbers are never called.",
	SharedCost:  "Shared-cost numbers are never called.",
	Satellite:   "Numbers of satellite and international networks are never called.",
	Personal:    "Personal numbers, pagers and mailboxes are never called.",
	Unassigned:  "No country has given out numbers like this one.",
	Region:      "The number's region is not among those that the workspace may call. They are set in its dialing policy.",
	Loop:        "The number is the one that the call comes from.",
	SIPURI:      "This is not a SIP URI that can be called, such as sip:desk@example.com.",
	SIPHost:     "The SIP URI's host is not among those that the workspace may call. They are set in its dialing policy.",

	DoNotCall:  "Whoever has this number asked not to be called. It is on the workspace's do-not-call list.",
	NoConsent:  "The workspace calls only those who agreed to it, and nothing says that this one did: say how in \"consent\".",
	QuietHours: "It is a time at which this number is not called.",

	NumberHour:   "This number was called as often as it may be within an hour.",
	NumberDay:    "This number was called as often as it may be within a day.",
	Minutes:      "This number was talked to as long as it may be within a day.",
	Hour:         "The workspace placed as many calls as it may within an hour.",
	PrefixBusy:   "As many calls to numbers of this block as may be go on at once.",
	ForeignBurst: "As many new numbers abroad were called as may be within an hour.",
}
