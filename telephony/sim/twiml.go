package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// element is a verb or noun of TwiML.
type element struct {
	name string
	attr map[string]string
	text string
	in   []element

	sound *answer // of a Play that stands for an answer of sound
}

// document is TwiML and where it came from, which relative addresses refer to.
type document struct {
	verbs   []element
	address string
}

// maxDepth is how deep elements may nest: Response, Dial, Number and some room.
const maxDepth = 8

var errTwiML = errors.New("not TwiML")

// parseTwiML reads a document. Nothing may stand before its first '<'.
func parseTwiML(body []byte) ([]element, error) {
	if !isXML(body) {
		return nil, fmt.Errorf("%w: it does not begin with <", errTwiML)
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: no root element", errTwiML)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "Response" {
			return nil, fmt.Errorf("%w: the root element is not Response", errTwiML)
		}
		root, err := parseElement(d, start, 1)
		if err != nil {
			return nil, err
		}
		if tok, err := d.Token(); err != io.EOF {
			if s, ok := tok.(xml.CharData); err != nil || !ok || strings.TrimSpace(string(s)) != "" {
				return nil, fmt.Errorf("%w: something follows the root element", errTwiML)
			}
		}
		return root.in, nil
	}
}

func parseElement(d *xml.Decoder, start xml.StartElement, depth int) (element, error) {
	e := element{name: start.Name.Local, attr: map[string]string{}}
	if depth > maxDepth {
		return e, fmt.Errorf("%w: nested too deep", errTwiML)
	}
	for _, a := range start.Attr {
		e.attr[a.Name.Local] = a.Value
	}
	for {
		tok, err := d.Token()
		if err != nil {
			return e, fmt.Errorf("%w: it ends within %s", errTwiML, e.name)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			child, err := parseElement(d, t, depth+1)
			if err != nil {
				return e, err
			}
			e.in = append(e.in, child)
		case xml.CharData:
			e.text += string(t)
		case xml.EndElement:
			e.text = strings.TrimSpace(e.text)
			return e, nil
		}
	}
}

// calleeAttrs are the attributes of every noun that a Dial can call.
var calleeAttrs = []string{"url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent", "machineDetection", "machineDetectionTimeout", "machineDetectionSpeechThreshold", "machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout", "amdStatusCallback", "amdStatusCallbackMethod"}

