package twilio

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// trackText is a media message of one track. A negative time is left out.
func trackText(track string, ms int, ulaw []byte) string {
	stamp := ""
	if ms >= 0 {
		stamp = fmt.Sprintf(`"timestamp":"%d",`, ms)
	}
	return `{"event":"media","sequenceNumber":"2","media":{"track":"` + track + `","chunk":"1",` + stamp + `"payload":"` +
		base64.StdEncoding.EncodeToString(ulaw) + `"},"streamSid":"` + testStream + `"}`
}

// both writes down what comes out of s: a letter for 20 ms of each side, . for
// silence, ? for a mixture.
type both struct{ caller, other strings.Builder }

func (b *both) drain(s *tracks) {
	var caller, other media.Frame
	for s.frame(&caller, &other) {
		b.caller.WriteByte(letterOf(&caller))
		b.other.WriteByte(letterOf(&other))
	}
}

func letterOf(f *media.Frame) byte {
	for _, v := range f {
		if v != f[0] {
			return '?'
		}
	}
	if f[0] == 0 {
		return '.'
	}
	return g711.EncodeSample(f[0])
}

// said is 20 ms of sound for each letter.
func said(letters string) []byte {
	var out []byte
	for _, c := range []byte(letters) {
		out = append(out, bytes.Repeat([]byte{c}, media.FrameSamples)...)
	}
	return out
}

func TestTwoTracksAreHeardSideBySide(t *testing.T) {
	type chunk struct {
		track string
		ms    int
		ulaw  []byte
	}
	in, out := trackCaller, trackOther
	second := strings.Repeat("z", 50)
	for _, tt := range []struct {
		name          string
		chunks        []chunk
		over          bool
		caller, other string
	}{
		{"one after the other", []chunk{{in, 155, said("A")}, {out, 155, said("a")}, {in, 175, said("B")}, {out, 176, said("b")}}, false, "AB", "ab"},
		{"the other first", []chunk{{out, 0, said("a")}, {in, 1, said("A")}}, false, "A", "a"},
		{"timestamps that wobble", []chunk{{in, 155, said("A")}, {out, 157, said("a")}, {in, 171, said("B")}, {out, 178, said("b")}}, false, "AB", "ab"},
		{"cut into any size", []chunk{{in, 0, said("A")[:7]}, {out, 0, said("ab")}, {in, 1, append(said("A")[7:], said("B")[:159]...)}, {in, 40, said("B")[:1]}}, false, "AB", "ab"},
		{"half a second at a time", []chunk{{in, 0, said(second[:25])}, {out, 0, said("aaaaa" + second[:20])}}, false, second[:25], "aaaaa" + second[:20]},
		{"one side begins later", []chunk{{in, 0, said("ABCDEFGH")}, {out, 100, said("abc")}}, false, "ABCDEFGH", ".....abc"},
		{"nobody is heard on one side", []chunk{{in, 0, said(second + "AB")}}, false, "zzz", "..."},
		{"one side comes when nobody waits for it any more", []chunk{{in, 0, said(second + "ABCDEF")}, {out, 0, said("abcdefghij")}}, false, "zzzzzzzzzz", ".......hij"},
		{"what was lost is silence", []chunk{{in, 0, said("A")}, {out, 0, said("a")}, {in, 100, said("F")}, {out, 20, said("bcdef")}}, false, "A....F", "abcdef"},
		{"a message or two lost is not noticed", []chunk{{in, 0, said("A")}, {out, 0, said("ab")}, {in, 40, said("C")}}, false, "AC", "ab"},
		{"a message that comes much too early waits no longer than a second", []chunk{{in, 0, said("A")}, {in, 3_600_000, said("B")}}, true, "A" + strings.Repeat(".", 50) + "B", strings.Repeat(".", 52)},
		{"no times at all", []chunk{{in, -1, said("AB")}, {out, -1, said("a")}, {out, -1, said("b")}}, false, "AB", "ab"},
		{"the end waits for nobody", []chunk{{in, 0, said("ABC")}, {out, 0, said("a")}}, true, "ABC", "a.."},
		{"another track is none of ours", []chunk{{"inbound_track", 0, said("X")}, {"", 0, said("X")}, {in, 0, said("A")}, {out, 0, said("a")}}, false, "A", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tracks{stream: testStream, count: func(string) {}}
			var heard both
			for _, c := range tt.chunks {
				if err := s.take([]byte(trackText(c.track, c.ms, c.ulaw))); err != nil {
					t.Fatal(err)
				}
				heard.drain(&s)
			}
			s.over = tt.over
			heard.drain(&s)
			if heard.caller.String() != tt.caller || heard.other.String() != tt.other {
				t.Errorf("heard\n %s\n %s\nwant\n %s\n %s", heard.caller.String(), heard.other.String(), tt.caller, tt.other)
			}
		})
	}
}

