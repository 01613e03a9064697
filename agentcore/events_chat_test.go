package agentcore_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

func TestTheEventsOfAChatAreKeptAsTheyAreShown(t *testing.T) {
	wall := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	for want, ev := range map[string]agentcore.Event{
		`{"n":3,"v":1,"at_ms":1500,"wall":"2026-11-22T09:30:00Z","kind":"contact_wrote","turn":1,"message":"msg_1","text":"Hi."}`:                                                    agentcore.ContactWrote{Turn: 1, Message: "msg_1", Text: "Hi."},
		`{"n":3,"v":1,"at_ms":1500,"wall":"2026-11-22T09:30:00Z","kind":"agent_wrote","turn":1,"messages":["msg_2","msg_3"],"text":"Hello.","why":"answer"}`:                         agentcore.AgentWrote{Turn: 1, Messages: []string{"msg_2", "msg_3"}, Text: "Hello.", Why: "answer"},
		`{"n":3,"v":1,"at_ms":1500,"wall":"2026-11-22T09:30:00Z","kind":"call_held","call":"call_1","outcome":"completed","lines":[{"contact":true,"text":"Yes."},{"text":"Bye."}]}`: agentcore.CallHeld{Call: "call_1", Outcome: "completed", Lines: []agentcore.CallLine{{Contact: true, Text: "Yes."}, {Text: "Bye."}}},
	} {
		e := agentcore.Entry{N: 3, Version: 1, At: 1500 * time.Millisecond, Wall: wall, Event: ev}
		got, err := json.Marshal(e)
		if err != nil || string(got) != want {
			t.Errorf("%s is kept as\n%s, %v, want\n%s", ev.Kind(), got, err, want)
		}
		var back agentcore.Entry
		if err := json.Unmarshal([]byte(want), &back); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s reads back as %+v, %v, want %+v", ev.Kind(), back, err, e)
		}
	}
}

func TestATranscriptHoldsWhatWasWritten(t *testing.T) {
	got := agentcore.Transcript([]agentcore.Entry{
		{N: 1, At: time.Second, Event: agentcore.ContactWrote{Turn: 1, Message: "m1", Text: "Hi."}},
		{N: 2, At: 3 * time.Second, Event: agentcore.AgentWrote{Turn: 1, Messages: []string{"m2"}, Text: "Hello.", Why: "answer"}},
	})
	want := []agentcore.Utterance{
		{Turn: 1, Speaker: "caller", Text: "Hi.", StartMS: 1000, EndMS: 1000},
		{Turn: 1, Speaker: "agent", Text: "Hello.", StartMS: 3000, EndMS: 3000},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Transcript() = %+v, want %+v", got, want)
	}
}
