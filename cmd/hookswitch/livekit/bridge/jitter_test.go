package bridge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// sayings are packets of 20 ms, each of which holds its own number as its only
// sample, 160 times. Number n is heard as heardAs(n).
func code(n int) byte     { return byte(0x80 | n%90) }
func heardAs(n int) int   { return int(g711.DecodeSample(code(n))) }
func saying(n int) []byte { return slices.Repeat([]byte{code(n)}, media.FrameSamples) }

// a moment is 20 ms: what arrives in it, by number.
type moment []int

// play has the packets of each moment arrive, and returns the first sample of what
// is heard after each; 0 for silence.
func play(j *jitter, moments []moment) (heard []int) {
	for _, m := range moments {
		for _, n := range m {
			j.push(uint16(n), uint32(n*media.FrameSamples), saying(n))
		}
		var f media.Frame
		if !j.pull(&f) {
			f[0] = 0
		}
		heard = append(heard, int(f[0]))
	}
	return heard
}

func TestPacketsAreHeardInOrderAndInTime(t *testing.T) {
	h := heardAs
	for _, c := range []struct {
		name    string
		moments []moment
		want    []int
	}{
		{"the first waits until 60 ms are there", []moment{{1}, {2}, {3}, {4}, {5}}, []int{0, 0, h(1), h(2), h(3)}},
		{"two that changed places", []moment{{1}, {3}, {2}, {4}, {5}}, []int{0, 0, h(1), h(2), h(3)}},
		{"the first two changed places", []moment{{2}, {1}, {3}, {4}, {5}}, []int{0, 0, h(1), h(2), h(3)}},
		{"one that comes twice", []moment{{1}, {2, 2}, {3}, {4}, {5}}, []int{0, 0, h(1), h(2), h(3)}},
		{"one that is lost is the one before, fainter", []moment{{1}, {2}, {4}, {5}, {6}, {7}}, []int{0, 0, h(1), h(2), h(2) >> 1, h(4)}},
		{"the last ones fade", []moment{{1}, {2}, {3}, {}, {}, {}, {}, {}}, []int{0, 0, h(1), h(2), h(3), h(3) >> 1, h(3) >> 3, 0}},
		{"a lone one is heard, too", []moment{{1}, {}, {}, {}, {}, {}}, []int{0, 0, h(1), h(1) >> 1, h(1) >> 3, 0}},
		{"a stream that begins anew", []moment{{1}, {2}, {3}, {9000}, {9001}, {9002}}, []int{0, 0, h(1), 0, 0, h(9000)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJitter(ulaw{}, media.Rate)
			if got := play(&j, c.moments); !slices.Equal(got, c.want) {
				t.Errorf("heard %v, want %v", got, c.want)
			}
		})
	}
}

// steady is n moments of one packet each, from number first on.
func steady(first, n int) (m []moment) {
	for i := range n {
		m = append(m, moment{first + i})
	}
	return m
}

func TestSoundThatComesLateIsHeldBackForLonger(t *testing.T) {
	j := newJitter(ulaw{}, media.Rate)
	play(&j, steady(1, 20))
	play(&j, []moment{{}, {}, {}, {}, {}, {}})
	play(&j, append([]moment{{21, 22, 23, 24, 25, 26}}, steady(27, 20)...))
	if j.target != leastHeld+media.FrameSamples {
		t.Errorf("target = %d samples, want one frame more than %d", j.target, leastHeld)
	}
	play(&j, steady(47, calmTime/media.FrameSamples))
	if j.target != leastHeld {
		t.Errorf("target = %d samples after ten calm seconds, want %d", j.target, leastHeld)
	}
}

func TestAPauseOfTheSpeakerIsNotTheNetworks(t *testing.T) {
	j := newJitter(ulaw{}, media.Rate)
	play(&j, append(steady(1, 20), slices.Repeat([]moment{{}}, 20)...))
	for n := range 10 {
		j.push(uint16(21+n), uint32((41+n)*media.FrameSamples), saying(1))
		var f media.Frame
		j.pull(&f)
	}
	if j.target != leastHeld {
		t.Errorf("target = %d samples, want %d: the timestamps say that nothing was said", j.target, leastHeld)
	}
}

