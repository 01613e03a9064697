package dialplan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
)

const ours = "+14155550100" // United States

// code is what a call is refused with; empty: it is not.
func code(t *testing.T, err error) dialplan.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	var r *dialplan.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%v is no Refusal", err)
	}
	return r.Code
}

func TestCheckRefusesWhatCostsOrSaves(t *testing.T) {
	abroad := dialplan.Policy{Regions: []string{"US", "GB", "DE", "AU", "FR"}}
	for _, tt := range []struct {
		name, to string
		p        dialplan.Policy
		want     dialplan.Code
	}{
		{"a number of the same region", "+12125550199", dialplan.Policy{}, ""},
		{"a free number", "+18005550100", dialplan.Policy{}, ""},
		{"a region that is allowed", "+442079460000", abroad, ""},
		{"a company's number in it", "+443001234567", abroad, ""},
		{"a mobile number in it", "+4915112345678", abroad, ""},

		{"a region that is not", "+442079460000", dialplan.Policy{}, dialplan.Region},
		{"Jamaica behind +1", "+18765550100", dialplan.Policy{}, dialplan.Region},
		{"the Dominican Republic behind +1", "+18095550100", dialplan.Policy{}, dialplan.Region},
		{"Canada behind +1", "+14165550100", dialplan.Policy{}, dialplan.Region},
		{"Jersey behind +44", "+447797123456", abroad, dialplan.Region},
		{"Kazakhstan behind +7", "+77012345678", dialplan.Policy{Regions: []string{"RU"}}, dialplan.Region},
		{"a free number of nowhere", "+80012345678", abroad, dialplan.Region},
		{"the same region, and another one allowed", "+12125550199", dialplan.Policy{Regions: []string{"GB"}}, dialplan.Region},

		{"premium rate", "+19005550100", dialplan.Policy{}, dialplan.PremiumRate},
		{"premium rate by exchange", "+14159765555", dialplan.Policy{}, dialplan.PremiumRate},
		{"premium rate in France", "+33899123456", abroad, dialplan.PremiumRate},
		{"premium rate of the world", "+979123456789", abroad, dialplan.PremiumRate},
		{"shared cost in Germany", "+491805123456", abroad, dialplan.SharedCost},
		{"shared cost in Australia", "+611300123456", abroad, dialplan.SharedCost},
		{"shared cost of the world", "+80812345678", abroad, dialplan.SharedCost},
		{"Iridium", "+881612345678", abroad, dialplan.Satellite},
		{"Inmarsat", "+870773123456", abroad, dialplan.Satellite},
		{"Inmarsat as it was", "+871312345678", abroad, dialplan.Satellite},
		{"international networks", "+88213123456", abroad, dialplan.Satellite},
		{"and more of them", "+883510012345678", abroad, dialplan.Satellite},
		{"a personal number", "+15005550006", dialplan.Policy{}, dialplan.Personal},
		{"a personal number in Britain", "+447000000000", abroad, dialplan.Personal},
		{"personal numbers of the world", "+87810123456789", abroad, dialplan.Personal},

		{"911", "911", dialplan.Policy{}, dialplan.Emergency},
		{"112", "112", dialplan.Policy{}, dialplan.Emergency},
		{"999", "999", dialplan.Policy{}, dialplan.Emergency},
		{"000", "000", dialplan.Policy{}, dialplan.Emergency},
		{"911 with a line in front", "9911", dialplan.Policy{}, dialplan.Emergency},
		{"911 with a plus sign", "+911", dialplan.Policy{}, dialplan.Emergency},
		{"911 with a country code", "+1911", dialplan.Policy{}, dialplan.Emergency},
		{"911 with more behind it", "+19115550100", dialplan.Policy{}, dialplan.Emergency},
		{"411", "411", dialplan.Policy{}, dialplan.Emergency},
		{"811 with a country code", "+1811", dialplan.Policy{}, dialplan.Emergency},
		{"999 with a country code", "+44999", abroad, dialplan.Emergency},
		{"112 with a country code", "+49112", abroad, dialplan.Emergency},
		{"a short number", "70123", dialplan.Policy{}, dialplan.ShortCode},

		{"nothing", "", dialplan.Policy{}, dialplan.NotE164},
		{"no plus sign", "12125550199", dialplan.Policy{}, dialplan.NotE164},
		{"as it is dialled abroad", "01144207946000", dialplan.Policy{}, dialplan.NotE164},
		{"spaces", "+1 212 555 0199", dialplan.Policy{}, dialplan.NotE164},
		{"letters", "+1212FLOWERS", dialplan.Policy{}, dialplan.NotE164},
		{"full-width digits", "+１２１２５５５０１９９", dialplan.Policy{}, dialplan.NotE164},
		{"Arabic digits", "+١٢١٢٥٥٥٠١٩٩", dialplan.Policy{}, dialplan.NotE164},
		{"a full-width plus sign", "＋12125550199", dialplan.Policy{}, dialplan.NotE164},
		{"a line's end", "+12125550199\n", dialplan.Policy{}, dialplan.NotE164},
		{"a zero byte", "+12125550199\x00", dialplan.Policy{}, dialplan.NotE164},
		{"two numbers", "+12125550199 +19005550100", dialplan.Policy{}, dialplan.NotE164},
		{"a tel URI", "tel:+12125550199", dialplan.Policy{}, dialplan.NotE164},
		{"a client", "client:ann", dialplan.Policy{}, dialplan.NotE164},
		{"too long", "+" + strings.Repeat("1", 600), dialplan.Policy{}, dialplan.NotE164},
		{"keys to press", "+12125550199,,9011882131234", dialplan.Policy{}, dialplan.Extension},
		{"an extension", "+12125550199x911", dialplan.Policy{}, dialplan.Extension},
		{"an extension in words", "+12125550199 ext. 9", dialplan.Policy{}, dialplan.Extension},
		{"an extension of RFC 3966", "+12125550199;ext=9", dialplan.Policy{}, dialplan.Extension},
		{"keys after waiting", "+12125550199w9", dialplan.Policy{}, dialplan.Extension},
		{"a range that nobody has", "+15555550100", dialplan.Policy{}, dialplan.Unassigned},
		{"a country that is none", "+9995550100", dialplan.Policy{}, dialplan.Unassigned},
		{"a digit short", "+1212555019", dialplan.Policy{}, dialplan.Unassigned},
		{"a trunk prefix behind the country code", "+112125550199", dialplan.Policy{}, dialplan.NotE164},
		{"a trunk's zero behind the country code", "+4907111234567", abroad, dialplan.NotE164},
		{"a mobile number's", "+330612345678", abroad, dialplan.NotE164},
		{"a zero that belongs to the number", "+390612345678", dialplan.Policy{Regions: []string{"IT"}}, ""},
		{"an 8 that does, and is the trunk's, too", "+78123456789", dialplan.Policy{Regions: []string{"RU"}}, ""},
		{"the number that calls", ours, dialplan.Policy{}, dialplan.Loop},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := dialplan.Check(tt.to, ours, tt.p)
			if got := code(t, err); got != tt.want {
				t.Errorf("Check() = %v, want %q", err, tt.want)
			}
			if err != nil && len(tt.to) > 3 && strings.Contains(err.Error(), tt.to) {
				t.Errorf("%q repeats the number", err)
			}
		})
	}
}

