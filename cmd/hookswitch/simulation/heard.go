package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/telephony"
)

// phrase is what the journal says of one phrase of one stream.
type phrase struct {
	n, reply, number int
	text, heard, why string
	wall             time.Time // when it was planned
}

// heard: of what was planned on s, no more counts as heard than its line
// played, and it is its beginning; whatever was planned is accounted for.
func (k *checker) heard(s *stream) {
	phrases, settled, broken := k.phrases(s.epoch)
	played := k.aloud(s, phrases)
	for i, p := range phrases {
		if !strings.HasPrefix(p.text, p.heard) {
			k.violate("heard is a prefix", "entry %d: heard %q of %q", p.n, p.heard, p.text)
		}
		if heard := len(strings.Fields(p.heard)); heard > played[i] {
			k.violate("heard was played", "entry %d: phrase %d.%d: %d words count as heard, the line played %d", p.n, p.reply, p.number, heard, played[i])
		}
		if !broken && !settled[p.reply] {
			k.violate("words kept", "entry %d: nothing says what became of reply %d", p.n, p.reply)
		}
	}
}

// aloud is how many words of each of phrases the line played. A reply is planned
// ahead of the voice, which is given its phrases in order until it is cut; what
// the voice was given belongs to the newest reply that was planned by then.
func (k *checker) aloud(s *stream, phrases []phrase) map[int]int {
	words, aloud := s.played(), map[int]int{}
	next := map[int]int{} // of each reply, the phrase that the voice is given next
	for text, v := range s.texts {
		reply := 0
		for _, p := range phrases {
			if !p.wall.After(v.at) {
				reply = p.reply
			}
		}
		i := slices.IndexFunc(phrases, func(p phrase) bool {
			if p.why == "message" { // the voice made it in advance
				return p.text == v.text && words[text] > 0
			}
			return p.reply == reply && p.number == next[reply] && p.text == v.text
		})
		switch {
		case i >= 0:
			next[reply]++
			aloud[i] = words[text]
		case words[text] > 0:
			k.violate("planned before spoken", "stream %d played phrase %d, which no entry plans", s.epoch, text)
		}
	}
	return aloud
}

// phrases reads an epoch's phrases, and which replies were settled. broken: the
// epoch's journal stops without saying why.
func (k *checker) phrases(epoch int) (all []phrase, settled map[int]bool, broken bool) {
	settled = map[int]bool{}
	now, broken := 0, true
	texts := map[int][2][]string{}
	for _, e := range k.entries {
		if o, ok := e.Event.(agentcore.Opened); ok {
			now = o.Epoch
		}
		if now != epoch {
			continue
		}
		switch ev := e.Event.(type) {
		case agentcore.Planned:
			all = append(all, phrase{n: e.N, reply: ev.Reply, number: ev.Phrase, text: ev.Text, why: ev.Why, wall: e.Wall})
		case agentcore.Heard:
			for i := range all {
				if all[i].reply == ev.Reply && all[i].number == ev.Phrase {
					all[i].heard = ev.Text
				}
			}
		case agentcore.AgentSaid:
			settled[ev.Reply] = true
			texts[ev.Reply] = [2][]string{strings.Fields(ev.Text), strings.Fields(ev.Unheard)}
			k.settles(e.N, ev, all)
		case agentcore.Lost:
			broken = false
		case agentcore.Ended:
			broken = !slices.Contains(spoken, ev.Reason)
		}
	}
	return all, settled, broken
}

// spoken is why a conversation itself ends a call.
var spoken = []telephony.EndReason{telephony.AgentHangup, telephony.Voicemail, telephony.Silence, telephony.MaxDuration, telephony.ProviderFailed}

// settles: what was heard and what was not is all that was planned.
func (k *checker) settles(n int, said agentcore.AgentSaid, all []phrase) {
	var planned, heard []string
	for _, p := range all {
		if p.reply == said.Reply {
			planned = append(planned, strings.Fields(p.text)...)
			heard = append(heard, strings.Fields(p.heard)...)
		}
	}
	if got := len(strings.Fields(said.Text)) + len(strings.Fields(said.Unheard)); got != len(planned) {
		k.violate("words kept", "entry %d: %d words were heard or not, %d were planned", n, got, len(planned))
	}
	if got := strings.Fields(said.Text); !slices.Equal(got, heard) {
		k.violate("words kept", "entry %d: %q was heard, its phrases say %q", n, got, heard)
	}
}

// notices is how long the gateway may take to find that somebody speaks: 80 ms
// of it, a frame, and both ways of the line.
const notices = 80*time.Millisecond + 20*time.Millisecond + 50*time.Millisecond

// silences is how long the caller may have to talk over the agent.
const silences = 300 * time.Millisecond

// silent: the agent falls silent when the caller speaks. Only an apology is
// said whatever the caller does.
func (k *checker) silent(s *stream) {
	for _, h := range s.Heard() {
		text, _, ok := agenttest.Decode(&h.Frame)
		for _, sp := range s.speech {
			if ok && !s.apologises(text) && h.At > sp.from+silences && h.At < sp.to {
				k.violate("falls silent", "stream %d: the agent still speaks at %v, the caller has since %v", s.epoch, h.At, sp.from)
				return
			}
		}
	}
}

// turns: no reply starts while the caller speaks, except an apology.
func (k *checker) turns(s *stream) {
	why := map[int]string{}
	for _, e := range k.entries {
		if p, ok := e.Event.(agentcore.Planned); ok {
			why[p.Reply] = p.Why
		}
	}
	for _, st := range s.starts {
		for _, sp := range s.speech {
			if why[st.reply] != "apology" && why[st.reply] != "connect" && st.at > sp.from+notices && st.at < sp.to {
				k.violate("one speaks", "stream %d: reply %d starts at %v, the caller speaks from %v to %v", s.epoch, st.reply, st.at, sp.from, sp.to)
			}
		}
	}
}
