package twilio

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestWhoCalls(t *testing.T) {
	long := "sip:" + strings.Repeat("a", maxParty-len("sip:@h")) + "@h"
	for _, tt := range []struct {
		name, from string
		want       telephony.Number
		ok         bool
	}{
		{"a number", "+15550100001", "+15550100001", true},
		{"nothing", "", telephony.Withheld, true},
		{"white space", "  ", telephony.Withheld, true},
		{"the word", "anonymous", telephony.Withheld, true},
		{"the word in capitals", "RESTRICTED", telephony.Withheld, true},
		{"as a client has it", "Anonymous", telephony.Withheld, true},
		{"ANONYMOUS on the keys", "+266696687", telephony.Withheld, true},
		{"without its plus", "266696687", telephony.Withheld, true},
		{"RESTRICTED on the keys", "+7378742833", telephony.Withheld, true},
		{"BLOCKED on the keys", "+2562533", telephony.Withheld, true},
		{"UNKNOWN on the keys", "+8656696", telephony.Withheld, true},
		{"UNAVAILABLE on the keys", "+86282452253", telephony.Withheld, true},
		{"a real number of Texas that spells nothing", "+17378742833", "+17378742833", true},
		{"a SIP URI", "sip:alice@example.com:5061;transport=tls", "sip:alice@example.com:5061;transport=tls", true},
		{"nobody's SIP URI", "sip:anonymous@anonymous.invalid", telephony.Withheld, true},
		{"the same with a parameter", "sips:Anonymous@example.com;user=phone", telephony.Withheld, true},
		{"a browser", "client:alice", "client:alice", true},
		{"too short for E.164", "911", "911", true},
		{"too long for E.164", "+1234567890123456789", "+1234567890123456789", true},
		{"full-width digits stay what they are", "+１５５５", "+１５５５", true},
		{"as long as may be", long, telephony.Number(long), true},
		{"a byte longer", long + "x", "", false},
		{"a line break", "+1555\n0100", "", false},
		{"a NUL", "sip:a\x00@h", "", false},
		{"not UTF-8", "+1\xff", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := caller(tt.from); got != tt.want || ok != tt.ok {
				t.Errorf("caller(%q) = %q, %v, want %q, %v", tt.from, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// The number that was called is ours: no spelling of it means that it is hidden.
func TestWhoIsCalled(t *testing.T) {
	for to, want := range map[string]telephony.Number{"+15550100002": "+15550100002", "sip:desk@example.com": "sip:desk@example.com", "": "", "+266696687": "+266696687"} {
		if got, ok := called(to); got != want || !ok {
			t.Errorf("called(%q) = %q, %v", to, got, ok)
		}
	}
	for _, to := range []string{"+1\r\n", strings.Repeat("1", maxParty+1)} {
		if got, ok := called(to); got != "" || ok {
			t.Errorf("called(%.20q) = %q, %v, want refused", to, got, ok)
		}
	}
}

// FuzzParties: whatever stands in From and To, what the desk gets of it is short
// text of one line.
func FuzzParties(f *testing.F) {
	for _, seed := range []string{"", "+15550100001", "sip:anonymous@anonymous.invalid", "sip:;;@", "\x00", "+１", "client:a b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		from, ok := caller(text)
		to, fine := called(text)
		if ok != fine {
			t.Errorf("%q is refused as one of the two only", text)
		}
		for _, n := range []telephony.Number{from, to} {
			if len(n) > maxParty || !utf8.ValidString(string(n)) || strings.ContainsAny(string(n), "\r\n\x00\x1b") {
				t.Errorf("%q became %q", text, n)
			}
		}
		if ok && from == "" {
			t.Errorf("%q became nobody", text)
		}
	})
}