func TestCheckReadsSIPURIs(t *testing.T) {
	p := dialplan.Policy{SIPHosts: []string{"pbx.example.com", "*.voice.example.org", "192.0.2.7"}}
	for _, tt := range []struct {
		name, to string
		want     dialplan.Code
	}{
		{"a name", "sip:desk@pbx.example.com", ""},
		{"in capitals", "SIPS:desk@PBX.Example.COM", ""},
		{"a port and transport", "sip:desk@pbx.example.com:5061;transport=tls", ""},
		{"a host below one", "sip:desk@eu.voice.example.org", ""},
		{"an address that is listed", "sip:desk@192.0.2.7", ""},
		{"a header of one's own", "sip:desk@pbx.example.com?X-Ticket=7&x-who=Ann", ""},
		{"an extension of a switchboard", "sip:100@pbx.example.com", ""},
		{"a number of the region", "sip:+12125550199@pbx.example.com", ""},
		{"its national form", "sip:2125550199@pbx.example.com", ""},
		{"a number of the far end's own", "sip:1002003004@pbx.example.com", ""},
		{"a feature of the far end", "sip:*97@pbx.example.com", ""},

		{"another host", "sip:desk@evil.example", dialplan.SIPHost},
		{"a host that ends alike", "sip:desk@evilpbx.example.com", dialplan.SIPHost},
		{"the wildcard's own name", "sip:desk@voice.example.org", dialplan.SIPHost},
		{"an address", "sip:desk@[2001:db8::1]", dialplan.SIPHost},
		{"no user", "sip:pbx.example.com", dialplan.SIPURI},
		{"two hosts", "sip:desk@pbx.example.com@evil.example", dialplan.SIPURI},
		{"a host in the user", "sip:desk%40evil.example@pbx.example.com", dialplan.SIPURI},
		{"a password", "sip:desk:secret@pbx.example.com", dialplan.SIPURI},
		{"another way to go", "sip:desk@pbx.example.com;maddr=203.0.113.9", dialplan.SIPURI},
		{"a route", "sip:desk@pbx.example.com?Route=%3Csip:evil.example%3E", dialplan.SIPURI},
		{"a call to be replaced", "sip:desk@pbx.example.com?x-a=b&Replaces=1", dialplan.SIPURI},
		{"a space", "sip:de sk@pbx.example.com", dialplan.SIPURI},
		{"a line's end", "sip:desk@pbx.example.com\r\n", dialplan.SIPURI},
		{"no host", "sip:desk@", dialplan.SIPURI},

		{"premium rate", "sip:+19005550100@pbx.example.com", dialplan.PremiumRate},
		{"its national form", "sip:9005550100@pbx.example.com", dialplan.PremiumRate},
		{"without the plus sign", "sip:19005550100@pbx.example.com", dialplan.PremiumRate},
		{"hidden by escapes", "sip:%2B19005550100@pbx.example.com", dialplan.PremiumRate},
		{"hidden by two of them", "sip:%252B19005550100@pbx.example.com", dialplan.SIPURI},
		{"hidden by dots", "sip:+1.900.555.0100@pbx.example.com", dialplan.PremiumRate},
		{"with a parameter", "sip:+19005550100;phone-context=+1@pbx.example.com", dialplan.PremiumRate},
		{"a satellite, dialled out", "sip:011881612345678@pbx.example.com", dialplan.Satellite},
		{"a satellite, with a line in front", "sip:9011881612345678@pbx.example.com", dialplan.Satellite},
		{"a satellite, dialled from Europe", "sip:00881612345678@pbx.example.com", dialplan.Satellite},
		{"a region that is not allowed", "sip:+18765550100@pbx.example.com", dialplan.Region},
		{"dialled out", "sip:011442079460000@pbx.example.com", dialplan.Region},
		{"without its plus sign", "sip:442079460000@pbx.example.com", dialplan.Region},
		{"emergency", "sip:911@pbx.example.com", dialplan.Emergency},
		{"emergency with a line in front", "sip:9911@pbx.example.com", dialplan.Emergency},
		{"emergency with a plus sign", "sip:+911@pbx.example.com", dialplan.Emergency},
		{"emergency with more behind it", "sip:9115550100@pbx.example.com", dialplan.Emergency},
		{"keys to press", "sip:2125550199,,9011@pbx.example.com", dialplan.Extension},
		{"full-width digits", "sip:+１９００５５５０１００@pbx.example.com", dialplan.SIPURI},
		{"full-width digits, escaped", "sip:%EF%BC%8B1900@pbx.example.com", dialplan.SIPURI},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := dialplan.Check(tt.to, ours, p)
			if got := code(t, err); got != tt.want {
				t.Errorf("Check() = %v, want %q", err, tt.want)
			}
		})
	}
	if got := code(t, dialplan.Check("sip:desk@pbx.example.com", ours, dialplan.Policy{})); got != dialplan.SIPHost {
		t.Errorf("with no host allowed: %q", got)
	}
}

