package sim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// sounder is a phone that sounds hz and hangs up at hangup, if that is not 0.
func sounder(hz float64, hangup time.Duration) handset.Handset {
	tone := handset.Tone(time.Second, hz)
	i := 0
	return handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
		*say = tone[i%len(tone)]
		i++
		return handset.Touch{Hangup: hangup > 0 && now >= hangup}
	})
}

// forked is a Start of a stream to g.
func (g *gateway) forked(attributes string) string {
	return `<Start><Stream url="` + g.ws() + `/media" ` + attributes + `><Parameter name="token" value="t"/></Stream></Start>`
}

// sides is what a stream of both tracks brought.
type sides struct {
	start  string
	frames map[string][]media.Frame
	chunks map[string][]string
	seqs   []string
	stops  int
}

// listenTo keeps what s brings, until it ends. The start message is gone by then.
func listenTo(s *socket) *sides {
	got := &sides{frames: map[string][]media.Frame{}, chunks: map[string][]string{}}
	for {
		m, err := s.next()
		if err != nil {
			return got
		}
		got.seqs = append(got.seqs, m["sequenceNumber"].(string))
		switch m["event"] {
		case "stop":
			got.stops++
		case "media":
			in := m["media"].(map[string]any)
			name := in["track"].(string)
			var f media.Frame
			decode(&f, m)
			got.frames[name] = append(got.frames[name], f)
			got.chunks[name] = append(got.chunks[name], in["chunk"].(string))
		}
	}
}

// sounds is for how long hz is heard on a track.
func (s *sides) sounds(track string, hz float64) (d time.Duration) {
	for i := range s.frames[track] {
		if handset.Level(&s.frames[track][i], hz) > handset.ToneLevel/2 {
			d += media.FrameDuration
		}
	}
	return d
}

// A stream of both tracks hears who takes a call over, in a Dial and in a
// conference, as the documentation of Media Streams has it.
func TestAStreamListensWhileSomebodyElseHasTheCall(t *testing.T) {
	for name, verb := range map[string]string{
		"Dial":       `<Dial action="/next"><Number>+15005550011</Number></Dial>`,
		"Conference": `<Dial action="/next"><Conference beep="false" waitUrl="">room</Conference></Dial>`,
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, false)
			heard := make(chan *sides, 1)
			g.talk = func(s *socket) {
				start := s.frames[len(s.frames)-1]
				got := listenTo(s)
				got.start = start
				heard <- got
			}
			g.twiml["/voice"] = func(form url.Values) string {
				if form.Get("From") != theirs { // the other one in the room
					return verb
				}
				return g.forked(`name="ear" track="both_tracks" statusCallback="`+g.srv.URL+`/forked"`) + verb
			}
			g.twiml["/forked"] = func(url.Values) string { return `` }
			c, _ := newCarrier(t, g, sim.Knobs{})
			c.Register("+15005550011", sim.Phone{Make: func() handset.Handset { return sounder(1200, 2500*ms) }})
			first, err := c.Call(t.Context(), theirs, ours, sounder(600, 4*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			calls := []*sim.Call{first}
			if name == "Conference" {
				second, err := c.Call(t.Context(), "+15005550011", ours, sounder(1200, 2500*ms))
				if err != nil {
					t.Fatal(err)
				}
				calls = append(calls, second)
			}
			wait(t, calls...)
			got := <-heard
			if want := `"tracks":["inbound","outbound"]`; !strings.Contains(got.start, want) || !strings.Contains(got.start, `"customParameters":{"token":"t"}`) {
				t.Errorf("start is %s, want %s", got.start, want)
			}
			if got.sounds("inbound", 600) < time.Second || got.sounds("outbound", 1200) < 700*ms {
				t.Errorf("the caller is heard for %v, the other for %v", got.sounds("inbound", 600), got.sounds("outbound", 1200))
			}
			if got.sounds("inbound", 1200)+got.sounds("outbound", 600) != 0 {
				t.Error("a side is heard on the other's track")
			}
			for track, chunks := range got.chunks {
				for i, chunk := range chunks {
					if chunk != strconv.Itoa(i+1) {
						t.Fatalf("chunk %d of %s has number %s", i+1, track, chunk)
					}
				}
			}
			for i, seq := range got.seqs {
				if seq != strconv.Itoa(i+2) {
					t.Fatalf("message %d has number %s", i+2, seq)
				}
			}
			if got.stops != 1 {
				t.Errorf("%d stop messages", got.stops)
			}
			var events []string
			for _, r := range g.got("/forked") {
				events = append(events, r.form.Get("StreamEvent")+" "+r.form.Get("StreamName"))
			}
			if !slices.Equal(events, []string{"stream-started ear", "stream-stopped ear"}) {
				t.Errorf("told %v", events)
			}
			wantClean(t, c)
		})
	}
}

