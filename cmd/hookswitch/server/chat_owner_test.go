package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// kept makes a number of an account over the API, and links it to an agent.
func (w *writing) kept(number, account, token, agent string) (id string) {
	w.t.Helper()
	id = (&exchange{booted: w.booted, carrier: w.carrier}).numbered(number, account, token)
	w.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+agent+`"}`)
	return id
}

// sms is where the carrier sends texts to a number.
func (w *writing) sms(number string) string {
	w.t.Helper()
	n, ok := w.carrier.Owned(number)
	if !ok {
		w.t.Fatalf("nobody has %s", number)
	}
	url, _, _ := strings.Cut(n.SMSURL, "#")
	return url
}

// Texts of a linked number lead here while an agent writes from it, and no longer.
func TestTextsLeadHereWhileAnAgentWrites(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const theirs, phone = "https://old.example.com/sms", "+14155550351"
	here := w.PublicURL() + "/twilio/message"
	agent := w.clerk("Tea", "", nil, nil)
	for _, n := range []sim.Number{
		{Number: ownNumber, SMSURL: theirs}, {Number: theirNumber, SMSURL: theirs, Account: theirAccount},
	} {
		if err := w.carrier.Own(n); err != nil {
			t.Fatal(err)
		}
	}
	drifts := func(id string, want int) {
		t.Helper()
		if got := w.must("GET", "/phone_numbers/"+id+"/check", ""); got.str("item.linked") != "true" || len(got.at("item.drift").([]any)) != want {
			t.Errorf("the number's check says %s, want %d settings", got.text, want)
		}
	}

	id := w.kept(ownNumber, ownAccount, ownToken, agent)
	if got := w.sms(ownNumber); got != theirs {
		t.Errorf("linked for calls, its texts lead to %s", got)
	}
	drifts(id, 0)
	channel := w.channel(telephony.Phone, ownNumber, agent, "")
	if got := w.sms(ownNumber); got != here {
		t.Errorf("with a channel, its texts lead to %s", got)
	}
	drifts(id, 0)
	w.texts(phone, ownNumber, "Hello")
	w.hears(phone, ownNumber, "You wrote: Hello")

	n, _ := w.carrier.Owned(ownNumber)
	n.SMSURL = "https://elsewhere.example.com"
	if err := w.carrier.Own(n); err != nil {
		t.Fatal(err)
	}
	drifts(id, 1)
	n.SMSURL = here
	if err := w.carrier.Own(n); err != nil {
		t.Fatal(err)
	}
	w.gets(200, "DELETE", "/channels/"+channel, "")
	if got := w.sms(ownNumber); got != theirs {
		t.Errorf("without the channel, its texts lead to %s", got)
	}
	drifts(id, 0)

	// The other way round, and with an account of its own.
	w.channel(telephony.Phone, theirNumber, agent, "")
	if got := w.sms(theirNumber); got != theirs {
		t.Errorf("before it is linked, its texts lead to %s", got)
	}
	id = w.kept(theirNumber, theirAccount, theirToken, agent)
	if got := w.sms(theirNumber); got != here {
		t.Errorf("linked with a channel, its texts lead to %s", got)
	}
	drifts(id, 0)
	w.texts(phone, theirNumber, "And you?")
	w.hears(phone, theirNumber, "You wrote: And you?")
	w.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":null}`)
	if got := w.sms(theirNumber); got != theirs {
		t.Errorf("given back, its texts lead to %s", got)
	}
	w.peaceful()
}

