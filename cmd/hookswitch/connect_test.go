package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

func TestConnectProvesTheRoadLinksAndSaysHowToUndo(t *testing.T) {
	l := newTrunk(t, nil)
	connect := []string{"connect", "twilio", "+1 415 555 0161", "--agent", "Front"}

	dry := l.ok(append(connect, "--dry-run")...)
	pasted(t, dry)
	for _, want := range []string{"voice_url: https://demo.example.com/welcome/voice?… -> " + l.public.URL + "/twilio/voice#rc=3", "will lead to Front", "nothing was changed"} {
		if !strings.Contains(flat(dry), want) {
			t.Errorf("--dry-run does not say %q:\n%s", want, dry)
		}
	}
	if l.voice(lineNumber) != lineDemo || l.ok("number", "list") != "" {
		t.Error("a dry run changed something")
	}

	status, out, errs := l.typed(nil, connect...)
	if status != fault.Wrong || !strings.Contains(errs, "cli/confirm") || l.voice(lineNumber) != lineDemo || l.ok("number", "list") != "" {
		t.Errorf("without --yes and without a terminal: status %d\n%s%s", status, out, errs)
	}

	out = l.ok(append(connect, "--yes", "--label", "main")...)
	pasted(t, out)
	for _, want := range []string{"ok account AC...cdef is active", "ok public url " + l.public.URL + " answers, and is this gateway", "ok signature", "ok websocket", "ok number",
		"ok linked the number that ends in 61 -> Front", "undo hookswitch number link 1 --nobody", "hookswitch number remove 1"} {
		if !strings.Contains(flat(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if !strings.HasPrefix(l.voice(lineNumber), l.public.URL+"/twilio/voice#") || !strings.Contains(l.ok("number", "list"), "main\tFront") {
		t.Error("the number does not lead here")
	}

	again := l.ok(connect...) // nothing to ask
	if !strings.Contains(flat(again), "leads to Front already: nothing was changed") || strings.Contains(again, "undo") {
		t.Errorf("a second time:\n%s", again)
	}
	l.ok("number", "link", "1", "--nobody")
	if l.voice(lineNumber) != lineDemo {
		t.Errorf("undone, it leads to %s", l.voice(lineNumber))
	}
}

func TestConnectMovesANumberFromOneAgentToAnother(t *testing.T) {
	l := newTrunk(t, nil)
	l.ok("connect", "twilio", lineNumber, "--agent", "Front", "--yes")
	if dry := l.ok("connect", "twilio", lineNumber, "--agent", "Back", "--dry-run"); !strings.Contains(flat(dry), "leads to Front now, and will lead to Back") {
		t.Errorf("--dry-run says\n%s", dry)
	}
	if !strings.Contains(l.ok("number", "list"), "\tFront") {
		t.Error("a dry run moved it")
	}
	out := l.ok("connect", "twilio", lineNumber, "--agent", "Back", "--yes")
	if !strings.Contains(out, "as it was") || !strings.Contains(l.ok("number", "list"), "\tBack") {
		t.Errorf("it was not moved, or the way back is not told:\n%s", out)
	}
	l.ok("number", "link", "1", "--nobody")
	if l.voice(lineNumber) != lineDemo {
		t.Errorf("what it was before is lost: %s", l.voice(lineNumber))
	}
}

func TestConnectTakesBackWhatSomebodyChangedAtTwilio(t *testing.T) {
	l := newTrunk(t, nil)
	l.ok("connect", "twilio", lineNumber, "--agent", "Front", "--yes")
	if err := l.twilio.Own(sim.Number{Number: lineNumber, VoiceURL: "https://elsewhere.example.com/voice"}); err != nil {
		t.Fatal(err)
	}
	out := l.ok("connect", "twilio", lineNumber, "--agent", "Front", "--yes")
	if !strings.Contains(flat(out), "voice_url: https://elsewhere.example.com/voice -> "+l.public.URL) {
		t.Errorf("it does not say what it changes:\n%s", out)
	}
	l.ok("number", "link", "1", "--nobody")
	if l.voice(lineNumber) != lineDemo {
		t.Errorf("what it was before is lost: %s", l.voice(lineNumber))
	}
}

func TestConnectUsesTheCredentialsOfASubAccount(t *testing.T) {
	l := newTrunk(t, nil)
	out := l.ok("connect", "twilio", lineTheirs, "--agent", "Front", "--account-sid", lineSub, "--auth-token", lineSubTok, "--yes")
	pasted(t, out)
	if !strings.Contains(out, "AC...3210 is active") || !strings.HasPrefix(l.voice(lineTheirs), l.public.URL) {
		t.Errorf("the sub-account's number:\n%s", out)
	}
}

// Whatever fails before the link leaves everything as it was, at Twilio and here.
func TestConnectChangesNothingWhenSomethingIsInTheWay(t *testing.T) {
	strip := func(l *trunk, header string) {
		pass := through(l.t, l.gateway)
		l.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del(header)
			pass(w, r)
		}))
	}
	for _, tt := range []struct {
		claim  string
		change func(*sim.Config, *config.Config)
		broken func(l *trunk)
		more   []string // of the environment
		number string
		says   string
	}{
		{"the gateway's token is wrong", func(s *sim.Config, _ *config.Config) { s.AuthToken = "another" }, nil, nil, lineNumber, "FAIL account"},
		{"the number's token is wrong", nil, nil, []string{"HOOKSWITCH_TWILIO_AUTH_TOKEN=another"}, lineNumber, "FAIL account"},
		{"a sub-account's token is wrong", nil, nil, []string{"HOOKSWITCH_TWILIO_ACCOUNT_SID=" + lineSub}, lineTheirs, "FAIL account"},
		{"the public URL leads to another process", nil, func(l *trunk) {
			twin := newTrunk(l.t, func(_ *sim.Config, c *config.Config) { c.PublicURL = l.public.URL })
			l.proxy.Store(through(l.t, twin.gateway))
		}, nil, lineNumber, "FAIL public url"},
		{"a proxy strips websockets", nil, func(l *trunk) { strip(l, "Upgrade") }, nil, lineNumber, "FAIL websocket"},
		{"a proxy strips signatures", nil, func(l *trunk) { strip(l, "X-Twilio-Signature") }, nil, lineNumber, "FAIL public url"},
		{"the number is another account's", nil, nil, nil, lineTheirs, "FAIL number"},
		{"the number is another account's, and its credentials come along", nil, nil, []string{"HOOKSWITCH_TWILIO_ACCOUNT_SID=" + lineSub, "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + lineSubTok}, lineNumber, "FAIL number"},
		{"Twilio refuses the change", nil, func(l *trunk) {
			l.twilio.FailREST(sim.RESTFault{Status: 503, Method: http.MethodPost})
		}, nil, lineNumber, "api/"},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			l := newTrunk(t, tt.change)
			if tt.broken != nil {
				tt.broken(l)
			}
			was := l.voice(tt.number)
			status, out, errs := l.typed(tt.more, "connect", "twilio", tt.number, "--agent", "Front", "--yes")
			if status == fault.Held || status == fault.Wrong || !strings.Contains(flat(out)+errs, tt.says) {
				t.Errorf("status %d, and not %q:\n%s%s", status, tt.says, out, errs)
			}
			if strings.HasPrefix(tt.says, "FAIL") && (status != fault.CheckFailed || !strings.Contains(out, "nothing was changed") || !strings.Contains(out, "mend: ")) {
				t.Errorf("status %d\n%s", status, out)
			}
			pasted(t, out+errs)
			if now := l.voice(tt.number); now != was {
				t.Errorf("it leads to %s now", now)
			}
			if left := l.ok("number", "list"); left != "" {
				t.Errorf("the gateway still knows %s", left)
			}
		})
	}
}

