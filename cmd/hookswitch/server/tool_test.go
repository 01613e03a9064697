package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// thinker speaks OpenAI's protocol: its nth answer is the nth that it was given.
type thinker struct {
	*httptest.Server
	mu   sync.Mutex
	seen []chat
}

// chat is what a model is asked.
type chat struct {
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	Tools []struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	} `json:"tools"`
}

func (c chat) last(role string) (text string) {
	for _, m := range c.Messages {
		if m.Role == role {
			text = m.Content
		}
	}
	return text
}

// says and uses are answers.
func says(text string) string { return fmt.Sprintf(`{"content":%q}|stop`, text) }
func uses(tool, arguments string) string {
	return fmt.Sprintf(`{"tool_calls":[{"index":0,"id":"use","type":"function","function":{"name":%q,"arguments":%q}}]}|tool_calls`, tool, arguments)
}

func thinks(t *testing.T, answers ...string) *thinker {
	m := &thinker{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c chat
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Errorf("a model was asked: %v", err)
		}
		m.mu.Lock()
		m.seen = append(m.seen, c)
		n := len(m.seen)
		m.mu.Unlock()
		if n > len(answers) {
			t.Errorf("a model was asked %d times", n)
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		delta, finish, _ := strings.Cut(answers[n-1], "|")
		w.Header().Set("Content-Type", "text/event-stream")
		const chunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}` + "\n\n"
		fmt.Fprintf(w, chunk+chunk+"data: [DONE]\n\n", delta, "null", "{}", `"`+finish+`"`)
	}))
	t.Cleanup(func() {
		m.CloseClientConnections()
		m.Close()
	})
	return m
}

func (m *thinker) asked() []chat {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[:len(m.seen):len(m.seen)]
}

// The model asks for a webhook tool, is told what came of it, and speaks of it.
func TestAModelUsesAWebhookTool(t *testing.T) {
	t.Parallel()
	shop := receives(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n > 1 {
			http.Error(w, "database password is hunter2", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, `{"order":{"status":"on its way"}}`)
	})
	model := thinks(t,
		uses("look_up_order", `{"order":"42"}`), says("It is on its way."),
		uses("look_up_order", `{"order":"43"}`), says("I can not see that one."))
	o := privately(t)
	o.Config.OpenAI.BaseURL = model.URL + "/v1"
	b := boot(t, o)
	d := receptionist("Shop")
	provider, name, prompt := "openai", "gpt-4o-mini", "You are a shop. The newest order is {{order_status}}."
	d.LLM = &roster.LLM{Provider: &provider, Model: &name, Prompt: &prompt}
	d.Variables = map[string]any{"order_status": "unknown"}
	d.Tools = []roster.Tool{{UUID: "t", Name: "look_up_order", Description: "Looks up an order.", Type: roster.WebhookTool, Active: true, Config: roster.ToolConfig{
		Request:     &roster.Request{URL: shop.URL + "/orders/{{order}}", Method: "POST", Body: []byte(`{"number":"{{order}}"}`)},
		Parameters:  map[string]roster.Parameter{"order": {Type: "string", Description: "its number"}},
		Assignments: []roster.Assignment{{Source: "response", Attribute: "order.status", Variable: "order_status"}},
		Timeout:     5,
	}}}
	b.linked(d, hookNumber)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := &caller{}
	call, err := b.Sim().Call(ctx, "+14155550134", hookNumber, c)
	if err != nil {
		t.Fatal(err)
	}
	wrote(t, b.Store(), call, "the greeting", heard("Shop."))
	c.press.Store('1')
	wrote(t, b.Store(), call, "the first answer", heard("It is on its way."))
	c.press.Store('2')
	wrote(t, b.Store(), call, "the second answer", heard("I can not see that one."))
	call.Hangup()
	if got := b.end(); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	checkUses(t, b, call, shop, model)
}

func checkUses(t *testing.T, b *booted, call *sim.Call, shop *told, model *thinker) {
	t.Helper()
	r, err := b.Store().CallByCarrier(t.Context(), call.SID())
	if err != nil {
		t.Fatal(err)
	}
	posts, asked := shop.all(), model.asked()
	if len(posts) != 2 || len(asked) != 4 {
		t.Fatalf("the tool was used %d times, the model asked %d", len(posts), len(asked))
	}
	for i, want := range []struct{ key, body string }{
		{string(r.ID) + "/1/1", `{"number":"42"}`}, {string(r.ID) + "/2/1", `{"number":"43"}`},
	} {
		if got := posts[i].header.Get("Idempotency-Key"); got != want.key || posts[i].body != want.body {
			t.Errorf("use %d: key %q, body %s, want %+v", i+1, got, posts[i].body, want)
		}
	}
	if len(asked[0].Tools) != 1 || asked[0].Tools[0].Function.Name != "look_up_order" {
		t.Errorf("the model may use %+v", asked[0].Tools)
	}
	for i, status := range []string{"unknown", "on its way", "on its way", "on its way"} {
		if want := "You are a shop. The newest order is " + status + "."; asked[i].last("system") != want {
			t.Errorf("prompt %d is %q, want %q", i+1, asked[i].last("system"), want)
		}
	}
	if got := asked[1].last("tool"); got != `{"order":{"status":"on its way"}}` {
		t.Errorf("the model is told %q of the first use", got)
	}
	if got := asked[3].last("tool"); !strings.Contains(got, "the request failed") || !strings.Contains(got, "500") || strings.Contains(got, "hunter2") || strings.Contains(got, "http://") {
		t.Errorf("the model is told %q of the second use", got)
	}
	var intents, results int
	for _, e := range journal(t, b.Store(), call.SID()) {
		switch e := e.(type) {
		case agentcore.ToolIntent:
			intents++
		case agentcore.ToolResult:
			if results++; results != intents || e.Failed != (results == 2) {
				t.Errorf("result %d after %d intents: %+v", results, intents, e)
			}
		}
	}
	if intents != 2 || results != 2 {
		t.Errorf("%d intents and %d results are on record", intents, results)
	}
}
