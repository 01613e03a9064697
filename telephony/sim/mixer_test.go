package sim

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestLegThatFallsBehindHearsWhatIsRecent(t *testing.T) {
	for _, tc := range []struct {
		said media.Frame
		want int // frames that wait
	}{{handset.Loud(20 * ms)[0], maxMixer}, {media.Frame{}, mixerSlack}} {
		var m mixer
		a, b := m.sit(false), m.sit(false)
		var hear media.Frame
		for i := range 200 {
			a.tick(time.Duration(i)*media.FrameDuration, &tc.said, 0, &hear)
		}
		if got := len(*b.from[a]); got != tc.want {
			t.Errorf("%d frames wait, want %d", got, tc.want)
		}
	}
}

func TestWhoHasLeftAMixerIsNotHeard(t *testing.T) {
	var m mixer
	a, b := m.sit(false), m.sit(false)
	loud := handset.Loud(20 * ms)[0]
	var silence, hear media.Frame
	a.tick(0, &loud, 0, &hear)
	a.rise()
	a.rise()
	if b.tick(0, &silence, 0, &hear); hear != (media.Frame{}) {
		t.Error("it is still heard")
	}
	a.tick(0, &loud, 0, &hear)
	if len(m.seats) != 1 || len(b.from) != 0 {
		t.Errorf("%d seats, and sound of %d others is kept", len(m.seats), len(b.from))
	}
}
