package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/media/g711"
)

// seed is the body of seed 001's example, as it is printed there, with this
// webhook instead of example.com's and this number.
func seed(t *testing.T, webhook, number string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/agent.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("https://example.com/pre-call", webhook, `"phone_number_id": 1`, `"phone_number_id": `+number).Replace(string(text))
}

// The example of seed 001, to the letter: its agent hears with Deepgram's nova-2,
// thinks with gpt-4o and speaks with a voice of Resemble's, with the keys of its
// workspace.
func TestTheSeedsAgentTalksThroughItsVendors(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]struct{ encoding, rate, pipeline string }{
		"pcm_16000": {"linear16", "16000", "twilio mu-law 8k -> deepgram nova-2 pcm 16k | gpt-4o | resemble ulaw_8000 -> twilio mu-law 8k"},
		"ulaw_8000": {"mulaw", "8000", "twilio mu-law 8k -> deepgram nova-2 mu-law 8k | gpt-4o | resemble ulaw_8000 -> twilio mu-law 8k"},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			v := startVendors(t)
			b := boot(t, v.options(t))
			b.unlock(keys)
			asked := receives(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) })
			body := seed(t, asked.URL, b.number(flowNumber))
			b.must("POST", "/agents", strings.Replace(body, "pcm_16000", format, 1))

			call := b.rings(flowNumber)
			call.wrote("the greeting", heard("help you?"))
			call.says(asrtest.First)
			call.wrote("the caller's words", said(asrtest.First.Text))
			call.wrote("the answer", heard(answer(asrtest.First.Text)))
			call.says(asrtest.Second)
			call.wrote("the caller's other words", said(asrtest.Second.Text))
			call.wrote("the other answer", heard(answer(asrtest.Second.Text)))
			call.leaves()

			if opened, ok := call.journal()[0].(agentcore.Opened); !ok || opened.Pipeline != want.pipeline {
				t.Errorf("the call goes through %+v, want %q", opened, want.pipeline)
			}
			if got := troubles(call.journal()); got != nil {
				t.Errorf("on record: %+v", got)
			}
			if n := len(asked.all()); n != 1 {
				t.Errorf("the pre_call webhook was asked %d times", n)
			}
			v.wereAsked(t, want.encoding, want.rate)
			v.wereHeard(t, call, want.encoding)
			v.wereCounted(t, b)
		})
	}
}

// wereAsked checks what came to the vendors.
func (v vendors) wereAsked(t *testing.T, encoding, rate string) {
	t.Helper()
	streams := v.ears.Asked()
	if len(streams) != 1 {
		t.Fatalf("%d streams were opened for one call", len(streams))
	}
	if q := streams[0]; q.Get("model") != "nova-2" || q.Get("encoding") != encoding || q.Get("sample_rate") != rate || q.Get("language") != "en-US" ||
		!slices.Equal(q["keywords"], []string{"resemble:1", "account:1"}) {
		t.Errorf("Deepgram was asked for %v", q)
	}
	chats := v.mind.Asked()
	if len(chats) != 2 {
		t.Fatalf("the model was asked %d times", len(chats))
	}
	if c := chats[0]; c.Model != "gpt-4o" || c.Temperature == nil || *c.Temperature != .3 ||
		c.Last("user") != asrtest.First.Text || !strings.HasPrefix(c.Last("system"), "You are a helpful customer support agent.") {
		t.Errorf("the model was asked %+v", c)
	}
	if spoken := v.voice.Spoken(); len(spoken) < 2 || spoken[0] != "Hello, how can I help you?" || spoken[1] != answer(asrtest.First.Text) {
		t.Errorf("Resemble was asked to say %q", spoken)
	}
	for name, vendor := range v.all() {
		for _, key := range vendor.Keys() {
			if key != keys[name] {
				t.Errorf("%s was asked with the key %q", name, key)
			}
		}
	}
}

// wereHeard checks the sound, at both ends.
func (v vendors) wereHeard(t *testing.T, call talker, encoding string) {
	t.Helper()
	if encoding == "mulaw" {
		var sung []byte
		for i := range asrtest.First.Frames {
			sung = g711.Encode(sung, &asrtest.First.Frames[i])
		}
		if !bytes.Contains(v.ears.Sound(), sung) {
			t.Error("the µ-law that came to Deepgram is not the µ-law of the line")
		}
	}
	loud := call.heard()
	if len(loud) < 180 { // nineteen words of 200 ms
		t.Fatalf("the caller heard %d frames of a voice", len(loud))
	}
	if voice, off := level(loud[5:15], 440), level(loud[5:15], 620); voice < 6000 || off > 600 {
		t.Errorf("what the caller heard has %.0f of Resemble's 440 Hz and %.0f of 620 Hz", voice, off)
	}
}

// wereCounted checks the metrics of the vendors.
func (v vendors) wereCounted(t *testing.T, b *booted) {
	t.Helper()
	for _, line := range []string{
		`hookswitch_provider_requests_total{provider="deepgram",stage="recogniser"} 2`,
		`hookswitch_provider_requests_total{provider="openai",stage="model"} 2`,
		`hookswitch_provider_requests_total{provider="resemble",stage="voice"} 3`,
		`hookswitch_provider_duration_seconds_count{provider="deepgram",stage="recogniser"} 2`,
		`hookswitch_provider_first_byte_seconds_count{provider="openai",stage="model"} `,
		`hookswitch_provider_first_byte_seconds_count{provider="resemble",stage="voice"} `,
		`hookswitch_provider_billed_units_total{provider="deepgram",stage="recogniser",unit="audio_seconds"} `,
		`hookswitch_provider_billed_units_total{provider="openai",stage="model",unit="input_tokens"} 62`,
		`hookswitch_provider_billed_units_total{provider="resemble",stage="voice",unit="`,
	} {
		eventually(t, line, func() bool { _, text := b.get("/metrics"); return strings.Contains(text, line) })
	}
	if _, text := b.get("/metrics"); strings.Contains(text, "hookswitch_provider_failures_total{") {
		t.Error("a failure was counted")
	}
}
