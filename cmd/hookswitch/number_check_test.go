package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// TestNumberCheckTellsEachState: what leads here, what somebody changed, what
// was never set up and what can't be known, each with its exit status.
func TestNumberCheckTellsEachState(t *testing.T) {
	l := newTrunk(t, nil)
	check := func(args ...string) (int, []checkedNumber) {
		t.Helper()
		status, out, errs := l.typed(nil, append([]string{"number", "check", "-o", "json"}, args...)...)
		var all []checkedNumber
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatalf("status %d, %v: %s%s", status, err, out, errs)
		}
		return status, all
	}
	if status, out, errs := l.typed(nil, "number", "check"); status != fault.Held || out != "" || !strings.Contains(errs, "no numbers yet") {
		t.Errorf("without a number: %d %s%s", status, out, errs)
	}

	l.ok("number", "add", lineNumber)
	if status, all := check(); status != fault.Held || len(all) != 1 || all[0].State != "unlinked" || all[0].Linked || all[0].Number != lineNumber {
		t.Errorf("with nobody to answer it: %d %+v", status, all)
	}
	if out := l.ok("number", "check"); !strings.HasPrefix(out, "unlinked ") || !strings.Contains(out, "sends calls elsewhere") {
		t.Errorf("as text: %s", out)
	}

	l.ok("number", "link", lineNumber, "Front")
	if status, all := check(lineNumber); status != fault.Held || all[0].State != "ok" || all[0].Agent != "Front" || len(all[0].Drift) != 0 {
		t.Errorf("linked: %d %+v", status, all)
	}

	if out := l.ok("number", "check"); out != "ok           1  +1 415 555 0161  -> Front\n" {
		t.Errorf("as text: %q", out)
	}

	if err := l.twilio.Own(sim.Number{Number: lineNumber, VoiceURL: "https://elsewhere.example.com/voice?key=secret", StatusCallback: l.public.URL + "/twilio/status"}); err != nil {
		t.Fatal(err)
	}
	status, all := check("1")
	if status != fault.CheckFailed || all[0].State != "drift" || all[0].Drift[0].Setting != "voice_url" || all[0].Drift[0].Is != "https://elsewhere.example.com/voice?…" {
		t.Errorf("changed at Twilio: %d %+v", status, all)
	}
	status, out, errs := l.typed(nil, "number", "check")
	if status != fault.CheckFailed || !strings.HasPrefix(out, "drift ") || !strings.Contains(out, "voice_url is https://elsewhere") || strings.Contains(out, "secret") ||
		!strings.Contains(errs, "1 of 1 numbers do not lead here") || !strings.Contains(errs, "hookswitch number link") {
		t.Errorf("as text: %d %s%s", status, out, errs)
	}
	if n := l.voice(lineNumber); !strings.Contains(n, "elsewhere") {
		t.Errorf("a check changed the number: %s", n)
	}

	l.twilio.FailREST(sim.RESTFault{Status: 503})
	if status, all := check(); status != fault.CheckFailed || all[0].State != "unknown" || all[0].Why == "" || strings.Contains(all[0].Why, lineAccount) {
		t.Errorf("Twilio does not answer: %d %+v", status, all)
	}
	l.twilio.FailREST()
	l.ok("number", "link", lineNumber, "Front")
	if status, all := check(); status != fault.Held || all[0].State != "ok" {
		t.Errorf("linked again: %d %+v", status, all)
	}
	if status, _, errs := l.typed(nil, "number", "check", "+14155550199"); status != fault.Wrong || !strings.Contains(errs, "number/not-found") {
		t.Errorf("a number of nobody's: %d %s", status, errs)
	}
}
