package server_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// talks lets call and agent get to where the agent asks for a key, and c makes
// another noise: the middle of a call.
func (w *town) talks(call *sim.Call, c *caller) {
	w.t.Helper()
	within(w.t, 30*time.Second, "stream", call.Streaming)
	w.wrote(call, "greeting", heard("Front Desk."))
	c.noisy.Store(true)
	time.Sleep(300 * time.Millisecond) // of the caller's speech
	c.noisy.Store(false)
	w.wrote(call, "the agent's question", heard("Press one if that is right."))
	c.noisy.Store(true)
	w.wrote(call, "the caller's next words", func(e agentcore.Event) bool {
		b, ok := e.(agentcore.SpeechBegan)
		return ok && b.StartMS > 1500
	})
}

// closedOnce checks that the call ended for reason, once, as the last thing.
func (w *town) closedOnce(call *sim.Call, reason telephony.EndReason) {
	w.t.Helper()
	r, ends := w.record(call), 0
	all := w.journal(call)
	for _, e := range all {
		if _, ok := e.(agentcore.Ended); ok {
			ends++
		}
	}
	last, ok := all[len(all)-1].(agentcore.Ended)
	if r.Reason != reason || ends != 1 || !ok || last.Reason != reason {
		w.t.Errorf("the record ends for %q, its journal has %d ends and closes with %#v; want one, for %s", r.Reason, ends, all[len(all)-1], reason)
	}
}

// delivered waits until the call's one delivery is, at a minute after from at
// most, and returns it.
func (w *town) delivered(call *sim.Call, from time.Time) webhook.Delivery {
	w.t.Helper()
	var all []webhook.Delivery
	within(w.t, time.Until(from.Add(time.Minute)), "post_call", func() bool {
		var err error
		if all, err = w.db.Deliveries(context.Background(), webhook.Filter{Workspace: roster.Default, Call: w.record(call).ID}); err != nil {
			w.t.Fatal(err)
		}
		return len(all) > 0 && all[0].Status == webhook.Delivered
	})
	if len(all) != 1 {
		w.t.Fatalf("%d deliveries, want one: %+v", len(all), all)
	}
	w.t.Logf("post_call was delivered %v after the kill", time.Since(from).Round(100*time.Millisecond))
	return all[0]
}

// sounds checks that the recording, which the gateway at public gives, is as long
// as the call, and that the agent is heard in it before it was killed and after.
func (w *town) sounds(public string, call *sim.Call, killed time.Time) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, public+"/api/v2/calls/"+string(w.record(call).ID)+"/recording", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+flowKey)
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	sound, err := wav.Read(res.Body)
	if err != nil {
		w.t.Fatalf("the recording: %d, %v", res.StatusCode, err)
	}
	agent, err := sound.Frames(1)
	if err != nil {
		w.t.Fatal(err)
	}
	if d := sound.Duration() - call.Duration(); d.Abs() > time.Second {
		w.t.Errorf("the recording lasts %v, the call %v", sound.Duration(), call.Duration())
	}
	gap := int(killed.Sub(call.Answered()) / media.FrameDuration)
	if gap >= len(agent) {
		w.t.Fatalf("the recording ends after %d frames, the gateway was killed at %d", len(agent), gap)
	}
	begin, _, before := handset.VoicedSpan(agent[:gap])
	_, end, after := handset.VoicedSpan(agent[gap:])
	if !before || !after || begin > 3*time.Second || end < 500*time.Millisecond {
		w.t.Errorf("the agent is heard before the kill: %t, from %v; after it: %t, to %v", before, begin, after, end)
	}
}

// A gateway is killed while a caller talks. The record stays open, the next one
// is asked for the call at the door, and it goes on where it was.
func TestKillInMidCallGoesOn(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, nil)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	w.kill(first)
	killed := time.Now()
	c.noisy.Store(false)

	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })
	time.Sleep(500 * time.Millisecond) // nobody is there
	if r := w.record(call); r.Over() || r.Epoch != 1 || call.Status() != telephony.InProgress {
		t.Fatalf("with nobody there the record is over: %t, epoch %d, and the call %s", r.Over(), r.Epoch, call.Status())
	}

	second := w.gateway(public, socket)
	within(t, 15*time.Second, "stream", call.Streaming)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	c.press.Store('2') // means something to who knows what was asked before
	w.wrote(call, "an answer from the history", planned("Let us start again."))
	w.wrote(call, "heard out", heard("Which day suits you?"))
	if r := w.record(call); r.Over() || r.Epoch != 2 {
		t.Errorf("the record is over: %t, at epoch %d; want it open at 2", r.Over(), r.Epoch)
	}
	t.Logf("the call went on %v after the kill", time.Since(killed))
	call.Hangup()
	d := w.delivered(call, killed)
	w.closedOnce(call, telephony.CallerHangup)

	var epochs []int
	resumed := false
	for _, e := range w.journal(call) {
		switch e := e.(type) {
		case agentcore.Opened:
			epochs = append(epochs, e.Epoch)
		case agentcore.Planned:
			resumed = resumed || e.Why == "resume"
		}
	}
	if len(epochs) != 2 || epochs[0] != 1 || epochs[1] != 2 || !resumed {
		t.Errorf("opened at epochs %v, resumed: %t; want 1 and 2, and a phrase that says so", epochs, resumed)
	}
	w.sounds(public, call, killed)
	w.stop(second) // delivers what is under way
	posts := w.told.all()
	if len(posts) != 1 || d.Attempts != 1 || posts[0].header.Get("webhook-id") != d.Message {
		t.Errorf("%d post_calls, %d attempts, webhook-id %v; want one, of %s", len(posts), d.Attempts, posts, d.Message)
	}
	if want := `{"call":"` + string(w.record(call).ID) + `","end":"caller_hangup"}`; len(posts) > 0 && posts[0].body != want {
		t.Errorf("post_call tells %s, want %s", posts[0].body, want)
	}
}

