package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// begins asks for a chat over seed 002's API, and returns its id.
func (w *writing) begins(status int, agent, from, to, more string) string {
	w.t.Helper()
	id := w.gets(status, "POST", "/agents/"+agent+"/chat", `{"from":"`+from+`","to":"`+to+`","type":"phone"`+more+`}`).str("data.id")
	if !strings.HasPrefix(id, "chat_") {
		w.t.Errorf("data.id is %q", id)
	}
	return id
}

// isOpen waits until the newest chat with a contact is the one of that id.
func (w *writing) isOpen(contact, id string) {
	w.t.Helper()
	w.soon("the chat of "+contact, func() bool { c, _ := w.talk(contact); return c.ID == id && c.Status == "open" })
}

// A client begins a chat: at once or later, with words or without.
func TestAClientBeginsAChat(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const number = "+14155550221"
	w.owns(number)
	agent := w.clerk("Tea", " The guest is {{guest}}.", nil, func(d *roster.Definition) {
		greeting := "Hello {{guest}}, would you like tea?"
		d.Greeting, d.Variables = &greeting, map[string]any{"guest": "nobody"}
	})
	w.channel(telephony.Phone, number, agent, "")
	play(func() {
		const phone = "+14155550321"
		id := w.begins(201, agent, number, phone, `,"send_initial_message":true,"custom_placeholders_data":{"guest":"Ada"}`)
		w.hears(phone, number, "Hello Ada, would you like tea?")
		w.isOpen(phone, id)
		w.texts(phone, number, "Yes")
		w.hears(phone, number, "Hello Ada, would you like tea?", "You wrote: Yes")
		w.ends(phone, "out delivered", "in answered", "out delivered")
		w.isOpen(phone, id)
		again := w.whippy("POST", "/agents/"+agent+"/chat", `{"from":"`+number+`","to":"`+phone+`","type":"phone"}`)
		if again.status != 409 || !strings.Contains(again.text, id) {
			t.Errorf("a second chat with them: %d %s", again.status, again.text)
		}
	}, func() {
		const phone = "+14155550322"
		id := w.begins(201, agent, number, phone, `,"custom_placeholders_data":{"guest":"Grace"}`)
		w.isOpen(phone, id)
		w.texts(phone, number, "Here I am")
		w.hears(phone, number, "You wrote: Here I am")
		w.isOpen(phone, id)
		if !slices.ContainsFunc(w.model.asked("Tea"), func(c chat) bool {
			return c.last("user") == "Here I am" && c.last("system") == "You are Tea. The guest is Grace."
		}) {
			t.Errorf("the model was asked %+v", w.model.asked("Tea"))
		}
	}, func() {
		const phone, never = "+14155550323", "+14155550324"
		at := time.Now().Add(3 * time.Second).UTC()
		schedule := `,"send_initial_message":true,"schedule_at":"` + at.Format(time.RFC3339Nano) + `"`
		id, cancelled := w.begins(202, agent, number, phone, schedule), w.begins(202, agent, number, never, schedule)
		w.gets(200, "POST", "/scheduled_sessions/"+cancelled+"/cancel", "")
		if c, _ := w.talk(phone); c.ID != "" || time.Now().After(at) {
			t.Errorf("%v before its time there is the chat %q", time.Until(at), c.ID)
		}
		w.hears(phone, number, "Hello nobody, would you like tea?")
		w.isOpen(phone, id)
		if c, _ := w.talk(phone); c.Created.Before(at) {
			t.Errorf("the chat began %v early", at.Sub(c.Created))
		}
		if c, _ := w.talk(never); c.ID != "" {
			t.Errorf("what was cancelled began: %+v", c)
		}
	}, func() {
		const phone = "+14155550325"
		modest := w.clerk("Modest", "", func(c chat) string {
			if strings.HasPrefix(c.last("user"), "[You begin") {
				return says("May I write to you?")
			}
			return says("Thank you.")
		}, nil)
		id := w.begins(201, modest, number, phone, `,"send_initial_message":true`)
		w.hears(phone, number, "May I write to you?")
		w.isOpen(phone, id)
	})
	w.peaceful()
}

