package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// checkLater holds every errand and every call against the invariants.
func (l *later) checkLater(ctx context.Context) {
	all := map[string]agenda.Errand{}
	for _, workspace := range []string{home, second} {
		on, _, err := l.store.Errands(ctx, workspace, agenda.Filter{}, "", 1000)
		if err != nil {
			l.violate(0, "none lost", "%v", err)
		}
		for _, e := range on {
			all[e.ID] = e
			(&series{later: l, e: e}).check(ctx)
		}
	}
	for _, w := range l.wants {
		if _, is := all[w.id]; w.id != "" && !is {
			l.violate(w.number, "none lost", "%s was booked, and there is no such errand", w.id)
		}
		if w.cancelled != nil {
			l.checkCancelled(w.number, w.cancelled.at, w.cancelled.on)
		}
	}
	for _, f := range l.files {
		for _, e := range f.rowsThen {
			l.checkCancelled(numbered(e.To), f.gone.at, e)
		}
	}
	l.checkFiles(ctx)
	l.checkCalls(ctx)
}

// checkCancelled: what was cancelled does not ring any more, save for the attempt
// that went on.
func (l *later) checkCancelled(number int, at time.Time, on agenda.Errand) {
	for _, r := range l.net.rings {
		mine := agenda.Errand{ID: on.ID}.CallOf
		for attempt := 1; attempt <= 20; attempt++ {
			if r.call != mine(attempt) || !r.at.After(at) {
				continue
			}
			if goesOn := on.Status == agenda.Placing || on.Status == agenda.Live; !goesOn || r.call != on.Call {
				l.violate(number, "cancelled is not rung", "%s was %s (%s) when it was cancelled at %v, %s rings at %v",
					on.ID, on.Status, on.Code, at.Sub(l.began), r.call, r.at.Sub(l.began))
			}
		}
	}
}

// checkFiles: every batch is over.
func (l *later) checkFiles(ctx context.Context) {
	for _, workspace := range []string{home, second} {
		all, _, err := l.store.Batches(ctx, workspace, "", 100)
		if err != nil {
			l.violate(0, "none lost", "%v", err)
		}
		for _, b := range all {
			l.saw("batch " + b.Status)
			switch b.Status {
			case agenda.BatchCompleted, agenda.BatchCancelled, agenda.BatchFailed:
			default:
				l.violate(0, "none lost", "%s is %s in the end", b.ID, b.Status)
			}
		}
	}
}

// checkCalls: each call is over, once; one that is said never to have been placed
// was not.
func (l *later) checkCalls(ctx context.Context) {
	rang := map[telephony.CallID]bool{}
	for _, r := range l.net.rings {
		rang[r.call] = true
		if !r.isOver() {
			l.violate(r.number, "let go", "the carrier still has %s", r.id)
		}
	}
	l.mu.Lock()
	ids := map[telephony.CallID]int{}
	for id, number := range l.ids {
		ids[id] = number
	}
	l.mu.Unlock()
	for id, number := range ids {
		r, err := l.db.Call(ctx, id)
		if errors.Is(err, dispatch.ErrNotFound) {
			continue
		}
		entries, failed := l.db.Journal(ctx, id, 0)
		if err := errors.Join(err, failed); err != nil {
			l.violate(number, "record whole", "%v", err)
			continue
		}
		k := &checker{w: l.world, number: number, record: r, entries: entries}
		k.ends()
		k.whole()
		k.notice()
		if r.Unplaced() && rang[id] {
			l.violate(number, "never placed", "%s says that it never was (%s), and rang", id, r.Why)
		}
	}
}

// series is an errand and its attempts.
type series struct {
	*later
	e     agenda.Errand
	calls []dispatch.Record // of its attempts, from the first
	rings []*ring           // those of them that rang
	most  int               // callbacks
}

func (s *series) violate(invariant, format string, args ...any) {
	s.world.violate(numbered(s.e.To), invariant, "%s (%s, %q, attempt %d, %d lost): %s",
		s.e.ID, s.e.Status, s.e.Code, s.e.Attempt, s.e.Options.Lost, fmt.Sprintf(format, args...))
}

