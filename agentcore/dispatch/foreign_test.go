package dispatch_test

import (
	"errors"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Whoever has the key of another account and names our calls is told nothing, and
// leaves nothing behind.
func TestAnotherAccountNamesOurCalls(t *testing.T) {
	const other = "ACother"
	unknown := func(t *testing.T, what string, err error) {
		t.Helper()
		if !errors.Is(err, telephony.ErrUnknownCall) {
			t.Errorf("%s = %v, want ErrUnknownCall", what, err)
		}
	}
	for claim, test := range map[string]func(t *testing.T, o *office){
		"a call that rings here, by the carrier's id": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", Account: other, From: "+15550100", To: "+15550199", State: telephony.Ringing})
			unknown(t, "Ring()", err)
			if step.Token != "" {
				t.Error("it is told the token")
			}
			o.connect(token, "CA1")
		},
		"a call that is being placed, by our own id": func(t *testing.T, o *office) {
			o.trunk.early = func(out telephony.Outgoing, _ string) {
				_, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CAevil", Account: other, Call: out.Call, State: telephony.InProgress})
				unknown(t, "Ring()", err)
				unknown(t, "Report()", o.Report(t.Context(), telephony.Progress{Carrier: "CAevil", Account: other, Call: out.Call, State: telephony.Completed}))
			}
			on, _, err := o.Dispatch(t.Context(), wish)
			if err != nil {
				t.Fatal(err)
			}
			if r := o.kept("CAout1"); r.ID != on.Call || r.Over() {
				t.Errorf("call %s, over %t, want the one that was placed", r.ID, r.Over())
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// The caller's own line is never taken for the other leg of its transfer, also
// while nobody knows yet which line that is.
func TestTheCallersLineIsNotTheOtherLeg(t *testing.T) {
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		x, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: "k", Kind: dispatch.Blind, To: "+15550111"})
		if err != nil {
			t.Fatal(err)
		}
		for _, as := range []telephony.Ref{{ID: "CA1"}, {Account: "ACother", ID: "CAevil"}} {
			err := o.Report(t.Context(), telephony.Progress{Carrier: as.ID, Account: as.Account, Call: x.ID, State: telephony.Completed})
			if !errors.Is(err, telephony.ErrUnknownCall) {
				t.Errorf("Report(%+v) = %v, want ErrUnknownCall", as, err)
			}
		}
		if all, err := o.Transfers(t.Context(), s.call.ID); err != nil || len(all) != 1 || all[0].Carrier != "" || all[0].Over() {
			t.Errorf("transfers %+v, %v, want one that waits and whose leg is unknown", all, err)
		}
	})
}
