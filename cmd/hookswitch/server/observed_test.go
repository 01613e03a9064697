package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
)

// scraped is /metrics as one reads it who takes exemplars.
func (b *booted) scraped() string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://"+b.Addr().String()+"/metrics", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	resp, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// What a dashboard shows of a call leads to the call, and to its agent where the
// operator allows that: through the whole gateway.
func TestAMetricLeadsToItsCall(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config.Metrics.Agents = "on"
	b := boot(t, o)
	eventually(t, "ready", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })
	call := b.call(polite())
	if got := b.end(); got != telephony.CallerHangup {
		t.Fatalf("the call ended for %s", got)
	}
	r, err := b.Store().CallByCarrier(t.Context(), call.SID())
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	opened, ok := b.entries[0].Event.(agentcore.Opened)
	b.mu.Unlock()
	if !ok || opened.Agent == "" {
		t.Fatalf("the journal begins with %+v", opened)
	}
	want := `hookswitch_calls_ended_total{agent="` + opened.Agent + `",direction="inbound",reason="caller_hangup"} 1.0 # {trace_id="` + trace.Of(string(r.ID)).String() + `"}`
	eventually(t, "the call's end, with its trace", func() bool { return strings.Contains(b.scraped(), want) })
	eventually(t, "frames of the line, both ways, and their lateness", func() bool {
		text := b.scraped()
		return !strings.Contains(text, "hookswitch_frames_received_total 0.0\n") && !strings.Contains(text, "hookswitch_frames_sent_total 0.0\n") &&
			!strings.Contains(text, "hookswitch_frame_lateness_seconds_count 0\n")
	})
}
