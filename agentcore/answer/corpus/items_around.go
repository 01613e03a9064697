package corpus

import (
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// around are calls of which more is known than their sound: the agent greets, or
// the carrier has an opinion, and calls in which a beep proves nothing.
func (l *list) around() {
	people := func(train, test int, kind string, draw func(i int, d *dice) Recipe) []Item {
		return l.these(l.many(train, test), "person/"+kind, answer.Human, true, draw)
	}
	people(10, 18, "beep_soon", func(i int, d *dice) Recipe {
		r := d.person(i, one(d, []wording{named, firm}))
		v, level := r.Steps[1].By, r.Steps[1].Level
		steps := append(r.Steps[:2:2], rest(d.ms(200, 1000)), Step{Do: Beep, Hz: d.between(400, 1800), MS: d.ms(100, 600), Level: d.between(-30, -12)}, rest(d.ms(300, 900)))
		steps = append(steps, said(d, v, level, goesOn.text(i, d))...)
		r.Steps = byPerson(append(steps, d.listens())...)
		return r
	})
	l.carrierSaysMachine(people(12, 22, "desk_carrier_errs", func(i int, d *dice) Recipe { return d.person(i, desk) }))
	l.carrierSaysMachine(people(6, 10, "firm_carrier_errs", func(i int, d *dice) Recipe { return d.person(i, firmLong) }))
	l.greets(people(12, 24, "greeted", func(i int, d *dice) Recipe { return d.person(i, one(d, []wording{hello, named, firm})) }))
	l.greets(people(6, 12, "greeted_long", func(i int, d *dice) Recipe { return d.person(i, one(d, []wording{firmLong, desk, talker})) }))
	l.greets(l.these(l.many(12, 24), "voicemail/greeted", answer.Beeped, false, func(i int, d *dice) Recipe {
		return d.voicemail(one(d, []wording{personal, carrier, company, brief}), i)
	}))
	l.carrierSaysMachine(l.these(l.many(6, 12), "voicemail/carrier_knows", answer.Greeting, false, func(i int, d *dice) Recipe {
		return Recipe{Steps: append(d.machine(one(d, []wording{personal, company, hours}), i), rest(6000)), Line: d.line()}
	}))
}

// carrierSaysMachine has the carrier take them for machines, 2.4 to 4 s after they
// began to speak, as its own threshold has it.
func (l *list) carrierSaysMachine(items []Item) {
	for i := range items {
		d := newDice(l.part, "carrier "+items[i].Name)
		items[i].Around = Around{Carrier: "machine_start", At: items[i].speaks() + time.Duration(d.ms(2400, 4000))*time.Millisecond}
	}
}

// greets has the agent greet, from 0.2 s on. Every other one falls silent when
// somebody talks to it.
func (l *list) greets(items []Item) {
	for i := range items {
		d := newDice(l.part, "greets "+items[i].Name)
		ended := time.Duration(d.ms(1800, 2800)) * time.Millisecond
		items[i].Around = Around{Agent: Span{200 * time.Millisecond, ended}, Yields: i%2 == 0}
	}
}

// speaks is when the first step begins that is not silence.
func (it Item) speaks() (at time.Duration) {
	for _, s := range it.Recipe.Steps {
		if s.Do != Rest {
			return at
		}
		at += time.Duration(s.MS) * time.Millisecond
	}
	return at
}
