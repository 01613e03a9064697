package captions

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

const (
	preroll = 32               // frames that are kept for a recogniser that is not open: 640 ms
	stalled = time.Second      // without a frame: whoever spoke is not on the line any more
	idle    = 30 * time.Second // without voice: the recogniser is let go
	long    = 15 * time.Second // an utterance ends at the next pause
	longest = 30 * time.Second // and here at the latest
)

// side hears one of the two tracks: it finds who speaks and when, and has a
// recogniser while somebody does. A recogniser is opened for a voice and let go
// after a silence, so that a quiet line costs a detector and nothing else.
//
// One goroutine calls hear; another calls tend; each stream's results are read
// by one of their own.
type side struct {
	open     func(ctx context.Context) (asr.Stream, error)
	said     func(u utterance, r asr.Result) // the words of an utterance
	guessed  func(u utterance, r asr.Result) // what they may be
	failed   func(failures int, err error)   // a recogniser, so often in a row
	missed   func()                          // the words of an utterance are lost
	detector vad.Detector

	work sync.WaitGroup

	mu       sync.Mutex
	tracker  *vad.Tracker
	ring     [preroll]media.Frame
	kept     int      // frames that went through ring
	stream   *hearing // nil: none is open
	talking  bool     // an utterance is open
	now      utterance
	frame    time.Time // of the last frame
	voice    time.Time // the last voice
	failures int       // in a row
	from     time.Time // no recogniser is opened before
}

// utterance is somebody's, without a longer pause in it.
type utterance struct {
	who        who
	start, end time.Time
}

// hearing is an open stream, and what it owes.
type hearing struct {
	stream asr.Stream
	owed   []utterance
	told   bool          // its failure is counted
	moved  chan struct{} // something was settled
	once   sync.Once
}

// close lets the stream go. What it says of that helps nobody: there is nothing
// to wait for from it any more.
func (h *hearing) close() { h.once.Do(func() { _ = h.stream.Close() }) }

// reset forgets who spoke: what is heard next is somebody else.
func (s *side) reset() { s.tracker = vad.NewTracker(vad.TrackerConfig{}) }

// hear takes the frame that ended now, in which w may be heard.
func (s *side) hear(ctx context.Context, f *media.Frame, w who, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.talking && now.Sub(s.frame) > stalled {
		s.ends(s.frame)
		s.reset()
	}
	s.frame = now
	change := s.tracker.Step(s.detector.Speech(f))
	s.write(f)
	if s.tracker.Speaking() {
		s.voice = now
	}
	voiced := s.tracker.Speaking() && s.tracker.VoicedUntil() == s.tracker.Now()
	switch {
	case s.talking && w.ours:
		s.ends(now) // what follows is ours
	case s.talking:
		s.follow(ctx, change, now)
	case voiced && !w.ours:
		start := now.Add(-media.FrameDuration)
		if change == vad.Began {
			start = now.Add(s.tracker.BeganAt() - s.tracker.Now())
		}
		s.begins(ctx, utterance{who: w, start: start}, now)
	}
}

// begins opens an utterance.
func (s *side) begins(ctx context.Context, u utterance, now time.Time) {
	s.talking, s.now = true, u
	s.listen(ctx, now)
}

// follow is an utterance that goes on.
func (s *side) follow(ctx context.Context, change vad.Change, now time.Time) {
	lasts := now.Sub(s.now.start)
	switch {
	case change == vad.Ended:
		s.ends(now.Add(s.tracker.VoicedUntil() - s.tracker.Now()))
	case change == vad.Paused && lasts >= long:
		s.ends(now.Add(s.tracker.VoicedUntil() - s.tracker.Now()))
	case lasts >= longest:
		w := s.now.who
		s.ends(now)
		s.begins(ctx, utterance{who: w, start: now}, now)
	case s.stream == nil:
		s.listen(ctx, now) // its recogniser died, or could not be opened before
	case change == vad.Paused:
		s.stream.stream.Signal(asr.Paused)
	case change == vad.Resumed:
		s.stream.stream.Signal(asr.Resumed)
	}
}

// ends closes the utterance: the recogniser owes its words.
func (s *side) ends(at time.Time) {
	s.talking = false
	s.now.end = later(at, s.now.start)
	if s.stream == nil {
		s.missed()
		return
	}
	s.stream.owed = append(s.stream.owed, s.now)
	s.stream.stream.Signal(asr.Ended)
}

