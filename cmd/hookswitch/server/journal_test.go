package server_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// within waits at most d until ok holds.
func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, d)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// journal is what is written of the call that the carrier knows as sid; nothing
// while nobody has taken it.
func journal(t *testing.T, db *storage.DB, sid string) []agentcore.Event {
	t.Helper()
	r, err := db.CallByCarrier(context.Background(), sid)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	entries, err2 := db.Journal(context.Background(), r.ID, 0)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	var all []agentcore.Event
	for i, e := range entries {
		if e.N != i+1 {
			t.Errorf("entry %d of the journal has number %d", i, e.N)
		}
		all = append(all, e.Event)
	}
	return all
}

// wrote waits until the call's journal has an event that ok likes.
func wrote(t *testing.T, db *storage.DB, call *sim.Call, what string, ok func(agentcore.Event) bool) {
	t.Helper()
	within(t, 30*time.Second, what, func() bool { return slices.ContainsFunc(journal(t, db, call.SID()), ok) })
}

func (w *town) journal(call *sim.Call) []agentcore.Event {
	w.t.Helper()
	return journal(w.t, w.db, call.SID())
}

func (w *town) wrote(call *sim.Call, what string, ok func(agentcore.Event) bool) {
	w.t.Helper()
	wrote(w.t, w.db, call, what, ok)
}

// planned likes a phrase of the agent's that begins so.
func planned(text string) func(agentcore.Event) bool {
	return func(e agentcore.Event) bool {
		p, ok := e.(agentcore.Planned)
		return ok && strings.HasPrefix(p.Text, text)
	}
}

// heard likes a phrase that the caller heard to its end, and that ends so.
func heard(text string) func(agentcore.Event) bool {
	return func(e agentcore.Event) bool {
		h, ok := e.(agentcore.Heard)
		return ok && !h.Cut && strings.HasSuffix(h.Text, text)
	}
}

// spoke are the phrases that the agent planned, in order.
func spoke(events []agentcore.Event) (all []string) {
	for _, e := range events {
		if p, ok := e.(agentcore.Planned); ok {
			all = append(all, p.Text)
		}
	}
	return all
}

func ends(events []agentcore.Event) (n int) {
	for _, e := range events {
		if _, ok := e.(agentcore.Ended); ok {
			n++
		}
	}
	return n
}
