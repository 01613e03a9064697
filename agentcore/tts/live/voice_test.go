package live

import (
	"context"
	"errors"
	"strings"
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
