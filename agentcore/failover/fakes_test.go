package failover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// down is a provider's failure that may pass.
func down(name string) error {
	return provider.New(name, "test", provider.Unavailable, errors.New("it is down"))
}

// told collects what a trace is told, as "from -> to".
type told struct {
	mu  sync.Mutex
	all []string
}

func (t *told) trace(ctx context.Context) context.Context {
	return provider.WithTrace(ctx, provider.Trace{Replaced: func(r provider.Replacement) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.all = append(t.all, r.From+" -> "+r.To)
	}})
}

func (t *told) check(tb testing.TB, want ...string) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Equal(t.all, want) {
		tb.Errorf("the trace was told %q, want %q", t.all, want)
	}
}

// fate is what becomes of an utterance on an [ear].
type fate uint8

const (
	heard   fate = iota
	failed       // a result with an error, and the stream lives
	broken       // that, and the stream dies
	cut          // the stream is closed without a word
	silent       // it never answers
	tardy        // it answers ten seconds later
	dies         // the stream dies at the first loud frame
	refused      // the stream dies: its key is not good any more
)

// hit is asked at each operation of a provider: it returns what goes wrong. stall
// means that nothing comes any more; the error is what patience makes of that.
type hit func(op string) (stall bool, err error)

func (h hit) at(op string) (bool, error) {
	if h == nil {
		return false, nil
	}
	return h(op)
}

// ear is a recogniser that hears words coded into frames, and has its fates: one
// for each utterance that ends on it, in order, the last for all that follow.
type ear struct {
	name   string
	fates  []fate
	refuse error // of Open
	dials  bool  // what Open refuses comes as a result
	room   int   // frames that it takes each 20 ms; 0 means any number
	hit    hit   // may strike at "open", "frame" and "final"

	mu      sync.Mutex
	streams []*earStream
	ended   int
}

func (e *ear) String() string { return e.name }

func (e *ear) Open(ctx context.Context, _ asr.Options) (asr.Stream, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != nil && !e.dials {
		return nil, e.refuse
	}
	stall, err := e.hit.at("open")
	if err != nil && !stall {
		return nil, err
	}
	s := &earStream{ear: e, deaf: stall, results: make(chan asr.Result), work: make(chan job, 4096)}
	if e.refuse != nil {
		s.work <- job{fate: dies}
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	e.streams = append(e.streams, s)
	s.running.Go(s.run)
	return s, nil
}

func (e *ear) fate(ending bool) fate {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.fates) == 0 {
		return heard
	}
	f := e.fates[min(e.ended, len(e.fates)-1)]
	if ending {
		e.ended++
	}
	return f
}

// opened is how many streams were opened, and how many are open now.
func (e *ear) opened() (all, now int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.streams {
		if s.ctx.Err() == nil {
			now++
		}
	}
	return len(e.streams), now
}

// set makes Open fail with refuse, or not, and ends the stream that is open.
func (e *ear) set(refuse error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refuse = refuse
	if n := len(e.streams); n > 0 && e.streams[n-1].ctx.Err() == nil {
		e.streams[n-1].work <- job{fate: dies}
	}
}

type job struct {
	text string
	fate fate
}

type earStream struct {
	ear     *ear
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	results chan asr.Result
	work    chan job

	words  []string
	frames int // of the utterance
	taken  int
	since  time.Time
	dead   bool
	deaf   bool // it fell silent
}

func (s *earStream) Write(f *media.Frame) bool {
	if stall, err := s.ear.hit.at("frame"); stall {
		s.deaf = true
	} else if err != nil && !s.dead {
		s.dead = true
		s.work <- job{fate: dies}
	}
	if s.ear.room > 0 {
		if now := time.Now(); now.Sub(s.since) >= media.FrameDuration {
			s.since, s.taken = now, 0
		}
		if s.taken == s.ear.room {
			return false
		}
		s.taken++
	}
	s.frames++
	if text, _, ok := agenttest.Decode(f); ok {
		word := fmt.Sprint("w", text)
		if n := len(s.words); n == 0 || s.words[n-1] != word {
			s.words = append(s.words, word)
		}
		if s.ear.fate(false) == dies && !s.dead {
			s.dead = true
			s.work <- job{fate: dies}
		}
	}
	return true
}

func (s *earStream) Signal(sig asr.Signal) {
	if sig != asr.Ended {
		return
	}
	j := job{strings.Join(s.words, " "), s.ear.fate(true)}
	stall, err := s.ear.hit.at("final")
	switch {
	case stall || s.deaf:
		s.deaf = true
		j.fate = silent
	case err != nil:
		j.fate = failed
	}
	s.words = nil
	s.work <- j
}

func (s *earStream) run() {
	defer close(s.results)
	for {
		select {
		case <-s.ctx.Done():
			return
		case j := <-s.work:
			if !s.decode(j) {
				return
			}
		}
	}
}

func (s *earStream) decode(j job) bool {
	bad := asr.Result{Final: true, Err: down(s.ear.name)}
	switch j.fate {
	case cut:
		return false
	case silent:
		return true
	case failed:
		return s.say(bad)
	case broken, dies:
		s.say(bad)
		return false
	case refused:
		s.say(asr.Result{Final: true, Err: provider.New(s.ear.name, "test", provider.Auth, errors.New("a bad key"))})
		return false
	case tardy:
		time.Sleep(10 * time.Second)
	}
	if j.text != "" && !s.say(asr.Result{Text: j.text[:1]}) {
		return false
	}
	return s.say(asr.Result{Text: j.text, Final: true, Confidence: 0.9})
}

func (s *earStream) say(r asr.Result) bool {
	select {
	case s.results <- r:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *earStream) Results() <-chan asr.Result { return s.results }
func (s *earStream) Close() error               { s.stop(); s.running.Wait(); return nil }

// word is n frames of the word "w<code>".
func word(code, n int) []media.Frame {
	out := make([]media.Frame, n)
	for i := range out {
		agenttest.Code(&out[i], code, 0)
	}
	return out
}
