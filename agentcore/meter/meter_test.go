package meter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notes is a Meter that writes down what it is told.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf(format, args...))
}

func (n *notes) Asked(stage, provider string) { n.add("%s %s asked", stage, provider) }
func (n *notes) Failed(stage, provider, class string) {
	n.add("%s %s failed %s", stage, provider, class)
}
func (n *notes) First(stage, p string, d time.Duration) { n.add("%s %s first %v", stage, p, d) }
func (n *notes) Took(stage, p string, d time.Duration)  { n.add("%s %s took %v", stage, p, d) }
func (n *notes) Used(stage, p, unit string, count float64) {
	n.add("%s %s used %g %s", stage, p, count, unit)
}

// check checks what was told, without the stage and the provider, and forgets it.
func (n *notes) check(t *testing.T, who string, want ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range want {
		want[i] = who + " " + want[i]
	}
	if !slices.Equal(n.all, want) {
		t.Errorf("told\n     %q\nwant %q", n.all, want)
	}
	n.all = nil
}

func down(class provider.Class) error { return provider.New("p", "test", class, errors.New("no")) }

// mind says its words, 100 ms each, and fails, or not.
type mind struct {
	says  []string
	calls []string // arguments
	use   []llm.Usage
	err   error
	quick bool
}

func (m *mind) String() string { return "p one" }

func (m *mind) Chat(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for _, u := range m.use {
			if !yield(llm.Delta{Usage: &u}, nil) {
				return
			}
		}
		for _, text := range m.says {
			if !m.quick {
				time.Sleep(100 * time.Millisecond)
			}
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, err)
				return
			}
			if !yield(llm.Delta{Text: text}, nil) {
				return
			}
		}
		for i, args := range m.calls {
			if !yield(llm.Delta{Call: &llm.ToolCall{ID: fmt.Sprint(i), Name: "look", Arguments: json.RawMessage(args)}}, nil) {
				return
			}
		}
		if m.err != nil {
			yield(llm.Delta{}, m.err)
		}
	}
}

func TestRepliesAreCountedAndTimed(t *testing.T) {
	three := []string{"a ", "b ", "c "}
	for _, tt := range []struct {
		claim string
		m     *mind
		slow  time.Duration // what the consumer takes for each piece
		stop  int           // pieces after which the call is over; 0: never
		want  []string
	}{
		{"a reply", &mind{says: three}, 0, 0, []string{"asked", "first 100ms", "took 300ms"}},
		{"a slow consumer", &mind{says: three}, time.Second, 0, []string{"asked", "first 100ms", "took 300ms"}},
		{"tokens, the last count", &mind{says: three, use: []llm.Usage{{Input: 1}, {Input: 9, Cached: 4, Output: 3}}}, 0, 0,
			[]string{"asked", "first 100ms", "took 300ms", "used 9 input_tokens", "used 4 cached_tokens", "used 3 output_tokens"}},
		{"a failure", &mind{says: three, err: down(provider.RateLimited), use: []llm.Usage{{Input: 7}}}, 0, 0,
			[]string{"asked", "first 100ms", "failed rate_limited", "used 7 input_tokens"}},
		{"we gave up", &mind{err: down(provider.Canceled)}, 0, 0, []string{"asked"}},
		{"broken off", &mind{says: three}, 0, 1, []string{"asked", "first 100ms"}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n notes
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				pieces := 0
				for range Model(tt.m, "p", &n).Chat(ctx, llm.Request{}) {
					time.Sleep(tt.slow)
					if pieces++; pieces == tt.stop {
						stop()
					}
				}
				n.check(t, "model p", tt.want...)
			})
		})
	}
}