func (s *series) check(ctx context.Context) {
	if !agenda.Over(s.e.Status) {
		s.violate("none lost", "it is not over")
		return
	}
	for attempt := 1; attempt <= s.e.Attempt; attempt++ {
		r, err := s.db.Call(ctx, s.e.CallOf(attempt))
		if errors.Is(err, dispatch.ErrNotFound) && attempt == s.e.Attempt && s.e.Status == agenda.Refused {
			break // it was not allowed
		}
		if err != nil {
			s.violate("attempts are calls", "attempt %d: %v", attempt, err)
			return
		}
		s.calls = append(s.calls, r)
	}
	if s.e.Options.Retry != nil {
		s.most = s.e.Options.Retry.Max
	} else if s.e.AgentUUID == insistent {
		s.most = insists.Max
	}
	s.rang()
	s.counts()
	s.agrees()
}

// rang: not before its time, not more often than may be, and not after somebody
// was reached.
func (s *series) rang() {
	var last *ring
	for attempt := 1; attempt <= 20; attempt++ {
		for _, r := range s.net.rings {
			if r.call != s.e.CallOf(attempt) || r.inbound {
				continue
			}
			s.rings = append(s.rings, r)
			if r.at.Before(s.e.Asked) {
				s.violate("in time", "it rang at %v, and is for %v", r.at.Sub(s.began), s.e.Asked.Sub(s.began))
			}
			if last != nil && r.at.Before(last.standing().Ended.Add(time.Hour-time.Minute)) {
				s.violate("in time", "%s rang at %v, the one before ended at %v", r.call, r.at.Sub(s.began), last.standing().Ended.Sub(s.began))
			}
			if last != nil && last.talked && s.calls[0].Ended.Before(r.at) {
				s.violate("a human ends it", "somebody talked on %s, and %s rang", last.call, r.call)
			}
			if last != nil {
				s.saw("series went on")
			}
			last = r
		}
	}
	if len(s.rings) > 1+s.most {
		s.violate("rings at most", "it rang %d times, want %d at most", len(s.rings), 1+s.most)
	}
}

// lostMost is how many attempts are made again because nobody was asked for them.
const lostMost = 3

// counts: an attempt of which nobody was asked does not count, and nobody gives up
// before every other was made.
func (s *series) counts() {
	lost := 0
	for _, r := range s.calls {
		if r.Unplaced() {
			lost++
		}
	}
	if s.e.Options.Lost > lost {
		s.violate("never placed", "of its attempts %d were", lost)
	}
	final := map[string]bool{agenda.CodeSeriesOpen: true, string(telephony.Canceled): true, string(telephony.OperatorHangup): true, string(telephony.Refused): true}
	made := s.e.Attempt - min(lost, lostMost)
	if s.e.Status == agenda.Failed && !final[s.e.Code] && made != 1+s.most {
		s.violate("every attempt is made", "%d were made, %d more were never placed, want %d", made, lost, 1+s.most)
	}
}

// agrees: the errand says what its last call says.
func (s *series) agrees() {
	if len(s.calls) == 0 {
		if s.e.Status == agenda.Done || s.e.Status == agenda.Failed {
			s.violate("agrees with its calls", "there was no attempt")
		}
		return
	}
	r := s.calls[len(s.calls)-1]
	if !r.Over() {
		s.violate("agrees with its calls", "its last call goes on")
	}
	switch s.e.Status {
	case agenda.Done:
		if s.e.Code != agenda.CodeReached && s.e.Code != agenda.CodeCalledIn && s.e.Code != string(r.Reason) {
			s.violate("agrees with its calls", "its last call ended for %q", r.Reason)
		}
	case agenda.Failed:
		if last := len(s.rings) - 1; last >= 0 && s.rings[last].talked && s.e.Code != agenda.CodeSeriesOpen {
			s.violate("agrees with its calls", "somebody talked on %s", s.rings[last].call)
		}
	}
	if s.e.Call != s.e.CallOf(s.e.Attempt) {
		s.violate("agrees with its calls", "its call is %s", s.e.Call)
	}
}
