package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// books has agent call to, over seed 004's door, and returns the call's id.
func (x *campaign) books(v visitor, agent, to string) string {
	x.t.Helper()
	a := x.via(trillet, v, "POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"`+agent+`"}`)
	if a.status != 200 {
		x.t.Fatalf("a call to %s: %d %s", to, a.status, a.text)
	}
	return a.str("call_id")
}

// rule sets a workspace's dialing policy, beside openly.
func (x *campaign) rule(v visitor, more string) {
	x.t.Helper()
	body := strings.TrimSuffix(openly, "}") + "," + more + "}"
	if a := x.via(ownDoor, v, "PATCH", "/dialing", body); a.status != 200 {
		x.t.Fatalf("dialing: %d %s", a.status, a.text)
	}
}

// Whoever asks, and at whichever door: nobody is called who must not be, and the
// errand says why.
func TestWhoMustNotBeCalled(t *testing.T) {
	t.Parallel()
	x := newCampaign(t, 50)
	numbers := phones(x.carrier, 1000, 12, polite)
	calm := func(to string, times int) {
		t.Helper()
		if n := x.times()[to]; n != times {
			t.Errorf("%s was called %d times, want %d", to, n, times)
		}
	}
	play(
		func() {
			v := another(t, x.Store(), "ws_list", roster.Admin)
			agent := x.hires("ws_list", "Lists", "+14155550161", nil).UUID
			to, theirs := numbers[0], numbers[1]
			x.rule(v, `"max_concurrent":50`)
			if a := x.via(ownDoor, v, "POST", "/do_not_call", `{"phone_number":"`+to+`","note":"said no"}`); a.status/100 != 2 {
				t.Errorf("do not call: %d %s", a.status, a.text)
			}
			for _, d := range []struct {
				door
				path, body string
			}{
				{trillet, "/v1/api/call", `{"to":"` + to + `","call_agent_id":"` + agent + `"}`},
				{whippy, "/agents/" + agent + "/call", `{"from":"+14155550161","to":"` + to + `","bypass_quiet_hours":true}`},
				{ownDoor, "/agents/" + agent + "/dispatch", `{"phone_number":"` + to + `","schedule_at":"` + in(time.Hour) + `"}`},
				{ownDoor, "/agents/" + agent + "/dispatch", `{"phone_number":"` + to + `"}`},
			} {
				if a := x.via(d.door, v, "POST", d.path, d.body); a.status != 422 && a.status != 400 || strings.Contains(a.text, to) || !strings.Contains(a.text, "do-not-call") && !strings.Contains(a.text, "opted out") {
					t.Errorf("on the list, at %s: %d %s", d.base, a.status, a.text)
				}
			}
			batch := x.sends(v, agent, []string{to, theirs})
			within(t, 30*time.Second, "the batch", func() bool {
				return x.via(trillet, v, "GET", "/v1/api/batch-calls/"+batch, "").str("status") == "completed"
			})
			for _, e := range x.rows(batch) {
				if refused := e.Status == agenda.Refused && e.Code == "do_not_call" && e.Why != "" && !strings.Contains(e.Why, to); refused != (e.To == to) {
					t.Errorf("a row of the batch is %s (%s)", e.Status, e.Code)
				}
			}
			calm(to, 0)
			calm(theirs, 1)
			if a := x.via(ownDoor, v, "DELETE", "/do_not_call/"+strings.Replace(to, "+", "%2B", 1), ""); a.status/100 != 2 {
				t.Errorf("off the list: %d %s", a.status, a.text)
			}
			x.becomes("off the list again", x.books(v, agent, to), agenda.Done)
			calm(to, 1)
		},
		func() {
			v := another(t, x.Store(), "ws_consent", roster.Admin)
			agent := x.hires("ws_consent", "Asks", "+14155550162", nil).UUID
			to := numbers[2]
			x.rule(v, `"require_consent":true`)
			if a := x.via(trillet, v, "POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"`+agent+`"}`); a.status != 400 || !strings.Contains(a.text, "agreed") {
				t.Errorf("without consent: %d %s", a.status, a.text)
			}
			if rows := x.rows(x.sends(v, agent, []string{to})); len(rows) != 1 || x.becomes("a row without consent", rows[0].ID, agenda.Refused).Code != "no_consent" {
				t.Errorf("without consent, in a batch: %+v", rows)
			}
			calm(to, 0)
			a := x.via(whippy, v, "POST", "/agents/"+agent+"/call", `{"from":"+14155550162","to":"`+to+`","bypass_quiet_hours":true,"consent":"web form of 1 May"}`)
			e := x.becomes("with consent", a.str("data.id"), agenda.Done)
			r, err := x.Store().Call(t.Context(), e.Call)
			var proof struct{ Consent string }
			if err != nil || json.Unmarshal([]byte(r.Proof), &proof) != nil || proof.Consent != "web form of 1 May" {
				t.Errorf("with consent the proof is %s (%v)", r.Proof, err)
			}
			calm(to, 1)
		},
		func() {
			v := another(t, x.Store(), "ws_quiet", roster.Admin)
			agent := x.hires("ws_quiet", "Waits", "+14155550163", nil).UUID
			to, passed, bound := numbers[3], numbers[4], numbers[5]
			there, err := time.LoadLocation("America/Los_Angeles") // 415
			if err != nil {
				t.Error(err)
				return
			}
			now := time.Now().In(there)
			opens := time.Date(now.Year(), now.Month(), now.Day()+2, 10, 0, 0, 0, there)
			hours := fmt.Sprintf(`"calling_hours":[{"days":[%q],"from":"10:00","to":"11:00"}]`, strings.ToLower(opens.Format("Mon")))
			x.rule(v, hours)
			id := x.books(v, agent, to)
			e := x.becomes("in quiet hours", id, agenda.Scheduled)
			if !e.Due.Equal(opens) || e.Attempt != 0 { // found out when it was asked for
				t.Errorf("in quiet hours: %s until %v at attempt %d, want %v", e.Code, e.Due, e.Attempt, opens)
			}
			before := e.Change
			x.forward(id) // a clock that is wrong wakes it too early
			within(t, 20*time.Second, "quiet hours again", func() bool {
				e = x.errand(id)
				return e.Change >= before+3 && e.Status == agenda.Scheduled
			})
			if e.Code != "quiet_hours" || !e.Due.Equal(opens) || e.Attempt != 0 {
				t.Errorf("woken too early: %s until %v at attempt %d", e.Code, e.Due, e.Attempt)
			}
			calm(to, 0)
			call := func(to string) answered {
				return x.via(whippy, v, "POST", "/agents/"+agent+"/call", `{"from":"+14155550163","to":"`+to+`","bypass_quiet_hours":true}`)
			}
			e = x.becomes("passed over", call(passed).str("data.id"), agenda.Done)
			r, err := x.Store().Call(t.Context(), e.Call)
			if err != nil || !strings.Contains(r.Proof, `"hours":"bypassed"`) {
				t.Errorf("passed over, the proof is %s (%v)", r.Proof, err)
			}
			calm(passed, 1)
			x.rule(v, hours+`,"hours_binding":true`)
			a := call(bound)
			if at, err := time.Parse(time.RFC3339, a.str("data.schedule_at")); a.status != 202 || err != nil || !at.Equal(opens) || a.str("data.reason") != "quiet_hours" {
				t.Errorf("bound to its hours: %d %s, want %v", a.status, a.text, opens)
			}
			calm(bound, 0)
		},
	)
	x.kept()
}

// A workspace that may have three calls at once never has four, however many are
// due; and all are called in the end.
func TestNeverMoreCallsAtOnceThanMayBe(t *testing.T) {
	t.Parallel()
	const n, most = 14, 3
	x := newCampaign(t, 50)
	v := another(t, x.Store(), "ws_small", roster.Admin)
	agent := x.hires("ws_small", "Small", "+14155550164", nil).UUID
	x.rule(v, fmt.Sprintf(`"max_concurrent":%d`, most))
	var ids []string
	for _, to := range phones(x.carrier, 1000, n, forAWhile(600*time.Millisecond)) {
		ids = append(ids, x.books(v, agent, to))
	}
	for _, id := range ids {
		within(t, time.Minute, "its call", func() bool { return x.errand(id).Status == agenda.Done })
	}
	if at := x.atOnce(); at > most || at < 2 || len(x.requests()) != n {
		t.Errorf("%d calls at once, %d in all; want %d and %d", at, len(x.requests()), most, n)
	}
	x.kept()
}

// Who has a few calls to make does not wait for who has many.
func TestAFewCallsDoNotWaitForMany(t *testing.T) {
	t.Parallel()
	const many, few = 50, 4
	x := newCampaign(t, 6)
	small := another(t, x.Store(), "ws_few", roster.Admin)
	x.rule(small, `"max_concurrent":50`)
	a := x.hires(roster.Default, "Many", "+14155550165", nil).UUID
	b := x.hires("ws_few", "Few", "+14155550166", nil).UUID
	numbers := phones(x.carrier, 1000, many+few, polite)
	first := x.sends(owner, a, numbers[:many])
	within(t, 30*time.Second, "many", func() bool { return len(x.requests()) >= 6 })
	before := len(x.requests())
	x.sends(small, b, numbers[many:])
	within(t, time.Minute, "few", func() bool {
		n := 0
		for _, r := range x.requests() {
			if r.from == "+14155550166" {
				n++
			}
		}
		return n == few
	})
	// Turn by turn: for each of theirs one of the others', and those on the way.
	if n := len(x.requests()) - before; n > 2*few+8 {
		t.Errorf("%d calls went before the last of %d", n, few)
	}
	x.gets(trillet, "POST", "/v1/api/batch-calls/"+first+"/cancel", "")
	within(t, 30*time.Second, "the rest", func() bool {
		for _, c := range x.carrier.Calls() {
			if !c.Status().Terminal() {
				return false
			}
		}
		for _, e := range x.rows(first) {
			if !agenda.Over(e.Status) {
				return false
			}
		}
		return true
	})
	x.kept()
}
