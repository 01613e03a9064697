package server_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// A call that is asked for at any door is for a time, or at once: the id that is
// told then is that of the call that rings, is answered and talks.
func TestACallForLaterAtEveryDoor(t *testing.T) {
	t.Parallel()
	done := receives(t, nil)
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	agent := b.greets("Shop", flowNumber, "")
	const wait = 2 * time.Second
	tests := []struct {
		claim, to string
		ask       func(to string) (id string)
		later     bool
	}{
		{"seed 002, for later", "+14155550201", func(to string) string {
			a := b.gets(whippy, "POST", "/agents/"+agent+"/call", `{"from":"`+flowNumber+`","to":"`+to+`","schedule_at":"`+in(wait)+`","bypass_quiet_hours":true,"custom_placeholders_data":{"name":"Ada"}}`)
			if a.status != 202 {
				t.Errorf("seed 002 answers %d %s", a.status, a.text)
			}
			return a.str("data.id")
		}, true},
		{"v2, for later", "+14155550202", func(to string) string {
			a := b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`","schedule_at":"`+in(wait)+`","dynamic_variables":{"name":"Ada"}}`)
			if a.status != 202 || a.str("item.schedule_id") != a.str("call_id") {
				t.Errorf("v2 answers %d %s", a.status, a.text)
			}
			return a.str("call_id")
		}, true},
		{"seed 004, now", "+14155550203", func(to string) string {
			return b.gets(trillet, "POST", "/v1/api/call", `{"to":"`+to+`","call_agent_id":"`+agent+`","callback_url":"`+done.URL+`","dynamic_variables":{"name":"Ada"},"metadata":{"order":7}}`).str("call_id")
		}, false},
		{"seed 002, now", "+14155550204", func(to string) string {
			a := b.gets(whippy, "POST", "/agents/"+agent+"/call", `{"from":"`+flowNumber+`","to":"`+to+`","bypass_quiet_hours":true,"custom_placeholders_data":{"name":"Ada"}}`)
			if a.status != 201 {
				t.Errorf("seed 002 answers %d %s", a.status, a.text)
			}
			return a.str("data.id")
		}, false},
	}
	var all sync.WaitGroup
	for _, tt := range tests {
		all.Go(func() {
			b.Sim().Register(tt.to, sim.Phone{Answer: handset.Answer{After: 100 * time.Millisecond}, Make: polite})
			began := time.Now()
			id := tt.ask(tt.to)
			if e := b.errand(id); tt.later && (e.Status != agenda.Scheduled || e.Attempt != 0) {
				t.Errorf("%s: at first it is %s, at attempt %d", tt.claim, e.Status, e.Attempt)
			}
			if tt.later && b.called(tt.to) != 0 {
				t.Errorf("%s: it rings at once", tt.claim)
			}
			call := b.lastTo(tt.claim, tt.to)
			if tt.later && time.Since(began) < wait {
				t.Errorf("%s: it rings after %v", tt.claim, time.Since(began))
			}
			e := b.becomes(tt.claim, id, agenda.Done)
			r, err := b.Store().CallByCarrier(t.Context(), call.SID())
			if err != nil || string(r.ID) != id || e.Call != r.ID || !r.FollowUp || r.Answered.IsZero() {
				t.Errorf("%s: told %s, the call is %s of errand %+v (%v)", tt.claim, id, r.ID, e, err)
			}
			if said := spoke(journal(t, b.Store(), call.SID())); len(said) != 1 || said[0] != "Hello Ada, this is the shop." {
				t.Errorf("%s: the agent says %q", tt.claim, said)
			}
			b.proved(tt.claim, r, "any")
			if n := b.called(tt.to); n != 1 {
				t.Errorf("%s: called %d times", tt.claim, n)
			}
		})
	}
	all.Wait()
	within(t, 10*time.Second, "the callback", func() bool { return len(done.all()) > 0 })
	var told struct {
		Event string
		Data  struct {
			CallID, AgentID, Status string
			Metadata                map[string]any
		}
	}
	post := done.all()[0]
	if err := json.Unmarshal([]byte(post.body), &told); err != nil || told.Event != "call.completed" || told.Data.CallID == "" || told.Data.AgentID != agent ||
		told.Data.Status != "caller_hangup" || told.Data.Metadata["order"] != 7.0 || post.header.Get("Webhook-Id") != "callback_"+told.Data.CallID {
		t.Errorf("the client is told %s, %v (%v)", post.body, post.header, err)
	}
	if n := len(done.all()); n != 1 {
		t.Errorf("the client is told %d times", n)
	}
}

// proved checks that the call's record says what was found out before it, and that
// the API shows it.
func (b *booted) proved(claim string, r storage.Call, hours string) {
	b.t.Helper()
	var proof struct {
		Region    string
		Hours     string
		DoNotCall string   `json:"do_not_call"`
		Zones     []string `json:"callee_zones"`
	}
	err := json.Unmarshal([]byte(r.Proof), &proof)
	if err != nil || proof.Region != "US" || proof.Hours != hours || proof.DoNotCall != "clear" {
		b.t.Errorf("%s: the proof is %s (%v)", claim, r.Proof, err)
	}
	if a := b.must("GET", "/calls/"+string(r.ID), ""); a.str("item.checks.hours") != hours || a.str("item.checks.do_not_call") != "clear" {
		b.t.Errorf("%s: the API shows %v of the proof", claim, a.at("item.checks"))
	}
}

// errand is the one on record.
func (b *booted) errand(id string) agenda.Errand {
	b.t.Helper()
	e, err := b.Store().Agenda().Errand(context.Background(), "", id)
	if err != nil {
		b.t.Fatalf("errand %s: %v", id, err)
	}
	return e
}

// becomes waits until the errand is as status says.
func (b *booted) becomes(claim, id, status string) (e agenda.Errand) {
	b.t.Helper()
	defer func() {
		if e.Status != status {
			b.t.Logf("%s: it is %s (%s): %s", claim, e.Status, e.Code, e.Why)
		}
	}()
	within(b.t, 30*time.Second, claim+": "+status, func() bool {
		e = b.errand(id)
		return e.Status == status
	})
	return e
}

// lastTo waits until somebody's phone has rung, and returns the last call to it.
func (b *booted) lastTo(claim, to string) (call *sim.Call) {
	b.t.Helper()
	within(b.t, 20*time.Second, claim+": a call", func() bool {
		for _, c := range b.Sim().Calls() {
			if c.To() == to {
				call = c
			}
		}
		return call != nil
	})
	return call
}

// called is how often a number was.
func (b *booted) called(to string) (n int) {
	for _, c := range b.Sim().Calls() {
		if c.To() == to {
			n++
		}
	}
	return n
}
