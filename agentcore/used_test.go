package agentcore_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/meter"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// counted is a meter of one call, which nobody times.
type counted struct{ cost.Tally }

func (*counted) Asked(_, _ string)                  {}
func (*counted) Failed(_, _, _ string)              {}
func (*counted) First(_, _ string, _ time.Duration) {}
func (*counted) Took(_, _ string, _ time.Duration)  {}

// billed is a model that tells 10 tokens of input at once, and 1 of output for
// each word.
// Broken off, it takes 50 ms to stop.
type billed struct{ llm.Model }

func (b billed) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		defer func() {
			if ctx.Err() != nil {
				time.Sleep(50 * time.Millisecond)
			}
		}()
		u := llm.Usage{Input: 10}
		if !yield(llm.Delta{Usage: &u}, nil) {
			return
		}
		for d, err := range b.Model.Chat(ctx, r) {
			u.Output += len(strings.Fields(d.Text))
			if !yield(d, err) || err != nil || !yield(llm.Delta{Usage: &u}, nil) {
				return
			}
		}
	}
}

// counts has c of everything that cfg engages.
func counts(cfg *agentcore.Config, c *counted) {
	cfg.Recognizer = meter.Recognizer(cfg.Recognizer, "ear", c)
	cfg.Model = meter.Model(billed{cfg.Model}, "mind", c)
	cfg.Voice = meter.Voice(cfg.Voice, "mouth", c)
	cfg.Used = c.Take
}

// usedIn sums what entries say was used.
func usedIn(entries []agentcore.Entry) (u cost.Usage) {
	for _, e := range entries {
		if used, ok := e.Event.(agentcore.Used); ok {
			u = u.With(used.Uses...)
		}
	}
	return u
}

func quantity(u cost.Usage, unit string) cost.Quantity {
	for _, one := range u {
		if one.Unit == unit && one.Stage != "voice" || one.Stage == "voice" && unit == "characters" && one.Unit == unit {
			return one.N
		}
	}
	return 0
}

// What a call used is in its journal: with each reply, and before its end. A line
// that is lost loses none of it.
func TestTheJournalTellsWhatWasUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"hours": "We are open from eight to five.", "bye": "Goodbye. !end_call"})
		var c counted
		first := line.New(line.Config{Handset: coded(500 * time.Millisecond)})
		time.AfterFunc(10*time.Second, func() { first.Lose(errors.New("reset")) })
		cfg := p.config("your hours please")
		cfg.Agent.Silence = -1
		counts(&cfg, &c)
		run(t, cfg, first)

		before := p.pages.Entries()
		want := cost.Usage(nil).With(
			cost.Use{Stage: "model", Provider: "mind", Unit: "input_tokens", N: cost.Of(10)}, cost.Use{Stage: "model", Provider: "mind", Unit: "output_tokens", N: cost.Of(7)},
			cost.Use{Stage: "voice", Provider: "mouth", Unit: "characters", N: cost.Of(float64(len("We are open from eight to five.")))})
		got := usedIn(before)
		for _, w := range want {
			if n := quantity(got, w.Unit); n != w.N {
				t.Errorf("on the first line %s of %s are used, want %s", n, w.Unit, w.N)
			}
		}
		if n := quantity(got, "audio_seconds"); n < cost.Of(9.9) || n > cost.Of(10) {
			t.Errorf("%s seconds of a line of 10 s were heard", n)
		}
		for i, e := range before {
			if _, ok := e.Event.(agentcore.AgentSaid); ok {
				if _, next := before[i+1].Event.(agentcore.Used); !next {
					t.Errorf("after the reply comes %s", before[i+1].Event.Kind())
				}
			}
		}

		var again counted
		cfg = p.config("bye")
		counts(&cfg, &again)
		cfg.Past, cfg.Call.Epoch = before, 2
		if sum := run(t, cfg, line.New(line.Config{Handset: coded(9 * time.Second)})); sum.End != telephony.AgentHangup {
			t.Fatalf("End = %q", sum.End)
		}
		entries := p.pages.Entries()
		checkJournal(t, entries, agentcore.Summary{End: telephony.AgentHangup, Last: len(entries)})
		if got := usedIn(entries); quantity(got, "input_tokens") != cost.Of(20) || quantity(got, "output_tokens") != cost.Of(8) {
			t.Errorf("both lines used %s", got.Encode())
		}
		for _, e := range entries {
			body, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var same agentcore.Entry
			if err := json.Unmarshal(body, &same); err != nil || !reflect.DeepEqual(same.Event, e.Event) {
				t.Errorf("%s is read as %+v, %v", body, same.Event, err)
			}
		}
	})
}

// A caller who hangs up while the model thinks has it paid for all the same.
func TestAReplyThatIsBrokenOffIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"hours": "We are open from eight to five."})
		p.model.Delay = time.Minute
		var c counted
		says := coded(500 * time.Millisecond)
		l := line.New(line.Config{Handset: handset.Func(func(now time.Duration, hears, say *media.Frame) handset.Touch {
			says.Tick(now, hears, say)
			return handset.Touch{Hangup: now >= 4*time.Second}
		})})
		cfg := p.config("your hours please")
		counts(&cfg, &c)
		run(t, cfg, l)
		entries := p.pages.Entries()
		if got := quantity(usedIn(entries), "input_tokens"); got != cost.Of(10) {
			t.Errorf("%s tokens of input are in the journal, want 10", got)
		}
		if last := entries[len(entries)-1].Event.Kind(); last != "lost" {
			t.Errorf("the journal ends with %s", last)
		}
	})
}

// Nobody counts: the journal is as it ever was.
func TestNobodyCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"bye": "Goodbye. !end_call"})
		run(t, p.config("bye"), line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		for _, e := range p.pages.Entries() {
			if e.Event.Kind() == "used" {
				t.Errorf("entry %d tells of use", e.N)
			}
		}
	})
}

// Who hears nothing has nothing to finish: a call whose agent understands keys
// only, is let go as soon as it ends.
func TestADeafAgentIsNotWaitedForToCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(nil)
		var c counted
		cfg := p.config()
		counts(&cfg, &c)
		cfg.Recognizer, cfg.Detector = nil, nil
		cfg.Agent.Silence, cfg.Agent.MaxDuration = -1, 5*time.Second
		began := time.Now()
		if sum := run(t, cfg, line.New(line.Config{Handset: coded(time.Minute)})); sum.End != telephony.MaxDuration {
			t.Errorf("End = %q", sum.End)
		}
		if took := time.Since(began); took > 5*time.Second+20*time.Millisecond {
			t.Errorf("let go after %v, want 5 s", took)
		}
	})
}
