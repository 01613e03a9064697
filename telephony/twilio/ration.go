package twilio

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// A stranger's stream is heard at the speed of speech, and a network that was
// stuck may make up for rationBurst at once. Signed streams are their carrier's to
// keep to: from whom anybody may be, more would be hours to recognise and to
// record for the price of a minute.
const (
	rationEach  = media.Rate + media.Rate/10 // samples a second: clocks differ
	rationBurst = 20 * media.Rate            // samples
)

// ration is what a stream may still say.
type ration struct {
	left int // samples
	at   time.Time
}

func newRation(now time.Time) *ration { return &ration{left: rationBurst, at: now} }

// take reports whether n samples more may be heard now.
func (r *ration) take(n int, now time.Time) bool {
	since := now.Sub(r.at)
	if since >= time.Minute {
		r.left, r.at = rationBurst, now
	} else {
		more := since * rationEach / time.Second
		r.left = min(r.left+int(more), rationBurst)
		r.at = r.at.Add(more * time.Second / rationEach) // a part of a sample is not lost
	}
	if n > r.left {
		return false
	}
	r.left -= n
	return true
}
