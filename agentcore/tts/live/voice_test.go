package live

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

func TestSuite(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { return serve(t, &parrot{}, nil) })
}

func TestEveryFaultIsSurvived(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer {
		return serve(t, &parrot{fault: f}, nil)
	}, key, "127.0.0.1")
}

func TestWordsAndFramesComeAsTheyWereSaid(t *testing.T) {
	v := serve(t, &parrot{}, nil)
	if all := ttstest.Words(t, v, "Two  words."); len(all) != 2 || all[0] != (tts.Word{Upto: 3, End: 200 * time.Millisecond}) || all[1] != (tts.Word{Upto: 11, End: 400 * time.Millisecond}) {
		t.Errorf("words = %v", all)
	}
	if n, err := say(t.Context(), v, "Two words."); n != 20 || err != nil {
		t.Errorf("%d frames, %v; want 20", n, err)
	}
	if v.String() != "parrot polly" {
		t.Errorf("String() = %q", v)
	}
}

func TestAPhraseAfterAnotherUsesTheSameConnection(t *testing.T) {
	p := &parrot{}
	v := serve(t, p, nil)
	for range 5 {
		if n, err := say(t.Context(), v, "One word."); n != 20 || err != nil {
			t.Fatalf("%d frames, %v", n, err)
		}
	}
	if n := p.dials.Load(); n != 1 {
		t.Errorf("%d connections for five phrases, want 1", n)
	}
}

// dies makes the first connection die when its second phrase is asked for.
func dies(c *websocket.Conn, n int, _ string) bool { return n == 1 }

func TestAConnectionThatDiedWhileIdleIsReplacedUnheard(t *testing.T) {
	p := &parrot{says: dies}
	v := serve(t, p, nil)
	for i := range 3 {
		if n, err := say(t.Context(), v, "One word."); n != 20 || err != nil {
			t.Fatalf("phrase %d: %d frames, %v", i, n, err)
		}
	}
	if n := p.dials.Load(); n != 3 {
		t.Errorf("%d connections, want one more after each death", n)
	}
}

// A connection that somebody on the way has forgotten takes what is sent, and
// never answers.
func TestAConnectionThatWasForgottenIsReplaced(t *testing.T) {
	p := &parrot{}
	over := make(chan bool)
	p.says = func(*websocket.Conn, int, string) bool {
		if p.phrase.Load() == 2 {
			<-over // pings are not read, either
			return false
		}
		return true
	}
	v := serve(t, p, nil)
	t.Cleanup(func() { close(over) })
	for i := range 2 {
		if n, err := say(t.Context(), v, "One word."); n != 20 || err != nil {
			t.Fatalf("phrase %d: %d frames, %v", i, n, err)
		}
	}
	if n := p.dials.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// One that answers pings is only slow, and is waited for.
func TestASlowConnectionIsNotReplaced(t *testing.T) {
	p := &parrot{}
	p.says = func(c *websocket.Conn, n int, text string) bool {
		if n == 2 {
			c.SetReadDeadline(time.Now().Add(deaf + 300*time.Millisecond))
			c.ReadMessage() // answers the ping
			p.speak(c, text)
			return false
		}
		return true
	}
	v := serve(t, p, nil)
	for i := range 2 {
		if n, err := say(t.Context(), v, "One word."); n != 20 || err != nil {
			t.Fatalf("phrase %d: %d frames, %v", i, n, err)
		}
	}
	if n := p.dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestOnlyOneOtherConnectionIsTried(t *testing.T) {
	p := &parrot{}
	p.says = func(*websocket.Conn, int, string) bool { return p.phrase.Load() == 1 }
	v := serve(t, p, nil)
	if _, err := say(t.Context(), v, "One word."); err != nil {
		t.Fatal(err)
	}
	_, err := say(t.Context(), v, "One word.")
	if provider.ClassOf(err) != provider.Unavailable || p.dials.Load() != 2 {
		t.Errorf("%v after %d connections, want unavailable after 2", err, p.dials.Load())
	}
}

func TestAPhraseThatBeganIsNotSaidAgain(t *testing.T) {
	p := &parrot{says: func(c *websocket.Conn, n int, _ string) bool {
		if n == 1 {
			return true
		}
		c.WriteMessage(websocket.BinaryMessage, hum)
		return false
	}}
	v := serve(t, p, nil)
	if _, err := say(t.Context(), v, "One word."); err != nil {
		t.Fatal(err)
	}
	n, err := say(t.Context(), v, "One word.")
	if provider.ClassOf(err) != provider.Unavailable || n != 10 || p.dials.Load() != 1 {
		t.Errorf("%d frames, %v on %d connections; want 10 frames, then unavailable", n, err, p.dials.Load())
	}
}

func TestAGoodbyeWhileIdleIsNoticed(t *testing.T) {
	p := &parrot{says: func(c *websocket.Conn, _ int, text string) bool {
		go func() { time.Sleep(20 * time.Millisecond); c.Close() }()
		return true
	}}
	v := serve(t, p, nil)
	if _, err := say(t.Context(), v, "One word."); err != nil {
		t.Fatal(err)
	}
	soon(t, "the connection is gone", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.idle) == 0
	})
}

