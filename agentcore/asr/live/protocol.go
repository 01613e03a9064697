// Package live is a recogniser that listens over a websocket, whichever
// provider is at the other end: a [Protocol] says what goes over the wire, the
// rest is here once. It dials behind the call's back, keeps what is said
// meanwhile, paces, keeps the stream alive, closes utterances, and turns every
// failure into a Result.
//
// The whole call is sent, silence between utterances included: providers'
// models and endpointing are made for an unbroken stream, the beginning of a
// word is never missed, and what a word's delay costs is more than the silence.
package live

import (
	"net/http"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Format is what a provider is sent: user_input_audio_format of seed 001.
type Format string

// Mulaw is what the line speaks: our frames are sent as they came, since G.711
// survives the way through linear samples unchanged (0x7F, the second zero,
// becomes 0xFF).
const Mulaw Format = "ulaw_8000"

// Protocol is one provider's side of one connection. No two of its methods are
// called at the same time. It does no I/O.
type Protocol interface {
	// Dial says where the stream is, its key in the headers.
	Dial() (url string, h http.Header, subprotocols []string)
	// Hello is sent at once when the stream stands; nil sends nothing.
	Hello() []Message
	// Ready reports whether audio may be sent already: some providers want the
	// answer to Hello to be waited for.
	Ready() bool
	// Audio appends the message that carries sound, some frames in the provider's
	// format, to dst.
	Audio(dst []byte, sound []byte) Message
	// Finalize asks for the words of everything that was sent so far. nil: the
	// provider has no such thing, and its own endpointing is waited for: Take
	// says Finalized when the provider finds that an utterance is over.
	Finalize() []Message
	// KeepAlive is sent after Idle without audio; nil sends silence instead.
	KeepAlive() []Message
	// Bye is sent before the stream is closed; nil sends nothing.
	Bye() []Message
	// Take understands one message. What it returns is in the order of speech. An
	// error ends the stream; one that is no *provider.Error is Garbage.
	Take(m Message) ([]Heard, error)
}

// Closer is a [Protocol] that knows what its provider means by a websocket's
// close codes.
type Closer interface {
	// Closed is the class of a code; empty leaves it as it is.
	Closed(code int) provider.Class
}

// Message is one of a websocket.
type Message struct {
	Binary bool
	Data   []byte
}

// Heard is something that a provider said.
type Heard struct {
	// Text is what was understood of a stretch of speech.
	Text       string
	Confidence float32 // 0 to 1; 0 when there is none
	// Settled: the words stand, and what follows begins behind them. Else they
	// are a guess that the next Heard replaces.
	Settled bool
	// Finalized: everything sent before the oldest unanswered Finalize is settled.
	Finalized bool
	// Until is how far into the audio of this connection what is Settled or
	// Finalized goes, if the provider says: every Finalize up to there is
	// answered, and a late answer to one that was given up is not taken for the
	// next one's. Zero: unknown.
	Until time.Duration
	// Err: the utterance of the oldest unanswered Finalize could not be
	// recognised, and the stream lives on. It is a Finalized, and has no Text.
	Err error
}

// Limits are what a provider says about its streams.
type Limits struct {
	Lump    time.Duration // how much audio a message carries. Zero means 40 ms
	Least   time.Duration // a message before Finalize is filled with silence up to so much. Zero: it may be shorter
	Idle    time.Duration // KeepAlive after so long without a message. Zero means 4 s
	Longest time.Duration // a connection lasts at most so long, and is replaced before in a pause. Zero: no limit
	Pace    float64       // audio that had to wait is sent so many times as fast as it was said. Zero: as fast as it goes

	// Eager sends Finalize as soon as the caller pauses, so that the words are
	// there when we are sure that they have finished. A pause for breath then
	// parts the words in two, which providers may punctuate.
	Eager bool
	// Unanswered is for providers that may leave a Finalize unanswered when
	// nothing is left to settle: after so long without a word, and with a sign of
	// life, it counts as answered. Zero: every Finalize is answered.
	Unanswered time.Duration
}
