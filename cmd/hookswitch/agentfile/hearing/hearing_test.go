package hearing_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile/hearing"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
)

func TestRecognisersOfEveryProvider(t *testing.T) {
	ours := providers.Access{Key: "ours"}
	for _, c := range []struct {
		claim    string
		captions agentfile.Captions
		base     providers.Access
		fails    string // holds this; empty: it does not
	}{
		{"deepgram with our account", agentfile.Captions{Provider: "deepgram"}, ours, ""},
		{"deepgram with its own", agentfile.Captions{Provider: "deepgram", Key: "theirs", Model: "nova-3"}, providers.Access{}, ""},
		{"deepgram with none", agentfile.Captions{Provider: "deepgram"}, providers.Access{}, "Key"},
		{"assemblyai", agentfile.Captions{Provider: "assemblyai"}, ours, ""},
		{"openai", agentfile.Captions{Provider: "openai"}, ours, ""},
		{"a Whisper server without a key", agentfile.Captions{Provider: "whisper", BaseURL: "http://127.0.0.1:1/v1"}, providers.Access{}, ""},
		{"the embedded one", agentfile.Captions{}, ours, "no recogniser"},
		{"one that only speaks", agentfile.Captions{Provider: "rime"}, ours, "no recogniser"},
	} {
		r, err := hearing.New(c.captions, c.base)
		if ok := err == nil; ok != (c.fails == "") || ok && r == nil || !ok && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: New() = %v, %v", c.claim, r, err)
		}
	}
}

// Our account's key is for its own host: a file that names another gets none.
func TestOurKeyStaysAtHome(t *testing.T) {
	_, err := hearing.New(agentfile.Captions{Provider: "deepgram", BaseURL: "http://127.0.0.1:1"}, providers.Access{Key: "ours"})
	if err == nil || !strings.Contains(err.Error(), "Key") {
		t.Errorf("New() = %v, want it to miss a key", err)
	}
}