func TestWhatIsSaidUnaskedIsHeardByNobody(t *testing.T) {
	p := &parrot{}
	rest := make(chan bool)
	p.says = func(c *websocket.Conn, n int, text string) bool {
		if p.phrase.Load() > 1 {
			return true
		}
		p.speak(c, text)
		<-rest
		c.WriteMessage(websocket.BinaryMessage, hum)
		c.ReadMessage()
		return false
	}
	v := serve(t, p, nil)
	if _, err := say(t.Context(), v, "One word."); err != nil {
		t.Fatal(err)
	}
	close(rest)
	soon(t, "the rest has come", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.idle) == 1 && !v.idle[0].ahead.untouched()
	})
	if n, err := say(t.Context(), v, "One word."); n != 20 || err != nil {
		t.Errorf("%d frames, %v; want the 20 of the phrase", n, err)
	}
}

func TestAnIdleConnectionRetires(t *testing.T) {
	p := &parrot{}
	v := serve(t, p, func(c *Config) { c.Warm = 30 * time.Millisecond })
	if _, err := say(t.Context(), v, "One word."); err != nil {
		t.Fatal(err)
	}
	soon(t, "no connection is open", func() bool { return p.wire.Open() == 0 })
}

func TestWithoutWarmthEachPhraseHasItsConnection(t *testing.T) {
	p := &parrot{}
	v := serve(t, p, func(c *Config) { c.Warm = -1 })
	for range 2 {
		if _, err := say(t.Context(), v, "One word."); err != nil {
			t.Fatal(err)
		}
	}
	if soon(t, "no connection is open", func() bool { return p.wire.Open() == 0 }); p.dials.Load() != 2 {
		t.Errorf("%d connections, want 2", p.dials.Load())
	}
}

func TestFewIdleConnectionsAreKept(t *testing.T) {
	p := &parrot{}
	var together sync.WaitGroup
	together.Add(12)
	p.says = func(*websocket.Conn, int, string) bool { together.Done(); together.Wait(); return true }
	v := serve(t, p, nil)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if _, err := say(t.Context(), v, "One word."); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	soon(t, "eight are open", func() bool { return p.wire.Open() == mostIdle })
	v.Close()
	soon(t, "none is open", func() bool { return p.wire.Open() == 0 })
}

// mute stalls after the first word until the client is gone.
func mute(c *websocket.Conn, _ int, _ string) bool {
	c.WriteMessage(websocket.BinaryMessage, hum)
	c.ReadMessage()
	return false
}

func TestCancelClosesTheStream(t *testing.T) {
	over := errors.New("the caller spoke")
	for name, stopped := range map[string]func(cancel context.CancelCauseFunc) error{
		"by the context": func(cancel context.CancelCauseFunc) error { cancel(over); return nil },
		"by the sink":    func(context.CancelCauseFunc) error { return over },
	} {
		t.Run(name, func(t *testing.T) {
			p := &parrot{says: mute}
			v := serve(t, p, func(c *Config) { c.Patience = provider.Patience{Gap: time.Minute} })
			ctx, cancel := context.WithCancelCause(t.Context())
			n := 0
			err := v.Speak(ctx, "One word.", tts.Frames(func(*media.Frame) error {
				if n++; n == 3 {
					return stopped(cancel)
				}
				return nil
			}))
			if !errors.Is(err, over) || n != 3 {
				t.Errorf("%v after %d frames", err, n)
			}
			soon(t, "the stream is closed", func() bool { return p.wire.Open() == 0 })
		})
	}
}