// known lists the attributes of what the interpreter plays.
var known = map[string][]string{
	"Connect":    {"action", "method"},
	"Start":      {"action", "method"},
	"Stop":       {},
	"Stream":     {"url", "name", "track", "statusCallback", "statusCallbackMethod"},
	"Parameter":  {"name", "value"},
	"Hangup":     {},
	"Pause":      {"length"},
	"Say":        {"voice", "language", "loop"},
	"Play":       {"loop", "digits"},
	"Redirect":   {"method"},
	"Reject":     {"reason"},
	"Refer":      {"action", "method"},
	"ReferSip":   {},
	"Gather":     {"input", "action", "method", "timeout", "speechTimeout", "maxSpeechTime", "numDigits", "finishOnKey", "actionOnEmptyResult", "hints", "language", "profanityFilter", "partialResultCallback", "partialResultCallbackMethod", "bargeIn", "speechModel", "enhanced", "debug"},
	"Record":     {"action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "transcribe", "transcribeCallback"},
	"Dial":       {"action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "hangupOnStar", "record", "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "recordingTrack", "trim", "ringTone", "sequential", "referUrl", "referMethod", "callReason"},
	"Number":     append([]string{"sendDigits", "byoc"}, calleeAttrs...),
	"Sip":        append([]string{"username", "password"}, calleeAttrs...),
	"Conference": {"muted", "beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod", "maxParticipants", "record", "trim", "coach", "participantLabel", "jitterBufferSize", "region", "statusCallback", "statusCallbackMethod", "statusCallbackEvent", "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "eventCallbackUrl"},
}

// inside lists what may stand in each verb.
var inside = map[string][]string{
	"Connect": {"Stream"}, "Start": {"Stream"}, "Stop": {"Stream"}, "Stream": {"Parameter"}, "Dial": {"Number", "Sip", "Conference"},
	"Gather": {"Say", "Play", "Pause"}, "Refer": {"Sip", "ReferSip"},
}

// inspect reports what is wrong in a document, apart from playing it.
func (c *Call) inspect(verbs []element, where []string) {
	for i, v := range verbs {
		attrs, ok := known[v.name]
		if !ok || !slices.Contains(where, v.name) {
			c.offend(police.UnknownVerb, 12200, "<"+v.name+"> is unknown here")
			continue
		}
		for a := range v.attr {
			if !slices.Contains(attrs, a) {
				c.offend(police.UnknownVerb, 12200, "<"+v.name+"> has an unknown attribute "+strconv.Quote(a))
			}
		}
		if v.name == "Connect" && i < len(verbs)-1 && !c.owner.Stranger {
			c.offend(police.AfterConnect, 0, "<"+verbs[i+1].name+"> follows <Connect>")
		}
		if v.name == "Connect" && v.attr["action"] == "" && !c.owner.Stranger {
			c.offend(police.NoAction, 0, "<Connect> has no action")
		}
		c.inspect(v.in, inside[v.name])
	}
}

// Verbs that may stand in a Response: in one for a call, and in one for somebody
// who was dialled from a call and is not connected to it yet.
var (
	topVerbs     = append([]string{"Reject", "Dial", "Refer", "Start", "Stop"}, whisperVerbs...)
	whisperVerbs = []string{"Connect", "Gather", "Hangup", "Pause", "Play", "Record", "Redirect", "Say"}
)

// offend reports a violation by the gateway in this matter.
func (c *asker) offend(kind police.Kind, code int, detail string) {
	c.carrier.report(police.Violation{Kind: kind, Code: code, Call: c.sid, Detail: detail})
}

// read turns an answer into a document.
func (c *asker) read(a answer) (document, *webFault) {
	d := document{address: a.address}
	ctype, _, err := mime.ParseMediaType(a.ctype)
	switch {
	case err == nil && strings.HasPrefix(ctype, "audio/"):
		d.verbs = []element{{name: "Play", sound: &a}, {name: "Hangup"}} // documented
		return d, nil
	case len(a.body) > maxDocument:
		return d, &webFault{police.TooLong, 11750, "document is longer than 64 kB"}
	case err != nil:
		return d, &webFault{police.ContentType, 12300, "document has no content type"}
	case ctype == "text/plain":
		d.verbs = []element{{name: "Say", text: string(a.body)}}
		return d, nil
	case ctype != "text/xml" && ctype != "application/xml" && ctype != "text/html":
		return d, &webFault{police.ContentType, 12300, "document has a content type that is not XML"}
	}
	if d.verbs, err = parseTwiML(a.body); err != nil {
		return d, &webFault{police.TwiML, 12100, "document is " + err.Error()}
	}
	return d, nil
}

// resolve makes ref absolute.
func (d document) resolve(ref string) string {
	base, err := url.Parse(d.address)
	if err != nil {
		return ref
	}
	u, err := base.Parse(ref)
	if err != nil || u.Host == "" {
		return ref
	}
	if base.Host == "" || strings.Contains(ref, "://") {
		return ref // as written: it is signed so
	}
	return u.String()
}

// seconds reads an attribute in whole seconds.
func (e element) seconds(name string, missing int) time.Duration {
	n, err := strconv.Atoi(e.attr[name])
	if err != nil || n < 0 || n > 86_400 {
		n = missing
	}
	return time.Duration(n) * time.Second
}

// flag reads an attribute that is true or false.
func (e element) flag(name string, missing bool) bool {
	switch e.attr[name] {
	case "true":
		return true
	case "false":
		return false
	}
	return missing
}

// with is e with another value of an attribute.
func (e element) with(name, value string) element {
	e.attr = maps.Clone(e.attr)
	e.attr[name] = value
	return e
}

// count reads an attribute that is a number of times.
func (e element) count(name string, missing int) int {
	n, err := strconv.Atoi(e.attr[name])
	if err != nil || n < 0 || n > 1000 {
		return missing
	}
	return n
}
