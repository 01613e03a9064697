package wav

import (
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/resample"
)

// Duration is how long the sound lasts.
func (a Audio) Duration() time.Duration {
	if a.Rate <= 0 || a.Channels <= 0 {
		return 0
	}
	return time.Duration(len(a.Samples)/a.Channels) * time.Second / time.Duration(a.Rate)
}

// Channel returns the samples of one channel, 0 being the left or only one; nil
// if there is no such channel.
func (a Audio) Channel(i int) []int16 {
	if i < 0 || i >= a.Channels {
		return nil
	}
	out := make([]int16, 0, len(a.Samples)/a.Channels)
	for ; i < len(a.Samples); i += a.Channels {
		out = append(out, a.Samples[i])
	}
	return out
}

// Frames returns one channel as the gateway speaks it: at 8 kHz, cut into frames,
// silence after the last sample. Nothing is shifted: a sample of the file at 1 s
// is in frame 50. The file's rate must be one that [resample.New] knows.
func (a Audio) Frames(channel int) ([]media.Frame, error) {
	if channel < 0 || channel >= a.Channels {
		return nil, fmt.Errorf("wav: no channel %d among %d", channel, a.Channels)
	}
	r, err := resample.New(a.Rate, media.Rate)
	if err != nil {
		return nil, fmt.Errorf("wav: %w", err)
	}
	in := a.Channel(channel)
	n := (len(in)*media.Rate + a.Rate - 1) / a.Rate
	late := int(r.Delay() * media.Rate / time.Second)
	out := r.Flush(r.Process(make([]int16, 0, n+late+media.FrameSamples), in))
	out = out[min(late, len(out)):]
	return cut(out[:min(n, len(out))]), nil
}

func cut(samples []int16) []media.Frame {
	frames := make([]media.Frame, (len(samples)+media.FrameSamples-1)/media.FrameSamples)
	for i := range frames {
		copy(frames[i][:], samples[i*media.FrameSamples:])
	}
	return frames
}
