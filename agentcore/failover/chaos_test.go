package failover

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

var everyFrame = flag.Bool("every-frame", false, "strike at each frame, and not at some")

// What the agent says in the scripted call.
const (
	greets  = "Hello, this is the front desk."
	hours   = "We are open from eight to five on weekdays. On Saturdays we close at noon."
	goodbye = "Goodbye for now."
	filler  = "One moment, please."
	sorry   = "I am sorry, something went wrong here. Please call again later. Goodbye."
)

// impatient is how long a stall lasts until a provider's patience ends.
const impatient = 3 * time.Second

// strike says where a scripted call is hit.
type strike struct {
	stage provider.Stage
	op    string
	n     int // the nth operation of provider a, from 1
	stall bool
	who   victims
}

type victims string

const (
	once  victims = "once"            // that operation of a
	first victims = "a from there on" // all of a's operations from it
	both  victims = "both from there" // all of the stage's
)

func (s strike) String() string {
	how := "fails"
	if s.stall {
		how = "stalls"
	}
	return fmt.Sprintf("%s %s %d %s, %s", s.stage, s.op, s.n, how, s.who)
}

// storm strikes, and counts operations as "stage op".
type storm struct {
	strike

	mu     sync.Mutex
	count  map[string]int // of a
	struck time.Time      // first
}

// on is the storm over one provider's stage.
func (s *storm) on(stage provider.Stage, name string) hit {
	return func(op string) (bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if name == "a" {
			s.count[string(stage)+" "+op]++
		}
		if stage != s.stage {
			return false, nil
		}
		here := name == "a" && op == s.op && s.count[string(stage)+" "+op] == s.n
		later := !s.struck.IsZero() && (s.who == both || s.who == first && name == "a")
		if !here && !later {
			return false, nil
		}
		if s.struck.IsZero() {
			s.struck = time.Now()
		}
		if s.stall {
			return true, provider.New(name, op, provider.Timeout, errors.New("no answer in time"))
		}
		return false, provider.New(name, op, provider.Unavailable, errors.New("it is down"))
	}
}

