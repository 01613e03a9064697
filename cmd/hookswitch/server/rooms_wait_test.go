package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// door asks for an address at which another company's call comes into a room.
func (l *lobby) door(room, agents string) (address string) {
	l.t.Helper()
	token := l.token(l.claims(room), map[string]any{"video": map[string]any{"roomCreate": true}})
	a := l.twirp("Connector/ConnectTwilioCall", token, fmt.Sprintf(`{"twilio_call_direction":"TWILIO_CALL_DIRECTION_INBOUND","room_name":%q,"agents":[%s]}`, room, agents))
	address = a.str("connect_url")
	if a.status != http.StatusOK || !strings.HasPrefix(address, "ws://") {
		l.t.Fatalf("no door: %d %s", a.status, a.text)
	}
	return address
}

// entered has somebody of the other company come in at address, and returns the
// record of their call once it talks.
func (l *lobby) entered(address string, e *ear) (*sim.Call, storage.Call) {
	l.t.Helper()
	l.theirs.Store(strange(address))
	call := l.rings(strangeNumber, e)
	var r storage.Call
	within(l.t, 20*time.Second, "the record of a call that came to a door", func() bool {
		var err error
		r, err = l.Store().CallByCarrier(context.Background(), "door:"+roster.Default+":"+call.SID())
		return err == nil
	})
	return call, r
}

// goesOn waits until the other company's document has gone on after the stream,
// to its end.
func (l *lobby) goesOn(call *sim.Call) {
	l.t.Helper()
	was := time.Now()
	within(l.t, 10*time.Second, "the end of the stream", func() bool { return !call.Streaming() })
	over := time.Now()
	within(l.t, 20*time.Second, "the end of their document", func() bool { return call.Status().Terminal() })
	if took := time.Since(over); took < 500*time.Millisecond {
		l.t.Errorf("their call was over %v after the stream, %v in all: their document did not go on", took, time.Since(was))
	}
}

// An agent that was sent to a room that waits is the agent of the call that comes
// there, whoever's account it is of.
func TestACallComesIntoARoomThatWaits(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	l.hires("Ben", "Hello, this is Ben.", func(d *roster.Definition) {
		d.Webhooks = []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{
			Request: &roster.Request{URL: "http://127.0.0.1:1/over", Method: "POST"},
		}}}
	})

	ends := map[string]struct {
		leave  func(call *sim.Call, e *ear, id string)
		reason telephony.EndReason
	}{
		"the agent ends the call": {func(call *sim.Call, e *ear, _ string) {
			e.press.Store('9')
			l.goesOn(call)
		}, telephony.AgentHangup},
		"somebody hangs up over the API": {func(call *sim.Call, _ *ear, id string) {
			l.must("POST", "/calls/"+id+"/hangup", "")
			l.goesOn(call)
		}, telephony.OperatorHangup},
		"the caller hangs up": {func(call *sim.Call, _ *ear, _ string) { call.Hangup() }, telephony.CallerHangup},
	}
	for claim, tt := range ends {
		room := "room of: " + claim
		early := l.sends(room, "Ben", "")
		if d := l.list(room).dispatches(); len(d) != 1 || d[0].ID != early || len(d[0].Jobs) != 0 {
			t.Errorf("%s: before the call the room has %+v", claim, d)
		}
		e := newEar()
		call, r := l.entered(l.door(room, ""), e)
		e.hears(t, "Ben", time.Time{})
		job := l.awaits(room, early, "JS_RUNNING")
		near(t, claim+": Ben began", job.Started, l.took(string(r.ID), "Ben", "own"))
		if d := l.list(room).dispatches(); len(d) != 1 {
			t.Errorf("%s: the room has %+v, want no agent of the call's own", claim, d)
		}
		if a := l.must("GET", "/calls/"+string(r.ID), ""); a.str("item.room") != room || a.str("item.from") != lobbyCaller || a.str("item.direction") != "inbound" || a.str("item.status") != "in-progress" {
			t.Errorf("%s: the call is %s", claim, a.text)
		}
		e.hushes(t, "Ben")
		tt.leave(call, e, string(r.ID))
		if got := l.over(string(r.ID)); got != tt.reason {
			t.Errorf("%s: it ended for %s, want %s", claim, got, tt.reason)
		}
		d, err := l.Store().Rooms().Dispatch(t.Context(), early)
		if err != nil || len(d.Jobs) != 1 || d.Jobs[0].Status != "JS_SUCCESS" || d.Jobs[0].Reason != "JSR_ROOM_CLOSED" {
			t.Errorf("%s: Ben's jobs are %+v (%v)", claim, d.Jobs, err)
		}
		if a := l.must("GET", "/calls/"+string(r.ID), ""); a.str("item.agent.uuid") != "uuid-of-ben" || !strings.Contains(a.text, `"kind":"post_call"`) {
			t.Errorf("%s: Ben's webhook is not told of his call: %s", claim, a.text)
		}
		if first, _ := e.heard("Ada"); !first.IsZero() {
			t.Errorf("%s: Ada is heard, who answers our number and not theirs", claim)
		}
	}
}

