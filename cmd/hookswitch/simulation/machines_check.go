package simulation

import (
	"reflect"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
)

// whoAnswered holds a call against what must be true of who answered it.
func (k *checker) whoAnswered() {
	if !k.w.machines {
		return
	}
	k.leftOnce()
	k.silentAside()
	k.recordTells()
	k.dealtWith()
}

// leftOnce: a message is begun at most once, whatever died.
func (k *checker) leftOnce() {
	began, aloud := 0, 0
	for _, e := range k.entries {
		if _, is := e.Event.(agentcore.MessageBegan); is {
			began++
		}
	}
	for _, s := range k.phone.streams {
		aloud += s.beginsMessage()
	}
	if began > 1 || aloud > began {
		k.violate("left once", "the journal begins %d messages, the line played the beginning of %d", began, aloud)
	}
	if began > 0 {
		k.w.saw("message begun")
	}
}

// beginsMessage is how often the line played the beginning of the message.
func (s *stream) beginsMessage() int {
	n, last := 0, -1
	for _, h := range s.Heard() {
		text, word, ok := agenttest.Decode(&h.Frame)
		isBeginning := ok && word == 0 && text < len(s.texts) && strings.HasPrefix(leaves, s.texts[text].text)
		if isBeginning && text != last {
			n++
		}
		if ok {
			last = text
		}
	}
	return n
}

// toMachines are the replies that a machine may be told.
var toMachines = []string{"message", "screening", "menu", "keys"}

// silentAside: while a machine is on the line, and the agent is to keep silent, no
// reply begins but one that is for a machine; whoever has the call.
func (k *checker) silentAside() {
	aside, resumed := false, false
	for _, e := range k.entries {
		switch ev := e.Event.(type) {
		case agentcore.Opened:
			if resumed = aside; aside {
				k.w.saw("resumed with a machine on the line")
			}
		case agentcore.WhoAnswered:
			aside = ev.Aside
			k.w.saw("who answered: " + string(ev.Class))
		case agentcore.Planned:
			if aside && ev.Phrase == 0 && !slices.Contains(toMachines, ev.Why) {
				k.violate("verdict holds", "entry %d: a reply (%s) begins to a machine; resumed: %t", e.N, ev.Why, resumed)
			}
		}
	}
}

// recordTells: the record says of who answered what the journal says.
func (k *checker) recordTells() {
	var want agentcore.Answer
	for _, e := range k.entries {
		want, _ = want.Fold(e)
	}
	if got, _ := k.record.WhoAnswered(); !reflect.DeepEqual(got, want) {
		k.violate("record tells", "the record says %+v, the journal %+v", got, want)
	}
}

// dealtWith: a call that ends for a machine was one's; and where nothing went
// wrong, machines get their message and people are talked to.
func (k *checker) dealtWith() {
	got, _ := k.record.WhoAnswered()
	who, ends := k.w.whoAnswers(k.number), k.record.Reason
	if ends == telephony.Voicemail && !got.Class.Machine() {
		k.violate("dealt with", "it ends as a machine's, the verdict is %q", got.Class)
	}
	bitten := slices.ContainsFunc(k.w.bitten, func(f Fault) bool { return f.Call == k.number })
	if bitten || k.record.Answered.IsZero() || !k.w.acts(k.number) {
		return
	}
	switch {
	case who == aPerson && (ends == telephony.Voicemail || got.Class.Machine()):
		k.violate("dealt with", "a person is taken for %q, and the call ends for %q", got.Class, ends)
	case who == aPerson:
		k.w.saw("went well: person")
	case ends != telephony.Voicemail && who != pickedUp:
		k.violate("dealt with", "a machine (%s) is taken for %q, and the call ends for %q", who, got.Class, ends)
	case k.w.leaves(k.number) && who != pickedUp && (!got.Whole || got.Left != leaves):
		k.violate("dealt with", "a machine (%s) was left %q", who, got.Left)
	case who == pickedUp && got.Class == answer.Human:
		k.w.saw("went well: picked up")
	default:
		k.w.saw("went well: machine")
	}
}
