package whoanswered

import (
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

// definitions say what is counted, in the report, for whoever reads only that.
var definitions = map[string]string{
	"human_as_machine_rate":        "of items in which a person answers and stays: those that were at any time taken for a machine, for that is when the agent would have hung up or fallen silent",
	"machine_as_human_rate":        "of items in which a machine answers and stays: those that in the end are taken for a person, or for nobody known, which is treated as a person",
	"beep_recall":                  "of a machine's beeps: those that were told",
	"beep_precision":               "of beeps that were told: those in which there is a beep",
	"switched_back_rate":           "of items in which a person comes after a machine: those that in the end are taken for a person",
	"leave_rate":                   "of voicemails that take a message: those in which the moment to leave one came, and not before the beep, or the greeting where there is none, was over. Where a beep comes 2 s and more behind its greeting, to begin in that silence, once it has lasted for 2 s, is the rule and right",
	"right_class_rate":             "of all items: those that in the end have exactly the class of their label",
	"verdict_after_first_words_ms": "of people: from the end of their first group of words (speech without a pause of 300 ms) to the verdict that it is a person",
	"beep_error_ms":                "how far the told end of a beep is from its end",
	"false_beeps_per_hour":         "in speech and keys of a telephone, in which there is no beep",
}

// Mistakes, as they are called in the report.
const (
	HumanAsMachine = "human taken for a machine"
	MachineAsHuman = "machine taken for a human"
	NotSwitched    = "person after a machine not noticed"
	BeepMissed     = "beep missed"
	BeepFalse      = "beep where there is none"
	NoLeave        = "no moment to leave a message"
	EarlyLeave     = "message would begin too early"
	WrongMachine   = "another kind of machine"
	NobodyAsOther  = "nobody taken for somebody"
)

// beepSlack is how far a told beep may begin or end beside a true one that it
// overlaps otherwise not.
const beepSlack = 40 * time.Millisecond

// leaveSilence is the rule: a message begins behind the beep, or in 2 s of silence
// behind the greeting.
const leaveSilence = 2 * time.Second

// softEnd is how much of a greeting's end may be too soft to be speech.
const softEnd = 200 * time.Millisecond

// Outcome is what became of one item.
type Outcome struct {
	Item     corpus.Item
	Found    answer.Class // in the end
	Mistakes []string

	Machine   *answer.Verdict // the first that called a machine
	Human     *answer.Verdict // the first that called a person
	AfterMS   int64           // with Human: how long after the first group of words
	Beeps     int             // true ones, of a machine
	Heard     int             // those of them that were told
	Told      int             // beeps that were told
	Right     int             // those of them that are one
	ErrorsMS  []int64         // of the beeps heard, at their end, without sign
	Leaves    bool            // an item in which a message is to be left
	Left      bool            // and the moment for it came, in time
	LineMS    int64           // its length
	Timeline  replay.Timeline
	TruthOver int64 // when beep, or greeting, is over, ms
}

func score(it corpus.Item, clip corpus.Clip, line replay.Timeline) Outcome {
	o := Outcome{Item: it, Found: line.Verdict.Class, LineMS: clip.Length().Milliseconds(), Timeline: line}
	for _, v := range line.Changes {
		if v.Class.Machine() && o.Machine == nil {
			o.Machine = &v
		}
		if v.Class == answer.Human && o.Human == nil {
			o.Human = &v
		}
	}
	if o.Human != nil {
		o.AfterMS = o.Human.AtMS - clip.Truth.FirstGroup.Ended.Milliseconds()
	}
	o.beeps(clip.Truth, line)
	o.leave(clip.Truth, line)
	o.judge()
	return o
}

// judge compares classes.
func (o *Outcome) judge() {
	it, person := o.Item, !o.Found.Machine()
	switch {
	case it.Person && o.Machine != nil:
		o.wrong(HumanAsMachine)
	case it.Class == answer.Unknown && o.Machine != nil:
		o.wrong(NobodyAsOther)
	case it.Class.Machine() && person:
		o.wrong(MachineAsHuman)
	case it.Class.Machine() && o.Found != it.Class:
		o.wrong(WrongMachine)
	case it.Class == answer.Human && !it.Person && o.Found != answer.Human:
		o.wrong(NotSwitched)
	}
}

func (o *Outcome) wrong(what string) { o.Mistakes = append(o.Mistakes, what) }

// beeps compares those that were told with those that are there.
func (o *Outcome) beeps(truth corpus.Truth, line replay.Timeline) {
	heard := make([]bool, len(truth.Beeps))
	for _, s := range line.Sounds {
		if s.Kind != "tone" || s.Tone != "beep" {
			continue
		}
		o.Told++
		i := slices.IndexFunc(truth.Beeps, func(b corpus.Span) bool {
			return s.BeganMS < (b.Ended+beepSlack).Milliseconds() && s.EndedMS > (b.Began-beepSlack).Milliseconds()
		})
		if i < 0 {
			o.wrong(BeepFalse)
			continue
		}
		o.Right++
		if !heard[i] {
			o.ErrorsMS = append(o.ErrorsMS, abs(s.EndedMS-truth.Beeps[i].Ended.Milliseconds()))
		}
		heard[i] = true
	}
	if o.Item.Person {
		return // what a person plays is asked for by nobody, and nobody listens once they are known
	}
	for _, ok := range heard {
		o.Beeps++
		if ok {
			o.Heard++
			continue
		}
		o.wrong(BeepMissed)
	}
}

// leave looks whether the moment came to leave a message, and came in time.
func (o *Outcome) leave(truth corpus.Truth, line replay.Timeline) {
	if c := o.Item.Class; c != answer.Beeped && c != answer.Greeting {
		return
	}
	o.Leaves = true
	over := truth.GreetingOver
	switch n := len(truth.Beeps); {
	case n == 0:
	case truth.Beeps[n-1].Began-over >= leaveSilence:
		over += leaveSilence - softEnd
	default:
		over = truth.Beeps[n-1].Ended
	}
	o.TruthOver = over.Milliseconds()
	for _, c := range line.Cues {
		if c.Cue != "leave" {
			continue
		}
		if c.KnownMS < (over - beepSlack).Milliseconds() {
			o.wrong(EarlyLeave)
			return
		}
		o.Left = true
		return
	}
	o.wrong(NoLeave)
}

func abs(x int64) int64 { return max(x, -x) }