func TestTextsAreCountedAndTimed(t *testing.T) {
	full := errors.New("full")
	for _, tt := range []struct {
		claim string
		text  string
		slow  time.Duration // what the line takes for each frame
		out   error
		err   error
		want  []string
	}{
		{"a text", "café", 0, nil, nil, []string{"asked", "first 1.002s", "used 4 characters", "used 0.36 audio_seconds", "took 1.036s"}},
		{"a slow line", "café", time.Second, nil, nil, []string{"asked", "first 1.002s", "used 4 characters", "used 0.36 audio_seconds", "took 1.036s"}},
		{"the line is full", "café", 0, full, nil, []string{"asked", "first 1.002s", "used 4 characters", "used 0.02 audio_seconds"}},
		{"a failure", "café", 0, nil, down(provider.Auth), []string{"asked", "failed auth"}},
		{"nothing to say", "", 0, nil, nil, []string{"asked", "took 1s"}},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n notes
				v := &agenttest.Speaker{First: time.Second, Port: func(_ context.Context, _ string, effect func() error) error {
					return errors.Join(effect(), tt.err)
				}}
				err := Voice(v, "p", &n).Speak(t.Context(), tt.text, tts.Frames(func(*media.Frame) error {
					time.Sleep(tt.slow)
					return tt.out
				}))
				if want := errors.Join(tt.out, tt.err); (err == nil) != (want == nil) {
					t.Errorf("Speak = %v, want %v", err, want)
				}
				n.check(t, "voice p", tt.want...)
			})
		})
	}
}

// ear guesses 100 ms after an utterance began, and knows lag after it ended. It
// hears coded words as "w<number>".
type ear struct {
	lag  time.Duration
	errs []error // of utterances, in order; nil or none: it understands
	dies error   // at once, for this reason
	open error
}

func (e *ear) String() string { return "p two" }

func (e *ear) Open(ctx context.Context, _ asr.Options) (asr.Stream, error) {
	if e.open != nil {
		return nil, e.open
	}
	s := &hearing{ear: e, results: make(chan asr.Result), jobs: make(chan asr.Result, 1024)}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.work.Go(s.run)
	return s, nil
}

type hearing struct {
	ear     *ear
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup
	results chan asr.Result
	jobs    chan asr.Result
	texts   []int
	ended   int
}

func (s *hearing) Write(f *media.Frame) bool {
	if text, _, ok := agenttest.Decode(f); ok && (len(s.texts) == 0 || s.texts[len(s.texts)-1] != text) {
		s.texts = append(s.texts, text)
	}
	return f[0] != -1 // a frame that it has no room for
}

func (s *hearing) Signal(sig asr.Signal) {
	switch sig {
	case asr.Began:
		s.jobs <- asr.Result{Text: "w"}
	case asr.Ended:
		r := asr.Result{Text: strings.TrimSuffix(said(s.texts...).Text, " "), Final: true}
		if s.texts = nil; s.ended < len(s.ear.errs) {
			r.Err = s.ear.errs[s.ended]
		}
		s.ended++
		s.jobs <- r
	}
}

func (s *hearing) run() {
	defer close(s.results)
	if s.ear.dies != nil {
		s.results <- asr.Result{Final: true, Err: s.ear.dies}
		return
	}
	for {
		select {
		case r := <-s.jobs:
			wait := 100 * time.Millisecond
			if r.Final {
				wait = s.ear.lag
			}
			time.Sleep(wait)
			select {
			case s.results <- r:
			case <-s.ctx.Done():
				return
			}
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *hearing) Results() <-chan asr.Result { return s.results }
func (s *hearing) Close() error               { s.stop(); s.work.Wait(); return nil }

func TestUtterancesAreCountedAndTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notes
		c := asrtest.Open(t, Recognizer(&ear{lag: 300 * time.Millisecond, errs: []error{nil, down(provider.Garbage), nil}}, "p", &n), asr.Options{})
		speak := func() {
			c.Rest(time.Second)
			c.Signal(asr.Began)
			time.Sleep(2 * time.Second)
			c.Write(&media.Frame{-1}) // not taken
			c.Signal(asr.Ended)
		}
		go speak()
		c.Final()
		n.check(t, "recogniser p", "first 100ms", "asked", "took 300ms", "used 1 audio_seconds")
		go speak()
		c.Final()
		n.check(t, "recogniser p", "first 100ms", "asked", "failed garbage", "used 1 audio_seconds")
		for range 2 * mostEnded { // more than are timed
			c.Signal(asr.Ended)
		}
		for range 2 * mostEnded {
			c.Final()
		}
		if len(n.all) != 3*mostEnded { // asked, and half of them timed
			t.Errorf("told %d times of %d utterances at once", len(n.all), 2*mostEnded)
		}
		n.all = nil
		c.Rest(3 * time.Second)
		c.Close()
		n.check(t, "recogniser p", "used 3 audio_seconds")
	})
}

