package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	writ "github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// scribe is a model that answers in writing: each agent by a function of its own.
type scribe struct {
	*httptest.Server
	mu   sync.Mutex
	on   map[string]func(chat) string // by what the prompt begins with; nil answers: it echoes
	seen map[string][]chat
}

func newScribe(t *testing.T) *scribe {
	k := &scribe{on: map[string]func(chat) string{}, seen: map[string][]chat{}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c chat
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || len(c.Messages) == 0 {
			t.Errorf("a model was asked: %v", err)
			return
		}
		delta, finish, _ := strings.Cut(k.answer(c), "|")
		w.Header().Set("Content-Type", "text/event-stream")
		const chunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}` + "\n\n"
		fmt.Fprintf(w, chunk+chunk+"data: [DONE]\n\n", delta, "null", "{}", `"`+finish+`"`)
	}))
	t.Cleanup(func() {
		k.CloseClientConnections()
		k.Close()
	})
	return k
}

// answer is what the agent whose prompt it is says: an echo, if nobody said
// otherwise.
func (k *scribe) answer(c chat) string {
	k.mu.Lock()
	prompt := c.last("system")
	for name, answer := range k.on {
		if strings.HasPrefix(prompt, "You are "+name+".") {
			k.seen[name] = append(k.seen[name], c)
			if answer != nil {
				k.mu.Unlock()
				return answer(c)
			}
		}
	}
	k.mu.Unlock()
	return says("You wrote: " + c.last("user"))
}

// asked are the requests to the model of an agent.
func (k *scribe) asked(name string) []chat {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.seen[name])
}

// writing is a gateway whose agents write, its carrier, and its model.
type writing struct {
	*booted
	carrier *sim.Carrier
	model   *scribe
}

// newWriting starts them. The carrier's second account is somebody else's.
func newWriting(t *testing.T, knobs sim.Knobs, change func(*server.Options)) *writing {
	t.Helper()
	knobs.CPS = -1
	c, err := sim.New(sim.Config{
		AccountSID: ownAccount, AuthToken: ownToken, Forget: true, Knobs: knobs,
		Accounts: []sim.Account{{SID: theirAccount, AuthToken: theirToken}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		rest.Close()
	})
	model := newScribe(t)
	o := privately(t)
	o.Config.BootstrapKey, o.Config.OpenAI.BaseURL = flowKey, model.URL+"/v1"
	o.Config.Carrier = "twilio"
	o.Config.Twilio.AccountSID, o.Config.Twilio.AuthToken, o.Config.Twilio.APIBase, o.Config.Twilio.CPS = ownAccount, ownToken, rest.URL, 100
	o.Transport = &http.Transport{DisableKeepAlives: true}
	if change != nil {
		change(&o)
	}
	return &writing{booted: boot(t, o), carrier: c, model: model}
}

// owns gives the operator a number whose texts and calls lead here.
func (w *writing) owns(number string) {
	w.t.Helper()
	err := w.carrier.Own(sim.Number{Number: number, VoiceURL: w.PublicURL() + "/twilio/voice", StatusCallback: w.PublicURL() + "/twilio/status", SMSURL: w.PublicURL() + "/twilio/message"})
	if err != nil {
		w.t.Fatal(err)
	}
}

// clerk makes an agent whose model answers; nil: it says what it was told. more
// goes on with its prompt.
func (w *writing) clerk(name, more string, answer func(chat) string, change func(*roster.Definition)) string {
	w.t.Helper()
	w.model.mu.Lock()
	w.model.on[name] = answer
	w.model.mu.Unlock()
	d := receptionist(name)
	provider, model, prompt := "openai", "gpt-4o-mini", "You are "+name+"."+more
	d.LLM = &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt}
	d.Greeting = nil
	if change != nil {
		change(&d)
	}
	a, err := w.Store().CreateAgent(w.t.Context(), roster.Agent{UUID: "uuid-of-" + strings.ToLower(name), Workspace: roster.Default, Definition: d}, 0, "test", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return a.UUID
}

// whippy asks seed 002's API.
func (w *writing) whippy(method, path, body string) answered {
	w.t.Helper()
	return w.whippyAs(flowKey, method, path, body)
}

// whippyAs is whippy with another key.
func (w *writing) whippyAs(key, method, path, body string) answered {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.PublicURL()+"/v1"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("X-WHIPPY-KEY", key)
	r.Header.Set("Content-Type", "application/json")
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answered{status: res.StatusCode, header: res.Header, text: string(text)}
	if err := json.Unmarshal(text, &a.body); err != nil {
		w.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	return a
}

// gets is whippy, and the status.
func (w *writing) gets(status int, method, path, body string) answered {
	w.t.Helper()
	a := w.whippy(method, path, body)
	if a.status != status {
		w.t.Fatalf("%s %s = %d %s, want %d", method, path, a.status, a.text, status)
	}
	return a
}

// channel makes a channel that an agent answers, and returns its id. more is
// further JSON of it.
func (w *writing) channel(kind, address, agent, more string) string {
	w.t.Helper()
	field := "phone"
	if kind == telephony.Email {
		field = "email"
	}
	return w.gets(201, "POST", "/channels", `{"type":"`+kind+`","`+field+`":"`+address+`","agent_id":"`+agent+`"`+more+`}`).str("data.id")
}

// desk is an agent that answers texts to a number of the operator's.
func (w *writing) desk(name, number string, answer func(chat) string) (agent string) {
	w.t.Helper()
	w.owns(number)
	agent = w.clerk(name, "", answer, nil)
	w.channel(telephony.Phone, number, agent, "")
	return agent
}

// texts has a phone write.
func (w *writing) texts(from, to, body string) *sim.Message {
	w.t.Helper()
	m, err := w.carrier.Text(from, to, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// bodies are the texts that a phone got from a number.
func (w *writing) bodies(phone, from string) (all []string) {
	for _, m := range w.carrier.TextsTo(phone) {
		if m.From() == from {
			all = append(all, m.Body())
		}
	}
	return all
}

// hears waits until a phone has these texts from a number, and no others.
func (w *writing) hears(phone, from string, want ...string) {
	w.t.Helper()
	var got []string
	w.soon("what "+phone+" gets", func() bool {
		got = w.bodies(phone, from)
		return len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		w.t.Errorf("%s got %q, want %q", phone, got, want)
	}
}

// soon waits until ok holds, and says what did not.
func (w *writing) soon(what string, ok func() bool) {
	w.t.Helper()
	within(w.t, 30*time.Second, what, ok)
}

// talk is the newest chat with a contact, and its messages.
func (w *writing) talk(contact string) (c writ.Chat, all []writ.Message) {
	w.t.Helper()
	found, _, err := w.Store().Chats(w.t.Context(), "", writ.Filter{Contact: contact}, "", 10)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(found) == 0 {
		return c, nil
	}
	all, err = w.Store().Messages(w.t.Context(), found[0].ID, 0, 500)
	if err != nil {
		w.t.Fatal(err)
	}
	return found[0], all
}

// fates are the messages of the newest chat with a contact, each in a word or two.
func (w *writing) fates(contact string) (all []string) {
	w.t.Helper()
	_, messages := w.talk(contact)
	for _, m := range messages {
		all = append(all, strings.TrimSpace(m.Direction+" "+m.Status+" "+m.Error))
	}
	return all
}

// ends waits for the fates of a contact's messages.
func (w *writing) ends(contact string, want ...string) {
	w.t.Helper()
	var got []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = w.fates(contact); slices.Equal(got, want) {
			return
		}
	}
	w.t.Errorf("the messages of %s are %q, want %q", contact, got, want)
}

// peaceful checks that the carrier has nothing to complain of.
func (w *writing) peaceful() {
	w.t.Helper()
	if v := w.carrier.Police().Violations(); len(v) != 0 {
		w.t.Errorf("the carrier complains: %v", v)
	}
}
