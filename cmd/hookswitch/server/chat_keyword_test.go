package server_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// out reports whether a contact is on the list of those who want no messages.
func (w *writing) out(contact string) bool {
	w.t.Helper()
	_, err := w.Store().OptedOut(w.t.Context(), roster.Default, contact, roster.OptOutMessages)
	if err != nil && !errors.Is(err, roster.ErrNotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

// Who writes STOP is written to no more, by nobody, until they write START.
func TestStopStartAndHelp(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]sim.Knobs{"the carrier reads the words, too": {OptOutType: true}, "and says nothing of it": {TextTwice: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWriting(t, knobs, nil)
			play(func() {
				const number, phone = "+14155550211", "+14155550311"
				w.stops(w.desk("Tea", number, nil), telephony.Phone, phone, number, "")
			}, func() {
				const number, phone = "+14155550212", "+14155550312"
				w.owns(number)
				agent := w.clerk("Whats", "", nil, nil)
				w.channel(telephony.WhatsApp, number, agent, "")
				w.stops(agent, telephony.WhatsApp, phone, number, "whatsapp:")
			})
			w.peaceful()
		})
	}
}

// stops plays a contact who leaves and comes back.
func (w *writing) stops(agent, kind, phone, number, prefix string) {
	t := w.t
	t.Helper()
	from, to := prefix+phone, prefix+number
	// Of what the phone got, what the agent said: the carrier confirms SMS by itself.
	said := func() (all []string) {
		for _, text := range w.bodies(from, to) {
			if strings.HasPrefix(text, "You wrote: ") {
				all = append(all, text)
			}
		}
		return all
	}
	w.texts(from, to, "Hello")
	w.soon("an answer", func() bool { return len(said()) == 1 })
	w.texts(from, to, "help")
	w.soon("help", func() bool {
		return strings.Contains(strings.Join(w.bodies(from, to), "\n"), "Write STOP to end them.") || strings.Contains(strings.Join(w.bodies(from, to), "\n"), "Reply STOP to unsubscribe.")
	})
	if w.out(phone) {
		t.Errorf("%s: who asked for help is out", kind)
	}
	w.texts(from, to, " Stop ")
	w.soon("they are out", func() bool { return w.out(phone) })
	w.soon("the chat is closed", func() bool { c, _ := w.talk(phone); return c.Status == "closed" && c.Reason == "opt_out" })
	<-w.texts(from, to, "Are you there?").Done()
	w.soon("a text of who is out", func() bool {
		_, all := w.talk(phone)
		return len(all) > 0 && all[len(all)-1].Status == "dropped" && all[len(all)-1].Error == "opted_out"
	})
	refused := w.whippy("POST", "/agents/"+agent+"/chat", `{"from":"`+number+`","to":"`+phone+`","type":"`+kind+`"}`)
	if refused.status != 422 || !strings.Contains(refused.text, "opted out") || strings.Contains(refused.text, phone) {
		t.Errorf("%s: a chat with who is out: %d %s, want a refusal that says so", kind, refused.status, refused.text)
	}
	if got := said(); len(got) != 1 {
		t.Errorf("%s: who is out was told %q", kind, got)
	}
	w.texts(from, to, "START")
	w.soon("they are back", func() bool { return !w.out(phone) })
	w.texts(from, to, "Me again")
	w.soon("another answer", func() bool { return len(said()) == 2 })
	if got := said()[1]; got != "You wrote: Me again" {
		t.Errorf("%s: back, they are told %q", kind, got)
	}
	for _, text := range []string{"You will get no more messages from us.", "You will get messages from us again."} {
		n := 0
		for _, got := range w.bodies(from, to) {
			if strings.HasPrefix(got, text) {
				n++
			}
		}
		if want := map[string]int{telephony.WhatsApp: 1}[kind]; n != want {
			t.Errorf("%s: %q was said %d times, want %d", kind, text, n, want)
		}
	}
}
