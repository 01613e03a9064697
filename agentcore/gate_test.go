package agentcore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	sounds "github.com/hookswitch/hookswitch/media/tone"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// costly is a detector like the network behind the gate, which costs ten times the
// rest of a call: it counts how often it is asked.
type costly struct {
	agenttest.Detector
	asked int
}

func (c *costly) Speech(f *media.Frame) float32 {
	c.asked++
	return c.Detector.Speech(f)
}

// A call of a minute, in which the agent speaks and the caller does not, or for a
// second: the network behind the gate never runs on silence, and on a line's hiss
// only until that is known.
func TestTheNetworkNeverRunsOnSilence(t *testing.T) {
	second := int(time.Second / media.FrameDuration)
	hiss := make([]int16, 61*media.Rate)
	sounds.AddNoise(hiss, -58, 1)
	noise := sounds.Frames(hiss)
	for _, c := range []struct {
		name        string
		says        func(now time.Duration, say *media.Frame)
		least, most int // times that the network runs
	}{
		{"silence", func(time.Duration, *media.Frame) {}, 0, 0},
		{"a hiss", func(now time.Duration, say *media.Frame) { *say = noise[now/media.FrameDuration] }, 0, 5 * second},
		{"a second of speech", func(now time.Duration, say *media.Frame) {
			if now >= 5*time.Second && now < 6*time.Second {
				agenttest.Code(say, 0, 0)
			}
		}, second, second + 25}, // the 100 ms before it, and 300 ms behind it
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newParts(map[string]string{"hours": "We are open from eight to five."})
				cfg := p.config("your hours please")
				cfg.Agent.SilenceEnd = time.Minute
				network := &costly{}
				cfg.Detector = vad.NewGate(network)
				run(t, cfg, line.New(line.Config{Handset: handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
					c.says(now, say)
					return handset.Touch{Hangup: now >= time.Minute}
				})}))
				if network.asked < c.least || network.asked > c.most {
					t.Errorf("the network ran on %d frames of %d, want %d to %d", network.asked, 60*second, c.least, c.most)
				}
			})
		})
	}
}
