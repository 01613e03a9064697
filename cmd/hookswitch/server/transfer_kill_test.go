package server_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// errand is a call in a town that is being handed on, and whose gateways come and
// go.
type errand struct {
	*town
	public string
	socket *os.File
	first  *exec.Cmd
	call   *sim.Call
	caller *party
	callee *party
	left   bool // by who had accepted
}

// errandTo is whom the town's agent hands calls to.
const errandTo = "+14155550178"

// newErrand gets a call to where the agent of the first gateway was asked to hand
// it on. The callee is at phone.
func newErrand(t *testing.T, kind string, phone sim.Phone) *errand {
	t.Helper()
	model := newClerk(t)
	e := &errand{caller: &party{}, callee: &party{}}
	e.town = newTown(t, sim.Knobs{}, nil, func(string) roster.Definition { return sells("Front Desk", kind, errandTo, "") })
	e.env = []string{"HOOKSWITCH_OPENAI_BASE_URL=" + model.URL + "/v1"}
	phone.Make = func() handset.Handset { return e.callee }
	e.carrier.Register(errandTo, phone)
	e.public, e.socket = e.town.socket()
	e.first = e.gateway(e.public, e.socket)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	var err error
	if e.call, err = e.carrier.Call(ctx, "+14155550134", townNumber, e.caller); err != nil {
		t.Fatal(err)
	}
	e.wrote(e.call, "the greeting", heard("Front Desk."))
	e.caller.press.Store('1')
	return e
}

// leg waits for the other leg, until it is as ok likes.
func (e *errand) leg(what string, ok func(*sim.Call) bool) (leg *sim.Call) {
	e.t.Helper()
	within(e.t, 30*time.Second, what, func() bool {
		for _, c := range e.carrier.Calls() {
			if c.To() == errandTo && ok(c) {
				leg = c
				return true
			}
		}
		return false
	})
	return leg
}

func streams(c *sim.Call) bool { return c.Streaming() }
func rings(c *sim.Call) bool   { return c.Status() == telephony.Ringing }

// transfer is the one on record; zero before it was asked for.
func (e *errand) transfer() (t dispatch.Transfer) {
	e.t.Helper()
	r, err := e.db.CallByCarrier(context.Background(), e.call.SID())
	if err != nil {
		e.t.Fatal(err)
	}
	all, err := e.db.TransfersOf(context.Background(), r.ID)
	if err != nil || len(all) > 1 {
		e.t.Fatalf("%d transfers on record, %v", len(all), err)
	}
	if len(all) == 1 {
		t = all[0]
	}
	return t
}

func (e *errand) talk() bool { return e.caller.hears(calleeHertz) && e.callee.hears(callerHertz) }

// together waits until the two hear each other.
func (e *errand) together() {
	e.t.Helper()
	within(e.t, 30*time.Second, "the bridge", func() bool { return e.transfer().Status == dispatch.TransferBridged })
	e.caller.hums(callerHertz)
	e.callee.hums(calleeHertz)
	within(e.t, 20*time.Second, "they hear each other", e.talk)
}

// isBack waits until the agent has told the caller, and goes on with them.
func (e *errand) isBack() {
	e.t.Helper()
	e.wrote(e.call, "the caller is told", heard(saysBack))
	e.caller.press.Store('2')
	e.wrote(e.call, "it goes on", heard(saysHere))
	e.call.Hangup()
}

// parts lets the two talk for a while, and the callee hang up.
func (e *errand) parts() {
	e.t.Helper()
	time.Sleep(2500 * time.Millisecond) // of talk: less does not count
	if !e.talk() {
		e.t.Error("they don't hear each other any more")
	}
	e.callee.hangup.Store(true)
}

// eitherWay lets the two talk, or the caller with the agent if the other leg did
// not outlive the gateway: a carrier whose question is cut off hangs up.
func (e *errand) eitherWay() {
	e.t.Helper()
	within(e.t, 30*time.Second, "the bridge, or its end", func() bool {
		t := e.transfer()
		if e.left = t.Over(); e.left {
			return true
		}
		if t.Status == dispatch.TransferBridged {
			e.caller.hums(callerHertz)
			e.callee.hums(calleeHertz)
		}
		return e.talk()
	})
	if !e.left {
		e.parts()
		return
	}
	e.caller.silent()
	e.isBack()
}

