package simulation

import (
	"context"
	"iter"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// agent answers every call. Its times are odd, so that they never run out in
// the very nanosecond in which a frame comes.
var agent = agentcore.Agent{
	Name: "sim", Prompt: "You are a front desk.",
	Greeting: "Good morning, this is the practice.", StillThere: "Are you still there?",
	Apology: "I am sorry, something broke here. Please call again.", Connecting: "Somebody is there for you now.",
	Silence: 6*time.Second + 333_667, MaxDuration: 60*time.Second + 777_779,
}

type streamKey struct{}

// talk is the [dispatch.Talk] of the simulation.
func (w *world) talk(ctx context.Context, call telephony.Call, leg telephony.Leg, past []agentcore.Entry, journal agentcore.Journal) (agentcore.Summary, error) {
	s := ctx.Value(streamKey{}).(*stream)
	if err := w.answers.Prepared(ctx, call.ID); err != nil {
		w.trace(s.who(), "not prepared: %v", err) // it is over, which the conversation finds out
	}
	var carriersWord string
	if w.machines {
		r, err := w.rows.Call(ctx, call.ID)
		if err != nil {
			return agentcore.Summary{}, err
		}
		carriersWord = r.Answerer
	}
	c, err := agentcore.New(agentcore.Config{
		Call: call, Agent: agent, Past: past, Journal: journal, Pipeline: "sim",
		Recognizer: &agenttest.Hearer{Texts: texts, Port: w.port(s.call)},
		Detector:   agenttest.Detector{},
		Model:      model{w.phones[s.call].thinker, s},
		Voice:      voice{s.voice, s},
		Tools:      append([]tools.Tool{tools.EndCall(), booking{s}}, w.handing(call)...),
		Lead:       300 * time.Millisecond, // long, so that much is on its way when a reply is cut

		News: w.answers.News(call.ID), Withdraw: w.withdraw, Answering: w.answering(ctx, call, carriersWord),
	})
	if err != nil {
		return agentcore.Summary{End: telephony.GatewayFailed}, err
	}
	sum, err := c.Run(ctx, leg)
	if w.isDead(s.call, s.epoch) {
		return agentcore.Summary{}, errDead
	}
	return sum, err
}

// port is the port of a call, for the fakes.
func (w *world) port(call int) agenttest.Port {
	return func(ctx context.Context, op string, effect func() error) error {
		_, err := w.through(ctx, call, op, effect)
		return err
	}
}

// fateKey holds where to note what befalls a provider's stream.
type fateKey struct{}

// speech is the port of a stream's voice and model, which can be cut.
func (w *world) speech(s *stream) agenttest.Port {
	return func(ctx context.Context, op string, effect func() error) error {
		kind, err := w.through(ctx, s.call, op, effect)
		if fate, ok := ctx.Value(fateKey{}).(*Kind); ok {
			*fate = kind
		}
		return err
	}
}

// cutAfter is how many pieces come before a stream is cut.
const cutAfter = 4

// voice is a voice that may break in the middle.
type voice struct {
	*agenttest.Speaker
	s *stream
}

var _ tts.Synthesizer = voice{}

// Speak implements [tts.Synthesizer].
func (v voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	v.s.mu.Lock()
	v.s.texts = append(v.s.texts, given{text, time.Now()})
	v.s.mu.Unlock()
	var fate Kind
	n := 0
	return v.Speaker.Speak(context.WithValue(ctx, fateKey{}, &fate), text, tts.Frames(func(f *media.Frame) error {
		if n++; fate == Cut && n > cutAfter {
			return errPlanned
		}
		return out.Frame(f)
	}))
}

// thinker is a call's model, and what it was asked.
type thinker struct {
	agenttest.Thinker
	mu    sync.Mutex
	asked []question
}

// question is what a model was told that the caller had said.
type question struct {
	at    time.Time
	words string
}

// model is a model that may break in the middle.
type model struct {
	*thinker
	s *stream
}

// notes are what a model is told in the caller's place.
var notes = regexp.MustCompile(`\s*\(The phone system: [^)]*\)`)

// Chat implements [llm.Model].
func (m model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	q := question{at: time.Now()}
	for _, msg := range r.Messages {
		if msg.Role == llm.User {
			q.words = strings.TrimSpace(q.words + " " + strings.TrimSpace(notes.ReplaceAllString(msg.Text, "")))
		}
	}
	m.mu.Lock()
	m.asked = append(m.asked, q)
	m.mu.Unlock()
	return func(yield func(llm.Delta, error) bool) {
		var fate Kind
		n := 0
		for d, err := range m.Thinker.Chat(context.WithValue(ctx, fateKey{}, &fate), r) {
			if n++; fate == Cut && n > cutAfter {
				yield(llm.Delta{}, errPlanned)
				return
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// booking is a tool that must not be used twice under one key.
type booking struct{ s *stream }

// Spec implements [tools.Tool].
func (b booking) Spec() llm.Tool { return llm.Tool{Name: "book", Description: "Book a visit."} }

// Traits implements [tools.Tool].
func (b booking) Traits() tools.Traits { return tools.Traits{} }

// Call implements [tools.Tool].
func (b booking) Call(ctx context.Context, in tools.Invocation) (tools.Result, error) {
	w, key := b.s.w, in.Key
	_, err := w.through(ctx, b.s.call, "tool.book", func() error {
		w.saw("tool used")
		b.s.mu.Lock()
		meant := b.s.intents[key]
		b.s.mu.Unlock()
		if !meant {
			w.violate(b.s.call, "intent before effect", "%s is used, its intent is not committed", key)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.effects[key]++
		return nil
	})
	return tools.Result{Text: `{"done":true}`}, err
}
