package twilio

import (
	"net/http"
	"strings"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Settings are what Twilio does when a number is called, or written to. Their JSON form is kept
// in records while the number is linked, under Twilio's own names; empty ones
// are left out.
type Settings struct {
	VoiceURL             string `json:"voice_url,omitempty"`
	VoiceMethod          string `json:"voice_method,omitempty"`
	VoiceFallbackURL     string `json:"voice_fallback_url,omitempty"`
	VoiceFallbackMethod  string `json:"voice_fallback_method,omitempty"`
	StatusCallback       string `json:"status_callback,omitempty"`
	StatusCallbackMethod string `json:"status_callback_method,omitempty"`
	VoiceApplicationSID  string `json:"voice_application_sid,omitempty"` // wins over VoiceURL
	TrunkSID             string `json:"trunk_sid,omitempty"`             // wins over both

	TextSettings
}

// overrides tell Twilio how to ask for what a call does: again up to 3 times
// after a server error or a timeout, 1 s to connect, 3 s to answer, 12 s in all.
// The defaults are one try and 15 s, after which a caller has hung up: a proxy
// that restarts would cost every call that asks meanwhile. They stand behind
// every address at which TwiML is got, a number's as well as an action's. Twilio
// does not sign them.
//
// https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
const overrides = "#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000"

// wanted is how a linked number is set, but for texts.
func (n Numbers) wanted() Settings {
	fallback := n.k.base
	if n.k.c.FallbackURL != "" {
		fallback = strings.TrimSuffix(n.k.c.FallbackURL, "/")
	}
	return Settings{
		VoiceURL:             n.k.base + pathVoice + overrides,
		VoiceMethod:          http.MethodPost,
		VoiceFallbackURL:     fallback + pathVoice,
		VoiceFallbackMethod:  http.MethodPost,
		StatusCallback:       n.k.base + pathStatus,
		StatusCallbackMethod: http.MethodPost,
	}
}

// leadsHere reports whether a call to a number with settings s comes to us.
func (n Numbers) leadsHere(s Settings) bool {
	return s.VoiceApplicationSID == "" && s.TrunkSID == "" && address(s.VoiceURL) == n.k.base+pathVoice
}

// calls is s without what it says of texts.
func (s Settings) calls() Settings {
	s.TextSettings = TextSettings{}
	return s
}

// without returns s without what is ours in it: what a number was before it led
// here is not known from how it is now.
func (n Numbers) without(s Settings) Settings {
	want := n.wanted()
	if address(s.VoiceURL) == address(want.VoiceURL) {
		s.VoiceURL, s.VoiceFallbackURL = "", "" // Twilio keeps no fallback of nothing: 21405
	}
	if s.VoiceFallbackURL == want.VoiceFallbackURL {
		s.VoiceFallbackURL = ""
	}
	if s.StatusCallback == want.StatusCallback {
		s.StatusCallback = ""
	}
	return s
}

// address is a URL without its fragment.
func address(url string) string {
	url, _, _ = strings.Cut(url, "#")
	return url
}

// link asks Twilio for s, and takes everything off that wins over it. What the
// number does with texts stays as it is.
func (s Settings) link() *api.UpdateIncomingPhoneNumberParams {
	p := s.addresses()
	p.SetVoiceApplicationSid("")
	p.SetTrunkSid("")
	return p
}

// restore asks Twilio for s. Of application and trunk only the one that was is
// said, because setting either takes the other off.
func (s Settings) restore() *api.UpdateIncomingPhoneNumberParams {
	p := s.addresses()
	if s.TrunkSID != "" {
		p.SetTrunkSid(s.TrunkSID)
	} else {
		p.SetVoiceApplicationSid(s.VoiceApplicationSID)
	}
	return p
}

// addresses asks for the addresses of s; an empty one is cleared. There is no
// empty method.
func (s Settings) addresses() *api.UpdateIncomingPhoneNumberParams {
	p := &api.UpdateIncomingPhoneNumberParams{}
	p.SetVoiceUrl(s.VoiceURL)
	p.SetVoiceFallbackUrl(s.VoiceFallbackURL)
	p.SetStatusCallback(s.StatusCallback)
	if s.VoiceMethod != "" {
		p.SetVoiceMethod(s.VoiceMethod)
	}
	if s.VoiceFallbackMethod != "" {
		p.SetVoiceFallbackMethod(s.VoiceFallbackMethod)
	}
	if s.StatusCallbackMethod != "" {
		p.SetStatusCallbackMethod(s.StatusCallbackMethod)
	}
	return p
}

// settings reads them from Twilio's answer, in which a missing one is null or
// empty.
func settings(is *api.ApiV2010IncomingPhoneNumber) Settings {
	return Settings{
		VoiceURL:             text(is.VoiceUrl),
		VoiceMethod:          text(is.VoiceMethod),
		VoiceFallbackURL:     text(is.VoiceFallbackUrl),
		VoiceFallbackMethod:  text(is.VoiceFallbackMethod),
		StatusCallback:       text(is.StatusCallback),
		StatusCallbackMethod: text(is.StatusCallbackMethod),
		VoiceApplicationSID:  text(is.VoiceApplicationSid),
		TrunkSID:             text(is.TrunkSid),
		TextSettings:         textSettings(is),
	}
}
