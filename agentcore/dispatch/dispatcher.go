package dispatch

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Dispatch lets an agent talk. With a number it places a call: the row comes
// before the request, so that no call is placed of which nothing is known, and
// the carrier is asked once. Without, it opens a session that waits for a call:
// the next that comes in for the agent takes it, or a stream that names it.
//
// A key that came before, with the same request, gives what is on record, and
// true; nothing is done again, whatever became of the first, which is waited for
// while it goes on here. So does a wish whose Call is on record, for ever. The
// errors are [ErrIdemMismatch], [ErrNoCarrier], [ErrDraining], [ErrFull],
// [ErrOverloaded], a *[CappedError] and what Config.Permit says, which leave nothing behind, and a
// *[PlaceError], with the dispatch as it was recorded.
func (d *Desk) Dispatch(ctx context.Context, w Wish) (on Dispatch, replayed bool, err error) {
	on, replayed, err = d.grant(ctx, w)
	d.cfg.Counter.Dispatched(outcomeOfWish(on, replayed, err))
	return on, replayed, err
}

// outcomeOfWish is what came of a wish, as it is counted.
func outcomeOfWish(on Dispatch, replayed bool, err error) string {
	var place *PlaceError
	var capped *CappedError
	switch {
	case err == nil && replayed:
		return "repeated"
	case err == nil && on.Call == "":
		return "session"
	case err == nil:
		return "placed"
	case reasonOfRefusal(err) != "":
		return reasonOfRefusal(err)
	case errors.As(err, &capped):
		return capped.By + "_full"
	case errors.As(err, &place):
		return "not_placed"
	case errors.Is(err, ErrIdemMismatch):
		return "mismatch"
	case errors.Is(err, ErrNoCarrier):
		return "no_carrier"
	case errors.As(err, &notPermitted{}):
		return "not_permitted"
	}
	return "failed"
}

// grant does what w asks for.
func (d *Desk) grant(ctx context.Context, w Wish) (on Dispatch, replayed bool, err error) {
	if w.Workspace == "" {
		return Dispatch{}, false, errors.New("dispatch: a wish belongs to a workspace")
	}
	if mutant("key-forgotten") {
		w.IdemKey = ""
	}
	now := time.Now()
	if w.Call != "" {
		done, err := d.oneAtATime(ctx, "wish of "+string(w.Call))
		if err != nil {
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
		}
		defer done()
		on, err := d.cfg.Calls.DispatchOfCall(ctx, w.Call)
		switch {
		case err == nil:
			return d.replay(ctx, on)
		case !errors.Is(err, ErrNotFound):
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
		}
	}
	if w.IdemKey != "" {
		on, err := d.cfg.Calls.DispatchByKey(ctx, w.Workspace, w.IdemKey, now)
		switch {
		case err == nil && on.IdemHash != w.IdemHash:
			return Dispatch{}, false, ErrIdemMismatch
		case err == nil:
			return d.replay(ctx, on)
		case !errors.Is(err, ErrNotFound):
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
		}
	}
	switch {
	case w.To == "":
		return d.open(ctx, w, now)
	case w.From == "": // who repeats a request may leave it out
		return Dispatch{}, false, errors.New("dispatch: a call is placed from a number")
	}
	return d.call(ctx, w, now)
}

// dispatched is the dispatch that w asks for.
func (d *Desk) dispatched(w Wish, now time.Time) Dispatch {
	return Dispatch{
		ID: "disp_" + strings.ToLower(rand.Text()), Workspace: w.Workspace,
		AgentUUID: w.AgentUUID, Version: w.Version, Agent: w.Agent, PreCall: w.PreCall, PostCall: w.PostCall,
		Conversation: newConversation(), Session: newSession(), Variables: cmp.Or(w.Variables, "{}"),
		IdemKey: w.IdemKey, IdemHash: w.IdemHash, Status: DispatchWaiting,
		Created: now, Expires: now.Add(d.cfg.SessionWait), Caps: w.Caps, Room: w.Room,
	}
}

// open keeps a session.
func (d *Desk) open(ctx context.Context, w Wish, now time.Time) (Dispatch, bool, error) {
	on, created, err := d.cfg.Calls.CreateDispatch(ctx, d.dispatched(w, now), nil)
	switch {
	case err != nil:
		return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
	case !created:
		return d.replay(ctx, on)
	}
	return on, false, nil
}

// replay answers a repeat with what is on record.
func (d *Desk) replay(ctx context.Context, on Dispatch) (Dispatch, bool, error) {
	if done := d.isPlacing(on.ID); done != nil {
		late := time.NewTimer(placeWait)
		defer late.Stop()
		select {
		case <-done:
		case <-late.C:
			return on, true, nil
		case <-ctx.Done():
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", ctx.Err())
		}
		var err error
		if on, err = d.cfg.Calls.Dispatched(ctx, on.ID); err != nil {
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
		}
	}
	switch {
	case on.Status == DispatchWaiting && !on.Expires.After(time.Now()):
		on.Status = DispatchExpired
	case on.Status == DispatchPlacing: // a process died in the middle, or another one is at it
		r, err := d.cfg.Calls.Call(ctx, on.Call)
		if err != nil {
			return Dispatch{}, false, fmt.Errorf("dispatch: %w", err)
		}
		if r.Over() {
			on.Status, on.Error = DispatchFailed, cmp.Or(r.Why, "the gateway stopped while it placed the call")
		}
	}
	return on, true, nil
}

const (
	sessionPrefix = "sess-"
	sessionLength = len(sessionPrefix) + 32
)

// newSession draws the id of a session, which also is the token of a stream.
func newSession() string {
	var b [16]byte
	rand.Read(b[:])
	return sessionPrefix + hex.EncodeToString(b[:])
}

// isSession reports whether token looks like the id of a session.
func isSession(token string) bool {
	return len(token) == sessionLength && strings.HasPrefix(token, sessionPrefix)
}

// newConversation draws the name of a conversation.
func newConversation() string { return "conv-" + uuid.NewString() }
