package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

// markEvery is how many frames the echo lets pass between two marks: a second.
const markEvery = 50

// echo says back what it hears, frame by frame, with a mark now and then.
func echo(ctx context.Context, _ telephony.Call, leg telephony.Leg) error {
	stop := context.AfterFunc(ctx, func() { leg.Hangup(context.Background()) }) // bounded by the leg's Linger
	defer stop()
	var detector vad.Energy
	var f media.Frame
	for n := uint32(0); ; {
		ev, err := leg.Next(&f)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ev.Kind != telephony.Audio:
			continue
		}
		detector.Speech(&f)
		if err := leg.Write(&f); err != nil {
			return err
		}
		if n++; n%markEvery == 0 {
			if err := leg.Mark(n); err != nil {
				return err
			}
		}
	}
}

// question of the caller, as the trivial recogniser hears whatever is said.
const asks = "What are your opening hours?"

// scripted is the agent that talks.
type scripted struct {
	folder string // of recordings; empty means none
	voice  *canned
}

func newScript(folder string) *scripted { return &scripted{folder, newCanned()} }

// talk holds a whole conversation on leg.
func (s *scripted) talk(ctx context.Context, call telephony.Call, leg telephony.Leg) (err error) {
	cfg := agentcore.Config{
		Call:       call,
		Agent:      agentcore.Agent{Name: "bench", Greeting: "Lakeside Dental, good morning. How can I help?"},
		Recognizer: hearer{}, Detector: &vad.Energy{}, Model: script.Demo(), Voice: s.voice,
		Journal: &pages{}, Lead: lead, Lump: lump,
	}
	if s.folder != "" {
		recorder, rerr := wav.CreateRecorder(filepath.Join(s.folder, string(call.ID)+".wav"), wav.RecorderConfig{})
		if rerr != nil {
			return rerr
		}
		defer func() { err = errors.Join(err, recorder.Close()) }()
		cfg.Recorder = recorder
	}
	c, err := agentcore.New(cfg)
	if err != nil {
		return err
	}
	if _, err := c.Run(ctx, leg); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

// canned is a voice that has everything ready: as much sound as the text would
// take to say, at once.
type canned struct{ frames []media.Frame }

func newCanned() *canned { return &canned{speech(100, 2)} }

// letters a second that people say.
const letters = 15

// Speak implements tts.Synthesizer.
func (c *canned) Speak(ctx context.Context, text string, out tts.Sink) error {
	for i := range len(text) * markEvery / letters {
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

// pages is a journal in memory.
type pages struct {
	mu      sync.Mutex
	entries []agentcore.Entry
}

// Append implements [agentcore.Journal].
func (p *pages) Append(_ context.Context, entries ...agentcore.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries = append(p.entries, entries...)
	return nil
}
