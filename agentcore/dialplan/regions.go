package dialplan

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// regions remembers where numbers are. The tables take up to a fifth of a
// millisecond for one, and a day has thousands. It is for counting: [Check] asks
// the tables each time.
type regions map[string]string

// mostRegions bounds what is remembered. Then it begins anew.
const mostRegions = 20_000

// differ reports whether two numbers in E.164 form are in different regions.
// Most often their country codes tell.
func (rs regions) differ(a, b string) bool {
	code := countryCode(a)
	if code != countryCode(b) {
		return true
	}
	return len(phonenumbers.GetRegionCodesForCountryCode(code)) > 1 && rs.of(a) != rs.of(b)
}

// of is the region of number: the one that others of its area have, in North
// America, or else of its block of 10,000.
func (rs regions) of(number string) string {
	area := number[:max(len(number)-4, 0)]
	if strings.HasPrefix(number, "+1") && len(number) > 5 {
		area = number[:5]
	}
	region, ok := rs[area]
	if !ok {
		region = homeOf(number)
		if len(rs) >= mostRegions {
			clear(rs)
		}
		rs[area] = region
	}
	return region
}

// countryCode is that of a number in E.164 form; 0: there is none such. No code
// begins with another one.
func countryCode(number string) int {
	code := 0
	for i := 1; i < min(len(number), 4); i++ {
		if number[i] < '0' || number[i] > '9' {
			return 0
		}
		code = code*10 + int(number[i]-'0')
		if codes[code] {
			return code
		}
	}
	return 0
}

var codes = phonenumbers.GetSupportedCallingCodes()
