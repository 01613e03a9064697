package twilio

import (
	"encoding/xml"
	"regexp"

	"github.com/hookswitch/hookswitch/telephony"
)

// The verbs of TwiML that the gateway speaks. Attributes are written in the
// order of the fields, so the same step is the same text, byte for byte.
type (
	response struct {
		XMLName xml.Name `xml:"Response"`
		Verbs   []any
	}
	connect struct {
		XMLName xml.Name `xml:"Connect"`
		Action  string   `xml:"action,attr"`
		Stream  stream
	}
	stream struct {
		XMLName xml.Name `xml:"Stream"`
		URL     string   `xml:"url,attr"`
		Params  []parameter
	}
	parameter struct {
		XMLName xml.Name `xml:"Parameter"`
		Name    string   `xml:"name,attr"`
		Value   string   `xml:"value,attr"`
	}
	startVerb struct {
		XMLName xml.Name `xml:"Start"`
		Stream  fork
	}
	fork struct {
		XMLName xml.Name `xml:"Stream"`
		Name    string   `xml:"name,attr"`
		URL     string   `xml:"url,attr"`
		Track   string   `xml:"track,attr"`
		Params  []parameter
	}
	stopVerb struct {
		XMLName xml.Name `xml:"Stop"`
		Stream  struct {
			XMLName xml.Name `xml:"Stream"`
			Name    string   `xml:"name,attr"`
		}
	}
	say struct {
		XMLName xml.Name `xml:"Say"`
		Text    string   `xml:",chardata"`
	}
	pause struct {
		XMLName xml.Name `xml:"Pause"`
		Length  int      `xml:"length,attr"` // s
	}
	redirect struct {
		XMLName xml.Name `xml:"Redirect"`
		URL     string   `xml:",chardata"`
	}
	hangup struct {
		XMLName xml.Name `xml:"Hangup"`
	}
	reject struct {
		XMLName xml.Name `xml:"Reject"`
		Reason  string   `xml:"reason,attr"` // left out, Twilio says that the number is not in service
	}
)

// maxTwiML is what Twilio reads of an answer (error 11750).
const maxTwiML = 64 << 10

// emptyElement matches an element without content. Inside text and attributes
// encoding/xml escapes all angle brackets, so nothing else can match.
var emptyElement = regexp.MustCompile(`<(\w+)([^<>]*)></\w+>`)

// twiml writes an answer's document, with empty elements in the short form in
// which everybody writes TwiML. Nothing but these structs goes in, so it cannot
// fail; text that XML has no way to say becomes U+FFFD.
func twiml(verbs ...any) []byte {
	body, err := xml.Marshal(response{Verbs: verbs})
	if err != nil || len(body) > maxTwiML-len(xml.Header) {
		return []byte(xml.Header + "<Response><Hangup/></Response>")
	}
	return append([]byte(xml.Header), emptyElement.ReplaceAll(body, []byte("<$1$2/>"))...)
}

// tokenParam is the <Parameter> that carries a stream's token. Twilio strips
// the query of a stream's URL, so this is the one place for it.
const tokenParam = "token"

// answer is the TwiML of a step of account's call. again is where StepWait asks
// anew.
//
// Nothing ever follows a Connect or a Dial: a verb there would run when our
// process dies, and a <Hangup/> would make every crash the end of the call. The
// action is asked instead, whoever closed the stream.
func (t *Trunk) answer(s telephony.Step, account, again string) []byte {
	switch s.Kind {
	case telephony.StepConnect:
		return twiml(earOff(s, connect{Action: pathNext + overrides, Stream: stream{
			URL:    t.streamOf(account),
			Params: []parameter{{Name: tokenParam, Value: s.Token}},
		}})...)
	case telephony.StepNothing:
		return twiml()
	case telephony.StepApologise:
		return twiml(say{Text: s.Say}, hangup{})
	case telephony.StepRefuse:
		return twiml(reject{Reason: "busy"})
	case telephony.StepWait:
		return twiml(pause{Length: 1}, redirect{URL: again})
	case telephony.StepDial:
		return twiml(t.earOn(s, account, t.dialOf(s.Dial))...)
	case telephony.StepJoin:
		return twiml(t.earOn(s, account, joinOf(s.Room))...)
	}
	return twiml(hangup{}) // StepHangup; and what else could an unknown step mean
}

// streamOf is where the streams of account's calls connect. Other accounts have
// addresses of their own, because the upgrade names no account and each signs
// with its own token.
func (t *Trunk) streamOf(account string) string {
	if account == "" {
		return t.streamURL
	}
	return t.streamURL + "/" + account
}
