// Package live is what every voice over a network needs: bytes as they come
// from the provider become frames, text that has no word is not sent at all, a
// websocket is kept warm for the next phrase, and every failure is told in the
// port's own form.
package live

import (
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// Format is how a provider's sound comes.
type Format struct {
	Mulaw bool // µ-law, else linear signed 16-bit little-endian
	Rate  int  // Hz: what media/resample brings to 8000; µ-law only 8000
}

// Mulaw8k is what the line speaks: no resampling.
var Mulaw8k = Format{Mulaw: true, Rate: 8000}

// Protocol is one provider's websocket. A Protocol is made for one connection,
// which may speak several phrases, one at a time. It does no I/O and is used by
// one goroutine.
type Protocol interface {
	// Dial says where the stream is, its key in the headers.
	Dial() (url string, h http.Header)
	// Say is what to send for text, a phrase that has words, closing message of
	// the phrase included. It begins a new phrase.
	Say(text string) []Message
	// Take understands one message about the phrase. Done ends it. An error ends
	// the connection; one that is no *provider.Error is Garbage.
	Take(m Message) (Spoken, error)
	// Again reports whether the connection may say another phrase.
	Again() bool
}

// Message is one of a websocket.
type Message struct {
	Binary bool
	Data   []byte
}

// Spoken is a piece of a phrase.
type Spoken struct {
	Sound []byte     // in the Format; any length
	Words []tts.Word // ends counted from the phrase's first sample
	Done  bool       // the phrase is over
	Send  []Message  // to answer at once, before the sound goes out
}
