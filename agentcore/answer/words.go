package answer

import "time"

// said is what the other side said last, in phrases.
type said struct {
	at     part
	tail   tail
	pickUp float64 // weight of people's phrases behind the last machine's
	vetoed bool    // a machine's phrase, and none of a person behind it
	amid   bool    // a machine's phrase, and one of a person behind it
	asks   float64 // weight of the clearest phrase of a screener or a menu
	strong bool    // since the start or a pick-up somebody said what people say: a turn by itself
}

// tail is the last words that are final: a phrase may go on in the next
// utterance.
type tail struct {
	words []string
	ended time.Duration
}

// Bounds of how utterances hang together.
const (
	tailWords   = 8
	tailWithin  = 3 * time.Second
	strongWords = 2.5 // nats
)

// words weighs what was understood. Interim words are a guess, which the next
// take back.
func (j *Judge) words(w Words) {
	at := part{clamp(w.Began), clamp(w.Ended)}
	at.ended = max(at.began, at.ended)
	text, old := tokens(w.Text), 0
	if w.Final && len(text) == 0 { // it held no words: nobody picked up with it
		j.ev.forget()
		j.said.at, j.said.pickUp, j.said.vetoed = at, 0, true
		return
	}
	if t := j.said.tail; at.began-t.ended <= tailWithin {
		old = len(t.words)
		text = append(append(make([]string, 0, old+len(text)), t.words...), text...)
	}
	j.ev.forget()
	found := j.phrases.find(text)
	for _, m := range found {
		j.phrase(m, at, !w.Final, m.last < old)
	}
	j.queue()
	strong := j.said.hear(found, old)
	j.said.at = at
	if w.Final {
		j.said.strong = j.said.strong || strong
		j.said.tail = tail{append([]string(nil), text[max(0, len(text)-tailWords):]...), at.ended}
	}
}

// phrase weighs one phrase, once. One that lies in words that were weighed before
// is old.
func (j *Judge) phrase(m match, at part, guess, old bool) {
	p := m.phrase
	if old || guess && j.ev.has(p.text) {
		return
	}
	j.ev.set(item{
		name: p.text, guess: guess,
		Evidence: during(byWords, `like "`+p.shown+`"`, p.class, p.weight, at.began, at.ended),
	})
}

// hear says who had the last word among what was found, not counting what lies
// within the first old words. It reports whether a person, and nobody else, said
// something clear.
func (s *said) hear(found []match, old int) (strong bool) {
	machine := -1
	s.pickUp, s.asks = 0, 0
	for _, m := range found {
		if p := m.phrase; p.class.Machine() && m.last >= old {
			machine = max(machine, m.last)
			if p.class == Screener || p.class == IVR {
				s.asks = max(s.asks, p.weight)
			}
		}
	}
	for _, m := range found {
		if m.phrase.class == Human && m.first > machine && m.last >= old {
			s.pickUp += m.phrase.weight
			strong = strong || machine < 0 && m.phrase.weight >= strongWords
		}
	}
	s.vetoed, s.amid = machine >= 0 && s.pickUp == 0, machine >= 0 && s.pickUp > 0
	return strong
}
