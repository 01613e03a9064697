package answer

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

// Sound is something worth knowing that an [Ear] heard.
type Sound struct {
	Kind         SoundKind
	Tone         tone.Tone // of Toned; its times, too, count from answer
	Began, Ended time.Duration
	Now          time.Duration // when it was known
}

// Ear hears one leg. One goroutine uses it; it allocates nothing.
type Ear struct {
	from time.Duration
}

// NewEar returns an Ear for a leg whose first frame begins at from, since answer.
func NewEar(from time.Duration) *Ear { return &Ear{from: from} }

// Hear takes the next frame and the probability that it holds speech, 0 when
// nobody judges that. It reports false when there is nothing new. What else
// happened in the same frame is told with the next.
func (e *Ear) Hear(f *media.Frame, speech float32) (Sound, bool) { return Sound{}, false }
