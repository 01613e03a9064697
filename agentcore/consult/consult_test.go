package consult_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/consult"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/tone"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

const (
	ms    = time.Millisecond
	sec   = time.Second
	about = "A caller asks about order twelve."
)

func says(at, long time.Duration) handset.Noise { return handset.Noise{At: at, For: long} }
func presses(at time.Duration, key byte) handset.Noise {
	return handset.Noise{At: at, Digit: key}
}
func hangsUp(at time.Duration) handset.Noise { return handset.Noise{At: at, Hangup: true} }

// beeps is h, with a tone as it comes through the carrier's µ-law.
func beeps(h handset.Handset, at, long time.Duration, hertz float64) handset.Handset {
	return sounds(h, at, tone.Make(tone.Beep, hertz, -15, long))
}

// sounds is h, and s from at on.
func sounds(h handset.Handset, at time.Duration, s []int16) handset.Handset {
	frames := tone.Frames(s)
	return handset.Func(func(now time.Duration, hear, say *media.Frame) handset.Touch {
		touch := h.Tick(now, hear, say)
		if i := int((now - at) / media.FrameDuration); now >= at && i < len(frames) {
			if err := g711.Decode(say, g711.Encode(nil, &frames[i])); err != nil {
				panic(err)
			}
		}
		return touch
	})
}

func verdict(v consult.Verdict) string {
	if v.Accepted {
		return "accepted" + v.Outcome
	}
	return v.Outcome
}

type call struct {
	verdict consult.Verdict
	err     error
	took    time.Duration
	heard   string // by who answered
	open    bool   // the leg was not let go
}

// consulted plays a consultation in virtual time.
func consulted(t *testing.T, cfg consult.Config, h handset.Handset) (out call) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		voice := &agenttest.Speaker{First: 40 * ms}
		if cfg.Voice == nil {
			cfg.Voice = voice
		}
		cfg.Detector = agenttest.Detector{}
		l := line.New(line.Config{Handset: h, Uplink: 10 * ms, Downlink: 10 * ms})
		began := time.Now()
		out.verdict, out.err = consult.Run(t.Context(), cfg, l)
		out.took = time.Since(began)
		var f media.Frame
		_, err := l.Next(&f)
		out.open = err == nil
		var frames []media.Frame
		for _, h := range l.Heard() {
			frames = append(frames, h.Frame)
		}
		out.heard = strings.Join(voice.Said(frames), " ")
	})
	return out
}

