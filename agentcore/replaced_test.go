package agentcore_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// relieved is a model that says that it took over from others, each of which
// failed after a while.
type relieved struct {
	llm.Model
	after []time.Duration
}

func (r relieved) Chat(ctx context.Context, q llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for _, d := range r.after {
			time.Sleep(d)
			provider.Replaced(ctx, provider.Replacement{Stage: provider.Model, From: "slow", To: "steady", Err: errors.New("no answer")})
		}
		for d, err := range r.Model.Chat(ctx, q) {
			if !yield(d, err) {
				return
			}
		}
	}
}

// A model that fails late is replaced: the caller is told once that it takes a
// moment, and the journal says what happened.
func TestCallerHearsOneFillerHoweverManyModelsFail(t *testing.T) {
	for claim, tt := range map[string]struct {
		after []time.Duration
		want  []string
	}{
		"at once":     {[]time.Duration{0, 0}, []string{"From nine to five."}},
		"late":        {[]time.Duration{2 * time.Second}, []string{"One moment, please. From nine to five."}},
		"late, twice": {[]time.Duration{2 * time.Second, 7 * time.Second}, []string{"One moment, please. From nine to five."}},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"hours": "From nine to five."})
				cfg := p.config("your hours")
				cfg.Model = relieved{cfg.Model, tt.after}
				sum := run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
				entries := p.pages.Entries()
				checkJournal(t, entries, sum)
				replaced := 0
				for _, e := range entries {
					if ev, ok := e.Event.(agentcore.ProviderError); ok {
						replaced++
						if ev.Provider != "slow" || ev.Next != "steady" || ev.Part != "model" || ev.Fatal {
							t.Errorf("the journal says %+v", ev)
						}
					}
				}
				if replaced != len(tt.after) {
					t.Errorf("%d replacements in the journal, want %d", replaced, len(tt.after))
				}
				var said []string
				for _, a := range answers(entries) {
					said = append(said, a.Text)
				}
				if !slices.Equal(said, tt.want) {
					t.Errorf("the caller heard %q, want %q", said, tt.want)
				}
			})
		})
	}
}

// drawl is a voice that takes two seconds for the first word and no time for the
// others, and tells so, or keeps it to itself.
type drawl struct {
	*agenttest.Speaker
	tells bool
}

func (d drawl) Speak(ctx context.Context, text string, out tts.Sink) error {
	if d.tells {
		out.Words(tts.Word{Upto: len("Yes"), End: 2 * time.Second}, tts.Word{Upto: len(text), End: 2200 * time.Millisecond})
	}
	var f media.Frame
	agenttest.Code(&f, 99, 0)
	for range 2200 * time.Millisecond / media.FrameDuration {
		if err := out.Frame(&f); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// What was heard of a phrase that was cut is told by the voice's own timings,
// where it gives them: by the length of the text it would be guessed wrong.
func TestWordTimingsTellWhatWasHeard(t *testing.T) {
	for tells, want := range map[bool]string{true: "", false: "Yes we have"} {
		synctest.Test(t, func(t *testing.T) {
			p := newParts(map[string]string{"rooms": "Yes we have some."})
			cfg := p.config("any rooms", "stop")
			cfg.Voice = drawl{p.voice, tells}
			run(t, cfg, line.New(line.Config{Handset: coded(500*time.Millisecond, 3200*time.Millisecond)}))
			for _, e := range p.pages.Entries() {
				if ev, ok := e.Event.(agentcore.AgentSaid); ok && ev.Turn == 1 {
					if ev.Text != want {
						t.Errorf("timings told: %v: heard %q, want %q", tells, ev.Text, want)
					}
					return
				}
			}
			t.Error("the answer was never said")
		})
	}
}

// failing is a voice that is dead.
type failing struct{}

func (failing) Speak(context.Context, string, tts.Sink) error { return errors.New("no connection") }

// A voice that is dead can't say so: another does, once, and the call ends.
func TestTheApologyForADeadVoiceIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(nil)
		cfg := p.config("hello")
		cfg.Agent.Greeting, cfg.Agent.Apology = "Hello.", "Sorry, please call again."
		cfg.Voice, cfg.Spare = failing{}, p.voice
		l := line.New(line.Config{Handset: coded(500 * time.Millisecond)})
		sum := run(t, cfg, l)
		checkJournal(t, p.pages.Entries(), sum)
		if got := heardOn(p, l); sum.End != telephony.ProviderFailed || got != "Sorry, please call again." {
			t.Errorf("the caller heard %q, and the call ended for %s", got, sum.End)
		}
	})
}
