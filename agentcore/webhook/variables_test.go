package webhook

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

var began = time.Date(2026, 11, 22, 9, 30, 0, 123_456_000, time.UTC)

// finished is a call that is over. A user tries to pass for another caller.
var finished = dispatch.Record{
	ID: "call_1", From: "+15550100", To: "+15550199", Direction: telephony.Inbound, Agent: "Front desk",
	Workspace: roster.Default, AgentUUID: "agent-1", Version: 3, Conversation: "conv-1",
	Variables: `{"plan":"gold","n":12345678901234567890,"caller_phone":"+1999"}`,
	Reason:    telephony.CallerHangup, Created: began, Answered: began.Add(2 * time.Second), Ended: began.Add(67*time.Second + 900*time.Millisecond),
	Answerer: "human",
}

// handedOn are its transfers: nobody took the first.
var handedOn = []dispatch.Transfer{
	{
		ID: "xfer_1", Kind: dispatch.Warm, Label: "sales", To: "+15550177", Status: dispatch.TransferOver, Outcome: dispatch.OutcomeNoAnswer,
		Reason: "nobody answered", Created: began.Add(10 * time.Second), Ended: began.Add(30*time.Second + 500*time.Millisecond),
	},
	{
		ID: "xfer_2", Kind: dispatch.Blind, Label: "the desk", To: "+15550188", Status: dispatch.TransferOver, Outcome: dispatch.OutcomeCompleted,
		Created: began.Add(40 * time.Second), Answered: began.Add(45 * time.Second), Bridged: began.Add(46 * time.Second), Ended: finished.Ended,
	},
}

var talk = []agentcore.Utterance{
	{Speaker: "agent", Text: "Hello, how can I help?", StartMS: 100, EndMS: 1500},
	{Turn: 1, Speaker: "caller", Text: "I want to  book\na table for two tonight.", StartMS: 2000, EndMS: 4000},
	{Turn: 1, Speaker: "tool", Text: `book {"n":2} -> ok`, StartMS: 4100, EndMS: 4200},
	{Turn: 1, Speaker: "agent", Text: "Your table is booked for six. Anything else?", Unheard: " Or a cake?", StartMS: 4600, EndMS: 7000},
	{Turn: 2, Speaker: "caller", Text: "No.", StartMS: 8000, EndMS: 8300},
	{Turn: 2, Speaker: "agent", Text: "Thank you. Goodbye.", StartMS: 9000, EndMS: 10000},
}

func TestVariablesOfACall(t *testing.T) {
	during := vars.Set{
		"plan": "gold", "n": json.Number("12345678901234567890"),
		"agent_uuid": "agent-1", "agent_name": "Front desk", "conversation_uuid": "conv-1", "call_id": "call_1",
		"caller_phone": "+15550100", "called_phone": "+15550199", "direction": "inbound", "started_at": "2026-11-22T09:30:00.123Z",
	}
	got, err := During(finished)
	if err != nil || !reflect.DeepEqual(got, during) {
		t.Errorf("During() = %v, %v, want %v", got, err, during)
	}
	after := vars.Merge(during, vars.Set{
		"ended_at": "2026-11-22T09:31:08.023Z", "call_duration": int64(65), "end_reason": "caller_hangup",
		"transcript": "Agent: Hello, how can I help?\nCaller: I want to book a table for two tonight.\n" +
			"Agent: Your table is booked for six. Anything else?\nCaller: No.\nAgent: Thank you. Goodbye.",
	})
	if got, err := After(finished, talk); err != nil || !reflect.DeepEqual(got, after) {
		t.Errorf("After() = %v, %v, want %v", got, err, after)
	}
	never := finished
	never.Answered, never.Variables = time.Time{}, ""
	if got, err := After(never, nil); err != nil || got[CallDuration] != int64(0) || got[Transcript] != "" {
		t.Errorf("After(never answered) = %v, %v", got, err)
	}
	never.Variables = "[1]"
	if _, err := During(never); err == nil {
		t.Error("variables that are no object were taken")
	}
}

func TestTranscriptIsBounded(t *testing.T) {
	long := make([]agentcore.Utterance, 300)
	for i := range long {
		long[i] = agentcore.Utterance{Speaker: "caller", Text: strings.Repeat("word ", 250)}
	}
	if got := Words(long); len(got) > maxTranscript+100 || !strings.HasSuffix(got, "\n[the rest is left out]") {
		t.Errorf("Words() = %d bytes, ends %q", len(got), got[len(got)-40:])
	}
	e, err := ending(matter{call: finished, said: long}, "")
	if err != nil || !e.Cut || len(e.Transcript) == 0 || len(e.Transcript) == 300 {
		t.Errorf("the event has %d lines, cut %v, %v", len(e.Transcript), e.Cut, err)
	}
}

