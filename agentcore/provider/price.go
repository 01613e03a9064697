package provider

// Unit is what a provider bills by. It is a label of metrics.
type Unit string

// Units.
const (
	AudioSeconds Unit = "audio_seconds"
	Characters   Unit = "characters"
	InputTokens  Unit = "input_tokens"
	CachedTokens Unit = "cached_tokens" // of the input tokens
	OutputTokens Unit = "output_tokens"
)

// Prices are list prices of one model in US dollars for each unit, as the
// provider's page said when it was read; yours may differ.
type Prices map[Unit]float64