func TestTheRegionIsThatOfTheNumberThatCalls(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     dialplan.Code
	}{
		{"+442079460000", "+447400123456", ""},
		{"+442079460000", "+12125550199", dialplan.Region},
		{"+18005550100", "+12125550199", ""},
		{"+14165550100", "+18005550100", ""}, // free numbers are everybody's who shares the code
		{"+14165550100", "+12125550199", dialplan.Region},
		{"+15550100", "+12125550199", ""}, // nobody's number: the first region of its code
		{"anonymous", "+12125550199", dialplan.Region},
		{"sip:desk@pbx.example.com", "+12125550199", dialplan.Region},
		{"", "", dialplan.NotE164},
	} {
		if got := code(t, dialplan.Check(tt.to, tt.from, dialplan.Policy{})); got != tt.want {
			t.Errorf("Check(%s from %s) = %q, want %q", tt.to, tt.from, got, tt.want)
		}
	}
}

func TestEveryMistakeOfAPolicyIsToldAtOnce(t *testing.T) {
	bad := dialplan.Policy{Regions: []string{"US", "Germany", "us"}, MaxPerNumberHour: -1, MaxPerHour: 1 << 30, MinutesPerNumberDay: 2_000,
		SIPHosts: []string{"pbx.example.com:5060", "sip:a@b", ""}}
	var wrong dialplan.Mistakes
	if !errors.As(bad.Validate(), &wrong) {
		t.Fatalf("Validate() = %v", bad.Validate())
	}
	var fields []string
	for _, one := range wrong {
		fields = append(fields, one.Field)
		if !strings.Contains(wrong.Error(), one.Text) {
			t.Errorf("%q does not tell of %s", wrong, one.Field)
		}
	}
	want := []string{"regions", "max_per_number_hour", "max_per_hour", "minutes_per_number_day", "sip_hosts"}
	if !slices.Equal(fields, want) {
		t.Errorf("mistakes in %q, want %q", fields, want)
	}
	for _, good := range []dialplan.Policy{{}, dialplan.Defaults, {Regions: []string{"US", "JM"}, SIPHosts: []string{"*.example.com", "pbx", "192.0.2.7"}}} {
		if err := good.Validate(); err != nil {
			t.Errorf("Validate(%+v) = %v", good, err)
		}
	}
}

