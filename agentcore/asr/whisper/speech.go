package whisper

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

const (
	// lead is kept of what came before speech began: a detector is sure only
	// some time after the first sound.
	lead = 300 * time.Millisecond
	// longest is the window that Whisper hears at once.
	longest = 30 * time.Second
	// seam is the last part of a piece that is full: it is cut at the most quiet
	// moment in there.
	seam = 3 * time.Second
)

func samples(d time.Duration) int { return int(d * media.Rate / time.Second) }

// speech collects the sound of the utterance that is being spoken. The zero
// value hears nothing yet.
type speech struct {
	before []int16 // the latest of what came before
	pcm    []int16 // of the utterance
	speaks bool
	paused int // samples of pcm when speech paused; 0 when it has not
}

// write takes a frame. When 30 s are full it returns them, cut where it hurts
// least, and goes on with the rest.
func (s *speech) write(f *media.Frame) []int16 {
	if !s.speaks {
		s.remember(f[:])
		return nil
	}
	s.pcm = append(s.pcm, f[:]...)
	if len(s.pcm) < samples(longest) {
		return nil
	}
	at := quietest(s.pcm)
	whole, rest := s.pcm[:at:at], s.pcm[at:]
	s.pcm = append([]int16(nil), rest...)
	s.paused = max(0, s.paused-at)
	return whole
}

// remember keeps the last of pcm, which is not speech, for what may follow.
func (s *speech) remember(pcm []int16) {
	s.before = append(s.before, pcm...)
	if over := len(s.before) - samples(lead); over > 0 {
		s.before = s.before[:copy(s.before, s.before[over:])]
	}
}

// begin is the begin of speech, or that it goes on.
func (s *speech) begin() {
	s.paused = 0
	if s.speaks {
		return
	}
	s.speaks = true
	s.pcm = append(make([]int16, 0, samples(4*time.Second)), s.before...)
	s.before = s.before[:0]
}

// pause notes that speech paused; false when it had done so before.
func (s *speech) pause() bool {
	if s.paused > 0 || len(s.pcm) == 0 {
		return false
	}
	s.paused = len(s.pcm)
	return true
}

// said is the speech until it paused. It stays as it is when more is written.
func (s *speech) said() []int16 { return s.pcm[:s.paused:s.paused] }

// end is the end of the utterance, whose sound it returns. What came after the
// last pause is silence: it isn't recognised, but it may be the beginning of
// what comes next.
func (s *speech) end() []int16 {
	pcm := s.pcm
	if s.paused > 0 {
		pcm = s.said()
		s.remember(s.pcm[s.paused:])
	}
	s.pcm, s.speaks, s.paused = nil, false, 0
	return pcm
}

// quietest is the place, in the last seconds, where a cut hurts least. It is
// between two frames.
func quietest(pcm []int16) int {
	const width = 4 * media.FrameSamples
	best, at := -1., len(pcm)
	for i := max(0, len(pcm)-samples(seam)); i+width <= len(pcm); i += media.FrameSamples {
		if r := rms(pcm[i : i+width]); best < 0 || r < best {
			best, at = r, i+width/2
		}
	}
	return at
}

const (
	quiet      = 120. // RMS of a frame that is certainly silence: 49 dB below full scale
	leastSound = 5    // frames: 100 ms, below which OpenAI refuses a file
)

// sounds reports whether there is anything to recognise: Whisper makes words of
// silence, and they would be billed.
func sounds(pcm []int16) bool {
	loud := 0
	for ; len(pcm) >= media.FrameSamples; pcm = pcm[media.FrameSamples:] {
		if rms(pcm[:media.FrameSamples]) > quiet {
			loud++
		}
	}
	return loud >= leastSound
}

func rms(pcm []int16) float64 {
	sum := 0.
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}
