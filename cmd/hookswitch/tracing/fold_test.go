package tracing

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

var answered = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// journal numbers events, each at its milliseconds since the answer.
type journal []agentcore.Entry

func (j *journal) at(ms int64, e agentcore.Event) {
	d := time.Duration(ms) * time.Millisecond
	*j = append(*j, agentcore.Entry{N: len(*j) + 1, Version: 1, At: d, Wall: answered.Add(d), Event: e})
}

// aCall has a greeting, a turn that needs a tool, a line that is lost and taken up
// by another process, and a turn whose tool nobody heard of again.
func aCall() (dispatch.Record, []agentcore.Entry) {
	var j journal
	j.at(0, agentcore.Opened{Epoch: 1, Agent: "Shop", Direction: telephony.Inbound, Pipeline: "twilio mu-law 8k -> deepgram nova-2 | openai gpt-4o | rime aria -> twilio mu-law 8k"})
	j.at(900, agentcore.AgentSaid{Reply: 1, Text: "Hello.", Why: "greeting", StartMS: 100, EndMS: 900})
	j.at(3000, agentcore.CallerSaid{Turn: 1, Text: "Where is it?", StartMS: 1500, EndMS: 2500})
	j.at(3200, agentcore.ToolIntent{Key: "call_1/1/1", Turn: 1, ID: "use", Name: "look_up_order", Arguments: `{"order":"42"}`})
	j.at(3600, agentcore.ToolResult{Key: "call_1/1/1", Text: `{"ok":true}`, TookMS: 390})
	j.at(6000, agentcore.AgentSaid{Reply: 2, Turn: 1, Text: "On its way.", Why: "answer", StartMS: 4000, EndMS: 6000, GapMS: 1500,
		Parts: &agentcore.Parts{Endpoint: 400, Recognise: 100, Tool: 400, Model: 350, Voice: 200, Line: 50}})
	j.at(6000, agentcore.Used{Uses: cost.Usage{{Stage: "model", Provider: "openai", Unit: "input_tokens", N: 120000}, {Stage: "model", Provider: "openai", Unit: "output_tokens", N: 30000}, {Stage: "voice", Provider: "rime", Unit: "characters", N: 11000}}})
	j.at(7000, agentcore.Lost{Epoch: 1, Cause: "it broke"})
	j.at(9000, agentcore.Opened{Epoch: 2, Agent: "Shop", Direction: telephony.Inbound, Pipeline: "a -> nobody | script | hum -> b"})
	j.at(10000, agentcore.CallerSaid{Turn: 2, Text: "And now?", StartMS: 9200, EndMS: 9700})
	j.at(10100, agentcore.ToolIntent{Key: "call_1/2/1", Turn: 2, Name: "look_up_order"})
	j.at(12000, agentcore.TransferBegan{Transfer: "tr_1", To: "Ms Miller", How: "warm"})
	j.at(14000, agentcore.TransferOver{Transfer: "tr_1", To: "Ms Miller", Outcome: "busy", Reason: "they are busy"})
	j.at(15000, agentcore.Ended{Reason: telephony.CallerHangup})
	return dispatch.Record{
		ID: "call_1", From: "+14155550134", To: "+14155550142", Direction: telephony.Inbound, Agent: "Shop", AgentUUID: "agent-1",
		Conversation: "conv-1", Created: answered.Add(-2 * time.Second), Answered: answered, Ended: answered.Add(15 * time.Second), Reason: telephony.CallerHangup,
	}, j
}

// show is a trace as lines: what, in what, from and to in milliseconds.
func show(all []part) (text string) {
	for _, p := range all {
		text += fmt.Sprintf("%s < %s: %s %d..%d %s\n", p.is, p.in, p.name, p.from.Sub(answered).Milliseconds(), p.to.Sub(answered).Milliseconds(), p.failed)
	}
	return text
}