// The caller hangs up while nobody is there to be told. The next gateway asks the
// carrier before it closes the record.
func TestKillThenCallerGone(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{ActionDelay: 2 * time.Second}, nil)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	socket.Close() // the port dies with the process
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	w.kill(first)
	killed := time.Now()
	call.Hangup()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := call.Wait(ctx); err != nil { // the callback failed
		t.Fatal(err)
	}
	if r := w.record(call); r.Over() {
		t.Fatal("the record is over: who ended it?")
	}
	var asked, open atomic.Int32
	look := func() {
		asked.Add(1)
		if r, err := w.db.CallByCarrier(context.Background(), call.SID()); err == nil && !r.Over() {
			open.Add(1)
		}
	}
	w.asked.Store(&look)
	second := w.gateway(w.socket())
	d := w.delivered(call, killed)
	w.closedOnce(call, telephony.CallerHangup)
	if open.Load() == 0 {
		t.Errorf("the carrier was asked %d times, none of them before the record was closed", asked.Load())
	}
	w.stop(second)
	if posts := w.told.all(); len(posts) != 1 || posts[0].header.Get("webhook-id") != d.Message {
		t.Errorf("%d post_calls, want one: %v", len(posts), posts)
	}
}

// A gateway is killed when the receiver has the post_call and has not said so:
// it is told again, by the same name.
func TestKillInMidDelivery(t *testing.T) {
	t.Parallel()
	has := make(chan struct{})
	w := newTown(t, sim.Knobs{}, func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 1 {
			close(has)
			<-r.Context().Done() // its sender dies
		}
	})
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	call.Hangup()
	select {
	case <-has:
	case <-time.After(20 * time.Second):
		t.Fatal("no post_call within 20 s")
	}
	w.kill(first)
	killed := time.Now()
	w.closedOnce(call, telephony.CallerHangup)

	second := w.gateway(public, socket)
	d := w.delivered(call, killed)
	w.stop(second)
	posts := w.told.all()
	if len(posts) != 2 {
		t.Fatalf("%d post_calls, want the one that was cut off and its repeat", len(posts))
	}
	for i, p := range posts {
		if p.header.Get("webhook-id") != d.Message || p.body != posts[0].body {
			t.Errorf("post_call %d: webhook-id %q, %s; want %q and the same as before", i, p.header.Get("webhook-id"), p.body, d.Message)
		}
	}
}

// A gateway is killed when it waits for a pre_call, and the caller hears it ring:
// the next one asks again, by the same name, and greets.
func TestKillWhilePreCallHangs(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, func(n int, out http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done()
			return
		}
		fmt.Fprint(out, `{"customer":{"name":"Ada"}}`)
	}, asks)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	call := w.ring(&caller{})
	within(t, 30*time.Second, "stream", call.Streaming)
	time.Sleep(300 * time.Millisecond) // of ringing
	if all := w.journal(call); len(all) != 0 || len(w.told.all()) != 1 {
		t.Fatalf("before the webhook has answered %v is in the journal; it was asked %d times", all, len(w.told.all()))
	}
	w.kill(first)
	killed := time.Now()
	second := w.gateway(public, socket)
	w.wrote(call, "the greeting", heard("Hello Ada."))
	t.Logf("greeted %v after the kill", time.Since(killed).Round(100*time.Millisecond))
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	w.closedOnce(call, telephony.CallerHangup)
	if got := spoke(w.journal(call)); len(got) != 1 || w.record(call).Variables != `{"who":"Ada"}` {
		t.Errorf("the agent said %q, variables %s", got, w.record(call).Variables)
	}
	w.stop(second)
	posts := w.told.all()
	if len(posts) != 2 || posts[0].header.Get("webhook-id") != posts[1].header.Get("webhook-id") || posts[0].body != posts[1].body {
		t.Errorf("asked %d times, not twice the same: %v", len(posts), posts)
	}
}
