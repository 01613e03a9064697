package llmtest

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Mistakes tests that an adapter's New names every field at fault, and shows no
// key.
func Mistakes[M any](t *testing.T, create func(chat.Config) (M, error)) {
	hot := 3.0
	_, err := create(chat.Config{BaseURL: "ftp://x", Key: "sk secret\n", Temperature: &hot, MaxTokens: -1, ReasoningEffort: "huge", Patience: provider.Patience{Gap: -1}})
	for _, want := range []string{"Model is required", "BaseURL must be", "Key has characters", "Temperature", "MaxTokens", "ReasoningEffort must be one of none, minimal", "Patience"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() = %v, want %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("err shows the key: %v", err)
	}
}
