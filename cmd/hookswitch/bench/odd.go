package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
)

// oddities are the metrics that count what is odd about calls, by reason.
var oddities = []string{
	"hookswitch_twilio_messages_ignored_total",
	"hookswitch_twilio_requests_refused_total",
	"hookswitch_websocket_refusals_total",
	"hookswitch_streams_lost_total",
	"hookswitch_calls_refused_total",
	"hookswitch_frames_dropped_total",
	"hookswitch_provider_errors_total",
}

// odd reads what was counted off a gateway's own metrics, as Prometheus would.
func odd(page http.Handler) (map[string]int, error) {
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("bench: the metrics were answered with %d", w.Code)
	}
	all := map[string]int{}
	for line := range strings.Lines(w.Body.String()) {
		family, rest, ok := strings.Cut(line, "{")
		if !ok || !slices.Contains(oddities, family) {
			continue
		}
		labels, value, _ := strings.Cut(rest, "} ")
		if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && n > 0 {
			_, reason, _ := strings.Cut(labels, `="`)
			all[strings.TrimSuffix(reason, `"`)] += int(n)
		}
	}
	return all, nil
}