// over checks that everything has ended, once.
func (e *errand) over(since time.Time, reason telephony.EndReason, outcome string) {
	e.t.Helper()
	e.leg("the other leg's end", func(c *sim.Call) bool { return c.Status().Terminal() })
	within(e.t, 30*time.Second, "the end", func() bool { return e.record(e.call).Over() && e.call.Status().Terminal() })
	e.delivered(e.call, since)
	e.closedOnce(e.call, reason)
	within(e.t, 20*time.Second, "the transfer's end", func() bool { return e.transfer().Over() })
	if got := e.transfer(); got.Outcome != outcome {
		e.t.Errorf("the transfer is %s (%s), want %s", got.Outcome, got.Reason, outcome)
	}
}

// A gateway is killed at every step of a transfer. Whatever the next one finds,
// the caller ends up with the agent or with whom they were handed to, and nobody's
// phone rings on.
func TestKillInMidTransfer(t *testing.T) {
	t.Parallel()
	never := sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}}
	soon := sim.Phone{Answer: handset.Answer{After: 300 * time.Millisecond}}
	for _, tt := range []struct {
		name    string
		kind    string
		phone   sim.Phone
		reach   func(*errand, func())
		after   func(*errand)
		reason  telephony.EndReason
		outcome string
	}{
		{"warm, dialling", "warm", never, func(e *errand, kill func()) { e.leg("it rings", rings); kill() }, (*errand).isBack, telephony.CallerHangup, "no_answer"},
		{"warm, checking", "warm", soon, func(e *errand, kill func()) { e.leg("a stream", streams); kill() }, (*errand).isBack, telephony.CallerHangup, "failed"},
		{"warm, accepted", "warm", soon, func(e *errand, kill func()) {
			died := make(chan struct{})
			err := e.leg("a stream", streams).Schedule(sim.Fault{What: sim.DoAtWebhook, Path: "/twilio/next", Times: 1, Run: func() {
				kill()
				close(died)
			}})
			if err != nil {
				e.t.Fatal(err)
			}
			e.callee.press.Store('1')
			<-died
		}, (*errand).eitherWay, telephony.Transferred, "completed"},
		{"warm, bridged", "warm", soon, func(e *errand, kill func()) {
			e.leg("a stream", streams)
			e.callee.press.Store('1')
			e.together()
			kill()
		}, (*errand).parts, telephony.Transferred, "completed"},
		{"blind, dialling", "blind", never, func(e *errand, kill func()) { e.leg("it rings", rings); kill() }, (*errand).isBack, telephony.CallerHangup, "no_answer"},
		{"blind, bridged", "blind", soon, func(e *errand, kill func()) { e.together(); kill() }, (*errand).parts, telephony.Transferred, "completed"},
		{"warm, dialling, and the caller hangs up", "warm", never, func(e *errand, kill func()) {
			e.leg("it rings", rings)
			kill()
			e.call.Hangup()
		}, func(*errand) {}, telephony.CallerHangup, "canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newErrand(t, tt.kind, tt.phone)
			tt.reach(e, func() { e.kill(e.first) })
			killed := time.Now()
			second := e.gateway(e.public, e.socket)
			tt.after(e)
			if e.left { // see eitherWay
				tt.reason, tt.outcome = telephony.CallerHangup, "declined"
			}
			e.over(killed, tt.reason, tt.outcome)
			e.stop(second)
		})
	}
}

// A gateway that is told to stop does not wait for callers who are with somebody
// else; the next one sees their calls to the end.
func TestWhoIsWithSomebodyElseKeepsNoGatewayFromStopping(t *testing.T) {
	t.Parallel()
	soon := sim.Phone{Answer: handset.Answer{After: 300 * time.Millisecond}}
	for _, kind := range []string{"blind", "warm"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			e := newErrand(t, kind, soon)
			if kind == "warm" {
				e.leg("a stream", streams)
				e.callee.press.Store('1')
			}
			e.together()
			began := time.Now()
			e.stop(e.first)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it stopped after %v", took)
			}
			if r := e.record(e.call); r.Over() || !e.talk() {
				t.Fatalf("the call is over with the gateway: %s", r.Reason)
			}
			second := e.gateway(e.public, e.socket)
			e.parts()
			e.over(began, telephony.Transferred, "completed")
			e.stop(second)
		})
	}
}
