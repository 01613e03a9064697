package captions

import (
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

// floor knows from the call's journal who is heard beside the caller, and what
// an agent of ours has said: in its own words, as far as they were heard.
type floor struct {
	mu       sync.Mutex
	last     int    // number of the newest entry
	by       string // who has the floor: own, worker, nobody; empty: not known yet
	agent    string // its name
	transfer string // that is on: a person may be heard, or the agent that stays meanwhile
	reply    int    // of ours, planned and not over; 0: ours is silent
	heard    []string
	from     time.Time // when the open reply was first heard of
	said     window    // the last reply that was
}

// window is a stretch of time.
type window struct{ from, to time.Time }

// covers reports whether more than half of from to to lies in w.
func (w window) covers(from, to time.Time) bool {
	if w.from.IsZero() {
		return false
	}
	shared := earlier(w.to, to).Sub(later(w.from, from))
	return shared > 0 && 2*shared >= to.Sub(from)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

const (
	own    = "own"
	worker = "worker"
	nobody = "nobody"
)

// words are what the journal says of the agent's voice.
type words struct {
	Text       string
	Speaker    string
	Start, End time.Time
	Final      bool
}

// read takes an entry in. ok is false when nothing was said by it. An entry that
// was read before changes nothing.
func (f *floor) read(e agentcore.Entry) (w words, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.N <= f.last {
		return words{}, false
	}
	f.last = e.N
	switch ev := e.Event.(type) {
	case agentcore.Opened:
		w, ok = f.drop(e.Wall)
		f.opened(ev)
	case agentcore.FloorTaken:
		w, ok = f.drop(e.Wall)
		if f.by, f.agent = ev.By, ev.Agent; f.by == "" {
			f.by = nobody
		}
	case agentcore.Planned:
		f.by = own // whatever we missed: only ours plan
		if f.reply != ev.Reply {
			f.reply, f.heard, f.from = ev.Reply, nil, e.Wall
		}
	case agentcore.Heard:
		return f.hears(ev, e)
	case agentcore.AgentSaid:
		return f.says(ev, e)
	case agentcore.CallerSaid:
		f.ours()
	case agentcore.TransferBegan:
		f.transfer = ev.Transfer
	case agentcore.TransferOver:
		if f.transfer == ev.Transfer {
			f.transfer = ""
		}
	case agentcore.Lost, agentcore.Ended:
		w, ok = f.drop(e.Wall)
	}
	return w, ok
}

// opened is an agent that is connected, or again. Whoever had the floor has it
// still; the first is the call's own.
func (f *floor) opened(ev agentcore.Opened) {
	if f.ours(); f.by == own && ev.Agent != "" {
		f.agent = ev.Agent
	}
}

// ours notes that an agent of ours talks, if nothing else is known: who began to
// read in the middle of a call has not seen it open.
func (f *floor) ours() {
	if f.by == "" {
		f.by = own
	}
}

// mostHeard bounds the phrases of one reply that are shown while it is said.
const mostHeard = 200

func (f *floor) hears(ev agentcore.Heard, e agentcore.Entry) (words, bool) {
	f.ours()
	if f.reply != ev.Reply {
		f.reply, f.heard, f.from = ev.Reply, nil, e.Wall
	}
	if len(f.heard) < mostHeard {
		f.heard = append(f.heard, ev.Text)
	}
	return f.sofar(e.Wall)
}

// sofar is what of the open reply was heard.
func (f *floor) sofar(now time.Time) (words, bool) {
	text := strings.TrimSpace(strings.Join(f.heard, " "))
	return words{Text: text, Speaker: f.agent, Start: f.from, End: now}, text != ""
}

// says closes a reply: what AgentSaid tells of it is exact.
func (f *floor) says(ev agentcore.AgentSaid, e agentcore.Entry) (words, bool) {
	f.ours()
	w := words{Text: strings.TrimSpace(ev.Text), Speaker: f.agent, Start: e.Wall, End: e.Wall, Final: true}
	if ev.EndMS > 0 {
		answered := e.Wall.Add(-e.At)
		w.Start = answered.Add(time.Duration(ev.StartMS) * time.Millisecond)
		w.End = answered.Add(time.Duration(ev.EndMS) * time.Millisecond)
	}
	f.reply, f.heard = 0, nil
	f.said = window{w.Start, w.End}
	return w, w.Text != ""
}

// drop closes a reply that nobody will speak of again. What of it was heard was
// said all the same.
func (f *floor) drop(now time.Time) (words, bool) {
	w, ok := f.sofar(now)
	w.Final = true
	if f.reply != 0 {
		f.said = window{f.from, now}
	}
	f.reply, f.heard = 0, nil
	return w, ok
}

// over closes what is open when the journal tells nothing more.
func (f *floor) over(now time.Time) (words, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.drop(now)
}

// who is heard on the agent's track.
type who struct {
	side    Side
	speaker string
	listen  bool // a recogniser must, for no journal will tell their words
	ours    bool // an agent of ours speaks just now
}

// now says whom one hears on the agent's track.
func (f *floor) now() who {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := who{side: Agent, speaker: f.agent, ours: f.reply != 0}
	switch {
	case f.transfer != "":
		w.side, w.speaker, w.listen = Person, "", true
	case f.by != own:
		w.listen = true
	}
	return w
}

// told reports whether the journal tells what was said then.
func (f *floor) told(from, to time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said.covers(from, to)
}
