package persona_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// texts are what was said, in order.
func (v visit) texts() (all []string) {
	for _, t := range v.Turns {
		all = append(all, t.Text)
	}
	return all
}

func TestVoicemailsDifferInGreetingPauseAndBeep(t *testing.T) {
	for _, tc := range []struct {
		name       string
		least, end time.Duration // its greeting ends between them
		hz         float64       // of its beep; 0: it has none
		beep, gap  time.Duration // the beep's length, and the pause before it
	}{
		{"voicemail-short", 2 * time.Second, 3 * time.Second, 1400, 250 * ms, 600 * ms},
		{"voicemail-two", 9 * time.Second, 12 * time.Second, 850, 600 * ms, 700 * ms},
		{"voicemail-long", 85 * time.Second, 100 * time.Second, 440, time.Second, 700 * ms},
		{"voicemail-no-beep", 7 * time.Second, 10 * time.Second, 0, 0, 0},
	} {
		v := visitTo(t, builtin(t, tc.name), nil, 2*time.Minute)
		if v.truth.Greeting < tc.least || v.truth.Greeting > tc.end {
			t.Errorf("%s greets until %v, want %v to %v", tc.name, v.truth.Greeting, tc.least, tc.end)
		}
		if tc.hz == 0 {
			if v.truth.Beep != 0 {
				t.Errorf("%s beeps: %+v", tc.name, v.truth)
			}
			continue
		}
		beep := v.sounds(tc.hz)
		if len(beep) != 1 {
			t.Errorf("%s beeps %v, want once", tc.name, beep)
			continue
		}
		if d := beep[0].End - beep[0].Begin; d < tc.beep-20*ms || d > tc.beep+20*ms {
			t.Errorf("%s beeps for %v, want %v", tc.name, d, tc.beep)
		}
		if off := beep[0].End - v.truth.Beep; off.Abs() > 20*ms {
			t.Errorf("%s beeps until %v, and says until %v", tc.name, beep[0].End, v.truth.Beep)
		}
		if gap := beep[0].Begin - v.Turns[len(v.Turns)-2].End; gap < tc.gap || gap > tc.gap+20*ms {
			t.Errorf("%s beeps %v after its greeting, want %v", tc.name, gap, tc.gap)
		}
	}
}

// What a voicemail notes of a message is exact to the sample, from the end of its
// beep on: it is how others judge when an agent began.
func TestVoicemailNotesWhenAMessageBegan(t *testing.T) {
	beeps := visitTo(t, builtin(t, "voicemail-short"), nil, 10*time.Second).truth.Beep
	at := (beeps + 320*ms).Truncate(media.FrameDuration)
	v := visitTo(t, builtin(t, "voicemail-short"), agentAt(at, 3*time.Second), 30*time.Second)
	beep := v.Turns[len(v.Turns)-1]
	if gap, ok := beep.Gap(); beep.Text != "(tone)" || beep.End != beeps || !ok || gap != at-beeps {
		t.Errorf("the message began %v after the beep's end (%v), want %v", gap, ok, at-beeps)
	}
	if want := (persona.Span{Begin: at, End: at + 3*time.Second}); len(v.Agent) != 1 || v.Agent[0] != want {
		t.Errorf("it heard %v, want %v", v.Agent, want)
	}
}

func TestOwnerPicksUpAmidTheGreeting(t *testing.T) {
	v := visitTo(t, builtin(t, "voicemail-pickup"), nil, 15*time.Second)
	if v.truth.Beep != 0 || len(v.Turns) != 2 || v.Turns[1].Text != "Hello? Hello, I'm here!" || v.Turns[1].Begin-v.Turns[0].End > 220*ms {
		t.Errorf("it says %q, %+v", v.texts(), v.truth)
	}
}

func TestOwnerPicksUpWhileAMessageIsLeft(t *testing.T) {
	const name = "voicemail-pickup-late"
	beeps := visitTo(t, builtin(t, name), nil, 10*time.Second).truth.Beep
	at := (beeps + 320*ms).Truncate(media.FrameDuration)
	v := visitTo(t, builtin(t, name), agentAt(at, 1400*ms, at+4*time.Second, 2*time.Second), 20*time.Second)
	if len(v.Turns) < 4 {
		t.Fatalf("it says %q", v.texts())
	}
	hello := v.Turns[2]
	if hello.Begin-at != 1200*ms || !hello.TalkedOver || !hello.Stopped {
		t.Errorf("the owner says %q %v into the message: %+v", hello.Text, hello.Begin-at, hello)
	}
}

// ITU-T E.180: three tones, each higher than the one before, with no gap that
// lasts.
func TestAnnouncementHasItsThreeTones(t *testing.T) {
	v := visitTo(t, builtin(t, "unavailable"), nil, time.Minute)
	last := 300 * ms
	for i, hz := range []float64{985.2, 1370.6, 1776.7} {
		got := v.sounds(hz)
		if len(got) == 0 || got[0].Begin-last < 0 || got[0].Begin-last > 30*ms {
			t.Fatalf("tone %d sounds %v, the one before ended at %v", i+1, got, last)
		}
		last = got[0].End
	}
	if v.truth.Is != handset.Unavailable || v.truth.Greeting < 5*time.Second || v.hung == 0 {
		t.Errorf("%+v, hung up at %v", v.truth, v.hung)
	}
}

func TestSomebodySaysNothing(t *testing.T) {
	for _, name := range []string{"silent", "comfort-noise"} {
		v := visitTo(t, builtin(t, name), nil, 2*time.Minute)
		if _, _, voiced := handset.VoicedSpan(v.said); voiced || v.truth.Greeting != 0 || v.hung < 59*time.Second || v.hung > 61*time.Second {
			t.Errorf("%s: a voice is heard: %v, %+v, hung up at %v", name, voiced, v.truth, v.hung)
		}
		hisses := slices.ContainsFunc(v.said, func(f media.Frame) bool { return f != media.Frame{} })
		if hisses != (name == "comfort-noise") {
			t.Errorf("%s hisses: %v", name, hisses)
		}
	}
}

func TestSomebodyComesAfterTheMusic(t *testing.T) {
	v := visitTo(t, builtin(t, "hold-person"), nil, 30*time.Second)
	if n := len(v.Turns); n != 4 || v.Turns[3].Begin < 14*time.Second || v.Turns[3].Text != "Thank you for holding, this is Sam. How can I help you?" {
		t.Errorf("it says %q", v.texts())
	}
}

func TestAPersonWhoseOvenBeepsHasNoBeep(t *testing.T) {
	v := visitTo(t, builtin(t, "beeper"), nil, 10*time.Second)
	if len(v.sounds(1000)) != 1 || v.truth != (handset.Truth{Is: handset.Human, Greeting: v.Turns[0].End}) {
		t.Errorf("%+v, it beeps %v", v.truth, v.sounds(1000))
	}
}
