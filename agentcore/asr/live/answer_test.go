package live_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestTheProviderIsAskedInThePauseOnce(t *testing.T) {
	for _, eager := range []bool{false, true} {
		r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) { c.Limits.Eager = eager }, works)
		c := asrtest.Open(t, r, asr.Options{})
		ask(c, asrtest.First)
		c.Close()
		n := s.conn(t, 0)
		<-n.ended
		if want := []string{"finalize", "bye"}; !slices.Equal(n.got, want) {
			t.Errorf("eager %v: orders = %q, want %q", eager, n.got, want)
		}
		rest := len(n.sound) - g711.FrameBytes*len(asrtest.First.Frames)
		if rest < 1600 || !eager && rest != 4000 { // the last may be thrown away with the stream
			t.Errorf("eager %v: %d bytes of silence were sent, want all 4000", eager, rest)
		}
	}
}

func TestNothingIsAskedAboutNothing(t *testing.T) {
	r, s := serve(t, live.Mulaw, nil, works)
	c := asrtest.Open(t, r, asr.Options{})
	for range 3 {
		c.Signal(asr.Ended)
		if got := c.Final(); got.Text != "" || got.Err != nil {
			t.Errorf("final = %+v, want nothing", got)
		}
	}
	c.Close()
	n := s.conn(t, 0)
	if <-n.ended; !slices.Equal(n.got, []string{"bye"}) {
		t.Errorf("orders = %q", n.got)
	}
}

func TestAnUnansweredFinalize(t *testing.T) {
	patient := func(c *live.Config, _ *plain) { c.FinalWait = time.Second }
	sparse := func(wait time.Duration) func(*live.Config, *plain) {
		return func(c *live.Config, _ *plain) {
			c.FinalWait, c.Limits.Unanswered = wait, 100*time.Millisecond
		}
	}
	words := func(all ...live.Heard) func(*conn) {
		return func(c *conn) {
			c.next()
			for _, h := range all {
				c.say(h)
			}
			silent(c)
		}
	}
	one, guess := live.Heard{Text: "one", Settled: true}, live.Heard{Text: "two"}
	for _, tt := range []struct {
		claim  string
		change func(*live.Config, *plain)
		play   func(*conn)
		text   string
		class  provider.Class
		atMost time.Duration
	}{
		{"silence is a time-out", patient, silent, "", provider.Timeout, 8 * time.Second},
		{"settled words count", patient, words(one), "one", "", 8 * time.Second},
		{"a guess counts too", patient, words(one, guess), "one two", "", 8 * time.Second},
		{"where that is allowed, a sign of life is nothing said", sparse(20 * time.Second), silent, "", "", 8 * time.Second},
		{"where that is allowed, settled words count at once", sparse(20 * time.Second), words(one), "one", "", 8 * time.Second},
		{"where that is allowed, a guess is waited for", sparse(2 * time.Second), words(one, guess), "one two", "", 8 * time.Second},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			r, _ := serve(t, live.Mulaw, tt.change, tt.play)
			c := asrtest.Open(t, r, asr.Options{})
			got := ask(c, asrtest.First)
			if got.Text != tt.text || (got.Err != nil) != (tt.class != "") || got.Took > tt.atMost {
				t.Errorf("final = %+v, want %q and %q within %v", got, tt.text, tt.class, tt.atMost)
			}
			if tt.class != "" {
				providertest.Check(t, providertest.StallsIn, got.Err)
				if more := dead(t, c); len(more) != 0 {
					t.Errorf("a dead stream says %+v", more)
				}
			}
		})
	}
}

// A stalled wire is not a provider that has nothing to say.
func TestWithoutASignOfLifeItIsATimeout(t *testing.T) {
	_, s := serve(t, live.Mulaw, nil, silent)
	w := &providertest.Wire{Fault: providertest.StallsIn, After: 161} // the upgrade, and half of a pong
	address := w.Listen(t, s.Listener.Addr().String())
	r, err := live.New(live.Config{
		Provider: "plain", FinalWait: time.Second, Limits: live.Limits{Unanswered: 50 * time.Millisecond},
		Protocol: func(asr.Options) live.Protocol { return &plain{url: "ws://" + address} },
	})
	if err != nil {
		t.Fatal(err)
	}
	got := ask(asrtest.Open(t, r, asr.Options{}), asrtest.First)
	providertest.Check(t, providertest.StallsIn, got.Err)
	var e *asr.Error
	if errors.As(got.Err, &e) && e.Op != "stream" {
		t.Errorf("%v: it stalled before it had connected", e)
	}
}

func TestLateWordsBelongToTheNextUtterance(t *testing.T) {
	late := make(chan struct{})
	r, _ := serve(t, live.Mulaw, nil, func(c *conn) {
		c.next()
		c.say(live.Heard{Text: "one", Settled: true, Finalized: true})
		<-late
		c.say(live.Heard{Text: "two", Settled: true})
		c.next()
		c.say(live.Heard{Text: "three", Settled: true, Finalized: true})
		silent(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	if got := ask(c, asrtest.First); got.Text != "one" {
		t.Errorf("first = %+v", got)
	}
	close(late)
	if got := ask(c, asrtest.First); got.Text != "two three" {
		t.Errorf("second = %+v", got)
	}
}

func TestALateAnswerIsNotTheNextOnes(t *testing.T) {
	r, _ := serve(t, live.Mulaw, func(c *live.Config, _ *plain) {
		c.FinalWait, c.Limits.Unanswered = 2*time.Second, 50*time.Millisecond
	}, func(c *conn) {
		c.next() // stays unanswered for now
		if c.next() == "finalize" {
			c.say(live.Heard{Finalized: true, Until: time.Second}) // as late as can be
			c.say(live.Heard{Text: "two", Settled: true, Finalized: true, Until: 3 * time.Second})
		}
		silent(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	for _, want := range []string{"", "two"} {
		if got := ask(c, asrtest.First); got.Text != want || got.Err != nil {
			t.Errorf("final = %+v, want %q", got, want)
		}
	}
}

func TestAProviderWithItsOwnEndpointing(t *testing.T) {
	r, _ := serve(t, live.Mulaw, func(_ *live.Config, p *plain) { p.blind = true }, func(c *conn) {
		for c.ear.Guess() != asrtest.First.Text {
			_, data, err := c.ws.ReadMessage()
			if err != nil {
				return
			}
			c.ear.Hear(data)
		}
		c.say(live.Heard{Text: c.ear.Take(), Settled: true, Finalized: true})
		silent(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.First)
	for got := range c.Results() { // before we are sure ourselves
		if got.Text == asrtest.First.Text {
			break
		}
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.First.Text || got.Err != nil || got.Took > 5*time.Second { // FinalWait is twice that
		t.Errorf("final = %+v", got)
	}
}

func TestAnUtteranceThatFailsIsNotTheEnd(t *testing.T) {
	r, _ := serve(t, live.Mulaw, nil, func(c *conn) {
		c.next()
		c.raw(`{"Err":"too noisy"}`)
		works(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	if got := ask(c, asrtest.First); provider.ClassOf(got.Err) != provider.Refused {
		t.Errorf("first = %+v, want the provider's error", got)
	}
	c.Say(asrtest.Second)
	c.Signal(asr.Ended)
	if got := c.Final(); got.Err != nil || !strings.HasSuffix(got.Text, asrtest.Second.Text) {
		t.Errorf("second = %+v", got)
	}
}
