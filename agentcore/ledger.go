package agentcore

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// ledger knows what of the agent's voice the caller has heard: it plays the
// same frames as the carrier does, on the beat of the caller's frames, and
// remembers which phrase each belongs to. It also is what the recorder hears
// of the agent.
//
// The player writes, the listener plays, the conversation asks.
type ledger struct {
	mu     sync.Mutex
	queue  [ledgerFrames]*packet // ring of what was sent and not played yet; its own
	head   int                   // the oldest of them
	count  int
	reply  int // whose frames are taken; 0 means nobody's
	sent   int // frames of reply that were sent
	played int // frames of reply that were played
	lines  []line
	first  time.Time // when the first frame of reply was played, as far as known
	last   time.Time // when the newest was
}

// line is one phrase on its way to the caller. Frames count from the reply's
// first.
type line struct {
	text  string
	from  int
	to    int  // first frame behind it; -1 while its voice is being made
	heard bool // its mark came back played
	words []tts.Word
}

// mostWords bounds the timings of one phrase.
const mostWords = 1000

// ledgerFrames bounds what may be sent ahead of the clock: 2 s.
const ledgerFrames = int(2 * time.Second / media.FrameDuration)

func newLedger() *ledger { return &ledger{} }

// open makes reply the one whose frames are taken.
func (l *ledger) open(reply int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reply, l.sent, l.played = reply, 0, 0
	l.lines = nil
	l.first, l.last = time.Time{}, time.Time{}
}

// plan starts a phrase of reply and returns its number, or -1 if the reply is
// no longer open. record is called before anyone can cut the reply.
func (l *ledger) plan(reply int, text string, record func(phrase int)) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply || len(l.lines) == mostPhrases {
		return -1
	}
	l.lines = append(l.lines, line{text: text, from: -1, to: -1})
	record(len(l.lines) - 1)
	return len(l.lines) - 1
}

// send takes a frame of a phrase of reply just before it goes to the carrier, and
// owns it. It reports false, and the frame must not be sent, if the reply was cut.
func (l *ledger) send(reply, phrase int, p *packet) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply {
		p.release()
		return false
	}
	if l.lines[phrase].from < 0 {
		l.lines[phrase].from = l.sent
	}
	l.sent++
	if l.count == len(l.queue) { // the caller's frames have stalled: the oldest is as good as played
		l.take().release()
		l.played++
	}
	l.queue[(l.head+l.count)%len(l.queue)] = p
	l.count++
	return true
}

// take takes the oldest packet, of which there must be one, out of the queue. mu
// is held.
func (l *ledger) take() *packet {
	p := l.queue[l.head]
	l.queue[l.head] = nil
	l.head = (l.head + 1) % len(l.queue)
	l.count--
	return p
}

// close ends a phrase: all of its frames were sent.
func (l *ledger) close(reply, phrase int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply {
		return false
	}
	if l.lines[phrase].from < 0 {
		l.lines[phrase].from = l.sent
	}
	l.lines[phrase].to = l.sent
	return true
}

// time notes when words of a phrase of reply end.
func (l *ledger) time(reply, phrase int, w []tts.Word) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply || phrase >= len(l.lines) {
		return
	}
	p := &l.lines[phrase]
	var last tts.Word
	if n := len(p.words); n > 0 {
		last = p.words[n-1]
	}
	for _, word := range w[:min(len(w), mostWords-len(p.words))] {
		if word.Upto < last.Upto || word.Upto > len(p.text) || word.End <= 0 || word.End < last.End ||
			word.Upto < len(p.text) && !utf8.RuneStart(p.text[word.Upto]) {
			continue
		}
		p.words, last = append(p.words, word), word
	}
}

// play moves the clock by one frame: f becomes what the caller hears in it.
func (l *ledger) play(f *media.Frame, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 {
		*f = media.Frame{}
		return
	}
	p := l.take()
	p.unpack(f)
	p.release()
	l.played++
	if l.first.IsZero() {
		l.first = now.Add(-media.FrameDuration)
	}
	l.last = now
}

// mark notes that a phrase's end was played, and returns its text and whether
// it is news.
func (l *ledger) mark(reply, phrase int) (text string, news bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply || phrase >= len(l.lines) || l.lines[phrase].heard {
		return "", false
	}
	l.lines[phrase].heard = true
	return l.lines[phrase].text, true
}

// cutting is how much of a reply was heard when it was cut, or ended.
type cutting struct {
	phrases []cutPhrase
	first   time.Time // when its first sample was played; zero if none was
	last    time.Time // when its last was
}

type cutPhrase struct {
	text    string // as planned
	heard   string // a prefix of it
	settled bool   // a mark said so, and the journal has it
}

// cut takes the floor from the open reply, if it is reply, forgets what was
// sent and not played, and returns how much was heard.
func (l *ledger) cut(reply int) cutting {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reply != l.reply {
		return cutting{}
	}
	c := cutting{first: l.first, last: l.last}
	for _, p := range l.lines {
		c.phrases = append(c.phrases, cutPhrase{p.text, l.heardOf(p), p.heard})
	}
	for l.count > 0 {
		l.take().release()
	}
	l.reply = 0
	return c
}

// doubt is how far our clock may run ahead of the caller's ear: a network's
// delay and a carrier's beat, in frames. What falls into it does not count as
// heard.
const doubt = int(60 * time.Millisecond / media.FrameDuration)

// heardOf is what was heard of p by the clock, or all of it if its mark says so.
func (l *ledger) heardOf(p line) string {
	played := l.played - doubt
	switch {
	case p.heard, mutant("open-mark-is-heard") && p.to >= 0:
		return p.text
	case p.from < 0, played <= p.from, p.to == p.from: // the last had no sound
		return ""
	}
	now := lasts(played - p.from)
	from, to := p.around(now)
	switch {
	case to.End > 0:
	case p.to >= 0:
		to.End = lasts(p.to - p.from)
	default: // or its voice has more to say
		to.End = max(lasts(l.sent-p.from), from.End+lasts(guessFrames(p.text[from.Upto:])))
	}
	part := 1.
	if to.End > from.End {
		part = float64(now-from.End) / float64(to.End-from.End)
	}
	return strings.TrimSpace(p.text[:from.Upto] + prefix(p.text[from.Upto:to.Upto], part))
}

// around are the words that ended last before now, and first after it, as far as
// p's voice told: p's beginning and end else, of which the latter has no time.
// Not all that speaks tells, and of two voices that share a phrase maybe one.
func (p line) around(now time.Duration) (from, to tts.Word) {
	for _, w := range p.words {
		if w.End > now {
			return from, w
		}
		from = w
	}
	return from, tts.Word{Upto: len(p.text)}
}

// lasts is how long so many frames last.
func lasts(frames int) time.Duration { return time.Duration(frames) * media.FrameDuration }

// left is how much sound was sent and not played.
func (l *ledger) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return lasts(l.count)
}

// guessFrames is about how long a voice takes to say text: 15 letters a second.
func guessFrames(text string) int {
	return len(text) * int(time.Second/media.FrameDuration) / 15
}
