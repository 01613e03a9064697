package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kind is what goes wrong.
type Kind string

const (
	Slow  Kind = "slow"  // 3 s late
	Fail  Kind = "fail"  // an error, and nothing happened
	Lost  Kind = "lost"  // it happened, and an error is told: the answer was lost
	Cut   Kind = "cut"   // a provider's stream breaks in the middle
	Reset Kind = "reset" // the line is reset, a moment after
	Stop  Kind = "stop"  // the carrier stops the stream, the call goes on
	Late  Kind = "late"  // a callback comes half a minute late
	Twice Kind = "twice" // a request comes twice
	Never Kind = "never" // a callback never comes

	Dies   Kind = "dies"   // the process dies just before
	Died   Kind = "died"   // and just after: it happened, and nobody heard
	Freeze Kind = "freeze" // the process stands still, half a minute or longer, and goes on
)

// Fault is one thing that is planned to go wrong, once.
type Fault struct {
	Call int    // which call, from 1
	Op   string // at which of its operations
	Nth  int    // the how manieth of that name; of "line": milliseconds since the stream began
	Kind Kind
}

// String names a fault as the sweep's report does.
func (f Fault) String() string {
	return fmt.Sprintf("call %02d %s %d: %s", f.Call, f.Op, f.Nth, f.Kind)
}

// Parse reads what [Fault.String] wrote, several of them parted by semicolons.
func Parse(text string) ([]Fault, error) {
	var all []Fault
	for part := range strings.SplitSeq(text, ";") {
		var f Fault
		head, kind, _ := strings.Cut(part, ":")
		if _, err := fmt.Sscanf(strings.TrimSpace(head), "call %d %s %d", &f.Call, &f.Op, &f.Nth); err != nil {
			return nil, fmt.Errorf("simulation: %q is no fault such as \"call 02 llm.chat 1: cut\"", part)
		}
		f.Kind = Kind(strings.TrimSpace(kind))
		all = append(all, f)
	}
	return all, nil
}

// Smallest drops faults from plan, one by one, as long as it still fails.
func Smallest(plan []Fault, fails func([]Fault) bool) []Fault {
	for i := 0; i < len(plan); {
		if fewer := slices.Delete(slices.Clone(plan), i, i+1); fails(fewer) {
			plan = fewer
			continue
		}
		i++
	}
	return plan
}

// hazard is something that may go wrong, and within which of the first operations
// of that name.
type hazard struct {
	op    string
	most  int
	kinds []Kind
}

// hazards are those of every call.
var hazards = []hazard{
	{"line", 16000, []Kind{Reset, Stop}},
	{"line", 16000, []Kind{Reset, Stop}},
	{"asr.open", 1, []Kind{Fail}},
	{"asr.decode", 4, []Kind{Fail, Slow}},
	{"llm.chat", 4, []Kind{Fail, Slow, Cut, Reset}},
	{"tts.speak", 6, []Kind{Fail, Slow, Cut, Reset}},
	{"tool.book", 1, []Kind{Fail, Lost, Slow, Reset}},
	{"journal.append", 16, []Kind{Slow, Fail, Lost, Reset}},
	{"journal.append", 16, []Kind{Slow, Fail, Lost, Reset}},
	{"store.create", 1, []Kind{Fail, Lost}},
	{"store.find", 3, []Kind{Fail, Slow}},
	{"store.admit", 2, []Kind{Fail, Lost}},
	{"store.raise", 1, []Kind{Fail, Lost}},
	{"store.end", 1, []Kind{Fail, Lost, Slow}},
	{"hook.status", 2, []Kind{Late, Twice, Never}},
	{"hook.status", 2, []Kind{Late, Twice, Never}},
	{"hook.ring", 1, []Kind{Twice, Fail, Lost}},
	{"hook.admit", 2, []Kind{Twice}},
	{"hook.next", 2, []Kind{Twice, Fail, Lost}},
	{"carrier.dial", 1, []Kind{Fail, Lost}},
	{"carrier.state", 1, []Kind{Fail, Slow}},
}

// first are the hazards of what comes before anyone talks. They are rolled apart,
// so that the others stay as frequent as they must be.
var first = []hazard{
	{"store.fail", 1, []Kind{Fail, Lost}},
	{"store.prepared", 2, []Kind{Fail, Lost}},
	{"hook.prepare", 1, []Kind{Slow, Fail}},
	{"store.carrier", 1, []Kind{Fail, Lost, Slow}},
	{"store.dialled", 1, []Kind{Fail, Lost, Slow}},
	{"carrier.dial", 1, []Kind{Fail, Lost, Slow}},
}

