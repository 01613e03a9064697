package tools_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

func TestAUseOfAToolHasALimit(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		0: 8 * time.Second, time.Millisecond: time.Second, -5: time.Second, 30 * time.Second: 30 * time.Second, time.Hour: time.Minute,
	} {
		if got := (tools.Traits{Timeout: given}).Limit(); got != want {
			t.Errorf("Limit() of %v = %v, want %v", given, got, want)
		}
	}
}

func TestSystemToolsAreAsTheyAreSet(t *testing.T) {
	tool, ok := tools.System("end_call", true, true)
	if !ok || tool.Spec().Name != "end_call" {
		t.Fatalf("System(end_call) = %v, %v", tool, ok)
	}
	if got := tool.Traits(); !got.Hold || !got.Safe || got.SpeakFirst {
		t.Errorf("Traits() = %+v, want hold and safe; its last words are speech enough", got)
	}
	if tool, _ := tools.System("end_call", false, false); tool.Traits().Hold {
		t.Error("end_call holds the caller though nobody asked for that")
	}
	for _, name := range []string{"transfer_to_number", "voicemail_detection", ""} {
		if _, ok := tools.System(name, false, false); ok {
			t.Errorf("System(%q) is offered to models", name)
		}
	}
}

func TestVoicemailDetectionTellsTheModelWhatIsLeft(t *testing.T) {
	for message, want := range map[string]string{
		"":                   `{"status":"success","reason":"it beeped"}`,
		"Call us, {{name}}.": `{"status":"success","voicemail_message":"Call us, Ada.","reason":"it beeped"}`,
	} {
		in := args(`{"reason":"it beeped"}`)
		in.Variables = vars.Set{"name": "Ada"}
		r, err := tools.VoicemailDetection(message, true, false).Call(t.Context(), in)
		if err != nil || r.Text != want || !r.Machine || r.End {
			t.Errorf("Call() = %+v, %v, want %s, and a machine on the line", r, err, want)
		}
	}
	tool := tools.VoicemailDetection("", true, true)
	if got := tool.Traits(); !got.Hold || !got.SpeakFirst || !got.Safe {
		t.Errorf("Traits() = %+v, want what it was given", got)
	}
	if r, err := tool.Call(t.Context(), args(`{"why":1}`)); err == nil || r.Machine {
		t.Errorf("Call() with other arguments = %+v, %v, want an error", r, err)
	}
}

func TestAClientToolSaysThatThereIsNoClient(t *testing.T) {
	tool, err := tools.Client(llm.Tool{Name: "show_map"})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := tool.Call(t.Context(), args("{}")); err == nil || !strings.Contains(err.Error(), "none is") {
		t.Errorf("Call() = %+v, %v, want an error that says so", r, err)
	}
}

// own is a tool that isn't made by Func.
type own struct{ used *int }

func (own) Spec() llm.Tool       { return llm.Tool{Name: "own"} }
func (own) Traits() tools.Traits { return tools.Traits{} }
func (o own) Call(context.Context, tools.Invocation) (tools.Result, error) {
	*o.used++
	return tools.Result{Text: strings.Repeat("x", 2*tools.MaxResult)}, nil
}

func TestASetBoundsAndStopsAnyTool(t *testing.T) {
	used := 0
	s, err := tools.NewSet(own{&used})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Call(t.Context(), "own", args(""))
	if err != nil || len(r.Text) > tools.MaxResult || used != 1 {
		t.Errorf("Call() = %d bytes, %v, used %d times", len(r.Text), err, used)
	}
	over := errors.New("the call is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	if _, err := s.Call(ctx, "own", args("")); !errors.Is(err, over) || used != 1 {
		t.Errorf("after the end: %v, used %d times", err, used)
	}
}