func TestACallIsATree(t *testing.T) {
	const want = `call < : call -2000..15000 
leg/1 < call: leg 0..7000 
reply/1 < call: reply 100..900 
turn/1 < call: turn 1500..6000 
tool/call_1/1/1 < turn/1: execute_tool look_up_order 3200..3600 
reply/2 < turn/1: reply 4000..6000 
reply/2/endpoint < turn/1: endpoint 2500..2900 
reply/2/recognise < turn/1: recognise 2900..3000 
reply/2/tool < turn/1: tool 3000..3400 
reply/2/model < turn/1: model 3400..3750 
reply/2/voice < turn/1: voice 3750..3950 
reply/2/line < turn/1: line 3950..4000 
leg/2 < call: leg 9000..15000 
turn/2 < call: turn 9200..10100 
tool/call_1/2/1 < turn/2: execute_tool look_up_order 10100..15000 interrupted
transfer/tr_1 < call: transfer 12000..14000 
`
	all, lost := fold(aCall())
	if got := show(all); got != want || lost != 0 {
		t.Errorf("fold() =\n%swant\n%s", got, want)
	}
}

func attrsOf(p part) map[string]string {
	got := map[string]string{}
	for _, kv := range p.attrs {
		got[string(kv.Key)] = kv.Value.Emit()
	}
	return got
}

func TestSpansSayWhatGenAISays(t *testing.T) {
	all, _ := fold(aCall())
	by := map[string]map[string]string{}
	for _, p := range all {
		by[p.is] = attrsOf(p)
	}
	for is, want := range map[string]map[string]string{
		"call": {
			"hookswitch.call.id": "call_1", "hookswitch.call.direction": "inbound", "gen_ai.conversation.id": "conv-1", "gen_ai.agent.name": "Shop", "gen_ai.agent.id": "agent-1",
			"hookswitch.call.end_reason": "caller_hangup", "hookswitch.call.epochs": "2", "gen_ai.usage.input_tokens": "120", "gen_ai.usage.output_tokens": "30",
		},
		"turn/1":          {"gen_ai.operation.name": "invoke_agent", "hookswitch.turn.number": "1", "hookswitch.turn.gap_ms": "1500", "gen_ai.usage.input_tokens": "120", "gen_ai.usage.output_tokens": "30"},
		"reply/2/model":   {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"},
		"tool/call_1/1/1": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up_order", "gen_ai.tool.call.id": "call_1/1/1"},
		"transfer/tr_1":   {"hookswitch.transfer.how": "warm", "hookswitch.outcome": "busy"},
		"leg/1":           {"hookswitch.call.epoch": "1", "hookswitch.recogniser": "deepgram nova-2", "hookswitch.model": "openai gpt-4o", "hookswitch.voice": "rime aria", "gen_ai.agent.name": "Shop", "hookswitch.outcome": "lost"},
	} {
		if got := by[is]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s says %v, want %v", is, got, want)
		}
	}
}

// checkTree: every span is in one that there is, no two have one name, each lies
// within what it is a part of, and a turn's stages are as long as its gap. An
// interrupted tool may outlive the turn that wanted it.
func checkTree(t *testing.T, all []part) {
	t.Helper()
	by := map[string]part{}
	for _, p := range all {
		if _, twice := by[p.is]; twice {
			t.Errorf("%s is there twice", p.is)
		}
		if p.to.Before(p.from) {
			t.Errorf("%s ends before it begins", p.is)
		}
		by[p.is] = p
	}
	for _, p := range all {
		if p.is == "call" {
			continue
		}
		in, ok := by[p.in]
		if !ok {
			t.Errorf("%s is in %s, which there is not", p.is, p.in)
		} else if p.failed != "interrupted" && (p.from.Before(in.from) || p.to.After(in.to)) {
			t.Errorf("%s sticks out of %s", p.is, p.in)
		}
	}
}

func TestAnyPrefixOfAJournalIsATree(t *testing.T) {
	r, entries := aCall()
	for n := range entries {
		all, _ := fold(r, entries[:n])
		checkTree(t, all)
	}
}

// hostile fills every text of a value with words that must not get out.
func hostile(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("hunter2 +14155550199 14155550199")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		hostile(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		hostile(v.Index(0))
		hostile(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				hostile(v.Field(i))
			}
		}
	}
}

