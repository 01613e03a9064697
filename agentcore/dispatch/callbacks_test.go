package dispatch_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// word is one status callback.
type word struct {
	state  telephony.State
	number int
}

// orders are all the orders of all the subsets of words.
func orders(words []word) (all [][]word) {
	all = append(all, nil)
	for i, w := range words {
		rest := append(append([]word(nil), words[:i]...), words[i+1:]...)
		for _, o := range orders(rest) {
			all = append(all, append([]word{w}, o...))
		}
	}
	return all
}

// Whatever of the carrier's words about a call comes, in whatever order, each of
// them once or twice: the record ends once, at the same time and for the same
// reason, and it keeps the SIP code if that came.
func TestEveryOrderOfCallbacks(t *testing.T) {
	for _, test := range []struct {
		claim  string
		words  []word
		talks  bool            // its stream came, and was lost when the callee hung up
		says   telephony.State // the carrier, when asked
		sip    int
		reason telephony.EndReason
	}{
		{"busy", []word{{telephony.Queued, 0}, {telephony.Ringing, 1}, {telephony.StateBusy, 2}}, false, telephony.StateBusy, 486, telephony.Busy},
		{"nobody answers", []word{{telephony.Queued, 0}, {telephony.Ringing, 1}, {telephony.StateNone, 2}}, false, telephony.StateNone, 487, telephony.NoAnswer},
		{"no such number", []word{{telephony.Queued, 0}, {telephony.StateFail, 1}}, false, telephony.StateFail, 404, telephony.Failed},
		{"canceled", []word{{telephony.Queued, 0}, {telephony.StateStop, 1}}, false, telephony.StateStop, 0, telephony.Canceled},
		{"talked", []word{{telephony.Queued, 0}, {telephony.Ringing, 1}, {telephony.InProgress, 2}, {telephony.Completed, 3}}, true, telephony.Completed, 200, telephony.CallerHangup},
		{"answered, no stream", []word{{telephony.Ringing, 1}, {telephony.InProgress, 2}, {telephony.Completed, 3}}, false, telephony.Completed, 200, telephony.NotConnected},
	} {
		for _, twice := range []bool{false, true} {
			for i, words := range orders(test.words) {
				if (i+1)%share(5) != 0 {
					continue
				}
				claim := fmt.Sprintf("%s, %v, twice %t", test.claim, words, twice)
				synctest.Test(t, func(t *testing.T) {
					o := newOffice(t, nil)
					defer o.shut()
					on, _, err := o.Dispatch(t.Context(), wish)
					if err != nil {
						t.Fatal(err)
					}
					id := o.trunk.idOf(on.Call)
					if test.talks {
						step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: id, Call: on.Call, State: telephony.InProgress})
						if err != nil {
							t.Fatal(err)
						}
						s := o.connect(step.Token, id)
						time.Sleep(12*time.Second - 100*time.Millisecond)
						s.lose()
						<-s.done
					}
					o.trunk.set(id, test.says)
					over := time.Now()
					o.trunk.endedAt(id, over)
					for _, w := range words {
						time.Sleep(300 * time.Millisecond)
						p := telephony.Progress{Carrier: id, Call: on.Call, State: w.state, Sequence: w.number}
						if w.state.Terminal() {
							p.SIPCode = test.sip
							if test.talks {
								p.Duration = 12 * time.Second
							}
						}
						for range map[bool]int{false: 1, true: 2}[twice] {
							if err := o.Report(t.Context(), p); err != nil {
								t.Errorf("%s: Report() = %v", claim, err)
							}
						}
					}
					time.Sleep(5 * time.Minute)
					r := o.kept(id)
					if r.Reason != test.reason || !r.Over() {
						t.Errorf("%s: ended for %q, want %q", claim, r.Reason, test.reason)
					}
					if late := r.Ended.Sub(over); late < -time.Second || late > 2*time.Second {
						t.Errorf("%s: ended %v after it did", claim, late)
					}
					newest := -1
					for _, w := range words {
						if w.state.Terminal() && newest < w.number && r.SIPCode != test.sip {
							t.Errorf("%s: SIP code %d, want %d", claim, r.SIPCode, test.sip)
						}
						newest = max(newest, w.number)
					}
					if o.trunk.hangups() != 0 {
						t.Errorf("%s: %d hang-ups of a call that is over", claim, o.trunk.hangups())
					}
				})
			}
		}
	}
}

// Who answered is kept once, beside the rest.
func TestWhoAnswered(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		o.ring("CA1")
		for _, by := range []string{string(make([]byte, 65)), "human", "machine_start"} {
			if err := o.Report(t.Context(), telephony.Progress{Carrier: "CA1", AnsweredBy: by}); err != nil {
				t.Errorf("Report(answered by %q) = %v", by, err)
			}
		}
		o.report("CA1", telephony.Completed)
		if r := o.kept("CA1"); r.Answerer != "human" || r.Sequence != 9 || r.State != telephony.Completed {
			t.Errorf("record %+v, want it answered by a human, and the last word's state", r)
		}
	})
}
