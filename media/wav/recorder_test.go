package wav_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// recorder is what agentcore asks of a call's recorder.
type recorder interface {
	Record(caller, agent *media.Frame)
}

var _ recorder = (*wav.Recorder)(nil)

func TestCallerIsLeftAgentIsRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	r, err := wav.CreateRecorder(path, wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 60 // two blocks and a bit
	for i := range n {
		r.Record(filled(i), filled(i+50))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := wav.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if a.Format != (wav.Format{Encoding: wav.MuLaw, Rate: 8000, Channels: 2}) {
		t.Errorf("format %+v", a.Format)
	}
	expect(t, a, 0, n, func(i int) *media.Frame { return filled(i) })
	expect(t, a, 1, n, func(i int) *media.Frame { return filled(i + 50) })
	if r.Dropped() != 0 {
		t.Errorf("%d frames were dropped", r.Dropped())
	}
}

func expect(t *testing.T, a wav.Audio, channel, n int, want func(i int) *media.Frame) {
	t.Helper()
	frames, err := a.Frames(channel)
	if err != nil || len(frames) != n {
		t.Fatalf("channel %d: %d frames, error %v; want %d", channel, len(frames), err, n)
	}
	for i, f := range frames {
		if f != *want(i) {
			t.Fatalf("channel %d: frame %d begins with %v, want %v", channel, i, f[:3], want(i)[:3])
		}
	}
}

func TestMissingSideIsSilence(t *testing.T) {
	var d disk
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r.Record(filled(1), nil)
	r.Record(nil, filled(2))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := wav.Parse(d.bytes)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, a, 0, 2, func(i int) *media.Frame { return [...]*media.Frame{filled(1), {}}[i] })
	expect(t, a, 1, 2, func(i int) *media.Frame { return [...]*media.Frame{{}, filled(2)}[i] })
}

// stuck is a disk that hangs in every Write while it is held.
type stuck struct {
	disk
	held sync.Mutex
}

func (s *stuck) Write(b []byte) (int, error) {
	s.held.Lock()
	defer s.held.Unlock()
	return s.disk.Write(b)
}

// TestDiskThatHangsCostsSoundButNoTime: what is lost is silence of its true
// length, counted.
func TestDiskThatHangsCostsSoundButNoTime(t *testing.T) {
	var d stuck
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{Buffer: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	const kept, lost, after = 75, 25, 30 // a second, and the block being filled
	d.held.Lock()
	for i := range kept + lost {
		r.Record(filled(i), filled(i))
	}
	if got := r.Dropped(); got != lost {
		t.Errorf("%d frames were dropped, want %d", got, lost)
	}
	d.held.Unlock()
	waitFor(func() bool { // a block to be free again
		before := r.Dropped()
		r.Record(filled(0), filled(0))
		return r.Dropped() == before
	})
	waited := r.Dropped() - lost
	for i := range after {
		r.Record(filled(i), filled(i))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := wav.Parse(d.bytes)
	if err != nil {
		t.Fatal(err)
	}
	first := kept + lost + waited + 1
	expect(t, a, 0, first+after, func(i int) *media.Frame {
		switch {
		case i < kept:
			return filled(i)
		case i < first-1:
			return new(media.Frame)
		case i == first-1:
			return filled(0)
		}
		return filled(i - first)
	})
}

func waitFor(ok func() bool) {
	for !ok() {
		time.Sleep(time.Millisecond)
	}
}

func TestSoundLostAtTheEndIsSilenceToo(t *testing.T) {
	var d stuck
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{Buffer: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	d.held.Lock()
	for i := range 90 {
		r.Record(filled(i), filled(i))
	}
	d.held.Unlock()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := wav.Parse(d.bytes)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, a, 1, 90, func(i int) *media.Frame {
		if i < 75 {
			return filled(i)
		}
		return new(media.Frame)
	})
}

func TestRecordingOfAProcessThatDiedCanBePlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d disk
		r, err := wav.NewRecorder(&d, wav.RecorderConfig{Sync: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			r.Record(filled(i), filled(i))
			time.Sleep(media.FrameDuration)
		}
		synctest.Wait()
		a, err := wav.Parse(append([]byte(nil), d.bytes...)) // as it is on disk now
		if err != nil {
			t.Fatal(err)
		}
		expect(t, a, 0, 100, func(i int) *media.Frame { return filled(i) })
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFullDiskIsToldAtTheEnd(t *testing.T) {
	r, err := wav.NewRecorder(&disk{full: 20_000}, wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		r.Record(filled(i), filled(i))
	}
	for range 2 {
		if err := r.Close(); !errors.Is(err, errFull) {
			t.Errorf("Close() = %v, want %v", err, errFull)
		}
	}
}

func TestClosingFromManySidesAndRecordingOn(t *testing.T) {
	var d disk
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r.Record(filled(1), filled(1))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := r.Close(); err != nil {
				t.Errorf("Close() = %v", err)
			}
		})
	}
	wg.Wait()
	r.Record(filled(2), filled(2))
	if got := r.Dropped(); got != 1 {
		t.Errorf("Dropped() = %d after one frame too late, want 1", got)
	}
	a, err := wav.Parse(d.bytes)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, a, 0, 1, func(int) *media.Frame { return filled(1) })
}

func TestRecordingIsNotWrittenOverAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wav.CreateRecorder(path, wav.RecorderConfig{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("CreateRecorder over a file = %v, want ErrExist", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file is now %q", b)
	}
}

func TestFramesAreRecordedWithoutAllocation(t *testing.T) {
	r, err := wav.NewRecorder(new(nowhere), wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	f := filled(1)
	for range 500 {
		r.Record(f, f)
	}
	if n := testing.AllocsPerRun(500, func() { r.Record(f, f) }); n != 0 {
		t.Errorf("a frame costs %v allocations, want 0", n)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// nowhere is an infinitely large disk.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error)             { return len(b), nil }
func (nowhere) Seek(offset int64, _ int) (int64, error) { return offset, nil }

// BenchmarkRecord includes the other goroutine's part.
func BenchmarkRecord(b *testing.B) {
	r, err := wav.NewRecorder(new(nowhere), wav.RecorderConfig{Sync: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	f := filled(1)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r.Record(f, f)
		if n++; n%25 == 0 {
			runtime.Gosched() // a real call comes once in 20 ms
		}
	}
	b.ReportMetric(float64(r.Dropped())/float64(n), "dropped/op")
	if err := r.Close(); err != nil && !errors.Is(err, wav.ErrFull) {
		b.Fatal(err)
	}
}