// What receivers are documented to get, key for key.
func TestEvents(t *testing.T) {
	e, err := ending(matter{call: finished, said: talk[1:3], transfers: handedOn}, "A table.")
	if err != nil {
		t.Fatal(err)
	}
	const head = `"call_id":"call_1","conversation_uuid":"conv-1","agent_uuid":"agent-1","agent_name":"Front desk","agent_version":3,` +
		`"direction":"inbound","caller_phone":"+15550100","called_phone":"+15550199","started_at":"2026-11-22T09:30:00.123Z",` +
		`"dynamic_variables":{"caller_phone":"+1999","n":12345678901234567890,"plan":"gold"}`
	want := `{"type":"post_call",` + head + `,"answered_at":"2026-11-22T09:30:02.123Z","answered_by":"human","answer":null,"ended_at":"2026-11-22T09:31:08.023Z","call_duration":65,` +
		`"end_reason":"caller_hangup","call_summary":"A table.","cost":null,"transfers":[` +
		`{"id":"xfer_1","to":"sales","kind":"warm","status":"over","outcome":"no_answer","reason":"nobody answered",` +
		`"started_at":"2026-11-22T09:30:10.123Z","answered_at":null,"bridged_at":null,"ended_at":"2026-11-22T09:30:30.623Z","waited_seconds":20.5,"talked_seconds":0},` +
		`{"id":"xfer_2","to":"the desk","kind":"blind","status":"over","outcome":"completed","reason":null,"started_at":"2026-11-22T09:30:40.123Z",` +
		`"answered_at":"2026-11-22T09:30:45.123Z","bridged_at":"2026-11-22T09:30:46.123Z","ended_at":"2026-11-22T09:31:08.023Z","waited_seconds":6,"talked_seconds":21.9}],"transcript":[` +
		`{"speaker":"caller","text":"I want to  book\na table for two tonight.","start_ms":2000,"end_ms":4000},` +
		`{"speaker":"tool","text":"book {\"n\":2} -> ok","start_ms":4100,"end_ms":4200}]}`
	if got, err := encode(e); err != nil || string(got) != want {
		t.Errorf("post_call event\n%s, %v, want\n%s", got, err, want)
	}
	e, err = beginning(finished)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := encode(e); err != nil || string(got) != `{"type":"pre_call",`+head+`}` {
		t.Errorf("pre_call event\n%s, %v", got, err)
	}
	for claim, tt := range map[string]struct {
		r    roster.Request
		want bool
	}{
		"a POST without a body":        {roster.Request{Method: "POST"}, true},
		"a method that is not said":    {roster.Request{}, true},
		"a PUT whose body is null":     {roster.Request{Method: "put", Body: json.RawMessage("null")}, true},
		"a POST with its own body":     {roster.Request{Method: "POST", Body: json.RawMessage(`{}`)}, false},
		"a GET":                        {roster.Request{Method: "get"}, false},
		"a DELETE":                     {roster.Request{Method: "DELETE"}, false},
		"a POST whose body is no JSON": {roster.Request{Body: json.RawMessage(`{`)}, false},
	} {
		if got, err := orEvent(tt.r, e); err != nil || (got != nil) != tt.want {
			t.Errorf("%s: %s, %v, want the event %v", claim, got, err, tt.want)
		}
	}
}

func TestWantsSummary(t *testing.T) {
	hook := func(r *roster.Request) roster.Webhook {
		return roster.Webhook{Config: roster.WebhookConfig{Request: r}}
	}
	for claim, tt := range map[string]struct {
		r    *roster.Request
		want bool
	}{
		"none":            {nil, false},
		"the event":       {&roster.Request{}, true},
		"in the body":     {&roster.Request{Body: json.RawMessage(`{"s":"{{ call_summary }}"}`)}, true},
		"in the URL":      {&roster.Request{URL: "https://h/?s={{call_summary}}", Body: json.RawMessage(`{}`)}, true},
		"in a header":     {&roster.Request{Headers: map[string]string{"S": "{{call_summary}}"}, Body: json.RawMessage(`{}`)}, true},
		"nobody reads it": {&roster.Request{Body: json.RawMessage(`{"s":"call_summary"}`)}, false},
	} {
		if got := wantsSummary(hook(tt.r)); got != tt.want {
			t.Errorf("%s: %v", claim, got)
		}
	}
}
