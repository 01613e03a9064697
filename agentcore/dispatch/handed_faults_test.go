package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// sickly is a switchboard that fails some requests, or is slow to place calls.
type sickly struct {
	*switchboard
	queue time.Duration // before a call is placed

	mu      sync.Mutex
	hangups int // of a leg, that still fail
	recalls int // that still fail
}

var errSick = errors.New("503 Service Unavailable")

func (s *sickly) fails(left *int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	*left--
	return *left >= 0
}

func (s *sickly) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	late := time.NewTimer(s.queue)
	defer late.Stop()
	select {
	case <-late.C:
		return s.switchboard.Dial(ctx, o)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (s *sickly) Hangup(ctx context.Context, ref telephony.Ref) error {
	if ref.ID != "CAcaller0" && s.fails(&s.hangups) {
		return errSick
	}
	return s.switchboard.Hangup(ctx, ref)
}

func (s *sickly) Recall(ctx context.Context, ref telephony.Ref) error {
	if s.fails(&s.recalls) {
		return errSick
	}
	return s.switchboard.Recall(ctx, ref)
}

// A carrier that fails a request now and then strands nobody.
func TestHandedOnByASicklyCarrier(t *testing.T) {
	t.Run("the caller hangs up in the room, and the other leg can't be hung up at once", func(t *testing.T) {
		inBranch(t, dispatch.Warm, talker, nil, func(b *branch) {
			sick := &sickly{switchboard: b.switchboard, hangups: 3}
			b.keeps = true
			b.SetCarrier(sick)
			time.Sleep(20 * time.Second)
			b.is(dispatch.TransferBridged, "")
			b.end(b.parties[0], telephony.Completed)
			time.Sleep(30 * time.Second)
			b.endsFor(telephony.Transferred)
			b.is(dispatch.TransferOver, dispatch.OutcomeCompleted)
			if legs := b.open(); len(legs) != 0 {
				b.Errorf("%v go on, alone in the room", legs)
				b.end(b.parties[1], telephony.Completed)
			}
		})
	})
	t.Run("the caller hangs up in the room, and nobody is told and nobody can be hung up", func(t *testing.T) {
		inBranch(t, dispatch.Warm, talker, nil, func(b *branch) {
			b.SetCarrier(&sickly{switchboard: b.switchboard, hangups: 1 << 20})
			time.Sleep(20 * time.Second)
			b.is(dispatch.TransferBridged, "")
			b.hush()
			b.end(b.parties[0], telephony.Completed)
			time.Sleep(2 * time.Second)
			if legs := b.open(); len(legs) != 0 {
				b.Errorf("%v go on, alone in the room", legs)
				b.end(b.parties[1], telephony.Completed)
			}
		})
	})
	t.Run("the caller can't be called back at once", func(t *testing.T) {
		hasty := person{thinks: 2 * time.Second, leaves: 2300 * time.Millisecond, silently: true}
		inBranch(t, dispatch.Warm, hasty, nil, func(b *branch) {
			b.SetCarrier(&sickly{switchboard: b.switchboard, recalls: 2})
			time.Sleep(30 * time.Second)
			b.is(dispatch.TransferOver, dispatch.OutcomeDeclined)
			if r := b.record(); r.Over() || r.Epoch != 2 {
				b.Errorf("the call is at epoch %d and ended for %q, want the agent to have the caller again", r.Epoch, r.Reason)
			}
		})
	})
	t.Run("a caller whom nobody can call back is not kept for ever", func(t *testing.T) {
		hasty := person{thinks: 2 * time.Second, leaves: 2300 * time.Millisecond, silently: true}
		inBranch(t, dispatch.Warm, hasty, nil, func(b *branch) {
			b.SetCarrier(&sickly{switchboard: b.switchboard, recalls: 1000})
			time.Sleep(time.Minute)
			b.endsFor(telephony.LineLost)
		})
	})
}

// An agent that waits for its tool says nothing: it is not kept waiting for the
// carrier, and hears the rest as news.
func TestTransferWaitsForItsTurn(t *testing.T) {
	for claim, test := range map[string]struct {
		queue   time.Duration
		outcome string
		legs    int // that were called
	}{
		"that comes":               {8 * time.Second, dispatch.OutcomeNoAnswer, 1},
		"that does not come":       {time.Hour, dispatch.OutcomeFailed, 0},
		"that comes at once: told": {0, dispatch.OutcomeNoAnswer, 1},
	} {
		t.Run(claim, func(t *testing.T) {
			inBranch(t, "", person{absent: true}, nil, func(b *branch) {
				b.SetCarrier(&sickly{switchboard: b.switchboard, queue: test.queue})
				time.Sleep(time.Second)
				w, began := b.wish(b.record().ID), time.Now()
				w.Kind = dispatch.Warm
				x, err := b.Transfer(b.Context(), w)
				if err != nil || x.Status != dispatch.TransferDialling || time.Since(began) > 5*time.Second {
					b.Errorf("Transfer() = %s, %v after %v, want it dialling, within 5 s", x.Status, err, time.Since(began))
				}
				time.Sleep(time.Minute)
				b.is(dispatch.TransferOver, test.outcome)
				if n := len(b.parties) - 1; n != test.legs || len(b.open()) != 0 {
					b.Errorf("%d legs were called and %v go on, want %d and none", n, b.open(), test.legs)
				}
				time.Sleep(patience)
				b.wg.Wait()
				if told, err := journalled(b.T, b.db, w.Call); err != nil || told != test.outcome {
					b.Errorf("the agent is told %q, %v, want %s", told, err, test.outcome)
				}
			})
		})
	}
}

// A desk that closes does not wait for a carrier that takes its time.
func TestCloseWhileATransferWaitsForItsTurn(t *testing.T) {
	inBranch(t, "", person{absent: true}, nil, func(b *branch) {
		b.SetCarrier(&sickly{switchboard: b.switchboard, queue: time.Hour})
		time.Sleep(time.Second)
		w := b.wish(b.record().ID)
		w.Kind = dispatch.Warm
		asked := make(chan error, 1)
		go func() { _, err := b.Transfer(b.Context(), w); asked <- err }()
		time.Sleep(time.Second)
		began := time.Now()
		if err := b.Close(b.Context()); err != nil || time.Since(began) > 30*time.Second {
			b.Errorf("Close() = %v after %v", err, time.Since(began))
		}
		if err := <-asked; err != nil {
			b.Errorf("Transfer() = %v", err)
		}
		b.is(dispatch.TransferOver, dispatch.OutcomeCanceled)
		b.endsFor(telephony.Shutdown)
	})
}

// forgetful loses the answer of a commit.
type forgetful struct {
	dispatch.Transfers
	lose int
}

func (f *forgetful) CreateTransfer(ctx context.Context, t dispatch.Transfer) (dispatch.Transfer, bool, error) {
	on, created, err := f.Transfers.CreateTransfer(ctx, t)
	if f.lose--; f.lose >= 0 && err == nil {
		return dispatch.Transfer{}, false, errors.New("the answer was lost")
	}
	return on, created, err
}

// A transfer whose commit's answer is lost goes on as if it was not: an agent
// that is told that there is none would be left by its caller all the same.
func TestTransferWhoseCommitIsLost(t *testing.T) {
	for _, kind := range []string{dispatch.Blind, dispatch.Warm} {
		t.Run(kind, func(t *testing.T) {
			inBranch(t, kind, person{busy: true}, func(c *dispatch.Config) {
				c.Transfers = &forgetful{c.Transfers, 1}
			}, func(b *branch) {
				time.Sleep(10 * time.Second)
				b.is(dispatch.TransferOver, dispatch.OutcomeBusy)
				entries, err := b.db.Journal(b.Context(), b.record().ID, 0)
				if err != nil {
					b.Fatal(err)
				}
				for _, e := range entries {
					if r, is := e.Event.(agentcore.ToolResult); is && r.Failed {
						b.Errorf("the agent's tool failed: %s", r.Text)
					}
				}
			})
		})
	}
}

// A transfer that is given up while its leg is being placed leaves nobody ringing.
func TestWithdrawnWhileItIsPlaced(t *testing.T) {
	inBranch(t, "", person{absent: true}, nil, func(b *branch) {
		b.SetCarrier(&sickly{switchboard: b.switchboard, queue: 8 * time.Second})
		time.Sleep(time.Second)
		w := b.wish(b.record().ID)
		w.Kind = dispatch.Warm
		x, err := b.Transfer(b.Context(), w)
		if err != nil {
			b.Fatal(err)
		}
		if err := b.Withdraw(b.Context(), x.ID, "the caller thought better of it"); err != nil {
			b.Errorf("Withdraw() = %v", err)
		}
		time.Sleep(6 * time.Second)
		b.is(dispatch.TransferOver, dispatch.OutcomeCanceled)
		if legs := b.open(); len(legs) != 0 || len(b.parties) != 2 {
			b.Errorf("%v of %d legs ring on", legs, len(b.parties)-1)
		}
	})
}

// What a tool's result has told is not told again to who takes the call up.
func TestTransferThatNeverBeganIsToldOnce(t *testing.T) {
	inBranch(t, dispatch.Warm, person{}, func(c *dispatch.Config) {
		c.Carrier = refuses{c.Carrier.(*switchboard)}
	}, func(b *branch) {
		time.Sleep(5 * time.Second)
		b.is(dispatch.TransferOver, dispatch.OutcomeFailed)
		b.switchboard.mu.Lock()
		b.parties[0].stream.lose()
		b.switchboard.mu.Unlock()
		time.Sleep(patience)
		b.wg.Wait()
		if r := b.record(); r.Epoch != 2 {
			b.Errorf("epoch %d, want the call taken up once", r.Epoch)
		}
		if told, err := journalled(b.T, b.db, b.record().ID); err != nil || told != "" {
			b.Errorf("the journal tells again that it %s, %v", told, err)
		}
	})
}

// clings is a conversation that never leaves its call.
func clings(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (agentcore.Summary, error) {
	n := len(past)
	write := func(e agentcore.Event) error {
		n++
		return j.Append(context.WithoutCancel(ctx), agentcore.Entry{N: n, Version: 1, Wall: time.Now(), Sync: true, Event: e})
	}
	if err := write(agentcore.Opened{Epoch: call.Epoch}); err != nil {
		return agentcore.Summary{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var listening sync.WaitGroup
	listening.Go(func() { heard(leg, stop) })
	<-ctx.Done()
	err := errors.Join(write(agentcore.Lost{Epoch: call.Epoch, Cause: "the line"}), leg.Hangup(ctx))
	listening.Wait()
	return agentcore.Summary{}, err
}

// Who takes a call that its agent does not leave waits in the room for half a
// minute, and is let go.
func TestAcceptedAndNobodyComes(t *testing.T) {
	inBranch(t, "", talker, func(c *dispatch.Config) { c.Talk = clings }, func(b *branch) {
		time.Sleep(time.Second)
		w := b.wish(b.record().ID)
		w.Kind = dispatch.Warm
		if _, err := b.Transfer(b.Context(), w); err != nil {
			b.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		b.is(dispatch.TransferAccepted, "")
		time.Sleep(30 * time.Second)
		b.is(dispatch.TransferOver, dispatch.OutcomeFailed)
		if legs := b.open(); len(legs) != 0 {
			b.Errorf("%v still wait", legs)
		}
	})
}
