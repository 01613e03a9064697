package live

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// basin keeps what is poured.
type basin struct {
	pcm   []int16
	words []tts.Word
	full  error
}

func (b *basin) Frame(f *media.Frame) error {
	b.pcm = append(b.pcm, f[:]...)
	return b.full
}
func (b *basin) Words(w ...tts.Word) { b.words = append(b.words, w...) }

func pourAll(t testing.TB, f Format, pieces ...[]byte) *basin {
	t.Helper()
	b := &basin{}
	p, err := NewPour(f, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range pieces {
		if err := p.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Finish(); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMulawComesThroughAsItIs(t *testing.T) {
	all := make([]byte, 256+3)
	for i := range all {
		all[i] = byte(i)
	}
	b := pourAll(t, Mulaw8k, all[:7], all[7:200], all[200:])
	if len(b.pcm) != 2*media.FrameSamples {
		t.Fatalf("%d samples, want two frames", len(b.pcm))
	}
	for i, code := range all {
		if b.pcm[i] != g711.DecodeSample(code) {
			t.Fatalf("sample %d = %d, want %d", i, b.pcm[i], g711.DecodeSample(code))
		}
	}
	if slices.ContainsFunc(b.pcm[len(all):], func(s int16) bool { return s != 0 }) {
		t.Error("the last frame is not filled up with silence")
	}
}

func TestAFrameGoesOutAsSoonAsItIsThere(t *testing.T) {
	b := &basin{}
	p, err := NewPour(Mulaw8k, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 161 {
		if err := p.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
		if want := i / 159 * media.FrameSamples; len(b.pcm) != want {
			t.Fatalf("after %d samples %d went out, want %d", i+1, len(b.pcm), want)
		}
	}
	if p.heard() != 161*time.Second/8000 {
		t.Errorf("heard() = %v", p.heard())
	}
}

// tone is d of a 500 Hz tone.
func tone(rate int, d time.Duration) (raw []byte) {
	for i := range int(d * time.Duration(rate) / time.Second) {
		s := int16(8000 * math.Sin(2*math.Pi*500*float64(i)/float64(rate)))
		raw = append(raw, byte(s), byte(s>>8))
	}
	return raw
}

func TestEveryRateComesOutAtTheLinesOwn(t *testing.T) {
	for _, rate := range []int{8000, 16000, 22050, 24000, 44100, 48000} {
		raw := tone(rate, 300*time.Millisecond)
		whole := pourAll(t, Format{Rate: rate}, raw)
		var crumbs [][]byte
		for part := range slices.Chunk(raw, 7) {
			crumbs = append(crumbs, part)
		}
		if cut := pourAll(t, Format{Rate: rate}, crumbs...); !slices.Equal(cut.pcm, whole.pcm) {
			t.Errorf("%d Hz: the sound depends on how it is cut", rate)
		}
		if n := len(whole.pcm); n < 2400 || n > 2400+2*media.FrameSamples {
			t.Errorf("%d Hz: 300 ms became %d samples", rate, n)
		}
		worst := 0.
		for i, s := range whole.pcm[200:2200] { // past the filters' edges
			want := 8000 * math.Sin(2*math.Pi*500*float64(i+200)/8000)
			worst = max(worst, math.Abs(float64(s)-want))
		}
		if worst > 1650 { // half a sample of delay; a whole one would be 3100
			t.Errorf("%d Hz: the tone is off by %.0f", rate, worst)
		}
	}
}

func TestHalfASampleAtTheEndIsDropped(t *testing.T) {
	b := pourAll(t, Format{Rate: 8000}, append(tone(8000, 20*time.Millisecond), 0x7f))
	if len(b.pcm) != media.FrameSamples {
		t.Errorf("%d samples, want one frame", len(b.pcm))
	}
}

func TestNothingWrittenIsNoFrame(t *testing.T) {
	for _, f := range []Format{Mulaw8k, {Rate: 24000}} {
		if b := pourAll(t, f); len(b.pcm) != 0 {
			t.Errorf("%v: %d samples of nothing", f, len(b.pcm))
		}
	}
}

func TestWordsOutOfOrderAreDropped(t *testing.T) {
	b := &basin{}
	p, err := NewPour(Mulaw8k, b)
	if err != nil {
		t.Fatal(err)
	}
	p.Words(tts.Word{Upto: 3, End: 5}, tts.Word{Upto: 3, End: 6}, tts.Word{Upto: 6, End: 4}, tts.Word{Upto: 9, End: 8})
	p.Words(tts.Word{Upto: 2, End: 9}, tts.Word{Upto: 12, End: 8})
	if want := []tts.Word{{Upto: 3, End: 5}, {Upto: 9, End: 8}, {Upto: 12, End: 8}}; !slices.Equal(b.words, want) {
		t.Errorf("words = %v, want %v", b.words, want)
	}
}

func TestTheSinksErrorStops(t *testing.T) {
	full := errors.New("full")
	p, err := NewPour(Mulaw8k, &basin{full: full})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(make([]byte, 1000)); !errors.Is(err, full) {
		t.Errorf("Write = %v, want the sink's", err)
	}
}

func TestUnknownFormatsAreRefused(t *testing.T) {
	for _, f := range []Format{{}, {Rate: 11025}, {Mulaw: true, Rate: 16000}, {Rate: -8000}} {
		if _, err := NewPour(f, &basin{}); err == nil {
			t.Errorf("NewPour(%v) = nil", f)
		}
	}
}

func FuzzPour(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5}, 2, true)
	f.Add(tone(24000, 30*time.Millisecond), 333, false)
	f.Fuzz(func(t *testing.T, raw []byte, cut int, mulaw bool) {
		form := Format{Rate: 24000}
		if mulaw {
			form = Mulaw8k
		}
		cut = min(max(cut, 0), len(raw))
		whole, halves := pourAll(t, form, raw), pourAll(t, form, raw[:cut], raw[cut:])
		if !slices.Equal(whole.pcm, halves.pcm) || len(whole.pcm)%media.FrameSamples != 0 {
			t.Errorf("%d samples whole, %d in halves", len(whole.pcm), len(halves.pcm))
		}
	})
}
