package deepgram

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of keywords. From the documentation: 100 keyterms or keywords
// (developers.deepgram.com/docs/keyterm, .../docs/keywords), and 500 tokens of
// keyterms in all, which are more than so many bytes in any usual name.
const (
	mostTerms      = 100
	mostTermsBytes = 1000
)

// protocol is one connection. It is stateless, since every message says which
// part of the audio it is about. From the documentation:
// developers.deepgram.com/reference/speech-to-text/listen-streaming.
type protocol struct {
	url string
	key string
}

func newProtocol(c Config, o asr.Options) *protocol {
	q := url.Values{
		"model":           {c.Model},
		"language":        {language(c.Language, o.Language)},
		"encoding":        {"linear16"},
		"sample_rate":     {strconv.Itoa(c.Format.Rate())},
		"channels":        {"1"},
		"interim_results": {"true"},
		"endpointing":     {"false"},
		"smart_format":    {"true"}, // punctuation is a part of it
	}
	if c.Format == live.Mulaw {
		q.Set("encoding", "mulaw")
	}
	if c.Endpointing > 0 {
		q.Set("endpointing", strconv.FormatInt(c.Endpointing.Milliseconds(), 10))
	}
	if c.AsSpoken {
		q.Del("smart_format")
		q.Set("punctuate", "true")
	}
	if c.OptOut {
		q.Set("mip_opt_out", "true")
	}
	if strings.HasPrefix(c.Model, "nova-3") {
		q["keyterm"] = keyterms(o.Keywords)
	} else {
		q["keywords"] = keywords(o.Keywords)
	}
	return &protocol{url: provider.Socket(c.BaseURL, own, "/v1/listen?"+q.Encode()), key: c.Key}
}

// language is the tag that is asked for.
func language(own, wanted string) string {
	switch {
	case own != "":
		return own
	case nameRule.MatchString(wanted):
		return wanted
	}
	return "en-US"
}

// keyterms are words and phrases that Nova-3 should know, as they are.
func keyterms(names []string) (terms []string) {
	bytes := 0
	for _, name := range names {
		name = strings.Join(strings.Fields(name), " ")
		if name == "" || slices.Contains(terms, name) || len(terms) == mostTerms || bytes+len(name) > mostTermsBytes {
			continue
		}
		terms = append(terms, name)
		bytes += len(name)
	}
	return terms
}

// keywords are for the models before Nova-3, which know single words only, with
// a weight behind a colon. The usual one is 1, and too much of it makes them hear
// the word everywhere.
func keywords(names []string) (words []string) {
	for _, term := range keyterms(names) {
		for _, w := range strings.FieldsFunc(term, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-'
		}) {
			if w += ":1"; len(w) > len("of:1") && !slices.Contains(words, w) && len(words) < mostTerms {
				words = append(words, w)
			}
		}
	}
	return words
}

func say(kind string) []live.Message {
	return []live.Message{{Data: []byte(`{"type":"` + kind + `"}`)}}
}

// Dial implements [live.Protocol].
func (p *protocol) Dial() (string, http.Header, []string) {
	return p.url, http.Header{"Authorization": {"Token " + p.key}}, nil
}

// Hello implements [live.Protocol]: all is said in the address.
func (p *protocol) Hello() []live.Message { return nil }

// Ready implements [live.Protocol].
func (p *protocol) Ready() bool { return true }

// Audio implements [live.Protocol].
func (p *protocol) Audio(dst, sound []byte) live.Message {
	return live.Message{Binary: true, Data: append(dst, sound...)}
}

// Finalize implements [live.Protocol].
func (p *protocol) Finalize() []live.Message { return say("Finalize") }

// KeepAlive implements [live.Protocol]. It must be text.
func (p *protocol) KeepAlive() []live.Message { return say("KeepAlive") }

// Bye implements [live.Protocol].
func (p *protocol) Bye() []live.Message { return say("CloseStream") }

// Closed implements [live.Closer]. From the documentation
// (developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors):
// 1008 is DATA-0000, audio that could not be decoded; a key that is wrong is told
// before the stream stands.
func (p *protocol) Closed(code int) provider.Class {
	if code == 1008 {
		return provider.Refused
	}
	return ""
}