// What was said, whose number it was and what a tool was told is in no span,
// whatever a journal holds.
func TestNothingOfACallerIsInASpan(t *testing.T) {
	events := []any{
		&agentcore.SpeechBegan{}, &agentcore.CallerSaid{}, &agentcore.NotUnderstood{}, &agentcore.CallerPressed{}, &agentcore.CollectBegan{}, &agentcore.Collected{},
		&agentcore.Planned{}, &agentcore.Heard{}, &agentcore.AgentSaid{}, &agentcore.TalkOver{}, &agentcore.ToolIntent{}, &agentcore.ToolResult{},
		&agentcore.TransferBegan{}, &agentcore.TransferOver{}, &agentcore.FloorTaken{}, &agentcore.WhoAnswered{}, &agentcore.MessageBegan{}, &agentcore.ProviderError{},
		&agentcore.Used{}, &agentcore.Lost{}, &agentcore.Ended{}, &agentcore.Unknown{},
	}
	var j journal
	j.at(0, agentcore.Opened{Epoch: 1})
	j.at(0, agentcore.CallerSaid{Turn: 1, StartMS: 1, EndMS: 2})
	for _, e := range events {
		v := reflect.ValueOf(e).Elem()
		hostile(v)
		ev := v.Interface().(agentcore.Event)
		switch e := ev.(type) { // ours: made of the call's id and numbers
		case agentcore.ToolIntent:
			e.Key = "call_1/1/1"
			ev = e
		case agentcore.AgentSaid:
			e.StartMS, e.EndMS = 100, 200
			ev = e
		case agentcore.TransferBegan:
			e.Transfer = "tr_1"
			ev = e
		case agentcore.ProviderError:
			e.Provider = "deepgram " + e.Provider // a name that the settings know, then the model
			ev = e
		}
		j.at(300, ev)
	}
	r := dispatch.Record{ID: "call_1", From: "+14155550199", To: "+14155550199", Variables: "hunter2", Why: "hunter2", Answerer: "hunter2", Reason: "hunter2", Direction: "hunter2 x", Answer: `{"class":"hunter2 +14155550199"}`}
	all, _ := fold(r, j)
	if len(all) < 8 {
		t.Fatalf("only %d spans: the journal does not try", len(all))
	}
	for _, p := range all {
		text := p.is + p.in + p.name + p.failed + fmt.Sprint(attrsOf(p), p.moments)
		if strings.Contains(text, "hunter2") || strings.Contains(text, "155550199") {
			t.Errorf("%s tells of the caller: %s", p.is, text)
		}
	}
}

func TestATraceIsBounded(t *testing.T) {
	var j journal
	j.at(0, agentcore.Opened{Epoch: 1})
	for n := range mostParts + 10 {
		j.at(int64(n), agentcore.CallerSaid{Turn: n + 1, StartMS: int64(n), EndMS: int64(n)})
		j.at(int64(n), agentcore.Lost{})
	}
	all, lost := fold(dispatch.Record{ID: "call_1"}, j)
	if len(all) != mostParts+1 || lost != 11 || len(all[0].moments) != mostMoments || attrsOf(all[0])["hookswitch.truncated"] != "true" {
		t.Errorf("%d spans, %d lost, %d moments", len(all), lost, len(all[0].moments))
	}
}

// FuzzFold: whatever numbers a journal holds, it is a tree or a part of one.
func FuzzFold(f *testing.F) {
	f.Add(int64(100), int64(200), int64(50), 1, 1)
	f.Add(int64(-1), int64(1<<62), int64(-1<<62), -1, 0)
	f.Fuzz(func(t *testing.T, a, b, c int64, turn, epoch int) {
		var j journal
		j.at(0, agentcore.Opened{Epoch: epoch})
		j.at(10, agentcore.CallerSaid{Turn: turn, StartMS: a, EndMS: b})
		j.at(20, agentcore.ToolIntent{Key: "k", Turn: turn})
		j.at(30, agentcore.AgentSaid{Reply: 1, Turn: turn, StartMS: b, EndMS: c, Parts: &agentcore.Parts{Endpoint: a, Recognise: b, Tool: c, Model: a, Voice: b, Line: c}})
		j.at(40, agentcore.AgentSaid{Reply: 2, Turn: turn, StartMS: a, EndMS: c})
		j[2].At = time.Duration(b)
		j.at(50, agentcore.ToolResult{Key: "k"})
		all, _ := fold(dispatch.Record{ID: "call_1"}, j)
		checkTree(t, all)
	})
}