func TestEveryCodeHasItsSentence(t *testing.T) {
	all := dialplan.Codes()
	if len(all) != 22 {
		t.Errorf("%d codes: %q", len(all), all)
	}
}

// FuzzCheck: nothing crashes it, what is let through is what it looks like, and
// no refusal repeats a number.
func FuzzCheck(f *testing.F) {
	for _, to := range []string{"+12125550199", "911", "+1911", "sip:+19005550100@pbx.example.com", "sip:9011881612345678@pbx.example.com;transport=tls?x-a=b",
		"+12125550199,,9011", "+１２１２５５５０１９９", "sip:%2B1900@pbx.example.com", "+881612345678", ""} {
		f.Add(to, ours)
	}
	p := dialplan.Policy{Regions: []string{"US", "GB"}, SIPHosts: []string{"pbx.example.com"}}
	f.Fuzz(func(t *testing.T, to, from string) {
		err := dialplan.Check(to, from, p)
		if err != nil {
			if code(t, err) == "" || len(to) > 6 && strings.Contains(err.Error(), to) {
				t.Errorf("Check(%q) = %v", to, err)
			}
			return
		}
		switch {
		case strings.HasPrefix(to, "+"):
			if !strings.HasPrefix(to, "+1") && !strings.HasPrefix(to, "+44") || strings.Trim(to[1:], "0123456789") != "" || len(to) > 16 {
				t.Errorf("Check(%q) lets it through", to)
			}
		case !strings.HasSuffix(strings.ToLower(strings.FieldsFunc(to[strings.Index(to, "@")+1:], func(r rune) bool { return strings.ContainsRune(":;?", r) })[0]), "pbx.example.com") &&
			!strings.Contains(strings.ToLower(to), "@pbx.example.com."):
			t.Errorf("Check(%q) lets it through", to)
		}
	})
}