// Who makes a channel of a number that is not theirs writes from it to nobody,
// and reads nothing that comes to it.
func TestAChannelOnSomebodyElsesNumber(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	ctx, now := t.Context(), time.Now()
	if err := w.Store().CreateWorkspace(ctx, roster.Workspace{ID: "squatter", Name: "squatter", Created: now}); err != nil {
		t.Fatal(err)
	}
	w.owns(ownNumber)
	ours := w.clerk("Ours", "", nil, nil)
	w.kept(ownNumber, ownAccount, ownToken, ours)
	w.owns("+14155550241") // the operator's, and in nobody's list
	d := receptionist("Squatter")
	provider, model, prompt := "openai", "gpt-4o-mini", "You are Squatter."
	d.LLM = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt}
	squatter, err := w.Store().CreateAgent(ctx, roster.Agent{UUID: "uuid-of-squatter", Workspace: "squatter", Definition: d}, 0, "test", now)
	if err != nil {
		t.Fatal(err)
	}
	key := w.squats()
	for phone, number := range map[string]string{"+14155550371": ownNumber, "+14155550372": "+14155550241"} {
		id := "chan_" + phone[1:]
		if _, err := w.Store().CreateChannel(ctx, roster.Channel{
			ID: id, Workspace: "squatter", Name: "x", Kind: telephony.Phone, Address: number, Hours: []byte("[]"), Enabled: true,
			AgentUUID: squatter.UUID, Created: now, Updated: now,
		}, "test"); err != nil {
			t.Fatal(err)
		}
		<-w.texts(phone, number, "Who reads this?").Done()
		if c, _ := w.talk(phone); c.ID != "" {
			t.Errorf("a text to %s is in the chat %+v", number, c)
		}
		a := w.whippyAs(key, "POST", "/agents/"+squatter.UUID+"/chat", `{"from":"`+number+`","to":"`+phone+`","type":"phone","send_initial_message":true}`)
		if a.status != 201 {
			t.Fatalf("a chat from %s: %d %s", number, a.status, a.text)
		}
		chat := a.str("data.id")
		w.soon("the message fails", func() bool {
			got := w.whippyAs(key, "GET", "/chats/"+chat+"/messages", "")
			return got.str("data.0.delivery_status") == "failed" && got.str("data.0.error") == "not_yours"
		})
		if _, all := w.talk(phone); len(all) != 1 {
			t.Errorf("the chat has %+v", all)
		}
		for _, m := range w.carrier.Messages() {
			if m.To() == phone {
				t.Errorf("the carrier was asked to send %q", m.Body())
			}
		}
	}
	w.peaceful()
}

// squats makes a key of the squatter's workspace.
func (w *writing) squats() (key string) {
	w.t.Helper()
	key = roster.NewSecret()
	if err := w.Store().CreateKey(w.t.Context(), roster.Key{
		ID: "key_squatter", Workspace: "squatter", Name: "x", Prefix: roster.PrefixOf(key), Hash: roster.HashKey(key),
		Scopes: []roster.Scope{roster.Admin}, Created: time.Now(),
	}, "test"); err != nil {
		w.t.Fatal(err)
	}
	return key
}

// An account that proved its own number brings no texts to another's.
func TestAnAccountBringsTextsToItsOwnNumbers(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const phone = "+14155550353"
	for _, n := range []sim.Number{{Number: ownNumber}, {Number: theirNumber, Account: theirAccount}} {
		if err := w.carrier.Own(n); err != nil {
			t.Fatal(err)
		}
	}
	ours, theirs := w.clerk("Ours", "", nil, nil), w.clerk("Theirs", "", nil, nil)
	w.kept(ownNumber, ownAccount, ownToken, ours)
	w.kept(theirNumber, theirAccount, theirToken, theirs)
	w.channel(telephony.Phone, ownNumber, ours, "")
	w.channel(telephony.Phone, theirNumber, theirs, "")
	x := &exchange{booted: w.booted, carrier: w.carrier}
	for claim, tt := range map[string]struct{ account, token, to string }{
		"theirs brings one to our number": {theirAccount, theirToken, ownNumber},
		"ours brings one to theirs":       {ownAccount, ownToken, theirNumber},
	} {
		form := url.Values{"AccountSid": {tt.account}, "MessageSid": {"SM" + strings.Repeat("d", 32)}, "From": {phone}, "To": {tt.to}, "Body": {"Hello"}, "NumMedia": {"0"}}
		if status, body := x.forges("/twilio/message", tt.token, form); status != 200 || strings.Contains(body, "Message>") {
			t.Errorf("%s: %d %s", claim, status, body)
		}
		if c, _ := w.talk(phone); c.ID != "" {
			t.Errorf("%s: it is in the chat %+v", claim, c)
		}
	}
	w.texts(phone, theirNumber, "By the right way")
	w.hears(phone, theirNumber, "You wrote: By the right way")
	for _, m := range w.carrier.Messages() {
		if m.To() == phone && m.From() != theirNumber {
			t.Errorf("it is answered from %s", m.From())
		}
	}
	w.peaceful()
}
