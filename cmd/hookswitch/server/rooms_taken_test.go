package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/telephony"
)

// An access token lets in as many calls as come, one after the other: while one is
// in the room the next is turned away, and hears the rest of its own document.
func TestARoomOfAnAccessTokenHasOneCallAtATime(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	token := l.token(l.claims("parlour"), map[string]any{"video": map[string]any{"roomJoin": true, "room": "parlour"}})
	address := "ws" + strings.TrimPrefix(l.PublicURL(), "http") + livekit.StreamPath + token
	first, r := l.entered(address, newEar())
	within(t, 20*time.Second, "a call that talks", first.Streaming)

	l.theirs.Store(strange(address))
	second := l.rings(strangeNumber, newEar())
	within(t, 20*time.Second, "the end of a call that may not come in", func() bool { return second.Status().Terminal() })
	if _, err := l.Store().CallByCarrier(t.Context(), "door:"+roster.Default+":"+second.SID()); err == nil || !first.Streaming() {
		t.Errorf("a second call came into the room (%v), or cost the first", err)
	}
	first.Hangup()
	if got := l.over(string(r.ID)); got != telephony.CallerHangup {
		t.Errorf("the first ended for %s", got)
	}

	third, r := l.entered(address, newEar())
	third.Hangup()
	if got := l.over(string(r.ID)); got != telephony.CallerHangup || r.Room != "parlour" {
		t.Errorf("the third, of %s, ended for %s", r.Room, got)
	}
}