// write gives f to the recogniser, or keeps it for one.
func (s *side) write(f *media.Frame) {
	if s.stream != nil {
		s.stream.stream.Write(f)
		return
	}
	s.ring[s.kept%preroll] = *f
	s.kept++
}

// listen has a recogniser hear the open utterance, from a moment before.
func (s *side) listen(ctx context.Context, now time.Time) {
	if s.stream == nil && !s.connect(ctx, now) {
		return
	}
	s.stream.stream.Signal(asr.Began)
}

// connect opens a recogniser, unless one failed a moment ago.
func (s *side) connect(ctx context.Context, now time.Time) bool {
	if now.Before(s.from) || ctx.Err() != nil {
		return false
	}
	stream, err := s.open(ctx)
	if err != nil {
		s.fails(err)
		return false
	}
	h := &hearing{stream: stream, moved: make(chan struct{}, 1)}
	for i := max(0, s.kept-preroll); i < s.kept; i++ {
		stream.Write(&s.ring[i%preroll])
	}
	s.stream, s.kept = h, 0
	s.work.Go(func() { s.read(h) })
	return true
}

const mostWait = 30 * time.Second // between two tries to open a recogniser

// fails counts a failure; s.mu is held.
func (s *side) fails(err error) {
	s.failures++
	s.from = time.Now().Add(min(mostWait, time.Second<<min(s.failures-1, 10)))
	s.failed(s.failures, err)
}

// errSilent is a recogniser whose stream ended and that gave no reason.
var errSilent = errors.New("captions: the recogniser's stream ended")

// read takes the results of h until its stream is over, and closes it.
func (s *side) read(h *hearing) {
	defer poke(h.moved)
	defer h.close()
	for r := range h.stream.Results() {
		switch u, known := s.settle(h, r); {
		case !known:
		case !r.Final:
			s.guessed(u, r)
		case r.Err != nil:
			s.missed()
			s.guessed(u, asr.Result{}) // what was guessed at comes to nothing
		default:
			s.said(u, r)
		}
		poke(h.moved)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.owed = nil
	if s.stream != h {
		return // it was let go
	}
	if s.stream = nil; !h.told {
		s.fails(errSilent)
	}
}

// settle finds the utterance that a result of h is about. A final one is owed no
// longer. Not every result is about any: there are recognisers that can't count.
func (s *side) settle(h *hearing, r asr.Result) (u utterance, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Final {
		s.judge(h, r.Err)
	}
	switch {
	case len(h.owed) == 0:
		return s.now, !r.Final && s.talking
	case !r.Final:
		return h.owed[0], true
	}
	u = h.owed[0]
	h.owed = append(h.owed[:0], h.owed[1:]...)
	return u, true
}

// judge counts how often in a row a recogniser failed. That of one which was let
// go is no failure.
func (s *side) judge(h *hearing, err error) {
	switch {
	case err == nil:
		s.failures, s.from, h.told = 0, time.Time{}, false
	case s.stream == h:
		h.told = true
		s.fails(err)
	}
}

// tend ends what is over although no frame says so, and lets a recogniser go
// that has had nothing to hear for a while.
func (s *side) tend(now time.Time) {
	s.mu.Lock()
	if s.talking && now.Sub(s.frame) > stalled {
		s.ends(s.frame)
		s.reset()
	}
	h := s.stream
	if h == nil || s.talking || len(h.owed) > 0 || now.Sub(s.voice) < idle {
		s.mu.Unlock()
		return
	}
	s.stream = nil
	s.mu.Unlock()
	h.close() // nothing is owed: there is nothing to lose
}

// hush ends the open utterance: from now on nobody listens to this track.
func (s *side) hush(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.talking {
		s.ends(now)
	}
	s.reset()
	s.kept = 0
}

// close waits until ctx ends for the words that are owed, and frees all.
func (s *side) close(ctx context.Context, now time.Time) error {
	s.hush(now)
	s.mu.Lock()
	h := s.stream
	s.mu.Unlock()
	if h != nil {
		s.await(ctx, h)
		s.mu.Lock()
		if s.stream == h {
			s.stream = nil
		}
		s.mu.Unlock()
		h.close()
	}
	s.work.Wait()
	return s.detector.Close()
}

// await returns when h owes nothing, or ctx ends.
func (s *side) await(ctx context.Context, h *hearing) {
	for {
		s.mu.Lock()
		owed := len(h.owed)
		s.mu.Unlock()
		if owed == 0 {
			return
		}
		select {
		case <-h.moved:
		case <-ctx.Done():
			return
		}
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
