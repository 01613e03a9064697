package agenda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Over is the worker of [JobFollowUp]: a call is over. When somebody was
// reached, its errand is done, and every series of the agent to that number; so
// it is when they called and the agent answered. Else the errand, or the call of
// an agent with a smart callback, is due again, or has failed.
func (c *Clerk) Over(ctx context.Context, callID string) (again time.Duration, err error) {
	r, err := c.cfg.Calls.Call(ctx, telephony.CallID(callID))
	switch {
	case errors.Is(err, dispatch.ErrNotFound):
		return 0, nil
	case err == nil && !r.Over():
		return poll, nil
	case err == nil:
		err = c.followUp(ctx, r)
	}
	if err != nil {
		return 0, fmt.Errorf("agenda: follow up: %w", err)
	}
	return 0, nil
}

func (c *Clerk) followUp(ctx context.Context, r dispatch.Record) error {
	if reached(r) {
		return c.reached(ctx, r)
	}
	if r.Direction != telephony.Outbound {
		return nil
	}
	e, err := c.cfg.Store.ErrandOfCall(ctx, r.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return c.missedAlone(ctx, r)
	case err != nil:
		return err
	case r.Unplaced() && e.Options.Lost < maxLost && !mutant("clerk-forgets-lost"):
		return c.lost(ctx, e)
	}
	return c.missed(ctx, e, missOf(r))
}

