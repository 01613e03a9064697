package server

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// complaintEvery is how often the same thing is complained of.
const complaintEvery = time.Minute

// cures are the refusals that somebody should do something about, and what.
var cures = map[string]struct{ text, mend string }{
	twilio.ReasonBadSignature: {"signature does not match",
		"HOOKSWITCH_PUBLIC_URL must be what the carrier dials, the proxy pass path and query as they came, and the auth token be that of this very account"},
	twilio.ReasonUnsigned:     {"no signature", "these are not from the carrier: let only the carrier reach /twilio"},
	twilio.ReasonWrongAccount: {"another account's", "point this account's numbers here only, or set HOOKSWITCH_TWILIO_ACCOUNT_SID to the account that owns them"},
	twilio.ReasonPendingFull:  {"too many streams without a token", "something opens websockets and says nothing: let only the carrier reach /twilio"},
}

// complaints says what goes wrong once a minute, however often it does. The
// first is told at once. The zero complaints is ready.
type complaints struct {
	mu   sync.Mutex
	said map[string]time.Time
	held map[string]int // since said
}

// heed notes one more of reason. It returns how many there were since the last
// complaint, this one included, and whether to complain now.
func (c *complaints) heed(reason string, now time.Time) (n int, complain bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said == nil {
		c.said, c.held = map[string]time.Time{}, map[string]int{}
	}
	c.held[reason]++
	if last, ok := c.said[reason]; ok && now.Sub(last) < complaintEvery {
		return c.held[reason], false
	}
	n = c.held[reason]
	c.said[reason], c.held[reason] = now, 0
	return n, true
}

// complain logs reason if somebody should do something about it.
func (s *Server) complain(reason string) {
	cure, ok := cures[reason]
	if !ok {
		return
	}
	if n, now := s.complaints.heed(reason, time.Now()); now {
		s.log.Warn("refused carrier requests: "+cure.text, "code", "twilio/"+reason, "since_last_told", n,
			"where", "we answer for "+s.public, "mend", cure.mend)
	}
}
