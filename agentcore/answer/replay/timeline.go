package replay

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// MostBuckets is into how many pieces a Timeline cuts a recording at most.
const MostBuckets = 1200

// Timeline is what became known of a recording, and when. Times count in
// milliseconds since answer.
type Timeline struct {
	DurationMS int64            `json:"duration_ms"`
	BucketMS   int64            `json:"bucket_ms"`       // what one value of the next two stands for
	Level      []float32        `json:"level"`           // of the loudest frame, in dBFS
	Speech     []float32        `json:"speech"`          // the greatest probability of speech, 0 to 1
	Sounds     []Sound          `json:"sounds"`          // what the ear heard
	Words      []Said           `json:"words"`           // what the recogniser understood
	Agent      []Mark           `json:"agent,omitempty"` // when the agent spoke
	Changes    []answer.Verdict `json:"changes"`         // each time that its class was another
	Cues       []CueMark        `json:"cues"`            // moments that came
	DoneMS     int64            `json:"done_ms"`         // from when on nobody listens for it any more. 0: to the end
	Deaf       string           `json:"deaf,omitempty"`  // why words are missing
	Verdict    answer.Verdict   `json:"verdict"`         // in the end
	Language   string           `json:"language,omitempty"`
}

// Mark is a while.
type Mark struct {
	BeganMS int64 `json:"began_ms"`
	EndedMS int64 `json:"ended_ms"`
}

// Sound is something that the ear heard.
type Sound struct {
	Mark
	Kind    string  `json:"kind"`           // tone, speaking, spoke, talking, silent, noisy
	Tone    string  `json:"tone,omitempty"` // of a tone: beep, sit, ...
	Hz      float64 `json:"hz,omitempty"`
	Level   float64 `json:"level_dbfs,omitempty"`
	KnownMS int64   `json:"known_ms"`
}

// Said is a final word or a guess.
type Said struct {
	Mark
	KnownMS int64  `json:"known_ms"`
	Final   bool   `json:"final"`
	Text    string `json:"text,omitempty"` // if it was asked for
}

// CueMark is a moment that came.
type CueMark struct {
	Cue     string `json:"cue"`      // leave, reply, done
	AtMS    int64  `json:"at_ms"`    // the moment
	KnownMS int64  `json:"known_ms"` // when it was known
}

var (
	soundKinds = map[answer.SoundKind]string{
		answer.Toned: "tone", answer.Speaking: "speaking", answer.Spoke: "spoke",
		answer.Talking: "talking", answer.Silent: "silent", answer.Noisy: "noisy",
	}
	cues = map[answer.Cue]string{answer.Leave: "leave", answer.Reply: "reply", answer.Done: "done"}
)

// begin is the Timeline of a recording that nobody has judged.
func begin(samples []int16, heard Heard, cfg Config) Timeline {
	t := Timeline{
		DurationMS: (time.Duration(len(samples)) * time.Second / media.Rate).Milliseconds(),
		Deaf:       heard.Deaf, Language: cfg.Language,
		Sounds: []Sound{}, Words: []Said{}, Changes: []answer.Verdict{}, Cues: []CueMark{},
		Level: []float32{}, Speech: []float32{},
	}
	wide := max(1, (len(heard.Speech)+MostBuckets-1)/MostBuckets)
	t.BucketMS = int64(wide) * media.FrameDuration.Milliseconds()
	var f media.Frame
	for n, p := range heard.Speech {
		cut(&f, samples, n)
		level, p := vad.Level(&f), float32(finite(float64(p)))
		if n%wide == 0 {
			t.Level, t.Speech = append(t.Level, level), append(t.Speech, p)
			continue
		}
		last := len(t.Level) - 1
		t.Level[last], t.Speech[last] = max(t.Level[last], level), max(t.Speech[last], p)
	}
	return t
}

func (t *Timeline) sound(s answer.Sound) {
	out := Sound{Kind: soundKinds[s.Kind], KnownMS: s.Now.Milliseconds(), Mark: mark(s.Began, s.Ended)}
	if s.Kind == answer.Toned {
		out.Mark, out.Tone, out.Hz, out.Level = mark(s.Tone.Began, s.Tone.Ended), s.Tone.Kind.String(), finite(s.Tone.Hz), finite(s.Tone.Level)
	}
	t.Sounds = append(t.Sounds, out)
}

func (t *Timeline) word(w Word, text bool) {
	said := Said{Mark: mark(w.Began, w.Ended), KnownMS: w.Known.Milliseconds(), Final: w.Final}
	if text {
		said.Text = w.Text
	}
	t.Words = append(t.Words, said)
}

func (t *Timeline) cue(f answer.Finding, now time.Duration) {
	t.Cues = append(t.Cues, CueMark{Cue: cues[f.Cue], AtMS: f.At.Milliseconds(), KnownMS: now.Milliseconds()})
	if f.Cue == answer.Done {
		t.DoneMS = max(1, now.Milliseconds())
	}
}

func mark(began, ended time.Duration) Mark {
	return Mark{BeganMS: began.Milliseconds(), EndedMS: ended.Milliseconds()}
}

// finite is x, or 0 when JSON has no word for it.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
