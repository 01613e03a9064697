package asrtest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter hears each 100 ms of loud sound as the word "la", lag after it ended.
type counter struct{ lag time.Duration }

func (c counter) Open(ctx context.Context, _ asr.Options) (asr.Stream, error) {
	s := &counting{lag: c.lag, results: make(chan asr.Result), ended: make(chan struct{}), wake: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	go s.run()
	return s, nil
}

type counting struct {
	lag     time.Duration
	results chan asr.Result
	ctx     context.Context
	cancel  context.CancelFunc
	ended   chan struct{}
	wake    chan struct{}

	mu   sync.Mutex
	loud int   // frames
	owed []int // of each utterance that ended
}

func (s *counting) Write(f *media.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f[0] != 0 {
		s.loud++
	}
	return s.ctx.Err() == nil
}

func (s *counting) Signal(sig asr.Signal) {
	if sig != asr.Ended {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owed = append(s.owed, s.loud/5)
	s.loud = 0
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *counting) run() {
	defer close(s.ended)
	defer close(s.results)
	for {
		s.mu.Lock()
		owed := s.owed
		s.owed = nil
		s.mu.Unlock()
		for _, n := range owed {
			time.Sleep(s.lag)
			select {
			case s.results <- asr.Result{Text: words(n), Final: true, Took: s.lag}:
			case <-s.ctx.Done():
				return
			}
		}
		select {
		case <-s.wake:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *counting) Results() <-chan asr.Result { return s.results }
func (s *counting) Close() error               { s.cancel(); <-s.ended; return nil }

func words(n int) string { return strings.TrimSpace(strings.Repeat("la ", n)) }

func sing(n int) Speech {
	s := Speech{Text: words(n), Frames: make([]media.Frame, 5*n)}
	for i := range s.Frames {
		s.Frames[i][0] = 1000
	}
	return s
}

func TestAWorkingFakePasses(t *testing.T) {
	Run(t, func(*testing.T) asr.Recognizer { return counter{time.Millisecond} }, sing(3), sing(5))
}

func TestTheFakeKeepsVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Open(t, counter{3 * time.Second}, asr.Options{})
		c.Say(sing(4))
		began := time.Now()
		c.Signal(asr.Ended)
		check(t, c.Final(), sing(4))
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("took %v, want 3 s", d)
		}
	})
}