// Nobody was sent: the caller waits in the room, and an agent may come.
func TestACallWithoutAnAgentWaitsForOne(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	e := newEar()
	address := l.door("parlour", "")
	call, r := l.entered(address, e)
	within(t, 20*time.Second, "a call that talks", func() bool { return call.Streaming() && len(l.list("parlour").dispatches()) == 0 })
	within(t, 20*time.Second, "nobody on the floor", func() bool { return !l.took(string(r.ID), "", "").IsZero() })
	l.sends("parlour", "Ada", "")
	e.hears(t, "Ada", time.Time{})

	// Its door is shut: it was for one call.
	l.theirs.Store(strange(address))
	second := l.rings(strangeNumber, newEar())
	within(t, 20*time.Second, "the end of a call that may not come in", func() bool { return second.Status().Terminal() })
	if _, err := l.Store().CallByCarrier(t.Context(), "door:"+roster.Default+":"+second.SID()); err == nil || !call.Streaming() {
		t.Errorf("a second call came in by the same door (%v), or cost the first", err)
	}
	call.Hangup()
	if got := l.over(string(r.ID)); got != telephony.CallerHangup {
		t.Errorf("it ended for %s", got)
	}
}

// A call that an agent is to make may have a room of a name in which somebody else
// waits already: they talk, and the call's own agent comes when they leave.
func TestACallIsPlacedIntoARoomThatWaits(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	l.hires("Ben", onAndOn("Ben"), nil)
	ben := l.sends("later", "Ben", "")
	e := newEar()
	l.carrier.Register(lobbyCallee, sim.Phone{Make: func() handset.Handset { return e }})
	id := l.must("POST", "/agents/uuid-of-ada/dispatch", `{"phone_number":"`+lobbyCallee+`","room":"later"}`).str("call_id")
	e.hears(t, "Ben", time.Time{})
	all := l.list("later").dispatches()
	if len(all) != 2 || all[0].ID != ben || all[0].Jobs[0].Status != "JS_RUNNING" || all[1].Agent != "Ada" || all[1].Jobs[0].Status != "JS_PENDING" {
		t.Errorf("the room has %+v", all)
	}
	if first, _ := e.heard("Ada"); !first.IsZero() {
		t.Error("Ada is heard before Ben")
	}
	if a := l.list(id); len(a.dispatches()) != 2 { // another name of the same room
		t.Errorf("by its id the room has %d %s", a.status, a.text)
	}
	asked := time.Now()
	l.delete("later", ben)
	e.hears(t, "Ada", asked)
	if last := e.hushes(t, "Ben"); last.Sub(asked) > 3*time.Second {
		t.Errorf("Ben is heard for %v after he was taken back", last.Sub(asked))
	}
	e.press.Store('9')
	if got := l.over(id); got != telephony.AgentHangup {
		t.Errorf("the call ended for %s", got)
	}
}
