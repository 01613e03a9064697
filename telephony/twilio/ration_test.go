package twilio

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// A stranger who sends a day of audio in a minute is not heard for a day.
func TestAStrangerIsHeardAtTheSpeedOfSpeech(t *testing.T) {
	for _, tt := range []struct {
		name        string
		every       time.Duration // between two frames
		frames      int
		least, most int // frames that are heard
	}{
		{"as one speaks", 20 * time.Millisecond, 3000, 3000, 3000},
		{"with a clock that is fast by 5%", 19 * time.Millisecond, 3000, 3000, 3000},
		{"stuck for 15 s, then all at once", 0, 750, 750, 750},
		{"a thousand times as fast", 20 * time.Microsecond, 1_000_000, 2000, 2200},
		{"ten times as fast", 2 * time.Millisecond, 30_000, 4200, 4400},
	} {
		now, heard := time.Now(), 0
		r := newRation(now)
		for range tt.frames {
			now = now.Add(tt.every)
			if r.take(media.FrameSamples, now) {
				heard++
			}
		}
		if heard < tt.least || heard > tt.most {
			t.Errorf("%s: %d frames are heard, want %d to %d", tt.name, heard, tt.least, tt.most)
		}
	}
}

func TestWhatIsTooFastIsLeftOut(t *testing.T) {
	counted := map[string]int{}
	in := inbound{stream: testStream, marks: new(marks), count: func(reason string) { counted[reason]++ }, ration: newRation(time.Now())}
	text := []byte(mediaText(repeat(media.FrameSamples)))
	var f media.Frame
	heard := 0
	for range 3 * rationBurst / media.FrameSamples {
		if _, err := in.take(text); err != nil {
			t.Fatal(err)
		}
		for in.frame(&f) {
			heard++
		}
	}
	if all := rationBurst / media.FrameSamples; heard < all-all/50 || heard > 2*all || counted[ReasonTooFast] == 0 {
		t.Errorf("%d of %d frames are heard, %v", heard, 3*all, counted)
	}
}
