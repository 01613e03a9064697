package whoanswered

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
)

// The values are those of other people's calculators.
func TestWilsonIntervals(t *testing.T) {
	for _, c := range []struct {
		k, n             int
		value, low, high float64
	}{
		{0, 0, 0, 0, 1},
		{0, 10, 0, 0, .2775},
		{10, 10, 1, .7225, 1},
		{1, 10, .1, .0179, .4042},
		{0, 366, 0, 0, .0104},
		{90, 100, .9, .8256, .9448},
		{500, 1000, .5, .4691, .5309},
	} {
		r := rate(c.k, c.n)
		if math.Abs(r.Value-c.value) > 1e-9 || math.Abs(r.Low-c.low) > 1e-4 || math.Abs(r.High-c.high) > 1e-4 || r.N != c.n || r.K != c.k {
			t.Errorf("%d of %d: %+v, want %v from %v to %v", c.k, c.n, r, c.value, c.low, c.high)
		}
	}
}

func TestQuantiles(t *testing.T) {
	if got := times(nil); got != (Times{}) {
		t.Errorf("of nothing: %+v", got)
	}
	all := make([]int64, 100)
	for i := range all {
		all[i] = int64(99 - i)
	}
	if got, want := times(all), (Times{Median: 50, P95: 95, Most: 99, N: 100}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// made are outcomes of which the figures are known.
func made() []Outcome {
	in := func(p corpus.Part, it corpus.Item, found answer.Class, o Outcome) Outcome {
		it.Part, it.Kind = p, it.Name
		o.Item, o.Found, o.LineMS = it, found, 1000
		o.judge()
		return o
	}
	human, machine := &answer.Verdict{Class: answer.Human}, &answer.Verdict{Class: answer.Greeting, AtMS: 900}
	return []Outcome{
		in(corpus.Test, person, answer.Human, Outcome{Human: human, AfterMS: 400}),
		in(corpus.Test, person, answer.Human, Outcome{Human: human, AfterMS: 600, Machine: machine}),
		in(corpus.Test, person, answer.Unknown, Outcome{}),
		in(corpus.Test, voicemail, answer.Beeped, Outcome{Beeps: 1, Heard: 1, Told: 2, Right: 1, ErrorsMS: []int64{7}, Leaves: true, Left: true}),
		in(corpus.Test, voicemail, answer.Human, Outcome{Beeps: 1, Leaves: true}),
		in(corpus.Test, menu, answer.Hold, Outcome{}),
		in(corpus.Test, after, answer.Human, Outcome{}),
		in(corpus.Test, nobody, answer.Unknown, Outcome{}),
		in(corpus.Train, menu, answer.IVR, Outcome{}),
	}
}

func TestTheNumbersAddUp(t *testing.T) {
	var r Report
	r.count(corpus.Parts, made(), map[corpus.Part]hour{corpus.Test: {length: 30 * time.Minute, beeps: 1, keys: 12}})
	f := r.Figures
	if r.Part != "test" || f.Items != 8 || r.Parts["train"].Items != 1 || f.AudioS != 8 {
		t.Errorf("%s: %d items of %v s, and %d to train on", r.Part, f.Items, f.AudioS, r.Parts["train"].Items)
	}
	for name, c := range map[string]struct{ got, want Rate }{
		"human as machine": {f.HumanAsMachine, rate(1, 3)},
		"machine as human": {f.MachineAsHuman, rate(1, 3)},
		"recall":           {f.BeepRecall, rate(1, 2)},
		"precision":        {f.BeepPrecision, rate(1, 2)},
		"switched back":    {f.SwitchedBack, rate(1, 1)},
		"leave":            {f.Leave, rate(1, 2)},
		"right class":      {f.RightClass, rate(5, 8)},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
	sum := 0
	for _, row := range f.Confusion {
		for _, n := range row {
			sum += n
		}
	}
	kinds := 0
	for _, k := range f.Kinds {
		kinds += k.Items
	}
	if sum != f.Items || kinds != f.Items {
		t.Errorf("the matrix holds %d and the kinds %d of %d items", sum, kinds, f.Items)
	}
	if f.Verdict != (Times{600, 600, 600, 2}) || f.Beep.Median != 7 || *f.FalseBeepsPerHour != 2 {
		t.Errorf("times %+v %+v, %v false beeps", f.Verdict, f.Beep, *f.FalseBeepsPerHour)
	}
	if len(r.Mistakes) != 3 || r.Mistakes[0].AtMS != 900 || r.Mistakes[0].Found != answer.Greeting {
		t.Errorf("mistakes: %+v", r.Mistakes)
	}
}

func TestTheFileHasWhatOthersReadInIt(t *testing.T) {
	r := Report{Version: "1", Synthetic: true, Definitions: definitions}
	r.count(corpus.Parts, made(), nil)
	path := filepath.Join(t.TempDir(), "out", "answer.json")
	r.forget()
	if err := r.save(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, rates := range []string{"human_as_machine_rate", "machine_as_human_rate", "beep_recall", "beep_precision"} {
		m, _ := got[rates].(map[string]any)
		for _, key := range []string{"value", "low", "high", "n"} {
			if _, ok := m[key].(float64); !ok {
				t.Errorf("%s has no %s", rates, key)
			}
		}
		if definitions[rates] == "" {
			t.Errorf("nobody says what %s is", rates)
		}
	}
	if got["synthetic"] != true || got["confusion"] == nil || got["verdict_after_first_words_ms"] == nil || got["false_beeps_per_hour"] != nil {
		t.Errorf("the file: %.300s", data)
	}
	if strings.Contains(string(data), "timeline") {
		t.Error("what was heard is in a file that was not asked to explain")
	}
}

func TestPeopleAreToldInEightyColumns(t *testing.T) {
	r := Report{Version: "0.1.0"}
	r.count(corpus.Parts, made(), map[corpus.Part]hour{corpus.Test: {length: time.Hour}})
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("%d columns: %s", len([]rune(line)), line)
		}
	}
	for _, want := range []string{"TRAIN", "TEST", "synthetic", "person taken for a machine", "33.33 %", "MISTAKES   3", HumanAsMachine} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
