package whoanswered

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media/vad"
)

// heard is raised whenever the way in which items are heard changes: detector,
// tracker, recogniser. What was kept is then heard anew. Another set of models
// does that by itself.
const heard = 2

// guess is how long, in real time, a pause waits for the recogniser's guess: so
// long that none is missing because others keep the machine busy. Where there are
// no words nobody guesses, and the time is lost.
const guess = 10 * time.Second

// lab holds what items are made and heard with.
type lab struct {
	studio     *corpus.Studio
	cache      *corpus.Cache
	detector   *silero.Model
	recogniser *moonshine.Recognizer
	recorded   bool // there are recorded prompts
	closers    []func() error
}

func open(ctx context.Context, o Options) (_ *lab, err error) {
	l := &lab{studio: &corpus.Studio{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	dir, err := o.cacheDir()
	if err != nil {
		return nil, err
	}
	if l.cache, err = corpus.OpenCache(dir, 0); err != nil {
		return nil, err
	}
	l.studio.Cache = l.cache
	if l.studio.Prompts, err = corpus.FindPrompts(o.Prompts); err == nil {
		l.recorded = true
	}
	models, err := openModels(o)
	if err != nil {
		return nil, err
	}
	return l, l.load(ctx, o, models)
}

func openModels(o Options) (*models.Set, error) {
	dir, err := models.Dir(o.Cache)
	if err != nil {
		return nil, err
	}
	return models.Open(dir)
}

// load makes who speaks and who hears, as the gateway does
// (cmd/hookswitch/server/speech.go).
func (l *lab) load(ctx context.Context, o Options, set *models.Set) error {
	voice, err := flite.New(ctx, flite.Config{Models: set, Workers: o.Workers})
	if err != nil {
		return err
	}
	l.closers = append(l.closers, func() error { return voice.Close(context.WithoutCancel(ctx)) })
	l.studio.Voices = func(name string) (tts.Synthesizer, error) { return voice.With(name) }
	rt, err := models.Start(set)
	if err != nil {
		return err
	}
	l.closers = append(l.closers, rt.Close)
	if l.detector, err = silero.Load(rt); err != nil {
		return err
	}
	l.closers = append(l.closers, l.detector.Close)
	l.recogniser, err = moonshine.New(moonshine.Config{Runtime: rt, Workers: o.Workers, Patience: time.Minute})
	if err != nil {
		return err
	}
	l.closers = append(l.closers, l.recogniser.Close)
	return nil
}

// close lets go of everything, last things first.
func (l *lab) close() (err error) {
	for i := len(l.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, l.closers[i]())
	}
	return err
}

// outcomes has every item heard and judged, some at a time. They are in the order
// of items.
func (l *lab) outcomes(ctx context.Context, o Options, items []corpus.Item) ([]Outcome, error) {
	all, errs := make([]Outcome, len(items)), make([]error, o.Workers)
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for w := range o.Workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if i >= len(items) {
					return
				}
				if all[i], errs[w] = l.outcome(ctx, o, items[i]); errs[w] != nil {
					return
				}
				if n := done.Add(1); n%50 == 0 {
					fmt.Fprintf(o.Progress, "%d of %d items\n", n, len(items))
				}
			}
		})
	}
	wg.Wait()
	return all, errors.Join(append(errs, context.Cause(ctx))...)
}

func (l *lab) outcome(ctx context.Context, o Options, it corpus.Item) (Outcome, error) {
	clip, err := l.studio.Make(ctx, it)
	if err != nil {
		return Outcome{}, err
	}
	heard, err := l.hear(ctx, o, it, clip)
	if err != nil {
		return Outcome{}, fmt.Errorf("item %s: %w", it.Name, err)
	}
	line := replay.Judge(clip.Samples, heard, around(it.Around, clip.Truth))
	return score(it, clip, line), nil
}

// yieldsAfter is for how long somebody speaks until an agent falls silent: its
// detector must be sure, and what is on its way is heard.
const yieldsAfter = 400 * time.Millisecond

// around is what the judge is told of a call beside its sound.
func around(a corpus.Around, truth corpus.Truth) replay.Config {
	cfg := replay.Config{Text: true}
	if a.Agent != (corpus.Span{}) {
		s := replay.Span{Began: a.Agent.Began, Ended: a.Agent.Ended}
		if cut := truth.FirstGroup.Began + yieldsAfter; a.Yields && truth.FirstGroup.Began > 0 && cut < s.Ended {
			s.Ended, s.Cut = max(s.Began, cut), true
		}
		cfg.Agent = []replay.Span{s}
	}
	if a.Carrier != "" {
		cfg.Carrier = []replay.Told{{Word: a.Carrier, At: a.At}}
	}
	return cfg
}

// hear is what detector and recogniser make of a clip, from the cache if they were
// asked before.
func (l *lab) hear(ctx context.Context, o Options, it corpus.Item, clip corpus.Clip) (replay.Heard, error) {
	key := fmt.Sprintf("heard-%s-%d-%s", it.Key(), heard, models.Version)
	var h replay.Heard
	if data, ok := l.cache.Get(key); ok && !o.Fresh && gob.NewDecoder(bytes.NewReader(data)).Decode(&h) == nil {
		return h, nil
	}
	d, err := l.newDetector()
	if err != nil {
		return h, err
	}
	defer d.Close()
	h, err = replay.Hear(ctx, clip.Samples, replay.Config{Detector: d, Recognizer: l.recogniser, Took: Took, Guess: guess, Patience: 2 * time.Minute})
	if err != nil {
		return h, err
	}
	if h.Deaf != "" {
		return h, errors.New("its words could not be heard: " + h.Deaf)
	}
	var kept bytes.Buffer
	if err := gob.NewEncoder(&kept).Encode(h); err != nil {
		return h, err
	}
	return h, l.cache.Put(key, kept.Bytes())
}

// newDetector is one as each call has it.
func (l *lab) newDetector() (vad.Detector, error) {
	d, err := l.detector.New()
	if err != nil {
		return nil, err
	}
	return vad.NewGate(d), nil
}
