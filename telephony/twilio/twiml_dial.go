package twilio

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// The verb that hands a call to somebody else, and its nouns.
// https://www.twilio.com/docs/voice/twiml/dial
type (
	dialVerb struct {
		XMLName        xml.Name `xml:"Dial"`
		Action         string   `xml:"action,attr"`
		Timeout        int      `xml:"timeout,attr,omitempty"`   // s
		TimeLimit      int      `xml:"timeLimit,attr,omitempty"` // s
		CallerID       string   `xml:"callerId,attr,omitempty"`
		AnswerOnBridge bool     `xml:"answerOnBridge,attr,omitempty"`
		Noun           any
	}
	number struct {
		XMLName    xml.Name `xml:"Number"`
		SendDigits string   `xml:"sendDigits,attr,omitempty"`
		callback
		To string `xml:",chardata"`
	}
	sipURI struct {
		XMLName xml.Name `xml:"Sip"`
		callback
		To string `xml:",chardata"`
	}
	callback struct {
		URL    string `xml:"statusCallback,attr,omitempty"`
		Events string `xml:"statusCallbackEvent,attr,omitempty"` // here, unlike in REST, with spaces between
		Method string `xml:"statusCallbackMethod,attr,omitempty"`
	}
	conference struct {
		XMLName xml.Name `xml:"Conference"`
		Start   bool     `xml:"startConferenceOnEnter,attr"`
		End     bool     `xml:"endConferenceOnExit,attr"`
		Beep    bool     `xml:"beep,attr"`
		// WaitURL is empty, which Twilio takes as silence; left out, it plays music
		// in the second until both are there.
		WaitURL string `xml:"waitUrl,attr"`
		Name    string `xml:",chardata"`
	}
)

// Twilio's own bounds of the two times of a Dial.
const (
	defaultRing  = 30 * time.Second
	maxRing      = 600 * time.Second
	maxTimeLimit = 24 * time.Hour
)

// dialOf writes a StepDial. The other leg's progress comes under the transfer's
// id, and so does the question when it is over; without an id there is no progress.
func (t *Trunk) dialOf(d telephony.Dial) dialVerb {
	ring := d.RingTimeout
	if ring <= 0 {
		ring = defaultRing
	}
	v := dialVerb{
		Action:         withQuery(pathNext, transferParam, d.Transfer) + overrides,
		Timeout:        wholeSeconds(ring, maxRing),
		CallerID:       string(d.CallerID),
		AnswerOnBridge: true,
	}
	if d.TimeLimit > 0 {
		v.TimeLimit = wholeSeconds(d.TimeLimit, maxTimeLimit)
	}
	var progress callback
	if d.Transfer != "" {
		progress = callback{
			URL:    t.base + withQuery(pathStatus, callParam, d.Transfer), // no documentation says that it may be relative
			Events: "initiated ringing answered completed",
			Method: http.MethodPost,
		}
	}
	to := string(d.To)
	if scheme, _, ok := strings.Cut(strings.ToLower(to), ":"); ok && (scheme == "sip" || scheme == "sips") {
		v.Noun = sipURI{callback: progress, To: to} // to which Twilio sends no digits
		return v
	}
	v.Noun = number{SendDigits: d.PostDial, callback: progress, To: to}
	return v
}

// joinOf writes a StepJoin. The room opens with whoever comes first, so that the
// order in which the two legs arrive does not matter.
func joinOf(r telephony.Room) dialVerb {
	return dialVerb{
		Action: withQuery(pathNext, transferParam, r.Transfer) + overrides,
		Noun:   conference{Start: true, End: r.Ends, Name: r.Name},
	}
}

// wholeSeconds is d in whole seconds, at least one and at most limit.
func wholeSeconds(d, limit time.Duration) int {
	return int((min(max(d, time.Second), limit) + time.Second - 1) / time.Second)
}