func TestCancelWhileDialling(t *testing.T) {
	p := &parrot{fault: providertest.NoAnswer}
	v := serve(t, p, func(c *Config) { c.Patience = provider.Patience{Connect: time.Minute, First: time.Minute} })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := say(ctx, v, "One word."); !errors.Is(err, context.Canceled) || provider.ClassOf(err) != provider.Canceled {
		t.Errorf("Speak = %v, want canceled", err)
	}
	soon(t, "the stream is closed", func() bool { return p.wire.Open() == 0 })
}

// The line takes its time with the first frame, far longer than the voice may
// be silent: the voice is read all the same, and has not stalled.
func TestTheLineMayTakeItsTime(t *testing.T) {
	const words = 60
	all := make(chan bool)
	p := &parrot{}
	p.says = func(c *websocket.Conn, _ int, text string) bool {
		p.speak(c, text)
		close(all)
		c.ReadMessage()
		return false
	}
	v := serve(t, p, func(c *Config) {
		c.Patience = provider.Patience{Connect: 10 * time.Second, First: 10 * time.Second, Gap: time.Second}
	})
	n := 0
	err := v.Speak(t.Context(), strings.Repeat("Word ", words), tts.Frames(func(*media.Frame) error {
		if n++; n == 1 {
			<-all
			time.Sleep(1300 * time.Millisecond)
		}
		return nil
	}))
	if err != nil || n != 10*words {
		t.Errorf("%d frames, %v; want %d", n, err, 10*words)
	}
}

func TestSoundWithoutEndIsCut(t *testing.T) {
	p := &parrot{says: func(c *websocket.Conn, _ int, _ string) bool {
		for c.WriteMessage(websocket.BinaryMessage, hum) == nil {
		}
		return false
	}}
	n, err := say(t.Context(), serve(t, p, nil), "One word.")
	if provider.ClassOf(err) != provider.Garbage || n != int(longestPhrase/media.FrameDuration) {
		t.Errorf("%v after %d frames, want garbage after %v", err, n, longestPhrase)
	}
}

func TestChatterIsNoSound(t *testing.T) {
	p := &parrot{says: func(c *websocket.Conn, _ int, _ string) bool {
		for c.WriteMessage(websocket.TextMessage, []byte(`{"hello":true}`)) == nil {
			time.Sleep(5 * time.Millisecond)
		}
		return false
	}}
	hurry := func(c *Config) { c.Patience = providertest.Patience }
	if _, err := say(t.Context(), serve(t, p, hurry), "One word."); provider.ClassOf(err) != provider.Timeout {
		t.Errorf("Speak = %v, want a time-out", err)
	}
}

func TestNothingSpokenIsAnError(t *testing.T) {
	p := &parrot{says: func(c *websocket.Conn, _ int, _ string) bool {
		c.WriteMessage(websocket.TextMessage, []byte(`{"done":true}`))
		c.ReadMessage()
		return false
	}}
	if n, err := say(t.Context(), serve(t, p, nil), "One word."); provider.ClassOf(err) != provider.Garbage || n != 0 {
		t.Errorf("%d frames, %v; want garbage", n, err)
	}
}

func TestAnAnswerIsSentAtOnce(t *testing.T) {
	var here atomic.Bool
	p := &parrot{says: func(c *websocket.Conn, _ int, _ string) bool {
		c.WriteMessage(websocket.TextMessage, []byte(`{"ask":true}`))
		_, m, err := c.ReadMessage()
		here.Store(err == nil && string(m) == `"here"`)
		return here.Load()
	}}
	if _, err := say(t.Context(), serve(t, p, nil), "One word."); err != nil || !here.Load() {
		t.Errorf("Speak = %v; asked and answered: %v", err, here.Load())
	}
}

func TestWhatCannotBeSaidIsNotSent(t *testing.T) {
	p := &parrot{}
	v := serve(t, p, func(c *Config) { c.MostText = 20 })
	_, err := say(t.Context(), v, strings.Repeat("word ", 5))
	if provider.ClassOf(err) != provider.Refused {
		t.Errorf("a text of 25 bytes: %v, want refused", err)
	}
	if n, err := say(t.Context(), v, "... \u200b"); n != 0 || err != nil {
		t.Errorf("no word: %d frames, %v", n, err)
	}
	if p.dials.Load() != 0 {
		t.Error("a connection was made for it")
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	_, err := New(Config{Format: Format{Mulaw: true, Rate: 16000}})
	for _, want := range []string{"Provider", "Protocol", "16000"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to name %s", err, want)
		}
	}
}
