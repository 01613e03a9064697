package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// branch is a switchboard, a process and their records.
type branch struct {
	*switchboard
	*process
	*testing.T
	db      *storage.DB
	counter *office
}

const patience = 2 * time.Minute

// inBranch lets a call in whose agent hands it on to who in the way of kind,
// and runs test.
func inBranch(t *testing.T, kind string, who person, change func(*dispatch.Config), test func(b *branch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), sqlite.Memory)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		b := &branch{switchboard: newSwitchboard(who), T: t, db: db, counter: &office{counts: map[string]int{}}}
		b.process = b.start(t, "", kind, db, db, b.switchboard, func(c *dispatch.Config) {
			c.Counter = b.counter
			if change != nil {
				change(c)
			}
		})
		b.calls(patience)
		test(b)
		b.wg.Wait()
		if err := b.Close(t.Context()); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
}

func (b *branch) record() dispatch.Record {
	b.Helper()
	r, err := b.db.CallByCarrier(b.Context(), "CAcaller0")
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *branch) transfer() dispatch.Transfer {
	b.Helper()
	all, err := b.Transfers(b.Context(), b.record().ID)
	if err != nil || len(all) == 0 {
		b.Fatalf("%d transfers, %v", len(all), err)
	}
	return all[len(all)-1]
}

// is fails the test unless the newest transfer is at status, with outcome.
func (b *branch) is(status, outcome string) {
	b.Helper()
	if x := b.transfer(); x.Status != status || x.Outcome != outcome {
		b.Errorf("the transfer is %s %q, want %s %q", x.Status, x.Outcome, status, outcome)
	}
}

func (b *branch) endsFor(reason telephony.EndReason) {
	b.Helper()
	if r := b.record(); r.Reason != reason {
		b.Errorf("the call ended for %q, want %q", r.Reason, reason)
	}
}

var talker = person{rings: 2 * time.Second, thinks: 2 * time.Second, stays: time.Hour}

// What a call that is with somebody else means for the rest of the desk.
func TestCallsThatAreAway(t *testing.T) {
	one := func(c *dispatch.Config) { c.MaxCalls = 1 }
	for claim, test := range map[string]func(b *branch){
		"they take no place": func(b *branch) {
			step, err := b.Ring(b.Context(), telephony.Incoming{Carrier: "CAnext", State: telephony.Ringing})
			if err != nil || step.Kind != telephony.StepConnect {
				b.Errorf("Ring(next) = %+v, %v, want it taken", step, err)
			}
			step, err = b.Ring(b.Context(), telephony.Incoming{Carrier: "CAthird", State: telephony.Ringing})
			if err != nil || step.Kind != telephony.StepRefuse {
				b.Errorf("Ring(third) = %+v, %v, want it refused", step, err)
			}
		},
		"Drain does not wait, Close leaves them, the next process adopts them": func(b *branch) {
			if err := b.Drain(b.Context()); err != nil {
				b.Errorf("Drain() = %v", err)
			}
			if err := b.Close(b.Context()); err != nil {
				b.Errorf("Close() = %v", err)
			}
			b.is(dispatch.TransferBridged, "")
			b.process = b.start(b.T, "", b.kind, b.db, b.db, b.switchboard, nil)
			if err := b.Recover(b.Context()); err != nil || len(b.Live()) != 1 {
				b.Errorf("Recover() = %v, %d live, want the call", err, len(b.Live()))
			}
			time.Sleep(patience)
			b.is(dispatch.TransferOver, dispatch.OutcomeCompleted)
			b.endsFor(telephony.Transferred)
		},
		"hung up by the operator: both legs": func(b *branch) {
			if err := b.HangUp(b.Context(), b.record().ID, telephony.OperatorHangup); err != nil {
				b.Errorf("HangUp() = %v", err)
			}
			time.Sleep(time.Second)
			b.is(dispatch.TransferOver, dispatch.OutcomeCompleted)
			b.endsFor(telephony.OperatorHangup)
			if legs := b.open(); len(legs) != 0 {
				b.Errorf("%v go on", legs)
			}
		},
		"nobody tells that the caller is gone": func(b *branch) {
			b.hush()
			time.Sleep(patience + awayEvery)
			b.is(dispatch.TransferOver, dispatch.OutcomeCompleted)
			b.endsFor(telephony.Transferred)
		},
		"a replayed question while they talk changes nothing": func(b *branch) {
			before := b.transfer()
			for _, q := range []telephony.Question{{Carrier: "CAcaller0"}, {Carrier: "CAcaller0", Transfer: before.ID, Account: "ACother"}} {
				step, err := b.Next(b.Context(), q)
				if err == nil && step.Kind != telephony.StepJoin {
					b.Errorf("Next(%+v) = %+v, want refusal, or the room that they are in", q, step)
				}
			}
			b.is(dispatch.TransferBridged, "")
			if r := b.record(); r.Epoch != 1 {
				b.Errorf("epoch %d, want 1", r.Epoch)
			}
		},
	} {
		for _, kind := range []string{dispatch.Blind, dispatch.Warm} {
			t.Run(claim+", "+kind, func(t *testing.T) {
				inBranch(t, kind, talker, one, func(b *branch) {
					time.Sleep(20 * time.Second)
					b.is(dispatch.TransferBridged, "")
					test(b)
				})
			})
		}
	}
}

