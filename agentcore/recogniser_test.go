package agentcore_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// scripted is a recogniser whose every utterance is answered by end.
type scripted struct {
	results chan asr.Result
	end     func(s *scripted, n int) // the nth utterance has ended
	n       int
}

func newScripted(end func(s *scripted, n int)) *scripted {
	return &scripted{results: make(chan asr.Result, 8), end: end}
}

func (s *scripted) Open(context.Context, asr.Options) (asr.Stream, error) { return s, nil }
func (s *scripted) Write(*media.Frame) bool                               { return true }
func (s *scripted) Results() <-chan asr.Result                            { return s.results }
func (s *scripted) Close() error                                          { close(s.results); return nil }
func (s *scripted) Signal(sig asr.Signal) {
	if sig == asr.Ended {
		s.n++
		s.end(s, s.n)
	}
}

func (s *scripted) say(text string) { s.results <- asr.Result{Text: text, Final: true} }

// answers are the gaps of the turns that were answered.
func answers(entries []agentcore.Entry) (all []agentcore.AgentSaid) {
	for _, e := range entries {
		if said, ok := e.Event.(agentcore.AgentSaid); ok && said.Parts != nil {
			all = append(all, said)
		}
	}
	return all
}

// A recogniser that decoded in the pause has the words in the very moment in
// which the utterance ends. They are its words all the same: answered at once,
// with the wait for the endpoint in the gap.
func TestWordsDoNotOvertakeTheEndOfTheirUtterance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"bye": "Bye. !end_call"})
		cfg := p.config()
		cfg.Recognizer = newScripted(func(s *scripted, _ int) {
			s.say("bye")
			time.Sleep(time.Millisecond) // the words are faster than who hears the end
		})
		sum := run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		checkJournal(t, p.pages.Entries(), sum)
		got := answers(p.pages.Entries())
		if len(got) != 1 || got[0].Parts.Endpoint != 500 || got[0].GapMS > 800 {
			t.Errorf("answered %+v, want once, less than 800 ms behind the words, 500 of them for the endpoint", got)
		}
	})
}

// Finals that nobody asked for, and none where one is owed: every word that was
// understood is answered, and the call ends.
func TestRecogniserThatCannotCount(t *testing.T) {
	for claim, end := range map[string]func(s *scripted, n int){
		"two for one":       func(s *scripted, _ int) { s.say("well"); s.say("bye") },
		"empty ones beside": func(s *scripted, _ int) { s.say(""); s.say("bye"); s.say("") },
		"none for the first": func(s *scripted, n int) {
			if n == 2 {
				s.say("bye")
			}
		},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"bye": "Bye. !end_call"})
				cfg := p.config()
				cfg.Recognizer = newScripted(end)
				sum := run(t, cfg, line.New(line.Config{Handset: coded(500*time.Millisecond, 3*time.Second)}))
				checkJournal(t, p.pages.Entries(), sum)
				if sum.End != telephony.AgentHangup || sum.Lasted > 15*time.Second {
					t.Errorf("ended %q after %v, want %q", sum.End, sum.Lasted, telephony.AgentHangup)
				}
			})
		})
	}
}
