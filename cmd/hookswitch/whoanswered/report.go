package whoanswered

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

// Report is all that was measured. Its own figures are those of the test part, or
// of the only part.
type Report struct {
	Version   string  `json:"version"`
	Machine   Machine `json:"machine"`
	Synthetic bool    `json:"synthetic"` // always: nobody was called for it
	Recorded  bool    `json:"recorded"`  // there were recorded prompts, too
	TookMS    int64   `json:"took_ms"`   // what recognition was taken to last
	Part      string  `json:"part"`      // whose figures follow
	Figures
	Parts       map[string]Figures `json:"parts"`
	Definitions map[string]string  `json:"definitions"`
	Mistakes    []Mistake          `json:"mistakes"`
}

// Figures are a part's.
type Figures struct {
	Items          int     `json:"items"`
	AudioS         float64 `json:"audio_s"`
	HumanAsMachine Rate    `json:"human_as_machine_rate"`
	MachineAsHuman Rate    `json:"machine_as_human_rate"`
	BeepRecall     Rate    `json:"beep_recall"`
	BeepPrecision  Rate    `json:"beep_precision"`
	SwitchedBack   Rate    `json:"switched_back_rate"`
	Leave          Rate    `json:"leave_rate"`
	RightClass     Rate    `json:"right_class_rate"`

	Confusion map[answer.Class]map[answer.Class]int `json:"confusion"` // label, then what was found in the end

	Verdict Times `json:"verdict_after_first_words_ms"`
	Beep    Times `json:"beep_error_ms"`

	FalseBeepsPerHour *float64 `json:"false_beeps_per_hour"` // null: it was not measured
	HoursHeard        float64  `json:"hours_heard,omitempty"`
	KeysHeard         int      `json:"keys_heard,omitempty"`

	Kinds map[string]Kind `json:"kinds"`
}

// Times are in milliseconds.
type Times struct {
	Median int64 `json:"median"`
	P95    int64 `json:"p95"`
	Most   int64 `json:"most"`
	N      int   `json:"n"`
}

// Kind is how items of one kind did.
type Kind struct {
	Items    int            `json:"items"`
	Right    int            `json:"right"` // exactly the class of their label
	Mistakes map[string]int `json:"mistakes,omitempty"`
}

// Mistake is one that the engine made.
type Mistake struct {
	Item     string           `json:"item"`
	What     string           `json:"what"`
	Class    answer.Class     `json:"class"` // of the label
	Found    answer.Class     `json:"found"` // in the end
	AtMS     int64            `json:"at_ms,omitempty"`
	Timeline *replay.Timeline `json:"timeline,omitempty"` // with Options.Explain
	Truth    int64            `json:"over_ms,omitempty"`  // when the beep, or the greeting, was over
}

// count makes figures of outcomes.
func (r *Report) count(parts []corpus.Part, all []Outcome, hours map[corpus.Part]hour) {
	r.Parts, r.Mistakes = map[string]Figures{}, []Mistake{}
	for _, p := range parts {
		f := figures(slices.DeleteFunc(slices.Clone(all), func(o Outcome) bool { return o.Item.Part != p }))
		if h, ok := hours[p]; ok {
			f.hour(h)
		}
		r.Parts[p.String()] = f
		r.Part, r.Figures = p.String(), f // the last is the test part
	}
	for _, o := range all {
		for _, what := range o.Mistakes {
			r.Mistakes = append(r.Mistakes, o.mistake(what))
		}
	}
}

func (o Outcome) mistake(what string) Mistake {
	m := Mistake{Item: o.Item.Name, What: what, Class: o.Item.Class, Found: o.Found, Timeline: &o.Timeline, Truth: o.TruthOver}
	if what == HumanAsMachine || what == NobodyAsOther {
		m.Found, m.AtMS = o.Machine.Class, o.Machine.AtMS
	}
	return m
}

// forget leaves out what was heard, and with it every word.
func (r *Report) forget() {
	for i := range r.Mistakes {
		r.Mistakes[i].Timeline = nil
	}
}

// tally counts one figure.
type tally struct{ k, n int }

func (t *tally) add(hit bool) {
	t.n++
	if hit {
		t.k++
	}
}

func (t tally) rate() Rate { return rate(t.k, t.n) }

func figures(all []Outcome) Figures {
	f := Figures{Items: len(all), Confusion: map[answer.Class]map[answer.Class]int{}, Kinds: map[string]Kind{}}
	var human, machine, recall, precision, back, leave, right tally
	var after, off []int64
	for _, o := range all {
		it := o.Item
		f.AudioS += float64(o.LineMS) / 1000
		f.confuse(it.Class, o.Found)
		f.kind(o)
		right.add(o.Found == it.Class)
		switch {
		case it.Person:
			human.add(o.Machine != nil)
			if o.Human != nil {
				after = append(after, o.AfterMS)
			}
		case it.Class == answer.Human:
			back.add(o.Found == answer.Human)
		case it.Class.Machine():
			machine.add(!o.Found.Machine())
		}
		if o.Leaves {
			leave.add(o.Left)
		}
		recall.k, recall.n = recall.k+o.Heard, recall.n+o.Beeps
		precision.k, precision.n = precision.k+o.Right, precision.n+o.Told
		off = append(off, o.ErrorsMS...)
	}
	f.HumanAsMachine, f.MachineAsHuman, f.SwitchedBack = human.rate(), machine.rate(), back.rate()
	f.BeepRecall, f.BeepPrecision, f.Leave, f.RightClass = recall.rate(), precision.rate(), leave.rate(), right.rate()
	f.Verdict, f.Beep = times(after), times(off)
	return f
}

func (f *Figures) confuse(label, found answer.Class) {
	if f.Confusion[label] == nil {
		f.Confusion[label] = map[answer.Class]int{}
	}
	f.Confusion[label][found]++
}

func (f *Figures) kind(o Outcome) {
	k := f.Kinds[o.Item.Kind]
	k.Items++
	if o.Found == o.Item.Class {
		k.Right++
	}
	for _, what := range o.Mistakes {
		if k.Mistakes == nil {
			k.Mistakes = map[string]int{}
		}
		k.Mistakes[what]++
	}
	f.Kinds[o.Item.Kind] = k
}

func (f *Figures) hour(h hour) {
	f.HoursHeard, f.KeysHeard = h.length.Hours(), h.keys
	perHour := float64(h.beeps) / h.length.Hours()
	f.FalseBeepsPerHour = &perHour
}

// times are the quantiles of all, nearest rank.
func times(all []int64) Times {
	if len(all) == 0 {
		return Times{}
	}
	slices.Sort(all)
	rank := func(q float64) int64 { return all[min(len(all)-1, int(q*float64(len(all))))] }
	return Times{Median: rank(.5), P95: rank(.95), Most: all[len(all)-1], N: len(all)}
}

// save writes r as JSON, whole or not at all.
func (r Report) save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("whoanswered: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("whoanswered: %w", err)
	}
	if err := os.WriteFile(path+".part", append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("whoanswered: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("whoanswered: %w", err)
	}
	return nil
}

// hour is what was heard in sound without a beep.
type hour struct {
	length      time.Duration
	beeps, keys int
}
