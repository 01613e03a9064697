package vad_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// In the tables a frame is a letter: S speech (0.9), h half-way (0.4, which is
// speech only after speech), any other silence (0.1). "S*7" is seven of them.

func probabilities(pattern string) (p []float32) {
	for _, word := range strings.Fields(pattern) {
		letters, count, many := strings.Cut(word, "*")
		n := 1
		if many {
			n = 0
			for _, d := range count {
				n = n*10 + int(d-'0')
			}
		}
		for range n {
			for _, l := range letters {
				p = append(p, map[rune]float32{'S': 0.9, 'h': 0.4}[l])
			}
		}
	}
	return p
}

type change struct {
	at int // frames taken in, this one included
	is vad.Change
}

func TestProbabilitiesBecomeChanges(t *testing.T) {
	for _, c := range []struct {
		name    string
		pattern string
		want    []change
	}{
		{"silence", "-*100", nil},
		{"speech counts after 80 ms", "-*10 S*5", []change{{14, vad.Began}}},
		{"a click is not speech", "-*5 S*3 -*50", nil},
		{"one gap is forgiven", "S-SSS", []change{{5, vad.Began}}},
		{"two gaps in a row are not", "SS--SS -*50", nil},
		{"nor two apart", "S-S-SS -*50", nil},
		{"speech after a failed start counts anew", "S-S- SSSS", []change{{8, vad.Began}}},
		{"half-way is speech after speech", "Shhh", []change{{4, vad.Began}}},
		{"half-way alone is not", "h*100", nil},
		{"half-way after silence is not", "S*4 -h*40", []change{{4, vad.Began}, {14, vad.Paused}, {29, vad.Ended}}},
		{"pause, then end", "S*10 -*40", []change{{4, vad.Began}, {20, vad.Paused}, {35, vad.Ended}}},
		{"silence of 180 ms is no pause", "S*10 -*9 S*10", []change{{4, vad.Began}}},
		{"speech comes back", "S*10 -*24 S -*25", []change{{4, vad.Began}, {20, vad.Paused}, {35, vad.Resumed}, {45, vad.Paused}, {60, vad.Ended}}},
		{"speech comes back too late", "S*10 -*25 S*4", []change{{4, vad.Began}, {20, vad.Paused}, {35, vad.Ended}, {39, vad.Began}}},
		{"half-way holds speech", "S*4 h*100 -*25", []change{{4, vad.Began}, {114, vad.Paused}, {129, vad.Ended}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := vad.NewTracker(vad.TrackerConfig{})
			if got := run(tr, probabilities(c.pattern)); !slices.Equal(got, c.want) {
				t.Errorf("%q gave %v, want %v", c.pattern, got, c.want)
			}
		})
	}
}

func run(tr *vad.Tracker, ps []float32) (got []change) {
	for i, p := range ps {
		if c := tr.Step(p); c != vad.None {
			got = append(got, change{i + 1, c})
		}
	}
	return got
}