func TestABurstIsCutDownToTheTarget(t *testing.T) {
	j := newJitter(ulaw{}, media.Rate)
	for n := range 40 {
		j.push(uint16(n), uint32(n*media.FrameSamples), saying(n))
	}
	if j.held > tooMuch {
		t.Errorf("%d samples are held, want at most %d", j.held, tooMuch)
	}
	var f media.Frame
	if !j.pull(&f) || int(f[0]) == heardAs(0) {
		t.Errorf("the oldest of a burst is still heard")
	}
}

// A sender whose clock is 2% fast says 51 frames in the time of 50; every other
// second it is quiet.
func TestAFastClockDoesNotPileUpSound(t *testing.T) {
	j := newJitter(ulaw{}, media.Rate)
	n, most := 0, 0
	for i := range 3000 {
		for range 1 + b2i(i%50 == 49) {
			data := saying(5)
			if n/50%2 == 1 {
				data = slices.Repeat([]byte{0xff}, media.FrameSamples)
			}
			j.push(uint16(n), uint32(n*media.FrameSamples), data)
			n++
		}
		var f media.Frame
		j.pull(&f)
		most = max(most, j.held)
	}
	if most > leastHeld+slack+3*media.FrameSamples {
		t.Errorf("%d samples piled up, want about %d", most, leastHeld+slack)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLateAndWildNumbersNeitherPanicNorStall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	j := newJitter(ulaw{}, media.Rate)
	for range 200_000 {
		j.push(uint16(r.Uint32()>>r.IntN(17)), r.Uint32(), saying(1)[:r.IntN(media.FrameSamples+1)])
		var f media.Frame
		j.pull(&f)
		if j.held < 0 || j.held > tooMuch || j.count < 0 || j.count > slots || j.filled < 0 {
			t.Fatalf("held %d, count %d, filled %d", j.held, j.count, j.filled)
		}
	}
}

func FuzzJitter(f *testing.F) {
	f.Add([]byte{1, 0, 2, 0, 3, 0}, byte(160))
	f.Fuzz(func(t *testing.T, numbers []byte, size byte) {
		d, err := newOpus()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []struct {
			decoder
			clock int
		}{{ulaw{}, 8000}, {d, 48000}} {
			j := newJitter(o, o.clock)
			for i := 0; i+2 < len(numbers); i += 2 {
				seq := uint16(numbers[i])<<8 | uint16(numbers[i+1])
				j.push(seq, uint32(seq)*960, numbers[i:min(len(numbers), i+int(size))])
				var frame media.Frame
				j.pull(&frame)
				if j.held < 0 || j.count < 0 || j.count > slots {
					t.Fatalf("held %d, count %d", j.held, j.count)
				}
			}
		}
	})
}

func TestSoundPassesWithoutAllocation(t *testing.T) {
	var v voices
	o := v.add(ulaw{}, media.Rate)
	m, data, n := newMouth("caller"), saying(3), 0
	var f media.Frame
	if got := testing.AllocsPerRun(1000, func() {
		m.send(&f)
		<-m.queue
		o.jit.push(uint16(n), uint32(n*media.FrameSamples), data)
		n++
		v.mix(&f)
	}); got != 0 {
		t.Errorf("a frame each way allocates %v times", got)
	}
}

func TestVoicesAreAddedUpAndClipped(t *testing.T) {
	var v voices
	for range 2 {
		o := v.add(ulaw{}, media.Rate)
		for n := range 3 {
			o.jit.push(uint16(n), uint32(n*media.FrameSamples), slices.Repeat([]byte{0x80}, media.FrameSamples)) // 32124
		}
	}
	var f media.Frame
	for range 3 {
		v.mix(&f)
	}
	if f[0] != 32767 {
		t.Errorf("two voices at full level make %d, want 32767", f[0])
	}
}

func TestNoMoreVoicesAreHeardThanAllowed(t *testing.T) {
	var v voices
	first := v.add(ulaw{}, media.Rate)
	for range maxVoices - 1 {
		v.add(ulaw{}, media.Rate)
	}
	if v.add(ulaw{}, media.Rate) != nil {
		t.Error("there is one voice too many")
	}
	v.remove(first)
	if v.add(ulaw{}, media.Rate) == nil {
		t.Error("the place of one who left is not free")
	}
}

func BenchmarkSend(b *testing.B) {
	m := newMouth("caller")
	var f media.Frame
	b.ReportAllocs()
	for b.Loop() {
		m.send(&f)
		<-m.queue
	}
}
