package bench

import (
	"context"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// cannedSpeech is what hears and speaks for the script: all of it costs next to
// nothing, but for the detector, which is the one that builds without a model
// have, behind the gate that every detector is behind.
func cannedSpeech(context.Context) (*server.Speech, error) {
	return &server.Speech{
		Recognizer: hearer{}, Hears: "nobody really", Voice: newCanned(), Speaks: "a can",
		Detector: func() (vad.Detector, error) { return vad.NewGate(&vad.Energy{}), nil },
	}, nil
}

// asks is what the trivial recogniser hears, whatever is said.
const asks = "What are your opening hours?"

// canned is a voice that has everything ready: as much sound as the text would
// take to say, at once.
type canned struct{ frames []media.Frame }

func newCanned() *canned { return &canned{speech(100, 2)} }

const (
	letters   = 15 // a second that people say
	perSecond = 50 // frames
)

// Speak implements [tts.Synthesizer].
func (c *canned) Speak(ctx context.Context, text string, out tts.Sink) error {
	for i := range len(text) * perSecond / letters {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := out.Frame(&c.frames[i%len(c.frames)]); err != nil {
			return err
		}
	}
	return nil
}

// hearer is a recogniser that needs no time and always hears the same.
type hearer struct{}

// Open implements [asr.Recognizer].
func (hearer) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &hearing{results: make(chan asr.Result, 8)}, nil
}

type hearing struct {
	results chan asr.Result
	once    sync.Once
}

func (h *hearing) Write(*media.Frame) bool { return true }

func (h *hearing) Signal(s asr.Signal) {
	if s == asr.Ended {
		select {
		case h.results <- asr.Result{Final: true, Text: asks, Confidence: 1}:
		default: // eight utterances wait already: nobody listens any more
		}
	}
}

func (h *hearing) Results() <-chan asr.Result { return h.results }
func (h *hearing) Close() error               { h.once.Do(func() { close(h.results) }); return nil }
