package wav_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
)

// swing is a frame whose halves swing to a and to b.
func swing(a, b int16) *media.Frame {
	var f media.Frame
	for i := range f {
		s := a
		if i >= wav.PeakSamples {
			s = b
		}
		if i%2 == 1 {
			s = -s
		}
		f[i] = s
	}
	return &f
}

func near(p wav.Peak, loud int16) bool {
	most := int(loud >> 8)
	return int(p.Max) >= most-4 && int(p.Max) <= most+4 && int(p.Min) <= -most+4 && int(p.Min) >= -most-5
}

func TestPeaksTellHowARecordingLooks(t *testing.T) {
	var d disk
	var out bytes.Buffer
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{Peaks: &out})
	if err != nil {
		t.Fatal(err)
	}
	const n = 60 // two blocks and a bit
	for range n {
		r.Record(swing(30_000, 8_000), swing(2_000, 16_000))
	}
	r.Record(nil, nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := wav.ReadPeaks(&out)
	if err != nil || len(p[0]) != 2*(n+1) || len(p[1]) != 2*(n+1) {
		t.Fatalf("ReadPeaks() = %d and %d peaks, %v, want %d", len(p[0]), len(p[1]), err, 2*(n+1))
	}
	for i := range 2 * n {
		caller, agent := int16(30_000), int16(2_000)
		if i%2 == 1 {
			caller, agent = 8_000, 16_000
		}
		if !near(p[0][i], caller) || !near(p[1][i], agent) {
			t.Fatalf("peak %d is %v and %v, want about %d and %d", i, p[0][i], p[1][i], caller>>8, agent>>8)
		}
	}
	if last := p[0][2*n]; !near(last, 0) {
		t.Errorf("silence has the peak %v", last)
	}
}

func TestPeaksStandWhereTheSoundIsThoughSomeWasLost(t *testing.T) {
	var d stuck
	var out bytes.Buffer
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{Buffer: time.Second, Peaks: &out})
	if err != nil {
		t.Fatal(err)
	}
	d.held.Lock()
	for range 100 {
		r.Record(swing(9_000, 9_000), nil)
	}
	d.held.Unlock()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := wav.ReadPeaks(&out)
	a, wrong := wav.Parse(d.bytes)
	if err != nil || wrong != nil || len(p[0])*wav.PeakSamples != len(a.Channel(0)) {
		t.Errorf("%d peaks for %d samples, %v, %v", len(p[0]), len(a.Channel(0)), err, wrong)
	}
}

func TestPeaksThatCannotBeWrittenCostNoSound(t *testing.T) {
	var d disk
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{Peaks: &full{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		r.Record(filled(1), filled(2))
	}
	if err := r.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close() = %v, want %v", err, errFull)
	}
	if a, err := wav.Parse(d.bytes); err != nil || a.Duration() != 60*media.FrameDuration {
		t.Errorf("the recording lasts %v, %v", a.Duration(), err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestFramesAreRecordedWithPeaksWithoutAllocation(t *testing.T) {
	r, err := wav.NewRecorder(new(nowhere), wav.RecorderConfig{Peaks: nowhere{}})
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

func TestOddFilesOfPeaks(t *testing.T) {
	head := []byte("HSPK\x01\x02\x00\x50")
	for name, tt := range map[string]struct {
		file []byte
		want int
		err  error
	}{
		"empty":        {nil, 0, wav.ErrPeaks},
		"cut head":     {head[:5], 0, wav.ErrPeaks},
		"another kind": {[]byte("RIFF1234WAVE"), 0, wav.ErrPeaks},
		"later build":  {[]byte("HSPK\x02\x02\x00\x50"), 0, wav.ErrPeaks},
		"none":         {head, 0, nil},
		"cut peak":     {append(head[:8:8], 1, 2, 3, 4, 5, 6), 1, nil},
	} {
		p, err := wav.ReadPeaks(bytes.NewReader(tt.file))
		if len(p[0]) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d peaks, %v, want %d, %v", name, len(p[0]), err, tt.want, tt.err)
		}
	}
}

func TestWidePeaksHoldTheNarrowOnes(t *testing.T) {
	got := wav.Widen([]wav.Peak{{-1, 2}, {-3, 1}, {0, 0}, {-9, 9}, {5, 6}}, 2)
	want := []wav.Peak{{-3, 2}, {-9, 9}, {5, 6}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("Widen() = %v, want %v", got, want)
	}
}

func TestRecordingThatWasCutIsRepaired(t *testing.T) {
	var d disk
	r, err := wav.NewRecorder(&d, wav.RecorderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		r.Record(filled(i), filled(i))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(d.bytes)
	for name, size := range map[string]uint32{"never told": 0xFFFFFFFF, "told too early": 160} {
		f := readable{disk{bytes: bytes.Clone(whole)}}
		for _, at := range []int{4, 46, 54} {
			copy(f.bytes[at:], []byte{byte(size), byte(size >> 8), byte(size >> 16), byte(size >> 24)})
		}
		n, err := wav.RepairCall(&f, int64(len(f.bytes)))
		if want := wav.CallBytes(time.Second); err != nil || n != want || !bytes.Equal(f.bytes, whole) {
			t.Errorf("%s: RepairCall() = %d, %v, want %d and the file as it was when whole", name, n, err, want)
		}
	}
	other := readable{disk{bytes: []byte("RIFF????WAVEfmt and so on, nothing of ours, but long enough for a header")}}
	before := bytes.Clone(other.bytes)
	if _, err := wav.RepairCall(&other, int64(len(other.bytes))); !errors.Is(err, wav.ErrFormat) || !bytes.Equal(other.bytes, before) {
		t.Errorf("RepairCall(another's file) = %v, and the file is changed: %v", err, !bytes.Equal(other.bytes, before))
	}
}

// readable is a disk that can be read, too.
type readable struct{ disk }

func (r *readable) Read(b []byte) (int, error) {
	n := copy(b, r.bytes[r.at:])
	r.at += n
	return n, nil
}
