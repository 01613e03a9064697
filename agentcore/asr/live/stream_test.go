package live_test

import (
	"bytes"
	"context"
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
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
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

func TestTheProviderGetsWhatWasWritten(t *testing.T) {
	for _, f := range []live.Format{live.Mulaw, live.PCM8k, live.PCM16k, "pcm_22050", live.PCM24k, "pcm_44100", live.PCM48k} {
		t.Run(string(f), func(t *testing.T) {
			r, s := serve(t, f, nil, works)
			c := asrtest.Open(t, r, asr.Options{})
			if got := ask(c, asrtest.First); got.Text != asrtest.First.Text || got.Err != nil {
				t.Fatalf("final = %+v", got)
			}
			c.Close()
			n := s.conn(t, 0)
			<-n.ended
			var said, rest []byte
			for i := range asrtest.First.Frames {
				said = g711.Encode(said, &asrtest.First.Frames[i])
			}
			rest = bytes.Repeat([]byte{g711.Silence}, 4000)
			want := append(said, rest...)
			switch f {
			case live.PCM8k:
				want = linear(asrtest.First.Frames, 4000)
			case live.Mulaw:
			default:
				if got, want := n.ear.Heard(), time.Duration(len(want))*time.Second/8000; got < want-20*time.Millisecond || got > want {
					t.Errorf("%v arrived, want %v", got, want)
				}
				return
			}
			if !bytes.Equal(n.sound, want) {
				t.Errorf("%d bytes arrived, want the %d that were written", len(n.sound), len(want))
			}
		})
	}
}

func linear(frames []media.Frame, silence int) (b []byte) {
	for i := range frames {
		for _, s := range frames[i] {
			b = append(b, byte(s), byte(uint16(s)>>8))
		}
	}
	return append(b, make([]byte, 2*silence)...)
}

func TestAMulawFrameIsSentAsItCame(t *testing.T) {
	r, s := serve(t, live.Mulaw, nil, works)
	c := asrtest.Open(t, r, asr.Options{})
	var line []byte
	for i := range 2 * media.FrameSamples {
		code := byte(i)
		if code == 0x7F {
			code = 0xFF // the other zero
		}
		line = append(line, code)
	}
	for part := range slices.Chunk(line, media.FrameSamples) {
		var f media.Frame
		if err := g711.Decode(&f, part); err != nil {
			t.Fatal(err)
		}
		c.Write(&f)
	}
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	if <-n.ended; !bytes.Equal(n.sound, line) {
		t.Error("the bytes of the line changed on their way")
	}
}

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
	patient := func(c *live.Config, _ *plain) { c.FinalWait = 300 * time.Millisecond }
	sparse := func(c *live.Config, _ *plain) {
		c.FinalWait, c.Limits.Unanswered = 2*time.Second, 100*time.Millisecond
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
		{"silence is a time-out", patient, silent, "", provider.Timeout, time.Second},
		{"settled words count", patient, words(one), "one", "", time.Second},
		{"a guess counts too", patient, words(one, guess), "one two", "", time.Second},
		{"where that is allowed, a sign of life is nothing said", sparse, silent, "", "", time.Second},
		{"where that is allowed, settled words count at once", sparse, words(one), "one", "", time.Second},
		{"where that is allowed, a guess is waited for", sparse, words(one, guess), "one two", "", 4 * time.Second},
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
		Provider: "plain", FinalWait: 300 * time.Millisecond, Limits: live.Limits{Unanswered: 50 * time.Millisecond},
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
	for (<-c.Results()).Text != asrtest.First.Text { // before we are sure ourselves
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Text != asrtest.First.Text || got.Err != nil || got.Took > 500*time.Millisecond {
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

func TestWhatDoesNotFitIsDropped(t *testing.T) {
	r, _ := serve(t, live.Mulaw, func(_ *live.Config, p *plain) { p.slow = true }, func(c *conn) {
		c.next()
		time.Sleep(200 * time.Millisecond)
		c.raw("welcome")
		works(c)
	})
	c := asrtest.Open(t, r, asr.Options{})
	var f media.Frame
	kept := 0
	for range 600 {
		if c.Write(&f) {
			kept++
		}
	}
	if kept != 500 {
		t.Errorf("%d frames were kept before the stream stood, want the 500 of ten seconds", kept)
	}
	c.Signal(asr.Ended)
	if got := c.Final(); got.Err != nil || got.Text != "" {
		t.Errorf("final = %+v", got)
	}
}

func TestAGreetingThatDoesNotComeIsATimeout(t *testing.T) {
	r, _ := serve(t, live.Mulaw, func(_ *live.Config, p *plain) { p.slow = true }, silent)
	c := asrtest.Open(t, r, asr.Options{})
	providertest.Check(t, providertest.NoAnswer, ask(c, asrtest.First).Err)
}

func TestAQuietStreamIsKeptAlive(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		r, s := serve(t, live.Mulaw, func(c *live.Config, p *plain) {
			p.quiet, c.Limits.Idle = quiet, 30*time.Millisecond
		}, works)
		c := asrtest.Open(t, r, asr.Options{})
		n := s.conn(t, 0)
		time.Sleep(200 * time.Millisecond)
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

func TestMessagesAreOfTheProvidersLength(t *testing.T) {
	r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) {
		c.Limits.Lump, c.Limits.Least = 100*time.Millisecond, 60*time.Millisecond
	}, works)
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Speech{Frames: make([]media.Frame, 11)}) // 220 ms
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	if <-n.ended; !slices.Equal(n.sizes, []int{800, 800, 480}) {
		t.Errorf("messages of %v bytes, want two of 100 ms and one of 60 ms", n.sizes)
	}
}

func TestAudioThatWaitedIsPaced(t *testing.T) {
	r, s := serve(t, live.Mulaw, func(c *live.Config, _ *plain) { c.Limits.Pace = 10 }, works)
	c := asrtest.Open(t, r, asr.Options{})
	c.Rest(4 * time.Second)
	c.Signal(asr.Ended)
	c.Final()
	c.Close()
	n := s.conn(t, 0)
	<-n.ended
	if took := n.times[len(n.times)-2].Sub(n.times[0]); took < 250*time.Millisecond {
		t.Errorf("4 s were sent in %v, want a second at once and three in 300 ms", took)
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
		late := time.Now().Add(time.Second)
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
	if took := time.Since(began); took > time.Second {
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
