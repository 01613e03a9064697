package bridge_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/media"
)

const loud = 8000 // peak of the test tones

// tone is a sine of hz that goes on from frame to frame.
type tone struct {
	hz float64
	n  int
}

func (o *tone) next(f *media.Frame) {
	for i := range f {
		f[i] = int16(loud * math.Sin(2*math.Pi*o.hz*float64(o.n)/media.Rate))
		o.n++
	}
}

// level is the peak of the sine of hz in s.
func level(s []int16, hz float64) float64 {
	var re, im float64
	for i, x := range s {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / media.Rate)
		re, im = re+float64(x)*cos, im+float64(x)*sin
	}
	return 2 * math.Hypot(re, im) / float64(max(len(s), 1))
}

func dial(t *testing.T, s server, identity, room string, with func(*bridge.Config)) *bridge.Line {
	t.Helper()
	c := bridge.Config{URL: s.URL(), Token: s.Token(identity, room)}
	if with != nil {
		with(&c)
	}
	l, err := bridge.Dial(t.Context(), c)
	if err != nil {
		t.Fatalf("Dial(%s) = %v", identity, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// echo says what it hears until stop.
func echo(l *bridge.Line, stop <-chan struct{}) {
	tick := time.NewTicker(media.FrameDuration)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			var f media.Frame
			l.Receive(&f)
			l.Send(&f)
		}
	}
}

func startEcho(t *testing.T, l *bridge.Line) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); echo(l, stop) }()
	t.Cleanup(func() { close(stop); <-done })
}

// talk has l say say for n frames, and returns what it heard meanwhile and in how
// many frames there was something.
func talk(l *bridge.Line, n int, say func(i int, f *media.Frame)) (all []int16, heard int) {
	tick := time.NewTicker(media.FrameDuration)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		var f media.Frame
		say(i, &f)
		l.Send(&f)
		f = media.Frame{}
		if l.Receive(&f) {
			heard++
		}
		all = append(all, f[:]...)
	}
	return all, heard
}

// second is a second of what l hears while it says a tone of hz: the first one,
// of twenty or so, in which hz comes back with at least least. One in which the
// machine stood still has a hole.
func second(l *bridge.Line, hz, least float64) (got []int16) {
	o := tone{hz: hz}
	for range 20 {
		got, _ = talk(l, 50, func(_ int, f *media.Frame) { o.next(f) })
		if level(got, hz) >= least {
			break
		}
	}
	return got
}

func waitGone(t *testing.T, l *bridge.Line, within time.Duration) error {
	t.Helper()
	select {
	case <-l.Gone():
		return l.Err()
	case <-time.After(within):
		t.Fatalf("the line is not gone after %v", within)
		return nil
	}
}

func TestAToneComesBackFromTheRoom(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		startEcho(t, dial(t, s, "agent", "r", nil))
		caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
		last := second(caller, 700, 0.9*loud)
		if l := level(last, 700); l < 0.9*loud || l > 1.1*loud {
			t.Errorf("the tone comes back with a peak of %.0f, want %d", l, loud)
		}
		if l := level(last, 1100); l > loud/50 {
			t.Errorf("there is a tone of 1100 Hz with a peak of %.0f that nobody said", l)
		}
	})
}

func TestTheDelayThereAndBackIsShort(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		startEcho(t, dial(t, s, "agent", "r", nil))
		caller := dial(t, s, "caller", "r", nil)
		talk(caller, 50, func(int, *media.Frame) {})
		o := tone{hz: 1000}
		least := time.Hour
		for range 5 { // a machine that stands still delays one of them
			got, _ := talk(caller, 100, func(_ int, f *media.Frame) { o.next(f) })
			for i := 0; i+80 <= len(got); i += 80 {
				if level(got[i:i+80], 1000) > loud/2 {
					least = min(least, time.Duration(i)*time.Second/media.Rate)
					break
				}
			}
			if least <= 400*time.Millisecond {
				break
			}
			talk(caller, 100, func(int, *media.Frame) {})
		}
		if t.Logf("there and back: %v", least); least > 400*time.Millisecond {
			t.Errorf("the tone is back after %v", least)
		}
	})
}

func TestAnAgentThatLeavesIsGone(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		agent := dial(t, s, "agent", "r", nil)
		caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
		agent.Close()
		began := time.Now()
		if err := waitGone(t, caller, 20*time.Second); err != nil {
			t.Errorf("Err() = %v, want nil", err)
		}
		t.Logf("after %v", time.Since(began))
	})
}

func TestARoomThatIsDeletedIsAHangUp(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "agent", "r", nil)
		caller := dial(t, s, "caller", "r", nil)
		s.deleteRoom(t, "r")
		if err := waitGone(t, caller, 20*time.Second); err != nil {
			t.Errorf("Err() = %v, want nil", err)
		}
	})
}

// An agent that is followed by another may delete the room as it goes: the caller
// must not be hung up on for that.
func TestARoomThatIsDeletedBeforeTheAgentCameIsNoHangUp(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "the last agent", "r", nil)
		caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
		s.deleteRoom(t, "r")
		err := waitGone(t, caller, 20*time.Second)
		var ended *bridge.Ended
		if !errors.As(err, &ended) || !strings.Contains(err.Error(), "room_deleted") {
			t.Errorf("Err() = %v, want that the room was deleted", err)
		}
	})
}

func TestACallerWhoIsRemovedWasHungUpOn(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "agent", "r", nil)
		caller := dial(t, s, "caller", "r", nil)
		s.remove(t, "r", "caller")
		if err := waitGone(t, caller, 20*time.Second); err != nil {
			t.Errorf("Err() = %v, want nil", err)
		}
	})
}

func TestAServerThatDiesIsAnError(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "agent", "r", func(c *bridge.Config) { c.Rejoin = time.Second })
		caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Rejoin = time.Second })
		s.Kill()
		err := waitGone(t, caller, 20*time.Second)
		if err == nil || !strings.Contains(err.Error(), "not to be had back") {
			t.Errorf("Err() = %v, want that it is not to be had back", err)
		}
	})
}

func TestAnotherOfOurNameTakesOurPlace(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "agent", "r", nil)
		first := dial(t, s, "caller", "r", nil)
		dial(t, s, "caller", "r", nil)
		err := waitGone(t, first, 20*time.Second)
		var ended *bridge.Ended
		if !errors.As(err, &ended) || !strings.Contains(err.Error(), "duplicate_identity") {
			t.Errorf("Err() = %v, want that our identity is there twice", err)
		}
	})
}

func TestNobodyComing(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		dial(t, s, "somebody else", "r", nil)
		caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent, c.Wait = "agent", 300*time.Millisecond })
		if err := waitGone(t, caller, 20*time.Second); !errors.Is(err, bridge.ErrNobody) {
			t.Errorf("Err() = %v, want ErrNobody", err)
		}
	})
}

func TestATokenThatIsNoneIsRefusedWithoutSayingIt(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		_, err := bridge.Dial(t.Context(), bridge.Config{URL: s.URL(), Token: "not.a.token"})
		if err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "not.a.token") {
			t.Errorf("Dial() = %v, want a 401 without the token", err)
		}
	})
}

func TestDialingEndsWithItsContext(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := bridge.Dial(ctx, bridge.Config{URL: s.URL(), Token: s.Token("caller", "r")}); !errors.Is(err, context.Canceled) {
			t.Errorf("Dial() = %v, want context.Canceled", err)
		}
	})
}
