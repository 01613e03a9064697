package agentcore_test

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// modelFunc is a model that yields what the function returns for the nth
// request, from 1.
type modelFunc struct {
	answer func(n int) iter.Seq[llm.Delta]
	n      int
	seen   []llm.Request
}

func (m *modelFunc) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	m.n++
	m.seen = append(m.seen, r)
	return func(yield func(llm.Delta, error) bool) {
		for d := range m.answer(m.n) {
			if ctx.Err() != nil || !yield(d, nil) {
				return
			}
		}
	}
}

func forever(d llm.Delta) iter.Seq[llm.Delta] {
	return func(yield func(llm.Delta) bool) {
		for yield(d) {
		}
	}
}

// A model gone mad costs no memory and no call: a reply has room for 200
// phrases, for so many letters, and for eight tools.
func TestModelGoneMad(t *testing.T) {
	wild := &llm.ToolCall{ID: strings.Repeat("x", 1e5), Name: strings.Repeat("fly\x00", 1e4), Arguments: json.RawMessage(strings.Repeat("{", 1e6))}
	many := func(yield func(llm.Delta) bool) {
		for range 500 {
			if !yield(llm.Delta{Call: wild}) {
				return
			}
		}
	}
	for claim, answer := range map[string]iter.Seq[llm.Delta]{
		"sentences for ever":     forever(llm.Delta{Text: "Well, go on. "}),
		"a word for ever":        forever(llm.Delta{Text: "ha"}),
		"new lines for ever":     forever(llm.Delta{Text: "Well.\n\n\n\n\n\n"}),
		"hundreds of wild tools": many,
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(nil)
				m := &modelFunc{answer: func(n int) iter.Seq[llm.Delta] {
					if n > 1 {
						return forever(llm.Delta{Text: "Never mind. "})
					}
					return answer
				}}
				cfg := p.config("hello")
				cfg.Model = m
				cfg.Agent.MaxDuration = 2 * time.Hour
				sum := run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond), Forget: true}))
				entries := p.pages.Entries()
				checkJournal(t, entries, sum)
				if sum.End != telephony.Silence {
					t.Errorf("ended %q, want %q", sum.End, telephony.Silence)
				}
				phrases, calls := 0, 0
				for _, e := range entries {
					if b, err := json.Marshal(e); err != nil || len(b) > 100<<10 {
						t.Errorf("entry %d (%s) has %d bytes, %v", e.N, e.Event.Kind(), len(b), err)
					}
					switch e.Event.(type) {
					case agentcore.Planned:
						phrases++
					case agentcore.ToolIntent:
						calls++
					}
				}
				if phrases == 0 || phrases > 200 || calls > 8 {
					t.Errorf("%d phrases and %d tools", phrases, calls)
				}
			})
		})
	}
}

// A voice that hands over no frame for what it is given: the reply ends, and the
// call goes on.
func TestVoiceWithoutAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"hello": "One. Two. Three."})
		cfg := p.config("hello")
		cfg.Voice = mute{}
		sum := run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		checkJournal(t, p.pages.Entries(), sum)
		if sum.End != telephony.Silence {
			t.Errorf("ended %q, want %q", sum.End, telephony.Silence)
		}
	})
}

type mute struct{}

func (mute) Speak(context.Context, string, tts.Sink) error { return nil }
