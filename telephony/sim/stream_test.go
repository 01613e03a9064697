package sim_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// loud is 20 ms of a loud voice.
var loud = bytes.Repeat([]byte{0x20, 0xA0}, 80)

// echoed waits for n mark echoes, and returns their names and how long the line
// went on meanwhile by its own clock: a machine that stands still and then makes
// up for it changes nothing in that.
func echoed(s *socket, n int) (names []string, took time.Duration) {
	begin := s.line()
	for range n {
		m, err := s.await("mark")
		if err != nil {
			return
		}
		names = append(names, m["mark"].(map[string]any)["name"].(string))
	}
	return names, s.line() - begin
}

func TestMarksAreEchoedWhenPlayedAndAtAClear(t *testing.T) {
	g := newGateway(t, false)
	most := 0 // frames that the clear may have left
	g.talk = func(s *socket) {
		mark := func(name string) { s.send(`{"event":"mark","streamSid":%q,"mark":{"name":%q}}`, s.sid, name) }
		mark("empty")
		if names, took := echoed(s, 1); !slices.Equal(names, []string{"empty"}) || took > time.Second {
			t.Errorf("%v came back after %v, want the mark at once", names, took)
		}
		begin := s.line()
		s.say(bytes.Repeat(loud, 10)) // 200 ms
		mark("a")
		s.say(bytes.Repeat(loud, 100)) // 2 s
		mark("b")
		mark("c")
		names, took := echoed(s, 1)
		if !slices.Equal(names, []string{"a"}) || took < 200*ms || took > 1200*ms {
			t.Errorf("%v came back after %v, want a after 200 to 220 ms, and long before b", names, took)
		}
		s.send(`{"event":"clear","streamSid":%q}`, s.sid)
		names, took = echoed(s, 2)
		if !slices.Equal(names, []string{"b", "c"}) || took > 800*ms {
			t.Errorf("after clear came %v in %v, want b, c at once", names, took)
		}
		most = int((s.line()-begin)/media.FrameDuration) + 2
		s.send(`{"event":"clear","streamSid":%q}`, s.sid) // harmless
		s.say(loud[:80])                                  // half a frame
		s.say(loud[:80])
		mark("d")
		echoed(s, 1)
		closeStream(s)
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	call := call(t, c, handset.Silent)
	g.settle()
	wantStatus(t, call, telephony.Completed)
	wantClean(t, c)
	_, heard := call.Recording()
	if n := len(voicedFrames(heard)); n < 11 || n > most {
		t.Errorf("the far end heard %d frames, want 10, those before the clear, and 1: no more than %d", n, most)
	}
	if got := kinds(c); !slices.Equal(got, []police.Kind{police.Ragged}) {
		t.Errorf("warnings %v, want ragged", got)
	}
}

// browser is a handset that says itself how much it played.
type browser struct {
	handset.Handset
	played func() int64
}

func (b browser) Played() (int64, bool) { return b.played(), true }

func TestHandsetThatKnowsItsPositionDelaysMarks(t *testing.T) {
	var ticks atomic.Int64
	h := browser{
		handset.Func(func(now time.Duration, _, _ *media.Frame) handset.Touch {
			ticks.Store(int64(now/(20*ms)) + 1)
			return handset.Touch{}
		}),
		func() int64 { return max(ticks.Load()-10, 0) * 160 }, // 200 ms behind the clock
	}
	g := newGateway(t, false)
	g.talk = func(s *socket) {
		s.say(bytes.Repeat(loud, 5))
		s.send(`{"event":"mark","streamSid":%q,"mark":{"name":"x"}}`, s.sid)
		if _, took := echoed(s, 1); took < 280*ms || took > 2*time.Second {
			t.Errorf("mark came back after %v, want 300 to 320 ms", took)
		}
		closeStream(s)
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	call(t, c, h)
	wantClean(t, c)
}

func TestPoliceFindsEveryStreamViolation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		send string // %[1]q is the stream's id
		want police.Kind
	}{
		{"extra field", `{"event":"clear","streamSid":%[1]q,"x":1}`, police.ExtraField},
		{"extra field in media", `{"event":"media","streamSid":%[1]q,"media":{"payload":"/w==","track":"outbound"}}`, police.ExtraField},
		{"missing stream", `{"event":"clear"}`, police.MissingField},
		{"missing payload", `{"event":"media","streamSid":%[1]q,"media":{}}`, police.MissingField},
		{"mark without name", `{"event":"mark","streamSid":%[1]q,"mark":{"name":""}}`, police.MissingField},
		{"wrong stream", `{"event":"clear","streamSid":"MZ0"}`, police.WrongStream},
		{"unknown event", `{"event":"hangup","streamSid":%[1]q}`, police.UnknownEvent},
		{"not JSON", `hello`, police.NotJSON},
		{"JSON but no object", `null`, police.NotJSON},
		{"garbage for audio", `{"event":"media","streamSid":%[1]q,"media":{"payload":"***"}}`, police.BadPayload},
		{"no audio", `{"event":"media","streamSid":%[1]q,"media":{"payload":""}}`, police.BadPayload},
		{"a lump of 10 ms", `{"event":"media","streamSid":%[1]q,"media":{"payload":"` + strings.Repeat("////", 20) + `"}}`, police.Ragged},
		{"too much audio", `{"event":"media","streamSid":%[1]q,"media":{"payload":"` + strings.Repeat("////", 3000) + `"}}`, police.Overflow},
		{"too long a message", `{"event":"media","streamSid":%[1]q,"media":{"payload":"` + strings.Repeat("////", 30000) + `"}}`, police.Oversized},
		{"binary", "", police.Binary},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			g.talk = func(s *socket) {
				if tc.send == "" {
					s.WriteMessage(websocket.BinaryMessage, loud)
				} else {
					s.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(tc.send, "%[1]q", fmt.Sprintf("%q", s.sid))))
				}
				s.send(`{"event":"mark","streamSid":%q,"mark":{"name":"on"}}`, s.sid)
				_, err := s.await("mark")
				if alive := err == nil; alive != (tc.want != police.Oversized) {
					t.Errorf("the stream lives on: %v", alive)
				}
				closeStream(s)
			}
			c, _ := newCarrier(t, g, sim.Knobs{MaxMessage: 50_000, MaxBuffer: time.Second})
			call(t, c, handset.Silent)
			if got := kinds(c); !slices.Equal(got, []police.Kind{tc.want}) {
				t.Errorf("police found %v, want %v", got, tc.want)
			}
		})
	}
}

