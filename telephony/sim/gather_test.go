package sim

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// presses is a phone whose keys are pressed one each 500 ms from at on; it hangs
// up at 30 s.
func presses(at time.Duration, keys string) handset.Handset {
	script := []handset.Noise{{At: 30 * time.Second, Hangup: true}}
	for i := range keys {
		script = append(script, handset.Noise{At: at + time.Duration(i)*500*ms, Digit: keys[i]})
	}
	return handset.Noisy(script...)
}

func TestGatherCollectsKeys(t *testing.T) {
	const fell = "fell through"
	for _, tc := range []struct {
		name   string
		verb   string
		press  string
		digits string // or fell
		last   string
		at     time.Duration // of the request that follows; 0: not checked
	}{
		{"until the pound key", `<Gather action="/got"/>`, "123#4", "123", "#", 2500*ms + 120*ms},
		{"so many", `<Gather action="/got" numDigits="2"/>`, "123", "12", "", 1500*ms + 120*ms},
		{"until nobody presses any more", `<Gather action="/got" timeout="2"/>`, "12", "12", "", 3500*ms + 100*ms},
		{"another key ends it", `<Gather action="/got" finishOnKey="*"/>`, "1#2*", "1#2", "*", 0},
		{"no key ends it", `<Gather action="/got" finishOnKey="" timeout="2"/>`, "1#*", "1#*", "", 0},
		{"nobody presses", `<Gather action="/got" timeout="3"/>`, "", fell, "", 0},
		{"nobody presses, and that is told", `<Gather action="/got" timeout="3" actionOnEmptyResult="true"/>`, "", "", "", 3100 * ms},
		{"the last key alone is nothing", `<Gather action="/got"/>`, "#", fell, "", 0},
		{"a key stops the prompts", `<Gather action="/got" numDigits="1"><Say>A very long text that goes on and on</Say><Pause length="20"/><Play digits="1"/></Gather>`, "1", "1", "", 1120 * ms},
		{"the time counts from the end of the prompts", `<Gather action="/got" timeout="1" actionOnEmptyResult="true"><Pause length="4"/></Gather>`, "", "", "", 5100 * ms},
		{"keys during the prompts are kept", `<Gather action="/got" timeout="2"><Pause length="20"/></Gather>`, "12", "12", "", 3600 * ms},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{}, func(t *testing.T, o *office) {
				o.pages["/voice"] = tc.verb + `<Redirect>/through</Redirect>`
				o.calls(presses(time.Second, tc.press))
				o.clean()
				if tc.digits == fell {
					o.one("/through")
					return
				}
				o.want("/got", map[string]string{"Digits": tc.digits, "FinishedOnKey": tc.last, "CallStatus": "in-progress"})
				if got := o.one("/got").at; tc.at != 0 && !near(got, tc.at) {
					t.Errorf("the action was asked for at %v, want %v", got, tc.at)
				}
			})
		})
	}
}

func TestGatherWithoutActionAsksTheSameAddress(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Gather numDigits="1" timeout="1"/>`
		o.calls(presses(500*ms, "7"))
		if got := o.told("/voice", "Digits"); len(got) != 2 || got[1] != "7" {
			t.Errorf("told %v", got)
		}
	})
}

func TestCallerWhoHangsUpInAGatherAsksForNothing(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Gather action="/got" timeout="60"/>`
		o.calls(presses(time.Second, "12"))
		if got := o.visits("/got"); len(got) != 0 {
			t.Errorf("asked %v", got)
		}
	})
}

