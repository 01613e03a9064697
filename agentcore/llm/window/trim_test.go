package window_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/window"
)

func sys(text string) llm.Message   { return llm.Message{Role: llm.System, Text: text} }
func user(text string) llm.Message  { return llm.Message{Role: llm.User, Text: text} }
func agent(text string) llm.Message { return llm.Message{Role: llm.Assistant, Text: text} }
func asks(ids ...string) llm.Message {
	m := llm.Message{Role: llm.Assistant}
	for _, id := range ids {
		m.Calls = append(m.Calls, llm.ToolCall{ID: id, Name: "look", Arguments: json.RawMessage(`{}`)})
	}
	return m
}
func result(id string) llm.Message { return llm.Message{Role: llm.ToolRole, Call: id, Text: "ok"} }

// shown is messages in short.
func shown(messages []llm.Message) string {
	var all []string
	for _, m := range messages {
		s := string(m.Role[0]) + ":" + m.Text
		for _, c := range m.Calls {
			s += "?" + c.ID
		}
		if m.Call != "" {
			s = "=" + m.Call
		}
		all = append(all, s)
	}
	return strings.Join(all, " | ")
}

func TestTheOldestTurnsGoFirst(t *testing.T) {
	long := strings.Repeat("word ", 60) // about 100 tokens
	for _, tt := range []struct {
		name     string
		messages []llm.Message
		most     int
		gone     int
		want     string
	}{
		{"what fits stays as it is", []llm.Message{sys("p"), agent("hello"), user("a"), agent("b")}, 100, 0, "s:p | a:hello | u:a | a:b"},
		{"no bound", []llm.Message{user(long), agent(long), user("a")}, 0, 0, "u:" + long + " | a:" + long + " | u:a"},
		{"the greeting goes first", []llm.Message{sys("p"), agent(long), user("a"), agent("b"), user("c")}, 100, 1,
			"s:p | s:(The first 1 message of this call was left out to save room.) | u:a | a:b | u:c"},
		{"whole turns go", []llm.Message{sys("p"), agent("hello"), user(long), agent("b"), user("c"), agent("d"), user("e")}, 100, 3,
			"s:p | s:(The first 3 messages of this call were left out to save room.) | u:c | a:d | u:e"},
		{"the last turn stays, whatever it costs", []llm.Message{sys("p"), user("a"), agent("b"), user(long), agent(long)}, 20, 2,
			"s:p | s:(The first 2 messages of this call were left out to save room.) | u:" + long + " | a:" + long},
		{"words said one after the other are one turn", []llm.Message{user(long), user("a"), agent("b"), user("c"), user("d")}, 60, 3,
			"s:(The first 3 messages of this call were left out to save room.) | u:c | u:d"},
		{"a call goes with its result", []llm.Message{user("a"), asks("1", "2"), result("1"), result("2"), agent(long), user("b"), asks("3"), result("3")}, 100, 5,
			"s:(The first 5 messages of this call were left out to save room.) | u:b | a:?3 | =3"},
		{"even with a result that comes later", []llm.Message{user("a"), asks("1"), agent(long), user("b"), result("1"), agent("c")}, 100, 4,
			"s:(The first 4 messages of this call were left out to save room.) | u:b | a:c"},
		{"an id that is used again is that of the later call", []llm.Message{user("a"), asks("1"), result("1"), agent(long), user("b"), asks("1"), result("1")}, 100, 4,
			"s:(The first 4 messages of this call were left out to save room.) | u:b | a:?1 | =1"},
		{"a system message in between stays", []llm.Message{sys("p"), user(long), sys("q"), agent("a"), user("b")}, 100, 2,
			"s:p | s:q | s:(The first 2 messages of this call were left out to save room.) | u:b"},
		{"nobody has spoken", []llm.Message{sys("p"), agent(long), agent(long)}, 20, 0, "s:p | a:" + long + " | a:" + long},
		{"nothing at all", nil, 1, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.messages)
			got, gone := window.Trim(llm.Request{Messages: tt.messages}, tt.most)
			if shown(got.Messages) != tt.want || gone != tt.gone {
				t.Errorf("Trim() = %s, %d\nwant %s, %d", shown(got.Messages), gone, tt.want, tt.gone)
			}
			if !reflect.DeepEqual(tt.messages, before) {
				t.Error("the request that was given is changed")
			}
		})
	}
}

func TestToolsCount(t *testing.T) {
	r := llm.Request{Messages: []llm.Message{user("a"), agent("b"), user("c")}}
	if _, gone := window.Trim(r, 100); gone != 0 {
		t.Errorf("%d messages are gone without tools, want 0", gone)
	}
	r.Tools = []llm.Tool{{Name: "look", Parameters: json.RawMessage(`{"type":"object","properties":{` + strings.Repeat(`"x":{"type":"string"},`, 20) + `}}`)}}
	got, gone := window.Trim(r, 100)
	if gone != 2 || len(got.Tools) != 1 {
		t.Errorf("%d messages are gone with a large tool, %d tools left, want 2 and 1", gone, len(got.Tools))
	}
}

