package dialplan

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// uri is the part of RFC 3261 section 19.1 that can be called from here: user,
// host, port, parameters, headers. A user always is named.
var uri = regexp.MustCompile(`^[sS][iI][pP][sS]?:([!-9;=?A-Z_a-z~]{1,255})@([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?((?:;[!-:=A-Za-z_~-]+)*)(?:\?([!-~]*))?$`)

// carried are the parameters that change how a call travels, and not where to.
// maddr and route do.
var carried = []string{"transport", "user", "secure", "edge", "region"}

// checkSIP is [Check] of a SIP URI.
func checkSIP(to, home string, p Policy) *Refusal {
	parts := uri.FindStringSubmatch(to)
	if parts == nil || strings.Count(to, "@") != 1 {
		return refuse(SIPURI)
	}
	user, host := parts[1], strings.ToLower(strings.TrimSuffix(parts[2], "."))
	user, err := url.PathUnescape(user)
	if err != nil || strings.ContainsAny(user, "%:@?") || strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return refuse(SIPURI)
	}
	for param := range strings.SplitSeq(strings.TrimPrefix(parts[3], ";"), ";") {
		name, _, _ := strings.Cut(strings.ToLower(param), "=")
		if name != "" && !slices.Contains(carried, name) {
			return refuse(SIPURI)
		}
	}
	for header := range strings.SplitSeq(parts[4], "&") {
		if header != "" && !strings.HasPrefix(strings.ToLower(header), "x-") {
			return refuse(SIPURI)
		}
	}
	if !slices.ContainsFunc(p.SIPHosts, func(allowed string) bool { return hostFits(host, strings.ToLower(allowed)) }) {
		return refuse(SIPHost)
	}
	return checkUser(user, home, p)
}

// hostFits reports whether host is allowed, or below it when that begins with
// "*.".
func hostFits(host, allowed string) bool {
	if below, ok := strings.CutPrefix(allowed, "*"); ok {
		return len(host) > len(below) && strings.HasSuffix(host, below)
	}
	return host == allowed
}

// separators is what people write between digits.
var separators = strings.NewReplacer("-", "", ".", "", "(", "", ")", "", "/", "")

// ways out of a country, as they are dialled in one place or another.
var ways = []string{"9011", "0011", "011", "010", "00"}

// checkUser refuses a user that is a number which would be refused, in whichever
// way the far end may read it. Other users are names of that host's.
func checkUser(user, home string, p Policy) *Refusal {
	user, _, _ = strings.Cut(user, ";") // parameters of a number: ;phone-context=
	number := separators.Replace(user)
	if strings.Trim(number, "+0123456789,*#") != "" || number == "" {
		return nil
	}
	if strings.ContainsAny(number, ",*#") {
		if strings.IndexAny(number, ",*#") == 0 {
			return nil // a feature of the far end's own
		}
		return refuse(Extension)
	}
	if strings.HasPrefix(number, "+") {
		n, r := classify(number, home)
		if r == nil && !p.allows(n, home) {
			r = refuse(Region)
		}
		return r
	}
	if len(number) <= 6 { // an extension of a switchboard's, unless it saves lives
		if r := short(number, home); r.Code == Emergency {
			return r
		}
		return nil
	}
	return checkDigits(number, home, p)
}

// checkDigits refuses digits without a plus sign that can be read as a number
// which is refused for what it is, or as one abroad. That nobody has such a
// number is no reason: it may be the far end's own.
func checkDigits(number, home string, p Policy) *Refusal {
	if strings.HasPrefix(number, "911") && phonenumbers.IsNANPACountry(home) { // a switch may not wait for the rest
		return refuse(Emergency)
	}
	local := false
	if n, err := phonenumbers.Parse(number, home); home != "" && err == nil && phonenumbers.IsValidNumber(n) {
		if _, r := classify(phonenumbers.Format(n, phonenumbers.E164), home); r != nil {
			return r
		}
		local = p.allows(n, home)
	}
	readings := []string{"+" + number}
	abroad := false
	for _, way := range ways {
		if rest, ok := strings.CutPrefix(number, way); ok {
			readings, abroad = append(readings, "+"+rest), true
		}
	}
	for i, reading := range readings {
		n, r := classify(reading, home)
		switch {
		case r != nil && r.Code != NotE164 && r.Code != Unassigned && r.Code != ShortCode:
			if i == 0 && local && !abroad && r.Code != Emergency {
				continue // a number of ours that only looks like one abroad
			}
			return r
		case r == nil && !local && !p.allows(n, home):
			return refuse(Region)
		}
	}
	return nil
}
