package sim

import (
	"strings"
	"sync"
	"time"
)

// texts are all messages, and who wants none. The zero texts is empty.
type texts struct {
	all []*Message // in order of creation; the carrier's lock guards it

	mu     sync.Mutex
	stops  map[pair]bool      // who said STOP to which number
	came   map[pair]time.Time // when somebody wrote to a number last
	faults []TextFault
}

// pair is a phone and a number of the carrier's, with their channel's prefix.
type pair struct{ phone, number string }

// keyword is what the carrier takes a text for: STOP, START, HELP, or nothing.
type keyword string

// keywords are the words that the carrier acts on by itself, when they are all
// that a text says. https://help.twilio.com/articles/223134027
var keywords = map[string]keyword{
	"STOP": "STOP", "STOPALL": "STOP", "UNSUBSCRIBE": "STOP", "CANCEL": "STOP", "END": "STOP", "QUIT": "STOP", "REVOKE": "STOP", "OPTOUT": "STOP",
	"START": "START", "YES": "START", "UNSTOP": "START",
	"HELP": "HELP", "INFO": "HELP",
}

// autoReplies are what the carrier answers to them.
var autoReplies = map[keyword]string{
	"STOP":  "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.",
	"START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
	"HELP":  "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

// take notes that m came, and returns the keyword that it is. WhatsApp has none.
// Whoever is not out can't come back in, and is not told so.
func (t *texts) take(m *Message) keyword {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{m.from, m.to}
	if t.came == nil {
		t.came, t.stops = map[pair]time.Time{}, map[pair]bool{}
	}
	t.came[p] = time.Now()
	if strings.HasPrefix(m.from, whatsApp) {
		return ""
	}
	said := keywords[strings.ToUpper(strings.TrimSpace(m.body))]
	switch said {
	case "STOP":
		t.stops[p] = true
	case "START":
		if !t.stops[p] {
			return ""
		}
		delete(t.stops, p)
	}
	return said
}

// stopped reports whether phone said STOP to number.
func (t *texts) stopped(phone, number string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stops[pair{phone, number}]
}

// wrote reports whether phone wrote to number within window; negative is ever
// open.
func (t *texts) wrote(phone, number string, window time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.came[pair{phone, number}]
	return window < 0 || ok && time.Since(at) <= window
}

// autoReply answers a keyword. It goes even to who said STOP.
func (m *Message) autoReply(said keyword) { m.reply(autoReplies[said]) }
