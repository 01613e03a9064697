package provider_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// What passes CheckBase can be dialled.
func TestABaseBecomesASocket(t *testing.T) {
	for base, want := range map[string]string{
		"":                             "wss://own.example/v1?a=b",
		"https://h.example/":           "wss://h.example/v1?a=b",
		"http://127.0.0.1:80/http/x":   "ws://127.0.0.1:80/http/x/v1?a=b",
		"HTTPS://http.example/gateway": "wss://http.example/gateway/v1?a=b",
		"Http://h.example":             "ws://h.example/v1?a=b",
	} {
		if err := provider.CheckBase(base); err != nil {
			t.Errorf("CheckBase(%q) = %v", base, err)
		}
		if got := provider.Socket(base, "https://own.example", "/v1?a=b"); got != want {
			t.Errorf("Socket(%q) = %q, want %q", base, got, want)
		}
	}
}

func TestABaseIsWithinADomain(t *testing.T) {
	for base, want := range map[string]bool{
		"https://api.openai.com/v1": true, "https://EU.api.OpenAI.com:443": true, "https://openai.com": true,
		"": false, "http://127.0.0.1:8000/v1": false, "https://myopenai.com/v1": false, "https://openai.com.example/v1": false,
		"https://example.com/openai.com": false, "::": false,
	} {
		if got := provider.Within(base, "openai.com"); got != want {
			t.Errorf("Within(%q) = %v", base, got)
		}
	}
}
