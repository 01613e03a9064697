package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// newsKept is how many news may wait for a conversation. There are two of a
// transfer, and one transfer at a time; and one of who answered.
const newsKept = 8

// teller passes news to the conversation on one line, each once. What comes
// before the conversation's past was read waits until it is known whether that
// tells of it.
type teller struct {
	to chan agentcore.News

	mu      sync.Mutex
	ready   bool
	waiting []agentcore.News
	told    map[string]bool
}

func newTeller() *teller {
	return &teller{to: make(chan agentcore.News, newsKept), told: map[string]bool{}}
}

// topic is what a piece of news is told under, once.
func topic(n agentcore.News) string {
	switch {
	case n.Answerer != "":
		return "answerer"
	case n.Accepted:
		return n.Transfer + " accepted"
	}
	return n.Transfer
}

// tell passes n on, unless that was done. It reports false when there is no room.
func (t *teller) tell(n agentcore.News) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready {
		t.waiting = append(t.waiting, n)
		return true
	}
	return t.pass(n)
}

func (t *teller) pass(n agentcore.News) bool {
	if t.told[topic(n)] {
		return true
	}
	select {
	case t.to <- n:
		t.told[topic(n)] = true
		return true
	default:
		return false
	}
}

// begin passes on what waits, save what past tells.
func (t *teller) begin(past []agentcore.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range past {
		if ev, is := e.Event.(agentcore.TransferOver); is {
			t.told[ev.Transfer] = true
		}
	}
	t.ready = true
	for _, n := range t.waiting {
		t.pass(n)
	}
	t.waiting = nil
}

// News is what becomes of the transfers of a call while its agent stays, and the
// carrier's word on who answered: for the conversation that talks on it now, whose
// Talk asks for it. Each is told once, those before it began, too, unless its past
// tells of them; the carrier's word may be in the record that it read, as well.
// Nil when nobody talks on the call here.
func (d *Desk) News(call telephony.CallID) <-chan agentcore.News {
	if c := d.find(call); c != nil {
		if l := c.look().line; l != nil {
			return l.news.to
		}
	}
	return nil
}

// tell tells the call's conversation, if one is here, how t stands.
func (d *Desk) tell(t Transfer) {
	c := d.find(t.Call)
	if c == nil {
		return
	}
	l := c.look().line
	if l == nil {
		return // who talks next finds out by itself: catchUp, or the journal
	}
	n := agentcore.News{Transfer: string(t.ID)}
	switch {
	case t.Over():
		over := t.event()
		n.Over = &over
	case t.Status == TransferAccepted:
		n.Accepted = true
	default:
		return
	}
	if !l.news.tell(n) {
		d.cfg.Log.Warn("a conversation does not hear what became of its transfer", "call", t.Call, "transfer", t.ID)
	}
}

// catchUp tells a conversation that takes a call up what happened while nobody
// talked. A blind transfer for which the agent had not left is given up: the
// caller is with the agent again.
func (d *Desk) catchUp(ctx context.Context, call telephony.CallID, l *line, past []agentcore.Entry) error {
	all, err := d.transfersOf(ctx, call)
	if err != nil {
		return err
	}
	l.news.begin(past)
	if t := newest(all); t.ID != "" && !t.Over() {
		if t.Status == TransferAsked {
			t, err = d.move(ctx, t, []string{TransferAsked}, TransferChange{
				Status: TransferOver, Outcome: OutcomeCanceled, Reason: "the line was lost before the call was handed over", Ended: time.Now(),
			})
			if err != nil {
				return err
			}
			all[len(all)-1] = t
		}
		d.attend(t)
		d.tell(t)
	}
	for _, t := range untold(all, past) {
		d.tell(t)
	}
	return nil
}
