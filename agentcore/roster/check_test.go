package roster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func terms() roster.Terms {
	n := 0
	return roster.Terms{
		ASR:    []roster.Capability{{Provider: "deepgram", Model: "nova-2"}},
		LLM:    []roster.Capability{{Provider: "openai", Model: "gpt-4o"}},
		Voices: roster.Voices{List: []roster.Voice{{UUID: "abc123", Language: "en-US"}}},
		Seal:   func(plain string) (roster.Secret, error) { return roster.Secret("sealed:" + plain), nil },
		UUID:   func() string { n++; return "uuid-" + string(rune('a'+n)) },
		Who:    "cli:test", Now: time.Unix(1_000_000, 0),
	}
}

func body(t testing.TB, text string) map[string]any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func create(t *testing.T, text string) roster.Definition {
	t.Helper()
	d, err := terms().Create(body(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const whole = `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2"},"llm":{"provider":"openai","model":"gpt-4o"}}`

func TestWhatIsMissingIsNamed(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  func(*roster.Definition)
		want []string
	}{
		{"nothing", func(*roster.Definition) {}, nil},
		{"how it hears", func(d *roster.Definition) { d.ASR = nil }, []string{"Agent ASR configuration is missing"}},
		{"its voice", func(d *roster.Definition) { d.VoiceUUID = "" }, []string{"Agent TTS configuration is missing"}},
		{"its model", func(d *roster.Definition) { d.LLM.Model = nil }, []string{"Agent LLM configuration is missing"}},
		{"all of it", func(d *roster.Definition) { *d = roster.Definition{} }, []string{"Agent ASR configuration is missing",
			"Agent TTS configuration is missing", "Agent turn configuration is missing", "Agent LLM configuration is missing"}},
	} {
		d := create(t, whole)
		tt.cut(&d)
		if got := roster.Missing(d); !slices.Equal(got, tt.want) {
			t.Errorf("without %s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAChangeLeavesWhatItCameFrom(t *testing.T) {
	before := create(t, `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","keywords":["a"]},"dynamic_variables":{"n":1},"llm":{"prompt":"Be kind."},
		"tools":[{"name":"t","description":"d","tool_type":"client","tool_config":{"parameters":{"p":{"type":"string"}}}}]}`)
	kept := before.Clone()
	after, err := terms().Change(before, body(t, `{"name":"B","asr":{"keywords":["b"]},"dynamic_variables":{"n":2},"llm":{"prompt":"Be short."},
		"system_tools":{"end_call":{"active":false}},"tools":[{"name":"t","description":"e","tool_type":"client","tool_config":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, kept) {
		t.Errorf("the old definition became %+v", before)
	}
	if after.Tools[0].UUID != before.Tools[0].UUID || after.Tools[0].Description != "e" || len(after.Tools[0].Config.Parameters) != 0 {
		t.Errorf("the tool became %+v", after.Tools[0])
	}
}

func TestWhatIsWrongIsToldAtOnceAndInOrder(t *testing.T) {
	_, err := terms().Create(body(t, `{"llm":{"temperature":"warm"},"turn":{"turn_timeout":-1},"name":""}`))
	var wrong roster.Problems
	if !errors.As(err, &wrong) {
		t.Fatalf("Create() = %v", err)
	}
	text, err := json.Marshal(wrong)
	want := `{"name":["can't be blank"],"voice_uuid":["can't be blank"],"turn.turn_timeout":["must be greater than or equal to 0"],"llm.temperature":["is not a number"]}`
	if err != nil || string(text) != want {
		t.Errorf("problems are %s, %v, want %s", text, err, want)
	}
	var back roster.Problems
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, wrong) {
		t.Errorf("read back as %v, %v", back, err)
	}
}

func TestASealerThatFailsIsNoProblemOfTheClients(t *testing.T) {
	broken := terms()
	broken.Seal = func(string) (roster.Secret, error) { return "", errors.New("the key is gone") }
	_, err := broken.Create(body(t, `{"name":"A","voice_uuid":"abc123","webhooks":[{"webhook_type":"post_call","webhook_config":{
		"api_schema":{"url":"https://example.com"},"secret":"sixteen-bytes-at-least"}}]}`))
	var wrong roster.Problems
	if err == nil || errors.As(err, &wrong) {
		t.Errorf("Create() = %v, want the sealer's error", err)
	}
}

func TestNumbersAreE164(t *testing.T) {
	for s, want := range map[string]bool{
		"+14155550100": true, "+442079460000": true, "+4915112345678": true, "+33612345678": true,
		"+390612345678": true, "+78123456789": true, "+5491123456789": true, // their zero, 8 and 9 belong to the number
		"+114155550100": false, "+330612345678": false, "+4407911123456": false, "+78005553535": true, "+7880055535355": false,
		"14155550100": false, "+1415": false, "+1 415 555 0100": false, "+0123456789": false, "+1415555010012345": false, "": false, "sip:a@b": false,
	} {
		if got := roster.E164(s); got != want {
			t.Errorf("E164(%q) = %v", s, got)
		}
	}
}

// FuzzCreate: any JSON is either an agent that can be kept, or told to be wrong;
// and what was made changes nothing when it is sent again.
func TestASecretThatIsTheSameStaysAsItWasSealed(t *testing.T) {
	sealings := 0
	terms := terms()
	terms.Seal = func(plain string) (roster.Secret, error) {
		sealings++
		return roster.Secret(fmt.Sprint(sealings, ":", plain)), nil
	}
	terms.Open = func(s roster.Secret) (string, error) {
		_, plain, _ := strings.Cut(string(s), ":")
		return plain, nil
	}
	with := func(secret string) map[string]any {
		return body(t, `{"name":"A","voice_uuid":"abc123","webhooks":[{"webhook_type":"post_call","webhook_config":{"api_schema":{"url":"https://a.example"},"secret":"`+secret+`"}}]}`)
	}
	first, err := terms.Create(with("the first secret of all"))
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]roster.Secret{"the first secret of all": "1:the first secret of all", "the second secret of all": "2:the second secret of all"} {
		next, err := terms.Change(first, with(secret))
		if err != nil {
			t.Fatal(err)
		}
		if got := next.Webhooks[0].Config.Secret; got != want {
			t.Errorf("given %q: kept as %q, want %q", secret, got, want)
		}
	}
}

func FuzzCreate(f *testing.F) {
	f.Add(whole)
	f.Add(`{"name":"A","voice_uuid":"abc123","dynamic_variables":{"a":1},"webhooks":[{"webhook_type":"pre_call","webhook_config":{"api_schema":{"url":"https://a.example/{{x}}","request_body":[1,{"a":null}]},"assignments":[{"attribute_name":"a","dynamic_variable":"a"}],"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}]}`)
	f.Add(`{"name":"A","voice_uuid":"abc123","system_tools":{"transfer_to_number":{"active":true,"parameters":{"transfers":[{"condition":"c","transfer_destination":{"type":"sip_uri","sip_uri":"sip:a@b.example"}}]}}},"tools":[{"name":"t","description":"d","tool_type":"webhook","tool_config":{"api_schema":{"url":"https://a.example"},"parameters":{"p":null},"response_timeout_secs":1e0}}]}`)
	f.Add(`{"name":"A","voice_uuid":"abc123","fallback_voice_uuids":[],"asr":{"model":"nova-2","fallbacks":[]},"llm":{"provider":"openai","model":"gpt-4o","fallbacks":[{"provider":"openai","model":"gpt-4o"},null,{"provider":[]}]}}`)
	f.Add(`{"name":"A","voice_uuid":"abc123","system_tools":{"voicemail_detection":{"parameters":{"voicemail_message":"Hi {{name}}","screener_message":null,"on_menu":"press","menu_keys":"1w#","on_hold":"wait"}}}}`)
	f.Add(`{"name":null,"languages":[[]],"asr":[],"turn":{"turn_timeout":1e400},"llm":{"built_in_tools":{"a":{}}},"tools":{},"webhooks":[null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var in map[string]any
		if dec.Decode(&in) != nil {
			return
		}
		d, err := terms().Create(in)
		var wrong roster.Problems
		if err != nil {
			if !errors.As(err, &wrong) || len(wrong) == 0 {
				t.Fatalf("Create(%s) = %v", text, err)
			}
			return
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatalf("Create(%s) cannot be kept: %v", text, err)
		}
		again, err := terms().Change(d, in)
		if err != nil {
			t.Fatalf("Change(%s) = %v", text, err)
		}
		if places, err := roster.Diff(d, again); err != nil || len(places) > 0 {
			t.Fatalf("the same body again changed %+v, %v", places, err)
		}
	})
}
