package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// process is a gateway at a switchboard, with an agent that hands its call on as
// soon as it can, once, and talks to the caller if they come back.
type process struct {
	*dispatch.Desk
	kind string
	to   person

	mu   sync.Mutex
	last telephony.CallID // the transfer that was asked for
}

// open starts a process whose records are calls, and which reaches nothing but
// calls, handed and carrier.
func (s *switchboard) start(t *testing.T, node, kind string, calls dispatch.Calls, handed dispatch.Transfers, carrier telephony.Carrier, change func(*dispatch.Config)) *process {
	t.Helper()
	p := &process{kind: kind, to: s.person}
	cfg := dispatch.Config{
		Calls: calls, Transfers: handed, Carrier: carrier, Node: node, Secret: []byte("0123456789abcdef"),
		Route: house, Talk: p.talk, Consult: p.consult,
	}
	if change != nil {
		change(&cfg)
	}
	d, err := dispatch.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Desk = d
	s.mu.Lock()
	defer s.mu.Unlock()
	s.desk = d
	return p
}

func (p *process) wish(call telephony.CallID) dispatch.TransferWish {
	return dispatch.TransferWish{
		Call: call, Key: "use/1/1", Kind: p.kind, Label: "a colleague", To: "+15550111", Ring: 20 * time.Second, Summary: "it is about a bill",
	}
}

// heard listens to a leg until it is at its end.
func heard(leg telephony.Leg, stop context.CancelCauseFunc) {
	var f media.Frame
	for {
		if _, err := leg.Next(&f); err != nil {
			stop(err)
			return
		}
	}
}

// consult asks the person.
func (p *process) consult(ctx context.Context, _ dispatch.Transfer, leg telephony.Leg) (dispatch.Consultation, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() { heard(leg, stop) })
	defer listening.Wait()
	defer func() { _ = leg.Hangup(ctx) }()
	late := time.NewTimer(p.to.thinks)
	defer late.Stop()
	select {
	case <-late.C:
		return dispatch.Consultation{Accepted: p.to.says == "", Outcome: p.to.says}, nil
	case <-ctx.Done():
		return dispatch.Consultation{}, context.Cause(ctx)
	}
}

// talk is a conversation that hands the call on after a second.
func (p *process) talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (sum agentcore.Summary, err error) {
	n, tried := len(past), false
	for _, e := range past {
		switch e.Event.(type) {
		case agentcore.ToolIntent, agentcore.TransferOver:
			tried = true
		}
	}
	write := func(e agentcore.Event) error {
		n++
		return j.Append(context.WithoutCancel(ctx), agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Sync: true, Event: e})
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() { heard(leg, stop) })
	defer listening.Wait()
	defer func() { err = errors.Join(err, leg.Hangup(ctx)) }()
	if err := write(agentcore.Opened{Epoch: call.Epoch}); err != nil {
		return sum, err
	}
	if !tried && p.kind != "" {
		left, err := p.handOn(ctx, call, write)
		if err != nil || left {
			return agentcore.Summary{Left: left, Last: n}, err
		}
	}
	news := p.News(call.ID)
	for {
		select {
		case said := <-news:
			if said.Accepted {
				time.Sleep(500 * time.Millisecond) // "They are here"
				return agentcore.Summary{Left: true, Last: n}, nil
			}
			if err := write(*said.Over); err != nil {
				return sum, err
			}
		case <-ctx.Done():
			reason, over := telephony.Over(context.Cause(ctx))
			if !over {
				return sum, write(agentcore.Lost{Epoch: call.Epoch, Cause: context.Cause(ctx).Error()})
			}
			return agentcore.Summary{End: reason, Last: n}, write(agentcore.Ended{Reason: reason})
		}
	}
}

// handOn asks for the transfer, and reports whether the agent leaves for it.
func (p *process) handOn(ctx context.Context, call telephony.Call, write func(agentcore.Event) error) (left bool, err error) {
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
		return false, nil
	}
	w := p.wish(call.ID)
	if err := write(agentcore.ToolIntent{Key: w.Key, Name: "transfer_to_number"}); err != nil {
		return false, err
	}
	t, err := p.Transfer(ctx, w)
	p.mu.Lock()
	p.last = t.ID
	p.mu.Unlock()
	result := agentcore.ToolResult{Key: w.Key, Failed: err != nil || t.Over(), Leave: err == nil && t.Kind == dispatch.Blind}
	if err != nil {
		result.Text = err.Error()
	}
	if err := write(result); err != nil || result.Failed {
		return false, err
	}
	if err := write(agentcore.TransferBegan{Transfer: string(t.ID), To: t.Label, How: t.Kind}); err != nil {
		return false, err
	}
	time.Sleep(500 * time.Millisecond) // "I'll connect you"
	return result.Leave, nil
}

// saysNoMore are reasons that are an outcome in other words.
var saysNoMore = []string{"they talked", "the line was busy", "nobody answered", "a machine answered", "somebody answered and said nothing"}

// journalled checks what a call's journal tells of its transfers, and returns the
// outcome of the last; empty when it tells of none.
func journalled(t *testing.T, db dispatch.Calls, id telephony.CallID) (outcome string, err error) {
	t.Helper()
	entries, err := db.Journal(t.Context(), id, 0)
	if err != nil {
		return "", err
	}
	told, ends := map[string]bool{}, 0
	for i, e := range entries {
		if e.N != i+1 {
			err = fmt.Errorf("entry %d has number %d", i+1, e.N)
		}
		switch ev := e.Event.(type) {
		case agentcore.TransferOver:
			if told[ev.Transfer] {
				err = fmt.Errorf("the journal tells twice of %s", ev.Transfer)
			}
			told[ev.Transfer], outcome = true, ev.Outcome
			if slices.Contains(saysNoMore, ev.Reason) {
				err = fmt.Errorf("the journal tells twice that it is %s: %s", ev.Outcome, ev.Reason)
			}
		case agentcore.Ended:
			ends++
		}
	}
	if err == nil && ends != 1 {
		err = fmt.Errorf("%d ends in the journal", ends)
	}
	return outcome, err
}
