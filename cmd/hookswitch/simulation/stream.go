package simulation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// stream is one leg of a call: a line made of memory, watched.
type stream struct {
	*line.Line
	w     *world
	call  int
	epoch int
	voice *agenttest.Speaker // each stream has its own: text n is the nth phrase it was given

	mu      sync.Mutex
	plans   []string        // phrases whose plan is committed
	next    int             // the first of them that may be on the line next
	sending int             // texts of which a frame was sent
	intents map[string]bool // keys of tools, committed
	frames  int             // sent
	hung    bool
	dead    bool // the process that talks on it
	began   bool // the message, on record
	starts  []start
	speech  []span
	texts   []given // to the voice, in order
}

// given is a phrase that the voice was given, and when.
type given struct {
	text string
	at   time.Time
}

// start is the first frame of a reply.
type start struct {
	reply int
	at    time.Duration // since the line's answer
}

// span is a time in which the caller spoke without a pause, since the line's
// answer.
type span struct{ from, to time.Duration }

// newStream connects p's phone once more.
func newStream(w *world, p *phone, epoch int) *stream {
	s := &stream{w: w, call: p.number, epoch: epoch, intents: map[string]bool{}}
	s.voice = &agenttest.Speaker{Port: w.speech(s)}
	chance := dice(w.seed, p.number, "network")
	p.caller.stream = s
	s.Line = line.New(line.Config{
		Handset:  p.handset(s),
		Uplink:   time.Duration(chance.IntN(25))*time.Millisecond + 1237,
		Downlink: time.Duration(1+chance.IntN(25))*time.Millisecond + 7411,
		OnHangup: p.hungUp,
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	p.streams = append(p.streams, s)
	for _, f := range w.plan {
		if f.Call == p.number && f.Op == "line" {
			at := time.Duration(f.Nth)*time.Millisecond + time.Duration(hash(w.seed, p.number, "line", f.Nth)%999983)
			time.AfterFunc(at|1, func() { s.breaks(f) })
		}
	}
	return s
}

// breaks lets f happen to the line, if it hasn't ended.
func (s *stream) breaks(f Fault) {
	if how, _ := s.End(); how != line.Open {
		return
	}
	s.w.mu.Lock()
	for i := range s.w.plan {
		if s.w.plan[i] == f {
			s.w.plan[i].Op = "line, done"
			s.w.bite(f)
			break
		}
	}
	s.w.mu.Unlock()
	if f.Kind == Stop {
		s.Lose(errors.New("stop"))
		return
	}
	s.Lose(errors.New("connection reset"))
}

// Write implements [telephony.Leg]: nothing is said before its plan is
// committed.
func (s *stream) Write(f *media.Frame) error {
	s.mu.Lock()
	s.frames++
	text, _, ok := agenttest.Decode(f)
	early, plans := ok && !s.planned(text), len(s.plans)
	unsaid := ok && !s.began && text < len(s.texts) && isMessage(s.texts[text].text)
	s.mu.Unlock()
	if unsaid {
		s.w.violate(s.call, "left once", "stream %d: the message is on the line, and no entry says that it began", s.epoch)
	}
	if early {
		s.w.violate(s.call, "planned before spoken", "stream %d: phrase %d is on the line, and none of %d plans that are committed is it", s.epoch, text, plans)
	}
	return s.Line.Write(f)
}

// planned reports whether the plan of a text is committed. Each plan counts
// once, and in order; those of a reply that was cut are passed over. s.mu is
// held.
func (s *stream) planned(text int) bool {
	if text < s.sending {
		return true
	}
	for i := s.next; i < len(s.plans); i++ {
		if s.plans[i] == s.texts[text].text {
			s.next, s.sending = i+1, text+1
			return true
		}
	}
	return false
}

// Mark implements [telephony.Leg].
func (s *stream) Mark(id uint32) error {
	s.mu.Lock()
	if id&255 == 255 { // closes a reply's first frame
		s.starts = append(s.starts, start{int(id >> 8), time.Since(s.Answered())})
	}
	frames := s.frames
	s.mu.Unlock()
	s.w.trace(s.who(), "mark %d.%d after %d frames", id>>8, id&255, frames)
	return s.Line.Mark(id)
}

// Clear implements [telephony.Leg].
func (s *stream) Clear() error {
	s.w.trace(s.who(), "clear")
	return s.Line.Clear()
}

// Hangup implements [telephony.Leg].
func (s *stream) Hangup(ctx context.Context) error {
	s.mu.Lock()
	s.hung = true
	s.mu.Unlock()
	s.w.trace(s.who(), "hang up")
	return s.Line.Hangup(ctx)
}

func (s *stream) who() string {
	return fmt.Sprintf("%02d line", s.call)
}

// committed takes note of an entry of this stream's epoch.
func (s *stream) committed(e agentcore.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev := e.Event.(type) {
	case agentcore.Planned:
		s.plans = append(s.plans, ev.Text)
	case agentcore.MessageBegan:
		s.began = true
	case agentcore.ToolIntent:
		s.intents[ev.Key] = true
	case agentcore.Ended:
		if s.hung {
			s.w.violate(s.call, "ended before let go", "entry %d: the line was let go before the end was committed", e.N)
		}
	}
}

// played is how many words of each phrase the line played to their last letter,
// by the phrase's number on this stream. The gateway's own clock may be as far
// off as agentcore's ledger says (60 ms); the pause behind a word hides no more
// than that.
func (s *stream) played() map[int]int {
	frames := map[[2]int]int{}
	for _, h := range s.Heard() {
		if text, word, ok := agenttest.Decode(&h.Frame); ok {
			frames[[2]int{text, word}]++
		}
	}
	whole := map[int]int{}
	for text, phrase := range s.texts {
		for word, letters := range strings.Fields(phrase.text) {
			if frames[[2]int{text, word}] < int(time.Duration(len(letters))*agenttest.LetterTime/media.FrameDuration) {
				break
			}
			whole[text]++
		}
	}
	return whole
}

// apologises reports whether a phrase, by its number on this stream, is one of
// an apology or of a message, or says that somebody waits for the caller.
func (s *stream) apologises(text int) bool {
	if text >= len(s.texts) {
		return false
	}
	said := s.texts[text].text
	return strings.Contains(agent.Apology, said) || strings.Contains(agent.Connecting, said) || isMessage(said)
}

// spoke notes that the caller spoke in the 20 ms from at.
func (s *stream) spoke(at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := at + media.FrameDuration
	if n := len(s.speech); n > 0 && s.speech[n-1].to == at {
		s.speech[n-1].to = to
		return
	}
	s.speech = append(s.speech, span{at, to})
}
