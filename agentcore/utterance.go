package agentcore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// utterance is one reply on its way to the caller. Whoever cancels it simply
// forgets it: nobody drains sounds.
type utterance struct {
	reply     int
	turn      int  // the caller's turn that it answers, 0 if it answers none
	first     bool // nothing of an answer to that turn was heard before
	undoes    bool // it says after all what a noise has cut
	why       turn.Why
	asked     asked     // when it answers a turn, first
	preface   string    // Resume: said before the rest
	rest      string    // Resume: of the reply that was cut
	ready     *ready    // Message: what of it was made in advance
	notBefore time.Time // Message: its first frame goes then
	sounds    chan sound
	call      context.Context // of the call's leg, which outlives the reply
	ctx       context.Context
	cancel    context.CancelCauseFunc

	phrases int                      // how many were sent, once all were; -1 before. Used by converse alone
	marked  int                      // how many of them came back played. Used by converse alone
	count   struct{ heard, all int } // words, once it is settled. Used by converse alone

	enough chan struct{} // closed when the phrase that is being said is to be the last. Closed by converse alone
	hushed bool          // it is closed. Used by converse alone

	wants atomic.Bool // the model wants a tool whose intent the journal may not have yet

	mu     sync.Mutex
	played time.Time             // its first sample, as the carrier's mark tells
	whole  map[int]chan struct{} // closed when a phrase was heard to its end, if somebody waits for that
	made   made
}

// asked is when a caller's turn came to its end.
type asked struct {
	lastVoice time.Time // the last sample that had voice
	endpoint  time.Time // we were sure that they had finished
	words     time.Time // we knew what they said
}

// made is when the parts of a reply were there.
type made struct {
	tools  time.Duration // spent in tools before the first phrase
	phrase time.Time     // the first phrase
	frame  time.Time     // its first frame
}

// sound is one frame of a reply, or the end of a phrase. Whoever takes it from
// the channel owns its packet.
type sound struct {
	packet *packet // nil: the phrase's end
	phrase int
}

// queued is how much made-but-unsent audio one reply may hold: 2 s, 16 KB. A tool
// that is wanted behind a phrase begins once that fits, so that less would have
// callers wait longer for it.
const queued = int(2 * time.Second / media.FrameDuration)

// errOver is the cause of an utterance that ended by itself.
var errOver = errors.New("agentcore: the reply is over")

func newUtterance(ctx context.Context, reply int, why turn.Why) *utterance {
	u := &utterance{reply: reply, why: why, call: ctx, sounds: make(chan sound, queued), enough: make(chan struct{}), phrases: -1}
	u.ctx, u.cancel = context.WithCancelCause(ctx)
	return u
}

// phraseReady and frameReady note when the first of each was there.
func (u *utterance) phraseReady() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.made.phrase.IsZero() {
		u.made.phrase = time.Now()
	}
}

func (u *utterance) frameReady() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.made.frame.IsZero() {
		u.made.frame = time.Now()
	}
}

// inTools adds time that tools took, if the caller has heard nothing yet.
func (u *utterance) inTools(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.made.phrase.IsZero() {
		u.made.tools += d
	}
}

// begunPlaying notes when the first sample was played.
func (u *utterance) begunPlaying(at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.played.IsZero() {
		if at.Before(u.made.frame) {
			at = u.made.frame
		}
		u.played = at
	}
}

// begunPlayingIfKnown is begunPlaying for a reply whose mark never came.
func (u *utterance) begunPlayingIfKnown(at time.Time) {
	if !at.IsZero() {
		u.begunPlaying(at)
	}
}

func (u *utterance) playedAt() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.played
}

// hush makes the phrase that is being said the last one.
func (u *utterance) hush() {
	if !u.hushed {
		u.hushed = true
		close(u.enough)
	}
}

// parts are where the gap went, if the reply is the first to answer a turn that
// ended on this leg and was heard. They are differences of whole milliseconds of one clock, so that they sum to the
// gap.
func (u *utterance) parts(at func(time.Time) int64) *Parts {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.first || u.asked.words.IsZero() || u.played.IsZero() || u.made.frame.IsZero() {
		return nil
	}
	a, m := u.asked, u.made
	voice, endpoint, words := at(a.lastVoice), at(a.endpoint), at(a.words)
	phrase, frame, played := at(m.phrase), at(m.frame), at(u.played)
	tool := min(m.tools.Milliseconds(), phrase-words)
	return &Parts{
		Endpoint: endpoint - voice, Recognise: words - endpoint, Tool: tool,
		Model: phrase - words - tool, Voice: frame - phrase, Line: played - frame,
	}
}
