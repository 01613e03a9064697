package twilio

import (
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
)

// maxParty bounds what stands in From and To, in bytes. A SIP URI is the longest
// that real ones hold.
const maxParty = 256

// withheld is what stands in From when the caller hides the number, or the
// network did not send it: the word, or the keys that spell it on a telephone,
// as in https://support.twilio.com/hc/en-us/articles/223179988.
var withheld = map[string]bool{
	"": true, "anonymous": true, "restricted": true, "blocked": true, "unknown": true, "unavailable": true, "private": true, "withheld": true,
	"266696687":   true, // ANONYMOUS
	"7378742833":  true, // RESTRICTED
	"7378742883":  true, // the same as the article spells it
	"2562533":     true, // BLOCKED
	"8656696":     true, // UNKNOWN
	"86282452253": true, // UNAVAILABLE
}

// caller reads From. A SIP URI stays one, and what is no number of E.164 stays
// as it is: only the desk knows whom it takes. ok is false for what is too
// long, or would break a line of text.
func caller(from string) (n telephony.Number, ok bool) {
	if !printable(from, maxParty) {
		return "", false
	}
	from = strings.TrimSpace(from)
	word := strings.ToLower(from)
	if withheld[strings.TrimPrefix(word, "+")] || anonymousURI(word) {
		return telephony.Withheld, true
	}
	return telephony.Number(from), true
}

// called reads To, with the bounds of caller.
func called(to string) (n telephony.Number, ok bool) {
	if !printable(to, maxParty) {
		return "", false
	}
	return telephony.Number(strings.TrimSpace(to)), true
}

// anonymousURI reports whether uri, in small letters, is the SIP address of
// nobody (RFC 3323, section 4.1.1.3).
func anonymousURI(uri string) bool {
	address, ok := strings.CutPrefix(uri, "sip:")
	if !ok {
		address, ok = strings.CutPrefix(uri, "sips:")
	}
	if !ok {
		return false
	}
	address, _, _ = strings.Cut(address, ";")
	user, host, _ := strings.Cut(address, "@")
	return user == "anonymous" || host == "anonymous.invalid"
}