func TestConnectLeavesANumberThatWasThereBefore(t *testing.T) {
	l := newTrunk(t, nil)
	if status, _, errs := l.typed([]string{"HOOKSWITCH_TWILIO_AUTH_TOKEN=another"}, "number", "add", lineNumber); status != fault.Held {
		t.Fatal(errs)
	}
	status, out, _ := l.typed(nil, "connect", "twilio", lineNumber, "--agent", "Front", "--yes")
	if status != fault.CheckFailed || !strings.Contains(flat(out), "FAIL account") || !strings.Contains(out, "hookswitch number remove 1") {
		t.Errorf("with the wrong credentials on file: status %d\n%s", status, out)
	}
	if !strings.HasPrefix(l.ok("number", "list"), "1\t") || l.voice(lineNumber) != lineDemo {
		t.Error("it is gone, or leads elsewhere")
	}
}

func TestConnectTakesOnlyAYesForOne(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " Yes \n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		var asked strings.Builder
		r := connecting{connectTwilioCmd: &connectTwilioCmd{}, s: streams{in: strings.NewReader(answer), err: &asked}, number: lineNumber, agent: &agentView{}}
		if err := r.sure(); (err == nil) != want || fault.Status(err) > fault.CheckFailed {
			t.Errorf("%q: %v", answer, err)
		}
		pasted(t, asked.String())
	}
}

func TestConnectSaysWhatItCanNotDo(t *testing.T) {
	l := newTrunk(t, nil)
	simulated := newTrunk(t, func(_ *sim.Config, c *config.Config) { c.Carrier, c.PublicURL = "sim", "" })
	for _, tt := range []struct {
		claim string
		l     *trunk
		args  []string
		more  []string
		code  string
	}{
		{"no number", l, []string{"0161", "--agent", "Front"}, nil, "number/form"},
		{"no such agent", l, []string{lineNumber, "--agent", "Frnt"}, nil, "agent/not-found"},
		{"no agent", l, []string{lineNumber}, nil, "cli/usage"},
		{"no credentials", l, []string{lineNumber, "--agent", "Front", "--yes"}, []string{"HOOKSWITCH_TWILIO_AUTH_TOKEN="}, "number/account"},
		{"a simulated carrier", simulated, []string{lineNumber, "--agent", "Front", "--yes"}, nil, "connect/carrier"},
	} {
		status, out, errs := tt.l.typed(tt.more, append([]string{"connect", "twilio"}, tt.args...)...)
		if status != fault.Wrong || !strings.Contains(errs, tt.code) {
			t.Errorf("%s: status %d, want %s\n%s%s", tt.claim, status, tt.code, out, errs)
		}
	}
	if l.voice(lineNumber) != lineDemo || l.ok("number", "list") != "" {
		t.Error("something was changed")
	}
}
