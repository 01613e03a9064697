package live

import (
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

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

// One handshake that fails costs a moment, and not the call whose only voice it is.
func TestADialThatFailsAtOnceIsTriedAgain(t *testing.T) {
	p := &parrot{busy: 1}
	if n, err := say(t.Context(), serve(t, p, nil), "One word."); n != 20 || err != nil {
		t.Errorf("%d frames, %v", n, err)
	}
	p = &parrot{busy: 9}
	_, err := say(t.Context(), serve(t, p, nil), "One word.")
	if n := p.dials.Load(); provider.ClassOf(err) != provider.Unavailable || n != 2 {
		t.Errorf("%v after %d connections, want unavailable after 2", err, n)
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
