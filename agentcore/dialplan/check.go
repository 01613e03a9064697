package dialplan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxTo bounds what is looked at of a destination, in bytes.
const maxTo = 512

var (
	e164      = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	dialled   = regexp.MustCompile(`^\+?[0-9]{1,6}$`)
	extension = regexp.MustCompile(`^[+0-9][0-9 ().-]*([,;&#*]|[xXpPwW][0-9]|[eE][xX][tT])`)
	serviceN  = regexp.MustCompile(`^[2-9]11`) // an N11 service of North America, whatever follows
)

// Check says whether from may call to under p. It knows nothing of what was
// called before: see [Gate]. An error is a [*Refusal].
//
// Regions are those of the numbering plan, not country codes: +1 876 is Jamaica.
func Check(to, from string, p Policy) error {
	if len(to) > maxTo {
		return refuse(NotE164)
	}
	home := homeOf(from)
	if scheme, _, ok := strings.Cut(to, ":"); ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")) {
		if r := checkSIP(to, home, p); r != nil {
			return r
		}
		return nil
	}
	n, r := classify(to, home)
	switch {
	case to == from && r == nil:
		return refuse(Loop)
	case r != nil:
		return r
	case !p.allows(n, home):
		return refuse(Region)
	}
	return nil
}

// homeOf is the region of the number that calls. One that nobody has been given
// is taken for one of the first region of its country code; what is no number
// has none.
func homeOf(from string) string {
	if !e164.MatchString(from) {
		return ""
	}
	n, err := phonenumbers.Parse(from, "ZZ")
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(n); region != "" {
		return region
	}
	return phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
}

// worldwide are country codes that belong to no country, and the retired ones of
// Inmarsat. No code begins with another one.
var worldwide = map[string]Code{
	"+870": Satellite, "+871": Satellite, "+872": Satellite, "+873": Satellite, "+874": Satellite,
	"+881": Satellite, "+882": Satellite, "+883": Satellite,
	"+878": Personal, "+808": SharedCost, "+979": PremiumRate,
}

// classify reads a number and refuses those that nobody may call.
func classify(to, home string) (*phonenumbers.PhoneNumber, *Refusal) {
	switch {
	case extension.MatchString(to):
		return nil, refuse(Extension)
	case dialled.MatchString(to):
		return nil, short(to, home)
	case !e164.MatchString(to):
		return nil, refuse(NotE164)
	}
	if code, ok := worldwide[to[:4]]; ok {
		return nil, refuse(code)
	}
	n, err := phonenumbers.Parse(to, "ZZ")
	if err != nil {
		return nil, refuse(Unassigned)
	}
	// A trunk prefix behind the country code, as in +1 1 415 or +33 06, is read over:
	// the same phone would have two names, and lists and caps know one.
	if phonenumbers.Format(n, phonenumbers.E164) != to {
		return nil, refuse(NotE164)
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	switch {
	case n.GetCountryCode() == 1 && serviceN.MatchString(national), emergencyOf(n, national):
		return nil, refuse(Emergency)
	case !phonenumbers.IsValidNumber(n):
		return nil, refuse(Unassigned)
	}
	if code, ok := kinds[kindOf(n, national)]; ok {
		return nil, refuse(code)
	}
	return n, nil
}

// kinds are those that are refused. Company-wide numbers (UAN) are called like
// any other of their region.
var kinds = map[phonenumbers.PhoneNumberType]Code{
	phonenumbers.PREMIUM_RATE:    PremiumRate,
	phonenumbers.SHARED_COST:     SharedCost,
	phonenumbers.PERSONAL_NUMBER: Personal,
	phonenumbers.PAGER:           Personal,
	phonenumbers.VOICEMAIL:       Personal,
	phonenumbers.UNKNOWN:         Unassigned,
}

// kindOf is what a number is. In North America an exchange of 976 is premium
// rate in any area, which the tables don't tell.
func kindOf(n *phonenumbers.PhoneNumber, national string) phonenumbers.PhoneNumberType {
	kind := phonenumbers.GetNumberType(n)
	if n.GetCountryCode() == 1 && kind != phonenumbers.TOLL_FREE && len(national) == 10 && national[3:6] == "976" {
		return phonenumbers.PREMIUM_RATE
	}
	return kind
}

// lifelines are emergency numbers anywhere: phones connect some of them from
// abroad, too.
var lifelines = []string{"000", "110", "111", "112", "113", "115", "117", "118", "119", "911", "933", "988", "995", "997", "998", "999"}

// short refuses a number of a few digits, whatever it is. A single digit in
// front, as to get a line, does not hide what follows.
func short(to, home string) *Refusal {
	digits := strings.TrimPrefix(to, "+")
	if lifeline(digits, home) || len(digits) > 3 && strings.ContainsAny(digits[:1], "0189") && lifeline(digits[1:], home) {
		return refuse(Emergency)
	}
	if n, err := phonenumbers.Parse("+"+digits, "ZZ"); err == nil && emergencyOf(n, phonenumbers.GetNationalSignificantNumber(n)) {
		return refuse(Emergency)
	}
	return refuse(ShortCode)
}

func lifeline(digits, home string) bool {
	return slices.Contains(lifelines, digits) || len(digits) == 3 && serviceN.MatchString(digits) ||
		home != "" && phonenumbers.IsEmergencyNumber(digits, home)
}

// emergencyOf reports whether national is an emergency number where n's country
// code leads: +44 999.
func emergencyOf(n *phonenumbers.PhoneNumber, national string) bool {
	if len(national) > 6 {
		return false
	}
	return slices.Contains(lifelines, national) || slices.ContainsFunc(phonenumbers.GetRegionCodesForCountryCode(int(n.GetCountryCode())),
		func(region string) bool { return phonenumbers.IsEmergencyNumber(national, region) })
}

// allows reports whether n, which is no number that nobody may call, is in a
// region that p lets be called from home. A free number belongs to all regions
// that share its country code.
func (p Policy) allows(n *phonenumbers.PhoneNumber, home string) bool {
	regions := p.Regions
	if len(regions) == 0 {
		regions = []string{home}
	}
	if slices.Contains(regions, phonenumbers.GetRegionCodeForNumber(n)) {
		return true
	}
	return phonenumbers.GetNumberType(n) == phonenumbers.TOLL_FREE && slices.ContainsFunc(regions, func(region string) bool {
		return region != "" && phonenumbers.GetCountryCodeForRegion(region) == int(n.GetCountryCode())
	})
}
