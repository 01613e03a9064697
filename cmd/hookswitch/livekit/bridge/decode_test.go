package bridge

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/hookswitch/hookswitch/media"
)

// packetsOf reads testdata: libopus 1.3.1 made them of half a second of 1 kHz at a
// peak of 8000, 0.3 s of silence, and the tone again. Each has its length before
// it, in two bytes.
func packetsOf(t testing.TB, file string) (packets [][]byte) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 2 {
		n := int(binary.LittleEndian.Uint16(data))
		packets, data = append(packets, data[2:2+n]), data[2+n:]
	}
	return packets
}

func opusFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.packets")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	return files
}

func decodeAll(t testing.TB, packets [][]byte) (sound []int16) {
	t.Helper()
	d, err := newOpus()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, maxSound)
	for i, p := range packets {
		n, err := d.decode(out, p)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if n != d.length(p) {
			t.Fatalf("packet %d holds %d samples, by its look %d", i, n, d.length(p))
		}
		sound = append(sound, out[:n]...)
	}
	return sound
}

func TestEveryModeOfOpusIsHeardAtItsLevel(t *testing.T) {
	for _, file := range opusFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sound := decodeAll(t, packetsOf(t, file))
			const ms = media.Rate / 1000
			for _, part := range []struct {
				name      string
				from, to  int // ms
				low, high float64
			}{
				{"the first tone", 150, 450, 6400, 8400},
				{"silence", 650, 780, 0, 100},
				{"the second tone", 1000, 1250, 6400, 8400},
			} {
				if l := peak(sound[part.from*ms:part.to*ms], 1000); l < part.low || l > part.high {
					t.Errorf("%s has a peak of %.0f, want %.0f to %.0f", part.name, l, part.low, part.high)
				}
			}
		})
	}
}

// peak is that of the sine of hz in s.
func peak(s []int16, hz float64) float64 {
	var re, im float64
	for i, x := range s {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / media.Rate)
		re, im = re+float64(x)*cos, im+float64(x)*sin
	}
	return 2 * math.Hypot(re, im) / float64(len(s))
}

func TestOneOpusPacketInTenIsMissed(t *testing.T) {
	for _, file := range opusFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d, err := newOpus()
			if err != nil {
				t.Fatal(err)
			}
			j, sound := newJitter(d, 48000), []int16(nil)
			var due, have int // ms
			for i, p := range packetsOf(t, file) {
				if i%10 != 9 {
					j.push(uint16(i), uint32(have*48), p)
				}
				for have += d.length(p) * 1000 / media.Rate; due+20 <= have; due += 20 {
					var f media.Frame
					j.pull(&f)
					sound = append(sound, f[:]...)
				}
			}
			const ms = media.Rate / 1000
			if l := peak(sound[200*ms:500*ms], 1000); l < 4500 {
				t.Errorf("the tone has a peak of %.0f, want 4500 or more", l)
			}
		})
	}
}

func TestWhatIsNoOpusIsNoSound(t *testing.T) {
	d, err := newOpus()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, maxSound)
	for _, p := range [][]byte{nil, {0xff}, {0xff, 0x3f}, {0x03}, {0xff, 0xff, 0xff, 0xff}} {
		if n, err := d.decode(out, p); err == nil && n > maxSound {
			t.Errorf("decode(%x) = %d", p, n)
		}
	}
	if n := decodeAll(t, packetsOf(t, "testdata/hybrid-24k.packets")); len(n) == 0 {
		t.Error("nothing is heard after that")
	}
}

func FuzzOpus(f *testing.F) {
	for _, file := range opusFiles(f) {
		packets := packetsOf(f, file)
		f.Add(packets[0], packets[len(packets)/2])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d, err := newOpus()
		if err != nil {
			t.Fatal(err)
		}
		out := make([]int16, maxSound)
		for _, p := range [][]byte{first, second, first} {
			if n, err := d.decode(out, p); err == nil && (n < 0 || n > maxSound) {
				t.Fatalf("decode() = %d", n)
			}
		}
	})
}

func BenchmarkOpus(b *testing.B) {
	for _, file := range opusFiles(b) {
		b.Run(filepath.Base(file), func(b *testing.B) {
			d, err := newOpus()
			if err != nil {
				b.Fatal(err)
			}
			packets, out, i := packetsOf(b, file), make([]int16, maxSound), 0
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.decode(out, packets[i%len(packets)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
