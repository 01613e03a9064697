package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// noWay turns down a new call that leads nowhere, or for which there is no room,
// as full says. Its record says so already.
func (d *Desk) noWay(ctx context.Context, r Record, route Route, full error) telephony.Step {
	if r.Reason == telephony.Refused {
		d.refused(full)
		d.cfg.Log.Info("call refused", "call", r.ID, "reason", full)
	} else {
		d.cfg.Counter.CallRefused(string(r.Reason))
		d.cfg.Log.Info("call refused", "call", r.ID, "reason", r.Reason, "why", r.Why)
	}
	entries, err := d.cfg.Calls.Journal(ctx, r.ID, 0)
	if err != nil {
		d.cfg.Log.Warn("nobody is told that a call was refused", "call", r.ID, "error", err)
	}
	for _, e := range entries {
		d.cfg.Watch(r.ID, e)
	}
	if r.Reason == telephony.Refused {
		return telephony.Step{Kind: telephony.StepRefuse}
	}
	return apology(r, route)
}

// notTaken is what a caller hears who was refused before, by a route that has
// changed since.
const notTaken = "We are sorry, your call can not be taken. Goodbye."

// apology is what the caller of r hears, whom nobody can answer.
func apology(r Record, route Route) telephony.Step {
	say := notTaken
	if route.Refuse == r.Reason && route.Say != "" {
		say = route.Say
	}
	return telephony.Step{Kind: telephony.StepApologise, Say: say}
}

// refuse turns a new call down, for which there was room a moment ago, and keeps
// that it did.
func (d *Desk) refuse(ctx context.Context, r Record, why error) (telephony.Step, error) {
	d.refused(why)
	e, first, err := d.cfg.Calls.End(ctx, r.ID, r.Epoch, telephony.Refused, time.Now())
	if err != nil {
		return telephony.Step{}, fmt.Errorf("dispatch: refuse: %w", err)
	}
	if first {
		d.cfg.Watch(r.ID, e)
	}
	if c := d.find(r.ID); c != nil {
		c.ended("") // Recover took it up meanwhile
	}
	d.cfg.Log.Info("call refused", "call", r.ID, "reason", why)
	return telephony.Step{Kind: telephony.StepRefuse}, nil
}

// refused counts a call for which there was no room.
func (d *Desk) refused(why error) {
	var room errNoRoom
	if errors.As(why, &room) {
		d.cfg.Counter.CallRefused(string(room))
	}
}