func TestWhoAnswered(t *testing.T) {
	const hello, keys = "Hello? Is anybody there?", about + " Press 1 to take the call, or 2 to decline."
	for _, tc := range []struct {
		name    string
		whisper string
		who     handset.Handset
		want    string
		by      time.Duration // the verdict, at the latest; not a second earlier
		heard   string
	}{
		{"a person says hello", "", handset.Noisy(says(500*ms, 700*ms)), "accepted", 2 * sec, ""},
		{"a person says who they are", "", handset.Noisy(says(500*ms, 2800*ms)), "accepted", 5 * sec, ""},
		{"a person says who they are, and hello again", "", handset.Noisy(says(500*ms, 1500*ms), says(2800*ms, 700*ms)), "accepted", 5200 * ms, ""},
		{"a person picks up at a switchboard that still rings as America does", "", sounds(handset.Noisy(says(3*sec, 700*ms)), 200*ms, tone.Make(tone.Ringback, 440, -15, 2*sec)), "accepted", 4500 * ms, ""},
		{"and as Europe does", "", sounds(handset.Noisy(says(3*sec, 700*ms)), 200*ms, tone.Make(tone.Ringback, 425, -15, sec)), "accepted", 4500 * ms, ""},
		{"a person picks up and waits: asked, they answer", "", handset.Noisy(says(9*sec, 600*ms)), "accepted", 10300 * ms, hello},
		{"they answer while being asked", "", handset.Noisy(says(6400*ms, 600*ms)), "accepted", 7700 * ms, "Hello?"},
		{"nobody speaks", "", handset.Silent, consult.Silent, 14 * sec, hello},
		{"a click is nobody", "", handset.Noisy(says(500*ms, 60*ms)), consult.Silent, 14 * sec, hello},
		{"a recording talks on", "", handset.Noisy(says(300*ms, 12*sec)), consult.Voicemail, 5 * sec, ""},
		{"a short recording, and its beep", "", beeps(handset.Noisy(says(300*ms, 2*sec)), 2600*ms, 400*ms, 1000), consult.Voicemail, 3200 * ms, ""},
		{"a short recording, and its beep behind half a second", "", beeps(handset.Noisy(says(300*ms, 2*sec)), 2800*ms, 400*ms, 1000), consult.Voicemail, 3400 * ms, ""},
		{"a short recording, and its short beep behind more than a second", "", beeps(handset.Noisy(says(300*ms, 2*sec)), 3500*ms, 80*ms, 1000), consult.Voicemail, 3800 * ms, ""},
		{"two sentences with a pause, and a beep", "", beeps(handset.Noisy(says(300*ms, 1500*ms), says(2500*ms, 1200*ms)), 4700*ms, 300*ms, 850), consult.Voicemail, 5200 * ms, ""},
		{"a recorded name, and a long beep at once", "", beeps(handset.Noisy(says(300*ms, 600*ms)), 1300*ms, 1200*ms, 1000), consult.Voicemail, 2700 * ms, ""},
		{"a beep and nothing else", "", beeps(handset.Silent, sec, 400*ms, 440), consult.Voicemail, 1600 * ms, ""},
		{"a fax", "", sounds(handset.Silent, sec, tone.ANSam(-15, 4*sec)), consult.Voicemail, 1800 * ms, ""},
		{"an announcement's tones", "", sounds(handset.Silent, sec, tone.Make(tone.SIT, 0, -15, 2*sec)), consult.Voicemail, 2200 * ms, ""},
		{"four seconds may be either: asked, a person answers", "", handset.Noisy(says(300*ms, 4*sec), says(7*sec, sec)), "accepted", 8800 * ms, hello},
		{"four seconds may be either: asked, a recording talks on", "", handset.Noisy(says(300*ms, 4*sec), says(5500*ms, 10*sec)), consult.Voicemail, 10300 * ms, "Hello? Is any"},
		{"they hang up at once", "", handset.Noisy(hangsUp(300 * ms)), consult.Declined, 400 * ms, ""},
		{"they hang up while being asked", "", handset.Noisy(hangsUp(6500 * ms)), consult.Declined, 6600 * ms, "Hello? Is"},
		{"nobody has to press a key, but may", "", handset.Noisy(presses(2*sec, '1')), "accepted", 2100 * ms, ""},

		{"warm: they hear what it is about, and take it", about, handset.Noisy(says(500*ms, 700*ms), presses(9*sec, '1')), "accepted", 9100 * ms, keys},
		{"warm: they take it in the middle", about, handset.Noisy(says(500*ms, 700*ms), presses(3*sec, '1')), "accepted", 3100 * ms, "A caller asks about"},
		{"warm: they decline", about, handset.Noisy(says(500*ms, 700*ms), presses(9*sec, '2')), consult.Declined, 9100 * ms, keys},
		{"warm: other keys mean nothing", about, handset.Noisy(says(500*ms, 700*ms), presses(3*sec, '5'), presses(9*sec, '2')), consult.Declined, 9100 * ms, keys},
		{"warm: a voice is no consent", about, handset.Noisy(says(500*ms, 700*ms), says(9*sec, sec)), consult.Silent, 25500 * ms, keys + " " + keys},
		{"warm: they hang up", about, handset.Noisy(says(500*ms, 700*ms), hangsUp(4*sec)), consult.Declined, 4100 * ms, "A caller asks about order twelve."},
		{"warm: nobody speaks, they are told all the same", about, handset.Silent, consult.Silent, 26 * sec, keys + " " + keys},
		{"warm: taken at the repetition", about, handset.Noisy(says(500*ms, 700*ms), presses(13*sec, '1')), "accepted", 13100 * ms, keys + " A caller asks about order twelve. Press"},
		{"warm: a recording talks through", about, handset.Noisy(says(300*ms, 20*sec)), consult.Voicemail, 26 * sec, keys + " " + keys},
		{"warm: a beep: nothing is left on a machine", about, beeps(handset.Noisy(says(300*ms, 3*sec)), 4*sec, 500*ms, 850), consult.Voicemail, 4700 * ms, "A caller asks about order"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := consulted(t, consult.Config{Whisper: tc.whisper}, tc.who)
			if verdict(got.verdict) != tc.want || got.err != nil {
				t.Errorf("%+v, %v; want %s", got.verdict, got.err, tc.want)
			}
			if v := got.verdict; v.Accepted && v.Reason != "" || v.Reason == "" && v.Outcome != consult.Silent && !v.Accepted {
				t.Errorf("accepted %v, for the reason %q", got.verdict.Accepted, got.verdict.Reason)
			}
			if got.took > tc.by || got.took <= tc.by-sec {
				t.Errorf("after %v, want by %v", got.took, tc.by)
			}
			if !strings.HasPrefix(got.heard, tc.heard) || len(got.heard) > len(tc.heard)+8 {
				t.Errorf("they heard %q, want %q", got.heard, tc.heard)
			}
			if hungUp := strings.Contains(tc.name, "hang up"); got.open == hungUp {
				t.Errorf("the leg is open: %v", got.open)
			}
		})
	}
}

