package simulation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// check holds every record against the invariants.
func (w *world) check(ctx context.Context, db dispatch.Calls) {
	open, err := db.Unended(ctx)
	if err != nil {
		w.violate(0, "one end", "%v", err)
	}
	for _, r := range open {
		w.violate(w.named(r.ID), "one end", "its record never ended")
	}
	for id, number := range w.ids {
		r, err := db.Call(ctx, id)
		if errors.Is(err, dispatch.ErrNotFound) {
			continue // a webhook whose commit failed
		}
		entries, failed := db.Journal(ctx, id, 0)
		if err := errors.Join(err, failed); err != nil {
			w.violate(number, "record whole", "%v", err)
			continue
		}
		k := &checker{w: w, number: number, phone: w.phones[number], record: r, entries: entries}
		k.check()
	}
	for key, n := range w.effects {
		if n > 1 {
			id, _, _ := strings.Cut(key, "/")
			w.violate(w.named(telephony.CallID(id)), "a tool once a key", "%s had %d effects", key, n)
		}
	}
	for id, n := range w.ends {
		if n > 1 {
			w.violate(w.named(id), "one end", "watchers were told of %d ends", n)
		}
	}
	slices.Sort(w.broken)
}

// checker checks one call.
type checker struct {
	w       *world
	number  int
	phone   *phone // nil when the carrier never heard of it
	record  dispatch.Record
	entries []agentcore.Entry
}

func (k *checker) violate(invariant, format string, args ...any) {
	k.w.violate(k.number, invariant, format, args...)
}

func (k *checker) check() {
	k.ends()
	k.whole()
	k.gaps()
	if k.phone == nil {
		return
	}
	k.inTime()
	k.letGo()
	k.remembered()
	for _, s := range k.phone.streams {
		k.heard(s)
		k.silent(s)
		k.turns(s)
	}
	k.notice()
}

// ends: the call ended once, and its record says the same.
func (k *checker) ends() {
	ends := 0
	for i, e := range k.entries {
		end, ok := e.Event.(agentcore.Ended)
		if !ok {
			continue
		}
		ends++
		if i != len(k.entries)-1 {
			k.violate("one end", "entry %d: %d entries follow the end", e.N, len(k.entries)-1-i)
		}
		if end.Reason != k.record.Reason || e.Wall.UnixMicro() != k.record.Ended.UnixMicro() {
			k.violate("one end", "entry %d: ended for %q at %v, the record says %q at %v", e.N, end.Reason, e.Wall, k.record.Reason, k.record.Ended)
		}
	}
	if ends != 1 {
		k.violate("one end", "%d ends in the journal", ends)
	}
}

// whole: the numbers have no gaps, and the call could have gone on from any
// entry.
func (k *checker) whole() {
	if k.record.Last != len(k.entries) {
		k.violate("record whole", "the record counts %d entries, the journal has %d", k.record.Last, len(k.entries))
	}
	for i, e := range k.entries {
		if e.N != i+1 {
			k.violate("record whole", "entry %d has number %d", i+1, e.N)
		}
	}
	for n := range len(k.entries) + 1 {
		s, err := agentcore.Resume(k.entries[:n])
		if err != nil {
			k.violate("record whole", "entry %d: no resumption: %v", n, err)
			break
		}
		_ = s.Messages(agent.Prompt)
	}
	said := 0
	for _, u := range agentcore.Transcript(k.entries) {
		if u.Speaker == "caller" {
			said++
		}
	}
	for _, e := range k.entries {
		switch e.Event.(type) {
		case agentcore.CallerSaid, agentcore.CallerPressed:
			said--
		}
	}
	if said != 0 {
		k.violate("record whole", "the transcript has %+d of the caller's lines", said)
	}
}

// gaps: every gap is the sum of its parts, none of which is negative.
func (k *checker) gaps() {
	for _, e := range k.entries {
		said, ok := e.Event.(agentcore.AgentSaid)
		if !ok || said.Parts == nil {
			continue
		}
		p := *said.Parts
		if p.Sum() != said.GapMS {
			k.violate("gap is its parts", "entry %d: %+v sum to %d, the gap is %d", e.N, p, p.Sum(), said.GapMS)
		}
		if min(p.Endpoint, p.Recognise, p.Tool, p.Model, p.Voice, p.Line) < 0 {
			k.violate("gap is its parts", "entry %d: a part is negative: %+v", e.N, p)
		}
	}
}

// longest is what a call may last: as long as the agent talks at most, and then
// as long as it may take to learn of an end that nobody tells.
const longest = time.Minute + 40*time.Second

// inTime: no call goes on for ever.
func (k *checker) inTime() {
	if lasted := k.record.Ended.Sub(k.record.Answered); !k.record.Answered.IsZero() && lasted > longest {
		k.violate("ends in time", "it lasted %v", lasted)
	}
}

// letGo: a call that is over is over for the carrier and on the line, too.
func (k *checker) letGo() {
	if s := k.phone.now(); !s.Terminal() {
		k.violate("let go", "the carrier still has it: %s", s)
	}
	for _, s := range k.phone.streams {
		if how, _ := s.End(); how == line.Open {
			k.violate("let go", "stream %d is open", s.epoch)
		}
	}
}

// remembered: the model was told all that the caller had said.
func (k *checker) remembered() {
	for _, q := range k.phone.thinker.asked {
		var said []string
		for _, e := range k.entries {
			if e.Wall.After(q.at) {
				break
			}
			switch ev := e.Event.(type) {
			case agentcore.CallerSaid:
				said = append(said, ev.Text)
			case agentcore.CallerPressed:
				said = append(said, "["+ev.Digit+"]")
			}
		}
		if want := strings.Join(said, " "); !strings.HasPrefix(q.words, want) {
			k.violate("words kept", "the model was told %q, the caller had said %q", q.words, want)
		}
	}
}

