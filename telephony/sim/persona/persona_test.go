package persona_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

const ms = time.Millisecond

// agent answers every stretch of noise: after delay it talks for length, and it
// falls silent 60 ms after it is talked over. Before all it greets for length.
type agent struct{ delay, length time.Duration }

func (a agent) run(l *line.Line) error {
	var f media.Frame
	loud := handset.Loud(media.FrameDuration)[0]
	var left, quiet, spoke int
	left = int(a.length / media.FrameDuration)
	for {
		ev, err := l.Next(&f)
		if err != nil {
			return err
		}
		if ev.Kind == telephony.Digit {
			spoke, quiet = 1, 0
		}
		if ev.Kind != telephony.Audio {
			continue
		}
		if _, _, is := handset.Voiced(&f); is {
			spoke, quiet = spoke+1, 0
		} else {
			quiet++
		}
		if spoke == 3 {
			left = 0
		}
		if spoke > 0 && quiet == int(a.delay/media.FrameDuration) {
			spoke, left = 0, int(a.length/media.FrameDuration)
		}
		if left > 0 {
			left--
			l.Write(&loud)
		}
	}
}

// hold plays p against a in virtual time and returns what p noted.
func hold(t *testing.T, p persona.Persona, a agent) persona.Evidence {
	t.Helper()
	script, err := p.Prepare(t.Context(), persona.Sound{})
	if err != nil {
		t.Fatalf("Prepare() = %v", err)
	}
	player := script.Player()
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{Handset: player})
		if err := a.run(l); !errors.Is(err, line.ErrFarEnd) {
			t.Errorf("the call ended with %v, want the persona to hang up", err)
		}
	})
	return player.Evidence()
}

func TestEvidenceIsExactToTheSample(t *testing.T) {
	e := hold(t, persona.Persona{Name: "two turns", Lines: []persona.Line{
		{Noise: 1000 * ms},
		{Press: "12"},
		{Noise: 500 * ms, When: persona.When{Kind: persona.IntoAgent, For: 400 * ms}},
		{Hangup: true, When: persona.When{Kind: persona.AfterAgent, For: 1000 * ms}},
	}}, agent{delay: 600 * ms, length: 1000 * ms})
	if len(e.Turns) != 3 {
		t.Fatalf("%d turns, want 3: %+v", len(e.Turns), e)
	}
	// The agent's greeting is written at 20 ms and heard from 20 to 1,020 ms;
	// 700 ms later the first line begins.
	first := e.Turns[0]
	if first.Begin != 1720*ms || first.End != 2720*ms || first.TalkedOver {
		t.Errorf("first line %v to %v, over the agent %v; want 1.72s to 2.72s, false", first.Begin, first.End, first.TalkedOver)
	}
	if gap, ok := first.Gap(); !ok || gap != 600*ms {
		t.Errorf("first gap %v, %v; want 600ms", gap, ok)
	}
	press := e.Turns[1]
	if !press.Keys || press.Text != "12" || press.End-press.Begin != 200*ms || press.Begin != 5020*ms {
		t.Errorf("keys %+v, want 12 from 5.02s over 200ms", press)
	}
	over := e.Turns[2]
	if !over.TalkedOver || over.Begin != over.AgentBegan+400*ms {
		t.Errorf("talk-over %+v, want it 400ms into the answer", over)
	}
	if cut, ok := over.BargeIn(); !ok || cut != 60*ms {
		t.Errorf("barge-in took %v, %v; want 60ms", cut, ok)
	}
	if gap, ok := over.Gap(); !ok || gap != 600*ms {
		t.Errorf("gap after talk-over %v, %v; want 600ms", gap, ok)
	}
	if !e.HungUp || e.GaveUp || len(e.Agent) != 4 {
		t.Errorf("hung up %v, gave up %v, %d stretches of the agent; want true, false, 4", e.HungUp, e.GaveUp, len(e.Agent))
	}
}

func TestPersonaGivesUpOnASilentAgent(t *testing.T) {
	e := hold(t, persona.Persona{Name: "x", GiveUp: 3 * time.Second, Lines: []persona.Line{{Noise: ms * 100}}}, agent{delay: time.Second})
	if !e.GaveUp || !e.HungUp || e.Heard != 3020*ms {
		t.Errorf("gave up %v, hung up %v after %v; want true, true, 3.02s", e.GaveUp, e.HungUp, e.Heard)
	}
}

