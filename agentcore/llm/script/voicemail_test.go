package script_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// A script may tell the phone system that it talks to a voicemail, where the agent
// has the tool for that.
func TestAScriptTellsOfAVoicemail(t *testing.T) {
	const yaml = `
name: Northside Bank
greeting: Northside Bank. What can I do for you?
start: open
tools:
  voicemail_detection:
    arguments: {reason: a greeting}
    done: {goto: open}
    failed: {say: "Hello?"}
states:
  open:
    say: What can I do for you?
intents:
  recording:
    words: [leave a message, after the tone]
    call: voicemail_detection
  bye:
    words: [bye]
    say: Goodbye.
    end: true
fallback: ["Sorry?"]
give_up: I am sorry. Goodbye.
`
	s, err := script.Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	asked := user("please leave a message after the tone")
	chat := func(messages ...llm.Message) (text string, calls []llm.ToolCall) {
		r := llm.Request{Messages: messages, Tools: []llm.Tool{{Name: tools.VoicemailDetectionName}, {Name: "end_call"}}}
		for d, err := range s.Chat(t.Context(), r) {
			if err != nil {
				t.Fatal(err)
			}
			if text += d.Text; d.Call != nil {
				calls = append(calls, *d.Call)
			}
		}
		return text, calls
	}
	text, calls := chat(asked)
	if text != "" || len(calls) != 1 || calls[0].Name != tools.VoicemailDetectionName {
		t.Fatalf("to a greeting it says %q and calls %+v, want only voicemail_detection", text, calls)
	}
	r, err := tools.VoicemailDetection("Call us.", false, false).Call(t.Context(), tools.Invocation{Arguments: calls[0].Arguments})
	if want := `{"status":"success","voicemail_message":"Call us.","reason":"a greeting"}`; err != nil || !r.Machine || r.Text != want {
		t.Errorf("with its arguments the tool says %s, machine %v, %v, want %s", r.Text, r.Machine, err, want)
	}
}