// phrase is what the journal says of one phrase of one stream.
type phrase struct {
	n, reply, number int
	text, heard      string
}

// heard: of what was planned on s, no more counts as heard than its line
// played, and it is its beginning; whatever was planned is accounted for.
func (k *checker) heard(s *stream) {
	phrases, settled, broken := k.phrases(s.epoch)
	played := s.played()
	for i, p := range phrases {
		if i >= len(s.texts) || s.texts[i] != p.text {
			k.violate("planned before spoken", "entry %d: phrase %d of stream %d is not what the voice was given", p.n, i, s.epoch)
			return
		}
		if !strings.HasPrefix(p.text, p.heard) {
			k.violate("heard is a prefix", "entry %d: heard %q of %q", p.n, p.heard, p.text)
		}
		if heard := len(strings.Fields(p.heard)); heard > played[i] {
			k.violate("heard was played", "entry %d: phrase %d.%d: %d words count as heard, the line played %d", p.n, p.reply, p.number, heard, played[i])
		}
		if !broken && !settled[p.reply] {
			k.violate("words kept", "entry %d: nothing says what became of reply %d", p.n, p.reply)
		}
	}
	for i := len(phrases); i < len(s.texts); i++ {
		if played[i] > 0 { // every single frame was checked when it was sent
			k.violate("planned before spoken", "stream %d played phrase %d, which no entry plans", s.epoch, i)
		}
	}
}

// phrases reads an epoch's phrases, and which replies were settled. broken: the
// epoch's journal stops without saying why.
func (k *checker) phrases(epoch int) (all []phrase, settled map[int]bool, broken bool) {
	settled = map[int]bool{}
	now, broken := 0, true
	texts := map[int][2][]string{}
	for _, e := range k.entries {
		if o, ok := e.Event.(agentcore.Opened); ok {
			now = o.Epoch
		}
		if now != epoch {
			continue
		}
		switch ev := e.Event.(type) {
		case agentcore.Planned:
			all = append(all, phrase{n: e.N, reply: ev.Reply, number: ev.Phrase, text: ev.Text})
		case agentcore.Heard:
			for i := range all {
				if all[i].reply == ev.Reply && all[i].number == ev.Phrase {
					all[i].heard = ev.Text
				}
			}
		case agentcore.AgentSaid:
			settled[ev.Reply] = true
			texts[ev.Reply] = [2][]string{strings.Fields(ev.Text), strings.Fields(ev.Unheard)}
			k.settles(e.N, ev, all)
		case agentcore.Lost:
			broken = false
		case agentcore.Ended:
			broken = !slices.Contains(spoken, ev.Reason)
		}
	}
	return all, settled, broken
}

// spoken is why a conversation itself ends a call.
var spoken = []telephony.EndReason{telephony.AgentHangup, telephony.Silence, telephony.MaxDuration, telephony.ProviderFailed}

// settles: what was heard and what was not is all that was planned.
func (k *checker) settles(n int, said agentcore.AgentSaid, all []phrase) {
	var planned, heard []string
	for _, p := range all {
		if p.reply == said.Reply {
			planned = append(planned, strings.Fields(p.text)...)
			heard = append(heard, strings.Fields(p.heard)...)
		}
	}
	if got := len(strings.Fields(said.Text)) + len(strings.Fields(said.Unheard)); got != len(planned) {
		k.violate("words kept", "entry %d: %d words were heard or not, %d were planned", n, got, len(planned))
	}
	if got := strings.Fields(said.Text); !slices.Equal(got, heard) {
		k.violate("words kept", "entry %d: %q was heard, its phrases say %q", n, got, heard)
	}
}

// notices is how long the gateway may take to find that somebody speaks: 80 ms
// of it, a frame, and both ways of the line.
const notices = 80*time.Millisecond + 20*time.Millisecond + 50*time.Millisecond

// silences is how long the caller may have to talk over the agent.
const silences = 300 * time.Millisecond

// silent: the agent falls silent when the caller speaks. Only an apology is
// said whatever the caller does.
func (k *checker) silent(s *stream) {
	for _, h := range s.Heard() {
		text, _, ok := agenttest.Decode(&h.Frame)
		for _, sp := range s.speech {
			if ok && !s.apologises(text) && h.At > sp.from+silences && h.At < sp.to {
				k.violate("falls silent", "stream %d: the agent still speaks at %v, the caller has since %v", s.epoch, h.At, sp.from)
				return
			}
		}
	}
}

// turns: no reply starts while the caller speaks, except an apology.
func (k *checker) turns(s *stream) {
	why := map[int]string{}
	for _, e := range k.entries {
		if p, ok := e.Event.(agentcore.Planned); ok {
			why[p.Reply] = p.Why
		}
	}
	for _, st := range s.starts {
		for _, sp := range s.speech {
			if why[st.reply] != "apology" && st.at > sp.from+notices && st.at < sp.to {
				k.violate("one speaks", "stream %d: reply %d starts at %v, the caller speaks from %v to %v", s.epoch, st.reply, st.at, sp.from, sp.to)
			}
		}
	}
}

// notice counts what the sweep must have seen.
func (k *checker) notice() {
	opened := 0
	for _, e := range k.entries {
		switch ev := e.Event.(type) {
		case agentcore.Opened:
			if opened++; opened == 2 {
				k.w.saw("resumed call")
			}
		case agentcore.TalkOver:
			k.w.saw("talk-over")
		case agentcore.Lost:
			k.w.saw("lost line")
		case agentcore.Planned:
			k.w.saw("reply: " + ev.Why)
		case agentcore.Ended:
			k.w.saw("end: " + string(ev.Reason))
		}
	}
}
