package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media/vad"
)

// Speech is what hears and speaks in every call.
type Speech struct {
	Recognizer asr.Recognizer               // nil: deaf, and Deaf says why
	Detector   func() (vad.Detector, error) // a new one for each call; nil only with a nil Recognizer
	Voice      tts.Synthesizer
	Named      func(voice string) (tts.Synthesizer, error) // another of the same; nil: there is no other
	Deaf       error                                       // why nobody hears; nil with a Recognizer, and when it is on purpose
	Hears      string                                      // for people to read: "moonshine"; "nobody" when deaf
	Speaks     string                                      // "flite"

	// Use says how many utterances the recogniser can hear at once, and how many it
	// hears now. Nil: it does not say.
	Use func() (workers, busy int)

	Models *models.Set // where they came from; nil when they came from elsewhere
	Close  func() error
}

// state of a [speech].
type state uint8

const (
	loading       state = iota
	broken              // can't speak: nobody can be answered
	deaf                // speaks, but can't hear
	deafOnPurpose       // speaks, and was told not to listen
	whole               // hears and speaks
)

// retry is how often a load that failed is tried again: somebody may be pulling
// the models right now.
const retry = 5 * time.Second

// speech loads a [Speech] behind the server's back.
type speech struct {
	load func(ctx context.Context) (*Speech, error)
	log  *slog.Logger

	mu      sync.Mutex
	loaded  *Speech
	err     error
	changed chan struct{} // closed, and replaced, at every change
}

func newSpeech(load func(context.Context) (*Speech, error), log *slog.Logger) *speech {
	return &speech{load: load, log: log, changed: make(chan struct{})}
}

// run loads until it succeeds or ctx ends.
func (s *speech) run(ctx context.Context) {
	for told := false; ; told = true {
		loaded, err := s.load(ctx)
		if ctx.Err() != nil {
			if loaded != nil && loaded.Close != nil {
				loaded.Close()
			}
			return
		}
		s.set(loaded, err)
		switch {
		case err == nil && loaded.Deaf != nil:
			s.log.Error("CANNOT HEAR: callers are greeted, and only their keys understood", "error", loaded.Deaf, "mend", "hookswitch doctor")
			return
		case err == nil:
			return
		case !told:
			s.log.Error("CANNOT HEAR OR SPEAK: callers are told so by the carrier's voice", "error", err, "mend", "hookswitch models pull; it is tried again every 5 s")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retry):
		}
	}
}

func (s *speech) set(loaded *Speech, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded, s.err = loaded, err
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns what was loaded as soon as there is something, or why there is
// nothing.
func (s *speech) wait(ctx context.Context) (*Speech, error) {
	for {
		s.mu.Lock()
		loaded, err, changed := s.loaded, s.err, s.changed
		s.mu.Unlock()
		if loaded != nil || err != nil {
			return loaded, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// look says how it stands, and why when something is amiss.
func (s *speech) look() (state, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return broken, brief(s.err)
	case s.loaded == nil:
		return loading, ""
	case s.loaded.Deaf != nil:
		return deaf, brief(s.loaded.Deaf)
	case s.loaded.Recognizer == nil:
		return deafOnPurpose, ""
	}
	return whole, ""
}

// workers says how many utterances can be heard at once, and how many are; 0 while
// nobody hears in this process.
func (s *speech) workers() (all, busy int) {
	s.mu.Lock()
	loaded := s.loaded
	s.mu.Unlock()
	if loaded == nil || loaded.Use == nil {
		return 0, 0
	}
	return loaded.Use()
}

// brief is err for those who can't mend it: no paths of this machine.
func brief(err error) string {
	var e *models.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Label == "" {
		return e.Kind.Error()
	}
	return e.Label + " " + e.Kind.Error()
}

// close lets go of what was loaded. Nobody talks any more, and run has
// returned.
func (s *speech) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded == nil || s.loaded.Close == nil {
		return nil
	}
	loaded := s.loaded
	s.loaded = nil
	return loaded.Close()
}

// loadSpeech makes what hears and speaks, as the settings name it.
func (s *Server) loadSpeech(ctx context.Context) (*Speech, error) {
	if s.o.Echo {
		return mirrored(ctx)
	}
	if s.o.Load != nil {
		return s.o.Load(ctx)
	}
	dir, err := models.Dir(s.c.CacheDir)
	if err != nil {
		return nil, err
	}
	set, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	voice, err := flite.New(ctx, flite.Config{Models: set, Voice: s.mind.wish.embedded(), Waited: s.set.VoiceQueued})
	if err != nil {
		return nil, err
	}
	speech := &Speech{Voice: voice, Speaks: "flite", Hears: "nobody", Models: set}
	speech.Named = func(name string) (tts.Synthesizer, error) { return voice.With(name) }
	closers := []func() error{func() error { return voice.Close(context.Background()) }}
	if s.c.Speech.Recogniser != "none" {
		closers, speech.Deaf = s.hear(speech, set, closers)
	}
	speech.Close = func() (err error) {
		for i := len(closers) - 1; i >= 0; i-- {
			err = errors.Join(err, closers[i]())
		}
		return err
	}
	return speech, nil
}

// hear adds the recogniser to p. What it opened is added to closers, in order.
func (s *Server) hear(p *Speech, set *models.Set, closers []func() error) ([]func() error, error) {
	rt, err := models.Start(set)
	if err != nil {
		return closers, err
	}
	closers = append(closers, rt.Close)
	detector, err := silero.Load(rt)
	if err != nil {
		return closers, err
	}
	closers = append(closers, detector.Close)
	recogniser, err := moonshine.New(moonshine.Config{Runtime: rt, Workers: s.c.Speech.Workers})
	if err != nil {
		return closers, err
	}
	p.Recognizer, p.Hears, p.Use = recogniser, "moonshine", recogniser.Use
	p.Detector = func() (vad.Detector, error) {
		d, err := detector.New()
		if err != nil {
			return nil, err
		}
		return vad.NewGate(d), nil
	}
	return append(closers, recogniser.Close), nil
}
