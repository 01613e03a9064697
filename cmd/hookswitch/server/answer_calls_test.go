package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// Whoever answers is found out, and dealt with as the agent's settings say: the
// calls of all these claims are placed on two gateways at once, one of which asks
// the carrier, too.
func TestWhoAnswersIsFoundOutAndDealtWith(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	asking := newShop(t, func(o *server.Options) { o.Config.Twilio.AMD = "on" })
	atOnce(t,
		s.claim("a message is left behind the beep", aMessageIsLeftBehindTheBeep),
		s.claim("a message is left behind a greeting without a beep", aMessageIsLeftBehindAGreetingWithoutABeep),
		s.claim("a voicemail is hung up on without a message", aVoicemailIsHungUpOnWithoutAMessage),
		s.claim("without the tool it is only written down", withoutTheToolItIsOnlyWrittenDown),
		s.claim("no message is left without a voicemail", noMessageIsLeftWithoutAVoicemail),

		s.claim("a screener is told who calls, and then the person is talked to", aScreenerIsToldWhoCallsAndThenThePersonIsTalkedTo),
		s.claim("the model answers a screener without a text", theModelAnswersAScreenerWithoutAText),
		s.claim("a menu is dealt with", aMenuIsDealtWith),
		s.claim("on hold the agent waits for a person", onHoldTheAgentWaitsForAPerson),

		s.claim("a person does not wait for a verdict", aPersonDoesNotWaitForAVerdict),
		s.claim("who picks up amid the greeting is talked to", whoPicksUpAmidTheGreetingIsTalkedTo),
		s.claim("who picks up amid the message is talked to", whoPicksUpAmidTheMessageIsTalkedTo),

		asking.claim("the carrier's word is evidence", theCarriersWordIsEvidence),
		asking.claim("the carrier's mistake is not ours", theCarriersMistakeIsNotOurs),
	)
	for _, s := range []*shop{s, asking} {
		s.peace()
		s.counted()
	}
}

// claim is a test that is run together with others: see [atOnce].
type claim struct {
	says  string
	holds func(t *testing.T)
}

// atOnce tests all claims at the same time, however many tests -parallel allows: a
// call takes as long as people talk, and hardly any of the machine.
func atOnce(t *testing.T, claims ...claim) {
	var wait sync.WaitGroup
	for _, c := range claims {
		wait.Go(func() { t.Run(c.says, c.holds) })
	}
	wait.Wait()
}

// claim is one about s, whose calls share it with those of other claims.
func (s *shop) claim(says string, holds func(*shop)) claim {
	return claim{says, func(t *testing.T) { holds(s.of(t)) }}
}

// of is the same shop, for a test that complains of it.
func (s *shop) of(t *testing.T) *shop {
	same := *s
	same.booted = &booted{t: t, Server: s.Server}
	return &same
}

// peace checks that the carrier has nothing to complain of.
func (s *shop) peace() {
	s.t.Helper()
	if violations := s.Sim().Police().Violations(); len(violations) != 0 {
		s.t.Errorf("the carrier complains: %v", violations)
	}
}

// counted checks that the metrics have every verdict that is in a journal, and
// every message that the API shows, once each. All calls are over.
func (s *shop) counted() {
	s.t.Helper()
	verdicts, messages := map[classes.Class]int{}, map[bool]int{}
	for _, r := range s.book.calls {
		r := &rung{s, r.claim, r.agent, r.id, r.who, r.call} // the claim's test is over
		for _, class := range r.verdicts() {
			verdicts[class]++
		}
		if a := r.answer(); a.Left != "" {
			messages[a.Whole]++
		}
	}
	var lines []string
	for class, n := range verdicts {
		lines = append(lines, fmt.Sprintf("hookswitch_who_answered_total{class=%q} %d\n", class, n))
	}
	for whole, n := range messages {
		lines = append(lines, fmt.Sprintf("hookswitch_voicemail_messages_total{heard=%q} %d\n", map[bool]string{true: "all", false: "part"}[whole], n))
	}
	_, text := s.get("/metrics")
	for _, line := range lines {
		if !strings.Contains(text, line) {
			s.t.Errorf("the metrics lack %s", line)
		}
	}
	s.t.Logf("%d calls: %v, messages heard whole or not: %v", len(s.book.calls), verdicts, messages)
}
