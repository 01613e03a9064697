package gemini

import "github.com/hookswitch/hookswitch/agentcore/provider"

// Window is how many tokens a model reads and writes in one request, as
// ai.google.dev/gemini-api/docs/models has it for all of [Models].
const Window = 1 << 20

// Models are those that fit a phone call: quick to their first word, the
// quickest first. Any other name may be configured. From
// ai.google.dev/gemini-api/docs/models as of autumn 2026; gemini-2.5-flash is
// left out because ai.google.dev/gemini-api/docs/deprecations ends it in
// December 2026.
var Models = []string{"gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.8-flash", "gemini-3.6-flash", "gemini-2.5-flash-lite"}

// Prices are list prices of text, standard tier, of which thoughts are output.
// Of 3.8 Flash: ai.google.dev/gemini-api/docs/pricing, until the end of 2026;
// from then on it costs double. Of 3.6 Flash and 3.5 Flash-Lite:
// ai.google.dev/gemini-api/docs/whats-new-gemini-3.6. Of the others: as
// vercel.com/ai-gateway/models passes them on. What is read from the cache is
// priced only where a price was found.
var Prices = map[string]provider.Prices{
	"gemini-3.5-flash-lite": perMillion(0.30, 2.50),
	"gemini-3.1-flash-lite": perMillion(0.25, 1.50),
	"gemini-3.8-flash":      {provider.InputTokens: 0.75 / 1e6, provider.CachedTokens: 0.075 / 1e6, provider.OutputTokens: 3.75 / 1e6},
	"gemini-3.6-flash":      perMillion(1.50, 7.50),
	"gemini-2.5-flash-lite": perMillion(0.10, 0.40),
}

// perMillion are the prices of a million tokens each.
func perMillion(input, output float64) provider.Prices {
	return provider.Prices{provider.InputTokens: input / 1e6, provider.OutputTokens: output / 1e6}
}
