package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// stays hears the agent out, stays for another moment and hangs up: a call of two
// seconds or more, so that durations say something.
func stays() handset.Handset {
	voiced := false
	return handset.Func(func(now time.Duration, hear, _ *media.Frame) handset.Touch {
		_, _, loud := handset.Voiced(hear)
		voiced = voiced || loud
		return handset.Touch{Hangup: voiced && now > 2*time.Second}
	})
}

// one checks the record of a call: it ended once, for reason, and lasted as long
// as the carrier says.
func one(t *testing.T, claim string, db *storage.DB, call *sim.Call, reason telephony.EndReason) {
	t.Helper()
	var r storage.Call
	within(t, 30*time.Second, claim+": the end", func() (over bool) {
		var err error
		r, err = db.CallByCarrier(context.Background(), call.SID())
		return err == nil && r.Over() && call.Status().Terminal()
	})
	time.Sleep(100 * time.Millisecond) // for a callback that comes twice
	all := journal(t, db, call.SID())
	if r.Reason != reason || ends(all) != 1 || r.Epoch != 1 {
		t.Errorf("%s: ended for %s, %d times, at epoch %d; want once for %s", claim, r.Reason, ends(all), r.Epoch, reason)
	}
	if d := r.Ended.Sub(r.Answered) - call.Duration(); r.Answered.IsZero() || d.Abs() > 700*time.Millisecond {
		t.Errorf("%s: the record lasts %v, the call %v", claim, r.Ended.Sub(r.Answered), call.Duration())
	}
	calls, _, err := db.SearchCalls(context.Background(), roster.Default, parsed(t, `agent:"`+r.Agent+`"`), time.Now(), "", 10)
	if err != nil || len(calls) != 1 {
		t.Errorf("%s: %d records, %v", claim, len(calls), err)
	}
}

// Whatever the carrier's requests do on their way, one call is one record, with
// one end and the right length.
func TestRequestsThatComeLateTwiceOrNever(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	tests := []struct {
		claim    string
		outbound bool
		fault    sim.Fault
	}{
		{"the voice webhook twice", false, sim.Fault{What: sim.WebhookTwice, Path: "/twilio/voice"}},
		{"a call of ours, its voice webhook twice", true, sim.Fault{What: sim.WebhookTwice, Path: "/twilio/voice"}},
		{"every callback twice", true, sim.Fault{What: sim.CallbackTwice}},
		{"every callback late", true, sim.Fault{What: sim.CallbackLate, For: 800 * time.Millisecond}},
		{"answered before it rang", true, sim.Fault{What: sim.CallbackSwap, Status: "ringing"}},
		{"no callback at all", true, sim.Fault{What: sim.CallbackLost}},
		{"of a caller, none either", false, sim.Fault{What: sim.CallbackLost}},
		{"of a caller, the end late", false, sim.Fault{What: sim.CallbackLate, For: time.Second}},
		{"of a caller, the end twice", false, sim.Fault{What: sim.CallbackTwice}},
		{"stop twice", false, sim.Fault{What: sim.StopTwice}},
		{"no stop", false, sim.Fault{What: sim.NoStop}},
	}
	var faults []sim.Fault
	want := map[sim.What]int{}
	for i, tt := range tests {
		tt.fault.Number = fmt.Sprintf("+1415555%04d", 400+i)
		faults = append(faults, tt.fault)
		want[tt.fault.What]++
	}
	if err := b.Sim().Schedule(faults...); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i, tt := range tests {
		a := b.linked(receptionist(fmt.Sprintf("Line %d", i)), faults[i].Number)
		wait.Go(func() {
			if !tt.outbound {
				call, err := b.Sim().Call(t.Context(), "+14155550134", faults[i].Number, stays())
				if err != nil {
					t.Errorf("%s: %v", tt.claim, err)
					return
				}
				one(t, tt.claim, b.Store(), call, telephony.CallerHangup)
				return
			}
			phone := fmt.Sprintf("+1415555%04d", 500+i)
			b.Sim().Register(phone, sim.Phone{Answer: handset.Answer{After: 300 * time.Millisecond}, Make: stays})
			b.must("POST", "/agents/"+a.UUID+"/dispatch", `{"phone_number":"`+phone+`"}`)
			var call *sim.Call
			within(t, 10*time.Second, tt.claim, func() bool {
				at := slices.IndexFunc(b.Sim().Calls(), func(c *sim.Call) bool { return c.To() == phone })
				if at >= 0 {
					call = b.Sim().Calls()[at]
				}
				return at >= 0
			})
			one(t, tt.claim, b.Store(), call, telephony.CallerHangup)
		})
	}
	wait.Wait()
	for what, n := range want {
		within(t, 5*time.Second, string(what), func() bool { return b.Sim().Struck(what) >= n })
	}
}

// Who hides their number, or calls from a switchboard, is answered like anybody.
func TestCallersWithoutANumber(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	hook := receives(t, nil)
	d := receptionist("Front Desk")
	d.Webhooks = []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{
		Request: &roster.Request{URL: hook.URL, Method: "POST"}, Timeout: 5,
	}}}
	b.linked(d, hookNumber)
	for i, tt := range []struct{ from, want string }{
		{"anonymous", "anonymous"},
		{"+266696687", "anonymous"}, // the word, on a telephone's keys
		{"sip:anonymous@anonymous.invalid", "anonymous"},
		{"", "anonymous"},
		{"sip:ada@pbx.example.com", "sip:ada@pbx.example.com"},
		{"12", "12"}, // a short code, or nonsense: no E.164
	} {
		call, err := b.Sim().Call(t.Context(), tt.from, hookNumber, polite())
		if err != nil {
			t.Fatal(err)
		}
		if got := b.end(); got != telephony.CallerHangup {
			t.Errorf("from %q: ended for %s", tt.from, got)
		}
		r, err := b.Store().CallByCarrier(t.Context(), call.SID())
		if err != nil {
			t.Fatal(err)
		}
		if got := b.must("GET", "/calls/"+string(r.ID), "").str("item.from"); got != tt.want {
			t.Errorf("from %q: the API shows %q", tt.from, got)
		}
		within(t, 20*time.Second, "post_call", func() bool { return len(hook.all()) > i })
		var told struct {
			Caller string `json:"caller_phone"`
		}
		if err := json.Unmarshal([]byte(hook.all()[i].body), &told); err != nil || told.Caller != tt.want {
			t.Errorf("from %q: post_call says %q, %v", tt.from, told.Caller, err)
		}
	}
}

// A call to a number that is none, or that nobody may call, is placed by no
// request.
func TestNumbersThatAreNeverDialled(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	a := b.linked(receptionist("Front Desk"), hookNumber)
	for _, to := range []string{"911", "+1911", "+19005550199", "+881612345678", "+4915112345678", "4155550171", "+1415999", "sip:ada@pbx.example.com"} {
		got := b.ask("POST", "/agents/"+a.UUID+"/dispatch", `{"phone_number":"`+to+`"}`)
		if got.status != 422 && got.status != 400 {
			t.Errorf("%s: %d %s", to, got.status, got.text)
		}
		if strings.Contains(got.text, to) {
			t.Errorf("the answer has the number: %s", got.text)
		}
	}
	if calls := b.Sim().Calls(); len(calls) != 0 {
		t.Errorf("%d were called", len(calls))
	}
}
