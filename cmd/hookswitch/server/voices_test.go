package server

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// What a provider lists is bounded, and each voice is one that an agent can have.
func TestAListOfVoicesIsOfVoicesThatAnAgentCanHave(t *testing.T) {
	long := strings.Repeat("\u00e4", 1000)
	got := listed("resemble", []tts.Info{
		{ID: "abc123", Name: long, Language: "en"}, {ID: "abc123", Name: "again"}, {Name: "nobody"}, {ID: long},
		{ID: "flite-rms", Name: "the embedded one's"}, {ID: "elevenlabs-x", Name: "another's"}, {ID: "elevenlabs"},
	})
	if len(got) != 2 || got[0].ID != "abc123" || got[1].ID != "elevenlabs" {
		t.Fatalf("%+v", got)
	}
	if name := got[0].Name; len(name) > mostVoiceText || !strings.HasPrefix(long, name) || name == "" {
		t.Errorf("a name of %d bytes: %q", len(name), name)
	}
	many := make([]tts.Info, 5000)
	for i := range many {
		many[i].ID = strings.Repeat("x", 1+i%200) + string(rune('a'+i/200))
	}
	if all := listed("rime", many); len(all) != mostVoices || cap(all) > 2*mostVoices {
		t.Errorf("%d voices are kept, in room for %d", len(all), cap(all))
	}
}
