package openai

import "github.com/hookswitch/hookswitch/agentcore/provider"

// Models are OpenAI's that fit a phone call: quick to their first word. Any
// other name may be configured.
var Models = []string{
	"gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano",
	"gpt-5.4-mini", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-6-luna", "gpt-6-sol",
}

// Prices are OpenAI's list prices, standard tier, of prompts below 272,000
// tokens, from developers.openai.com/api/docs/models/NAME and openai.com/api/pricing
// as they were in autumn 2026.
var Prices = map[string]provider.Prices{
	"gpt-4o":       perMillion(2.50, 1.25, 10),
	"gpt-4o-mini":  perMillion(0.15, 0.075, 0.60),
	"gpt-5.4-mini": perMillion(0.75, 0.075, 4.50),
	"gpt-5.6-luna": perMillion(0.20, 0.02, 1.20),
	"gpt-6-luna":   perMillion(0.10, 0.01, 0.50),
	"gpt-6-sol":    perMillion(2.00, 0.20, 10),
}

// perMillion are the prices of a million tokens each.
func perMillion(input, cached, output float64) provider.Prices {
	return provider.Prices{provider.InputTokens: input / 1e6, provider.CachedTokens: cached / 1e6, provider.OutputTokens: output / 1e6}
}
