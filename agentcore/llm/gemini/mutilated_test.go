package gemini_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

var recorded = event(text("One moment."), "") + ": ping\r\n\r\n" +
	event(`{"functionCall": {"name": "book","args": {"day": "Tuesday"},"id": "a"},"thoughtSignature": "c2ln"}`, "") + last("STOP")

func replay(t *testing.T, stream []byte) got {
	m, err := gemini.New(gemini.Config{BaseURL: "http://127.0.0.1", Key: "k", Model: "gemini-3.8-flash", Retries: -1, HTTP: &http.Client{Transport: &llmtest.Canned{Stream: string(stream)}}})
	if err != nil {
		t.Fatal(err)
	}
	g := ask(context.Background(), m, llmtest.Request())
	var e *llm.Error
	if g.err != nil && !errors.As(g.err, &e) {
		t.Errorf("err = %v", g.err)
	}
	return g
}

// Names and ids go into the history, and with it into every request that follows.
func TestAToolCallsNameAndIDAreBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, call := range []string{`{"name": "` + long + `","id": "a"}`, `{"name": "book","id": "` + long + `"}`} {
		g := replay(t, []byte(event(`{"functionCall": `+call+`}`, "")+last("STOP")))
		if provider.ClassOf(g.err) != provider.Garbage || len(g.calls) > 0 {
			t.Errorf("err = %.200v, %d calls, want garbage", g.err, len(g.calls))
		}
	}
}

// A stream cut at any byte is either a whole reply or an error; half a tool
// call is never handed on.
func TestAStreamCutAnywhereHandsOnNoHalfCall(t *testing.T) {
	const call = `book {"day":"Tuesday"}`
	for n := range len(recorded) + 1 {
		g := replay(t, []byte(recorded[:n]))
		whole := called(g.calls) == call && g.err == nil
		if cut := len(g.calls) == 0 && g.err != nil; whole == cut {
			t.Errorf("cut at %d: %+v", n, g)
		}
		if whole && !strings.Contains(recorded[:n], "STOP") {
			t.Errorf("cut at %d: whole before the model had finished", n)
		}
	}
}

func TestAStreamWithWrongBytesEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		b := []byte(recorded)
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		replay(t, b)
	}
}

// Whatever a server sends, a reply ends, with words or with an error.
func FuzzStream(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte(`data: {"candidates":[{"citationMetadata":7}]}` + "\n\n"))
	f.Add([]byte(`data: {"candidates":{"content":[]},"usageMetadata":"x","promptFeedback":[]}` + "\n\n"))
	f.Add([]byte(`data: {"candidates":[{"content":{"parts":[{"functionCall":{"args":[],"id":7}}]},"finishReason":7}]}`))
	f.Add([]byte("{\"error\":7}\n\ndata: {\"error\":{\"code\":\"x\"}}\n\n"))
	f.Add([]byte("\xff\x00:\n\ndata:\n\n{\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) { replay(t, stream) })
}

// Whatever the conversation was, the request is one that the API takes.
func FuzzConversation(f *testing.F) {
	f.Add([]byte{0, 3, 1, 5, 6, 3, 1, 4}, "ok")
	f.Add([]byte{4, 5, 5, 2, 6, 6, 1, 0, 3}, `{"a":1}`)
	f.Add([]byte{6, 0}, "")
	f.Add([]byte{5}, "null")
	f.Fuzz(func(t *testing.T, script []byte, words string) {
		var r llm.Request
		for i, b := range script[:min(len(script), 50)] {
			id := fmt.Sprint(b >> 4)
			switch b % 8 {
			case 0:
				r.Messages = append(r.Messages, llm.Message{Role: llm.System, Text: words})
			case 1, 2:
				r.Messages = append(r.Messages, llm.Message{Role: llm.User, Text: words})
			case 3, 4:
				r.Messages = append(r.Messages, llm.Message{Role: llm.Assistant, Text: words})
			case 5:
				r.Messages = append(r.Messages, llm.Message{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: id, Name: "look", Arguments: []byte(words)}, {ID: fmt.Sprint("n", i), Name: "book"}}})
			default:
				r.Messages = append(r.Messages, llm.Message{Role: llm.ToolRole, Call: id, Text: words})
			}
		}
		server := &llmtest.Canned{Stream: recorded}
		m, err := gemini.New(gemini.Config{BaseURL: "http://127.0.0.1", Key: "k", Model: "gemini-3.8-flash", Retries: -1, HTTP: &http.Client{Transport: server}})
		if err != nil {
			t.Fatal(err)
		}
		if g := ask(context.Background(), m, r); g.err != nil {
			t.Fatal(g.err)
		}
		strict(t, "gemini-3.8-flash", server.Asked)
	})
}
