package handset

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Recording is a [Handset] that plays frames, from a WAV file say, from answer
// on, and then stays on the line. The frames are only read.
type Recording struct {
	Frames []media.Frame
	Wait   time.Duration // silence before the first frame. Default 0
	Hangup time.Duration // the receiver goes down this long after the last frame. Zero never hangs up
}

// Tick implements [Handset].
func (r *Recording) Tick(now time.Duration, _, say *media.Frame) Touch {
	i := int((now - r.Wait) / media.FrameDuration)
	if now >= r.Wait && i < len(r.Frames) {
		*say = r.Frames[i]
	}
	end := r.Wait + time.Duration(len(r.Frames))*media.FrameDuration
	return Touch{Hangup: r.Hangup > 0 && now >= end+r.Hangup}
}
