package dispatch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// Whom a call is handed to, how patient the caller is, and what must come of it.
func TestHandedOn(t *testing.T) {
	const patient = 2 * time.Minute
	for _, test := range []struct {
		claim    string
		kind     string
		person   person
		patience time.Duration
		outcome  string
		reason   telephony.EndReason
		epochs   int // of the call: more than 1 means that the agent had the caller again
	}{
		{"blind: they talk", dispatch.Blind, person{rings: 5 * time.Second, stays: 20 * time.Second}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"blind: they talk until the caller hangs up", dispatch.Blind, person{rings: 5 * time.Second, stays: time.Hour}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"blind: busy, back to the agent", dispatch.Blind, person{busy: true}, patient, dispatch.OutcomeBusy, telephony.CallerHangup, 2},
		{"blind: nobody answers, back to the agent", dispatch.Blind, person{absent: true}, patient, dispatch.OutcomeNoAnswer, telephony.CallerHangup, 2},
		{"blind: hangs up at once, back to the agent", dispatch.Blind, person{rings: time.Second, stays: time.Second}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 2},
		{"blind: the caller hangs up while it rings", dispatch.Blind, person{absent: true}, 10 * time.Second, dispatch.OutcomeCanceled, telephony.CallerHangup, 1},
		{"blind: the carrier tells nothing of them", dispatch.Blind, person{rings: 5 * time.Second, stays: 20 * time.Second, silently: true}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"conference: they talk", dispatch.Conference, person{rings: 5 * time.Second, thinks: 2 * time.Second, stays: 20 * time.Second}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"warm: they talk", dispatch.Warm, person{rings: 5 * time.Second, thinks: 8 * time.Second, stays: 20 * time.Second}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"warm: they talk until the caller hangs up", dispatch.Warm, person{rings: 5 * time.Second, stays: time.Hour}, patient, dispatch.OutcomeCompleted, telephony.Transferred, 1},
		{"warm: declined, the agent never left", dispatch.Warm, person{thinks: 2 * time.Second, says: dispatch.OutcomeDeclined}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 1},
		{"warm: a machine", dispatch.Warm, person{thinks: 2 * time.Second, says: dispatch.OutcomeVoicemail}, patient, dispatch.OutcomeVoicemail, telephony.CallerHangup, 1},
		{"warm: silence", dispatch.Warm, person{thinks: 2 * time.Second, says: dispatch.OutcomeSilent}, patient, dispatch.OutcomeSilent, telephony.CallerHangup, 1},
		{"warm: busy", dispatch.Warm, person{busy: true}, patient, dispatch.OutcomeBusy, telephony.CallerHangup, 1},
		{"warm: nobody answers", dispatch.Warm, person{absent: true}, patient, dispatch.OutcomeNoAnswer, telephony.CallerHangup, 1},
		{"warm: nobody answers, and the carrier does not say so", dispatch.Warm, person{absent: true, silently: true}, patient, dispatch.OutcomeNoAnswer, telephony.CallerHangup, 1},
		{"warm: hangs up while being asked", dispatch.Warm, person{thinks: time.Minute, leaves: 3 * time.Second}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 1},
		{"warm: thinks for too long", dispatch.Warm, person{thinks: time.Hour}, patient, dispatch.OutcomeSilent, telephony.CallerHangup, 1},
		{"warm: accepts and hangs up before the caller is there", dispatch.Warm, person{thinks: 2 * time.Second, leaves: 2300 * time.Millisecond}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 2},
		{"warm: accepts, hangs up, and the carrier tells nothing", dispatch.Warm, person{thinks: 2 * time.Second, leaves: 2300 * time.Millisecond, silently: true}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 2},
		{"warm: hangs up as the caller comes", dispatch.Warm, person{thinks: 2 * time.Second, stays: 500 * time.Millisecond}, patient, dispatch.OutcomeDeclined, telephony.CallerHangup, 2},
		{"warm: the caller hangs up while it rings", dispatch.Warm, person{absent: true}, 8 * time.Second, dispatch.OutcomeCanceled, telephony.CallerHangup, 1},
		{"warm: the caller hangs up while they think", dispatch.Warm, person{thinks: time.Minute}, 8 * time.Second, dispatch.OutcomeCanceled, telephony.CallerHangup, 1},
	} {
		t.Run(test.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, err := sqlite.Open(t.Context(), sqlite.Memory)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				s := newSwitchboard(test.person)
				o := &office{counts: map[string]int{}}
				p := s.start(t, "", test.kind, db, db, s, func(c *dispatch.Config) { c.Counter = o })
				s.calls(test.patience)
				time.Sleep(10 * time.Minute)
				s.wg.Wait()
				r, err := db.CallByCarrier(t.Context(), "CAcaller0")
				if err != nil || r.Reason != test.reason || r.Epoch != test.epochs {
					t.Errorf("record %+v, %v, want it ended for %s at epoch %d", r, err, test.reason, test.epochs)
				}
				x, err := db.Transfer(t.Context(), p.last)
				if err != nil || !x.Over() || x.Outcome != test.outcome {
					t.Errorf("transfer %+v, %v, want %s", x, err, test.outcome)
				}
				if (x.Outcome == dispatch.OutcomeCompleted) != (x.Talked() >= 2*time.Second) {
					t.Errorf("they talked %v", x.Talked())
				}
				told, err := journalled(t, db, r.ID)
				if isCanceled := test.outcome == dispatch.OutcomeCanceled; err != nil || told != test.outcome && !isCanceled {
					t.Errorf("the journal tells of %q, %v, want %s", told, err, test.outcome)
				}
				if o.counted("transfer "+test.kind+" "+test.outcome) != 1 {
					t.Errorf("counted %v, want the transfer once", o.counts)
				}
				if s.alone > 12*time.Second {
					t.Errorf("the caller was with nobody for %v", s.alone)
				}
				for _, leg := range s.parties {
					if !leg.state.Terminal() {
						t.Errorf("%s is %s in the end", leg.id, leg.state)
					}
				}
				if caller, leg := s.parties[0], s.parties[1]; test.outcome == dispatch.OutcomeCanceled && leg.ended.Sub(caller.ended) > time.Second {
					t.Errorf("the other leg was hung up %v after the caller was gone", leg.ended.Sub(caller.ended))
				}
				if len(s.parties) != 2 {
					t.Errorf("%d legs, want the caller's and one more", len(s.parties))
				}
				if err := p.Close(t.Context()); err != nil || len(p.Live()) != 0 {
					t.Errorf("Close() = %v, %d live", err, len(p.Live()))
				}
			})
		})
	}
}
