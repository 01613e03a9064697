package server_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// Whatever the carrier does with its requests, a text has one answer, and it is
// on record what became of that.
func TestATextIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{TextTwice: true, TextSwap: true}, nil)
	const number, phone = "+14155550201", "+14155550301"
	w.desk("Tea", number, func(chat) string { return says("Tea is at five.") })
	play(func() {
		w.texts(phone, number, "When is tea?")
		w.hears(phone, number, "Tea is at five.")
		w.ends(phone, "in answered", "out delivered")
		c, all := w.talk(phone)
		if c.Kind != telephony.Phone || c.Address != number || c.Status != "open" || len(all) == 2 && all[1].Segments != 1 {
			t.Errorf("the chat is %+v, its messages %+v", c, all)
		}
		w.texts(phone, number, "And coffee?")
		w.ends(phone, "in answered", "out delivered", "in answered", "out delivered")
		asked := w.model.asked("Tea")
		if last := asked[len(asked)-1]; len(last.Messages) != 4 || last.Messages[2].Role != "assistant" || last.Messages[2].Content != "Tea is at five." || last.last("user") != "And coffee?" {
			t.Errorf("the second request to the model is %+v", last.Messages)
		}
	}, func() {
		const number, phone = "+14155550202", "+14155550302"
		w.desk("Echo", number, nil)
		for i := range 30 {
			w.texts(phone, number, fmt.Sprintf("line %d", i))
		}
		w.soon("all are answered", func() bool {
			all := w.fates(phone)
			return len(all) > 30 && !slices.Contains(all, "in received") && !slices.ContainsFunc(all, func(f string) bool { return strings.HasPrefix(f, "out") && f != "out delivered" })
		})
		if got := w.bodies(phone, number); len(got) > 4 {
			t.Errorf("30 texts in a second have %d answers: %q", len(got), got)
		}
		if told := strings.Join(w.bodies(phone, number), "\n"); strings.Count(told, "line ") != 30 {
			t.Errorf("the answers tell of %d of 30 texts: %s", strings.Count(told, "line "), told)
		}
	}, func() {
		const number, phone = "+14155550203", "+14155550303"
		long := strings.Repeat("The tea is served in the garden at five o'clock. ", 60)
		w.desk("Long", number, func(chat) string { return says(strings.TrimSpace(long)) })
		w.texts(phone, number, "Tell me all")
		w.ends(phone, "in answered", "out delivered", "out delivered")
		got := w.bodies(phone, number)
		if strings.Join(got, " ") != strings.TrimSpace(long) || len(got[0]) > 1600 {
			t.Errorf("a long answer came as %d texts: %q", len(got), got)
		}
		_, all := w.talk(phone)
		for _, m := range all[1:] {
			if want := (len(m.Body) + 152) / 153; m.Segments != want { // letters of GSM-7, joined
				t.Errorf("a text of %d letters has %d segments, want %d", len(m.Body), m.Segments, want)
			}
		}
	}, func() {
		const number, phone = "+14155550204", "+14155550304"
		w.owns(number)
		w.channel(telephony.WhatsApp, number, w.clerk("Whats", "", nil, nil), "")
		w.texts("whatsapp:"+phone, "whatsapp:"+number, "Hello 👋")
		w.hears("whatsapp:"+phone, "whatsapp:"+number, "You wrote: Hello 👋")
		w.ends(phone, "in answered", "out delivered")
		if c, _ := w.talk(phone); c.Kind != telephony.WhatsApp || c.Contact != phone || c.Address != number {
			t.Errorf("the chat is of %s with %s, ours is %s", c.Kind, c.Contact, c.Address)
		}
		w.texts(phone, number, "The same number by SMS has no channel")
		if c, all := w.talk(phone); len(all) != 2 {
			t.Errorf("an SMS came into the chat: %+v %+v", c, all)
		}
	})
	w.peaceful()
}

// What a carrier refuses, at once or later, is on record, and who wants no
// messages gets none.
func TestWhatTheCarrierRefusesIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const number = "+14155550205"
	w.desk("Tea", number, nil)
	phones := map[sim.TextFault]string{
		{Code: 21610}:                        "out failed 21610",
		{Code: 21211}:                        "out failed 21211",
		{Code: 30003, Status: "undelivered"}: "out undelivered 30003",
		{Code: 30007, Status: "undelivered"}: "out undelivered 30007",
		{Code: 30008, Status: "failed"}:      "out failed 30008",
	}
	var faults []sim.TextFault
	var scenes []func()
	for f, want := range phones {
		phone := fmt.Sprintf("+1415555%04d", f.Code%10000)
		f.To = phone
		faults = append(faults, f)
		scenes = append(scenes, func() {
			w.texts(phone, number, "Hello")
			w.ends(phone, "in answered", want)
			o, err := w.Store().OptedOut(t.Context(), roster.Default, phone, roster.OptOutMessages)
			c, _ := w.talk(phone)
			if out := f.Code == 21610; out != (err == nil) || out != (c.Reason == "opt_out") || out && o.Source != "carrier" {
				t.Errorf("after %d: on the list %+v, %v; the chat is %s for %q", f.Code, o, err, c.Status, c.Reason)
			}
		})
	}
	w.carrier.FailTexts(faults...)
	play(scenes...)
	t.Run("pictures", func(t *testing.T) {
		const phone = "+14155550305"
		form := url.Values{"AccountSid": {ownAccount}, "MessageSid": {"MM" + strings.Repeat("a", 32)}, "From": {phone}, "To": {number}, "Body": {"Look"}, "NumMedia": {"2"}}
		for path, token := range map[string]string{"/twilio/message": ownToken, "/twilio/message?": "another token"} {
			want := 200
			if token != ownToken {
				want = 403
			}
			if status, body := (&exchange{booted: w.booted, carrier: w.carrier}).forges(strings.TrimSuffix(path, "?"), token, form); status != want {
				t.Errorf("signed with %s: %d %s, want %d", token, status, body, want)
			}
		}
		w.ends(phone, "in answered", "out delivered")
		if got := w.bodies(phone, number); len(got) != 1 || got[0] != "You wrote: Look\n[2 pictures]" {
			t.Errorf("of pictures the agent knows %q", got)
		}
	})
	t.Run("a number of nobody's", func(t *testing.T) {
		const nobody, phone = "+14155550206", "+14155550306"
		w.owns(nobody)
		<-w.texts(phone, nobody, "Is anybody there?").Done()
		if c, _ := w.talk(phone); c.ID != "" {
			t.Errorf("there is a chat: %+v", c)
		}
	})
	if v := w.carrier.Police().Violations(); len(v) != 2 { // what was refused at once
		t.Errorf("the carrier complains: %v", v)
	}
}
