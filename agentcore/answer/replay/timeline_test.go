package replay_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

func TestATimelineIsBounded(t *testing.T) {
	for _, c := range []struct {
		long   time.Duration
		bucket int64
		values int
	}{
		{0, 20, 0},
		{time.Millisecond, 20, 1},
		{10 * time.Second, 20, 500},
		{24 * time.Second, 20, replay.MostBuckets},
		{25 * time.Second, 40, 625},
		{10 * time.Minute, 500, replay.MostBuckets},
	} {
		line, err := replay.Run(t.Context(), sound{}.silence(c.long), replay.Config{Detector: loud{}})
		if err != nil {
			t.Fatal(err)
		}
		if line.BucketMS != c.bucket || len(line.Level) != c.values || len(line.Speech) != c.values {
			t.Errorf("%v: buckets of %d ms, %d levels, %d of speech; want %d ms, %d", c.long, line.BucketMS, len(line.Level), len(line.Speech), c.bucket, c.values)
		}
		if line.DurationMS != c.long.Milliseconds() {
			t.Errorf("%v: lasts %d ms", c.long, line.DurationMS)
		}
	}
}

// In a bucket the loudest frame counts: a beep in a long silence is seen.
func TestABucketShowsTheLoudestOfIt(t *testing.T) {
	s := sound{}.silence(30 * time.Second).voice(20 * ms).silence(30 * time.Second)
	line, err := replay.Run(t.Context(), s, replay.Config{Detector: loud{}})
	if err != nil {
		t.Fatal(err)
	}
	n := 30_000 / line.BucketMS
	if line.Level[n] < -25 || line.Speech[n] != 0.9 {
		t.Errorf("bucket %d has level %v and speech %v, want the sound's", n, line.Level[n], line.Speech[n])
	}
	if line.Level[n-1] > -80 || line.Speech[n-1] != 0.1 {
		t.Errorf("bucket %d has level %v and speech %v, want silence", n-1, line.Level[n-1], line.Speech[n-1])
	}
}

func TestTextIsToldOnlyWhenItIsAskedFor(t *testing.T) {
	cfg := replay.Config{Detector: loud{}, Recognizer: counter{took: 100 * ms}}
	heard, err := replay.Hear(t.Context(), two(0), cfg)
	if err != nil {
		t.Fatal(err)
	}
	silent := replay.Judge(two(0), heard, cfg)
	cfg.Text = true
	told := replay.Judge(two(0), heard, cfg)
	if len(silent.Words) != 2 || len(told.Words) != 2 {
		t.Fatalf("%d and %d words, want 2", len(silent.Words), len(told.Words))
	}
	if got := silent.Words[0].Text; got != "" {
		t.Errorf("a Timeline without text says %q", got)
	}
	if got := told.Words[1]; got.Text != "said 2" || got.BeganMS != 2500 || got.EndedMS != 3500 || got.KnownMS != 4000 || !got.Final {
		t.Errorf("the second word is %+v", got)
	}
}

func TestWhatTheAgentSaidIsOnTheTimeline(t *testing.T) {
	line, err := replay.Run(t.Context(), two(0), replay.Config{Detector: loud{}, Agent: []replay.Span{
		{Began: 100 * ms, Ended: 400 * ms}, {Began: 3600 * ms, Ended: time.Hour}, // the recording ends first
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []replay.Mark{{BeganMS: 100, EndedMS: 400}, {BeganMS: 3600, EndedMS: time.Hour.Milliseconds()}}; !reflect.DeepEqual(line.Agent, want) {
		t.Errorf("Agent = %v, want %v", line.Agent, want)
	}
}

func TestATimelineIsJSON(t *testing.T) {
	line, err := replay.Run(t.Context(), two(0), replay.Config{Detector: loud{}, Recognizer: counter{}, Text: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	var back replay.Timeline
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, line) {
		t.Errorf("it comes back as %+v, want %+v", back, line)
	}
	if strings.Contains(string(b), "null") && line.Verdict.Evidence != nil {
		t.Errorf("a list of none is null: %s", b)
	}
}

// TestReplayIsTheSameTwice: of the same sound and the same words.
func TestJudgingIsTheSameTwice(t *testing.T) {
	cfg := replay.Config{Detector: loud{}, Carrier: []replay.Told{{Word: "machine_start", At: time.Second}}}
	heard := replay.Heard{Speech: make([]float32, len(two(0))/160), Words: []replay.Word{
		word("Please leave a message after the tone.", true, 0, time.Second, 1500*ms),
	}}
	for i := range heard.Speech {
		heard.Speech[i] = float32(math.Abs(math.Sin(float64(i) / 9)))
	}
	one, two := replay.Judge(two(0), heard, cfg), replay.Judge(two(0), heard, cfg)
	if !reflect.DeepEqual(one, two) {
		t.Errorf("judged twice: %+v, then %+v", one, two)
	}
	if one.Verdict.Class == answer.Class("") {
		t.Error("the verdict has no class")
	}
}

// A network may give no number at all. JSON has no word for that.
func TestAProbabilityThatIsNoNumberIsNone(t *testing.T) {
	odd := []float32{float32(math.NaN()), 0.5, float32(math.Inf(1)), float32(math.NaN())}
	line := replay.Judge(make([]int16, 4*160), replay.Heard{Speech: odd}, replay.Config{})
	if want := []float32{0, 0.5, 0, 0}; !reflect.DeepEqual(line.Speech, want) {
		t.Errorf("speech %v, want %v", line.Speech, want)
	}
	if _, err := json.Marshal(line); err != nil {
		t.Error(err)
	}
}