func TestAStreamThatListensIsStoppedByItsName(t *testing.T) {
	g := newGateway(t, false)
	ended := make(chan time.Time, 2)
	g.talk = func(s *socket) {
		if got := listenTo(s); got.stops == 1 {
			ended <- time.Now()
		}
	}
	g.twiml["/voice"] = func(url.Values) string {
		return g.forked(`name="a"`) + g.forked(`name="b" track="outbound_track"`) +
			`<Pause length="1"/><Stop><Stream name="none"/><Stream name="a"/></Stop><Pause length="2"/><Hangup/>`
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	call := call(t, c, handset.Silent)
	first, second := <-ended, <-ended
	if gap := second.Sub(first); gap < 700*ms || gap > 5*time.Second || call.Duration() > 8*time.Second {
		t.Errorf("the streams stopped %v apart in a call of %v", gap, call.Duration())
	}
	wantClean(t, c)
}

func TestWhatIsWrongWithAStreamThatListens(t *testing.T) {
	both := `track="both_tracks"`
	for _, tt := range []struct {
		name  string
		twiml func(g *gateway) string
		talk  func(*socket)
		want  []police.Kind
	}{
		{"both tracks in a Connect", func(g *gateway) string {
			g.twiml["/next"] = func(url.Values) string { return `<Pause length="1"/><Hangup/>` }
			return `<Connect action="/next"><Stream track="both_tracks" url="` + g.ws() + `/media"/></Connect>`
		}, nil, []police.Kind{police.StreamURL}},
		{"a track that nobody knows", func(g *gateway) string { return g.forked(`track="both"`) }, nil, []police.Kind{police.StreamURL}},
		{"five tracks", func(g *gateway) string { return g.forked(both) + g.forked(both) + g.forked("") }, nil, []police.Kind{police.Attribute}},
		{"a name twice", func(g *gateway) string { return g.forked(`name="a"`) + g.forked(`name="a"`) }, nil, []police.Kind{police.Attribute}},
		{"it is spoken to", func(g *gateway) string { return g.forked(both) }, func(s *socket) { s.say(loud); listenTo(s) }, []police.Kind{police.OneWay}},
		{"the gateway closes it", func(g *gateway) string { return g.forked(both) }, closeStream, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, false)
			g.talk = func(s *socket) { listenTo(s) }
			if tt.talk != nil {
				g.talk = tt.talk
			}
			g.twiml["/voice"] = func(url.Values) string { return tt.twiml(g) + `<Pause length="1"/><Hangup/>` }
			c, _ := newCarrier(t, g, sim.Knobs{})
			call := call(t, c, handset.Silent)
			got := slices.DeleteFunc(kinds(c), func(k police.Kind) bool { return k == police.AfterConnect })
			if !slices.Equal(got, tt.want) {
				t.Errorf("reported %v, want %v", got, tt.want)
			}
			if call.Status() != telephony.Completed || call.Duration() < 900*ms {
				t.Errorf("the call is %s after %v: it does not wait for the stream", call.Status(), call.Duration())
			}
		})
	}
}

// A document of anybody's account: its verbs after a Connect are played when the
// stream is closed, and are not the gateway's fault.
func TestAStrangersDocument(t *testing.T) {
	const stranger = "AC00000000000000000000000000000009"
	g := newGateway(t, false)
	g.secret = "strangers"
	g.talk = closeStream
	g.twiml["/voice"] = func(url.Values) string {
		return fmt.Sprintf(`<Connect><Stream url="%s/media"/></Connect><Pause length="1"/>`, g.ws())
	}
	c, err := sim.New(sim.Config{
		AccountSID: account, AuthToken: secret,
		Accounts: []sim.Account{{SID: stranger, AuthToken: "strangers", Stranger: true}},
		Numbers:  []sim.Number{{Number: ours, Account: stranger, VoiceURL: g.srv.URL + "/voice"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if call := call(t, c, handset.Silent); call.Duration() < 900*ms || call.Duration() > 6*time.Second {
		t.Errorf("the call lasted %v, want the Pause after the stream", call.Duration())
	}
	if got := kinds(c); len(got) != 0 {
		t.Errorf("reported %v", got)
	}
}
