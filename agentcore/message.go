package agentcore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// mostReady bounds what is made of a message in advance: 60 s, 960 KB. What is
// beyond is made while that is heard.
const mostReady = int(time.Minute / media.FrameDuration)

// ready is a voice that has made the phrases of a message before it may be said,
// so that it begins in time. What it has not made, or could not, the voice makes
// when it is due.
type ready struct {
	voice tts.Synthesizer
	stop  context.CancelFunc // of the making

	mu   sync.Mutex
	made map[string]*recorded // by the phrase
	n    int                  // frames in all
}

// recorded is one phrase's sound.
type recorded struct {
	frames []media.Frame
	words  []tts.Word
}

// prepare begins to make the message, once.
func (t *talk) prepare() {
	if t.who.ready != nil || !t.hasMessage() {
		return
	}
	ctx, stop := context.WithCancel(t.ctx)
	r := &ready{voice: t.c.cfg.Voice, stop: stop, made: map[string]*recorded{}}
	t.who.ready = r
	phrases := split(t.c.fill(t.c.cfg.Answering.Message))
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
	t.c.pen.commit(MessageBegan{Reply: u.reply})
}

// make makes phrases until one fails, or there is enough.
func (r *ready) make(ctx context.Context, phrases []string) {
	defer r.stop()
	for _, text := range phrases {
		made := &recorded{}
		if r.n >= mostReady || r.voice.Speak(ctx, text, &recording{r, made}) != nil {
			return // the voice is asked again when it is due, and then it is told if it fails
		}
		r.keep(text, made)
	}
}

func (r *ready) keep(text string, made *recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made[text] = made
}

// recording is where the sound of one phrase goes.
type recording struct {
	r *ready
	*recorded
}

// Frame implements [tts.Sink].
func (o *recording) Frame(f *media.Frame) error {
	if o.r.n++; o.r.n > mostReady {
		return errFull
	}
	o.frames = append(o.frames, *f)
	return nil
}

// Words implements [tts.Sink].
func (o *recording) Words(w ...tts.Word) {
	o.words = append(o.words, w[:min(len(w), mostWords-len(o.words))]...)
}

// Speak implements [tts.Synthesizer].
func (r *ready) Speak(ctx context.Context, text string, out tts.Sink) error {
	r.mu.Lock()
	made := r.made[text]
	r.mu.Unlock()
	if made == nil {
		r.stop() // it would only take the voice's time
		return r.voice.Speak(ctx, text, out)
	}
	if len(made.words) > 0 {
		out.Words(slices.Clone(made.words)...)
	}
	for i := range made.frames {
		if err := out.Frame(&made.frames[i]); err != nil {
			return err
		}
	}
	return nil
}
