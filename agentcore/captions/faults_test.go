package captions_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/media"
)

// scripted is a recogniser whose every utterance, over all of its streams, is
// answered by end.
type scripted struct {
	end    func(s *scriptedStream, n int)
	refuse int // so many times it can't be opened

	mu    sync.Mutex
	n     int
	opens []time.Time
}

func (r *scripted) Open(context.Context, asr.Options) (asr.Stream, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opens = append(r.opens, time.Now())
	if r.refuse > 0 {
		r.refuse--
		return nil, errors.New("nobody answers")
	}
	return &scriptedStream{of: r, results: make(chan asr.Result, 100)}, nil
}

type scriptedStream struct {
	of      *scripted
	results chan asr.Result
	dead    bool
	once    sync.Once
}

func (s *scriptedStream) Write(*media.Frame) bool    { return true }
func (s *scriptedStream) Results() <-chan asr.Result { return s.results }
func (s *scriptedStream) Close() error               { s.die(); return nil }
func (s *scriptedStream) die()                       { s.once.Do(func() { close(s.results) }) }
func (s *scriptedStream) say(text string)            { s.results <- asr.Result{Text: text, Final: true} }
func (s *scriptedStream) guess(text string)          { s.results <- asr.Result{Text: text} }
func (s *scriptedStream) fail()                      { s.results <- asr.Result{Final: true, Err: errors.New("broken")} }
func (s *scriptedStream) Signal(sig asr.Signal) {
	if sig != asr.Ended {
		return
	}
	s.of.mu.Lock()
	s.of.n++
	n := s.of.n
	s.of.mu.Unlock()
	s.of.end(s, n)
}

// everySeconds is a caller who says something short so often.
func everySeconds(n, gap int) (all []voice) {
	for i := range n {
		all = append(all, voice{at: time.Duration(1+i*gap) * sec, lasts: sec / 2})
	}
	return all
}

func TestRecogniserThatFails(t *testing.T) {
	fail := func(s *scriptedStream, _ int) { s.fail() }
	for _, c := range []struct {
		claim  string
		end    func(s *scriptedStream, n int)
		refuse int
		ends   bool // the job fails
		kept   int
		missed int
	}{
		{"for ever", fail, 0, true, 0, 5},
		{"four times, then not", func(s *scriptedStream, n int) {
			if n%5 == 0 {
				s.say("word")
			} else {
				s.fail()
			}
		}, 0, false, 4, 16},
		{"dies each time with a reason", func(s *scriptedStream, _ int) { s.fail(); s.die() }, 0, true, 0, 5},
		{"dies each time without one", func(s *scriptedStream, _ int) { s.die() }, 0, true, 0, 0},
		{"can't be opened at first", func(s *scriptedStream, _ int) { s.say("word") }, 4, false, 16, 4},
		{"can never be opened", fail, 1000, true, 0, 5},
		{"says nothing", func(*scriptedStream, int) {}, 0, false, 0, 0},
		{"says too much", func(s *scriptedStream, _ int) { s.say("word"); s.say("more"); s.fail(); s.say("word") }, 0, false, 20, 0},
		{"says it is not text", func(s *scriptedStream, _ int) { s.say("w\xffd" + strings.Repeat("é", 10_000)) }, 0, false, 20, 0},
	} {
		t.Run(c.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				d.at(0, agentcore.Opened{})
				cfg := d.config(&call{caller: everySeconds(20, 10), lasts: 205 * sec})
				cfg.Recognizer = &scripted{end: c.end, refuse: c.refuse}
				err := run(t, cfg)
				if failed := err != nil; failed != c.ends {
					t.Errorf("Run() = %v, want a failure: %v", err, c.ends)
				}
				if got := len(d.lines()); got != c.kept {
					t.Errorf("%d captions, want %d", got, c.kept)
				}
				if c.missed > 0 && d.lost("recogniser") != c.missed {
					t.Errorf("%d utterances were lost, want %d", d.lost("recogniser"), c.missed)
				}
				for _, l := range d.lines() {
					if len(l.text) > 4096 {
						t.Errorf("a caption of %d bytes", len(l.text))
					}
				}
			})
		})
	}
}

// One that can't be reached is asked again after longer and longer waits, also
// in the middle of what somebody says.
func TestRecogniserIsReopenedWithABackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.at(0, agentcore.Opened{})
		r := &scripted{refuse: 4, end: func(s *scriptedStream, _ int) { s.say("word") }}
		cfg := d.config(&call{caller: []voice{{0, 25 * sec, 0}}, lasts: 30 * sec})
		cfg.Recognizer = r
		if err := run(t, cfg); err != nil {
			t.Errorf("Run() = %v", err)
		}
		var waits []time.Duration
		for i := range r.opens[1:] {
			waits = append(waits, r.opens[i+1].Sub(r.opens[i]))
		}
		if want := []time.Duration{sec, 2 * sec, 4 * sec, 8 * sec}; !slices.Equal(waits, want) {
			t.Errorf("it was tried again after %v, want %v", waits, want)
		}
		if n := len(d.lines()); n != 1 {
			t.Errorf("%d captions, want the one utterance", n)
		}
	})
}

