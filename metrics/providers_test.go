package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hookswitch/hookswitch/metrics"
)

// Whoever names a provider, a class or a unit, a label holds known words only.
func TestProviderLabelsAreBounded(t *testing.T) {
	s := metrics.New(metrics.Config{})
	s.Offers("recogniser", "deepgram")
	s.Asked("voice", "elevenlabs")
	s.Asked("voice", "+14155550100")
	s.Failed("voice", "elevenlabs", "rate_limited")
	s.Failed("voice", "elevenlabs", "the key sk-123 is wrong")
	s.First("voice", "elevenlabs", 120*time.Millisecond)
	s.Took("voice", "elevenlabs", 900*time.Millisecond)
	s.Used("voice", "elevenlabs", "characters", 42)
	s.Used("voice", "elevenlabs", "characters", -1)
	for range 100 {
		s.Asked("model", "aab")
	}
	want := `
# HELP hookswitch_provider_billed_units_total What providers bill by: audio_seconds, characters, input_tokens, cached_tokens (of the input), output_tokens.
# TYPE hookswitch_provider_billed_units_total counter
hookswitch_provider_billed_units_total{provider="elevenlabs",stage="voice",unit="characters"} 42
# HELP hookswitch_provider_failures_total Requests to providers that failed, by class: auth, quota, rate_limited, refused, unavailable, timeout, garbage.
# TYPE hookswitch_provider_failures_total counter
hookswitch_provider_failures_total{class="other",provider="elevenlabs",stage="voice"} 1
hookswitch_provider_failures_total{class="rate_limited",provider="elevenlabs",stage="voice"} 1
# HELP hookswitch_provider_requests_total Requests to providers: an utterance to recognise, a reply to think, a phrase to speak.
# TYPE hookswitch_provider_requests_total counter
hookswitch_provider_requests_total{provider="aab",stage="model"} 100
hookswitch_provider_requests_total{provider="deepgram",stage="recogniser"} 0
hookswitch_provider_requests_total{provider="elevenlabs",stage="voice"} 1
hookswitch_provider_requests_total{provider="other",stage="voice"} 1
`
	if err := testutil.GatherAndCompare(s.Registry(), strings.NewReader(want),
		"hookswitch_provider_billed_units_total", "hookswitch_provider_failures_total", "hookswitch_provider_requests_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(s.Registry(), "hookswitch_provider_first_byte_seconds", "hookswitch_provider_duration_seconds"); n != 2 || err != nil {
		t.Errorf("%d series of times, %v; want 2", n, err)
	}
}
