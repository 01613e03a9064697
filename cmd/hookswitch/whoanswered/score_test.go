package whoanswered

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

// changes are verdicts one after the other, a second apart from 1 s on.
func changes(all ...answer.Class) (out []answer.Verdict) {
	for i, c := range all {
		out = append(out, answer.Verdict{Class: c, AtMS: int64(i+1) * 1000})
	}
	return out
}

func beep(began, ended int64) replay.Sound {
	return replay.Sound{Kind: "tone", Tone: "beep", Mark: replay.Mark{BeganMS: began, EndedMS: ended}}
}

var (
	person    = corpus.Item{Name: "p", Class: answer.Human, Person: true}
	after     = corpus.Item{Name: "a", Class: answer.Human}
	voicemail = corpus.Item{Name: "v", Class: answer.Beeped}
	menu      = corpus.Item{Name: "m", Class: answer.IVR}
	nobody    = corpus.Item{Name: "n", Class: answer.Unknown}
)

func TestWhatCountsAsAMistake(t *testing.T) {
	beeped := corpus.Truth{GreetingOver: 3 * time.Second, Beeps: []corpus.Span{{Began: 3200 * time.Millisecond, Ended: 3600 * time.Millisecond}}}
	left := []replay.CueMark{{Cue: "leave", AtMS: 3600, KnownMS: 3660}}
	late := corpus.Truth{GreetingOver: 3 * time.Second, Beeps: []corpus.Span{{Began: 5500 * time.Millisecond, Ended: 6 * time.Second}}}
	heardLate := []replay.Sound{beep(5500, 6000)}
	leftAt := func(ms int64) []replay.CueMark { return []replay.CueMark{{Cue: "leave", AtMS: 3000, KnownMS: ms}} }
	for _, c := range []struct {
		claim string
		item  corpus.Item
		truth corpus.Truth
		found []answer.Class
		heard []replay.Sound
		cues  []replay.CueMark
		want  []string
	}{
		{"a person is a person", person, corpus.Truth{}, []answer.Class{answer.Human}, nil, nil, nil},
		{"a person may stay unknown", person, corpus.Truth{}, nil, nil, nil, nil},
		{"a person who was a machine for a while was hung up on", person, corpus.Truth{}, []answer.Class{answer.Greeting, answer.Human}, nil, nil, []string{HumanAsMachine}},
		{"a voicemail may be unknown at first", voicemail, beeped, []answer.Class{answer.Greeting, answer.Beeped}, []replay.Sound{beep(3200, 3600)}, left, nil},
		{"a voicemail that is a person in the end", voicemail, beeped, []answer.Class{answer.Greeting, answer.Human}, []replay.Sound{beep(3200, 3600)}, left, []string{MachineAsHuman}},
		{"a voicemail of which nothing was found", voicemail, beeped, nil, nil, nil, []string{BeepMissed, NoLeave, MachineAsHuman}},
		{"a menu taken for a voicemail", menu, corpus.Truth{}, []answer.Class{answer.Greeting}, nil, nil, []string{WrongMachine}},
		{"a beep in the greeting", voicemail, beeped, []answer.Class{answer.Beeped}, []replay.Sound{beep(1000, 1200), beep(3220, 3610)}, left, []string{BeepFalse}},
		{"a message into the greeting", voicemail, beeped, []answer.Class{answer.Beeped}, []replay.Sound{beep(3200, 3600)}, []replay.CueMark{{Cue: "leave", AtMS: 2000, KnownMS: 2100}}, []string{EarlyLeave}},
		{"a message in 2 s of silence, and the beep is late", voicemail, late, []answer.Class{answer.Beeped}, heardLate, leftAt(5000), nil},
		{"a message before 2 s of silence, and the beep is late", voicemail, late, []answer.Class{answer.Beeped}, heardLate, leftAt(4000), []string{EarlyLeave}},
		{"a person's own beep need not be told", person, beeped, []answer.Class{answer.Human}, nil, nil, nil},
		{"a person who came was not noticed", after, corpus.Truth{}, []answer.Class{answer.Screener}, nil, nil, []string{NotSwitched}},
		{"silence taken for somebody", nobody, corpus.Truth{}, []answer.Class{answer.Hold, answer.Unknown}, nil, nil, []string{NobodyAsOther}},
		{"silence taken for a person, to whom one talks anyway", nobody, corpus.Truth{}, []answer.Class{answer.Human}, nil, nil, nil},
	} {
		line := replay.Timeline{Changes: changes(c.found...), Sounds: c.heard, Cues: c.cues, Verdict: answer.Verdict{Class: answer.Unknown}}
		if n := len(line.Changes); n > 0 {
			line.Verdict = line.Changes[n-1]
		}
		if got := score(c.item, corpus.Clip{Truth: c.truth}, line).Mistakes; !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.claim, got, c.want)
		}
	}
}

func TestTimesCountFromTheTruth(t *testing.T) {
	truth := corpus.Truth{FirstGroup: corpus.Span{Ended: 700 * time.Millisecond}, Beeps: []corpus.Span{{Began: time.Second, Ended: 2 * time.Second}}}
	line := replay.Timeline{Changes: changes(answer.Human), Sounds: []replay.Sound{beep(1010, 1400), beep(1450, 1990)}}
	o := score(person, corpus.Clip{Truth: truth, Samples: make([]int16, 8000)}, line)
	if o.AfterMS != 300 || o.LineMS != 1000 {
		t.Errorf("the verdict came %d ms after the first words, in %d ms", o.AfterMS, o.LineMS)
	}
	// One beep that was told twice is right twice, and off by what the first said.
	if o.Told != 2 || o.Right != 2 || !slices.Equal(o.ErrorsMS, []int64{600}) {
		t.Errorf("told %d, right %d, off by %v", o.Told, o.Right, o.ErrorsMS)
	}
}
