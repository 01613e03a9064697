package dialplan

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Proof is what was checked before a call was permitted. It holds no phone
// number.
type Proof struct {
	CheckedAt time.Time `json:"checked_at"`
	Transfer  bool      `json:"transfer,omitempty"`
	Region    string    `json:"region,omitempty"` // of the number: ISO 3166-1, or 001 for the world's; empty for a SIP URI
	Kind      string    `json:"number_type"`      // "fixed_line", "mobile", "fixed_line_or_mobile", "toll_free", "voip", "company" or "sip"

	Zones []string `json:"callee_zones,omitempty"` // whose clock counted; several: all of them
	Local []string `json:"local_time,omitempty"`   // what they showed, RFC 3339, as Zones
	Hours string   `json:"hours,omitempty"`        // which hours it is within: "policy", "call", "policy+call"; or "any", "bypassed"

	DoNotCall string `json:"do_not_call,omitempty"` // "clear"; empty: there is no list
	Consent   string `json:"consent,omitempty"`     // as the client said

	Calls *Counts `json:"calls,omitempty"` // before this one
}

// Counts are calls, and how many there may be.
type Counts struct {
	NumberHour    int `json:"number_hour"` // to the number, within an hour
	NumberHourMax int `json:"number_hour_max"`
	NumberDay     int `json:"number_day"` // to the number, within 24 hours
	NumberDayMax  int `json:"number_day_max"`
	Hour          int `json:"hour"` // of the workspace, within an hour
	HourMax       int `json:"hour_max"`
}

// Encode is p as JSON.
func (p Proof) Encode() string {
	b, err := json.Marshal(p)
	if err != nil { // it has nothing that can't be written
		return "{}"
	}
	return string(b)
}

func (p *Proof) clock(at time.Time, zones []*time.Location) {
	for _, z := range zones {
		p.Zones = append(p.Zones, z.String())
		p.Local = append(p.Local, at.In(z).Truncate(time.Second).Format(time.RFC3339))
	}
}

func (p *Proof) counts(n tally, max Policy) {
	p.Calls = &Counts{
		NumberHour: n.numberHour, NumberHourMax: max.MaxPerNumberHour,
		NumberDay: n.numberDay, NumberDayMax: max.MaxPerNumberDay,
		Hour: n.hour, HourMax: max.MaxPerHour,
	}
}

// kindNames are the kinds of numbers that may be called.
var kindNames = map[phonenumbers.PhoneNumberType]string{
	phonenumbers.FIXED_LINE: "fixed_line", phonenumbers.MOBILE: "mobile", phonenumbers.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
	phonenumbers.TOLL_FREE: "toll_free", phonenumbers.VOIP: "voip", phonenumbers.UAN: "company",
}

// describe says where a number is, which [Check] lets be called, and what.
func describe(to string) (region, kind string) {
	if !e164.MatchString(to) {
		return "", "sip"
	}
	n, err := phonenumbers.Parse(to, "ZZ")
	if err != nil {
		return "", "unknown"
	}
	kind, ok := kindNames[phonenumbers.GetNumberType(n)]
	if !ok {
		kind = "unknown"
	}
	return phonenumbers.GetRegionCodeForNumber(n), kind
}

// maxConsent bounds what is kept of a client's words, in bytes.
const maxConsent = 500

func shortened(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxConsent)], "")
}
