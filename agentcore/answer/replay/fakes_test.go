package replay_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// loud takes every frame that is not quiet for speech.
type loud struct{}

func (loud) Speech(f *media.Frame) float32 {
	if vad.Level(f) > -50 {
		return 0.9
	}
	return 0.1
}
func (loud) Close() error { return nil }

// counter is a recogniser that numbers utterances: "said 1" with so many frames.
type counter struct {
	took   time.Duration
	guess  bool  // it guesses at each pause
	mute   int   // it owes the final word of this utterance for ever
	dies   int   // it closes its stream instead of the word on this utterance
	failed int   // it fails on this one
	open   error // it can't be opened
}

func (c counter) Open(ctx context.Context, _ asr.Options) (asr.Stream, error) {
	if c.open != nil {
		return nil, c.open
	}
	s := &counting{counter: c, results: make(chan asr.Result, 16), orders: make(chan asr.Signal, 64), closed: make(chan struct{})}
	s.work.Go(s.run)
	return s, nil
}

type counting struct {
	counter
	results chan asr.Result
	orders  chan asr.Signal
	closed  chan struct{}
	once    sync.Once
	work    sync.WaitGroup
}

func (s *counting) run() {
	defer close(s.results)
	for n := 1; ; {
		var sig asr.Signal
		select {
		case sig = <-s.orders:
		case <-s.closed:
			return
		}
		text := "said " + strconv.Itoa(n)
		switch {
		case sig == asr.Paused && s.guess:
			s.results <- asr.Result{Text: text + "?", Took: s.took}
		case sig != asr.Ended:
		case n == s.dies:
			return
		case n == s.mute:
			n++
		case n == s.failed:
			s.results <- asr.Result{Final: true, Err: errors.New("it broke")}
			n++
		default:
			s.results <- asr.Result{Text: text, Final: true, Took: s.took}
			n++
		}
	}
}

func (s *counting) Write(*media.Frame) bool    { return true }
func (s *counting) Signal(sig asr.Signal)      { s.orders <- sig }
func (s *counting) Results() <-chan asr.Result { return s.results }
func (s *counting) Close() error {
	s.once.Do(func() { close(s.closed) })
	s.work.Wait()
	return nil
}

// sound is made of pieces, one after the other.
type sound []int16

func (s sound) silence(d time.Duration) sound { return append(s, make([]int16, count(d))...) }

// voice is something loud that is no tone: three sines that do not fit together.
func (s sound) voice(d time.Duration) sound {
	for i := range count(d) {
		t := float64(i) / media.Rate * 2 * math.Pi
		s = append(s, int16(3000*(math.Sin(217*t)+math.Sin(611*t)+math.Sin(1347*t))))
	}
	return s
}

func count(d time.Duration) int { return int(d * media.Rate / time.Second) }
