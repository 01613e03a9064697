package twilio_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// A call whose answer was lost is found at the simulated carrier.
func TestTheSimulatedCarrierTellsOfACallWhoseAnswerWasLost(t *testing.T) {
	k, c, _ := newSim(t)
	c.Register(simTo, sim.Phone{})
	c.FailREST(sim.RESTFault{Lost: true, Times: 1, Method: http.MethodPost})
	since := time.Now()
	if _, err := k.Dial(t.Context(), telephony.Outgoing{Call: "call1", From: simNumber, To: simTo}); err == nil {
		t.Fatal("Dial() succeeded, want its answer lost")
	}
	ids, err := k.Find(t.Context(), "", simNumber, simTo, since)
	if calls := c.Calls(); err != nil || len(ids) != 1 || len(calls) != 1 || ids[0] != calls[0].SID() {
		t.Errorf("Find() = %v, %v, want the one that was placed", ids, err)
	}
	for name, tt := range map[string]struct {
		account  string
		from, to telephony.Number
		since    time.Time
	}{
		"later":            {"", simNumber, simTo, since.Add(time.Minute)},
		"to somebody else": {"", simNumber, simTheirs, since},
		"of another":       {"", simTheirs, simTo, since},
		"elsewhere":        {simOther, simNumber, simTo, since},
	} {
		if ids, err := k.Find(t.Context(), tt.account, tt.from, tt.to, tt.since); err != nil || len(ids) != 0 {
			t.Errorf("Find(%s) = %v, %v, want none", name, ids, err)
		}
	}
}
