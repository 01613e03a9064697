package sheet

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

var (
	e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	// rounded is what a spreadsheet makes of a number that it takes for a sum.
	rounded = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)
)

const noE164 = "must be a phone number in E.164 form, such as +14155550100"

// number is raw in E.164 form, without the spaces, dashes, dots and parentheses
// that people write, or why it is none. Whether anybody may be called there is
// asked when the call is placed.
func number(raw string) (phone, why string) {
	raw = strings.TrimSpace(raw)
	switch {
	case raw == "":
		return "", "is empty"
	case len(raw) > 64:
		return "", noE164
	case rounded.MatchString(raw):
		return "", "was rounded by a spreadsheet: format the column as text"
	case strings.Contains(raw, "(0)"):
		return "", "has (0): leave it out after a country code" // without its parentheses it would be another number
	}
	phone = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-.()\u2010\u2011\u2012\u2013\u2014", r) {
			return -1
		}
		return r
	}, raw)
	switch {
	case strings.HasPrefix(phone, "00"):
		return "", "must begin with + and the country code, not with 00"
	case !strings.HasPrefix(phone, "+"):
		return "", "must begin with + and the country code"
	case !e164.MatchString(phone):
		return "", noE164
	}
	n, err := phonenumbers.Parse(phone, "ZZ")
	switch {
	case err != nil || !phonenumbers.IsPossibleNumber(n):
		return "", noE164
	case phonenumbers.Format(n, phonenumbers.E164) != phone: // as in +33 06
		return "", "has a 0, or another prefix of calls at home, behind the country code: leave it out"
	}
	return phone, ""
}
