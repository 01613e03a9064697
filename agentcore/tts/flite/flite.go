// Package flite speaks with the flite synthesizer and its built-in American and
// Scottish voices. It is flite itself, compiled to WebAssembly and run inside
// this process by wazero: no library, no account, no cgo, and no way for the
// text to reach the machine.
//
// flite returns nothing until all of its text is spoken, so text is cut into
// clauses and the first is heard while the others wait.
package flite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// MaxText is the most that one call of Speak takes, in bytes.
const MaxText = 2000

// DefaultVoice is the voice of a Config that names none.
const DefaultVoice = "slt"

// voices are those in the module, with the gain that brings the
// peaks of each to about 3 dB below full scale.
var voices = map[string]float64{
	"slt":   1,    // American woman
	"rms":   1.5,  // American man
	"awb":   1.05, // Scottish man
	"kal16": 1.8,  // American man, diphones: quick, and plainly a machine
	"kal":   1,    // the same, narrower
}

// Voices lists the voices by name.
func Voices() []string {
	names := make([]string, 0, len(voices))
	for v := range voices {
		names = append(names, v)
	}
	slices.Sort(names)
	return names
}

// Config of a [Synthesizer].
type Config struct {
	Models *models.Set // where flite is. Required.
	Voice  string      // one of Voices. Empty means DefaultVoice
	// Workers is how many clauses are spoken at once; more wait. Each holds
	// about 30 MB while it works. Zero means the number of cores.
	Workers int
	// Waited, unless nil, is told how long each clause waited for a worker. Many
	// goroutines call it at once; it must not block.
	Waited func(time.Duration)
	// Cache is a folder for flite's machine code, which takes most of a second to
	// make. Empty means one beside the models. When it can't be written, nothing
	// is kept.
	Cache string
}

// Synthesizer speaks with one voice. It implements [tts.Synthesizer].
type Synthesizer struct {
	engine *engine
	voice  string
	gain   float64
}

var _ tts.Synthesizer = (*Synthesizer)(nil)

// New loads flite, which takes about a second the first time and a tenth of
// one later.
func New(ctx context.Context, c Config) (*Synthesizer, error) {
	if c.Models == nil {
		return nil, fail("open", errors.New("Config.Models is required"))
	}
	s := (&Synthesizer{}).speaking(c.Voice)
	if s == nil {
		return nil, fail("open", fmt.Errorf("no voice %q; there are %q", c.Voice, Voices()))
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Waited == nil {
		c.Waited = func(time.Duration) {}
	}
	if c.Cache == "" {
		c.Cache = c.Models.Path("wazero")
	}
	e, err := load(ctx, c)
	if err != nil {
		return nil, fail("open", err)
	}
	s.engine = e
	return s, nil
}

// With is a Synthesizer of another voice on the same engine and workers. Only
// the one that New returned need be closed.
func (s *Synthesizer) With(voice string) (*Synthesizer, error) {
	o := s.speaking(voice)
	if o == nil {
		return nil, fail("open", fmt.Errorf("no voice %q; there are %q", voice, Voices()))
	}
	return o, nil
}

func (s *Synthesizer) speaking(voice string) *Synthesizer {
	if voice == "" {
		voice = DefaultVoice
	}
	gain, ok := voices[voice]
	if !ok {
		return nil
	}
	return &Synthesizer{engine: s.engine, voice: voice, gain: gain}
}

// String names the provider and its voice.
func (s *Synthesizer) String() string { return "flite " + s.voice }

// Speak implements [tts.Synthesizer]. Text of more than [MaxText] bytes is
// refused before its first frame.
func (s *Synthesizer) Speak(ctx context.Context, text string, out tts.Sink) error {
	if len(text) > MaxText {
		return fail("speak", fmt.Errorf("text of %d bytes; %d is the most", len(text), MaxText))
	}
	p := packer{out: out}
	for _, c := range clauses(clean(text)) {
		if err := s.say(ctx, c, &p); err != nil {
			return err
		}
	}
	return p.finish(ctx)
}

// say speaks one clause into p. The worker is back before the frames go out:
// out may take as long as the line does.
func (s *Synthesizer) say(ctx context.Context, c clause, p *packer) error {
	pcm, err := s.engine.speak(ctx, s.voice, c.text)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fail("speak", err)
	}
	pcm = trim(pcm)
	level(pcm, s.gain)
	if err := p.write(ctx, pcm); err != nil || len(pcm) == 0 {
		return err
	}
	p.rest(c.pause)
	return nil
}

// Close frees flite, once nobody speaks any more. It waits for the clauses that
// are being made.
func (s *Synthesizer) Close(ctx context.Context) error { return s.engine.close(ctx) }

func fail(op string, err error) error {
	return &tts.Error{Provider: "flite", Op: op, Err: err}
}
