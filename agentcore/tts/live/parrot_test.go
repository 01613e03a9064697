package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "sk-very-secret"

// parrot is a provider of no vendor: it hums each word for 200 ms.
//
//	> {"say":"Two words."}
//	< {"hello":true}  (once)
//	< binary, {"word":3,"ms":200}  (each word)
//	< {"done":true}
type parrot struct {
	fault providertest.Fault
	wire  *providertest.Wire

	says   func(c *websocket.Conn, n int, text string) bool // instead of the phrase; true goes on with it
	busy   int32                                            // so many upgrades are refused first
	dials  atomic.Int32
	phrase atomic.Int32
	work   sync.WaitGroup
}

// hum is 200 ms of sound.
var hum = func() (all []byte) {
	for i := range 1600 {
		all = append(all, g711.EncodeSample(int16(3000*(i%8))))
	}
	return all
}()

// serve starts p and returns a voice that speaks through it.
func serve(t *testing.T, p *parrot, change func(*Config)) *Voice {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); p.work.Wait() })
	p.wire = &providertest.Wire{Fault: p.fault, After: 2500}
	host := p.wire.Listen(t, s.Listener.Addr().String())
	c := Config{
		Provider: "parrot", Name: "parrot polly", Format: Mulaw8k, Patience: p.fault.Patience(),
		Protocol: func() Protocol { return &talk{url: "ws://" + host + "/speak"} },
	}
	if change != nil {
		change(&c)
	}
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.work.Add(1) // before the connection is hijacked: until then the server's Close waits
	defer p.work.Done()
	if p.dials.Add(1) <= p.busy {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	status := map[providertest.Fault]int{
		providertest.WrongKey: 401, providertest.NoMoney: 402, providertest.RateLimited: 429,
		providertest.BadRequest: 400, providertest.Broken: 503,
	}[p.fault]
	if r.URL.Path != "/speak" || r.Header.Get("Authorization") != "Token "+key {
		status = http.StatusTeapot
	}
	if status != 0 {
		w.Header().Set("Retry-After", "7")
		http.Error(w, `{"error":{"code":"no_code","message":"`+key+`"}}`, status)
		return
	}
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	c.WriteMessage(websocket.TextMessage, []byte(`{"hello":true}`))
	for n := 1; ; n++ {
		_, m, err := c.ReadMessage()
		if err != nil {
			return
		}
		p.phrase.Add(1)
		var said struct{ Say string }
		if json.Unmarshal(m, &said) != nil {
			return
		}
		if p.says != nil && !p.says(c, n, said.Say) {
			return
		}
		if !p.speak(c, said.Say) {
			return
		}
	}
}

// speak hums text; false closes the connection.
func (p *parrot) speak(c *websocket.Conn, text string) bool {
	words := strings.Fields(text)
	at := 0
	for i, word := range words {
		at += strings.Index(text[at:], word) + len(word)
		if i == len(words)/2 {
			switch p.fault {
			case providertest.Closes:
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(time.Second))
				return false
			case providertest.SaysError:
				c.WriteMessage(websocket.TextMessage, []byte(`{"error":"overloaded by `+key+`"}`))
			case providertest.TalksRot:
				c.WriteMessage(websocket.TextMessage, []byte("\x00{["+key))
			case providertest.TooLarge:
				c.WriteMessage(websocket.BinaryMessage, make([]byte, mostMessage+1))
			}
		}
		if strings.ContainsFunc(word, func(r rune) bool { return r >= '0' }) {
			c.WriteMessage(websocket.BinaryMessage, hum)
		}
		c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"word":%d,"ms":%d}`, at, 200*(i+1)))
	}
	return c.WriteMessage(websocket.TextMessage, []byte(`{"done":true}`)) == nil
}

// talk is the client's side.
type talk struct{ url string }

func (t *talk) Dial() (string, http.Header) {
	return t.url, http.Header{"Authorization": {"Token " + key}}
}
func (t *talk) Say(text string) []Message {
	m, _ := json.Marshal(map[string]string{"say": text})
	return []Message{{Data: m}}
}
func (t *talk) Again() bool { return true }
func (t *talk) Take(m Message) (s Spoken, err error) {
	if m.Binary {
		return Spoken{Sound: m.Data}, nil
	}
	var in struct {
		Word, MS int
		Done     bool
		Error    string
		Ask      bool
	}
	if err := json.Unmarshal(m.Data, &in); err != nil {
		return s, err
	}
	if in.Error != "" {
		return s, provider.Said("parrot", "speak", []byte(`{"code":"overloaded"}`))
	}
	if in.Word > 0 {
		s.Words = []tts.Word{{Upto: in.Word, End: time.Duration(in.MS) * time.Millisecond}}
	}
	if in.Ask {
		s.Send = []Message{{Data: []byte(`"here"`)}}
	}
	s.Done = in.Done
	return s, nil
}

// say speaks text and tells how many frames came.
func say(ctx context.Context, v tts.Synthesizer, text string) (frames int, err error) {
	err = v.Speak(ctx, text, tts.Frames(func(*media.Frame) error { frames++; return nil }))
	return frames, err
}

// soon waits for what must become true.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came true that " + what)
		}
	}
}
