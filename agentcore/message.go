package agentcore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Bounds of what is made of a message in advance.
const (
	mostReady   = int(time.Minute / media.FrameDuration) // frames, 960 KB: what is beyond is made while that is heard
	mostMakings = 4                                      // on one leg: whatever a line sounds like, and however its variables change
	ripening    = time.Second                            // that a phrase's first frame is waited for once it is due
)

// ready is a voice that makes the phrases of a message before it may be said, so
// that it begins in time. It is heard even while it is made. What it has not made,
// or could not, the voice makes when it is due.
type ready struct {
	voice tts.Synthesizer
	text  string // of the message
	stop  context.CancelFunc

	mu    sync.Mutex
	made  map[string]*recorded // by the phrase
	moved chan struct{}        // closed, and replaced, when more of any is made
	n     int                  // frames in all
}

// recorded is one phrase's sound, as far as it is made.
type recorded struct {
	frames []media.Frame
	words  []tts.Word
	over   bool
	err    error // over: it could not be made
}

// prepare begins to make the message, or makes another if its variables have
// changed.
func (t *talk) prepare() {
	text := tidy(t.c.fill(t.c.cfg.Answering.Message))
	if r := t.who.ready; r != nil {
		if r.text == text {
			return
		}
		t.unprepare()
	}
	if t.who.makings == mostMakings || !t.hasMessage() {
		return
	}
	t.who.makings++
	ctx, stop := context.WithCancel(t.ctx)
	r := &ready{voice: t.c.cfg.Voice, text: text, stop: stop, made: map[string]*recorded{}, moved: make(chan struct{})}
	t.who.ready = r
	phrases := split(t.c.fill(t.c.cfg.Answering.Message))
	for _, p := range phrases {
		r.made[p] = &recorded{}
	}
	t.makers.Go(func() { r.make(ctx, phrases) })
}

// unprepare drops what was made of a message that nobody hears.
func (t *talk) unprepare() {
	if t.who.ready != nil {
		t.who.ready.stop()
		t.who.ready = nil
	}
}

// beginMessage writes down that the message begins: its first phrase, which is
// planned behind that, has to be committed before it is heard.
func (t *talk) beginMessage(u *utterance) {
	u.ready, t.who.ready = t.who.ready, nil
	u.notBefore = t.who.due
	if u.ready != nil {
		context.AfterFunc(u.ctx, u.ready.stop)
	}
	t.c.pen.commit(MessageBegan{Reply: u.reply})
}

// make makes phrases until one fails, or there is enough.
func (r *ready) make(ctx context.Context, phrases []string) {
	defer r.stop()
	var err error
	for _, text := range phrases {
		o := recording{r, r.made[text]}
		if o.over {
			continue // it is said twice
		}
		if err == nil && r.n >= mostReady {
			err = errFull
		}
		if err == nil {
			err = r.voice.Speak(ctx, text, o)
		}
		o.end(err)
	}
}

// news tells who waits that there is more; mu is held.
func (r *ready) news() {
	close(r.moved)
	r.moved = make(chan struct{})
}

// recording is where the sound of one phrase goes.
type recording struct {
	r *ready
	*recorded
}

// Frame implements [tts.Sink]. One phrase may be half as long again as all may.
func (o recording) Frame(f *media.Frame) error {
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	if o.r.n++; o.r.n > mostReady*3/2 {
		return errFull
	}
	o.frames = append(o.frames, *f)
	o.r.news()
	return nil
}

// Words implements [tts.Sink].
func (o recording) Words(w ...tts.Word) {
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	o.words = append(o.words, w[:min(len(w), mostWords-len(o.words))]...)
}

func (o recording) end(err error) {
	o.r.mu.Lock()
	defer o.r.mu.Unlock()
	o.over, o.err = true, err
	o.r.news()
}

// Speak implements [tts.Synthesizer]. A phrase that can't be made, or that nothing
// is there of for too long, is asked for anew.
func (r *ready) Speak(ctx context.Context, text string, out tts.Sink) error {
	patience := time.NewTimer(ripening)
	defer patience.Stop()
	frames, words := 0, 0
	for {
		made, moved := r.since(text, frames, words)
		if made.err != nil && frames == 0 {
			r.stop() // it would only take the voice's time
			return r.voice.Speak(ctx, text, out)
		}
		if len(made.words) > 0 {
			out.Words(made.words...)
		}
		for i := range made.frames {
			if err := out.Frame(&made.frames[i]); err != nil {
				return err
			}
		}
		frames, words = frames+len(made.frames), words+len(made.words)
		if made.over {
			return made.err
		}
		waits := patience.C
		if frames > 0 {
			waits = nil
		}
		select {
		case <-moved:
		case <-waits:
			r.stop()
			return r.voice.Speak(ctx, text, out)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// since is what is made of a phrase behind so many frames and words, and what is
// closed when there is more. A phrase that nobody makes has failed.
func (r *ready) since(text string, frames, words int) (recorded, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.made[text]
	if made == nil {
		return recorded{over: true, err: errFull}, r.moved
	}
	return recorded{made.frames[frames:], slices.Clone(made.words[words:]), made.over, made.err}, r.moved
}
