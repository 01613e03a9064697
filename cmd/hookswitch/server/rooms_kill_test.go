package server_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage/pgtest"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// hires makes an agent of the town that nobody reaches by a number.
func (w *town) hires(name, greeting string) {
	w.t.Helper()
	d := receptionist(name)
	d.Greeting = &greeting
	if _, err := w.db.CreateAgent(w.t.Context(), roster.Agent{UUID: "uuid-of-" + name, Workspace: roster.Default, Definition: d}, 0, "test", time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// ada is who answers the town's number there.
func ada(string) roster.Definition {
	d, greeting := receptionist("Ada"), onAndOn("Ada")
	d.Greeting = &greeting
	return d
}

// roomsTown is a town whose agents are told apart, at a database.
func roomsTown(t *testing.T, url string) *town {
	t.Helper()
	w := newTownAt(t, url, sim.Knobs{}, nil, ada)
	w.env = append(w.env, asPitched+"=1")
	return w
}

// meets has e call the town's number, and returns its room once Ada is heard.
func (w *town) meets(e *ear) (call *sim.Call, room string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	w.t.Cleanup(cancel)
	call, err := w.carrier.Call(ctx, lobbyCaller, townNumber, e)
	if err != nil {
		w.t.Fatal(err)
	}
	e.hears(w.t, "Ada", time.Time{})
	return call, string(w.record(call).ID)
}

// floors are who took the floor of a call, in order.
func (w *town) floors(call *sim.Call) (all []agentcore.FloorTaken) {
	w.t.Helper()
	for _, e := range w.journal(call) {
		if f, ok := e.(agentcore.FloorTaken); ok {
			all = append(all, f)
		}
	}
	return all
}

// A gateway is killed while an agent talks that was sent there. The call goes on
// with that agent, whose job says so, and who waited waits on.
func TestKillWhileAnAgentThatWasSentTalks(t *testing.T) {
	t.Parallel()
	w := roomsTown(t, "sqlite://"+filepath.Join(t.TempDir(), "hookswitch.db"))
	w.hires("Ben", "Hello, this is Ben.")
	w.hires("Cleo", "Hello, this is Cleo.")
	public, socket := w.socket()
	first := w.gateway(public, socket)
	e := newEar()
	call, room := w.meets(e)
	c := newRoomClient(t, public, flowKey)
	ben := c.sends(room, "Ben", "")
	e.hears(t, "Ben", time.Time{})
	cleo := c.sends(room, "Cleo", `{"hookswitch":{"join":"wait"}}`)
	before := c.awaits(room, ben, "JS_RUNNING")
	e.hushes(t, "Ben")
	w.kill(first)
	killed := time.Now()
	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })

	second := w.gateway(public, socket)
	within(t, 20*time.Second, "stream", call.Streaming)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	t.Logf("the call went on %v after the kill", time.Since(killed))
	if all := w.floors(call); len(all) != 1 || all[0].Agent != "Ben" || all[0].Job != before.ID {
		t.Errorf("the floor was taken by %+v, want by Ben, once", all)
	}
	var after sentJob
	within(t, 10*time.Second, "Ben's job, taken up again", func() bool { after = c.job(room, ben); return after.Attempts == 2 })
	if after.ID != before.ID || after.Status != "JS_RUNNING" || !after.FirstStarted.Equal(before.FirstStarted) || after.Started.Before(killed) {
		t.Errorf("Ben's job was %+v, and is %+v", before, after)
	}
	if j := c.job(room, cleo); j.Status != "JS_PENDING" {
		t.Errorf("who waits is %+v", j)
	}
	asked := time.Now()
	c.delete(room, ben)
	e.hears(t, "Cleo", asked)
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	w.closedOnce(call, telephony.CallerHangup)
	w.stop(second)
}

// An agent is sent and taken back at one gateway, while the call is at another
// that has the same database.
func TestDispatchesAtAnotherNodeOverPostgres(t *testing.T) {
	t.Parallel()
	w := roomsTown(t, pgtest.URL(t))
	w.hires("Ben", onAndOn("Ben"))
	w.hires("Cleo", "Hello, this is Cleo.")
	beside, socket := w.socket()
	other := w.gateway(beside, socket)
	public, socket := w.socket() // the calls come here
	here := w.gateway(public, socket)
	e := newEar()
	call, room := w.meets(e)

	c := newRoomClient(t, beside, flowKey)
	asked := time.Now()
	ben := c.sends(room, "Ben", "")
	e.hears(t, "Ben", asked)
	first, _ := e.heard("Ben")
	if last := e.hushes(t, "Ada"); last.After(first.Add(100 * time.Millisecond)) {
		t.Errorf("Ada is heard for %v after Ben began", last.Sub(first))
	}
	c.awaits(room, ben, "JS_RUNNING")
	deleted := time.Now()
	c.delete(room, ben)
	if off := e.hushes(t, "Ben").Sub(deleted); off > 3*time.Second {
		t.Errorf("Ben is heard for %v after he was taken back", off)
	}
	within(t, 10*time.Second, "nobody on the floor", func() bool {
		all := w.floors(call)
		return len(all) == 2 && all[1].By == ""
	})
	if !call.Streaming() || w.record(call).Over() {
		t.Error("the call did not stay")
	}
	again := time.Now()
	c.sends(room, "Cleo", "")
	e.hears(t, "Cleo", again)
	took, _ := e.heard("Cleo")
	t.Logf("Ben came after %v, and Cleo after %v", first.Sub(asked), took.Sub(again))
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	w.closedOnce(call, telephony.CallerHangup)
	w.stop(here)
	w.stop(other)
}
