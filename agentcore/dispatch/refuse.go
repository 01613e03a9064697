package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
		return d.elsewhere(r)
	}
	return apology(r, route)
}

// overflowed on a record says that its caller was sent to the overflow number.
const overflowed = ": connected to the overflow number"

// whyRefused is what the record says of a call to a number, for which there is no
// room. Who calls the overflow number is here because we, or another full node,
// sent them there: to do it again would lead in a circle, a new call each time.
func (d *Desk) whyRefused(full error, to telephony.Number) string {
	why := "full: as many calls go on as may"
	switch {
	case errors.Is(full, ErrDraining):
		why = "draining: the gateway is going down"
	case errors.Is(full, ErrOverloaded):
		why = "overload: " + reasonOfRefusal(full)
	}
	if d.cfg.Overflow != "" && to != d.cfg.Overflow {
		why += overflowed
	}
	return why
}

// Bounds of a call that is sent to the overflow number: nobody here is in it.
const (
	overflowRing = 30 * time.Second
	overflowLast = 4 * time.Hour
)

// elsewhere is what the caller of r does, for whom there was no room: the same
// each time that the carrier asks, but see refuse. With what it sends them nobody is told how they
// fare: the record of the call is over.
func (d *Desk) elsewhere(r Record) telephony.Step {
	if d.cfg.Overflow == "" || !strings.HasSuffix(r.Why, overflowed) {
		return telephony.Step{Kind: telephony.StepRefuse}
	}
	return telephony.Step{Kind: telephony.StepDial, Dial: telephony.Dial{
		To: d.cfg.Overflow, RingTimeout: overflowRing, TimeLimit: overflowLast,
	}}
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
// that it did; where the caller goes it does not: should the carrier ask again,
// they hear busy.
func (d *Desk) refuse(ctx context.Context, r Record, why error) (telephony.Step, error) {
	e, first, err := d.cfg.Calls.End(ctx, r.ID, r.Epoch, telephony.Refused, time.Now())
	if err != nil {
		d.cfg.Counter.CallTaken(string(r.Direction)) // it is on, by its record: the carrier asks again, and gets it
		return telephony.Step{}, fmt.Errorf("dispatch: refuse: %w", err)
	}
	d.refused(why)
	if first {
		d.cfg.Watch(r.ID, e)
	}
	if c := d.find(r.ID); c != nil {
		c.ended("") // Recover took it up meanwhile
	}
	d.cfg.Log.Info("call refused", "call", r.ID, "reason", why)
	r.Why = d.whyRefused(why, r.To)
	return d.elsewhere(r), nil
}

// refused counts a call for which there was no room.
func (d *Desk) refused(why error) {
	if reason := reasonOfRefusal(why); reason != "" {
		d.cfg.Counter.CallRefused(reason)
	}
}

// reasonOfRefusal is why there was no room; empty: that was not why.
func reasonOfRefusal(err error) string {
	var room errNoRoom
	if errors.As(err, &room) {
		return string(room)
	}
	return ""
}