// Planned is what goes wrong in the run of seed: nothing on a third of the
// calls, one to four things on the others, and on some one before they begin.
func Planned(seed uint64, calls int) []Fault {
	var all []Fault
	for call := 1; call <= calls; call++ {
		if early := dice(seed, call, "plan of the beginning"); early.IntN(4) == 0 {
			h := first[early.IntN(len(first))]
			all = append(all, Fault{call, h.op, 1 + early.IntN(h.most), h.kinds[early.IntN(len(h.kinds))]})
		}
		dice := dice(seed, call, "plan")
		if dice.IntN(3) == 0 {
			continue
		}
		for range 1 + dice.IntN(4) {
			h := hazards[dice.IntN(len(hazards))]
			all = append(all, Fault{call, h.op, 1 + dice.IntN(h.most), h.kinds[dice.IntN(len(h.kinds))]})
		}
	}
	return all
}

// handing are the hazards of a call's being handed on.
var handing = []hazard{
	{"transfer.create", 2, []Kind{Fail, Lost, Slow}},
	{"transfer.move", 6, []Kind{Fail, Lost, Slow}},
	{"transfer.find", 8, []Kind{Fail, Slow}},
	{"carrier.dial", 1, []Kind{Fail, Lost, Slow}},
	{"carrier.hangup", 1, []Kind{Fail, Lost, Slow}},
	{"carrier.recall", 1, []Kind{Fail, Lost, Slow}},
	{"hook.next", 4, []Kind{Twice, Fail, Lost}},
	{"hook.ring", 2, []Kind{Twice, Fail, Lost}},
	{"hook.status", 8, []Kind{Late, Twice, Never}},
}

// PlannedHanding is [Planned] with what may go wrong while a call is handed on.
func PlannedHanding(seed uint64, calls int) []Fault {
	var all []Fault
	for call := 1; call <= calls; call++ {
		dice := dice(seed, call, "plan of the handing")
		if dice.IntN(3) == 0 {
			continue
		}
		hazards := append(slices.Clone(handing), hazard{"line", 16000, []Kind{Reset, Stop}})
		for range 1 + dice.IntN(4) {
			h := hazards[dice.IntN(len(hazards))]
			all = append(all, Fault{call, h.op, 1 + dice.IntN(h.most), h.kinds[dice.IntN(len(h.kinds))]})
		}
	}
	return all
}

// hash is a number that depends on nothing but its arguments.
func hash(seed uint64, call int, name string, seq int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%s/%d", seed, call, name, seq)
	x := h.Sum64() // fnv mixes its last bytes badly
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// dice is chance that belongs to one purpose of one call.
func dice(seed uint64, call int, purpose string) *rand.Rand {
	return rand.New(rand.NewPCG(seed, hash(seed, call, purpose, 0)))
}

// answering are the hazards of a call that a machine may have answered.
var answering = []hazard{
	{"journal.append", 14, []Kind{Dies, Died, Lost, Fail, Slow, Reset}},
	{"journal.append", 14, []Kind{Dies, Died}},
	{"line", 20000, []Kind{Reset, Stop}},
	{"tts.speak", 4, []Kind{Fail, Slow, Cut, Reset}},
	{"asr.decode", 3, []Kind{Fail, Slow}},
	{"hook.amd", 1, []Kind{Late, Twice, Never}},
	{"hook.next", 2, []Kind{Twice, Fail, Lost}},
	{"store.raise", 1, []Kind{Fail, Lost}},
	{"store.end", 1, []Kind{Fail, Lost, Slow}},
}

// PlannedMachines is [Planned] with what may go wrong while somebody answers:
// processes die before and after each commit. A third of the calls go well.
func PlannedMachines(seed uint64, calls int) []Fault {
	var all []Fault
	for call := 1; call <= calls; call++ {
		dice := dice(seed, call, "plan of who answers")
		if dice.IntN(3) == 0 {
			continue
		}
		for range 1 + dice.IntN(3) {
			h := answering[dice.IntN(len(answering))]
			all = append(all, Fault{call, h.op, 1 + dice.IntN(h.most), h.kinds[dice.IntN(len(h.kinds))]})
		}
	}
	return all
}