func TestPoliceSeesMediaBeforeStart(t *testing.T) {
	g := newGateway(t, false)
	early := make(chan struct{})
	g.handlers["/early"] = func(w1 http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{}
		conn, err := up.Upgrade(w1, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"clear","streamSid":"MZ0"}`))
		(&socket{Conn: conn}).await("start")
		close(early)
		closeStream(&socket{Conn: conn})
	}
	g.twiml["/voice"] = func(url.Values) string {
		return `<Connect action="/next"><Stream url="` + g.ws() + `/early"/></Connect>`
	}
	c, _ := newCarrier(t, g, sim.Knobs{StartDelay: 50 * ms})
	call(t, c, handset.Silent)
	<-early
	if got := kinds(c); !slices.Equal(got, []police.Kind{police.BeforeStart}) {
		t.Errorf("police found %v, want before-start", got)
	}
}

func TestActionIsAskedAfterACutAndTheCallGoesOn(t *testing.T) {
	for _, played := range []bool{false, true} {
		t.Run(fmt.Sprintf("buffer played %v", played), func(t *testing.T) {
			g := newGateway(t, false)
			streams, before := 0, 0
			var cut time.Time
			var call *sim.Call
			ready := make(chan struct{})
			g.talk = func(s *socket) {
				if streams++; streams == 2 {
					closeStream(s)
					return
				}
				s.say(bytes.Repeat(loud, 100)) // 2 s
				for range 10 {
					s.next()
				}
				<-ready
				if err := call.Cut(); err != nil {
					t.Errorf("Cut() = %v", err)
				}
				cut = time.Now()
				_, heard := call.Recording()
				before = len(voicedFrames(heard))
				for {
					if _, err := s.next(); err != nil {
						return
					}
				}
			}
			nexts := 0
			g.twiml["/next"] = func(v url.Values) string {
				if nexts++; nexts == 1 {
					return g.twiml["/voice"](v)
				}
				return `<Hangup/>`
			}
			c, _ := newCarrier(t, g, sim.Knobs{PlayAfterDrop: played, ActionDelay: time.Second})
			var err error
			if call, err = c.Call(t.Context(), theirs, ours, handset.Silent); err != nil {
				t.Fatal(err)
			}
			close(ready)
			wait(t, call)
			g.settle()
			wantStatus(t, call, telephony.Completed)
			wantClean(t, c)
			if got := g.statuses("/next"); !slices.Equal(got, []string{"in-progress", "in-progress"}) {
				t.Fatalf("action told %v, want in-progress twice", got)
			}
			if took := g.got("/next")[0].at.Sub(cut); took < 900*ms || took > 4*time.Second {
				t.Errorf("action came %v after the cut, want 1 s", took)
			}
			_, heard := call.Recording()
			n := len(voicedFrames(heard)) - before
			if dropped := n < 30; dropped == played {
				t.Errorf("the far end heard %d frames behind the cut of 90 that were left", n)
			}
			if err := call.Cut(); err == nil {
				t.Error("Cut() of a call without stream succeeded")
			}
		})
	}
}

func TestRedirectByRESTStopsTheStreamAndTheCallGoesOn(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	stopped := make(chan string, 1)
	g.talk = func(s *socket) {
		for range 5 {
			s.next()
		}
		sid := c.Calls()[0].SID()
		if _, err := rest.UpdateCall(sid, (&openapi.UpdateCallParams{}).SetTwiml(`<Response><Say>bye</Say></Response>`)); err != nil {
			t.Errorf("UpdateCall() = %v", err)
		}
		echo(s)
		stopped <- s.frames[len(s.frames)-1]
	}
	call := call(t, c, handset.Silent)
	wantStatus(t, call, telephony.Completed)
	wantClean(t, c)
	if last := <-stopped; !strings.HasPrefix(last, `{"event":"stop"`) {
		t.Errorf("last message %s, want stop", last)
	}
	if n := len(g.got("/next")); n != 0 {
		t.Errorf("the action was asked %d times, want never", n)
	}
	if _, err := rest.UpdateCall(call.SID(), (&openapi.UpdateCallParams{}).SetStatus("completed")); err == nil || !strings.Contains(err.Error(), "21220") {
		t.Errorf("UpdateCall() of a call that is over = %v, want 21220", err)
	}
}

func TestSlowReaderPushesBack(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var call *sim.Call
	ready := make(chan struct{})
	g.talk = func(s *socket) {
		<-ready
		if err := call.StopReading(); err != nil {
			t.Errorf("StopReading() = %v", err)
		}
		s.SetWriteDeadline(time.Now().Add(500 * ms))
		big := bytes.Repeat(loud, 400)
		for range 400 { // 25 MB
			if err := s.say(big); err != nil {
				call.ResumeReading()
				return
			}
		}
		t.Error("25 MB were taken by a carrier that does not read")
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	var err error
	if call, err = c.Call(t.Context(), theirs, ours, hangupAfter(3*time.Second)); err != nil {
		t.Fatal(err)
	}
	for !call.Streaming() {
		time.Sleep(ms)
	}
	close(ready)
	wait(t, call)
}
