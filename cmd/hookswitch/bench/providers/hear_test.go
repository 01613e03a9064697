package providers_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/deepgram"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/failover"
	"github.com/hookswitch/hookswitch/agentcore/meter"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// unread is a meter that nobody reads.
type unread struct{}

func (unread) Asked(stage, provider string)                  {}
func (unread) Failed(stage, provider, class string)          {}
func (unread) First(stage, provider string, d time.Duration) {}
func (unread) Took(stage, provider string, d time.Duration)  {}
func (unread) Used(stage, provider, unit string, n float64)  {}

// nobody hears nothing, for nothing.
type nobody struct{ results chan asr.Result }

func (nobody) Write(*media.Frame) bool      { return true }
func (nobody) Signal(asr.Signal)            {}
func (n nobody) Results() <-chan asr.Result { return n.results }
func (nobody) Close() error                 { return nil }

func recogniser(t testing.TB, base string, f live.Format) *deepgram.Recognizer {
	r, err := deepgram.New(deepgram.Config{BaseURL: base, Key: "k", Format: f})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stream(t testing.TB, r asr.Recognizer) asr.Stream {
	s, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// whole is a recogniser as a call has it: metered, with another to go on.
func whole(r, other asr.Recognizer) asr.Recognizer {
	return failover.Recognizer(failover.Config[asr.Recognizer]{Candidates: []failover.Candidate[asr.Recognizer]{
		{Port: meter.Recognizer(r, deepgram.Name, unread{}), Breaker: (&failover.Breakers{}).For(failover.Key{Stage: provider.Recogniser, Provider: deepgram.Name})},
		{Port: other},
	}})
}

// listeners are what may hear a call, from nobody to what production has.
func listeners(b *testing.B, base string) (names []string, open map[string]func() asr.Stream) {
	alone := recogniser(b, base, live.Mulaw)
	open = map[string]func() asr.Stream{
		"nobody":          func() asr.Stream { return nobody{make(chan asr.Result)} },
		"deepgram":        func() asr.Stream { return stream(b, alone) },
		"metered":         func() asr.Stream { return stream(b, meter.Recognizer(alone, deepgram.Name, unread{})) },
		"whole/ulaw_8000": func() asr.Stream { return stream(b, whole(alone, alone)) },
	}
	names = []string{"nobody", "deepgram", "metered", "whole/ulaw_8000"}
	for _, f := range []live.Format{live.PCM16k, "pcm_44100"} {
		name, r := "whole/"+string(f), recogniser(b, base, f)
		names = append(names, name)
		open[name] = func() asr.Stream { return stream(b, whole(r, r)) }
	}
	if models.CanRun {
		m, err := moonshine.New(moonshine.Config{Workers: 1, Runtime: modelstest.Runtime(b)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { m.Close() })
		names = append(names, "moonshine")
		open["moonshine"] = func() asr.Stream { return stream(b, m) }
	}
	return names, open
}

// BenchmarkHearWrite is what a frame costs the call's own goroutine, which the
// line waits for. Nothing waits for the network: every second of sound it is let
// through, outside of the clock.
func BenchmarkHearWrite(b *testing.B) {
	base, got := awayProvider(b)
	names, open := listeners(b, base)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			s := open[name]()
			defer s.Close()
			f := noise
			n := 0
			hushed(got)
			b.ReportAllocs()
			for b.Loop() {
				if !s.Write(&f) {
					b.Fatal("a frame was dropped")
				}
				if n++; n%50 == 0 {
					b.StopTimer()
					hushed(got)
					b.StartTimer()
				}
			}
		})
	}
}

// hushed waits until nothing more comes to the provider.
func hushed(got func() int64) {
	for before := int64(-1); ; {
		time.Sleep(2 * time.Millisecond)
		now := got()
		if now == before {
			return
		}
		before = now
	}
}
