package assemblyai

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of keywords, which travel in the address: more are not sent.
const (
	mostTerms = 100
	mostTerm  = 50 // bytes
)

// protocol is one connection. From the documentation:
// assemblyai.com/docs/streaming/api-spec/streaming-websocket and
// assemblyai.com/docs/streaming/universal-3-pro/u3-pro-message-sequence.
type protocol struct {
	url       string
	key       string
	punctuate bool // a turn is settled once it is formatted

	begun   bool // the session stands
	asked   int  // ForceEndpoints that are not answered
	early   bool // a turn ended by itself, and no word came since
	guessed bool // words came since the last turn
	next    int  // the turn_order of what isn't settled
}

func newProtocol(c Config, o asr.Options) *protocol {
	p := &protocol{key: c.Key, punctuate: c.Punctuate && !punctuates(c.Model)}
	q := url.Values{"sample_rate": {strconv.Itoa(c.Format.Rate())}, "encoding": {"pcm_s16le"}}
	if c.Format == live.Mulaw {
		q.Set("encoding", "pcm_mulaw")
	}
	q.Set("speech_model", model(c.Model, o.Language))
	q.Set("max_turn_silence", strconv.Itoa(ownEnd))
	if punctuates(c.Model) {
		q.Set("min_turn_silence", strconv.Itoa(ownEnd)) // they end a turn at a full stop and this much silence
		if code := language(o.Language); code != "" {
			q.Set("language_codes", `["`+code+`"]`)
		}
	} else {
		q.Set("end_of_turn_confidence_threshold", "1") // never sure by itself
		q.Set("format_turns", strconv.FormatBool(c.Punctuate))
	}
	if terms := keyterms(o.Keywords); terms != "" {
		q.Set("keyterms_prompt", terms)
	}
	p.url = provider.Socket(c.BaseURL, own, "/v3/ws?"+q.Encode())
	return p
}

// model is the name that goes over the wire.
func model(name, lang string) string {
	switch {
	case name != Universal:
		return name
	case language(lang) == "en":
		return english
	}
	return multilingual
}

// language is the first part of a BCP 47 tag; empty when any may be spoken.
func language(tag string) string {
	code, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch code {
	case "":
		return "en"
	case "auto", "multi", "mul":
		return ""
	}
	return code
}

// keyterms is what the parameter of that name wants: a list in JSON.
func keyterms(words []string) string {
	var terms []string
	for _, w := range words {
		if w != "" && len(w) <= mostTerm && len(terms) < mostTerms {
			terms = append(terms, w)
		}
	}
	if terms == nil {
		return ""
	}
	list, err := json.Marshal(terms)
	if err != nil {
		return "" // strings are never wrong
	}
	return string(list)
}

func say(kind string) []live.Message {
	return []live.Message{{Data: []byte(`{"type":"` + kind + `"}`)}}
}

// Dial implements [live.Protocol].
func (p *protocol) Dial() (string, http.Header, []string) {
	return p.url, http.Header{"Authorization": {p.key}}, nil
}

// Hello implements [live.Protocol]: all is said in the address.
func (p *protocol) Hello() []live.Message { return nil }

// Ready implements [live.Protocol].
func (p *protocol) Ready() bool { return p.begun }

// Audio implements [live.Protocol].
func (p *protocol) Audio(dst, sound []byte) live.Message {
	return live.Message{Binary: true, Data: append(dst, sound...)}
}

// Finalize implements [live.Protocol].
func (p *protocol) Finalize() []live.Message {
	if !p.early || p.guessed { // else the turn that ended by itself is the answer
		p.asked++
	}
	p.early = false
	return say("ForceEndpoint")
}

// KeepAlive implements [live.Protocol].
func (p *protocol) KeepAlive() []live.Message { return say("KeepAlive") }

// Bye implements [live.Protocol]. It stops the bill.
func (p *protocol) Bye() []live.Message { return say("Terminate") }
