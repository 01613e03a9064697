package rest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/storage"
)

// keyed is a catalog whose Resemble voices a workspace has that has the key.
type keyed struct {
	shelf
	db   *storage.DB
	list []roster.Voice // of the account
	fail bool           // Resemble does not answer
}

func (k keyed) Voices(ctx context.Context, workspace string) (roster.Voices, error) {
	all := roster.Voices{List: []roster.Voice{{UUID: "flite-slt", Name: "Sally", Provider: "flite", Language: "en-US"}}}
	_, err := k.db.ProviderKey(ctx, workspace, "resemble")
	switch {
	case errors.Is(err, roster.ErrNotFound):
		return all, nil
	case err != nil:
		return all, err
	case k.fail:
		all.Partial = []string{"resemble"}
		return all, nil
	}
	all.List = append(all.List, k.list...)
	return all, nil
}

func withResemble(fail bool, list ...roster.Voice) func(*rest.Config) {
	return func(c *rest.Config) {
		c.Catalog = keyed{db: c.Roster.(*storage.DB), list: list, fail: fail}
	}
}

// Seed 001 to the letter: abc123 is a voice of the account at Resemble.
func TestSeed001WithAKeyOfResemble(t *testing.T) {
	p := open(t, withResemble(false, roster.Voice{UUID: "abc123", Name: "Professional Voice", Provider: "resemble", Language: "en-US"}))
	p.withNumber()
	p.fails(400, "POST", "/api/v2/agents", seedBody).errors(`{"voice_uuid":["Voice not found or not accessible"]}`)
	p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	a := p.ok("POST", "/api/v2/agents", seedBody)
	a.wants("item.tts", `{"voice_uuid":"abc123","voice_name":"Professional Voice"}`)
	p.ok("GET", "/api/v2/voices?provider=resemble", "").wants("items", `[{"uuid":"abc123","name":"Professional Voice","provider":"resemble","language":"en-US"}]`)
	p.ok("DELETE", "/api/v2/providers/resemble", "")
	p.ok("GET", "/api/v2/agents/"+a.str("item.agent.uuid"), "").wants("item.tts", `{"voice_uuid":"abc123","voice_name":""}`)
}

func TestAListOfVoicesThatCanNotBeHadRefusesNoAgent(t *testing.T) {
	p := open(t, withResemble(true))
	p.withNumber()
	p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	p.ok("POST", "/api/v2/agents", seedBody).wants("item.tts", `{"voice_uuid":"abc123","voice_name":""}`)
	list := p.ok("GET", "/api/v2/voices", "")
	list.wants("partial_providers", `["resemble"]`)
	list.wants("count", `1`)
}

func TestVoicesComeByPageAndByProvider(t *testing.T) {
	var many []roster.Voice
	for i := range 1100 {
		many = append(many, roster.Voice{UUID: fmt.Sprintf("r%04d", i), Name: fmt.Sprint("Voice ", i), Provider: "resemble"})
	}
	p := open(t, withResemble(false, many...))
	p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	seen := map[string]bool{}
	for cursor, pages := "", 0; ; pages++ {
		a := p.ok("GET", "/api/v2/voices?limit=300&cursor="+cursor, "")
		for _, v := range a.at("items").([]any) {
			seen[v.(map[string]any)["uuid"].(string)] = true
		}
		if a.at("next_cursor") == nil {
			if pages != 3 || len(seen) != 1101 {
				t.Errorf("%d pages with %d voices, want 4 with 1101", pages+1, len(seen))
			}
			break
		}
		cursor = a.str("next_cursor")
	}
	first := p.ok("GET", "/api/v2/voices", "")
	first.wants("count", `1000`)
	first.wants("next_cursor", `"r0998"`)
	flite := p.ok("GET", "/api/v2/voices?provider=flite", "")
	flite.wants("items.0.uuid", `"flite-slt"`)
	flite.wants("count", `1`)
	flite.wants("next_cursor", `null`)
	p.ok("GET", "/api/v2/voices?provider=nobody", "").wants("items", `[]`)
	p.fails(400, "GET", "/api/v2/voices?cursor=gone", "").errors(`{"cursor":["is not one that a page gave"]}`)
	p.fails(400, "GET", "/api/v2/voices?limit=1001", "")
}

func TestFallbacksAreShownWithAdvanced(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/agents?advanced=true", `{"name":"A","voice_uuid":"abc123","fallback_voice_uuids":["gb1"],
		"asr":{"model":"nova-2","fallbacks":[{"provider":"moonshine","model":"tiny-en"}]},
		"llm":{"provider":"openai","model":"gpt-4o","fallbacks":[{"provider":"script","model":"demo"}]}}`)
	a.wants("item.tts", `{"voice_uuid":"abc123","voice_name":"Professional Voice","fallback_voice_uuids":["gb1"]}`)
	a.wants("item.asr.fallbacks", `[{"provider":"moonshine","model":"tiny-en"}]`)
	a.wants("item.llm.fallbacks", `[{"provider":"script","model":"demo"}]`)
	at := "/api/v2/agents/" + a.str("item.agent.uuid")
	plain := p.ok("GET", at, "")
	plain.wants("item.tts", `{"voice_uuid":"abc123","voice_name":"Professional Voice"}`)
	plain.wants("item.asr", `{"provider":"deepgram","model":"nova-2","user_input_audio_format":"pcm_16000","keywords":[]}`)

	p.ok("PATCH", at, `{"fallback_voice_uuids":null,"asr":{"fallbacks":null},"llm":{"fallbacks":[]}}`)
	p.ok("GET", at+"?advanced=true", "").wants("item.tts", `{"voice_uuid":"abc123","voice_name":"Professional Voice"}`)
	version := p.ok("GET", at+"/versions/1", "")
	version.wants("item.definition.fallback_voice_uuids", `["gb1"]`)
	version.wants("item.definition.asr.fallbacks", `[{"provider":"moonshine","model":"tiny-en"}]`)
	p.ok("GET", at+"/versions", "").wants("items.0.changed", `["asr.fallbacks","fallback_voice_uuids","llm.fallbacks"]`)
	p.ok("POST", at+"/versions/1/restore?advanced=true", "").wants("item.llm.fallbacks", `[{"provider":"script","model":"demo"}]`)

	p.fails(400, "PATCH", at, `{"asr":{"fallbacks":[{"provider":"deepgram","model":"nova-2"}]},"fallback_voice_uuids":["gb1","nobody"]}`).
		errors(`{"asr.fallbacks.0":["has already been taken"],"fallback_voice_uuids.1":["Voice not found or not accessible"]}`)
}
