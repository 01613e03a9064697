package metrics_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/metrics"
)

// A series that begins at 1 hides its first from every rate.
func TestEveryEndReasonIsThereFromTheStart(t *testing.T) {
	source, err := os.ReadFile("../telephony/call.go")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`EndReason += "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(all) < 20 {
		t.Fatalf("%d end reasons found", len(all))
	}
	text := scrape(t, metrics.New(metrics.Config{}))
	for _, m := range all {
		for _, direction := range []string{"inbound", "outbound"} {
			if want := `hookswitch_calls_ended_total{direction="` + direction + `",reason="` + m[1] + `"} 0`; !strings.Contains(text, want+"\n") {
				t.Errorf("/metrics lacks %s", want)
			}
		}
	}
}
