// Package live is a recogniser that listens over a websocket, whichever
// provider is at the other end: a [Protocol] says what goes over the wire, the
// rest is here once. It dials behind the call's back, keeps what is said
// meanwhile, paces, keeps the stream alive, closes utterances, and turns every
// failure into a Result.
package live

import (
	"net/http"
	"time"
)

// Format is what a provider is sent: user_input_audio_format of seed 001.
type Format string

// Mulaw is what the line speaks: our frames are sent as they came, since G.711
// survives the way through linear samples unchanged (0x7F, the second zero,
// becomes 0xFF).
const Mulaw Format = "ulaw_8000"

// Protocol is one provider's side of a stream, for one call. All its methods but
// Audio are called by one goroutine; Audio by another. It does no I/O.
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
	// provider has no such thing, and its own endpointing is waited for.
	Finalize() []Message
	// KeepAlive is sent after Idle without audio; nil sends silence instead.
	KeepAlive() []Message
	// Bye is sent before the stream is closed; nil sends nothing.
	Bye() []Message
	// Take understands one message. What it returns is in the order of speech. An
	// error ends the stream; one that is no *provider.Error is Garbage.
	Take(m Message) ([]Heard, error)
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
}

// Limits are what a provider says about its streams.
type Limits struct {
	Lump    time.Duration // how much audio a message carries. Zero means 40 ms
	Idle    time.Duration // KeepAlive after so long without a message. Zero means 4 s
	Longest time.Duration // a stream lasts at most so long, and is replaced before in a pause. Zero: no limit
}