// reached ends what was to reach whom r reached.
func (c *Clerk) reached(ctx context.Context, r dispatch.Record) error {
	contact, code := r.To, CodeReached
	if r.Direction == telephony.Inbound {
		contact, code = r.From, CodeCalledIn
	}
	e, err := c.cfg.Store.ErrandOfCall(ctx, r.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if r.AgentUUID != "" && contact != telephony.Withheld && contact != "" {
		if err := c.endSeries(ctx, r, string(contact), e.ID, code); err != nil {
			return err
		}
	}
	if e.ID == "" {
		return nil
	}
	return c.move(ctx, e, func(e *Errand) { e.Status, e.Code, e.Why = Done, string(r.Reason), "" })
}

// endSeries ends the series that wait, and sees to it that those whose attempt
// goes on at this moment have no further one.
func (c *Clerk) endSeries(ctx context.Context, r dispatch.Record, contact, except, code string) error {
	if _, err := c.cfg.Store.EndSeries(ctx, r.Workspace, r.AgentUUID, contact, except, code, clock()); err != nil {
		return err
	}
	// A number is called once at a time: there is one at most, or what another
	// node begins meanwhile.
	const most = 10
	on, _, err := c.cfg.Store.Errands(ctx, r.Workspace, Filter{
		Kind: Call, AgentUUID: r.AgentUUID, To: contact, Statuses: []string{Placing, Live},
	}, "", most)
	errs := []error{err}
	for _, e := range on {
		if e.ID == except {
			continue
		}
		_, err := c.change(ctx, e, func(now *Errand) bool {
			now.Code, now.Why = code, ""
			return sameAttempt(*now, e) && !ends(e.Code)
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// miss is an attempt that reached nobody.
type miss struct {
	reason  string // of its end
	why     string // for people
	ended   time.Time
	version int  // of the agent; 0: its newest
	final   bool // nobody calls again
}

func missOf(r dispatch.Record) miss {
	m := miss{reason: string(r.Reason), ended: r.Ended, version: r.Version, final: final(r.Reason)}
	switch {
	case machine(r):
		m.reason, m.why = string(telephony.Voicemail), "A machine answered."
	case r.Reason == telephony.NoAnswer:
		m.why = "Nobody answered."
	case r.Reason == telephony.Busy:
		m.why = "The line was busy."
	default:
		m.why = "The call failed."
	}
	return m
}

// missed is what follows an attempt of e that reached nobody: another, or the
// end.
func (c *Clerk) missed(ctx context.Context, e Errand, m miss) error {
	again, due, err := c.callback(ctx, e, m)
	if err != nil {
		return err
	}
	err = c.move(ctx, e, func(e *Errand) {
		switch {
		case e.Code == CodeCancelled:
			e.Status = Cancelled
		case ends(e.Code):
			e.Status = Done
		case again:
			e.Status, e.Code, e.Why, e.Due = Scheduled, m.reason, m.why, due
		default:
			e.Status, e.Code, e.Why = Failed, m.reason, m.why
		}
	})
	if errors.Is(err, ErrSeriesOpen) {
		return c.move(ctx, e, func(e *Errand) { *e = seriesOpen(*e) })
	}
	return err
}

// callback is when e is called again after m, if it is.
func (c *Clerk) callback(ctx context.Context, e Errand, m miss) (again bool, due time.Time, err error) {
	if m.final || e.Kind != Call {
		return false, time.Time{}, nil
	}
	retry := e.Options.Retry
	if retry == nil {
		if retry, err = c.cfg.Retry(ctx, e.Workspace, e.AgentUUID, m.version); err != nil || retry == nil {
			return false, time.Time{}, err
		}
	}
	if err := retry.Validate(); err != nil {
		c.cfg.Log.Warn("an errand's callbacks make no sense, there are none", "errand", e.ID, "error", err)
		return false, time.Time{}, nil
	}
	zone := c.cfg.Zone(e.To)
	if zone == nil {
		zone = time.UTC
	}
	due, again = retry.after(e.Called(), m.ended, zone)
	return again, due, nil
}

// missedAlone begins the series of a call that no errand asked for, if its agent
// calls back. A call that was an errand's once is none of these; nor is one that
// was never placed, which whoever asked for it was told.
func (c *Clerk) missedAlone(ctx context.Context, r dispatch.Record) error {
	first, _, _ := strings.Cut(strings.TrimPrefix(string(r.ID), "call_"), "_")
	_, err := c.cfg.Store.Errand(ctx, "", "call_"+first)
	if !errors.Is(err, ErrNotFound) || r.Unplaced() || r.AgentUUID == "" {
		return ignore(err, ErrNotFound)
	}
	m, now := missOf(r), clock()
	e := Errand{
		ID: string(r.ID), Workspace: r.Workspace, Kind: Call, Source: FromCallback,
		AgentUUID: r.AgentUUID, Agent: r.Agent, From: string(r.From), To: string(r.To),
		Variables: r.Variables, Metadata: "{}", Options: Options{Chat: r.Chat, Consent: consentOf(r)},
		Status: Scheduled, Code: m.reason, Why: m.why, Attempt: 1, Call: r.ID, Created: now, Updated: now,
	}
	again, due, err := c.callback(ctx, e, m)
	if err != nil || !again {
		return err
	}
	e.Due = due
	_, _, err = c.cfg.Store.CreateErrand(ctx, e)
	return ignore(err, ErrSeriesOpen)
}

// consentOf is how whom r called had agreed to it: that holds for the callback,
// too. It may pass over no hours, which were those of that moment.
func consentOf(r dispatch.Record) string {
	var p dialplan.Proof
	if json.Unmarshal([]byte(r.Proof), &p) != nil { // there was nothing to check
		return ""
	}
	return p.Consent
}

// lost makes the attempt of e again, under another id: nobody was asked for it,
// so it does not count.
func (c *Clerk) lost(ctx context.Context, e Errand) error {
	again := false
	err := c.move(ctx, e, func(e *Errand) {
		again = !ends(e.Code)
		switch {
		case again:
			e.Status, e.Code, e.Why, e.Due = Ready, CodeLost, "A process stopped before it placed the call.", clock()
			e.Options.Lost++
		case e.Code == CodeCancelled:
			e.Status = Cancelled
		default:
			e.Status = Done
		}
	})
	if err == nil && again {
		c.cfg.Counter.ErrandLost()
		c.Poke()
	}
	return err
}

func ignore(err, this error) error {
	if errors.Is(err, this) {
		return nil
	}
	return err
}
