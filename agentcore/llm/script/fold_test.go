package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
)

func answer(t testing.TB, s *script.Script, msgs ...llm.Message) (text string, calls []llm.ToolCall) {
	t.Helper()
	r := llm.Request{Messages: msgs, Tools: []llm.Tool{{Name: "book"}, {Name: "end_call"}}}
	for d, err := range s.Chat(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Call != nil {
			calls = append(calls, *d.Call)
		}
		text += d.Text
	}
	return text, calls
}

func user(text string) llm.Message { return llm.Message{Role: llm.User, Text: text} }

func TestTheReplyComesWordByWord(t *testing.T) {
	var words []string
	for d, err := range script.Demo().Chat(t.Context(), llm.Request{Messages: []llm.Message{user("an appointment")}}) {
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, d.Text)
	}
	if got := strings.Join(words, "|"); got != "Of |course. |Which |day |suits |you?" {
		t.Errorf("deltas = %s", got)
	}
}

func TestTheSameMessagesAlwaysGetTheSameReply(t *testing.T) {
	msgs := []llm.Message{user("appointment tuesday at ten"), user("yes")}
	text, calls := answer(t, script.Demo(), msgs...)
	for range 50 {
		again, calls2 := answer(t, script.Demo(), msgs...)
		if again != text || len(calls) != 1 || len(calls2) != 1 || calls2[0].ID != calls[0].ID || string(calls2[0].Arguments) != string(calls[0].Arguments) {
			t.Fatalf("%q %v, then %q %v", text, calls, again, calls2)
		}
	}
}

func TestWithoutACallersWordTheGreetingIsTheReply(t *testing.T) {
	if text, _ := answer(t, script.Demo(), llm.Message{Role: llm.System, Text: "x"}); text != script.Demo().Greeting {
		t.Errorf("reply = %q", text)
	}
}

func TestNothingFollowsTheResultOfEndCall(t *testing.T) {
	_, calls := answer(t, script.Demo(), user("goodbye"))
	if len(calls) != 1 || calls[0].Name != "end_call" || string(calls[0].Arguments) != "{}" {
		t.Fatalf("calls = %v", calls)
	}
	text, more := answer(t, script.Demo(), user("goodbye"),
		llm.Message{Role: llm.Assistant, Text: "Thank you for calling. Goodbye.", Calls: calls},
		llm.Message{Role: llm.ToolRole, Call: calls[0].ID, Text: `{"ok":true}`})
	if text != "" || len(more) != 0 {
		t.Errorf("after end_call: %q, %v", text, more)
	}
}

func TestAResultNobodyAskedForIsIgnored(t *testing.T) {
	text, calls := answer(t, script.Demo(), user("appointment"), llm.Message{Role: llm.ToolRole, Call: "x", Text: "{}"})
	if text != "Of course. Which day suits you?" || len(calls) != 0 {
		t.Errorf("reply = %q, %v", text, calls)
	}
}

func TestACancelledReplysCallIsNotMadeTwiceUnderOneID(t *testing.T) {
	before := []llm.Message{user("appointment tuesday at ten")}
	_, a := answer(t, script.Demo(), append(before, user("yes"))...)
	_, b := answer(t, script.Demo(), append(before, user("yes yes"))...)
	if len(a) != 1 || len(b) != 1 || a[0].ID == b[0].ID {
		t.Errorf("calls = %v, %v", a, b)
	}
}

func TestResultsCanBeSpoken(t *testing.T) {
	s, err := script.Load([]byte(`
name: Weather
greeting: Hello.
start: open
states: {open: {say: "Which town?"}}
slots:
  town: {kind: choice, values: {Paris: [paree], Rome: []}}
  code: {kind: pattern, match: 'code ([a-z]\d+)'}
intents:
  weather: {slots: [town, code], call: weather}
tools:
  weather:
    arguments: {town: "{town}", code: "{code}"}
    done: {say: "In {town} it is {result.sky}, {result.degrees} degrees."}
    failed: {say: "No news from {town}: {result.error}."}
fallback: ["Sorry? {ask}"]
give_up: Goodbye.
`))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(said, result string) string {
		var call llm.ToolCall
		r := llm.Request{Messages: []llm.Message{user(said)}, Tools: []llm.Tool{{Name: "weather"}}}
		for d := range s.Chat(t.Context(), r) {
			if d.Call != nil {
				call = *d.Call
			}
		}
		text := string(call.Arguments)
		r.Messages = append(r.Messages, llm.Message{Role: llm.Assistant, Calls: []llm.ToolCall{call}}, llm.Message{Role: llm.ToolRole, Call: call.ID, Text: result})
		for d := range s.Chat(t.Context(), r) {
			text += d.Text
		}
		return text
	}
	for _, tt := range []struct{ said, result, want string }{
		{"the weather in paree", `{"sky":"blue","degrees":21}`, `{"code":"","town":"Paris"}In Paris it is blue, 21 degrees.`},
		{"Rome, code x12.", `{"error":"no stars"}`, `{"code":"x12","town":"Rome"}No news from Rome: no stars.`},
		{"Rome", `error: timed out`, `{"code":"","town":"Rome"}No news from Rome: .`},
		{"Rome", `{"ok":false}`, `{"code":"","town":"Rome"}No news from Rome: .`},
		{"Rome", `it is fine`, `{"code":"","town":"Rome"}In Rome it is , degrees.`},
	} {
		if got := ask(tt.said, tt.result); got != tt.want {
			t.Errorf("%q, %s: %q, want %q", tt.said, tt.result, got, tt.want)
		}
	}
}

