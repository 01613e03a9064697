package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// doors open for whoever knows a workspace's name.
func doors(c *dispatch.Config) {
	c.MaxAge = time.Hour
	c.Enter = func(_ context.Context, door, _ string) (dispatch.Entry, error) {
		if door != "default" && door != "other" {
			return dispatch.Entry{}, telephony.ErrToken
		}
		return dispatch.Entry{Route: dispatch.Route{Workspace: door, Agent: "demo", PostCall: 7}, Room: "lobby"}, nil
	}
}

// enters lets CA1 in and talks.
func (o *office) enters() *stream {
	o.t.Helper()
	call, err := o.Enter(o.t.Context(), "default", telephony.Entering{Carrier: "CA1", Account: "ACtheirs", From: "+15550100", To: "+15550199"})
	if err != nil {
		o.t.Fatal(err)
	}
	s := &stream{newLeg(), call, make(chan error, 1)}
	desk := o.Desk
	go func() { s.done <- desk.Talk(o.t.Context(), call, s.leg) }()
	time.Sleep(100 * time.Millisecond)
	return s
}

const foreign = "door:default:CA1" // CA1's name on record

// A call of anybody's account is its stream, and no carrier is asked about it.
func TestForeignCalls(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"the agent says goodbye": func(t *testing.T, o *office) {
			s := o.enters()
			r := o.kept(foreign)
			if !r.Foreign || r.Room != "lobby" || r.Account != "" || r.From != "+15550100" || r.Answered.IsZero() || r.Direction != telephony.Inbound {
				t.Errorf("record %+v", r)
			}
			o.goodbye <- struct{}{}
			<-s.done
			o.ended(foreign, telephony.AgentHangup)
		},
		"the carrier stops the stream": func(t *testing.T, o *office) {
			s := o.enters()
			s.stop()
			<-s.done
			o.ended(foreign, telephony.CallerHangup)
		},
		"the stream breaks": func(t *testing.T, o *office) {
			s := o.enters()
			s.lose()
			<-s.done
			o.ended(foreign, telephony.LineLost)
		},
		"somebody hangs up over the API": func(t *testing.T, o *office) {
			s := o.enters()
			if err := o.HangUp(t.Context(), s.call.ID, telephony.OperatorHangup); err != nil {
				t.Error(err)
			}
			<-s.done
			o.ended(foreign, telephony.OperatorHangup)
		},
		"somebody hangs up before anybody talks": func(t *testing.T, o *office) {
			call, err := o.Enter(t.Context(), "default", telephony.Entering{Carrier: "CA1"})
			if err != nil {
				t.Fatal(err)
			}
			if err := o.HangUp(t.Context(), call.ID, telephony.OperatorHangup); err != nil {
				t.Error(err)
			}
			if err := o.Talk(t.Context(), call, newLeg()); err == nil { // over, or forgotten by now
				t.Error("it talks nevertheless")
			}
			o.ended(foreign, telephony.OperatorHangup)
		},
		"another process ends it": func(t *testing.T, o *office) {
			s := o.enters()
			if _, _, err := o.records.End(t.Context(), s.call.ID, 1, telephony.OperatorHangup, time.Now()); err != nil {
				t.Fatal(err)
			}
			select {
			case <-s.done:
			case <-time.After(6 * time.Second):
				t.Error("its stream is not cut")
				s.lose()
			}
			o.mu.Lock()
			delete(o.watched, s.call.ID) // that process watched the end
			o.mu.Unlock()
			o.ended(foreign, telephony.OperatorHangup)
		},
		"it is too old": func(t *testing.T, o *office) {
			s := o.enters()
			time.Sleep(time.Hour + time.Minute)
			<-s.done
			o.ended(foreign, telephony.MaxDuration)
		},
		"it is let in and never talks": func(t *testing.T, o *office) {
			if _, err := o.Enter(t.Context(), "default", telephony.Entering{Carrier: "CA1"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
			o.ended(foreign, telephony.LineLost)
		},
		"it is not handed on": func(t *testing.T, o *office) {
			s := o.enters()
			_, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: "k", Kind: dispatch.Warm, To: "+15550111"})
			if !errors.Is(err, dispatch.ErrForeign) {
				t.Errorf("Transfer() = %v, want ErrForeign", err)
			}
		},
		"it comes again under its name": func(t *testing.T, o *office) {
			s := o.enters()
			for range 2 {
				if _, err := o.Enter(t.Context(), "default", telephony.Entering{Carrier: "CA1"}); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("Enter(again) = %v, want ErrToken", err)
				}
				s.stop()
				time.Sleep(time.Second)
			}
			o.ended(foreign, telephony.CallerHangup)
		},
		"its name stands in nobody's way": func(t *testing.T, o *office) {
			o.enters()
			if _, err := o.Enter(t.Context(), "other", telephony.Entering{Carrier: "CA1"}); err != nil {
				t.Errorf("another workspace's CA1: %v", err)
			}
			o.connect(o.ring("CA1"), "CA1") // and one of an account of ours
			if r := o.kept("CA1"); r.Foreign {
				t.Error("ours is theirs")
			}
		},
		"no webhook and no token has to do with it": func(t *testing.T, o *office) {
			s := o.enters()
			for _, id := range []string{"CA1", foreign} {
				if _, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); !errors.Is(err, telephony.ErrUnknownCall) {
					t.Errorf("Next() = %v, want ErrUnknownCall", err)
				}
				if _, err := o.Admit(t.Context(), string(s.call.ID)+".1.x", telephony.Ref{ID: id}); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("Admit() = %v, want ErrToken", err)
				}
			}
			o.ended(foreign, "")
		},
		"a door that opens nothing": func(t *testing.T, o *office) {
			for _, door := range []string{"", "guessed"} {
				if _, err := o.Enter(t.Context(), door, telephony.Entering{Carrier: "CA1"}); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("Enter(%q) = %v, want ErrToken", door, err)
				}
			}
			if _, err := o.Enter(t.Context(), "default", telephony.Entering{}); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Enter(no call) = %v, want ErrToken", err)
			}
			if len(o.Live()) != 0 {
				t.Error("a call is live")
			}
		},
		"nobody is let in while the desk drains": func(t *testing.T, o *office) {
			over, stop := context.WithCancel(t.Context())
			stop()
			_ = o.Drain(over)
			if _, err := o.Enter(t.Context(), "default", telephony.Entering{Carrier: "CA1"}); !errors.Is(err, dispatch.ErrDraining) {
				t.Errorf("Enter() = %v, want ErrDraining", err)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, func(c *dispatch.Config) { doors(c); handsOn(c) }, func(t *testing.T, o *office) {
				test(t, o)
				if o.trunk.questions() != 0 || o.trunk.hangups() != 0 {
					t.Errorf("the carrier was asked %d times and told to hang up %d times", o.trunk.questions(), o.trunk.hangups())
				}
			})
		})
	}
}

