package live_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// ask says s and waits for its result.
func ask(c asrtest.Call, s asrtest.Speech) asr.Result {
	c.Say(s)
	c.Pause()
	c.Signal(asr.Ended)
	return c.Final()
}

// dead waits until the results are closed, and returns those before.
func dead(t *testing.T, s asr.Stream) (all []asr.Result) {
	t.Helper()
	late := time.After(5 * time.Second)
	for {
		select {
		case r, ok := <-s.Results():
			if !ok {
				return all
			}
			all = append(all, r)
		case <-late:
			t.Fatal("the results are still open")
		}
	}
}

func TestWhatWasHeardIsToldWithItsConfidence(t *testing.T) {
	r, _ := serve(t, live.Mulaw, nil, func(c *conn) {
		c.say(live.Heard{Text: "one"})
		works(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	if guess := <-c.Results(); guess.Text != "one" || guess.Final {
		t.Errorf("first result = %+v, want a guess at one", guess)
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.First.Text || got.Confidence != 0.5 || got.Took <= 0 {
		t.Errorf("final = %+v", got)
	}
}

func TestASettledWordIsFollowedByGuesses(t *testing.T) {
	r, _ := serve(t, live.Mulaw, nil, func(c *conn) {
		c.say(live.Heard{Text: "one", Settled: true})
		c.say(live.Heard{Text: "too"})
		c.say(live.Heard{Text: "two three"})
		c.next()
		c.say(live.Heard{Text: "two three.", Settled: true, Finalized: true})
		silent(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	var said []string
	for len(said) == 0 || said[len(said)-1] != "one two three" {
		res := <-c.Results()
		said = append(said, res.Text)
	}
	if !slices.IsSorted(said) { // each goes on where the one before was, or was not read
		t.Errorf("interims = %q", said)
	}
	if got := ask(c, asrtest.First); got.Text != "one two three." || got.Err != nil {
		t.Errorf("final = %+v", got)
	}
}

func TestADeadStreamOwesOneErrorForEachEnded(t *testing.T) {
	for ends, want := range map[int]int{0: 1, 1: 1, 3: 3} {
		_, s := serve(t, live.Mulaw, nil, silent)
		w := &providertest.Wire{Fault: providertest.NoAnswer}
		address := w.Listen(t, s.Listener.Addr().String())
		r, err := live.New(live.Config{
			Provider: "plain", Patience: provider.Patience{Connect: 200 * time.Millisecond},
			Protocol: func(asr.Options) live.Protocol { return &plain{url: "ws://" + address} },
		})
		if err != nil {
			t.Fatal(err)
		}
		c := asrtest.Open(t, r, asr.Options{})
		for range ends {
			c.Signal(asr.Ended)
		}
		all := dead(t, c)
		if len(all) != want {
			t.Errorf("%d ended: %d results, want %d", ends, len(all), want)
		}
		for _, res := range all {
			if !res.Final {
				t.Errorf("%+v is not final", res)
			}
			providertest.Check(t, providertest.NoAnswer, res.Err)
		}
	}
}

func TestAGreetingThatDoesNotComeIsATimeout(t *testing.T) {
	r, _ := serve(t, live.Mulaw, func(c *live.Config, p *plain) { c.Patience, p.slow = providertest.Patience, true }, silent)
	c := asrtest.Open(t, r, asr.Options{})
	providertest.Check(t, providertest.NoAnswer, ask(c, asrtest.First).Err)
}

// One handshake that fails must not make an agent deaf whose only recogniser it
// is: it is tried once more, if that costs little.
func TestADialThatFailsAtOnceIsTriedAgain(t *testing.T) {
	for claim, tt := range map[string]struct {
		fails  int32
		status int
		after  string
		want   string
		dials  int32
	}{
		"once":                     {1, 503, "", asrtest.First.Text, 2},
		"twice":                    {2, 503, "", "unavailable", 2},
		"who wants to be left":     {1, 503, "7", "unavailable", 1},
		"who has said what it has": {1, 401, "", "auth", 1},
		"who has enough":           {1, 429, "", "rate_limited", 1},
	} {
		t.Run(claim, func(t *testing.T) {
			r, s := serve(t, live.Mulaw, nil, works)
			var dials atomic.Int32
			up := s.Config.Handler
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if dials.Add(1) > tt.fails {
					up.ServeHTTP(w, r)
					return
				}
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				w.WriteHeader(tt.status)
			})
			c := asrtest.Open(t, r, asr.Options{})
			got := ask(c, asrtest.First)
			if text := got.Text; got.Err == nil && text != tt.want || got.Err != nil && string(provider.ClassOf(got.Err)) != tt.want {
				t.Errorf("final = %+v, want %s", got, tt.want)
			}
			if n := dials.Load(); n != tt.dials {
				t.Errorf("%d dials, want %d", n, tt.dials)
			}
		})
	}
}

func TestAQuietStreamIsKeptAlive(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		r, s := serve(t, live.Mulaw, func(c *live.Config, p *plain) {
			p.quiet, c.Limits.Idle = quiet, 30*time.Millisecond
		}, works)
		c := asrtest.Open(t, r, asr.Options{})
		n := s.conn(t, 0)
		for end := time.Now().Add(10 * time.Second); n.read.Load() < 3 && time.Now().Before(end); { // three would take 12 s by default
			time.Sleep(time.Millisecond)
		}
		c.Close()
		<-n.ended
		if !quiet && (len(n.got) < 3 || n.got[0] != "alive") || quiet && (len(n.sound) < 3*320 || len(n.got) != 1) {
			t.Errorf("no keep-alive of its own %v: orders %q, %d bytes of sound", quiet, n.got, len(n.sound))
		}
	}
}

func TestAnOldConnectionIsReplacedInAPause(t *testing.T) {
	r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) { c.Limits.Longest = 200 * time.Millisecond }, works)
	c := asrtest.Open(t, r, asr.Options{})
	if got := ask(c, asrtest.First); got.Text != asrtest.First.Text {
		t.Errorf("first = %+v", got)
	}
	first := s.conn(t, 0)
	c.Say(asrtest.Second) // speaks when the time has come
	time.Sleep(250 * time.Millisecond)
	c.Pause()
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.Second.Text || got.Err != nil {
		t.Errorf("second = %+v", got)
	}
	c.Rest(100 * time.Millisecond)
	if <-first.ended; first.got[len(first.got)-1] != "bye" {
		t.Errorf("orders of the first = %q", first.got)
	}
	s.conn(t, 1)
	if got := ask(c, asrtest.First); got.Text != asrtest.First.Text || got.Err != nil {
		t.Errorf("third = %+v", got)
	}
}

func TestCloseHangsUp(t *testing.T) {
	r, s := serve(t, live.Mulaw, nil, works)
	ctx, cancel := context.WithCancel(t.Context())
	for _, end := range []func(asr.Stream){
		func(st asr.Stream) { st.Close() },
		func(asr.Stream) { cancel() },
	} {
		st, err := r.Open(ctx, asr.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := asrtest.Call{Stream: st}
		c.Say(asrtest.First)
		for end := time.Now().Add(5 * time.Second); s.wire.Open() == 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		end(st)
		late := time.Now().Add(10 * time.Second)
		for s.wire.Open() > 0 && time.Now().Before(late) {
			time.Sleep(time.Millisecond)
		}
		if n := s.wire.Open(); n != 0 {
			t.Errorf("%d connections are open", n)
		}
		for range st.Results() { // closed
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCloseDoesNotWaitForADial(t *testing.T) {
	_, s := serve(t, live.Mulaw, nil, silent)
	w := &providertest.Wire{Fault: providertest.NoAnswer}
	address := w.Listen(t, s.Listener.Addr().String())
	r, err := live.New(live.Config{
		Provider: "plain", Patience: provider.Patience{Connect: time.Minute},
		Protocol: func(asr.Options) live.Protocol { return &plain{url: "ws://" + address} },
	})
	if err != nil {
		t.Fatal(err)
	}
	st, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	began := time.Now()
	st.Close()
	if took := time.Since(began); took > 20*time.Second { // the dial has a minute
		t.Errorf("Close took %v", took)
	}
	if _, ok := <-st.Results(); ok {
		t.Error("a result after Close")
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	_, err := live.New(live.Config{Format: "mp3", FinalWait: -1})
	for _, field := range []string{"Provider", "Protocol", "mp3", "FinalWait"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("New() = %v, want it to name %s", err, field)
		}
	}
	r, err := live.New(live.Config{Provider: "plain", Protocol: func(asr.Options) live.Protocol { return nil }})
	if err != nil || r.String() != "plain mu-law 8k" {
		t.Errorf("New() = %v, %v", r, err)
	}
	if err := errors.Join(live.Mulaw.Check([]live.Format{live.Mulaw}), r.Close()); err != nil {
		t.Error(err)
	}
	if err := live.PCM8k.Check([]live.Format{live.Mulaw}); err == nil || !strings.Contains(err.Error(), "ulaw_8000") {
		t.Errorf("Check() = %v", err)
	}
}
