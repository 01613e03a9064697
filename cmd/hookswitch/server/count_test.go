package server

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

func TestOdditiesAreCountedWhereOneWouldLook(t *testing.T) {
	for reason, want := range map[string]string{
		twilio.ReasonUnknownEvent:                     `hookswitch_twilio_messages_ignored_total{reason="unknown_event"} 1`,
		twilio.ReasonBroken:                           `hookswitch_streams_lost_total{reason="stream_broken"} 1`,
		twilio.ReasonBadToken:                         `hookswitch_websocket_refusals_total{reason="bad_token"} 1`,
		twilio.ReasonBadSignature:                     `hookswitch_twilio_requests_refused_total{reason="bad_signature"} 1`,
		twilio.ReasonRepeated:                         `hookswitch_twilio_requests_repeated_total 1`,
		twilio.ReasonAnsweredBy + "machine_end_beep":  `hookswitch_answered_by_total{verdict="machine_end_beep"} 1`,
		twilio.ReasonAnsweredBy + "machine_end_other": `hookswitch_answered_by_total{verdict="machine_end_other"} 1`,
	} {
		s := &Server{set: metrics.New(metrics.Config{}), log: slog.New(slog.DiscardHandler)}
		s.count(reason)
		w := httptest.NewRecorder()
		s.set.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("%s is not counted as %s", reason, want)
		}
	}
}

func TestListeningSocketIsFoundInTheKernelsTable(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C5F2 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0 20 4 30 10 -1
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
   2: short line
`
	if got := listening(table, 8080); got != "222" {
		t.Errorf("listening() = %q, want the listening one, 222", got)
	}
	if got := listening(table, 8081); got != "" {
		t.Errorf("listening(8081) = %q", got)
	}
}