func TestLineOfATimetableComesWithoutTheAgent(t *testing.T) {
	e := hold(t, persona.Persona{Name: "x", Lines: []persona.Line{
		{Noise: 100 * ms, When: persona.When{Kind: persona.At, For: 500 * ms}},
		{Pause: 300 * ms},
		{Noise: 100 * ms, When: persona.When{Kind: persona.Then, For: 200 * ms}},
		{Hangup: true, When: persona.When{Kind: persona.Then}},
	}}, agent{delay: time.Hour})
	if len(e.Turns) != 2 || e.Turns[0].Begin != 500*ms || e.Turns[1].Begin != 1100*ms {
		t.Errorf("turns %+v, want them at 500ms and 1.1s", e.Turns)
	}
	if _, ok := e.Turns[0].Gap(); ok {
		t.Error("a silent agent has a gap")
	}
}

func TestSpeechIsMadeBeforeTheCallAndItsSilenceSkipped(t *testing.T) {
	made := 0
	voice := func(context.Context, string) ([]media.Frame, error) {
		made++
		frames := make([]media.Frame, 10)
		frames[3][80] = 9000 // a click is no voice
		for i := range 40 {
			frames[5][120+i] = 9000
			frames[6][i] = 9000
		}
		return frames, nil
	}
	p := persona.Persona{Name: "x", Lines: []persona.Line{{Say: "hi", When: persona.When{Kind: persona.At}}, {Hangup: true, When: persona.When{Kind: persona.Then}}}}
	script, err := p.Prepare(t.Context(), persona.Sound{Voice: voice})
	if err != nil || made != 1 {
		t.Fatalf("Prepare() = %v with %d syntheses, want nil, 1", err, made)
	}
	player := script.Player()
	var hear, say media.Frame
	for now := time.Duration(0); !player.Tick(now, &hear, &say).Hangup; now += media.FrameDuration {
	}
	turn := player.Evidence().Turns[0]
	if turn.Begin != 115*ms || turn.End != 125*ms {
		t.Errorf("voice from %v to %v, want 115ms to 125ms", turn.Begin, turn.End)
	}
	if _, err := p.Prepare(t.Context(), persona.Sound{}); err == nil {
		t.Error("Prepare() without a voice succeeded")
	}
}

func TestParse(t *testing.T) {
	p, err := persona.Parse("a.yaml", []byte(`
name: busy-parent
number: "+15550100"
answer: rejects
answer_after: 2s
after_agent: 600ms
give_up: 10s
max: 2m
lines:
  - say: Hello, when are you open?
    expect: [nine, five]
  - say: Wait!
    into_agent: 1.2s
  - press: "1#"
  - pause: 500ms
  - wav: angry.wav
    at: 3s
  - hangup: true
    then: 1s
`))
	if err != nil {
		t.Fatalf("Parse() = %v", err)
	}
	if p.Name != "busy-parent" || p.Number != "+15550100" || p.Quiet != 600*ms || p.GiveUp != 10*time.Second || p.Max != 2*time.Minute ||
		p.Answer != (handset.Answer{Kind: handset.Rejects, After: 2 * time.Second}) {
		t.Errorf("Parse() = %+v", p)
	}
	if len(p.Lines) != 6 || !slices.Equal(p.Lines[0].Expect, []string{"nine", "five"}) ||
		p.Lines[1].When != (persona.When{Kind: persona.IntoAgent, For: 1200 * ms}) || p.Lines[4].WAV != "angry.wav" || !p.Lines[5].Hangup {
		t.Errorf("lines %+v", p.Lines)
	}
}

