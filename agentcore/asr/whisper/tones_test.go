package whisper_test

import (
	"math"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/media"
)

// The callers of these tests whistle: each word has a tone of its own, 160 ms
// long, with 60 ms of silence after it, so that a server can tell from the sound
// alone what was said, in any format.
var tones = map[string]float64{"one": 500, "two": 800, "three": 1150, "four": 1600, "five": 2200}

// say whistles words.
func say(words ...string) asrtest.Speech {
	s := asrtest.Speech{Text: strings.Join(words, " ")}
	for _, w := range words {
		for n := range 11 {
			var f media.Frame
			for i := range f {
				if at := n*len(f) + i; n < 8 {
					f[i] = int16(8000 * math.Sin(2*math.Pi*tones[w]*float64(at)/media.Rate))
				}
			}
			s.Frames = append(s.Frames, f)
		}
	}
	return s
}

// understand makes words of what was whistled.
func understand(pcm []int16, rate int) string {
	var words []string
	block := rate / 100 // 10 ms
	for i := 0; i+block <= len(pcm); {
		n := 0 // samples of a tone
		for i+n+block <= len(pcm) && loud(pcm[i+n:i+n+block]) {
			n += block
		}
		if tone := pcm[i : i+n]; time.Duration(n)*time.Second/time.Duration(rate) >= 50*time.Millisecond {
			words = append(words, nearest(pitch(tone[block:n-block], rate)))
		}
		i += n + block
	}
	return strings.Join(words, " ")
}

func loud(pcm []int16) bool {
	sum := 0.
	for _, s := range pcm {
		sum += math.Abs(float64(s))
	}
	return sum/float64(len(pcm)) > 1500
}

// pitch counts how often the sign changes.
func pitch(pcm []int16, rate int) float64 {
	changes := 0
	for i := 1; i < len(pcm); i++ {
		if (pcm[i] < 0) != (pcm[i-1] < 0) {
			changes++
		}
	}
	return float64(changes) / 2 * float64(rate) / float64(len(pcm))
}

func nearest(hz float64) (word string) {
	best := math.Inf(1)
	for w, f := range tones {
		if d := math.Abs(math.Log(hz / f)); d < best {
			word, best = w, d
		}
	}
	return word
}
