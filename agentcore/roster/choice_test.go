package roster_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// offered are terms with more than one of each.
func offered() roster.Terms {
	t := terms()
	t.ASR = []roster.Capability{
		{Provider: "deepgram", Model: "nova-2", Formats: []string{"ulaw_8000", "pcm_16000"}},
		{Provider: "openai", Model: "gpt-4o-transcribe", Formats: []string{"pcm_24000"}},
		{Provider: "moonshine", Model: "tiny-en"},
	}
	t.LLM = []roster.Capability{{Provider: "openai", Model: "gpt-4o"}, {Provider: "anthropic", Model: "claude"}, {Provider: "script", Model: "demo"}}
	t.Voices = roster.Voices{List: []roster.Voice{{UUID: "abc123", Name: "Ann", Language: "en-US"}, {UUID: "brit", Name: "Bea", Language: "en-GB"},
		{UUID: "many", Name: "Cy"}, {UUID: "fr", Name: "Amélie", Language: "fr-FR"}}}
	return t
}

func TestFallbacksAreKeptInTheirOrder(t *testing.T) {
	d, err := offered().Create(body(t, `{"name":"A","voice_uuid":"abc123","fallback_voice_uuids":["many","brit"],
		"asr":{"model":"nova-2","fallbacks":[{"provider":"moonshine","model":"tiny-en"},{"provider":"openai","model":"gpt-4o-transcribe"}]},
		"llm":{"provider":"openai","model":"gpt-4o","fallbacks":[{"provider":"script","model":"demo"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.ASR.Choices(), []roster.Choice{{"deepgram", "nova-2"}, {"moonshine", "tiny-en"}, {"openai", "gpt-4o-transcribe"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("who hears: %v, want %v", got, want)
	}
	if got, want := d.LLM.Choices(), []roster.Choice{{"openai", "gpt-4o"}, {"script", "demo"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("who thinks: %v, want %v", got, want)
	}
	if got, want := d.VoiceUUIDs(), []string{"abc123", "many", "brit"}; !reflect.DeepEqual(got, want) {
		t.Errorf("who speaks: %v, want %v", got, want)
	}

	same, err := offered().Change(d, body(t, `{"asr":{"keywords":["a"]},"llm":{"temperature":1},"languages":["en-US"]}`))
	if err != nil || !reflect.DeepEqual(same.ASR.Fallbacks, d.ASR.Fallbacks) || !reflect.DeepEqual(same.LLM.Fallbacks, d.LLM.Fallbacks) || !reflect.DeepEqual(same.FallbackVoices, d.FallbackVoices) {
		t.Errorf("what is not named became %+v, %v", same, err)
	}
	none, err := offered().Change(d, body(t, `{"fallback_voice_uuids":null,"asr":{"fallbacks":[]},"llm":{"fallbacks":null}}`))
	if err != nil || none.FallbackVoices != nil || none.ASR.Fallbacks != nil || none.LLM.Fallbacks != nil {
		t.Errorf("taken away: %+v, %v", none, err)
	}
	places, err := roster.Diff(d, none)
	if err != nil || len(places) != 3 || places[0].Path != "asr.fallbacks" || places[1].Path != "fallback_voice_uuids" || places[2].Path != "llm.fallbacks" {
		t.Errorf("Diff() = %+v, %v", places, err)
	}
}

func TestWithoutAFirstNobodyTakesOver(t *testing.T) {
	d, err := offered().Create(body(t, `{"name":"A","voice_uuid":"abc123","llm":{"provider":"openai","fallbacks":[{"provider":"script","model":"demo"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.LLM.Choices(); got != nil {
		t.Errorf("who thinks: %v", got)
	}
	if got := d.ASR.Choices(); got != nil {
		t.Errorf("who hears: %v", got)
	}
	if got := (roster.Definition{FallbackVoices: []string{"brit"}}).VoiceUUIDs(); got != nil {
		t.Errorf("who speaks: %v", got)
	}
}

func TestMistakesInFallbacksAreToldAtTheirPlaces(t *testing.T) {
	agent := func(fields string) string { return `{"name":"A","voice_uuid":"abc123",` + fields + `}` }
	for _, tt := range []struct{ name, body, want string }{
		{"no list", agent(`"asr":{"model":"nova-2","fallbacks":{}},"fallback_voice_uuids":"brit"`), `{"fallback_voice_uuids":["must be an array"],"asr.fallbacks":["must be an array"]}`},
		{"no object", agent(`"asr":{"model":"nova-2","fallbacks":["moonshine",{"provider":"moonshine","model":"tiny-en"}]}`), `{"asr.fallbacks.0":["must be an object"]}`},
		{"nothing in it", agent(`"llm":{"fallbacks":[{}]}`), `{"llm.fallbacks.0.provider":["can't be blank"],"llm.fallbacks.0.model":["can't be blank"]}`},
		{"half of it", agent(`"llm":{"fallbacks":[{"provider":"script"},{"provider":7,"model":"demo"}]}`), `{"llm.fallbacks.0.model":["can't be blank"],"llm.fallbacks.1.provider":["must be a string"]}`},
		{"nobody's", agent(`"llm":{"fallbacks":[{"provider":"script","model":"other"}]}`), `{"llm.fallbacks.0.model":["LLM provider/model combination 'script/other' is not supported"]}`},
		{"a model that can't hear", agent(`"asr":{"model":"nova-2","fallbacks":[{"provider":"script","model":"demo"}]}`), `{"asr.fallbacks.0.model":["ASR provider/model combination 'script/demo' is not supported"]}`},
		{"the first again", agent(`"asr":{"model":"nova-2","fallbacks":[{"provider":"moonshine","model":"tiny-en"},{"provider":"deepgram","model":"nova-2"}]}`), `{"asr.fallbacks.1":["has already been taken"]}`},
		{"one twice", agent(`"llm":{"provider":"openai","model":"gpt-4o","fallbacks":[{"provider":"script","model":"demo"},{"provider":"script","model":"demo"}]}`), `{"llm.fallbacks.1":["has already been taken"]}`},
		{"too many", agent(`"llm":{"fallbacks":[{},{},{},{}]}`), `{"llm.fallbacks":["is too long (maximum is 3)"]}`},
		{"a voice that nobody has", agent(`"fallback_voice_uuids":["brit","nobody"]`), `{"fallback_voice_uuids.1":["Voice not found or not accessible"]}`},
		{"a voice twice", agent(`"fallback_voice_uuids":["brit","brit","abc123"]`), `{"fallback_voice_uuids.1":["has already been taken"],"fallback_voice_uuids.2":["has already been taken"]}`},
		{"a voice of another language", agent(`"fallback_voice_uuids":["fr"]`), `{"fallback_voice_uuids.0":["Voice 'Amélie' speaks fr-FR, which is not one of the agent's languages"]}`},
		{"too many voices", agent(`"fallback_voice_uuids":["a","b","c","d"]`), `{"fallback_voice_uuids":["is too long (maximum is 3)"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := offered().Create(body(t, tt.body))
			wants(t, err, tt.want)
		})
	}
}

// wants compares problems with JSON.
func wants(t *testing.T, err error, want string) {
	t.Helper()
	var wrong roster.Problems
	if !errors.As(err, &wrong) {
		t.Fatalf("the error is %v, want %s", err, want)
	}
	if text, _ := json.Marshal(wrong); string(text) != want {
		t.Errorf("problems are %s\nwant %s", text, want)
	}
}

func TestAFirstChoiceThatIsAFallbackIsRefused(t *testing.T) {
	d, err := offered().Create(body(t, `{"name":"A","voice_uuid":"abc123","fallback_voice_uuids":["brit"],"asr":{"model":"nova-2","fallbacks":[{"provider":"moonshine","model":"tiny-en"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = offered().Change(d, body(t, `{"voice_uuid":"brit","asr":{"provider":"moonshine","model":"tiny-en"}}`))
	wants(t, err, `{"asr.fallbacks.0":["has already been taken"],"fallback_voice_uuids.0":["has already been taken"]}`)
}

func TestTheAudioFormatIsOneThatTheRecogniserTakes(t *testing.T) {
	for _, tt := range []struct{ name, first, change, want string }{
		{"the seed's default", `{"model":"nova-2"}`, `{}`, "pcm_16000"},
		{"one that was asked for", `{"model":"nova-2","user_input_audio_format":"ulaw_8000"}`, `{}`, "ulaw_8000"},
		{"a default that it does not take", `{"provider":"openai","model":"gpt-4o-transcribe"}`, `{}`, "pcm_24000"},
		{"null is the default", `{"provider":"openai","model":"gpt-4o-transcribe","user_input_audio_format":null}`, `{}`, "pcm_24000"},
		{"another recogniser", `{"model":"nova-2"}`, `{"provider":"openai","model":"gpt-4o-transcribe"}`, "pcm_24000"},
		{"and back", `{"provider":"openai","model":"gpt-4o-transcribe"}`, `{"provider":"deepgram","model":"nova-2"}`, "pcm_16000"},
		{"one that takes all keeps it", `{"model":"nova-2","user_input_audio_format":"ulaw_8000"}`, `{"provider":"moonshine","model":"tiny-en"}`, "ulaw_8000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := offered().Create(body(t, `{"name":"A","voice_uuid":"abc123","asr":`+tt.first+`}`))
			if err != nil {
				t.Fatal(err)
			}
			if d, err = offered().Change(d, body(t, `{"asr":`+tt.change+`}`)); err != nil || d.ASR.AudioFormat != tt.want {
				t.Errorf("the format is %q, %v, want %q", d.ASR.AudioFormat, err, tt.want)
			}
		})
	}
	_, err := offered().Create(body(t, `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","user_input_audio_format":"pcm_44100"}}`))
	wants(t, err, `{"asr.user_input_audio_format":["is not one that 'deepgram/nova-2' takes: ulaw_8000, pcm_16000"]}`)
}

func TestAFallbackIsSentAFormatOfItsOwn(t *testing.T) {
	c := roster.Capability{Formats: []string{"pcm_24000", "ulaw_8000"}}
	for want, got := range map[string]string{"ulaw_8000": c.Format("ulaw_8000"), "pcm_24000": c.Format("pcm_48000"),
		"pcm_16000": roster.Capability{Formats: []string{"pcm_8000", "pcm_16000"}}.Format("pcm_44100"), "pcm_44100": roster.Capability{}.Format("pcm_44100")} {
		if got != want {
			t.Errorf("Format() = %q, want %q", got, want)
		}
	}
}

func TestAListThatCanNotBeHadRefusesNobody(t *testing.T) {
	known := []roster.Voice{{UUID: "abc123", Provider: "flite", Language: "en-US"}}
	for _, tt := range []struct {
		name    string
		partial []string
		may, ok bool
		want    roster.Voice
	}{
		{"all lists are whole", nil, false, false, roster.Voice{}},
		{"one is not", []string{"resemble"}, true, true, roster.Voice{UUID: "r1", Provider: "resemble"}},
		{"two are not", []string{"resemble", "rime"}, true, false, roster.Voice{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := roster.Voices{List: known, Partial: tt.partial}
			if v, ok := all.Find("abc123"); !ok || v != known[0] || !all.May("abc123") {
				t.Errorf("Find(a known one) = %+v, %v", v, ok)
			}
			if v, ok := all.Find("r1"); ok != tt.ok || v != tt.want || all.May("r1") != tt.may {
				t.Errorf("Find() = %+v, %v and May() = %v, want %+v, %v and %v", v, ok, all.May("r1"), tt.want, tt.ok, tt.may)
			}
			if _, ok := all.Find(""); ok {
				t.Error("no uuid is somebody's")
			}
			terms := terms()
			terms.Voices = all
			_, err := terms.Create(body(t, `{"name":"A","voice_uuid":"r1","fallback_voice_uuids":["r2"]}`))
			if tt.may != (err == nil) {
				t.Errorf("Create() = %v", err)
			}
		})
	}
}

// Whose a voice would be is known by its uuid: only that one's list matters.
func TestAVoiceIsLookedForInTheListOfWhoseItWouldBe(t *testing.T) {
	of := func(uuid string) string {
		if strings.HasPrefix(uuid, "rime-") {
			return "rime"
		}
		return "resemble"
	}
	for _, tt := range []struct {
		claim, uuid string
		partial     []string
		want        string // whose it is taken for; empty: nobody's
	}{
		{"both lists can't be had", "rime-luna", []string{"resemble", "rime"}, "rime"},
		{"both lists can't be had, the other's", "r1", []string{"resemble", "rime"}, "resemble"},
		{"its list can't be had", "rime-luna", []string{"rime"}, "rime"},
		{"its list is whole", "rime-lunaa", []string{"resemble"}, ""},
		{"all are", "rime-luna", nil, ""},
		{"no uuid", "", []string{"resemble"}, ""},
	} {
		all := roster.Voices{Partial: tt.partial, Of: of}
		v, ok := all.Find(tt.uuid)
		if want := (roster.Voice{UUID: tt.uuid, Provider: tt.want}); ok != (tt.want != "") || ok && v != want || all.May(tt.uuid) != ok {
			t.Errorf("%s: Find() = %+v, %v, May() = %v; want %q", tt.claim, v, ok, all.May(tt.uuid), tt.want)
		}
	}
}

func TestAVoiceWithAnotherAccentSpeaksTheLanguage(t *testing.T) {
	for language, want := range map[string]bool{"en-US": true, "en-GB": true, "EN": true, "": true, "fr-FR": false, "eng-US": false} {
		if got := (roster.Voice{Language: language}).Speaks([]string{"de-DE", "en-US"}); got != want {
			t.Errorf("%q speaks en-US: %v, want %v", language, got, want)
		}
	}
}

func TestTheKeyOfAProviderIsOneLineThatAHeaderCarries(t *testing.T) {
	if key, err := (roster.Terms{}).ProviderKey(body(t, `{"api_key":"dg-`+strings.Repeat("k", 509)+`"}`)); err != nil || len(key) != 512 {
		t.Errorf("ProviderKey() = %d bytes, %v", len(key), err)
	}
	const odd = `{"api_key":["has a character that no key has: is it cut, or was more copied?"]}`
	for in, want := range map[string]string{
		`{}`: `{"api_key":["can't be blank"]}`, `{"api_key":null}`: `{"api_key":["can't be blank"]}`, `{"api_key":"  "}`: `{"api_key":["can't be blank"]}`,
		`{"api_key":7}`: `{"api_key":["must be a string"]}`, `{"api_key":"` + strings.Repeat("k", 513) + `"}`: `{"api_key":["is too long (maximum is 512 characters)"]}`,
		`{"api_key":"a b"}`: odd, `{"api_key":"a\n"}`: odd, `{"api_key":"ä"}`: odd,
	} {
		key, err := (roster.Terms{}).ProviderKey(body(t, in))
		if wants(t, err, want); key != "" {
			t.Errorf("ProviderKey(%s) = %q", in, key)
		}
	}
}
