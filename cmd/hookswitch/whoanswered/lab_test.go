package whoanswered

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

func TestWhatTheJudgeIsToldBesideTheSound(t *testing.T) {
	const ms = time.Millisecond
	greets := corpus.Span{Began: 200 * ms, Ended: 2400 * ms}
	for _, c := range []struct {
		claim  string
		around corpus.Around
		speaks time.Duration // when they begin to
		want   replay.Span   // of the agent. The zero Span: it says nothing
	}{
		{"nothing", corpus.Around{}, 600 * ms, replay.Span{}},
		{"an agent that says it all, whoever speaks", corpus.Around{Agent: greets}, 600 * ms, replay.Span{Began: 200 * ms, Ended: 2400 * ms}},
		{"one that falls silent when it is talked to", corpus.Around{Agent: greets, Yields: true}, 600 * ms, replay.Span{Began: 200 * ms, Ended: 1000 * ms, Cut: true}},
		{"one that was done by then", corpus.Around{Agent: greets, Yields: true}, 2200 * ms, replay.Span{Began: 200 * ms, Ended: 2400 * ms}},
		{"one whom nobody talks to", corpus.Around{Agent: greets, Yields: true}, 0, replay.Span{Began: 200 * ms, Ended: 2400 * ms}},
	} {
		cfg := around(c.around, corpus.Truth{FirstGroup: corpus.Span{Began: c.speaks, Ended: c.speaks + time.Second}})
		switch {
		case c.want == replay.Span{}:
			if len(cfg.Agent) != 0 {
				t.Errorf("%s: %v", c.claim, cfg.Agent)
			}
		case len(cfg.Agent) != 1 || cfg.Agent[0] != c.want:
			t.Errorf("%s: %v, want %v", c.claim, cfg.Agent, c.want)
		}
	}
	if cfg := around(corpus.Around{Carrier: "machine_start", At: 3 * time.Second}, corpus.Truth{}); len(cfg.Carrier) != 1 || cfg.Carrier[0] != (replay.Told{Word: "machine_start", At: 3 * time.Second}) {
		t.Errorf("of the carrier it is told %v", cfg.Carrier)
	}
}
