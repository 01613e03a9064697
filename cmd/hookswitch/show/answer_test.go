package show_test

import (
	"bytes"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// machine is a voicemail that was spoken to before its beep.
func machine() replay.Timeline {
	words := answer.Evidence{Kind: "words", What: `"leave a message"`, For: answer.Greeting, Weight: 4.24, BeganMS: 600, EndedMS: 6900}
	beep := answer.Evidence{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 6, BeganMS: 8600, EndedMS: 9000}
	greeting := answer.Verdict{Class: answer.Greeting, Confidence: .97, AtMS: 7100, Evidence: []answer.Evidence{words}}
	beeped := answer.Verdict{Class: answer.Beeped, Confidence: .99, AtMS: 9040, Evidence: []answer.Evidence{words, beep}}
	return replay.Timeline{DurationMS: 12_000,
		Words: []replay.Said{
			{Mark: replay.Mark{BeganMS: 600, EndedMS: 3000}, KnownMS: 3300, Text: "You have reached\x1b[2J"},
			{Mark: replay.Mark{BeganMS: 600, EndedMS: 6900}, KnownMS: 7100, Final: true, Text: "You have reached the Millers. Please leave a message after the tone, and we will call you back as soon as we can."},
		},
		Agent:   []replay.Mark{{BeganMS: 200, EndedMS: 1500}},
		Changes: []answer.Verdict{greeting, beeped}, Verdict: beeped,
		Cues: []replay.CueMark{{Cue: "leave", AtMS: 9000, KnownMS: 9040}},
	}
}

func TestARecordingIsToldInTheOrderOfTime(t *testing.T) {
	var out bytes.Buffer
	show.New(&out, &out, show.Plain()).Replayed(machine())
	want := `
  0:00.2  agent  speaks for 1.3 s
  0:00.6  line   You have reached\x1b[2J                                             a guess
  0:06.9         words      "leave a message" -> voicemail +4.2
  0:00.6  line   You have reached the Millers. Please leave a message after the
                 tone, and we will call you back as soon as we can.
  0:07.1         verdict    voicemail 0.97
  0:09.0         tone       beep of 1000 Hz, 0.4 s -> voicemail, after its beep +6.0
  0:09.0         verdict    voicemail, after its beep 0.99
  0:09.0         cue        leave the message; from 0:09.0 on it is recorded

 voicemail, after its beep   0.99, known at 0:09.0
`
	if got := out.String(); got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}

func TestARecordingThatTellsNothingIsAPersons(t *testing.T) {
	var out bytes.Buffer
	show.New(&out, &out, show.Plain()).Replayed(replay.Timeline{Verdict: answer.Verdict{Class: answer.Unknown}})
	if got, want := out.String(), "\n\n not clear   taken for a person, as everybody is about whom nothing is clear\n"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
