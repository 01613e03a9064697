package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// A chat goes over to a call and back: who calls knows what was written, and who
// writes afterwards knows what was said.
func TestAChatGoesOverToACallAndBack(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, func(o *server.Options) { o.Load = converses })
	const number, phone = "+14155550231", "+14155550331"
	const saidOnPhone = "an appointment on Tuesday at ten, please"
	w.owns(number)
	agent := w.clerk("Doctor", "", func(c chat) string {
		switch last := c.Messages[len(c.Messages)-1]; {
		case last.Role == "tool":
			return says("I am calling you now.")
		case strings.Contains(last.Content, "A phone call with you is over"):
			return says("See you on Tuesday.")
		case strings.Contains(last.Content, saidOnPhone):
			return says("It is yours.")
		case strings.Contains(last.Content, "Call me"):
			return uses("call_contact", `{}`)
		}
		return says("How can I help?")
	}, nil)
	ctx, now := t.Context(), time.Now()
	n, err := w.Store().CreateNumber(ctx, roster.Number{
		Workspace: roster.Default, Number: number, Label: "x", Inbound: true, Outbound: true, Provider: "twilio", Status: roster.NumberActive,
	}, "test", now)
	if err == nil {
		_, err = w.Store().LinkNumber(ctx, roster.Default, n.ID, agent, "test", now)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.channel(telephony.Phone, number, agent, "")
	contact := &caller{}
	w.carrier.Register(phone, sim.Phone{Answer: handset.Answer{After: 300 * time.Millisecond}, Make: func() handset.Handset { return contact }})

	w.texts(phone, number, "My back hurts")
	w.hears(phone, number, "How can I help?")
	w.texts(phone, number, "Call me")
	w.hears(phone, number, "How can I help?", "I am calling you now.")
	var call *sim.Call
	w.soon("the phone rings", func() bool {
		for _, c := range w.carrier.Calls() {
			if c.To() == phone {
				call = c
			}
		}
		return call != nil && call.Streaming()
	})
	wrote(t, w.Store(), call, "the greeting", heard("Hello, how can I help you?"))
	contact.noisy.Store(true)
	time.Sleep(300 * time.Millisecond) // of their speech
	contact.noisy.Store(false)
	wrote(t, w.Store(), call, "the answer", heard("It is yours."))
	call.Hangup()
	if got := w.end(); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	c, _ := w.talk(phone)
	w.soon("the call is in the chat", func() bool {
		all, err := w.Store().ChatJournal(ctx, c.ID, 0)
		return err == nil && slices.ContainsFunc(all, func(e agentcore.Entry) bool { _, is := e.Event.(agentcore.CallHeld); return is })
	})
	w.texts(phone, number, "Thank you")
	w.hears(phone, number, "How can I help?", "I am calling you now.", "See you on Tuesday.")

	asked := w.model.asked("Doctor")
	onCall := slices.IndexFunc(asked, func(c chat) bool {
		return strings.Contains(c.last("user"), saidOnPhone) && !strings.Contains(c.last("user"), "is over")
	})
	if onCall < 0 {
		t.Fatalf("on the phone nobody was asked: %+v", asked)
	}
	for _, words := range []string{"wrote to each other before this call", ", sms, contact: My back hurts", ", sms, you: How can I help?", ", sms, contact: Call me"} {
		if !strings.Contains(asked[onCall].last("system"), words) {
			t.Errorf("on the phone the prompt lacks %q: %s", words, asked[onCall].last("system"))
		}
	}
	after := asked[len(asked)-1]
	for _, words := range []string{"[A phone call with you is over", "contact: " + saidOnPhone, "you: It is yours.", "Thank you"} {
		if !strings.Contains(after.last("user"), words) {
			t.Errorf("after the call the model is not told %q: %+v", words, after.Messages)
		}
	}
	if strings.Contains(after.last("system"), "wrote to each other") {
		t.Errorf("back in the chat its prompt is a call's: %s", after.last("system"))
	}
	r, err := w.Store().CallByCarrier(ctx, call.SID())
	if err != nil || r.Chat != c.ID || r.AgentUUID != agent || string(r.From) != number {
		t.Errorf("the call's record: chat %q, agent %q, from %q, %v", r.Chat, r.AgentUUID, r.From, err)
	}
	calls := 0
	for _, c := range w.carrier.Calls() {
		if c.To() == phone {
			calls++
		}
	}
	if calls != 1 {
		t.Errorf("%d calls were placed, want one", calls)
	}
	w.peaceful()
}
