package failover

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// wired is the smallest protocol: linear sound, "words" asks, and the answer is
// text.
type wired struct{ url string }

func (w wired) Dial() (string, http.Header, []string) { return w.url, nil, nil }
func (wired) Hello() []live.Message                   { return nil }
func (wired) Ready() bool                             { return true }
func (wired) Finalize() []live.Message                { return []live.Message{{Data: []byte("words")}} }
func (wired) KeepAlive() []live.Message               { return nil }
func (wired) Bye() []live.Message                     { return nil }

func (wired) Audio(dst, sound []byte) live.Message {
	return live.Message{Binary: true, Data: append(dst, sound...)}
}

func (wired) Take(m live.Message) ([]live.Heard, error) {
	return []live.Heard{{Text: string(m.Data), Settled: true, Finalized: true}}, nil
}

// exchange is a server that hears coded words. It cuts the connection when it has
// heard the word cut; -1 never.
func exchange(t *testing.T, name string, cut int) asr.Recognizer {
	var work sync.WaitGroup
	up := websocket.Upgrader{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		work.Add(1)
		defer work.Done()
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		var words []string
		var sound []byte
		for {
			kind, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			if kind == websocket.TextMessage {
				if c.WriteMessage(websocket.TextMessage, []byte(strings.Join(words, " "))) != nil {
					return
				}
				words = nil
				continue
			}
			for sound = append(sound, data...); len(sound) >= 2*media.FrameSamples; sound = sound[2*media.FrameSamples:] {
				var f media.Frame
				for i := range f {
					f[i] = int16(binary.LittleEndian.Uint16(sound[2*i:]))
				}
				code, _, ok := agenttest.Decode(&f)
				if ok && code == cut {
					return
				}
				if word := fmt.Sprint("w", code); ok && (len(words) == 0 || words[len(words)-1] != word) {
					words = append(words, word)
				}
			}
		}
	}))
	t.Cleanup(func() { s.Close(); work.Wait() })
	r, err := live.New(live.Config{
		Provider: name, Name: name, Format: live.PCM8k, FinalWait: 10 * time.Second,
		Patience: provider.Patience{Connect: 10 * time.Second},
		Protocol: func(asr.Options) live.Protocol { return wired{strings.Replace(s.URL, "http", "ws", 1)} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Over real connections: one is cut in mid-word, and the next, which has room for
// 10 s at a time, is played all of a long utterance and those behind it.
func TestAConnectionIsCutInMidWord(t *testing.T) {
	var tr told
	r := Recognizer(Config[asr.Recognizer]{Candidates: []Candidate[asr.Recognizer]{
		{Port: exchange(t, "a", 24)}, {Port: exchange(t, "b", -1)},
	}})
	s, err := r.Open(tr.trace(t.Context()), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	say := func(from, to int) (text string) {
		for code := from; code < to; code++ {
			text = strings.TrimSpace(fmt.Sprint(text, " w", code))
			for n, f := range word(code, 50) {
				s.Write(&f)
				if code == from && n == 2 {
					s.Signal(asr.Began)
				}
				time.Sleep(time.Millisecond) // twenty times as fast as the line: half a second fits in the way
			}
		}
		s.Signal(asr.Ended)
		return text
	}
	want := []string{say(1, 3), say(3, 28), say(28, 30)}
	for _, w := range want {
		got := final(t, s)
		if got != w {
			t.Errorf("heard %q, want %q", got, w)
		}
	}
	tr.check(t, "a -> b")
}

func final(t *testing.T, s asr.Stream) string {
	t.Helper()
	for r := range s.Results() {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if r.Final {
			return r.Text
		}
	}
	t.Fatal("the results are closed")
	return ""
}
