package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// A caller keys a secret in over the carrier's stream: the tool gets it, and
// nobody else does.
func TestASecretIsKeyedInOverTheLine(t *testing.T) {
	t.Parallel()
	const pin = "48215"
	bank := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"right":true}`) })
	model := thinks(t,
		uses("collect_digits", `{"slot":"pin"}`), says("Please key in your pin."),
		uses("check_pin", `{}`), says("Thank you, that is right."))
	o := privately(t)
	o.Config.OpenAI.BaseURL = model.URL + "/v1"
	b := boot(t, o)
	d := receptionist("Bank")
	provider, name := "openai", "gpt-4o-mini"
	d.LLM = &roster.LLM{Provider: &provider, Model: &name}
	d.SystemTools = map[string]roster.SystemTool{"collect_digits": {Active: true, Parameters: json.RawMessage(`{"slots":[{"name":"pin","min_digits":5,"max_digits":8,"sensitive":true}]}`)}}
	d.Tools = []roster.Tool{{UUID: "t", Name: "check_pin", Description: "Checks the pin.", Type: roster.WebhookTool, Active: true, Config: roster.ToolConfig{
		Request: &roster.Request{URL: bank.URL + "/pin", Method: "POST", Body: []byte(`{"pin":"{{pin}}"}`)}, Timeout: 5,
	}}}
	b.linked(d, hookNumber)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := &caller{}
	call, err := b.Sim().Call(ctx, "+14155550134", hookNumber, c)
	if err != nil {
		t.Fatal(err)
	}
	wrote(t, b.Store(), call, "the greeting", heard("Bank."))
	c.press.Store('1')
	wrote(t, b.Store(), call, "the question", heard("Please key in your pin."))
	for _, key := range pin + "#" {
		c.press.Store(key)
		within(t, 10*time.Second, "the key is taken", func() bool { return c.press.Load() == 0 })
	}
	wrote(t, b.Store(), call, "the answer", heard("Thank you, that is right."))
	call.Hangup()
	if got := b.end(); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	if posts := bank.all(); len(posts) != 1 || posts[0].body != `{"pin":"`+pin+`"}` {
		t.Errorf("the tool was told %+v, want the pin, once", posts)
	}
	pressed := 0
	for _, e := range journal(t, b.Store(), call.SID()) {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := e.(agentcore.CallerPressed); ok && p.Slot == "pin" {
			pressed++
			if strings.Trim(p.Digit, "*#") != "" {
				t.Errorf("a key of the pin is on record: %s", text)
			}
		}
		if strings.Contains(string(text), pin) {
			t.Errorf("the pin is on record: %s", text)
		}
	}
	if pressed == 0 {
		t.Error("no key of the pin is on record, masked")
	}
	for i, asked := range model.asked() {
		for _, m := range asked.Messages {
			if strings.Contains(m.Content, pin) {
				t.Errorf("the model was told the pin, asked for the %dth time: %q", i+1, m.Content)
			}
		}
	}
}