func TestGatherHearsSpeech(t *testing.T) {
	heard := func(text string, err error) Recognize {
		return func(_ context.Context, said []media.Frame) (string, float64, error) {
			if begin, end, ok := handset.VoicedSpan(said); !ok || begin != 0 || end != 1200*ms {
				t.Errorf("recognises %v to %v, want 0 to 1.2s", begin, end)
			}
			return text, 0.9, err
		}
	}
	speaks := func() handset.Handset {
		return handset.Noisy(handset.Noise{At: 2 * time.Second, For: 1200 * ms}, handset.Noise{At: 20 * time.Second, Hangup: true})
	}
	for _, tc := range []struct {
		name  string
		hear  Recognize
		input string
		want  map[string]string // nil: it falls through
	}{
		{"understood", heard("yes please", nil), "speech", map[string]string{"SpeechResult": "yes please", "Confidence": "0.9", "Digits": ""}},
		{"either", heard("yes", nil), "dtmf speech", map[string]string{"SpeechResult": "yes"}},
		{"not understood", heard("", nil), "speech", nil},
		{"failed", heard("x", errors.New("no")), "speech", nil},
		{"keys alone", heard("x", nil), "dtmf", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, Config{Recognize: tc.hear}, func(t *testing.T, o *office) {
				o.pages["/voice"] = `<Gather input="` + tc.input + `" action="/got" speechTimeout="auto"><Pause length="9"/></Gather><Redirect>/through</Redirect>`
				o.calls(speaks())
				o.clean()
				if tc.want == nil {
					o.one("/through")
					return
				}
				o.want("/got", tc.want)
				if got := o.one("/got").at; !near(got, 4300*ms) { // it barged in; 1 s of silence after it
					t.Errorf("the action was asked for at %v, want 4.3s", got)
				}
			})
		})
	}
}

func TestGatherLetsSomebodyFinishTheirSentence(t *testing.T) {
	var said []media.Frame
	cfg := Config{Recognize: func(_ context.Context, frames []media.Frame) (string, float64, error) {
		said = frames
		return "a long one", 1, nil
	}}
	inOffice(t, cfg, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Gather input="speech" action="/got" timeout="1" speechTimeout="1"/>`
		o.calls(handset.Noisy(handset.Noise{At: 500 * ms, For: 4 * time.Second}))
		o.want("/got", map[string]string{"SpeechResult": "a long one"})
		if _, end, _ := handset.VoicedSpan(said); end != 4*time.Second {
			t.Errorf("recognised %v of it, want 4s", end)
		}
	})
}

func TestGatherWithoutARecognizerSaysSo(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Gather input="speech" timeout="1" action="/got"/>`
		o.calls(handset.Noisy(handset.Noise{For: 3 * time.Second}))
		if w := o.carrier.Police().Warnings(); len(w) != 1 || w[0].Kind != police.Unsupported {
			t.Errorf("warnings %v", w)
		}
	})
}

func TestGatherAndRecordAreChecked(t *testing.T) {
	for verb, kind := range map[string]police.Kind{
		`<Gather numDigits="0"/>`: police.Attribute, `<Gather input="smell"/>`: police.Attribute, `<Gather timeout="-1"/>`: police.Attribute,
		`<Gather finishOnKey="##"/>`: police.Attribute, `<Gather><Hangup/></Gather>`: police.UnknownVerb, `<Gather colour="1"/>`: police.UnknownVerb,
		`<Record maxLength="0"/>`: police.Attribute, `<Record finishOnKey="x"/>`: police.Attribute, `<Record transcribe="true"/>`: police.Unsupported,
		`<Refer><Sip>sip:x@example.com</Sip></Refer>`: police.Unsupported, `<Enqueue>q</Enqueue>`: police.UnknownVerb,
	} {
		inOffice(t, Config{}, func(t *testing.T, o *office) {
			o.pages["/voice"] = verb
			o.calls(handset.Noisy(handset.Noise{At: 9 * time.Second, Hangup: true}))
			if got := o.carrier.Police().Count(kind); got != 1 {
				t.Errorf("%s: %d times %s, want 1", verb, got, kind)
			}
		})
	}
}

func TestPlayedKeysAreHeard(t *testing.T) {
	inOffice(t, Config{}, func(t *testing.T, o *office) {
		o.pages["/voice"] = `<Play digits="12w#"/>`
		call := o.calls(handset.Silent)
		if got := keysHeard(call); got != "12#" {
			t.Errorf("heard the keys %q, want 12#", got)
		}
		if got := call.Duration(); !near(got, 1100*ms) {
			t.Errorf("it took %v, want 1.1s", got)
		}
	})
}
