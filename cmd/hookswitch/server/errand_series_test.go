package server_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// forward makes a series' next attempt due now, as if the time until then had
// passed.
func (b *booted) forward(id string) {
	b.t.Helper()
	e := b.errand(id)
	now := time.Now().UTC().Truncate(time.Microsecond)
	e.Due = now
	if _, err := b.Store().Agenda().Move(b.t.Context(), e, now); err != nil {
		b.t.Fatal(err)
	}
}

// waits waits until the call to a number is a series that waits for attempt n, and
// checks when that is due and that every door shows it.
func (b *booted) waits(claim, id, code string, n int, gap time.Duration) agenda.Errand {
	b.t.Helper()
	var e agenda.Errand
	within(b.t, 40*time.Second, claim+": the series", func() bool {
		var err error
		e, err = b.Store().Agenda().Errand(b.t.Context(), "", id)
		return err == nil && e.Status == agenda.Scheduled && e.Attempt == n
	})
	r, err := b.Store().Call(b.t.Context(), e.Call)
	if err != nil || e.Code != code || !e.Due.Equal(r.Ended.Add(gap)) {
		b.t.Errorf("%s: %s at %v, after a call that ended at %v (%v); want %s, %v later", claim, e.Code, e.Due, r.Ended, err, code, gap)
	}
	due := e.Due.Format("2006-01-02T15:04:05.000Z")
	if a := b.must("GET", "/schedules/"+id, ""); a.str("item.status") != "scheduled" || a.str("item.due_at") != due || a.str("item.code") != code {
		b.t.Errorf("%s: v2 shows %s", claim, a.text)
	}
	if a := b.gets(whippy, "GET", "/scheduled_sessions/"+id, ""); a.str("data.status") != "scheduled" || a.str("data.next_at") == "" {
		b.t.Errorf("%s: seed 002 shows %s", claim, a.text)
	}
	return e
}

const callsBack = `,"smart_callback":{"enabled":true,"max_attempts":2,"gaps":[{"days":0,"hours":1},{"days":0,"hours":3}]}`

// Whom an agent with a smart callback did not reach is called again, until
// somebody answers, or calls in, or it is cancelled, or there is no attempt left.
func TestASeriesEndsWhenSomebodyAnswers(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	b.forget()
	agent := b.greets("Shop", flowNumber, callsBack)
	busy := sim.Phone{Answer: handset.Answer{Kind: handset.Busy, After: 50 * time.Millisecond}}
	dials := func(to string) string {
		b.Sim().Register(to, busy)
		return b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`","dynamic_variables":{"name":"Ada"}}`).str("call_id")
	}
	play(
		func() {
			const claim, to = "answered", "+14155550211"
			id := dials(to)
			b.waits(claim, id, "busy", 1, time.Hour)
			b.forward(id)
			e := b.waits(claim, id, "busy", 2, 3*time.Hour)
			if string(e.Call) != id+"_2" || b.called(to) != 2 {
				t.Errorf("%s: the second attempt is call %s, of %d", claim, e.Call, b.called(to))
			}
			b.Sim().Register(to, sim.Phone{Make: polite})
			b.forward(id)
			e = b.becomes(claim, id, agenda.Done)
			last := b.lastTo(claim, to)
			r, err := b.Store().CallByCarrier(t.Context(), last.SID())
			if err != nil || string(r.ID) != id+"_3" || e.Attempt != 3 || b.called(to) != 3 || !r.FollowUp {
				t.Errorf("%s: call %s, attempt %d, %d calls, %v", claim, r.ID, e.Attempt, b.called(to), err)
			}
			if said := spoke(journal(t, b.Store(), last.SID())); len(said) != 1 || said[0] != "Hello Ada, this is the shop." {
				t.Errorf("%s: at last the agent says %q", claim, said)
			}
			if a := b.must("GET", "/schedules/"+id, ""); a.str("item.attempts.0.end_reason") != "busy" || a.str("item.attempts.2.end_reason") != "caller_hangup" || a.str("item.status") != "done" {
				t.Errorf("%s: v2 shows %s", claim, a.text)
			}
		},
		func() {
			const claim, to = "no attempt left", "+14155550212"
			id := dials(to)
			b.waits(claim, id, "busy", 1, time.Hour)
			b.forward(id)
			b.waits(claim, id, "busy", 2, 3*time.Hour)
			b.forward(id)
			if e := b.becomes(claim, id, agenda.Failed); e.Code != "busy" || e.Attempt != 3 || b.called(to) != 3 {
				t.Errorf("%s: %s after %d attempts and %d calls", claim, e.Code, e.Attempt, b.called(to))
			}
		},
		func() {
			const claim, to = "cancelled", "+14155550213"
			id := dials(to)
			b.waits(claim, id, "busy", 1, time.Hour)
			if a := b.gets(whippy, "POST", "/scheduled_sessions/"+id+"/cancel", ""); a.str("data.status") != "cancelled" {
				t.Errorf("%s: %s", claim, a.text)
			}
			if e := b.errand(id); e.Status != agenda.Cancelled || b.called(to) != 1 {
				t.Errorf("%s: it is %s, %d calls", claim, e.Status, b.called(to))
			}
		},
		func() {
			const claim, to = "they call", "+14155550214"
			id := dials(to)
			b.waits(claim, id, "busy", 1, time.Hour)
			if _, err := b.Sim().Call(t.Context(), to, flowNumber, polite()); err != nil {
				t.Error(err)
				return
			}
			if e := b.becomes(claim, id, agenda.Done); e.Code != agenda.CodeCalledIn || b.called(to) != 1 {
				t.Errorf("%s: %s, %d calls", claim, e.Code, b.called(to))
			}
		},
		func() {
			const claim, to = "no callback is wanted", "+14155550215"
			b.Sim().Register(to, busy)
			id := b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`","smart_callback":false}`).str("call_id")
			var over bool
			within(t, 20*time.Second, claim, func() bool {
				r, err := b.Store().Call(t.Context(), telephony.CallID(id))
				over = err == nil && r.Over()
				return over
			})
			time.Sleep(500 * time.Millisecond) // for a follow-up that none may be
			if e, err := b.Store().Agenda().Errand(t.Context(), "", id); err == nil {
				t.Errorf("%s: and there is a series, due %v", claim, e.Due)
			}
		},
		func() {
			const claim, to = "no phone there", "+14155550216" // nobody registered
			id := b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`"}`).str("call_id")
			b.waits(claim, id, "failed", 1, time.Hour)
		},
		func() {
			const claim, to = "seed 004", "+14155550217"
			b.Sim().Register(to, busy)
			id := b.gets(trillet, "POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"`+agent+`"}`).str("call_id")
			b.waits(claim, id, "busy", 1, time.Hour)
			// Another call of the agent that reaches them ends the series.
			b.Sim().Register(to, sim.Phone{Make: polite})
			b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`"}`)
			if e := b.becomes(claim, id, agenda.Done); e.Code != agenda.CodeReached || b.called(to) != 2 {
				t.Errorf("%s: %s, %d calls", claim, e.Code, b.called(to))
			}
		},
	)
}
