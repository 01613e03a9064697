package failover

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// What is replayed is 30 s at most, and the memory of what has its words is
// given back.
func TestTheTapeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		a, b := &ear{name: "a", fates: []fate{failed}}, &ear{name: "b"}
		s := dial(t, &tr, ears(a, b))
		s.rest(5 * time.Second)
		inner := s.Stream.(*stream)
		kept := func() int {
			inner.mu.Lock()
			defer inner.mu.Unlock()
			return len(inner.tape.blocks)
		}
		if n := kept(); n > 3 {
			t.Errorf("%d s are kept of silence", n)
		}
		go func() {
			for n := range 60 { // a minute without a breath
				for _, f := range word(n, 50) {
					s.write(&f)
				}
				if n == 0 {
					s.Signal(asr.Began)
				}
			}
			s.Signal(asr.Ended)
		}()
		var got string
		for r := range s.Results() {
			if r.Final {
				got = r.Text
				break
			}
		}
		if heard := strings.Fields(got); len(heard) < 30 || len(heard) > 31 || heard[len(heard)-1] != "w59" {
			t.Errorf("of a minute was heard %q, want its last half", got)
		}
		s.rest(2 * time.Second)
		if n := kept(); n > 3 {
			t.Errorf("%d s are kept of what has its words", n)
		}
		s.Close()
	})
}

// Utterances that nobody answers and nobody reads can't pile up without bound,
// and yet each is answered.
func TestUtterancesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr told
		a := &ear{name: "a"}
		c := dial(t, &tr, ears(a))
		const most = 3 * mostOwed
		for range most {
			c.Signal(asr.Began)
			for range 10 {
				c.Signal(asr.Paused)
				c.Signal(asr.Resumed)
			}
			c.Signal(asr.Ended)
		}
		if got := len(c.finals()); got != most {
			t.Errorf("%d final results for %d utterances", got, most)
		}
		c.Close()
		if n := cap(c.Stream.(*stream).tape.marks); n > 1000 {
			t.Errorf("%d signals are kept", n)
		}
	})
}

func said(codes ...int) asrtest.Speech {
	s := asrtest.Speech{}
	for _, code := range codes {
		s.Frames = append(s.Frames, word(code, 20)...)
		s.Text += fmt.Sprint("w", code, " ")
	}
	return s
}

func TestConformance(t *testing.T) {
	for claim, first := range map[string][]fate{"nothing fails": {heard}, "the first fails always": {failed}, "the first dies": {dies}, "the first is closed": {cut}} {
		t.Run(claim, func(t *testing.T) {
			asrtest.Run(t, func(*testing.T) asr.Recognizer {
				return ears(&ear{name: "a", fates: first}, &ear{name: "b"})
			}, said(1, 2, 3), said(4, 5))
		})
	}
}

// drain takes frames, one for each that is asked for.
type drain struct{ taken chan struct{} }

func (d drain) Open(context.Context, asr.Options) (asr.Stream, error) { return d, nil }
func (d drain) Write(*media.Frame) bool                               { d.taken <- struct{}{}; return true }
func (d drain) Signal(asr.Signal)                                     {}
func (d drain) Results() <-chan asr.Result                            { return nil }
func (d drain) Close() error                                          { return nil }

// A frame's whole way to the recogniser costs no memory.
func TestAFrameAllocatesNothing(t *testing.T) {
	d := drain{make(chan struct{})}
	s, err := (&recogniser{newList(provider.Recogniser, []Candidate[asr.Recognizer]{{Port: d}}), time.Minute}).Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var f media.Frame
	if n := testing.AllocsPerRun(1000, func() { s.Write(&f); <-d.taken }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	s.Signal(asr.Began)
	if n := testing.AllocsPerRun(1000, func() { s.Write(&f); <-d.taken }); n != 0 {
		t.Errorf("%v allocations in speech", n)
	}
	s.Close()
}

func BenchmarkFrame(b *testing.B) {
	d := drain{make(chan struct{})}
	s, err := (&recogniser{newList(provider.Recogniser, []Candidate[asr.Recognizer]{{Port: d}}), time.Minute}).Open(b.Context(), asr.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var f media.Frame
	for b.Loop() {
		s.Write(&f)
		<-d.taken
	}
}

func TestString(t *testing.T) {
	for want, r := range map[string]asr.Recognizer{
		"deepgram nova-2 mu-law 8k":                                Recognizer(Config[asr.Recognizer]{Candidates: []Candidate[asr.Recognizer]{{Port: &ear{name: "deepgram nova-2 mu-law 8k"}}}}),
		"deepgram nova-2 mu-law 8k (then moonshine)":               ears(&ear{name: "deepgram nova-2 mu-law 8k"}, &ear{name: "moonshine"}),
		"deepgram nova-2 mu-law 8k (then whisper, then moonshine)": ears(&ear{name: "deepgram nova-2 mu-law 8k"}, &ear{name: "whisper"}, &ear{name: "moonshine"}),
	} {
		if got := fmt.Sprint(r); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}
