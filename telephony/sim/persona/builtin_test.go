package persona_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// visit is what a persona did in a call of at most so long.
type visit struct {
	said  []media.Frame
	hung  time.Duration // when it put the receiver down; 0 if it did not
	truth handset.Truth
	persona.Evidence
}

// visitTo calls a persona, with speech being noise, and plays agent to it, whose
// frame i is heard from i*20 ms on.
func visitTo(t *testing.T, p persona.Persona, agent []media.Frame, most time.Duration) visit {
	t.Helper()
	script, err := p.Prepare(t.Context(), persona.Sound{StandIn: true})
	if err != nil {
		t.Fatal(err)
	}
	player := script.Player()
	truth, v := player.Truth(), visit{}
	for now := time.Duration(0); now < most; now += media.FrameDuration {
		var hear, say media.Frame
		if i := int(now / media.FrameDuration); i < len(agent) {
			hear = agent[i]
		}
		touch := player.Tick(now, &hear, &say)
		v.said = append(v.said, say)
		if touch.Hangup {
			v.hung = now
			break
		}
	}
	v.truth, v.Evidence = truth, player.Evidence()
	return v
}

func builtin(t *testing.T, name string) persona.Persona {
	t.Helper()
	p, err := persona.Builtin(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sounds are the spans in which hz sounds.
func (v visit) sounds(hz float64) (out []persona.Span) {
	on := false
	for i := range v.said {
		at := time.Duration(i) * media.FrameDuration
		is := handset.Level(&v.said[i], hz) > handset.ToneLevel/2
		if is && !on {
			out = append(out, persona.Span{Begin: at})
		}
		if is {
			out[len(out)-1].End = at + media.FrameDuration
		}
		on = is
	}
	return out
}

// agentAt is an agent who speaks from at for d, and once more for each further
// pair.
func agentAt(pairs ...time.Duration) (frames []media.Frame) {
	for i := 0; i < len(pairs); i += 2 {
		frames = append(frames, handset.Silence(pairs[i]-time.Duration(len(frames))*media.FrameDuration)...)
		frames = append(frames, handset.Loud(pairs[i+1])...)
	}
	return frames
}

func TestEveryBuiltinSaysWhoItIs(t *testing.T) {
	want := map[string]handset.Is{
		"beeper": handset.Human, "bot": handset.Bot, "brisk": handset.Human, "business": handset.Human, "chatty": handset.Human,
		"comfort-noise": handset.Human, "fax": handset.Fax, "fax-calling": handset.Fax, "hangup": handset.Human, "hello": handset.Human,
		"hesitant": handset.Human, "hold": handset.Hold, "hold-music": handset.Hold, "hold-person": handset.Hold, "ivr": handset.IVR,
		"mumbler": handset.Human, "screener": handset.Screener, "screener-google": handset.Screener, "screener-ios": handset.Screener,
		"silent": handset.Human, "unavailable": handset.Unavailable, "voicemail": handset.Voicemail, "voicemail-full": handset.Voicemail,
		"voicemail-long": handset.Voicemail, "voicemail-no-beep": handset.Voicemail, "voicemail-pickup": handset.Voicemail,
		"voicemail-pickup-late": handset.Voicemail, "voicemail-short": handset.Voicemail, "voicemail-two": handset.Voicemail,
	}
	if len(persona.Builtins()) != len(want) {
		t.Errorf("there are %v", persona.Builtins())
	}
	for _, name := range persona.Builtins() {
		p := builtin(t, name)
		if p.Name != name || p.Is != want[name] {
			t.Errorf("%s is called %s and is %q, want %q", name, p.Name, p.Is, want[name])
		}
		script, err := p.Prepare(t.Context(), persona.Sound{StandIn: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if truth := handset.TruthOf(script.Player()); truth.Is != want[name] {
			t.Errorf("%s says it is %q", name, truth.Is)
		}
		if _, err := p.Prepare(t.Context(), persona.Sound{}); (err != nil) != p.Speaks() {
			t.Errorf("%s speaks %v, and without a voice: %v", name, p.Speaks(), err)
		}
	}
	if _, err := persona.Builtin("nobody"); !errors.Is(err, persona.ErrUnknown) {
		t.Errorf("Builtin(nobody) = %v", err)
	}
}

func TestVoicemailGreetsBeepsAndRecords(t *testing.T) {
	v := visitTo(t, builtin(t, "voicemail"), agentAt(12*time.Second, 3*time.Second), time.Minute)
	beep := v.sounds(1000)
	if len(beep) != 1 || beep[0].End-beep[0].Begin != 400*ms {
		t.Fatalf("it beeps %v, want once for 400ms", beep)
	}
	if begin, end, _ := handset.VoicedSpan(v.said[:beep[0].Begin/media.FrameDuration]); begin != 600*ms || end != v.truth.Greeting || beep[0].Begin-end != 500*ms {
		t.Errorf("it greets from %v to %v and beeps at %v; it says its greeting ends at %v", begin, end, beep[0].Begin, v.truth.Greeting)
	}
	if off := beep[0].End - v.truth.Beep; off < 0 || off > 2*ms {
		t.Errorf("it beeps until %v, and says until %v", beep[0].End, v.truth.Beep)
	}
	if v.hung != 19*time.Second {
		t.Errorf("it hung up at %v, want 4s after the message", v.hung)
	}
}

func TestFullMailboxDoesNotBeep(t *testing.T) {
	v := visitTo(t, builtin(t, "voicemail-full"), nil, time.Minute)
	if v.truth.Beep != 0 || v.truth.Greeting < 5*time.Second || v.hung-v.truth.Greeting > time.Second || len(v.sounds(1000)) != 0 {
		t.Errorf("%+v, hung up at %v", v.truth, v.hung)
	}
}

func TestMachineIsMadeToMeasure(t *testing.T) {
	for _, tc := range []struct {
		greeting, beep time.Duration
		hz             float64
		want           handset.Truth
	}{
		{3 * time.Second, 200 * ms, 440, handset.Truth{Greeting: 3500 * ms, Beep: 4200 * ms}},
		{20 * time.Second, time.Second, 1400, handset.Truth{Greeting: 20500 * ms, Beep: 22 * time.Second}},
		{time.Second, 0, 0, handset.Truth{Greeting: 1500 * ms}},
	} {
		v := visitTo(t, persona.Machine(tc.greeting, tc.hz, tc.beep), nil, 25*time.Second)
		if off := tc.want.Beep - v.truth.Beep; v.truth.Is != handset.Voicemail || v.truth.Greeting != tc.want.Greeting || off < 0 || off > 2*ms {
			t.Errorf("%+v, want %+v", v.truth, tc.want)
		}
		if got := v.sounds(tc.hz); tc.beep > 0 && (len(got) != 1 || got[0].End-got[0].Begin != tc.beep) {
			t.Errorf("it beeps %v, want for %v", got, tc.beep)
		}
	}
}

func TestFaxSoundsLikeOne(t *testing.T) {
	v := visitTo(t, builtin(t, "fax"), nil, time.Minute)
	if got := v.sounds(2100); len(got) != 1 || got[0] != (persona.Span{Begin: time.Second, End: 4 * time.Second}) || v.truth.Beep != 0 {
		t.Errorf("2100 Hz sounds %v; %+v", got, v.truth)
	}
	v = visitTo(t, builtin(t, "fax-calling"), nil, 20*time.Second)
	got := v.sounds(1100)
	if len(got) != 5 {
		t.Fatalf("1100 Hz sounds %v, want 5 times", got)
	}
	for i, s := range got {
		if s.End-s.Begin != 500*ms || i > 0 && s.Begin-got[i-1].Begin != 3500*ms {
			t.Errorf("1100 Hz sounds %v, want half a second every three and a half", got)
			break
		}
	}
}

func TestHoldPlaysMusicForEver(t *testing.T) {
	v := visitTo(t, builtin(t, "hold"), nil, 90*time.Second)
	voiced := 0
	for i := range v.said {
		if _, _, ok := handset.Voiced(&v.said[i]); ok {
			voiced++
		}
	}
	if v.hung != 0 || voiced < len(v.said)*95/100 {
		t.Errorf("%d of %d frames sound, hung up at %v", voiced, len(v.said), v.hung)
	}
	if got := v.sounds(523); len(got) < 20 {
		t.Errorf("its melody begins %d times", len(got))
	}
	if got := hears(v.said); got != "" {
		t.Errorf("the music sounds like the keys %q", got)
	}
}

func TestHangUpArtistPicksUpAndPutsDown(t *testing.T) {
	if v := visitTo(t, builtin(t, "hangup"), nil, time.Minute); v.hung != 1500*ms || len(v.Turns) != 0 {
		t.Errorf("hung up at %v after %v", v.hung, v.Turns)
	}
}

func TestHelloAsksUntilItGivesUp(t *testing.T) {
	v := visitTo(t, builtin(t, "hello"), nil, time.Minute)
	if len(v.Turns) != 3 || v.hung == 0 || v.Turns[1].Begin-v.Turns[0].End != 2*time.Second {
		t.Errorf("turns %+v, hung up at %v", v.Turns, v.hung)
	}
	if want := v.Turns[0].End; v.truth.Greeting != want {
		t.Errorf("its greeting ends at %v, want that of its first word, %v", v.truth.Greeting, want)
	}
}

func TestMumblerIsQuieter(t *testing.T) {
	peak := func(name string) (p int16) {
		for _, f := range visitTo(t, builtin(t, name), nil, 3*time.Second).said {
			p = max(p, slices.Max(f[:]))
		}
		return p
	}
	if loud, quiet := peak("hesitant"), peak("mumbler"); quiet < loud/7 || quiet > loud/5 {
		t.Errorf("peaks %d and %d, want 15 dB between them", loud, quiet)
	}
}

func TestScreenerAsksAndThenConnects(t *testing.T) {
	silent := visitTo(t, builtin(t, "screener"), nil, time.Minute)
	if len(silent.Turns) != 1 || !silent.GaveUp {
		t.Errorf("to nobody it says %+v", silent.Turns)
	}
	asked := silent.Turns[0].End
	v := visitTo(t, builtin(t, "screener"), agentAt((asked+time.Second).Truncate(media.FrameDuration), 2*time.Second), 30*time.Second)
	if len(v.Turns) != 3 || v.Turns[1].Begin < asked+4*time.Second || v.truth.Greeting != asked {
		t.Errorf("it says %+v; %+v", v.Turns, v.truth)
	}
}

func TestBotAnswersAtOnce(t *testing.T) {
	greeted := visitTo(t, builtin(t, "bot"), nil, 10*time.Second).Turns[0].End.Truncate(media.FrameDuration)
	v := visitTo(t, builtin(t, "bot"), agentAt(greeted+time.Second, time.Second), 20*time.Second)
	if len(v.Turns) != 2 || v.Turns[0].Begin > 220*ms {
		t.Fatalf("it says %+v", v.Turns)
	}
	if gap := v.Turns[1].Begin - (greeted + 2*time.Second); gap < 240*ms || gap > 300*ms {
		t.Errorf("it answers after %v, want 250ms", gap)
	}
}

func TestPeopleDifferInWhenTheySpeak(t *testing.T) {
	for name, gap := range map[string]time.Duration{"brisk": 300 * ms, "chatty": 700 * ms, "hesitant": 1800 * ms, "mumbler": 700 * ms} {
		v := visitTo(t, builtin(t, name), agentAt(5*time.Second, time.Second), 9*time.Second)
		if len(v.Turns) < 2 {
			t.Errorf("%s says %+v", name, v.Turns)
			continue
		}
		if got := v.Turns[1].Begin - 6*time.Second; got < gap || got > gap+40*ms {
			t.Errorf("%s answers after %v, want %v", name, got, gap)
		}
	}
	v := visitTo(t, builtin(t, "chatty"), agentAt(5*time.Second, time.Second, 20*time.Second, 5*time.Second), 30*time.Second)
	if len(v.Turns) < 3 || !v.Turns[2].TalkedOver {
		t.Errorf("the chatty one talks over nobody: %+v", v.Turns)
	}
}

func TestIVRFollowsTheKeysItHears(t *testing.T) {
	// The first prompt lasts about 6 s.
	press := func(at time.Duration, keys string) []media.Frame {
		return append(handset.Silence(at), handset.KeyTones(keys)...)
	}
	for _, tc := range []struct {
		name  string
		agent []media.Frame
		menus []int // said, in order
		keys  string
		hung  bool
	}{
		{"nobody presses", nil, []int{0, 0, 0}, "", true},
		{"sales, at once", press(time.Second, "1"), []int{0, 1}, "1", true},
		{"support, somebody", append(press(8*time.Second, "2"), press(time.Second, "0")...), []int{0, 2, 4}, "20", true},
		{"again", press(8*time.Second, "*"), []int{0, 0, 0, 0}, "*", true},
		{"a key that leads nowhere", press(8*time.Second, "7"), []int{0, 0, 0}, "7", true},
		{"speech is no key", agentAt(7*time.Second, 2*time.Second), []int{0, 0, 0}, "", true},
	} {
		v := visitTo(t, builtin(t, "ivr"), tc.agent, 2*time.Minute)
		var menus []int
		for _, turn := range v.Turns {
			menus = append(menus, turn.Line)
		}
		if !slices.Equal(menus, tc.menus) || v.Pressed() != tc.keys || (v.hung > 0) != tc.hung {
			t.Errorf("%s: said %v, heard %q, hung up at %v; want %v and %q", tc.name, menus, v.Pressed(), v.hung, tc.menus, tc.keys)
		}
	}
	v := visitTo(t, builtin(t, "ivr"), press(time.Second, "1"), 20*time.Second)
	if got := v.Turns[1].Begin; got > 1100*ms {
		t.Errorf("a key pressed at 1s is followed at %v, want within the prompt", got)
	}
}

func TestMistakesInWhatSoundsAreFound(t *testing.T) {
	for _, tc := range []struct{ name, text string }{
		{"a tone without a length", "name: x\nlines:\n  - tone: [1000]"},
		{"a length without a tone", "name: x\nlines:\n  - noise: 1s\n    for: 1s"},
		{"a tone too high", "name: x\nlines:\n  - tone: [4000]\n    for: 1s"},
		{"a tone that is no number", "name: x\nlines:\n  - tone: [.nan]\n    for: 1s"},
		{"a tone too long", "name: x\nlines:\n  - tone: [400]\n    for: 1h"},
		{"a hiss without end", "name: x\nlines:\n  - comfort: 1h"},
		{"music without end", "name: x\nlines:\n  - music: 1h"},
		{"louder", "name: x\nlines:\n  - noise: 1s\n    quieter: -3"},
		{"is nobody", "name: x\nis: alien\nlines:\n  - noise: 1s"},
		{"loop and hangup", "name: x\nloop: true\nlines:\n  - noise: 1s\n  - hangup: true"},
		{"lines and menus", "name: x\nlines:\n  - noise: 1s\nmenus:\n  - name: m\n    noise: 1s"},
		{"a key that leads nowhere", "name: x\nmenus:\n  - name: m\n    noise: 1s\n    keys: {\"1\": n}"},
		{"a key that is none", "name: x\nmenus:\n  - name: m\n    noise: 1s\n    keys: {\"x\": m}"},
		{"a menu twice", "name: x\nmenus:\n  - name: m\n    noise: 1s\n  - name: m\n    noise: 1s"},
		{"a menu that says nothing", "name: x\nmenus:\n  - name: m"},
		{"a menu that leads nowhere", "name: x\nmenus:\n  - name: m\n    noise: 1s\n    then: n"},
	} {
		if _, err := persona.Parse("f.yaml", []byte(tc.text)); err == nil {
			t.Errorf("%s: no mistake found", tc.name)
		}
	}
}

// hears are the keys in frames.
func hears(frames []media.Frame) string {
	var ear handset.KeyEar
	var keys []byte
	for i := range frames {
		if k := ear.Hear(&frames[i]); k != 0 {
			keys = append(keys, k)
		}
	}
	return string(keys)
}

func TestVoiceIsUsedWhereThereIsOne(t *testing.T) {
	var spoken []string
	voice := func(_ context.Context, text string) ([]media.Frame, error) {
		spoken = append(spoken, text)
		return handset.Loud(time.Second), nil
	}
	if _, err := builtin(t, "ivr").Prepare(t.Context(), persona.Sound{Voice: voice, StandIn: true}); err != nil || len(spoken) != 5 {
		t.Errorf("spoken %q, %v; want every menu", spoken, err)
	}
}
