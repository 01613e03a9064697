package bridge_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
	"github.com/hookswitch/hookswitch/media"
)

var _ agentcore.Line = (*bridge.Line)(nil)

func TestAnAgentIsHeardInOpus(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		ctx, cancel := context.WithCancel(t.Context())
		packets := bridge.PacketsOf(t, "testdata/hybrid-24k.packets")[5:20]
		said := make(chan error, 1)
		go func() {
			said <- bridge.SayOpus(ctx, bridge.Config{URL: s.URL(), Token: s.Token("agent", "r")}, packets)
		}()
		caller := dial(t, s, "caller", "r", nil)
		got, heard := talk(caller, 150, func(int, *media.Frame) {})
		cancel()
		if err := <-said; err != nil {
			t.Fatal(err)
		}
		last := got[len(got)-media.Rate:]
		if l := level(last[:800], 1000); l < 0.7*loud || heard < 75 {
			t.Errorf("a peak of %.0f in %d frames of 150, want about %d in 75 or more", l, heard, loud)
		}
	})
}

func TestAListenersBridgeSaysBothSides(t *testing.T) {
	servers(t, func(t *testing.T, s server) {
		listener := dial(t, s, "listener", "r", nil)
		call := dial(t, s, "call", "r", func(c *bridge.Config) { c.Both = true })
		a, b := tone{hz: 600}, tone{hz: 1500}
		var got, last []int16
		for len(got) < 20*media.Rate { // or half a second in which the machine did not stand still
			time.Sleep(media.FrameDuration) // a frame's own time: the room is real
			var f media.Frame
			a.next(&f)
			call.Send(&f)
			b.next(&f)
			call.SendAgent(&f)
			f = media.Frame{}
			listener.Receive(&f)
			got = append(got, f[:]...)
			if last = got[max(0, len(got)-media.Rate/2):]; len(got)%(media.Rate/2) == 0 && level(last, 600) >= 0.8*loud && level(last, 1500) >= 0.8*loud {
				break
			}
		}
		if x, y := level(last, 600), level(last, 1500); x < 0.8*loud || y < 0.8*loud {
			t.Errorf("the caller is heard with %.0f and the agent with %.0f, want about %d", x, y, loud)
		}
	})
}

func TestOnePacketInTwentyIsLost(t *testing.T) {
	f := newFake(t)
	f.Drop = func(n int) bool { return n%20 == 19 }
	startEcho(t, dial(t, f, "agent", "r", nil))
	caller := dial(t, f, "caller", "r", nil)
	o := tone{hz: 700}
	got, _ := talk(caller, 150, func(_ int, f *media.Frame) { o.next(f) })
	if l := level(got[len(got)-media.Rate:], 700); l < loud/2 {
		t.Errorf("the tone comes back with a peak of %.0f, want more than %d", l, loud/2)
	}
}

func TestABrokenConnectionIsMadeAnew(t *testing.T) {
	f := newFake(t)
	startEcho(t, dial(t, f, "agent", "r", nil))
	caller := dial(t, f, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
	f.HangUp("r", "caller")
	talk(caller, 100, func(int, *media.Frame) {}) // what was under way is over
	if l := level(second(caller, 700, 0.8*loud), 700); l < 0.8*loud {
		t.Errorf("the tone comes back with a peak of %.0f, want about %d", l, loud)
	}
	if n := caller.Voices(); n != 1 {
		t.Errorf("%d tracks are heard, want the agent's", n)
	}
	if err := caller.Err(); err != nil {
		t.Errorf("Err() = %v", err)
	}
}

func TestAServerThatIsStartedAnewIsJoinedAnew(t *testing.T) {
	s := startReal(t, "")
	startEcho(t, dial(t, s, "agent", "r", nil))
	caller := dial(t, s, "caller", "r", func(c *bridge.Config) { c.Agent = "agent" })
	s.Kill()
	s.Run(t)
	if l := level(second(caller, 700, 0.8*loud), 700); l < 0.8*loud {
		t.Errorf("the tone comes back with a peak of %.0f, want about %d; Err() = %v", l, loud, caller.Err())
	}
}

func TestAnAgentWhoseConnectionBreaksHasTimeToComeBack(t *testing.T) {
	f := newFake(t)
	agent := dial(t, f, "agent", "r", nil)
	caller := dial(t, f, "caller", "r", func(c *bridge.Config) { c.Agent, c.Grace = "agent", 6*time.Second })
	f.HangUp("r", "agent") // and it comes back by itself, on a busy machine after a second or two
	select {
	case <-caller.Gone():
		t.Fatalf("the line is gone: %v", caller.Err())
	case <-time.After(6500 * time.Millisecond):
	}
	agent.Close()
	if err := waitGone(t, caller, 20*time.Second); err != nil {
		t.Errorf("Err() = %v, want nil", err)
	}
}

func TestAnAgentThatDoesNotComeBackIsAnError(t *testing.T) {
	f := newFake(t)
	dial(t, f, "agent", "r", func(c *bridge.Config) { c.Rejoin = time.Nanosecond })
	caller := dial(t, f, "caller", "r", func(c *bridge.Config) { c.Grace = 200 * time.Millisecond })
	f.HangUp("r", "agent")
	err := waitGone(t, caller, 4500*time.Millisecond) // it would have five seconds
	if err == nil || !strings.Contains(err.Error(), "signal_close") {
		t.Errorf("Err() = %v, want that the agent's connection broke", err)
	}
}

func TestAServerWithoutUlawIsToldApart(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		f := newFake(t)
		f.Codecs = []*signal.Codec{{Mime: "audio/opus"}}
		refusesUlaw(t, f)
	})
	t.Run("real", func(t *testing.T) {
		refusesUlaw(t, startReal(t, "room: {enabled_codecs: [{mime: audio/opus}]}"))
	})
}

func refusesUlaw(t *testing.T, s server) {
	t.Helper()
	_, err := bridge.Dial(t.Context(), bridge.Config{URL: s.URL(), Token: s.Token("caller", "r")})
	if !errors.Is(err, bridge.ErrCodec) {
		t.Errorf("Dial() = %v, want ErrCodec", err)
	}
}

func TestAServerThatSendsUsElsewhereIsRefused(t *testing.T) {
	f := newFake(t)
	f.Meddle = func(r *signal.SignalResponse) {
		if j := r.GetJoin(); j != nil {
			j.AlternativeUrl = "wss://elsewhere.example.com"
		}
	}
	_, err := bridge.Dial(t.Context(), bridge.Config{URL: f.URL(), Token: f.Token("caller", "r")})
	if err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("Dial() = %v, want that it sends us to another server", err)
	}
}

func TestSendingNeverWaits(t *testing.T) {
	f := newFake(t)
	l := dial(t, f, "caller", "r", nil)
	l.Close()
	var frame media.Frame
	for range 1000 {
		l.Send(&frame)
	}
	if l.Receive(&frame) {
		t.Error("a closed line is heard")
	}
	if err := l.Close(); err != nil {
		t.Errorf("the second Close() = %v", err)
	}
}