func TestParseReportsEveryMistakeWithItsLine(t *testing.T) {
	_, err := persona.Parse("bad.yaml", []byte(`number: ""
answer: maybe
max: 20
colour: red
lines:
  - say: hi
    press: "1"
  - {}
  - press: "1x"
  - say: there
    at: 1s
    then: 2s
  - hangup: true
  - hello
`))
	if err == nil {
		t.Fatal("Parse() found nothing wrong")
	}
	want := []string{
		`persona: bad.yaml:0: name is missing`,
		`persona: bad.yaml:1: number is empty`,
		`persona: bad.yaml:2: answer is "maybe"`,
		`persona: bad.yaml:3: max is "20"`,
		`persona: bad.yaml:4: "colour" is unknown`,
		`persona: bad.yaml:6: does more than one thing`,
		`persona: bad.yaml:8: says and does nothing`,
		`persona: bad.yaml:9: press has 'x'`,
		`persona: bad.yaml:10: has more than one moment: at, then`,
		`persona: bad.yaml:13: hangup must be the last line`,
		`persona: bad.yaml:14: a line is not a mapping`,
		`persona: bad.yaml:14: says and does nothing`,
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d mistakes, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("mistake %d: %s\nwant %s", i, got[i], want[i])
		}
	}
}

// pcm is the smallest WAV file that holds samples at 8 kHz.
func pcm(samples []int16) []byte {
	size := uint32(2 * len(samples))
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+size)
	b = binary.LittleEndian.AppendUint32(append(b, "WAVEfmt "...), 16)
	for _, n := range []uint16{1, 1, 8000, 0, 16000, 0, 2, 16} { // PCM, mono, rate, bytes a second, block, bits
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), size)
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func TestLineFromAWAVFile(t *testing.T) {
	samples := make([]int16, 800) // 100 ms, the voice in the second half
	for i := 400; i < 800; i++ {
		samples[i] = 8000
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "voice.wav"), pcm(samples), 0o600); err != nil {
		t.Fatal(err)
	}
	p := persona.Persona{Name: "x", Lines: []persona.Line{{WAV: "voice.wav", When: persona.When{Kind: persona.At, For: 200 * ms}}, {WAV: "none.wav"}}}
	if _, err := p.Prepare(t.Context(), persona.Sound{Open: persona.OpenWAV(dir)}); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("Prepare() = %v, want line 2 to fail", err)
	}
	p.Lines[1] = persona.Line{Hangup: true, When: persona.When{Kind: persona.Then}}
	script, err := p.Prepare(t.Context(), persona.Sound{Open: persona.OpenWAV(dir)})
	if err != nil {
		t.Fatal(err)
	}
	player := script.Player()
	synctest.Test(t, func(t *testing.T) {
		l := line.New(line.Config{Handset: player})
		agent{delay: time.Hour}.run(l)
	})
	if turn := player.Evidence().Turns[0]; turn.Begin != 250*ms || turn.End != 300*ms {
		t.Errorf("voice from %v to %v, want 250ms to 300ms", turn.Begin, turn.End)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nlines: [{say: hi}]"))
	f.Add([]byte("lines: [[], {at: [1]}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("name: x\nis: ivr\nmenus: [{name: m, say: hi, keys: {1: m}, wait: 1s, times: 2, then: hangup}]"))
	f.Add([]byte("name: x\nloop: true\nlines: [{tone: [350, 440], for: 1s, quieter: 3}, {music: 2s}, {comfort: 1s}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := persona.Parse("f", data)
		if err == nil && p.Validate() != nil {
			t.Errorf("Parse() accepts what Validate() refuses: %v", p.Validate())
		}
	})
}

func TestTypedLinesWaitForTheAgent(t *testing.T) {
	typed := handset.NewTyped(handset.TypedConfig{Voice: func(context.Context, string) ([]media.Frame, error) {
		return handset.Loud(40 * ms), nil
	}})
	if err := typed.Say(t.Context(), "hello"); err != nil {
		t.Fatalf("Say() = %v", err)
	}
	typed.Press('5')
	typed.Hangup()
	loud := handset.Loud(20 * ms)[0]
	var began, key, down time.Duration
	for now := time.Duration(0); down == 0; now += media.FrameDuration {
		var hear, say media.Frame
		if now < 200*ms {
			hear = loud
		}
		touch := typed.Tick(now, &hear, &say)
		if say != (media.Frame{}) && began == 0 {
			began = now
		}
		if touch.Digit == '5' {
			key = now
		}
		if touch.Hangup {
			down = now
		}
	}
	if began != 480*ms || key != 520*ms || down != 540*ms {
		t.Errorf("spoke at %v, key at %v, down at %v; want 480ms, 520ms, 540ms", began, key, down)
	}
	for range 20 {
		if err := typed.Press('1'); err != nil {
			return
		}
	}
	t.Error("twenty keys typed ahead are all taken")
}
