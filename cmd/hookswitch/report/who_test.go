package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/report"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// machine is a page of a call that a voicemail answered, on which a message was
// left.
func machine(t *testing.T) report.Page {
	var list []agentcore.Entry
	add := func(ms int64, ev agentcore.Event) {
		list = append(list, agentcore.Entry{N: len(list) + 1, Version: 1,
			At: time.Duration(ms) * time.Millisecond, Wall: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Event: ev})
	}
	spoke := answer.Evidence{Kind: "words", What: `"leave a message" ` + evil, For: answer.Greeting, Weight: 4.2, BeganMS: 600, EndedMS: 6900}
	beep := answer.Evidence{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 6, BeganMS: 8600, EndedMS: 9000}
	add(0, agentcore.Opened{Epoch: 1, Direction: telephony.Outbound, Pipeline: "moonshine"})
	add(1500, agentcore.AgentSaid{Reply: 1, Text: "Hello, this is", Unheard: "Lakeside Dental.", Why: "greeting", StartMS: 200, EndMS: 900, Cut: true})
	add(7100, agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Greeting, Confidence: .97, AtMS: 7100, Evidence: []answer.Evidence{spoke}}})
	add(7110, agentcore.CallerSaid{Turn: 1, Text: "Please leave a message.", StartMS: 600, EndMS: 6900})
	add(9040, agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Beeped, Confidence: .99, AtMS: 9040, Evidence: []answer.Evidence{spoke, beep}}})
	add(9060, agentcore.MessageBegan{Reply: 2})
	add(14_000, agentcore.AgentSaid{Reply: 2, Text: "Please call us back.", Why: "message", StartMS: 9320, EndMS: 13_900})
	add(14_400, agentcore.Ended{Reason: telephony.Voicemail})
	call := show.Call{Name: "call 1", From: "+1 415 555 0100", To: "+1 415 555 0177", Persona: "voicemail"}
	call.Fill(list)
	return report.Page{Result: show.Result{Calls: []show.Call{call}},
		Calls: []report.Recorded{{Entries: list, WAV: recording(t, list, call.LastedMS)}}}
}

func TestWhoAnsweredIsOnTheCallsPage(t *testing.T) {
	html := write(t, machine(t))
	for _, want := range []string{
		"Who answered: <b>voicemail, after its beep 0.99 (beep of 1000 Hz, 0.4 s) at 0:09.0</b>",
		`<svg class="who-drawn" id="call-1-who"`,
		"tone: beep of 1000 Hz, 0.4 s → voicemail, after its beep &#43;6.0",
		"who answered: voicemail 0.97", "the message begins", "began 320 ms after the beep",
		"<b>a machine answered</b>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"<script>alert", "<img src=x", "http://", "style=", "<style>.who", "\x1b", "ZgotmplZ"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Contains(write(t, demo(t)), `<svg class="who-drawn"`) {
		t.Error("there is a drawing of who answered where nobody asked")
	}
}

func TestWhoAnsweredInChromium(t *testing.T) {
	b := open(t, write(t, machine(t)))
	for query, want := range map[string]int{
		"svg.who-drawn[role=img][aria-labelledby='call-1-who-title call-1-who-desc']": 1,
		"details.answered[open] .scroll[role=region][aria-label][tabindex='0']":       1,
		"svg.who-drawn rect.machine": 4, // two pieces of evidence, two verdicts
		"svg.who-drawn rect.left":    1,
	} {
		if got := js[int](b, fmt.Sprintf("document.querySelectorAll(%q).length", query)); got != want {
			t.Errorf("%d of %s, want %d", got, query, want)
		}
	}
	if got := js[string](b, `document.getElementById('call-1-who-desc').textContent`); !strings.Contains(got, "The message was left from 0:09.3 to 0:13.9.") {
		t.Errorf("who can't see the drawing is told %q", got)
	}
	// The styles came through the page's policy, and no text leaves the drawing.
	if got := js[string](b, `getComputedStyle(document.querySelector('.who-drawn .machine')).fill`); got == "rgb(0, 0, 0)" {
		t.Error("the drawing has no colours")
	}
	if out := js[[]string](b, `[...document.querySelectorAll('.who-drawn text')].filter(t => { const r = t.getBBox(); return r.x < 0 || r.x + r.width > 1032; }).map(t => t.textContent)`); len(out) > 0 {
		t.Errorf("these texts leave the drawing: %q", out)
	}
	t.Run("contrast", func(t *testing.T) { b.t = t; contrast(b) })
	t.Run("390 pixels", func(t *testing.T) { b.t = t; narrow(b) })
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("the page complained: %q", bad)
	}
}