// A process that has a foreign call dies before and after each thing that it does
// outside itself; another finds what it left. Whatever the moment: a record that
// was made ends once, for a reason that fits, without a word to a carrier, and
// its webhook is owed once.
func TestForeignCallsCrashAnywhere(t *testing.T) {
	died := map[string]bool{}
	for at := 1; ; at++ {
		var op string
		for _, after := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { op = crashForeign(t, at, after) })
			died[op] = true
		}
		if op == "" {
			break
		}
	}
	delete(died, "")
	for _, op := range []string{"create", "admit", "append"} {
		if !died[op] {
			t.Errorf("died at %v, never at %q: the test proves nothing about it", slices.Sorted(maps.Keys(died)), op)
		}
	}
}

func crashForeign(t *testing.T, at int, after bool) string {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, asked := newLeg(), &trunk{}
	first := &gate{Calls: db, carrier: asked, at: at, after: after, died: l.lose}
	open := func(node string, g *gate) *dispatch.Desk {
		c := dispatch.Config{Calls: g, Carrier: g, Node: node, Secret: []byte("0123456789abcdef"), Route: house, Talk: (&office{}).talk}
		doors(&c)
		d, err := dispatch.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	dead := open("one", first)
	call, err := dead.Enter(t.Context(), "default", telephony.Entering{Carrier: "CA1"})
	if err == nil {
		hangUp := time.AfterFunc(10*time.Second, l.stop)
		defer hangUp.Stop()
		_ = dead.Talk(t.Context(), call, l)
	}
	time.Sleep(500 * time.Millisecond)
	first.mu.Lock()
	op := first.op
	first.closed = true // whatever happened: this process is killed now
	first.mu.Unlock()
	claim := fmt.Sprintf("%q, after %t", op, after)

	alive := open("two", &gate{Calls: db, carrier: asked})
	for range 6 {
		if err := alive.Recover(t.Context()); err != nil {
			t.Errorf("%s: Recover() = %v", claim, err)
		}
		time.Sleep(15 * time.Second)
	}
	calls, _, err := db.SearchCalls(t.Context(), "default", search.Query{}, time.Now(), "", 0)
	if err != nil || len(calls) > 1 || len(calls) == 0 && op != "create" {
		t.Errorf("%s: %d records, %v", claim, len(calls), err)
	}
	for _, found := range calls {
		r := found.Call
		want := []telephony.EndReason{telephony.LineLost, telephony.NotConnected}
		if op == "" {
			want = []telephony.EndReason{telephony.CallerHangup}
		} else if r.Admitted > 0 {
			want = []telephony.EndReason{telephony.LineLost, telephony.CallerHangup}
		}
		if !r.Over() || !slices.Contains(want, r.Reason) {
			t.Errorf("%s: it ended for %q, want %v", claim, r.Reason, want)
		}
		entries, err := db.Journal(t.Context(), r.ID, 0)
		ends := 0
		for _, e := range entries {
			if _, ok := e.Event.(agentcore.Ended); ok {
				ends++
			}
		}
		if err != nil || ends != 1 {
			t.Errorf("%s: %d ends, %v, want 1", claim, ends, err)
		}
	}
	if asked.questions() != 0 || asked.hangups() != 0 {
		t.Errorf("%s: a carrier was asked", claim)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = dead.Close(gone)
	if err := alive.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return op
}
