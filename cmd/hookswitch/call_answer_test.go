package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony"
)

// leaving is a call in which a message is left on a voicemail, without its end.
var leaving = []agentcore.Event{
	agentcore.Opened{Epoch: 1, Agent: "reminder", Direction: telephony.Outbound},
	agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Greeting, Confidence: 0.99, AtMS: 2800, Evidence: []answer.Evidence{
		{Kind: "words", What: "\"leave a \x1b[2Jmessage\"", For: answer.Greeting, Weight: 4.5, BeganMS: 400, EndedMS: 2700}}}},
	agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Beeped, Confidence: 0.994, AtMS: 9420, Evidence: []answer.Evidence{
		{Kind: "words", What: "\"leave a \x1b[2Jmessage\"", For: answer.Greeting, Weight: 4.5, BeganMS: 400, EndedMS: 2700},
		{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 6, BeganMS: 9000, EndedMS: 9400}}}},
	agentcore.MessageBegan{Reply: 1},
	agentcore.AgentSaid{Reply: 1, Text: "Hello Ada, your appointment is on Tuesday at \x1b[2Jnine.", Why: "message", StartMS: 9700, EndMS: 14000},
}

func TestACallTellsWhoAnsweredItAndWhatWasLeft(t *testing.T) {
	g := newGateway(t)
	call := g.ring("call_7q2faaaaaaaa")
	g.answer(call)
	g.write(call, leaving...)
	g.write(call, agentcore.Ended{Reason: telephony.Voicemail})
	g.ring("call_8b3gaaaaaaaa")
	out := g.ok("call", "get", "7q2f", "-o", "table")
	for _, want := range []string{
		"state     voicemail\n",
		"who       voicemail 0.99 at 9.4 s, beep 9.4 s\n",
		"left      \"Hello Ada, your appointment is on Tue...\" 0.3 s after the beep\n",
		`evidence  words: "leave a \x1b[2Jmessage", 0.4 s to 2.7 s: voicemail +4.5` + "\n",
		"evidence  tone: beep of 1000 Hz, 0.4 s, 9.0 s to 9.4 s: voicemail, after its beep +6.0\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("call get does not say %q:\n%s", want, out)
		}
	}
	if out := g.ok("call", "get", "7q2f"); !strings.Contains(out, "left\t\"Hello Ada, your appointment is on Tuesday at \\x1b[2Jnine.\" 0.3 s after the beep\n") {
		t.Errorf("to a pipe it does not tell the whole message:\n%s", out)
	}
	if out := g.ok("call", "list", "-o", "table"); !strings.Contains(out, "GAP  WHO\n") || !strings.Contains(out, "-  voicemail\n") {
		t.Errorf("list:\n%s", out)
	}
	if out := g.ok("call", "list"); !strings.Contains(out, "\tvoicemail_beep\n") || !strings.Contains(out, "\t\n") {
		t.Errorf("list:\n%q", out)
	}
	if out := g.ok("call", "list", "who:voicemail_beep", "-o", "id"); out != string(call)+"\n" {
		t.Errorf("searched: %q", out)
	}
	if out := g.ok("call", "list", "who:human", "-o", "id"); out != "" {
		t.Errorf("searched: %q", out)
	}
	out = g.ok("call", "logs", "7q2f")
	for _, want := range []string{" who    voicemail 0.99 (\"leave a ", " agent  begins its message\n", "[began 300 ms after the beep]", " ended  voicemail "} {
		if !strings.Contains(out, want) {
			t.Errorf("call logs does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("a phrase clears the screen: %q", out)
	}
}

func TestWhatWasLeftIsToldAsItWas(t *testing.T) {
	beep := answer.Verdict{Class: answer.Beeped, Evidence: []answer.Evidence{{Kind: "tone", For: answer.Beeped, EndedMS: 9400}}}
	text, empty, at, early := "Call us back.", "", int64(9700), int64(3000)
	for _, tt := range []struct {
		name string
		v    answerView
		want string
	}{
		{"nothing", answerView{Verdict: beep}, ""},
		{"all of it", answerView{beep, &text, &at, true}, `"Call us back." 0.3 s after the beep`},
		{"a part", answerView{beep, &text, &at, false}, `"Call us back." 0.3 s after the beep, cut short`},
		{"nothing was heard", answerView{beep, &empty, &at, false}, "a message began 0.3 s after the beep, nothing of it was heard"},
		{"nothing was said", answerView{beep, nil, &at, false}, "a message began 0.3 s after the beep, nothing of it was heard"},
		{"without a beep", answerView{answer.Verdict{Class: answer.Greeting}, &text, &at, true}, `"Call us back." at 9.7 s`},
		{"a beep that came later", answerView{beep, &text, &early, true}, `"Call us back." at 3.0 s`},
	} {
		if got := tt.v.left(leftRoom); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDialSaysWhoAnsweredAndJudgesIt(t *testing.T) {
	for _, tt := range []struct {
		flag string
		want int
	}{
		{"--wait", fault.Held},
		{"--expect=voicemail", fault.Held},
		{"--expect=busy,voicemail_beep", fault.Held},
		{"--expect=answered", fault.Held},
		{"--expect=human", fault.CheckFailed},
		{"--expect=mailbox_full", fault.CheckFailed},
	} {
		g := newGateway(t)
		g.okIn(caller, "agent", "apply", "-f", "-")
		placed := make(chan telephony.CallID, 1)
		g.dial = func(o telephony.Outgoing) error { placed <- o.Call; return nil }
		go func() {
			id := <-placed
			for r, err := g.db.Call(t.Context(), id); err != nil || r.Carrier == ""; r, err = g.db.Call(t.Context(), id) {
				time.Sleep(5 * time.Millisecond)
			}
			g.answer(id)
			g.write(id, leaving...)
			g.write(id, agentcore.Ended{Reason: telephony.Voicemail})
		}()
		status, out, errs := g.typed("", "call", "dial", "+14155550177", "--agent", "reminder", tt.flag)
		if status != tt.want {
			t.Errorf("%s: status %d, want %d\n%s%s", tt.flag, status, tt.want, out, errs)
		}
		for _, want := range []string{" s   voicemail 0.99 at 9.4 s   beep 9.4 s\n", `left "Hello Ada, your appointment is on Tue..." 0.3 s after the beep   ended voicemail `} {
			if !strings.Contains(errs, want) {
				t.Errorf("%s: it does not say %q:\n%s", tt.flag, want, errs)
			}
		}
		if strings.Contains(errs, "\x1b") || strings.Contains(errs, "5550177") {
			t.Errorf("%s: %q", tt.flag, errs)
		}
	}
	g := newGateway(t)
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--expect", "humna"}, "did you mean human?", "[call/expect]")
}

func TestWhoAnsweredIsTheGatewaysWordBeforeTheCarriers(t *testing.T) {
	found := func(c answer.Class) *answerView { return &answerView{Verdict: answer.Verdict{Class: c}} }
	for _, tt := range []struct {
		name   string
		v      callView
		expect string
		want   bool
	}{
		{"found out", callView{Answer: found(answer.Human), Answerer: "machine_start"}, "human", true},
		{"found out, and the carrier says else", callView{Answer: found(answer.Screener), Answerer: "human"}, "human", false},
		{"not clear, and the carrier knows", callView{Answer: found(answer.Unknown), Answerer: "human"}, "human", true},
		{"not clear to anybody", callView{Answer: found(answer.Unknown)}, "human", false},
		{"nobody listened", callView{EndReason: "caller_hangup"}, "human", false},
		{"the carrier's machine", callView{Answerer: "machine_end_beep"}, "voicemail", true},
		{"the carrier's fax", callView{Answerer: "fax"}, "fax", true},
		{"as it ended", callView{EndReason: "voicemail"}, "voicemail", true},
		{"ended as one, and was a fax", callView{Answer: found(answer.Fax), EndReason: "voicemail"}, "voicemail", false},
		{"a full one", callView{Answer: found(answer.MailboxFull)}, "voicemail", true},
		{"a menu", callView{Answer: found(answer.IVR)}, "ivr", true},
	} {
		e, err := expected([]string{tt.expect})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.met(&tt.v); got != tt.want {
			t.Errorf("%s: --expect %s is met: %v, want %v", tt.name, tt.expect, got, tt.want)
		}
	}
}

func TestEveryClassCanBeToldAndExpected(t *testing.T) {
	for _, c := range answer.Classes {
		if shortClasses[c] == "" {
			t.Errorf("%s has no short word", c)
		}
		if c == answer.Unknown {
			continue
		}
		e, err := expected([]string{string(c)})
		if err != nil || !e.met(&callView{Answer: &answerView{Verdict: answer.Verdict{Class: c}}}) {
			t.Errorf("--expect %s: %v", c, err)
		}
	}
}