// A webhook tool in a chat is used once, under its key, and what it assigns is
// known from then on.
func TestAnAgentUsesAToolInAChat(t *testing.T) {
	t.Parallel()
	shop := receives(t, func(_ int, out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, `{"order":{"status":"on its way"}}`)
	})
	w := newWriting(t, sim.Knobs{TextTwice: true}, nil)
	const number, phone = "+14155550222", "+14155550326"
	w.owns(number)
	agent := w.clerk("Shop", " The newest order is {{order_status}}.", func(c chat) string {
		switch c.Messages[len(c.Messages)-1].Role {
		case "tool":
			return says("It is on its way.")
		default:
			if strings.Contains(c.last("user"), "order 42") {
				return uses("look_up_order", `{"order":"42"}`)
			}
			return says("You are welcome.")
		}
	}, func(d *roster.Definition) {
		d.Variables = map[string]any{"order_status": "unknown"}
		d.Tools = []roster.Tool{{UUID: "t", Name: "look_up_order", Description: "Looks up an order.", Type: roster.WebhookTool, Active: true, Config: roster.ToolConfig{
			Request:     &roster.Request{URL: shop.URL + "/orders/{{order}}", Method: "POST", Body: []byte(`{"number":"{{order}}"}`)},
			Parameters:  map[string]roster.Parameter{"order": {Type: "string", Description: "its number"}},
			Assignments: []roster.Assignment{{Source: "response", Attribute: "order.status", Variable: "order_status"}},
			Timeout:     5,
		}}}
	})
	w.channel(telephony.Phone, number, agent, "")
	w.texts(phone, number, "Where is order 42?")
	w.hears(phone, number, "It is on its way.")
	w.texts(phone, number, "Thanks")
	w.hears(phone, number, "It is on its way.", "You are welcome.")
	c, _ := w.talk(phone)
	posts := shop.all()
	if len(posts) != 1 || posts[0].header.Get("Idempotency-Key") != c.ID+"/1/1" || posts[0].body != `{"number":"42"}` {
		t.Errorf("the tool was used %d times: %+v", len(posts), posts)
	}
	if c.Variables != `{"order_status":"on its way"}` {
		t.Errorf("the chat's variables are %s", c.Variables)
	}
	asked := w.model.asked("Shop")
	if len(asked) != 3 {
		t.Fatalf("the model was asked %d times", len(asked))
	}
	for i, status := range []string{"unknown", "on its way", "on its way"} {
		if want := "You are Shop. The newest order is " + status + "."; asked[i].last("system") != want {
			t.Errorf("prompt %d is %q, want %q", i+1, asked[i].last("system"), want)
		}
	}
	if got := asked[1].last("tool"); got != `{"order":{"status":"on its way"}}` || len(asked[0].Tools) != 1 {
		t.Errorf("the model is told %q of the use, and may use %+v", got, asked[0].Tools)
	}
	entries, err := w.Store().ChatJournal(t.Context(), c.ID, 0)
	var kinds []string
	for i, e := range entries {
		kinds = append(kinds, e.Event.Kind())
		if r, is := e.Event.(agentcore.ToolResult); e.N != i+1 || is && (r.Failed || r.Key != c.ID+"/1/1") {
			t.Errorf("entry %d is %+v", i+1, e)
		}
	}
	if want := []string{"opened", "contact_wrote", "tool_intent", "tool_result", "agent_wrote", "contact_wrote", "agent_wrote"}; err != nil || !slices.Equal(kinds, want) {
		t.Errorf("the journal is %v, %v, want %v", kinds, err, want)
	}
	w.peaceful()
}

// The past is in the prompt of an agent that asks for it, and in no other's.
func TestThePastIsToldToWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWriting(t, sim.Knobs{}, nil)
	const first, knowing, blank, phone, stranger = "+14155550223", "+14155550224", "+14155550225", "+14155550327", "+14155550328"
	w.desk("First", first, func(chat) string { return says("Kites are sold out.") })
	for number, name := range map[string]string{knowing: "Knowing", blank: "Blank"} {
		w.owns(number)
		more := ""
		if name == "Knowing" {
			more = " Before: {{conversation_history}}"
		}
		w.channel(telephony.Phone, number, w.clerk(name, more, nil, nil), "")
	}
	w.texts(phone, first, "Have you got a red kite?")
	w.hears(phone, first, "Kites are sold out.")
	w.ends(phone, "in answered", "out delivered")
	c, _ := w.talk(phone)
	w.gets(200, "POST", "/chats/"+c.ID+"/close", "")
	for number, who := range map[string]string{knowing: phone, blank: phone} {
		w.texts(who, number, "It is me")
		w.hears(who, number, "You wrote: It is me")
	}
	w.texts(stranger, knowing, "It is somebody")
	w.hears(stranger, knowing, "You wrote: It is somebody")
	told := func(c chat, words string) bool { return strings.Contains(fmt.Sprint(c.Messages), words) }
	for name, knows := range map[string][]bool{"Knowing": {true, false}, "Blank": {false}} {
		asked := w.model.asked(name)
		if len(asked) != len(knows) {
			t.Fatalf("%s was asked %d times", name, len(asked))
		}
		for i, knows := range knows {
			for _, words := range []string{", sms, contact: Have you got a red kite?", ", sms, you: Kites are sold out."} {
				if told(asked[i], words) != knows || told(asked[i], "kite") != knows {
					t.Errorf("%s is told of the past: %t, want %t: %+v", name, !knows, knows, asked[i].Messages)
				}
			}
		}
	}
	if got := w.model.asked("Knowing")[1].last("system"); got != "You are Knowing. Before: none" {
		t.Errorf("of a stranger the agent knows %q", got)
	}
}