// awayEvery is how often the carrier is asked about a call that is away.
const awayEvery = time.Minute

// Who asks for a transfer, and what they are told.
func TestTransferIsAskedFor(t *testing.T) {
	forbidden := errors.New("a premium number")
	for claim, test := range map[string]struct {
		change func(*dispatch.Config)
		ask    func(b *branch, w dispatch.TransferWish)
	}{
		"the same key is the same transfer": {nil, func(b *branch, w dispatch.TransferWish) {
			first, err := b.Transfer(b.Context(), w)
			again, failed := b.Transfer(b.Context(), w)
			if err := errors.Join(err, failed); err != nil || first.ID != again.ID || len(b.parties) != 2 {
				b.Errorf("Transfer() twice = %s, %s, %v, %d legs", first.ID, again.ID, err, len(b.parties)-1)
			}
		}},
		"another one while it goes on": {nil, func(b *branch, w dispatch.TransferWish) {
			_, err := b.Transfer(b.Context(), w)
			w.Key, w.To = "use/2/1", "+15550112"
			if _, failed := b.Transfer(b.Context(), w); err != nil || !errors.Is(failed, dispatch.ErrTransferring) {
				b.Errorf("Transfer(another) = %v, %v, want ErrTransferring", err, failed)
			}
		}},
		"no more than twice": {nil, func(b *branch, w dispatch.TransferWish) {
			for _, key := range []string{"use/1/1", "use/2/1"} {
				w.Key = key
				x, err := b.Transfer(b.Context(), w)
				if err != nil {
					b.Fatal(err)
				}
				if err := b.Withdraw(b.Context(), x.ID, "the caller thought better of it"); err != nil {
					b.Errorf("Withdraw() = %v", err)
				}
				if err := b.Withdraw(b.Context(), x.ID, "again"); err != nil {
					b.Errorf("Withdraw(again) = %v", err)
				}
				b.is(dispatch.TransferOver, dispatch.OutcomeCanceled)
			}
			w.Key = "use/3/1"
			if _, err := b.Transfer(b.Context(), w); !errors.Is(err, dispatch.ErrTries) {
				b.Errorf("Transfer(third) = %v, want ErrTries", err)
			}
			time.Sleep(time.Second)
			if legs := b.open(); len(legs) != 0 {
				b.Errorf("%v go on, want them hung up", legs)
			}
		}},
		"a number that must not be called is refused before anything": {
			func(c *dispatch.Config) {
				c.Permit = func(_ context.Context, c dispatch.Cost) (string, error) {
					if c.Transfer && c.To == "+15550111" && c.From == "+15550199" && c.Workspace == "default" {
						return "", forbidden
					}
					return "", nil
				}
			},
			func(b *branch, w dispatch.TransferWish) {
				w.CallerID = "+445550177" // what is shown decides nothing
				if _, err := b.Transfer(b.Context(), w); !errors.Is(err, forbidden) {
					b.Errorf("Transfer(forbidden) = %v", err)
				}
				if all, err := b.Transfers(b.Context(), w.Call); err != nil || len(all) != 0 || len(b.parties) != 1 {
					b.Errorf("%d transfers, %v, %d legs, want none", len(all), err, len(b.parties)-1)
				}
			},
		},
		"a leg that can't be placed: told at once, without its number, and once": {nil, func(b *branch, w dispatch.TransferWish) {
			b.SetCarrier(refuses{b.switchboard})
			x, err := b.Transfer(b.Context(), w)
			if err != nil || x.Outcome != dispatch.OutcomeFailed || x.Reason == "" || strings.Contains(x.Reason, "5550111") {
				b.Errorf("Transfer() = %+v, %v, want it failed, with a reason that names no number", x, err)
			}
			select {
			case n := <-b.News(w.Call):
				b.Errorf("told again: %+v", n)
			case <-time.After(10 * time.Second):
			}
		}},
		"by nobody: the call is over, or unknown": {nil, func(b *branch, w dispatch.TransferWish) {
			if err := b.HangUp(b.Context(), w.Call, telephony.OperatorHangup); err != nil {
				b.Fatal(err)
			}
			time.Sleep(time.Second)
			if _, err := b.Transfer(b.Context(), w); !errors.Is(err, dispatch.ErrEnded) {
				b.Errorf("Transfer(over) = %v, want ErrEnded", err)
			}
			w.Call = "call_404"
			if _, err := b.Transfer(b.Context(), w); !errors.Is(err, dispatch.ErrNotFound) {
				b.Errorf("Transfer(unknown) = %v, want ErrNotFound", err)
			}
		}},
	} {
		t.Run(claim, func(t *testing.T) {
			inBranch(t, "", person{absent: true}, test.change, func(b *branch) {
				time.Sleep(time.Second)
				w := b.wish(b.record().ID)
				w.Kind = dispatch.Warm
				test.ask(b, w)
			})
		})
	}
}

