package moonshine

import (
	"math"
	"strings"
	"unicode"

	"github.com/hookswitch/hookswitch/media"
)

// How an utterance is cut out of what was collected, in samples. The network
// wants a little room around the words, but takes long silence for the end.
const (
	roomBefore = 100 * media.Rate / 1000
	roomAfter  = 250 * media.Rate / 1000
)

const (
	floor      = 120. // RMS of a frame that is certainly silence: 49 dB below full scale
	belowLoud  = .06  // or that far, 24 dB, below the loudest
	leastVoice = 7    // frames: 140 ms. A click, a knock
	leastSure  = .12  // beeps and noise measure 0.00, the least sure of words 0.2
)

// voiced finds the part of pcm that sounds, with room around it, and how many
// frames of it do.
func voiced(pcm []int16) (part []int16, frames int) {
	loudest := 0.
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		loudest = max(loudest, rms(pcm[i:i+media.FrameSamples]))
	}
	limit := max(floor, loudest*belowLoud)
	first, last := -1, 0
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		if rms(pcm[i:i+media.FrameSamples]) <= limit {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i + media.FrameSamples
		frames++
	}
	if frames == 0 {
		return nil, 0
	}
	return pcm[max(0, first-roomBefore):min(len(pcm), last+roomAfter)], frames
}

func rms(pcm []int16) float64 {
	sum := 0.
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

// imagined says whether the text is the network's fancy, not a caller's word.
// It may not begin with the end of the text, so it makes "You" or "2." of a
// beep or of noise, and knows that it is wrong; of longer noise it makes notes.
func imagined(h heard) bool {
	return h.confidence < leastSure || !strings.ContainsFunc(h.text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}
