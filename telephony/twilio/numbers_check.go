package twilio

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
)

// Drift is a setting of a linked number that is not as Link left it. Want and Is
// may be shown to anybody: of an address that is not ours neither the user nor
// the query is told.
type Drift struct {
	Setting  string // Twilio's name of it, such as "voice_url"
	Want, Is string // "none" when it should be, or is, empty
}

// Check compares a linked number with how Link leaves one, and changes nothing.
// number is E.164, or the number's id at Twilio; texts are as in [Numbers.Link].
// Without drift a call comes here, and a text does or does not, as it should.
func (n Numbers) Check(ctx context.Context, a Account, number string, texts bool) ([]Drift, error) {
	var is Owned
	var err error
	if strings.HasPrefix(number, "PN") {
		is, err = n.fetch(ctx, "check", a, number)
	} else {
		is, err = n.find(ctx, "check", a, telephony.Number(number))
	}
	if err != nil {
		return nil, err
	}
	list := drift(n.wanted(), is.Settings)
	switch {
	case !n.canText(is):
	case texts:
		list = append(list, textDrift(n.wantedTexts(), is.Settings.TextSettings)...)
	case n.textsLeadHere(is.Settings.TextSettings):
		list = append(list, differing([]setting{{"sms_url", "", is.Settings.SMSURL}})...)
	}
	return list, nil
}

// setting is one that may differ.
type setting struct{ name, want, is string }

// drift lists what differs about calls, in the order in which Twilio looks at it.
func drift(want, is Settings) []Drift {
	return differing([]setting{
		{"trunk_sid", want.TrunkSID, is.TrunkSID},
		{"voice_application_sid", want.VoiceApplicationSID, is.VoiceApplicationSID},
		{"voice_url", want.VoiceURL, is.VoiceURL},
		{"voice_method", want.VoiceMethod, is.VoiceMethod},
		{"voice_fallback_url", want.VoiceFallbackURL, is.VoiceFallbackURL},
		{"voice_fallback_method", want.VoiceFallbackMethod, is.VoiceFallbackMethod},
		{"status_callback", want.StatusCallback, is.StatusCallback},
		{"status_callback_method", want.StatusCallbackMethod, is.StatusCallbackMethod},
	})
}

// textDrift lists what differs about texts.
func textDrift(want, is TextSettings) []Drift {
	return differing([]setting{
		{"sms_application_sid", want.SMSApplicationSID, is.SMSApplicationSID},
		{"sms_url", want.SMSURL, is.SMSURL},
		{"sms_method", want.SMSMethod, is.SMSMethod},
		{"sms_fallback_url", want.SMSFallbackURL, is.SMSFallbackURL},
		{"sms_fallback_method", want.SMSFallbackMethod, is.SMSFallbackMethod},
	})
}

func differing(all []setting) (list []Drift) {
	for _, s := range all {
		if s.want != s.is {
			list = append(list, Drift{s.name, shown(s.want), shown(s.is)})
		}
	}
	return list
}

var (
	word    = regexp.MustCompile(`^[0-9A-Za-z]{1,40}$`)  // a method, or an id of Twilio's
	options = regexp.MustCompile(`^[a-z0-9=&,-]{0,80}$`) // see overrides
)

// shown is a setting as it may be shown. Whoever put secrets into an address put
// them into its user or its query.
func shown(s string) string {
	if s == "" {
		return "none"
	}
	if word.MatchString(s) {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "something that is no address"
	}
	text := u.Scheme + "://"
	if u.User != nil {
		text += "…@"
	}
	text += u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?…"
	}
	switch {
	case u.Fragment == "":
	case options.MatchString(u.Fragment):
		text += "#" + u.Fragment
	default:
		text += "#…"
	}
	const most = 200 // bytes; what is longer is cut
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}
