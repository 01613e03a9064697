package live

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Whatever waits for however long, each frame comes out once, in order, and
// memory is kept for a moment only.
func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	b := newBacklog()
	dst := make([]media.Frame, 7)
	in, out := 0, 0
	for range 20_000 {
		for range dice.IntN(1 + dice.IntN(60)) {
			f := media.Frame{int16(in)}
			if kept := b.write(&f); kept != (in-out < int(keep/media.FrameDuration)) {
				t.Fatalf("frame %d kept: %v, with %d waiting", in, kept, in-out)
			} else if kept {
				in++
			}
		}
		for range dice.IntN(1 + dice.IntN(20)) {
			n, _, _ := b.next(dst[:1+dice.IntN(len(dst))])
			for i := range n {
				if dst[i][0] != int16(out) {
					t.Fatalf("frame %d is %d", out, dst[i][0])
				}
				out++
			}
		}
		if need := (in-out)/perSecond + 2; len(b.seconds) > need || len(b.spare) > atFirst {
			t.Fatalf("%d and %d seconds of memory for %d frames", len(b.seconds), len(b.spare), in-out)
		}
	}
	if out < 10_000 {
		t.Fatalf("only %d frames came out", out)
	}
}

// While a dial takes as long as it usually may, nothing is allocated.
func TestWhatIsSaidWhileItDialsAllocatesNothing(t *testing.T) {
	b := newBacklog()
	var f media.Frame
	if n := testing.AllocsPerRun(int(3*time.Second/media.FrameDuration), func() { b.write(&f) }); n != 0 {
		t.Errorf("%v allocations for a frame", n)
	}
	b.free()
	if len(b.seconds)+len(b.spare) != 0 {
		t.Error("it kept memory")
	}
}
