package server_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// A carrier asks what an ended call does next only a moment after its stream
// was closed; if nobody answers it plays an error to the caller. So the doors
// stay open that long, even when we stop at once.
func TestCallThatAStopEndsIsStillToldToHangUp(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	public := "http://" + ln.Addr().String()
	carrier, err := sim.New(sim.Config{
		AccountSID: server.SimAccount, AuthToken: server.SimToken, Forget: true,
		Numbers: []sim.Number{{Number: server.SimNumber, VoiceURL: public + "/twilio/voice", StatusCallback: public + "/twilio/status"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(carrier.Handler())
	t.Cleanup(func() { carrier.Close(); rest.Close() })

	o := options(t)
	o.Listener = ln
	o.Config.Carrier, o.Config.PublicURL, o.Config.Twilio.APIBase = "twilio", public, rest.URL
	o.Config.Twilio.AccountSID, o.Config.Twilio.AuthToken = server.SimAccount, server.SimToken
	b, signals, done := signalled(t, o)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	call, err := carrier.Call(ctx, "+14155550134", server.SimNumber, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "conversation", func() bool { // the carrier has its stream a moment before it is let in
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.entries) > 0
	})
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	<-done

	var story strings.Builder
	for _, e := range call.Events() {
		story.WriteString(e.What + " " + e.Detail + "\n")
	}
	_, after, asked := strings.Cut(story.String(), "action in-progress\n")
	if !asked || !strings.Contains(after, "document 200\nverb Hangup\n") || call.Status() != telephony.Completed {
		t.Errorf("the call is %s, and its story is\n%s", call.Status(), story.String())
	}
	if v := carrier.Police().Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}
