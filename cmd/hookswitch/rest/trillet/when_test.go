package trillet_test

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/trillet"
)

// planned is a dial plan over one policy, with one number on the do-not-call list.
func planned(t *testing.T, p dialplan.Policy, off string) func(*trillet.Config) {
	g, err := dialplan.NewGate(dialplan.Config{
		Policy:   func(context.Context, string) (dialplan.Policy, error) { return p, nil },
		OptedOut: func(_ context.Context, _, number string) (bool, error) { return number == off, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *trillet.Config) { c.Planner = g }
}

// Whom nobody may call is said at once, and not found out by who waits for a call.
func TestACallThatMayNeverBePlacedIsRefusedAtOnce(t *testing.T) {
	p := open(t, planned(t, dialplan.Policy{RequireConsent: true}, "+14155550188"))
	agent := p.caller()
	body := func(to, more string) string {
		return `{"to":"` + to + `","call_agent_id":"` + agent + `"` + more + `}`
	}
	const agreed = `,"consent":"form of 2026-11-02"`
	for claim, in := range map[string]string{
		"a premium number":       body("+19005550177", agreed),
		"another country":        body("+18765550177", agreed),
		"on the do-not-call":     body("+14155550188", agreed),
		"without consent":        body("+14155550177", ""),
		"consent that is a list": body("+14155550177", `,"consent":["yes"]`),
	} {
		if a := p.send(request(p.ours, "default", "POST", "/v1/api/call", in)); a.status != 400 || a.str("message") == "" {
			t.Errorf("%s: %d %s, want a refusal that says why", claim, a.status, a.str("message"))
		}
	}
	p.ok("POST", "/v1/api/call", body("+14155550177", agreed)).wants("message", `"Call initiated successfully"`)
}

// A call outside of the hours waits for them.
func TestACallOutsideOfTheHoursWaits(t *testing.T) {
	at := time.Now().UTC().Add(26 * time.Hour) // a window that is closed for a day
	day := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[at.Weekday()]
	p := open(t, planned(t, dialplan.Policy{CallingHours: []dialplan.Window{{Days: []string{day}, From: "00:00", To: "24:00"}}}, ""))
	a := p.ok("POST", "/v1/api/call", `{"to":"+14155550177","call_agent_id":"`+p.caller()+`"}`)
	e, err := p.db.Agenda().Errand(t.Context(), "", a.str("call_id"))
	if err != nil || e.Status != "scheduled" || e.Asked.IsZero() || !e.Due.After(time.Now()) {
		t.Errorf("on record: %+v, %v, want it scheduled for the hours", e, err)
	}
}
