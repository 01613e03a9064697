// Package sms knows how a text travels as SMS: in which alphabet, in how many
// segments, and where a long one is cut in two. It knows no carrier.
package sms

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is the alphabet of a message. One letter outside GSM-7 makes the
// whole of it UCS-2, with less than half the room.
type Encoding string

// The encodings of 3GPP TS 23.038 that carriers use.
const (
	GSM7 Encoding = "gsm-7" // 7 bits a letter, 14 for those of the extension table
	UCS2 Encoding = "ucs-2" // 16 bits a letter; what lies beyond plane 0 is two of them, as in UTF-16
)

// Room in a segment, in units of the encoding. A message of several segments has
// a header of 6 bytes in each (3GPP TS 23.040, section 9.2.3.24.1).
const (
	gsmAlone, gsmEach = 160, 153
	ucsAlone, ucsEach = 70, 67
)

// MaxBody is how long the body of one message may be, in units of [Length]:
// carriers take no more, however many segments they make of it.
const MaxBody = 1600

// Size is what a text takes up.
type Size struct {
	Encoding Encoding
	Units    int // of the encoding: septets, or 16 bits
	Segments int // each is paid for; an empty text is one, too
}

// Measure returns what body takes up. A letter of two units is never cut: a
// segment that has room for one of them stays a unit short.
func Measure(body string) Size {
	width, alone, each := septets, gsmAlone, gsmEach
	s := Size{Encoding: GSM7, Segments: 1}
	if !isGSM(body) {
		width, alone, each = units, ucsAlone, ucsEach
		s.Encoding = UCS2
	}
	used := 0 // of the last segment, if there are several
	for _, r := range body {
		w := width(r)
		s.Units += w
		if used+w > each {
			s.Segments, used = s.Segments+1, 0
		}
		used += w
	}
	if s.Units <= alone {
		s.Segments = 1
	}
	return s
}

// Length is how long body is as carriers count characters: in units of UTF-16.
func Length(body string) (n int) {
	for _, r := range body {
		n += units(r)
	}
	return n
}

// Fits reports whether body can be one message: text, of at most [MaxBody].
func Fits(body string) bool {
	return body != "" && utf8.ValidString(body) && !strings.ContainsRune(body, 0) && Length(body) <= MaxBody
}

func units(r rune) int { return max(1, utf16.RuneLen(r)) }

// isGSM reports whether all of body can be said in GSM-7.
func isGSM(body string) bool {
	for _, r := range body {
		if septets(r) == 0 {
			return false
		}
	}
	return true
}

// septets is how many septets r takes in GSM-7; 0: it isn't there.
func septets(r rune) int { return int(gsm[r]) }

// basic and extended are the tables of 3GPP TS 23.038, section 6.2.1. Between
// them is the escape, which is no letter.
const (
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ" +
		" !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "\f^{}\\[~]|€"
)

var gsm = func() map[rune]uint8 {
	m := map[rune]uint8{}
	for _, r := range basic {
		m[r] = 1
	}
	for _, r := range extended {
		m[r] = 2
	}
	return m
}()