// at strikes at an operation that may wait.
func (h hit) wait(ctx context.Context, op string) error {
	stall, err := h.at(op)
	if stall {
		select {
		case <-time.After(impatient):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// thinker is a model that may be struck at "chat" and at each "delta". Asked to
// go on, it does, or says all again.
type thinker struct {
	agenttest.Thinker
	hit     hit
	repeats bool
}

func (m *thinker) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := m.hit.wait(ctx, "chat"); err != nil {
			yield(llm.Delta{}, err)
			return
		}
		skip := 0
		if n := len(r.Messages); strings.HasPrefix(r.Messages[n-1].Text, "[A note") {
			if !m.repeats {
				skip = len(strings.Fields(r.Messages[n-2].Text))
			}
			r.Messages = r.Messages[:n-2]
		}
		for d, err := range m.Thinker.Chat(ctx, r) {
			if d.Text != "" && skip > 0 {
				skip--
				continue
			}
			if struck := m.hit.wait(ctx, "delta"); struck != nil {
				yield(llm.Delta{}, struck)
				return
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// speaker is a voice that may be struck at "speak" and at each "frame".
type speaker struct {
	*agenttest.Speaker
	hit hit
}

func (v *speaker) Speak(ctx context.Context, text string, out tts.Sink) error {
	if err := v.hit.wait(ctx, "speak"); err != nil {
		return err
	}
	return v.Speaker.Speak(ctx, text, tts.Frames(func(f *media.Frame) error {
		if err := v.hit.wait(ctx, "frame"); err != nil {
			return err
		}
		return out.Frame(f)
	}))
}

// record is what is left of a call.
type record struct {
	sum     agentcore.Summary
	err     error
	entries []agentcore.Entry
	heard   []string // words, by the caller
	storm   *storm
	began   time.Time
}

// ring plays the scripted call through a storm.
func ring(t *testing.T, s strike) record {
	w := &storm{strike: s, count: map[string]int{}}
	caller := handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
		for n, at := range []time.Duration{8, 28, 48, 68} { // the last two only if nobody hears
			at *= time.Second
			if now >= at && now < at+800*time.Millisecond {
				agenttest.Code(say, n, 0)
			}
		}
		return handset.Touch{}
	})
	voice := &agenttest.Speaker{First: 40 * time.Millisecond}
	pages := &agenttest.Pages{}
	var recognisers Config[asr.Recognizer]
	var models Config[llm.Model]
	var voices Config[tts.Synthesizer]
	var b Breakers
	for _, name := range []string{"a", "b"} {
		breaker := func(stage provider.Stage) *Breaker { return b.For(Key{Stage: stage, Provider: name}) }
		recognisers.Candidates = append(recognisers.Candidates, Candidate[asr.Recognizer]{
			name, &ear{name: name, hit: w.on(provider.Recogniser, name)}, breaker(provider.Recogniser)})
		models.Candidates = append(models.Candidates, Candidate[llm.Model]{
			name, &thinker{agenttest.Thinker{Answers: map[string]string{"w0": hours, "w1": goodbye + " !end_call"}, Delay: 100 * time.Millisecond},
				w.on(provider.Model, name), s.n%2 == 0}, breaker(provider.Model)})
		voices.Candidates = append(voices.Candidates, Candidate[tts.Synthesizer]{
			name, &speaker{voice, w.on(provider.Voice, name)}, breaker(provider.Voice)})
	}
	c, err := agentcore.New(agentcore.Config{
		Call:       telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound},
		Agent:      agentcore.Agent{Greeting: greets, Filler: filler, Apology: sorry, Silence: time.Minute},
		Recognizer: Recognizer(recognisers), Detector: agenttest.Detector{}, Model: Model(models), Voice: Voice(voices),
		Tools: []tools.Tool{tools.EndCall()}, Journal: pages,
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	l := line.New(line.Config{Handset: caller, Uplink: 10 * time.Millisecond, Downlink: 10 * time.Millisecond})
	sum, err := c.Run(t.Context(), l)
	return record{sum, err, pages.Entries(), voice.Said(audible(l.Heard())), w, began}
}

// audible is what was heard, without what was broken off within a breath: that is
// no word.
func audible(all []line.Heard) (out []media.Frame) {
	same := func(a, b line.Heard) bool { return a.Frame == b.Frame }
	for len(all) > 0 {
		n := 1
		for n < len(all) && same(all[0], all[n]) {
			n++
		}
		if sound(n) > breath {
			out = append(out, all[0].Frame)
		}
		all = all[n:]
	}
	return out
}

// TestChaos plays a scripted call again and again, and strikes each stage at each
// of its operations. However it goes, the call ends well and once, the caller
// hears nothing twice, and the journal says what happened.
func TestChaos(t *testing.T) {
	var calm record
	synctest.Test(t, func(t *testing.T) { calm = ring(t, strike{}) })
	checkEnd(t, calm)
	if got, want := strings.Join(calm.heard, " "), strings.Join([]string{greets, hours, goodbye}, " "); got != want || calm.sum.End != telephony.AgentHangup {
		t.Fatalf("without a storm the caller heard %q and the call ended with %q", got, calm.sum.End)
	}
	for _, stage := range []struct {
		stage provider.Stage
		ops   []string
		step  int // of frames, unless it's each
	}{
		{provider.Recogniser, []string{"open", "frame", "final"}, 67},
		{provider.Model, []string{"chat", "delta"}, 0},
		{provider.Voice, []string{"speak", "frame"}, 11},
	} {
		for _, op := range stage.ops {
			step := 1
			if op == "frame" && !*everyFrame {
				step = stage.step
			}
			all := calm.storm.count[string(stage.stage)+" "+op]
			if all == 0 {
				t.Errorf("%s has no operation %s", stage.stage, op)
			}
			for n := 1; n <= all; n += step {
				for _, stall := range []bool{false, true} {
					for _, who := range []victims{once, first, both} {
						s := strike{stage.stage, op, n, stall, who}
						t.Run(s.String(), func(t *testing.T) {
							synctest.Test(t, func(t *testing.T) { checkStruck(t, ring(t, s)) })
						})
					}
				}
			}
		}
	}
}

// checkEnd checks that the call ended, and once.
func checkEnd(t *testing.T, r record) {
	t.Helper()
	if r.err != nil || r.sum.End == "" {
		t.Errorf("Run = %+v, %v", r.sum, r.err)
	}
	ends := 0
	for _, e := range r.entries {
		if _, ok := e.Event.(agentcore.Ended); ok {
			ends++
		}
	}
	if last := r.entries[len(r.entries)-1].Event.Kind(); ends != 1 || last != "ended" {
		t.Errorf("the journal has %d ends; its last entry is %s", ends, last)
	}
	if r.sum.Lasted > 90*time.Second {
		t.Errorf("the call lasted %v", r.sum.Lasted)
	}
}

func checkStruck(t *testing.T, r record) {
	checkEnd(t, r)
	s := r.storm.strike
	script := strings.Fields(strings.Join([]string{greets, hours, goodbye}, " "))
	heard, fillers := without(r.heard, strings.Fields(filler))
	if fillers > 1 || fillers > 0 && s.stage != provider.Model {
		t.Errorf("the caller was told %d times that it takes a moment", fillers)
	}
	lost := missing(heard, script)
	switch {
	case s.who == both && r.sum.End == telephony.ProviderFailed:
		script = append(script, strings.Fields(sorry)...)
		if missing(heard, script) < 0 {
			t.Errorf("the caller heard %q, some of it twice", heard)
		}
	case r.sum.End != telephony.AgentHangup:
		t.Errorf("the call ended with %q", r.sum.End)
	case lost < 0:
		t.Errorf("the caller heard %q, some of it twice", heard)
	case lost > 0 && s.stage != provider.Voice, lost > 3:
		t.Errorf("the caller heard %q: %d words are missing", heard, lost)
	}
	checkTold(t, r)
}

// checkTold checks that the journal says what was struck: who failed, and who
// went on.
func checkTold(t *testing.T, r record) {
	var told []agentcore.ProviderError
	for _, e := range r.entries {
		if ev, ok := e.Event.(agentcore.ProviderError); ok {
			told = append(told, ev)
			if ev.Part != string(r.storm.stage) || ev.Error == "" {
				t.Errorf("the journal says %+v", ev)
			}
		}
	}
	left := r.began.Add(r.sum.Lasted).Sub(r.storm.struck)
	switch {
	case r.storm.struck.IsZero():
		t.Error("nothing was struck")
	case len(told) > 0:
		last := told[0].Next == "" && (r.storm.op == "frame" || r.storm.op == "delta") // nothing was left to say
		if told[0].Provider != "a" || told[0].Next != "b" && !last {
			t.Errorf("the journal first says %+v, want that b went on for a", told[0])
		}
		if fatal := slices.ContainsFunc(told, func(e agentcore.ProviderError) bool { return e.Fatal }); fatal != (r.sum.End == telephony.ProviderFailed) {
			t.Errorf("the call ended with %q, and the journal says %+v", r.sum.End, told)
		}
	case r.storm.stage == provider.Recogniser && left < 10*time.Second: // it was not needed any more
	default:
		t.Errorf("the journal does not say that anything failed, %v before the end", left)
	}
}

// without is words without each occurrence of some in a row, and how many there
// were.
func without(words, some []string) (rest []string, n int) {
	for i := 0; i < len(words); {
		if i+len(some) <= len(words) && slices.Equal(words[i:i+len(some)], some) {
			n++
			i += len(some)
			continue
		}
		rest = append(rest, words[i])
		i++
	}
	return rest, n
}

// missing is how many of script's words are not in words, which are in the same
// order; -1 if they are not.
func missing(words, script []string) int {
	n := 0
	for _, w := range script {
		if n < len(words) && words[n] == w {
			n++
		}
	}
	if n < len(words) {
		return -1
	}
	return len(script) - n
}
