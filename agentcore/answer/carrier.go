package answer

import "time"

// carrierWord is what a word of the carrier's means.
type carrierWord struct {
	what   string
	class  Class
	weight float64
}

// carrierWords are those of Twilio's AnsweredBy that say something: "unknown"
// does not.
var carrierWords = map[string]carrierWord{
	"human":               {"the carrier says: a person", Human, carrierHuman},
	"machine_start":       {"the carrier says: a machine", Greeting, carrierMachine},
	"machine_end_beep":    {"the carrier says: a machine, and its beep", Greeting, carrierEnd},
	"machine_end_silence": {"the carrier says: a machine that has finished", Greeting, carrierEnd},
	"machine_end_other":   {"the carrier says: a machine that has finished", Greeting, carrierEnd},
	"fax":                 {"the carrier says: a fax", Fax, carrierFax},
}

// Carrier takes the carrier's own verdict, in its words: human, machine_start,
// machine_end_beep, machine_end_silence, machine_end_other, fax, unknown. It may
// come by two ways: the same word again is no news, not even behind a pick-up or
// a resume. Another word takes the place of the one before.
func (j *Judge) Carrier(word string, now time.Duration) Finding {
	return j.fold(now, func() { j.carrier(word) })
}

func (j *Judge) carrier(word string) {
	w, ok := carrierWords[word]
	if !ok || w.what == j.word {
		return
	}
	j.word = w.what
	weight := w.weight
	if weight == carrierEnd && j.line.total() < leaveGreeting {
		weight = carrierEarly
	}
	j.ev.put("carrier", during(byCarrier, w.what, w.class, weight, 0, j.now))
	if weight == carrierEnd { // the silence before was the machine's
		j.ev.put("waits", Evidence{})
	}
	switch word {
	case "machine_end_beep":
		if !j.moment.beeped { // when we heard it is known better
			j.beeped(j.now)
		}
	case "machine_end_silence", "machine_end_other":
		j.moment.finished = true
	}
}
