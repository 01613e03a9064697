package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/media/vad"
)

// judge hears samples as the gateway hears a call, and judges them.
func (c *answerCmd) judge(ctx context.Context, s streams, samples []int16, cfg replay.Config) (line replay.Timeline, err error) {
	dir, err := c.dir(s.environ)
	if err != nil {
		return line, err
	}
	ears, err := newEars(dir, c.Deaf)
	if err != nil {
		if !c.Deaf {
			return line, c.withoutModels(modelFault(ctx, err))
		}
		fmt.Fprintf(s.err, "warn  speech is told from silence by loudness alone, and music passes for it: %v\n      mend   hookswitch models pull\n", err)
		ears = &earpiece{detector: new(vad.Energy)}
	}
	defer func() { err = errors.Join(err, ears.close()) }()
	cfg.Detector = ears.detector
	if ears.recogniser != nil {
		cfg.Recognizer = ears.recogniser
	}
	if line, err = replay.Run(ctx, samples, cfg); err != nil {
		return line, err
	}
	if line.Deaf != "" {
		fmt.Fprintf(s.err, "warn  judged without words, or not all of them: %s\n", line.Deaf)
	}
	return line, nil
}

// withoutModels says what else there is for who has no models.
func (c *answerCmd) withoutModels(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return err
	}
	told := *f
	told.Mend = fault.Keep("hookswitch models pull") + "      (or judge by sound alone: " + fault.Keep("--deaf") + ")"
	return &told
}

// earpiece are what one recording is heard with.
type earpiece struct {
	detector   vad.Detector
	recogniser *moonshine.Recognizer // nil: no word is recognised
	closers    []func() error
}

func newEars(dir string, deaf bool) (_ *earpiece, err error) {
	e := &earpiece{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	set, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	rt, err := models.Start(set)
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, rt.Close)
	model, err := silero.Load(rt)
	if err != nil {
		return nil, err
	}
	e.closers = append(e.closers, model.Close)
	detector, err := model.New()
	if err != nil {
		return nil, err
	}
	e.detector = vad.NewGate(detector)
	e.closers = append(e.closers, e.detector.Close)
	if deaf {
		return e, nil
	}
	if e.recogniser, err = moonshine.New(moonshine.Config{Runtime: rt, Workers: 1}); err != nil {
		return nil, err
	}
	e.closers = append(e.closers, e.recogniser.Close)
	return e, nil
}

// close lets go of everything, last things first.
func (e *earpiece) close() (err error) {
	for i := len(e.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, e.closers[i]())
	}
	return err
}