// forgetful is a line whose marks get lost.
type forgetful struct{ *line.Line }

func (forgetful) Mark(uint32) error { return nil }

func TestMarksThatGetLostAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{})
		v, err := consult.Run(t.Context(), consult.Config{Voice: &agenttest.Speaker{}, Detector: agenttest.Detector{}}, forgetful{l})
		if v.Outcome != consult.Silent || err != nil {
			t.Errorf("%+v, %v; want %s", v, err, consult.Silent)
		}
	})
}

// A voice that fails or hangs says so: whoever asked has to decide without it.
func TestVoiceFails(t *testing.T) {
	broken := errors.New("503")
	for name, tc := range map[string]struct {
		port agenttest.Port
		want error
		by   time.Duration
	}{
		"at once": {func(context.Context, string, func() error) error { return broken }, broken, 3 * sec},
		"never":   {func(ctx context.Context, _ string, _ func() error) error { <-ctx.Done(); return context.Cause(ctx) }, nil, 64 * sec},
	} {
		t.Run(name, func(t *testing.T) {
			got := consulted(t, consult.Config{Whisper: about, Voice: &agenttest.Speaker{Port: tc.port}}, handset.Silent)
			if got.err == nil || tc.want != nil && !errors.Is(got.err, tc.want) || got.verdict != (consult.Verdict{}) || got.took > tc.by {
				t.Errorf("%+v, %v after %v; want the error %v by %v", got.verdict, got.err, got.took, tc.want, tc.by)
			}
		})
	}
}

// Whoever cancels gets the leg back at once, even if nothing arrives on it.
func TestCancelledOnALineThatStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := telephony.OverError{Reason: telephony.CallerHangup}
		ctx, cancel := context.WithCancelCause(t.Context())
		l := line.New(line.Config{})
		time.AfterFunc(4*sec, func() { l.Stall(time.Hour) })
		time.AfterFunc(5*sec, func() { cancel(over) })
		began := time.Now()
		_, err := consult.Run(ctx, consult.Config{Voice: &agenttest.Speaker{}, Detector: agenttest.Detector{}, Whisper: about}, l)
		if !errors.Is(err, over) || time.Since(began) > 5100*ms {
			t.Errorf("%v after %v, want %v after 5s", err, time.Since(began), over)
		}
	})
}

// counted is a detector that knows how often it was closed.
type counted struct {
	agenttest.Detector
	closed int
}

func (c *counted) Close() error { c.closed++; return nil }

func TestWhatIsMissingIsSaid(t *testing.T) {
	d := &counted{}
	if _, err := consult.Run(t.Context(), consult.Config{Detector: d}, nil); err == nil || !strings.Contains(err.Error(), "Voice") || d.closed != 1 {
		t.Errorf("error %v, the detector was closed %d times", err, d.closed)
	}
	if _, err := consult.Run(t.Context(), consult.Config{Voice: &agenttest.Speaker{}}, nil); err == nil {
		t.Error("a consultation without an ear began")
	}
}

func TestOtherKeysAndWords(t *testing.T) {
	cfg := consult.Config{Whisper: strings.Repeat("é", 2000), Accept: '*', Decline: '#'}
	var spoken string
	cfg.Voice = speakFunc(func(_ context.Context, text string, _ tts.Sink) error { spoken = text; return nil })
	got := consulted(t, cfg, handset.Noisy(presses(3*sec, '1'), presses(4*sec, '*')))
	if !got.verdict.Accepted || got.took < 4*sec {
		t.Errorf("%+v after %v, want accepted by the star", got.verdict, got.took)
	}
	if want := strings.Repeat("é", 500) + " Press * to take the call, or # to decline."; spoken != want {
		t.Errorf("spoken: %d bytes, %q...; want %d", len(spoken), spoken[max(0, len(spoken)-60):], len(want))
	}
}

type speakFunc func(ctx context.Context, text string, out tts.Sink) error

func (s speakFunc) Speak(ctx context.Context, text string, out tts.Sink) error {
	return s(ctx, text, out)
}
