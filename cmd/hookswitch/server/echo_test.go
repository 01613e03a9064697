package server_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// counts is a caller whose frames are all different, and who hangs up after a
// time. What they hear is kept as µ-law.
type counts struct {
	frames      int // to say
	said, heard [][]byte
}

func (c *counts) Tick(_ time.Duration, hear, say *media.Frame) handset.Touch {
	if *hear != (media.Frame{}) {
		c.heard = append(c.heard, g711.Encode(nil, hear))
	}
	n := len(c.said)
	for i := range say {
		say[i] = int16(100*n + 40*i + 17)
	}
	c.said = append(c.said, g711.Encode(nil, say))
	return handset.Touch{Hangup: len(c.said) == c.frames}
}

func TestServeEchoSaysBackWhatIsSaidWithoutAnyModels(t *testing.T) {
	t.Parallel()
	for _, lump := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond} {
		o := options(t)
		o.Echo, o.Load, o.Config.Line.Lump = true, nil, lump
		b := boot(t, o)
		eventually(t, "ready", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })
		caller := &counts{frames: 120}
		call := b.call(caller)
		if got := b.end(); got != telephony.CallerHangup {
			t.Errorf("the call ended for %s, want %s", got, telephony.CallerHangup)
		}
		if err := call.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		// What was said first may have been said before the stream was up.
		if len(caller.heard) < 90 {
			t.Fatalf("lump %v: %d frames came back of %d", lump, len(caller.heard), len(caller.said))
		}
		from := slices.IndexFunc(caller.said, func(f []byte) bool { return slices.Equal(f, caller.heard[0]) })
		if from < 0 || from > 5 || !slices.EqualFunc(caller.said[from:from+len(caller.heard)], caller.heard, slices.Equal) {
			t.Errorf("lump %v: %d frames came back, other than what was said from frame %d on", lump, len(caller.heard), from)
		}
		if violations := b.Sim().Police().Violations(); len(violations) != 0 {
			t.Errorf("the carrier complains: %v", violations)
		}
		b.mu.Lock()
		opened, ok := b.entries[0].Event.(agentcore.Opened)
		b.mu.Unlock()
		if !ok || !strings.Contains(opened.Pipeline, "echo") {
			t.Errorf("the journal begins with %+v", b.entries)
		}
		if recordings, err := filepath.Glob(filepath.Join(o.Config.Recordings, "*.wav")); err != nil || len(recordings) != 1 {
			t.Errorf("recordings: %v, %v; want one", recordings, err)
		}
	}
}