// Who reads along gets five guesses a second, and none stays that came to
// nothing.
func TestGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.at(0, agentcore.Opened{})
		cfg := d.config(&call{caller: everySeconds(1, 1), lasts: 5 * sec})
		cfg.Recognizer = &scripted{end: func(s *scriptedStream, _ int) {
			go func() {
				for i := range 50 {
					s.guess(fmt.Sprint("guess ", i))
					time.Sleep(20 * ms)
				}
				s.say("")
			}()
		}}
		if err := run(t, cfg); err != nil {
			t.Errorf("Run() = %v", err)
		}
		got := texts(d.interims)
		if want := []string{"guess 0", "guess 10", "guess 20", "guess 30", "guess 40", ""}; !slices.Equal(got, want) {
			t.Errorf("shown: %q, want %q", got, want)
		}
		for _, i := range d.interims {
			if i.Side != captions.Caller || i.Job != "AJ_1" || i.Start.Sub(d.began) != sec {
				t.Errorf("%+v is not of the caller's utterance at 1 s", i)
			}
		}
		if n := len(d.lines()); n != 0 {
			t.Errorf("%d captions of nothing", n)
		}
	})
}

func TestStoreThatFails(t *testing.T) {
	for _, c := range []struct {
		claim string
		fails int
		says  int
		kept  func(n int) bool
	}{
		{"for a while", 8, 20, func(n int) bool { return n == 20 }},
		{"to the end", 1 << 30, 20, func(n int) bool { return n == 0 }},
		{"for so long that not all can wait", 115, 600, func(n int) bool { return n >= 500 && n < 600 }},
	} {
		t.Run(c.claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				d.book.fails = c.fails
				d.at(0, agentcore.Opened{})
				cfg := d.config(&call{caller: everySeconds(c.says, 3), lasts: time.Duration(c.says*3+5) * sec})
				n := 0
				cfg.Recognizer = &scripted{end: func(s *scriptedStream, _ int) { n++; s.say(fmt.Sprintf("%04d", n)) }}
				told := 0
				cfg.Kept = func(all []captions.Caption) { told += len(all) }
				if err := run(t, cfg); err != nil {
					t.Errorf("Run() = %v", err)
				}
				var got []string
				for _, l := range d.lines() {
					got = append(got, l.text)
				}
				if !c.kept(len(got)) || told != len(got) || len(got)+d.lost("store") != c.says {
					t.Errorf("%d kept, %d told, %d lost of %d", len(got), told, d.lost("store"), c.says)
				}
				if !slices.IsSorted(got) {
					t.Errorf("in the order %v", got)
				}
			})
		})
	}
}

// All at once: two who talk over each other, a floor that changes hands, a
// recogniser that breaks, a call that is cut at any moment. Nothing hangs, and
// what is written is in order.
func TestAnythingAnyTime(t *testing.T) {
	for seed := range 30 {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk("a", "b", "c")
			var fails atomic.Int64
			d.heard.Recognizer.(*agenttest.Hearer).Port = func(_ context.Context, op string, effect func() error) error {
				if (int(fails.Add(1))+seed)%7 == 0 {
					return errors.New("now and then")
				}
				return effect()
			}
			ear := &call{lasts: 40 * sec}
			for i := range 12 {
				at := time.Duration((i*37+seed*13)%38000) * ms
				ear.caller = append(ear.caller, voice{at, time.Duration(300+i*seed%900) * ms, i % 3})
				ear.agent = append(ear.agent, voice{at + 500*ms, sec, i % 3})
			}
			by := []agentcore.Event{
				agentcore.FloorTaken{By: "worker", Agent: "w"}, agentcore.TransferBegan{Transfer: "x", How: "warm"}, agentcore.Opened{Agent: "Ann"},
				agentcore.Planned{Reply: 1, Text: "hi"}, agentcore.FloorTaken{}, agentcore.AgentSaid{Reply: 1, Text: "hi", StartMS: 1, EndMS: 2},
				agentcore.TransferOver{Transfer: "x"}, agentcore.FloorTaken{By: "own", Agent: "Bob"}, agentcore.Lost{},
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				for i := range 30 {
					d.at(time.Duration(i)*sec+time.Duration(seed)*ms, by[(i*(seed+1))%len(by)])
				}
				if seed%3 == 0 {
					cancel()
				}
			}()
			c, err := captions.New(d.config(ear))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Run(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("seed %d: Run() = %v", seed, err)
			}
			for i, c := range d.book.all {
				if c.N != i+1 || c.Text == "" || c.End.Before(c.Start) {
					t.Errorf("seed %d: %+v", seed, c)
				}
			}
			if _, open := d.heard.look(); open != 0 {
				t.Errorf("seed %d: %d recognisers are still open", seed, open)
			}
		})
	}
}