// refuses is a switchboard that places no calls.
type refuses struct{ *switchboard }

func (refuses) Dial(_ context.Context, o telephony.Outgoing) (string, error) {
	return "", errors.New("no route to " + string(o.To))
}

// What happened while nobody talked is told to who takes the call up, once.
func TestTakenUpWhileBeingHandedOn(t *testing.T) {
	for claim, test := range map[string]struct {
		person person
		lost   time.Duration // after the call began
		told   string
		reason telephony.EndReason
	}{
		"lost while it rings, then they take it":          {person{rings: 10 * time.Second, thinks: 2 * time.Second, stays: 20 * time.Second}, 4 * time.Second, dispatch.OutcomeCompleted, telephony.Transferred},
		"lost while it rings, and nobody answers":         {person{absent: true}, 4 * time.Second, dispatch.OutcomeNoAnswer, telephony.CallerHangup},
		"lost as they decline":                            {person{rings: 2 * time.Second, thinks: time.Second, says: dispatch.OutcomeDeclined}, 4020 * time.Millisecond, dispatch.OutcomeDeclined, telephony.CallerHangup},
		"lost as they accept: the caller is sent to them": {person{rings: 2 * time.Second, thinks: time.Second, stays: 20 * time.Second}, 4200 * time.Millisecond, dispatch.OutcomeCompleted, telephony.Transferred},
	} {
		t.Run(claim, func(t *testing.T) {
			inBranch(t, dispatch.Warm, test.person, nil, func(b *branch) {
				time.Sleep(test.lost)
				b.switchboard.mu.Lock()
				b.parties[0].stream.lose()
				b.switchboard.mu.Unlock()
				time.Sleep(patience)
				b.wg.Wait()
				b.endsFor(test.reason)
				told, err := journalled(b.T, b.db, b.record().ID)
				if err != nil || told != test.told {
					b.Errorf("the journal tells of %q, %v, want %s", told, err, test.told)
				}
			})
		})
	}
}

// A process that dies between the agent's wish and its leaving leaves a transfer
// that was asked for: the caller is not left waiting for it.
func TestAskedForAndTakenUp(t *testing.T) {
	inBranch(t, "", person{busy: true}, nil, func(b *branch) {
		time.Sleep(time.Second)
		w := b.wish(b.record().ID)
		w.Kind = dispatch.Blind
		x, err := b.Transfer(b.Context(), w)
		if err != nil || x.Status != dispatch.TransferAsked {
			b.Fatalf("Transfer() = %+v, %v", x, err)
		}
		b.switchboard.mu.Lock()
		b.parties[0].stream.lose()
		b.switchboard.mu.Unlock()
		time.Sleep(10 * time.Second)
		b.is(dispatch.TransferOver, dispatch.OutcomeBusy)
		entries, err := b.db.Journal(b.Context(), w.Call, 0)
		if err != nil || len(entries) < 3 {
			b.Fatalf("%d entries, %v", len(entries), err)
		}
		over, is := entries[2].Event.(agentcore.TransferOver) // after Opened and Lost
		if !is || over.Outcome != dispatch.OutcomeBusy || over.To != "a colleague" || over.TookMS <= 0 {
			b.Errorf("the new epoch begins with %+v, want the transfer's end", entries[2].Event)
		}
	})
}
