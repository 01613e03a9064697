package simulation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// check holds every record against the invariants.
func (w *world) check(ctx context.Context, db *storage.DB) {
	open, err := db.Unended(ctx, "", time.Now().Add(time.Hour))
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
		w.told(ctx, db, number, r)
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

// told: who wants to know of a call that is over is told once, and who is asked
// before it, too.
func (w *world) told(ctx context.Context, db *storage.DB, number int, r dispatch.Record) {
	owed, err := db.Deliveries(ctx, webhook.Filter{Workspace: r.Workspace, Call: r.ID})
	if err != nil || len(owed) != 1 || owed[0].Webhook != r.PostCall || owed[0].Kind != roster.PostCall {
		w.violate(number, "told once", "%d deliveries, %v, want one of the post_call webhook %d", len(owed), err, r.PostCall)
	}
	if n := w.prepared[r.ID]; n > 1 {
		w.violate(number, "told once", "it was prepared %d times", n)
	}
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
	k.whoAnswered()
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
	most := longest
	if k.w.hands {
		most += 3 * patience
	}
	if lasted := k.record.Ended.Sub(k.record.Answered); !k.record.Answered.IsZero() && lasted > most {
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