func TestSettingsAreRoundedUpToFrames(t *testing.T) {
	for _, c := range []struct {
		name   string
		config vad.TrackerConfig
		want   []change // for "SSSSSS" and silence
	}{
		{"min speech 101 ms", vad.TrackerConfig{MinSpeech: 101 * time.Millisecond}, []change{{6, vad.Began}, {16, vad.Paused}, {31, vad.Ended}}},
		{"min speech below a frame", vad.TrackerConfig{MinSpeech: 1}, []change{{1, vad.Began}, {16, vad.Paused}, {31, vad.Ended}}},
		{"negative is the least", vad.TrackerConfig{MinSpeech: -time.Second}, []change{{1, vad.Began}, {16, vad.Paused}, {31, vad.Ended}}},
		{"pause 30 ms", vad.TrackerConfig{PauseWait: 30 * time.Millisecond}, []change{{4, vad.Began}, {8, vad.Paused}, {31, vad.Ended}}},
		{"endpoint 1 s", vad.TrackerConfig{EndpointWait: time.Second}, []change{{4, vad.Began}, {16, vad.Paused}, {56, vad.Ended}}},
		{"endpoint before pause", vad.TrackerConfig{EndpointWait: 100 * time.Millisecond}, []change{{4, vad.Began}, {11, vad.Ended}}},
		{"endpoint with pause", vad.TrackerConfig{EndpointWait: 200 * time.Millisecond}, []change{{4, vad.Began}, {16, vad.Ended}}},
		{"threshold above", vad.TrackerConfig{Threshold: 0.95}, nil},
		{"endless", vad.TrackerConfig{EndpointWait: math.MaxInt64}, []change{{4, vad.Began}, {16, vad.Paused}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(vad.NewTracker(c.config), probabilities("S*6 -*200")); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestPlacesAreWhereItHappenedNotWhenItWasCertain(t *testing.T) {
	tr := vad.NewTracker(vad.TrackerConfig{})
	expect := func(when string, began, until time.Duration, speaking bool) {
		t.Helper()
		if tr.BeganAt() != began || tr.VoicedUntil() != until || tr.Speaking() != speaking {
			t.Errorf("%s: began %v, voiced until %v, speaking %v; want %v, %v, %v",
				when, tr.BeganAt(), tr.VoicedUntil(), tr.Speaking(), began, until, speaking)
		}
	}
	const ms = time.Millisecond
	run(tr, probabilities("-*10 S-SSS S*5"))
	expect("speaking", 200*ms, 400*ms, true)
	run(tr, probabilities("-*15"))
	expect("paused", 200*ms, 400*ms, true)
	run(tr, probabilities("SS -*24"))
	expect("paused again", 200*ms, 740*ms, true)
	run(tr, probabilities("-*1"))
	expect("ended", 200*ms, 740*ms, false)
	run(tr, probabilities("-*5 SSS"))
	expect("a candidate changes nothing", 200*ms, 740*ms, false)
	run(tr, probabilities("S"))
	expect("the next speech", 1340*ms, 1420*ms, true)
	if got := tr.Now(); got != 1420*ms {
		t.Errorf("Now() = %v, want 1.42 s", got)
	}
}

func TestNotANumberIsSilence(t *testing.T) {
	tr := vad.NewTracker(vad.TrackerConfig{})
	nan := slices.Repeat([]float32{float32(math.NaN())}, 100)
	if got := run(tr, nan); got != nil {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestChangesHaveNames(t *testing.T) {
	for c, want := range map[vad.Change]string{
		vad.None: "none", vad.Began: "began", vad.Paused: "paused", vad.Resumed: "resumed", vad.Ended: "ended",
	} {
		if got := c.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// FuzzTracker checks what holds for every sequence of probabilities.
func FuzzTracker(f *testing.F) {
	f.Add([]byte("SSSS----------SSSS-------------------------"), uint16(80), uint16(200), uint16(500))
	f.Add([]byte{255, 255, 0, 255, 255, 255}, uint16(0), uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, ps []byte, minSpeech, pause, endpoint uint16) {
		const ms = time.Millisecond
		config := vad.TrackerConfig{
			MinSpeech: time.Duration(minSpeech) * ms, PauseWait: time.Duration(pause) * ms, EndpointWait: time.Duration(endpoint) * ms,
		}
		wait := max(config.EndpointWait, media.FrameDuration)
		if endpoint == 0 {
			wait = 500 * ms
		}
		tr := vad.NewTracker(config)
		last, ended := vad.Ended, time.Duration(0)
		for i, b := range ps {
			c := tr.Step(float32(b) / 255)
			now := time.Duration(i+1) * media.FrameDuration
			if tr.Now() != now {
				t.Fatalf("Now() = %v after %v", tr.Now(), now)
			}
			if c != vad.None && !slices.Contains(follows[last], c) {
				t.Fatalf("%v after %v", c, last)
			}
			switch c {
			case vad.Began:
				if tr.BeganAt() < ended || tr.VoicedUntil() != now {
					t.Fatalf("began at %v, voiced until %v; it is %v and the last ended at %v", tr.BeganAt(), tr.VoicedUntil(), now, ended)
				}
			case vad.Resumed:
				if tr.VoicedUntil() != now {
					t.Fatalf("resumed at %v, voiced until %v", now, tr.VoicedUntil())
				}
			case vad.Ended:
				ended = now
				if over := now - tr.VoicedUntil() - wait; over < 0 || over >= media.FrameDuration {
					t.Fatalf("ended at %v, voiced until %v, endpoint %v", now, tr.VoicedUntil(), wait)
				}
			}
			if c != vad.None {
				last = c
			}
			if tr.Speaking() != (last != vad.Ended) {
				t.Fatalf("Speaking() = %v after %v", tr.Speaking(), last)
			}
			if tr.BeganAt() > tr.VoicedUntil() || tr.VoicedUntil() > now {
				t.Fatalf("began at %v, voiced until %v, now %v", tr.BeganAt(), tr.VoicedUntil(), now)
			}
		}
	})
}

var follows = map[vad.Change][]vad.Change{
	vad.Ended:   {vad.Began},
	vad.Began:   {vad.Paused, vad.Ended},
	vad.Paused:  {vad.Resumed, vad.Ended},
	vad.Resumed: {vad.Paused, vad.Ended},
}
