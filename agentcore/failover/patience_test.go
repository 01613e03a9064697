package failover

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// stuck falls silent for the whole of the patience that every adapter has by
// default: at once, or behind some pieces.
type stuck struct{ pieces int }

func (s stuck) silence(ctx context.Context) error {
	w := provider.Watch(ctx, provider.Patience{})
	defer w.Stop()
	if s.pieces > 0 {
		w.Resume()
	}
	<-w.Ctx.Done()
	return provider.Failure(w.Ctx, "stuck", "wait", w.Ctx.Err())
}

func (s stuck) Chat(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for _, word := range strings.SplitAfter(hours, " ")[:s.pieces] {
			if !yield(llm.Delta{Text: word}, nil) {
				return
			}
		}
		yield(llm.Delta{}, s.silence(ctx))
	}
}

func (s stuck) Speak(ctx context.Context, _ string, out tts.Sink) error {
	for range s.pieces {
		if err := out.Frame(&media.Frame{}); err != nil {
			return err
		}
	}
	return s.silence(ctx)
}

// asks is a caller who asks for the hours after 20 s.
func asks(now time.Duration, _, say *media.Frame) handset.Touch {
	if now >= 20*time.Second && now < 20800*time.Millisecond {
		agenttest.Code(say, 0, 0)
	}
	return handset.Touch{}
}

// Two providers of a stage may use up all of their patience, one behind the
// other, and still the third answers: the call gives up later than they do.
func TestACallIsMorePatientThanItsProviders(t *testing.T) {
	for claim, tt := range map[string]struct {
		ears   []fate
		model  *stuck
		voice  *stuck
		within time.Duration // of the end of the question
	}{
		"models at once":          {model: &stuck{}, within: 14 * time.Second},
		"models behind a word":    {model: &stuck{1}, within: 8 * time.Second},
		"voices at once":          {voice: &stuck{}, within: 14 * time.Second},
		"voices behind a frame":   {voice: &stuck{1}, within: 8 * time.Second},
		"models, and then voices": {model: &stuck{}, voice: &stuck{}, within: 20 * time.Second},
		"a recogniser":            {ears: []fate{silent}, within: 5 * time.Second},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				recognisers := Config[asr.Recognizer]{Candidates: []Candidate[asr.Recognizer]{{Port: &ear{name: "c"}}}}
				if tt.ears != nil {
					recognisers.Candidates = append([]Candidate[asr.Recognizer]{{Port: &ear{name: "a", fates: tt.ears}}}, recognisers.Candidates...)
				}
				models := Config[llm.Model]{Candidates: []Candidate[llm.Model]{{Name: "c", Port: &thinker{Thinker: agenttest.Thinker{Answers: map[string]string{"w0": hours}}}}}}
				if tt.model != nil {
					models.Candidates = append([]Candidate[llm.Model]{{Name: "a", Port: tt.model}, {Name: "b", Port: tt.model}}, models.Candidates...)
				}
				voices := Config[tts.Synthesizer]{Candidates: []Candidate[tts.Synthesizer]{{Name: "c", Port: &agenttest.Speaker{First: 40 * time.Millisecond}}}}
				if tt.voice != nil {
					voices.Candidates = append([]Candidate[tts.Synthesizer]{{Name: "a", Port: tt.voice}, {Name: "b", Port: tt.voice}}, voices.Candidates...)
				}
				pages := &agenttest.Pages{}
				c, err := agentcore.New(agentcore.Config{
					Call:       telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound},
					Agent:      agentcore.Agent{Filler: filler, Apology: sorry, Silence: time.Minute},
					Recognizer: Recognizer(recognisers), Detector: agenttest.Detector{}, Model: Model(models), Voice: Voice(voices), Journal: pages,
				})
				if err != nil {
					t.Fatal(err)
				}
				sum, err := c.Run(t.Context(), line.New(line.Config{Handset: handset.Func(asks)}))
				if err != nil || sum.End != telephony.Silence {
					t.Errorf("Run = %+v, %v", sum, err)
				}
				var said string
				for _, e := range pages.Entries() {
					switch ev := e.Event.(type) {
					case agentcore.ProviderError:
						if ev.Fatal {
							t.Errorf("the call gave up: %+v", ev)
						}
					case agentcore.AgentSaid:
						said += ev.Text
						if late := time.Duration(ev.StartMS)*time.Millisecond - 21300*time.Millisecond; late > tt.within {
							t.Errorf("the answer began %v after the question", late)
						}
					}
				}
				if said = strings.TrimSpace(strings.TrimPrefix(said, filler)); said != hours {
					t.Errorf("the caller heard %q", said)
				}
			})
		})
	}
}
