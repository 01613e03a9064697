package server_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// Who wrote and then calls is known to an agent whose prompt asks for the past,
// and to no other.
func TestThePastIsToldOnThePhoneToWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, func(o *server.Options) { o.Load = converses })
	const first, knowing, blank, phone = "+14155550241", "+14155550242", "+14155550243", "+14155550341"
	w.desk("First", first, func(chat) string { return says("Kites are sold out.") })
	ctx, now := t.Context(), time.Now()
	for number, name := range map[string]string{knowing: "Knowing", blank: "Blank"} {
		w.owns(number)
		more := ""
		if name == "Knowing" {
			more = " Before: {{conversation_history}}"
		}
		n, err := w.Store().CreateNumber(ctx, roster.Number{
			Workspace: roster.Default, Number: number, Label: "x", Inbound: true, Provider: "twilio", Status: roster.NumberActive,
		}, "test", now)
		if err == nil {
			_, err = w.Store().LinkNumber(ctx, roster.Default, n.ID, w.clerk(name, more, func(chat) string { return says("Yes.") }, nil), "test", now)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.texts(phone, first, "Have you got a red kite?")
	w.hears(phone, first, "Kites are sold out.")
	w.ends(phone, "in answered", "out delivered")

	var calls sync.WaitGroup
	for _, number := range []string{knowing, blank} {
		calls.Go(func() {
			contact := &caller{}
			call, err := w.carrier.Call(ctx, phone, number, contact)
			if err != nil {
				t.Error(err)
				return
			}
			wrote(t, w.Store(), call, "the greeting", heard("Hello, how can I help you?"))
			contact.noisy.Store(true)
			time.Sleep(300 * time.Millisecond) // of their speech
			contact.noisy.Store(false)
			wrote(t, w.Store(), call, "the answer", heard("Yes."))
			call.Hangup()
		})
	}
	calls.Wait()
	for name, want := range map[string]bool{"Knowing": true, "Blank": false} {
		asked := w.model.asked(name)
		if len(asked) == 0 {
			t.Fatalf("%s was not asked", name)
		}
		prompt := asked[0].last("system")
		for _, words := range []string{", sms, contact: Have you got a red kite?", ", sms, you: Kites are sold out."} {
			if strings.Contains(prompt, words) != want {
				t.Errorf("%s is told %q: %t, want %t: %s", name, words, !want, want, prompt)
			}
		}
		if strings.Contains(prompt, "{{") {
			t.Errorf("%s is told a placeholder: %s", name, prompt)
		}
	}
	w.peaceful()
}
