package twilio

import (
	"net/http"
	"strings"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// TextSettings are what Twilio does when somebody writes to a number. All of them
// are empty in what was kept by a gateway that took no texts.
type TextSettings struct {
	SMSURL            string `json:"sms_url,omitempty"`
	SMSMethod         string `json:"sms_method,omitempty"`
	SMSFallbackURL    string `json:"sms_fallback_url,omitempty"`
	SMSFallbackMethod string `json:"sms_fallback_method,omitempty"`
	SMSApplicationSID string `json:"sms_application_sid,omitempty"` // wins over SMSURL
}

// canText reports whether texts to is can lead here: there is somebody to take
// them, and the number can.
func (n Numbers) canText(is Owned) bool { return n.k.c.Inbox != nil && is.Texts }

// linkedTexts is how texts to is are to be set, and whether that is to be said:
// what does not lead here, and is not to, is nobody's business.
func (n Numbers) linkedTexts(is Owned, was TextSettings, texts bool) (want TextSettings, change bool) {
	switch {
	case !n.canText(is):
		return TextSettings{}, false
	case texts:
		return n.wantedTexts(), true
	}
	return was, n.textsLeadHere(is.Settings.TextSettings)
}

// wantedTexts is how a linked number is set that takes texts.
func (n Numbers) wantedTexts() TextSettings {
	fallback := n.k.base
	if n.k.c.FallbackURL != "" {
		fallback = strings.TrimSuffix(n.k.c.FallbackURL, "/")
	}
	return TextSettings{
		SMSURL:            n.k.base + pathMessage + overrides,
		SMSMethod:         http.MethodPost,
		SMSFallbackURL:    fallback + pathMessage,
		SMSFallbackMethod: http.MethodPost,
	}
}

// textsLeadHere reports whether a text to a number with settings s comes to us.
func (n Numbers) textsLeadHere(s TextSettings) bool {
	return s.SMSApplicationSID == "" && address(s.SMSURL) == n.k.base+pathMessage
}

// textsWere is what a number did with texts before they led here: what was kept
// when they do so already, else what it does now, without what is ours in it.
// Unlike with calls, what it did when it was linked first is of no use: texts may
// have led elsewhere ever since.
func (n Numbers) textsWere(kept *Settings, now TextSettings) TextSettings {
	if kept != nil && n.textsLeadHere(now) {
		return kept.TextSettings
	}
	if want := n.wantedTexts(); address(now.SMSURL) == address(want.SMSURL) {
		now.SMSURL, now.SMSFallbackURL = "", ""
	} else if now.SMSFallbackURL == want.SMSFallbackURL {
		now.SMSFallbackURL = ""
	}
	return now
}

// set asks Twilio for s, in p. An empty address is cleared; there is no empty
// method.
func (s TextSettings) set(p *api.UpdateIncomingPhoneNumberParams) {
	p.SetSmsUrl(s.SMSURL)
	p.SetSmsFallbackUrl(s.SMSFallbackURL)
	p.SetSmsApplicationSid(s.SMSApplicationSID)
	if s.SMSMethod != "" {
		p.SetSmsMethod(s.SMSMethod)
	}
	if s.SMSFallbackMethod != "" {
		p.SetSmsFallbackMethod(s.SMSFallbackMethod)
	}
}

// textSettings reads them from Twilio's answer.
func textSettings(is *api.ApiV2010IncomingPhoneNumber) TextSettings {
	return TextSettings{
		SMSURL:            text(is.SmsUrl),
		SMSMethod:         text(is.SmsMethod),
		SMSFallbackURL:    text(is.SmsFallbackUrl),
		SMSFallbackMethod: text(is.SmsFallbackMethod),
		SMSApplicationSID: text(is.SmsApplicationSid),
	}
}
