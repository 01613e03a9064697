// Package replay judges a recording as a live call is judged: the same detector,
// the same ear, the same judge, and a recogniser's words at the time at which they
// would have been known. It says why a call was taken for what it was taken for.
//
// It has two halves, so that many judges may be tried on what was heard once.
// [Hear] is dear: it runs the networks. [Judge] costs microseconds a second.
package replay

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media/vad"
)

// Config is what a recording is judged with.
type Config struct {
	Detector   vad.Detector   // lent, and new: it has heard nothing yet. Required
	Recognizer asr.Recognizer // nil: deaf, and judged by sound alone. One of this process: it is fed faster than in real time
	Language   string         // BCP 47, of the recogniser and of the judge. Empty: English

	PauseWait    time.Duration // silence after which recognition may begin. Zero means 200 ms, as on a call
	EndpointWait time.Duration // silence that ends what somebody says. Zero means 500 ms, as on a call

	// Took is how long recognition is taken to last. Zero means as long as it
	// really took, which is not the same twice.
	Took time.Duration
	// Guess is how long at most, in real time, a pause waits for the recogniser's
	// guess. Zero: only final words are judged.
	Guess time.Duration
	// Patience is how long, in real time, a final word is waited for. Zero means 30 s.
	Patience time.Duration

	Agent   []Span // when the agent spoke, if that is known
	Carrier []Told // what the carrier said, if that is known
	Text    bool   // the Timeline says what was said
}

// Span is a while on the call, since answer, in which the agent spoke.
type Span struct {
	Began, Ended time.Duration
	Cut          bool // it had more to say
}

// Told is the carrier's word on who answered, and when it came.
type Told struct {
	Word string
	At   time.Duration
}

// ErrNoDetector means that there is nobody to say which frames hold speech.
var ErrNoDetector = errors.New("replay: a Detector is required")

// Run judges samples: mono, at 8 kHz, from the moment of the answer. It runs as
// fast as it can. Errors are [ErrNoDetector], ctx's, and the recogniser's when it
// can't be opened; one that dies on the way leaves the rest to be judged by sound.
func Run(ctx context.Context, samples []int16, cfg Config) (Timeline, error) {
	heard, err := Hear(ctx, samples, cfg)
	if err != nil {
		return Timeline{}, err
	}
	return Judge(samples, heard, cfg), nil
}

// Heard is what was heard of a recording, before anybody judges it.
type Heard struct {
	Speech []float32 // of each frame, the probability that it holds speech
	Words  []Word    // in the order in which they were known
	Deaf   string    // why words are missing. Empty: none is
}

// Word is a final word or a guess, and when it was known.
type Word struct {
	answer.Words
	Known time.Duration
}
