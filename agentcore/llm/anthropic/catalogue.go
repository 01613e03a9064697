package anthropic

import "github.com/hookswitch/hookswitch/agentcore/provider"

// Models are those that fit a phone call, the quickest first
// (platform.claude.com/docs/en/about-claude/models/overview). Any other name may
// be configured.
var Models = []string{
	"claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5",
	"claude-haiku-4-5", "claude-sonnet-4-6", "claude-sonnet-5",
}

// Prices are list prices from platform.claude.com/docs/en/about-claude/pricing
// as they were in autumn 2026; Haiku 5.5's are of prompts up to 100,000 tokens.
// What is written to the cache costs a quarter more than InputTokens, and is
// counted with them.
var Prices = map[string]provider.Prices{
	"claude-haiku-5-5":  perMillion(0.10, 0.01, 0.50),
	"claude-sonnet-5-5": perMillion(2, 0.10, 10),
	"claude-opus-5-5":   perMillion(4, 0.20, 20),
	"claude-haiku-4-5":  perMillion(1, 0.10, 5),
	"claude-sonnet-4-6": perMillion(3, 0.30, 15),
	"claude-sonnet-5":   perMillion(2, 0.20, 10),
}

// perMillion are the prices of a million tokens each.
func perMillion(input, cached, output float64) provider.Prices {
	return provider.Prices{provider.InputTokens: input / 1e6, provider.CachedTokens: cached / 1e6, provider.OutputTokens: output / 1e6}
}
