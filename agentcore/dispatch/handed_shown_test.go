package dispatch_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// What a destination sees as who calls, what is pressed for it, and how long it
// rings is as the agent's list says, whoever dials: the carrier or we.
func TestATransferIsDialledAsItsListSays(t *testing.T) {
	const (
		to, shown = telephony.Number("+15550111"), telephony.Number("+15550188")
		keys      = "ww12#"
		ring      = 17 * time.Second
	)
	wish := dispatch.TransferWish{Key: "k", To: to, CallerID: shown, PostDial: keys, Ring: ring}
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		w := wish
		w.Call, w.Kind = s.call.ID, dispatch.Blind
		if _, err := o.Transfer(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		s.lose()
		<-s.done
		if d := o.door("CA1", telephony.StepDial).Dial; d.To != to || d.CallerID != shown || d.PostDial != keys || d.RingTimeout != ring {
			t.Errorf("the carrier is to dial %+v", d)
		}
		o.report("CA1", telephony.Completed)
		time.Sleep(5 * time.Second) // what came of the dial may still be told
	})
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		w := wish
		w.Call, w.Kind = s.call.ID, dispatch.Warm
		if _, err := o.Transfer(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		o.trunk.mu.Lock()
		dialled := o.trunk.dialed
		o.trunk.mu.Unlock()
		if len(dialled) != 1 || dialled[0].To != to || dialled[0].From != shown || dialled[0].PostDial != keys || dialled[0].RingTimeout != ring {
			t.Errorf("we dialled %+v", dialled)
		}
		s.lose()
		<-s.done
		o.report("CA1", telephony.Completed)
		time.Sleep(5 * time.Second) // what came of the dial may still be told
	})
}
