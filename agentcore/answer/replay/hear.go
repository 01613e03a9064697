package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// patience is how long a final word is waited for.
const patience = 30 * time.Second

// Hear has cfg's detector and recogniser hear samples: mono, at 8 kHz. The last
// frame is filled up with silence. See [Run] for the errors.
func Hear(ctx context.Context, samples []int16, cfg Config) (Heard, error) {
	if cfg.Detector == nil {
		return Heard{}, ErrNoDetector
	}
	var heard Heard
	var f media.Frame
	for n := range frames(samples) {
		if err := ctx.Err(); err != nil {
			return Heard{}, fmt.Errorf("replay: %w", err)
		}
		cut(&f, samples, n)
		heard.Speech = append(heard.Speech, cfg.Detector.Speech(&f))
	}
	if cfg.Recognizer == nil {
		heard.Deaf = "nobody listened to the words"
		return heard, nil
	}
	return heard, understand(ctx, samples, cfg, &heard)
}

// frames is how many frames samples fill, the last one perhaps not quite.
func frames(samples []int16) int {
	return (len(samples) + media.FrameSamples - 1) / media.FrameSamples
}

// cut fills f with frame number n, and silence after the last sample.
func cut(f *media.Frame, samples []int16, n int) {
	clear(f[copy(f[:], samples[n*media.FrameSamples:]):])
}

// understand has the recogniser hear what the detector took for speech.
func understand(ctx context.Context, samples []int16, cfg Config, heard *Heard) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := cfg.Recognizer.Open(ctx, asr.Options{Language: cfg.Language})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer stream.Close()
	l := &listener{cfg: cfg, stream: stream, heard: heard, tracker: vad.NewTracker(vad.TrackerConfig{
		PauseWait: cfg.PauseWait, EndpointWait: cfg.EndpointWait,
	})}
	var f media.Frame
	for n, p := range heard.Speech {
		if ctx.Err() != nil || l.gone {
			break
		}
		cut(&f, samples, n)
		if !stream.Write(&f) {
			heard.Deaf = "the recogniser dropped sound: it can't be fed faster than in real time"
		}
		l.change(ctx, l.tracker.Step(p))
	}
	if l.tracker.Speaking() && !l.gone {
		l.change(ctx, vad.Ended) // the recording ends amid a word: it is asked what that was all the same
	}
	if ctx.Err() != nil {
		return fmt.Errorf("replay: %w", context.Cause(ctx))
	}
	return nil
}

// listener does what the ear of a call does with the recogniser, but waits for
// each word instead of for the next frame.
type listener struct {
	cfg     Config
	stream  asr.Stream
	tracker *vad.Tracker
	heard   *Heard
	paused  time.Duration // where the pause began to count that recognition may use
	guess   *Word         // made in this pause. Nobody knows it yet
	gone    bool          // nothing will come any more
}

// change tells the recogniser what the detector saw, and takes what it says.
func (l *listener) change(ctx context.Context, c vad.Change) {
	now := l.tracker.Now()
	switch c {
	case vad.Began:
		l.paused = 0
		l.stream.Signal(asr.Began)
	case vad.Paused:
		l.paused = now
		l.stream.Signal(asr.Paused)
		l.suppose(ctx)
	case vad.Resumed:
		l.settle(now)
		l.stream.Signal(asr.Resumed)
	case vad.Ended:
		l.settle(now)
		l.stream.Signal(asr.Ended)
		l.conclude(ctx, now)
	}
}

// suppose waits for what the recogniser makes of a pause.
func (l *listener) suppose(ctx context.Context) {
	if l.cfg.Guess <= 0 {
		return
	}
	began := time.Now()
	r, ok := l.result(ctx, l.cfg.Guess)
	if !ok || r.Final || r.Text == "" {
		return
	}
	l.guess = l.word(r, l.paused+l.took(r, began))
}

// settle keeps the guess of the pause that is over at now, if it was known by
// then. A recogniser does not tell one that is out of date.
func (l *listener) settle(now time.Duration) {
	if l.guess != nil && l.guess.Known <= now {
		l.heard.Words = append(l.heard.Words, *l.guess)
	}
	l.guess = nil
}

// conclude waits for the final word on what ended at now. Recognition may have
// begun in the pause before.
func (l *listener) conclude(ctx context.Context, now time.Duration) {
	limit := l.cfg.Patience
	if limit <= 0 {
		limit = patience
	}
	began := time.Now()
	for {
		r, ok := l.result(ctx, limit-time.Since(began))
		switch {
		case !ok && !l.gone && ctx.Err() == nil:
			l.gone = true
			l.heard.Deaf = fmt.Sprintf("the recogniser owed words for %v", limit)
			return
		case !ok:
			return
		case !r.Final:
			continue // the final word is all that counts by now
		case r.Err != nil: // of this utterance: the stream may live on
			l.heard.Deaf = r.Err.Error()
			return
		}
		since := now
		if l.paused > 0 {
			since = l.paused
		}
		if r.Text != "" {
			l.heard.Words = append(l.heard.Words, *l.word(r, max(now, since+l.took(r, began))))
		}
		return
	}
}

// took is how long r was worked on, since began at the most.
func (l *listener) took(r asr.Result, began time.Time) time.Duration {
	switch {
	case l.cfg.Took > 0:
		return l.cfg.Took
	case r.Took > 0:
		return r.Took
	}
	return time.Since(began)
}

func (l *listener) word(r asr.Result, known time.Duration) *Word {
	return &Word{Known: known, Words: answer.Words{
		Text: r.Text, Final: r.Final, Began: l.tracker.BeganAt(), Ended: l.tracker.VoicedUntil(),
	}}
}

// result waits for the recogniser. A stream that is over makes deaf.
func (l *listener) result(ctx context.Context, limit time.Duration) (asr.Result, bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r, open := <-l.stream.Results():
		if !open {
			l.gone = true
		}
		if !open && l.heard.Deaf == "" {
			l.heard.Deaf = "the recogniser gave up"
		}
		return r, open
	case <-timer.C:
	case <-ctx.Done():
	}
	return asr.Result{}, false
}
