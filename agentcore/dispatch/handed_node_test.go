package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// A process dies as somebody accepts; another one sends the caller to the room,
// which is empty by then. That the dead one's last beat is fresh leaves nobody
// there alone.
func TestCallerIsFetchedFromARoomThatADeadNodeLeft(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) { handsOn(c); c.Node = "a" }, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		x, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: "k", Kind: dispatch.Warm, To: "+15550111"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if x, err = o.cfg.Transfers.MoveTransfer(t.Context(), x.ID, []string{dispatch.TransferDialling}, dispatch.TransferChange{Status: dispatch.TransferAccepted, Answered: time.Now()}); err != nil {
			t.Fatal(err)
		}
		o.kill()
		b := o.neighbour("b")
		if step, err := b.Next(t.Context(), telephony.Question{Carrier: "CA1"}); err != nil || step.Kind != telephony.StepJoin {
			t.Fatalf("Next() = %+v, %v, want the room", step, err)
		}
		o.trunk.set("CAout1", telephony.Completed)
		if err := b.Report(t.Context(), telephony.Progress{Carrier: "CAout1", Call: x.ID, State: telephony.Completed}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		o.trunk.mu.Lock()
		recalled := slices.Clone(o.trunk.recalled)
		o.trunk.mu.Unlock()
		if !slices.Equal(recalled, []string{"CA1"}) {
			t.Errorf("called back: %v, want the caller, once", recalled)
		}
		if err := b.Report(t.Context(), telephony.Progress{Carrier: "CA1", State: telephony.Completed}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