// followed is a Meter that asks for itself.
type followed struct {
	notes
	tells map[int]func()
}

func (f *followed) Follow(tell func()) func() {
	n := len(f.tells)
	f.tells[n] = tell
	return func() { delete(f.tells, n) }
}

// Who counts for a call learns what a stream took before its end.
func TestSoundIsToldWhenItIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := followed{tells: map[int]func(){}}
		c := asrtest.Open(t, Recognizer(&ear{}, "p", &n), asr.Options{})
		c.Rest(time.Second)
		n.tells[0]()
		n.check(t, "recogniser p", "used 1 audio_seconds")
		n.tells[0]()
		n.check(t, "recogniser p")
		c.Rest(2 * time.Second)
		c.Close()
		n.check(t, "recogniser p", "used 2 audio_seconds")
		if len(n.tells) != 0 {
			t.Error("a stream that is over is followed")
		}
	})
}

// A stream may fail without an utterance. Who closes it is no failure.
func TestStreamsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notes
		if _, err := Recognizer(&ear{open: down(provider.Auth)}, "p", &n).Open(t.Context(), asr.Options{}); err == nil {
			t.Error("Open = nil")
		}
		n.check(t, "recogniser p", "failed auth")
		asrtest.Open(t, Recognizer(&ear{}, "p", &n), asr.Options{}).Close()
		n.check(t, "recogniser p")
		c := asrtest.Open(t, Recognizer(&ear{dies: down(provider.Unavailable)}, "p", &n), asr.Options{})
		c.Final()
		if _, open := <-c.Results(); open {
			t.Error("the results stay open")
		}
		c.Close()
		n.check(t, "recogniser p", "failed unavailable")
	})
}

func said(codes ...int) asrtest.Speech {
	var s asrtest.Speech
	for _, code := range codes {
		var f media.Frame
		agenttest.Code(&f, code, 0)
		s.Frames = append(s.Frames, slices.Repeat([]media.Frame{f}, 20)...)
		s.Text += fmt.Sprint("w", code, " ")
	}
	return s
}

// hum is a voice: 200 ms a word, in no time.
type hum struct{}

func (hum) String() string { return "p three" }

func (hum) Speak(ctx context.Context, text string, out tts.Sink) error {
	var f media.Frame
	agenttest.Code(&f, 0, 0)
	for _, w := range strings.Fields(text) {
		for n := 0; n < 10 && strings.Trim(w, ".,?!—\x00") != ""; n++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestConformance(t *testing.T) {
	t.Run("recogniser", func(t *testing.T) {
		asrtest.Run(t, func(*testing.T) asr.Recognizer { return Recognizer(&ear{}, "p", &notes{}) }, said(1, 2, 3), said(4, 5))
	})
	t.Run("voice", func(t *testing.T) {
		ttstest.Run(t, func(*testing.T) tts.Synthesizer { return Voice(hum{}, "p", &notes{}) })
	})
	t.Run("model", func(t *testing.T) {
		words := strings.SplitAfter(llmtest.Words, " ")
		llmtest.Run(t, func(_ *testing.T, b llmtest.Behaviour) llm.Model {
			return Model(map[llmtest.Behaviour]*mind{
				llmtest.Talks:     {quick: true, says: words},
				llmtest.TalksOn:   {quick: true, says: slices.Repeat([]string{"word "}, 100)},
				llmtest.CallsTool: {quick: true, calls: []string{llmtest.Arguments}},
				llmtest.CallsTwo:  {quick: true, calls: []string{llmtest.Arguments, llmtest.OtherArguments}},
				llmtest.Counts:    {quick: true, says: words, use: []llm.Usage{llmtest.Cost}},
				llmtest.Fails:     {quick: true, err: down(provider.Unavailable)},
			}[b], "p", &notes{})
		})
	})
}

func TestNamesArePassedOn(t *testing.T) {
	for want, d := range map[string]any{
		"p one": Model(&mind{}, "p", nil), "p two": Recognizer(&ear{}, "p", nil), "p three": Voice(hum{}, "p", nil),
		"*agenttest.Speaker": Voice(&agenttest.Speaker{}, "p", nil),
	} {
		if got := fmt.Sprint(d); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}
