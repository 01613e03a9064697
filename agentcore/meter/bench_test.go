package meter

import (
	"context"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// deaf takes everything and hears nothing.
type deaf struct{ results chan asr.Result }

func (d deaf) Open(context.Context, asr.Options) (asr.Stream, error) { return d, nil }
func (deaf) Write(*media.Frame) bool                                 { return true }
func (deaf) Signal(asr.Signal)                                       {}
func (d deaf) Results() <-chan asr.Result                            { return d.results }
func (d deaf) Close() error                                          { close(d.results); return nil }

func measured(t testing.TB) asr.Stream {
	t.Helper()
	s, err := Recognizer(deaf{make(chan asr.Result)}, "deaf", &notes{}).Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAFrameAllocatesNothing(t *testing.T) {
	s := measured(t)
	var f media.Frame
	if n := testing.AllocsPerRun(1000, func() { s.Write(&f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFrame(b *testing.B) {
	s := measured(b)
	var f media.Frame
	b.ReportAllocs()
	for b.Loop() {
		s.Write(&f)
	}
}