// least is what a poor tokenizer makes of a text: a token for each word, sign,
// digit and character of CJK.
func TestTheEstimateIsHigh(t *testing.T) {
	for _, tt := range []struct {
		text  string
		least int
	}{
		{"The quick brown fox jumps over the lazy dog.", 10},
		{"您好，请问有什么可以帮助您的吗？", 16},
		{"4155550123", 10},
	} {
		got := window.Tokens(llm.Request{Messages: []llm.Message{user(tt.text)}})
		if got < tt.least || got > 2*tt.least+8 {
			t.Errorf("Tokens(%q) = %d, want %d or somewhat more", tt.text, got, tt.least)
		}
	}
}

// conversation makes one of bytes: each says what the next message is.
func conversation(script []byte) (all []llm.Message) {
	for i, b := range script[:min(len(script), 200)] {
		id := fmt.Sprint(b >> 4)
		switch b % 8 {
		case 0:
			all = append(all, sys(fmt.Sprint("s", i)))
		case 1, 2:
			all = append(all, user(strings.Repeat("x", int(b))+fmt.Sprint(i)))
		case 3, 4:
			all = append(all, agent(strings.Repeat("é", int(b))+fmt.Sprint(i)))
		case 5:
			all = append(all, asks(id, fmt.Sprint(i)))
		default:
			all = append(all, result(id))
		}
	}
	return all
}

// Whatever the conversation: what is left is in order, no pair is split, the
// last turn is whole, and it fits unless there was nothing more to leave out.
func FuzzTrim(f *testing.F) {
	f.Add([]byte{0, 3, 1, 5, 6, 3, 1, 4}, 60)
	f.Add([]byte{1, 5, 2, 6, 6, 1, 0, 3}, 1)
	f.Add([]byte{0, 0, 1, 1, 1}, -5)
	f.Add([]byte("a long call with many turns, calls and results"), 300)
	f.Fuzz(func(t *testing.T, script []byte, most int) {
		r := llm.Request{Messages: conversation(script), Tools: []llm.Tool{{Name: "look"}}}
		got, gone := window.Trim(r, most)
		if gone == 0 {
			if !reflect.DeepEqual(got, r) {
				t.Fatalf("nothing is gone, but %s is not %s", shown(got.Messages), shown(r.Messages))
			}
			if most > 0 && window.Tokens(r) > most && lastTurn(r.Messages) > firstWord(r.Messages) {
				t.Fatalf("%s has more than %d tokens and is left as it is", shown(r.Messages), most)
			}
			return
		}
		rest, notes := got.Messages, 0
		for _, m := range r.Messages { // got is r with gaps and a note
			if notes == 0 && len(rest) > 0 && strings.Contains(rest[0].Text, "left out to save room") {
				rest, notes = rest[1:], 1
			}
			if len(rest) > 0 && reflect.DeepEqual(m, rest[0]) {
				rest = rest[1:]
			}
		}
		if len(rest) != 0 || notes != 1 || len(got.Messages)-1+gone != len(r.Messages) {
			t.Fatalf("%s\nbecame %s, %d gone", shown(r.Messages), shown(got.Messages), gone)
		}
		last := lastTurn(r.Messages)
		for i, m := range r.Messages {
			if m.Role == llm.System && !slices.ContainsFunc(got.Messages, func(o llm.Message) bool { return o.Text == m.Text }) {
				t.Fatalf("system message %d is gone", i)
			}
			if i >= last && m.Role != llm.ToolRole && !slices.ContainsFunc(got.Messages, func(o llm.Message) bool { return reflect.DeepEqual(o, m) }) {
				t.Fatalf("message %d of the last turn is gone", i)
			}
		}
		for id := range results(got.Messages) {
			if !calls(got.Messages)[id] && calls(r.Messages)[id] {
				t.Fatalf("the result of %s is left without its call", id)
			}
		}
		for id := range calls(got.Messages) {
			if results(r.Messages)[id] && !results(got.Messages)[id] && !resultBeforeCall(r.Messages, id) {
				t.Fatalf("the call %s is left without its result", id)
			}
		}
		if window.Tokens(got) > most && lastTurn(got.Messages) != firstTurn(got.Messages) {
			t.Fatalf("%d tokens, want %d or less", window.Tokens(got), most)
		}
	})
}

func calls(messages []llm.Message) map[string]bool {
	all := map[string]bool{}
	for _, m := range messages {
		for _, c := range m.Calls {
			all[c.ID] = true
		}
	}
	return all
}

func results(messages []llm.Message) map[string]bool {
	all := map[string]bool{}
	for _, m := range messages {
		if m.Role == llm.ToolRole {
			all[m.Call] = true
		}
	}
	return all
}

// resultBeforeCall reports whether the last call with id has no result after it.
func resultBeforeCall(messages []llm.Message, id string) bool {
	call, result := -1, -1
	for i, m := range messages {
		if m.Role == llm.ToolRole && m.Call == id {
			result = i
		}
		for _, c := range m.Calls {
			if c.ID == id {
				call = i
			}
		}
	}
	return result < call
}

// lastTurn is where the last run of the caller's words begins, 0 if there is none.
func lastTurn(messages []llm.Message) int {
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].Role == llm.User && (i == 0 || messages[i-1].Role != llm.User) {
			return i
		}
	}
	return 0
}

// firstTurn is where the first such run begins.
func firstTurn(messages []llm.Message) int {
	return max(0, slices.IndexFunc(messages, func(m llm.Message) bool { return m.Role == llm.User }))
}

// firstWord is where the system prompt ends.
func firstWord(messages []llm.Message) int {
	return max(0, slices.IndexFunc(messages, func(m llm.Message) bool { return m.Role != llm.System }))
}
