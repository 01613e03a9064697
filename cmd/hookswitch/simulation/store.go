package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// records is a database behind the port. What happens, happens at once and
// whole: nobody is cancelled in the middle of a commit.
type records struct {
	dispatch.Calls
	w    *world
	node *node // through whose port; nil: there is one process, and it lives
}

func (r records) do(ctx context.Context, call int, op string, effect func(context.Context) error) error {
	once := func() error { return effect(context.WithoutCancel(ctx)) }
	if r.node != nil {
		return r.node.do(ctx, call, op, once)
	}
	_, err := r.w.through(ctx, call, op, once)
	return err
}

// byName is [world.named] for the id of a dispatch.
func (w *world) byName(id string) int { return w.named(telephony.CallID(id)) }

// named is the number of a call, by any of its names.
func (w *world) named(id telephony.CallID) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ids[id]
}

// name keeps that id is a name of a call.
func (w *world) name(id string, call int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids[telephony.CallID(id)] = call
}

// numbered reads a call's number off its carrier's id, or its phone number.
func numbered(name string) int {
	n, _ := strconv.Atoi(strings.TrimLeft(name, "CA+"))
	return n % 100
}

func (r records) Create(ctx context.Context, c dispatch.Record) (on dispatch.Record, created bool, err error) {
	call := numbered(string(c.From))
	if c.Direction == telephony.Outbound {
		call = numbered(string(c.To))
	}
	r.w.name(string(c.ID), call)
	err = r.do(ctx, call, "store.create", func(ctx context.Context) (err error) {
		on, created, err = r.Calls.Create(ctx, c)
		return err
	})
	return on, created, err
}

func (r records) Call(ctx context.Context, id telephony.CallID) (c dispatch.Record, err error) {
	err = r.do(ctx, r.w.named(id), "store.find", func(ctx context.Context) (err error) {
		c, err = r.Calls.Call(ctx, id)
		return err
	})
	return c, err
}

func (r records) CallByCarrier(ctx context.Context, id string) (c dispatch.Record, err error) {
	err = r.do(ctx, numbered(id), "store.find", func(ctx context.Context) (err error) {
		c, err = r.Calls.CallByCarrier(ctx, id)
		return err
	})
	return c, err
}

func (r records) SetCarrier(ctx context.Context, id telephony.CallID, carrierID string) error {
	return r.do(ctx, r.w.named(id), "store.carrier", func(ctx context.Context) error {
		return r.Calls.SetCarrier(ctx, id, carrierID)
	})
}

func (r records) SetDialled(ctx context.Context, id telephony.CallID, now time.Time) error {
	return r.do(ctx, r.w.named(id), "store.dialled", func(ctx context.Context) error {
		return r.Calls.SetDialled(ctx, id, now)
	})
}

func (r records) SetPrepared(ctx context.Context, id telephony.CallID, variables string, now time.Time) error {
	return r.do(ctx, r.w.named(id), "store.prepared", func(ctx context.Context) error {
		return r.Calls.SetPrepared(ctx, id, variables, now)
	})
}

func (r records) Raise(ctx context.Context, id telephony.CallID, epoch int, node string) (now int, err error) {
	err = r.do(ctx, r.w.named(id), "store.raise", func(ctx context.Context) (err error) {
		now, err = r.Calls.Raise(ctx, id, epoch, node)
		return err
	})
	return now, err
}

func (r records) Admit(ctx context.Context, id telephony.CallID, epoch int, node string, now time.Time) error {
	return r.do(ctx, r.w.named(id), "store.admit", func(ctx context.Context) error {
		return r.Calls.Admit(ctx, id, epoch, node, now)
	})
}

func (r records) Progress(ctx context.Context, id telephony.CallID, s telephony.State, sequence, sip int, now time.Time) (applied bool, err error) {
	err = r.do(ctx, r.w.named(id), "store.progress", func(ctx context.Context) (err error) {
		applied, err = r.Calls.Progress(ctx, id, s, sequence, sip, now)
		return err
	})
	return applied, err
}

func (r records) Append(ctx context.Context, id telephony.CallID, epoch int, entries []agentcore.Entry) error {
	call := r.w.named(id)
	if r.w.isDead(call, epoch) {
		return errDead
	}
	return r.do(ctx, call, "journal.append", func(ctx context.Context) error {
		err := r.Calls.Append(ctx, id, epoch, entries)
		if err == nil {
			r.w.committed(call, epoch, entries)
		}
		return err
	})
}

func (r records) End(ctx context.Context, id telephony.CallID, epoch int, reason telephony.EndReason, now time.Time) (e agentcore.Entry, first bool, err error) {
	call := r.w.named(id)
	err = r.do(ctx, call, "store.end", func(ctx context.Context) (err error) {
		e, first, err = r.Calls.End(ctx, id, epoch, reason, now)
		if first {
			r.w.committed(call, 0, []agentcore.Entry{e})
		}
		return err
	})
	return e, first, err
}

func (r records) Journal(ctx context.Context, id telephony.CallID, after int) (all []agentcore.Entry, err error) {
	err = r.do(ctx, r.w.named(id), "store.journal", func(ctx context.Context) (err error) {
		all, err = r.Calls.Journal(ctx, id, after)
		return err
	})
	return all, err
}

func (r records) Unended(ctx context.Context, node string, since time.Time) (all []dispatch.Record, err error) {
	err = r.do(ctx, 0, "store.unended", func(ctx context.Context) (err error) {
		all, err = r.Calls.Unended(ctx, node, since)
		return err
	})
	return all, err
}

// committed takes note of entries that are in the journal from now on.
func (w *world) committed(call, epoch int, entries []agentcore.Entry) {
	for _, e := range entries {
		text, _ := json.Marshal(e)
		w.trace(fmt.Sprintf("%02d journal", call), "entry %03d %s", e.N, text)
	}
	s := w.stream(call)
	if s == nil || s.epoch != epoch {
		return
	}
	for _, e := range entries {
		s.committed(e)
	}
}
