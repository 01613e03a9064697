// Package asr is the port to speech recognition: a caller's voice in, words out.
package asr

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// Signal is what the gateway's own voice detector says about the frames that
// were written so far.
type Signal uint8

const (
	// Began: someone speaks, since a moment ago (a recogniser that waits for
	// this signal keeps the last half second of audio).
	Began Signal = iota + 1
	// Paused: they stopped, maybe only for a breath. A recogniser may use the
	// wait to recognise what it has; interim results are welcome.
	Paused
	// Resumed: they went on speaking after a pause, in the same utterance.
	Resumed
	// Ended: they have finished. The recogniser owes exactly one final result
	// for each Ended, empty when it heard no words.
	Ended
)

func (s Signal) String() string {
	switch s {
	case Began:
		return "began"
	case Paused:
		return "paused"
	case Resumed:
		return "resumed"
	case Ended:
		return "ended"
	}
	return fmt.Sprintf("Signal(%d)", uint8(s))
}

// Result is what was understood of one utterance.
type Result struct {
	Text       string        // as a reader wants it; empty when no word was heard
	Final      bool          // false: an interim guess at an utterance that goes on
	Confidence float32       // 0 to 1; 0 when the recogniser gives none
	Queued     time.Duration // how long the audio waited for a worker
	Took       time.Duration // how long the recognition itself took
	Err        error         // set: this utterance could not be recognised. Final is true
}

// Options of one stream.
type Options struct {
	Language string   // BCP 47 tag; empty means "en-US"
	Expect   []string // words likely to come, such as digits after a question for a code; nil means any
	Keywords []string // names and terms of the agent's trade, which a recogniser should know; it may ignore them
}

// Recognizer opens a stream for each call. It is used by many calls at once.
type Recognizer interface {
	// Open returns at once: the caller is on the line already, and the agent
	// greets meanwhile. A recogniser that must dial does so behind its stream,
	// keeps the audio that comes before it is connected, and reports a failure
	// as a Result with an Err.
	Open(ctx context.Context, o Options) (Stream, error)
}

// Stream recognises one call. One goroutine calls Write and Signal; another
// reads Results. Neither Write nor Signal ever blocks or allocates.
type Stream interface {
	// Write takes a frame, which is lent: it copies what it keeps. False means
	// that the frame was dropped, because the recogniser can't keep up.
	Write(f *media.Frame) bool
	// Signal tells what the voice detector saw after the last frame written.
	Signal(s Signal)
	// Results yields interim and final results. A Result with an Err is final,
	// and tells of one utterance only: the stream may live on.
	//
	// A stream that dies says so by closing Results, which Close does too. Before,
	// it gives one final Result with an Err for each Ended that it owes one, and
	// at least one in all, even if none is owed: so whoever sees Results closed
	// has the reason in the last Result before.
	Results() <-chan Result
	// Close ends the stream. What is being recognised is thrown away.
	Close() error
}

// Error is a recogniser's failure, in a form a caller can act on.
type Error = provider.Error