func TestWhatIsNoTrackIsCounted(t *testing.T) {
	var n tally
	s := tracks{stream: testStream, count: n.count}
	for text, reason := range map[string]string{
		`[`:                        ReasonMalformed,
		`{"event":"sentiment"}`:    ReasonUnknownEvent,
		connectedText:              ReasonUnexpectedEvent,
		startText("x"):             ReasonSecondStart,
		trackText("third", 0, nil): ReasonOtherTrack,
		strings.ReplaceAll(trackText(trackCaller, 0, nil), testStream, "MZ1"):                          ReasonWrongStream,
		`{"event":"media","media":{"track":"inbound","payload":"*"},"streamSid":"` + testStream + `"}`: ReasonBadBase64,
	} {
		if err := s.take([]byte(text)); err != nil || n.of(reason) != 1 {
			t.Errorf("%.40s: %v, counted %v, want %s", text, err, &n, reason)
		}
	}
	if err := s.take([]byte(stopText)); err != errStopped {
		t.Errorf("take(stop) = %v", err)
	}
	var f media.Frame
	if s.frame(&f, &f) {
		t.Error("there is a frame")
	}
}

func TestHearingBothSidesAllocatesNothing(t *testing.T) {
	texts := [][]byte{[]byte(trackText(trackCaller, -1, said("A"))), []byte(trackText(trackOther, -1, said("a")))}
	s := tracks{stream: testStream, count: func(string) {}}
	var caller, other media.Frame
	hear := func() {
		for _, text := range texts {
			if err := s.take(text); err != nil {
				t.Fatal(err)
			}
		}
		if !s.frame(&caller, &other) {
			t.Fatal("no frame")
		}
	}
	hear()
	if n := testing.AllocsPerRun(200, hear); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzTracks feeds any messages to a stream of both tracks: it never panics, what
// waits is bounded, and all that is handed out was said or is silence.
func FuzzTracks(f *testing.F) {
	f.Add(trackText(trackCaller, 155, repeat(161)), trackText(trackOther, 155, repeat(159)), trackText(trackOther, 9, repeat(500)))
	f.Add(trackText(trackCaller, 0, nil), trackText(trackOther, 999_999_999_999, repeat(1)), trackText(trackCaller, 0, repeat(2000)))
	f.Add(trackText(trackOther, 500, repeat(800)), trackText(trackOther, 0, repeat(800)), trackText(trackCaller, 100, repeat(800)))
	f.Add(stopText, `[`, markText("1"))
	f.Fuzz(func(t *testing.T, first, second, third string) {
		s := tracks{stream: testStream, count: func(string) {}}
		var caller, other media.Frame
		payloads, frames := 0, 0
		for _, text := range []string{first, second, third, first, second, third} {
			payloads += len(text)
			if err := s.take([]byte(text)); err != nil && err != errStopped {
				t.Fatalf("take() = %v", err)
			}
			for s.frame(&caller, &other) {
				frames++
			}
			if long := max(s.caller.here(), s.other.here()); long >= trackLag || min(s.caller.here(), s.other.here()) >= media.FrameSamples {
				t.Fatalf("%d and %d samples wait", s.caller.here(), s.other.here())
			}
		}
		s.over = true
		for s.frame(&caller, &other) {
			frames++
		}
		if most := payloads + 6*trackLag; frames*media.FrameSamples > most {
			t.Errorf("%d frames of %d bytes", frames, payloads)
		}
	})
}