func TestCircularStatesEnd(t *testing.T) {
	s, err := script.Load([]byte(`
name: Circle
greeting: Hello.
start: a
states: {a: {say: "A.", then: b}, b: {say: "B.", then: a}}
intents: {go: {words: [go], say: Off we go., goto: a}}
fallback: ["Sorry? {ask}"]
give_up: Goodbye.
`))
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := answer(t, s, user("go")); text != "Off we go." {
		t.Errorf("reply = %q", text)
	}
}

func TestACancelledChatEndsWithItsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for d, err := range script.Demo().Chat(ctx, llm.Request{Messages: []llm.Message{user("hours")}}) {
		if n++; n == 3 {
			cancel()
		}
		if n > 3 && (!errors.Is(err, context.Canceled) || d != llm.Delta{}) {
			t.Errorf("delta %d = %+v, %v", n, d, err)
		}
	}
	if n != 4 {
		t.Errorf("%d deltas", n)
	}
}

func TestManyCallsShareAScript(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if text, _ := answer(t, script.Demo(), user("appointment on friday at noon")); !strings.Contains(text, "Friday at twelve") {
					t.Errorf("reply = %q", text)
				}
			}
		})
	}
	wg.Wait()
}

// Anything a caller can say gets a reply, in words, and the call ends within
// a bounded number of messages that nobody understands.
func FuzzChat(f *testing.F) {
	for _, s := range []string{"hello", "Tuesday at 3:30|[1]", "no|no, at ten past to", "{day}|\xff|[", "book sunday|half|quarter to|at for", strings.Repeat("a ", 3000)} {
		f.Add(s, `{"ok":true}`)
	}
	f.Fuzz(func(t *testing.T, said, result string) {
		msgs := []llm.Message{{Role: llm.System, Text: "x"}}
		for i, turn := range strings.SplitN(said, "|", 20) {
			msgs = append(msgs, user(turn))
			text, calls := answer(t, script.Demo(), msgs...)
			if text == "" && len(calls) == 0 || len(text) > 10_000 || !utf8.ValidString(text) {
				t.Fatalf("turn %d (%q) gets %q, %v", i, turn, text, calls)
			}
			msgs = append(msgs, llm.Message{Role: llm.Assistant, Text: text, Calls: calls})
			for _, c := range calls {
				if !json.Valid(c.Arguments) {
					t.Fatalf("arguments %q", c.Arguments)
				}
				msgs = append(msgs, llm.Message{Role: llm.ToolRole, Call: c.ID, Text: result})
				answer(t, script.Demo(), msgs...)
			}
		}
	})
}

// A file is a script or a list of mistakes; a script always answers.
func FuzzLoad(f *testing.F) {
	f.Add(script.DemoYAML(), "hours")
	f.Add([]byte(small), "buy")
	f.Add([]byte("a: &a [*a, *a]"), "")
	f.Add([]byte("states: {a: {say: '{a}', ask: {b: c}}}\nslots: {b: {kind: pattern, match: 'x'}}"), "x")
	f.Fuzz(func(t *testing.T, file []byte, said string) {
		s, err := script.Load(file)
		if err != nil {
			var e *script.Error
			if !errors.As(err, &e) || len(e.Mistakes) == 0 || e.Mistakes[0].Line < 1 {
				t.Fatalf("Load() = %v", err)
			}
			return
		}
		msgs := []llm.Message{user(said), user(""), user(said)}
		for d, err := range s.Chat(context.Background(), llm.Request{Messages: msgs, Tools: []llm.Tool{{Name: "end_call"}}}) {
			if err != nil || (d == llm.Delta{}) {
				t.Fatalf("delta %+v, %v", d, err)
			}
		}
	})
}

func BenchmarkChat(b *testing.B) {
	msgs := []llm.Message{user("I would like to book an appointment"), user("What are your opening hours?"), user("Tuesday at three thirty")}
	b.ReportAllocs()
	for b.Loop() {
		answer(b, script.Demo(), msgs...)
	}
}
